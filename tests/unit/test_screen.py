"""What the laptop prints: on a terminal of any width, without colours, and in a pipe."""

import io
import re
import sys

import pytest
from rich.text import Text

from laptop import picture, screen
from laptop.phases import Phases
from tests.support.terminal import Terminal

SAID = Text.assemble(("Ann", "bold"), " hears: For English press 1, or say English. For Spanish press 2.")


def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Print on a terminal of 40 columns that shows colours."""
    monkeypatch.setattr(sys, "stdout", Terminal())
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "40")


def test_on_a_narrow_terminal_the_text_stands_below_itself_and_beside_its_label(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    narrow(monkeypatch)
    shown = screen.beside(Text("   1.5 s", "dim"), SAID)
    assert Text.from_ansi(shown).plain.split("\n") == [
        "     1.5 s  Ann hears: For English press",
        "            1, or say English. For",
        "            Spanish press 2.",
    ]


def test_a_terminal_shows_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow(monkeypatch)
    assert screen.paint("as expected", screen.GREEN) == "\x1b[32mas expected\x1b[0m"


def test_who_wants_no_colours_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow(monkeypatch)
    monkeypatch.setenv("NO_COLOR", "1")
    assert screen.paint("as expected", screen.GREEN) == "as expected"


def test_in_a_pipe_each_line_is_whole_and_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow(monkeypatch)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert screen.beside(Text("   1.5 s", "dim"), SAID) == f"     1.5 s  {SAID.plain}"
    assert screen.paint("as expected", screen.GREEN) == "as expected"


def test_what_is_said_may_look_like_markup() -> None:
    assert screen.beside(Text("CRM"), Text("[red]x[/red] :smile:")) == "  CRM  [red]x[/red] :smile:"


def test_phases_follow_each_other_and_each_has_its_seconds() -> None:
    now = 100.0
    phases = Phases(lambda: now)
    phases.begin("packaging")
    now = 102.0
    phases.begin("calling")
    now = 105.0
    phases.end()
    now = 109.0
    phases.end()
    assert phases.taken == [("packaging", 2.0), ("calling", 3.0)]
    assert phases.seconds == 9.0


def test_the_picture_has_what_was_printed_in_its_colours_and_fetches_nothing() -> None:
    drawing = picture.drawn("\x1b[1mAnn\x1b[0m hears: \x1b[32mHello.\x1b[0m\n")
    assert {"Ann", "&#160;hears:&#160;", "Hello."} <= set(re.findall(r"<text[^>]*>([^<]*)</text>", drawing))
    assert "@font-face" not in drawing
    assert re.findall(r"url\((?!#)", drawing) == []
    assert re.findall(r"url\((?!#)", picture.PICTURE.read_text(encoding="utf-8")) == []
