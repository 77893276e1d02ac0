"""To the moment: until when something is done, and from when on it is not."""

import json
import re
import time

import pytest

from chalicelib import budget, jobs
from chalicelib.config import callcenter, schema
from chalicelib.lifecycle import activity, closing, reconcile
from chalicelib.links import breakers, messages, reading
from chalicelib.links.model import Breaker, Key, message_key
from chalicelib.routing import events
from chalicelib.twilio import rest, urls
from chalicelib.worker import breaker, consumer, ring
from tests.conftest import ACTIVITIES, Aws
from tests.doubles.http_server import serving
from tests.doubles.twilio import FakeTwilio
from tests.support.api_gateway import post
from tests.support.caches import forget_everything
from tests.support.driver import CALL, LEG, RESERVATION, SUPPORT, TASK, URGENT, WORKER, Driver, task_attributes

KEY = Key(CALL, RESERVATION)
RING = jobs.RingWorker(CALL, RESERVATION)
MOMENT = 0.001
NOW = 1795230042.5
TASK_URL = f"/v1/Workspaces/WS{'0' * 32}/Tasks/{TASK}"


def work(job: jobs.Job, at: float) -> None:
    consumer.work(job, lambda: at)


def dialled(driver: Driver) -> int:
    return len(driver.twilio.made("/Calls.json"))


# --- A job


@pytest.mark.parametrize(("after", "times"), [(0.0, 1), (MOMENT, 0)])
def test_a_worker_is_rung_until_the_last_moment_to_dial(driver: Driver, after: float, times: int) -> None:
    driver.assign()
    work(RING, driver.link["deadline"] + after)
    assert dialled(driver) == times


@pytest.mark.parametrize(("after", "times"), [(0.0, 1), (MOMENT, 0)])
def test_the_crm_may_use_the_time_until_then(driver: Driver, after: float, times: int) -> None:
    driver.assign()
    deadline = driver.link["deadline"]
    moments = iter([deadline - 5, deadline - 5, deadline - 4, deadline - 4, deadline - 4])
    consumer.work(RING, lambda: next(moments, deadline + after))
    assert dialled(driver) == times


@pytest.mark.parametrize(("queued", "ended"), [(7000, 0), (7001, 1)])
def test_a_leg_that_twilio_queues_rings_by_the_last_moment_to_dial(driver: Driver, queued: int, ended: int) -> None:
    driver.assign()
    driver.twilio.queue_time = str(queued)
    work(RING, driver.link["deadline"] - 7)
    assert len(driver.twilio.made(f"/Calls/{LEG}.json")) == ended
    assert driver.link["state"] == ("closed" if ended else "dialing")


def test_a_dial_whose_answer_is_lost_is_given_up_when_its_job_must_have_ended(driver: Driver) -> None:
    driver.assign()
    began = driver.link["deadline"] - 60
    driver.twilio.failures = {"Calls.json": [(502, 0)]}
    with pytest.raises(ring.Retry):
        work(RING, began)
    with pytest.raises(ring.Retry):
        work(RING, began + jobs.LEASE_SECONDS - MOMENT)
    assert driver.link["state"] == "dialing" and driver.twilio.made(f"POST {TASK_URL}") == []
    work(RING, began + jobs.LEASE_SECONDS)
    assert (driver.link["outcome"], driver.link["reason"]) == ("rejected", "dial lost")
    assert dialled(driver) == 1


def test_three_caller_ids_are_tried_and_no_fourth(driver: Driver) -> None:
    assert len(callcenter.current().own_numbers()) > 3
    driver.assign()
    driver.twilio.failures = {"Calls.json": [(400, code) for code in (21210, 21212, 21213)]}
    work(RING, driver.link["deadline"])
    tried = [form["From"] for form in driver.twilio.made("Calls.json")]
    assert tried == list(callcenter.current().own_numbers()[:3]) and tried[0] == SUPPORT
    assert driver.link["state"] == "dialing"  # it is rejected in a moment


@pytest.mark.parametrize(
    ("before_end", "pause"), [(41.0, 30), (40.0, 30), (39.0, 29), (10.5, 0), (9.0, 0), (-100.0, 0)]
)
def test_a_rejection_that_waits_comes_ten_seconds_before_the_reservation_ends(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, before_end: float, pause: int
) -> None:
    sent: list[int] = []
    driver.assign()
    (link,) = reading.of_call(CALL).links
    monkeypatch.setattr(jobs, "send", lambda job, delay_seconds=0: sent.append(delay_seconds))
    closing.reject_later(link, "why", link.reserved_at + callcenter.current().reservation_timeout - before_end)
    assert sent == [pause]


# --- Which activity, when each has a name of its own

NAMES = ("declined", "no_answer", "unreachable", "after_call", "after_wrap_up")
OWN = {name: "WA" + "abcde"[number] * 32 for number, name in enumerate(NAMES)}


@pytest.fixture
def own_names(environment: pytest.MonkeyPatch) -> None:
    """A team that has an activity for each case."""
    tables = {
        "default_line": "main",
        "lines": {"main": {"greeting": "Hello.", "numbers": [SUPPORT]}},
        "queues": {
            "Support": {"activities": {name: name for name in NAMES}, "wrap_up": {"seconds": 5}, "crm": "none"},
            "Sales": {"activities": {name: name for name in NAMES}, "crm": "http"},
            "Urgent": {"activities": {name: name for name in NAMES}, "mode": "direct"},
        },
    }
    environment.setenv("TWILIO_ACTIVITIES", json.dumps(OWN))
    forget_everything()
    environment.setattr(callcenter, "current", lambda: callcenter.of_tables(tables))


LEG_ENDS = [
    ("busy", "no_answer"),
    ("no-answer", "no_answer"),
    ("completed", "no_answer"),
    ("failed", "unreachable"),
    ("canceled", None),
]


@pytest.mark.parametrize(("status", "name"), LEG_ENDS)
@pytest.mark.usefixtures("own_names")
def test_a_worker_whose_leg_ended_so_goes_there(driver: Driver, status: str, name: str | None) -> None:
    driver.ring()
    driver.status(status)
    assert driver.twilio.moves == ([OWN[name]] if name else [])
    assert driver.link["outcome"] == "rejected"


@pytest.mark.parametrize("code", sorted(ring.WORKER_NUMBER_REFUSED))
@pytest.mark.usefixtures("own_names")
def test_a_worker_whose_number_is_none_goes_there(driver: Driver, code: int) -> None:
    driver.twilio.failures = {"Calls.json": [(400, code)]}
    driver.ring()
    assert driver.twilio.moves == [OWN["unreachable"]] and driver.link["reason"] == f"unreachable: {code}"


@pytest.mark.usefixtures("own_names")
def test_a_worker_whom_the_crm_declines_goes_there(driver: Driver, environment: pytest.MonkeyPatch) -> None:
    with serving((409, b'{"reason": "not this one"}')) as endpoint:
        environment.setenv("CRM_URL", f"{endpoint.url}/attempts")
        forget_everything()
        driver.assign("Sales")
        for job in driver.queued():
            driver.work(job)
    assert driver.twilio.moves == [OWN["declined"]] and driver.link["reason"] == "declined: not this one"


@pytest.mark.parametrize(
    ("status", "name"), [("busy", "no_answer"), ("no-answer", "no_answer"), ("failed", "unreachable")]
)
@pytest.mark.usefixtures("own_names")
def test_a_worker_of_a_direct_call_goes_there(driver: Driver, status: str, name: str) -> None:
    driver.assign("Urgent", TaskAttributes=task_attributes(to=URGENT))
    driver.status(status)
    assert driver.twilio.moves == [OWN[name]]


@pytest.mark.usefixtures("own_names")
def test_a_worker_writes_things_up_there_and_comes_back_there(driver: Driver) -> None:
    driver.ring()
    driver.wrap_up()
    driver.twilio.activity = ACTIVITIES["Available"]
    driver.event("reservation.wrapup", TimestampMs=str(int(time.time() * 1000)))
    driver.twilio.activity_since = "2099-01-01T00:00:00Z"
    driver.work(jobs.CompleteTask(CALL, TASK))
    assert driver.twilio.moves == [OWN["after_call"], OWN["after_wrap_up"]]


# --- A worker's activity


@pytest.mark.usefixtures("driver")
@pytest.mark.parametrize(("since", "moved"), [(-MOMENT, False), (0.0, True), (5.0, True)])
def test_who_is_in_the_wrap_up_activity_since_before_chose_it_by_hand(
    twilio: FakeTwilio, monkeypatch: pytest.MonkeyPatch, since: float, moved: bool
) -> None:
    worker = rest.workers.Worker(WORKER, "WA-wrapping", False, NOW + since, "1")
    monkeypatch.setattr(rest.workers, "fetch", lambda _: worker)
    set_to: list[str] = []

    def set_activity(_: rest.workers.Worker, to_sid: str, **_options: object) -> bool:
        set_to.append(to_sid)
        return True

    monkeypatch.setattr(rest.workers, "set_activity", set_activity)
    activity.resume(WORKER, "WA-wrapping", NOW, "WA-back", NOW)
    assert set_to == (["WA-back"] if moved else [])


def test_a_worker_who_changes_again_and_again_is_left_to_the_others(twilio: FakeTwilio) -> None:
    twilio.failures["POST /v1/Workspaces"] = [(412, 20412)] * 9
    activity.leave_out(WORKER, "WA2")
    assert len(twilio.moves) == 3


@pytest.mark.parametrize(("worker_sid", "activity_sid"), [("", "WA2"), (WORKER, "")])
def test_nobody_is_moved_nowhere(twilio: FakeTwilio, worker_sid: str, activity_sid: str) -> None:
    activity.leave_out(worker_sid, activity_sid)
    activity.resume(WORKER, worker_sid and activity_sid, 0.0, "WA1", NOW)
    activity.resume(WORKER, "WA1", 0.0, "", NOW)
    assert twilio.requests == []


@pytest.mark.parametrize(("late", "begun"), [(5.0, True), (10.1, False)])
def test_a_wrap_up_is_begun_within_ten_seconds_of_its_event(driver: Driver, late: float, begun: bool) -> None:
    driver.ring()
    driver.wrap_up()
    driver.twilio.activity = ACTIVITIES["Available"]
    driver.event("reservation.wrapup", TimestampMs=str(int((time.time() - late) * 1000)))
    assert driver.twilio.moves == ([ACTIVITIES["Wrap up"]] if begun else [])


def test_a_wrap_up_is_begun_and_ended_once_though_both_of_its_events_come_twice(driver: Driver) -> None:
    driver.ring()
    driver.wrap_up()
    driver.twilio.activity = ACTIVITIES["Available"]
    sent: list[tuple[jobs.Job, int]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "send", lambda job, delay_seconds=0: sent.append((job, delay_seconds)))
        for kind in ("reservation.wrapup", "task.wrapup") * 2:
            driver.event(kind, TimestampMs=str(int(time.time() * 1000)))
    assert sent == [(jobs.CompleteTask(CALL, TASK), 5)]
    assert driver.twilio.moves == [ACTIVITIES["Wrap up"]]


# --- The sweep


def sweep(at: float) -> None:
    reconcile.run(lambda: at)


@pytest.mark.parametrize(("after", "rejected"), [(-MOMENT, 0), (0.0, 1)])
def test_a_link_that_nobody_dials_for_is_given_up_ten_seconds_after_its_deadline(
    driver: Driver, after: float, rejected: int
) -> None:
    driver.assign()
    sweep(driver.link["deadline"] + 10 + after)
    assert len(driver.twilio.made(f"POST {TASK_URL}/Reservations")) == rejected
    assert len(driver.queued()) == (1 if rejected else 2)  # the job's own message, and its second one


@pytest.mark.parametrize(("after", "rejected"), [(-MOMENT, 0), (0.0, 1)])
def test_a_phone_may_ring_until_ten_seconds_after_the_reservations_end(
    driver: Driver, after: float, rejected: int
) -> None:
    driver.ring()
    end = driver.link["reserved_at"] + callcenter.current().reservation_timeout + 10
    sweep(end + after)
    assert len(driver.twilio.made(f"POST {TASK_URL}/Reservations")) == rejected


@pytest.mark.parametrize(("after", "completed"), [(-MOMENT, False), (0.0, True)])
def test_a_wrap_up_whose_message_is_lost_is_ended_thirty_seconds_after_its_time(
    driver: Driver, after: float, completed: bool
) -> None:
    driver.wrap_up()
    updated_at = 1795248000.0
    sweep(updated_at + 5 + 30 + after)
    assert (driver.twilio.tasks[TASK]["assignment_status"] == "completed") is completed


def test_what_is_open_is_looked_at_again_within_the_minute(driver: Driver) -> None:
    driver.ring()
    driver.twilio.reservation = "wrapping"
    at = float(int(driver.link["check_at"]))
    sweep(at)
    assert driver.link["check_at"] == int(at) + 45


def test_a_talk_is_looked_at_again_after_four_minutes(driver: Driver) -> None:
    driver.ring()
    driver.twilio.reservation = "accepted"
    at = float(int(driver.link["check_at"]))
    sweep(at)
    assert (driver.link["check_at"], driver.link["bridged_at"], driver.link["state"]) == (int(at) + 240, at, "bridged")


def test_a_recording_that_twilio_does_not_let_go_is_tried_again_after_a_day(driver: Driver) -> None:
    messages.record(message_key(CALL, "RE" + "a" * 32), {"line": "main"}, NOW)
    driver.twilio.failures = {"DELETE": [(400, 20001)]}
    due = NOW + 91 * 86400
    sweep(due)
    assert driver.cloud.row("RECORDING#RE" + "a" * 32)["check_at"] == int(due + 86400)


# --- The CRM's breaker


def failing(times: list[float]) -> list[bool]:
    """Whether the breaker is open after each of these failures."""
    return [breaker.failed("http", at) for at in times]


@pytest.fixture
def breaker_of_three(cloud: Aws, environment: pytest.MonkeyPatch) -> None:
    rules = callcenter.current().crm
    assert (rules.breaker_failures, rules.breaker_seconds) == (3, 30)


@pytest.mark.usefixtures("breaker_of_three")
@pytest.mark.parametrize(
    ("times", "is_open"),
    [
        ([NOW, NOW + 1, NOW + 2], [False, False, True]),
        ([NOW, NOW + 300, NOW + 600], [False, False, True]),
        ([NOW, NOW + 300.5, NOW + 301], [False, False, False]),  # the first one is not in a row with the second
    ],
)
def test_failures_are_in_a_row_when_five_minutes_at_most_lie_between(times: list[float], is_open: list[bool]) -> None:
    assert failing(times) == is_open


@pytest.mark.usefixtures("breaker_of_three")
def test_a_first_failure_is_one_and_opens_nothing() -> None:
    breaker.failed("http", NOW)
    assert breaker.known("http").row == Breaker(failures=1, failed_at=NOW, retry_at=0)


@pytest.mark.usefixtures("breaker_of_three")
def test_an_open_breaker_lets_one_ask_every_thirty_seconds() -> None:
    failing([NOW, NOW, NOW])
    assert [breaker.may_ask("http", NOW + after) for after in (0, 29.999, 30, 30, 59.999, 60)] == [
        *(False, False, True),
        *(False, False, True),
    ]
    assert breaker.may_ask("contacts", NOW)


@pytest.mark.usefixtures("breaker_of_three")
def test_an_answer_ends_the_row_of_failures_and_closes_the_breaker(cloud: Aws) -> None:
    failing([NOW, NOW + 1])
    breaker.answered("http", NOW + 2)
    assert failing([NOW + 3, NOW + 4]) == [False, False]
    assert failing([NOW + 5]) == [True]
    breaker.answered("http", NOW + 6)
    assert breaker.may_ask("http", NOW + 6)
    row = cloud.row("http")
    assert (row["failures"], row["failed_at"], row["retry_at"]) == (0, 0, 0)


@pytest.mark.usefixtures("breaker_of_three")
def test_who_is_always_a_moment_late_gives_up_counting(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[Breaker] = []

    def by_others(adapter: str, seen: Breaker, new: Breaker, now: float) -> Breaker:
        tries.append(new)
        return Breaker(failures=7 + len(tries), failed_at=now)

    monkeypatch.setattr(breakers, "swap", by_others)
    breaker.failed("http", NOW)
    assert len(tries) == 10


# --- An event's own time


@pytest.mark.parametrize(
    ("told", "at"),
    [("0", 0.0), ("1795230042500", 1795230042.5), ("9999999999999", 9999999999.999)]
    + [(wrong, NOW) for wrong in ("-1", "10000000000000", "1e3", "soon", "")],
)
def test_an_event_happened_when_it_says_or_else_when_it_came(told: str, at: float) -> None:
    assert events._time({"TimestampMs": told}, NOW) == at


def test_an_event_without_a_time_happened_when_it_came() -> None:
    assert events._time({}, NOW) == NOW


def test_a_worker_may_be_dialled_until_the_ring_and_a_margin_still_fit_into_the_reservation(driver: Driver) -> None:
    driver.assign("Sales")
    rules = callcenter.current().queue("Sales")
    left = callcenter.current().reservation_timeout - rules.ring_timeout - schema.MARGIN_SECONDS
    left -= rules.answering.seconds(rules.answering.mode)
    assert driver.link["deadline"] == pytest.approx(driver.link["reserved_at"] + left, abs=0.01)


# --- The time of an answer


OF_EVERY_STAGE = [route for route in urls.ROUTES if not route.of_console]


@pytest.mark.parametrize("route", OF_EVERY_STAGE, ids=lambda route: route.path)
def test_an_answer_has_the_time_that_is_waited_for_it(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, route: urls.Route
) -> None:
    """Half a second of it is for the way back to Twilio; a person waits as long as Twilio does."""
    until: list[float] = []

    class Noted(budget.Until):
        def __init__(self, at: float) -> None:
            until.append(at)
            super().__init__(at)

    monkeypatch.setattr(budget, "Until", Noted)
    path = dict.fromkeys(re.findall(r"{(\w+)}", route.path), "1")
    kind = "application/json" if route.signed_by == "team" else "application/x-www-form-urlencoded"
    event = post(route.path, {}, path, token=None, content_type=kind)
    asked = round(time.time() - 2, 3)  # two seconds were the start of the process
    event["requestContext"]["requestTimeEpoch"] = round(asked * 1000)
    driver.send(event)
    way_back = 0.0 if route.signed_by == "nobody" else 0.5
    assert until[0] == pytest.approx(asked + (5 if route == urls.ASSIGNMENT else 15) - way_back)
