"""The functions' versions on the local AWS: new code stands beside the old, warmed up, and takes its place in one step.

An update of a function ends its processes, and the requests that they are at work on. So what a caller meets goes
through an alias: the API and the queues of jobs lead to it, and a version that was published stays as it is.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from laptop.local_aws import LaptopError, LocalAws

LIVE = "live"
FUNCTION = "cordboard-local"
CONSUMER, AFTER_CALL = f"{FUNCTION}-jobs_consumer", f"{FUNCTION}-after_call"

NOBODYS = {"call_sid": "CA" + "0" * 32, "reservation_sid": "WR" + "0" * 32, "task_sid": "WT" + "0" * 32}
# Messages of the jobs queues about a call that is nobody's: each has a consumer load what it needs, and does nothing.
OVER = {
    "Records": [
        {"eventSource": "aws:sqs", "messageId": job, "receiptHandle": job, "body": json.dumps({"job": job, **NOBODYS})}
        for job in ("ring_worker", "complete_task")
    ]
}
# A request that nobody signed: it is refused.
FORGED = {
    "httpMethod": "POST",
    "headers": {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "warm"},
    "multiValueHeaders": {},
    "multiValueQueryStringParameters": None,
    "pathParameters": None,
    "stageVariables": None,
    "body": "",
    "isBase64Encoded": False,
    "requestContext": {
        "httpMethod": "POST",
        "resourcePath": "/voice/incoming",
        "path": "/api/voice/incoming",
        "domainName": "127.0.0.1",
    },
}


class Warming(NamedTuple):
    """What warms a function up, and how many of its processes."""

    event: Mapping[str, Any]
    processes: int


API, JOBS = Warming(FORGED, 6), Warming(OVER, 1)  # a call makes as many as six requests at once
SERVING: Mapping[str, Warming] = {FUNCTION: API, CONSUMER: JOBS, AFTER_CALL: JOBS}


def by_alias(template: str) -> str:
    """The stack's template with an API that leads to the alias."""
    return template.replace("${APIHandler.Arn}/", f"${{APIHandler.Arn}}:{LIVE}/")


def begin(aws: LocalAws) -> None:
    """The code and the configuration that the functions have take the calls."""
    functions = aws.client("lambda")
    for name in SERVING:
        version = functions.publish_version(FunctionName=name)["Version"]
        functions.create_alias(FunctionName=name, Name=LIVE, FunctionVersion=version)
    for name in (CONSUMER, AFTER_CALL):
        for trigger in functions.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]:
            functions.update_event_source_mapping(UUID=trigger["UUID"], FunctionName=f"{name}:{LIVE}")


def take_over(aws: LocalAws) -> None:
    """The code and the configuration that the functions have now take the calls, from one request to the next.

    Raises LaptopError when they break off as soon as they are called; then the calls stay where they are.
    """
    functions = aws.client("lambda")
    new = {name: functions.publish_version(FunctionName=name)["Version"] for name in SERVING}
    for name, version in new.items():
        warm(aws, name, SERVING[name], version)
    for name, version in new.items():
        old = functions.get_alias(FunctionName=name, Name=LIVE)["FunctionVersion"]
        functions.update_alias(FunctionName=name, Name=LIVE, FunctionVersion=version)
        _forget_all_but(functions, name, (version, old))


def warm(aws: LocalAws, name: str, warming: Warming, qualifier: str = LIVE) -> None:
    """Start the processes of this version: a first request takes seconds. Raises LaptopError with what it raised."""
    event, processes = warming
    with ThreadPoolExecutor(processes) as pool:
        for said in pool.map(lambda _: _invoke(aws, name, qualifier, event), range(processes)):
            if said:
                raise LaptopError(f"{name} failed: {said}")


def _invoke(aws: LocalAws, name: str, qualifier: str, event: Mapping[str, Any]) -> str:
    """What the function raised, with its log; empty when it answered."""
    functions = aws.client("lambda")
    answer = functions.invoke(FunctionName=name, Qualifier=qualifier, Payload=json.dumps(event), LogType="Tail")
    if "FunctionError" not in answer:
        return ""
    return f"{answer['Payload'].read().decode()}\n{base64.b64decode(answer.get('LogResult', '')).decode()}"


def _forget_all_but(functions: Any, name: str, kept: Sequence[str]) -> None:
    """The version before this one stays until the next: it may be at work on a request."""
    for version in functions.list_versions_by_function(FunctionName=name)["Versions"]:
        if version["Version"] not in ("$LATEST", *kept):
            functions.delete_function(FunctionName=name, Qualifier=version["Version"])
