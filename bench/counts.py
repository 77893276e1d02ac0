"""What one call asks for, from its first webhook to its end, in each way that a queue can work, and what a month does.

tests/webhooks/test_requests_count.py plays the calls and holds these numbers; what a month has is counted in the
template of the resources. What is assumed and not counted stands here under its own name, and says so.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from chalicelib.observability.metrics import NAMESPACE

RESOURCES = Path(__file__).parents[1] / "infra" / "resources.yaml"

# The caller takes a menu and a survey, waits for one round of music, and talks to a worker who wraps up; in the simple
# queue, which has neither menu nor tasks, the agent takes one caller after the other. The units are DynamoDB's, worked
# out from each row and index that changed. `log_bytes` are of our own lines, without Lambda's id.
CALLS: Mapping[str, Mapping[str, int | float]] = {
    "crm-first": {
        "webhooks": 12,
        "jobs": 2,
        "twilio": 10,
        "UpdateItem": 12,
        "PutItem": 2,
        "GetItem": 1,
        "Query": 2,
        "SendMessage": 2,
        "write_units": 33,
        "read_units": 2.5,
        "log_lines": 7,
        "log_bytes": 1484,
    },
    "direct": {
        "webhooks": 11,
        "jobs": 1,
        "twilio": 3,
        "UpdateItem": 9,
        "PutItem": 1,
        "Query": 2,
        "SendMessage": 1,
        "write_units": 26,
        "read_units": 2,
        "log_lines": 7,
        "log_bytes": 1484,
    },
    "simple queue": {
        "webhooks": 4,
        "jobs": 0,
        "twilio": 0,
        "UpdateItem": 1,
        "write_units": 2,
        "log_lines": 3,
        "log_bytes": 572,
    },
}

# What a crm-first call asks for more in each mode, when the worker takes it with the first key.
ASKED: Mapping[str, Mapping[str, int | float]] = {
    "key": {"webhooks": 1, "UpdateItem": 1, "write_units": 2},
    "detect": {},
    "key+detect": {"webhooks": 2, "UpdateItem": 2, "write_units": 4},
}

# What workers ask for: a text, and what the sweep does for them; of the last two the whole sweep.
STAFF: Mapping[str, Mapping[str, int | float]] = {
    "on": {"twilio": 5, "Query": 2, "read_units": 2, "UpdateItem": 1, "write_units": 1},
    "off": {"twilio": 6, "Query": 2, "read_units": 2, "UpdateItem": 1, "write_units": 1},
    "status": {"twilio": 2, "Query": 1, "read_units": 1},
    "who": {"twilio": 2},
    "a stranger": {"twilio": 1},
    "a sweep": {"twilio": 0, "Query": 1, "read_units": 1},
    "a boundary": {"twilio": 3, "Query": 1, "read_units": 1, "UpdateItem": 1, "write_units": 1},
    "a reminder": {"twilio": 4, "Query": 5, "read_units": 3, "UpdateItem": 4, "write_units": 8},
    "told of a missed call": {"twilio": 4, "Query": 6, "read_units": 4, "UpdateItem": 2, "write_units": 5},
}

# What a callback asks for: on a line that offers them, of a caller who asks for none; the key and its confirmation;
# the job that makes the task; from the worker's reservation to the end of the talk, without the wrap-up.
CALLBACK: Mapping[str, Mapping[str, int | float]] = {
    "offered": {"Query": 1, "read_units": 1},
    "asked": {"Query": 5, "UpdateItem": 5, "read_units": 5, "write_units": 8},
    "queued": {"Query": 4, "UpdateItem": 4, "read_units": 4, "write_units": 8, "twilio": 1},
    "talked": {
        "GetItem": 1,
        "PutItem": 2,
        "Query": 4,
        "UpdateItem": 8,
        "SendMessage": 1,
        "read_units": 4.5,
        "write_units": 23,
        "twilio": 4,
    },
}

# What a queue with a star key asks for more: at the worker's answer; when a worker hung up, or the caller; and from the
# star key to the further wait, with one round of hold.
STAR: Mapping[str, Mapping[str, int | float]] = {
    "may be pressed": {"UpdateItem": 1, "write_units": 1},
    "worker hung up": {"Query": 1, "read_units": 1, "twilio": 1},
    "caller hung up": {"Query": 1, "read_units": 1},
    "given away": {
        "Query": 4,
        "UpdateItem": 3,
        "SendMessage": 1,
        "read_units": 4,
        "write_units": 6,
        "twilio": 2,
    },
}

# Twilio's price of one detection, in US dollars: its pages, November 2026.
DETECTION_DOLLARS = 0.0075

# What a month of 30 days asks for, whether anybody calls or not.
SWEEPS = 30 * 24 * 60  # one a minute
SWEEP_READ_UNITS = 1.5  # three queries of the index `open`: links, callers who wait, and recordings
POLLS = 30 * 24 * 60 * 3 * 5  # Lambda keeps five long polls of 20 s at each queue; AWS documents the number
SECRET_READS = 30 * 24 * 12  # the sweep reads the secret every five minutes, and AWS KMS decrypts it

# Assumed: what a warm function takes, most of it waiting for AWS or Twilio.
WEBHOOK_SECONDS, JOB_SECONDS, SWEEP_SECONDS = 0.055, 0.5, 0.5
WEBHOOK_GIGABYTES, JOB_GIGABYTES, SWEEP_GIGABYTES = 0.5, 0.5, 0.5
WEBHOOK = WEBHOOK_SECONDS * WEBHOOK_GIGABYTES

# Assumed: the length of Lambda's own START, END and REPORT of each request. CloudWatch adds 26 bytes to each line.
REPORT_BYTES = 3 * 26 + 320
LINE_BYTES = 26 + len('"request_id":"12345678-0000-4000-8000-000000000001",')
SWEEP_LINE_BYTES = 150


def charged(counts: Mapping[str, int | float], webhook: float = WEBHOOK) -> dict[str, float]:
    """One call in AWS's own units. `webhook` is what one takes in GB-seconds."""
    webhooks, jobs = counts["webhooks"], counts["jobs"]
    seconds = webhooks * webhook + jobs * JOB_SECONDS * JOB_GIGABYTES
    logged = counts["log_bytes"] + counts["log_lines"] * LINE_BYTES + (webhooks + jobs) * REPORT_BYTES
    return {
        "api_gateway_requests": webhooks,
        "lambda_requests": webhooks + jobs,
        "lambda_gb_seconds_arm64": seconds,
        "sqs_requests": 3 * counts.get("SendMessage", 0),  # sent, received, deleted
        "dynamodb_write_units": counts["write_units"],
        "dynamodb_read_units": counts.get("read_units", 0),
        "log_gigabytes": logged / 1e9,
    }


def month() -> dict[str, float]:
    """What a month asks for without a single call, in AWS's own units. Metrics: at most, if each comes each hour.

    What a team may leave out is not in it: the dashboard, the alarm and the metric of messages kept in the bucket.
    """
    alarms = [alarm["Properties"] for alarm in _always("AWS::CloudWatch::Alarm")]
    queues = [queue for queue in _always("AWS::SQS::Queue") if "RedrivePolicy" in queue["Properties"]]
    return {
        "alarms": len(alarms),
        "metrics": len({alarm["MetricName"] for alarm in alarms if alarm["Namespace"] == NAMESPACE}),
        "sqs_requests": POLLS * len(queues),
        "lambda_requests": SWEEPS,
        "lambda_gb_seconds_arm64": SWEEPS * SWEEP_SECONDS * SWEEP_GIGABYTES,
        "dynamodb_read_units": SWEEPS * SWEEP_READ_UNITS,
        "log_gigabytes": SWEEPS * (SWEEP_LINE_BYTES + LINE_BYTES + REPORT_BYTES) / 1e9,
        "kms_requests": SECRET_READS,
    }


def _always(kind: str) -> Iterator[dict[str, Any]]:
    """The template's resources of this kind that every stage has."""
    return (it for it in _resources().values() if it["Type"] == kind and "Condition" not in it)


@cache
def _resources() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(RESOURCES.read_text(encoding="utf-8"))["Resources"]
    return found
