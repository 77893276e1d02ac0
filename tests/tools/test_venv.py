"""tools/venv.sh and the Makefile's rule, in a folder that has a blank in its name."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ops.stage import ROOT

CLOSED = "http://127.0.0.1:9"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout that has no .venv yet."""
    root = tmp_path / "a checkout"
    root.mkdir()
    shutil.copytree(ROOT / "tools", root / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, root / name)
    return root


def make(root: Path, *words: str) -> tuple[int, str]:
    """Exit code of `make`, and what it prints; no index can be reached."""
    unreachable = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": f"{CLOSED}/simple", "PIP_RETRIES": "0"}
    known = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "MAKE", "PYTHON"))}
    command = [shutil.which("make") or "make", *words]
    done = subprocess.run(command, cwd=root, env={**known, **unreachable}, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def has_a_venv(root: Path, python: str = sys.executable) -> None:
    """As if .venv had been made with this Python."""
    subprocess.run([python, "-m", "venv", "--without-pip", str(root / ".venv")], check=True)
    (root / ".venv" / "ready").touch()


def script(folder: Path, text: str) -> Path:
    file = folder / "a python"
    file.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    file.chmod(0o755)
    return file


def test_without_a_network_one_sentence_says_so_and_the_next_run_begins_anew(checkout: Path) -> None:
    for _ in range(2):
        code, said = make(checkout, f"PYTHON={sys.executable}", ".venv/ready")
        assert code == 2
        assert "cordboard: fetching uv failed: no package index that has it can be reached." in said
        assert "Traceback" not in said
        assert not (checkout / ".venv" / "ready").exists()


def test_a_python_that_is_not_there_is_refused_also_when_there_is_a_venv(checkout: Path) -> None:
    has_a_venv(checkout)
    code, said = make(checkout, "PYTHON=/no/such/python", ".venv/ready")
    assert code == 2
    assert "PYTHON=/no/such/python is no Python that runs: 3.11, 3.12 or 3.13 is needed." in said
    assert (checkout / ".venv" / "ready").exists()


def test_a_python_that_is_too_old_is_refused(checkout: Path, tmp_path: Path) -> None:
    old = script(tmp_path, 'if [ "$1" = --version ]; then echo Python 3.10.4; else exit 1; fi')
    code, said = make(checkout, f"PYTHON={old}", ".venv/ready")
    assert code == 2
    assert f"PYTHON={old} is Python 3.10.4: 3.11, 3.12 or 3.13 is needed." in said


def test_the_python_that_made_the_venv_may_be_named_by_another_path(checkout: Path, tmp_path: Path) -> None:
    has_a_venv(checkout)
    same = script(tmp_path, f'exec {sys.executable} "$@"')
    code, said = make(checkout, f"PYTHON={same}", ".venv/ready")
    assert (code, said) == (0, "make: '.venv/ready' is up to date.\n")


def test_another_python_makes_the_venv_anew(checkout: Path, tmp_path: Path) -> None:
    has_a_venv(checkout)
    other = script(tmp_path, f'case "$*" in *sys.version,*) echo another;; *) exec {sys.executable} "$@";; esac')
    _, said = make(checkout, f"PYTHON={other}", ".venv/ready")
    assert said.startswith("cordboard: making .venv with Python")


def test_a_venv_whose_python_has_gone_is_made_anew(checkout: Path) -> None:
    has_a_venv(checkout)
    for python in (checkout / ".venv" / "bin").glob("python*"):
        python.unlink()
    _, said = make(checkout, f"PYTHON={sys.executable}", ".venv/ready")
    assert said.startswith("cordboard: making .venv with Python")


def test_a_venv_that_is_a_link_is_not_emptied(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (checkout / ".venv").symlink_to(tmp_path / "theirs")
    code, said = make(checkout, f"PYTHON={sys.executable}", ".venv/ready")
    assert code == 2
    assert ".venv is a link to another checkout's: it would be emptied." in said
