"""Menus of several levels: where keys and words lead, in which language, and that every walk ends."""

import json
import random
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.caller import menu, twiml
from chalicelib.config import callcenter, menus
from chalicelib.config.menus import MOST_ROUNDS, Choice
from chalicelib.config.schema import Line
from chalicelib.config.texts import filled
from chalicelib.config.toml_errors import CallCenterError
from chalicelib.twilio import urls

BASE = "https://x.example/api"
CLINIC = """
default_line = "clinic"
[lines.clinic]
numbers = ["+14155550100"]
greeting = { en = "Welcome.", es = "Bienvenido." }
attributes = { department = "front" }
[lines.clinic.languages]
en = { language = "en-US", voice = "Polly.Joanna-Neural" }
es = { language = "es-US", voice = "Polly.Lupe-Neural" }
[lines.clinic.menus.main]
prompt = { en = "For bills press 1. Para español oprima 3.", es = "Para facturas oprima 1." }
choices = [
  { digits = "1", speech = { en = ["bills", "billing"], es = ["facturas"] }, attributes = { department = "billing" }, then = "menu:billing" },
  { digits = "2", speech = { en = ["a doctor"] }, say = "You will talk to a nurse first." },
  { digits = "3", language = "es", then = "menu:main" },
  { digits = "4", say = "We are at 5 Harbour Street.", then = "hangup" },
  { digits = "5", then = "voicemail" },
  { digits = "6", then = "number:+14155550199" },
  { digits = "0", attributes = { department = "operator" } },
]
[lines.clinic.menus.billing]
prompt = "To pay press 1."
otherwise = "leave"
tries = 3
choices = [
  { digits = "1", attributes = { skill = "payments" } },
  { digits = "#", attributes = { skill = "refunds" } },
  { digits = "*", then = "back" },
  { digits = "9", then = "menu:main" },
]
[lines.clinic.wait]
say = { en = "Please stay on the line.", es = "Por favor, espere." }
"""


def line(text: str = CLINIC) -> Line:
    return callcenter.parse(text).lines["clinic"]


class Call:
    """A caller in the menus of a line, who presses and says things until the menus are over."""

    def __init__(self, of: Line) -> None:
        self._line = of
        self._hear(menu.greet(of, self._onward("")))

    def presses(self, digits: str) -> "Call":
        return self._gives(menu.Given(digits))

    def says(self, words: str, confidence: float = 0.9) -> "Call":
        return self._gives(menu.Given("", words, confidence))

    def _gives(self, given: menu.Given) -> "Call":
        route, path = urls.find(self.url) or (None, {})
        assert route == urls.MENUS
        language = urls.language_of(self.url)
        asked = menu.Asked(path["trail"], int(path["attempt"]), int(path["total"]))
        self._hear(menu.answer(self._line.in_language(language), asked, given, self._onward(language)))
        return self

    def _onward(self, language: str) -> menu.Onward:
        def queueing(of: Line, _chosen: Mapping[str, Any]) -> twiml.Queueing:
            return twiml.Queueing("WW1", urls.in_language(BASE, of.spoken), {})

        return menu.Onward(queueing, twiml.Way(urls.in_language(BASE, language)), twiml.Phone("+14155550100"))

    def _hear(self, document: str) -> None:
        self._document = ElementTree.fromstring(document)
        gather = self._document.find("Gather")
        self.url = gather.get("action", "") if gather is not None else ""

    @property
    def said(self) -> list[str]:
        return ["".join(verb.itertext()) for verb in self._document.iter("Say")]

    @property
    def voices(self) -> list[str]:
        return [verb.get("voice", "") for verb in self._document.iter("Say")]

    @property
    def gather(self) -> Mapping[str, str]:
        gather = self._document.find("Gather")
        return gather.attrib if gather is not None else {}

    @property
    def verbs(self) -> list[str]:
        return [verb.tag for verb in self._document]

    @property
    def task(self) -> dict[str, Any]:
        task = self._document.find("Enqueue/Task")
        made: dict[str, Any] = json.loads(str(task.text)) if task is not None else {}
        return made

    @property
    def wait_url(self) -> str:
        enqueue = self._document.find("Enqueue")
        return enqueue.get("waitUrl", "") if enqueue is not None else ""


def test_a_caller_goes_two_levels_down_and_the_task_knows_both_choices() -> None:
    call = Call(line())
    assert call.said == ["Welcome.", "For bills press 1. Para español oprima 3."]
    assert call.presses("1").said == ["To pay press 1."] and "/main.1/1/2?language=" not in call.url
    assert call.presses("1").task == {
        "department": "billing",
        "skill": "payments",
        "language": "en",
        "menu_choice": "bills > 1",
    }


@pytest.mark.parametrize(
    ("choice", "called"),
    [
        (Choice(digits="1", speech=("bills",), label="Invoices"), "Invoices"),
        (Choice(digits="1", speech=("bills", "billing")), "bills"),
        (Choice(digits="1", speech={"en": (), "es": ("facturas",)}), "facturas"),
        (Choice(digits="1", speech={}), "1"),
    ],
)
def test_what_people_read_of_a_choice(choice: Choice, called: str) -> None:
    assert choice.called == called


def test_the_star_goes_back_and_what_was_chosen_counts_no_more() -> None:
    call = Call(line()).presses("1").presses("*")
    assert call.said == ["For bills press 1. Para español oprima 3."] and "/voice/menus/main/1/3" in call.url
    assert call.presses("2").task == {"department": "front", "language": "en", "menu_choice": "a doctor"}


def test_each_question_of_a_call_is_counted_wherever_it_is_asked() -> None:
    call = Call(line()).presses("1").presses("7")
    assert "/voice/menus/main.1/2/3" in call.url
    assert "/voice/menus/main/1/4" in call.presses("*").url


@pytest.mark.parametrize("total", [MOST_ROUNDS - 1, MOST_ROUNDS, MOST_ROUNDS + 1, 10 * MOST_ROUNDS])
def test_a_caller_is_asked_twenty_times_and_then_the_call_goes_on(total: int) -> None:
    call = Call(line())
    document = menu.answer(line(), menu.Asked("main.1", 1, total), menu.Given("*"), call._onward(""))
    assert f"/voice/menus/main/1/{MOST_ROUNDS}" in document if total < MOST_ROUNDS else "<Enqueue" in document


def test_the_zero_is_the_operator() -> None:
    assert Call(line()).presses("0").task["department"] == "operator"


def test_a_menu_on_the_way_is_gone_back_to() -> None:
    call = Call(line()).presses("1").presses("9")
    assert "/voice/menus/main/1/3" in call.url


def test_a_choice_on_the_hash_key_is_in_the_trail_by_a_letter() -> None:
    deeper = CLINIC.replace('digits = "1", speech', 'digits = "#", speech')
    call = Call(line(deeper)).presses("#")
    assert "/voice/menus/main.h/1/2" in call.url and call.presses("1").task["skill"] == "payments"


def test_who_says_a_word_of_the_caller_s_language_chooses() -> None:
    assert Call(line()).says("Billing, please").said == ["To pay press 1."]
    assert Call(line()).says("facturas").said[0] == "Sorry, I did not get that."
    assert Call(line()).presses("3").says("facturas").said == ["To pay press 1."]


@pytest.mark.parametrize(("words", "confidence"), [("billing", 0.39), ("bills or a doctor", 0.9)])
def test_who_mumbles_or_says_two_things_is_asked_which(words: str, confidence: float) -> None:
    call = Call(line()).says(words, confidence)
    asked = ["For bills press 1.", "For a doctor press 2."][: 1 if "or" not in words else 2]
    assert call.said == [" ".join(asked)] and "/voice/menus/main/2/2" in call.url
    assert call.presses("1").said == ["To pay press 1."]


def test_speech_that_is_sure_enough_is_taken() -> None:
    assert Call(line()).says("billing", 0.4).said == ["To pay press 1."]


def test_speech_of_which_nothing_else_is_said_is_taken() -> None:
    document = menu.answer(line(), menu.Asked(), menu.Given("", "billing"), Call(line())._onward(""))
    assert "To pay press 1." in document


def test_what_the_caller_chose_is_said_before_it_happens() -> None:
    assert Call(line()).presses("2").said == ["You will talk to a nurse first."]
    told = Call(line()).presses("4")
    assert told.said == ["We are at 5 Harbour Street."] and told.verbs == ["Say", "Hangup"]


def test_a_choice_may_lead_to_a_message_and_to_a_number() -> None:
    assert "Record" in Call(line()).presses("5").verbs
    assert Call(line()).presses("6").verbs == ["Dial"]


@pytest.mark.parametrize(("then", "waits"), [("queue", "/voice/wait#"), ("callback", "/voice/wait/callback#")])
def test_who_chooses_to_be_called_back_is_asked_for_it_in_the_queue(then: str, waits: str) -> None:
    choice = f'{{ digits = "1", then = "{then}" }}'
    asked = f'[lines.clinic.menu]\nprompt = "?"\nchoices = [{choice}]\n[lines.clinic.callback]\ncountries = ["+1"]\n'
    call = Call(line(f'default_line = "clinic"\n[lines.clinic]\ngreeting = "Hello."\n{asked}')).presses("1")
    assert waits in call.wait_url


def test_after_the_last_try_the_call_goes_on_with_what_was_chosen_so_far() -> None:
    assert Call(line()).presses("7").presses("8").task == {"department": "front", "language": "en"}
    left = Call(line()).presses("1").presses("7").presses("7").presses("7")
    assert left.verbs == ["Say", "Hangup"] and left.said[0].startswith("Nobody is free")


def test_a_trail_that_a_deployment_has_changed_begins_anew_and_is_counted() -> None:
    onward = Call(line())._onward("es")
    asked = menu.Asked("main.7.1", 2, 5)
    document = menu.answer(line().in_language("es"), asked, menu.Given("1"), onward)
    assert "Para facturas" in document and "/voice/menus/main/1/6?language=es#" in document


@pytest.mark.parametrize("trail", ["", "x", "main.", "main.9.1", "main.1.1", "main..1", "main.2", "main.é"])
def test_a_trail_that_leads_nowhere_is_none(trail: str) -> None:
    assert menus.find(line().every_menu, trail) is None


# --- Languages


def test_back_is_one_level_however_deep() -> None:
    deep = CLINIC.replace('{ digits = "9", then = "menu:main" },', '{ digits = "9", then = "menu:deep" },') + (
        '[lines.clinic.menus.deep]\nprompt = "Press star."\nchoices = [{ digits = "*", then = "back" }]\n'
    )
    every = line(deep).every_menu
    place = menus.find(every, "main.1.9")
    assert place and place.names == ("main", "billing", "deep")
    assert menus.back(every, place) == menus.find(every, "main.1")
    assert menus.back(every, menus.first(every)) == menus.first(every)


def test_a_language_is_spoken_from_the_choice_on() -> None:
    call = Call(line()).presses("3")
    assert call.said == ["Para facturas oprima 1."] and call.voices == ["Polly.Lupe-Neural"]
    assert call.gather["language"] == "es-US" and call.url.endswith("?language=es#rc=2&rp=all")
    call.presses("2")
    assert call.task["language"] == "es" and call.wait_url == f"{BASE}/voice/wait?language=es#rc=2&rp=all"


def test_a_sentence_that_is_not_there_is_said_in_the_first_language_and_its_voice() -> None:
    call = Call(line()).presses("3").presses("1")
    assert call.said == ["To pay press 1."] and call.voices == ["Polly.Joanna-Neural"]
    assert call.gather["language"] == "es-US"  # it is what Twilio listens for


def test_a_line_may_begin_in_another_language_than_its_first() -> None:
    spoken = line(CLINIC.replace('numbers = ["+14155550100"]', 'numbers = ["+14155550100"]\nlanguage = "es"'))
    assert Call(spoken).said[0] == "Bienvenido."


def test_a_menu_without_words_listens_for_keys_alone() -> None:
    assert Call(line()).presses("1").gather["input"] == "dtmf"


@pytest.mark.parametrize("language", ["", "de", "EN", "es&x=1", "../x", None, 7, "e" * 500])
def test_a_language_that_the_line_has_not_changes_nothing(language: object) -> None:
    assert line().in_language(language) == line()


# --- Sentences


def test_tags_reach_twilio_as_they_are_and_the_rest_is_escaped() -> None:
    marked = CLINIC.replace(
        'prompt = "To pay press 1."',
        """prompt = 'Pay <break time="1s"/> A &amp; B <lang xml:lang="fr-FR">ici</lang>!'""",
    )
    document = menu.answer(line(marked), menu.Asked(), menu.Given("1"), Call(line())._onward(""))
    assert '>Pay <break time="1s" /> A &amp; B <lang xml:lang="fr-FR">ici</lang>!</Say>' in document
    plain = CLINIC.replace("To pay press 1.", "Smith & Sons")
    assert "Smith &amp; Sons" in menu.answer(line(plain), menu.Asked(), menu.Given("1"), Call(line())._onward(""))


def test_sound_is_played_in_place_of_words() -> None:
    sound = CLINIC.replace("To pay press 1.", "play:https://example.com/pay.mp3")
    document = menu.answer(line(sound), menu.Asked(), menu.Given("1"), Call(line())._onward(""))
    assert "<Play>https://example.com/pay.mp3</Play>" in document


def test_what_is_filled_in_is_no_tag() -> None:
    assert filled("<p>{name}</p>", name="a<b & c") == "<p>a&lt;b &amp; c</p>"
    assert filled("{name}", name="a<b & c") == "a<b & c"
    assert filled({"en": "{n}.", "es": "¡{n}!"}, n=3) == {"en": "3.", "es": "¡3!"}


# --- Mistakes


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('then = "menu:billing" }', 'then = "menu:bills" }', "lines.clinic.menus.main.choices[0].then is 'menu:bills': allowed: menu:main, menu:billing"),
        (', then = "menu:billing" }', " }", "lines.clinic.menus.billing is 'there': a choice that leads to it"),
        ('digits = "2"', 'digits = "1"', "lines.clinic.menus.main.choices[1].digits is '1': each digits may stand once"),
        ('digits = "4", say = "We are at 5 Harbour Street."', 'digits = "4"', "choices[3].then is 'hangup': needs say"),
        ("menus.main]", "menus.first]", "needs one of the name main"),
        ('language = "es", then', 'language = "de", then', "choices[2].language is 'de': allowed: en, es"),
        ('language = "es", then', 'language = "es", attributes = { skill = "es" }, then', "choices[2].attributes is {'skill': 'es'}: none where it leads back"),
        ('es = ["facturas"]', 'de = ["facturas"]', "choices[0].speech is 'de': allowed: en, es"),
        ("number:+14155550199", "number:+14155550100", "choices[5].then is 'number:+14155550100': a number that is not ours"),
        ('digits = "0", attributes', 'digits = "0", then = "back", attributes', "not allowed in main"),
        ('then = "voicemail"', 'then = "elsewhere"', "choices[4].then is 'elsewhere'"),
        ("es = \"Bienvenido.\"", "de = \"Willkommen.\"", "lines.clinic.greeting.de is 'Willkommen.': allowed languages: en, es"),
        ('"To pay press 1."', '"To pay <b>press</b> 1."', "lines.clinic.menus.billing.prompt is 'To pay <b>press</b> 1.': allowed tags: break, emphasis"),
        ('"To pay press 1."', '"To pay <break> press 1."', "SSML that is whole"),
        ('"To pay press 1."', '"A <s>& B</s>"', '& is written as "&amp;"'),
        ('"To pay press 1."', '"play:pay.mp3"', "after play: stands a URL"),
        ('"To pay press 1."', "{}", "lines.clinic.menus.billing.prompt: a sentence for each language"),
        ('"To pay press 1."', f'"{"x" * 3001}"', "at most 3000 characters"),
        ('otherwise = "leave"', 'unsure = "Did you say {word}?"', "the only placeholders allowed are {words} and {key}"),
        ('numbers = ["+14155550100"]', 'numbers = ["+14155550100"]\nlanguage = "fr-FR"', "lines.clinic.language is 'fr-FR': allowed with languages: en, es"),
        ('numbers = ["+14155550100"]', 'numbers = ["+14155550100"]\nvoice = "alice"', "lines.clinic.voice is 'alice': not allowed with languages"),
        ('language = "es-US"', 'language = "spanish"', "lines.clinic.languages.es.language is 'spanish'"),
        ("[lines.clinic.wait]", '[lines.clinic.menu]\nprompt = "x"\nchoices = [{ digits = "1" }]\n[lines.clinic.wait]', "lines.clinic.menu is 'there': either menu, or menus"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_menus_is_told_by_key_value_and_what_is_allowed(old: str, new: str, told: str) -> None:
    assert old in CLINIC
    with pytest.raises(CallCenterError) as refused:
        callcenter.parse(CLINIC.replace(old, new, 1))
    assert told in str(refused.value)


def test_menus_one_below_the_other_are_six_at_most() -> None:
    def deep(levels: int) -> str:
        names = ["main", *(f"m{number}" for number in range(1, levels))]
        tables = [
            f'[lines.clinic.menus.{name}]\nprompt = "?"\nchoices = [{{ digits = "1", then = "{then}" }}]\n'
            for name, then in zip(names, [*(f"menu:{name}" for name in names[1:]), "queue"], strict=True)
        ]
        return f'default_line = "clinic"\n[lines.clinic]\ngreeting = "Hello."\n{"".join(tables)}'

    assert callcenter.parse(deep(6))
    with pytest.raises(CallCenterError, match=r"at most 6 menus one below the other.* main > m1 > m2"):
        callcenter.parse(deep(7))


# --- Every walk ends

TARGETS = ("queue", "voicemail", "hangup", "back", "number:+14155550199")


@st.composite
def centers(draw: st.DrawFn) -> Line:
    """Any menus that the file may have: back and forth, in two languages, with and without words."""
    names = ["main", *(f"m{number}" for number in range(draw(st.integers(0, 4))))]
    stream = draw(st.randoms(use_true_random=False))
    described = {
        "greeting": "Hello.",
        "languages": {"en": {"language": "en-US"}, "es": {"language": "es-US"}},
        "menus": {name: _menu(stream, names, at) for at, name in enumerate(names)},
    }
    return callcenter.of_tables({"default_line": "clinic", "lines": {"clinic": described}}).lines["clinic"]


def _menu(stream: random.Random, names: list[str], at: int) -> dict[str, Any]:
    below = [f"menu:{names[at + 1]}"] if at + 1 < len(names) else []
    targets = below + [stream.choice([*TARGETS, *(f"menu:{name}" for name in names)]) for _ in range(4)]
    choices = [
        {
            "digits": digits,
            "then": then,
            "speech": [f"word{digits}"] if stream.random() < 0.5 else [],
            "language": stream.choice(["", "", "en", "es"]),
            "say": "Very well.",
        }
        for digits, then in zip("12*#0", targets, strict=False)
    ]
    return {
        "prompt": "?",
        "tries": stream.randint(1, 5),
        "otherwise": stream.choice(["queue", "leave"]),
        "choices": choices,
    }


def _inputs(stream: random.Random) -> Iterator[menu.Given]:
    while True:
        words = " ".join(stream.choices(["word1", "word2", "word0", "mumble", ""], k=2))
        yield stream.choice(
            [menu.Given(stream.choice("12*#097")), menu.Given(""), menu.Given("", words, stream.random())]
        )


@settings(deadline=None, max_examples=300)
@given(centers(), st.randoms(use_true_random=False))
def test_any_walk_through_any_menus_ends_in_a_queue_a_sentence_or_a_hang_up(of: Line, stream: random.Random) -> None:
    call = Call(of)
    for asked, one in enumerate(_inputs(stream), start=1):
        if not call.url:
            break
        assert asked <= MOST_ROUNDS and len(call.url) < 200
        call._gives(one)
    assert {"Enqueue", "Dial", "Record", "Hangup"} & set(call.verbs)
