"""`line`, `hear` and `holidays`: lines are closed and opened at once, and one can hear what a caller would."""

import json
import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from chalicelib.config import callcenter
from chalicelib.config.hours import Hours
from chalicelib.config.toml_errors import CallCenterError
from chalicelib.hours import state, switch
from chalicelib.hours.calendar import Calendar
from ops import hours
from ops.__main__ import main
from ops.callcenter import check, holidays
from ops.callcenter.files import Texts
from ops.commands.table_options import Table
from ops.errors import UsageError
from tests.conftest import Aws
from tests.ops.files import CENTER, WORKERS, without_lines

RULES = """
default_line = "support"
[lines.support]
numbers = ["+14155550100"]
greeting = "Welcome."
hours = "clinic"
switch = true
closed = { then = "voicemail", urgent_key = { digits = "9", to = "+14155550199" } }
[lines.support.menu]
prompt = "For English press 1."
choices = [{ digits = "1", attributes = { language = "en" } }, { digits = "#", attributes = { language = "fr" } }]
[lines.sales]
numbers = ["+14155550101"]
greeting = "Sales."
hours = "clinic"
closed = { then = "callback" }
callback = { countries = ["+1"], other_number = true }
[lines.night]
numbers = ["+14155550102"]
greeting = "Night."
[simple_queues.desk]
numbers = ["+14155550103"]
agent_numbers = ["+14155550104"]
agents = []
greeting = "The desk."
[hours.clinic]
zone = "America/Los_Angeles"
week = { mon-thu = ["08:00-12:00", "13:00-17:00"], fri = ["22:00-02:00"] }
dates = [
  { on = 2026-12-24, open = ["08:00-12:00"], say = "We have closed at noon." },
  { on = 2026-12-25, to = 2026-12-26, name = "Christmas" },
]
"""
NOON = datetime(2026, 11, 30, 20, 30, tzinfo=UTC).timestamp()  # half past twelve of a Monday in Los Angeles


@pytest.fixture
def typed(
    cloud: Aws, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., tuple[int, str, str]]]:
    environment.setattr(callcenter, "source", lambda _where="": RULES)
    environment.setattr(Table, "now", lambda _table: NOON)
    callcenter.current.cache_clear()

    def types(*words: str) -> tuple[int, str, str]:
        code = main(words)
        out, err = capsys.readouterr()
        return code, out, err

    yield types


Typed = Callable[..., tuple[int, str, str]]


# --- line


def test_a_line_is_closed_until_a_time_and_opened_again(typed: Typed) -> None:
    code, out, _ = typed("line", "close", "Support", "--until", "14:00", "--say", "We are at a funeral.")
    assert code == 0 and "support is closed until Mon 2026-11-30 14:00" in out
    _, out, _ = typed("line", "status", "--json")
    (found,) = [one for one in json.loads(out) if one["line"] == "support"]
    assert found["is"] == "closed" and found["callers hear"] == "We are at a funeral." and found["switched"]
    _, out, _ = typed("line", "open", "support", "--until", "2026-12-01T07:00")
    assert "support is open until Tue 2026-12-01 07:00" in out
    _, out, _ = typed("line", "status", "--changes", "--json")
    assert [one["to"] for one in json.loads(out)] == ["open", "closed"]


def test_the_status_of_lines_without_a_switch_is_by_the_file(typed: Typed) -> None:
    code, out, _ = typed("line", "status")
    rows = [line.split() for line in out.splitlines()[1:]]
    assert code == 0 and [row[:2] for row in rows] == [["support", "closed"], ["sales", "closed"], ["night", "open"]]
    assert "Mon 2026-11-30 13:00" in out


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("close", "suport"), "did you mean 'support'"),
        (("close", "sales"), "lines.sales has no switch: write switch = true there"),
        (("close", "support", "--until", "2026-11-30T12:00"), "is over"),
        (("close", "support", "--until", "later"), "is no time"),
        (("open", "support", "--until", "25:00"), "is no time"),
    ],
)
def test_what_cannot_be_switched_is_said(typed: Typed, words: tuple[str, ...], why: str) -> None:
    code, _, err = typed("line", *words)
    assert code and why in err and switch.find("support").changes == ()


# --- hear


@pytest.mark.parametrize(
    ("words", "heard"),
    [
        (("+14155550100", "--at", "2026-12-24T17:05"), ["support is closed", "says: We have closed at noon. If it is urgent, press 9.", "the caller presses nothing", "says: Please leave a message", "may leave a message of up to 120 seconds"]),
        (("+14155550100", "--at", "2026-12-24T17:05", "--keys", "9"), ["support is closed", "press 9.", "presses 9", "connected with +14155550199"]),
        (("+14155550100", "--at", "2026-12-24T17:05", "--keys", "4"), ["support is closed", "press 9.", "presses 4", "says: Please leave", "may leave"]),
        (("+14155550100", "--at", "2026-12-25T09:00"), ["closed", "says: We are closed for Christmas. If", "nothing", "leave", "leave"]),
        (("+14155550100", "--at", "2026-12-23T09:00", "--keys", "1"), ["open", "says: Welcome.", "says: For English press 1.", "presses 1", 'as a task with {"language":"en","menu_choice":"1"}']),
        (("+14155550100", "--at", "2026-12-23T09:00", "--keys", "#"), ["open", "Welcome", "English", "presses #", 'as a task with {"language":"fr","menu_choice":"#"}']),
        (("+14155550100", "--at", "2026-12-23T09:00", "--keys", "77"), ["open", "Welcome", "English", "presses 7", "Sorry", "English", "presses 7", "as a task with {}"]),
        (("+14155550100", "--at", "2026-12-23T09:00"), ["open", "Welcome", "English", "presses nothing", "Sorry", "English", "presses nothing", "as a task with {}"]),
        (("+14155550101", "--at", "2026-12-23T18:00", "--keys", "1"), ["closed", "says: We are closed.", "call you back at", "presses 1", "says: You will be called back.", "over"]),
        (("+14155550101", "--at", "2026-12-23T18:00", "--keys", "22125550188#1"), ["closed", "We are closed", "back at", "presses 2", "enter your number", "presses 2125550188#", "back at 2 1 2", "presses 1", "You will", "over"]),
        (("+14155550101", "--at", "2026-12-23T18:00", "--keys", "5"), ["closed", "We are closed", "back at", "presses 5", "says: Goodbye.", "over"]),
        (("+14155550102", "--at", "2026-12-25T03:00"), ["night is open", "says: Night.", "as a task with {}"]),
        (("+14155550103",), ["says: The desk.", "the caller waits in the queue desk"]),
    ],
)  # fmt: skip
def test_what_a_caller_would_hear(typed: Typed, words: tuple[str, ...], heard: list[str]) -> None:
    code, out, err = typed("hear", *words)
    lines = out.splitlines()
    assert code == 0 and len(lines) == len(heard), (out, err)
    assert all(part in line for part, line in zip(heard, lines, strict=True)), out


def test_a_number_that_no_line_lists_is_the_default_lines(typed: Typed) -> None:
    _, _, err = typed("hear", "+14155550188")
    assert "it is treated as support" in err


def test_the_next_four_weeks(typed: Typed) -> None:
    _, out, _ = typed("hear", "--table", "--json")
    days = json.loads(out)
    assert len(days) == 2 * 28 and {day["line"] for day in days} == {"support", "sales"}
    calendar = Calendar(tomllib_hours(), ZoneInfo("America/Los_Angeles"))
    listed = list(hours.openings(calendar, datetime(2026, 12, 24, 20, tzinfo=UTC).timestamp(), 2))
    assert listed == [("Thu 2026-12-24", "08:00-12:00", ""), ("Fri 2026-12-25", "closed", "Christmas")]
    night = list(hours.openings(calendar, datetime(2026, 12, 4, 20, tzinfo=UTC).timestamp(), 1))
    assert night == [("Fri 2026-12-04", "22:00-02:00", "")]


def tomllib_hours() -> Hours:
    return callcenter.parse(RULES).hours["clinic"]


@pytest.mark.parametrize("words", [(), ("0415",)])
def test_what_is_no_number_is_refused(typed: Typed, words: tuple[str, ...]) -> None:
    code, _, err = typed("hear", *words)
    assert code and "give the number that is called" in err


# --- holidays


def test_holidays_are_written_where_none_stands_and_a_persons_words_stay() -> None:
    known = {date(2026, 12, 25): "Christmas Day", date(2026, 12, 31): "New Year's Eve"}
    text, new = holidays.added(RULES, "clinic", known)
    assert new == {date(2026, 12, 31): "New Year's Eve"}
    assert tomllib.loads(text)["hours"]["clinic"]["dates"][-1] == {"on": date(2026, 12, 31), "name": "New Year's Eve"}
    assert text.startswith(RULES[: RULES.index("  { on = 2026-12-25")].split("dates", maxsplit=1)[0])
    assert holidays.added(text, "clinic", known) == (text, {})


@pytest.mark.parametrize(
    "dates", ["", "[[hours.clinic.dates]]\non = 2027-05-01\nname = 'May'\n", "dates = [] # none\n"]
)
def test_holidays_go_into_hours_without_dates_and_into_tables_of_them(dates: str) -> None:
    text, _ = holidays.added(f"[hours.clinic]\nweek = {{}}\n{dates}", "clinic", {date(2027, 7, 4): "Fourth"})
    assert tomllib.loads(text)["hours"]["clinic"]["dates"][-1]["on"] == date(2027, 7, 4)


def test_the_holidays_of_a_country_and_of_its_part() -> None:
    assert holidays.of("us", "", 2027)[date(2027, 12, 25)] == "Christmas Day"
    assert date(2027, 1, 6) in holidays.of("DE", "BY", 2027) and date(2027, 1, 6) not in holidays.of("DE", "BE", 2027)


def test_the_command_writes_the_file(typed: Typed, tmp_path: Path) -> None:
    file = tmp_path / "chalicelib" / "team" / "callcenter.toml"
    file.parent.mkdir(parents=True)
    file.write_text(RULES, encoding="utf-8")
    words = ("holidays", "--country", "US", "--year", "2027", "--hours", "clinic", "--root", str(tmp_path))
    code, out, err = typed(*words)
    assert code == 0 and "+ 2027-12-25 Christmas Day" in out and "look through them" in err
    assert callcenter.parse(file.read_text(encoding="utf-8")).hours["clinic"].dates[-1].on.year == 2027
    assert typed(*words)[1] == ""


@pytest.mark.parametrize(
    ("country", "table", "why"), [("XX", "clinic", "XX"), ("US", "clinc", "there is no table [hours.clinc]")]
)
def test_what_has_no_holidays_or_no_hours_is_said(country: str, table: str, why: str) -> None:
    with pytest.raises(UsageError, match=why.replace("[", r"\[")):
        holidays.added(RULES, table, holidays.of(country, "", 2027))


# --- The file's rules

CLINIC = '[hours.clinic]\nweek = { mon-fri = ["08:00-17:00"] }\n'


@pytest.mark.parametrize(
    ("line", "more", "mistake"),
    [
        ('hours = "clinc"', CLINIC, "lines.branch.hours is 'clinc': allowed: clinic"),
        ('hours = "clinic"', "", "lines.branch.hours is 'clinic': allowed: none: there is no table [hours.NAME]"),
        ("", CLINIC + 'zone = "Europe/Berln"\n', "hours.clinic.zone is 'Europe/Berln': allowed is an IANA name such as Europe/Berlin"),
        ("", '[hours.clinic]\nweek = { mon = ["8-17"] }\n', "hours.clinic.week.mon[0] is '8-17': Expected `str` matching regex"),
        ("", '[hours.clinic]\nweek = { mon = ["09:00-25:00"] }\n', "hours.clinic.week.mon[0] is '09:00-25:00': Expected `str` matching regex"),
        ("", '[hours.clinic]\nweek = { mon = ["09:00-09:00"] }\n', "hours.clinic.week.mon is '09:00-09:00': an interval has an end"),
        ("", CLINIC + 'dates = [{ on = "2026-12-24" , open = 8 }]\n', "hours.clinic.dates[0].open is 8: Expected `array`, got `int`"),
        ("", CLINIC + "dates = [{ on = 2026-12-24 }, { on = 2026-12-24 }]\n", "hours.clinic.dates[1].on is '2026-12-24': each date may stand once"),
        ('closing = "wait"', "", "lines.branch.closing is 'wait': Invalid enum value 'wait'; allowed: serve, leave"),
        ('closed = { then = "sleep" }', "", "lines.branch.closed.then is 'sleep': Invalid enum value 'sleep'; allowed: voicemail, callback, redirect, hangup, reject"),
        ('closed = { then = "redirect" }', "", "lines.branch.closed.then is 'redirect': needs closed.to, the number"),
        ('closed = { then = "redirect", to = "+14155550100" }', "", "lines.branch.closed.to is '+14155550100': a number that is not ours: callers would come back"),
        ('closed = { urgent_key = { digits = "9", to = "+14155550100" } }', "", "lines.branch.closed.urgent_key.to is '+14155550100': a number that is not ours"),
        ('closed = { urgent_key = { digits = "99", to = "+14155550199" } }', "", "lines.branch.closed.urgent_key.digits is '99': Expected `str` matching regex"),
        ('closed = { then = "reject", urgent_key = { digits = "9", to = "+14155550199" } }', "", "lines.branch.closed.urgent_key is 'there': not allowed with then = \"reject\""),
        ('closed = { say_holiday = "Closed for {day}." }', "", "lines.branch.closed.say_holiday is 'Closed for {day}.': the only placeholder allowed is {name}"),
        ('closed = { then = "callback" }', "", "lines.branch.closed.then is 'callback': needs a table [lines.branch.callback]"),
    ],
)  # fmt: skip
def test_what_the_file_may_not_say_of_hours(line: str, more: str, mistake: str) -> None:
    table = '[lines.branch]\nnumbers = ["+14155550177"]\ngreeting = "Sales."\nattributes = { department = "support" }\n'
    found = without_lines(check.mistakes(Texts(f"{CENTER}\n{table}{line}\n{more}", WORKERS)))
    assert any(mistake in one for one in found), found


def test_an_unknown_zone_stops_the_packaging() -> None:
    center = callcenter.parse(RULES.replace("America/Los_Angeles", "America/Los_Angles"))
    assert "hours.clinic.zone is 'America/Los_Angles'" in state.unknown_zones(center)[0]
    assert state.unknown_zones(callcenter.parse(RULES)) == []


def test_hours_with_a_wrong_interval_are_refused_when_packaged() -> None:
    with pytest.raises(CallCenterError, match="may not overlap"):
        callcenter.parse(RULES.replace('"13:00-17:00"', '"11:00-17:00"'))
