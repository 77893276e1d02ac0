"""A caller whose task ended without a worker is led out of the queue, once, whether or not Twilio does it itself."""

import time
from types import SimpleNamespace

import pytest

from chalicelib import jobs
from chalicelib.caller import handlers
from chalicelib.config import callcenter, schema
from chalicelib.links import caller_leg
from chalicelib.worker import consumer
from tests.support.api_gateway import BASE
from tests.support.driver import CALL, LEG, RESERVATION, SALES, TASK, Driver

LEAD_OUT = jobs.LeadOut(CALL, BASE)
MOVED = [{"Url": f"{BASE}/voice/moved#rc=2&rp=all", "Method": "POST"}]
TIMED_OUT = "Task canceled on Workflow timeout"


def redirects(driver: Driver) -> list[dict[str, str]]:
    return [
        form for form in driver.twilio.made(f"POST /2010-04-01/Accounts/AC{'0' * 32}/Calls/{CALL}") if "Url" in form
    ]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[jobs.Job, int]]:
    """The jobs that are sent, with their delays."""
    made: list[tuple[jobs.Job, int]] = []
    monkeypatch.setattr(jobs, "send", lambda job, delay_seconds=0: made.append((job, delay_seconds)))
    return made


@pytest.mark.parametrize("kind", ["task.canceled", "workflow.timeout"])
def test_the_end_of_a_task_without_a_worker_is_acted_on_a_moment_later(
    driver: Driver, sent: list[tuple[jobs.Job, int]], kind: str
) -> None:
    driver.event(kind, TaskCanceledReason=TIMED_OUT)
    assert sent == [(LEAD_OUT, 5)]


@pytest.mark.parametrize("reason", ["", "canceled", "hangups", "sold", "the desk is closed"])
def test_whatever_ended_the_task_but_the_caller_leads_them_out(
    driver: Driver, sent: list[tuple[jobs.Job, int]], reason: str
) -> None:
    driver.event("task.canceled", TaskCanceledReason=reason)
    assert sent == [(LEAD_OUT, 5)]


def test_a_caller_who_hung_up_is_not_looked_for(driver: Driver, sent: list[tuple[jobs.Job, int]]) -> None:
    driver.event("task.canceled", TaskCanceledReason="hangup")
    assert sent == []


def test_a_caller_whom_twilio_leaves_in_the_queue_is_led_out_once(driver: Driver) -> None:
    driver.event("task.created")
    driver.work(LEAD_OUT)
    driver.work(LEAD_OUT)
    assert redirects(driver) == MOVED


def test_a_caller_whom_twilio_led_out_itself_is_left_alone(driver: Driver) -> None:
    driver.event("task.created")
    driver.voice("after", QueueResult="leave")
    driver.work(LEAD_OUT)
    assert redirects(driver) == []


@pytest.mark.parametrize("code", [21220, 20404])
def test_a_caller_who_has_gone_meanwhile_is_no_failure(driver: Driver, code: int) -> None:
    driver.twilio.failures = {f"/Calls/{CALL}.json": [(400 if code == 21220 else 404, code)]}
    driver.work(LEAD_OUT)
    assert redirects(driver) == MOVED and "has gone" in driver.log.getvalue()


def test_a_twilio_that_is_down_is_asked_again_when_the_lease_is_over(driver: Driver) -> None:
    driver.twilio.failures = {f"/Calls/{CALL}.json": [503]}
    with pytest.raises(Exception, match="503"):
        consumer.work(LEAD_OUT, lambda: 1000.0)
    consumer.work(LEAD_OUT, lambda: 1010.0)  # the lease still holds: another delivery may be at work
    made = len(redirects(driver))
    consumer.work(LEAD_OUT, lambda: 1025.0)
    assert len(redirects(driver)) == made + 1


def test_who_is_led_out_hears_what_a_caller_hears_who_leaves(driver: Driver) -> None:
    driver.event("task.created")
    left = driver.voice("moved")
    assert [verb.tag for verb in left] == [verb.tag for verb in driver.voice("after", QueueResult="leave")]
    assert "Record" in [verb.tag for verb in left]
    driver.work(LEAD_OUT)
    assert redirects(driver) == []


def test_the_fallback_says_the_same(driver: Driver) -> None:
    document = driver.voice("fallback", ErrorUrl=f"{BASE}/voice/moved#rc=2&rp=all")
    assert "Record" in [verb.tag for verb in document]


# The waiting document has an end of its own


def test_nobody_waits_for_ever() -> None:
    assert schema.Line(greeting="Hello.").longest_wait == 1800
    assert schema.Line(greeting="Hello.", timeout=180).longest_wait == 210
    assert schema.Line(greeting="Hello.", timeout=180, wait=schema.Wait(leave_after=0)).longest_wait == 210
    simple = schema.SimpleQueue(greeting="", numbers=(), agent_numbers=(), agents=(), wait=schema.Wait(leave_after=0))
    assert simple.longest_wait == schema.LONGEST_WAIT_SECONDS


def test_a_line_that_sets_no_end_lets_its_callers_leave_when_their_task_is_over(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = schema.Line(greeting="", numbers=(SALES,), timeout=60, wait=schema.Wait(leave_after=0))
    center = schema.CallCenter(default_line="sales", lines={"sales": line})
    monkeypatch.setattr(callcenter, "current", lambda: center)
    assert driver.voice("wait", To=SALES, QueueTime="89")[0].tag == "Say"
    assert driver.voice("wait", To=SALES, QueueTime="90")[0].tag == "Leave"


# What the sweep does when the event is lost


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        import app

        self.now = time.time()
        monkeypatch.setattr(app, "time", SimpleNamespace(time=lambda: self.now))


@pytest.fixture
def clock(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A caller waits, and the sweep's next check is due."""
    clock = Clock(monkeypatch)
    driver.event("task.created", TimestampMs=str(int(clock.now * 1000)))
    driver.sweep()
    assert driver.twilio.made("GET /v1/Workspaces/WS" + "0" * 32 + f"/Tasks/{TASK}") == []
    clock.now += caller_leg.CHECK_CALLER_SECONDS + 1
    return clock


def test_the_sweep_leads_out_whose_task_was_canceled_unheard(driver: Driver, clock: Clock) -> None:
    driver.twilio.task = "canceled"
    driver.sweep()
    assert redirects(driver) == MOVED


def test_the_sweep_leads_out_whose_task_twilio_has_forgotten(driver: Driver, clock: Clock) -> None:
    driver.twilio.forgotten = True
    driver.sweep()
    assert "has gone" in driver.log.getvalue()
    clock.now += caller_leg.CHECK_CALLER_SECONDS
    made = len(driver.twilio.requests)
    driver.sweep()
    assert len(driver.twilio.requests) == made + 2  # the lists of tasks


def test_a_caller_who_waits_goes_on_waiting(driver: Driver, clock: Clock) -> None:
    driver.twilio.task = "pending"
    driver.sweep()
    assert redirects(driver) == [] and driver.call["check_at"] == int(clock.now) + caller_leg.CHECK_CALLER_SECONDS


@pytest.mark.parametrize("result", ["hangup", "error"])
def test_a_task_that_may_outlive_its_caller_is_looked_at_twenty_seconds_later(
    driver: Driver, clock: Clock, result: str
) -> None:
    driver.voice("after", QueueResult=result)
    told = result in handlers.LEFT_ALONE
    assert driver.call.get("check_at") == (int(clock.now) + 20 if told else None)


@pytest.mark.parametrize("document", ["moved", "declined"])
def test_a_caller_who_was_led_out_is_not_looked_at_again(driver: Driver, clock: Clock, document: str) -> None:
    driver.voice(document)
    assert "open" not in driver.call and "check_at" not in driver.call


def test_a_task_of_which_no_event_came_is_known_by_who_was_reserved_for_it(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    driver.assign()
    driver.voice("after", QueueResult="hangup")
    clock.now += handlers.TASK_ENDS_SECONDS + 1
    driver.twilio.task = "reserved"
    driver.sweep()
    assert driver.twilio.made(f"POST /v1/Workspaces/WS{'0' * 32}/Tasks/{TASK}")[-1] == {
        "AssignmentStatus": "canceled",
        "Reason": "hangup",
    }


def test_a_task_whose_caller_has_gone_is_canceled(driver: Driver, clock: Clock) -> None:
    driver.assign()
    driver.twilio.task, driver.twilio.call = "reserved", "completed"
    driver.sweep()
    canceled = [form for form in driver.twilio.made(f"POST /v1/Workspaces/WS{'0' * 32}/Tasks/{TASK}") if form]
    assert {"AssignmentStatus": "canceled", "Reason": "hangup"} in canceled
    assert "open" not in driver.call


@pytest.mark.parametrize("status", ["assigned", "wrapping", "completed"])
def test_a_caller_who_talks_is_watched_by_the_link(driver: Driver, clock: Clock, status: str) -> None:
    driver.twilio.task = status
    driver.sweep()
    assert redirects(driver) == [] and "open" not in driver.call


def test_a_caller_who_has_left_and_whose_task_is_over_is_not_looked_at(driver: Driver, clock: Clock) -> None:
    driver.voice("after", QueueResult="hangup")
    driver.event("task.canceled", TaskCanceledReason="hangup")
    driver.event("task.created")  # once more, late
    made = len(driver.twilio.requests)
    driver.sweep()
    assert len(driver.twilio.requests) == made + 2 and "open" not in driver.call


# A call that is over ends its task


def test_a_task_that_stays_assigned_after_its_call_is_completed_and_the_worker_is_free(
    driver: Driver, clock: Clock
) -> None:
    driver.ring()
    driver.answer()
    driver.wrap_up()
    driver.twilio.tasks[TASK]["assignment_status"] = "assigned"
    driver.twilio.reservations[RESERVATION]["reservation_status"] = "accepted"
    driver.twilio.call = "completed"
    clock.now += 300
    driver.sweep()
    assert driver.twilio.tasks[TASK]["assignment_status"] == "completed"
    assert (driver.link["outcome"], driver.link["reason"]) == ("completed", "swept: the call is over")


def test_a_talk_that_goes_on_is_not_ended_by_a_task_that_completes_first(driver: Driver) -> None:
    driver.ring()
    driver.answer()
    driver.twilio.reservation = "accepted"
    driver.event("task.completed")
    driver.event("reservation.accepted")
    assert driver.link["outcome"] == "completed" and driver.twilio.made(f"/Calls/{LEG}.json") == []
