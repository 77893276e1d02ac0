"""`caller show` and `set`: what is known of whoever calls from a number."""

import click
import msgspec

from ops.callers import Callers
from ops.commands.cli import group, json_option
from ops.commands.output import say, show
from ops.commands.output import table as as_table
from ops.commands.table_options import Table, table_options
from ops.errors import ExitCode, UsageError

MOST_LANGUAGE = 20  # characters


@group("caller")
def caller() -> None:
    """Show and set what is known of a caller."""


@caller.subcommand("set", "caller set +12125550171 --vip", "caller set +12125550171 --no-vip --language es")
@click.argument("number")
@click.option("--vip/--no-vip", default=None, help="Whether the caller goes before others.")
@click.option("--language", default=None, metavar="NAME", help='The attribute of their tasks; "" takes it away.')
@table_options
def set_(*, number: str, vip: bool | None, language: str | None, at: Table) -> ExitCode:
    """Say that a caller is a VIP, or which language they speak."""
    if vip is None and language is None:
        raise UsageError("say --vip, --no-vip or --language")
    if language is not None and len(language) > MOST_LANGUAGE:
        raise UsageError(f"a language has at most {MOST_LANGUAGE} characters")
    callers, now = Callers(at.center(), at.name()), at.now()
    if vip is not None:
        callers.know(number, "vip" if vip else "no vip", {"vip": vip}, now)
    if language is not None:
        callers.know(number, "language", {"language": language}, now)
    say(f"{at.shown(number)} is known; lines meet it at the next call")
    return ExitCode.DONE


@caller.subcommand("show", "caller show +12125550171", "caller show +12125550171 --json")
@click.argument("number")
@table_options
@json_option
def show_(*, number: str, as_json: bool, at: Table) -> ExitCode:
    """Show what is known of a caller, and who said so."""
    known = Callers(at.center(), at.name()).find(number)
    facts = [
        ["blocked", f"until {at.clock(known.blocked_until)}" if known.is_blocked(at.now()) else "no"],
        ["VIP", "yes" if known.vip else "no"],
        ["language", known.language],
        *([f"last worker on {line}", f"{one.worker}, {at.clock(one.at)}"] for line, one in known.workers.items()),
        *([at.clock(one.at), f"{one.did} by {one.by} {one.reason}".strip()] for one in known.changes),
    ]
    show({**msgspec.to_builtins(known), "call_sid": at.shown(known.number)}, as_table(["what", ""], facts), as_json)
    return ExitCode.DONE
