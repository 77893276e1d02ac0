"""What workers and admins are told without asking, by text."""

import json

import msgspec
import pytest

from chalicelib import signing
from chalicelib.config import callcenter
from chalicelib.crm import exchange
from chalicelib.links import steps
from chalicelib.links.model import Key, Link, Notice
from chalicelib.staff import texts
from chalicelib.staff import told as staff_told
from chalicelib.tell import outbox
from chalicelib.twilio import rest
from emulator.voice.parties import answers, busy, hangs_up, hears, no_answer, presses, talks, unreachable, waits
from tests.conftest import Aws
from tests.support.call_centre import BEA, CARL, STRANGER, SUPPORT, CallCentre
from tests.webhooks.test_staff_notes import talk


@pytest.fixture
def centre(cloud: Aws, environment: pytest.MonkeyPatch) -> CallCentre:
    return CallCentre(cloud, environment)


def rings(centre: CallCentre, seconds: int = 60) -> None:
    """A caller dials, and jobs are done as they come."""
    centre.twilio.dial(STRANGER, SUPPORT, [talks(seconds + 60)])
    for _ in range(seconds // 2):
        centre.run(2)
        centre.work()


def told(centre: CallCentre, phone: str = BEA) -> list[str]:
    """What the next sweep tells this phone."""
    before = len(centre.texts(phone))
    centre.minutes(1)
    return centre.texts(phone)[before:]


# --- Set off


def test_a_worker_who_missed_a_call_is_told_that_they_are_off(centre: CallCentre) -> None:
    centre.text(BEA, "on")
    centre.twilio.phone(BEA).will(no_answer())
    rings(centre)
    assert centre.activity("Bea") == "Unavailable"
    assert told(centre) == ["You missed a call at 10:00 UTC and are off (Unavailable). Reply on."]
    assert centre.text(BEA, "on") == "Bea, you are on."


def test_at_most_once_in_ten_minutes(centre: CallCentre) -> None:
    centre.twilio.phone(BEA).will(busy())
    for _ in range(3):
        centre.text(BEA, "on")
        rings(centre, 20)
        centre.minutes(1)
    assert len([said for said in centre.texts(BEA) if said.startswith("You missed")]) == 1


def test_who_is_on_again_by_then_is_told_nothing(centre: CallCentre) -> None:
    centre.text(BEA, "on")
    centre.twilio.phone(BEA).will(busy())
    centre.twilio.dial(STRANGER, SUPPORT, [hangs_up()])
    rings(centre, 20)
    centre.twilio.phone(BEA).will(no_answer())
    centre.set("Bea", "Available")
    assert told(centre) == []


def test_who_said_off_is_told_nothing(centre: CallCentre) -> None:
    centre.text(BEA, "on")
    centre.twilio.phone(BEA).will(busy())
    rings(centre, 20)
    centre.text(BEA, "off")
    assert told(centre) == []


def test_a_reservation_that_timed_out_is_told_too(centre: CallCentre) -> None:
    """TaskRouter itself moved the worker, as our job was lost."""
    centre.text(BEA, "on")
    centre.twilio.dial(STRANGER, SUPPORT, [talks(400)])
    centre.run(125)
    assert centre.activity("Bea") == "Offline"
    assert told(centre) == ["You missed a call at 10:02 UTC and are off. Reply on."]


# --- A phone that cannot be reached


def test_the_admins_are_told_of_a_phone_that_cannot_be_reached_once_a_day(centre: CallCentre) -> None:
    centre.twilio.phone(BEA).will(unreachable())
    for _ in range(2):
        centre.text(BEA, "on")
        rings(centre, 20)
        centre.minutes(15)
    said = "The phone of Bea cannot be reached and is Offline. Correct contact_uri in workers.toml."
    assert [one for one in centre.texts(CARL) if "reached" in one] == [said]


# --- After a talk


def test_a_worker_who_hung_up_first_is_asked_for_a_note_and_the_reply_is_kept(centre: CallCentre) -> None:
    talk(centre)
    assert told(centre) == [texts.after_talk(STRANGER, "10:00 UTC")]
    assert centre.text(BEA, "On hold with her again, and solved") == texts.noted(STRANGER)
    (link,) = [row for row in centre.cloud.rows() if row["item"].startswith("WR")]
    assert link["note"] == "On hold with her again, and solved"
    assert centre.text(BEA, "thanks") == texts.HELP


def test_a_command_is_a_command_also_when_a_note_is_asked_for(centre: CallCentre) -> None:
    talk(centre)
    centre.minutes(1)
    assert centre.text(BEA, "off") == "Bea, you are off."
    assert centre.text(BEA, "note call again") == texts.noted(STRANGER)


def test_a_worker_whom_the_caller_left_hears_the_keys_and_gets_no_text(centre: CallCentre) -> None:
    centre.text(BEA, "on")
    centre.twilio.phone(BEA).will(answers(1, [hears("Press 1 for solved"), presses("1"), waits(1)]))
    centre.twilio.dial(STRANGER, SUPPORT, [talks(12), hangs_up()])
    for _ in range(60):
        centre.run(2)
        centre.work()
    assert told(centre) == []


@pytest.mark.parametrize(
    "known", [{"asked_after_at": 5.0}, {"disposition": "solved"}, {"note": "call again"}, {"note_sid": "RE" + "1" * 32}]
)
def test_who_has_said_meanwhile_what_became_of_the_call_gets_no_text(
    centre: CallCentre, known: dict[str, object]
) -> None:
    key = Key("CA" + "7" * 32, "WR" + "7" * 32)
    worker_sid = centre.worker("Bea").sid
    steps.reserve(Link(**msgspec.structs.asdict(key), worker_sid=worker_sid, worker_name="Bea"), 1.0)
    notice = Notice(
        what="after-talk", about=key.subject, at=5.0, worker_sid=worker_sid, reservation_sid=key.reservation_sid
    )
    assert staff_told.words(notice, 5.0)
    steps.upsert_state(key, "bridged", 5.0, known)
    assert not staff_told.words(notice, 5.0)


# --- Who wants no texts, and when Twilio fails


def test_who_has_opted_out_is_not_tried_again_and_again(centre: CallCentre) -> None:
    centre.text(BEA, "on")
    centre.text(BEA, "STOP")
    centre.twilio.phone(BEA).will(busy())
    rings(centre, 20)
    centre.minutes(3)
    assert centre.log.getvalue().count("text refused") == 1


def test_a_text_that_twilio_does_not_take_now_is_sent_by_the_next_sweep(
    centre: CallCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    centre.text(BEA, "on")
    centre.twilio.phone(BEA).will(busy())
    rings(centre, 20)
    with monkeypatch.context() as patched:
        patched.setattr(rest.texts, "send", lambda *_given: raises(rest.TwilioUnavailable("down")))
        assert told(centre) == []
    assert len(told(centre)) == 1


def raises(error: Exception) -> None:
    raise error


# --- The team's own notices go to phones and endpoints too


def notice(centre: CallCentre) -> Notice:
    call_sid = "CA" + "a" * 32
    return Notice(what="led-out", about=call_sid, line="support", at=centre.time(), caller=STRANGER)


def deliver(monkeypatch: pytest.MonkeyPatch, *targets: str) -> None:
    center = callcenter.current()
    tell = msgspec.structs.replace(center.tell, deliver=targets)
    changed = msgspec.structs.replace(center, tell=tell)
    monkeypatch.setattr(callcenter, "current", lambda: changed)


def test_a_notice_goes_to_every_phone_once(centre: CallCentre, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(monkeypatch, f"sms:{CARL}", f"sms:{STRANGER}")
    outbox.order(notice(centre))
    real, tries = rest.texts.send, []

    def fails_for_the_second(from_number: str, to: str, body: str) -> None:
        tries.append(to)
        if tries == [CARL, STRANGER]:
            raise rest.TwilioUnavailable("down")
        real(from_number, to, body)

    monkeypatch.setattr(rest.texts, "send", fails_for_the_second)
    centre.minutes(3)
    said = "…71 was led out of the queue of line support at 2026-11-30 10:00 UTC: nobody took the call."
    assert [one.startswith(said) for one in centre.texts(CARL)] == [True]
    assert tries == [CARL, STRANGER, STRANGER] and len(centre.texts(STRANGER)) == 1


def test_a_notice_goes_to_an_endpoint_signed(centre: CallCentre, monkeypatch: pytest.MonkeyPatch) -> None:
    posted: list[tuple[bytes, dict[str, str]]] = []
    statuses = [500, 200]

    def post(_endpoint: object, body: bytes, headers: dict[str, str], *_given: object) -> exchange.Answer:
        posted.append((body, headers))
        return exchange.Answer(statuses.pop(0), b"")

    monkeypatch.setattr(exchange.Endpoint, "post", post)
    deliver(monkeypatch, "https://desk.example.com/told")
    outbox.order(notice(centre))
    centre.minutes(3)
    (_, first), (body, headers) = posted
    assert json.loads(body)["what"] == "led-out" and json.loads(body)["line"] == "support"
    timestamp, signature = headers[signing.TIMESTAMP_HEADER], headers[signing.SIGNATURE_HEADER]
    assert signing.holds("crm-key", timestamp, body, signature, centre.time())
    assert first["Idempotency-Key"] == headers["Idempotency-Key"]
