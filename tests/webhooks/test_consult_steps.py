"""One step at a time of a worker who talks to a colleague first: who is in the room, and what is done about it."""

import json
from typing import Any

import pytest

from chalicelib import jobs
from chalicelib.lifecycle import consulting
from chalicelib.links import reading, steps
from chalicelib.links.model import Key, Link
from chalicelib.work.order import LONGEST_ATTRIBUTES
from tests.doubles.twilio import ROOM, FakeTwilio
from tests.support.driver import CALL, CALLER, LEG, RESERVATION, SUPPORT, TASK, Driver

CARLS, CARLS_LEG = "WR" + "c" * 32, "CA" + "d" * 32
KEY, CARLS_KEY = Key(CALL, RESERVATION), Key(CALL, CARLS)
OTHERS = ("WR" + "0" * 32, "WR" + "f" * 32)
PERSON, HANDED = "person:Carl", "handed:Carl"
NOW = 1795248000.0

pytestmark = pytest.mark.usefixtures("driver")


def beas(**fields: Any) -> Link:
    """The link of Bea, who has asked Carl and talks to him, while the caller is on hold."""
    talk = {"state": "bridged", "bridged_at": NOW - 60, "worker_call_sid": LEG, "room_sid": ROOM, "held_at": NOW - 30}
    asked = {"consults": PERSON, "consult_number": 1, "consult_state": "talking", "consult_name": "Carl"}
    them = {"consult_reservation": CARLS, "consult_leg": CARLS_LEG, "consult_task": TASK}
    known = {"subject": CALL, "reservation_sid": RESERVATION, "mode": "desk", "caller": CALLER, "caller_id": SUPPORT}
    return steps.reserve(Link(**{**known, **talk, **asked, **them, **fields}), NOW - 60)


def carls(**fields: Any) -> Link:
    """The link of Carl, who is asked."""
    known = {"subject": CALL, "reservation_sid": CARLS, "mode": "work", "work": "consult", "state": "bridged"}
    talk = {"bridged_at": NOW - 20, "worker_call_sid": CARLS_LEG, "consult_of": RESERVATION, "consult_number_of": 1}
    return steps.reserve(Link(**{**known, **talk, **fields}), NOW - 25)


def row(key: Key = KEY) -> Link:
    found = reading.find_link(key)
    assert found is not None
    return found


def in_room(twilio: FakeTwilio, *legs: str) -> None:
    twilio.room = {leg: {} for leg in legs}


def told(twilio: FakeTwilio, leg: str) -> list[dict[str, Any]]:
    """What Twilio was told to do with this leg."""
    return [form for method, path, form in twilio.requests if method == "POST" and path.endswith(f"/{leg}.json")]


def posts(twilio: FakeTwilio) -> list[str]:
    return [path for method, path, _ in twilio.requests if method == "POST"]


@pytest.mark.parametrize(
    ("after", "at_work"), [(-1.0, False), (0.0, False), (0.25, True), (19.75, True), (20.0, False), (60.0, False)]
)
def test_a_request_that_decided_where_the_caller_goes_is_at_work_for_twenty_seconds(
    after: float, at_work: bool
) -> None:
    assert consulting.is_at_work(beas(transferred_at=NOW), NOW + after) is at_work


@pytest.mark.parametrize("to", [HANDED, PERSON])
@pytest.mark.parametrize(("after", "done"), [(5.0, False), (20.0, True)])
def test_what_was_begun_for_a_caller_on_hold_is_done_when_its_request_is_over(
    twilio: FakeTwilio, to: str, after: float, done: bool
) -> None:
    in_room(twilio, CALL, LEG, CARLS_LEG)
    carls()
    link = beas(transferred_to=to, transferred_at=NOW)
    consulting.go_on(link, NOW + after)
    assert bool(posts(twilio)) is done
    if done and to == HANDED:
        assert twilio.room[CARLS_LEG]["EndConferenceOnExit"] and row(CARLS_KEY).took_over_at == NOW + after
        assert told(twilio, LEG) == [{"Status": "completed"}]
    elif done:
        assert ["Url" in form for form in told(twilio, CALL)] == [True]


@pytest.mark.parametrize("state", ["", "asking", "both", "over", "talking"])
def test_who_is_off_hold_by_the_link_comes_off_hold_and_is_with_a_worker_who_ends_the_talk(
    twilio: FakeTwilio, state: str
) -> None:
    in_room(twilio, CALL, LEG)
    consulting.go_on(beas(consults="", consult_state=state), NOW)
    assert twilio.room[CALL] == {"Hold": "false"}
    assert twilio.room[LEG] == ({} if state == "both" else {"EndConferenceOnExit": "true"})


@pytest.mark.parametrize("state", ["asking", "over", "talking", "both"])
@pytest.mark.parametrize("there", [True, False])
def test_a_worker_who_leaves_hands_the_caller_to_a_colleague_who_talks_to_them_in_the_room(
    twilio: FakeTwilio, state: str, there: bool
) -> None:
    in_room(twilio, CALL, *([CARLS_LEG] if there else []))
    twilio.calls = {LEG: "completed"}
    carls()
    consulting.settle(beas(consult_state=state), NOW)
    has_them = there and state in ("talking", "both")
    assert row().transferred_to == (HANDED if has_them else PERSON)
    assert any("Url" in form for form in told(twilio, CALL)) is not has_them
    assert bool(told(twilio, CARLS_LEG)) is True


def test_who_asked_nobody_and_leaves_sends_nobody_anywhere(twilio: FakeTwilio) -> None:
    in_room(twilio)
    consulting.settle(beas(consults="", consult_task="", consult_state="", held_at=0), NOW)
    assert row().transferred_to == "" and posts(twilio) == []


@pytest.mark.parametrize(
    ("fields", "let_go"),
    [
        ({}, True),
        ({"consult_of": OTHERS[0]}, False),
        ({"consult_of": OTHERS[1]}, False),
        ({"bridged_at": 0}, False),
        ({"worker_call_sid": ""}, False),
        ({"state": "closed"}, False),
    ],
    ids=["one who talks to her", "to another", "to a third one", "who has not come", "without a phone", "who has left"],
)
def test_a_colleague_is_let_go_who_is_not_needed_any_more(
    twilio: FakeTwilio, fields: dict[str, Any], let_go: bool
) -> None:
    link = beas(consult_task="")
    carls(**fields)
    consulting.withdraw(link)
    assert told(twilio, CARLS_LEG) == ([{"Status": "completed"}] if let_go else [])


def test_a_colleague_who_cannot_be_let_go_hears_it_later(twilio: FakeTwilio) -> None:
    twilio.failures = {f"/Tasks/{TASK}": [503]}
    consulting.withdraw(beas())
    assert len(posts(twilio)) == 1


# --- The colleague leaves


@pytest.mark.parametrize("reservation", OTHERS)
def test_a_colleague_of_an_earlier_ask_leaves_nobody_alone(twilio: FakeTwilio, reservation: str) -> None:
    beas()
    before = row()
    consulting.colleague_left(carls(reservation_sid=reservation), NOW)
    assert row() == before and posts(twilio) == []


@pytest.mark.parametrize("state", ["asking", "over", "talking"])
def test_a_colleague_who_leaves_the_worker_is_seen_to_have_left(twilio: FakeTwilio, state: str) -> None:
    in_room(twilio, CALL, LEG)
    beas(consult_state=state)
    consulting.colleague_left(carls(), NOW)
    assert (row().consult_state, row().consults, posts(twilio)) == ("over", PERSON, [])


@pytest.mark.parametrize("there", [True, False], ids=["the worker stays", "the worker has left too"])
def test_one_who_leaves_the_three_leaves_the_caller_to_the_worker_or_to_whom_they_want(
    twilio: FakeTwilio, there: bool
) -> None:
    in_room(twilio, CALL, *([LEG] if there else []))
    beas(consult_state="both")
    consulting.colleague_left(carls(), NOW)
    assert row().consults == "" and any("Url" in form for form in told(twilio, CALL)) is not there


@pytest.mark.parametrize(("took_over_at", "led_on"), [(NOW - 5, True), (0, False)])
def test_one_who_had_the_caller_leaves_them_to_go_on(twilio: FakeTwilio, took_over_at: float, led_on: bool) -> None:
    in_room(twilio, CALL, CARLS_LEG)
    beas(transferred_to=HANDED, transferred_at=NOW - 60)
    consulting.colleague_left(carls(took_over_at=took_over_at), NOW)
    assert any("Url" in form for form in told(twilio, CALL)) is led_on
    assert any(form.get("Status") == "completed" for form in told(twilio, LEG)) is not led_on


def test_a_hand_over_to_one_who_has_just_left_sends_the_caller_where_the_worker_wanted(twilio: FakeTwilio) -> None:
    in_room(twilio, CALL)
    link = consulting.finish(beas(transferred_to=HANDED, transferred_at=NOW - 60), NOW)
    assert (link.transferred_to, ["Url" in form for form in told(twilio, CALL)]) == (PERSON, [True])


def test_and_nobody_anywhere_when_the_caller_has_left_as_well(twilio: FakeTwilio) -> None:
    in_room(twilio)
    link = consulting.finish(beas(transferred_to=HANDED, transferred_at=NOW - 60), NOW)
    assert (link.transferred_to, told(twilio, CALL)) == (HANDED, [])


# --- The sweep


@pytest.mark.parametrize(
    ("fields", "live", "part"),
    [
        ({}, True, ""),
        ({}, False, "/Participants/"),
        ({"transferred_to": HANDED, "transferred_at": NOW - 20}, True, "/Participants/"),
        ({"transferred_to": HANDED, "transferred_at": NOW - 5}, True, ""),
        ({"consult_task": ""}, True, "/Tasks"),
        ({"consult_task": "", "consults": ""}, True, ""),
        ({"consult_task": "", "held_at": 0}, True, ""),
    ],
)
def test_the_sweep_makes_good_what_was_left_half_done(
    twilio: FakeTwilio, fields: dict[str, Any], live: bool, part: str
) -> None:
    in_room(twilio, CALL, LEG, CARLS_LEG)
    twilio.calls = {LEG: "in-progress" if live else "completed"}
    carls()
    consulting.look(beas(**fields), NOW)
    assert [path for path in posts(twilio) if part in path][:1] == posts(twilio)[:1] and bool(posts(twilio)) is bool(
        part
    )


def test_what_twilio_does_not_take_is_looked_at_again_in_a_moment(
    twilio: FakeTwilio, environment: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[jobs.Job, int]] = []
    environment.setattr(jobs, "send", lambda job, delay_seconds=0: sent.append((job, delay_seconds)))
    twilio.failures = {"/Participants/": [503]}
    link = row(beas().key)
    consulting.worker_left(link, NOW)
    rows = (jobs.Row(CALL, RESERVATION, link.check_at),)
    assert sent == [(jobs.LookAt("link", rows, NOW + 25), 25)]


def test_where_that_cannot_be_ordered_it_is_left_to_the_sweep(
    driver: Driver, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setattr(jobs, "send", lambda *_given, **_named: 1 / 0)
    driver.twilio.failures = {"/Participants/": [503]}
    consulting.worker_left(beas(), NOW)
    assert "the caller is left to the sweep" in capsys.readouterr().out
    assert row().is_consulting and row().check_at


@pytest.mark.parametrize(
    ("fields", "status", "left"),
    [({}, "in-progress", False), ({}, "completed", True), ({"worker_call_sid": ""}, "in-progress", True)],
)
def test_who_is_off_the_phone_has_left(twilio: FakeTwilio, fields: dict[str, Any], status: str, left: bool) -> None:
    twilio.call = status
    assert consulting.has_left(beas(**fields)) is left


@pytest.mark.parametrize("failure", [503, (400, 20001)])
def test_in_doubt_a_worker_is_there(twilio: FakeTwilio, failure: Any) -> None:
    twilio.failures = {"/Calls/": [failure]}
    assert not consulting.has_left(beas())


# --- The colleague's task


@pytest.mark.parametrize(("more", "fits"), [(0, True), (1, False)])
def test_what_routed_the_caller_goes_along_as_far_as_twilio_takes_it(more: int, fits: bool) -> None:
    plain = consulting._order(beas(attributes={"notes": ""}))
    spare = LONGEST_ATTRIBUTES - len(plain.task_attributes)
    whole = consulting._order(Link(**_fields({"notes": "x" * (spare + more)})))
    assert ("notes" in whole.attributes) is fits
    assert whole.attributes["agent"] == "Carl" and whole.key == f"{RESERVATION}-1"


def _fields(attributes: dict[str, str]) -> dict[str, Any]:
    known = {"subject": CALL, "reservation_sid": RESERVATION, "caller": CALLER, "caller_id": SUPPORT}
    return {**known, "consults": PERSON, "consult_number": 1, "attributes": attributes}


def test_a_colleague_who_is_being_asked_is_asked_once(twilio: FakeTwilio, environment: pytest.MonkeyPatch) -> None:
    link = beas(consult_task="")
    assert consulting.post(link, NOW).consult_task in twilio.tasks
    assert consulting.post(row(), NOW) == row() and len(twilio.tasks) == 1
    assert json.loads(next(iter(twilio.tasks.values()))["attributes"])["consult_number"] == 1


def test_nobody_is_asked_for_a_worker_who_is_back(twilio: FakeTwilio) -> None:
    link = beas(consult_task="", consults="")
    assert consulting.post(link, NOW) == link and posts(twilio) == []


def test_a_call_that_nobody_knows_hears_of_no_end(twilio: FakeTwilio) -> None:
    consulting.nobody_takes_it(CALL, RESERVATION, 1)
    assert twilio.requests == [] and reading.find_link(KEY) is None
