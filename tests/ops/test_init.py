"""`init`: a checkout gets the team's own files, and never loses one."""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from laptop.teams import chosen
from ops.__main__ import main
from ops.callcenter import check, files, zones
from ops.callcenter.beginning import EXAMPLES
from ops.callcenter.files import TEAM
from ops.stage import ROOT
from tests.support.terminal import Terminal

GIVEN = ("--name", "Harbour Clinic", "--number", "+1 (415) 555-0100", "--number", "+14155550101")
ZONE = ("--time-zone", "America/Los_Angeles")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout as it is when it is cloned, in a folder with a blank in its name."""
    checkout = tmp_path / "our phones"
    (checkout / TEAM).mkdir(parents=True)
    shutil.copytree(ROOT / ".chalice", checkout / ".chalice", ignore=shutil.ignore_patterns("deployed", "deployments"))
    for example in EXAMPLES:
        shutil.copyfile(ROOT / example, checkout / example)
    return checkout


def types(monkeypatch: pytest.MonkeyPatch, root: Path, *answers: str, options: tuple[str, ...] = ()) -> int:
    """Somebody at a terminal answers each question with a line, and presses Ctrl-C at the one that has none."""
    monkeypatch.setattr("sys.stdin", Terminal("".join(f"{answer}\n" for answer in answers)))
    return main(["init", "--root", str(root), *options])


def begun(root: Path) -> list[str]:
    """What is in the checkout beside what was cloned."""
    names = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    cloned = {path.relative_to(ROOT).as_posix() for path in (ROOT / ".chalice").rglob("*")}
    return sorted(names - cloned - {example.as_posix() for example in EXAMPLES})


def center(root: Path) -> files.Center:
    return files.of_checkout(root)


def test_the_answers_stand_in_files_that_can_be_applied(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = "+1 415 555 0100, +14155550101; +1-415-555-0100"
    assert types(monkeypatch, root, '  Böhm &  "Söhne" ', numbers, "Europe/Berlin") == 0
    made = center(root)
    assert made.workspace.name == 'Böhm & "Söhne"'
    assert made.application.lines["main"].greeting == 'Thank you for calling Böhm & "Söhne".'
    assert made.numbers() == ("+14155550100", "+14155550101")
    assert made.application.time_zone == "Europe/Berlin"
    assert main(["check", "--root", str(root)]) == 0
    assert check.warnings(made) == []


def test_the_files_explain_themselves(root: Path) -> None:
    assert main(["init", "--root", str(root), *GIVEN, *ZONE]) == 0
    for example, own in EXAMPLES.items():
        explained = (root / own).read_text("utf-8")
        assert explained.startswith("# ") and "ops init" not in explained
        _, _, shipped = (ROOT / example).read_text("utf-8").partition("\n\n")
        assert re.findall("#.*", shipped) == re.findall("#.*", explained.partition("\n\n")[2])


def test_it_says_what_it_made_and_what_is_next(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--root", str(root), *GIVEN, *ZONE]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "made chalicelib/team/callcenter.toml: greetings, queues and the workflow stand there; commit it",
        "made workers.toml: put your people into it",
        "next: python -m ops check, then make dev: your numbers answer on this machine",
    ]
    assert chosen(root=root).center().numbers() == ("+14155550100", "+14155550101")  # what make dev runs on


def test_a_wrong_answer_is_asked_for_again_with_a_sentence(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert types(monkeypatch, root, "", "Ours", "+1415", "+1 415 555 0100", "Berlin", "Europe/Berlin") == 0
    said = capsys.readouterr().err
    for sentence, question in (
        ("a name has 1 to 64 characters, and this has 0", "The team's name"),
        ("'+1415': it has too few digits for the country code +1", "The numbers that callers dial"),
        ("there is no time zone 'Berlin': allowed is an IANA name such as Europe/Berlin", "Time zone"),
    ):
        assert re.search(f"{question}.*{re.escape(sentence)}\n{question}", said, re.DOTALL)
    assert center(root).application.time_zone == "Europe/Berlin"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("0415 555 0100", "'0415 555 0100': it has no country code: a number begins with + and its country's code"),
        ("+1415", "'+1415': it has too few digits for the country code +1"),
        ("+141555501000000000", "it has too many digits for the country code +1"),
        ("+999 1234567", "no country has the code that follows the +"),
        ("+", "'+': it is no phone number"),
        ("+14155550100, five", "'five': it is no phone number"),
        (" , ", "at least one number that callers dial is needed, such as +14155550100"),
    ],
)
def test_a_number_that_cannot_be_dialled_is_explained(
    root: Path, typed: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "--root", str(root), "--name", "Ours", "--number", typed]) == 2
    assert said in capsys.readouterr().err
    assert begun(root) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--name", " ", *GIVEN[2:]), "a name has 1 to 64 characters, and this has 0"),
        (("--name", "x" * 65, *GIVEN[2:]), "a name has 1 to 64 characters, and this has 65"),
        ((*GIVEN, "--time-zone", "berlin"), "there is no time zone 'berlin': allowed is an IANA name such as Europe/B"),
        ((*GIVEN, "--time-zone", ""), "there is no time zone ''"),
    ],
)
def test_an_option_that_cannot_be_meant_is_refused(
    root: Path, options: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "--root", str(root), *options]) == 2
    assert said in capsys.readouterr().err
    assert begun(root) == []


@pytest.mark.parametrize("answered", range(3))
def test_ctrl_c_at_a_question_leaves_nothing_behind(
    root: Path, answered: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert types(monkeypatch, root, *("Ours", "+14155550100", "UTC")[:answered]) == 1
    assert capsys.readouterr().err.endswith("\nstopped at the question: nothing was changed\n")
    assert begun(root) == []


def test_enter_takes_the_time_zone_of_this_machine(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert types(monkeypatch, root, "Ours", "+14155550100", "") == 0
    assert center(root).application.time_zone == "Asia/Tokyo"


def test_the_machines_time_zone_is_read_off_its_clock_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "zoneinfo" / "Europe").mkdir(parents=True)
    (tmp_path / "zoneinfo" / "Europe" / "Berlin").touch()
    (tmp_path / "localtime").symlink_to(tmp_path / "zoneinfo" / "Europe" / "Berlin")
    monkeypatch.setenv("TZ", "somewhere")
    assert zones.of_this_machine(tmp_path / "localtime") == "Europe/Berlin"
    assert zones.of_this_machine(tmp_path / "missing") == "UTC"


def test_what_is_given_as_an_option_is_not_asked_for(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert types(monkeypatch, root, "+14155550100", options=("--name", "Ours", *ZONE)) == 0
    assert center(root).numbers() == ("+14155550100",)


def test_without_a_terminal_the_options_are_named(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = "nobody is there to be asked: give --name and --number. Nothing was changed\n"
    for options in ((), GIVEN[:2], GIVEN[2:]):
        assert main(["init", "--root", str(root), *options]) == 2
        assert capsys.readouterr().err == said
    assert begun(root) == []
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert main(["init", "--root", str(root), *GIVEN]) == 0
    assert center(root).application.time_zone == "Asia/Tokyo"


def test_files_that_are_there_are_not_overwritten_without_asking(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "workers.toml").write_text("# ours")
    (root / TEAM / "callcenter.toml").write_text("# ours too")
    assert main(["init", "--root", str(root), *GIVEN]) == 2
    assert types(monkeypatch, root, "n", options=GIVEN) == 1
    assert types(monkeypatch, root, options=GIVEN) == 1
    assert capsys.readouterr().err.count("othing was changed\n") == 3
    assert (root / TEAM / "callcenter.toml").read_text() == "# ours too"
    assert types(monkeypatch, root, "y", options=(*GIVEN, *ZONE)) == 0
    assert center(root).workspace.name == "Harbour Clinic"
    assert (root / "workers.toml").read_text() == "# ours"  # git has no copy of it: it stays, whoever says yes


def test_a_checkout_that_has_people_already_gets_the_other_file_alone(root: Path) -> None:
    (root / "workers.toml").write_text("# ours")
    assert main(["init", "--root", str(root), *GIVEN, *ZONE]) == 0
    assert begun(root) == ["chalicelib/team/callcenter.toml", "workers.toml"]
    assert (root / "workers.toml").read_text() == "# ours"


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
    assert capsys.readouterr().err == "chalicelib/team/callcenter.toml is missing: `./cordboard init` makes it\n"


def test_a_folder_that_is_no_checkout_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--root", str(tmp_path), *GIVEN, *ZONE]) == 1
    said = capsys.readouterr().err
    assert said.startswith("chalicelib/team/callcenter.example.toml cannot be read: No such file or directory.")
    assert said.endswith(f"Is {tmp_path} a checkout of Cordboard?\n")


# The superuser may write everywhere, so a process of theirs becomes nobody, once it has loaded all that it needs.
AS_NOBODY = """
import os, sys
from ops.__main__ import main
mine, theirs, *given = sys.argv[1:]
main(["init", "--root", mine, *given])
if os.getuid() == 0:
    os.setuid(65534)
sys.exit(main(["init", "--root", theirs, *given]))
"""


def test_a_checkout_that_is_not_this_persons_to_change_is_said_and_left_as_it_is(root: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        theirs = Path(shutil.copytree(root, Path(folder, "theirs")))
        for place in (Path(folder), theirs, theirs / TEAM):
            place.chmod(0o755 if place == Path(folder) else 0o555)
        command = [sys.executable, "-c", AS_NOBODY, str(root), str(theirs), *GIVEN, *ZONE]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, begun(theirs)) == (1, [])
        assert done.stderr == f"{theirs / TEAM / 'callcenter.toml'} cannot be written: Permission denied\n"
        for place in (theirs, theirs / TEAM):
            place.chmod(0o755)  # so that the folder can go
