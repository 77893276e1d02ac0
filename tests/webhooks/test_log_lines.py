"""What operators search for and are woken by: each line says which call it is about, and counts where it should."""

import json
from types import SimpleNamespace
from typing import Any

import greenlet
import pytest

from chalicelib import crm, jobs
from chalicelib.config import callcenter
from chalicelib.links import reading, steps, table
from chalicelib.observability import log, metrics
from chalicelib.routing import assignment
from chalicelib.twilio import rest
from tests.support.api_gateway import post, schedule, sqs
from tests.support.driver import CALL, LEG, RESERVATION, TASK, WORKER, Driver, caller_form
from tests.webhooks.test_sweep import AFTER_DEADLINE, AFTER_WRAP_UP, Later

WORKFLOWLESS = {"WorkflowSid": "WW" + "9" * 32}


@pytest.fixture
def later(environment: pytest.MonkeyPatch) -> Later:
    return Later(environment)


def lines(driver: Driver) -> list[dict[str, Any]]:
    return [json.loads(line) for line in driver.log.getvalue().splitlines()]


def measured(driver: Driver) -> dict[str, list[float]]:
    """The values of each metric, as CloudWatch reads them out of the lines; a line that it could not read fails."""
    found: dict[str, list[float]] = {}
    for line in lines(driver):
        for described in line.get("_aws", {}).get("CloudWatchMetrics", ()):
            assert described["Namespace"] == "Cordboard" and line["_aws"]["Timestamp"] > 1_600_000_000_000
            assert all(isinstance(line[name], str) for names in described["Dimensions"] for name in names)
            for metric in described["Metrics"]:
                found.setdefault(metric["Name"], []).append(line[metric["Name"]])
    return found


def a_whole_call(driver: Driver) -> None:
    """Menu, CRM, a worker who answers, wrap-up and survey."""
    driver.voice("incoming")
    driver.voice("menu/1", Digits="1")
    driver.event("task.created")
    driver.voice("wait", QueueTime="7")
    driver.ring()
    for status in ("initiated", "ringing", "in-progress"):
        driver.status(status)
    driver.answer()
    driver.event("reservation.accepted")
    driver.twilio.reservation = "wrapping"
    driver.wrap_up()
    driver.event("reservation.wrapup")
    driver.voice("after", QueueResult="bridged", QueueTime="19")
    driver.status("completed")
    driver.work(jobs.CompleteTask(CALL, TASK))
    driver.event("reservation.completed")
    driver.event("task.completed")


def test_every_line_of_a_call_has_the_callers_sid(driver: Driver) -> None:
    a_whole_call(driver)
    assert len(lines(driver)) > 6
    assert [line for line in lines(driver) if line.get("call_sid") != CALL] == []


def test_a_line_about_a_workers_leg_has_both_legs(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.ring()
    monkeypatch.setattr(steps, "follow_leg", lambda *_, **__: 1 / 0)
    driver.answer()
    line = lines(driver)[-1]
    assert (line["event"], line["route"]) == ("webhook failed", "/worker/{subject}/{reservation_sid}/answer")
    assert (line["call_sid"], line["worker_call_sid"], line["reservation_sid"]) == (CALL, LEG, RESERVATION)


def test_a_line_about_an_assignment_has_call_task_and_reservation(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "reserve", lambda *_, **__: 1 / 0)
    driver.assign()
    line = lines(driver)[-1]
    assert line["event"].startswith("assignment: no")
    assert (line["call_sid"], line["task_sid"], line["reservation_sid"]) == (CALL, TASK, RESERVATION)


@pytest.mark.parametrize(
    ("job", "sids"),
    [
        (jobs.RingWorker(CALL, RESERVATION), {"call_sid": CALL, "reservation_sid": RESERVATION}),
        (jobs.Reject(CALL, RESERVATION, TASK), {"call_sid": CALL, "reservation_sid": RESERVATION, "task_sid": TASK}),
        (jobs.HangUp(LEG, CALL), {"call_sid": CALL, "worker_call_sid": LEG}),
        (
            jobs.PutBack(WORKER, "WA" + "3" * 32, "WA" + "1" * 32, 1.5, 20.5, CALL),
            {"call_sid": CALL, "worker_sid": WORKER},
        ),
        (jobs.CompleteTask(CALL, TASK), {"call_sid": CALL, "task_sid": TASK}),
    ],
    ids=lambda given: type(given).__name__,
)
def test_a_job_that_fails_says_whose_it_was_before_it_comes_again(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, job: jobs.Job, sids: dict[str, str]
) -> None:
    monkeypatch.setattr(table, "write", lambda *_, **__: 1 / 0)
    asked = ((rest.reservations, "reject"), (rest.calls, "hang_up"), (rest.tasks, "fetch"), (rest.workers, "fetch"))
    for kind, name in asked:
        monkeypatch.setattr(kind, name, lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        driver.work(job)
    line = lines(driver)[-1]
    assert (line["event"], line["level"], line["job"]) == ("job failed", "ERROR", type(job).__name__)
    assert sids.items() <= line.items() and "ZeroDivisionError" in line["traceback"]


def test_a_leg_that_is_ended_later_is_still_its_callers(driver: Driver) -> None:
    """The job carries the caller's sid; one of an older version lacks it and is done all the same."""
    old = jobs.decode(f'{{"job":"hang_up","worker_call_sid":"{LEG}"}}')
    assert old == jobs.HangUp(LEG)
    driver.work(old)
    assert driver.twilio.made(f"/Calls/{LEG}.json")


def test_what_the_sweep_does_to_a_task_is_found_by_the_call(driver: Driver, later: Later) -> None:
    driver.wrap_up()
    later(AFTER_WRAP_UP)
    driver.sweep()
    (line,) = [line for line in lines(driver) if line["event"] == "swept"]
    assert (line["call_sid"], line["task_sid"], line["did"]) == (CALL, TASK, "task completed")


def test_a_refused_webhook_says_which_call_it_claims_and_nothing_more(driver: Driver) -> None:
    driver.send(post("/voice/incoming", caller_form(), token="wrong"))
    (line,) = lines(driver)
    assert line["claimed_call_sid"] == CALL and "call_sid" not in line
    driver.send(post("/voice/incoming", caller_form(CallSid="+12125550171"), token="wrong"))
    assert "claimed_call_sid" not in lines(driver)[-1]


def test_each_line_has_lambdas_id_of_its_request(driver: Driver, capsys: pytest.CaptureFixture[str]) -> None:
    import app

    def lambda_call(number: int) -> Any:
        return SimpleNamespace(aws_request_id=f"12345678-0000-4000-8000-00000000000{number}")

    app.app(post("/voice/wait", caller_form()), lambda_call(1))
    app.jobs_consumer(sqs(jobs.encode(jobs.RingWorker(CALL, RESERVATION))), lambda_call(2))
    app.sweep(schedule(), lambda_call(3))
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    ids = [lambda_call(number).aws_request_id for number in (1, 2, 3)]
    assert [line["request_id"] for line in found] == ids


def test_nothing_of_a_call_stays_for_the_next_request(driver: Driver, capsys: pytest.CaptureFixture[str]) -> None:
    a_whole_call(driver)
    with pytest.raises(rest.TwilioRejected):
        driver.twilio.failures = {"POST": [(400, 20001)]}
        driver.work(jobs.HangUp(LEG, CALL))
    driver.sweep()
    assert [set(line) for line in lines(driver)][-1] == {"level", "event", "seconds"}
    log.info("alone")
    assert json.loads(capsys.readouterr().out) == {"level": "INFO", "event": "alone"}


def test_invocations_that_take_turns_do_not_mix(capsys: pytest.CaptureFixture[str]) -> None:
    def invocation(call_sid: str) -> None:
        with log.Context(call_sid=call_sid):
            greenlet.getcurrent().parent.switch()
            log.bind(task_sid=TASK if call_sid == CALL else "")
            log.info("done")

    ours, theirs = (greenlet.greenlet(lambda sid=sid: invocation(sid)) for sid in (CALL, LEG))
    for turn in (ours, theirs, ours, theirs):
        turn.switch()
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert told == [
        {"level": "INFO", "event": "done", "call_sid": CALL, "task_sid": TASK},
        {"level": "INFO", "event": "done", "call_sid": LEG},
    ]


# --- What is counted


def test_a_call_that_goes_well_counts_its_wait_and_no_failure(driver: Driver) -> None:
    a_whole_call(driver)
    assert measured(driver) == {"StillWaiting": [7]}


def test_how_long_a_caller_waited_stands_in_a_line_that_the_saved_query_counts(driver: Driver) -> None:
    a_whole_call(driver)
    (line,) = [line for line in lines(driver) if line["event"] == "caller left the queue"]
    assert (line["seconds"], line["result"]) == (19, "bridged")


def test_a_caller_of_a_simple_queue_has_a_line_as_no_event_tells_of_one(driver: Driver) -> None:
    simple = callcenter.current().simple_queues
    (queue, *_) = simple.values()
    driver.voice("incoming", To=queue.numbers[0])
    assert [line["event"] for line in lines(driver)] == ["caller enqueued"]


def test_a_rejection_has_a_line_with_its_reason_that_the_saved_query_counts(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no(*_: object) -> crm.Approval:
        raise crm.Declined("owes us money")

    monkeypatch.setattr(crm, "prepare", no)
    driver.ring()
    assert measured(driver) == {}
    (line,) = [line for line in lines(driver) if line["event"] == "reservation is over"]
    assert (line["status"], line["reason"]) == ("rejected", "declined: owes us money")


def test_a_metric_has_one_dimension_as_cloudwatch_charges_for_each_value_of_another(driver: Driver) -> None:
    a_whole_call(driver)
    (line,) = [line for line in lines(driver) if "_aws" in line]
    (described,) = line["_aws"]["CloudWatchMetrics"]
    assert described["Dimensions"] == [["Stage"]] and line["Stage"] == "local"


def test_a_crm_that_fails_counts_once(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object) -> crm.Approval:
        raise crm.Unavailable("the CRM endpoint answered 500")

    monkeypatch.setattr(crm, "prepare", down)
    driver.ring()
    assert measured(driver) == {"CrmFailures": [1]}
    driver.work(jobs.Reject(CALL, RESERVATION, TASK, "CRM failed: the CRM endpoint answered 500"))
    assert measured(driver) == {"CrmFailures": [1]}
    assert {line.get("why") for line in lines(driver)} >= {"the CRM endpoint answered 500"}


def test_a_phone_that_twilio_refuses_to_ring_counts(driver: Driver) -> None:
    driver.twilio.failures = {"POST /2010-04-01": [(400, 21211)]}
    driver.ring()
    assert measured(driver) == {"WorkerLegsFailed": [1]}


def test_a_leg_that_fails_counts_and_a_busy_one_does_not(driver: Driver) -> None:
    driver.ring()
    driver.status("busy")
    assert measured(driver) == {}


def test_a_leg_that_is_told_as_failed_counts(driver: Driver) -> None:
    driver.ring()
    driver.status("failed")
    assert measured(driver) == {"WorkerLegsFailed": [1]}


def test_a_worker_without_a_phone_counts(driver: Driver) -> None:
    driver.assign(WorkerAttributes="{}")
    assert measured(driver) == {"WorkerLegsFailed": [1]}


def test_forged_webhooks_count_and_large_ones_do_not(driver: Driver) -> None:
    driver.send(post("/voice/incoming", caller_form(), token="wrong"))
    driver.send(post("/voice/incoming", caller_form(), body="x" * 300_000))
    assert measured(driver) == {"WebhooksRefused": [1]}


def test_a_refused_webhook_counts_when_it_says_that_it_is_of_our_account(driver: Driver) -> None:
    """A wrong token stands out from others who try the routes, and from the doctor's forged requests."""
    others = (caller_form(AccountSid="AC" + "9" * 32), caller_form(AccountSid=""), {"CallSid": "doctor"})
    for form in (caller_form(), *others):
        driver.send(post("/voice/incoming", form, token="wrong"))
    driver.send(post("/voice/incoming", caller_form(), token=None))
    assert ["WebhooksRefused" in line for line in lines(driver)] == [True, False, False, False, True]


def test_a_door_that_fails_counts_whether_it_has_twiml_or_not(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callcenter, "current", lambda: 1 / 0)
    monkeypatch.setattr(assignment, "decide", lambda *_: 1 / 0)
    driver.voice("incoming")
    driver.assign()
    assert measured(driver) == {"WebhookErrors": [1, 1]}


def test_a_line_whose_switch_cannot_be_read_is_an_error_in_the_log(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = callcenter.source().replace("[lines.support]", "[lines.support]\nswitch = true", 1)
    monkeypatch.setattr(callcenter, "source", lambda: text)
    callcenter.current.cache_clear()
    monkeypatch.setattr(table, "find_row_quickly", lambda _key: 1 / 0)
    driver.voice("incoming")
    (line,) = [line for line in lines(driver) if line["level"] == "ERROR"]
    assert (line["event"], line["why"]) == ("switch of a line is not read", "ZeroDivisionError")


def test_a_job_that_comes_again_is_a_warning_and_no_error(driver: Driver) -> None:
    driver.assign()
    steps.claim(reading.of_call(CALL).links[0].key, 0, 4_000_000_000)
    with pytest.raises(Exception, match="another delivery"):
        driver.work(jobs.RingWorker(CALL, RESERVATION))
    assert (lines(driver)[-1]["event"], lines(driver)[-1]["level"]) == ("job comes again", "WARNING")


def test_what_the_sweep_ends_has_a_line_and_counts_for_no_alarm(driver: Driver, later: Later) -> None:
    driver.assign()
    later(AFTER_DEADLINE)
    driver.sweep()
    assert [line["did"] for line in lines(driver) if line["event"] == "swept"] == ["rejected"]
    assert measured(driver) == {}


@pytest.mark.parametrize(
    ("function", "stage"),
    [("cordboard-dev", "dev"), ("cordboard-prod-jobs_consumer", "prod"), ("", "local"), ("somebody-elses", "local")],
)
def test_the_stage_is_read_from_the_functions_name(function: str, stage: str) -> None:
    assert metrics.stage_of(function) == stage


def test_every_metric_is_told_somewhere() -> None:
    """No alarm may watch a number that nobody writes: each metric here has a test above."""
    told = {metric.name for metric in vars(metrics).values() if isinstance(metric, metrics.Metric)}
    assert told == {
        "StillWaiting",
        "CrmFailures",
        "WorkerLegsFailed",
        "WebhooksRefused",
        "WebhookErrors",
        "MessagesNotKept",  # tests/webhooks/test_messages.py
        "SweepLate",  # tests/webhooks/test_sweep.py
    }
