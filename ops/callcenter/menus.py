"""What a caller may say at a menu makes one choice. Pure."""

from collections.abc import Iterator

from chalicelib.caller.twiml import choose
from chalicelib.config.toml_errors import Mistake, sentence
from ops.callcenter.files import Center


def words_in_vain(center: Center) -> Iterator[Mistake]:
    """Words of a choice that another choice has too, whole or in part: whoever says them is asked again."""
    for name, line in center.application.lines.items():
        menu = line.menu
        for at, choice in enumerate(menu.choices if menu else ()):
            for position, words in enumerate(choice.speech):
                if menu and choose(menu, "", words) is not choice:
                    key = f"lines.{name}.menu.choices[{at}].speech[{position}]"
                    yield sentence(key, words, "words that make no other choice")
