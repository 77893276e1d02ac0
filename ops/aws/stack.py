"""The stage's resources: infra/resources.yaml as one CloudFormation stack, made or brought up to date."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from botocore.exceptions import ClientError

from ops.aws import client, indexes
from ops.errors import AwsError

PRODUCTION = "prod"
LONGEST_SECONDS = 30 * 60
FIRST_LOOK_SECONDS, LATER_LOOK_SECONDS = 0.5, 5.0
NAMED_BY = {"AWS::DynamoDB::Table": "TableName", "AWS::S3::Bucket": "BucketName"}  # what stays when a stack goes
EMPTY = ("ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS")  # nothing was ever made of it: it can only be deleted
DONE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")


@dataclass(frozen=True)
class Deployed:
    """`did` is created, updated or nothing at all."""

    name: str
    did: str
    outputs: Mapping[str, str]


def name(stage: str) -> str:
    return f"cordboard-{stage}-resources"


def deploy(stage: str, root: Path, given: Mapping[str, str], adopt: bool = False) -> Deployed:
    """Make the stack what the template says. `given` are parameters of it; what was given before is kept.

    A first stack refuses tables that are there already, unless `adopt`: then they become its own, with their rows.
    Waits until AWS is through, also with what somebody else began. Raises AwsError that says what failed and why.
    """
    cloudformation, stack = client.client("cloudformation"), name(stage)
    with client.plain(f"deploy the stack {stack}"):
        before = _settled(cloudformation, stack)
        if before and before["StackStatus"] in EMPTY:
            cloudformation.delete_stack(StackName=stack)
            before = _settled(cloudformation, stack)
        asked = _asked(stage, root, given, before)
        if before:
            did = _step_by_step(cloudformation, asked)
        else:
            did = _adopt(cloudformation, stage, asked) if adopt else _create(cloudformation, stage, asked)
        after = _settled(cloudformation, stack)
        if after is None or (after["StackStatus"] not in DONE and did):
            raise AwsError(_failure(cloudformation, stack))
        if did == "created" and stage == PRODUCTION:
            cloudformation.update_termination_protection(StackName=stack, EnableTerminationProtection=True)
    return Deployed(stack, did, _outputs(after))


def outputs(stage: str) -> Mapping[str, str]:
    """What the stage's stack says of its resources; nothing when there is no stack. Raises AwsError."""
    with client.plain(f"read the stack {name(stage)}"):
        return _outputs(_find(client.client("cloudformation"), name(stage)) or {})


def _outputs(found: Mapping[str, Any]) -> dict[str, str]:
    return {it["OutputKey"]: it["OutputValue"] for it in found.get("Outputs", ())}


def _asked(stage: str, root: Path, given: Mapping[str, str], before: Mapping[str, Any] | None) -> dict[str, Any]:
    """What every request that changes the stack says."""
    template = (root / "infra" / "resources.yaml").read_text(encoding="utf-8")
    return {
        "StackName": name(stage),
        "TemplateBody": template,
        "Parameters": list(_parameters(template, {**given, "Stage": stage}, before)),
        "Tags": [{"Key": "application", "Value": "cordboard"}, {"Key": "stage", "Value": stage}],
    }


def _create(cloudformation: Any, stage: str, asked: Mapping[str, Any]) -> str:
    for table in (f"cordboard-{stage}-links", f"cordboard-{stage}-contacts"):
        if _is_there(table):
            raise AwsError(
                f"the table {table} exists already and belongs to no stack of this project. With --adopt it becomes the"
                " stack's own and keeps its rows. If nobody needs them:"
                f" aws dynamodb delete-table --table-name {table}"
            )
    # What a creation that fails has made goes again; otherwise its tables would be in the way of the next one.
    cloudformation.create_stack(**asked, RetainExceptOnCreate=True)
    return "created"


def _is_there(table: str) -> bool:
    dynamodb = client.client("dynamodb")
    try:
        dynamodb.describe_table(TableName=table)
    except dynamodb.exceptions.ResourceNotFoundException:
        return False
    return True


def _adopt(cloudformation: Any, stage: str, asked: Mapping[str, Any]) -> str:
    named = {**asked, "TemplateBody": _with_written_names(asked["TemplateBody"], stage), "ChangeSetName": "adopt"}
    cloudformation.create_change_set(**named, ChangeSetType="CREATE", ImportExistingResources=True)
    change_set = {"StackName": named["StackName"], "ChangeSetName": "adopt"}
    waiter = cloudformation.get_waiter("change_set_create_complete")
    waiter.wait(**change_set, WaiterConfig={"Delay": 2, "MaxAttempts": 60})
    cloudformation.execute_change_set(**change_set)
    return "created"


def _with_written_names(template: str, stage: str) -> str:
    """The template with the names of tables and bucket written out: CloudFormation finds what it is to adopt by nothing
    else."""
    me = client.who()
    known = {"${Stage}": stage, "${AWS::AccountId}": me.account, "${AWS::Region}": me.region}
    document = yaml.safe_load(template)
    for resource in document["Resources"].values():
        if name_of := NAMED_BY.get(resource["Type"]):
            written = resource["Properties"][name_of]["Fn::Sub"]
            for variable, value in known.items():
                written = written.replace(variable, value)
            resource["Properties"][name_of] = written
    return json.dumps(document)


def _step_by_step(cloudformation: Any, asked: Mapping[str, Any]) -> str:
    """All that the template asks for, and of the table's indexes one at a time."""
    stack, did = asked["StackName"], ""
    deployed = cloudformation.get_template(StackName=stack)["TemplateBody"]
    for body in indexes.steps(deployed, asked["TemplateBody"]):
        before = _settled(cloudformation, stack)
        if did and (before is None or before["StackStatus"] not in DONE):
            break  # which the caller says
        did = _update(cloudformation, {**asked, "TemplateBody": body}) or did
    return did


def _update(cloudformation: Any, asked: Mapping[str, Any]) -> str:
    try:
        cloudformation.update_stack(**asked)
    except ClientError as error:
        if "No updates are to be performed" in str(error):
            return ""
        raise
    return "updated"


def _parameters(
    template: str, given: Mapping[str, str], before: Mapping[str, Any] | None
) -> Iterator[dict[str, str | bool]]:
    """What is given now; of the template's others, what the stack has. The rest have their defaults."""
    known = {it["ParameterKey"] for it in before.get("Parameters", ())} if before else set()
    names = yaml.safe_load(template)["Parameters"]
    if strange := set(given) - set(names):
        raise AwsError(f"infra/resources.yaml has no parameter {', '.join(sorted(strange))}; it has {', '.join(names)}")
    for parameter in names:
        if parameter in given:
            yield {"ParameterKey": parameter, "ParameterValue": given[parameter]}
        elif parameter in known:
            yield {"ParameterKey": parameter, "UsePreviousValue": True}


def _settled(cloudformation: Any, stack: str) -> dict[str, Any] | None:
    """The stack when nothing is in progress; None when there is none."""
    deadline, pause = time.monotonic() + LONGEST_SECONDS, FIRST_LOOK_SECONDS
    while True:
        found = _find(cloudformation, stack)
        status = found["StackStatus"] if found else ""
        if not status.endswith("_IN_PROGRESS") or status in EMPTY:
            return found
        if time.monotonic() > deadline:
            raise AwsError(f"the stack {stack} is {status} for half an hour: look at it in the CloudFormation console")
        time.sleep(pause)  # AWS is at work on it
        pause = min(pause * 1.5, LATER_LOOK_SECONDS)


def _find(cloudformation: Any, stack: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if client.code(error) == "ValidationError" and "does not exist" in str(error):
            return None
        raise
    return found if found["StackStatus"] != "DELETE_COMPLETE" else None


def _failure(cloudformation: Any, stack: str) -> str:
    """Which resource failed and why, and what to do when it is in the way of ours."""
    first = next(_failed(cloudformation, stack), None)
    if first is None:
        return f"the stack {stack} failed; its events are in the CloudFormation console"
    resource, reason = first["LogicalResourceId"], first.get("ResourceStatusReason", "no reason is given")
    sentence = f"the stack {stack} was rolled back: {resource}: {reason}"
    if "exist" in reason and "does not exist" not in reason:
        what = first.get("PhysicalResourceId") or resource
        sentence += f"\n{what} was made by somebody else: delete it if nobody needs it, and deploy again"
    return sentence


def _failed(cloudformation: Any, stack: str) -> Iterator[dict[str, Any]]:
    """The failures of the last change, the earliest first."""
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack)
    events = [event for page in pages for event in page["StackEvents"]]  # the latest first
    begun = next((number for number, it in enumerate(events) if _is_begin(it)), len(events))
    for event in reversed(events[:begun]):
        status, reason = event.get("ResourceStatus", ""), event.get("ResourceStatusReason", "")
        if status in ("CREATE_FAILED", "UPDATE_FAILED") and "cancelled" not in reason:
            yield event


def _is_begin(event: Mapping[str, Any]) -> bool:
    of_the_stack = event["PhysicalResourceId"] == event["StackId"]
    return of_the_stack and event["ResourceStatus"] in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")
