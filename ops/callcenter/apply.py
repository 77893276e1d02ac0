"""Makes Twilio what the files say, step by step. Nothing is recorded in between, but for where numbers led: a second
apply reads again what Twilio has and does what is left, wherever the first one stopped."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from twilio.rest import Client

from ops.aws.former import FormerNumbers
from ops.callcenter import resources
from ops.callcenter.files import Center
from ops.callcenter.model import Resource, State, Step
from ops.callcenter.plan import Loss, as_text_of, losses, plan
from ops.callcenter.resources.kind import Execution
from ops.callcenter.resources.workspace import Workspaces
from ops.callcenter.state import actual, desired
from ops.errors import OpsError
from ops.twilio import plain_errors

# The first round does everything; the next proves it, or corrects what somebody else did at the same time.
ROUNDS = 4

OnStep = Callable[[Step], None]


def ignore(step: Step) -> None:
    """For a caller that does not report each step."""


@dataclass(frozen=True)
class Outcome:
    """`done` are the steps that were taken; `left` those that apply cannot take, each with its reason.

    `environment` is what the application has to know of the account: variables of the stage's configuration.
    """

    done: tuple[Step, ...]
    left: tuple[Step, ...]
    environment: Mapping[str, str]


def apply(
    client: Client,
    center: Center,
    api_url: str,
    former: FormerNumbers,
    *,
    prune: bool = False,
    agreed: Collection[Loss] | None = None,
    on_step: OnStep = ignore,
) -> Outcome:
    """Make Twilio what the files say. `former` keeps where a number led that is taken over.

    `agreed` is what somebody has agreed to lose; None when nobody was asked. `on_step` is called with each step when it
    is done. Raises OpsError; a second apply then does what is left.
    """
    wanted = desired(center, api_url)
    done: list[Step] = []
    for _ in range(ROUNDS):
        found = actual(client, center)
        steps = plan(wanted, found, prune)
        todo = [step for step in steps if step.can_be_done]
        if not todo:
            return Outcome(tuple(done), steps, {"TWILIO_ACCOUNT_SID": str(client.account_sid), **sids(center, found)})
        lost = losses(todo, api_url)
        _refuse_what_is_not_agreed(lost, agreed)
        for loss in lost:
            if loss.where:
                former.get(loss.name)  # where it led can be kept, or nothing is begun
        execution = execution_of(client, center, found, api_url=api_url, former=former, prune=prune)
        for step in todo:
            carry_out(execution, step, wanted.get(step.kind, step.name))
            on_step(step)
            done.append(step)
    raise OpsError("Twilio does not keep what it was sent, or somebody else changes it at the same time: see plan")


def _refuse_what_is_not_agreed(lost: Sequence[Loss], agreed: Collection[Loss] | None) -> None:
    new = [] if agreed is None else [str(loss) for loss in lost if loss not in agreed]
    if new:
        raise OpsError(f"somebody changes Twilio at the same time: {'; '.join(new)}. That is left: run it again")


def execution_of(
    client: Client, center: Center, found: State, *, api_url: str, former: FormerNumbers, prune: bool
) -> Execution:
    """What the kinds need to carry out the steps of one plan."""
    known = {key: resource.sid for key, resource in found.resources.items()}
    return Execution(client, (Workspaces.name, center.workspace.name), found, prune, known, api_url, former)


def carry_out(execution: Execution, step: Step, wanted: Resource | None) -> None:
    """Take one step. `wanted` is the resource as it is to be; not needed to delete it. Raises OpsError."""
    kind = resources.kind_of(step.kind)
    with plain_errors(f"{step.verb} {step.kind} {step.name}"):
        if wanted is None:
            kind.delete(execution, step.name, step.sid)
        elif step.verb == "create":
            execution.sids[wanted.key] = kind.create(execution, wanted)
        else:
            changed = {change.field.partition(".")[0].partition("[")[0] for change in step.changes}
            payload = kind.payload(execution, wanted)
            kind.update(execution, wanted, {name: payload[name] for name in payload if name in changed})


def summary(outcome: Outcome) -> str:
    """What apply has done, after each step was reported."""
    lines = [as_text_of(outcome.left)] if outcome.left else []
    did = f"{len(outcome.done)} changes" if outcome.done else "Twilio is as the files say: nothing was changed"
    return "\n".join([*lines, did])


def sids(center: Center, found: State) -> dict[str, str]:
    """The variables with the sids of what the files name; with nothing found, those of no sids."""
    return {name: value for kind in resources.KINDS for name, value in kind.environment(center, found).items()}
