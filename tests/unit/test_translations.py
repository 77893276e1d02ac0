"""What the application itself says to callers, in their language."""

import re
from collections.abc import Iterator

import msgspec
import pytest

from chalicelib.config import schema, translations
from chalicelib.config.callbacks import OFFER, Callback
from chalicelib.config.callers import Extensions, KnowCaller, Screening
from chalicelib.config.hours import URGENT, WhenClosed
from chalicelib.config.menus import Choice, Menu
from chalicelib.config.schema import SORRY, Line, SimpleQueue
from chalicelib.config.star import Star
from chalicelib.config.texts import texts_of

GERMAN = "Bitte bleiben Sie in der Leitung."


def line(**given: object) -> Line:
    return msgspec.convert({"greeting": "", **given}, Line)


def defaults() -> Iterator[str]:
    """Every sentence that some table has where the file says nothing."""
    menu = Menu("", (Choice("1"),))
    whole = Line(
        greeting="",
        menu=menu,
        callback=Callback(countries=("+1",)),
        closed=WhenClosed(),
        know_caller=KnowCaller(),
        screening=Screening(),
        extensions=Extensions(queue="Persons"),
    )
    tables = (whole, Star(menu=("back",)))
    yield from (text for table in tables for _, text in texts_of(table, "") if isinstance(text, str) and text)
    yield from (OFFER, URGENT, "star", "the hash key")
    queue = SimpleQueue(greeting="", numbers=(), agent_numbers=(), agents=())
    yield from (queue.next_caller, queue.stranger)


@pytest.mark.parametrize("text", sorted(set(defaults())))
@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_every_sentence_of_ours_is_there_in_each_language_with_its_placeholders(text: str, language: str) -> None:
    said = translations.of(text, language, "")
    assert isinstance(said, str) and said != text
    assert sorted(re.findall(r"{.*?}", said)) == sorted(re.findall(r"{.*?}", text))


def test_nothing_is_translated_that_nobody_says() -> None:
    assert set(translations.OURS) == set(defaults())


def test_a_german_line_without_sentences_of_its_own_speaks_german() -> None:
    spoken = line(language="de-AT").said(schema.Wait().say)
    assert (spoken.text, spoken.voice.language) == (GERMAN, "de-AT")


def test_each_caller_of_a_line_with_several_languages_hears_theirs_in_its_voice() -> None:
    several = line(languages={"de": {"language": "de-DE"}, "en": {"language": "en-GB"}})
    said = {name: several.in_language(name).said(SORRY) for name in several.languages}
    assert (said["de"].voice.language, said["en"].voice.language) == ("de-DE", "en-GB")
    assert said["en"].text == SORRY and said["de"].text.endswith("Auf Wiederhören.")


def test_the_teams_own_sentence_is_left_as_it_is() -> None:
    assert line(language="de-DE").said("Please hold the line.").text == "Please hold the line."
    own = {"de": "Moment!", "en": "Hold on!"}
    several = line(languages={"de": {"language": "de-DE"}, "en": {"language": "en-US"}})
    assert several.said(own).text == "Moment!"


@pytest.mark.parametrize("language", ["it-IT", "x", "", "de_DE"])
def test_a_language_that_is_not_there_hears_english(language: str) -> None:
    assert line(language=language).said(SORRY).text == SORRY


def test_for_an_english_line_nothing_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translations, "of", None)
    assert line().said(SORRY).text == SORRY
    assert line(languages={"en": {"language": "en-US"}}).said(SORRY).text == SORRY
