"""Menus of several levels in two languages, and the place in the queue, on the real package."""

from collections.abc import Iterator

import pytest

from laptop import environment
from laptop.commands import Commands
from laptop.environment import Laptop
from tests.support.teams import demo_with
from tests.support.waiting import eventually, hears

MENUS = """[lines.support.languages]
en = { language = "en-US" }
de = { language = "de-DE" }
[lines.support.callback]
countries = ["+1"]
[lines.support.menus.main]
prompt = { en = "For bills press 1. Deutsch: 2.", de = "Für Rechnungen drücken Sie 1." }
choices = [
  { digits = "1", attributes = { skill = "bills" }, then = "menu:bills" },
  { digits = "2", language = "de", then = "menu:main" },
]
[lines.support.menus.bills]
prompt = { en = "To pay press 1.", de = "Zum Bezahlen drücken Sie 1." }
choices = [
  { digits = "1" },
  { digits = "*", then = "back" },
  { digits = "4", then = "callback" },
]
"""
WAIT = """[lines.support.wait]
position = { en = "You are number {position}.", de = "Sie haben Platz {position}." }
"""


def with_menus(text: str) -> str:
    """The first line has two languages, and a menu below the first."""
    before, after = text.split("[lines.support.menu]", 1)
    _, after = after.split("[lines.support.wait]", 1)
    _, after = after.split("[lines.support.after]", 1)
    return f"{before}{MENUS}{WAIT}[lines.support.after]{after}"


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    team = demo_with(tmp_path_factory.mktemp("teams") / "menus", with_menus)
    log = tmp_path_factory.mktemp("aws") / "aws.log"
    with environment.running(team=team, log=log) as started:
        yield started


def test_a_caller_goes_down_and_up_in_german_and_is_called_back(commands: Commands, lines: list[str]) -> None:
    commands.do("dial Ivy support")
    eventually(hears(lines, "Ivy hears: For bills press 1. Deutsch: 2."))
    commands.do("press Ivy 2")
    eventually(hears(lines, "Ivy hears: Für Rechnungen drücken Sie 1."))
    commands.do("press Ivy 1")
    eventually(hears(lines, "Ivy hears: Zum Bezahlen drücken Sie 1."))
    commands.do("press Ivy *")
    eventually(lambda: sum("Ivy hears: Für Rechnungen" in line for line in lines) == 2)
    commands.do("press Ivy 1")
    eventually(lambda: sum("Ivy hears: Zum Bezahlen" in line for line in lines) == 2)
    commands.do("press Ivy 4")
    eventually(hears(lines, "Zum Bestätigen drücken Sie 1."))
    commands.do("press Ivy 1")
    eventually(hears(lines, "Ivy hears: Sie werden zurückgerufen. Auf Wiederhören."))


def test_who_waits_behind_another_hears_the_place_in_their_language(commands: Commands, lines: list[str]) -> None:
    commands.do("dial Gus support")
    eventually(hears(lines, "Gus hears: For bills press 1."))
    commands.do("press Gus 1")
    eventually(hears(lines, "Gus hears: To pay press 1."))
    commands.do("press Gus 1")
    eventually(hears(lines, "Gus hears: Please stay on the line."))
    commands.do("dial Ivy support")
    eventually(hears(lines, "Ivy hears: For bills press 1."))
    commands.do("press Ivy 2")
    eventually(hears(lines, "Ivy hears: Für Rechnungen drücken Sie 1."))
    commands.do("press Ivy 1")
    eventually(hears(lines, "Ivy hears: Zum Bezahlen drücken Sie 1."))
    commands.do("press Ivy 1")
    eventually(hears(lines, "Ivy hears: Sie haben Platz 2."))
    assert not any("You are number" in line or "Platz 1" in line for line in lines)
    commands.do("hangup Gus")
    commands.do("hangup Ivy")
