"""What became of a call: the rows in DynamoDB, and beside them what the emulator knows."""

from collections.abc import Sequence
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from laptop import package
from laptop.environment import Laptop
from laptop.local_aws import LocalAws

Row = dict[str, Any]


def call_rows(aws: LocalAws, call_sid: str) -> list[Row]:
    """Every row of this call: the one query that an operator makes in the AWS console."""
    answer = aws.client("dynamodb").query(
        TableName=f"cordboard-{package.STAGE}-links",
        KeyConditionExpression="call_sid = :sid",
        ExpressionAttributeValues={":sid": {"S": call_sid}},
        ConsistentRead=True,
    )
    read = TypeDeserializer()
    return [{name: read.deserialize(value) for name, value in item.items()} for item in answer["Items"]]


def links(rows: Sequence[Row]) -> list[Row]:
    return sorted((row for row in rows if row["item"].startswith("WR")), key=lambda row: row["reserved_at"])


def observe(laptop: Laptop, call_sid: str, *workers: str) -> list[str]:
    """A line each: how each link ended, whom Twilio joined, what the caller answered, the activities of `workers`."""
    rows = call_rows(laptop.aws, call_sid)
    call = next((row for row in rows if row["item"] == "CALL"), {})
    lines = [_ending(row) for row in links(rows)] or [f"queue result: {call.get('queue_result')}"]
    lines += dict.fromkeys(f"CRM: {row['crm_name']}" for row in links(rows) if row.get("crm_name"))
    lines += laptop.do(lambda: _joined(laptop, call_sid))
    if call.get("survey"):
        lines.append(f"survey: {call['survey']}")
    if call.get("voicemail_url"):
        lines.append("voicemail: recorded")
    lines += _task(call)
    return lines + laptop.do(lambda: now(laptop, workers))


def _ending(row: Row) -> str:
    reason = f" ({row['reason']})" if row.get("outcome") == "rejected" and row.get("reason") else ""
    return f"{row.get('worker_name') or row['worker_sid']}: {row.get('outcome') or row['state']}{reason}"


def _task(call: Row) -> list[str]:
    if "completed_at" in call:
        return ["task: completed"]
    return [f"task: canceled ({call['reason']})"] if "canceled_at" in call else []


def _joined(laptop: Laptop, call_sid: str) -> list[str]:
    trace = [event.detail for event in laptop.twilio.scheduler.trace if event.kind == "joined"]
    calls, name_of = laptop.twilio.context.calls, laptop.call_centre.name_of
    return [f"joined: {name_of(calls[event['worker_sid']].to)}" for event in trace if event["caller_sid"] == call_sid]


def now(laptop: Laptop, workers: Sequence[str] = ()) -> list[str]:
    """A line for the activity of each of these workers, and one for the legs that are not over."""
    lines = [f"{name} is {laptop.call_centre.workers[name].activity.friendly_name}" for name in workers]
    live = [call for call in laptop.twilio.context.calls.values() if not call.is_over]
    return [*lines, f"legs left: {len(live)}"]
