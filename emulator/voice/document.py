"""TwiML documents as typed verbs (contract 3). Pure: text in, verbs out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from emulator.twiml import inner_text, response
from emulator.voice.coverage import NOUNS, PHONES, not_imitated, unknown_to_twilio


@dataclass(frozen=True)
class Say:
    text: str
    loop: int = 1


@dataclass(frozen=True)
class Play:
    url: str
    loop: int = 1


@dataclass(frozen=True)
class Pause:
    seconds: float = 1.0


Prompt = Say | Play | Pause


@dataclass(frozen=True)
class Gather:
    prompts: tuple[Prompt, ...] = ()
    input: frozenset[str] = frozenset({"dtmf"})
    action: str = ""
    method: str = "POST"
    timeout: float = 5.0
    finish_on_key: str = "#"
    num_digits: int | None = None
    action_on_empty_result: bool = False
    barge_in: bool = True


@dataclass(frozen=True)
class NounCallback:
    """The callback of a noun or a verb; `events` as the attribute has them, None when it is absent."""

    url: str = ""
    method: str = "POST"
    events: frozenset[str] | None = None


@dataclass(frozen=True)
class Record:
    action: str = ""
    method: str = "POST"
    timeout: float = 5.0
    finish_on_key: str = "1234567890*#"
    max_length: float = 3600.0
    recording_callback: NounCallback = NounCallback()
    transcribe: bool = False
    transcribe_callback: str = ""


@dataclass(frozen=True)
class Redirect:
    url: str
    method: str = "POST"


@dataclass(frozen=True)
class Reject:
    reason: str = "rejected"


@dataclass(frozen=True)
class Hangup:
    pass


@dataclass(frozen=True)
class Leave:
    pass


@dataclass(frozen=True)
class Enqueue:
    """`wait_url` is None when the attribute is absent (Twilio's own music), "" for silence."""

    name: str = ""
    workflow_sid: str = ""
    action: str = ""
    method: str = "POST"
    wait_url: str | None = None
    wait_url_method: str = "POST"
    max_queue_size: int | None = None
    task_attributes: str = ""
    priority: int = 0
    timeout: int | None = None


@dataclass(frozen=True)
class QueueNoun:
    name: str = ""
    reservation_sid: str = ""
    post_work_activity_sid: str = ""
    url: str = ""
    method: str = "POST"


@dataclass(frozen=True)
class PhoneNoun:
    """A number, a client or a SIP address that is rung; `to` is as POST /Calls has it."""

    to: str
    url: str = ""
    method: str = "POST"
    callback: NounCallback = NounCallback()
    machine_detection: str = ""
    amd_status_callback: str = ""
    amd_status_callback_method: str = "POST"


@dataclass(frozen=True)
class ConferenceNoun:
    """`wait_url` is None when the attribute is absent (Twilio's own music), "" for silence."""

    name: str
    muted: bool = False
    start_on_enter: bool = True
    end_on_exit: bool = False
    wait_url: str | None = None
    wait_method: str = "POST"
    max_participants: int | None = None
    coach: str = ""
    label: str = ""
    record: str = ""
    callback: NounCallback = NounCallback()
    recording_callback: NounCallback = NounCallback()


Noun = QueueNoun | ConferenceNoun | tuple[PhoneNoun, ...]


@dataclass(frozen=True)
class Dial:
    """`noun` is None when it is one that the emulator does not know; `unknown` names it."""

    noun: Noun | None
    unknown: str = ""
    action: str = ""
    method: str = "POST"
    timeout: float = 30.0
    hangup_on_star: bool = False
    time_limit: float = 14400.0
    caller_id: str = ""
    answer_on_bridge: bool = False
    sequential: bool = False
    record: str = ""
    recording_callback: NounCallback = NounCallback()


@dataclass(frozen=True)
class StartRecording:
    """`name` is that by which a Stop finds it."""

    channels: int = 2
    callback: NounCallback = NounCallback()
    name: str = ""


@dataclass(frozen=True)
class StopRecording:
    name: str


@dataclass(frozen=True)
class Unknown:
    name: str


Verb = (
    Say
    | Play
    | Pause
    | Gather
    | Record
    | Redirect
    | Reject
    | Hangup
    | Leave
    | Enqueue
    | Dial
    | StartRecording
    | StopRecording
    | Unknown
)


@dataclass(frozen=True)
class Document:
    """`not_imitated` says in words what the document asks for and does not get, `unknown` what is no TwiML at all."""

    verbs: tuple[Verb, ...]
    not_imitated: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def parse(text: bytes) -> Document:
    """The verbs of a TwiML document, in order.

    TwilioError 12100: no XML, blanks before the declaration, or another root than `Response` (contract 1.4).
    """
    root = response(text)
    missing = tuple(what for element in root for what in not_imitated(element))
    unknown = tuple(what for element in root for what in unknown_to_twilio(element))
    return Document(tuple(_verb(element) for element in root), missing, unknown)


def _verb(element: Element) -> Verb:
    reader = _READERS.get(element.tag)
    return reader(element) if reader else Unknown(element.tag)


def _number(attributes: Mapping[str, str], name: str, default: float) -> float:
    try:
        return float(attributes.get(name, default))
    except ValueError:
        return default


def _whole(attributes: Mapping[str, str], name: str) -> int | None:
    value = attributes.get(name, "")
    return int(value) if value.isdecimal() else None


def _loop(element: Element) -> int:
    """`loop="0"` means for ever; 1000 times is as long as Twilio plays."""
    times = _whole(element.attrib, "loop")
    return 1 if times is None else times or 1000


def _yes(attributes: Mapping[str, str], name: str, default: bool) -> bool:
    return attributes.get(name, str(default)).lower() == "true"


def _method(attributes: Mapping[str, str], name: str = "method") -> str:
    return attributes.get(name, "POST").upper()


def _say(element: Element) -> Say:
    return Say(" ".join(inner_text(element).split()), _loop(element))


def _play(element: Element) -> Play:
    return Play(inner_text(element), _loop(element))


def _pause(element: Element) -> Pause:
    return Pause(_number(element.attrib, "length", 1.0))


def _gather(element: Element) -> Gather:
    given = element.attrib
    prompts = tuple(verb for verb in map(_verb, element) if isinstance(verb, Say | Play | Pause))
    return Gather(
        prompts=prompts,
        input=frozenset(given.get("input", "dtmf").split()),
        action=given.get("action", ""),
        method=_method(given),
        timeout=_number(given, "timeout", 5.0),
        finish_on_key=given.get("finishOnKey", "#"),
        num_digits=_whole(given, "numDigits"),
        action_on_empty_result=_yes(given, "actionOnEmptyResult", False),
        barge_in=_yes(given, "bargeIn", True),
    )


def _record(element: Element) -> Record:
    given = element.attrib
    return Record(
        action=given.get("action", ""),
        method=_method(given),
        timeout=_number(given, "timeout", 5.0),
        finish_on_key=given.get("finishOnKey", "1234567890*#"),
        max_length=_number(given, "maxLength", 3600.0),
        recording_callback=_callback(given, "recordingStatusCallback"),
        transcribe=_yes(given, "transcribe", False) or "transcribeCallback" in given,
        transcribe_callback=given.get("transcribeCallback", ""),
    )


def _callback(given: Mapping[str, str], name: str) -> NounCallback:
    """The attribute `name`, with its Method and its Event: names with blanks or commas between."""
    events = given.get(f"{name}Event")
    named = None if events is None else frozenset(events.replace(",", " ").split())
    return NounCallback(given.get(name, ""), _method(given, f"{name}Method"), named)


def _redirect(element: Element) -> Redirect:
    return Redirect(inner_text(element), _method(element.attrib))


def _reject(element: Element) -> Reject:
    return Reject(element.attrib.get("reason", "rejected"))


def _hangup(_element: Element) -> Hangup:
    return Hangup()


def _leave(_element: Element) -> Leave:
    return Leave()


def _enqueue(element: Element) -> Enqueue:
    given = element.attrib
    task = next((child for child in element if child.tag in {"Task", "TaskAttributes"}), None)
    asked = task.attrib if task is not None else {}
    return Enqueue(
        name=(element.text or "").strip(),
        workflow_sid=given.get("workflowSid", ""),
        action=given.get("action", ""),
        method=_method(given),
        wait_url=given.get("waitUrl"),
        wait_url_method=_method(given, "waitUrlMethod"),
        max_queue_size=_whole(given, "maxQueueSize"),
        task_attributes=inner_text(task) if task is not None else "",
        priority=_whole(asked, "priority") or 0,
        timeout=_whole(asked, "timeout"),
    )


def _dial(element: Element) -> Dial:
    """Of a queue or a conference the first counts; phones may be several. Bare text is a number."""
    given = element.attrib
    known = [child for child in element if child.tag in NOUNS]
    return Dial(
        noun=_noun(element, known),
        unknown="" if known or not len(element) else element[0].tag,
        action=given.get("action", ""),
        method=_method(given),
        timeout=_number(given, "timeout", 30.0),
        hangup_on_star=_yes(given, "hangupOnStar", False),
        time_limit=_number(given, "timeLimit", 14400.0),
        caller_id=given.get("callerId", ""),
        answer_on_bridge=_yes(given, "answerOnBridge", False),
        sequential=_yes(given, "sequential", False),
        record=given.get("record", ""),
        recording_callback=_callback(given, "recordingStatusCallback"),
    )


def _noun(element: Element, known: Sequence[Element]) -> Noun | None:
    if not len(element):
        return (PhoneNoun(inner_text(element)),)
    if not known:
        return None
    if known[0].tag == "Queue":
        return _queue(known[0])
    if known[0].tag == "Conference":
        return _conference(known[0])
    return tuple(_phone(child) for child in known if child.tag in PHONES)


def _phone(element: Element) -> PhoneNoun:
    given = element.attrib
    identity = next((child for child in element if child.tag == "Identity"), element)
    prefix = "client:" if element.tag == "Client" else ""
    return PhoneNoun(
        to=prefix + inner_text(identity).removeprefix(prefix),
        url=given.get("url", ""),
        method=_method(given),
        callback=_callback(given, "statusCallback"),
        machine_detection=given.get("machineDetection", ""),
        amd_status_callback=given.get("amdStatusCallback", ""),
        amd_status_callback_method=_method(given, "amdStatusCallbackMethod"),
    )


def _conference(element: Element) -> ConferenceNoun:
    given = element.attrib
    return ConferenceNoun(
        name=inner_text(element),
        muted=_yes(given, "muted", False),
        start_on_enter=_yes(given, "startConferenceOnEnter", True),
        end_on_exit=_yes(given, "endConferenceOnExit", False),
        wait_url=given.get("waitUrl"),
        wait_method=_method(given, "waitMethod"),
        max_participants=_whole(given, "maxParticipants"),
        coach=given.get("coach", ""),
        label=given.get("participantLabel", ""),
        record=given.get("record", ""),
        callback=_callback(given, "statusCallback"),
        recording_callback=_callback(given, "recordingStatusCallback"),
    )


def _queue(element: Element) -> QueueNoun:
    given = element.attrib
    return QueueNoun(
        name=inner_text(element),
        reservation_sid=given.get("reservationSid", ""),
        post_work_activity_sid=given.get("postWorkActivitySid", ""),
        url=given.get("url", ""),
        method=_method(given),
    )


def _start(element: Element) -> Verb:
    """Of a recording; what else may be started is not imitated."""
    noun = element.find("Recording")
    if noun is None:
        return Unknown(element.tag)
    channels = 1 if noun.get("channels") in {"mono", "single"} else 2
    return StartRecording(channels, _callback(noun.attrib, "recordingStatusCallback"), noun.get("name", ""))


def _stop(element: Element) -> Verb:
    noun = element.find("Recording")
    return Unknown(element.tag) if noun is None else StopRecording(noun.get("name", ""))


_READERS: dict[str, Callable[[Element], Verb]] = {
    "Say": _say,
    "Play": _play,
    "Pause": _pause,
    "Gather": _gather,
    "Record": _record,
    "Redirect": _redirect,
    "Reject": _reject,
    "Hangup": _hangup,
    "Leave": _leave,
    "Enqueue": _enqueue,
    "Dial": _dial,
    "Start": _start,
    "Stop": _stop,
}
