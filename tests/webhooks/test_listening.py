"""A recorded call from its notice to the ears of a worker who may listen, on the emulator; nobody else hears it."""

import json

import pytest

from chalicelib.config import callcenter
from chalicelib.links import table, talks
from chalicelib.staff import pins, twiml
from chalicelib.twilio import transport, urls
from emulator.voice.parties import Step, answers, hangs_up, hears, joined, presses, waits
from emulator.voice.parties import talks as speaks
from tests.conftest import BUCKET, Aws
from tests.support.api_gateway import post
from tests.support.staff_room import BEA, CALLCENTER, CARL, STAFF, STRANGER, SUPPORT, StaffRoom
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
def room(cloud: Aws, environment: pytest.MonkeyPatch) -> StaffRoom:
    """Bea may listen, and Carl may not."""
    environment.setenv("MESSAGES_BUCKET", BUCKET)
    room = StaffRoom(cloud, environment, CALLCENTER + RECORDED)
    room.pack(pins={"Bea": pins.hashed("4711", "ab" * 16), "Carl": pins.hashed("4711", "cd" * 16)})
    environment.setattr(transport, "fetch", Sounds().fetch)
    return room


def talk(room: StaffRoom, seconds: float = 12, caller: str = STRANGER) -> str:
    """Carl takes a call of so many seconds; returns the number of its recording."""
    room.text(CARL, "on")
    room.twilio.phone(CARL).will(answers(1))
    sid = room.twilio.dial(caller, SUPPORT, [joined(), speaks(seconds), hangs_up()])
    for _ in range(60):
        room.run(2)
        room.work()
    room.text(CARL, "off")
    (found,) = table.find_call(sid).talks
    return found.number


def call(room: StaffRoom, *then: Step, from_: str = BEA) -> list[str]:
    """Everything that is heard on this call."""
    sid = room.twilio.dial(from_, STAFF, then)
    room.run(120)
    return room.twilio.context.calls[sid].heard


def played(heard: list[str]) -> list[str]:
    return [sound.partition("?")[0].rpartition("/")[2] for sound in heard if "/recordings/" in sound]


def times_heard(room: StaffRoom) -> list[str]:
    return [row["by"] for row in room.cloud.rows() if row["item"].startswith("HEARD#")]


def test_the_caller_is_told_and_the_talk_alone_is_recorded(room: StaffRoom) -> None:
    talk(room)
    caller = next(one for one in room.twilio.context.calls.values() if one.to == SUPPORT)
    assert caller.heard[:2] == ["Hello.", NOTICE]
    (found,) = table.find_call(caller.sid).talks
    assert abs(found.seconds - 12) <= 1 and found.worker == "Carl" and found.deleted_at
    assert room.twilio.context.recordings.all == {}  # nothing is left at Twilio


def test_who_may_hears_the_latest_one_and_one_by_its_number(room: StaffRoom) -> None:
    first, second = talk(room), talk(room, 20)
    heard = call(room, *ASKED, presses("0#"), hears("number of a recording"), presses(f"{first}#"), waits(15))
    sids = {one.number: one.recording_sid for one in talks.latest(room.time())}
    assert played(heard) == [f"{sids[second]}.mp3", f"{sids[first]}.mp3"]
    assert any(said.startswith(f"Number {' '.join(second)}, ") and "20 seconds, Carl." in said for said in heard)
    assert times_heard(room) == ["Bea", "Bea"]


def test_who_listened_to_what_is_logged_and_the_caller_is_masked(room: StaffRoom) -> None:
    number = talk(room)
    call(room, *ASKED, presses(f"{number}#"), waits(15))
    lines = [json.loads(line) for line in room.log.getvalue().splitlines()]
    (line,) = [line for line in lines if line["event"] == "recording is heard"]
    assert (line["by"], line["caller"]) == ("Bea", "…71") and line["recording_sid"].startswith("RE")
    assert STRANGER not in room.log.getvalue()


def test_who_may_not_hears_of_no_key_and_is_refused(room: StaffRoom) -> None:
    talk(room)
    heard = call(room, *HERE, presses("8"), waits(15), from_=CARL)
    assert not any("Press 8" in said for said in heard) and any(said.startswith(twiml.NOT_YOURS) for said in heard)
    assert played(heard) == [] and times_heard(room) == []
    assert '"event": "recordings are refused"' in room.log.getvalue() or "recordings are refused" in room.log.getvalue()


def test_a_forged_way_past_the_menu_is_refused_too(room: StaffRoom) -> None:
    number = talk(room)
    sid = room.twilio.dial(CARL, STAFF, [*HERE, waits(60)])
    room.run(9)
    form = {"CallSid": sid, "From": CARL, "To": STAFF, "CallStatus": "in-progress", "Digits": number}
    body = room.send(post(urls.STAFF_LISTEN.path, form, {"attempt": "3"}))["body"]
    assert twiml.NOT_YOURS in body and "<Play>" not in body and times_heard(room) == []
    without_pin = post(urls.STAFF_LISTEN.path, form | {"CallSid": "CA" + "9" * 32}, {"attempt": "3"})
    assert twiml.NOT_NOW in room.send(without_pin)["body"]


@pytest.mark.parametrize("digits", ["999999", "12", "*7", "1"])
def test_a_number_of_nothing_plays_nothing(room: StaffRoom, digits: str) -> None:
    talk(room)
    heard = call(room, *ASKED, presses(f"{digits}#"), waits(15))
    assert played(heard) == [] and any(said.startswith(twiml.NO_TALK) for said in heard)


def test_star_leads_back_to_the_menu(room: StaffRoom) -> None:
    heard = call(room, *ASKED, presses("*#"), hears("Press"), hangs_up())
    assert "Press 8 to hear recordings." in heard[-1]


def test_the_recordings_of_a_queue_that_lets_others_listen_are_refused(
    room: StaffRoom, environment: pytest.MonkeyPatch
) -> None:
    number = talk(room)
    other = RECORDED.replace("[messages]", "").replace('kept_in = "s3"', "").replace("Support", "Sales")
    text = CALLCENTER + RECORDED.replace('["Bea"]', '["Carl"]') + other
    changed = callcenter.parse(text)
    environment.setattr(callcenter, "current", lambda: changed)
    heard = call(room, *ASKED, presses(f"{number}#"), hears("number of a recording"), presses("0#"), waits(15))
    assert played(heard) == [] and times_heard(room) == [] and "recording is refused" in room.log.getvalue()


def test_a_name_in_another_case_is_the_same_worker(room: StaffRoom) -> None:
    assert callcenter.current().listens("bea") and not callcenter.current().listens("")


def test_a_worker_of_the_emulators_world_hears_nothing_of_the_notice(room: StaffRoom) -> None:
    talk(room)
    legs = [one for one in room.twilio.context.calls.values() if one.to == CARL]
    assert legs and all(NOTICE not in leg.heard for leg in legs)
