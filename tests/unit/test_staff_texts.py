"""What workers text is understood as they mean it, and each sentence says what is so."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.staff import texts
from chalicelib.staff.texts import OfLine, Said

WORDS = {"an": "on", "aus": "off", "Bis": "until", "Notiz": "note", "wer": "who"}
MONDAY = datetime(2026, 11, 30, 10, 0, 30, 5, tzinfo=UTC)
LINES = ("support", "support north", "sales")


# --- Commands


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("on", Said("on")),
        (" Off! ", Said("off")),
        ("off.", Said("off")),
        ("AUS", Said("off")),
        ("off !.", Said("off")),
        ("off until 14:00", Said("off", (14, 0))),
        ("on UNTIL 9", Said("on", (9, 0))),
        ("aus bis 14.30.", Said("off", (14, 30))),
        ("off until", Said("off", is_odd=True)),
        ("off until later", Said("off", is_odd=True)),
        ("off for lunch", Said("off", is_odd=True)),
        ("off on", Said("off", is_odd=True)),
        ("off who", Said("off", is_odd=True)),
        ("status", Said("status")),
        ("next", Said("next")),
        ("Who?", Said("unknown")),
        ("who,", Said("who")),
        ("last;", Said("last")),
        ("status please", Said("status", is_odd=True)),
        ("until 14:00", Said("unknown")),
        ("hello", Said("unknown")),
        ("", Said("unknown")),
    ],
)
def test_a_command_is_the_first_word(body: str, said: Said) -> None:
    assert texts.understood(body, WORDS) == said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("note She wants Tuesday", Said("note", note="She wants Tuesday")),
        ("notiz: call again", Said("note", note="call again")),
        ("note\nShe wants Tuesday", Said("note", note="She wants Tuesday")),
        ("note", Said("note")),
        ("block: shouts", Said("block", note="shouts")),
        ("close support: Snow.", Said("close", note="support: Snow.")),
        ("close: Snow.", Said("close", note=": Snow.")),
        ("open: Welcome.", Said("open", note=": Welcome.")),
        ("close, support", Said("close", note="support")),
    ],
)
def test_what_follows_a_note_a_block_or_a_line_is_kept_as_it_is(body: str, said: Said) -> None:
    assert texts.understood(body, WORDS) == said


def test_a_note_is_kept_up_to_its_longest() -> None:
    words = "x" * texts.LONGEST_NOTE
    assert texts.understood(f"note {words}", {}).note == texts.understood(f"note {words}y", {}).note == words


@pytest.mark.parametrize("body", ["STOP", "help.", "Yes", "start"])
def test_what_twilio_acts_on_is_twilios(body: str) -> None:
    assert texts.understood(body, {}) == Said("twilio")


@pytest.mark.parametrize("body", ["stop calling me", "yes please"])
def test_what_twilio_acts_on_is_a_whole_text(body: str) -> None:
    assert texts.understood(body, {}) == Said("unknown")


# --- Lines


@pytest.mark.parametrize(
    ("text", "of_line"),
    [
        ("support", OfLine("support")),
        ("Support North", OfLine("support north")),
        ("sales until 14:00", OfLine("sales", (14, 0))),
        ("sales bis 2 pm", OfLine("sales", (14, 0))),
        ("sales UNTIL 14:00: We are at a funeral.", OfLine("sales", (14, 0), "We are at a funeral.")),
        ("sales: Back at 10:30.", OfLine("sales", say="Back at 10:30.")),
        ("sales:we are away", OfLine("sales", say="we are away")),
        ("sales until 14:00:we are away", OfLine("sales", (14, 0), "we are away")),
        ("sales:2026 is over", OfLine("sales", say="2026 is over")),
        ("sales:", OfLine("sales", is_odd=True)),
        ("sales until later", OfLine("sales", is_odd=True)),
        ("sales at 14:00", OfLine("sales", is_odd=True)),
        ("sales an 14:00", OfLine("sales", is_odd=True)),
        ("sales wer 14:00", OfLine("sales", is_odd=True)),
        ("salesman", OfLine("", is_odd=True)),
        ("", OfLine("")),
        ("until 14:00", OfLine("", (14, 0))),
    ],
)
def test_a_line_and_until_when_and_what_its_callers_hear(text: str, of_line: OfLine) -> None:
    assert texts.of_line(text, LINES, WORDS) == of_line


@pytest.mark.parametrize(
    ("text", "of_line"),
    [
        ("", OfLine("support")),
        ("until 14:00", OfLine("support", (14, 0))),
        (": Snow.", OfLine("support", say="Snow.")),
        (":", OfLine("support", is_odd=True)),
        ("suport", OfLine("support", is_odd=True)),
        ("for good", OfLine("support", is_odd=True)),
    ],
)
def test_where_there_is_one_line_it_is_meant(text: str, of_line: OfLine) -> None:
    assert texts.of_line(text, ("support",), WORDS) == of_line


def test_where_there_is_no_line_none_is_meant() -> None:
    assert texts.of_line("", (), WORDS) == OfLine("")


# --- Times


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("14:00", (14, 0)),
        ("14.05", (14, 5)),
        ("14h30", (14, 30)),
        (" 9 ", (9, 0)),
        ("9.", (9, 0)),
        ("2 pm", (14, 0)),
        ("2PM!", (14, 0)),
        ("12 am", (0, 0)),
        ("12:30 pm", (12, 30)),
        ("1 am", (1, 0)),
        ("11:59pm", (23, 59)),
        ("0:00", (0, 0)),
        ("23:59", (23, 59)),
    ],
)
def test_a_time_of_day_as_people_write_it(text: str, time: tuple[int, int]) -> None:
    assert texts.time_of_day(text) == time


@pytest.mark.parametrize("text", ["", "24:00", "25:00", "12:60", "0 am", "13 pm", "0:30 pm", "9:5", "123", "noon"])
def test_what_is_no_time_of_day(text: str) -> None:
    assert texts.time_of_day(text) is None


@pytest.mark.parametrize(
    ("time", "then"), [((10, 1), "2026-11-30T10:01"), ((10, 0), "2026-12-01T10:00"), ((9, 0), "2026-12-01T09:00")]
)
def test_a_time_is_the_next_one_on_the_clock(time: tuple[int, int], then: str) -> None:
    assert texts.next_time(time, MONDAY) == datetime.fromisoformat(then).replace(tzinfo=UTC)


def test_the_time_that_it_is_comes_again_tomorrow() -> None:
    ten = MONDAY.replace(second=0, microsecond=0)
    assert texts.next_time((10, 0), ten) == ten + timedelta(days=1)


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (0, "10:00"),
        (1, "Tue 10:00"),
        (6, "Sun 10:00"),
        (7, "Mon 7 Dec 10:00"),
        (8, "Tue 8 Dec 10:00"),
        (-1, "Sun 29 Nov 10:00"),
    ],
)
def test_the_day_is_said_where_it_is_another_one(days: int, said: str) -> None:
    assert texts.clock(MONDAY + timedelta(days=days), MONDAY) == said


# --- Sentences


@pytest.mark.parametrize(
    ("say", "given", "sentence"),
    [
        (texts.which_line, (["support", "sales"],), "Which line? support, sales."),
        (texts.line_stands, ("support", True, "", ""), "support is open."),
        (
            texts.line_stands,
            ("support", False, "14:00", "Snow."),
            "support is closed until 14:00. Callers hear: Snow.",
        ),
        (texts.standing, ("Bea", "Available", True, ""), "Bea, you are on."),
        (texts.standing, ("Bea", "offline", False, "14:00"), "Bea, you are off until 14:00."),
        (texts.standing, ("Bea", "Wrap up", False, ""), "Bea, you are off (Wrap up)."),
        (texts.took_back, (0,), ""),
        (texts.took_back, (1,), " One call was ringing, it is taken back."),
        (texts.took_back, (2,), " The calls that rang are taken back."),
        (texts.shift, ("08:00", "12:00", True), "Your shift goes until 12:00."),
        (texts.shift, ("08:00", "12:00", False), "Your next shift is 08:00 to 12:00."),
        (texts.who, ([],), "Nobody is on."),
        (texts.who, (["Bea", "Carl"],), "On: Bea, Carl."),
        (texts.who, (["Bea", "Carl"], 2), "On: Bea, Carl."),
        (texts.who, (["Bea", "Carl", "Dora", "Emil", "Flo"], 2), "On: Bea, Carl and 3 more."),
        (
            texts.last,
            ("+14155550171", "10:00", "support"),
            "Your last caller was +14155550171, 10:00, line support.",
        ),
        (texts.last, ("", "10:00", ""), "Your last caller was without a number, 10:00."),
        (texts.blocked, ("…71", "Tue 10:00"), "…71 is blocked until Tue 10:00."),
        (texts.blocked, ("…71", ""), "…71 is not blocked: somebody let them in again."),
        (texts.noted, ("+14155550171",), "Noted, for the call with +14155550171."),
        (texts.noted, ("",), "Noted, for the call with a caller without a number."),
        (
            texts.after_talk,
            ("+14155550171", "10:00"),
            "What became of your call with +14155550171 at 10:00? Reply with a note.",
        ),
        (
            texts.after_talk,
            ("", "10:00"),
            "What became of your call with a caller without a number at 10:00? Reply with a note.",
        ),
        (
            texts.unreachable,
            ("Bea", "Offline"),
            "The phone of Bea cannot be reached and is Offline. Correct contact_uri in workers.toml.",
        ),
        (
            texts.unreachable,
            ("Bea", ""),
            "The phone of Bea cannot be reached. Correct contact_uri in workers.toml.",
        ),
    ],
)
def test_a_sentence_says_what_is_so(say: Callable[..., str], given: tuple[object, ...], sentence: str) -> None:
    assert say(*given) == sentence


@pytest.mark.parametrize(("activity", "shown"), [("OFFLINE", ""), ("Away", " (Away)"), ("Wrap up", " (Wrap up)")])
def test_who_lost_a_call_hears_in_which_activity_they_are_where_it_is_another_than_off(
    activity: str, shown: str
) -> None:
    assert texts.missed("10:00", activity) == f"You missed a call at 10:00 and are off{shown}. Reply on."
    said = f"A call at 10:00 was not put through to you, and you are off{shown}. Reply on."
    assert texts.declined("10:00", activity) == said


def test_of_many_who_are_on_twelve_are_named() -> None:
    names = [f"Worker{number}" for number in range(13)]
    assert texts.who(names[:12]) == f"On: {', '.join(names[:12])}."
    assert texts.who(names) == f"On: {', '.join(names[:12])} and 1 more."
