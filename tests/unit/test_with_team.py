"""`make test TEAM=folder`: what runs, and where."""

import subprocess
import sys
from pathlib import Path

import pytest

from laptop.package import BUILD, ROOT

SHOW = """
import os, pathlib
print(sorted(it.name for it in pathlib.Path('chalicelib/team').iterdir()))
print(pathlib.Path('workers.toml').read_text('utf-8').splitlines()[0])
print(os.getcwd())
"""


def with_team(folder: str, *command: str) -> "subprocess.CompletedProcess[str]":
    words = [sys.executable, "-m", "tests.support.with_team", folder, *command]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_command_runs_in_a_copy_in_which_the_files_of_the_folder_are_the_teams() -> None:
    done = with_team("tests/teams/smallest", sys.executable, "-c", SHOW)
    files, workers, place = done.stdout.splitlines()
    assert files == "['callcenter.example.toml', 'callcenter.toml', 'hooks.example.py']"
    assert workers == "[workers.Ann]"
    assert Path(place).is_relative_to(BUILD)
    assert not Path(place).exists()  # it is gone with the run


def test_two_runs_at_once_do_not_share_their_copy() -> None:
    words = [sys.executable, "-m", "tests.support.with_team", "tests/teams/smallest", sys.executable, "-c", SHOW]
    runs = [subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [run.communicate()[0].splitlines() for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert said[0][-1] != said[1][-1]


def test_its_exit_code_is_the_commands() -> None:
    assert with_team("tests/teams/smallest", sys.executable, "-c", "raise SystemExit(3)").returncode == 3


@pytest.mark.parametrize(("given", "typed"), [("a b", 'with_team "a b" make test'), ("", "-m pytest -n auto")])
def test_make_goes_there_when_a_folder_is_given(given: str, typed: str) -> None:
    done = subprocess.run(
        ["make", "--dry-run", "test", *([f"TEAM={given}"] if given else [])],  # noqa: S607
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert typed in done.stdout, done.stdout + done.stderr
