"""A caller's message, as the sweep looks at it: it is kept in the bucket, deleted at Twilio, offered to a worker."""

from chalicelib import jobs
from chalicelib.config import messages as settings
from chalicelib.config.schema import DAY_SECONDS
from chalicelib.lifecycle import recorded
from chalicelib.lifecycle.recorded import NOT_KEPT_SECONDS, REFUSED_SECONDS, SOON_SECONDS
from chalicelib.links import messages, table
from chalicelib.links.model import TALK, Message, deleted_at_twilio, recording_of
from chalicelib.observability import log, metrics
from chalicelib.storage import offering
from chalicelib.twilio import rest
from chalicelib.work import posting


def look(due: table.Due, now: float) -> str:
    """What was done about a recording whose time has come. Raises rest.NotDone: Twilio cannot be reached."""
    key = due.key
    log.bind(recording_sid=recording_of(key))
    try:
        if key.reservation_sid.startswith(TALK):
            return recorded.look(due, now)
        if now >= deleted_at_twilio(due.expires_at):
            return _delete_recording(due, now)
        message = messages.reschedule(key, due.check_at, now + SOON_SECONDS)
        if not settings.bucket():  # it was on when this message was left
            messages.reschedule(key, message.check_at, message.delete_at)
            return "left at Twilio"
        return _keep_again(message, now)
    except table.ConditionFailed:
        return "taken"  # it is kept now, or another sweep has it


def _keep_again(message: Message, now: float) -> str:
    """Its status callback, or its job, is lost or failed: again after twice the time, each hour in the end."""
    if message.transcription_job and message.waits_for_text(now):  # a job asks each minute how far its text is
        jobs.send(jobs.KeepMessage(message.subject, message.recording_sid, message.seconds, message.base_url))
        return "left for its text"
    age = now - message.at
    if age >= DAY_SECONDS:
        log.error("message is not kept", metrics.of(metrics.MESSAGES_NOT_KEPT))
    messages.reschedule(message.key, message.check_at, now + min(max(age, SOON_SECONDS), NOT_KEPT_SECONDS))
    jobs.send(jobs.KeepMessage(message.subject, message.recording_sid, message.seconds, message.base_url))
    return "message sent again"


def _delete_recording(due: table.Due, now: float) -> str:
    """Two sweeps at once, or one that dies after the first step, delete what is gone: that is done too."""
    try:
        rest.recordings.delete(recording_of(due.key))
    except rest.TwilioRejected as error:
        log.error("recording cannot be deleted", why=str(error))
        messages.reschedule(due.key, due.check_at, now + REFUSED_SECONDS)
        return "left refused"
    messages.forget(due.key)
    return "recording deleted"


def look_at_offer(due: table.Due, now: float) -> str:
    """The same about a message that is offered."""
    log.bind(recording_sid=recording_of(due.key))
    try:
        return offering.look(messages.reschedule(due.key, due.check_at, now + SOON_SECONDS), now)
    except (table.ConditionFailed, posting.AtWork):
        return "taken"
