"""`ops init`: a checkout gets the team's own files, and never loses one."""

import shutil
from pathlib import Path

import pytest

from ops.__main__ import main
from ops.callcenter import check, files
from ops.callcenter.files import EXAMPLES, TEAM
from ops.stage import ROOT


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout as it is when it is cloned."""
    (tmp_path / TEAM).mkdir(parents=True)
    (tmp_path / ".chalice").mkdir()
    shutil.copyfile(ROOT / ".chalice" / "config.json", tmp_path / ".chalice" / "config.json")
    for example in EXAMPLES:
        shutil.copyfile(ROOT / example, tmp_path / example)
    return tmp_path


def test_it_makes_files_that_can_be_applied_and_says_what_is_next(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "--root", str(root)]) == 0
    made, people, following = capsys.readouterr().out.splitlines()
    assert made.startswith("made chalicelib/team/callcenter.toml: put your numbers")
    assert people.startswith("made workers.toml: ")
    assert following == "next: python -m ops check"
    assert check.problems(files.of_checkout(root)) == []


def test_it_overwrites_nothing(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "workers.toml").write_text("# ours")
    assert main(["init", "--root", str(root)]) == 0
    assert "workers.toml" not in capsys.readouterr().out
    (root / TEAM / "callcenter.toml").write_text("# ours too")
    assert main(["init", "--root", str(root)]) == 1
    assert capsys.readouterr().err == "chalicelib/team/callcenter.toml is there already: nothing was changed\n"
    assert (root / "workers.toml").read_text() == "# ours"
    assert (root / TEAM / "callcenter.toml").read_text() == "# ours too"


@pytest.mark.parametrize("command", ["init", "check"])
def test_a_file_at_the_place_of_an_older_version_is_to_be_moved_first(
    root: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "chalicelib" / "callcenter.toml").touch()
    assert main([command, "--root", str(root)]) == 1
    assert "`git mv chalicelib/callcenter.toml chalicelib/team/callcenter.toml`" in capsys.readouterr().err
    assert not (root / TEAM / "callcenter.toml").exists()


def test_without_the_file_each_command_names_the_one_that_makes_it(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--root", str(root)]) == 1
    assert capsys.readouterr().err == "chalicelib/team/callcenter.toml is missing: `python -m ops init` makes it\n"
