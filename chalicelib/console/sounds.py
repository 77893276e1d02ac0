"""Where a browser plays what was recorded."""

from chalicelib.config import messages
from chalicelib.links.model import Message, Talk
from chalicelib.storage import bucket
from chalicelib.twilio import rest


def url(recorded: Message | Talk) -> str:
    """Of the team's bucket for five minutes, where it is kept there; else Twilio's own."""
    if messages.bucket() and recorded.kept_at:
        return bucket.url(recorded.stored_as)
    return f"{rest.recordings.url_of(recorded.recording_sid)}.mp3"
