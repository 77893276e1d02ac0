"""The team's folder: what upstream tracks there, and how a team's files are found."""

import importlib
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import mypy.api
import pytest

import chalicelib.team
from chalicelib.config import callcenter, team
from chalicelib.config.toml_errors import CallCenterError
from chalicelib.routing.instructions import Conference
from chalicelib.routing.reservation import Reservation
from laptop.package import TEAM

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "chalicelib" / "team"
TRAINING = Reservation(
    reservation_sid="WR1",
    task_sid="WT1",
    call_sid="CA1",
    kind="call",
    worker_sid="WK1",
    worker_name="Bea",
    queue="Support",
    task_attributes={"department": "training"},
    worker_attributes={"contact_uri": "+14155550111"},
)


@pytest.fixture
def folder(tmp_path: Path, environment: pytest.MonkeyPatch, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The team's folder, empty, of a checkout of its own; the application runs already."""
    importlib.import_module("app")
    found = tmp_path / "chalicelib" / "team"
    found.mkdir(parents=True)
    monkeypatch.setattr(team, "folder", lambda: str(found))
    monkeypatch.setattr(chalicelib.team, "__path__", [str(found)])
    monkeypatch.setitem(sys.modules, "chalicelib.team.hooks", ModuleType(""))  # what a test imports goes with it
    del sys.modules["chalicelib.team.hooks"]
    return found


def test_what_upstream_tracks_there_are_examples_and_it_ignores_nothing() -> None:
    def git(*words: str) -> list[str]:
        done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607
        return done.stdout.split()

    tracked = [Path(name).name for name in git("ls-files", "chalicelib/team")]
    upstream = ["callcenter.example.toml", "hooks.example.py"]
    assert [name for name in tracked if ".example." in name] == upstream
    assert (
        git("check-ignore", *(f"chalicelib/team/{name}" for name in ("callcenter.toml", "hooks.py", "dev.json"))) == []
    )
    assert git("check-ignore", "workers.toml", "rota.toml") == ["workers.toml", "rota.toml"]


def test_a_team_without_hooks_has_none(folder: Path) -> None:
    import app

    assert app._team_assignment(TRAINING) is None


def test_the_example_of_a_hook_is_asked_when_it_is_copied(folder: Path) -> None:
    import app

    shutil.copy(FOLDER / "hooks.example.py", folder / "hooks.py")
    assert app._team_assignment(TRAINING) == Conference(to="+14155550111", end_conference_on_exit=True)


def test_the_example_of_a_hook_is_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(FOLDER / "hooks.example.py", tmp_path / "hooks.py")
    monkeypatch.setenv("MYPYPATH", str(ROOT))
    options = ["--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(tmp_path / "cache")]
    assert mypy.api.run([*options, str(tmp_path / "hooks.py")]) == (
        "Success: no issues found in 1 source file\n",
        "",
        0,
    )


def test_a_team_without_a_callcenter_file_is_told_how_to_make_it(folder: Path) -> None:
    with pytest.raises(CallCenterError) as error:
        callcenter.source()
    assert str(error.value) == "chalicelib/team/callcenter.toml is missing: `./cordboard init` makes it"


@pytest.mark.parametrize("name", ["callcenter.toml", "hooks.py"])
def test_a_file_at_the_place_of_an_older_version_is_named_with_where_to_move_it(folder: Path, name: str) -> None:
    shutil.copy(TEAM / "callcenter.toml", folder)
    assert callcenter.source()
    (folder.parent / name).touch()
    with pytest.raises(CallCenterError) as error:
        callcenter.source()
    assert str(error.value).endswith(f"`git mv chalicelib/{name} chalicelib/team/{name}`")
