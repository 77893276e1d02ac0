"""What `check` says of menus and languages, and what `hear` plays of them."""

from collections.abc import Callable, Iterator

import pytest

from chalicelib.config import callcenter
from ops.__main__ import main
from ops.callcenter import check
from ops.callcenter.calls import calls
from tests.conftest import Aws
from tests.ops.files import center
from tests.unit.test_menus import CLINIC

OLD = """[lines.support.menu]
prompt = "Press 1."
choices = [{ digits = "1", attributes = { language = "en" } }]
"""


def menus(*, words: str = '{ en = ["bills"], es = ["facturas"] }', voice: str = "Polly.Lupe-Neural") -> tuple[str, str]:
    """The change of the small call centre that gives it two menus and two languages."""
    return (
        OLD,
        f"""
[lines.support.languages]
en = {{ language = "en-US", voice = "Polly.Joanna" }}
es = {{ language = "es-US", voice = "{voice}" }}
[lines.support.menus.main]
prompt = {{ en = "Press 1.", es = "Oprima 1." }}
choices = [
  {{ digits = "1", speech = {words}, attributes = {{ skill = "bills" }}, then = "menu:bills" }},
  {{ digits = "2", speech = ["a nurse"], language = "es" }},
]
[lines.support.menus.bills]
prompt = "Press 2."
choices = [{{ digits = "2", attributes = {{ topic = "refund" }} }}, {{ digits = "*", then = "back" }}]
""",
    )


def test_the_tasks_of_each_way_through_the_menus_are_reckoned_with() -> None:
    known = [call.attributes for call in calls(center(menus())) if call.name == "support"]
    front = {"department": "support"}
    bills = {"skill": "bills", "menu_choice": "bills"}
    each = [{}, bills, {**bills, "topic": "refund", "menu_choice": "bills > 2"}, {"menu_choice": "a nurse"}]
    assert known == [{**front, "language": name, **chosen} for name in ("en", "es") for chosen in each]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ('{ en = ["a nurse"] }', ["speech.en[0] is 'a nurse'"]),
        ('{ es = ["a nurse please"] }', ["speech.es[0] is 'a nurse please'"]),
        ('["doctor"]', []),
        ('{ en = ["bills"], es = ["bills"] }', []),
    ],
)
def test_words_are_ambiguous_in_one_language(words: str, told: list[str]) -> None:
    found = [str(mistake) for mistake in check.problems(center(menus(words=words)))]
    assert all(one in mistake for one, mistake in zip(told, found, strict=False)) and bool(found) == bool(told)


@pytest.mark.parametrize(
    ("voice", "told", "warned"),
    [
        ("Polly.Lupe-Neural", False, False),
        ("Google.es-US-Neural2-A", False, False),
        ("alice", False, False),
        ("Polly.Joanna", True, False),
        ("Google.en-US-Wavenet-C", True, False),
        ("Polly.Nobody", False, True),
        ("man2", False, True),
    ],
)
def test_a_voice_speaks_its_language(voice: str, told: bool, warned: bool) -> None:
    made = center(menus(voice=voice))
    assert any(f"languages.es.voice is '{voice}': a voice of es-US" in one for one in check.problems(made)) is told
    assert any(f"languages.es.voice is '{voice}'" in one for one in check.warnings(made)) is warned


def test_a_text_that_is_not_there_in_a_language_is_warned_of() -> None:
    warned = check.warnings(center(menus()))
    (told,) = [one for one in warned if one.startswith("lines.support has no text in es at lines.support.greeting, ")]
    assert "menus.bills.prompt" in told and "menus.main.prompt" not in told
    assert "after.thanks" not in told  # the application's own are there in Spanish


def test_our_own_sentences_on_a_line_whose_language_we_do_not_speak_are_warned_of_until_the_team_has_its_own() -> None:
    def told(*more: tuple[str, str]) -> str:
        spoken = ("[lines.support]\n", '[lines.support]\nlanguage = "it-IT"\n')
        found = [one for one in check.warnings(center(spoken, *more)) if one.startswith("lines.support has no text in")]
        return "".join(found)

    assert "no text in it-IT at lines.support.wait.say" in told() and "lines.support.greeting" not in told()
    own = told(("[lines.support.menu]", '[lines.support.wait]\nsay = "Un momento."\n[lines.support.menu]'))
    assert own and "wait.say" not in own
    assert not [one for one in check.warnings(center()) if "has no text in" in one]


# --- hear


@pytest.fixture
def hear(
    cloud: Aws, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., list[str]]]:
    environment.setattr(callcenter, "source", lambda _where="": CLINIC)
    callcenter.current.cache_clear()

    def hears(*words: str) -> list[str]:
        assert main(["hear", "+14155550100", "--at", "2026-12-23T09:00", *words]) == 0
        return capsys.readouterr().out.splitlines()[1:]

    yield hears


@pytest.mark.parametrize(
    ("words", "heard"),
    [
        (("--keys", "11"), ["Welcome.", "For bills", "presses 1", "To pay", "presses 1", '"skill":"payments"']),
        (("--keys", "1*0"), ["Welcome.", "For bills", "presses 1", "To pay", "presses *", "For bills", "presses 0", '"operator"']),
        (("--keys", "31"), ["Welcome.", "For bills", "presses 3", "Para facturas", "presses 1", "To pay", "nothing", "Lo siento", "To pay", "nothing", "Lo siento", "To pay", "nothing", "no hay nadie disponible", "over"]),
        (("--keys", "6"), ["Welcome.", "For bills", "presses 6", "connected with +14155550199"]),
        (("--says", "billing", "--keys", ""), ["Welcome.", "For bills", "says billing", "To pay", "nothing", "Sorry", "To pay", "nothing", "Sorry", "To pay", "nothing", "Nobody is free", "over"]),
        (("--says", "bills?", "--says", "a doctor"), ["Welcome.", "For bills", "says bills?", "For bills press 1.", "says a doctor", "You will talk to a nurse first.", "waits in the queue"]),
        (("--keys", "4"), ["Welcome.", "For bills", "presses 4", "We are at 5 Harbour Street.", "over"]),
        (("--keys", "1*" * 15), ["Welcome.", *["For bills", "presses 1", "To pay", "presses *"] * 10, "waits in the queue"]),
    ],
)  # fmt: skip
def test_what_a_caller_hears_in_the_menus(
    hear: Callable[..., list[str]], words: tuple[str, ...], heard: list[str]
) -> None:
    lines = hear(*words)
    assert len(lines) == len(heard), lines
    assert all(part in line for part, line in zip(heard, lines, strict=True)), lines
