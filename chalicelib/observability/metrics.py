"""The numbers that an alarm watches. Each goes out with a log line, in CloudWatch's embedded metric format.

CloudWatch charges for each metric, and for each value of a dimension again: what no alarm reads is a field of a log
line alone, which the saved queries of infra/resources.yaml count. A test holds metrics and alarms against each other.
"""

import os
import time
from collections.abc import Mapping
from typing import Literal, NamedTuple

NAMESPACE = "Cordboard"


class Metric(NamedTuple):
    name: str
    unit: Literal["Count", "Seconds"]


STILL_WAITING = Metric("StillWaiting", "Seconds")  # of a caller in the queue, at each request for the waiting document
CRM_FAILURES = Metric("CrmFailures", "Count")
WORKER_LEGS_FAILED = Metric("WorkerLegsFailed", "Count")  # nothing to ring, refused by Twilio, or failed
WEBHOOKS_REFUSED = Metric("WebhooksRefused", "Count")  # unsigned or forged, and said to be of our account
WEBHOOK_ERRORS = Metric("WebhookErrors", "Count")
MESSAGES_NOT_KEPT = Metric("MessagesNotKept", "Count")  # a day old, and still at Twilio: at each try from then on
SWEEP_LATE = Metric("SweepLate", "Seconds")  # of what was due longest, when that is late


def stage_of(function_name: str) -> str:
    """The stage of a function by its name: cordboard-dev, cordboard-dev-sweep; `local` for one that is not ours."""
    parts = function_name.split("-")
    return parts[1] if len(parts) > 1 and parts[0] == "cordboard" else "local"


_STAGE = stage_of(os.environ.get("AWS_LAMBDA_FUNCTION_NAME", ""))


def of(metric: Metric, value: float = 1) -> Mapping[str, object]:
    """What a log line needs to count as `value` of this metric."""
    named = [{"Name": metric.name, "Unit": metric.unit}]
    described = {"Namespace": NAMESPACE, "Dimensions": [["Stage"]], "Metrics": named}
    when = int(time.time() * 1000)
    return {metric.name: value, "Stage": _STAGE, "_aws": {"Timestamp": when, "CloudWatchMetrics": [described]}}
