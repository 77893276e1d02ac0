"""One step of a callback at a time: from each state, to the moment, and while others change the same row."""

import json
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from chalicelib.callbacks import asking, hours, outcome, queueing
from chalicelib.config import callcenter
from chalicelib.config.callbacks import Callback as Rules
from chalicelib.links import callbacks as rows
from chalicelib.links import caller_leg, steps
from chalicelib.links.callbacks import HELD_SECONDS, QUEUED_SECONDS
from chalicelib.links.model import CALLBACKS_OVER, Callback, CallbackState, Key, Link
from chalicelib.tell import outbox
from chalicelib.work.order import LONGEST_ATTRIBUTES
from tests.support.driver import CALL, CALLER, LEG, RESERVATION, SUPPORT, TASK, Driver
from tests.webhooks.test_callbacks import OTHER, team

NOW = 1795230042.5
BEFORE, AFTER = "CA" + "0" * 32, "CA" + "f" * 32  # calls on either side of CALL, as texts are compared
TWINS = ("WT" + "0" * 32, "WT" + "f" * 32)
OTHERS = ("WR" + "0" * 32, "WR" + "f" * 32)
STATES: tuple[CallbackState, ...] = get_args(CallbackState)
OPEN = tuple(state for state in STATES if state not in CALLBACKS_OVER)
RULES = Rules(countries=("+1",))


@pytest.fixture(autouse=True)
def callbacks(driver: Driver, environment: pytest.MonkeyPatch) -> Iterator[None]:
    """The line support has callbacks."""
    team(environment)
    yield


def standing(state: CallbackState, **fields: Any) -> Callback:
    """The callback of CALL, which its caller's phone has open."""
    new = Callback(call_sid=CALL, line="support", caller=CALLER, number=CALLER, called=SUPPORT, since=NOW - 100)
    kept = rows.create(new, NOW)
    rows.claim(CALLER, "support", CALL, "", NOW)
    return rows.change(kept, NOW, state=state, **fields)


def now_is() -> Callback:
    found = rows.find(CALL)
    assert found is not None
    return found


def posts(driver: Driver) -> list[str]:
    """What Twilio was told to change."""
    return [path for method, path, _ in driver.twilio.requests if method == "POST"]


# --- A worker takes it


@pytest.mark.parametrize("state", [state for state in STATES if state not in ("queued", "taken")])
@pytest.mark.parametrize("reservation", [RESERVATION, *OTHERS])
def test_nobody_dials_for_a_callback_that_does_not_wait_for_a_worker(state: CallbackState, reservation: str) -> None:
    standing(state, task_sid=TASK, reservation_sid=RESERVATION)
    assert outcome.take(CALL, TASK, reservation, LEG, NOW) is None
    assert now_is().state == state


@pytest.mark.parametrize("task", TWINS)
def test_nobody_dials_for_another_task_than_its_own(task: str) -> None:
    standing("queued", task_sid=TASK)
    assert outcome.take(CALL, task, RESERVATION, LEG, NOW) is None
    assert now_is().state == "queued"


@pytest.mark.parametrize("other", OTHERS)
def test_who_has_taken_it_has_it_alone(other: str) -> None:
    standing("queued", task_sid=TASK)
    for _ in range(2):
        taken = outcome.take(CALL, TASK, RESERVATION, LEG, NOW)
        assert taken and (taken.attempts, taken.taken_at, taken.worker_call_sid) == (1, NOW, LEG)
    assert outcome.take(CALL, TASK, other, LEG, NOW) is None
    assert now_is().check_at == int(NOW + QUEUED_SECONDS)


@pytest.mark.parametrize(("reservation", "dials"), [(RESERVATION, True), *((other, False) for other in OTHERS)])
def test_of_two_who_press_at_once_one_dials(reservation: str, dials: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = standing("queued", task_sid=TASK)
    outcome.take(CALL, TASK, RESERVATION, LEG, NOW)
    found = iter([seen, now_is()])
    monkeypatch.setattr(rows, "find", lambda _about: next(found))
    assert (outcome.take(CALL, TASK, reservation, LEG, NOW + 1) is not None) is dials


@pytest.mark.parametrize("state", [state for state in STATES if state != "queued"])
def test_nobody_is_rung_for_a_callback_that_is_not_queued(state: CallbackState) -> None:
    callback = standing(state, task_sid=TASK)
    assert not outcome.is_wanted(CALL, callback.work_key, TASK, NOW)


@pytest.mark.parametrize("number", ["0", "1", "3", "9"])
def test_nor_for_a_round_that_is_over(number: str) -> None:
    standing("queued", task_sid=TASK, round=2)
    assert outcome.is_wanted(CALL, f"callback/{CALL}-2", TASK, NOW)
    assert not outcome.is_wanted(CALL, f"callback/{CALL}-{number}", TASK, NOW)


@pytest.mark.parametrize("twin", TWINS)
def test_nor_for_a_twin_of_its_task(twin: str) -> None:
    callback = standing("queued", task_sid=TASK)
    assert not outcome.is_wanted(CALL, callback.work_key, twin, NOW)


def test_of_two_tasks_that_are_reserved_at_once_the_first_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = standing("queued")
    assert outcome.is_wanted(CALL, seen.work_key, TASK, NOW)
    found = iter([seen, now_is()])
    monkeypatch.setattr(rows, "find", lambda _about: next(found))
    assert not outcome.is_wanted(CALL, seen.work_key, TWINS[0], NOW)


# --- What becomes of an attempt


def test_who_is_not_reached_has_a_further_round_after_a_while() -> None:
    callback = standing("taken", attempts=1, task_sid=TASK, reservation_sid=RESERVATION, worker_call_sid=LEG)
    assert outcome.not_reached(callback, "busy", NOW) == "once more later"
    left = now_is()
    assert (left.state, left.attempts, left.round, left.reason) == ("waiting", 1, 2, "busy")
    assert (left.retry_at, left.check_at) == (NOW + 900, int(NOW + 900))
    assert (left.task_sid, left.reservation_sid, left.worker_call_sid) == ("", "", "")


def test_each_round_has_a_number_of_its_own(environment: pytest.MonkeyPatch) -> None:
    environment.setattr(outcome, "_rules", lambda _callback: Rules(countries=("+1",), attempts=4))
    for number in (1, 2, 3):
        outcome.not_reached(standing("taken", attempts=number, round=number), "busy", NOW)
        assert (now_is().round, now_is().attempts) == (number + 1, number)


def test_a_worker_who_did_not_dial_has_had_an_attempt_too() -> None:
    outcome.not_reached(standing("queued", task_sid=TASK), "not begun", NOW)
    assert now_is().attempts == 1
    assert outcome.not_reached(standing("queued", task_sid=TASK), "not begun", NOW) == "given up"


def test_who_is_on_the_line_again_is_looked_after_in_a_minute() -> None:
    outcome.not_reached(standing("taken", attempts=1, on_line=AFTER), "busy", NOW)
    assert (now_is().state, now_is().check_at) == ("held", int(NOW + HELD_SECONDS))


def test_a_callback_of_a_line_that_is_no_more_is_tried_by_the_usual_rules(environment: pytest.MonkeyPatch) -> None:
    center = callcenter.parse('default_line = "main"\n[lines.main]\ngreeting = "Hello."\n')
    environment.setattr(callcenter, "current", lambda: center)
    callback = standing("taken", attempts=outcome.NO_RULES.attempts - 1)
    assert outcome.not_reached(callback, "busy", NOW) == "once more later"
    assert now_is().retry_at == NOW + outcome.NO_RULES.retry_after


@pytest.mark.parametrize("line", [False, True], ids=["no line", "a line without callbacks"])
def test_its_task_is_as_urgent_as_its_line_if_there_is_one(
    driver: Driver, environment: pytest.MonkeyPatch, line: bool
) -> None:
    more = '[lines.support]\ngreeting = "Hello."\npriority = 7\ntimeout = 60\n' if line else ""
    center = callcenter.parse(f'default_line = "main"\n[lines.main]\ngreeting = "Hello."\n{more}')
    environment.setattr(callcenter, "current", lambda: center)
    standing("waiting")
    assert queueing.go_on(CALL, NOW) == "queued"
    (form,) = driver.twilio.made("/Tasks")
    assert (form["TaskChannel"], form["Priority"], form["Timeout"]) == ("voice", *((7, 60) if line else (0, 86400)))


def test_who_is_told_that_it_is_given_up_is_told_how_long_it_was_waited_for(environment: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, str]] = []
    environment.setattr(outbox, "order", lambda notice: told.append((notice.seconds, notice.caller)))
    outcome.give_up(standing("queued"), "its task ended", NOW + 20.9)
    assert told == [(120, CALLER)]


@pytest.mark.parametrize("state", [state for state in STATES if state != "queued"])
def test_the_end_of_a_task_gives_up_no_callback_that_is_not_queued(state: CallbackState) -> None:
    standing(state, task_sid=TASK)
    outcome.task_canceled(CALL, TASK, "hangup", NOW)
    assert now_is().state == state


@pytest.mark.parametrize(("task", "state"), [(TASK, "given up"), *((twin, "queued") for twin in TWINS)])
def test_nor_does_the_end_of_a_twin(task: str, state: str) -> None:
    standing("queued", task_sid=TASK)
    outcome.task_canceled(CALL, task, "", NOW)
    assert (now_is().state, now_is().reason) == (state, "its task ended" if state == "given up" else "")


def test_an_end_that_somebody_was_faster_than_changes_nothing(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = standing("queued", task_sid=TASK)
    rows.change(seen, NOW, state="talked")
    monkeypatch.setattr(rows, "find", lambda _about: seen)
    outcome.task_canceled(CALL, TASK, "hangup", NOW)
    assert driver.cloud.row("CALLBACK")["state"] == "talked"


# --- Its task, as Twilio has it


@pytest.mark.parametrize(
    ("status", "did", "state"),
    [
        ("pending", "left pending", "queued"),
        ("reserved", "left reserved", "queued"),
        ("assigned", "left assigned", "queued"),
        ("wrapping", "left wrapping", "queued"),
        ("canceled", "given up", "given up"),
        ("completed", "once more later", "waiting"),
    ],
)
def test_a_queued_callback_is_as_its_task_is(driver: Driver, status: str, did: str, state: str) -> None:
    standing("queued", task_sid=TASK)
    driver.twilio.task = status
    assert queueing.go_on(CALL, NOW) == did
    assert now_is().state == state
    if state == "queued":
        assert now_is().check_at == int(NOW + QUEUED_SECONDS)


def test_one_whose_task_is_gone_has_a_further_round(driver: Driver) -> None:
    standing("queued", task_sid=TASK)
    driver.twilio.forgotten = True
    assert (queueing.go_on(CALL, NOW), now_is().round) == ("once more later", 2)


@pytest.mark.parametrize("legs", [[], [LEG]])
def test_while_the_worker_is_on_the_phone_it_is_left_alone(driver: Driver, legs: list[str]) -> None:
    standing("taken", attempts=1, worker_call_sid="".join(legs))
    assert queueing.go_on(CALL, NOW) == ("left talking" if legs else "once more later")
    if legs:
        assert (now_is().state, now_is().check_at) == ("taken", int(NOW + QUEUED_SECONDS))


@pytest.mark.parametrize("state", CALLBACKS_OVER)
def test_with_one_that_is_over_nothing_is_done(driver: Driver, state: CallbackState) -> None:
    standing(state)
    assert queueing.go_on(CALL, NOW) == "nothing to do"
    assert queueing.go_on(AFTER, NOW) == "nothing to do" and driver.twilio.requests == []


# --- Between two attempts


@pytest.mark.parametrize(("early", "did"), [(0.25, "left waiting"), (0.0, "queued"), (-5.0, "queued")])
def test_its_time_comes_to_the_moment(early: float, did: str) -> None:
    standing("waiting", retry_at=NOW)
    assert queueing.go_on(CALL, NOW - early) == did
    assert now_is().check_at == int(NOW if early > 0 else NOW - early + QUEUED_SECONDS)


@pytest.mark.parametrize(("early", "did"), [(300.25, "waits on"), (0.0, "queued")])
def test_and_so_for_a_caller_who_was_on_the_line_meanwhile(driver: Driver, early: float, did: str) -> None:
    standing("held", on_line=AFTER, retry_at=NOW)
    driver.twilio.call = "completed"
    assert queueing.go_on(CALL, NOW - early) == did
    assert now_is().on_line == ""
    if early:
        assert (now_is().state, now_is().check_at, now_is().retry_at) == ("waiting", int(NOW), NOW)


@pytest.mark.parametrize(("later", "did"), [(-1.0, "queued"), (0.0, "queued"), (0.25, "waits for the opening")])
def test_it_waits_for_a_line_that_opens_later(monkeypatch: pytest.MonkeyPatch, later: float, did: str) -> None:
    monkeypatch.setattr(hours, "opens_at", lambda _line, now: now + later)
    standing("waiting")
    assert queueing.go_on(CALL, NOW) == did
    assert now_is().retry_at == (NOW + later if later > 0 else 0)


# --- While the caller is on the line


def reserved(at: float) -> None:
    """A worker is reserved for the caller's own call."""
    steps.reserve(Link(subject=CALL, reservation_sid=RESERVATION, deadline=at), at)


def left(call: str = CALL, seconds: int | None = None) -> None:
    """The caller has left the queue in which they waited on this call for so long, if that is known."""
    told = {} if seconds is None else {"queue_seconds": seconds}
    caller_leg.record(call, {"queue_result": "leave", "left_queue_at": NOW, **told}, NOW)


@pytest.mark.parametrize("outcome_", ["rejected", "timeout", "canceled", "rescinded", "unknown", "completed"])
def test_a_worker_who_was_not_joined_ends_no_callback(driver: Driver, outcome_: Any) -> None:
    standing("held", on_line=CALL)
    driver.twilio.call = "completed"
    reserved(NOW)
    steps.close(Key(CALL, RESERVATION), outcome_, "", NOW)
    assert queueing.go_on(CALL, NOW) == ("withdrawn" if outcome_ == "completed" else "queued")


@pytest.mark.parametrize(("after", "did"), [(599.75, "left held"), (600.0, "queued")])
def test_a_worker_who_may_yet_be_joined_holds_it_up_for_ten_minutes(driver: Driver, after: float, did: str) -> None:
    standing("held", on_line=CALL)
    driver.twilio.call = "completed"
    reserved(NOW)
    assert queueing.go_on(CALL, NOW + after) == did
    if did == "left held":
        assert now_is().check_at == int(NOW + after + HELD_SECONDS)


@pytest.mark.parametrize("call", ["in-progress", "completed"])
def test_a_caller_who_has_left_the_queue_is_not_asked_about(driver: Driver, call: str) -> None:
    standing("held", on_line=CALL)
    driver.twilio.call = call
    left(seconds=90)
    assert queueing.go_on(CALL, NOW) == "queued"
    assert driver.twilio.made("GET /2010-04-01") == []


@pytest.mark.parametrize("second", [BEFORE, AFTER])
def test_the_place_is_that_of_the_call_that_asked_whatever_a_second_one_waited(driver: Driver, second: str) -> None:
    standing("held", on_line=second, since=NOW)
    left(seconds=90)
    left(second, 3000)
    queueing.go_on(CALL, NOW)
    assert now_is().since == NOW - 90


@pytest.mark.parametrize("seconds", [None, 0])
def test_a_wait_of_which_nobody_tells_how_long_it_was_moves_no_place(seconds: int | None) -> None:
    standing("held", on_line=CALL, since=NOW + 50)
    left(seconds=seconds)
    queueing.go_on(CALL, NOW + 60)
    assert now_is().since == NOW + 50


@pytest.mark.parametrize("other", [BEFORE, AFTER])
def test_of_two_callbacks_of_one_caller_the_open_one_goes_on(driver: Driver, other: str) -> None:
    standing("held", on_line=CALL)
    driver.twilio.call = "completed"
    rows.create(wants(other), NOW)
    assert rows.claim(CALLER, "support", other, CALL, NOW)
    assert queueing.go_on(CALL, NOW) == "somebody was faster"
    assert (now_is().state, now_is().reason) == ("withdrawn", "another one is open")
    assert queueing.go_on(other, NOW) == "queued"


# --- The caller asks, or is back


def wants(call: str = CALL, number: str = CALLER, caller: str = CALLER) -> Callback:
    return Callback(
        call_sid=call, line="support", caller=caller, number=number, called=SUPPORT, since=NOW, on_line=call
    )


@pytest.mark.parametrize("state", OPEN)
@pytest.mark.parametrize("second", [BEFORE, AFTER])
def test_who_asks_again_on_another_call_keeps_the_first_callback_for_it(
    driver: Driver, state: CallbackState, second: str
) -> None:
    standing(state, on_line="", task_sid=TASK if state in ("queued", "taken") else "")
    assert asking.ask(wants(second), RULES, NOW) == ("asked", CALL)
    kept = now_is()
    if state == "taken":
        assert (kept.state, kept.on_line, kept.task_sid, posts(driver)) == ("taken", "", TASK, [])
    else:
        assert (kept.state, kept.on_line, kept.task_sid, kept.round) == ("held", second, "", 2)
        assert len(posts(driver)) == (state == "queued")
        assert kept.check_at == int(NOW + HELD_SECONDS)


@pytest.mark.parametrize(("call", "number"), [(BEFORE, OTHER), (AFTER, "+12125550100"), (AFTER, OTHER), (CALL, OTHER)])
def test_a_callback_that_is_held_is_held_for_the_latest_call_and_number(call: str, number: str) -> None:
    standing("held", on_line=CALL)
    asking.ask(wants(call, number), RULES, NOW)
    assert (now_is().on_line, now_is().number) == (call, number)


def test_one_that_is_held_for_this_very_request_is_not_written_again() -> None:
    asking.ask(wants(), RULES, NOW)
    version = now_is().version
    assert asking.ask(wants(), RULES, NOW) == ("asked", CALL) and now_is().version == version


@pytest.mark.parametrize("state", CALLBACKS_OVER)
def test_who_asks_again_on_a_call_whose_callback_is_over_waits_on(state: CallbackState) -> None:
    standing(state)
    with pytest.raises(asking.Busy):
        asking.ask(wants(), RULES, NOW)
    assert now_is().state == state


def test_who_is_overtaken_once_asks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    standing("queued")
    failures = iter([True, False])
    hold = asking.hold
    monkeypatch.setattr(asking, "hold", lambda *given, **named: not next(failures) and hold(*given, **named))
    assert asking.ask(wants(AFTER), RULES, NOW) == ("asked", CALL)


def test_who_is_overtaken_again_and_again_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    standing("queued")
    monkeypatch.setattr(asking, "hold", lambda *_given, **_named: False)
    with pytest.raises(asking.Busy):
        asking.ask(wants(AFTER), RULES, NOW)
    assert asking.is_back(CALLER, "support", AFTER, NOW) == ""


def test_who_loses_the_claim_to_an_own_second_call_keeps_that_one(monkeypatch: pytest.MonkeyPatch) -> None:
    claim = rows.claim

    def overtaken(*given: Any) -> bool:
        monkeypatch.setattr(rows, "claim", claim)
        asking.ask(wants(AFTER), RULES, NOW)
        return claim(*given)

    monkeypatch.setattr(rows, "claim", overtaken)
    assert asking.ask(wants(), RULES, NOW) == ("asked", AFTER)


@pytest.mark.parametrize("second", [BEFORE, AFTER])
@pytest.mark.parametrize("on_line", ["", BEFORE, AFTER])
def test_who_is_back_on_the_line_is_held_for_that_call(driver: Driver, second: str, on_line: str) -> None:
    standing("held" if on_line else "queued", on_line=on_line)
    assert asking.is_back(CALLER, "support", second, NOW) == CALL
    assert (now_is().state, now_is().on_line) == ("held", second)
    assert asking.is_back(CALLER, "support", CALL, NOW) == "" and now_is().on_line == second


def test_a_callback_between_two_attempts_is_held_too_and_has_no_task_to_be_canceled(driver: Driver) -> None:
    standing("waiting", retry_at=NOW + 900)
    assert asking.is_back(CALLER, "support", AFTER, NOW) == CALL
    assert (now_is().state, posts(driver)) == ("held", [])


def test_a_task_whose_worker_dials_is_not_canceled_when_the_caller_is_back(driver: Driver) -> None:
    standing("taken", task_sid=TASK)
    assert asking.is_back(CALLER, "support", AFTER, NOW) == CALL
    assert (now_is().state, now_is().on_line, posts(driver)) == ("taken", AFTER, [])


def test_who_cancels_and_is_overtaken_cancels_again(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = standing("queued", task_sid=TASK)
    rows.change(seen, NOW, retry_at=NOW)  # somebody else
    found = iter([seen])
    monkeypatch.setattr(asking, "open_of", lambda *given: next(found, now_is()))
    asking.withdraw(CALLER, "support", NOW)
    assert now_is().state == "withdrawn"


def test_who_is_always_overtaken_is_told_that_nothing_is_canceled(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = standing("queued", task_sid=TASK)
    rows.change(seen, NOW, retry_at=NOW)
    monkeypatch.setattr(asking, "open_of", lambda *_given: seen)
    with pytest.raises(asking.Busy):
        asking.withdraw(CALLER, "support", NOW)
    assert now_is().state == "queued"


@pytest.mark.parametrize("state", OPEN)
def test_who_cancels_leaves_a_worker_who_dials_alone(driver: Driver, state: CallbackState) -> None:
    standing(state, task_sid=TASK if state in ("queued", "taken") else "")
    asking.withdraw(CALLER, "support", NOW)
    assert now_is().state == "withdrawn" and len(posts(driver)) == (state == "queued")


# --- The further task


def test_what_routes_the_call_is_kept_of_any_type() -> None:
    known = {"vip": True, "visits": 3, "names": ["Ann"], "city": "", "kind": "call", "call_sid": CALL, "round": 2}
    assert asking.attributes_of(known) == {"vip": True, "visits": 3, "names": ["Ann"]}


@pytest.mark.parametrize(("more", "fits"), [(0, True), (1, False)])
def test_attributes_may_be_as_long_as_twilio_takes(driver: Driver, more: int, fits: bool) -> None:
    callback = standing("waiting", attributes={"notes": ""})
    spare = LONGEST_ATTRIBUTES - len(queueing._order(callback).task_attributes)
    rows.change(callback, NOW, attributes={"notes": "x" * (spare + more)})
    queueing.go_on(CALL, NOW)
    (form,) = driver.twilio.made("/Tasks")
    assert ("notes" in json.loads(form["Attributes"])) is fits


@pytest.mark.parametrize(("changes", "canceled"), [({"state": "withdrawn"}, 0), ({"task_sid": TWINS[1]}, 1)])
def test_a_task_that_is_made_while_the_callback_changes_is_canceled_unless_it_is_its_own(
    driver: Driver, changes: dict[str, Any], canceled: int
) -> None:
    def meanwhile() -> None:
        own = {"task_sid": next(iter(driver.twilio.tasks))} if "state" in changes else {}
        rows.change(now_is(), NOW, **{**own, **changes})

    standing("waiting")
    driver.twilio.on_task = meanwhile
    assert queueing.go_on(CALL, NOW) == "somebody was faster"
    assert len([path for path in posts(driver) if "/Tasks/" in path]) == canceled


def test_a_step_that_is_asked_for_twice_at_once_is_done_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = standing("waiting")
    assert queueing.go_on(CALL, NOW) == "queued"
    monkeypatch.setattr(rows, "find", lambda _about: seen)
    assert queueing.go_on(CALL, NOW) == "somebody was faster"


def test_a_caller_is_known_in_the_queue_though_their_callbacks_cannot_be_read(
    driver: Driver, environment: pytest.MonkeyPatch
) -> None:
    environment.setattr(asking, "is_back", lambda *_given: 1 / 0)
    assert driver.event("task.created") == 204
    assert driver.call["attributes"] == {"department": "support"} and "callback" not in driver.call
