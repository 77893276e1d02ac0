"""What is kept of a caller whom a worker gives away: where they go, which wait that is, and what routed them."""

import json
from typing import Any

import pytest

from chalicelib.config import callcenter
from chalicelib.lifecycle import giving
from chalicelib.links import reading, steps
from chalicelib.links.model import Call, Key, Link
from tests.doubles.twilio import FakeTwilio
from tests.support.driver import CALL, LEG, RESERVATION, TASK

KEY = Key(CALL, RESERVATION)
NOW = 1795248000.0

pytestmark = pytest.mark.usefixtures("driver")


def link(**fields: Any) -> Link:
    known = {"subject": CALL, "reservation_sid": RESERVATION, "task_sid": TASK, "worker_call_sid": LEG}
    return steps.reserve(Link(**{**known, "state": "answered", **fields}), NOW - 60)


@pytest.mark.parametrize(("call", "number"), [(None, 2), (0, 2), (1, 2), (2, 3), (7, 8)])
def test_the_next_wait_is_one_more_than_the_one_before(call: int | None, number: int) -> None:
    known = None if call is None else Call(call_sid=CALL, round=call)
    assert giving.further(link(), known)["next_round"] == number


def test_what_routed_the_caller_goes_along_but_for_a_person_they_were_given_to(twilio: FakeTwilio) -> None:
    routed = {"account": "gold", "department": "support", "agent": "Carl", "skill": "roofs", "visits": 3}
    twilio.attributes = json.dumps({"call_sid": CALL, "from": "+12125550171", **routed})
    del routed["agent"]
    assert giving.further(link(), None)["attributes"] == routed


@pytest.mark.parametrize("failure", [503, (400, 20001), (404, 20404)])
def test_where_twilio_does_not_say_it_now_nothing_goes_along(twilio: FakeTwilio, failure: Any) -> None:
    twilio.failures = {"/Tasks/": [failure]}
    assert giving.further(link(), None)["attributes"] == {}


@pytest.mark.parametrize(
    ("to", "attributes"),
    [
        ("queue:Sales", {"department": "sales"}),
        ("person:Carl", {"agent": "Carl"}),
        ("handed:Carl", {}),
        ("voicemail", {}),
        ("", {}),
    ],
)
def test_a_task_is_put_where_the_caller_is_to_go(to: str, attributes: dict[str, str]) -> None:
    assert callcenter.current().queue("Sales").attributes == {"department": "sales"}
    assert giving.route(to) == attributes


def test_a_caller_is_put_on_hold_once(twilio: FakeTwilio) -> None:
    held = giving.hold(link(), None, NOW)
    assert (held.held_at, held.bridged_at, held.state, held.next_round) == (NOW, NOW, "bridged", 2)
    asked = len(twilio.requests)
    again = giving.hold(held, None, NOW + 5)
    assert (again.held_at, again.bridged_at, len(twilio.requests)) == (NOW, NOW, asked)


def test_a_talk_of_which_an_event_has_told_is_told_of_once() -> None:
    known = link(state="bridged", bridged_at=NOW - 30)
    assert giving.talked(known, NOW).bridged_at == NOW - 30
    assert [one.bridged_at for one in reading.of_call(CALL).links] == [NOW - 30]


def test_a_talk_that_is_over_already_is_not_begun_again() -> None:
    known = link()
    steps.close(KEY, "completed", "", NOW)
    assert giving.talked(known, NOW) == known
    assert [one.state for one in reading.of_call(CALL).links] == ["closed"]
