"""Callers whom a line knows: blocked, VIPs, of a language, with a worker of their own; and how it screens them."""

from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest

from chalicelib import aws
from chalicelib.callbacks import asking
from chalicelib.callers import block, memory
from chalicelib.callers.known import Known, of_token
from chalicelib.config import callcenter
from chalicelib.links import callbacks as callback_rows
from chalicelib.links import caller_leg, profiles, table
from chalicelib.links.attributes import encode
from chalicelib.links.model import Callback, Key, Link, Notice
from chalicelib.links.profiles import Change, Did, Talked
from chalicelib.tell import mail
from chalicelib.twilio import rest, urls, values
from emulator.voice.parties import Step, answers, hangs_up, hears, presses, says, waits
from ops.callcenter import files
from ops.callcenter.resources import workflow
from tests.conftest import Aws
from tests.support.api_gateway import BASE, post
from tests.support.call_centre import BEA, CALLCENTER, CARL, SUPPORT, CallCentre
from tests.support.driver import caller_form
from tests.support.meter import counting

CALLER, OTHER = "+12125550171", "+12125550172"
ANONYMOUS = "+266696687"
MONDAY = datetime(2026, 11, 30, 10, 0, tzinfo=UTC).timestamp()
DAY = 86400.0
HEAD, TAIL = CALLCENTER.split("[queues.Support]", 1)
MENU = (
    '[lines.support.menu]\nprompt = "For help press 1."\nchoices = [{ digits = "1", attributes = { topic = "help" } }]'
)
SAME_WORKER = "[lines.support.know_caller]\nsame_worker = { days = 7, wait = 20 }"


def team(rules: str = "[lines.support.know_caller]", more: str = "") -> str:
    """The call centre with these tables of the line, and others."""
    return f"{HEAD}{rules}\n[queues.Support]{TAIL}{more}"


@pytest.fixture
def opened(cloud: Aws, environment: pytest.MonkeyPatch) -> Any:
    def open_with(rules: str) -> CallCentre:
        centre = CallCentre(cloud, environment, rules, MONDAY)
        _route(centre, rules)
        return centre

    return open_with


def _route(centre: CallCentre, rules: str) -> None:
    """The workflow is the one that `apply` makes of the file."""
    router = centre.twilio.router
    sids = {queue.friendly_name: queue.sid for queue in router.workspace.task_queues.values()}
    center = files.parse(rules + '\n[workflow]\ndefault_queue = "Support"')
    document = workflow.renamed_queues(workflow.configuration(center), sids)
    (existing,) = router.workspace.workflows.values()
    existing.configuration = router.engine.configuration(document)


def calls(centre: CallCentre, *then: Step, from_: str = CALLER, seconds: float = 10, verstat: str = "") -> list[str]:
    """What this caller hears within so many seconds."""
    sid = centre.twilio.dial(from_, SUPPORT, then, verstat=verstat)
    centre.run(seconds)
    return list(centre.twilio.context.calls[sid].heard)


def by_hand(did: Did, until: float = 0, sid: str = "one") -> Change:
    return Change(did=did, at=MONDAY, by="Ann", sid=sid, until=until, reason="abuse")


def blocks(number: str = CALLER, until: float = MONDAY + DAY) -> None:
    block.add(number, by_hand("blocked", until), MONDAY)


def tasks(centre: CallCentre) -> list[Any]:
    return list(centre.twilio.router.workspace.tasks.values())


def knows(**made: object) -> None:
    profiles.change(CALLER, lambda _standing: made, MONDAY)


# --- Blocked


def test_a_blocked_caller_hears_a_sentence_and_rings_nobody(opened: Any) -> None:
    centre = opened(team())
    blocks()
    assert calls(centre) == ["We cannot take your call. Goodbye."] and tasks(centre) == []
    assert calls(centre, from_=OTHER)[0] == "Hello." and len(tasks(centre)) == 1


def test_a_blocked_caller_may_leave_a_message(opened: Any) -> None:
    centre = opened(team('[lines.support.know_caller]\nblocked = "voicemail"\nblocked_say = "Write to us."'))
    blocks()
    assert calls(centre)[0] == "Write to us. Please leave a message after the tone." and tasks(centre) == []


def test_a_blocked_caller_may_hear_that_it_is_busy_which_costs_nothing(opened: Any) -> None:
    centre = opened(team('[lines.support.know_caller]\nblocked = "reject"'))
    blocks()
    sid = centre.twilio.dial(CALLER, SUPPORT, [])
    centre.run(10)
    assert (centre.twilio.context.calls[sid].status, centre.twilio.context.calls[sid].heard) == ("busy", [])


def test_a_block_ends_by_its_time_and_by_hand(opened: Any) -> None:
    centre = opened(team())
    blocks(until=MONDAY + 60)
    centre.run(61)
    assert calls(centre)[0] == "Hello."
    block.add(CALLER, by_hand("blocked", MONDAY + DAY, "two"), MONDAY)
    assert calls(centre)[0] != "Hello."
    block.remove(CALLER, by_hand("unblocked", sid="three"), MONDAY)
    assert calls(centre)[0] == "Hello." and list(profiles.blocked()) == []


def test_the_same_request_again_blocks_nobody_who_was_let_in_since(opened: Any) -> None:
    opened(team())
    blocks()
    block.remove(CALLER, by_hand("unblocked", sid="two"), MONDAY)
    blocks()
    assert not profiles.find(CALLER).is_blocked(MONDAY)
    assert [(one.did, one.by, one.reason) for one in profiles.find(CALLER).changes] == [
        ("unblocked", "Ann", "abuse"),
        ("blocked", "Ann", "abuse"),
    ]


@pytest.mark.parametrize(("sid", "at"), [("0", 0), ("two", 0), ("0", 1), ("two", 1)])
def test_another_request_of_the_same_moment_or_later_is_done(cloud: Aws, sid: str, at: float) -> None:
    blocks()
    block.remove(CALLER, msgspec.structs.replace(by_hand("unblocked", sid=sid), at=MONDAY + at), MONDAY)
    assert profiles.find(CALLER).blocked_until == 0 and list(profiles.blocked()) == []


@pytest.mark.parametrize("sid", ["0", "two"])
def test_a_request_of_before_another_that_is_done_changes_nothing(cloud: Aws, sid: str) -> None:
    blocks()
    block.remove(CALLER, msgspec.structs.replace(by_hand("unblocked", sid=sid), at=MONDAY - 1), MONDAY)
    assert profiles.find(CALLER).is_blocked(MONDAY) and len(profiles.find(CALLER).changes) == 1


def test_the_latest_twenty_changes_of_a_caller_are_known(cloud: Aws) -> None:
    for number in range(21):
        block.set_known(CALLER, by_hand("vip", sid=f"{number:02}"), {"vip": True}, MONDAY)
    assert [one.sid for one in profiles.find(CALLER).changes] == [f"{number:02}" for number in reversed(range(1, 21))]


@pytest.mark.parametrize(("until", "kept"), [(MONDAY + DAY, 365), (MONDAY + 400 * DAY, 400)])
def test_who_was_blocked_is_known_for_a_year_and_as_long_as_the_block_lasts(
    cloud: Aws, until: float, kept: int
) -> None:
    blocks(until=until)
    assert cloud.row("PROFILE")["expires_at"] == int(MONDAY + kept * DAY)


def test_a_blocked_caller_of_a_closed_line_does_not_ring_whoever_is_on_call(opened: Any) -> None:
    closed = '[lines.support.closed]\nurgent_key = { digits = "9", to = "+14155550199" }\n[lines.support.know_caller]'
    rules = team(closed, "\n[hours.never]\nweek = {}\n").replace(
        'greeting = "Hello."', 'greeting = "Hello."\nhours = "never"'
    )
    centre = opened(rules)
    blocks()
    assert calls(centre, presses("9")) == ["We cannot take your call. Goodbye."]
    assert "If it is urgent" in calls(centre, from_=OTHER)[0]


def test_who_is_blocked_is_not_called_back(opened: Any) -> None:
    rules = '[lines.support.know_caller]\n[lines.support.callback]\ncountries = ["+1"]\noffer_after = 0'
    centre = opened(team(rules))
    calls(centre, hears("press star"), presses("*"), hears("confirm"), presses("1"), seconds=60)
    centre.work()
    blocks()
    (row,) = [row for row in centre.cloud.rows() if row["item"] == "CALLBACK"]
    assert (row["state"], row["reason"]) == ("withdrawn", "the caller is blocked")


# --- A profile that cannot be read, or is none


def nonsense(**row: object) -> None:
    item = encode({"call_sid": f"PHONE#{CALLER}", "item": "PROFILE", **row})
    aws.client("dynamodb").put_item(TableName="cordboard-test-links", Item=item)


@pytest.mark.parametrize(
    "row",
    [
        {"blocked_until": "for ever"},
        {"changes": "none", "expires_at": MONDAY + DAY},
        {"workers": {"support": ["Bea"]}, "expires_at": MONDAY + DAY},
        {"vip": 1, "blocked_until": MONDAY + DAY, "expires_at": MONDAY + DAY},
    ],
)
def test_a_row_of_nonsense_is_of_nobody(opened: Any, row: dict[str, object]) -> None:
    centre = opened(team())
    nonsense(**row)
    assert calls(centre)[0] == "Hello."
    assert '"who calls is not known"' in centre.log.getvalue() and '"why":"Nonsense"' in centre.log.getvalue()
    blocks()
    assert calls(centre)[0] != "Hello."


def test_a_row_that_has_expired_is_of_nobody(opened: Any) -> None:
    centre = opened(team())
    nonsense(blocked_until=MONDAY + DAY, expires_at=int(MONDAY))
    assert calls(centre)[0] == "Hello."


@pytest.mark.parametrize(("after", "known"), [(-0.5, True), (0, False), (1, False)])
def test_a_profile_is_known_until_its_row_expires(cloud: Aws, after: float, known: bool) -> None:
    knows(vip=True)
    row = cloud.row("PROFILE")
    assert (row["version"], row["expires_at"]) == (1, int(MONDAY + 365 * DAY))
    assert bool(profiles.seen(CALLER, row["expires_at"] + after)) is known


def test_two_who_change_a_profile_at_once_both_change_it(cloud: Aws) -> None:
    seen = []

    def speaks_spanish(standing: profiles.Profile) -> dict[str, object]:
        seen.append(standing.vip)
        if len(seen) < 3:  # somebody else is faster
            profiles.change(CALLER, lambda _standing: {"vip": len(seen) == 1}, MONDAY)
        return {"language": "es"}

    found = profiles.change(CALLER, speaks_spanish, MONDAY)
    assert (seen, found.vip, found.language) == ([False, True, False], False, "es")
    assert cloud.row("PROFILE")["version"] == 3


def test_a_profile_that_others_change_again_and_again_is_given_up(cloud: Aws) -> None:
    tries = []

    def always_late(_standing: profiles.Profile) -> dict[str, object]:
        tries.append(1)
        profiles.change(CALLER, lambda _standing: {"vip": True}, MONDAY)
        return {"language": "es"}

    with pytest.raises(table.ConditionFailed):
        profiles.change(CALLER, always_late, MONDAY)
    assert len(tries) == 5 and profiles.find(CALLER).language == ""


def test_while_the_table_is_down_every_caller_gets_through(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    centre = opened(team())
    blocks()

    def down(*_given: object, **_named: object) -> None:
        raise ConnectionError("no route")

    monkeypatch.setattr(aws, "quick_request", down)
    assert calls(centre)[0] == "Hello." and len(tasks(centre)) == 1
    assert '"who calls is not known"' in centre.log.getvalue() and CALLER not in centre.log.getvalue()


@pytest.mark.parametrize(
    "from_", [ANONYMOUS, "+7378742833", "+2562533", "+8656696", "+86282452253", "anonymous", "", "12345"]
)
def test_a_withheld_number_is_no_person(opened: Any, from_: str) -> None:
    centre = opened(team())
    blocks(ANONYMOUS)
    with counting() as made:
        assert calls(centre, from_=from_, seconds=0.5)[0] == "Hello."
    assert "Query" not in made


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (CALLER, CALLER),
        (ANONYMOUS, ""),
        ("+7378742833", ""),
        ("+7748283", ""),
        ("+1", ""),
        (f"+{'9' * 25}", ""),
        (None, ""),
    ],
)
def test_a_person_has_a_number_of_their_own(value: object, number: str) -> None:
    assert values.person(value) == number


def test_two_callers_who_withhold_their_numbers_do_not_share_a_callback(opened: Any) -> None:
    opened(team('[lines.support.callback]\ncountries = ["+1"]\nother_number = true'))
    first = "CA" + "a" * 32
    kept = Callback(call_sid=first, line="support", caller=ANONYMOUS, number=CALLER, since=MONDAY)
    callback_rows.create(kept, MONDAY)
    callback_rows.claim(ANONYMOUS, "support", first, "", MONDAY)
    assert asking.is_back(ANONYMOUS, "support", "CA" + "b" * 32, MONDAY) == ""
    assert asking.open_of(ANONYMOUS, "support") is None


# --- Known


def test_a_vip_goes_before_others_and_the_task_says_so(opened: Any) -> None:
    centre = opened(team("priority = 3\n[lines.support.know_caller]\nvip_priority = 7"))
    knows(vip=True, language="es")
    calls(centre)
    (task,) = tasks(centre)
    known = task.attributes
    assert (task.priority, known["vip"], known["language"]) == (10, True, "es")


def test_on_a_line_with_a_menu_the_profile_is_read_once(opened: Any) -> None:
    centre = opened(team(f"[lines.support.know_caller]\n{MENU}"))
    knows(vip=True, language="es")
    with counting() as made:
        calls(centre, hears("For help"), presses("9"), hears("For help"), presses("1"), seconds=8)
    (task,) = tasks(centre)
    assert made["Query"] == 1
    known = task.attributes
    assert (task.priority, known["language"], known["topic"]) == (10, "es", "help")
    assert centre.asked.count(urls.MENUS_OF_KNOWN.path) == 2


def test_of_a_caller_of_whom_nothing_is_known_the_menu_is_as_ever(opened: Any) -> None:
    centre = opened(team(f"[lines.support.know_caller]\n{MENU}"))
    calls(centre, hears("For help"), presses("1"))
    assert urls.MENUS.path in centre.asked and tasks(centre)[0].priority == 0


TEXTS = 'greeting = { en = "Hello.", es = "Hola." }\nlanguage = "en"'
VOICES = '[lines.support.languages]\nen = { language = "en-US" }\nes = { language = "es-US" }'


def speaks(rules: str) -> str:
    """A line that speaks two languages, and asks who calls."""
    return team(f"[lines.support.know_caller]\n{rules}\n{VOICES}").replace('greeting = "Hello."', TEXTS)


def test_a_caller_of_a_known_language_hears_it_from_the_first_word_on(opened: Any) -> None:
    centre = opened(speaks(""))
    knows(language="es")
    assert calls(centre)[0] == "Hola." and tasks(centre)[0].attributes["language"] == "es"
    assert calls(centre, from_=OTHER)[0] == "Hello."


def test_a_caller_of_a_known_language_is_turned_away_in_it(opened: Any) -> None:
    centre = opened(speaks('blocked_say = { en = "Goodbye.", es = "Hasta luego." }'))
    knows(language="es")
    blocks()
    assert calls(centre) == ["Hasta luego."]


def test_a_caller_of_a_known_language_is_asked_for_the_digit_in_it_and_goes_on_in_it(opened: Any) -> None:
    say = 'say = { en = "To go on, press {digit}.", es = "Para seguir, oprima {digit}." }'
    centre = opened(speaks(f'[lines.support.screening]\neverybody = "captcha"\n{say}'))
    knows(language="es")
    sid = centre.twilio.dial(CALLER, SUPPORT, [])
    centre.run(3)
    (asked,) = centre.twilio.context.calls[sid].heard
    assert asked.startswith("Para seguir, oprima ")
    centre.twilio.press(sid, asked[-2])
    centre.run(5)
    assert centre.twilio.context.calls[sid].heard[1] == "Hola."


def test_who_types_the_extension_of_a_worker_who_is_off_hears_so_in_their_language(opened: Any) -> None:
    asked = 'prompt = { en = "Which extension?", es = "Qué extensión?" }'
    away = 'away = { en = "{name} is off.", es = "{name} no está." }'
    centre = opened(speaks(f'[lines.support.extensions]\nqueue = "Support"\n{asked}\n{away}'))
    centre.pack(extensions={"21": "Bea"})
    knows(language="es")
    heard = calls(centre, hears("extensión"), presses("21#"))
    assert heard[:2] == ["Hola.", "Qué extensión?"] and heard[2].startswith("Bea no está.")


# --- The same worker again


def talk(centre: CallCentre, name: str, phone: str, *, from_: str = CALLER) -> None:
    """The caller talks to this worker, who alone is on."""
    centre.set(name, "Available")
    centre.twilio.phone(phone).will(answers(then=(waits(30), hangs_up())))
    calls(centre, from_=from_, seconds=5)
    for _ in range(3):
        centre.work()
        centre.run(40)
    centre.set(name, "Offline")


def offered(centre: CallCentre) -> str:
    """Whom the latest call is reserved for; empty for nobody."""
    task = tasks(centre)[-1]
    pending = [one for one in centre.twilio.router.workspace.reservations.values() if one.task is task]
    return pending[-1].worker.friendly_name if pending else ""


def test_who_calls_again_is_offered_to_the_same_worker_first(opened: Any) -> None:
    centre = opened(team(SAME_WORKER))
    talk(centre, "Carl", CARL)
    assert profiles.find(CALLER).workers["support"].worker == "Carl"
    centre.set("Bea", "Available")
    centre.run(60)
    centre.set("Carl", "Available")
    calls(centre, seconds=2)
    assert offered(centre) == "Carl"


@pytest.mark.parametrize(
    ("state", "reservation", "known"),
    [
        ("talked", "WR" + "1" * 32, True),
        ("talked", "WR" + "2" * 32, False),
        ("talked", "WR" + "0" * 32, False),
        ("waiting", "WR" + "1" * 32, False),
        ("given up", "WR" + "1" * 32, False),
    ],
)
def test_who_called_them_back_is_the_same_worker_if_they_were_reached(
    opened: Any, state: Any, reservation: str, known: bool
) -> None:
    opened(team(SAME_WORKER))
    about, key = "CA" + "7" * 32, Key("WT" + "7" * 32, "WR" + "1" * 32)
    callback_rows.create(
        Callback(
            call_sid=about, line="support", number=CALLER, since=1, at=1, state=state, reservation_sid=reservation
        ),
        MONDAY,
    )
    taken = Link(subject=key.subject, reservation_sid=key.reservation_sid, mode="work", work="callback", callback=about)
    memory.remember(
        msgspec.structs.replace(taken, worker_name="Carl", bridged_at=5.0, caller=CALLER, caller_id=SUPPORT)
    )
    assert bool(profiles.find(CALLER).workers) is known


def test_of_work_that_is_no_callback_nobody_knows_whether_they_talked(opened: Any) -> None:
    opened(team(SAME_WORKER))
    lead = Link(subject="WT" + "7" * 32, reservation_sid="WR" + "1" * 32, mode="work", work="lead", worker_name="Carl")
    memory.remember(msgspec.structs.replace(lead, bridged_at=5.0, caller=CALLER, caller_id=SUPPORT))
    assert not profiles.find(CALLER).workers


TALK = Link(
    subject="CA" + "7" * 32,
    reservation_sid="WR" + "7" * 32,
    worker_name="Carl",
    bridged_at=MONDAY,
    caller=CALLER,
    caller_id=SUPPORT,
)


@pytest.fixture
def same_worker(cloud: Aws, environment: pytest.MonkeyPatch) -> None:
    """The line offers a caller to the same worker for a week."""
    center = callcenter.parse(team(SAME_WORKER))
    environment.setattr(callcenter, "current", lambda: center)


def remembers(**changes: Any) -> None:
    memory.remember(msgspec.structs.replace(TALK, **changes))


@pytest.mark.usefixtures("same_worker")
def test_the_worker_of_a_talk_is_known_for_the_days_of_the_line(cloud: Aws) -> None:
    remembers()
    (row,) = cloud.rows()
    assert profiles.find(CALLER).workers == {"support": Talked("Carl", MONDAY)}
    assert row["expires_at"] == int(MONDAY + 7 * DAY)


@pytest.mark.usefixtures("same_worker")
def test_the_worker_of_the_latest_talk_counts_in_whichever_order_they_end() -> None:
    found = []
    for worker, after in (("Carl", 5), ("Bea", 4), ("Bea", 5), ("Bea", 6)):
        remembers(worker_name=worker, bridged_at=MONDAY + after)
        found.append(profiles.find(CALLER).workers["support"].worker)
    assert found == ["Carl", "Carl", "Carl", "Bea"]


@pytest.mark.usefixtures("same_worker")
@pytest.mark.parametrize("unknown", [{"caller": ""}, {"caller": ANONYMOUS}, {"worker_name": ""}, {"bridged_at": 0.0}])
def test_who_did_not_talk_or_has_no_number_has_no_worker(cloud: Aws, unknown: dict[str, Any]) -> None:
    remembers(**unknown)
    assert cloud.rows() == []


@pytest.mark.parametrize("rules", [team(), CALLCENTER])
def test_a_line_that_offers_nobody_the_same_worker_remembers_none(
    cloud: Aws, environment: pytest.MonkeyPatch, rules: str
) -> None:
    environment.setattr(callcenter, "current", lambda: callcenter.parse(rules))
    remembers()
    assert cloud.rows() == []


def test_of_fifty_lines_the_last_worker_is_known(cloud: Aws, environment: pytest.MonkeyPatch) -> None:
    lines = {
        f"line{number}": {"greeting": "Hi.", "numbers": [f"+1415555{number:04}"], "know_caller": {"same_worker": {}}}
        for number in range(51)
    }
    center = callcenter.of_tables({"default_line": "line0", "lines": lines})
    environment.setattr(callcenter, "current", lambda: center)
    for number in (2, 0, 1, *range(3, 51)):
        remembers(caller_id=f"+1415555{number:04}", bridged_at=MONDAY + number)
    assert set(profiles.find(CALLER).workers) == lines.keys() - {"line0"}


@pytest.mark.usefixtures("same_worker")
def test_while_the_table_is_down_nobody_is_remembered_and_the_link_ends_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(aws, "request", lambda *_given, **_named: 1 / 0)
        remembers()
    assert not profiles.find(CALLER).workers


def test_nobody_waits_long_for_a_worker_who_is_away(opened: Any) -> None:
    centre = opened(team(SAME_WORKER))
    talk(centre, "Carl", CARL)
    centre.set("Bea", "Available")
    calls(centre, seconds=15)
    assert offered(centre) == ""
    centre.run(10)
    assert offered(centre) == "Bea"


def test_after_the_days_of_the_line_it_is_anybodys_call(opened: Any) -> None:
    centre = opened(team(SAME_WORKER))
    talk(centre, "Carl", CARL)
    centre.run(7 * DAY)
    centre.set("Bea", "Available")
    calls(centre, seconds=2)
    assert offered(centre) == "Bea"


# --- Screening


def screens(rules: str) -> str:
    return team(f"[lines.support.screening]\n{rules}")


def digit_of(heard: str) -> str:
    return heard.rpartition("press ")[2][0]


@pytest.mark.parametrize(
    ("rules", "from_", "verstat"),
    [
        ('prefixes = ["+1212", "+1900"]', CALLER, "TN-Validation-Passed-A"),
        ('failed = "reject"', CALLER, "TN-Validation-Failed-B"),
        ('failed = "reject"', CALLER, "TN-Validation-Failed"),
        ('withheld = "reject"', "anonymous", ""),
        ('withheld = "reject"\neverybody = "captcha"', ANONYMOUS, "No-TN-Validation"),
    ],
)
def test_a_caller_who_is_screened_out_hears_that_it_is_busy(opened: Any, rules: str, from_: str, verstat: str) -> None:
    centre = opened(screens(rules))
    assert calls(centre, from_=from_, verstat=verstat) == [] and tasks(centre) == []


@pytest.mark.parametrize(
    ("rules", "from_", "verstat"),
    [
        ("", CALLER, "TN-Validation-Passed-C"),
        ("", CALLER, "TN-Validation-Passed-A-Diverted"),
        ("", CALLER, "No-TN-Validation"),
        ("", CALLER, ""),
        ("", "anonymous", ""),
        ('failed = "allow"', CALLER, "TN-Validation-Failed-A"),
        ('prefixes = ["+1900"]', CALLER, "nonsense"),
    ],
)
def test_others_are_let_in_at_once_and_nothing_is_read(opened: Any, rules: str, from_: str, verstat: str) -> None:
    centre = opened(screens(rules))
    with counting() as made:
        assert calls(centre, from_=from_, verstat=verstat, seconds=0.5)[0] == "Hello."
    assert "Query" not in made


def test_who_presses_the_digit_of_the_call_is_let_in(opened: Any) -> None:
    centre = opened(screens(""))
    sid = centre.twilio.dial(CALLER, SUPPORT, [], verstat="TN-Validation-Failed-C")
    centre.run(2)
    call = centre.twilio.context.calls[sid]
    centre.twilio.press(sid, digit_of(call.heard[0]))
    centre.run(10)
    assert call.heard[1] == "Hello." and len(tasks(centre)) == 1


def test_who_presses_another_digit_or_none_is_asked_again_and_then_let_go(opened: Any) -> None:
    centre = opened(screens('everybody = "captcha"\nsay = "Human? Press {digit}."'))
    heard = calls(centre, hears("Human"), presses("0"), seconds=40)
    assert [said[:6] for said in heard] == ["Human?", "Human?", "We did"] and tasks(centre) == []


def screened(centre: CallCentre, attempt: str = "1", **form: str) -> str:
    """The answer to a caller who was to press 5."""
    path = {"caller": "-", "digit": "5", "attempt": attempt}
    return str(centre.send(post(urls.SCREENED.path, caller_form(To=SUPPORT, **form), path))["body"])


@pytest.mark.parametrize("digits", ["4", "6", "", "55", "#"])
def test_no_other_digit_lets_anybody_in(opened: Any, digits: str) -> None:
    centre = opened(screens('everybody = "captcha"'))
    assert "Hello." in screened(centre, Digits="5")
    asked = screened(centre, Digits=digits)
    assert "To go on, press" in asked and "/2#rc=2" in asked and "Hello." not in asked


@pytest.mark.parametrize(
    ("attempt", "then"), [("1", "/2#rc"), ("2", "/3#rc"), ("3", "Goodbye"), ("4", "Goodbye"), ("x", "/2#rc")]
)
def test_a_digit_is_asked_for_so_many_times(opened: Any, attempt: str, then: str) -> None:
    centre = opened(screens('everybody = "captcha"\ntries = 3'))
    assert then in screened(centre, attempt, Digits="0")


def test_who_was_screened_on_a_line_that_is_closed_hears_no_busy_tone_any_more(opened: Any) -> None:
    """The call was answered for the digit."""
    rules = screens('everybody = "captcha"') + "\n[hours.never]\nweek = {}\n"
    rules = rules.replace('greeting = "Hello."', 'greeting = "Hello."\nhours = "never"\nclosed.then = "reject"')
    assert "<Hangup" in screened(opened(rules), Digits="5") and "<Reject" not in screened(opened(rules), Digits="5")


def test_the_digit_differs_from_call_to_call(opened: Any) -> None:
    centre = opened(screens('everybody = "captcha"'))
    assert len({calls(centre, seconds=2)[0] for _ in range(20)}) > 1


def test_what_is_known_of_a_caller_goes_through_the_screening(opened: Any) -> None:
    centre = opened(team('[lines.support.know_caller]\n[lines.support.screening]\neverybody = "captcha"'))
    knows(vip=True)
    sid = centre.twilio.dial(CALLER, SUPPORT, [])
    centre.run(2)
    centre.twilio.press(sid, digit_of(centre.twilio.context.calls[sid].heard[0]))
    with counting() as made:
        centre.run(1)
    assert tasks(centre)[0].attributes["vip"] is True and "Query" not in made


# --- Extensions

EXTENSIONS = '[lines.support.extensions]\nqueue = "Support"\nwait = 30'


def of_bea(opened: Any, rules: str = EXTENSIONS) -> CallCentre:
    """A call centre in which 21 is Bea, and Carl takes every other call."""
    centre: CallCentre = opened(team(rules))
    centre.pack(extensions={"21": "Bea"})
    centre.set("Carl", "Available")
    return centre


def types(extension: str) -> tuple[Step, Step]:
    return hears("extension"), presses(f"{extension}#")


def test_who_types_an_extension_gets_that_worker(opened: Any) -> None:
    centre = of_bea(opened)
    centre.set("Bea", "Available")
    assert "One moment, please." in calls(centre, *types("21"))
    assert offered(centre) == "Bea" and tasks(centre)[-1].attributes["agent"] == "Bea"


def test_a_phone_that_rings_for_a_caller_who_waits_no_longer_rings_no_more(opened: Any) -> None:
    """Also where the event that their task was canceled is lost."""
    centre = of_bea(opened)
    centre.set("Bea", "Available")
    calls(centre, *types("21"))
    centre.work()
    (leg,) = [leg for leg in centre.twilio.context.calls.values() if leg.to == BEA]
    (call,) = [row["call_sid"] for row in centre.cloud.rows() if row["item"] == "CALL"]
    left = caller_form(CallSid=call, QueueResult="leave", QueueTime="30")
    centre.send(post(urls.PERSON_AFTER.path, left, {"extension": "21"}))
    assert leg.status == "canceled"


def test_where_the_worker_is_off_the_caller_leaves_them_a_message_at_once(opened: Any) -> None:
    centre = of_bea(opened)
    speaks = (hears("message"), waits(6), says("Call me."), waits(3), presses("#"))
    heard = calls(centre, *types("21"), *speaks, seconds=40)
    assert "Bea is not available. Please leave a message after the tone." in heard and tasks(centre) == []
    (row,) = [row for row in centre.cloud.rows() if row["item"] == "CALL"]
    assert (row["person"], row["line"], row["caller"]) == ("Bea", "support", CALLER) and row["voicemail_url"]


@pytest.mark.parametrize(
    ("result", "heard"),
    [
        ("leave", "Bea is not available. Please leave a message after the tone."),
        ("bridged", "Thank you for calling. Goodbye."),
        ("hangup", ""),
        ("redirected", ""),
        ("error", "Something went wrong on our side. Please call again. Goodbye."),
        ("system-error", "Something went wrong on our side. Please call again. Goodbye."),
        ("", "Something went wrong on our side. Please call again. Goodbye."),
    ],
)
def test_only_who_waited_for_the_worker_in_vain_leaves_them_a_message(opened: Any, result: str, heard: str) -> None:
    form = caller_form(To=SUPPORT, QueueResult=result)
    document = of_bea(opened).send(post(urls.PERSON_AFTER.path, form, {"extension": "21"}))["body"]
    assert "".join(ElementTree.fromstring(document).itertext()).removesuffix("Thank you. Goodbye.") == heard


def test_the_mail_says_whom_a_message_is_for() -> None:
    notice = Notice(what="voicemail", line="support", at=MONDAY, worker="Bea", caller="…71")
    assert mail.short(notice) == "…71 left a message for Bea on line support at 2026-11-30 10:00 UTC."


def test_a_worker_who_is_on_another_call_is_waited_for_and_nobody_else_rings(opened: Any) -> None:
    centre = of_bea(opened)
    centre.set("Bea", "Available")
    centre.twilio.phone(BEA).will(answers(then=(waits(300), hangs_up())))
    calls(centre, *types("21"), from_=OTHER)
    centre.work()
    centre.run(10)
    heard = calls(centre, *types("21"), seconds=50)
    assert offered(centre) == "" and "Bea is not available. Please leave a message after the tone." in heard


def test_while_twilio_does_not_say_who_is_on_the_worker_is_tried(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    centre = of_bea(opened)

    def down(_name: str) -> None:
        raise rest.NotDone("no answer")

    monkeypatch.setattr(rest.workers, "of_name", down)
    calls(centre, *types("21"))
    assert tasks(centre)[-1].attributes["person_queue"] == "Support"


def test_an_extension_that_nobody_has_is_asked_for_again_and_then_it_is_anybodys_call(opened: Any) -> None:
    centre = of_bea(opened, f"{EXTENSIONS}\ntries = 2")
    heard = calls(centre, *types("99"), *types("98"), seconds=20)
    assert "Nobody has this extension." in heard and offered(centre) == "Carl"


def typed(centre: CallCentre, digits: str, attempt: str = "1") -> str:
    """The answer to who has typed this."""
    form, path = caller_form(To=SUPPORT, Digits=digits), {"caller": "-", "attempt": attempt}
    return str(centre.send(post(urls.EXTENSION.path, form, path))["body"])


@pytest.mark.parametrize(("attempt", "asks"), [("1", "/2#"), ("x", "/2#"), ("2", "/3#"), ("3", ""), ("4", "")])
def test_an_extension_is_asked_for_so_many_times(opened: Any, attempt: str, asks: str) -> None:
    heard = typed(of_bea(opened, f"{EXTENSIONS}\ntries = 3"), "99", attempt)
    assert f"/voice/extension/-{asks}" in heard if asks else "<Gather" not in heard and "<Enqueue" in heard


@pytest.mark.parametrize(
    ("activity", "tried"), [("Available", True), ("Offline", False), ("Wrap up", True), ("", False)]
)
def test_a_worker_is_tried_who_is_on_or_about_to_be(opened: Any, activity: str, tried: bool) -> None:
    """Not one whom nobody knows at Twilio."""
    centre = of_bea(opened)
    centre.pack(extensions={"21": "Bea" if activity else "Zoe"})
    centre.set("Bea", activity or "Available")
    assert ("<Enqueue" in typed(centre, "21")) is tried


@pytest.mark.parametrize(
    ("route", "path", "form", "heard"),
    [
        (urls.EXTENSION, {"caller": "-", "attempt": "1"}, {"Digits": "99"}, "Nobody has this extension."),
        (urls.PERSON_WAIT, {"extension": "21"}, {"QueueTime": "5"}, "One moment, please."),
    ],
)
def test_the_fallback_says_what_failed(
    opened: Any, route: urls.Route, path: dict[str, str], form: dict[str, str], heard: str
) -> None:
    failed = caller_form(To=SUPPORT, ErrorUrl=route.url(BASE, **path), **form)
    assert heard in of_bea(opened).send(post(urls.FALLBACK.path, failed))["body"]


def test_where_it_cannot_be_kept_whom_the_caller_asked_for_they_are_tried_all_the_same(
    opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    centre = of_bea(opened)
    centre.set("Bea", "Available")
    monkeypatch.setattr(caller_leg, "record", lambda *_, **__: 1 / 0)
    assert '"agent":"Bea"' in typed(centre, "21")


def test_who_types_nothing_waits_as_ever(opened: Any) -> None:
    centre = of_bea(opened)
    calls(centre, seconds=12)
    assert offered(centre) == "Carl"


@pytest.mark.parametrize(("digits", "heard"), [("1", "Enqueue"), ("8", "Sorry"), ("", "Sorry"), ("77", "Sorry")])
def test_another_key_of_the_menu_does_not(opened: Any, digits: str, heard: str) -> None:
    centre = of_bea(opened, f'{EXTENSIONS}\nkey = "7"\n{MENU}')
    path = {"trail": "main", "attempt": "1", "total": "1"}

    def press(key: str) -> str:
        return str(centre.send(post(urls.MENUS.path, caller_form(To=SUPPORT, Digits=key), path))["body"])

    assert "/voice/extension/-/1#" in press("7")
    assert heard in press(digits) and "extension" not in press(digits)


def test_a_key_of_the_menu_asks_for_the_extension(opened: Any) -> None:
    centre = of_bea(opened, f'{EXTENSIONS}\nkey = "7"\n{MENU}')
    centre.set("Bea", "Available")
    calls(centre, hears("For help"), presses("7"), *types("21"))
    assert offered(centre) == "Bea"


# --- Staff who block by text


def test_a_worker_blocks_the_caller_they_talked_to_last(opened: Any) -> None:
    centre = opened(team())
    talk(centre, "Carl", CARL)
    assert centre.text(CARL, "block shouts at people") == "…71 is blocked until Tue 30 Nov 10:02 UTC."
    assert calls(centre) == ["We cannot take your call. Goodbye."]
    (profile,) = profiles.blocked()
    made = profile.block
    assert made and (profile.number, made.by, made.reason) == (CALLER, "Carl", "shouts at people")
    assert CALLER not in centre.log.getvalue()


@pytest.mark.parametrize(
    ("from_", "rules", "said"),
    [
        ("anonymous", team(), "Your last caller has no number, and cannot be blocked."),
        (ANONYMOUS, team(), "Your last caller has no number, and cannot be blocked."),
        (CALLER, CALLCENTER, "No line asks who calls, so nobody can be blocked."),
        ("", team(), "You have had no caller yet."),
    ],
)
def test_a_worker_who_can_block_nobody_hears_why(opened: Any, from_: str, rules: str, said: str) -> None:
    centre = opened(rules)
    if from_:
        talk(centre, "Carl", CARL, from_=from_)
    assert centre.text(CARL, "Block") == said and list(profiles.blocked()) == []


def test_a_text_that_comes_late_blocks_nobody_else(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    centre = opened(team())
    talk(centre, "Carl", CARL)
    sent_at = centre.time()
    talk(centre, "Carl", CARL, from_=OTHER)
    monkeypatch.setattr(rest.texts, "came_at", lambda _sid: sent_at)
    centre.text(CARL, "block")
    assert [profile.number for profile in profiles.blocked()] == [CALLER]
    centre.run(3601)
    assert centre.text(CARL, "block").startswith("That text came late")


def test_a_strangers_text_blocks_nobody(opened: Any) -> None:
    centre = opened(team())
    talk(centre, "Carl", CARL)
    assert centre.text(OTHER, "block") == "" and list(profiles.blocked()) == []


# --- What rides in the path


@pytest.mark.parametrize(
    "known", [Known(), Known(vip=True), Known(vip=False, language="es"), Known(True, "es", 'O"Neil 🙂')]
)
def test_what_is_known_comes_back_from_the_path(known: Known) -> None:
    assert of_token(known.token) == known and not set(known.token) & set("/+=?#% ")


@pytest.mark.parametrize("token", ["", "-", "x", "e30", "W10x", "🙂", "W3RydWUsMV0", "/" * 3, "A" * 5000])
def test_a_path_of_nonsense_says_nothing_of_the_caller(token: str) -> None:
    assert of_token(token) == Known()
