"""New code and new files while the calls go on. The last of these tests: what is new stays."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from laptop import package, reloading
from laptop.commands import Commands
from laptop.environment import Laptop
from laptop.local_aws import LaptopError
from laptop.teams import DEMO, Team, chosen
from tests.support.checkout import change
from tests.support.waiting import eventually, hears


@pytest.fixture
def team(laptop: Laptop, tmp_path: Path) -> Team:
    """The demo's, in a folder that may be changed."""
    return chosen(str(shutil.copytree(DEMO.folder, tmp_path / "our phones")))


@pytest.fixture
def waiting(commands: Commands, lines: list[str]) -> Iterator[list[str]]:
    """Gus waits for somebody of sales, and nobody is there; in the end they hang up."""
    commands.do("on")
    commands.do("dial Gus sales")
    eventually(hears(lines, "Gus waits in the queue"))
    yield lines
    commands.do("hangup Gus")
    eventually(hears(lines, "Gus's leg ends"))


def test_a_mistake_in_the_files_leaves_what_runs_alone(laptop: Laptop, waiting: list[str], team: Team) -> None:
    change(team.folder / "callcenter.toml", 'mode = "crm-first"', 'mode = "crm-last"')
    with pytest.raises(LaptopError, match=r"queues\.Support\.mode is 'crm-last'"):
        reloading.reload(laptop, team)
    assert not hears(waiting, "Gus's leg ends")()


def test_code_that_breaks_off_when_it_is_called_never_takes_a_call(
    laptop: Laptop, commands: Commands, waiting: list[str], tmp_path: Path
) -> None:
    checkout = package.copy_project(tmp_path)
    change(checkout / "chalicelib" / "jobs.py", "import msgspec\n", "import nothing_at_all\n")
    built = package.build(root=checkout, out=tmp_path / "out")
    with pytest.raises(LaptopError) as broke_off:
        reloading.put_in_place(laptop, built, DEMO.center())
    line = r"chalicelib/jobs\.py:\d+: ModuleNotFoundError: No module named 'nothing_at_all'"
    assert re.fullmatch(line, reloading.useful(str(broke_off.value), DEMO))
    commands.do("dial Ivy sales")
    eventually(hears(waiting, "Ivy hears: Harbour Clinic, new patients."))
    commands.do("hangup Ivy")
    eventually(hears(waiting, "Ivy's leg ends"))


def test_who_waits_while_the_code_changes_is_joined_by_the_new_code(
    laptop: Laptop, commands: Commands, waiting: list[str], team: Team
) -> None:
    change(team.folder / "callcenter.toml", "Harbour Clinic, new patients.", "We have moved.")
    reloading.reload(laptop, team)
    reloading.reload(laptop, team)
    commands.do("dial Ivy sales")
    eventually(hears(waiting, "Ivy hears: We have moved."))
    commands.do("hangup Ivy")
    commands.do("on Emil")
    eventually(hears(waiting, "Emil's phone +14155550114 rings"))
    commands.do("answer Emil")
    eventually(hears(waiting, "Press 1 to take the call, 2 to pass."))
    commands.do("press Emil 1")
    eventually(hears(waiting, "joins Gus and Emil"))
    commands.do("hangup Emil")
    eventually(hears(waiting, "Emil is Available"))


def test_a_line_and_a_worker_that_are_new_in_the_files_are_there(
    laptop: Laptop, commands: Commands, lines: list[str], team: Team
) -> None:
    change(team.folder / "callcenter.toml", '["+14155550101"]', '["+14155550101", "+14155550109"]')
    with team.workers.open("a", encoding="utf-8") as file:
        file.write('\n[workers.Zoe]\ncontact_uri = "+14155550119"\nattributes = { queues = ["Sales"] }\n')
    reloading.reload(laptop, team)
    commands.do("on Zoe")
    commands.do("dial Ivy 109")
    eventually(hears(lines, "Zoe's phone +14155550119 rings"))
    commands.do("hangup Ivy")
    eventually(hears(lines, "Ivy's leg ends"))
