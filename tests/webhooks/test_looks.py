"""The sweep looks at one thing: at a link in each state, a caller who waits, a task, to the moment."""

import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from itertools import chain, repeat
from typing import Any

import pytest

from chalicelib import jobs
from chalicelib.config import callcenter
from chalicelib.lifecycle import activity, closing, looking, orders, paging, reconcile, refusal, wrap_up
from chalicelib.lifecycle.recorded import SOON_SECONDS
from chalicelib.links import caller_leg, reading, steps, table
from chalicelib.links.model import DONE, GIVEN_BACK, LEFT_UNDONE, Key, Link, Outcome, State
from chalicelib.tell import outbox
from chalicelib.twilio import rest
from tests.conftest import ACTIVITIES, BUCKET, QUEUES
from tests.doubles.twilio import FakeTwilio
from tests.support.caches import forget_everything
from tests.support.driver import CALL, LEG, OTHER_LEG, RESERVATION, TASK, WORKER, Driver, task_attributes

KEY = Key(CALL, RESERVATION)
SECOND = "WR" + "9" * 32
NOW = 1795248000.0
MOMENT = 0.25
TASK_URL = f"/v1/Workspaces/WS{'0' * 32}/Tasks/{TASK}"
STATES: tuple[State, ...] = ("reserved", "preparing", "dialing", "ringing", "asked", "answered")
WORKERS_OUTCOMES: tuple[Outcome, ...] = ("rejected", "timeout", "canceled", "rescinded")

pytestmark = pytest.mark.usefixtures("driver")


def link(state: State = "dialing", **fields: Any) -> Link:
    """A link of a worker who is reserved since NOW."""
    known = {"task_sid": TASK, "worker_sid": WORKER, "worker_name": "Bea", "queue": "Support", "deadline": NOW + 90}
    made = Link(**{"subject": CALL, "reservation_sid": RESERVATION, "state": state, **known, **fields})
    return steps.reserve(made, NOW)


def row(key: Key = KEY) -> Link:
    found = reading.find_link(key)
    assert found is not None
    return found


def look(now: float, key: Key = KEY) -> str:
    return looking.look("link", table.Due(key, row(key).check_at), now)


def posts(twilio: FakeTwilio) -> list[dict[str, Any]]:
    return twilio.made("POST ")


# --- A link


@pytest.mark.parametrize("status", WORKERS_OUTCOMES)
def test_a_link_ends_as_its_reservation_did_even_if_the_two_had_talked(twilio: FakeTwilio, status: Outcome) -> None:
    link("bridged", bridged_at=NOW)
    twilio.reservation = status
    assert (look(NOW + 700), row().outcome) == (status, status)


@pytest.mark.parametrize(("bridged_at", "outcome"), [(0, "unknown"), (NOW, "completed")])
def test_what_twilio_has_forgotten_is_a_talk_if_we_know_of_one(
    twilio: FakeTwilio, bridged_at: float, outcome: str
) -> None:
    link("bridged", bridged_at=bridged_at)
    twilio.forgotten = True
    assert (look(NOW + 700), row().outcome) == (outcome, outcome)


@pytest.mark.parametrize("event", ["created", "accepted", "wrapup"])
def test_of_a_link_whose_task_nobody_knows_nothing_is_concluded_while_it_is_open(
    twilio: FakeTwilio, event: str
) -> None:
    link("dialing", task_sid="")
    twilio.events = [(1, f"reservation.{event}")]
    assert look(NOW + 700).startswith("left ")
    assert (row().state, row().check_at, posts(twilio)) == ("dialing", int(NOW + 700) + SOON_SECONDS, [])


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("status", ["accepted", "wrapping"])
def test_whatever_a_link_knows_its_reservation_says_whether_the_two_talk(
    twilio: FakeTwilio, state: State, status: str
) -> None:
    link(state, worker_call_sid=LEG)
    twilio.reservation = status
    assert look(NOW + 120) == f"left {status}"
    assert (row().state, row().bridged_at) == ("bridged", NOW + 120)
    assert row().check_at == int(NOW + 120 + (240 if status == "accepted" else SOON_SECONDS))


@pytest.mark.parametrize("talk", [{"consult_number": 1}, {"consult_of": SECOND, "mode": "work"}])
def test_a_talk_in_which_a_colleague_is_asked_is_looked_at_each_minute(
    twilio: FakeTwilio, talk: dict[str, object]
) -> None:
    link("bridged", bridged_at=NOW, worker_call_sid=LEG, **talk)
    twilio.reservation = "accepted"
    assert look(NOW + 300) == "left accepted"
    assert row().check_at == int(NOW + 300) + SOON_SECONDS


@pytest.mark.parametrize(
    ("mode", "live", "ends"),
    [("crm-first", CALL, False), ("crm-first", LEG, True), ("work", LEG, False), ("work", CALL, True)],
)
def test_a_talk_lasts_as_long_as_its_caller_and_work_as_long_as_its_worker_is_on_the_phone(
    twilio: FakeTwilio, mode: str, live: str, ends: bool
) -> None:
    link("bridged", bridged_at=NOW, worker_call_sid=LEG, mode=mode)
    twilio.reservation, twilio.task = "accepted", "assigned"
    twilio.call, twilio.calls = "completed", {live: "in-progress"}
    assert look(NOW + 300) == ("task completed" if ends else "left accepted")


def test_a_caller_who_was_given_away_talks_on_with_somebody_else(twilio: FakeTwilio) -> None:
    link("bridged", bridged_at=NOW, worker_call_sid=LEG, held_at=NOW, transferred_to="queue:Sales")
    twilio.reservation, twilio.task = "accepted", "assigned"
    assert look(NOW + 300) == "task completed"


@pytest.mark.parametrize("state", ["asked", "answered"])
def test_a_worker_whose_phone_rang_and_who_was_not_joined_has_until_the_reservations_end(
    twilio: FakeTwilio, state: State
) -> None:
    link(state, worker_call_sid=LEG)
    assert look(NOW + 100) == "left pending" and row().check_at == int(NOW + 130)
    assert look(NOW + 130 - MOMENT) == "left pending" and row().state == state
    assert look(NOW + 130) == "rejected" and row().reason == "swept: nobody was joined"
    assert twilio.made(f"/Calls/{LEG}.json") == [{"Status": "completed"}]


@pytest.mark.parametrize("state", ["reserved", "dialing"])
def test_a_link_that_no_phone_rang_for_is_given_up_after_its_deadline(twilio: FakeTwilio, state: State) -> None:
    link(state)
    assert look(NOW + 100 - MOMENT) == ("job sent again" if state == "reserved" else "left dialing")
    assert row().check_at == int(NOW + 100)
    assert look(NOW + 100) == "rejected" and row().reason == "swept: nobody rang"


def test_a_link_of_taskrouters_own_is_given_up_at_the_reservations_end(twilio: FakeTwilio) -> None:
    link("dialing", mode="direct")
    assert look(NOW + 130 - MOMENT) == "left pending"
    assert look(NOW + 130) == "rejected"


@pytest.mark.parametrize(("status", "over", "did"), [("accepted", 0.0, "passed on"), ("accepted", MOMENT, "")])
def test_work_at_the_desk_is_somebody_elses_when_its_time_is_over(
    environment: pytest.MonkeyPatch, twilio: FakeTwilio, status: str, over: float, did: str
) -> None:
    at_desk(environment)
    link("bridged", bridged_at=NOW, mode="desk-work", work="chat", subject=TASK)
    twilio.reservation, twilio.task = status, "assigned"
    assert look(NOW + 3600 - over, Key(TASK, RESERVATION)) == (did or "left accepted")


def test_work_that_is_wrapped_up_is_nobody_elses(environment: pytest.MonkeyPatch, twilio: FakeTwilio) -> None:
    at_desk(environment)
    link("bridged", bridged_at=NOW, mode="desk-work", work="chat", subject=TASK)
    twilio.reservation, twilio.task = "wrapping", "wrapping"
    assert look(NOW + 9999, Key(TASK, RESERVATION)) == "left wrapping" and posts(twilio) == []


def at_desk(environment: pytest.MonkeyPatch) -> None:
    """The team takes chats at the desk, for an hour each."""
    center = callcenter.parse(
        'default_line = "main"\n[lines.main]\ngreeting = "Hello."\n[queues.Support]\n'
        '[work.chat]\nat = "desk"\nsay = "Chat."\ngive_back_after = 3600\ncrm = "none"\n'
    )
    environment.setattr(callcenter, "current", lambda: center)


# --- What is said of work at the desk


@pytest.mark.parametrize("reason", ["", "aside", "no answer", "passed", "zzz"])
def test_only_a_word_about_the_work_ends_it_before_its_time(environment: pytest.MonkeyPatch, reason: str) -> None:
    at_desk(environment)
    made = link("bridged", bridged_at=NOW, mode="desk-work", work="chat", subject=TASK, reason=reason)
    assert not orders.is_over(made, NOW + 60)
    assert orders.is_over(made, NOW + 3600)


@pytest.mark.parametrize("reason", [DONE, GIVEN_BACK, LEFT_UNDONE])
def test_what_was_said_of_work_and_not_done_is_done_at_once(environment: pytest.MonkeyPatch, reason: str) -> None:
    at_desk(environment)
    assert orders.is_over(link("bridged", bridged_at=NOW, mode="desk-work", work="chat", reason=reason), NOW)


def test_work_that_nobody_has_told_of_begins_now(environment: pytest.MonkeyPatch) -> None:
    at_desk(environment)
    assert not orders.is_over(link("bridged", mode="desk-work", work="chat"), NOW + 9999)


def test_what_is_given_back_by_the_second_worker_goes_to_a_third(
    environment: pytest.MonkeyPatch, twilio: FakeTwilio
) -> None:
    at_desk(environment)
    twilio.task, twilio.attributes = "assigned", json.dumps({"kind": "chat", "left_undone": True})
    link("bridged", bridged_at=NOW, mode="desk-work", work="chat", subject=TASK)
    assert orders.give_back(row(Key(TASK, RESERVATION)), NOW + 60) == "passed on"


def test_people_are_told_how_long_work_was_left_undone(environment: pytest.MonkeyPatch, twilio: FakeTwilio) -> None:
    at_desk(environment)
    told: list[int] = []
    environment.setattr(outbox, "order", lambda notice: told.append(notice.seconds))
    twilio.attributes = json.dumps({"kind": "chat", "left_undone": True})
    for bridged_at, sid in ((NOW, RESERVATION), (0, SECOND)):
        twilio.task = "assigned"
        made = link("bridged", bridged_at=bridged_at, mode="desk-work", work="chat", subject=TASK, reservation_sid=sid)
        assert orders.end(made, NOW + 3600.9) == LEFT_UNDONE
    assert told == [3600, 0]


# --- A caller who waits


def caller(**known: object) -> None:
    """A caller waits since NOW."""
    caller_leg.record_waiting(CALL, {"task_sid": TASK, "base_url": "https://x.example", **known}, NOW)


def look_at_caller(now: float = NOW + 60) -> str:
    (call,) = [reading.of_call(CALL).call]
    assert call is not None
    return looking.look("call", table.Due(Key(CALL, "CALL"), call.check_at), now)


def is_watched() -> bool:
    call = reading.of_call(CALL).call
    return call is not None and call.check_at > 0


@pytest.mark.parametrize(
    ("status", "did", "watched"),
    [
        ("pending", "left waiting", True),
        ("reserved", "left waiting", True),
        ("assigned", "left assigned", False),
        ("wrapping", "left wrapping", False),
        ("completed", "left completed", False),
        ("canceled", "led out", True),
    ],
)
def test_a_caller_is_where_their_task_says(twilio: FakeTwilio, status: str, did: str, watched: bool) -> None:
    caller()
    twilio.task = status
    assert (look_at_caller(), is_watched()) == (did, watched)
    assert posts(twilio) == ([] if did != "led out" else [posts(twilio)[0]])


@pytest.mark.parametrize("call", ["in-progress", "completed"])
def test_a_task_whose_caller_has_left_is_canceled_whether_or_not_they_are_on_the_line(
    twilio: FakeTwilio, call: str
) -> None:
    caller()
    caller_leg.record(CALL, {"left_queue_at": NOW + 5}, NOW + 5)
    twilio.task, twilio.call = "pending", call
    assert (look_at_caller(), is_watched(), twilio.task) == ("canceled", False, "canceled")


def test_a_caller_who_has_left_is_not_led_out(twilio: FakeTwilio) -> None:
    caller()
    caller_leg.record(CALL, {"left_queue_at": NOW + 5}, NOW + 5)
    twilio.task = "canceled"
    assert (look_at_caller(), is_watched(), posts(twilio)) == ("left canceled", False, [])


@pytest.mark.parametrize(
    ("fields", "did"),
    [
        ({"bridged_at": NOW}, "left canceled"),
        ({"bridged_at": 0}, "led out"),
        ({"bridged_at": NOW, "held_at": NOW, "transferred_to": "queue:Sales"}, "led out"),
        ({"bridged_at": NOW, "mode": "work"}, "led out"),  # a colleague who was asked about them
    ],
)
def test_a_caller_who_was_joined_is_not_led_out_but_for_a_further_wait(
    twilio: FakeTwilio, fields: dict[str, Any], did: str
) -> None:
    caller()
    link("bridged", **fields)
    twilio.task = "canceled"
    assert look_at_caller() == did


def test_a_caller_who_was_led_out_before_is_left_alone_for_now(twilio: FakeTwilio) -> None:
    caller()
    twilio.task = "canceled"
    look_at_caller()
    assert look_at_caller(NOW + 61) == "left by itself" and is_watched()


def test_a_caller_who_is_gone_is_looked_at_no_more(twilio: FakeTwilio) -> None:
    caller()
    twilio.task = "canceled"
    twilio.failures = {f"/Calls/{CALL}.json": [(400, 21220)]}
    assert (look_at_caller(), is_watched()) == ("has gone", False)


@pytest.mark.parametrize(
    ("links", "asked"),
    [
        ([], []),
        ([{"task_sid": ""}], []),
        ([{"mode": "work"}], []),
        ([{"transferred_to": "queue:Sales"}], []),
        ([{}], [TASK]),
        ([{"task_sid": ""}, {"reservation_sid": SECOND}], [TASK]),
    ],
    ids=["nobody was", "who does not know it", "for something else", "for the wait before", "one was", "a second was"],
)
def test_a_lost_task_is_that_for_which_a_worker_was_reserved(
    twilio: FakeTwilio, links: list[dict[str, Any]], asked: list[str]
) -> None:
    caller(task_sid="")
    for fields in links:
        link("closed", **fields)
    look_at_caller()
    assert [path.rpartition("/")[2] for method, path, _ in twilio.requests if method == "GET"] == asked


# --- A task that nobody completes


def served(twilio: FakeTwilio, status: str, sid: str = RESERVATION) -> None:
    known = {"worker_sid": WORKER, "worker_name": "Bea", "date_updated": "2026-11-21T08:00:00Z"}
    twilio.reservations[sid] = {"sid": sid, "reservation_status": status, **known}


def test_a_worker_who_did_not_serve_the_caller_has_no_talk_to_close(driver: Driver) -> None:
    for number, status in enumerate((*WORKERS_OUTCOMES, "pending", "completed")):
        served(driver.twilio, status, f"WR{number:032}")
    assert wrap_up.finish_task(TASK, "swept", NOW) == "task completed"
    assert driver.cloud.rows() == [] and driver.twilio.moves == []


@pytest.mark.parametrize(("status", "outcome"), [("wrapping", "completed"), ("accepted", "")])
def test_the_link_of_a_task_that_does_not_end_is_closed_only_where_the_sweep_finds_the_task_otherwise(
    twilio: FakeTwilio, status: str, outcome: str
) -> None:
    link("bridged", bridged_at=NOW)
    served(twilio, status)
    twilio.failures = {f"POST {TASK_URL}": [503]}
    with pytest.raises(rest.NotDone):
        wrap_up.finish_task(TASK, "swept", NOW)
    assert row().outcome == outcome
    assert wrap_up.finish_task(TASK, "swept", NOW) == "task completed" and row().outcome == "completed"


@pytest.mark.parametrize("status", ["completed", "canceled"])
def test_a_task_that_has_ended_is_left_as_it_is(twilio: FakeTwilio, status: str) -> None:
    served(twilio, "wrapping")
    twilio.task = status
    assert wrap_up.finish_task(TASK, "swept", NOW) == "left as it is" and posts(twilio) == []


@pytest.mark.parametrize(
    ("attributes", "ours"),
    [({"call_sid": CALL}, True), ({"kind": "agenda"}, False), ({"kind": "case"}, False), ({"kind": "zoo"}, False)],
)
def test_a_task_of_a_kind_that_we_do_not_do_is_somebody_elses(
    twilio: FakeTwilio, attributes: dict[str, str], ours: bool
) -> None:
    twilio.attributes = json.dumps(attributes)
    assert wrap_up.finish_task(TASK, "swept", NOW) == ("task completed" if ours else "left as it is")


@pytest.mark.parametrize(
    ("fields", "did"),
    [
        ({}, wrap_up.ON_THE_PHONE),
        ({"task_sid": ""}, wrap_up.ON_THE_PHONE),
        ({"task_sid": "WT" + "0" * 32}, "task completed"),
        ({"task_sid": "WT" + "f" * 32}, "task completed"),
        ({"bridged_at": 0}, "task completed"),
        ({"worker_call_sid": ""}, "task completed"),
        ({"mode": "direct"}, "task completed"),
    ],
    ids=["they talked", "no task is told", "in an earlier wait", "in a later wait", "not joined", "no leg", "not ours"],
)
def test_a_task_waits_for_a_worker_who_says_what_became_of_it(
    environment: pytest.MonkeyPatch, twilio: FakeTwilio, fields: dict[str, Any], did: str
) -> None:
    center = callcenter.parse(
        'default_line = "main"\n[lines.main]\ngreeting = "Hello."\n'
        '[queues.Support.after_talk]\nkeys = { 1 = "solved" }\n'
    )
    environment.setattr(callcenter, "current", lambda: center)
    link(**{"state": "bridged", "bridged_at": NOW, "worker_call_sid": LEG, **fields})
    known = {"sid": TASK, "assignment_status": "wrapping", "attributes": task_attributes(), "workflow_sid": ""}
    twilio.tasks[TASK] = {**known, "task_queue_sid": QUEUES["Support"]}
    assert wrap_up.finish_task(TASK, "wrapped up", NOW) == did


@pytest.mark.parametrize(
    ("name", "orders_back"), [("Offline", 1), ("Available", 1), ("Wrap up", 0), ("Unavailable", 1)]
)
def test_done_before_the_wrap_up_has_begun_is_put_right_once_it_has(
    environment: pytest.MonkeyPatch, twilio: FakeTwilio, name: str, orders_back: int
) -> None:
    sent: list[tuple[jobs.Job, int]] = []
    environment.setattr(jobs, "send", lambda job, delay_seconds=0: sent.append((job, delay_seconds)))
    made = link("bridged", bridged_at=NOW)
    known = {"sid": TASK, "assignment_status": "wrapping", "attributes": task_attributes(), "workflow_sid": ""}
    twilio.tasks[TASK] = {**known, "task_queue_sid": QUEUES["Support"]}
    caller_leg.record(CALL, {"wrapping_at": NOW}, NOW)
    twilio.activity = ACTIVITIES[name]
    wrap_up.finish_early(made, NOW + 20)
    back = jobs.PutBack(WORKER, ACTIVITIES["Wrap up"], ACTIVITIES["Available"], NOW + 18, NOW + 38, CALL)
    assert [one for one in sent if isinstance(one[0], jobs.PutBack)] == [(back, 18)] * orders_back


# --- How a link is closed


@pytest.mark.parametrize(("outcome", "reason"), [(one, "told later") for one in WORKERS_OUTCOMES] + [("completed", "")])
def test_why_a_worker_was_not_joined_may_be_told_after_the_end(outcome: Outcome, reason: str) -> None:
    link()
    assert closing.close(KEY, outcome, "", NOW) is not None
    assert closing.close(KEY, "canceled", "told later", NOW) is None
    assert (row().outcome, row().reason) == (outcome, reason)


@pytest.mark.parametrize("outcome", WORKERS_OUTCOMES)
@pytest.mark.parametrize("ended", [True, False])
def test_a_phone_that_rings_for_nobody_is_stopped_once(twilio: FakeTwilio, outcome: Outcome, ended: bool) -> None:
    link(worker_call_sid=LEG)
    closing.close(KEY, outcome, "", NOW, leg_ended=ended)
    assert len(twilio.made(f"/Calls/{LEG}.json")) == (not ended)


@pytest.mark.parametrize("state", [*STATES, "bridged"])
def test_a_caller_who_has_left_stops_every_phone_but_that_of_a_talk(twilio: FakeTwilio, state: State) -> None:
    link(state, worker_call_sid=LEG)
    twilio.reservation = "canceled"
    closing.caller_left(CALL, NOW)
    stops = state != "bridged"
    assert (row().outcome, len(twilio.made(f"/Calls/{LEG}.json"))) == ("canceled" if stops else "", stops)


@pytest.mark.parametrize("task", ["WT" + "0" * 32, TASK, "WT" + "f" * 32])
def test_the_end_of_a_task_stops_the_phones_that_ring_for_it_alone(twilio: FakeTwilio, task: str) -> None:
    link(worker_call_sid=LEG)
    twilio.reservation = "canceled"
    closing.caller_left(CALL, NOW, task)
    assert row().outcome == ("canceled" if task == TASK else "")


@pytest.mark.parametrize("status", ["accepted", "completed", "timeout", "canceled", "rescinded", "rejected", "unknown"])
def test_a_rejection_that_comes_too_late_moves_nobody_and_rejects_nothing(twilio: FakeTwilio, status: str) -> None:
    link()
    twilio.reservation = status
    closing.reject_as_ordered(jobs.Reject.of(row(), "no-answer", ACTIVITIES["Unavailable"]), NOW)
    assert posts(twilio) == [] and row().outcome == ("" if status == "accepted" else status)


@pytest.mark.parametrize(
    ("reason", "name", "back_after"),
    [("passed", "Unavailable", 20), ("no key", "Offline", 0), ("machine", "Offline", 0), ("zzz", "Offline", 0)],
)
def test_only_who_passed_is_put_back(environment: pytest.MonkeyPatch, reason: str, name: str, back_after: int) -> None:
    center = callcenter.parse(
        'default_line = "main"\n[lines.main]\ngreeting = "Hello."\n[queues.Support.answer]\nmode = "key"\n'
        'passed_seconds = 20\n[queues.Support.activities]\npassed = "Unavailable"\nno_answer = "Offline"\n'
    )
    environment.setattr(callcenter, "current", lambda: center)
    order = refusal._order(link("asked", reason=reason))
    assert (order.activity_sid, order.back_after, order.reason) == (ACTIVITIES[name], back_after, reason)


# --- A worker's activity


def test_who_is_left_out_for_a_while_is_put_back_if_they_were_moved_about_then(
    environment: pytest.MonkeyPatch, twilio: FakeTwilio
) -> None:
    sent: list[tuple[jobs.Job, int]] = []
    environment.setattr(jobs, "send", lambda job, delay_seconds=0: sent.append((job, delay_seconds)))
    order = jobs.Reject.of(link(), "passed", ACTIVITIES["Unavailable"], 20)
    activity.leave_out_for_a_while(order, NOW)
    back = jobs.PutBack(WORKER, ACTIVITIES["Unavailable"], ACTIVITIES["Available"], NOW - 2, NOW + 20, CALL)
    assert (sent, twilio.moves) == ([(back, 20)], [ACTIVITIES["Unavailable"]])


@pytest.mark.parametrize(
    ("since", "activity_sid", "moved"),
    [
        (NOW, "WA5", True),
        (NOW + 22, "WA5", True),
        (NOW - MOMENT, "WA5", False),
        (NOW + 22 + MOMENT, "WA5", False),
        (NOW, "WA4", False),
        (NOW, "WA6", False),
    ],
)
def test_who_chose_the_activity_by_hand_stays_in_it(
    environment: pytest.MonkeyPatch, since: float, activity_sid: str, moved: bool
) -> None:
    worker, set_to = rest.workers.Worker(WORKER, activity_sid, False, since, "1"), list[str]()
    environment.setattr(rest.workers, "fetch", lambda _sid: worker)

    def set_activity(_worker: rest.workers.Worker, to_sid: str, **_options: object) -> bool:
        set_to.append(to_sid)
        return True

    environment.setattr(rest.workers, "set_activity", set_activity)
    activity.resume(WORKER, "WA5", NOW, "WA1", NOW + 40, until=NOW + 22)
    assert set_to == (["WA1"] if moved else [])


# --- Pages


class Moments:
    """A clock that shows these times, and then the last one again and again."""

    def __init__(self, *times: float) -> None:
        self._times: Iterator[float] = chain(times, repeat(times[-1]))

    def __call__(self) -> float:
        return next(self._times)


def page(count: int) -> jobs.LookAt:
    return jobs.LookAt("link", tuple(jobs.Row(f"CA{one:032}", f"WR{one:032}", 5.0) for one in range(count)), NOW)


@pytest.fixture
def looked(environment: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []

    def look_at(_what: str, due: table.Due, _now: float) -> str:
        found.append(due.key.subject)
        return "looked at"

    environment.setattr(looking, "look", look_at)
    return found


@pytest.mark.parametrize(("late", "count"), [(60.0, 3), (60.0 + MOMENT, 0)])
def test_a_page_is_looked_at_until_the_next_sweep_has_come(looked: list[str], late: float, count: int) -> None:
    looking.look_at_page(page(3), lambda: NOW + late)
    assert len(looked) == count


@pytest.mark.parametrize(("took", "count"), [(10.0, 3), (10.0 + MOMENT, 1)])
def test_what_is_left_of_a_page_when_its_time_is_over_is_told(
    driver: Driver, looked: list[str], took: float, count: int
) -> None:
    with redirect_stdout(driver.log):
        looking.look_at_page(page(3), Moments(NOW, NOW, NOW, NOW + took))
    assert len(looked) == count
    assert ('"page: out of time","left":2' in driver.log.getvalue()) is (count == 1)


@pytest.mark.parametrize(("early", "begun"), [(MOMENT, [1, 2]), (0.0, [])])
def test_nothing_is_begun_when_the_time_is_up(early: float, begun: list[int]) -> None:
    found: list[int] = []
    try:
        found.extend(paging.in_time([1, 2], lambda: NOW - early, NOW))
    except paging.OutOfTime:
        assert not begun
    assert found == begun


def test_that_a_sweep_is_late_is_said_once(driver: Driver, environment: pytest.MonkeyPatch) -> None:
    late = [table.Due(KEY, NOW - 500)]
    environment.setattr(table, "due", lambda _what, _now: iter([late, late, late]))
    with redirect_stdout(driver.log):
        assert len(list(paging.due_pages("link", lambda: NOW))) == 3
    assert driver.log.getvalue().count("sweep is late") == 1


def test_the_first_pages_that_are_handed_over_begin_at_once(environment: pytest.MonkeyPatch, looked: list[str]) -> None:
    sent: list[tuple[jobs.LookAt, int]] = []
    environment.setattr(jobs, "send", lambda job, delay_seconds: sent.append((job, delay_seconds)))
    pages = [[table.Due(Key(f"CA{number:032}", "CALL"), NOW)] for number in range(19)]
    list(paging.look_by_pages("call", pages, lambda: NOW, NOW + 60))
    assert [delay for _, delay in sent] == [0] * 16 + [6, 6] and looked == ["CA" + "0" * 32]
    assert sent[0][0] == jobs.LookAt("call", (jobs.Row(f"CA{1:032}", "CALL", NOW),), NOW)


# --- The passes


@pytest.mark.parametrize(("after", "asked"), [(0.0, 1), (119.75, 1), (120.0, 0), (3599.75, 0)])
def test_recordings_are_looked_for_in_the_first_two_minutes_of_an_hour(
    driver: Driver, environment: pytest.MonkeyPatch, after: float, asked: int
) -> None:
    environment.setenv("MESSAGES_BUCKET", BUCKET)
    forget_everything()
    hour = NOW - NOW % 3600
    list(reconcile._untold(lambda: hour + after, hour + 9999))
    assert len(driver.twilio.made("/Recordings.json")) == asked


def test_each_pass_that_is_broken_off_is_counted(driver: Driver) -> None:
    driver.twilio.failures = {"GET /v1": [503] * 9}
    assert reconcile.run(lambda: NOW)["broken off"] == 2  # the two lists of tasks


def test_a_callback_that_is_due_is_a_jobs_for_a_minute(driver: Driver) -> None:
    table.update_row(Key(CALL, "CALLBACK"), {"check_at": int(NOW)}, "", {})
    due = table.Due(Key(CALL, "CALLBACK"), int(NOW))
    assert reconcile._have_gone_on(due, NOW) == "left to a job"
    assert driver.cloud.row("CALLBACK")["check_at"] == int(NOW) + SOON_SECONDS
    assert reconcile._have_gone_on(due, NOW) == "taken"
    assert driver.queued() == [jobs.GoOn(CALL)]


def test_a_notice_that_cannot_be_told_ends_the_notices_of_this_sweep(environment: pytest.MonkeyPatch) -> None:
    dids = iter([outbox.TOLD, outbox.LATER, outbox.TOLD, outbox.NOT_TOLD, outbox.TOLD])
    environment.setattr(outbox, "due", lambda _now: iter(range(9)))
    environment.setattr(outbox, "tell", lambda *_given: next(dids))
    found = list(reconcile._notices(lambda: NOW, NOW + 60))
    assert found == [outbox.TOLD, outbox.LATER, outbox.TOLD, outbox.NOT_TOLD]


def test_a_worker_of_another_leg_is_no_reason_to_stop_this_ones_phone(twilio: FakeTwilio) -> None:
    link(worker_call_sid=LEG)
    link(worker_call_sid=OTHER_LEG, reservation_sid=SECOND)
    closing.close(Key(CALL, SECOND), "timeout", "", NOW)
    assert twilio.made(f"/Calls/{LEG}.json") == [] and len(twilio.made(f"/Calls/{OTHER_LEG}.json")) == 1
