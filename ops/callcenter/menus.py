"""What a caller may say at a menu makes one choice. Pure."""

from collections.abc import Iterator

from chalicelib.caller.twiml import choose
from chalicelib.config.callcenter import Menu
from chalicelib.config.toml_errors import Mistake, sentence
from ops.callcenter.files import Center


def ambiguous_words(center: Center) -> Iterator[Mistake]:
    """Words of a choice that another choice has too, whole or in part: whoever says them is asked again."""
    for name, line in center.application.lines.items():
        if line.menu:
            yield from _ambiguous_words(f"lines.{name}.menu", line.menu)


def _ambiguous_words(place: str, menu: Menu) -> Iterator[Mistake]:
    for at, choice in enumerate(menu.choices):
        for position, words in enumerate(choice.speech):
            if choose(menu, "", words) is not choice:
                key = f"{place}.choices[{at}].speech[{position}]"
                yield sentence(key, words, "words that make no other choice")
