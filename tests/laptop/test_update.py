"""New code for the functions without a restart. The last of these tests: the new code stays."""

from pathlib import Path

import pytest

from laptop import call_centre, dev, package
from laptop.dev import Commands
from laptop.environment import Laptop
from laptop.local_aws import LaptopError
from tests.support.checkout import change
from tests.support.waiting import eventually, hears


def test_a_mistake_leaves_the_running_code_alone(
    laptop: Laptop, commands: Commands, lines: list[str], tmp_path: Path
) -> None:
    checkout = package.copy_project(tmp_path)
    change(checkout / "chalicelib" / "team" / "callcenter.toml", 'mode = "crm-first"', 'mode = "crm-last"')
    with pytest.raises(LaptopError, match=r"queues\.Support\.mode is 'crm-last'"):
        dev.reload(laptop, checkout)
    commands.do(f"dial Ivy {call_centre.SALES}")
    eventually(hears(lines, "Ivy hears: Harbour Clinic, new patients."))
    commands.do("hangup Ivy")
    eventually(hears(lines, "Ivy's leg ends"))


def test_new_code_answers_the_next_call(laptop: Laptop, commands: Commands, lines: list[str], tmp_path: Path) -> None:
    checkout = package.copy_project(tmp_path)
    change(checkout / "chalicelib" / "team" / "callcenter.toml", "Harbour Clinic, new patients.", "We have moved.")
    dev.reload(laptop, checkout)
    commands.do(f"dial Ivy {call_centre.SALES}")
    eventually(hears(lines, "Ivy hears: We have moved."))
    commands.do("hangup Ivy")
    eventually(hears(lines, "Ivy's leg ends"))
