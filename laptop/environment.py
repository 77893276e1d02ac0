"""The laptop's environment, started and stopped as one: AWS with the package in it, Twilio, a CRM endpoint."""

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode

import msgspec
import urllib3
import yaml

from emulator.http.realtime import RealtimeLoop
from emulator.server import in_real_time, serve
from emulator.twilio import Twilio
from laptop import call_centre, crm_server, local_aws, mailbox, package, sign_in, versions
from laptop.call_centre import CallCentre
from laptop.crm_server import CrmStub
from laptop.local_aws import LocalAws
from laptop.mailbox import Mailbox
from laptop.teams import DEMO, Team
from ops.callcenter.files import Center

T = TypeVar("T")

SPEECH_RATE = 0.02  # seconds a character: three times as fast as people talk
LOG = package.BUILD / "ministack.log"
WARM = 6  # as many requests at once as a call can make


@dataclass
class Laptop:
    """`call_centre` is another one when the team's files have changed."""

    aws: LocalAws
    twilio: Twilio
    loop: RealtimeLoop
    call_centre: CallCentre
    crm: CrmStub
    mailbox: Mailbox
    base_url: str
    twilio_url: str
    log: Path
    has_console: bool = False

    def do(self, function: Callable[[], T]) -> T:
        """Run `function` on the emulator, between two of its turns."""
        return self.loop.call(function)


Progress = Callable[[str], None]


@contextmanager
def running(
    progress: Progress = lambda _: None, team: Team = DEMO, log: Path = LOG, *, console: bool = False
) -> Iterator[Laptop]:
    """The whole system on this team's files, until the block ends. `log` is the local AWS's. Raises LaptopError.

    With `console` people can sign in, as `sign_in` says.
    """
    center = center_of(team, console)
    with ExitStack() as stack:
        progress("packaging with chalice package; beside it, starting the local AWS and the emulator of Twilio")
        packaging = stack.enter_context(ThreadPoolExecutor(1)).submit(_packaged, team, console)
        local = stack.enter_context(local_aws.running(log))
        twilio, loop = stack.enter_context(
            in_real_time(call_centre.ACCOUNT_SID, call_centre.AUTH_TOKEN, speech_rate=SPEECH_RATE)
        )
        server = serve(twilio, loop)
        stack.callback(server.stop)
        crm = stack.enter_context(crm_server.running(secrets.token_hex(16)))
        built = packaging.result()
        progress("creating the stack: tables, queues, functions, API")
        base_url = package.create_stack(local, built)
        progress("ops apply: the workspace, its workers and the numbers")
        made = call_centre.build(twilio, loop, server.url, base_url, center)
        mails = stack.enter_context(mailbox.running(local, package.topic_arn(local)))
        laptop = Laptop(local, twilio, loop, made, crm, mails, base_url, server.url, log, console)
        _furnish(laptop)
        progress("warming the functions up")
        warm(laptop)
        stack.callback(hang_up_everybody, laptop)
        yield laptop


def center_of(team: Team, console: bool) -> Center:
    """What these files say; with a console TaskRouter tells of what it shows. Raises LaptopError, OpsError."""
    return msgspec.structs.replace(team.center(), has_console=console)


def hang_up_everybody(laptop: Laptop) -> None:
    """End every call, as far as it has not ended: a call that is cut off half way has nobody to tell."""

    def hang_up() -> None:
        for sid, call in list(laptop.twilio.context.calls.items()):
            if not call.is_over:
                laptop.twilio.hang_up(sid)

    laptop.do(hang_up)


def _packaged(team: Team, console: bool) -> Path:
    if console:
        project, out = package.BUILD / "project-console", package.BUILD / "package-console"
        package.put_sdks(package.copy_project(project, team.folder))
        return package.build(root=project, out=out, console=True, found=local_aws.OF_THE_ACCOUNT)
    project = package.copy_project(package.BUILD / "project", team.folder)
    return package.build(root=project, found=local_aws.OF_THE_ACCOUNT)


def _furnish(laptop: Laptop) -> None:
    """What the stack does not bring: the secret, the configuration, what the tables forget, a contact."""
    _keep_secret(laptop)
    if laptop.has_console:
        sign_in.open_for(laptop.aws, laptop.base_url)
    configure(laptop)
    versions.begin(laptop.aws)
    _expire(laptop.aws)
    _seed_contacts(laptop)


def _keep_secret(laptop: Laptop) -> None:
    secret: dict[str, object] = {"auth_tokens": [call_centre.AUTH_TOKEN], "crm_key": laptop.crm.key}
    if laptop.has_console:
        laptop.do(lambda: laptop.twilio.account.api_keys.update({call_centre.API_KEY: call_centre.API_SECRET}))
        secret |= {"api_key_sid": call_centre.API_KEY, "api_key_secret": call_centre.API_SECRET}
    name = f"/cordboard/{package.STAGE}/twilio"
    laptop.aws.client("ssm").put_parameter(Name=name, Type="SecureString", Value=json.dumps(secret))


def places(laptop: Laptop) -> dict[str, str]:
    """The variables of the functions that say where everything is on this machine."""
    return {
        **({"SIGN_IN_URL": laptop.aws.url} if laptop.has_console else {}),
        "PUBLIC_BASE_URL": laptop.base_url,
        "TWILIO_API_URL": laptop.twilio_url,
        "CRM_URL": laptop.crm.url,
        "MAIL_TOPIC_ARN": package.topic_arn(laptop.aws),
    }


def configure(laptop: Laptop) -> None:
    """Tell the functions what only a running system knows."""
    package.configure(laptop.aws, {**laptop.call_centre.environment, **places(laptop)})


def _expire(aws: LocalAws) -> None:
    """The local AWS makes a stack's tables without their time to live."""
    template = yaml.safe_load((package.ROOT / "infra" / "resources.yaml").read_text(encoding="utf-8"))
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::DynamoDB::Table":
            properties = resource["Properties"]
            name = properties["TableName"]["Fn::Sub"].replace("${Stage}", package.STAGE)
            asked = properties["TimeToLiveSpecification"]
            aws.client("dynamodb").update_time_to_live(TableName=name, TimeToLiveSpecification=asked)


def _seed_contacts(laptop: Laptop) -> None:
    contact = {
        "phone": call_centre.CALLERS["Ann"],
        "item": "CONTACT",
        "name": "Ann Lee",
        "whisper": "Ann Lee, gold member.",
    }
    item = {name: {"S": value} for name, value in contact.items()}
    laptop.aws.client("dynamodb").put_item(TableName=f"cordboard-{package.STAGE}-contacts", Item=item)


def post_form(laptop: Laptop, path: str, form: Mapping[str, str], signature: str) -> int:
    """Post a form as somebody who is not Twilio would; returns the status of the answer."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
    body = urlencode(form)
    return urllib3.request("POST", f"{laptop.base_url}{path}", body=body, headers=headers, timeout=60).status


def warm(laptop: Laptop) -> None:
    """Start the functions' processes: a first request takes seconds, and an assignment callback has five."""
    with ThreadPoolExecutor(WARM + 1) as pool:
        working = pool.submit(versions.warm, laptop.aws, versions.CONSUMER, versions.JOBS)
        answers = [pool.submit(post_form, laptop, "/voice/incoming", {}, "warm") for _ in range(WARM)]
        working.result()
    statuses = {answer.result() for answer in answers}
    if statuses != {403}:
        raise local_aws.LaptopError(f"a forged request was answered {statuses}; see {laptop.log}")
