"""Callers of lines that are closed: by the hours of the file, by a date, by an admin's switch; and who waits then."""

from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import pytest

from chalicelib.caller import closed
from chalicelib.caller.twiml import Phone
from chalicelib.config import callcenter
from chalicelib.hours import switch
from chalicelib.links import table
from chalicelib.staff import pins, texts
from chalicelib.twilio import urls
from emulator.voice.parties import Step, answers, hangs_up, hears, no_answer, presses, says, waits
from tests.conftest import Aws
from tests.support.api_gateway import BASE, post
from tests.support.call_centre import BEA, CALLCENTER, CARL, STAFF, STRANGER, SUPPORT, CallCentre
from tests.support.driver import caller_form
from tests.support.meter import counting

ELSEWHERE, ON_CALL = "+14155550198", "+14155550199"
CALLER = "+12125550171"
WEEK = """
[hours.clinic]
zone = "America/New_York"
week = { mon-fri = ["08:00-12:00", "13:00-17:00"] }
dates = [
  { on = 2026-12-01, open = ["08:00-09:00"], say = "We are at a meeting." },
  { on = 2026-12-02, name = "Founders' day" },
]
"""
# Of New York, on Monday: the virtual clock begins at five in the morning.
DAWN = datetime(2026, 11, 30, 10, 0, tzinfo=UTC).timestamp()
HEAD, TAIL = CALLCENTER.split("[queues.Support]", 1)


def team(closed: str = "", *, line: str = 'hours = "clinic"', more: str = "") -> str:
    head = HEAD.replace('greeting = "Hello."', f'greeting = "Hello."\n{line}')
    return f"{head}{closed}\n{more}\n[queues.Support]{TAIL}{WEEK}"


@pytest.fixture
def opened(cloud: Aws, environment: pytest.MonkeyPatch) -> Any:
    return lambda rules, at=DAWN: CallCentre(cloud, environment, rules, at)


def calls(centre: CallCentre, *then: Step, from_: str = CALLER, seconds: float = 60) -> list[str]:
    """What this caller hears within so many seconds."""
    sid = centre.twilio.dial(from_, SUPPORT, then)
    centre.run(seconds)
    return list(centre.twilio.context.calls[sid].heard)


def waiting(centre: CallCentre) -> int:
    return len([one for one in centre.twilio.router.workspace.tasks.values() if one.status == "pending"])


# --- By the file


def test_a_caller_hears_that_it_is_closed_and_then_the_greeting_when_it_opens(opened: Any) -> None:
    centre = opened(team('[lines.support.closed]\nsay = "We are closed."'))
    assert calls(centre) == ["We are closed."]
    centre.until(12, 59)
    assert calls(centre, seconds=59) == ["We are closed."]
    centre.until(13)
    assert calls(centre)[0] == "Hello." and waiting(centre) == 1


def test_a_date_has_its_own_words(opened: Any) -> None:
    centre = opened(team('[lines.support.closed]\nsay = "Closed."\nsay_holiday = "Closed for {name}."'))
    centre.run(28 * 3600)  # nine on Tuesday
    assert calls(centre) == ["We are at a meeting."]
    centre.run(24 * 3600)
    assert calls(centre) == ["Closed for Founders' day."]


def test_a_closed_line_takes_a_message(opened: Any) -> None:
    centre = opened(team('[lines.support.closed]\nthen = "voicemail"'))
    said = calls(centre, hears("leave a message"), says("Please call me."), waits(2), presses("#"))
    assert (
        said[:2] == ["We are closed.", "Please leave a message after the tone."] and said[-1] == "Thank you. Goodbye."
    )
    (row,) = [row for row in centre.cloud.rows() if row["item"] == "CALL"]
    assert (row["line"], row["caller"]) == ("support", CALLER) and row["voicemail_url"]


def test_a_closed_line_leads_to_another_number(opened: Any) -> None:
    centre = opened(team(f'[lines.support.closed]\nthen = "redirect"\nto = "{ELSEWHERE}"'))
    centre.twilio.phone(ELSEWHERE).will(answers(then=(waits(5), hangs_up())))
    assert calls(centre) == ["We are closed."]
    (leg,) = [one for one in centre.twilio.context.calls.values() if one.to == ELSEWHERE]
    assert leg.from_ == CALLER and leg.status == "completed"


@pytest.mark.parametrize(
    ("then", "heard"),
    [
        ("hangup", "Nobody there. Goodbye."),
        ("voicemail", "Nobody there. Goodbye. Please leave a message after the tone."),
    ],
)
def test_where_nobody_answers_there_the_caller_hears_so(opened: Any, then: str, heard: str) -> None:
    rules = f'then = "redirect"\nto = "{ELSEWHERE}"\nring_seconds = 20'
    rules += f'\nnot_reached = {{ say = "Nobody there. Goodbye.", then = "{then}" }}'
    centre = opened(team(f"[lines.support.closed]\n{rules}"))
    centre.twilio.phone(ELSEWHERE).will(no_answer())
    assert calls(centre)[:2] == ["We are closed.", heard]


def test_a_closed_line_may_be_busy_which_costs_nothing(opened: Any) -> None:
    centre = opened(team('[lines.support.closed]\nthen = "reject"'))
    sid = centre.twilio.dial(CALLER, SUPPORT, [])
    centre.run(10)
    call = centre.twilio.context.calls[sid]
    assert (call.status, call.heard) == ("busy", [])


@pytest.mark.parametrize("then", ["hangup", "voicemail"])
def test_the_urgent_key_rings_whoever_is_on_call(opened: Any, then: str) -> None:
    rules = f'then = "{then}"\nurgent_key = {{ digits = "9", to = "{ON_CALL}" }}'
    centre = opened(team(f"[lines.support.closed]\n{rules}"))
    centre.twilio.phone(ON_CALL).will(answers(then=(waits(5), hangs_up())))
    assert calls(centre, hears("urgent"), presses("9")) == ["We are closed. If it is urgent, press 9."]
    assert [one.status for one in centre.twilio.context.calls.values() if one.to == ON_CALL] == ["completed"]


@pytest.mark.parametrize("keys", [[], [hears("urgent"), presses("4")]])
def test_who_presses_another_key_or_none_goes_on_as_others(opened: Any, keys: list[Step]) -> None:
    rules = f'then = "voicemail"\nurgent_key = {{ digits = "9", to = "{ON_CALL}", say = "Is it urgent? Press 9." }}'
    centre = opened(team(f"[lines.support.closed]\n{rules}"))
    said = calls(centre, *keys)
    assert said[:2] == ["We are closed. Is it urgent? Press 9.", "Please leave a message after the tone."]
    assert not [one for one in centre.twilio.context.calls.values() if one.to == ON_CALL]


def document(centre: CallCentre, route: urls.Route, path: dict[str, str] | None = None, **form: str) -> list[str]:
    """What Twilio is answered that asks for this: texts of what is said, tags of the rest."""
    body = centre.send(post(route.path, caller_form(To=SUPPORT, **form), path or {}))["body"]
    return [str(verb.text) if verb.tag == "Say" else verb.tag for verb in ElementTree.fromstring(body)]


@pytest.mark.parametrize("digits", ["4", "6", "55", "", "#"])
def test_only_the_urgent_key_itself_rings_anybody(opened: Any, digits: str) -> None:
    centre = opened(team(f'[lines.support.closed]\nurgent_key = {{ digits = "5", to = "{ON_CALL}" }}'))
    assert document(centre, urls.CLOSED_KEY, Digits="5") == ["Dial"]
    assert document(centre, urls.CLOSED_KEY, Digits=digits) == ["Hangup"]


@pytest.mark.parametrize(
    ("status", "heard"),
    [
        ("completed", ["Hangup"]),
        ("answered", ["Hangup"]),
        ("busy", ["Nobody there.", "Hangup"]),
        ("no-answer", ["Nobody there.", "Hangup"]),
        ("failed", ["Nobody there.", "Hangup"]),
        ("canceled", ["Nobody there.", "Hangup"]),
    ],
)
def test_who_has_talked_elsewhere_is_not_told_that_nobody_was_there(opened: Any, status: str, heard: list[str]) -> None:
    rules = f'then = "redirect"\nto = "{ELSEWHERE}"\nnot_reached = {{ say = "Nobody there." }}'
    centre = opened(team(f"[lines.support.closed]\n{rules}"))
    assert document(centre, urls.CLOSED_DIALED, DialCallStatus=status) == heard


# --- Called back when it opens

CALLBACK = (
    '[lines.support.closed]\nthen = "callback"\n[lines.support.callback]\ncountries = ["+1"]\nother_number = true'
)


def test_who_asks_to_be_called_back_is_called_when_it_opens(opened: Any) -> None:
    centre = opened(team(CALLBACK))
    centre.text(BEA, "on")
    said = calls(centre, hears("To confirm press 1"), presses("1"))
    assert said == [
        "We are closed.",
        "We can call you back at 1, 2 1 2, 5 5 5, 0 1 7 1 when we are open. To confirm press 1."
        " For another number press 2.",
        "You will be called back. Goodbye.",
    ]
    for _ in range(3):
        centre.minutes(1)
        centre.work()
    (row,) = [row for row in centre.cloud.rows() if row["item"] == "CALLBACK"]
    assert row["state"] == "waiting" and row["retry_at"] == DAWN + 3 * 3600 and waiting(centre) == 0
    centre.until(12, 58)
    for _ in range(4):
        centre.minutes(1)
        centre.work()
    assert next(row for row in centre.cloud.rows() if row["item"] == "CALLBACK")["state"] in ("queued", "taken")


def test_another_number_may_be_called_back(opened: Any) -> None:
    centre = opened(team(CALLBACK))
    keys = (hears("press 2"), presses("2"), hears("enter your number"), presses("2125550188#"))
    said = calls(centre, *keys, hears("0 1 8 8"), presses("1"))
    assert said[-1] == "You will be called back. Goodbye."
    (row,) = [row for row in centre.cloud.rows() if row["item"] == "CALLBACK"]
    assert row["number"] == "+12125550188"


@pytest.mark.parametrize("digits", ["0", "3", "4", "9", "#", "*", "12", ""])
def test_who_confirms_no_callback_is_not_called_back(opened: Any, digits: str) -> None:
    centre = opened(team(CALLBACK))
    assert document(centre, urls.CLOSED_CALLBACK, {"number": "own"}, Digits=digits) == ["Goodbye.", "Hangup"]
    assert [row for row in centre.cloud.rows() if row["item"] == "CALLBACK"] == []


def test_where_no_other_number_is_called_back_none_is_asked_for(opened: Any) -> None:
    centre = opened(team(CALLBACK.replace("other_number = true", "")))
    assert document(centre, urls.CLOSED_CALLBACK, {"number": "own"}, Digits="2") == ["Goodbye.", "Hangup"]
    assert document(centre, urls.CLOSED_NUMBER, Digits="2125550188") == ["Goodbye.", "Hangup"]


@pytest.mark.parametrize(
    ("route", "path", "form", "first"),
    [
        (urls.CLOSED_KEY, {}, {"Digits": "5"}, "Dial"),
        (urls.CLOSED_DIALED, {}, {"DialCallStatus": "busy"}, "Nobody there."),
        (urls.CLOSED_CALLBACK, {"number": "own"}, {"Digits": "2"}, "Gather"),
        (urls.CLOSED_NUMBER, {}, {"Digits": "2125550188"}, "Gather"),
    ],
)
def test_the_fallback_says_on_a_closed_line_what_failed(
    opened: Any, route: urls.Route, path: dict[str, str], form: dict[str, str], first: str
) -> None:
    more = f'urgent_key = {{ digits = "5", to = "{ON_CALL}" }}\nnot_reached = {{ say = "Nobody there." }}'
    centre = opened(team(CALLBACK.replace('then = "callback"', f'then = "callback"\n{more}')))
    own = centre.send(post(route.path, caller_form(To=SUPPORT, **form), path))["body"]
    failed = caller_form(To=SUPPORT, ErrorUrl=route.url(BASE, **path), **form)
    assert centre.send(post(urls.FALLBACK.path, failed))["body"] == own
    assert document(centre, route, path, **form)[0] == first


@pytest.mark.parametrize(("countries", "number"), [('["+1", "+44"]', "0 1 8 8"), ('["+44", "+1"]', "4 4")])
def test_a_number_is_typed_as_in_the_first_of_the_countries(opened: Any, countries: str, number: str) -> None:
    centre = opened(team(CALLBACK.replace('["+1"]', countries)))
    form = caller_form(To=SUPPORT, Digits="2125550188")
    assert number in centre.send(post(urls.CLOSED_NUMBER.path, form))["body"]


@pytest.mark.parametrize(("then", "spoken"), [("callback", "1, 2 1 2, 5 5 5, 0 1 7 1"), ("hangup", "")])
def test_the_number_of_a_caller_is_read_to_who_is_called_back(then: str, spoken: str) -> None:
    center = callcenter.parse(team(CALLBACK.replace('"callback"', f'"{then}"')))
    assert closed.phone_of(center, center.lines["support"], CALLER) == Phone(CALLER, spoken)
    assert closed.phone_of(center, center.lines["support"], "+442071838750") == Phone("+442071838750")


@pytest.mark.parametrize("from_", ["+442071838750", "anonymous"])
def test_who_cannot_be_called_back_types_a_number_or_goes(opened: Any, from_: str) -> None:
    centre = opened(team(CALLBACK))
    assert "enter your number" in calls(centre, from_=from_)[1]


# --- Who waits when it closes


def test_who_waits_when_it_closes_is_served_all_the_same(opened: Any) -> None:
    centre = opened(team())
    centre.until(16, 59)
    sid = centre.twilio.dial(CALLER, SUPPORT, [])
    centre.run(300)
    assert not centre.twilio.context.calls[sid].is_over and waiting(centre) == 1
    assert "We are closed." not in centre.twilio.context.calls[sid].heard


def test_who_waits_when_it_closes_may_be_let_go_with_the_closed_document(opened: Any) -> None:
    rules = team('[lines.support.closed]\nthen = "voicemail"', line='hours = "clinic"\nclosing = "leave"')
    centre = opened(rules)
    centre.until(16, 59)
    said = calls(centre, seconds=300)
    assert said[0] == "Hello." and said[-3:-1] == ["We are closed.", "Please leave a message after the tone."]
    assert waiting(centre) == 0


@pytest.mark.parametrize(
    ("result", "heard"),
    [
        ("leave", ["We are closed.", "Please leave a message after the tone.", "Thank you. Goodbye."]),
        ("bridged", ["Thank you for calling. Goodbye."]),
        ("hangup", []),
        ("redirected", []),
        ("queue-full", ["All our lines are busy. Please call again later. Goodbye."]),
        ("system-error", ["Something went wrong on our side. Please call again. Goodbye."]),
    ],
)
def test_only_who_left_hears_that_the_line_has_closed(opened: Any, result: str, heard: list[str]) -> None:
    rules = team('[lines.support.closed]\nthen = "voicemail"', line='hours = "clinic"\nclosing = "leave"')
    said = document(opened(rules), urls.AFTER, QueueResult=result)
    assert [one for one in said if one not in ("Record", "Hangup")] == heard


# --- The switch

SWITCHED = 'hours = "clinic"\nswitch = true'


def test_an_admin_closes_the_line_by_a_text_until_a_time_with_a_sentence(opened: Any) -> None:
    centre = opened(team(line=SWITCHED))
    centre.until(14)
    assert calls(centre)[0] == "Hello."
    centre.until(14, 2)
    answer = centre.text(CARL, "Close support until 11:30: We are at a funeral.")
    assert answer == "support is closed until 11:30. Callers hear: We are at a funeral."
    assert calls(centre) == ["We are at a funeral."]
    centre.until(16, 29)
    assert calls(centre, seconds=59) == ["We are at a funeral."]
    centre.until(16, 31)
    assert calls(centre)[0] == "Hello."


@pytest.mark.parametrize(
    ("hour", "minute", "body", "heard"),
    [
        (14, 29, "close until 9:30", "Hello."),
        (16, 59, "open until 12:00", "We are closed."),
    ],
)
def test_a_text_that_comes_when_its_time_is_over_is_not_for_the_next_day(
    opened: Any, hour: int, minute: int, body: str, heard: str
) -> None:
    centre = opened(team(line=SWITCHED))
    centre.until(hour, minute)
    text_of_ten_seconds_later(centre, body)
    assert calls(centre)[0] == heard


def test_a_text_of_the_last_minute_of_a_day_is_for_that_day(opened: Any) -> None:
    centre = opened(team(line=SWITCHED))
    centre.run(18 * 3600 + 59 * 60)  # 23:59
    text_of_ten_seconds_later(centre, "close")
    centre.until(13, 30)
    assert calls(centre)[0] == "Hello."


def text_of_ten_seconds_later(centre: CallCentre, body: str) -> None:
    """Twilio gets it ten seconds before the minute is over, and its request comes as long after that."""
    centre.run(50)
    sid = centre.twilio.messaging._keep(CARL, STAFF, body, (), "inbound").sid
    centre.run(20)
    form = {"AccountSid": centre.twilio.account_sid, "MessageSid": sid, "From": CARL, "To": STAFF, "Body": body}
    assert "support is" in centre.send(post(urls.STAFF_MESSAGE.path, form))["body"]


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ("close", "support is closed until Tue 08:00."),
        ("close support", "support is closed until Tue 08:00."),
        ("CLOSE Support until 2 pm", "support is closed until 14:00."),
        ("close until 14:00", "support is closed until 14:00."),
        ("open", "support is open until 12:00."),
        ("open support until 18:00", "support is open until 18:00."),
        ("close suport", texts.HOW_TO_SWITCH.format(line="support")),
        ("close support until later", texts.HOW_TO_SWITCH.format(line="support")),
        ("close support We are away", texts.HOW_TO_SWITCH.format(line="support")),
        ("close support:", texts.HOW_TO_SWITCH.format(line="support")),
        ("close support: We are away.", "support is closed until Tue 08:00. Callers hear: We are away."),
        ("close support: Back at 10:30.", "support is closed until Tue 08:00. Callers hear: Back at 10:30."),
    ],
)  # fmt: skip
def test_what_an_admin_may_text_in_the_morning(opened: Any, body: str, answer: str) -> None:
    centre = opened(team(line=SWITCHED))
    centre.until(14)
    assert centre.text(CARL, body) == answer


def test_a_line_that_was_closed_is_opened_again_and_closes_when_it_always_does(opened: Any) -> None:
    centre = opened(team(line=SWITCHED))
    centre.until(14)
    centre.text(CARL, "close")
    assert calls(centre) == ["We are closed."]
    assert centre.text(CARL, "open") == "support is open until 12:00."
    assert calls(centre)[0] == "Hello."
    centre.until(17, 1)
    assert calls(centre) == ["We are closed."]


def test_a_line_is_opened_beside_its_hours_until_midnight_at_the_latest(opened: Any) -> None:
    centre = opened(team(line=SWITCHED))
    assert centre.text(CARL, "open") == "support is open until Tue 00:00."
    centre.run(13 * 3600)  # 18:00
    assert calls(centre)[0] == "Hello."
    assert centre.text(CARL, "close") == "support is closed until Tue 08:00."


@pytest.mark.parametrize(("who", "answer"), [(BEA, texts.ADMINS_ALONE), (STRANGER, "")])
def test_who_is_no_admin_changes_nothing(opened: Any, who: str, answer: str) -> None:
    centre = opened(team(line=SWITCHED))
    centre.until(14)
    assert centre.text(who, "close support") == answer
    assert not [row for row in centre.cloud.rows() if row["call_sid"] == switch.PARTITION]
    assert calls(centre)[0] == "Hello."


def test_a_line_without_a_switch_cannot_be_closed_by_text(opened: Any) -> None:
    assert opened(team()).text(CARL, "close support") == texts.NO_SWITCH


def test_each_change_is_kept_with_who_made_it(opened: Any) -> None:
    centre = opened(team(line=SWITCHED))
    centre.text(CARL, "close: Snow.")
    centre.run(60)
    centre.text(CARL, "open until 18:00")
    changes = switch.find("support").changes
    assert [(one.to, one.by, one.said) for one in changes] == [("open", "Carl", ""), ("closed", "Carl", "Snow.")]
    assert centre.log.getvalue().count('"event":"line switched"') == 2


def test_the_same_request_twice_and_one_that_comes_late_change_nothing(opened: Any) -> None:
    opened(team(line=SWITCHED))
    shut = switch.Change(to="closed", at=100.0, until=1e10, by="Carl", sid="SM1")
    back = switch.Change(to="open", at=101.0, until=1e10, by="Bea", sid="SM2")
    switch.turn("support", shut, 100.0)
    switch.turn("support", back, 101.0)
    assert switch.turn("support", shut, 102.0).changes[0] == back
    late = switch.Change(to="closed", at=100.0, until=1e10, by="Dora", sid="SM3")
    assert switch.turn("support", late, 103.0).changes[0] == back


PIN = "4711"


def test_an_admin_closes_the_line_by_phone(opened: Any) -> None:
    centre = opened(team(line=SWITCHED))
    centre.pack(pins={"Carl": pins.hashed(PIN, "ab" * 16), "Bea": pins.hashed(PIN, "cd" * 16)})
    centre.until(14)
    keys = (hears("PIN"), presses(f"{PIN}#"), hears("7 to close or open a line"), presses("7"))
    until = (hears("support is open until 12:00. Press 1"), presses("3"), hears("four digits"), presses("1030"))
    sid = centre.twilio.dial(CARL, STAFF, [*keys, *until, hears("support is closed until 10:30"), hangs_up()])
    centre.run(120)
    assert "support is closed until 10:30." in centre.twilio.context.calls[sid].heard[-1]
    assert calls(centre) == ["We are closed."]
    again = (hears("support is closed"), presses("2"), hears("support is open until 12:00."), hangs_up())
    centre.twilio.dial(CARL, STAFF, [*keys, *again])
    centre.run(120)
    assert calls(centre)[0] == "Hello."


def test_who_is_no_admin_hears_of_no_such_key_and_it_does_nothing(opened: Any) -> None:
    centre = opened(team(line=SWITCHED))
    centre.pack(pins={"Bea": pins.hashed(PIN, "cd" * 16)})
    centre.until(14)
    sid = centre.twilio.dial(BEA, STAFF, [hears("PIN"), presses(f"{PIN}#"), hears("Press 1"), presses("7"), waits(3)])
    centre.run(60)
    assert "close or open" not in " ".join(centre.twilio.context.calls[sid].heard)
    assert calls(centre)[0] == "Hello."


# --- When something fails, and what it costs


def test_while_the_table_fails_a_switched_line_goes_by_its_hours(opened: Any, environment: pytest.MonkeyPatch) -> None:
    centre = opened(team(line=SWITCHED))
    centre.until(14)
    centre.text(CARL, "close")
    environment.setattr(table, "find_row_quickly", lambda _key: 1 / 0)
    switch._known.clear()
    assert calls(centre)[0] == "Hello."
    assert '"switch of a line is not read"' in centre.log.getvalue()


def test_hours_that_cannot_be_told_leave_the_line_open(opened: Any, environment: pytest.MonkeyPatch) -> None:
    centre = opened(team().replace("America/New_York", "America/New_Yrok"))
    assert calls(centre)[0] == "Hello." and '"hours of a line fail: it is open"' in centre.log.getvalue()


def test_a_line_with_hours_alone_asks_aws_for_nothing_and_one_with_a_switch_once_in_twenty_seconds(opened: Any) -> None:
    centre = opened(team())
    with counting() as made:
        calls(centre)
    assert made == {}
    centre = opened(team(line=SWITCHED))
    with counting() as made:
        calls(centre, seconds=5)
        calls(centre, seconds=5)
    assert made == {"Query": 1, "read_units": 0.5}


def test_what_it_costs_to_close_a_line_by_a_text(opened: Any) -> None:
    centre = opened(team(line=SWITCHED))
    asked = len(centre.twilio.requests)
    with counting() as made:
        centre.text(CARL, "close")
    assert made == {"Query": 1, "read_units": 1, "UpdateItem": 1, "write_units": 1}
    assert len(centre.twilio.requests) - asked == 2


def test_of_two_admins_at_once_the_later_text_counts_and_both_hear_what_stands(opened: Any) -> None:
    centre = opened(team(line=SWITCHED).replace('admins = ["Carl"]', 'admins = ["Carl", "Bea"]'))
    centre.until(14)
    centre.twilio.text(CARL, STAFF, "close until 11:00: Fire.")
    centre.run(1)
    centre.twilio.text(BEA, STAFF, "open")
    centre.run(5)
    assert centre.texts(CARL)[-1].startswith("support is ") and centre.texts(BEA)[-1] == "support is open until 12:00."
    assert calls(centre)[0] == "Hello."


def test_a_sentence_for_callers_may_be_as_long_as_a_text_and_odd(opened: Any) -> None:
    centre = opened(team(line=SWITCHED))
    said = "Grüße 🙂 <&> " + "x" * 700
    assert centre.text(CARL, f"close: {said}").endswith(said[-50:])
    assert calls(centre)[0].startswith("Grüße 🙂 <&> x")
