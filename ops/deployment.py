"""The first deployment of a stage, step by step. Each step may be repeated: it does what is left to do."""

from argparse import Namespace
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from chalicelib.config.callcenter import CallCenterError
from ops import stage
from ops.aws import client, functions, secret, stack
from ops.aws.client import CloudError
from ops.aws.secret import Refused
from ops.commands import callcenter, doctor
from ops.stage import ROOT, NoStage
from ops.stage_account import client_of
from ops.twilio import AccountError

ALWAYS = "account"  # the step that no other is tried without


class Stopped(Exception):
    """A step could not be done, and those after it were not tried. `step` is its name; the text says why."""

    def __init__(self, step: str, why: str) -> None:
        super().__init__(why)
        self.step = step


@dataclass(frozen=True)
class Deployment:
    """What is asked for. `parameters` are the stack's; `adopt` takes tables that are there already into it.

    `packaged` are the stage's variables as this run has given them to the functions; empty before it has.
    """

    stage: str
    root: Path = ROOT
    parameters: Mapping[str, str] = field(default_factory=dict)
    adopt: bool = False
    tell: Callable[[str], None] = print
    packaged: dict[str, str] = field(default_factory=dict)

    def say(self, what: str) -> None:
        self.tell(f"  {what}")

    def words(self) -> Namespace:
        """For the commands about the call centre."""
        return Namespace(stage=self.stage, root=self.root, api_url=None, prune=False, json=False)


def run(asked: Deployment, only: Collection[str] = ()) -> list[str]:
    """Do the steps, or only these, in their order; returns the names of those that changed something.

    Raises Stopped at the first that fails.
    """
    changed = []
    for name, step in STEPS.items():
        if only and name not in (ALWAYS, *only):
            continue
        asked.tell(f"{name}:")
        try:
            if step(asked):
                changed.append(name)
        except (AccountError, CallCenterError, CloudError, NoStage, Refused) as error:
            raise Stopped(name, str(error)) from error
    return changed


def _account(asked: Deployment) -> bool:
    """Whose AWS account this is, and that the stage is in no other: it would be made a second time."""
    stage.read(asked.stage, asked.root)
    sts = client.client("sts")
    with client.plain("ask AWS who you are"):
        who = sts.get_caller_identity()
    here = (who["Account"], sts.meta.region_name)
    asked.say(f"AWS account {here[0]}, region {here[1]}, as {who['Arn']}")
    for there in _places(asked):
        if there != here:
            raise Refused(
                f"stage {asked.stage} is in AWS account {there[0]}, region {there[1]}: sign in there."
                f" To make it anew here, with another URL, move .chalice/deployed/{asked.stage}.json away first"
            )
    return False


def _places(asked: Deployment) -> Iterator[tuple[str, str]]:
    """Account and region of every function that Chalice noted."""
    for resource in stage.deployed(asked.stage, asked.root):
        if "lambda_arn" in resource:
            _, _, _, region, account, *_ = resource["lambda_arn"].split(":")
            yield account, region


def _files(asked: Deployment) -> bool:
    callcenter.run_check(asked.words())
    return False


def _secret(asked: Deployment) -> bool:
    name = secret.parameter(asked.stage, asked.root)
    kept = secret.read(name)
    if kept is None:
        raise Refused(f"there is no {name}: python -m ops secret set --stage {asked.stage}")
    tokens = len(kept.secrets.auth_tokens)
    asked.say(f"{name} holds {tokens} auth token{'' if tokens == 1 else 's'}")
    asked.say(f"Twilio account {client_of(asked.stage, asked.root).account_sid}")
    return False


def _resources(asked: Deployment) -> bool:
    """The stack, and what the functions have to know of it."""
    deployed = stack.deploy(asked.stage, asked.root, asked.parameters, asked.adopt)
    asked.say(f"the stack {deployed.name} is {deployed.did or 'as it was'}")
    is_new = stage.write(asked.stage, {"JOBS_QUEUE_URL": deployed.outputs["JobsQueueUrl"]}, asked.root)
    if is_new:
        asked.say(f"JOBS_QUEUE_URL written to {stage.file_of(asked.stage)}")
    return bool(deployed.did or is_new)


def _functions(asked: Deployment) -> bool:
    changed = functions.deploy(asked.stage, asked.root, asked.say)
    asked.packaged.update(stage.read(asked.stage, asked.root))
    if not changed:
        asked.say("every function and policy is as it was")
    return changed


def _twilio(asked: Deployment) -> bool:
    """What the files say, with the URL of the API; what the functions have to know of it is written down."""
    before = stage.read(asked.stage, asked.root)
    done = callcenter.make(asked.words()).done
    return bool(done) or stage.read(asked.stage, asked.root) != before


def _settings(asked: Deployment) -> bool:
    """The sids that Twilio gave came after the functions: they are told of them by a second deploy."""
    if asked.packaged == stage.read(asked.stage, asked.root):
        asked.say("every function runs with the stage's configuration")
        return False
    return functions.deploy(asked.stage, asked.root, asked.say)


def _doctor(asked: Deployment) -> bool:
    if doctor.run(asked.stage, root=asked.root):
        raise Refused("the doctor found what would keep callers out; each line above says what mends it")
    return False


STEPS: Mapping[str, Callable[[Deployment], bool]] = {
    "account": _account,
    "files": _files,
    "secret": _secret,
    "resources": _resources,
    "functions": _functions,
    "twilio": _twilio,
    "settings": _settings,
    "doctor": _doctor,
}
