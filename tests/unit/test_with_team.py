"""`make test TEAM=folder`: what runs, and where."""

import subprocess
import sys

import pytest

from laptop.package import BUILD, ROOT

SHOW = (
    "import os, pathlib; print(sorted(it.name for it in pathlib.Path('chalicelib/team').iterdir())); print(os.getcwd())"
)


def with_team(folder: str, *command: str) -> "subprocess.CompletedProcess[str]":
    words = [sys.executable, "-m", "tests.support.with_team", folder, *command]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_command_runs_in_a_copy_in_which_the_files_of_the_folder_are_the_teams() -> None:
    done = with_team("tests/teams/smallest", sys.executable, "-c", SHOW)
    files, place = done.stdout.splitlines()
    assert files == "['callcenter.example.toml', 'callcenter.toml', 'hooks.example.py']"
    assert place == str(BUILD / "with-team" / "smallest")
    assert (BUILD / "with-team" / "smallest" / "workers.toml").read_text("utf-8").startswith("[workers.Ann]")


def test_its_exit_code_is_the_commands() -> None:
    assert with_team("tests/teams/smallest", sys.executable, "-c", "raise SystemExit(3)").returncode == 3


@pytest.mark.parametrize(("given", "typed"), [("a b", 'with_team "a b" make test'), ("", "-m pytest tests/laptop")])
def test_make_goes_there_when_a_folder_is_given(given: str, typed: str) -> None:
    done = subprocess.run(
        ["make", "--dry-run", "test", *([f"TEAM={given}"] if given else [])],  # noqa: S607
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert typed in done.stdout, done.stdout + done.stderr
