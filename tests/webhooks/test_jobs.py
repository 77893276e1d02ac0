"""The job: CRM first, then the worker's phone."""

import time
from typing import Any

import pytest
import requests

from chalicelib import crm, jobs
from chalicelib.links import table
from chalicelib.links.model import Key
from chalicelib.twilio import rest
from chalicelib.worker import leg
from tests.conftest import ACTIVITIES
from tests.support.api_gateway import BASE
from tests.support.driver import CALL, CALLER, LEG, OTHER_LEG, PHONE, RESERVATION, SUPPORT, TASK, Switchboard

KEY = Key(CALL, RESERVATION)
RING = jobs.RingWorker(CALL, RESERVATION)


def contact(board: Switchboard, **fields: str) -> None:
    item = {"phone": CALLER, "item": "CONTACT", **fields}
    board.cloud.client("dynamodb").put_item(
        TableName="cordboard-test-contacts", Item={name: {"S": value} for name, value in item.items()}
    )


def dialled(board: Switchboard) -> list[dict[str, Any]]:
    return board.twilio.made("/Calls.json")


def rejected(board: Switchboard) -> list[dict[str, Any]]:
    return board.twilio.made(f"POST /v1/Workspaces/WS{'0' * 32}/Tasks/{TASK}/Reservations")


def test_the_crm_knows_the_caller_and_the_worker_is_rung(board: Switchboard) -> None:
    contact(board, name="Ann Lee", whisper="Ann Lee, gold member.", account="7")
    board.ring()
    leg_url = f"{BASE}/worker/{CALL}/{RESERVATION}"
    assert dialled(board) == [
        {
            "To": PHONE,
            "From": SUPPORT,
            "Url": f"{leg_url}/answer#rc=2&rp=all",
            "Method": "POST",
            "StatusCallback": f"{leg_url}/status#rc=2&rp=all",
            "StatusCallbackMethod": "POST",
            "StatusCallbackEvent": ["initiated", "ringing", "answered", "completed"],
            "Timeout": 15,
        }
    ]
    link = board.link
    assert (link["state"], link["worker_call_sid"]) == ("dialing", LEG)
    assert (link["crm_name"], link["crm_whisper"]) == ("Ann Lee", "Ann Lee, gold member.")
    assert link["crm_data"] == {"name": "Ann Lee", "whisper": "Ann Lee, gold member.", "account": "7"}


def test_the_attempt_is_recorded_once_however_often_it_is_made(board: Switchboard) -> None:
    board.ring()
    items = board.cloud.client("dynamodb").scan(TableName="cordboard-test-contacts")["Items"]
    assert [item["item"]["S"] for item in items] == [f"ATTEMPT#{RESERVATION}"]
    assert items[0]["worker_name"]["S"] == "Bea"


def test_a_caller_whom_the_crm_declines_is_given_back_with_the_reason(board: Switchboard) -> None:
    contact(board, declined="asked not to be called")
    board.ring()
    assert dialled(board) == []
    assert rejected(board) == [{"ReservationStatus": "rejected", "WorkerActivitySid": ACTIVITIES["Unavailable"]}]
    assert (board.link["outcome"], board.link["reason"]) == ("rejected", "declined: asked not to be called")
    assert "open" not in board.link


def test_a_crm_that_cannot_be_asked_ends_in_a_rejection(board: Switchboard) -> None:
    board.assign("Sales")
    for job in board.queued():
        board.work(job)
    assert dialled(board) == []
    assert len(rejected(board)) == 1
    assert board.link["reason"].startswith("CRM failed: the CRM endpoint")


def test_after_the_deadline_nothing_is_dialled(board: Switchboard, monkeypatch: pytest.MonkeyPatch) -> None:
    board.assign()
    late = board.link["deadline"] + 1
    leg.work(RING, lambda: late)
    assert dialled(board) == [] and board.link["reason"] == "too late to dial"


def test_a_leg_that_twilio_would_ring_too_late_is_ended_again(board: Switchboard) -> None:
    board.twilio.queue_time = "100000"
    board.ring()
    assert board.twilio.made(f"/Calls/{LEG}.json") == [{"Status": "completed"}]
    assert (board.link["outcome"], board.link["reason"]) == ("rejected", "too late to ring")


@pytest.mark.parametrize(
    ("status", "outcome"), [("canceled", "canceled"), ("timeout", "timeout"), ("rescinded", "rescinded")]
)
def test_a_reservation_that_is_no_longer_wanted_is_not_dialled_for(
    board: Switchboard, status: str, outcome: str
) -> None:
    board.twilio.reservation = status
    board.ring()
    assert dialled(board) == [] and board.link["outcome"] == outcome


def test_a_reservation_that_twilio_has_forgotten_is_not_dialled_for(board: Switchboard) -> None:
    board.twilio.failures = {f"GET /v1/Workspaces/WS{'0' * 32}/Tasks": [(404, 20404)]}
    board.ring()
    assert dialled(board) == [] and board.link["outcome"] == "canceled"


def test_a_number_that_twilio_refuses_is_reported_and_the_worker_put_aside(board: Switchboard) -> None:
    board.twilio.failures = {"Calls.json": [(400, 21211)]}
    board.ring()
    assert rejected(board)[0]["WorkerActivitySid"] == ACTIVITIES["Offline"]
    assert board.link["reason"] == "unreachable: 21211"
    assert "worker cannot be reached" in board.log.getvalue()


def test_twilio_busy_beyond_the_retries_gives_the_caller_to_the_next_worker(board: Switchboard) -> None:
    board.twilio.failures = {"Calls.json": [(429, 20429)]}
    board.ring()
    assert board.link["reason"] == "not dialled: Twilio answered 429"
    assert "WorkerActivitySid" not in rejected(board)[0]


def test_a_dial_without_an_answer_is_never_made_a_second_time(board: Switchboard) -> None:
    board.twilio.failures = {"Calls.json": [requests.exceptions.ReadTimeout()]}
    board.assign()
    with pytest.raises(leg.TryAgain):
        board.work(RING)
    assert board.link["state"] == "dialing"
    later = board.link["dialing_at"] + leg.LEASE_SECONDS + 1
    leg.work(RING, lambda: later)
    assert len(dialled(board)) == 1
    assert (board.link["outcome"], board.link["reason"]) == ("rejected", "dial lost")


def test_a_dial_without_an_answer_whose_leg_reports_goes_on(board: Switchboard) -> None:
    board.twilio.failures = {"Calls.json": [requests.exceptions.ReadTimeout()]}
    board.assign()
    with pytest.raises(leg.TryAgain):
        board.work(RING)
    board.status("ringing")
    leg.work(RING, lambda: time.time() + 60)
    assert len(dialled(board)) == 1 and rejected(board) == []
    assert (board.link["state"], board.link["worker_call_sid"]) == ("ringing", LEG)


def test_a_message_that_comes_twice_while_the_first_is_at_work_comes_again_later(board: Switchboard) -> None:
    board.assign()
    table.claim(KEY, time.time(), leg.LEASE_SECONDS)
    with pytest.raises(leg.TryAgain):
        board.work(RING)
    assert board.twilio.requests == []


def test_a_job_that_died_in_its_crm_work_is_taken_over(board: Switchboard) -> None:
    board.assign()
    table.claim(KEY, time.time() - leg.LEASE_SECONDS - 1, leg.LEASE_SECONDS)
    board.work(RING, "2")
    assert len(dialled(board)) == 1


@pytest.mark.parametrize("state", ["dialing", "ringing", "answered", "bridged", "closed"])
def test_a_message_that_comes_again_later_does_nothing(board: Switchboard, state: str) -> None:
    board.ring()
    if state == "closed":
        table.close(KEY, "completed", "", time.time())
    elif state != "dialing":
        table.advance(KEY, state, time.time())  # type: ignore[arg-type]
    before, made = board.link, len(board.twilio.requests)
    board.work(RING, "2")
    assert board.link == before and len(board.twilio.requests) == made


def test_a_job_without_a_link_does_nothing(board: Switchboard) -> None:
    board.work(RING)
    assert board.twilio.requests == [] and board.cloud.rows() == []


def test_the_caller_hangs_up_while_the_crm_works(board: Switchboard, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(_adapter: str, _attempt: crm.Attempt) -> crm.Approval:
        board.event("reservation.canceled")
        return crm.Approval()

    monkeypatch.setattr(crm, "prepare", slow)
    board.ring()
    assert dialled(board) == [] and board.link["outcome"] == "canceled"


def test_the_caller_hangs_up_while_twilio_takes_the_dial(board: Switchboard) -> None:
    board.twilio.on_call = lambda: board.event("reservation.canceled")
    board.ring()
    assert board.twilio.made(f"/Calls/{LEG}.json") == [{"Status": "completed"}]
    assert (board.link["outcome"], board.link["worker_call_sid"]) == ("canceled", LEG)


def test_a_second_leg_for_the_same_link_is_ended(board: Switchboard) -> None:
    board.twilio.on_call = lambda: board.status("ringing", OTHER_LEG)
    board.ring()
    assert board.twilio.made(f"/Calls/{LEG}.json") == [{"Status": "completed"}]
    assert board.link["worker_call_sid"] == OTHER_LEG


def test_a_rejection_that_twilio_does_not_take_comes_again(board: Switchboard) -> None:
    contact(board, declined="no")
    board.twilio.failures = {"POST /v1": [500]}
    board.assign()
    with pytest.raises(rest.Unavailable):
        board.work(RING)
    leg.work(RING, lambda: time.time() + leg.LEASE_SECONDS + 1)
    assert board.link["outcome"] == "rejected"


def test_a_job_of_an_older_version_is_done_and_of_a_newer_one_as_well(board: Switchboard) -> None:
    board.assign()
    board.work(f'{{"job":"ring_worker","call_sid":"{CALL}","reservation_sid":"{RESERVATION}","priority":9}}')
    assert len(dialled(board)) == 1
    board.work(f'{{"job":"give_up","call_sid":"{CALL}","reservation_sid":"{RESERVATION}","task_sid":"{TASK}"}}')
    assert len(rejected(board)) == 1


@pytest.mark.parametrize("body", ["", "{}", "nonsense", '{"job":"unheard_of"}', '{"job":"ring_worker","call_sid":"x"}'])
def test_a_message_that_is_no_job_is_not_lost(board: Switchboard, body: str) -> None:
    with pytest.raises(jobs.JobError):
        board.work(body)
