"""`cordboard`, from any folder and under any name, and `python -m ops`: one program, which a shell can complete."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ops.stage import ROOT

WHAT_IT_NEEDS = ("cordboard", "pyproject.toml", "chalicelib", "ops", "taskrouter_expressions")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout after `make`, in a folder whose name has blanks and a quote."""
    root = tmp_path_factory.mktemp("checkouts") / "the team's phone queue"
    root.mkdir()
    for name in WHAT_IT_NEEDS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "team"))
        else:
            shutil.copy(ROOT / name, root / name)
    (root / ".chalice").mkdir()
    shutil.copy(ROOT / ".chalice" / "config.json", root / ".chalice" / "config.json")
    (root / ".venv" / "bin").mkdir(parents=True)
    python = root / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')  # as a link it would not know its libraries
    python.chmod(0o755)
    return root


def runs(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_it_runs_from_another_folder_whatever_that_holds(checkout: Path, tmp_path: Path) -> None:
    for name in ("click.py", "ops.py"):
        (tmp_path / name).write_text("raise SystemExit('the wrong one')")
    done = runs(checkout / "cordboard", "check", "--stage", "prd", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("there is no stage 'prd'")


def test_a_link_to_it_runs_it_too(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "cordboard").symlink_to(checkout / "cordboard")
    done = runs("./cordboard", "--version", cwd=tmp_path)
    assert done.stdout.startswith("cordboard ")


def test_usage_names_what_was_typed(checkout: Path, tmp_path: Path) -> None:
    path = f"{checkout}{os.pathsep}{os.environ['PATH']}"
    for command, environment, shown in (
        (["./cordboard"], {}, "./cordboard"),
        (["cordboard"], {"PATH": path}, "cordboard"),
        ([sys.executable, "-m", "ops"], {}, "python -m ops"),
    ):
        done = runs(*command, "plan", "--fast", cwd=checkout, **environment)
        assert done.returncode == 2
        assert done.stderr.startswith(f"Usage: {shown} plan [OPTIONS]\n")
        assert (
            f"\n  {shown} plan --stage prod\n" in runs(*command, "plan", "--help", cwd=checkout, **environment).stdout
        )


def test_exit_codes_and_words_come_through(checkout: Path) -> None:
    done = runs("./cordboard", "check", "--stage", "a 'b", cwd=checkout)
    assert done.returncode == 2
    assert done.stderr.startswith("""there is no stage "a 'b" in """)


def test_before_make_it_says_what_makes_its_python(checkout: Path, tmp_path: Path) -> None:
    shutil.copy(checkout / "cordboard", tmp_path / "cordboard")
    done = runs("./cordboard", "plan", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"cordboard: there is no .venv yet: make -C '{tmp_path}' .venv/ready\n"


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("cordboard de", ["destroy", "deploy"]),
        ("cordboard secret s", ["set", "show"]),
        ("cordboard plan --stage pr", ["prod"]),
        ("cordboard deploy --only f", ["files", "functions"]),
        ("cordboard number restore --a", ["--all"]),
    ],
)
def test_a_shell_completes_commands_options_and_values(typed: str, offered: list[str], checkout: Path) -> None:
    asked = {"COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" ")), "_CORDBOARD_COMPLETE": "bash_complete"}
    done = runs("./cordboard", cwd=checkout, **asked)
    assert [line.partition(",")[2] for line in done.stdout.splitlines()] == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script_for_the_name_cordboard(shell: str, checkout: Path) -> None:
    done = runs("./cordboard", cwd=checkout, _CORDBOARD_COMPLETE=f"{shell}_source")
    assert f"_CORDBOARD_COMPLETE={shell}_complete" in done.stdout
    assert " cordboard" in done.stdout and "./cordboard" not in done.stdout
