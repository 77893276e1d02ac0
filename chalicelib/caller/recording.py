"""Twilio's status callback of a recording: its sound is there, or there is none (contract 14.3)."""

from chalicelib import jobs
from chalicelib.config import messages as settings
from chalicelib.links import messages
from chalicelib.links.model import message_key
from chalicelib.observability import log
from chalicelib.twilio.request import Webhook
from chalicelib.twilio.respond import NO_CONTENT, Answer
from chalicelib.twilio.values import count, sid, text


def take(webhook: Webhook) -> Answer:
    """Have the message kept, or drop what is none. Raises what AWS raises: then Twilio asks again."""
    if (sids := _of_message(webhook)) and settings.bucket():
        match webhook.form.get("RecordingStatus"):
            case "completed":
                _have_kept(*sids, webhook)
            case "absent":
                _drop(*sids, webhook)
    return NO_CONTENT


def take_text(webhook: Webhook) -> Answer:
    """Twilio has made a text of a message, or could not. Raises what AWS raises: then Twilio asks again.

    The job that deletes the recording at Twilio has waited for this; it deletes the text there also where the bucket
    was switched off meanwhile.
    """
    if sids := _of_message(webhook):
        form = webhook.form
        done = form.get("TranscriptionStatus") == "completed"
        known: dict[str, object] = {"text": text(form.get("TranscriptionText")) if done else ""}
        known |= {"transcription_sid": sid(form.get("TranscriptionSid")), "texted_at": webhook.at}
        messages.record(message_key(*sids), known, webhook.at)
        jobs.send(jobs.KeepMessage(*sids, base_url=webhook.base_url))
    return NO_CONTENT


def _of_message(webhook: Webhook) -> tuple[str, str] | None:
    """The sids of the call and of the recording; None where this is of none."""
    subject, recording_sid = sid(webhook.form.get("CallSid")), sid(webhook.form.get("RecordingSid"))
    return (subject, recording_sid) if subject and recording_sid.startswith("RE") else None


def _have_kept(subject: str, recording_sid: str, webhook: Webhook) -> None:
    """By a job; where there is none to be had, the row alone is enough for the sweep to send one later."""
    seconds = seconds_of(webhook)
    try:
        jobs.send(jobs.KeepMessage(subject, recording_sid, seconds, webhook.base_url))
    except Exception as error:
        log.warning("message is left to the sweep", recording_sid=recording_sid, why=type(error).__name__)
        known = {"base_url": webhook.base_url, "seconds": seconds}
        messages.record(message_key(subject, recording_sid), known, webhook.at)


def seconds_of(webhook: Webhook) -> int:
    """How long the recording is; -1 when Twilio does not say."""
    told = webhook.form.get("RecordingDuration", "")
    return count(told) if told.isdecimal() else -1


def _drop(subject: str, recording_sid: str, webhook: Webhook) -> None:
    if messages.drop(message_key(subject, recording_sid), webhook.at):
        log.info("message is nothing", recording_sid=recording_sid)
