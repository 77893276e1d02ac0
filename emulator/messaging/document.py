"""The TwiML that answers a message: what is sent back, and where it goes on (contract 14.5). Pure."""

from dataclasses import dataclass
from xml.etree.ElementTree import Element

from emulator.ports import Method, TwilioError, WebFailure, WebResponse, WebResult
from emulator.twiml import inner_text, response


@dataclass(frozen=True)
class Reply:
    """One `<Message>`; an empty `to` is whoever wrote, an empty `from_` the number that was written to."""

    body: str
    media: tuple[str, ...] = ()
    to: str = ""
    from_: str = ""
    callback: str = ""


@dataclass(frozen=True)
class Answer:
    """`unknown` are the elements that are no TwiML of messages."""

    replies: tuple[Reply, ...] = ()
    redirect: str | None = None
    redirect_method: Method = "POST"
    unknown: tuple[str, ...] = ()


def read(result: WebResult) -> Answer:
    """What the application answered. TwilioError 11200, 11205, 12100 or 12300 (contract 1.4)."""
    if isinstance(result, WebFailure):
        raise TwilioError(11205, f"HTTP connection failure: {result.kind}")
    if result.status // 100 != 2:
        raise TwilioError(11200, f"HTTP retrieval failure: the answer's status is {result.status}")
    kind = result.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "text/plain":
        return _plain(result)
    if kind not in {"text/xml", "application/xml", "text/html"}:
        raise TwilioError(12300, f"Invalid Content-Type: {kind or 'none'}")
    return _answer(response(result.body))


def _plain(result: WebResponse) -> Answer:
    text = result.body.decode(errors="replace").strip()
    return Answer((Reply(text),)) if text else Answer()


def _answer(root: Element) -> Answer:
    """Nothing after a Redirect counts."""
    elements = list(root)
    at = next((i for i, one in enumerate(elements) if one.tag == "Redirect"), len(elements))
    redirect = elements[at] if at < len(elements) else None
    before = elements[:at]
    return Answer(
        replies=tuple(_reply(one) for one in before if one.tag in {"Message", "Sms"}),
        redirect=None if redirect is None else inner_text(redirect),
        redirect_method="GET" if redirect is not None and redirect.get("method") == "GET" else "POST",
        unknown=tuple(one.tag for one in before if one.tag not in {"Message", "Sms"}),
    )


def _reply(element: Element) -> Reply:
    """The text stands in `<Body>`, or right in the verb."""
    body = element.find("Body")
    return Reply(
        body=inner_text(body) if body is not None else (element.text or "").strip(),
        media=tuple(inner_text(one) for one in element.findall("Media")),
        to=element.get("to", ""),
        from_=element.get("from", ""),
        callback=element.get("statusCallback", "") or element.get("action", ""),
    )
