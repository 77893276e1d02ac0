"""What a text, a shift and a reminder ask of AWS and Twilio, and what [staff] adds to a plain call: counted."""

from collections.abc import Callable

import pytest

from bench.counts import STAFF
from chalicelib.staff import shifts
from emulator.voice.parties import busy
from tests.conftest import Aws
from tests.support.meter import counting
from tests.support.staff_room import BEA, STRANGER, SUPPORT, StaffRoom

SHIFT = ("Bea", "2026-11-30T10:20:00", "2026-11-30T12:00:00")


@pytest.fixture
def room(cloud: Aws, environment: pytest.MonkeyPatch) -> StaffRoom:
    room = StaffRoom(cloud, environment)
    room.pack(("Bea", "2026-11-30T07:00:00", "2026-11-30T08:00:00"), SHIFT)
    room.text(BEA, "on")
    room.text(BEA, "off")
    return room


def text(body: str) -> Callable[[StaffRoom], object]:
    return lambda room: room.text(BEA, body)


def beginning(room: StaffRoom) -> None:
    (due,) = list(shifts.due(room.time()))
    shifts.apply(due, room.time())


def missed(room: StaffRoom) -> None:
    room.twilio.phone(BEA).will(busy())
    room.text(BEA, "on")
    room.twilio.dial(STRANGER, SUPPORT, [])
    for _ in range(10):
        room.run(2)
        room.work()


@pytest.mark.parametrize(
    ("what", "before", "does"),
    [
        ("on", None, text("on")),
        ("off", text("on"), text("off")),
        ("status", None, text("status")),
        ("who", None, text("who")),
        ("a stranger", None, lambda room: room.text(STRANGER, "on")),
        ("a sweep", None, lambda room: list(shifts.due(room.time()))),
        ("a boundary", lambda room: room.until(10, 20), beginning),
        ("a reminder", lambda room: room.until(10, 6), lambda room: room.minutes(1)),
        ("told of a missed call", missed, lambda room: room.minutes(1)),
    ],
)
def test_each_asks_exactly_for_this(
    room: StaffRoom, what: str, before: Callable[[StaffRoom], object] | None, does: Callable[[StaffRoom], object]
) -> None:
    if before:
        before(room)
    asked = len(room.twilio.requests)
    with counting() as made:
        does(room)
    counted = {"twilio": len(room.twilio.requests) - asked, **{name: made[name] for name in made if made[name]}}
    assert counted == STAFF[what]
