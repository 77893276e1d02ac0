"""`people`: who may sign in to the console."""

from pathlib import Path

import click

from ops import people as library
from ops import stage as stages
from ops.commands import ask
from ops.commands.cli import command, root_option, stage_option, yes_option
from ops.commands.output import note, say
from ops.errors import ExitCode, OpsError
from ops.people import Pool
from ops.program import command as typed
from ops.project import Project


@command("people", "people --stage prod", "people --stage prod --prune --yes")
@stage_option
@root_option
@click.option("--prune", is_flag=True, help="Those who are not in workers.toml can sign in no longer.")
@yes_option
def people(*, stage: str, root: Path, prune: bool, yes: bool) -> ExitCode:
    """Let those of workers.toml who have a mail address sign in to the console.

    Whoever is new is sent a mail with a password to begin with.
    """
    project = Project(stage, root)
    wanted = library.wanted(project.checked_files())
    arn = stages.read(stage, root).get("USER_POOL_ARN", "")
    if not arn:
        raise OpsError(
            f"stage {stage} has no console: `{typed(f'deploy --stage {stage} --set Console=yes')}` makes one"
        )
    pool = Pool(arn)
    steps = library.plan(wanted, pool.people(), prune)
    if not steps:
        say(f"{len(wanted)} {'person' if len(wanted) == 1 else 'people'} can sign in: it is as workers.toml says")
        return ExitCode.DONE
    note("\n".join(map(str, steps)))
    ask.confirm("Go on?", yes=yes)
    for step in steps:
        pool.take(step)
        say(str(step))
    return ExitCode.DONE
