"""The embedded CRM: a DynamoDB table of contacts and of the attempts to reach somebody for them.

Keys: partition `phone` (E.164), sort `item`: "CONTACT", or "ATTEMPT#" and the ReservationSid. A contact may have
`name`, `whisper` (said to the worker), `declined` (a reason: this caller is
put through to nobody) and `declined_say` (what the caller hears then).
"""

from typing import Any

from chalicelib import aws
from chalicelib.config import callcenter, environment
from chalicelib.crm.port import Approval, Attempt, DeclinedCaller, Ended, Unavailable


def prepare(attempt: Attempt) -> Approval:
    """Find the contact and write the attempt down; the same attempt twice is one row.

    Raises DeclinedCaller, Unavailable.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    if not attempt.caller:
        return Approval()  # a caller who withholds the number has no record, and a key may not be empty
    try:
        contact = _contact(attempt.caller)
        _record(attempt)
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(f"the contacts table: {type(error).__name__}") from None
    if contact.get("declined"):
        raise DeclinedCaller(contact["declined"], contact.get("declined_say", ""))
    return Approval(contact.get("name", ""), contact.get("whisper", ""), contact)


def after(ended: Ended) -> None:
    """Write what became of the call into its attempt; twice is like once. Raises Unavailable."""
    from botocore.exceptions import BotoCoreError, ClientError

    if not ended.caller:
        return
    talked = {"talked_seconds": {"N": str(max(0, round(ended.ended_at - ended.bridged_at)))}}
    texts = {"disposition": ended.disposition, "note_sid": ended.note_sid, "note": ended.note}
    known = _attempt(ended, ended.bridged_at) | talked | {name: {"S": text} for name, text in texts.items() if text}
    try:
        aws.request("dynamodb", "put_item", TableName=environment.current().contacts_table, Item=known)
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(f"the contacts table: {type(error).__name__}") from None


def _contact(phone: str) -> dict[str, str]:
    key = {"phone": {"S": phone}, "item": {"S": "CONTACT"}}
    answer = aws.request("dynamodb", "get_item", TableName=environment.current().contacts_table, Key=key)
    item: dict[str, Any] = answer.get("Item", {})
    return {name: value["S"] for name, value in item.items() if "S" in value and name not in ("phone", "item")}


def _record(attempt: Attempt) -> None:
    table = environment.current().contacts_table
    aws.request("dynamodb", "put_item", TableName=table, Item=_attempt(attempt, attempt.at))


def _attempt(about: Attempt | Ended, at: float) -> dict[str, Any]:
    return {
        "phone": {"S": about.caller},
        "item": {"S": f"ATTEMPT#{about.idempotency_key}"},
        "call_sid": {"S": about.call_sid},
        "worker_sid": {"S": about.worker_sid},
        "worker_name": {"S": about.worker_name or "-"},
        "at": {"N": str(at)},
        "expires_at": {"N": str(callcenter.current().expires_at(at))},
    }
