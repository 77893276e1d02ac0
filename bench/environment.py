"""What `app` finds in its environment while it is measured."""

import json
from pathlib import Path

from bench.webhooks import ACCOUNT_SID, TOKEN, WORKFLOW_SID, WORKSPACE_SID
from chalicelib.config import callcenter, team

ROOT = Path(__file__).parent.parent
TEAM = str(ROOT / "laptop" / "team")
team.folder = lambda: TEAM  # what is measured does not depend on this checkout's team

TASK_QUEUES = {name: f"WQ{number:032}" for number, name in enumerate(callcenter.current().queues)}

ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "LINKS_TABLE": "links",
    "JOBS_QUEUE": "jobs",
    "JOBS_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/000000000000/jobs",
    "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
    "TWILIO_WORKSPACE_SID": WORKSPACE_SID,
    "TWILIO_WORKFLOW_SID": WORKFLOW_SID,
    "TWILIO_TASK_QUEUES": json.dumps(TASK_QUEUES),
    "TWILIO_AUTH_TOKEN": TOKEN,
}
