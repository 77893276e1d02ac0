"""What a caller may say at a menu makes one choice, and what is said is said in every language. Pure."""

from collections.abc import Iterator, Mapping

from chalicelib.caller.menu import choose
from chalicelib.config import translations
from chalicelib.config.menu_mistakes import by_key
from chalicelib.config.menus import Menu, Speech
from chalicelib.config.schema import Line, Treatment, treatments
from chalicelib.config.texts import Text, Voice, each_of, texts_of
from chalicelib.config.toml_errors import Mistake, sentence
from ops.callcenter.files import Center


def menus_of(center: Center) -> Iterator[tuple[str, Menu, Line]]:
    """Every menu with its key and its line."""
    for name, line in center.application.lines.items():
        yield from ((key, menu, line) for key, menu in by_key(f"lines.{name}", line.menu, line.menus).items())


def ambiguous_words(center: Center) -> Iterator[Mistake]:
    """Words of a choice that another choice has too, whole or in part: whoever says them is asked again."""
    for key, menu, line in menus_of(center):
        for at, choice in enumerate(menu.choices):
            each: Mapping[str, Speech] = choice.speech if isinstance(choice.speech, dict) else {"": choice.speech}
            for language, words in each.items():
                place = f"{key}.choices[{at}].speech{f'.{language}' if language else ''}"
                yield from _ambiguous_words(place, menu, at, words, [language] if language else [*line.languages, ""])


def _ambiguous_words(place: str, menu: Menu, at: int, words: Speech, languages: list[str]) -> Iterator[Mistake]:
    for position, said in enumerate(words):
        if any(choose(menu, "", said, language) is not menu.choices[at] for language in languages):
            yield sentence(f"{place}[{position}]", said, "words that make no other choice")


def missing_texts(center: Center) -> Iterator[str]:
    """Texts that are not there in a language of their line: callers hear them in its first one, or in English."""
    for at, treatment in treatments(center.application):
        for language in treatment.languages or (treatment.language,):
            spoken = treatment.in_language(language)
            if missing := [key for key, text in texts_of(spoken, at) if text and not _is_there(text, spoken)]:
                yield f"{at} has no text in {language} at {', '.join(missing)}"


def _is_there(text: Text, spoken: Treatment) -> bool:
    """Whether a caller of this language hears it in that; one without a language is the team's, in the first."""
    if isinstance(text, str) and text in translations.OURS:
        return translations.has(spoken.speaks.base)
    first = next(iter(spoken.languages), "")
    return not first or spoken.spoken in {language or first for language in each_of(text)}


# By the lists of Amazon Polly: the voices of a few languages that are asked for most.
POLLY: Mapping[str, tuple[str, ...]] = {
    "en-US": ("Joanna", "Matthew", "Ivy", "Justin", "Kendra", "Kimberly", "Salli", "Joey", "Kevin", "Ruth", "Stephen",
              "Danielle", "Gregory"),
    "en-GB": ("Amy", "Emma", "Brian", "Arthur"),
    "en-AU": ("Nicole", "Russell", "Olivia"),
    "es-ES": ("Conchita", "Lucia", "Enrique", "Sergio"),
    "es-MX": ("Mia", "Andres"),
    "es-US": ("Lupe", "Penelope", "Miguel", "Pedro"),
    "fr-FR": ("Celine", "Lea", "Mathieu", "Remi"),
    "fr-CA": ("Chantal", "Gabrielle", "Liam"),
    "de-DE": ("Marlene", "Vicki", "Hans", "Daniel"),
    "it-IT": ("Carla", "Bianca", "Giorgio", "Adriano"),
    "pt-BR": ("Camila", "Vitoria", "Ricardo", "Thiago"),
}  # fmt: skip
_LANGUAGES = {name: language for language, names in POLLY.items() for name in names}
BASIC = ("man", "woman", "alice")


def wrong_voices(center: Center) -> Iterator[Mistake]:
    """A voice that speaks another language than the one that it is to be heard in."""
    for key, voice in _voices(center):
        speaks = _language_of(voice.voice)
        if speaks and speaks != voice.language:
            yield sentence(f"{key}.voice", voice.voice, f"a voice of {voice.language}; this one speaks {speaks}")


def unknown_voices(center: Center) -> Iterator[str]:
    """Voices of which it is not known here what they speak."""
    for key, voice in _voices(center):
        if voice.voice and voice.voice not in BASIC and not _language_of(voice.voice):
            yield f"{key}.voice is {voice.voice!r}, which may not speak {voice.language}"


def _voices(center: Center) -> Iterator[tuple[str, Voice]]:
    for name, line in center.application.lines.items():
        yield from ((f"lines.{name}.languages.{language}", voice) for language, voice in line.languages.items())


def _language_of(voice: str) -> str:
    """Twilio's names are Polly.Joanna, Polly.Joanna-Neural, Google.en-US-Standard-C and such; empty: not known."""
    provider, _, name = voice.partition(".")
    if provider == "Google":
        return "-".join(name.split("-")[:2])
    return _LANGUAGES.get(name.partition("-")[0], "") if provider == "Polly" else ""
