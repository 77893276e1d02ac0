"""`work add`: work that is no call, ordered by hand."""

import uuid
from pathlib import Path
from typing import Any

import click

from ops import work as works
from ops.commands.cli import group, json_option, root_option, stage_option
from ops.commands.output import show
from ops.errors import ExitCode
from ops.project import Project


@group("work")
def work() -> None:
    """Order work that is no call: leads, cases and the like."""


@work.subcommand(
    "add", "work add lead name='Ann Lee' phone=+12125550171", "work add case topic=invoice --key case-17 --stage prod"
)
@click.argument("kind")
@click.argument("attributes", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--key", default="", help="One task for each key, however often it is sent; a new one if not given.")
@click.option("--priority", type=click.IntRange(0, 2147483647), default=None, help="In place of the kind's own.")
@stage_option
@root_option
@json_option
def add(
    *,
    kind: str,
    attributes: tuple[str, ...],
    key: str,
    priority: int | None,
    stage: str,
    root: Path,
    as_json: bool,
) -> ExitCode:
    """Order one piece of work: it becomes a task, and the next free worker is rung for it.

    KIND is one of those in [work] of callcenter.toml; NAME=VALUE are attributes of the task.
    """
    asked: dict[str, Any] = {"kind": kind, "key": key or str(uuid.uuid4()), "attributes": works.attributes(attributes)}
    asked |= {} if priority is None else {"priority": priority}
    ordered = works.order(Project(stage, root), asked)
    did = "is ordered" if ordered.is_new else "was ordered before"
    data = {"task_sid": ordered.task_sid, "key": asked["key"], "new": ordered.is_new}
    show(data, f"{ordered.task_sid} {did}, with the key {asked['key']}", as_json)
    return ExitCode.DONE
