"""Workers call the staff number: a PIN, and then each command by a key."""

import pytest

from chalicelib.staff import duty, pins, twiml
from chalicelib.twilio import urls
from emulator.voice.parties import Step, hangs_up, hears, presses, waits
from tests.conftest import Aws
from tests.support.api_gateway import post
from tests.support.call_centre import BEA, CARL, STAFF, STRANGER, SUPPORT, CallCentre

PIN = "4711"
HERE = (hears("PIN"), presses(f"{PIN}#"))


@pytest.fixture
def centre(cloud: Aws, environment: pytest.MonkeyPatch) -> CallCentre:
    centre = CallCentre(cloud, environment)
    centre.pack(pins={"Bea": pins.hashed(PIN, "ab" * 16)})
    return centre


def call(centre: CallCentre, *then: Step, from_: str = BEA) -> list[str]:
    """Everything that is heard on this call."""
    sid = centre.twilio.dial(from_, STAFF, then)
    centre.run(120)
    return centre.twilio.context.calls[sid].heard


def test_a_worker_goes_on_by_a_key_and_hears_that_they_are(centre: CallCentre) -> None:
    heard = call(centre, *HERE, hears("Press 1 to go on"), presses("1"), hears("Press 0"), hangs_up())
    assert heard[0] == twiml.PIN_PROMPT
    assert heard[1].startswith("Bea, you are off. Press 1 to go on, 2 for your next shift, 3 for who is on")
    assert heard[2].startswith("Bea, you are on. Press 0 to go off, 6 to go off until a time of day")
    assert centre.activity("Bea") == "Available"


def test_every_command_has_a_key(centre: CallCentre) -> None:
    centre.text(BEA, "on")
    heard = call(
        centre, *HERE, hears("Press 0"), presses("2"), hears("no rota"), presses("3"), hears("On: Bea"), presses("4"),
        hears("no caller"), presses("6"), hears("four digits"), presses("1430"), hears("until"), hangs_up(),
    )  # fmt: skip
    assert heard[-1].startswith("Bea, you are off until 14:30 UTC. Press 1 to go on")


@pytest.mark.parametrize("digits", ["9999", "0", "1"])
def test_a_time_that_is_none_changes_nothing(centre: CallCentre, digits: str) -> None:
    centre.text(BEA, "on")
    call(centre, *HERE, hears("Press 0"), presses("6"), hears("four digits"), presses(digits), waits(20))
    assert centre.activity("Bea") == "Available"


def test_three_wrong_pins_lock_the_worker_out_for_a_quarter_of_an_hour(centre: CallCentre) -> None:
    wrong = (hears("PIN"), presses("0000#"))
    heard = call(centre, *wrong, *wrong, *wrong)
    assert heard[-1] == twiml.LOCKED and heard[1].startswith(twiml.WRONG_PIN)
    assert call(centre, *HERE) == [twiml.LOCKED]
    centre.run(duty.LOCKED_SECONDS)
    assert "Press 1 to go on" in call(centre, *HERE, hears("Press 1"), hangs_up())[-1]


def test_wrong_pins_of_several_calls_count_together_and_the_right_one_forgets_them(centre: CallCentre) -> None:
    wrong = (hears("PIN"), presses("0000#"))
    call(centre, *wrong, *wrong, hears("PIN"), hangs_up())
    call(centre, *HERE, hears("Press 1"), hangs_up())
    call(centre, *wrong, *wrong, hears("PIN"), hangs_up())
    assert call(centre, *wrong)[-1] == twiml.LOCKED


def test_a_strangers_call_is_refused_unanswered(centre: CallCentre) -> None:
    assert call(centre, from_=STRANGER) == []


def test_who_has_no_pin_can_do_nothing(centre: CallCentre) -> None:
    assert call(centre, from_=CARL) == [twiml.NO_PIN]


def test_a_note_is_spoken_on_the_last_call(centre: CallCentre) -> None:
    from tests.webhooks.test_staff_notes import talk

    talk(centre)
    heard = call(centre, *HERE, hears("Press 0"), presses("5"), hears("tone"), waits(4), presses("#"), waits(20))
    assert any(said.startswith(twiml.NOTED) for said in heard)
    (link,) = [row for row in centre.cloud.rows() if row["item"].startswith("WR")]
    assert link["note_sid"].startswith("RE") and centre.cloud.row(f"NOTE#{link['note_sid']}")["open"] == "recording"


# --- Forged, replayed, without the PIN


def form(call_sid: str, **more: str) -> dict[str, str]:
    return {"CallSid": call_sid, "From": BEA, "To": STAFF, "CallStatus": "in-progress", **more}


def test_a_key_without_the_pin_of_this_call_does_nothing(centre: CallCentre) -> None:
    event = post(urls.STAFF_KEY.path, form("CA" + "a" * 32, Digits="1"), {"attempt": "2"})
    assert twiml.NOT_NOW in centre.send(event)["body"] and centre.activity("Bea") == "Offline"


def test_a_key_that_is_replayed_changes_nothing_in_the_call_and_after_it(centre: CallCentre) -> None:
    sid = centre.twilio.dial(
        BEA, STAFF, [*HERE, hears("Press 1"), presses("1"), hears("Press 0"), presses("0"), waits(9)]
    )
    while centre.rows().get("bea", {}).get("hand") != "off":
        centre.run(1)
    again = post(urls.STAFF_KEY.path, form(sid, Digits="1"), {"attempt": "2"})
    assert centre.activity("Bea") == "Offline"
    assert "Bea, you are off" in centre.send(again)["body"] and centre.activity("Bea") == "Offline"
    centre.run(200)
    never = post(urls.STAFF_KEY.path, form(sid, Digits="1"), {"attempt": "7"})
    assert twiml.NOT_NOW in centre.send(never)["body"] and centre.activity("Bea") == "Offline"


@pytest.mark.parametrize("route", [urls.STAFF_CALL, urls.STAFF_PIN, urls.STAFF_KEY, urls.STAFF_UNTIL, urls.STAFF_NOTE])
def test_a_forged_request_changes_nothing(centre: CallCentre, route: urls.Route) -> None:
    path = {"attempt": "1"} if "{attempt}" in route.path else {}
    event = post(route.path, form("CA" + "a" * 32, Digits=PIN), path, token="guessed")
    assert centre.send(event)["statusCode"] == 403 and centre.rows() == {}


def test_a_wrong_pin_that_comes_twice_counts_once(centre: CallCentre) -> None:
    for _ in range(5):
        centre.send(post(urls.STAFF_PIN.path, form("CA" + "a" * 32, Digits="0000"), {"attempt": "1"}))
    assert duty.find_lock("Bea").failures == 1


def test_the_pin_is_hashed_with_a_salt(centre: CallCentre) -> None:
    kept = pins.hashed(PIN, "cd" * 16)
    assert PIN not in kept and pins.fits(PIN, kept) and not pins.fits("4712", kept)
    assert kept != pins.hashed(PIN, "ab" * 16)


def test_the_line_of_callers_is_another_one(centre: CallCentre) -> None:
    assert SUPPORT != STAFF
