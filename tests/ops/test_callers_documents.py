"""What docs/callers.md and docs/menus.md show of `hear` is what it prints, by the file that they show."""

import re
import shlex
from pathlib import Path

import pytest

from chalicelib.config import callcenter
from ops.__main__ import main
from tests.conftest import Aws

DOCS = Path(__file__).parents[2] / "docs"
RUN = re.compile(r"^\$ \./cordboard (hear .+)\n((?:[^$`\n].*\n)+)", re.MULTILINE)


def shown() -> list[tuple[str, str, str]]:
    """Page, command and what it prints."""
    pages = {page: (DOCS / page).read_text(encoding="utf-8") for page in ("callers.md", "menus.md")}
    return [(page, command, printed) for page, text in pages.items() for command, printed in RUN.findall(text)]


def file_of(page: str) -> str:
    """The file that the page shows; menus.md shows a line alone."""
    (text,) = re.findall(r"```toml\n(.+?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)
    return text if "default_line" in text else f'default_line = "clinic"\n{text}'


def test_the_pages_show_something_of_each_kind() -> None:
    assert len(shown()) >= 8 and {page for page, _, _ in shown()} == {"callers.md", "menus.md"}


@pytest.mark.parametrize(("page", "command", "printed"), shown())
def test_a_page_shows_what_is_printed(
    page: str,
    command: str,
    printed: str,
    *,
    cloud: Aws,
    environment: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    environment.setattr(callcenter, "source", lambda _where="": file_of(page))
    callcenter.current.cache_clear()
    assert main(shlex.split(command)) == 0
    _, _, heard = capsys.readouterr().out.partition("\n")  # first of all: the moment, and whether the line is open
    assert heard == printed
