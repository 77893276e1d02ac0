"""What a story has come to: the rows as DynamoDB holds them, and the emulator's own truth beside them."""

from collections.abc import Sequence
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from laptop import package
from laptop.call_centre import name_of
from laptop.environment import Stage
from laptop.local_aws import LocalAws

Row = dict[str, Any]


def story(aws: LocalAws, call_sid: str) -> list[Row]:
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
    return sorted((row for row in rows if row["item"] != "CALL"), key=lambda row: row["reserved_at"])


def seen(stage: Stage, call_sid: str, *workers: str) -> list[str]:
    """One line a fact: how each link ended, who was really joined, what the caller said, where the workers are."""
    rows = story(stage.aws, call_sid)
    call = next((row for row in rows if row["item"] == "CALL"), {})
    lines = [_ending(row) for row in links(rows)] or [f"queue result: {call.get('queue_result')}"]
    lines += dict.fromkeys(f"CRM: {row['crm_name']}" for row in links(rows) if row.get("crm_name"))
    lines += stage.do(lambda: _joined(stage, call_sid))
    if call.get("survey"):
        lines.append(f"survey: {call['survey']}")
    if call.get("voicemail_url"):
        lines.append("voicemail: recorded")
    lines += _task(call)
    return lines + stage.do(lambda: _now(stage, workers))


def _ending(row: Row) -> str:
    reason = f" ({row['reason']})" if row.get("outcome") == "rejected" and row.get("reason") else ""
    return f"{row.get('worker_name') or row['worker_sid']}: {row.get('outcome') or row['state']}{reason}"


def _task(call: Row) -> list[str]:
    if "completed_at" in call:
        return ["task: completed"]
    return [f"task: canceled ({call['reason']})"] if "canceled_at" in call else []


def _joined(stage: Stage, call_sid: str) -> list[str]:
    trace = [fact.detail for fact in stage.twilio.scheduler.trace if fact.kind == "joined"]
    calls = stage.twilio.context.calls
    return [f"joined: {name_of(calls[fact['worker_sid']].to)}" for fact in trace if fact["caller_sid"] == call_sid]


def _now(stage: Stage, workers: Sequence[str]) -> list[str]:
    lines = [f"{name} is {stage.town.workers[name].activity.friendly_name}" for name in workers]
    live = [call for call in stage.twilio.context.calls.values() if not call.is_over]
    return [*lines, f"legs left: {len(live)}"]
