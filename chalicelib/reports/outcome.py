"""What became of a call, and of a worker's reservation, in a word or two (pure)."""

from collections.abc import Mapping
from typing import Literal, get_args

from chalicelib.links.model import Call, Callback, CallRecord, Link, is_over

LONGEST_CALL_SECONDS = 4 * 3600  # at Twilio (contract 7.1); of an older one its last events are lost

Outcome = Literal["answered", "abandoned", "short", "voicemail", "callback", "led out", "other", "open", "unknown"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

# Why a worker's reservation did not become a talk. Those of the first line the worker has missed.
Why = Literal["no answer", "busy", "passed", "no key", "machine", "hung up", "timeout"]
WhyNot = Why | Literal["unreachable", "CRM declined", "CRM failed", "caller left", "other"]
MISSED: tuple[Why, ...] = get_args(Why)

_OF_CALLBACK = {"talked": "called back", "given up": "not reached", "withdrawn": "called again"}
_COUNTED: Mapping[str, Outcome] = {
    "talked": "answered",
    "talking": "answered",
    "in progress": "open",
    "unknown": "unknown",
    "voicemail": "voicemail",
    "led out": "led out",
    **dict.fromkeys(("to be called back", *_OF_CALLBACK.values()), "callback"),
}
_WHY: Mapping[str, WhyNot] = {
    "no-answer": "no answer",
    "worker hung up": "hung up",
    "failed": "unreachable",
    "unreachable": "unreachable",
    "no contact_uri": "unreachable",
    "declined": "CRM declined",
    "CRM failed": "CRM failed",
    "caller gone": "caller left",
    **{why: why for why in MISSED},
}


def ended(record: CallRecord, now: float) -> str:
    """What became of the call: talked, talking, in progress, voicemail, led out, hung up, what Twilio says of it
    otherwise, or unknown; of a callback how far it is."""
    call = record.call
    if call is None:
        return "unknown"
    is_out = call.left_queue_at or call.canceled_at or call.completed_at or call.voicemail_url  # of a closed line
    may_go_on = now <= call.at + LONGEST_CALL_SECONDS
    if call.queue_result.startswith("bridged") or any(link.bridged_at for link in record.links):
        return "talking" if may_go_on and not is_out else "talked"
    if is_out:
        return _without_a_worker(call, record.callback)
    return "in progress" if may_go_on else "unknown"


def _without_a_worker(call: Call, callback: Callback | None) -> str:
    if call.voicemail_url:
        return "voicemail"
    if call.wish == "callback" and call.queue_result in ("leave", "hangup"):
        return "to be called back" if callback is None or not callback.is_over else _OF_CALLBACK[callback.state]
    if call.moved_at or call.queue_result in ("leave", "redirected"):
        return "led out"
    if "hangup" in (call.queue_result, call.reason):
        return "hung up"
    return call.queue_result or "led out"


def outcome(record: CallRecord, now: float, short_seconds: int) -> Outcome:
    """Under which of OUTCOMES the call is counted: each under one. Who hangs up after `short_seconds` has abandoned."""
    word = ended(record, now)
    if word == "hung up":
        return "short" if waited(record) <= short_seconds else "abandoned"
    return _COUNTED.get(word, "other")


def joined_at(call: Call) -> float:
    """When the caller began to wait. The row may be younger, as what is told of the beginning may be lost."""
    return min(call.at, call.left_queue_at - call.queue_seconds) if call.left_queue_at else call.at


def waited(record: CallRecord) -> float:
    """Seconds until the caller had a worker, or left the queue; 0 while neither is known.

    Twilio tells them to the whole second where the caller waited once; who was given away had the first worker before.
    """
    call, talks = record.call, [link.bridged_at for link in record.links if link.bridged_at and not link.consult_of]
    if call is None:
        return 0.0
    if call.left_queue_at and call.round <= 1:
        return float(call.queue_seconds)
    return max(0.0, min(talks) - joined_at(call)) if talks else float(call.queue_seconds)


def talked(link: Link, call: Call) -> float:
    """Seconds of this worker's talk with the caller, until the caller was put on hold; 0 when its end is not known.

    Of a colleague who was asked first it begins when they got the caller; one who did not had none.
    """
    began = link.took_over_at if link.consult_of else link.bridged_at
    end = link.held_at or call.left_queue_at
    return max(0.0, end - began) if began and end else 0.0


def why_not(link: Link) -> WhyNot | None:
    """Why the worker did not get the caller; None of one who did, or may yet."""
    if link.bridged_at or not is_over(link):
        return None
    if why := _WHY.get(link.reason.partition(":")[0]):
        return why
    ended_as: Mapping[str, WhyNot] = {"timeout": "timeout", "canceled": "caller left", "rescinded": "caller left"}
    return ended_as.get(link.outcome, "other")
