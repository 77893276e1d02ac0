"""What a command does, right to the second: which is new, which comes again, and which comes too late."""

import json
from typing import Any

import pytest

from chalicelib import jobs
from chalicelib.callers import block
from chalicelib.config import callcenter
from chalicelib.config.schema import DAY_SECONDS
from chalicelib.hours import switch
from chalicelib.links import profiles, reading, steps
from chalicelib.links.model import Key, Link
from chalicelib.links.profiles import KEPT_DAYS, Change
from chalicelib.staff import commands, duty, packaged, texts
from chalicelib.staff.commands import Asked
from chalicelib.staff.rota import Packaged, Shift, State
from chalicelib.twilio import rest
from tests.conftest import ACTIVITIES
from tests.doubles.twilio import FakeTwilio
from tests.support import in_memory
from tests.support.call_centre import MONDAY
from tests.support.driver import CALL, CALLER, RESERVATION, WORKER

FIRST, SECOND = "SM" + "1" * 32, "SM" + "2" * 32
DAY = 86400
RULES = """
default_line = "support"
[lines.support]
numbers = ["+14155550100"]
greeting = "Hello."
switch = true
know_caller = {}
[queues.Support.activities]
after_call = "Wrap up"
[staff]
numbers = ["+14155550105"]
admins = ["Bea"]
"""


@pytest.fixture(autouse=True)
def team(twilio: FakeTwilio, environment: pytest.MonkeyPatch) -> None:
    """It is ten o'clock. Bea is off, nobody rings her, and Twilio gets each text as it is sent."""
    center = callcenter.parse(RULES)
    environment.setattr(callcenter, "current", lambda: center)
    in_memory.dynamodb(environment)
    pack(environment)
    twilio.activity = ACTIVITIES["Offline"]
    came(environment, MONDAY)


def pack(environment: pytest.MonkeyPatch, *shifts: tuple[str, float, float]) -> None:
    """The rota has these shifts, by seconds from ten o'clock on."""
    packed = Packaged(shifts=tuple(Shift(who, int(MONDAY + start), int(MONDAY + end)) for who, start, end in shifts))
    environment.setattr(packaged, "current", lambda: packed)


def came(environment: pytest.MonkeyPatch, at: float) -> None:
    """Each text came to Twilio then."""
    environment.setattr(rest.texts, "came_at", lambda _sid: at)


def asked(sid: str = FIRST, at: float = MONDAY) -> Asked:
    return Asked(rest.workers.Worker(WORKER, ACTIVITIES["Offline"], False, 0.0, "", "Bea"), sid, at)


# --- On and off


@pytest.mark.parametrize(("age", "is_done"), [(3599, True), (3600, True), (3601, False)])
def test_a_text_is_a_command_for_an_hour(
    twilio: FakeTwilio, environment: pytest.MonkeyPatch, age: float, is_done: bool
) -> None:
    came(environment, MONDAY - age)
    commands.switch(asked(), "on", None)
    assert twilio.moves == [ACTIVITIES["Available"]] * is_done


@pytest.mark.parametrize(("age", "is_done"), [(59, True), (60, True), (61, False)])
def test_a_text_of_before_the_end_of_a_shift_is_none(
    twilio: FakeTwilio, environment: pytest.MonkeyPatch, age: float, is_done: bool
) -> None:
    pack(environment, ("Bea", -7200, -60))
    came(environment, MONDAY - age)
    commands.switch(asked(), "on", None)
    assert twilio.moves == [ACTIVITIES["Available"]] * is_done


@pytest.mark.parametrize(("late", "is_done"), [(59, True), (60, False), (61, False)])
def test_a_text_whose_time_is_over_is_none(
    twilio: FakeTwilio, environment: pytest.MonkeyPatch, late: float, is_done: bool
) -> None:
    said = commands.switch(asked(at=MONDAY + late), "on", (10, 1))
    assert twilio.moves == [ACTIVITIES["Available"]] * is_done
    assert said == ("Bea, you are on until 10:01 UTC." if is_done else "Bea, you are off.")


@pytest.mark.parametrize(("later", "times"), [(0, 2), (59, 2), (60, 1), (61, 1)])
def test_the_same_text_again_is_finished_within_a_minute(twilio: FakeTwilio, later: float, times: int) -> None:
    commands.switch(asked(), "on", None)
    twilio.activity = ACTIVITIES["Offline"]
    said = commands.switch(asked(at=MONDAY + later), "on", None)
    assert twilio.moves == [ACTIVITIES["Available"]] * times
    assert said == ("Bea, you are on." if times == 2 else "Bea, you are off.")


@pytest.mark.parametrize("sids", [(FIRST, SECOND), (SECOND, FIRST)], ids=["as sorted", "not as sorted"])
@pytest.mark.parametrize(("first", "later", "done"), [("on", 59, ["off"]), ("off", 59, ["on"]), ("off", 60, [])])
def test_an_older_text_again_has_the_latest_word_done_within_a_minute(
    environment: pytest.MonkeyPatch, sids: tuple[str, str], first: State, later: float, done: list[str]
) -> None:
    commands.switch(asked(sids[0]), first, None)
    came(environment, MONDAY + 1)
    commands.switch(asked(sids[1]), "off" if first == "on" else "on", None)
    came(environment, MONDAY)
    moved: list[State] = []
    environment.setattr(commands, "move_by_hand", lambda _sid, to: moved.append(to))
    commands.switch(asked(sids[0], MONDAY + later), first, None)
    assert moved == done


def test_an_older_text_moves_nobody_where_nothing_is_said_any_more(twilio: FakeTwilio) -> None:
    commands.switch(asked(), "on", None)
    duty.note_applied("Bea", MONDAY + 1, MONDAY + 1, duty.find("Bea"), {"hand": ""})
    duty.take_text("Bea", SECOND, MONDAY + 2, {})
    before = len(twilio.moves)
    commands.switch(asked(at=MONDAY + 3), "on", None)
    assert len(twilio.moves) == before


@pytest.mark.parametrize(
    ("sid", "came_at", "sent_at"),
    [
        ("SM" + "1" * 32, MONDAY - 5, MONDAY - 5),
        ("MM" + "1" * 32, MONDAY - 5, MONDAY - 5),
        ("SM" + "1" * 32, 0.0, MONDAY),
        ("CA" + "1" * 32 + "/2", MONDAY - 5, MONDAY),
    ],
    ids=["text", "picture", "unknown text", "key"],
)
def test_a_command_is_of_when_twilio_got_it_in_whole_seconds(
    environment: pytest.MonkeyPatch, sid: str, came_at: float, sent_at: float
) -> None:
    came(environment, came_at)
    commands.switch(asked(sid, MONDAY + 0.7), "on", None)
    assert (duty.find("Bea").sent_at, duty.find("Bea").hand_at) == (sent_at, MONDAY + 0.7)


@pytest.mark.parametrize(
    ("to", "activity", "is_moved"),
    [
        ("on", "Offline", True),
        ("on", "Unavailable", True),
        ("on", "Wrap up", True),
        ("on", "Available", False),
        ("off", "Available", True),
        ("off", "Wrap up", True),
        ("off", "Unavailable", False),
        ("off", "Offline", False),
    ],
)
def test_who_is_there_already_is_not_moved(twilio: FakeTwilio, to: State, activity: str, is_moved: bool) -> None:
    twilio.activity = ACTIVITIES[activity]
    commands.move_by_hand(WORKER, to)
    assert len(twilio.moves) == is_moved


@pytest.mark.parametrize(("to", "activity", "taken_back"), [("on", "Offline", None), ("off", "Available", "true")])
def test_off_takes_back_what_rings(twilio: FakeTwilio, to: State, activity: str, taken_back: str | None) -> None:
    twilio.activity = ACTIVITIES[activity]
    commands.move_by_hand(WORKER, to)
    (form,) = twilio.made("POST /v1")
    assert form.get("RejectPendingReservations") == taken_back


@pytest.mark.parametrize(
    ("to", "said"),
    [("on", "Bea, you are on."), ("off", "Bea, you are off. The calls that rang are taken back.")],
)
def test_of_what_rang_it_is_told_who_goes_off(environment: pytest.MonkeyPatch, to: State, said: str) -> None:
    environment.setattr(rest.workers, "ringing", lambda _sid: 2)
    assert commands.switch(asked(), to, None) == said


@pytest.mark.parametrize(
    ("later", "said"),
    [(59, "Bea, you are off. One call was ringing, it is taken back."), (60, "Bea, you are off.")],
)
def test_off_that_comes_again_within_a_minute_is_told_of_what_still_rings(
    environment: pytest.MonkeyPatch, later: float, said: str
) -> None:
    commands.switch(asked(), "off", None)
    environment.setattr(rest.workers, "ringing", lambda _sid: 1)
    assert commands.switch(asked(at=MONDAY + later), "off", None) == said


@pytest.mark.parametrize("others", [1, 2])
def test_whoever_moves_last_does_what_was_said_last(
    twilio: FakeTwilio, environment: pytest.MonkeyPatch, others: int
) -> None:
    """Others text while each is at it."""
    real, words, count = commands.move_by_hand, {"on": "off", "off": "on"}, [0]

    def move(worker_sid: str, to: State) -> None:
        real(worker_sid, to)
        count[0] += 1
        if count[0] <= others:
            duty.take_text("Bea", f"SM{count[0]:032}", MONDAY, {"hand": words[to], "hand_at": MONDAY})

    environment.setattr(commands, "move_by_hand", move)
    said = commands.switch(asked(), "on", None)
    assert said == ("Bea, you are off." if others % 2 else "Bea, you are on.")
    assert count[0] == others + 1


# --- What stands


@pytest.mark.parametrize(
    ("hand", "until", "activity", "said"),
    [
        ("off", 60, "Offline", "Bea, you are off until 10:01 UTC."),
        ("off", 1, "Offline", "Bea, you are off until 10:00 UTC."),
        ("off", 0, "Offline", "Bea, you are off."),
        ("off", -60, "Offline", "Bea, you are off."),
        ("off", 60, "Available", "Bea, you are on."),
        ("on", 60, "Available", "Bea, you are on until 10:01 UTC."),
        ("on", 60, "Offline", "Bea, you are off."),
        ("off", DAY, "Wrap up", "Bea, you are off until Tue 10:00 UTC (Wrap up)."),
    ],
)
def test_until_when_is_said_as_long_as_it_holds(
    twilio: FakeTwilio, hand: str, until: float, activity: str, said: str
) -> None:
    duty.take_text("Bea", FIRST, MONDAY, {"hand": hand, "hand_at": MONDAY, "until": MONDAY + until})
    twilio.activity = ACTIVITIES[activity]
    assert commands.status(asked()) == said


@pytest.mark.parametrize(
    ("shifts", "said"),
    [
        ([], texts.NO_ROTA),
        ([("Carl", 0, 60)], texts.NO_SHIFT),
        ([("Ann", 0, 60)], texts.NO_SHIFT),
        ([("Bea", -60, 0)], texts.NO_SHIFT),
        ([("Bea", -120, -60)], texts.NO_SHIFT),
        ([("BEA", -60, 1)], "Your shift goes until 10:00."),
        ([("Bea", 0, 7200)], "Your shift goes until 12:00."),
        ([("Bea", 1, 7200)], "Your next shift is 10:00 UTC to 12:00."),
        ([("Bea", -12 * 3600, 7200)], "Your shift goes until 12:00."),
        ([("Bea", 3600, DAY)], "Your next shift is 11:00 UTC to Tue 10:00."),
        ([("Bea", DAY, DAY + 3600)], "Your next shift is Tue 10:00 UTC to 11:00."),
        ([("Bea", -60, 0), ("Bea", 60, 120), ("Bea", 300, 360)], "Your next shift is 10:01 UTC to 10:02."),
    ],
)
def test_the_shift_that_is_on_or_the_next_one(
    environment: pytest.MonkeyPatch, shifts: list[tuple[str, float, float]], said: str
) -> None:
    pack(environment, *shifts)
    assert commands.next_shift(asked()) == said
    assert commands.status(asked()) == (f"Bea, you are off. {said}" if shifts else "Bea, you are off.")


def test_who_is_on_is_said_by_name(environment: pytest.MonkeyPatch) -> None:
    on = [rest.workers.Worker("", "", True, 0.0, "", name) for name in ("Carl", "Ann")]
    environment.setattr(rest.workers, "available", lambda: on)
    assert commands.who() == "On: Ann, Carl."


# --- The last caller


def talked(environment: pytest.MonkeyPatch, *bridged_at: float, **known: Any) -> list[Link]:
    """Bea's latest links, by when the two were joined, 0 for never."""
    found = [
        Link(
            **{"subject": CALL, "reservation_sid": RESERVATION, "worker_sid": WORKER, "caller": CALLER, **known},
            bridged_at=at,
        )
        for at in bridged_at
    ]
    environment.setattr(reading, "latest_links", lambda _sid, most: iter(found[:most]))
    return found


def test_the_last_caller_is_the_latest_with_whom_the_two_talked(environment: pytest.MonkeyPatch) -> None:
    _, second, third = talked(environment, 0, MONDAY - 60, MONDAY - 90)
    assert commands.last_talk(WORKER) == second
    assert commands.last_talk(WORKER, MONDAY - 60) == third
    assert commands.last_talk(WORKER, MONDAY - 59.5) == second
    assert commands.last_talk(WORKER, MONDAY - 90) is None


@pytest.mark.parametrize(
    ("caller_id", "said"),
    [
        ("+14155550100", f"Your last caller was {CALLER}, 09:59 UTC, line support."),
        ("", f"Your last caller was {CALLER}, 09:59 UTC."),
    ],
)
def test_the_last_caller_is_said_with_the_line(environment: pytest.MonkeyPatch, caller_id: str, said: str) -> None:
    talked(environment, MONDAY - 60, caller_id=caller_id)
    assert commands.last(asked()) == said


@pytest.mark.parametrize(("age", "is_done"), [(3600, True), (3601, False)])
def test_a_text_blocks_for_an_hour(environment: pytest.MonkeyPatch, age: float, is_done: bool) -> None:
    came(environment, MONDAY - age)
    talked(environment, MONDAY - 7200)
    assert (commands.block_last(asked(), "") == texts.LATE_BLOCK) != is_done
    assert profiles.find(CALLER).is_blocked(MONDAY) == is_done


@pytest.mark.parametrize(("later", "is_blocked"), [(0, True), (0.9, True), (1, False), (2, False)])
def test_who_is_blocked_is_the_caller_before_the_text(
    environment: pytest.MonkeyPatch, later: float, is_blocked: bool
) -> None:
    """Twilio tells of a text in whole seconds."""
    came(environment, MONDAY - 60)
    talked(environment, MONDAY - 60 + later)
    assert (commands.block_last(asked(), "") != texts.NO_CALLER) == is_blocked


def test_a_block_is_kept_with_who_why_and_until_when(environment: pytest.MonkeyPatch) -> None:
    came(environment, MONDAY - 5)
    talked(environment, MONDAY - 60)
    said = commands.block_last(asked(), "x" * 300)
    until = MONDAY + KEPT_DAYS * DAY_SECONDS
    kept = Change(did="blocked", at=MONDAY - 5, by="Bea", sid=FIRST, until=until, reason="x" * 200)
    assert (profiles.find(CALLER).block, said) == (kept, "…71 is blocked until Tue 30 Nov 10:00 UTC.")


def test_whom_somebody_let_in_since_the_text_is_not_blocked(environment: pytest.MonkeyPatch) -> None:
    came(environment, MONDAY - 5)
    talked(environment, MONDAY - 60)
    block.remove(CALLER, Change(did="unblocked", at=MONDAY - 1, by="Ann", sid="another"), MONDAY)
    assert commands.block_last(asked(), "") == "…71 is not blocked: somebody let them in again."


# --- Notes


ABOUT = Key("CA" + "7" * 32, "WR" + "7" * 32)


def known_talk(worker_sid: str = WORKER) -> None:
    """A talk about which Bea may be asked."""
    known = Link(subject=ABOUT.subject, reservation_sid=ABOUT.reservation_sid, worker_sid=worker_sid, caller=CALLER)
    steps.reserve(known, MONDAY - 60)


def note_of(key: Key) -> str:
    link = reading.find_link(key)
    assert link
    return link.note


def test_a_note_is_kept_with_the_call_that_was_asked_about_and_the_question_is_answered() -> None:
    known_talk()
    duty.ask_for_note("Bea", ABOUT, MONDAY)
    assert commands.note(asked(), "call again") == texts.noted(CALLER)
    assert note_of(ABOUT) == "call again"
    assert duty.find("Bea") == duty.Duty(worker="bea", texts=FIRST)


@pytest.mark.parametrize(("later", "is_kept"), [(4 * 3600 - 1, True), (4 * 3600, False)])
def test_other_words_are_a_note_for_four_hours_after_the_question(later: float, is_kept: bool) -> None:
    known_talk()
    duty.ask_for_note("Bea", ABOUT, MONDAY)
    said = commands.do(asked(at=MONDAY + later), texts.Said("unknown"), "call again")
    assert said == (texts.noted(CALLER) if is_kept else texts.HELP)
    assert note_of(ABOUT) == ("call again" if is_kept else "")


@pytest.mark.parametrize(
    ("said", "words", "is_note"),
    [
        (texts.Said("unknown"), "call again", True),
        (texts.Said("on", is_odd=True), "on hold again", True),
        (texts.Said("status", is_odd=True), "status is gold", True),
        (texts.Said("status"), "status", False),
        (texts.Said("unknown"), "", False),
        (texts.Said("who"), "who", False),
    ],
)
def test_what_is_no_plain_command_is_the_note_that_was_asked_for(said: texts.Said, words: str, is_note: bool) -> None:
    known_talk()
    duty.ask_for_note("Bea", ABOUT, MONDAY)
    assert (commands.do(asked(), said, words) == texts.noted(CALLER)) == is_note
    assert note_of(ABOUT) == (words if is_note else "")


def test_what_is_no_command_is_answered_with_help_where_no_note_is_asked_for() -> None:
    assert commands.do(asked(), texts.Said("unknown"), "call again") == texts.HELP
    assert commands.do(asked(), texts.Said("off", is_odd=True), "off for lunch") == texts.NO_TIME
    assert commands.do(asked(), texts.Said("status", is_odd=True), "status please") == "Bea, you are off."


@pytest.mark.parametrize("worker_sid", ["WK" + "0" * 32, "WK" + "f" * 32])
def test_nobody_writes_a_note_about_the_call_of_another_worker(worker_sid: str) -> None:
    known_talk(worker_sid)
    duty.ask_for_note("Bea", ABOUT, MONDAY)
    assert commands.note(asked(), "not mine") == texts.NO_TALK and note_of(ABOUT) == ""


@pytest.mark.parametrize(
    ("state", "tells", "kept", "is_told"),
    [
        ("closed", True, "", True),
        ("closed", True, "call again", False),
        ("closed", False, "", False),
        ("bridged", True, "", False),
        ("reserved", True, "", False),
    ],
)
def test_the_crm_hears_a_new_note_on_a_call_that_is_over(
    environment: pytest.MonkeyPatch, state: str, tells: bool, kept: str, is_told: bool
) -> None:
    center = callcenter.parse(f"{RULES}\n[crm]\nafter = {str(tells).lower()}")
    environment.setattr(callcenter, "current", lambda: center)
    sent: list[jobs.Job] = []
    environment.setattr(jobs, "send", sent.append)
    known_talk()
    if state != "reserved":
        steps.upsert_state(ABOUT, "bridged", MONDAY, {"note": kept})
    if state == "closed":
        steps.close(ABOUT, "completed", "", MONDAY)
    duty.ask_for_note("Bea", ABOUT, MONDAY)
    commands.note(asked(), "call again")
    assert sent == [jobs.TellCrm(ABOUT.subject, ABOUT.reservation_sid)] * is_told and note_of(ABOUT) == "call again"


# --- Lines


@pytest.mark.parametrize(("age", "is_done"), [(3600, True), (3601, False)])
def test_a_text_switches_a_line_for_an_hour(environment: pytest.MonkeyPatch, age: float, is_done: bool) -> None:
    came(environment, MONDAY - age)
    said = commands.switch_line(asked(), "closed", texts.OfLine("support"))
    assert said.startswith("support is closed" if is_done else "support is open")
    assert len(switch.find("support").changes) == is_done


def test_a_change_of_a_line_is_of_when_it_was_said(environment: pytest.MonkeyPatch) -> None:
    came(environment, MONDAY - 5)
    commands.do(asked(), texts.Said("close", note="until 11:00: Snow."), "close until 11:00: Snow.")
    (change,) = switch.find("support").changes
    assert (change.to, change.at, change.by, change.sid) == ("closed", MONDAY - 5, "Bea", FIRST)
    assert (change.until, change.said) == (MONDAY + 3600, "Snow.")


def test_a_move_is_logged_with_until_when(twilio: FakeTwilio, capsys: pytest.CaptureFixture[str]) -> None:
    commands.switch(asked(), "on", (11, 0))
    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (line["event"], line["to"], line["until"]) == ("worker by hand", "on", int(MONDAY + 3600))
