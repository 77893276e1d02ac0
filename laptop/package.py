"""The package that `chalice package` makes, and the stack that is made of it on the local AWS."""

import hashlib
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
import yaml

from chalicelib.config.environment import AFTER_CALL
from chalicelib.config.toml_errors import NAME, CallCenterError
from chalicelib.staff import rota
from laptop import versions, wheels
from laptop.local_aws import LaptopError, LocalAws, environment
from ops.aws import byte_code
from ops.callcenter import files, ics, staff_file
from ops.callcenter.files import WORKERS
from ops.errors import OpsError

NOTHING: Mapping[str, str] = MappingProxyType({})
ROOT = Path(__file__).resolve().parent.parent
# Tests that run beside each other each have a folder of their own.
BUILD = ROOT / ".build" / os.environ.get("PYTEST_XDIST_WORKER", "")
TEAM = ROOT / "laptop" / "team"  # the laptop's own, where a deployment has the team's
SDKS = ROOT / ".build" / "sdks"  # as tools/sdks.py makes them
WHAT_PACKAGING_READS = ("app.py", "chalicelib", "infra", ".chalice", "requirements.txt")
STAGE = "local"
STACK = "cordboard-local"
BUCKET = "cordboard-package"
ANY_POOL = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_Cordboard"  # until the stack has its own
FUNCTIONS = ("APIHandler", "JobsConsumer", "AfterCall", "Sweep")
# The local AWS knows no saved queries, and would refuse the stack; and it speaks no TLS, without which the policies of
# queues and bucket refuse everything.
HELD_TO_TLS = ("AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy")  # which the local AWS does not speak
NOT_ON_THE_LAPTOP = ("AWS::Logs::QueryDefinition", *HELD_TO_TLS)


def copy_project(to: Path, team: Path = TEAM) -> Path:
    """Copy what packaging reads to this folder, with the laptop's team folder, or another, in place of the team's.

    What an earlier copy left there goes, but for the libraries that Chalice has packaged.
    """
    shutil.rmtree(to / "chalicelib", ignore_errors=True)
    to.mkdir(parents=True, exist_ok=True)
    for name in WHAT_PACKAGING_READS:
        if (ROOT / name).is_dir():
            left_out = shutil.ignore_patterns("__pycache__", "team", "deployments", "deployed")
            shutil.copytree(ROOT / name, to / name, ignore=left_out, dirs_exist_ok=True)
        else:
            shutil.copy(ROOT / name, to / name)
    people = shutil.ignore_patterns("__pycache__", "workers.toml", "rota.*")  # phone numbers are in no package
    shutil.copytree(team, to / "chalicelib" / "team", ignore=people)
    _make_staff_file(team, to / "chalicelib" / "team" / rota.FILE)
    return to


def put_sdks(project: Path) -> None:
    """The libraries of the desk, where they have been fetched: without them the page says that they are missing."""
    if (SDKS / "ready").exists():
        shutil.copytree(SDKS / "pages", project / "chalicelib" / "console" / "static" / "sdks", dirs_exist_ok=True)


def _make_staff_file(team: Path, file: Path) -> None:
    """As `cordboard rota build` does; not for a team whose files are wrong, which packaging says."""
    folder = next((one for one in (team, team.parent.parent) if (one / WORKERS).exists()), team)
    calendar = folder / ics.ICS
    with suppress(CallCenterError, OpsError):
        center = files.parse(*files.texts_of(team / NAME, folder / WORKERS))
        content = calendar.read_bytes() if calendar.exists() else None
        made = staff_file.made(center, content, rota.Packaged(), datetime.now(UTC))
        if made.shifts or made.pins or made.extensions or made.desks:
            file.write_bytes(msgspec.json.encode(made))


def build(
    stage: str = STAGE,
    root: Path | None = None,
    out: Path = BUILD / "package",
    *,
    console: bool = False,
    found: Mapping[str, str] = NOTHING,
) -> Path:
    """Run `chalice package` for this stage of the project in `root`, by default the laptop's copy of this checkout.

    With `console` it has a user pool, and the routes for who signs in there. `found` are variables that a deployment
    would have found out. Returns the folder with deployment.zip and
    sam.yaml. Raises LaptopError.
    """
    root = root or copy_project(BUILD / "project")
    byte_code.prepare(root)
    out.mkdir(parents=True, exist_ok=True)
    merge = out / "merge.json"
    merge.write_text(json.dumps(_beside_the_functions(root, stage, console)), encoding="utf-8")
    main = "import sys; from chalice.cli import main; sys.exit(main())"
    options = ["--stage", stage, "--template-format", "yaml", "--merge-template", str(merge)]
    command = [sys.executable, "-c", main, "package", *options, str(out)]
    quiet = {**environment(), **wheels.environment(stage, root), **found, "PYTHONDONTWRITEBYTECODE": "1"}
    quiet |= {"USER_POOL_ARN": ANY_POOL} if console else {}
    done = subprocess.run(command, cwd=root, env=quiet, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LaptopError(f"chalice package failed:\n{done.stdout}{done.stderr}".rstrip())
    return out


def _beside_the_functions(root: Path, stage: str, console: bool) -> dict[str, Any]:
    """infra/resources.yaml for this stage, and what ties Chalice's functions, and API, to it."""
    template: dict[str, Any] = yaml.safe_load((root / "infra" / "resources.yaml").read_text(encoding="utf-8"))
    ties = yaml.safe_load((root / ".chalice" / "functions.yaml").read_text(encoding="utf-8"))
    template["Resources"].update(ties["Resources"])
    template["Parameters"]["Stage"]["Default"] = stage  # tables and functions of one package have one stage
    if console:
        template["Parameters"]["Console"]["Default"] = "yes"
        template["Resources"]["RestAPI"] = _authorized_by("People")
    return template


def _authorized_by(pool: str) -> dict[str, Any]:
    """The API asks this pool of the same stack about tokens: `app.py` has to name one that is there already."""
    asked = {"providerARNs": [{"Fn::GetAtt": [pool, "Arn"]}]}
    definitions = {"people": {"x-amazon-apigateway-authorizer": asked}}
    return {"Properties": {"DefinitionBody": {"securityDefinitions": definitions}}}


def create_stack(aws: LocalAws, package: Path) -> str:
    """Put the package up; returns the application's base URL."""
    template = yaml.safe_load((package / "sam.yaml").read_text(encoding="utf-8"))
    key = _upload(aws, package)
    for name in FUNCTIONS:
        template["Resources"][name]["Properties"]["CodeUri"] = {"Bucket": BUCKET, "Key": key}
    template["Resources"] = {
        name: resource for name, resource in template["Resources"].items() if resource["Type"] not in NOT_ON_THE_LAPTOP
    }
    stack = aws.client("cloudformation")
    stack.create_stack(
        StackName=STACK,
        TemplateURL=_upload_template(aws, versions.by_alias(json.dumps(template))),
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    stack.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    return f"{aws.url}/_aws/execute-api/{_resource(aws, 'RestAPI')}/api"


def _upload_template(aws: LocalAws, template: str) -> str:
    """Put it up; returns where it is. In the request itself CloudFormation takes 51,200 bytes at most."""
    aws.client("s3").put_object(Bucket=BUCKET, Key="template.json", Body=template.encode())
    return f"{aws.url}/{BUCKET}/template.json"


def configure(aws: LocalAws, environment: Mapping[str, str]) -> None:
    """Give the functions these environment variables, on top of those that they have."""
    functions = aws.client("lambda")
    for name in FUNCTIONS:
        function = _resource(aws, name)
        known = functions.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
        functions.update_function_configuration(
            FunctionName=function, Environment={"Variables": {**known, **environment}}
        )


def variable(aws: LocalAws, name: str) -> str:
    """A variable of the API's function; empty when it has none of this name."""
    function = _resource(aws, "APIHandler")
    found = aws.client("lambda").get_function_configuration(FunctionName=function)
    return str(found["Environment"]["Variables"].get(name, ""))


def queue_url(aws: LocalAws) -> str:
    """Of what somebody on the line waits for."""
    return str(aws.client("sqs").get_queue_url(QueueName=f"cordboard-{STAGE}-jobs")["QueueUrl"])


def queue_urls(aws: LocalAws) -> list[str]:
    """Of all jobs."""
    first = queue_url(aws)
    return [first, first + AFTER_CALL]


def topic_arn(aws: LocalAws) -> str:
    return _resource(aws, "AlarmTopic")


def bucket(aws: LocalAws) -> str:
    return _resource(aws, "MessagesBucket")


def invoke(aws: LocalAws, name: str, event: Mapping[str, Any]) -> None:
    """Have AWS call this function with this event now. Raises LaptopError with what the function raised."""
    answer = aws.client("lambda").invoke(FunctionName=_resource(aws, name), Payload=json.dumps(event))
    if "FunctionError" in answer:
        raise LaptopError(f"{name} failed: {answer['Payload'].read().decode()}")


def update_code(aws: LocalAws, package: Path) -> None:
    """New code for the functions of a stack that is there."""
    key = _upload(aws, package)
    for name in FUNCTIONS:
        aws.client("lambda").update_function_code(FunctionName=_resource(aws, name), S3Bucket=BUCKET, S3Key=key)


def _resource(aws: LocalAws, name: str) -> str:
    found = aws.client("cloudformation").describe_stack_resource(StackName=STACK, LogicalResourceId=name)
    return str(found["StackResourceDetail"]["PhysicalResourceId"])


def _upload(aws: LocalAws, package: Path) -> str:
    archive = runnable_here((package / "deployment.zip").read_bytes())
    key = f"{hashlib.sha256(archive).hexdigest()}.zip"
    storage = aws.client("s3")
    storage.create_bucket(Bucket=BUCKET)
    storage.put_object(Bucket=BUCKET, Key=key, Body=archive)
    return key


def runnable_here(archive: bytes) -> bytes:
    """The archive as this machine can run it.

    Its libraries are built for Lambda's Linux. Elsewhere they are left out, and the functions, which run as processes
    of this virtual environment, find the same pinned versions there.
    """
    if (platform.system(), platform.machine()) == ("Linux", "x86_64"):
        return archive
    ours = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as whole, zipfile.ZipFile(ours, "w", zipfile.ZIP_DEFLATED) as kept:
        for name in whole.namelist():
            if name == "app.py" or name.startswith(("chalicelib/", "chalice/")):
                kept.writestr(name, whole.read(name))
    return ours.getvalue()
