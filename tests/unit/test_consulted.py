"""A colleague who is asked about a caller first: whether they still are."""

from typing import Any

import msgspec
import pytest

from chalicelib.links import consults, reading
from chalicelib.links.model import Link
from chalicelib.worker import consulted

BEAS, CARLS = "WR" + "b" * 32, "WR" + "c" * 32
ASKING = Link(
    subject="CA" + "a" * 32,
    reservation_sid=BEAS,
    worker_sid="WKm",
    task_sid="WT1",
    consults="queue:Sales",
    consult_number=2,
)
CARL = Link(
    subject=ASKING.subject, reservation_sid=CARLS, worker_sid="WKn", consult_of=BEAS, consult_number_of=2, base_url="x"
)


@pytest.mark.parametrize(
    ("asking", "colleague", "is_wanted"),
    [
        ({}, {}, True),
        ({}, {"worker_sid": "WKl"}, True),
        ({}, {"worker_sid": "WKm"}, False),  # who asks
        ({}, {"consult_number_of": 1}, False),  # they have asked again since
        ({}, {"consult_number_of": 3}, False),
        ({"consults": ""}, {}, False),
        ({"transferred_to": "queue:Sales"}, {}, False),
        ({"consult_reservation": CARLS}, {}, True),
        ({"consult_reservation": "WR" + "a" * 32}, {}, False),  # another one has taken it
        ({"consult_reservation": "WR" + "d" * 32}, {}, False),
    ],
)
def test_a_colleague_is_wanted_while_nobody_else_is_and_the_caller_is_still_there(
    monkeypatch: pytest.MonkeyPatch, asking: dict[str, Any], colleague: dict[str, Any], is_wanted: bool
) -> None:
    monkeypatch.setattr(reading, "find_link", lambda _key: msgspec.structs.replace(ASKING, **asking))
    assert consulted.is_wanted(msgspec.structs.replace(CARL, **colleague)) is is_wanted


def test_nobody_is_wanted_by_a_worker_of_whom_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "find_link", lambda _key: None)
    assert not consulted.is_wanted(CARL)


@pytest.mark.parametrize(("taken_by", "joins"), [(CARLS, True), ("WR" + "a" * 32, False), ("WR" + "d" * 32, False)])
def test_of_two_colleagues_who_take_it_the_first_is_in_the_room(
    monkeypatch: pytest.MonkeyPatch, taken_by: str, joins: bool
) -> None:
    standing = msgspec.structs.replace(ASKING, consult_reservation=taken_by)
    monkeypatch.setattr(consults, "answered", lambda *_: standing)
    document = consulted.begin(CARL)
    assert ("<Conference" in document, consulted.NOT_NEEDED in document) == (joins, not joins)
