"""A recorded talk is listened to: each time it is kept who did, as on the staff number."""

from collections.abc import Mapping

from chalicelib.config import messages
from chalicelib.console.answers import Asked, NotFound
from chalicelib.links import table, talks
from chalicelib.links.model import talk_key
from chalicelib.observability import log
from chalicelib.storage import bucket
from chalicelib.twilio import rest


def hear(asked: Asked) -> Mapping[str, str]:
    """The URL of its sound: of the team's bucket for five minutes, else Twilio's own. Raises NotFound, Wrong."""
    asked.one_of("did", ("hear",))
    subject, recording = asked.path.get("subject", ""), asked.path.get("recording", "")
    talk = table.find_call(subject).talk(talk_key(subject, recording)) if subject else None
    if talk is None or talk.dropped_at or talk.ending_at:
        raise NotFound("there is no such talk")
    talks.note_heard(talk, asked.person.mail, asked.at)
    log.info("talk is heard", call_sid=subject, recording_sid=recording)
    in_bucket = messages.bucket() and talk.kept_at
    return {"sound": bucket.url(talk.stored_as) if in_bucket else f"{rest.recording_url(recording)}.mp3"}
