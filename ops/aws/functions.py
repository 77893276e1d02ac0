"""The functions and the API: `chalice deploy` as it is, and whether it changed anything."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from ops import stage
from ops.aws import byte_code, client, libraries
from ops.errors import AwsError

CHALICE = "import sys; from chalice.cli import main; sys.exit(main())"
TRIGGER_SECONDS = 180
LAST_LINES = 5  # of what Chalice printed: the reason stands at the end

Report = Callable[[str], None]


def deploy(name: str, root: Path, report: Report) -> bool:
    """Run `chalice deploy`; returns whether it changed anything. `report` is called with each line. Raises AwsError."""
    before = _running(name, root)
    _drop_forgotten_trigger(name, root, report)
    byte_code.prepare(root)
    libraries.forget_unchecked(root)
    _chalice(["deploy", "--stage", name], root, libraries.environment(name, root), report)
    libraries.mark_checked(root)
    return _running(name, root) != before


def _drop_forgotten_trigger(name: str, root: Path, report: Report) -> None:
    """A deploy that was cut off has recorded nothing of what it made. Chalice finds roles and functions again by their
    names, but not a queue's trigger, and AWS refuses a second one."""
    triggers = [found for found in stage.deployed(name, root) if found["resource_type"] == "sqs_event"]
    noted = {found["lambda_arn"].rpartition(":")[2] for found in triggers}
    for function in (f"cordboard-{name}-jobs_consumer", f"cordboard-{name}-after_call"):
        if function not in noted:
            _drop_trigger(function, report)


def _drop_trigger(function: str, report: Report) -> None:
    aws_lambda = client.client("lambda")
    with client.plain(f"read the triggers of {function}"):
        for mapping in _triggers(aws_lambda, function):
            report(f"Deleting the trigger of {function} that an earlier deploy has not recorded")
            aws_lambda.delete_event_source_mapping(UUID=mapping["UUID"])
        deadline = time.monotonic() + TRIGGER_SECONDS
        while _triggers(aws_lambda, function):
            if time.monotonic() > deadline:
                raise AwsError(f"the trigger of {function} does not go away: delete it in the Lambda console")
            time.sleep(1)  # AWS is at work on it


def _triggers(client: Any, function: str) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = client.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
    except client.exceptions.ResourceNotFoundException:
        return []
    return found


def _chalice(words: list[str], root: Path, pip: Mapping[str, str], report: Report) -> None:
    command = [sys.executable, "-c", CHALICE, *words]
    quiet = {**os.environ, **pip, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
    said: list[str] = []
    with subprocess.Popen(
        command, cwd=root, env=quiet, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip():
                said.append(line.rstrip())
                report(line.rstrip())
    if process.returncode:
        reason = "\n".join(said[-LAST_LINES:])
        raise AwsError(f"chalice {' '.join(words)} failed:\n{reason}")


def _running(name: str, root: Path) -> dict[str, dict[str, Any]]:
    """What of each deployed resource a deploy can change; nothing of what is not there."""
    found = {}
    with client.plain("read the functions"):
        for resource in stage.deployed(name, root):
            state = _state(resource)
            if state:
                found[str(resource["name"])] = state
    return found


def _state(resource: dict[str, Any]) -> dict[str, Any]:
    try:
        match resource["resource_type"]:
            case "lambda_function":
                return _function(str(resource["lambda_arn"]))
            case "iam_role":
                return _policies(str(resource["role_name"]))
            case "rest_api":
                return {"id": resource["rest_api_id"]}
    except ClientError as error:
        if client.code(error) not in ("ResourceNotFoundException", "NoSuchEntity"):
            raise
    return {}


def _function(arn: str) -> dict[str, Any]:
    found = client.client("lambda").get_function_configuration(FunctionName=arn)
    kept = ("CodeSha256", "MemorySize", "Timeout", "Runtime", "Architectures", "Role", "Handler")
    return {**{key: found.get(key) for key in kept}, "Environment": found.get("Environment", {}).get("Variables", {})}


def _policies(role: str) -> dict[str, Any]:
    iam = client.client("iam")
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    return {name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names}
