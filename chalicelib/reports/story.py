"""Everything that is recorded of one call, as text or JSON (pure)."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import msgspec

from chalicelib.config.star import BACK, END, PERSON, queue_of
from chalicelib.links.model import HANDED, LEFT, LOST, STATES, Call, Callback, CallRecord, Link, What
from chalicelib.observability.masking import mask

Moment = tuple[float, str]  # epoch seconds, what happened then


def as_json(record: CallRecord, show_numbers: bool = False) -> str:
    """Every field that is recorded. Phone numbers are masked, unless `show_numbers`."""
    fields = msgspec.to_builtins(record)
    return msgspec.json.format(msgspec.json.encode(fields if show_numbers else _masked(fields))).decode()


def _masked(value: Any) -> Any:
    """Masks texts only: a time in epoch seconds looks like a phone number too."""
    match value:
        case str():
            return mask(value)
        case dict():
            return {name: _masked(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_masked(inner) for inner in value]
        case _:
            return value


def timeline(record: CallRecord, show_numbers: bool = False) -> str:
    """What is known of the call, then each step by time. Phone numbers are masked, unless `show_numbers`."""
    told = moments(record)
    began = told[0][0] if told else 0.0
    shown: Callable[[str], str] = str if show_numbers else mask
    lines = [*map(shown, known(record)), ""]
    lines += [f"{iso(at)}  {at - began:8.3f} s  {shown(what)}" for at, what in told]
    return "\n".join(lines)


def known(record: CallRecord) -> Iterator[str]:
    """What is known of the call, a line each; what is of the line before begins with blanks."""
    yield from _call(record.call)
    yield from _callback(record.callback)
    yield from _messages(record)
    yield from _talks(record)
    yield from chain.from_iterable(map(_link, record.links))


def moments(record: CallRecord) -> list[Moment]:
    """Each step of the call by time; of two at once, the earlier step stays first."""
    return sorted(_moments(record), key=lambda moment: moment[0])


def _call(call: Call | None) -> Iterator[str]:
    if call is None:
        yield "Nothing is known of the caller's own leg: no event of its task has come."
        return
    yield _what(call)
    if call.wish:
        yield f"  pressed the key for: {call.wish}"
    if call.queue_result:
        yield f"  left the queue after {call.queue_seconds} s: {call.queue_result}"
    if call.round:
        yield f"  the caller's wait number {call.round}: given away by the star key before"
    if call.reason:
        yield f"  the task was canceled: {call.reason}"
    if call.survey:
        yield f"  survey: {call.survey}"
    if call.voicemail_url:
        yield f"  voicemail, {call.voicemail_seconds} s: {call.voicemail_url}"


def _what(call: Call) -> str:
    if call.call_sid.startswith("WT"):
        asked = f", asked for on the call {call.callback}" if call.callback else ""
        return f"Work of the kind {call.line or '?'}, task {call.call_sid}{asked}"
    chose = f", chose {call.chosen}" if call.chosen else ""
    return f"Call {call.call_sid} from {call.caller or '?'} to {call.called or '?'}, line {call.line or '?'}{chose}"


def _callback(callback: Callback | None) -> Iterator[str]:
    if callback is None:
        return
    because = f" ({callback.reason})" if callback.reason else ""
    yield f"  callback to {callback.number}: {callback.state}{because}, {callback.attempts} attempts"
    if callback.task_sid:
        yield f"  the latest attempt is the task {callback.task_sid}"
    if callback.on_line and not callback.is_over:
        yield f"  held for as long as the caller is on the call {callback.on_line}"


def _of_callback(callback: Callback | None) -> Iterator[Moment]:
    if callback:
        known = {"at": "the caller asks to be called back", "queued_at": "the callback is queued"}
        known |= {"taken_at": "a worker calls back", "retry_at": "the next attempt is due"}
        known |= {"ended_at": f"the callback is {callback.state}"}
        for field, what in known.items():
            if getattr(callback, field):
                yield getattr(callback, field), what


def _messages(record: CallRecord) -> Iterator[str]:
    for message in record.messages:
        if message.dropped_at:
            yield "  a recording of nothing was dropped"
        if message.stored_as:
            yield f"  in the bucket: {message.stored_as}"
        if message.text:
            yield f"  as text: {message.text}"
        if message.offers:
            left = f"; {message.left_by} left it for another" if message.left_by else ""
            latest = message.task_sid or "to be made"
            yield f"  offered to workers, {_times(message.offers)}; the latest task: {latest}{left}"


def _talks(record: CallRecord) -> Iterator[str]:
    for talk in record.talks:
        where = f"in the bucket: {talk.stored_as}" if talk.stored_as else talk.status
        held = f"; held by {talk.held_by}" if talk.held_at else ""
        yield f"  the talk with {talk.worker or '?'} was recorded, {max(talk.seconds, 0)} s, {where}{held}"


def _times(number: int) -> str:
    return {1: "once"}.get(number, f"{number} times")


def _link(link: Link) -> Iterator[str]:
    ending = link.outcome or link.state
    yield f"Worker {_name(link)}, queue {link.queue or '?'}, {link.mode}: {ending}{_because(link)}"
    yield f"  reservation {link.reservation_sid}, leg {link.worker_call_sid or 'none'}, to {link.contact_uri or '?'}"
    if link.answered_by or (link.answer and link.policy.owns_leg):
        yield f"  {_asking(link)}"
    if link.transferred_from:
        yield f"  given by {link.transferred_from}"
    yield from _given(link)
    if link.disposition or link.note_sid:
        note = f"; a note of {link.note_seconds} s: {link.note_sid}" if link.note_sid else ""
        yield f"  after the talk: {link.disposition or 'nothing pressed'}{note}"
    if link.message_of:
        yield f"  of the message {link.recording_sid} of call {link.message_of}"
    if link.work_say:
        yield f"  {_work(link)}"
    if link.crm_name or link.crm_whisper:
        yield f"  CRM: {link.crm_name}; said to the worker: {link.crm_whisper or 'nothing'}"


def _work(link: Link) -> str:
    if not link.policy.needs_phone:
        return f"on the card: {link.work_say}"
    return f"said to the worker: {link.work_say}; connected with {link.work_dial or 'nobody'}"


# What became of a caller whom the worker put on hold; a queue or a person is named as it is.
_ON_HOLD: Mapping[str, str] = {
    "": "the caller is on hold, or hung up there",
    BACK: "back to the caller",
    END: "hung up for both",
    LOST: "the worker chose nothing, and the caller went to somebody else",
    LEFT: "the caller was on hold for too long, and was led out",
}


def _given(link: Link) -> Iterator[str]:
    """What became of the caller during the talk."""
    if link.is_handed_over or link.consults:
        yield f"  talked first to {link.consult_name or 'nobody yet'}: {_transferred(link)}"
    elif link.held_at or link.transferred_to:
        yield f"  star key: {_transferred(link)}"
    if link.consult_of:
        yield f"  asked about the caller first{', and then had them' if link.took_over_at else ''}"


def _transferred(link: Link) -> str:
    to = link.transferred_to
    if link.is_handed_over:
        return f"the caller is handed over to {to.removeprefix(HANDED)}"
    name = queue_of(to) or to.removeprefix(f"{PERSON}:")
    return _ON_HOLD.get(to, f"the caller is given to {name}")


def _asking(link: Link) -> str:
    """How it was made sure that a person answers, and what came of it."""
    verdict = f"answered by: {link.answered_by} after {link.machine_ms / 1000:.1f} s" if link.answered_by else ""
    replies = ", then ".join(filter(None, (link.keys, link.reply)))
    asked = f"asked ({link.answer}): {f'pressed {replies}' if replies else 'no key'}" if link.asked_at else ""
    return "; ".join(filter(None, (verdict, asked))) or f"to be answered: {link.answer}"


def _moments(record: CallRecord) -> Iterator[Moment]:
    if record.call:
        known = {"at": "the task is made", "left_queue_at": "the caller is out of the queue"}
        known |= {f"{step}_at": f"the task is {step}" for step in ("wrapping", "completed", "canceled")}
        for field, what in known.items():
            if getattr(record.call, field):
                yield getattr(record.call, field), what
    yield from _of_callback(record.callback)
    yield from _notices(record)
    for link in record.links:
        yield from ((at, f"{_name(link)}: {what}") for at, what in _of_link(link) if at)


def _of_link(link: Link) -> Iterator[Moment]:
    """Each step, and when, or 0."""
    for state in STATES:
        yield getattr(link, f"{state}_at"), _ending(link) if state == "closed" else state
    yield link.approved_at, f"the CRM says yes: the worker may take {'it' if link.work else 'the caller'} at the desk"
    yield link.held_at, "the caller is on hold"
    yield link.transferred_at, _transferred(link)
    yield link.took_over_at, "has the caller"


# What a notice that stands beside a call tells of it, and that it was told.
_TOLD: Mapping[What, tuple[str, str]] = {
    "voicemail": ("the caller left a message", "a mail told of the message"),
    "callback": ("", "a mail told of the callback"),
    "after-talk": ("the worker ended the talk", "the worker was asked for a note"),
}


def _notices(record: CallRecord) -> Iterator[Moment]:
    for notice in record.notices:
        what, told = _TOLD.get(notice.what, ("", "a mail told of it"))
        if what:
            yield notice.at, what
        if notice.told_at:
            yield notice.told_at, told
    yield from _kept(record)


def _kept(record: CallRecord) -> Iterator[Moment]:
    for message in record.messages:
        told = (
            (message.kept_at, "kept in the bucket"),
            (message.deleted_at, "deleted at Twilio"),
            (message.heard_at, f"heard, {message.heard_by}"),
            (message.taken_at, f"in the hands of {message.taken_by}"),
            (message.done_at, f"done, {message.done_by}"),
        )
        yield from ((at, f"the message is {what}") for at, what in told if at)


def _ending(link: Link) -> str:
    return f"closed, {link.outcome}{_because(link)}"


def _because(link: Link) -> str:
    return f" ({link.reason})" if link.reason else ""


def _name(link: Link) -> str:
    return link.worker_name or link.worker_sid or link.reservation_sid


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
