"""What the tables of callcenter.toml mean together: whose number it is, what a caller hears, who takes calls."""

from typing import Any

import pytest

from chalicelib.config import callcenter, messages, schema
from chalicelib.config.schema import CallCenter, Line, Treatment

SUPPORT, SALES, DESK, AGENTS, STAFF = (f"+1415555010{digit}" for digit in range(5))
STRANGER = "+12125550171"


def center(lines: dict[str, dict[str, Any]] | None = None, **tables: Any) -> CallCenter:
    """Lines for support, the default one, and sales, and a simple queue; or these lines alone."""
    known = {"support": {"numbers": [SUPPORT]}, "sales": {"numbers": [SALES]}} if lines is None else lines
    described = {name: {"greeting": f"This is {name}.", **line} for name, line in known.items()}
    desk = {"greeting": "This is the desk.", "numbers": [DESK], "agent_numbers": [AGENTS], "agents": [STRANGER]}
    simple = {"simple_queues": {"desk": desk}}
    return callcenter.of_tables({"default_line": "support", "lines": described, **simple, **tables})


def line(**given: Any) -> Line:
    return center({"support": given}).lines["support"]


# --- Whose number it is


@pytest.mark.parametrize(
    ("number", "name"),
    [(SUPPORT, "support"), (SALES, "sales"), (STRANGER, "support"), (DESK, "desk"), (AGENTS, "desk"), ("", "support")],
)
def test_a_number_leads_to_its_line_and_any_other_to_the_default_one(number: str, name: str) -> None:
    ours = center()
    assert ours.name_of(number) == name
    assert ours.treatment_of(number).greeting in (f"This is {name}.", f"This is the {name}.")
    assert (ours.simple_queue_of(number) is None) == (name != "desk")
    assert ours.line_of(number)[0] == ("support" if name == "desk" else name)


@pytest.mark.parametrize(
    ("number", "shown", "without_own"),
    [
        (SALES, SALES, SALES),
        ("anonymous", SUPPORT, "anonymous"),
        ("", SUPPORT, ""),
        (7, SUPPORT, ""),
        (None, SUPPORT, ""),
    ],
)
def test_a_workers_phone_shows_a_number_of_ours(number: object, shown: str, without_own: str) -> None:
    assert center().caller_id(number) == shown
    assert center({"support": {}}).caller_id(number) == without_own


def test_our_own_numbers_are_there_once_each_the_default_lines_first() -> None:
    ours = center({"sales": {"numbers": [SALES]}, "support": {"numbers": [SUPPORT]}}, staff={"numbers": [STAFF]})
    assert ours.own_numbers() == (SUPPORT, SALES, DESK, AGENTS, STAFF)
    assert list(schema.every_number(ours)) == [
        ("lines.sales.numbers[0]", SALES),
        ("lines.support.numbers[0]", SUPPORT),
        ("simple_queues.desk.numbers[0]", DESK),
        ("simple_queues.desk.agent_numbers[0]", AGENTS),
        ("staff.numbers[0]", STAFF),
    ]
    assert [key for key, _ in schema.treatments(ours)] == ["lines.sales", "lines.support", "simple_queues.desk"]


def test_a_record_is_kept_for_as_many_days_as_the_file_says() -> None:
    assert center(keep_days=3).expires_at(1000.9) == 1000 + 3 * 86400


# --- What a caller hears

TWO = {"languages": {"de": {"language": "de-AT", "voice": "Anna"}, "en": {"language": "en-GB", "voice": "Amy"}}}


ENGLISH, SPANISH = {"language": "en-US"}, {"language": "es-US"}


@pytest.mark.parametrize(
    ("given", "spoken", "voice"),
    [
        ({}, "", ("en-US", "")),
        ({"language": "fr-FR", "voice": "Lea"}, "", ("fr-FR", "Lea")),
        (TWO, "de", ("de-AT", "Anna")),
        ({**TWO, "language": "en"}, "en", ("en-GB", "Amy")),
    ],
)
def test_a_caller_is_spoken_to_in_the_lines_language(given: Any, spoken: str, voice: tuple[str, str]) -> None:
    heard = line(**given)
    assert (heard.spoken, (heard.speaks.language, heard.speaks.voice)) == (spoken, voice)
    assert heard.language_attribute == ({"language": spoken} if spoken else {})


@pytest.mark.parametrize(
    ("text", "german", "english"),
    [
        ({"de": "Guten Tag.", "en": "Hello."}, ("Guten Tag.", "de-AT"), ("Hello.", "en-GB")),
        ({"en": "Hello."}, ("Hello.", "en-GB"), ("Hello.", "en-GB")),
        ({"de": "Guten Tag."}, ("Guten Tag.", "de-AT"), ("Guten Tag.", "de-AT")),
        ("Grüß Gott.", ("Grüß Gott.", "de-AT"), ("Grüß Gott.", "de-AT")),  # it is in the first language
        ({"it": "Buongiorno."}, ("", "de-AT"), ("", "en-GB")),
        ("Thank you. Goodbye.", ("Danke. Auf Wiederhören.", "de-AT"), ("Thank you. Goodbye.", "en-GB")),
    ],
)
def test_a_sentence_is_said_in_the_callers_language_or_else_the_first_that_has_it(
    text: Any, german: tuple[str, str], english: tuple[str, str]
) -> None:
    said = [line(**TWO).in_language(name).said(text) for name in ("de", "en")]
    assert [(one.text, one.voice.language) for one in said] == [german, english]


def test_a_sentence_of_a_line_without_languages_is_the_only_one_there_is() -> None:
    assert line().said({"de": "Guten Tag.", "en": "Hello."}).text == "Guten Tag."
    assert line().said({}).text == "" and line().said("Hello.").voice.language == "en-US"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Thank you. Goodbye."),
        ({"language": "en-GB"}, "Thank you. Goodbye."),
        ({"language": "de-DE"}, "Danke. Auf Wiederhören."),
        ({"language": "fr-FR"}, "Merci. Au revoir."),
        ({"languages": {"de": {"language": "de-DE"}}}, "Danke. Auf Wiederhören."),
        ({"languages": {"en": ENGLISH, "es": SPANISH}}, "Thank you. Goodbye."),
        ({"languages": {"en": ENGLISH, "es": SPANISH}, "language": "es"}, "Gracias. Adiós."),
        ({"languages": {"en": ENGLISH, "de": {"language": "de-DE"}}, "language": "de"}, "Danke. Auf Wiederhören."),
        ({"languages": {"es": SPANISH, "en": ENGLISH}, "language": "en"}, "Thank you. Goodbye."),
    ],
)
def test_our_own_sentences_are_in_the_callers_language(given: Any, said: str) -> None:
    assert line(**given).said("Thank you. Goodbye.").text == said


def test_a_task_has_the_language_that_its_caller_chose_on_that_line() -> None:
    ours = center({"support": TWO, "sales": {"numbers": [SALES]}})
    chosen = [ours.language_of(SUPPORT, {"language": name}) for name in ("en", "de", "it", 7)]
    assert chosen == ["en", "de", "de", "de"] and ours.language_of(SUPPORT, {}) == "de"
    assert ours.language_of(SALES, {"language": "en"}) == ""


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({"timeout": 180, "wait": {"leave_after": 60}}, 60),
        ({"timeout": 180, "wait": {"leave_after": 210}}, 210),
        ({"timeout": 180, "wait": {"leave_after": 211}}, 210),
        ({"timeout": 180, "wait": {"leave_after": 0}}, 210),
    ],
)
def test_nobody_waits_longer_than_half_a_minute_after_the_task_is_over(given: Any, seconds: int) -> None:
    assert line(**given).longest_wait == seconds


@pytest.mark.parametrize(("leave_after", "seconds"), [(60, 60), (0, 4 * 3600), (100_000, 100_000)])
def test_nobody_waits_longer_in_a_simple_queue_than_a_call_lasts(leave_after: int, seconds: int) -> None:
    assert Treatment(greeting="", wait=schema.Wait(leave_after=leave_after)).longest_wait == seconds


@pytest.mark.parametrize(
    ("digits", "leads_to"), [("", ""), ("1", ""), ("2", "voicemail"), ("3", ""), ("4", "voicemail")]
)
def test_a_key_leads_out_of_the_queue_where_the_line_has_it(digits: str, leads_to: str) -> None:
    choices = [{"digits": key, "then": "voicemail"} for key in "24"]
    assert line(wait={"options": {"say": "Press.", "choices": choices}}).wait.way_out(digits) == leads_to
    assert line().wait.way_out(digits) == ""


@pytest.mark.parametrize(
    ("given", "asks", "may_be_closed"),
    [
        ({}, False, False),
        ({"know_caller": {}}, True, False),
        ({"screening": {}}, True, False),
        ({"hours": "office"}, False, True),
        ({"switch": True}, False, True),
    ],
)
def test_a_line_asks_and_closes_as_its_tables_say(given: Any, asks: bool, may_be_closed: bool) -> None:
    assert (line(**given).asks_who_calls, line(**given).may_be_closed) == (asks, may_be_closed)
    assert center({"support": {}, "sales": given}).asks_who_calls is ("know_caller" in given)


# --- Messages


@pytest.mark.parametrize(
    ("transcribe", "is_text", "is_amazons"), [("none", False, False), ("twilio", True, False), ("amazon", True, True)]
)
def test_messages_become_texts_where_their_line_says_so(transcribe: str, is_text: bool, is_amazons: bool) -> None:
    ours = center({"support": {"voicemail": {"transcribe": transcribe}}})
    assert (ours.transcribes("support"), ours.transcribes_by_amazon("support")) == (is_text, is_amazons)
    assert not ours.transcribes("desk") and not ours.transcribes_by_amazon("no line")


def test_messages_are_offered_where_their_line_says_so() -> None:
    ours = center({"support": {"voicemail": {"offered": True}}, "sales": {}})
    assert [ours.offers(name) for name in ("support", "sales", "desk", "no line")] == [True, False, False, False]


@pytest.mark.parametrize(("kept_in", "is_in_bucket"), [("twilio", False), ("s3", True)])
def test_messages_are_in_the_teams_bucket_or_at_twilio(kept_in: str, is_in_bucket: bool) -> None:
    assert center(messages={"kept_in": kept_in}).messages.are_in_bucket is is_in_bucket


@pytest.mark.parametrize(
    ("kept_in", "offering", "are_offered"),
    [("s3", "support", True), ("s3", "desk", True), ("s3", "", False), ("twilio", "support", False)],
)
def test_messages_are_offered_from_the_bucket_alone(
    kept_in: str, offering: str, are_offered: bool, environment: pytest.MonkeyPatch
) -> None:
    offers = {"voicemail": {"offered": True}}
    desk = {
        "greeting": "Hello.",
        "numbers": [],
        "agent_numbers": [],
        "agents": [],
        **(offers if offering == "desk" else {}),
    }
    ours = center(
        {"support": offers if offering == "support" else {}},
        simple_queues={"desk": desk},
        messages={"kept_in": kept_in},
    )
    environment.setattr(callcenter, "current", lambda: ours)
    environment.setenv("MESSAGES_BUCKET", "the-bucket")
    assert messages.bucket() == ("the-bucket" if kept_in == "s3" else "")
    assert messages.are_offered() is are_offered


# --- Work and workers

WORK = {"lead": {"say": "A lead.", "crm": "http", "at": "desk"}, "appeal": {"say": "An appeal."}}


def test_each_kind_of_work_has_its_rules_and_one_that_is_gone_says_nothing() -> None:
    ours = center(work=WORK)
    said = {kind: ours.work_of(kind).say for kind in ("appeal", "lead", "callback", "consult", "gone")}
    assert said == {
        "appeal": "An appeal.",
        "lead": "A lead.",
        "callback": "",
        "consult": "{transferred_from} asks you about a caller. {name}",
        "gone": "",
    }
    assert ours.kinds == {"lead", "appeal", "callback", "consult"} and ours.kinds_at_desk == {"lead"}


@pytest.mark.parametrize(
    ("work", "crm"),
    [("", "none"), ("consult", "none"), ("callback", "none"), ("lead", "http"), ("appeal", "none"), ("gone", "none")],
)
def test_the_crm_of_a_caller_is_the_queues_and_that_of_work_its_own(work: str, crm: str) -> None:
    ours = center(work=WORK, queues={"Support": {"crm": "none"}})
    assert ours.crm_of("Support", work) == crm
    contacts = {"Support": {"crm": "contacts"}}
    of_caller = "contacts" if work in ("", "consult", "callback") else crm
    assert center(work=WORK, queues=contacts).crm_of("Support", work) == of_caller
    named = {**WORK, "callback": {"say": "?", "crm": "http"}}
    assert center(work=named, queues=contacts).crm_of("Support", "callback") == "http"


@pytest.mark.parametrize("activity", ["Available", "Break", "Acd", "Zzz", ""])
def test_a_worker_takes_calls_in_the_activities_of_the_file_or_as_twilio_begins(activity: str) -> None:
    assert center().takes_calls(activity) is (activity == "Available")
    assert center(activities={"Available": False, "Break": True}).takes_calls(activity) is (activity == "Break")


def test_callbacks_recordings_and_holds_are_there_if_any_line_or_queue_has_them() -> None:
    recorded = {"recording": {"record": "both", "notice": "Recorded.", "who_may_listen": ["Bea"]}}
    stars = {name: {"star": {"menu": ["back"], "hold_seconds": seconds}} for name, seconds in (("A", 30), ("B", 90))}
    ours = center({"support": {"callback": {"countries": ["+1"]}}, "sales": {}}, queues={"C": recorded, **stars})
    assert ours.calls_back and ours.records and ours.longest_hold == 90
    assert ours.listens("Bea") and not ours.listens("Carl")
    plain = center(queues={"D": {}})
    assert not plain.calls_back and not plain.records and not plain.listens("Bea") and plain.longest_hold == 0


@pytest.mark.parametrize(("mode", "is_direct"), [("direct", True), ("crm-first", False)])
def test_a_queue_is_direct_if_the_file_says_so(mode: str, is_direct: bool) -> None:
    assert center(queues={"Support": {"mode": mode}}).queue("Support").is_direct is is_direct
    assert not center().queue("Support").is_direct


@pytest.mark.parametrize(
    ("timeout", "attempts", "seconds"), [(2.0, 1, 2.0), (2.0, 2, 4.2), (2.0, 3, 6.6), (1.5, 5, 7.5 + 3.0)]
)
def test_the_crm_has_the_time_of_its_attempts_and_of_the_pauses_between(
    timeout: float, attempts: int, seconds: float
) -> None:
    assert schema.Crm(timeout=timeout, attempts=attempts).budget_seconds == pytest.approx(seconds)
