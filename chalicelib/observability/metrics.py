"""The numbers that CloudWatch draws and watches. Each goes out with a log line, in CloudWatch's embedded metric format.

infra/resources.yaml has the alarms and the dashboard that read them; a test holds the names of both against each other.
"""

import os
import time
from collections.abc import Mapping
from typing import Literal, NamedTuple

NAMESPACE = "Cordboard"


class Metric(NamedTuple):
    name: str
    unit: Literal["Count", "Seconds"]


CALLERS_ENQUEUED = Metric("CallersEnqueued", "Count")  # by TaskRouter's own event of it, or into a simple queue
STILL_WAITING = Metric("StillWaiting", "Seconds")  # of a caller in the queue, at each request for the waiting document
CALLER_WAITED = Metric("CallerWaited", "Seconds")  # of a caller who has left the queue, however
RESERVATIONS_REJECTED = Metric("ReservationsRejected", "Count")  # by us, with the reason
CRM_FAILURES = Metric("CrmFailures", "Count")
WORKER_LEGS_FAILED = Metric("WorkerLegsFailed", "Count")  # nothing to ring, refused by Twilio, or failed
WEBHOOKS_REFUSED = Metric("WebhooksRefused", "Count")  # unsigned or forged, and whose account it is said to be of
ACTIVITIES_REFUSED = Metric("ActivitiesRefused", "Count")  # Twilio does not know the activity, or the worker
ASSIGNMENTS_REFUSED = Metric("AssignmentsRefused", "Count")  # another workflow, malformed, or no flow
WEBHOOK_ERRORS = Metric("WebhookErrors", "Count")
JOBS_TRIED_AGAIN = Metric("JobsTriedAgain", "Count")
MESSAGES_DROPPED = Metric("MessagesDropped", "Count")  # too short to be one, or of silence
MESSAGES_NOT_KEPT = Metric("MessagesNotKept", "Count")  # a day old, and still at Twilio: at each try from then on
HOURS_FAILED = Metric("HoursFailed", "Count")  # a line went by its file, or was open, as the rest could not be told
CALLERS_NOT_KNOWN = Metric("CallersNotKnown", "Count")  # a profile that could not be read, or was none
SWEEP_ACTIONS = Metric("SweepActions", "Count")
SWEEP_LATE = Metric("SweepLate", "Seconds")  # of what was due longest, when that is late


def stage_of(function_name: str) -> str:
    """The stage of a function by its name: cordboard-dev, cordboard-dev-sweep; `local` for one that is not ours."""
    parts = function_name.split("-")
    return parts[1] if len(parts) > 1 and parts[0] == "cordboard" else "local"


_STAGE = stage_of(os.environ.get("AWS_LAMBDA_FUNCTION_NAME", ""))


def of(metric: Metric, value: float = 1, reason: str = "") -> Mapping[str, object]:
    """What a log line needs to count as `value` of this metric; with a reason also as one of that reason.

    What follows a colon in the reason differs from case to case and is left out: CloudWatch charges for each reason.
    """
    measured: dict[str, object] = {metric.name: value, "Stage": _STAGE}
    dimensions = [["Stage"]]
    if reason:
        measured["Reason"] = reason.partition(":")[0]
        dimensions.append(["Stage", "Reason"])
    named = [{"Name": metric.name, "Unit": metric.unit}]
    described = {"Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": named}
    return measured | {"_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [described]}}
