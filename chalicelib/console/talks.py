"""A recorded talk is listened to: each time it is kept who did, as on the staff number."""

from collections.abc import Mapping

from chalicelib.console import sounds
from chalicelib.console.answers import Asked, NotFound
from chalicelib.links import reading, talks
from chalicelib.links.model import talk_key
from chalicelib.observability import log


def hear(asked: Asked) -> Mapping[str, str]:
    """The URL of its sound. Raises NotFound, Wrong."""
    asked.one_of("did", ("hear",))
    subject, recording = asked.path.get("subject", ""), asked.path.get("recording", "")
    talk = reading.of_call(subject).talk(talk_key(subject, recording)) if subject else None
    if talk is None or talk.dropped_at or talk.ending_at:
        raise NotFound("there is no such talk")
    talks.note_heard(talk, asked.person.mail, asked.at)
    log.info("talk is heard", call_sid=subject, recording_sid=recording)
    return {"sound": sounds.url(talk)}
