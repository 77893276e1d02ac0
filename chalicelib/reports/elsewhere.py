"""Where else a call is seen: its pages in Twilio's console, and its log lines in AWS's (pure)."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from chalicelib.links.model import CallRecord
from chalicelib.reports import story

TWILIO = "https://www.twilio.com/console"
FUNCTIONS = ("", "-jobs_consumer", "-after_call", "-sweep")
MARGIN_SECONDS = 60  # before the first thing that is known
AFTER_SECONDS = 3600  # the last one: what is told late, and after-call work
# As the saved query "everything about one call" of infra/resources.yaml, with the sid in it.
QUERY = """filter @message like "{sid}"
| fields @timestamp, level, event, route, type, status, did, why, reason, task_sid, reservation_sid, worker_call_sid, request_id, @message
| sort @timestamp asc
| limit 1000
"""  # noqa: E501 - a line of the query is a line


class Where(NamedTuple):
    """Where this stage is: at Twilio, and in AWS."""

    workspace_sid: str
    stage: str
    region: str


class Place(msgspec.Struct, frozen=True):
    what: str
    url: str


def places(record: CallRecord, where: Where) -> tuple[Place, ...]:
    """Twilio's pages of each leg and task of this call, once each, and the query of its log lines."""
    pages = [*_legs(record), *_tasks(record, where.workspace_sid)]
    told = [at for at, _ in story.moments(record)]
    logs = [Place("The log lines", _insights(_subject(record), min(told), max(told), where))] if told else []
    return (*dict.fromkeys(pages), *logs)


def _subject(record: CallRecord) -> str:
    return record.call.call_sid if record.call else record.links[0].subject


def _legs(record: CallRecord) -> Iterator[Place]:
    if (caller := _subject(record)).startswith("CA"):
        yield Place("The caller's leg at Twilio", f"{TWILIO}/voice/calls/logs/{caller}")
    for link in record.links:
        if link.worker_call_sid:
            what = f"The leg of {link.worker_name or link.worker_sid} at Twilio"
            yield Place(what, f"{TWILIO}/voice/calls/logs/{link.worker_call_sid}")


def _tasks(record: CallRecord, workspace_sid: str) -> Iterator[Place]:
    sids = dict.fromkeys(link.task_sid for link in record.links if link.task_sid)
    for number, sid in enumerate(sids, start=1):
        what = "The task at Twilio" if len(sids) == 1 else f"Task {number} at Twilio"
        yield Place(what, f"{TWILIO}/taskrouter/workspaces/{workspace_sid}/tasks/{sid}")


def _insights(sid: str, began: float, ended: float, where: Where) -> str:
    """CloudWatch's Logs Insights with its query ready, over the time of the call."""
    groups = [f"/aws/lambda/cordboard-{where.stage}{function}" for function in FUNCTIONS]
    since, until = _text(story.iso(began - MARGIN_SECONDS)), _text(story.iso(ended + AFTER_SECONDS))
    times = f"end~{until}~start~{since}~timeType~'ABSOLUTE~tz~'UTC"
    source = "".join(f"~{_text(group)}" for group in groups)
    detail = f"~({times}~editorString~{_text(QUERY.format(sid=sid))}~source~({source}))"
    console = f"https://{where.region}.console.aws.amazon.com/cloudwatch/home?region={where.region}"
    return f"{console}#logsV2:logs-insights$3FqueryDetail$3D{detail}"


def _text(value: str) -> str:
    """As AWS's console writes a text into its URLs: whatever is no letter, digit, dot, dash or underscore as *xx."""
    return "'" + re.sub(r"[^A-Za-z0-9._-]", lambda found: f"*{ord(found[0]):02x}", value)
