"""Who calls, on the real package: a worker blocks a caller by a text, and another caller types an extension."""

from collections.abc import Iterator

import pytest

from laptop import environment
from laptop.commands import Commands
from laptop.environment import Laptop
from tests.support.teams import demo_with
from tests.support.waiting import eventually, hears

KNOWS = """know_caller = { same_worker = { days = 7, wait = 20 } }
extensions = { queue = "Support", key = "9" }
"""


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """One whose first line knows its callers, and takes extensions."""
    team = demo_with(
        tmp_path_factory.mktemp("teams") / "knows",
        lambda text: text.replace("[lines.support]\n", f"[lines.support]\n{KNOWS}", 1),
    )
    log = tmp_path_factory.mktemp("aws") / "aws.log"
    with environment.running(team=team, log=log) as started:
        yield started


def test_a_caller_gets_the_same_worker_again_until_that_one_blocks_them(commands: Commands, lines: list[str]) -> None:
    commands.do("on Bea")
    commands.do("dial Ivy support")
    eventually(hears(lines, "Bea's phone +14155550111 rings"))
    commands.do("answer Bea")
    eventually(hears(lines, "joins Ivy and Bea"))
    commands.do("hangup Ivy")
    eventually(hears(lines, "has the task completed"))
    commands.do("on Bea Carl")
    commands.do("dial Ivy support")  # the same worker again, though Carl has been idle for longer
    eventually(lambda: sum("Bea's phone +14155550111 rings" in line for line in lines) == 2)
    commands.do("hangup Ivy")
    commands.do("text Bea block shouts at people")
    eventually(hears(lines, "is blocked until"))
    commands.do("dial Ivy support")
    eventually(hears(lines, "Ivy hears: We cannot take your call. Goodbye."))


def test_a_caller_asks_for_a_person_who_is_off(commands: Commands, lines: list[str]) -> None:
    commands.do("on Bea")
    commands.do("dial Gus support")
    eventually(hears(lines, "Gus hears: For English press 1"))
    commands.do("press Gus 9")
    eventually(hears(lines, "Gus hears: If you know the extension"))
    commands.do("press Gus 202#")
    eventually(hears(lines, "Gus hears: Carl is not available."))
    commands.do("hangup Gus")
