"""Lines that are closed, on the real package: by the file, and by an admin's text in the middle of the day."""

from collections.abc import Iterator

import pytest

from laptop import environment
from laptop.commands import Commands
from laptop.environment import Laptop
from laptop.timeline import Timeline
from tests.support.teams import demo_with
from tests.support.waiting import eventually, hears

SUPPORT = 'hours = "always"\nswitch = true\n'
SALES = """hours = "never"
closed = { say = "Sales is closed.", then = "voicemail", urgent_key = { digits = "9", to = "+14155550199" } }
"""
HOURS = """
[hours.always]
week = { mon-sun = ["00:00-24:00"] }
[hours.never]
zone = "Australia/Lord_Howe"
week = {}
"""


def with_hours(text: str) -> str:
    for line, added in (("[lines.support]\n", SUPPORT), ("[lines.sales]\n", SALES)):
        text = text.replace(line, line + added, 1)
    return text + HOURS


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    team = demo_with(tmp_path_factory.mktemp("teams") / "hours", with_hours)
    log = tmp_path_factory.mktemp("aws") / "aws.log"
    with environment.running(team=team, log=log) as laptop:
        yield laptop


def test_lines_are_closed_by_the_file_and_by_a_text_and_opened_again(started: Laptop) -> None:
    commands, lines = Commands(started), list[str]()
    Timeline(started, lambda line: lines.append(line.split(" s  ", 1)[1]))
    commands.do("dial Ivy sales")
    eventually(hears(lines, "Ivy hears: Sales is closed. If it is urgent, press 9."))
    eventually(hears(lines, "Ivy hears: Please leave a message"))
    commands.do("hangup Ivy")
    commands.do("text Fay close support: We are away today. Goodbye.")
    eventually(hears(lines, "texts Fay: support is closed until"))
    commands.do("dial Gus support")
    eventually(hears(lines, "Gus hears: We are away today. Goodbye."))
    eventually(hears(lines, "Gus's leg ends"))
    commands.do("text Fay open support")
    eventually(hears(lines, "texts Fay: support is open"))
