"""What a person finds out from the commands themselves: help, examples, the version."""

import shlex
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from ops.__main__ import COMMANDS, _commands, main
from ops.commands.cli import Command
from ops.stage import ROOT


def command_of(name: str) -> click.Command:
    command = _commands().get_command(click.Context(_commands()), name)
    assert command is not None
    return command


def every_command() -> Iterator[tuple[tuple[str, ...], Command]]:
    """Each command with the words that lead to it."""
    found: list[tuple[tuple[str, ...], click.Command]] = [((name,), command_of(name)) for name in COMMANDS]
    for words, command in found:
        if isinstance(command, click.Group):
            found += [((*words, name), inner) for name, inner in command.commands.items()]
        else:
            assert isinstance(command, Command)
            yield words, command


@pytest.mark.parametrize(
    ("words", "command"), [*every_command()], ids=lambda it: " ".join(it) if type(it) is tuple else ""
)
def test_every_command_has_help_with_examples_that_can_be_typed(
    words: tuple[str, ...], command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--help"], "./cordboard") == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"Usage: ./cordboard {' '.join(words)} ")
    assert command.examples
    for example in command.examples:
        assert f"\n  ./cordboard {example}\n" in shown
        typed = shlex.split(example)
        assert typed[: len(words)] == list(words)
        command.make_context(" ".join(words), typed[len(words) :])


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_of_each_command_what_its_own_help_says(name: str) -> None:
    says = command_of(name).get_short_help_str(limit=200).removesuffix(".")
    assert COMMANDS[name][1] == says


def test_the_version_is_the_projects(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert f'version = "{capsys.readouterr().out.removeprefix("cordboard ").strip()}"' in (
        ROOT / "pyproject.toml"
    ).read_text(encoding="utf-8")


def test_the_list_of_commands_is_there_at_once_without_what_takes_time_to_import() -> None:
    code = "import sys; from ops.__main__ import main; main(['--help']); print([*sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    for library in ("boto3", "twilio.rest", "rich.console", "requests"):
        assert f"'{library}'" not in done.stderr


def test_a_command_that_is_misspelt_is_answered_with_the_one_that_may_be_meant(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["plam"]) == 2
    assert "No such command 'plam'. Did you mean 'plan'?" in capsys.readouterr().err
