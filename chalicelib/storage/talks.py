"""A recorded talk from Twilio to the bucket: fetched, put, looked at, noted, and only then deleted at Twilio.

Each step may be done twice, also by two jobs at once, and a job that dies anywhere is made good by the next one.
"""

from chalicelib import jobs
from chalicelib.config import messages as settings
from chalicelib.links import reading, talks
from chalicelib.links.model import Link, Talk, is_too_short, talk_key
from chalicelib.observability import log
from chalicelib.storage import bucket
from chalicelib.storage.keep import NotWhole
from chalicelib.twilio import rest


def keep(job: jobs.KeepTalk, now: float) -> None:
    """Keep this talk, as far as that is not done; at Twilio, where messages stay there.

    Raises NotWhole, NotDone, TwilioRejected and what AWS raises.
    """
    record = reading.of_call(job.subject)
    link = record.link(job.key) or Link(subject=job.subject, reservation_sid=job.reservation_sid)
    talk = record.talk(talk_key(job.subject, job.recording_sid))
    if talk is None or (talk.seconds < 0 <= job.seconds):
        talk = talks.record(link, job.recording_sid, {"seconds": job.seconds}, now)
    if talk.is_over or talk.ending_at:
        return
    if is_too_short(talk.seconds):
        _drop(talk, now)
        return
    if not settings.bucket():
        return
    if not talk.kept_at:
        _store(talk, now)
    rest.recordings.delete(talk.recording_sid)
    talks.close(talk, now)
    log.info("recording is kept", recording_sid=talk.recording_sid)


def _drop(talk: Talk, now: float) -> None:
    rest.recordings.delete(talk.recording_sid)
    if talks.drop(talk.key, now):
        log.info("recording is nothing", recording_sid=talk.recording_sid)


def _store(talk: Talk, now: float) -> None:
    name = bucket.name_of(talk)
    sound = rest.recordings.sound(talk.recording_sid)
    bucket.put(name, sound, bucket.EXPIRES)
    if bucket.size(name) != len(sound):
        raise NotWhole(name)
    talks.mark_kept(talk, name, len(sound), now)
