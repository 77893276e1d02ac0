"""The sweep looks at a recorded talk: one that is yet to be kept, or whose time is over."""

from chalicelib import jobs
from chalicelib.config import messages as settings
from chalicelib.config.schema import DAY_SECONDS
from chalicelib.links import table, talks
from chalicelib.links.model import Talk
from chalicelib.observability import log, metrics
from chalicelib.storage import bucket
from chalicelib.twilio import rest

SOON_SECONDS = 45  # less than a minute: the next sweep looks again
NOT_KEPT_SECONDS = 3600  # one that is still not kept is tried again after this
REFUSED_SECONDS = 24 * 3600  # one that Twilio refuses to delete is tried again after this


def look(due: table.Due, now: float) -> str:
    """Says what it did. Raises table.ConditionFailed: another sweep has it; NotDone, and what AWS raises."""
    talk = talks.reschedule(due.key, due.check_at, now + SOON_SECONDS)
    waits_for_bucket = bool(settings.bucket()) and not talk.deleted_at
    if talk.held_at and not waits_for_bucket:
        talks.look_no_more(talk.key)
        return "left held"
    if now >= talk.ends_at and not talk.held_at:
        return _end(talk, now)
    if waits_for_bucket:
        return _keep_again(talk, now)
    talks.reschedule(talk.key, talk.check_at, talk.ends_at)
    return "left kept"


def _keep_again(talk: Talk, now: float) -> str:
    """Its status callback, or its job, is lost or failed: again after twice the time, each hour in the end."""
    age = now - talk.at
    if age >= DAY_SECONDS:
        log.error("recording is not kept", metrics.of(metrics.MESSAGES_NOT_KEPT))
    talks.reschedule(talk.key, talk.check_at, now + min(max(age, SOON_SECONDS), NOT_KEPT_SECONDS))
    jobs.send(jobs.KeepTalk(talk.subject, talk.reservation_sid, talk.recording_sid, talk.seconds))
    return "recording sent again"


def _end(talk: Talk, now: float) -> str:
    """From the first write on nobody can hold it. A sweep that dies in between is made good by the next one."""
    talks.begin_end(talk.key, now)
    try:
        if not talk.deleted_at:
            rest.recordings.delete(talk.recording_sid)
    except rest.TwilioRejected as error:
        log.error("recording cannot be deleted", why=str(error))
        talks.reschedule(talk.key, talk.check_at, now + REFUSED_SECONDS)
        return "left refused"
    if talk.stored_as:
        bucket.delete(talk.stored_as)
    talks.forget(talk)
    return "recording deleted"
