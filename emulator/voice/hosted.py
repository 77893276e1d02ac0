"""Documents that Twilio itself hosts: the twimlets of tutorials, and TwiML Bins (contract 14.6). Pure."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape, quoteattr

TWIMLETS = "twimlets.com"
GREETING = "Please leave a message after the beep."  # what exactly a twimlet says is uncertain


def document(url: str, given: Mapping[str, str], registered: Mapping[str, str]) -> str | None:
    """The TwiML at `url` when it is one of `registered` or a twimlet; None when it is somebody else's.

    `given` are the parameters of the request; those of the query are the document's own.
    """
    bare = url.partition("#")[0].partition("?")[0]
    if url in registered or bare in registered:
        return registered.get(url) or registered[bare]
    parts = urlsplit(url)
    if parts.hostname not in {TWIMLETS, f"www.{TWIMLETS}"}:
        return None
    query = {**given, **dict(parse_qsl(parts.query))}
    made = {"voicemail": _voicemail, "holdmusic": _hold_music, "message": _message}.get(parts.path.strip("/"))
    return None if made is None else f"<Response>{made(url, query)}</Response>"


def _voicemail(url: str, query: Mapping[str, str]) -> str:
    """Say the message, record, say thanks. The mail to `Email` is not sent."""
    if "RecordingUrl" in query:
        return "<Say>Thank you. Good bye.</Say><Hangup/>"
    return f"{_said(query.get('Message') or GREETING)}<Record maxLength='120' action={quoteattr(url)}/><Hangup/>"


def _hold_music(url: str, _query: Mapping[str, str]) -> str:
    return (
        f"<Play>https://com.twilio.music.classical.s3.amazonaws.com/hold.mp3</Play><Redirect>{escape(url)}</Redirect>"
    )


def _message(_url: str, query: Mapping[str, str]) -> str:
    """`Message[0]`, `Message[1]` …, one after the other."""
    return "".join(_said(text) for name, text in query.items() if name.startswith("Message"))


def _said(text: str) -> str:
    is_url = text.startswith(("http://", "https://"))
    return f"<Play>{escape(text)}</Play>" if is_url else f"<Say>{escape(text)}</Say>"
