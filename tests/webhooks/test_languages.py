"""A caller who chose a language hears it to the end of the call: over the menus, the wait, the way out, the message."""

import io
from contextlib import redirect_stdout
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest

from chalicelib import aws
from chalicelib.caller import called, handlers
from chalicelib.lifecycle import lead_out
from chalicelib.links import messages as rows
from chalicelib.links.model import Message
from chalicelib.storage import transcribing
from chalicelib.twilio import urls
from emulator.voice.parties import Step, hears, presses, says, waits
from tests.conftest import Aws
from tests.support.api_gateway import BASE, event_of, sign
from tests.support.call_centre import CALLCENTER, SUPPORT, CallCentre
from tests.support.driver import caller_form

CALLER = "+12125550171"
FORM = "application/x-www-form-urlencoded"
LANGUAGES = """
languages.en = { language = "en-US", voice = "Polly.Joanna-Neural" }
languages.es = { language = "es-US", voice = "Polly.Lupe-Neural" }
menus.main = { prompt = { en = "In English press 1. En español oprima 2.", es = "Para ventas oprima 3." }, choices = [
  { digits = "1", language = "en" },
  { digits = "2", language = "es", then = "menu:main" },
  { digits = "3", speech = { es = ["ventas"], en = ["sales"] } },
  { digits = "4", then = "voicemail" },
] }
voicemail.prompt = { en = "Please leave a message.", es = "Deje un mensaje." }
wait.say = { en = "Please stay on the line.", es = "Por favor, espere." }
wait.leave_after = 25
after.leave = { say = { en = "Nobody is free.", es = "Nadie está libre." }, then = "voicemail" }
"""
HEAD, TAIL = CALLCENTER.split('greeting = "Hello."', 1)


@pytest.fixture
def centre(cloud: Aws, environment: pytest.MonkeyPatch) -> CallCentre:
    return CallCentre(cloud, environment, f'{HEAD}greeting = "Hello."\n{LANGUAGES}{TAIL}')


def heard(centre: CallCentre, *then: Step, seconds: float = 90) -> list[str]:
    sid = centre.twilio.dial(CALLER, SUPPORT, then)
    centre.run(seconds)
    return list(centre.twilio.context.calls[sid].heard)


GERMAN = """
language = "de-DE"
callback = { countries = ["+1"], offer_after = 0, other_number = true, says = { stay = "Oder warten Sie." } }
wait.leave_after = 120
"""


def test_a_german_line_says_no_english_sentence_to_who_asks_to_be_called_back(
    cloud: Aws, environment: pytest.MonkeyPatch
) -> None:
    german = CallCentre(cloud, environment, f'{HEAD}greeting = "Guten Tag."\n{GERMAN}{TAIL}')
    said = heard(german, hears("Stern"), presses("*"), hears("Bestätigen"), presses("1"))
    assert said == [
        "Guten Tag.",
        "Bitte bleiben Sie in der Leitung.",
        "Wenn wir Sie zurückrufen sollen und Sie Ihren Platz behalten möchten, drücken Sie Stern.",
        "Wir können Sie unter 1, 2 1 2, 5 5 5, 0 1 7 1 zurückrufen. Zum Bestätigen drücken Sie 1. "
        "Für eine andere Nummer drücken Sie 2. Oder warten Sie.",
        "Wir rufen Sie unter 1, 2 1 2, 5 5 5, 0 1 7 1 zurück. Sie behalten Ihren Platz.",
        "Sie werden zurückgerufen. Auf Wiederhören.",
    ]


@pytest.mark.usefixtures("centre")
def test_where_our_code_fails_the_caller_hears_so_in_their_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "after", None)
    said = asked("language=es", route=urls.AFTER, QueueResult="leave")["body"]
    assert "Lo sentimos" in said and "Polly.Lupe-Neural" in said
    monkeypatch.setattr(called, "treatment", None)
    assert "We are sorry" in asked("language=es", route=urls.AFTER, QueueResult="leave")["body"]


def test_it_is_spoken_in_the_queue_and_after_it(centre: CallCentre) -> None:
    said = heard(centre, hears("oprima 2"), presses("2"), hears("ventas"), presses("3"))
    assert said[:4] == [
        "Hello.",
        "In English press 1. En español oprima 2.",
        "Para ventas oprima 3.",
        "Por favor, espere.",
    ]
    assert "Nadie está libre. Deje un mensaje." in said and "Please stay on the line." not in said
    (task,) = centre.twilio.router.workspace.tasks.values()
    assert task.attributes["language"] == "es"


def test_who_chooses_none_hears_the_first_one(centre: CallCentre) -> None:
    said = heard(centre, hears("oprima 2"), presses("3"))
    assert "Please stay on the line." in said and "Nobody is free. Please leave a message." in said


def test_words_are_those_of_the_language_and_an_unclear_one_is_asked_about(centre: CallCentre) -> None:
    clear = heard(centre, hears("oprima 2"), presses("2"), hears("ventas"), says("ventas, por favor"), seconds=20)
    assert clear[3] == "Por favor, espere."
    unclear = heard(centre, hears("oprima 2"), says("sales", 0.1), hears("For sales press 3"), presses("3"), seconds=20)
    assert unclear[2:4] == ["For sales press 3.", "Please stay on the line."]


def test_a_caller_who_chooses_a_message_leaves_one(centre: CallCentre) -> None:
    said = heard(centre, hears("oprima 2"), presses("2"), waits(1), presses("4"), waits(2), presses("#"))
    assert "Deje un mensaje." in said


# --- What Twilio sends, to the letter


def asked(query: str, *, signed: str | None = None, route: urls.Route = urls.WAIT, **form: str) -> dict[str, Any]:
    """The answer to a POST with this query, which Twilio signed as it stands, or with another one."""
    import app

    given, (name, _, value) = caller_form(**form), query.partition("=")
    event = event_of("POST", route.path, {})
    url = f"{route.page(BASE)}?{query if signed is None else signed}".removesuffix("?")
    event["headers"] |= {"Content-Type": FORM, "X-Twilio-Signature": sign(url, list(given.items()))}
    event["multiValueQueryStringParameters"] = {name: [value]} if query else None
    event["body"] = urlencode(given)
    with redirect_stdout(io.StringIO()):
        answer: dict[str, Any] = app.app(event, None)
    return answer


@pytest.mark.usefixtures("centre")
def test_the_language_of_a_url_is_signed_with_it() -> None:
    answer = asked("language=es")
    assert answer["statusCode"] == 200 and "Por favor, espere." in answer["body"]


@pytest.mark.usefixtures("centre")
@pytest.mark.parametrize(
    ("query", "signed"), [("language=es", ""), ("language=es", "language=en"), ("", "language=es")]
)
def test_a_language_that_somebody_puts_in_or_takes_out_is_refused(query: str, signed: str) -> None:
    assert asked(query, signed=signed)["statusCode"] == 403


@pytest.mark.usefixtures("centre")
@pytest.mark.parametrize("language", ["de", "xx-YYYY", "ES", "e", "es-", "lang"])
def test_a_language_of_which_nothing_is_known_is_the_lines_own(language: str) -> None:
    answer = asked(f"language={language}")
    assert answer["statusCode"] == 200 and "Please stay on the line." in answer["body"]


@pytest.mark.usefixtures("centre")
def test_the_fallback_speaks_the_language_of_what_failed() -> None:
    failed = f"{BASE}/voice/menus/main/1/2?language=es#rc=2&rp=all"
    document = ElementTree.fromstring(asked("", route=urls.FALLBACK, ErrorUrl=failed, Digits="7")["body"])
    assert "Para ventas oprima 3." in [verb.text for verb in document.iter("Say")]
    again = f"{BASE}/voice/menus/main/2/3?language=es#rc=2&rp=all"
    assert [verb.text for verb in document.iter("Redirect")] == [again]


@pytest.mark.usefixtures("centre")
def test_who_is_led_out_hears_it_too() -> None:
    base = lead_out.base_url_for(BASE, SUPPORT, {"language": "es"})
    assert urls.MOVED.url(base) == f"{BASE}/voice/moved?language=es#rc=2&rp=all"
    assert lead_out.base_url_for(BASE, SUPPORT, {"language": "de"}).endswith("?language=en")


def test_a_mails_link_to_a_message_is_the_same_in_every_language() -> None:
    assert urls.MESSAGE_PAGE.page(urls.in_language(BASE, "es"), token="t") == f"{BASE}/m/t"


@pytest.mark.usefixtures("centre")
@pytest.mark.parametrize(("language", "read_as"), [("es", "es-US"), ("en", "en-US"), ("", "en-US")])
def test_a_message_is_read_in_the_language_in_which_it_was_asked_for(
    language: str, read_as: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_for: list[dict[str, Any]] = []
    monkeypatch.setattr(aws, "request", lambda _service, _operation, **given: asked_for.append(given))
    monkeypatch.setattr(rows, "note_transcribing", lambda *_given: None)
    message = Message(subject="CA1", item="RECORDING#RE1", line="support", base_url=urls.in_language(BASE, language))
    transcribing.go_on(message, 0.0)
    assert [given["LanguageCode"] for given in asked_for] == [read_as]
