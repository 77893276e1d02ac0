"""Recordings that Twilio has: which, their sound, and their end."""

from datetime import date

import msgspec

from chalicelib.config import environment, secrets
from chalicelib.twilio.rest.client import PAGE_SIZE, client, credentials, timeout
from chalicelib.twilio.rest.failures import TwilioRejected, already_done, as_ours, errors, pages
from chalicelib.twilio.rest.values import epoch

API_URL = "https://api.twilio.com"
MOST_SOUND_BYTES = 64 * 1024 * 1024  # four hours in two channels


class Recorded(msgspec.Struct, frozen=True):
    """A recording that Twilio has: whose leg was recorded, how, how long it is, and when it was made."""

    sid: str
    call_sid: str
    source: str
    seconds: int  # -1: not known
    created_at: float


def since(day: date, limit: int) -> list[Recorded]:
    """Up to `limit` recordings of this day and later that are not deleted, newest first.

    Raises TwilioRejected, NotDone.
    """
    with errors(), pages():
        found = client().recordings.list(date_created_after=day, limit=limit, page_size=min(limit, PAGE_SIZE))
    return [
        Recorded(
            str(one.sid),
            str(one.call_sid or ""),
            str(one.source),
            int(one.duration) if str(one.duration or "").isdecimal() else -1,
            epoch(one.date_created),
        )
        for one in found
    ]


def url_of(recording_sid: str) -> str:
    """Where Twilio has it."""
    current = environment.current()
    return f"{current.twilio_api_url or API_URL}/2010-04-01/Accounts/{current.account_sid}/Recordings/{recording_sid}"


def sound(recording_sid: str) -> bytes:
    """The sound of a recording, as mp3. Raises TwilioRejected: there is none, or it is too large. Raises NotDone.

    It is asked for where our own account has it, whatever URL was told (contract 14.3).
    """
    from chalicelib.twilio import transport

    with errors():
        auth = credentials(secrets.current())
        status, found = transport.fetch(f"{url_of(recording_sid)}.mp3", auth, timeout(), MOST_SOUND_BYTES)
    if status != 200:
        raise as_ours(status, 0, "no sound")
    if len(found) > MOST_SOUND_BYTES:
        raise TwilioRejected(413, "the sound is too large")
    return found


def delete(recording_sid: str) -> None:
    """Delete a recording; one that Twilio no longer has is done (contract 3.3). Raises TwilioRejected, NotDone."""
    with errors(), already_done(20404):
        client().recordings(recording_sid).delete()


def delete_transcription(transcription_sid: str) -> None:
    """Delete the text of a recording; one that Twilio no longer has is done. Raises TwilioRejected, NotDone."""
    with errors(), already_done(20404):
        client().transcriptions(transcription_sid).delete()
