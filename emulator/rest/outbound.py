"""The fields of a request that rings somebody: a call, or a participant of a conference (contract 7.1)."""

import re

from emulator.ports import Method, TwilioError
from emulator.rest.framework import Request
from emulator.voice.calls import Detection, StatusCallback

EVENTS = {"initiated", "ringing", "answered", "completed"}
MAX_TIMEOUT = 600


def _number(request: Request, name: str, code: int) -> str:
    if not request.text(name):
        raise TwilioError(code, f"No '{name}' number is specified")
    return request.text(name)


def called_number(request: Request) -> str:
    number = _number(request, "To", 21201)
    if not re.fullmatch(r"\+[1-9]\d{6,14}|(client|sip|sips):\S+", number):
        raise TwilioError(21211, f"Invalid 'To' Phone Number: {number}")
    return number


def method(request: Request, name: str) -> Method:
    return "GET" if request.text(name) == "GET" else "POST"


def number_from(request: Request) -> str:
    """CallerId wins over From."""
    return request.text("CallerId") or _number(request, "From", 21213)


def ring_timeout(request: Request) -> float:
    text = request.text("Timeout", "60")
    if not text.isdecimal() or not 0 < int(text) <= MAX_TIMEOUT:
        raise TwilioError(21208, f"Invalid Timeout: {text}")
    return float(text)


def callback(request: Request) -> StatusCallback:
    events = frozenset(event for value in request.fields.get("StatusCallbackEvent", ()) for event in value.split())
    if not events <= EVENTS:
        raise TwilioError(21626, f"Invalid StatusCallbackEvents: {', '.join(sorted(events - EVENTS))}")
    url, how = request.text("StatusCallback"), method(request, "StatusCallbackMethod")
    return StatusCallback(url, how, events or frozenset({"completed"}))


def detection(request: Request, callback: str = "AsyncAmdStatusCallback") -> Detection | None:
    """What the request asks of answering machine detection; `callback` is the parameter with the verdict's URL.

    TwilioError 20001 (uncertain) for what cannot be.
    """
    asked = request.text("MachineDetection")
    if not asked:
        return None
    if asked not in {"Enable", "DetectMessageEnd"}:
        raise TwilioError(20001, f"Invalid MachineDetection: {asked}")
    return Detection(
        message_end=asked == "DetectMessageEnd",
        timeout=_between(request, "MachineDetectionTimeout", 30, (3, 59)),
        speech=_between(request, "MachineDetectionSpeechThreshold", 2400, (1000, 6000)) / 1000,
        speech_end=_between(request, "MachineDetectionSpeechEndThreshold", 1200, (500, 5000)) / 1000,
        silence=_between(request, "MachineDetectionSilenceTimeout", 5000, (2000, 10000)) / 1000,
        asynchronous=request.flag("AsyncAmd") or callback != "AsyncAmdStatusCallback",
        callback=request.text(callback),
        callback_method=method(request, f"{callback}Method"),
    )


def _between(request: Request, name: str, default: int, limits: tuple[int, int]) -> int:
    text = request.text(name) or str(default)
    if not text.isdecimal() or not limits[0] <= int(text) <= limits[1]:
        raise TwilioError(20001, f"{name} is no number from {limits[0]} to {limits[1]}: {text}")
    return int(text)
