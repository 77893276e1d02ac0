"""Who a worker is to the staff number, what each key of theirs does, and what they are told of without asking."""

from collections.abc import Callable, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest
from msgspec import structs

from chalicelib.config import callcenter, team
from chalicelib.hours import switch
from chalicelib.links import messages, reading, steps, talks
from chalicelib.links.model import CallRecord, Link, Notice, Talk
from chalicelib.staff import (
    commands,
    duty,
    lines,
    listening,
    message,
    packaged,
    people,
    phone,
    pins,
    rota,
    session,
    switching,
    texts,
    told,
    twiml,
)
from chalicelib.staff.duty import Duty, Lock
from chalicelib.staff.rota import Packaged, Shift
from chalicelib.staff.texts import OfLine
from chalicelib.storage import bucket
from chalicelib.tell import outbox
from chalicelib.tell.outbox import Text
from chalicelib.twilio import rest, urls
from chalicelib.twilio.request import Webhook
from tests.conftest import ACTIVITIES

BASE = "https://example.com"
STAFF, BEAS, CARLS = "+14155550105", "+14155550111", "+14155550112"
CALL, RECORDING, RESERVATION = "CA" + "a" * 32, "RE" + "a" * 32, "WR" + "a" * 32
NOW = 1795860000.0  # Saturday, 28 November 2026, 10:00 UTC
RULES = f"""
default_line = "support"
[lines.support]
numbers = ["+14155550100"]
greeting = "Hello."
switch = true
[lines.sales]
numbers = ["+14155550101"]
greeting = "Hello."
switch = true
[lines.back]
numbers = ["+14155550102"]
greeting = "Hello."
[queues.Support.activities]
after_call = "Wrap up"
passed = "Break"
declined = "Unavailable"
[queues.Support.recording]
record = "both"
notice = "This call is recorded."
who_may_listen = ["Bea"]
[queues.Support.after_talk]
keys = {{ 1 = "solved" }}
note_seconds = 60
[queues.Sales.after_talk]
keys = {{ 1 = "solved" }}
[messages]
kept_in = "s3"
[staff]
numbers = ["{STAFF}"]
admins = ["Bea", "Carl"]
"""
BEA = rest.workers.Worker("WK1", ACTIVITIES["Available"], True, NOW, '"1"', "Bea", {"contact_uri": BEAS})
CARL = structs.replace(BEA, sid="WK2", name="Carl", attributes={"contact_uri": CARLS})


@pytest.fixture(autouse=True)
def rules(environment: pytest.MonkeyPatch) -> None:
    center = callcenter.parse(RULES)
    environment.setattr(callcenter, "current", lambda: center)
    pack(environment)


@cache
def hashed() -> str:
    """Bea's PIN, which takes a tenth of a second."""
    return pins.hashed("4711", "0a")


def pack(environment: pytest.MonkeyPatch, **more: Any) -> None:
    packed = Packaged(**{"pins": {"Bea": hashed()}, **more})
    environment.setattr(packaged, "current", lambda: packed)


def webhook(path: Mapping[str, str] | None = None, **form: str) -> Webhook:
    """A request of Bea's call, at its second step."""
    known = {"CallSid": CALL, "From": BEAS, "To": STAFF}
    return Webhook(BASE, {**known, **form}, {"attempt": "2", **(path or {})}, NOW)


def verbs(document: str) -> list[tuple[str, dict[str, str], str]]:
    """Each verb of a document, with what is nested, in order."""
    found = ElementTree.fromstring(document)
    return [(verb.tag, dict(verb.attrib), verb.text or "") for verb in found.iter() if verb is not found]


def heard(document: str) -> str:
    return " ".join(text for tag, _, text in verbs(document) if tag == "Say")


def leads_to(document: str) -> str:
    """The path where the first verb goes on."""
    url = next(attributes["action"] for _, attributes, _ in verbs(document) if "action" in attributes)
    return url.removeprefix(BASE).partition("#")[0]


# --- Whose phone it is


@pytest.mark.parametrize(
    ("number", "found", "worker"),
    [
        (BEAS, [BEA], BEA),
        (BEAS, [], None),
        (BEAS, [BEA, CARL], None),
        ('x" OR "1" == "1', [BEA], None),
        ("client:bea", [BEA], None),
        ("", [BEA], None),
    ],
)
def test_a_number_is_of_the_one_worker_who_has_it(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: str,
    found: list[rest.workers.Worker],
    worker: rest.workers.Worker | None,
) -> None:
    monkeypatch.setattr(rest.workers, "matching", lambda _expression: found)
    assert people.with_phone(number) == worker
    assert ("two workers have one phone" in capsys.readouterr().out) == (len(found) > 1)


@pytest.mark.parametrize(
    ("attributes", "number"),
    [
        ({"contact_uri": BEAS}, BEAS),
        ({"contact_uri": BEAS, "mobile": CARLS}, CARLS),
        ({"contact_uri": BEAS, "mobile": "client:bea"}, BEAS),
        ({"contact_uri": "client:bea"}, ""),
        ({"contact_uri": 7}, ""),
        ({}, ""),
    ],
)
def test_a_worker_is_texted_on_their_mobile_else_on_the_phone_that_rings(
    attributes: Mapping[str, Any], number: str
) -> None:
    assert people.phone_of(structs.replace(BEA, attributes=attributes)) == number


@pytest.mark.parametrize("name", [*ACTIVITIES, ""])
def test_an_activity_has_its_name_where_the_stage_knows_it(name: str) -> None:
    assert people.activity_name(structs.replace(BEA, activity_sid=ACTIVITIES.get(name, "WA" + "9" * 32))) == name


def test_who_is_in_no_activity_has_none() -> None:
    assert people.activity_name(structs.replace(BEA, activity_sid="")) == ""


def test_who_works_and_who_does_not_is_in_the_activities_of_the_team() -> None:
    assert (people.activity_sid("on"), people.activity_sid("off")) == (ACTIVITIES["Available"], ACTIVITIES["Offline"])


@pytest.mark.parametrize(
    ("activity", "available", "is_on_the_way"),
    [
        ("Wrap up", False, True),
        ("Wrap up", True, False),
        ("Unavailable", False, False),
        ("Offline", False, False),
        ("Available", True, False),
        ("", False, False),
    ],
)
def test_who_wraps_up_is_on_the_way_back(activity: str, available: bool, is_on_the_way: bool) -> None:
    sid = ACTIVITIES.get(activity, "WA" + "9" * 32)
    assert people.is_on_the_way_back(structs.replace(BEA, activity_sid=sid, available=available)) == is_on_the_way


@pytest.mark.parametrize(
    ("passed", "declined", "is_on_the_way"), [("Wrap up", "", True), ("Wrap up", "Wrap up", False)]
)
def test_an_activity_in_which_others_stay_is_no_way_back(
    monkeypatch: pytest.MonkeyPatch, passed: str, declined: str, is_on_the_way: bool
) -> None:
    text = RULES.replace('"Break"', f'"{passed}"').replace('after_call = "Wrap up"\n', "")
    center = callcenter.parse(text.replace('declined = "Unavailable"', f'declined = "{declined}"'))
    monkeypatch.setattr(callcenter, "current", lambda: center)
    wraps_up = structs.replace(BEA, activity_sid=ACTIVITIES["Wrap up"], available=False)
    assert people.is_on_the_way_back(wraps_up) == is_on_the_way


# --- What the package has


def made(monkeypatch: pytest.MonkeyPatch, text: str | None) -> None:
    """The package has this file of the rota."""
    read = team.read
    monkeypatch.setattr(team, "read", lambda name, *root: text if name == rota.FILE else read(name, *root))


@pytest.mark.parametrize(
    ("text", "zone", "is_error"),
    [
        (None, "UTC", False),
        ("", "UTC", False),
        ('{"zone": "Europe/Berlin"}', "Europe/Berlin", False),
        ("no", "UTC", True),
    ],
)
def test_a_rota_that_is_not_there_or_cannot_be_read_is_an_empty_one(
    capsys: pytest.CaptureFixture[str], text: str | None, zone: str, is_error: bool
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        made(patched, text)
        current = _current()
        assert current().zone == zone and current() is current()
        assert ("the rota cannot be read" in capsys.readouterr().out) == is_error


def _current() -> Callable[[], Packaged]:
    """As a new process has it."""
    KEPT.cache_clear()
    return KEPT


KEPT = packaged.current


@pytest.mark.parametrize(
    ("workers", "name"),
    [
        ('[workers.Bea]\nextension = "21"\ndesk = true\nmail = "Bea@example.com"\npin = "4711"\n', ""),
        ('[workers.Bea]\nextension = "22"\ndesk = true\nmail = "bea@example.com"\npin = "4711"\n', "workers.toml"),
        ('[workers.Bea]\nextension = "21"\nmail = "bea@example.com"\npin = "4711"\n', "workers.toml"),
        ('[workers.Bea]\nextension = "21"\ndesk = true\npin = "4711"\n', "workers.toml"),
        ('[workers.Bea]\nextension = "21"\ndesk = true\nmail = "ann@example.com"\npin = "4711"\n', "workers.toml"),
        ('[workers.Bea]\nextension = "21"\ndesk = true\nmail = "bea@example.com"\npin = "4712"\n', "workers.toml"),
        ('[workers.Bea]\nextension = "21"\ndesk = true\nmail = "bea@example.com"\n', "workers.toml"),
        ("", ""),
    ],
)
def test_who_can_be_reached_how_is_what_the_package_was_made_of(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, workers: str, name: str
) -> None:
    packed = Packaged(pins={"Bea": hashed()}, extensions={"21": "Bea"}, desks={"bea@example.com": "Bea"})
    (tmp_path / "workers.toml").write_text(workers, encoding="utf-8")
    made(monkeypatch, msgspec.json.encode(packed).decode())
    assert bool(packaged.stale(str(tmp_path))) == bool(name)
    made(monkeypatch, None)
    assert packaged.stale(str(tmp_path)) == ""


@pytest.mark.parametrize("name", ["rota.toml", "rota.ics"])
@pytest.mark.parametrize(("written", "is_stale"), [(b"shifts = []\r\n", False), (b"shifts = []\n", True)])
def test_a_rota_is_what_the_package_was_made_of_to_the_byte(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, written: bytes, is_stale: bool
) -> None:
    packed = Packaged(made_of={name: sha256(b"shifts = []\r\n").hexdigest()})
    (tmp_path / name).write_bytes(written)
    made(monkeypatch, msgspec.json.encode(packed).decode())
    assert (f"was made of another {name}" in packaged.stale(str(tmp_path))) == is_stale


def test_a_time_is_said_on_the_wall_of_the_zone(environment: pytest.MonkeyPatch) -> None:
    assert packaged.clock(NOW) == "10:00 UTC"
    assert packaged.clock(NOW + 86400, NOW) == "Sun 10:00 UTC" and packaged.clock(NOW + 86400) == "10:00 UTC"
    pack(environment, offsets=((0, 3600),))
    assert packaged.clock(NOW) == "11:00"


# --- Calls of workers


@pytest.mark.parametrize(
    ("digits", "time"),
    [
        ("1430", (14, 30)),
        ("0000", (0, 0)),
        ("2359", (23, 59)),
        ("2400", None),
        ("143", None),
        ("14300", None),
        ("", None),
    ],
)
def test_a_time_is_keyed_in_with_four_digits(digits: str, time: tuple[int, int] | None) -> None:
    assert session.time(webhook(Digits=digits)) == time


@pytest.mark.parametrize(
    ("open_in", "is_live", "form", "is_authorized"),
    [
        (CALL, True, {}, True),
        (CALL, False, {}, False),
        ("CA" + "0" * 32, True, {}, False),
        ("CA" + "f" * 32, True, {}, False),
        ("", True, {"CallSid": ""}, False),
        (CALL, True, {"To": "+14155550100"}, False),
        (CALL, True, {"From": CARLS}, False),
    ],
)
def test_a_call_is_a_workers_in_which_their_pin_was_given_as_long_as_it_goes_on(
    monkeypatch: pytest.MonkeyPatch, open_in: str, is_live: bool, form: dict[str, str], is_authorized: bool
) -> None:
    monkeypatch.setattr(people, "with_phone", lambda number: BEA if number == BEAS else None)
    monkeypatch.setattr(duty, "find_lock", lambda _name: Lock(open_in=open_in))
    monkeypatch.setattr(rest.calls, "is_live", lambda _sid: is_live)
    assert session.authorized(webhook()._replace(form={**webhook().form, **form})) == (BEA if is_authorized else None)


def test_each_step_leads_to_the_next_one() -> None:
    assert session.next_url(webhook(), urls.STAFF_KEY).startswith(f"{BASE}/staff/call/key/3")
    assert session.asked(webhook(), BEA) == commands.Asked(BEA, f"{CALL}/2", NOW)


def test_nine_lines_have_a_key_and_only_for_admins(monkeypatch: pytest.MonkeyPatch) -> None:
    assert session.lines_of(BEA) == ["support", "sales"]
    assert session.lines_of(structs.replace(BEA, name="Dora")) == []
    monkeypatch.setattr(lines, "switchable", lambda: [f"line{number}" for number in range(10)])
    assert session.lines_of(BEA) == [f"line{number}" for number in range(9)]


@pytest.mark.parametrize(
    ("worker", "available", "keys", "missing"),
    [
        (BEA, True, ["Press 0 to go off, 6", "Press 7", "Press 8"], ["Press 1"]),
        (BEA, False, ["Press 1 to go on, 2", "Press 7", "Press 8"], ["Press 0"]),
        (CARL, True, ["Press 7"], ["Press 8"]),
        (structs.replace(BEA, name="Dora"), True, ["Press 0"], ["Press 7", "Press 8"]),
    ],
)
def test_the_menu_has_the_keys_of_the_worker(
    monkeypatch: pytest.MonkeyPatch,
    worker: rest.workers.Worker,
    available: bool,
    keys: list[str],
    missing: list[str],
) -> None:
    monkeypatch.setattr(rest.workers, "fetch", lambda _sid: structs.replace(worker, available=available))
    said = heard(session.menu(webhook(), worker, "Bea, you are."))
    assert said.startswith("Bea, you are. Press") and [key for key in [*keys, *missing] if key in said] == keys


@pytest.fixture
def in_call(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Bea's PIN was given. What she has asked for."""
    done: list[str] = []

    def switched(_asked: commands.Asked, to: str, time: object) -> str:
        done.append(f"{to} {time}")
        return f"You are {to}."

    def line_switched(_asked: commands.Asked, to: str, of_line: OfLine) -> str:
        done.append(f"{of_line.line} {to} {of_line.until}")
        return f"It is {to}."

    monkeypatch.setattr(session, "authorized", lambda _webhook: BEA)
    monkeypatch.setattr(rest.workers, "fetch", lambda _sid: BEA)
    monkeypatch.setattr(commands, "switch", switched)
    monkeypatch.setattr(commands, "who", lambda: "On: Bea.")
    monkeypatch.setattr(commands, "last", lambda _asked: "Your last caller was +1212, 10:00.")
    monkeypatch.setattr(lines, "stands", lambda name, _now: f"{name} is open.")
    monkeypatch.setattr(commands, "switch_line", line_switched)
    return done


@pytest.mark.parametrize(
    ("key", "said", "done"),
    [
        ("0", "You are off. Press", ["off None"]),
        ("1", "You are on. Press", ["on None"]),
        ("2", f"{texts.NO_ROTA} Press", []),
        ("3", "On: Bea. Press", []),
        ("4", "Your last caller was + 1 2 1 2 , 10:00. Press", []),
        ("5", twiml.NOTE_PROMPT, []),
        ("6", twiml.UNTIL_PROMPT, []),
        ("7", "For support press 1. For sales press 2.", []),
        ("8", "Enter the number of a recording", []),
        ("9", " Press 0", []),
        ("*", " Press 0", []),
        ("", " Press 0", []),
    ],
)
def test_each_key_does_its_own(in_call: list[str], key: str, said: str, done: list[str]) -> None:
    assert heard(phone.key(webhook(Digits=key))).startswith(said) and in_call == done


def test_who_may_switch_no_line_hears_the_menu(in_call: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "authorized", lambda _webhook: structs.replace(BEA, name="Dora"))
    assert heard(phone.key(webhook(Digits="7"))).startswith(" Press 0")


@pytest.mark.parametrize(
    ("digits", "said", "done"),
    [("1430", "You are off.", ["off (14, 30)"]), ("2460", twiml.NO_TIME, []), ("", twiml.NO_TIME, [])],
)
def test_off_until_a_time_that_is_keyed_in(in_call: list[str], digits: str, said: str, done: list[str]) -> None:
    assert heard(phone.until(webhook(Digits=digits))).startswith(said) and in_call == done


ANSWERS = (
    phone.key,
    phone.until,
    phone.note,
    switching.which_line,
    switching.line,
    switching.line_until,
    listening.listen,
)


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.__name__)
def test_without_the_pin_no_key_does_anything(
    monkeypatch: pytest.MonkeyPatch, answer: Callable[[Webhook], str]
) -> None:
    monkeypatch.setattr(session, "authorized", lambda _webhook: None)
    document = answer(webhook({"line": "1"}, Digits="1", RecordingSid=RECORDING))
    assert [tag for tag, _, _ in verbs(document)] == ["Say", "Hangup"]
    assert heard(document) in (twiml.NOT_NOW, texts.NO_TALK)


# --- PINs


@pytest.mark.parametrize(
    ("lock", "digits", "said"),
    [
        (Lock(), "4711", "you are"),
        (Lock(), "4712", f"{twiml.WRONG_PIN} {twiml.PIN_PROMPT}"),
        (Lock(), "", f"{twiml.WRONG_PIN} {twiml.PIN_PROMPT}"),
        (Lock(failures=2, failed_at=NOW), "4712", twiml.LOCKED),
        (Lock(failures=3, failed_at=NOW), "4711", twiml.LOCKED),
    ],
)
def test_the_pin_opens_the_call_and_the_third_wrong_one_locks_it(
    monkeypatch: pytest.MonkeyPatch, lock: Lock, digits: str, said: str
) -> None:
    def count(_name: str, attempt: str, now: float) -> Lock:
        assert (attempt, now) == (f"{CALL}/2", NOW)
        return structs.replace(lock, failures=lock.failures + 1, failed_at=now)

    opened: list[str] = []
    monkeypatch.setattr(people, "with_phone", lambda _number: BEA)
    monkeypatch.setattr(rest.workers, "fetch", lambda _sid: BEA)
    monkeypatch.setattr(duty, "find_lock", lambda _name: lock)
    monkeypatch.setattr(duty, "find", lambda _name: Duty())
    monkeypatch.setattr(duty, "count_wrong_pin", count)
    monkeypatch.setattr(duty, "open_in", lambda _name, call_sid, _now: opened.append(call_sid))
    assert said in heard(phone.pin(webhook(Digits=digits)))
    assert opened == [CALL] * (said == "you are")


@pytest.mark.parametrize(
    ("worker", "call_sid", "said"),
    [(None, CALL, twiml.NO_PIN), (CARL, CALL, twiml.NO_PIN), (BEA, "", twiml.NO_PIN), (BEA, "x", twiml.NO_PIN)],
)
def test_a_pin_of_nobody_opens_nothing(
    monkeypatch: pytest.MonkeyPatch, worker: rest.workers.Worker | None, call_sid: str, said: str
) -> None:
    monkeypatch.setattr(people, "with_phone", lambda _number: worker)
    assert heard(phone.pin(webhook(Digits="4711", CallSid=call_sid))) == said


@pytest.mark.parametrize(
    ("worker", "lock", "said"),
    [
        (BEA, Lock(), twiml.PIN_PROMPT),
        (BEA, Lock(failures=3, failed_at=NOW), twiml.LOCKED),
        (CARL, Lock(), twiml.NO_PIN),
        (None, Lock(), ""),
    ],
)
def test_whoever_calls_is_asked_for_a_pin_if_they_have_one(
    monkeypatch: pytest.MonkeyPatch, worker: rest.workers.Worker | None, lock: Lock, said: str
) -> None:
    monkeypatch.setattr(people, "with_phone", lambda _number: worker)
    monkeypatch.setattr(duty, "find_lock", lambda _name: lock)
    document = phone.call(webhook())
    assert heard(document).startswith(said) and ("Reject" in document) == (worker is None)


@pytest.mark.parametrize(
    ("recording", "has_talk", "is_kept"), [(RECORDING, True, True), (RECORDING, False, False), ("x", True, False)]
)
def test_a_spoken_note_is_kept_with_the_last_call(
    in_call: list[str], monkeypatch: pytest.MonkeyPatch, recording: str, has_talk: bool, is_kept: bool
) -> None:
    link = Link(subject=CALL, reservation_sid=RESERVATION, worker_call_sid="CA9", bridged_at=1)
    noted: list[tuple[object, ...]] = []
    monkeypatch.setattr(commands, "last_talk", lambda _sid: link if has_talk else None)
    monkeypatch.setattr(steps, "note_of_leg", lambda *given: noted.append(given))
    monkeypatch.setattr(messages, "record_note", lambda *given: noted.append(given))
    said = heard(phone.note(webhook(RecordingSid=recording, RecordingDuration="7")))
    assert said.startswith(twiml.NOTED if is_kept else texts.NO_TALK)
    kept = [(link.key, "CA9", {"note_sid": RECORDING, "note_seconds": 7}), (CALL, RECORDING, NOW)]
    assert noted == (kept if is_kept else [])


# --- Lines, on the phone


@pytest.mark.parametrize(
    ("digits", "said", "place"),
    [
        ("1", "support is open. Press 1 to close it", "1"),
        ("2", "sales is open. Press 1 to close it", "2"),
        ("0", " Press 0", ""),
        ("3", " Press 0", ""),
        ("", " Press 0", ""),
    ],
)
def test_a_line_is_chosen_by_its_place(in_call: list[str], digits: str, said: str, place: str) -> None:
    document = switching.which_line(webhook(Digits=digits))
    assert heard(document).startswith(said)
    assert leads_to(document) == (f"/staff/call/line/{place}/3" if place else "/staff/call/key/3")


def test_one_line_alone_need_not_be_chosen(in_call: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "switchable", lambda: ["support"])
    document = switching.choose(webhook(), BEA)
    assert heard(document).startswith("support is open.") and leads_to(document) == "/staff/call/line/1/3"
    monkeypatch.setattr(lines, "switchable", lambda: ["support", "sales", "front"])
    assert heard(switching.choose(webhook(), BEA)).startswith(
        "For support press 1. For sales press 2. For front press 3."
    )


@pytest.mark.parametrize(
    ("line", "key", "said", "done"),
    [
        ("1", "1", "It is closed. Press", ["support closed None"]),
        ("2", "1", "It is closed. Press", ["sales closed None"]),
        ("1", "2", "It is open. Press", ["support open None"]),
        ("1", "3", twiml.UNTIL_PROMPT, []),
        ("1", "0", " Press 0", []),
        ("1", "4", " Press 0", []),
        ("1", "", " Press 0", []),
        ("0", "1", twiml.NOT_NOW, []),
        ("3", "1", twiml.NOT_NOW, []),
    ],
)
def test_a_line_is_closed_or_opened_by_a_key(
    in_call: list[str], line: str, key: str, said: str, done: list[str]
) -> None:
    document = switching.line(webhook({"line": line}, Digits=key))
    assert heard(document).startswith(said) and in_call == done
    if key == "3":
        assert leads_to(document) == f"/staff/call/line/{line}/until/3"


@pytest.mark.parametrize(
    ("line", "digits", "said", "done"),
    [
        ("2", "1430", "It is closed. Press", ["sales closed (14, 30)"]),
        ("1", "1430", "It is closed. Press", ["support closed (14, 30)"]),
        ("1", "2460", twiml.NO_TIME, []),
        ("0", "1430", twiml.NOT_NOW, []),
        ("3", "1430", twiml.NOT_NOW, []),
    ],
)
def test_a_line_is_closed_until_a_time_that_is_keyed_in(
    in_call: list[str], line: str, digits: str, said: str, done: list[str]
) -> None:
    assert heard(switching.line_until(webhook({"line": line}, Digits=digits))).startswith(said) and in_call == done


@pytest.mark.parametrize(
    ("words", "line", "unclear"),
    [
        ("support", "support", ""),
        ("Sales until 14:00", "sales", ""),
        ("", "", "Which line? support, sales."),
        ("back", "", "Which line? support, sales."),
        ("sales at once", "sales", "Text close sales until 14:00: and what callers are to hear, or open sales."),
    ],
)
def test_what_is_not_clear_about_a_line_is_asked(words: str, line: str, unclear: str) -> None:
    of_line, said = lines.understood(words)
    assert (of_line.line, said) == (line, unclear)


def test_without_a_line_that_has_a_switch_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    center = callcenter.parse(RULES.replace("switch = true\n", ""))
    monkeypatch.setattr(callcenter, "current", lambda: center)
    assert lines.understood("support") == (OfLine(""), texts.NO_SWITCH)


def test_an_admins_name_may_be_in_any_case() -> None:
    assert [lines.is_admin(name) for name in ("Bea", "BEA", "Dora", "")] == [True, True, False, False]


def test_how_a_line_stands_is_said_with_until_when_and_what_callers_hear(monkeypatch: pytest.MonkeyPatch) -> None:
    change = switch.Change(to="closed", at=NOW, by="Bea", sid="1", until=NOW + 3600, said="Snow.")
    turned = {"support": switch.Switch(line="support", changes=(change,))}
    monkeypatch.setattr(switch, "find", lambda name: turned.get(name, switch.Switch(line=name)))
    assert lines.stands("support", NOW) == "support is closed until 11:00 UTC. Callers hear: Snow."
    assert (lines.stands("sales", NOW), lines.stands("back", NOW)) == ("sales is open.", "back is open.")
    opened = structs.replace(change, to="open", said="Snow.")
    turned["support"] = switch.Switch(line="support", changes=(opened,))
    assert lines.stands("support", NOW).startswith("support is open") and "Snow" not in lines.stands("support", NOW)


# --- Recordings, on the phone


def talk(digit: str, **known: Any) -> Talk:
    given = {"queue": "Support", "worker": "Carl", "seconds": 12, "at": NOW - 86400, "stored_as": f"{digit}.mp3"}
    return Talk(subject=CALL, item=f"TALK#RE{digit * 32}", **{**given, **known})


GONE, GOING, NOT_HERS = talk("1", stored_as=""), talk("2", ending_at=1), talk("3", queue="Sales")


@pytest.mark.parametrize(
    ("digits", "found", "played"),
    [
        ("0", [talk("5"), talk("6")], "5"),
        ("0", [GONE, GOING, NOT_HERS, talk("4")], "4"),
        ("0", [], ""),
        ("123456", [talk("7")], "7"),
        ("123456", [NOT_HERS], ""),
        ("12*", [talk("7")], ""),
        ("", [talk("7")], ""),
    ],
)
def test_a_recording_is_played_that_is_there_and_that_the_worker_may_hear(
    in_call: list[str], monkeypatch: pytest.MonkeyPatch, digits: str, found: list[Talk], played: str
) -> None:
    by: list[str] = []
    monkeypatch.setattr(talks, "latest", lambda _now: iter(found if digits == "0" else []))
    monkeypatch.setattr(talks, "of_number", lambda _number: [] if digits == "0" else found)
    monkeypatch.setattr(talks, "note_heard", lambda _talk, name, _now: by.append(name))
    monkeypatch.setattr(bucket, "url", lambda name: f"https://bucket.example/{name}")
    document = listening.listen(webhook(Digits=digits))
    sounds = [text for tag, _, text in verbs(document) if tag == "Play"]
    assert sounds == [f"https://bucket.example/{played}.mp3"] * bool(played) and by == ["Bea"] * bool(played)
    number = " ".join(talk(played).number) if played else ""
    said = f"Number {number}, Fri 27 Nov 10:00 UTC, 12 seconds, Carl." if played else twiml.NO_TALK
    assert heard(document).startswith(f"{said} {twiml.TALK_PROMPT}")
    assert leads_to(document) == "/staff/call/listen/3"


def test_star_leads_to_the_menu_and_who_may_not_listen_is_told(
    in_call: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert heard(listening.listen(webhook(Digits="*"))).startswith(" Press 0")
    monkeypatch.setattr(session, "authorized", lambda _webhook: CARL)
    assert heard(listening.listen(webhook(Digits="0"))).startswith(twiml.NOT_YOURS)
    assert heard(phone.key(webhook(Digits="8"))).startswith(twiml.NOT_YOURS)


# --- Documents


def test_a_key_is_waited_for_and_then_goodbye_is_said() -> None:
    staff = callcenter.current().staff
    document = twiml.ask_until(staff, "https://example.com/until")
    gather = {"input": "dtmf", "action": "https://example.com/until", "method": "POST", "timeout": "6"}
    spoken = {"language": "en-US"}
    assert verbs(document) == [
        ("Gather", {**gather, "numDigits": "4", "finishOnKey": ""}, ""),
        ("Say", spoken, twiml.UNTIL_PROMPT),
        ("Say", spoken, "Goodbye."),
        ("Hangup", {}, ""),
    ]


@pytest.mark.parametrize(
    ("document", "digits", "finish"),
    [
        (twiml.ask_for_pin, "10", "#"),
        (twiml.ask_for_talk, "6", "#"),
        (lambda staff, url: twiml.play_talk(staff, "", "x.mp3", url), "6", "#"),
        (lambda staff, url: twiml.menu(staff, "", url, twiml.May(), is_on=True), "1", ""),
        (lambda staff, url: twiml.choose_line(staff, ["a"], url), "1", ""),
        (lambda staff, url: twiml.switch_line(staff, "", url), "1", ""),
    ],
    ids=["pin", "talk", "play", "menu", "lines", "line"],
)
def test_as_many_digits_are_waited_for_as_there_are(
    document: Callable[[Any, str], str], digits: str, finish: str
) -> None:
    ((_, gather, _), *_) = verbs(document(callcenter.current().staff, "https://example.com/"))
    assert (gather["numDigits"], gather["finishOnKey"]) == (digits, finish)


def test_who_may_do_nothing_more_hears_of_no_further_key() -> None:
    said = heard(twiml.menu(callcenter.current().staff, "", BASE, twiml.May(), is_on=True))
    assert "Press 7" not in said and "Press 8" not in said


def test_a_note_is_spoken_after_a_tone_for_two_minutes_at_most() -> None:
    staff = structs.replace(callcenter.current().staff, voice="Polly.Joanna", language="en-GB")
    says, record, hangup = verbs(twiml.ask_for_note(staff, "https://example.com/note"))
    assert says == ("Say", {"language": "en-GB", "voice": "Polly.Joanna"}, twiml.NOTE_PROMPT) and hangup[0] == "Hangup"
    assert record[1] == {
        "action": "https://example.com/note",
        "method": "POST",
        "maxLength": "120",
        "finishOnKey": "#",
        "playBeep": "true",
    }


# --- Texts


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"Body": "who"}, "On: Bea."),
        ({"Body": " who "}, "On: Bea."),
        ({"Body": "", "NumMedia": "1"}, texts.PICTURES),
        ({"Body": "", "NumMedia": "0"}, texts.HELP),
        ({"Body": "who", "NumMedia": "1"}, "On: Bea."),
        ({"Body": "stop"}, ""),
        ({"Body": "who", "To": "+14155550100"}, ""),
        ({"Body": "who", "MessageSid": "x"}, ""),
        ({"Body": "who", "From": CARLS}, ""),
    ],
)
def test_a_text_is_answered_to_a_worker_on_the_staff_number_alone(
    monkeypatch: pytest.MonkeyPatch, form: dict[str, str], said: str
) -> None:
    monkeypatch.setattr(people, "with_phone", lambda number: BEA if number == BEAS else None)
    monkeypatch.setattr(commands, "who", lambda: "On: Bea.")
    monkeypatch.setattr(duty, "find", lambda _name: Duty())
    asks = webhook(MessageSid="SM" + "1" * 32)
    answer = message.take(asks._replace(form={**asks.form, **form}))
    assert (answer.status, [text for tag, _, text in verbs(answer.body)]) == (200, [said] if said else [])


@pytest.mark.parametrize(("code", "is_said"), [("", False), ("11200", True)])
def test_what_cannot_be_done_is_said_once_twilio_has_given_up(
    monkeypatch: pytest.MonkeyPatch, code: str, is_said: bool
) -> None:
    monkeypatch.setattr(people, "with_phone", lambda _number: BEA)
    monkeypatch.setattr(commands, "who", lambda: 1 / 0)
    asks = webhook(MessageSid="SM" + "1" * 32, Body="who", ErrorCode=code)
    if is_said:
        assert texts.NOT_NOW in message.take(asks).body
    else:
        with pytest.raises(ZeroDivisionError):
            message.take(asks)


def test_a_note_is_taken_up_to_its_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []

    def do(_asked: commands.Asked, _said: texts.Said, words: str) -> str:
        taken.append(words)
        return "Noted."

    monkeypatch.setattr(people, "with_phone", lambda _number: BEA)
    monkeypatch.setattr(commands, "do", do)
    message.take(webhook(MessageSid="SM" + "1" * 32, Body="x" * 1001))
    assert taken == ["x" * texts.LONGEST_NOTE]


# --- What is told without asking


@pytest.mark.parametrize(
    ("worker_sid", "reason", "is_moved", "what"),
    [
        ("WK1", "no-answer", True, ["set-off"]),
        ("WK1", "no-answer", False, []),
        ("WK1", "unreachable", True, ["unreachable"]),
        ("WK1", "failed: 404", False, ["unreachable"]),
        ("WK1", "no contact_uri", False, ["unreachable"]),
        ("", "unreachable", True, []),
        ("", "no-answer", True, []),
    ],
)
def test_a_worker_who_lost_a_caller_is_told_and_of_a_phone_that_is_wrong_the_admins_are(
    monkeypatch: pytest.MonkeyPatch, worker_sid: str, reason: str, is_moved: bool, what: list[str]
) -> None:
    ordered: list[Notice] = []
    monkeypatch.setattr(outbox, "order", ordered.append)
    link = Link(subject=CALL, reservation_sid=RESERVATION)
    told.not_put_through(link.key, worker_sid, reason, NOW, is_moved=is_moved)
    assert [(one.what, one.about, one.reason, one.at) for one in ordered] == [(one, CALL, reason, NOW) for one in what]


TALK = Link(subject=CALL, reservation_sid=RESERVATION, queue="Support", worker_sid="WK1", worker_name="Bea")


@pytest.mark.parametrize(
    ("link", "is_asked"),
    [
        (TALK, True),
        (structs.replace(TALK, queue="Sales"), False),
        (structs.replace(TALK, queue="Other"), False),
        (structs.replace(TALK, asked_after_at=1), False),
        (structs.replace(TALK, held_at=1), False),
        (structs.replace(TALK, mode="work"), False),
    ],
    ids=["hung up", "no notes there", "no rules there", "asked already", "given away", "no caller"],
)
def test_who_hung_up_first_is_asked_for_a_note(monkeypatch: pytest.MonkeyPatch, link: Link, is_asked: bool) -> None:
    ordered: list[Notice] = []
    monkeypatch.setattr(outbox, "order", ordered.append)
    told.hung_up_first(link, NOW)
    assert [(one.what, one.worker, one.reservation_sid) for one in ordered] == (
        [("after-talk", "Bea", RESERVATION)] * is_asked
    )


OFF = structs.replace(BEA, activity_sid=ACTIVITIES["Offline"], available=False)


@pytest.mark.parametrize(
    ("worker", "standing", "reason", "said"),
    [
        (OFF, Duty(), "no-answer", "You missed a call at 10:00 UTC and are off. Reply on."),
        (OFF, Duty(), "declined: no", "A call at 10:00 UTC was not put through to you, and you are off. Reply on."),
        (BEA, Duty(), "no-answer", ""),
        (OFF, Duty(hand="off", hand_at=NOW), "no-answer", ""),
        (OFF, Duty(hand="off", hand_at=NOW + 1), "no-answer", ""),
        (OFF, Duty(hand="off", hand_at=NOW - 1), "no-answer", "You missed a call at 10:00 UTC and are off. Reply on."),
        (OFF, Duty(hand="on", hand_at=NOW + 1), "no-answer", "You missed a call at 10:00 UTC and are off. Reply on."),
        (OFF, Duty(hand_at=NOW + 1), "no-answer", "You missed a call at 10:00 UTC and are off. Reply on."),
        (structs.replace(OFF, attributes={}), Duty(), "no-answer", ""),
    ],
)
def test_who_is_off_by_a_rule_is_told_so(
    monkeypatch: pytest.MonkeyPatch, worker: rest.workers.Worker, standing: Duty, reason: str, said: str
) -> None:
    monkeypatch.setattr(rest.workers, "fetch", lambda _sid: worker)
    monkeypatch.setattr(duty, "find", lambda _name: standing)
    notice = Notice(what="set-off", about=CALL, at=NOW, worker_sid="WK1", reason=reason)
    assert list(told.words(notice, NOW + 60)) == ([Text(BEAS, said)] if said else [])


@pytest.mark.parametrize(("now", "is_told"), [(NOW + 899, True), (NOW + 900, False), (NOW + 901, False)])
def test_a_reminder_comes_before_the_shift_or_not_at_all(
    environment: pytest.MonkeyPatch, now: float, is_told: bool
) -> None:
    pack(environment, shifts=(Shift("Bea", int(NOW) + 900, int(NOW) + 4500),))
    environment.setattr(rest.workers, "of_name", lambda _name: BEA)
    notice = Notice(what="reminder", at=NOW, worker="Bea")
    said = "Your shift begins at 10:15 UTC and goes until 11:15 UTC. You are put on then."
    assert list(told.words(notice, now)) == [Text(BEAS, said)] * is_told
    environment.setattr(rest.workers, "of_name", lambda _name: None)
    assert list(told.words(notice, now)) == []
    assert list(told.words(structs.replace(notice, worker="Carl"), now)) == []


@pytest.mark.parametrize(("available", "shown"), [(True, ""), (False, " and is Unavailable")])
def test_each_admin_is_told_of_a_phone_that_cannot_be_reached(
    monkeypatch: pytest.MonkeyPatch, available: bool, shown: str
) -> None:
    ann = structs.replace(BEA, name="Ann", activity_sid=ACTIVITIES["Unavailable"], available=available)
    monkeypatch.setattr(rest.workers, "fetch", lambda _sid: ann)
    monkeypatch.setattr(rest.workers, "of_name", lambda name: CARL if name == "Carl" else None)
    notice = Notice(what="unreachable", about=CALL, at=NOW, worker_sid="WK3")
    said = f"The phone of Ann cannot be reached{shown}. Correct contact_uri in workers.toml."
    assert list(told.words(notice, NOW)) == [Text(CARLS, said)]


def test_a_note_is_asked_for_about_a_call_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest.workers, "fetch", lambda _sid: BEA)
    monkeypatch.setattr(duty, "ask_for_note", lambda *_given: None)
    notice = Notice(what="after-talk", about=CALL, at=NOW, worker_sid="WK1", reservation_sid=RESERVATION)
    for known, count in ((TALK, 1), (structs.replace(TALK, reservation_sid="WR9"), 0)):
        monkeypatch.setattr(reading, "of_call", lambda _subject, known=known: CallRecord(None, (known,)))
        assert len(told.words(notice, NOW)) == count
