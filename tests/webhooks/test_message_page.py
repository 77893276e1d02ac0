"""The link of a mail: it shows who left a message, and plays it to whoever presses the button."""

import json
import re
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.links import caller_leg, notices, table
from chalicelib.links.model import Message, Notice
from chalicelib.storage import page
from chalicelib.tell import outbox
from tests.conftest import BUCKET
from tests.support.api_gateway import BASE, get, post
from tests.support.caches import forget_everything
from tests.support.driver import CALL, CALLER, Driver
from tests.support.meter import counting
from tests.webhooks.test_messages import Sounds, broken, row, sounds, tell, work
from tests.webhooks.test_recordings import DAY, RECORDING, leave_message
from tests.webhooks.test_sweep import Later, later
from tests.webhooks.test_tell import Inbox, inbox

__all__ = ["inbox", "later", "sounds"]

ROUTE = "/m/{token}"


def mailed_token(driver: Driver, inbox: Inbox) -> str:
    """The secret of the link in the one mail that has come."""
    driver.sweep()
    (mail,) = inbox.mails()
    (token,) = re.findall(rf"^{BASE}/m/([0-9a-f]{{32}})$", mail["Message"], re.MULTILINE)
    return str(token)


@pytest.fixture
def token(driver: Driver, inbox: Inbox) -> str:
    """Of a message that is in the bucket."""
    driver.event("task.created")
    leave_message(driver)
    tell(driver)
    work(driver)
    return mailed_token(driver, inbox)


def unsigned(event: dict[str, Any]) -> dict[str, Any]:
    event["headers"].pop("X-Twilio-Signature", None)
    return event


def look(driver: Driver, token: str) -> dict[str, Any]:
    return driver.send(unsigned(get(ROUTE, (), {"token": token}, signed_query="")))


def play(driver: Driver, token: str) -> dict[str, Any]:
    return driver.send(unsigned(post(ROUTE, {}, {"token": token})))


def test_the_mail_has_a_link_and_the_table_only_its_hash(driver: Driver, token: str) -> None:
    (link,) = [it for it in driver.cloud.rows() if it["call_sid"] == "LINK"]
    assert link["item"] == sha256(token.encode()).hexdigest()
    assert (link["about"], link["message"]) == (CALL, f"RECORDING#{RECORDING}")
    assert token not in json.dumps(driver.cloud.rows())


def test_looking_shows_who_and_when_and_marks_nothing(driver: Driver, token: str) -> None:
    for _ in range(3):  # a scanner of mails does, too
        answer = look(driver, token)
    assert answer["statusCode"] == 200
    assert "…71 left a message of 9 s on line support at 20" in answer["body"] and CALLER not in answer["body"]
    assert "<button>Play</button>" in answer["body"]
    assert "heard_at" not in row(driver)


def test_the_page_is_for_nobody_else(driver: Driver, token: str) -> None:
    for answer in (look(driver, token), play(driver, token), look(driver, "0" * 32)):
        headers = answer["headers"]
        assert headers["Cache-Control"] == "no-store" and headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in headers["X-Robots-Tag"]
    policy = look(driver, token)["headers"]["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; form-action 'self' https://") and "'unsafe" not in policy


def test_the_button_plays_by_a_url_of_five_minutes_and_marks_it_heard(driver: Driver, token: str, later: Later) -> None:
    answer = play(driver, token)
    assert answer["statusCode"] == 303 and answer["body"] == ""
    url = urlsplit(answer["headers"]["Location"])
    assert url.scheme == "https" and url.netloc == f"{BUCKET}.s3.eu-west-1.amazonaws.com"
    assert url.path == f"/{row(driver)['stored_as']}"
    assert parse_qs(url.query)["X-Amz-Expires"] == ["300"]
    assert f"https://{url.netloc};" in look(driver, token)["headers"]["Content-Security-Policy"]
    assert (row(driver)["heard_at"], row(driver)["heard_by"]) == (later.now, "by the link of a mail")


def test_the_first_who_hears_it_counts_and_the_next_one_sees_that(driver: Driver, token: str, later: Later) -> None:
    play(driver, token)
    first = row(driver)["heard_at"]
    later(60)
    assert "Heard at 20" in look(driver, token)["body"]
    assert play(driver, token)["statusCode"] == 303
    assert row(driver)["heard_at"] == first
    assert driver.log.getvalue().count("message is heard") == 1


@pytest.mark.parametrize("wrong", ["0" * 32, "", "x", "0" * 31, "G" * 32, "0" * 5000, "../" * 10])
def test_a_wrong_link_is_one_sentence(driver: Driver, token: str, wrong: str) -> None:
    del token
    with counting() as made:
        look(driver, wrong)
    assert made["Query"] == (1 if wrong == "0" * 32 else 0)  # what is none is not looked for
    for answer in (look(driver, wrong), play(driver, wrong)):
        assert answer["statusCode"] == 404 and "leads nowhere" in answer["body"] and "button" not in answer["body"]


def test_a_link_is_good_for_a_week(driver: Driver, token: str, later: Later) -> None:
    later(7 * DAY - 60)
    assert look(driver, token)["statusCode"] == 200
    later(120)
    assert look(driver, token)["statusCode"] == play(driver, token)["statusCode"] == 404
    assert "heard_at" not in row(driver)


def test_a_message_that_is_still_on_its_way_says_so(driver: Driver, inbox: Inbox) -> None:
    leave_message(driver)
    token = mailed_token(driver, inbox)
    for answer in (look(driver, token), play(driver, token)):
        assert answer["statusCode"] == 200
        assert "still on its way" in answer["body"] and "button" not in answer["body"]
    assert "heard_at" not in row(driver)


def test_what_a_caller_calls_himself_is_no_markup(driver: Driver, inbox: Inbox) -> None:
    caller_leg.record(CALL, {"caller": "<script>alert(1)</script>"}, 1.0)
    leave_message(driver)
    assert "<script>" not in look(driver, mailed_token(driver, inbox))["body"]


def test_no_line_of_the_log_has_the_secret_or_the_url(driver: Driver, token: str) -> None:
    look(driver, token)
    url = play(driver, token)["headers"]["Location"]
    look(driver, "0" * 32)
    log = driver.log.getvalue()
    assert (
        token not in log and url not in log and "X-Amz" not in log and "0" * 32 not in log.replace("AC" + "0" * 32, "")
    )
    (heard,) = [json.loads(line) for line in log.splitlines() if "message is heard" in line]
    assert (heard["route"], heard["recording_sid"]) == (ROUTE, RECORDING)


def test_while_the_table_is_down_the_page_says_so(driver: Driver, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "find_row", broken)
    assert look(driver, token)["statusCode"] == 503
    assert token not in driver.log.getvalue()


def test_switched_off_a_link_leads_nowhere_and_a_mail_has_none(
    driver: Driver, inbox: Inbox, token: str, environment: pytest.MonkeyPatch
) -> None:
    environment.delenv("MESSAGES_BUCKET")
    forget_everything()
    assert look(driver, token)["statusCode"] == 404
    leave_message(driver, "RE" + "c" * 32)
    driver.sweep()
    (mail,) = inbox.mails()
    assert "/m/" not in mail["Message"] and len(mail["Message"].splitlines()) == 4


@pytest.mark.parametrize("unknown", ["", "recording_sid", "base_url"])
def test_a_mail_has_a_link_only_where_it_leads_to_a_message(
    driver: Driver, inbox: Inbox, later: Later, unknown: str
) -> None:
    known: dict[str, Any] = {
        "about": CALL,
        "line": "support",
        "recording_sid": RECORDING,
        "base_url": BASE,
        unknown: "",
    }
    known.pop("", None)
    outbox.order(Notice(what="voicemail", at=later.now, **known))
    driver.sweep()
    (mail,) = inbox.mails()
    assert ("/m/" in mail["Message"]) is not bool(unknown)


def test_a_mail_that_is_told_again_has_a_link_of_its_own(
    driver: Driver, inbox: Inbox, monkeypatch: pytest.MonkeyPatch, later: Later
) -> None:
    leave_message(driver)
    with monkeypatch.context() as dies:
        dies.setattr(notices, "close", broken)
        driver.sweep()
    later(60)
    driver.sweep()
    links = {re.findall(r"/m/(\w+)", mail["Message"])[0] for mail in inbox.mails()}
    assert len(links) == 2
    assert {look(driver, link)["statusCode"] for link in links} == {200}


def test_sounds_are_asked_for_once(sounds: Sounds, driver: Driver, token: str) -> None:
    play(driver, token)
    play(driver, token)
    assert len(sounds.asked) == 1


SOUND_URL = "https://bucket.s3.eu-west-1.amazonaws.com/voicemail/x.mp3?a=1&b=2"


def shown(sound_url: str = SOUND_URL, caller: str = "…71", **known: Any) -> list[str]:
    """The sentences of the page of a message of 03:00."""
    message = Message(subject=CALL, item=f"RECORDING#{RECORDING}", at=1795230000.0, **known)
    return re.findall("<p>(.*?)</p>", page.of(message, caller, sound_url).body)


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({}, ["…71 left a message at 2026-11-21 03:00 UTC."]),
        ({"seconds": 0}, ["…71 left a message of 0 s at 2026-11-21 03:00 UTC."]),
        ({"caller": ""}, ["A caller without a number left a message at 2026-11-21 03:00 UTC."]),
        ({"seconds": 9, "line": "main"}, ["…71 left a message of 9 s on line main at 2026-11-21 03:00 UTC."]),
    ],
)
def test_the_page_says_who_left_it_where_and_how_long_it_is_as_far_as_that_is_known(
    known: dict[str, Any], said: list[str]
) -> None:
    assert shown(**known) == said


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"text": "Call <me>."}, ["As text: Call &lt;me&gt;."]),
        ({"heard_at": 1795230060.0, "heard_by": "Bea"}, ["Heard at 2026-11-21 03:01 UTC (Bea)."]),
        ({"done_at": 1795230120.0, "done_by": "Bea"}, ["Done at 2026-11-21 03:02 UTC (Bea)."]),
        ({"sound_url": ""}, ["It is still on its way: load this page again in a minute."]),
    ],
)
def test_the_page_says_what_became_of_the_message(known: dict[str, Any], said: list[str]) -> None:
    assert shown(**known)[1:] == said


@pytest.mark.parametrize(
    ("sound_url", "allowed"), [(SOUND_URL, "'self' https://bucket.s3.eu-west-1.amazonaws.com"), ("", "'self'")]
)
def test_the_button_leads_to_the_bucket_and_nowhere_else(sound_url: str, allowed: str) -> None:
    found = page.of(Message(subject=CALL, item=f"RECORDING#{RECORDING}"), "", sound_url)
    policy = f"default-src 'none'; form-action {allowed}; base-uri 'none'; frame-ancestors 'none'"
    assert found.headers["Content-Security-Policy"] == policy and found.status == 200
    assert ("<button>Play</button>" in found.body) is bool(sound_url)
