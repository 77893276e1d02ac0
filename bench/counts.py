"""What one crm-first call asks for: from the first webhook to the completed task, menu and survey included.

A test plays the call and holds these numbers exactly. What they come to in the units that AWS charges for is worked out
here, with what is assumed said.
"""

from collections.abc import Mapping

CRM_FIRST_CALL: Mapping[str, int] = {
    "webhooks": 17,
    "jobs": 2,
    "twilio": 7,
    "UpdateItem": 18,
    "PutItem": 2,
    "SendMessage": 2,
    "GetItem": 1,
    "Query": 1,
}

# Of the updates, those of the caller's own row; it stands in one index, a link in three. Rows are under 1 KB.
CALL_UPDATES = 6
CALL_INDEXES, LINK_INDEXES = 1, 3

# Assumed: what a warm function takes, most of it waiting for AWS or Twilio; an assumption, not a measurement.
WEBHOOK_SECONDS, JOB_SECONDS = 0.05, 0.5
WEBHOOK_GIGABYTES, JOB_GIGABYTES = 1.0, 0.5
LOG_BYTES_A_REQUEST = 600


def charged(counts: Mapping[str, int] = CRM_FIRST_CALL) -> dict[str, float]:
    """The call in AWS's own units."""
    link_updates = counts["UpdateItem"] - CALL_UPDATES
    writes = CALL_UPDATES * (1 + CALL_INDEXES) + link_updates * (1 + LINK_INDEXES)
    writes += 1 + LINK_INDEXES + 1  # the link, new, and the attempt in the contacts table
    seconds = counts["webhooks"] * WEBHOOK_SECONDS * WEBHOOK_GIGABYTES + counts["jobs"] * JOB_SECONDS * JOB_GIGABYTES
    requests = counts["webhooks"] + counts["jobs"]
    return {
        "api_gateway_requests": counts["webhooks"],
        "lambda_requests": requests,
        "lambda_gb_seconds_arm64": seconds,
        "sqs_requests": 3 * counts["SendMessage"],  # sent, received, deleted
        "dynamodb_write_units": writes,
        "dynamodb_read_units": counts["GetItem"] * 0.5 + counts["Query"],
        "log_gigabytes": requests * LOG_BYTES_A_REQUEST / 1e9,
    }
