"""The job: CRM first, then the worker's phone."""

import json
import time
from typing import Any

import pytest
import requests

from chalicelib import crm, jobs
from chalicelib.links import reading, steps
from chalicelib.links.model import Key
from chalicelib.twilio import rest
from chalicelib.worker import consumer, ring
from tests.conftest import ACTIVITIES
from tests.doubles.http_server import serving
from tests.support.api_gateway import BASE
from tests.support.caches import forget_everything
from tests.support.driver import CALL, CALLER, LEG, OTHER_LEG, PHONE, RESERVATION, SUPPORT, TASK, WORKER, Driver

KEY = Key(CALL, RESERVATION)
RING = jobs.RingWorker(CALL, RESERVATION)


def contact(driver: Driver, **fields: str) -> None:
    item = {"phone": CALLER, "item": "CONTACT", **fields}
    driver.cloud.client("dynamodb").put_item(
        TableName="cordboard-test-contacts", Item={name: {"S": value} for name, value in item.items()}
    )


def dialled(driver: Driver) -> list[dict[str, Any]]:
    return driver.twilio.made("/Calls.json")


def rejected(driver: Driver) -> list[dict[str, Any]]:
    return driver.twilio.made(f"POST /v1/Workspaces/WS{'0' * 32}/Tasks/{TASK}/Reservations")


def test_the_crm_knows_the_caller_and_the_worker_is_rung(driver: Driver) -> None:
    contact(driver, name="Ann Lee", whisper="Ann Lee, gold member.", account="7")
    driver.ring()
    leg_url = f"{BASE}/worker/{CALL}/{RESERVATION}"
    assert dialled(driver) == [
        {
            "To": PHONE,
            "From": SUPPORT,
            "Url": f"{leg_url}/answer#rc=2&rp=all",
            "Method": "POST",
            "StatusCallback": f"{leg_url}/status#rc=2&rp=all",
            "StatusCallbackMethod": "POST",
            "StatusCallbackEvent": ["completed"],
            "Timeout": 15,
        }
    ]
    link = driver.link
    assert (link["state"], link["worker_call_sid"]) == ("dialing", LEG)
    assert (link["crm_name"], link["crm_whisper"]) == ("Ann Lee", "Ann Lee, gold member.")
    assert link["crm_data"] == {"name": "Ann Lee", "whisper": "Ann Lee, gold member.", "account": "7"}


@pytest.mark.parametrize("number", ['"from": "", ', '"from": null, ', "", '"from": 7, '])
def test_a_caller_without_a_number_is_not_looked_up_and_the_worker_is_rung(driver: Driver, number: str) -> None:
    driver.assign(TaskAttributes=f'{{{number}"call_sid": "{CALL}", "to": "{SUPPORT}"}}')
    for job in driver.queued():
        driver.work(job)
    assert len(dialled(driver)) == 1 and rejected(driver) == []
    assert driver.cloud.client("dynamodb").scan(TableName="cordboard-test-contacts")["Items"] == []


def test_the_attempt_is_recorded_once_however_often_it_is_made(driver: Driver) -> None:
    driver.ring()
    items = driver.cloud.client("dynamodb").scan(TableName="cordboard-test-contacts")["Items"]
    assert [item["item"]["S"] for item in items] == [f"ATTEMPT#{RESERVATION}"]
    assert items[0]["worker_name"]["S"] == "Bea"


TASK_ATTRIBUTES = {
    **dict.fromkeys(("from", "caller"), CALLER),
    **dict.fromkeys(("to", "called"), SUPPORT),
    **{
        f"{who}_{what}": ""
        for who in ("from", "to", "caller", "called")
        for what in ("city", "state", "zip", "country")
    },
    "call_sid": CALL,
    "account_sid": "AC" + "0" * 32,
    "api_version": "2010-04-01",
    "direction": "inbound",
    "call_status": "in-progress",
    "department": "sales",  # the line's
    "language": "en",  # the menu's
    "customer": {"id": 123456789012345678901234567890, "name": "Zoë \uffff \u0001 \U0001f600", "since": 2.5},
}


def test_the_crm_gets_every_attribute_of_the_task_with_the_key(driver: Driver, environment: pytest.MonkeyPatch) -> None:
    with serving((200, b'{"name": "Ann"}')) as endpoint:
        environment.setenv("CRM_URL", f"{endpoint.url}/attempts")
        forget_everything()
        driver.twilio.attributes = json.dumps(TASK_ATTRIBUTES)
        driver.assign("Sales", TaskAttributes=json.dumps(TASK_ATTRIBUTES))
        driver.work(RING)
    ((_, headers, body),) = endpoint.requests
    attempt = json.loads(body)
    assert attempt["task_attributes"] == TASK_ATTRIBUTES
    assert attempt["idempotency_key"] == headers["Idempotency-Key"] == RESERVATION
    assert len(dialled(driver)) == 1 and "task_attributes" not in driver.link


def test_a_caller_whom_the_crm_declines_is_led_out_and_no_worker_is_moved(driver: Driver) -> None:
    contact(driver, declined="asked not to be called", declined_say="Please write to us.")
    driver.ring()
    assert dialled(driver) == [] and rejected(driver) == []
    redirected = driver.twilio.made(f"Calls/{CALL}.json")
    assert redirected == [{"Url": f"{BASE}/voice/declined#rc=2&rp=all", "Method": "POST"}]
    # Twilio may keep the task of a caller who is redirected.
    assert driver.twilio.requests[-1][0::2] == ("POST", {"AssignmentStatus": "canceled", "Reason": "declined"})
    driver.twilio.reservation = "canceled"
    driver.event("reservation.canceled")
    assert (driver.link["outcome"], driver.link["reason"]) == ("canceled", "declined: asked not to be called")
    heard = driver.voice("declined")
    assert [verb.tag for verb in heard] == ["Say", "Hangup"] and heard[0].text == "Please write to us."


def test_a_declined_caller_whom_we_led_out_is_not_asked_after(driver: Driver) -> None:
    contact(driver, declined="no")
    driver.ring()
    assert [path for method, path, _ in driver.twilio.requests if method == "GET" and "/Calls/" in path] == []


def test_a_declined_caller_who_has_hung_up_meanwhile_left_by_themselves(driver: Driver) -> None:
    contact(driver, declined="no")
    driver.assign()
    driver.voice("after", QueueResult="redirected")  # out of the queue, and Twilio kept the task
    driver.twilio.call, driver.twilio.task = "completed", "reserved"
    driver.work(RING)
    ended = [form for _, path, form in driver.twilio.requests if path.endswith(TASK) and form]
    assert ended == [{"AssignmentStatus": "canceled", "Reason": "hangup"}]


def test_a_declined_caller_who_hangs_up_as_they_are_led_out_left_by_themselves(driver: Driver) -> None:
    contact(driver, declined="no")
    driver.twilio.failures = {f"POST /2010-04-01/Accounts/AC{'0' * 32}/Calls/{CALL}.json": [(400, 21220)]}
    driver.assign()
    driver.twilio.call, driver.twilio.task = "completed", "reserved"
    driver.work(RING)
    ended = [form for _, path, form in driver.twilio.requests if path.endswith(TASK) and form]
    assert ended == [{"AssignmentStatus": "canceled", "Reason": "hangup"}]


def test_a_job_that_comes_again_leaves_two_alone_who_talk_on_a_leg_that_nobody_knows(driver: Driver) -> None:
    driver.assign()
    steps.upsert_state(KEY, "bridged", time.time(), {})
    driver.work(RING)
    assert rejected(driver) == [] and driver.link["state"] == "bridged"


def test_a_declined_caller_hears_the_lines_own_sentence_when_the_crm_has_none_or_the_table_is_down(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "cannot take this call" in str(driver.voice("declined")[0].text)
    monkeypatch.setattr(reading, "of_call", lambda *_: 1 / 0)
    assert "cannot take this call" in str(driver.voice("declined")[0].text)


def test_a_caller_who_cannot_be_led_out_now_is_led_out_by_the_next_delivery(driver: Driver) -> None:
    contact(driver, declined="no")
    driver.twilio.failures = {f"Calls/{CALL}.json": [503]}
    driver.assign()
    with pytest.raises(rest.TwilioUnavailable):
        driver.work(RING)
    consumer.work(RING, lambda: time.time() + jobs.LEASE_SECONDS + 1)
    assert len(driver.twilio.made(f"Calls/{CALL}.json")) == 2 and rejected(driver) == []


def test_a_worker_whom_the_crm_declines_is_moved_and_the_next_one_gets_the_caller(
    driver: Driver, environment: pytest.MonkeyPatch
) -> None:
    with serving((409, b'{"reason": "not this one"}')) as endpoint:
        environment.setenv("CRM_URL", f"{endpoint.url}/attempts")
        forget_everything()
        driver.assign("Sales")
        for job in driver.queued():
            driver.work(job)
    assert driver.twilio.moves == [ACTIVITIES["Unavailable"]] and len(rejected(driver)) == 1
    assert (driver.link["outcome"], driver.link["reason"]) == ("rejected", "declined: not this one")
    assert dialled(driver) == []


def test_after_the_deadline_nothing_is_dialled(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.assign()
    late = driver.link["deadline"] + 1
    consumer.work(RING, lambda: late)
    assert dialled(driver) == [] and driver.link["reason"] == "too late to dial"


def test_a_leg_that_twilio_would_ring_too_late_is_ended_again(driver: Driver) -> None:
    driver.twilio.queue_time = "100000"
    driver.ring()
    assert driver.twilio.made(f"/Calls/{LEG}.json") == [{"Status": "completed"}]
    assert (driver.link["outcome"], driver.link["reason"]) == ("rejected", "too late to ring")


@pytest.mark.parametrize(
    ("status", "outcome"), [("canceled", "canceled"), ("timeout", "timeout"), ("rescinded", "rescinded")]
)
def test_a_reservation_that_is_no_longer_wanted_is_not_dialled_for(driver: Driver, status: str, outcome: str) -> None:
    driver.twilio.reservation = status
    driver.ring()
    assert dialled(driver) == [] and driver.link["outcome"] == outcome


def test_a_reservation_that_twilio_has_forgotten_is_not_dialled_for(driver: Driver) -> None:
    driver.twilio.forgotten = True
    driver.twilio.events = [(1, "reservation.created"), (2, "reservation.canceled")]
    driver.ring()
    assert dialled(driver) == [] and driver.link["outcome"] == "canceled"


def test_a_number_that_twilio_refuses_is_reported_and_the_worker_put_aside(driver: Driver) -> None:
    driver.twilio.failures = {"Calls.json": [(400, 21211)]}
    driver.ring()
    assert driver.twilio.moves == [ACTIVITIES["Offline"]] and len(rejected(driver)) == 1
    assert driver.link["reason"] == "unreachable: 21211"
    assert "worker cannot be reached" in driver.log.getvalue()


@pytest.fixture
def sent(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> list[tuple[jobs.Job, int]]:
    """The jobs that are sent from here on, with their delays."""
    driver.assign()
    driver.queued()
    made: list[tuple[jobs.Job, int]] = []
    monkeypatch.setattr(jobs, "send", lambda job, delay_seconds=0: made.append((job, delay_seconds)))
    return made


def test_twilio_busy_beyond_the_retries_moves_nobody_and_is_no_fast_loop(
    driver: Driver, sent: list[tuple[jobs.Job, int]]
) -> None:
    driver.twilio.failures = {"Calls.json": [(429, 20429)]}
    driver.work(RING)
    reason = "not dialled: Twilio answered 429"
    assert sent == [(jobs.Reject(CALL, RESERVATION, TASK, reason, "", WORKER), 30)] and rejected(driver) == []
    driver.work(sent[0][0])
    assert driver.link["reason"] == reason and driver.twilio.moves == [] and len(rejected(driver)) == 1


def test_the_pause_ends_before_the_reservation_does(driver: Driver, sent: list[tuple[jobs.Job, int]]) -> None:
    driver.twilio.failures = {"Calls.json": [(429, 20429)]}
    late = driver.link["deadline"] - 1
    consumer.work(RING, lambda: late)
    assert [delay for _, delay in sent] == [16]


def test_a_caller_id_that_twilio_refuses_is_replaced_by_another_number_of_ours(driver: Driver) -> None:
    driver.twilio.failures = {"Calls.json": [(400, 21210)]}
    driver.ring()
    shown = [call["From"] for call in dialled(driver)]
    assert shown[0] == SUPPORT and len(set(shown)) == 2 and driver.link["worker_call_sid"] == LEG
    assert rejected(driver) == [] and "worker cannot be reached" in driver.log.getvalue()


@pytest.mark.parametrize("code", [21210, 21212, 21213, 20003, 21215, 21216, 10001, 13227])
def test_what_twilio_refuses_the_account_for_moves_no_worker(
    driver: Driver, sent: list[tuple[jobs.Job, int]], code: int
) -> None:
    driver.twilio.failures = {"Calls.json": [(400, code)] * 3}
    driver.work(RING)
    ((job, delay),) = sent
    assert isinstance(job, jobs.Reject) and job.activity_sid == "" and delay == 30
    assert '"WorkerLegsFailed":1' in driver.log.getvalue()


@pytest.mark.parametrize("code", [21211, 21214, 21217, 13223, 13224])
def test_a_workers_number_that_twilio_refuses_moves_the_worker(driver: Driver, code: int) -> None:
    driver.twilio.failures = {"Calls.json": [(400, code)]}
    driver.ring()
    assert driver.twilio.moves == [ACTIVITIES["Offline"]] and len(rejected(driver)) == 1


def test_a_dial_without_an_answer_is_never_made_a_second_time(driver: Driver) -> None:
    driver.twilio.failures = {"Calls.json": [requests.exceptions.ReadTimeout()]}
    driver.assign()
    with pytest.raises(ring.Retry):
        driver.work(RING)
    assert driver.link["state"] == "dialing"
    later = driver.link["dialing_at"] + jobs.LEASE_SECONDS + 1
    consumer.work(RING, lambda: later)
    assert len(dialled(driver)) == 1
    assert (driver.link["outcome"], driver.link["reason"]) == ("rejected", "dial lost")


def test_a_dial_without_an_answer_whose_leg_reports_goes_on(driver: Driver) -> None:
    driver.twilio.failures = {"Calls.json": [requests.exceptions.ReadTimeout()]}
    driver.assign()
    with pytest.raises(ring.Retry):
        driver.work(RING)
    driver.status("ringing")
    consumer.work(RING, lambda: time.time() + 60)
    assert len(dialled(driver)) == 1 and rejected(driver) == []
    assert (driver.link["state"], driver.link["worker_call_sid"]) == ("ringing", LEG)


def test_a_message_that_comes_twice_while_the_first_is_at_work_comes_again_later(driver: Driver) -> None:
    driver.assign()
    steps.claim(KEY, time.time(), jobs.LEASE_SECONDS)
    with pytest.raises(ring.Retry):
        driver.work(RING)
    assert driver.twilio.requests == []


def test_a_job_that_died_in_its_crm_work_is_taken_over(driver: Driver) -> None:
    driver.assign()
    steps.claim(KEY, time.time() - jobs.LEASE_SECONDS - 1, jobs.LEASE_SECONDS)
    driver.work(RING, "2")
    assert len(dialled(driver)) == 1


@pytest.mark.parametrize("state", ["dialing", "ringing", "answered", "bridged", "closed"])
def test_a_message_that_comes_again_later_does_nothing(driver: Driver, state: str) -> None:
    driver.ring()
    if state == "closed":
        steps.close(KEY, "completed", "", time.time())
    elif state != "dialing":
        steps.upsert_state(KEY, state, time.time(), {})  # type: ignore[arg-type]
    before, made = driver.link, len(driver.twilio.requests)
    driver.work(RING, "2")
    assert driver.link == before and len(driver.twilio.requests) == made


def test_a_job_without_a_link_does_nothing(driver: Driver) -> None:
    driver.work(RING)
    assert driver.twilio.requests == [] and driver.cloud.rows() == []


def test_the_caller_hangs_up_while_the_crm_works(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(_adapter: str, _attempt: crm.Attempt) -> crm.Approval:
        driver.event("reservation.canceled")
        return crm.Approval()

    monkeypatch.setattr(crm, "prepare", slow)
    driver.ring()
    assert dialled(driver) == [] and driver.link["outcome"] == "canceled"


def test_the_caller_hangs_up_while_twilio_takes_the_dial(driver: Driver) -> None:
    driver.twilio.on_call = lambda: driver.event("reservation.canceled")
    driver.ring()
    assert driver.twilio.made(f"/Calls/{LEG}.json") == [{"Status": "completed"}]
    assert (driver.link["outcome"], driver.link["worker_call_sid"]) == ("canceled", LEG)


def test_a_second_leg_for_the_same_link_is_ended(driver: Driver) -> None:
    driver.twilio.on_call = lambda: driver.status("ringing", OTHER_LEG)
    driver.ring()
    assert driver.twilio.made(f"/Calls/{LEG}.json") == [{"Status": "completed"}]
    assert driver.link["worker_call_sid"] == OTHER_LEG


def declines(_adapter: str, _attempt: crm.Attempt) -> crm.Approval:
    raise crm.Declined("not this one")


def test_a_rejection_that_twilio_does_not_take_comes_again(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.twilio.failures = {"POST /v1": [500]}
    driver.assign()
    monkeypatch.setattr(crm, "prepare", declines)
    with pytest.raises(rest.TwilioUnavailable):
        driver.work(RING)
    consumer.work(RING, lambda: time.time() + jobs.LEASE_SECONDS + 1)
    assert driver.link["outcome"] == "rejected"


def test_a_job_of_an_older_version_is_done_and_of_a_newer_one_as_well(driver: Driver) -> None:
    driver.assign()
    driver.work(f'{{"job":"ring_worker","call_sid":"{CALL}","reservation_sid":"{RESERVATION}","priority":9}}')
    assert len(dialled(driver)) == 1
    driver.work(f'{{"job":"give_up","call_sid":"{CALL}","reservation_sid":"{RESERVATION}","task_sid":"{TASK}"}}')
    assert len(rejected(driver)) == 1


@pytest.mark.parametrize("body", ["", "{}", "nonsense", '{"job":"unheard_of"}', '{"job":"ring_worker","call_sid":"x"}'])
def test_a_message_that_is_no_job_is_not_lost(driver: Driver, body: str) -> None:
    with pytest.raises(jobs.JobError):
        driver.work(body)


def test_a_stale_activity_does_not_keep_the_caller_waiting(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.twilio.failures = {f"POST /v1/Workspaces/WS{'0' * 32}/Workers": [(400, 20001)]}
    monkeypatch.setattr(crm, "prepare", declines)
    driver.ring()
    assert len(rejected(driver)) == 1 and driver.link["outcome"] == "rejected"
    assert '"activity refused"' in driver.log.getvalue()


def test_credentials_that_twilio_refuses_fail_the_job_aloud(driver: Driver) -> None:
    driver.twilio.failures = {"Calls.json": [(401, 20003)]}
    driver.assign()
    with pytest.raises(rest.TwilioDenied):
        driver.work(RING)
    assert '"level":"ERROR"' in driver.log.getvalue() and rejected(driver) == []
