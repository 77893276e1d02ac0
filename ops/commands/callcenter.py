"""`ops check`, `plan`, `apply`, `import` and `destroy`: the call centre as code."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from chalicelib.config.callcenter import NAME, CallCenterError
from ops import stage
from ops.callcenter import actual, check, destroy, importing, plan
from ops.callcenter.apply import Outcome, apply
from ops.callcenter.files import WORKERS, Center, of_checkout, read
from ops.callcenter.plan import Step, as_json, as_text_of, has_drift
from ops.callcenter.resources import desired
from ops.commands.parser import Rooms
from ops.stage import NoStage
from ops.stage_account import client_of
from ops.twilio import AccountError

TO_DEPLOY = "{} has changed: the functions know it after `chalice deploy --stage {}`"
NOT_DEPLOYED = "stage {} has no URL yet: run `chalice deploy --stage {}` first, or say --api-url"


def add_to(rooms: Rooms) -> None:
    _command(rooms, "check", run_check, f"is {NAME} (and {WORKERS}) right? Nothing is sent")
    plan = _command(rooms, "plan", run_plan, "what differs between the files and Twilio; 0: nothing, 2: something")
    make = _command(rooms, "apply", run_apply, "make Twilio what the files say; 2: something is left for a person")
    take = _command(rooms, "import", run_import, "write the files from a workspace that is there")
    undo = _command(rooms, "destroy", run_destroy, "take back what apply made")
    for command in (plan, make, undo):
        command.add_argument("--api-url", help="the application's URL, in place of the stage's")
        command.add_argument("--prune", action="store_true", help="delete what the workspace has beside the files")
        command.add_argument("--json", action="store_true", help="the steps as JSON")
    take.add_argument("workspace", help="its name")
    take.add_argument("--workflow", default="", help="the workflow that the calls take, where there are several")
    take.add_argument("--to", type=Path, default=Path("imported"), help="the folder for the files (imported)")
    undo.add_argument("--yes", action="store_true", help="do not ask")


def _command(rooms: Rooms, name: str, run: Callable[[Namespace], int], says: str) -> ArgumentParser:
    command = rooms.add_parser(name, help=says)
    command.add_argument("--stage", default="dev", help="the Chalice stage (dev)")
    command.add_argument("--root", type=Path, default=stage.ROOT, help="the checkout that holds the files (this one)")
    command.set_defaults(run=partial(_guarded, run))
    return command


def _guarded(run: Callable[[Namespace], int], given: Namespace) -> int:
    """The command's exit code; 1 with one sentence when it cannot be done."""
    try:
        return run(given)
    except (AccountError, CallCenterError, NoStage) as error:
        print(error, file=sys.stderr)
        return 1


def run_check(given: Namespace) -> int:
    center = _center(given)
    people = "no workers' file" if center.workers is None else f"{len(center.workers)} workers"
    print(f"{NAME} can be applied: {len(center.application.queues)} queues, {people}")
    return 0


def run_plan(given: Namespace) -> int:
    center, api_url = _center(given), _api_url(given)
    steps = plan.plan(desired(center, api_url), actual.read(client_of(given.stage, given.root), center), given.prune)
    print(as_json(steps) if given.json else as_text_of(steps))
    return 2 if has_drift(steps) else 0


def run_apply(given: Namespace) -> int:
    before = stage.read(given.stage, given.root)
    left = make(given).left
    if stage.read(given.stage, given.root) != before:
        print(TO_DEPLOY.format(stage.file_of(given.stage), given.stage), file=sys.stderr)
    return 2 if has_drift(left) else 0


def make(given: Namespace) -> Outcome:
    """Apply, and tell of it. Raises AccountError, CallCenterError, NoStage."""
    center, api_url = _center(given), _api_url(given)
    tell = (lambda step: None) if given.json else _tell
    outcome = apply(client_of(given.stage, given.root), center, api_url, prune=given.prune, tell=tell)
    stage.write(given.stage, outcome.environment, given.root)
    if given.json:
        print(as_json((*outcome.done, *outcome.left)))
    else:
        _sum_up(outcome.done, outcome.left)
    return outcome


def _tell(step: Step) -> None:
    print(as_text_of([step]), flush=True)


def _sum_up(done: Sequence[Step], left: Sequence[Step]) -> None:
    if left:
        print(as_text_of(left))
    print(f"{len(done)} changes" if done else "Twilio is as the files say: nothing was changed")


def run_import(given: Namespace) -> int:
    files = [given.to / NAME, given.to / WORKERS]
    if there := [str(file) for file in files if file.exists()]:
        raise AccountError(f"{' and '.join(there)} is there already: say another folder with --to")
    imported = importing.read(client_of(given.stage, given.root), given.workspace, given.workflow)
    given.to.mkdir(parents=True, exist_ok=True)
    for file, text in zip(files, (imported.center, imported.workers), strict=True):
        file.write_text(text, encoding="utf-8")
        print(f"wrote {file}")
    for problem in _unsettled(files):
        print(f"to be settled: {problem}")
    return 0


def _unsettled(files: Sequence[Path]) -> list[str]:
    """What keeps the imported files from being applied as they are."""
    try:
        return check.problems(read(*files))
    except CallCenterError as error:
        return [str(error)]


def run_destroy(given: Namespace) -> int:
    center = of_checkout(given.root)
    client = client_of(given.stage, given.root)
    steps = destroy.plan(client, center, given.api_url or stage.base_url(given.stage, given.root), given.prune)
    if steps and not given.yes and not _agreed(steps, center.workspace.name):
        print("nothing was changed")
        return 1
    destroy.do(client, steps, (lambda step: None) if given.json else _tell)
    stage.write(given.stage, destroy.FORGOTTEN, given.root)
    print(as_json(steps) if given.json else "gone" if steps else "there was nothing to take back")
    return 0


def _agreed(steps: Sequence[Step], name: str) -> bool:
    print(as_text_of(steps))
    print(
        f"The workspace goes with its workers, queues and tasks. Type its name to go on ({name}): ", end="", flush=True
    )
    return sys.stdin.readline().strip() == name


def _center(given: Namespace) -> Center:
    """The call centre of the files. Raises CallCenterError with every mistake, a line each."""
    center = of_checkout(given.root)
    if found := check.problems(center):
        raise CallCenterError("\n".join(found))
    if center.workers is None:
        print(f"{WORKERS} is not there: the workers in Twilio are left alone", file=sys.stderr)
    return center


def _api_url(given: Namespace) -> str:
    url: str = given.api_url or stage.base_url(given.stage, given.root)
    if not url:
        raise NoStage(NOT_DEPLOYED.format(given.stage, given.stage))
    return url.rstrip("/")
