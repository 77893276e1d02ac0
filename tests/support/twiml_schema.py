"""What Twilio takes as TwiML, written down a second time: the doors are held against this and not against the library
that wrote the documents.

Strict: a verb, an attribute, a value or a text that the table does not name is a fault, though Twilio might bear it.
The table has what an application of this kind may speak, not all of TwiML. Sources: contract 1.4, 3.1 to 3.3.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

MAX_BYTES = 64 * 1024  # Twilio's error 11750 beyond it
MAX_QUEUE_NAME = 64

Rule = Callable[[str], bool]


def _like(pattern: str) -> Rule:
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None


def _between(low: int, high: int) -> Rule:
    return lambda value: re.fullmatch("[0-9]{1,10}", value) is not None and low <= int(value) <= high


def _json_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


_URL_PATTERN = r"https?://[A-Za-z0-9.-]+(:[0-9]+)?(/[^\s<>\"]*)?"  # a host with an underscore is refused
_URL = _like(_URL_PATTERN)
_URL_OR_SAME = _like(f"({_URL_PATTERN})?")
_METHOD = _like("GET|POST")
_BOOLEAN = _like("true|false")
_LANGUAGE = _like("[a-z]{2,3}-[A-Z]{2}")
_KEYS = _like("[0-9*#]*")
_NOTHING = _like(r"\s*")
_WORDS = _like(r"(?s).*\S.*")
_QUEUE_NAME = _like(rf"(?s)\s*.{{0,{MAX_QUEUE_NAME}}}\s*")


def _sid(prefix: str) -> Rule:
    return _like(prefix + "[0-9a-fA-F]{32}")


class Verb(NamedTuple):
    attributes: Mapping[str, Rule]
    text: Rule = _NOTHING
    children: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    most: int | None = None  # children at most


_TIMED = {"action": _URL, "method": _METHOD, "timeout": _between(1, 600)}

VERBS: Mapping[str, Verb] = {
    "Say": Verb({"voice": _like("[A-Za-z.-]+"), "language": _LANGUAGE, "loop": _between(0, 1000)}, _WORDS),
    "Play": Verb({"loop": _between(0, 1000), "digits": _like("[0-9*#w]+")}, _URL),
    "Pause": Verb({"length": _between(1, 3600)}),
    "Gather": Verb(
        _TIMED
        | {
            "input": _like("dtmf|speech|dtmf speech"),
            "language": _LANGUAGE,
            "numDigits": _between(1, 32),
            "hints": _like(r"[^<>]{1,5000}"),
            "finishOnKey": _KEYS,
            "speechTimeout": _like("auto|[0-9]+"),
            "actionOnEmptyResult": _BOOLEAN,
            "bargeIn": _BOOLEAN,
        },
        children=frozenset({"Say", "Play", "Pause"}),
    ),
    "Record": Verb(
        _TIMED
        | {
            "maxLength": _between(1, 14400),
            "finishOnKey": _KEYS,
            "playBeep": _BOOLEAN,
            "trim": _like("trim-silence|do-not-trim"),
        },
        required=frozenset({"action"}),  # without one Twilio asks for the same document again: a loop
    ),
    "Start": Verb({}, children=frozenset({"Recording"}), most=1),
    "Stop": Verb({}, children=frozenset({"Recording"}), most=1),
    "Recording": Verb(
        {
            "name": _WORDS,
            "recordingStatusCallback": _like(_URL_PATTERN),  # absolute, otherwise 11200
            "recordingStatusCallbackEvent": _like("(in-progress|completed|absent)( (in-progress|completed|absent))*"),
            "recordingStatusCallbackMethod": _METHOD,
            "trim": _like("trim-silence|do-not-trim"),
            "channels": _like("mono|dual"),
        }
    ),
    "Redirect": Verb({"method": _METHOD}, _URL_OR_SAME),
    "Reject": Verb({"reason": _like("rejected|busy")}),
    "Hangup": Verb({}),
    "Leave": Verb({}),
    "Enqueue": Verb(
        {
            "action": _URL,
            "method": _METHOD,
            "waitUrl": _URL_OR_SAME,
            "waitUrlMethod": _METHOD,
            "workflowSid": _sid("WW"),
            "maxQueueSize": _between(1, 5000),
        },
        _QUEUE_NAME,
        frozenset({"Task"}),
        most=1,
    ),
    "Task": Verb({"priority": _between(0, 2**31 - 1), "timeout": _between(1, 1209600)}, _json_object),
    "Dial": Verb(
        _TIMED | {"hangupOnStar": _BOOLEAN, "timeLimit": _between(1, 86400), "answerOnBridge": _BOOLEAN},
        children=frozenset({"Queue", "Conference"}),
        most=1,
    ),
    "Conference": Verb(
        {
            "beep": _like("true|false|onEnter|onExit"),
            "startConferenceOnEnter": _BOOLEAN,
            "endConferenceOnExit": _BOOLEAN,
            "waitUrl": _URL,
        },
        _QUEUE_NAME,
    ),
    "Queue": Verb(
        {"reservationSid": _sid("WR"), "postWorkActivitySid": _sid("WA"), "url": _URL, "method": _METHOD}, _QUEUE_NAME
    ),
}

TOP = frozenset(VERBS) - {"Task", "Queue", "Recording", "Conference"}
WAITING = frozenset({"Play", "Say", "Pause", "Hangup", "Redirect", "Leave", "Gather"})  # contract 3.1, waitUrl
LAST = frozenset({"Redirect", "Hangup", "Reject", "Leave"})  # nothing after these is run


class Invalid(Exception):
    """Not TwiML that Twilio is known to take; the text lists every fault."""


def check(document: str, *, waiting: bool = False) -> Element:
    """The parsed document. `waiting`: it is asked for by a waitUrl, where fewer verbs are allowed. Raises Invalid."""
    root = _parse(document)
    faults = [*_of_root(root), *(fault for verb in root for fault in _of_verb(verb, WAITING if waiting else TOP))]
    faults += [f"<{verb.tag}> is not the last verb" for verb in list(root)[:-1] if verb.tag in LAST]
    if faults:
        raise Invalid("; ".join(faults))
    return root


def _parse(document: str) -> Element:
    try:
        text = document.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Invalid(f"no UTF-8: {error.reason}") from None
    if len(text) > MAX_BYTES:
        raise Invalid(f"{len(text)} bytes")
    if not text.startswith(b"<") or b"<!" in text:
        raise Invalid("something stands before the document, or a document type in it")
    try:
        return ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise Invalid(f"no XML: {error}") from None


def _of_root(root: Element) -> Iterator[str]:
    if root.tag != "Response" or root.attrib:
        yield f"the root is <{root.tag}> with {len(root.attrib)} attributes"
    if _own_text(root).strip():
        yield "text outside of a verb"


def _of_verb(element: Element, allowed: frozenset[str]) -> Iterator[str]:
    verb = VERBS.get(element.tag)
    if verb is None or element.tag not in allowed:
        yield f"<{element.tag}> is not allowed here"
        return
    for name, value in element.attrib.items():
        if name not in verb.attributes or not verb.attributes[name](value):
            yield f"<{element.tag} {name}={value[:80]!r}>"
    yield from (f"<{element.tag}> without {name}" for name in verb.required - set(element.attrib))
    if not verb.text(_own_text(element)):
        yield f"<{element.tag}> says {_own_text(element)[:80]!r}"
    if verb.most is not None and len(element) > verb.most:
        yield f"<{element.tag}> holds {len(element)}"
    yield from (fault for child in element for fault in _of_verb(child, verb.children))
    yield from _of_queues(element)


def _of_queues(element: Element) -> Iterator[str]:
    """A queue is named once: by a workflow or a reservation, or by its name."""
    for tag, attribute in (("Enqueue", "workflowSid"), ("Queue", "reservationSid")):
        if element.tag == tag and (attribute in element.attrib) == bool(_own_text(element).strip()):
            yield f"<{tag}> needs either {attribute} or a name"
    if element.tag == "Queue" and "postWorkActivitySid" in element.attrib and "reservationSid" not in element.attrib:
        yield "<Queue> with postWorkActivitySid but no reservationSid"
    if element.tag == "Dial" and len(element) == 0:
        yield "<Dial> without a noun"


def _own_text(element: Element) -> str:
    return (element.text or "") + "".join(child.tail or "" for child in element)
