"""The clients of other majors that the first `make test` fetches."""

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.support import with_team
from tools import clients, packages


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    clients_of_test = tmp_path / "clients"
    clients_of_test.mkdir()
    monkeypatch.setattr(clients, "CLIENTS", clients_of_test)
    monkeypatch.setattr(clients, "NODE", clients_of_test / "node")
    return clients_of_test


def test_every_file_is_held_to_its_hash_and_no_index_is_named() -> None:
    for pins in clients.PINS.glob("*.txt"):
        packages_named = re.findall(r"^\w\S*==\S+ \\\n(?: +--hash=sha256:\w{64}(?: \\)?\n)+", pins.read_text(), re.M)
        assert [one.partition("==")[0] for one in packages_named] == ["pytz", "twilio"]
    lock = json.loads((clients.PINS / "package-lock.json").read_text())
    fetched = {name: one for name, one in lock["packages"].items() if name}
    assert {"node_modules/twilio-3", "node_modules/twilio-4", "node_modules/twilio-5"} <= set(fetched)
    assert all(one["integrity"] and "resolved" not in one for one in fetched.values())


def test_without_npm_nodes_clients_are_left_out(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    said = [what for what, _, _ in clients.steps()]
    assert said == ["fetching Twilio's client python-7", "fetching Twilio's client python-8"]
    assert "there is no npm" in capsys.readouterr().out
    assert list(folder.iterdir()) == []


def test_what_cannot_be_fetched_is_told_and_tried_again_and_the_rest_is_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(what: str, *_rest: object) -> None:
        if "python-7" in what:
            raise packages.SetUpError("no index can be reached")

    monkeypatch.setattr(packages, "run", run)
    clients.main()
    assert "no index can be reached\ncordboard: the tests with it are left out" in capsys.readouterr().err
    assert not (folder / "ready").exists()
    monkeypatch.setattr(packages, "run", lambda *_step: None)
    clients.main()
    assert (folder / "ready").exists()


def test_a_copy_for_a_teams_files_shares_them(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(with_team, "CLIENTS", folder)
    copied = with_team.copy(tmp_path / "copy", None)
    assert (copied / ".build" / "clients").resolve() == folder
