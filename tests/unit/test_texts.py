"""Sentences: what is said of them, what is sound, what a tag is, and what a worker hears at a key."""

from typing import Any

import pytest

from chalicelib.config import callcenter, menus
from chalicelib.config.after_talk import AfterTalk
from chalicelib.config.menus import Choice, Menu
from chalicelib.config.star import Star, priority_of_wait, queue_of
from chalicelib.config.texts import LONGEST_TEXT, Sentence, Voice, each_of, filled, texts_of, wrong_with

SOUND = "https://x.example/a.mp3"


@pytest.mark.parametrize(
    ("text", "url", "words", "has_tags"),
    [
        ("Hello.", "", "Hello.", False),
        (f"play:{SOUND}", SOUND, SOUND, False),
        (f"play:{SOUND}?<s>x</s>", f"{SOUND}?<s>x</s>", f"{SOUND}?<s>x</s>", False),
        ("Pay <s>now</s>, A &amp; B.", "", "Pay now, A & B.", True),
        ("Is 1 < 2 & 3?", "", "Is 1 < 2 & 3?", False),
        ("<b>Pay</b> now.", "", "<b>Pay</b> now.", False),
        ("", "", "", False),
    ],
)
def test_a_sentence_is_words_or_words_with_tags_or_sound(text: str, url: str, words: str, has_tags: bool) -> None:
    sentence = Sentence(text, Voice("en-US"))
    assert (sentence.url, sentence.words, sentence.ssml is not None) == (url, words, has_tags)


@pytest.mark.parametrize(("language", "base"), [("en-GB", "en"), ("fr", "fr"), ("cmn-Hans-CN", "cmn")])
def test_a_voice_is_of_a_language_without_its_country(language: str, base: str) -> None:
    assert Voice(language).base == base


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("Hello, {name}.", ""),
        ("x" * LONGEST_TEXT, ""),
        ("x" * (LONGEST_TEXT + 1), "at most 3000 characters"),
        (f"play:{SOUND}", ""),
        ("play:http://x.example/a.mp3", ""),
        (f"play:{SOUND} now", "after play: stands a URL that begins with https://"),
        ("play:a.mp3", "after play: stands a URL that begins with https://"),
        (f"play:{SOUND}/{'x' * LONGEST_TEXT}", ""),
        ("A & B", ""),
        ("<s>A &amp; B</s>", ""),
        ("<u>A</u>", "allowed tags: break, emphasis, lang, p, phoneme, prosody, s, say-as, sub, w"),
        ("<s><u>A</u></s>", "allowed tags: break, emphasis, lang, p, phoneme, prosody, s, say-as, sub, w"),
    ],
)
def test_what_twilio_cannot_say_is_told(text: str, allowed: str) -> None:
    assert wrong_with(text) == allowed


def test_sound_has_no_placeholders_and_words_have() -> None:
    assert filled("play:https://x.example/{a}.mp3", a=1) == "play:https://x.example/{a}.mp3"
    assert filled({"en": "{a} <s>{b}</s>", "de": "{a} {b}"}, a="1 & 2", b=3) == {
        "en": "1 &amp; 2 <s>3</s>",
        "de": "1 & 2 3",
    }


def test_a_text_of_one_language_has_no_name() -> None:
    assert each_of("Hello.") == {"": "Hello."} and each_of({"en": "Hello."}) == {"en": "Hello."}


def test_every_text_of_a_table_has_the_key_at_which_it_stands() -> None:
    described: dict[str, Any] = {
        "greeting": {"en": "Hello."},
        "menus": {
            "main": {"prompt": "Press 1.", "choices": [{"digits": "1", "say": "Bills."}, {"digits": "2", "say": "Hi."}]}
        },
        "wait": {"options": {"say": "Press 5.", "choices": [{"digits": "5", "then": "voicemail"}]}},
    }
    line = callcenter.of_tables({"default_line": "a", "lines": {"a": described}}).lines["a"]
    found = dict(texts_of(line, "a"))
    assert found["a.greeting"] == {"en": "Hello."} and found["a.wait.options.say"] == "Press 5."
    assert found["a.menus.main.prompt"] == "Press 1."
    assert [found[f"a.menus.main.choices[{at}].say"] for at in (0, 1)] == ["Bills.", "Hi."]
    assert found["a.closed.say"] == "We are closed." and "a.language" not in found and "a.numbers" not in found


# --- At a key


@pytest.mark.parametrize(
    ("menu", "said"),
    [
        (("back",), "Press 1 to go back to the caller, 2 to hang up."),
        (("queue:Sales", "person"), "Press 1 for Sales, 2 for a person, 3 to hang up."),
    ],
)
def test_the_star_menu_is_said_by_its_choices(menu: tuple[str, ...], said: str) -> None:
    assert Star(menu=menu).said == said and Star(menu=menu, prompt="Choose.").said == "Choose."


@pytest.mark.parametrize(("entry", "queue"), [("queue:Sales", "Sales"), ("person", ""), ("back", ""), ("end", "")])
def test_a_choice_of_the_star_menu_may_be_a_queue(entry: str, queue: str) -> None:
    assert queue_of(entry) == queue


@pytest.mark.parametrize(
    ("first", "number", "priority"), [(5, 1, 5), (5, 2, 15), (5, 4, 35), (2147483640, 2, 2147483647)]
)
def test_each_wait_of_a_caller_comes_before_those_who_wait_there(first: int, number: int, priority: int) -> None:
    assert priority_of_wait(first, number) == priority


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Press 1 for sold, press 2 for not sold."),
        ({"note_seconds": 1}, "Press 1 for sold, press 2 for not sold, press 0 to leave a note."),
        ({"note_seconds": 30, "note_key": "9", "prompt": "Well?"}, "Well?"),
    ],
)
def test_a_worker_hears_what_each_key_means_after_a_talk(given: dict[str, Any], said: str) -> None:
    assert AfterTalk(keys={"1": "sold", "2": "not sold"}, **given).said == said


# --- Menus

BILLS = Choice(digits="2", then="menu:bills", attributes={"a": 1}, label="Bills")
DOCTOR = Choice(digits="4", then="number:+14155550199")
REFUNDS = Choice(digits="1", then="menu:refunds", attributes={"a": 2, "b": 3}, label="Refunds")
MENUS = {
    "main": Menu(prompt="?", choices=(BILLS, DOCTOR, Choice(digits="*", then="menu:bills"))),
    "bills": Menu(prompt="?", choices=(REFUNDS,)),
    "refunds": Menu(prompt="?", choices=(Choice(digits="1", then="menu:main"), Choice(digits="#", then="back"))),
}


@pytest.mark.parametrize("digits", ["", "1", "3", "5", "22", "#"])
def test_a_key_that_a_menu_does_not_have_is_no_choice(digits: str) -> None:
    assert MENUS["main"].choice(digits) is None
    assert MENUS["main"].choice("2") == BILLS and MENUS["main"].choice("4") == DOCTOR


def test_a_choice_leads_to_a_menu_or_a_number_or_elsewhere() -> None:
    assert (BILLS.menu, BILLS.number, DOCTOR.menu, DOCTOR.number) == ("bills", "", "", "+14155550199")
    assert (Choice(digits="1").menu, Choice(digits="1").number) == ("", "")


def test_the_way_through_the_menus_is_in_the_trail_and_its_attributes_add_up() -> None:
    place = menus.find(MENUS, "main.2.1")
    assert place and (place.trail, place.names) == ("main.2.1", ("main", "bills", "refunds"))
    assert place.attributes == {"a": 2, "b": 3, "menu_choice": "Bills > Refunds"}
    assert menus.find(MENUS, "main.s") == menus.go(MENUS, menus.first(MENUS), MENUS["main"].choices[2])
    assert menus.go(MENUS, place, MENUS["refunds"].choices[0]) == menus.first(MENUS)
    before = menus.back(MENUS, place)
    assert (before.trail, before.attributes) == ("main.2", {"a": 1, "menu_choice": "Bills"})
    assert menus.back(MENUS, before) == menus.first(MENUS)


@pytest.mark.parametrize("trail", ["mai", "main2", "start", "main.4", "main.2.1.9"])
def test_a_trail_that_these_menus_do_not_have_is_none(trail: str) -> None:
    assert menus.find(MENUS, trail) is None
