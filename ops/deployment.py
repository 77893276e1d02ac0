"""A deployment of a stage, step by step. Each step may be repeated: what is in place already is left as it is."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from chalicelib.config.schema import CallCenter
from chalicelib.twilio import urls
from ops import doctor, stage
from ops.aws import api, client, concurrency, functions, secret, stack, topic
from ops.callcenter import check
from ops.callcenter.apply import summary
from ops.callcenter.plan import Loss, as_text_of, losses, overview
from ops.errors import OpsError, Stopped
from ops.program import command
from ops.project import Project

CHANGING = ("resources", "functions", "twilio", "settings")
IN_AWS = {"resources": "the stack of infra/resources.yaml", "functions": "the functions and their API"}
LONGEST_KEEP_DAYS = 3650
# What the functions have to know of the user pool, and which output of the stack that is.
OF_THE_CONSOLE = {"USER_POOL_ARN": "UserPoolArn", "CONSOLE_CLIENT": "ConsoleClient", "SIGN_IN_URL": "SignInUrl"}
ALWAYS = "account"  # the step that comes before any other, also when only one is asked for


@dataclass(frozen=True)
class Deployment:
    """What is to be deployed. `parameters` are the stack's; `adopt` takes tables that exist already into it.

    `packaged` are the stage's variables as this run has given them to the functions; empty before it has. `agreed` is
    what `agree` was told that Twilio will lose.

    `report` is called with each line about the progress. `agree` is called with what is to be done before anything is
    changed, and raises OpsError to stop it; without it nobody is asked.
    """

    project: Project
    parameters: Mapping[str, str] = field(default_factory=dict)
    adopt: bool = False
    report: Callable[[str], None] = print
    agree: Callable[[str], None] | None = None
    packaged: dict[str, str] = field(default_factory=dict)
    agreed: set[Loss] = field(default_factory=set)

    @property
    def stage(self) -> str:
        return self.project.stage

    @property
    def root(self) -> Path:
        return self.project.root

    def say(self, what: str) -> None:
        self.report(f"  {what}")


def chosen(only: Collection[str]) -> list[str]:
    """The names of the steps in their order: all, or these after the one that always comes first."""
    return [name for name in STEPS if not only or name in (ALWAYS, *only)]


def run(asked: Deployment, only: Collection[str] = (), on_step: Callable[[str], None] = lambda name: None) -> list[str]:
    """Do every step, or only these, in their order; returns the names of those that changed something.

    `on_step` is called with the name of each before it is done.

    Raises Stopped at the first that fails, and what `agree` raises.
    """
    changed = []
    names = chosen(only)
    first_change = next((name for name in names if name in CHANGING), None)
    for name in names:
        if name == first_change and asked.agree:
            asked.agree(_what_is_to_be_done(asked, names))
        on_step(name)
        asked.report(f"{name}:")
        try:
            if STEPS[name](asked):
                changed.append(name)
        except OpsError as error:
            raise Stopped(name, error) from error
    return changed


def _what_is_to_be_done(asked: Deployment, names: Collection[str]) -> str:
    """A line for each side that these steps change. Raises Stopped."""
    lines = [f"stage {asked.stage} is to be changed:"]
    in_aws = [what for step, what in IN_AWS.items() if step in names]
    if in_aws:
        lines.append(f"AWS: {' and '.join(in_aws)}, made or brought up to date")
    if "twilio" in names:
        try:
            steps = asked.project.plan_before_deployed(asked.project.checked_files())
        except OpsError as error:
            raise Stopped("twilio", error) from error
        asked.agreed.update(losses(steps, asked.project.base_url()))
        lines.append(f"Twilio: {overview(steps, asked.project.base_url())}")
    return "\n".join(lines)


def _account(asked: Deployment) -> bool:
    """Says whose AWS account this is. A stage that is in another one would be made a second time: that is refused."""
    me = client.who()
    asked.say(f"AWS account {me.account}, region {me.region}, as {me.arn}")
    for there in _places(asked):
        if there != (me.account, me.region):
            raise OpsError(
                f"stage {asked.stage} is in AWS account {there[0]}, region {there[1]}: sign in there."
                f" To make it anew here, with another URL, move .chalice/deployed/{asked.stage}.json away first"
            )
    return False


def _places(asked: Deployment) -> Iterator[tuple[str, str]]:
    """Account and region of every function that Chalice has recorded."""
    for resource in stage.deployed(asked.stage, asked.root):
        if "lambda_arn" in resource:
            _, _, _, region, account, *_ = resource["lambda_arn"].split(":")
            yield account, region


def _files(asked: Deployment) -> bool:
    center = asked.project.checked_files()
    asked.project.check_functions()
    for warning in check.warnings(center):
        asked.say(f"warning: {warning}")
    asked.report(check.summary(center))
    asked.say(check.executions(center.application))
    made = asked.project.make_staff_file(center, datetime.now(UTC))
    if made.shifts:
        asked.say(f"{len(made.shifts)} shifts until {datetime.fromtimestamp(made.until, UTC):%Y-%m-%d} are packaged")
    return False


def _secret(asked: Deployment) -> bool:
    name = secret.parameter(asked.stage, asked.root)
    kept = secret.read(name)
    if kept is None:
        raise OpsError(f"there is no {name}: {command('secret set --stage', asked.stage)}")
    tokens = len(kept.secrets.auth_tokens)
    asked.say(f"{name} holds {tokens} auth token{'' if tokens == 1 else 's'}")
    asked.say(f"Twilio account {asked.project.client().account_sid}")
    return False


def _resources(asked: Deployment) -> bool:
    """The stack, and what the functions have to know of it."""
    center = asked.project.checked_files().application
    of_messages = {
        "MessagesInS3": "yes" if center.messages.are_in_bucket else "no",
        "MessageDays": str(center.keep_days),
        "RecordingDays": str(_recording_days(center)),
        **_of_console(asked),
    }
    deployed = stack.deploy(asked.stage, asked.root, {**of_messages, **asked.parameters}, asked.adopt)
    asked.say(f"the stack {deployed.name} is {deployed.did or 'as it was'}")
    mails = deployed.outputs["AlarmTopic"]
    known = {"JOBS_QUEUE_URL": deployed.outputs["JobsQueueUrl"]}
    known |= {"MAIL_TOPIC_ARN": mails if topic.has_subscribers(mails) else ""}  # empty: the functions ask SNS nothing
    known |= {"MESSAGES_BUCKET": deployed.outputs["MessagesBucket"]}
    known |= {name: deployed.outputs.get(output, "") for name, output in OF_THE_CONSOLE.items()}
    is_new = stage.write(asked.stage, known, asked.root)
    if is_new:
        written = " and ".join(name for name, value in known.items() if value)
        asked.say(f"{written} written to {stage.file_of(asked.stage)}")
    return bool(deployed.did or is_new)


def _of_console(asked: Deployment) -> dict[str, str]:
    """Where people come back to from the sign-in, in a stage that has one; not known before the first deploy."""
    has_console = "USER_POOL_ARN" in stage.read(asked.stage, asked.root)
    base_url = asked.project.base_url() if has_console else ""
    return {"ConsoleUrl": urls.CONSOLE.page(base_url)} if base_url else {}


def _recording_days(center: CallCenter) -> int:
    """When the bucket deletes by itself: a day after the sweep would have, of the queue that keeps talks longest.

    Without such a queue it is as late as can be, so that what earlier files had recorded has its time.
    """
    days = [queue.recording.keep_days for queue in center.queues.values() if queue.recording]
    return max(days, default=LONGEST_KEEP_DAYS) + 1


def _functions(asked: Deployment) -> bool:
    stage.write(asked.stage, concurrency.known(), asked.root)
    changed = functions.deploy(asked.stage, asked.root, asked.say)
    asked.packaged.update(stage.read(asked.stage, asked.root))
    if not changed:
        asked.say("every function and policy is as it was")
    limit = api.throttle(asked.stage, asked.root)
    if limit:
        asked.say(f"the API takes {limit}")
    return changed or bool(limit)


def _twilio(asked: Deployment) -> bool:
    """What the files say, with the URL of the API; the sids go to the stage's configuration."""
    before = stage.read(asked.stage, asked.root)
    outcome = asked.project.apply(
        asked.project.checked_files(),
        agreed=asked.agreed if asked.agree else None,
        on_step=lambda step: asked.report(as_text_of([step])),
    )
    asked.report(summary(outcome))
    return bool(outcome.done) or stage.read(asked.stage, asked.root) != before


def _settings(asked: Deployment) -> bool:
    """Twilio gives its sids after the functions are deployed, so a second deploy hands them over.

    The sign-in has to know the URL of the API, which the first deploy makes.
    """
    if asked.packaged.get("USER_POOL_ARN"):
        _resources(asked)
    if asked.packaged == stage.read(asked.stage, asked.root):
        asked.say("every function runs with the stage's configuration")
        return False
    return functions.deploy(asked.stage, asked.root, asked.say)


def _doctor(asked: Deployment) -> bool:
    findings = []
    for finding in doctor.examine(doctor.stage_of(asked.project)):
        asked.report(doctor.as_text(finding))
        findings.append(finding)
    if not doctor.is_healthy(findings):
        failed = ", ".join(f"{finding.check} ({finding.why})" for finding in findings if finding.verdict == "failure")
        raise OpsError(f"the doctor found what keeps callers out: {failed}; each line above says how to fix it")
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
