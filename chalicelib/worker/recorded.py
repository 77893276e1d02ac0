"""Twilio's status callback of a recorded talk: its sound is there, or there is none (contract 14.3)."""

from chalicelib import jobs
from chalicelib.links import reading, talks
from chalicelib.links.model import Key, Link, talk_key
from chalicelib.observability import log
from chalicelib.twilio.request import Webhook
from chalicelib.twilio.respond import NO_CONTENT, Answer
from chalicelib.twilio.values import count, sid
from chalicelib.worker.request import key_of


def take(webhook: Webhook) -> Answer:
    """Have the talk kept, or note that there is nothing. Raises what AWS raises: then Twilio asks again.

    The path has the link. Whose CallSid Twilio says, and which URL, is not looked at.
    """
    key, recording_sid = key_of(webhook), sid(webhook.form.get("RecordingSid"))
    if key is None or not recording_sid.startswith("RE"):
        log.warning("recording of no talk")
        return NO_CONTENT
    match webhook.form.get("RecordingStatus"):
        case "completed":
            _have_kept(key, recording_sid, webhook)
        case "absent":
            talks.drop(talk_key(key.subject, recording_sid), webhook.at)
            log.info("recording is nothing", recording_sid=recording_sid)
    return NO_CONTENT


def _have_kept(key: Key, recording_sid: str, webhook: Webhook) -> None:
    """By a job; where there is none to be had, the row alone is enough for the sweep to send one later."""
    told = webhook.form.get("RecordingDuration", "")
    seconds = count(told) if told.isdecimal() else -1
    try:
        jobs.send(jobs.KeepTalk(key.subject, key.reservation_sid, recording_sid, seconds))
    except Exception as error:
        log.warning("recording is left to the sweep", recording_sid=recording_sid, why=type(error).__name__)
        link = reading.of_call(key.subject).link(key) or Link(subject=key.subject, reservation_sid=key.reservation_sid)
        talks.record(link, recording_sid, {"seconds": seconds}, webhook.at)
