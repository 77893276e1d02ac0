"""Every command keeps one table of exit codes, and says in one sentence why it ends otherwise than with 0."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from ops import stage
from ops.__main__ import COMMANDS as COMMANDS_OF_THE_HELP
from ops.__main__ import main
from ops.errors import ExitCode
from tests.support.caches import forget_everything
from tests.support.checkout import of_the_demo

CALL = "CA" + "0" * 32

# Every command about a stage, with what it needs to be understood.
COMMANDS: Sequence[Sequence[str]] = (
    ("rota", "show"),
    ("check",),
    ("plan",),
    ("apply",),
    ("import", "Harbour Clinic"),
    ("destroy", "--yes"),
    ("number", "list"),
    ("number", "restore", "--all"),
    ("people",),
    ("deploy",),
    ("doctor",),
    ("secret", "set"),
    ("secret", "show"),
    ("calls", "list"),
    ("calls", "show", CALL),
    ("calls", "follow", CALL),
    ("report",),
    ("voicemail", "list"),
    ("work", "add", "lead"),
    ("recordings", "list"),
    ("recordings", "hear", CALL),
    ("recordings", "hold", CALL),
    ("recordings", "release", CALL),
    ("voicemail", "hear", CALL),
    ("voicemail", "done", CALL),
    ("worker", "list"),
    ("worker", "on", "Bea"),
    ("worker", "off", "Bea"),
)
# They ask nobody: no line has a switch here, nor asks who calls.
OF_NO_STAGE = ("init", "hear", "holidays", "line", "block", "caller")
WITH_ROOT = COMMANDS[:9]  # those that can be told which checkout
every_command = pytest.mark.parametrize("command", COMMANDS, ids=" ".join)


def test_the_table_is_0_to_3() -> None:
    assert [(code.name, code.value) for code in ExitCode] == [("DONE", 0), ("FAILED", 1), ("USAGE", 2), ("DIFFERS", 3)]


def test_the_list_of_commands_is_whole() -> None:
    assert sorted(COMMANDS_OF_THE_HELP) == sorted({*OF_NO_STAGE, *(command[0] for command in COMMANDS)})


@pytest.mark.parametrize("code", ExitCode)
def test_help_and_the_documentation_have_the_table(code: ExitCode, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert f" {code.value} {code.meaning} " in " ".join(capsys.readouterr().out.split()) + " "
    assert f"| {code.value} | {code.meaning} |" in (stage.ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


@every_command
def test_a_stage_that_does_not_exist_is_usage_and_is_said_with_those_that_do(
    command: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--stage", "prd"]) == ExitCode.USAGE
    said = capsys.readouterr()
    assert said.err == f"there is no stage 'prd' in .chalice/config.json; there are {', '.join(stage.names())}\n"
    assert said.out == ""


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        (Path(".chalice", "config.json"), "{", ".chalice/config.json cannot be read"),
        (stage.file_of("dev"), "{", "chalicelib/team/dev.json cannot be read"),
        (stage.file_of("dev"), '{"CRM_KEY": "x"}', "chalicelib/team/dev.json has CRM_KEY"),
    ],
)
def test_a_file_of_the_stage_that_is_wrong_is_no_usage(
    file: Path, text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".chalice").mkdir()
    (tmp_path / ".chalice" / "config.json").write_text('{"stages": {"dev": {}}}')
    (tmp_path / "chalicelib" / "team").mkdir(parents=True)
    (tmp_path / file).write_text(text)
    for command in WITH_ROOT:
        assert main([*command, "--root", str(tmp_path)]) == ExitCode.FAILED
        assert capsys.readouterr().err.startswith(said)


@pytest.mark.parametrize("verb", ["set", "show"])
def test_a_stage_that_names_no_parameter_is_a_wrong_file_too(
    verb: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(stage, "read", lambda name, root=stage.ROOT: {})
    assert main(["secret", verb]) == ExitCode.FAILED
    assert capsys.readouterr().err == "TWILIO_SECRET_PARAMETER of stage dev is not set in .chalice/config.json\n"


@pytest.mark.parametrize("command", [*COMMANDS, ("init",)], ids=" ".join)
def test_an_unknown_option_is_usage(command: Sequence[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--fast"]) == ExitCode.USAGE
    assert "--fast" in capsys.readouterr().err


@pytest.fixture
def without_accounts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody has signed in to AWS, and the environment names no account of Twilio's."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "TWILIO_", "LINKS_"))]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    forget_everything()


@pytest.mark.parametrize(
    "command", [command for command in COMMANDS if command not in (("check",), ("rota", "show"))], ids=" ".join
)
def test_without_accounts_each_command_that_needs_one_fails_with_a_sentence(
    command: Sequence[str], without_accounts: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = ("--root", str(of_the_demo(tmp_path / "checkout"))) if command in WITH_ROOT else ()
    assert main([*command, *root]) == ExitCode.FAILED
    said = capsys.readouterr().err
    assert said.strip() and "Traceback" not in said
