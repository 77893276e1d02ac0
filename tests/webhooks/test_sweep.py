"""The sweep: whatever is open past its time is asked about at Twilio, and ended as it really ended."""

import itertools
import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
import requests

from chalicelib import jobs
from chalicelib.lifecycle import looking, paging, reconcile, recorded
from chalicelib.links import steps, table
from chalicelib.links.model import Key, Link
from chalicelib.twilio import rest
from tests.conftest import ACTIVITIES, QUEUES, WORKFLOW
from tests.support.driver import CALL, LEG, RESERVATION, TASK, WORKER, Driver, task_attributes

KEY = Key(CALL, RESERVATION)
TASKS = f"/v1/Workspaces/WS{'0' * 32}/Tasks"
WORKERS = f"/v1/Workspaces/WS{'0' * 32}/Workers"
AFTER_DEADLINE, AFTER_RESERVATION, AFTER_A_TALK, AFTER_WRAP_UP = 110, 135, 700, 40


@pytest.fixture
def later(environment: pytest.MonkeyPatch) -> "Later":
    return Later(environment)


class Later:
    """The clock of the application; it stands still."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self.now = time.time()
        self(0)

    def __call__(self, seconds: float) -> None:
        import app

        self.now += seconds
        self._monkeypatch.setattr(app, "time", SimpleNamespace(time=lambda: self.now))


def swept(driver: Driver) -> dict[str, Any]:
    """The sweep's own last line of the log."""
    lines = [json.loads(line) for line in driver.log.getvalue().splitlines()]
    found: dict[str, Any] = [line for line in lines if line["event"] == "sweep"][-1]
    return found


def hung_up(driver: Driver) -> int:
    return len(driver.twilio.made(f"/Calls/{LEG}.json"))


def ended(driver: Driver) -> tuple[str, str]:
    link = driver.link
    assert "open" not in link and "check_at" not in link
    return link["outcome"], link["reason"]


# --- Open links


def test_a_link_is_left_alone_until_its_time_is_over(driver: Driver, later: Later) -> None:
    driver.ring()
    made = len(driver.twilio.requests)
    later(AFTER_DEADLINE - 10)
    driver.sweep()
    assert driver.link["state"] == "dialing"
    assert driver.twilio.made(f"{TASKS}/{TASK}")[made:] == []


def test_a_caller_whose_job_is_lost_goes_to_the_next_worker(driver: Driver, later: Later) -> None:
    driver.assign()
    later(AFTER_DEADLINE)
    driver.sweep()
    assert driver.twilio.made(f"POST {TASKS}/{TASK}/Reservations") == [{"ReservationStatus": "rejected"}]
    assert ended(driver) == ("rejected", "swept: nobody rang")
    assert (swept(driver)["rejected"], swept(driver)["level"]) == (1, "INFO")


def test_a_job_that_is_at_work_is_not_sent_again(driver: Driver, later: Later) -> None:
    driver.assign()
    driver.queued()
    steps.claim(KEY, later.now, 30)
    later(steps.CHECK_AFTER_SECONDS + 6)
    driver.sweep()
    assert driver.queued() == [] and swept(driver)["left preparing"] == 1


def test_a_phone_that_may_be_ringing_has_time_until_the_reservation_ends(driver: Driver, later: Later) -> None:
    driver.ring()
    later(AFTER_DEADLINE)
    driver.sweep()
    assert driver.link["check_at"] == int(driver.link["reserved_at"] + 120 + steps.CHECK_AFTER_SECONDS)
    assert hung_up(driver) == 0
    later(AFTER_RESERVATION - AFTER_DEADLINE)
    driver.sweep()
    assert ended(driver) == ("rejected", "swept: nobody was joined")
    assert hung_up(driver) == 1


def test_in_direct_mode_twilio_rings_until_the_reservation_ends(driver: Driver, later: Later) -> None:
    driver.assign("Urgent")
    later(AFTER_DEADLINE)
    driver.sweep()
    assert driver.link["state"] == "dialing" and {path for _, path, _ in driver.twilio.requests} == {TASKS}
    later(AFTER_RESERVATION - AFTER_DEADLINE)
    driver.twilio.reservation = "timeout"
    driver.sweep()
    assert ended(driver) == ("timeout", "swept")


def test_two_who_are_being_joined_while_the_sweep_gives_up_are_left_alone(driver: Driver, later: Later) -> None:
    driver.ring()
    driver.answer()
    later(AFTER_RESERVATION)
    driver.twilio.failures = {f"POST {TASKS}/{TASK}/Reservations": [(400, 20001)]}
    driver.sweep()
    assert driver.link["state"] == "answered" and hung_up(driver) == 0


@pytest.mark.parametrize("status", ["rejected", "timeout", "canceled", "rescinded"])
def test_an_end_that_no_event_told_closes_the_link_and_stops_the_phone(
    driver: Driver, later: Later, status: str
) -> None:
    driver.ring()
    driver.twilio.reservation = status
    later(AFTER_DEADLINE)
    driver.sweep()
    assert ended(driver) == (status, "swept")
    assert hung_up(driver) == 1


def test_a_phone_that_twilio_cannot_stop_now_is_stopped_by_a_job(driver: Driver, later: Later) -> None:
    driver.ring()
    driver.twilio.reservation = "canceled"
    driver.twilio.failures = {f"/Calls/{LEG}.json": [503]}
    later(AFTER_DEADLINE)
    driver.sweep()
    assert ended(driver) == ("canceled", "swept")
    (job,) = driver.queued()
    driver.work(job)
    assert job == jobs.HangUp(LEG, CALL) and hung_up(driver) == 2


def test_an_acceptance_that_no_event_told_is_recorded_and_the_talk_looked_at_now_and_then(
    driver: Driver, later: Later
) -> None:
    driver.ring()
    driver.answer()
    driver.twilio.reservation = "accepted"
    later(AFTER_DEADLINE)
    driver.sweep()
    assert (driver.link["state"], driver.link["bridged_at"]) == ("bridged", later.now)
    assert driver.link["check_at"] == int(later.now) + steps.CHECK_TALK_SECONDS
    later(AFTER_A_TALK)
    driver.sweep()
    assert driver.link["check_at"] == int(later.now) + steps.CHECK_TALK_SECONDS and hung_up(driver) == 0
    assert swept(driver)["left accepted"] == 1


def test_a_talk_that_the_event_told_is_not_asked_about_for_ten_minutes(driver: Driver, later: Later) -> None:
    driver.ring()
    driver.event("reservation.accepted", TimestampMs=str(int(later.now * 1000)))
    made = len(driver.twilio.requests)
    later(AFTER_DEADLINE)
    driver.sweep()
    assert len(driver.twilio.requests) == made + 2  # the lists of tasks
    assert driver.link["check_at"] > later.now


def test_a_worker_who_is_wrapping_up_is_looked_at_again_soon(driver: Driver, later: Later) -> None:
    driver.ring()
    driver.twilio.reservation, driver.twilio.call = "wrapping", "completed"
    later(AFTER_DEADLINE)
    driver.sweep()
    assert driver.link["state"] == "bridged"
    assert driver.link["check_at"] == int(later.now + recorded.SOON_SECONDS)
    driver.twilio.reservation = "completed"
    later(60)
    driver.sweep()
    assert ended(driver) == ("completed", "swept")


def test_a_completed_call_is_closed_and_no_leg_is_ended(driver: Driver, later: Later) -> None:
    driver.ring()
    driver.event("reservation.accepted", TimestampMs=str(int(later.now * 1000)))
    driver.twilio.reservation = "completed"
    later(AFTER_A_TALK)
    driver.sweep()
    assert ended(driver) == ("completed", "swept") and hung_up(driver) == 0


@pytest.mark.parametrize(
    ("events", "outcome"),
    [
        (["created", "accepted", "wrapup", "completed"], "completed"),
        (["created", "accepted"], "completed"),
        (["rejected", "created"], "rejected"),
        (["created", "timeout"], "timeout"),
        ([], "unknown"),
    ],
)
def test_what_twilio_has_forgotten_ended_as_its_events_say(
    driver: Driver, later: Later, events: list[str], outcome: str
) -> None:
    driver.ring()
    later(AFTER_A_TALK)
    driver.twilio.failures = {f"GET {TASKS}/{TASK}/Reservations": [(404, 20404)]}
    driver.twilio.events = [(1000, f"reservation.{event}") for event in events]
    driver.sweep()
    assert ended(driver) == (outcome, "swept")


def test_a_talk_that_we_were_told_of_is_one_though_twilio_has_forgotten_its_events_too(
    driver: Driver, later: Later
) -> None:
    driver.ring()
    driver.event("reservation.accepted", TimestampMs=str(int(later.now * 1000)))
    later(AFTER_A_TALK)
    driver.twilio.failures = {f"GET {TASKS}/{TASK}/Reservations": [(404, 20404)]}
    driver.sweep()
    assert ended(driver) == ("completed", "swept")


@pytest.mark.parametrize(("events", "outcome"), [([(1, "reservation.canceled")], "canceled"), ([], "unknown")])
def test_a_link_whose_task_nobody_knows_ends_as_its_events_say(
    driver: Driver, later: Later, events: list[tuple[int, str]], outcome: str
) -> None:
    steps.reserve(Link(subject=CALL, reservation_sid=RESERVATION, deadline=later.now), later.now)
    later(AFTER_DEADLINE)
    driver.twilio.events = events
    driver.sweep()
    assert ended(driver) == (outcome, "swept")


def test_a_link_that_a_legs_callback_made_takes_its_task_from_the_call(driver: Driver, later: Later) -> None:
    driver.event("task.created", TimestampMs=str(int(later.now * 1000)))
    steps.record_unknown_leg(Key(CALL, RESERVATION), LEG, later.now)
    driver.twilio.reservation = "timeout"
    later(AFTER_A_TALK)
    driver.sweep()
    assert ended(driver) == ("timeout", "swept")


def test_a_status_that_twilio_invents_later_is_left_alone(driver: Driver, later: Later) -> None:
    driver.assign()
    driver.twilio.reservation = "dreaming"
    later(AFTER_DEADLINE)
    driver.sweep()
    assert driver.link["state"] == "reserved" and swept(driver)["left dreaming"] == 1


def test_why_a_worker_did_not_answer_stays(driver: Driver, later: Later) -> None:
    driver.assign("Urgent")
    driver.status("no-answer")
    driver.twilio.reservation = "timeout"
    later(AFTER_RESERVATION)
    driver.sweep()
    assert ended(driver) == ("timeout", "no-answer")


def test_a_closed_link_that_the_index_still_shows_is_not_asked_about(
    driver: Driver, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.ring()
    stale = [[table.Due(KEY, driver.link["check_at"])]]
    driver.event("reservation.canceled")
    before, made = driver.link, len(driver.twilio.requests)
    monkeypatch.setattr(table, "due", lambda what, now: iter(stale if what == "link" else ()))
    later(AFTER_DEADLINE)
    driver.sweep()
    assert driver.link == before and len(driver.twilio.requests) == made + 2  # the lists of tasks
    assert swept(driver)["taken"] == 1


def test_of_two_sweeps_at_once_one_acts(driver: Driver, later: Later, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.assign()
    later(AFTER_DEADLINE)
    seen = list(table.due("link", later.now))
    driver.sweep()
    monkeypatch.setattr(table, "due", lambda what, now: iter(seen if what == "link" else ()))
    driver.sweep()
    assert len(driver.twilio.made(f"POST {TASKS}/{TASK}/Reservations")) == 1
    assert swept(driver)["taken"] == 1


def test_a_sweep_that_died_in_the_middle_is_made_up_for_by_the_next(
    driver: Driver, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        pass

    def die(*_: object) -> None:
        raise Died

    driver.assign()
    later(AFTER_DEADLINE)
    with monkeypatch.context() as patched:
        patched.setattr(steps, "close", die)
        with pytest.raises(Died):
            driver.sweep()
    assert driver.link["state"] == "reserved"
    later(60)
    driver.sweep()
    assert ended(driver) == ("rejected", "swept")


def many(driver: Driver, count: int, now: float) -> list[Key]:
    """So many links that were reserved one second after the other, the first of them now."""
    keys = [Key(f"CA{number:032x}", f"WR{number:032x}") for number in range(count)]
    for number, key in enumerate(keys):
        link = Link(subject=key.subject, reservation_sid=key.reservation_sid, task_sid=TASK, deadline=now + number)
        steps.reserve(link, now)
    return keys


def state(driver: Driver, key: Key) -> str:
    return str(driver.cloud.row(key.reservation_sid)["state"])


def test_what_is_wrong_with_one_link_does_not_hold_up_the_others(driver: Driver, later: Later) -> None:
    keys = many(driver, 3, later.now)
    driver.cloud.client("dynamodb").update_item(
        TableName="cordboard-test-links",
        Key={"call_sid": {"S": keys[0].subject}, "item": {"S": keys[0].reservation_sid}},
        UpdateExpression="SET #state = :newer",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":newer": {"S": "a state of a newer version"}},
    )
    driver.twilio.failures = {keys[1].reservation_sid: [(400, 20001)]}
    driver.twilio.reservation = "timeout"
    later(AFTER_DEADLINE)
    driver.sweep()
    assert [state(driver, key) for key in keys] == ["a state of a newer version", "reserved", "closed"]
    assert (swept(driver)["failed"], swept(driver)["timeout"]) == (2, 1)
    errors = [json.loads(line) for line in driver.log.getvalue().splitlines() if '"ERROR"' in line]
    assert [error["reservation_sid"] for error in errors] == [key.reservation_sid for key in keys[:2]]
    assert [error["why"] for error in errors] == ["ValidationError", "TwilioRejected"]


@pytest.mark.parametrize("failure", [503, 429, requests.exceptions.ReadTimeout()])
def test_a_twilio_that_cannot_be_reached_ends_the_sweep_early(driver: Driver, later: Later, failure: Any) -> None:
    keys = many(driver, 3, later.now)
    driver.twilio.failures = {f"GET {TASKS}": [failure] * 3}
    later(AFTER_DEADLINE)
    driver.sweep()
    assert [state(driver, key) for key in keys] == ["reserved"] * 3
    assert len(driver.twilio.requests) == 3  # one link, and the lists of tasks
    driver.twilio.reservation = "timeout"
    later(60)
    driver.sweep()
    assert [state(driver, key) for key in keys] == ["closed"] * 3


class Ticking:
    """A clock on which each look takes so many seconds."""

    def __init__(self, now: float, step: float) -> None:
        self._times: Iterator[float] = (now + step * number for number in range(10_000))

    def __call__(self) -> float:
        return next(self._times)


def handed_over(driver: Driver) -> list[jobs.LookAt]:
    """What the sweep has sent to the queue of after-call work; it is taken off."""
    return [job for job in driver.queued() if isinstance(job, jobs.LookAt)]


@pytest.mark.parametrize(("due", "pages"), [(25, []), (60, [25, 10]), (80, [25, 25, 5])])
def test_a_sweep_looks_at_a_page_and_hands_the_others_to_jobs(
    driver: Driver, later: Later, due: int, pages: list[int]
) -> None:
    """However many are due, the sweep itself asks Twilio for one page, the longest due."""
    keys = many(driver, due, later.now)
    driver.twilio.reservation = "timeout"
    later(AFTER_DEADLINE + due)
    driver.sweep()
    assert len(driver.twilio.made(f"GET {TASKS}/{TASK}/Reservations/WR")) == table.DUE_PAGE
    assert {state(driver, key) for key in keys[: table.DUE_PAGE]} == {"closed"}
    jobs_sent = handed_over(driver)
    assert [len(job.rows) for job in jobs_sent] == pages
    assert swept(driver).get(paging.HANDED_OVER, 0) == sum(pages)
    for job in jobs_sent:
        driver.work(job)
    assert {state(driver, key) for key in keys} == {"closed"}


def test_pages_begin_a_few_at_a_time_over_the_minute_and_no_more_than_go_into_it(
    driver: Driver, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = [table.Due(Key(f"CA{number:032x}", "CALL"), later.now) for number in range(2)]
    pages = [page] * (paging.MOST_PAGES + 2)
    sent: list[tuple[float, int]] = []
    monkeypatch.setattr(jobs, "send", lambda job, delay_seconds: sent.append((job.at, delay_seconds)))
    monkeypatch.setattr(looking, "look", lambda *_given: "looked at")
    done = Counter(paging.look_by_pages("call", pages, lambda: later.now, later.now + 60))
    assert done == {"looked at": 4, paging.HANDED_OVER: 2 * paging.MOST_PAGES}
    assert max(Counter(delay for _, delay in sent).values()) == paging.PAGES_AT_ONCE
    assert max(delay for _, delay in sent) + looking.PAGE_SECONDS <= reconcile.PERIOD_SECONDS
    assert {at - delay for at, delay in sent} == {later.now}


def test_a_page_that_comes_twice_is_looked_at_once(driver: Driver, later: Later) -> None:
    many(driver, 30, later.now)
    driver.twilio.reservation = "accepted"
    later(AFTER_DEADLINE + 30)
    driver.sweep()
    (job,) = handed_over(driver)
    driver.work(job)
    made = len(driver.twilio.requests)
    driver.work(job)
    assert len(driver.twilio.requests) == made


def test_a_page_that_waited_for_a_minute_is_the_next_sweeps(driver: Driver, later: Later) -> None:
    keys = many(driver, 30, later.now)
    driver.twilio.reservation = "timeout"
    later(AFTER_DEADLINE + 30)
    driver.sweep()
    (stale,) = handed_over(driver)
    later(looking.STALE_SECONDS + 1)
    looking.look_at_page(stale, lambda: later.now)
    assert {state(driver, key) for key in keys[25:]} == {"reserved"}
    driver.sweep()
    assert {state(driver, key) for key in keys} == {"closed"} and handed_over(driver) == []


def test_a_page_while_twilio_cannot_be_reached_says_how_much_is_left(
    driver: Driver, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = tuple(jobs.Row(f"CA{number:032}", f"WR{number:032}", 5.0) for number in range(3))
    monkeypatch.setattr(looking, "look", Mock(side_effect=["done", rest.NotDone("no answer")]))
    with redirect_stdout(driver.log):
        looking.look_at_page(jobs.LookAt("link", rows, later.now), lambda: later.now)
    assert '"event":"page: Twilio cannot be reached","why":"no answer","left":2' in driver.log.getvalue()


def test_a_page_ends_with_the_time_of_its_job_and_the_rest_stays_due(driver: Driver, later: Later) -> None:
    keys = many(driver, 50, later.now)
    driver.twilio.reservation = "timeout"
    later(AFTER_DEADLINE + 50)
    driver.sweep()
    (job,) = handed_over(driver)
    looking.look_at_page(job, Ticking(later.now, 0.6))
    assert 0 < sum(state(driver, key) == "closed" for key in keys[25:]) < 25
    driver.sweep()
    assert {state(driver, key) for key in keys} == {"closed"}


def test_a_page_is_no_failed_job_while_twilio_cannot_be_reached(driver: Driver, later: Later) -> None:
    """The rows stay due: the next sweep is its next try, and nothing becomes a dead letter."""
    many(driver, 30, later.now)
    driver.twilio.reservation = "timeout"
    later(AFTER_DEADLINE + 30)
    driver.sweep()
    (job,) = handed_over(driver)
    made = len(driver.twilio.requests)
    driver.twilio.failures = {f"GET {TASKS}": [429]}
    driver.work(job)
    assert len(driver.twilio.requests) == made + 1


def test_while_the_queue_is_down_the_sweep_does_what_it_has_time_for_oldest_first(
    driver: Driver, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(_job: jobs.Job, delay_seconds: int) -> None:
        raise ConnectionError(f"no queue, {delay_seconds}")

    keys = many(driver, 60, later.now)
    driver.twilio.reservation = "timeout"
    monkeypatch.setattr(jobs, "send", down)
    done = reconcile.run(Ticking(later.now + 200, 0.3))
    closed = [key for key in keys if state(driver, key) == "closed"]
    assert closed == keys[: len(closed)]
    assert 25 < len(closed) < 60 and done["out of time"] == 1 and done["timeout"] == len(closed)
    reconcile.run(Ticking(later.now + 260, 0.3))
    assert {state(driver, key) for key in keys} == {"closed"}


@pytest.mark.parametrize(("late", "said"), [(paging.LATE_SECONDS - 1, []), (paging.LATE_SECONDS, [120])])
def test_a_sweep_that_is_late_says_by_how_much(driver: Driver, later: Later, late: int, said: list[int]) -> None:
    oldest, *_others = many(driver, 3, later.now)
    due = float(driver.cloud.row(oldest.reservation_sid)["check_at"])
    later(due + late - later.now)
    driver.sweep()
    lines = [json.loads(line) for line in driver.log.getvalue().splitlines()]
    assert [line["SweepLate"] for line in lines if line["event"] == "sweep is late"] == said


@pytest.mark.parametrize(("what", "status"), [("wrapping", "wrapping"), ("assigned", "assigned")])
def test_a_long_list_of_tasks_is_handed_over_as_well(driver: Driver, later: Later, what: str, status: str) -> None:
    for number in range(60):
        wrapping(driver, later, sid=f"WT{number:032x}", assignment_status=status)
    later(AFTER_A_TALK - 20)
    driver.sweep()
    assert [(job.what, len(job.rows)) for job in handed_over(driver)] == [(what, 25), (what, 10)]


def test_a_table_that_is_down_is_lambdas_to_report(
    driver: Driver, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(_what: str, _now: float) -> None:
        raise ConnectionError("no table")

    monkeypatch.setattr(table, "due", down)
    with pytest.raises(ConnectionError):
        driver.sweep()


# --- Tasks that nobody completes


def wrapping(driver: Driver, later: Later, **changes: Any) -> Mapping[str, Any]:
    """Twilio's list has the task of the call, whose worker is in wrap-up since now."""
    task = {
        "sid": TASK,
        "assignment_status": "wrapping",
        "attributes": task_attributes(),
        "task_queue_sid": QUEUES["Support"],
        "workflow_sid": WORKFLOW,
        "date_updated": datetime.fromtimestamp(later.now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        **changes,
    }
    driver.twilio.tasks[str(task["sid"])] = task
    driver.twilio.reservations[RESERVATION] = reserved(RESERVATION, WORKER, "wrapping")
    driver.twilio.activity = ACTIVITIES["Wrap up"]
    return task


def reserved(sid: str, worker_sid: str, status: str) -> dict[str, Any]:
    return {"sid": sid, "reservation_status": status, "worker_sid": worker_sid, "worker_name": "Bea", "task_sid": TASK}


def talked(driver: Driver, later: Later) -> None:
    driver.ring()
    driver.event("reservation.accepted", TimestampMs=str(int(later.now * 1000)))


def order(driver: Driver) -> list[str]:
    """What was changed at Twilio, in this order."""
    return [path.split("/")[-2] for method, path, _ in driver.twilio.requests if method == "POST" and "/v1/" in path]


def test_a_task_whose_completion_is_lost_is_completed_and_the_worker_put_back_to_work(
    driver: Driver, later: Later
) -> None:
    talked(driver, later)
    task = wrapping(driver, later)
    later(AFTER_WRAP_UP)
    driver.sweep()
    assert task["assignment_status"] == "completed"
    assert driver.twilio.made(f"POST {TASKS}/{TASK}") == [{"AssignmentStatus": "completed", "Reason": "wrapped up"}]
    assert driver.twilio.made(f"POST {WORKERS}/{WORKER}") == [{"ActivitySid": ACTIVITIES["Available"]}]
    assert order(driver) == ["Workers", "Tasks"]  # a sweep that dies in between finds the task again
    assert ended(driver) == ("completed", "swept")
    assert swept(driver)["task completed"] == 1


def test_the_wrap_up_time_is_the_workers(driver: Driver, later: Later) -> None:
    task = wrapping(driver, later)
    later(5 + 28)
    driver.sweep()
    assert task["assignment_status"] == "wrapping" and len(driver.twilio.requests) == 2


def test_only_tasks_in_wrapping_of_this_workflow_are_asked_for(driver: Driver, later: Later) -> None:
    theirs = wrapping(driver, later, workflow_sid="WW" + "9" * 32)
    assigned = wrapping(driver, later, sid="WT" + "9" * 32, assignment_status="assigned")
    later(AFTER_WRAP_UP)
    driver.sweep()
    assert (theirs["assignment_status"], assigned["assignment_status"]) == ("wrapping", "assigned")
    assert len(driver.twilio.requests) == 2


@pytest.mark.parametrize("attributes", ["{}", "", "nonsense", '{"call_sid": 1}'])
def test_a_task_that_enqueue_did_not_make_is_left_alone(driver: Driver, later: Later, attributes: str) -> None:
    task = wrapping(driver, later, attributes=attributes)
    later(AFTER_WRAP_UP)
    driver.sweep()
    assert task["assignment_status"] == "wrapping" and order(driver) == []


def test_a_task_that_is_completed_while_the_sweep_looks_is_left_alone(driver: Driver, later: Later) -> None:
    wrapping(driver, later)
    later(AFTER_WRAP_UP)
    driver.twilio.failures = {f"GET {TASKS}/{TASK}": [(404, 20404)]}
    driver.sweep()
    assert order(driver) == [] and swept(driver)["left as it is"] == 1


def test_workers_who_did_not_take_the_call_stay_where_they_are(driver: Driver, later: Later) -> None:
    other = "WK" + "9" * 32
    wrapping(driver, later)
    driver.twilio.reservations["WR" + "9" * 32] = reserved("WR" + "9" * 32, other, "rejected")
    later(AFTER_WRAP_UP)
    driver.sweep()
    assert driver.twilio.made(f"/Workers/{other}") == [] and len(driver.twilio.made(f"POST {WORKERS}/{WORKER}")) == 1


def test_a_worker_who_has_gone_home_in_the_meantime_stays_there(driver: Driver, later: Later) -> None:
    task = wrapping(driver, later)
    driver.twilio.activity = ACTIVITIES["Offline"]
    later(AFTER_WRAP_UP)
    driver.sweep()
    assert driver.twilio.activity == ACTIVITIES["Offline"] and task["assignment_status"] == "completed"


def test_a_worker_whom_twilio_does_not_move_is_moved_by_the_next_sweep(driver: Driver, later: Later) -> None:
    task = wrapping(driver, later)
    driver.twilio.failures = {f"POST {WORKERS}": [503]}
    later(AFTER_WRAP_UP)
    driver.sweep()
    assert task["assignment_status"] == "wrapping"
    later(60)
    driver.sweep()
    assert task["assignment_status"] == "completed" and driver.twilio.activity == ACTIVITIES["Available"]


def test_a_worker_who_is_deleted_keeps_no_task_in_wrapping(driver: Driver, later: Later) -> None:
    task = wrapping(driver, later)
    driver.twilio.failures = {f"GET {WORKERS}": [(404, 20404)]}
    later(AFTER_WRAP_UP)
    driver.sweep()
    assert task["assignment_status"] == "completed"


def test_a_call_of_which_no_event_came_at_all_is_recorded(driver: Driver, later: Later) -> None:
    wrapping(driver, later)
    later(AFTER_WRAP_UP)
    driver.sweep()
    assert ended(driver) == ("completed", "swept")
    assert (driver.link["worker_name"], driver.link["queue"], driver.link["task_sid"]) == ("Bea", "Support", TASK)


def test_a_link_that_is_closed_already_stays_as_it_is(driver: Driver, later: Later) -> None:
    talked(driver, later)
    driver.event("reservation.completed")
    before = driver.link
    task = wrapping(driver, later)
    later(AFTER_WRAP_UP)
    driver.sweep()
    assert driver.link == before and task["assignment_status"] == "completed"


def test_a_long_list_of_links_leaves_time_for_the_tasks(driver: Driver, later: Later) -> None:
    task = wrapping(driver, later)
    many(driver, 60, later.now)
    reconcile.run(Ticking(later.now + 200, 0.6))
    assert task["assignment_status"] == "completed"


def test_a_task_that_cannot_be_ended_does_not_hold_up_the_others(driver: Driver, later: Later) -> None:
    driver.twilio.failures = {f"GET {TASKS}/{TASK}": [(400, 20001)]}
    wrapping(driver, later)
    other = wrapping(driver, later, sid="WT" + "9" * 32)
    later(AFTER_WRAP_UP)
    driver.sweep()
    assert other["assignment_status"] == "completed" and swept(driver)["failed"] == 1


def talking(driver: Driver, later: Later, **changes: Any) -> Mapping[str, Any]:
    """Twilio's list has the task of a talk that began now; nothing of it is in the table."""
    task = wrapping(driver, later, assignment_status="assigned", **changes)
    driver.twilio.reservations[RESERVATION] = reserved(RESERVATION, WORKER, "accepted")
    return task


@pytest.mark.parametrize(
    ("after", "ends"),
    [(240, False), (299, False), (300, True), (419, True), (420, False), (599, False), (600, True), (3655, True)],
)
def test_a_task_that_twilio_alone_knows_is_completed_when_its_call_is_over(
    driver: Driver, later: Later, after: float, ends: bool
) -> None:
    task = talking(driver, later)
    driver.twilio.call = "completed"
    later(after)
    driver.sweep()
    assert (task["assignment_status"] == "completed") is ends
    if ends:
        assert ended(driver) == ("completed", "swept: the call is over")
        assert driver.link["task_sid"] == TASK


def test_a_talk_that_goes_on_is_left_alone(driver: Driver, later: Later) -> None:
    tasks = [talking(driver, later), talking(driver, later, sid="WT" + "9" * 32, attributes="{}")]
    later(600)
    driver.sweep()
    assert [task["assignment_status"] for task in tasks] == ["assigned"] * 2 and driver.cloud.rows() == []


def test_a_quiet_minute_asks_twilio_for_two_lists_and_the_table_once(driver: Driver) -> None:
    driver.sweep()
    assert [(method, path) for method, path, _ in driver.twilio.requests] == [("GET", TASKS)] * 2
    assert {name for name in swept(driver) if name not in ("level", "event")} == {"seconds"}


def test_the_verbs_tell_a_task_that_is_gone_from_an_error(driver: Driver) -> None:
    driver.twilio.failures = {f"GET {TASKS}": [(404, 20404), (400, 20001)]}
    assert rest.tasks.fetch(TASK) is None
    with pytest.raises(rest.TwilioRejected):
        rest.tasks.fetch(TASK)


def test_a_list_that_twilio_refuses_is_lambdas_to_report(driver: Driver) -> None:
    driver.twilio.failures = {f"GET {TASKS}": [(403, 20003)]}
    with pytest.raises(rest.TwilioDenied, match="403"):
        driver.sweep()


def test_credentials_that_are_refused_end_the_sweep_aloud(driver: Driver, later: Later) -> None:
    driver.assign()
    later(AFTER_DEADLINE)
    driver.twilio.failures = {f"GET {TASKS}": [(401, 20003)]}
    with pytest.raises(rest.TwilioDenied):
        driver.sweep()


def test_a_refusal_whose_rejection_got_lost_is_done_by_the_next_sweep(driver: Driver, later: Later) -> None:
    driver.ring()
    steps.refuse(KEY, LEG, "no key", later.now, {})
    later(15)
    driver.sweep()
    assert ended(driver) == ("rejected", "no key")
    assert driver.twilio.moves == [ACTIVITIES["Unavailable"]] and hung_up(driver) == 1


def test_a_refusal_of_a_reservation_that_is_over_ends_as_that_did(driver: Driver, later: Later) -> None:
    driver.ring()
    steps.refuse(KEY, LEG, "no key", later.now, {})
    driver.twilio.reservation = "canceled"
    later(15)
    driver.sweep()
    assert ended(driver) == ("canceled", "no key") and driver.twilio.moves == []


def test_a_worker_who_is_asked_is_left_alone(driver: Driver, later: Later) -> None:
    driver.ring()
    steps.follow_asked(KEY, "asked", LEG, later.now, {})
    later(20)
    driver.sweep()
    assert driver.link["state"] == "asked" and hung_up(driver) == 0


def test_the_sweep_says_how_long_it_took_to_a_tenth(driver: Driver) -> None:
    ticks = itertools.count(1_800_000_000.0, 0.137)
    with redirect_stdout(driver.log):
        reconcile.run(lambda: next(ticks))
    assert swept(driver)["seconds"] % 1 != 0
