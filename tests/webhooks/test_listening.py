"""A recorded call from its notice to the ears of a worker who may listen, on the emulator; nobody else hears it."""

import json

import pytest

from chalicelib.config import callcenter
from chalicelib.links import reading, talks
from chalicelib.staff import pins, twiml
from chalicelib.twilio import transport, urls
from emulator.voice.parties import Step, answers, hangs_up, hears, joined, presses, waits
from emulator.voice.parties import talks as speaks
from tests.conftest import BUCKET, Aws
from tests.support.api_gateway import post
from tests.support.call_centre import BEA, CALLCENTER, CARL, STAFF, STRANGER, SUPPORT, CallCentre
from tests.webhooks.test_messages import Sounds

NOTICE = "This call is recorded."
RECORDED = f"""
[queues.Support.recording]
record = "both"
notice = "{NOTICE}"
who_may_listen = ["Bea"]
[messages]
kept_in = "s3"
"""
HERE = (hears("PIN"), presses("4711#"), hears("Press"))
ASKED = (*HERE, presses("8"), hears("number of a recording"))


@pytest.fixture
def centre(cloud: Aws, environment: pytest.MonkeyPatch) -> CallCentre:
    """Bea may listen, and Carl may not."""
    environment.setenv("MESSAGES_BUCKET", BUCKET)
    centre = CallCentre(cloud, environment, CALLCENTER + RECORDED)
    centre.pack(pins={"Bea": pins.hashed("4711", "ab" * 16), "Carl": pins.hashed("4711", "cd" * 16)})
    environment.setattr(transport, "fetch", Sounds().fetch)
    return centre


def talk(centre: CallCentre, seconds: float = 12, caller: str = STRANGER) -> str:
    """Carl takes a call of so many seconds; returns the number of its recording."""
    centre.text(CARL, "on")
    centre.twilio.phone(CARL).will(answers(1))
    sid = centre.twilio.dial(caller, SUPPORT, [joined(), speaks(seconds), hangs_up()])
    for _ in range(60):
        centre.run(2)
        centre.work()
    centre.text(CARL, "off")
    (found,) = reading.of_call(sid).talks
    return found.number


def call(centre: CallCentre, *then: Step, from_: str = BEA) -> list[str]:
    """Everything that is heard on this call."""
    sid = centre.twilio.dial(from_, STAFF, then)
    centre.run(120)
    return centre.twilio.context.calls[sid].heard


def played(heard: list[str]) -> list[str]:
    return [sound.partition("?")[0].rpartition("/")[2] for sound in heard if "/recordings/" in sound]


def times_heard(centre: CallCentre) -> list[str]:
    return [row["by"] for row in centre.cloud.rows() if row["item"].startswith("HEARD#")]


def test_the_caller_is_told_and_the_talk_alone_is_recorded(centre: CallCentre) -> None:
    talk(centre)
    caller = next(one for one in centre.twilio.context.calls.values() if one.to == SUPPORT)
    assert caller.heard[:2] == ["Hello.", NOTICE]
    (found,) = reading.of_call(caller.sid).talks
    assert abs(found.seconds - 12) <= 1 and found.worker == "Carl" and found.deleted_at
    assert centre.twilio.context.recordings.all == {}  # nothing is left at Twilio


def test_who_may_hears_the_latest_one_and_one_by_its_number(centre: CallCentre) -> None:
    first, second = talk(centre), talk(centre, 20)
    heard = call(centre, *ASKED, presses("0#"), hears("number of a recording"), presses(f"{first}#"), waits(15))
    sids = {one.number: one.recording_sid for one in talks.latest(centre.time())}
    assert played(heard) == [f"{sids[second]}.mp3", f"{sids[first]}.mp3"]
    assert any(said.startswith(f"Number {' '.join(second)}, ") and "20 seconds, Carl." in said for said in heard)
    assert times_heard(centre) == ["Bea", "Bea"]


def test_who_listened_to_what_is_logged_and_the_caller_is_masked(centre: CallCentre) -> None:
    number = talk(centre)
    call(centre, *ASKED, presses(f"{number}#"), waits(15))
    lines = [json.loads(line) for line in centre.log.getvalue().splitlines()]
    (line,) = [line for line in lines if line["event"] == "recording is heard"]
    assert (line["by"], line["caller"]) == ("Bea", "…71") and line["recording_sid"].startswith("RE")
    assert STRANGER not in centre.log.getvalue()


def test_who_may_not_hears_of_no_key_and_is_refused(centre: CallCentre) -> None:
    talk(centre)
    heard = call(centre, *HERE, presses("8"), waits(15), from_=CARL)
    assert not any("Press 8" in said for said in heard) and any(said.startswith(twiml.NOT_YOURS) for said in heard)
    assert played(heard) == [] and times_heard(centre) == []
    assert (
        '"event": "recordings are refused"' in centre.log.getvalue()
        or "recordings are refused" in centre.log.getvalue()
    )


def test_a_forged_way_past_the_menu_is_refused_too(centre: CallCentre) -> None:
    number = talk(centre)
    sid = centre.twilio.dial(CARL, STAFF, [*HERE, waits(60)])
    centre.run(9)
    form = {"CallSid": sid, "From": CARL, "To": STAFF, "CallStatus": "in-progress", "Digits": number}
    body = centre.send(post(urls.STAFF_LISTEN.path, form, {"attempt": "3"}))["body"]
    assert twiml.NOT_YOURS in body and "<Play>" not in body and times_heard(centre) == []
    without_pin = post(urls.STAFF_LISTEN.path, form | {"CallSid": "CA" + "9" * 32}, {"attempt": "3"})
    assert twiml.NOT_NOW in centre.send(without_pin)["body"]


@pytest.mark.parametrize("digits", ["999999", "12", "*7", "1"])
def test_a_number_of_nothing_plays_nothing(centre: CallCentre, digits: str) -> None:
    talk(centre)
    heard = call(centre, *ASKED, presses(f"{digits}#"), waits(15))
    assert played(heard) == [] and any(said.startswith(twiml.NO_TALK) for said in heard)


def test_star_leads_back_to_the_menu(centre: CallCentre) -> None:
    heard = call(centre, *ASKED, presses("*#"), hears("Press"), hangs_up())
    assert "Press 8 to hear recordings." in heard[-1]


def test_the_recordings_of_a_queue_that_lets_others_listen_are_refused(
    centre: CallCentre, environment: pytest.MonkeyPatch
) -> None:
    number = talk(centre)
    other = RECORDED.replace("[messages]", "").replace('kept_in = "s3"', "").replace("Support", "Sales")
    text = CALLCENTER + RECORDED.replace('["Bea"]', '["Carl"]') + other
    changed = callcenter.parse(text)
    environment.setattr(callcenter, "current", lambda: changed)
    heard = call(centre, *ASKED, presses(f"{number}#"), hears("number of a recording"), presses("0#"), waits(15))
    assert played(heard) == [] and times_heard(centre) == [] and "recording is refused" in centre.log.getvalue()


def test_a_name_in_another_case_is_the_same_worker(centre: CallCentre) -> None:
    assert callcenter.current().listens("bea") and not callcenter.current().listens("")


def test_a_worker_of_the_emulators_world_hears_nothing_of_the_notice(centre: CallCentre) -> None:
    talk(centre)
    legs = [one for one in centre.twilio.context.calls.values() if one.to == CARL]
    assert legs and all(NOTICE not in leg.heard for leg in legs)
