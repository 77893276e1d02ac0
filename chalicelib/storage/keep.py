"""A message from Twilio to the bucket: fetched, put, looked at, noted, and only then deleted at Twilio.

Each step may be done twice, also by two jobs at once, and a job that dies anywhere is made good by the next one.
"""

from chalicelib import jobs
from chalicelib.config import callcenter
from chalicelib.config import messages as settings
from chalicelib.links import caller_leg, messages, reading
from chalicelib.links.model import Call, CallRecord, Message, Notice, message_key
from chalicelib.observability import log
from chalicelib.storage import bucket, offering
from chalicelib.tell import outbox
from chalicelib.twilio import rest
from chalicelib.work import posting

ACTION_SECONDS = 60  # within which the action of a recording comes, or its fallback


class NotWhole(Exception):
    """The object in the bucket is not as large as what was put there."""


def keep(job: jobs.KeepMessage, now: float) -> None:
    """Keep this message, as far as that is not done. Raises NotWhole, NotDone, TwilioRejected and what AWS raises."""
    record = reading.of_call(job.subject)
    if not settings.bucket():  # it was switched off meanwhile: the message stays at Twilio until its time is over
        _delete_text_of(record.message(message_key(job.subject, job.recording_sid)))
        return
    message = _noted(job, record, now)
    if message.is_over:
        _delete_text(message)  # which came after that
        return
    if message.is_nothing:
        _drop(message, now)
        return
    if not message.kept_at:
        message = _store(message, now)
    if _waits_for_line(message, now):
        return  # the sweep sends another job
    if callcenter.current().offers(message.line) and not message.task_sid:
        message = _offer(message, record.call, now)
    message = _have_transcribed(message, now)
    if callcenter.current().transcribes(message.line) and message.waits_for_text(now):
        return  # Twilio needs the recording for its text; the callback of the text, or the sweep, sends another job
    rest.recordings.delete(message.recording_sid)
    _delete_text(message)
    messages.close(message, now)
    log.info("message is kept", recording_sid=message.recording_sid)


def _noted(job: jobs.KeepMessage, record: CallRecord, now: float) -> Message:
    """The message as the table has it, with what the status callback told of it, and the call's line."""
    key = message_key(job.subject, job.recording_sid)
    known = {"base_url": job.base_url, "seconds": job.seconds}
    message = record.message(key)
    if message is None or message.seconds < 0 <= job.seconds:
        message = messages.record(key, known, now)
    if message.line or message.is_over or message.is_nothing or not record.call:
        return message
    return _make_up_for_action(message, record.call, now)


def _waits_for_line(message: Message, now: float) -> bool:
    """Whether somebody may have to hear it, and whose it is nobody has said yet."""
    center = callcenter.current()
    return not message.line and now < message.at + ACTION_SECONDS and any(map(center.offers, center.lines))


def _have_transcribed(message: Message, now: float) -> Message:
    if not (callcenter.current().transcribes_by_amazon(message.line) and message.waits_for_text(now)):
        return message
    from chalicelib.storage import transcribing

    return transcribing.go_on(message, now)


def _delete_text_of(message: Message | None) -> None:
    if message:
        _delete_text(message)


def _delete_text(message: Message) -> None:
    """Where it was made, it is not needed: it stands in the table."""
    if message.transcription_sid:
        rest.recordings.delete_transcription(message.transcription_sid)
    if message.transcription_job:
        from chalicelib.storage import transcribing

        transcribing.delete(message.transcription_job)


def _drop(message: Message, now: float) -> None:
    rest.recordings.delete(message.recording_sid)
    if messages.drop(message.key, now):
        log.info("message is nothing", recording_sid=message.recording_sid)


def _make_up_for_action(message: Message, call: Call, now: float) -> Message:
    """The action has not come, or not yet: the call has its message all the same, and people are told of it."""
    url, seconds = rest.recordings.url_of(message.recording_sid), max(message.seconds, 0)
    known = {"voicemail_url": url, "voicemail_seconds": seconds}
    caller_leg.record(message.subject, {}, now, defaults=known)
    notice = Notice(
        what="voicemail",
        about=message.subject,
        line=call.line,
        at=message.at,
        caller=call.caller,
        recording_sid=message.recording_sid,
        seconds=seconds,
        base_url=message.base_url,
    )
    outbox.order(notice)
    return messages.record(message.key, {"line": call.line}, now)


def _offer(message: Message, call: Call | None, now: float) -> Message:
    """Should Twilio refuse its task for good, the message is in the bucket all the same, and told by mail."""
    try:
        return offering.offer(message, call, now)
    except (rest.TwilioRejected, posting.AnotherOrder) as error:
        log.error("no worker is rung for the message", recording_sid=message.recording_sid, why=str(error))
        return message


def _store(message: Message, now: float) -> Message:
    name = bucket.name_of(message)
    sound = rest.recordings.sound(message.recording_sid)
    bucket.put(name, sound)
    if bucket.size(name) != len(sound):
        raise NotWhole(name)
    return messages.mark_kept(message.key, name, len(sound), now)
