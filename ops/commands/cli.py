"""What the commands have in common: how one is declared and found, and the options that mean the same everywhere.

A command is a function that returns an ExitCode or raises OpsError.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import click
from click.shell_completion import CompletionItem

from ops import program, stage
from ops.errors import ExitCode
from ops.stage import ROOT


class Command(click.Command):
    """`examples` are words after the program's name that make sense as they are."""

    def __init__(self, *args: Any, examples: Sequence[str], **more: Any) -> None:
        super().__init__(*args, **more)
        self.examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Examples"):
            for example in self.examples:
                formatter.write(f"  {program.command(example)}\n")
        super().format_epilog(ctx, formatter)


Declared = Callable[[Callable[..., ExitCode]], Command]


def command(name: str, *examples: str, **more: Any) -> Declared:
    """Declares a command; its docstring is its help, and each example is typed after the program's name."""
    return click.command(name, cls=Command, examples=examples, **more)


class Group(click.Group):
    """Commands about one subject; each is declared by `subcommand`, as by `command` above."""

    def subcommand(self, name: str, *examples: str, **more: Any) -> Declared:
        def declare(function: Callable[..., ExitCode]) -> Command:
            made = command(name, *examples, **more)(function)
            self.add_command(made)
            return made

        return declare


def group(name: str) -> Callable[[Callable[[], None]], Group]:
    """Declares a group of commands; its docstring is its help."""
    return click.group(name, cls=Group)


class Commands(click.Group):
    """All commands. `table` says of each by its name where it stands and what it does."""

    def __init__(self, table: Mapping[str, tuple[str, str]], **more: Any) -> None:
        super().__init__(params=[_version()], **more)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command: click.Command | None = resolve_name(self.table[cmd_name][0]) if cmd_name in self.table else None
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand:
            raise click.NoSuchCommand(args[0], possibilities=self.table, ctx=ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, says) in self.table.items()])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code.value), code.meaning) for code in ExitCode])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        named = [(name, says) for name, (_, says) in self.table.items() if name.startswith(incomplete)]
        items = [CompletionItem(name, help=says) for name, says in named]
        return [*items, *click.Command.shell_complete(self, ctx, incomplete)]


def _version() -> click.Option:
    def show(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
        if asked and not ctx.resilient_parsing:
            project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
            click.echo(f"{program.NAME} {project['version']}")
            ctx.exit()

    says = "Show the version and exit."
    return click.Option(["--version"], is_flag=True, expose_value=False, is_eager=True, callback=show, help=says)


def _stages(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    return [name for name in stage.names() if name.startswith(incomplete)]


stage_option = click.option(
    "--stage", default="dev", show_default=True, metavar="NAME", help="The Chalice stage.", shell_complete=_stages
)
root_option = click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False),
    default=ROOT,
    envvar="CORDBOARD_ROOT",
    metavar="FOLDER",
    help="The checkout that holds the files, in place of this one.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask; needed where no terminal is.")
