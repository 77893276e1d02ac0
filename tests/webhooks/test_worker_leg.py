"""The worker's leg: answered, taken, too late, busy, ended; every callback twice, late and out of order."""

import pytest
import requests

from chalicelib import jobs
from chalicelib.links import table
from chalicelib.worker import twiml
from tests.conftest import ACTIVITIES
from tests.support.api_gateway import get
from tests.support.driver import CALL, LEG, LEG_PATH, OTHER_LEG, RESERVATION, TASK, WORKER, Switchboard

REJECT = f"/Tasks/{TASK}/Reservations"


def hung_up(board: Switchboard, leg: str = LEG) -> int:
    return len(board.twilio.made(f"POST /2010-04-01/Accounts/AC{'0' * 32}/Calls/{leg}.json"))


def rejections(board: Switchboard) -> list[dict[str, str]]:
    return board.twilio.made(f"POST /v1/Workspaces/WS{'0' * 32}{REJECT}")


def test_the_worker_who_answers_is_joined_to_the_caller(board: Switchboard) -> None:
    board.ring()
    assert board.answer() == (
        '<?xml version="1.0" encoding="UTF-8"?><Response><Dial>'
        f'<Queue postWorkActivitySid="{ACTIVITIES["Wrap up"]}" reservationSid="{RESERVATION}" /></Dial>'
        f"<Say>{twiml.CALLER_GONE}</Say><Hangup /></Response>"
    )
    assert board.link["state"] == "answered"


def test_the_worker_hears_the_crms_line_first(board: Switchboard) -> None:
    item = {"phone": "+12125550171", "item": "CONTACT", "whisper": "Ann Lee, gold member."}
    board.cloud.client("dynamodb").put_item(
        TableName="cordboard-test-contacts", Item={name: {"S": value} for name, value in item.items()}
    )
    board.ring()
    assert "<Say>Ann Lee, gold member.</Say><Dial>" in board.answer()


def test_the_same_leg_asking_again_hears_the_same(board: Switchboard) -> None:
    board.ring()
    assert board.answer() == board.answer()


def test_a_leg_that_answers_before_its_sid_was_stored_gets_the_link(board: Switchboard) -> None:
    answered: list[str] = []
    board.twilio.on_call = lambda: answered.append(board.answer())
    board.ring()
    assert "<Queue" in answered[0]
    assert (board.link["state"], board.link["worker_call_sid"]) == ("answered", LEG)


def test_a_second_leg_hears_that_the_call_is_taken(board: Switchboard) -> None:
    board.ring()
    board.answer()
    document = board.answer(OTHER_LEG)
    assert twiml.TAKEN in document and "<Hangup" in document and "<Dial" not in document


@pytest.mark.parametrize("kind", ["reservation.canceled", "reservation.timeout", "reservation.rescinded"])
def test_a_worker_who_answers_too_late_hears_one_sentence(board: Switchboard, kind: str) -> None:
    board.ring()
    board.event(kind)
    document = board.answer()
    assert twiml.CALLER_GONE in document and "<Dial" not in document


def test_a_leg_without_a_link_hears_one_sentence(board: Switchboard) -> None:
    assert twiml.CALLER_GONE in board.answer()


def test_the_two_are_joined_even_when_the_table_is_down(board: Switchboard, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object) -> None:
        raise ConnectionError("no table")

    monkeypatch.setattr(table, "follow_leg", down)
    assert f'reservationSid="{RESERVATION}"' in board.answer()


@pytest.mark.parametrize(
    "order",
    [
        ["initiated", "ringing", "in-progress"],
        ["in-progress", "ringing", "initiated"],
        ["ringing", "ringing", "initiated", "in-progress", "in-progress"],
    ],
)
def test_callbacks_in_any_order_do_no_harm(board: Switchboard, order: list[str]) -> None:
    board.ring()
    assert [board.status(status) for status in order] == [204] * len(order)
    assert (board.link["state"], board.link["worker_call_sid"]) == ("ringing", LEG)
    assert hung_up(board) == 0


def test_a_ringing_that_is_told_after_the_answer_does_not_turn_the_link_back(board: Switchboard) -> None:
    board.ring()
    board.answer()
    board.status("ringing")
    assert board.link["state"] == "answered" and hung_up(board) == 0


@pytest.mark.parametrize(
    ("status", "activity"), [("busy", "Unavailable"), ("no-answer", "Unavailable"), ("failed", "Offline")]
)
def test_a_phone_that_nobody_takes_gives_the_caller_to_the_next_worker(
    board: Switchboard, status: str, activity: str
) -> None:
    board.ring()
    board.status("ringing")
    board.status(status)
    board.status(status)
    assert rejections(board) == [{"ReservationStatus": "rejected", "WorkerActivitySid": ACTIVITIES[activity]}]
    assert (board.link["state"], board.link["outcome"], board.link["reason"]) == ("closed", "rejected", status)


def test_a_worker_who_hangs_up_before_being_joined_gives_the_caller_back(board: Switchboard) -> None:
    board.ring()
    board.answer()
    board.status("completed")
    assert len(rejections(board)) == 1 and board.link["reason"] == "worker hung up"


def test_a_worker_who_hangs_up_after_the_talk_changes_nothing(board: Switchboard) -> None:
    board.ring()
    board.answer()
    board.twilio.reservation = "wrapping"
    board.status("completed")  # before the event that says they were joined
    assert board.link["state"] == "answered"
    board.event("reservation.accepted")
    board.status("completed")
    assert board.link["state"] == "bridged" and len(rejections(board)) == 1


def test_a_stray_leg_is_ended(board: Switchboard) -> None:
    board.ring()
    board.status("ringing", OTHER_LEG)
    assert hung_up(board, OTHER_LEG) == 1 and hung_up(board) == 0
    board.status("completed", OTHER_LEG)
    assert rejections(board) == []


def test_a_leg_that_begins_to_ring_for_a_caller_who_has_gone_is_ended(board: Switchboard) -> None:
    board.ring()
    board.event("reservation.canceled")
    ended = hung_up(board)
    board.status("ringing")
    assert hung_up(board) == ended + 1


def test_a_status_of_a_leg_without_a_link_is_taken(board: Switchboard) -> None:
    assert board.status("ringing") == 204
    assert board.cloud.rows() == [] and board.twilio.requests == []


def test_a_rejection_that_twilio_does_not_take_is_left_to_a_job(board: Switchboard) -> None:
    board.ring()
    board.twilio.failures = {"POST /v1": [503]}
    assert board.status("no-answer") == 204
    [job] = board.queued()
    assert isinstance(job, jobs.GiveUp) and job.reason == "no-answer"
    board.work(job)
    assert (board.link["outcome"], board.link["reason"]) == ("rejected", "no-answer")


def test_a_hang_up_that_twilio_does_not_answer_is_left_to_a_job(board: Switchboard) -> None:
    board.ring()
    board.twilio.failures = {f"Calls/{LEG}.json": [requests.exceptions.ReadTimeout(), (400, 21220)]}
    board.event("reservation.canceled")
    assert board.queued() == [jobs.HangUp(LEG, CALL)]
    board.work(jobs.HangUp(LEG))  # it has ended by itself in the meantime: 21220


def direct_status(board: Switchboard, status: str) -> int:
    """Twilio's GET for a leg that it placed itself, spelled with %20 and in its own order."""
    query = [("CallStatus", status), ("CallSid", LEG), ("taskCallSid", CALL), ("ToCity", "SAN JOSE")]
    spelled = "&".join(f"{name}={value.replace(' ', '%20')}" for name, value in query)
    event = get("/worker/{call_sid}/{reservation_sid}/status", query, LEG_PATH, signed_query=spelled)
    return int(board.send(event)["statusCode"])


def test_a_direct_leg_reports_by_get(board: Switchboard) -> None:
    board.assign("Urgent")
    assert direct_status(board, "initiated") == 204
    assert direct_status(board, "ringing") == 204
    assert direct_status(board, "in-progress") == 204
    assert direct_status(board, "in-progress") == 204
    assert (board.link["state"], board.link["worker_call_sid"]) == ("answered", LEG)
    assert board.twilio.requests == []


@pytest.mark.parametrize("event_first", [True, False])
def test_a_direct_leg_that_nobody_takes_puts_the_worker_aside_once(board: Switchboard, event_first: bool) -> None:
    board.assign("Urgent")
    if event_first:
        board.event("reservation.canceled")
    direct_status(board, "no-answer")
    board.event("reservation.canceled")
    direct_status(board, "no-answer")
    assert board.twilio.made(f"Workers/{WORKER}") == [{"ActivitySid": ACTIVITIES["Unavailable"]}]
    assert (board.link["outcome"], board.link["reason"]) == ("canceled", "no-answer")


def test_a_direct_leg_that_ends_because_the_caller_has_gone_costs_the_worker_nothing(board: Switchboard) -> None:
    board.assign("Urgent")
    board.twilio.reservation = "canceled"
    board.event("task.canceled", TaskCanceledReason="hangup")
    direct_status(board, "no-answer")
    assert board.twilio.made("POST") == [] and board.link["reason"] == "caller gone"


def test_twilio_ends_its_own_leg_when_the_caller_of_a_direct_call_has_gone(board: Switchboard) -> None:
    board.assign("Urgent")
    direct_status(board, "ringing")
    board.event("reservation.canceled")
    direct_status(board, "completed")
    assert board.twilio.requests == [] and board.link["outcome"] == "canceled"
