"""REST on calls (contract 7.1, 7.3)."""

import re
from collections.abc import Callable, Iterable

from emulator.ports import Method, TwilioError
from emulator.rest.collection import API_2010, Collection
from emulator.rest.framework import Body, Request, parameters
from emulator.voice.calls import API_VERSION, Call, Source, StatusCallback, rfc2822
from emulator.voice.service import Order

EVENTS = {"initiated", "ringing", "answered", "completed"}
MAX_TIMEOUT = 600
MAX_TWIML = 4000


def _all(request: Request) -> Iterable[Call]:
    """The youngest first."""
    return reversed(request.voice.context.calls.values())


def _wanted(request: Request) -> Callable[[Call], bool]:
    def wanted(call: Call) -> bool:
        values = {"To": call.to, "From": call.from_, "Status": call.status}
        return all(request.text(name, value) == value for name, value in values.items())

    return wanted


def _create(request: Request) -> Call:
    order = Order(
        to=_called_number(request),
        from_=_number(request, "From", 21213),
        source=_source(request),
        timeout=_timeout(request),
        fallback_url=request.text("FallbackUrl"),
        fallback_method=_method(request, "FallbackMethod"),
        callback=_callback(request),
    )
    return request.voice.place(order)


def _number(request: Request, name: str, code: int) -> str:
    if not request.text(name):
        raise TwilioError(code, f"No '{name}' number is specified")
    return request.text(name)


def _called_number(request: Request) -> str:
    number = _number(request, "To", 21201)
    if not re.fullmatch(r"\+[1-9]\d{6,14}|(client|sip|sips):\S+", number):
        raise TwilioError(21211, f"Invalid 'To' Phone Number: {number}")
    return number


def _method(request: Request, name: str) -> Method:
    return "GET" if request.text(name) == "GET" else "POST"


def _source(request: Request) -> Source:
    """Url wins over Twiml (contract 7.1)."""
    url, twiml = request.text("Url"), request.text("Twiml")
    if url:
        return Source(_web_url(url), _method(request, "Method"))
    if not twiml:
        raise TwilioError(21205, "Url parameter is required.")
    if len(twiml) > MAX_TWIML:
        raise TwilioError(20001, f"Twiml is longer than {MAX_TWIML} characters")
    return Source(twiml=twiml)


def _web_url(url: str) -> str:
    if not re.match(r"https?://[^/\s]", url):
        raise TwilioError(21205, f"Url is not a valid URL: {url}")
    return url


def _timeout(request: Request) -> float:
    text = request.text("Timeout", "60")
    if not text.isdecimal() or not 0 < int(text) <= MAX_TIMEOUT:
        raise TwilioError(21208, f"Invalid Timeout: {text}")
    return float(text)


def _callback(request: Request) -> StatusCallback:
    events = frozenset(event for value in request.fields.get("StatusCallbackEvent", ()) for event in value.split())
    if not events <= EVENTS:
        raise TwilioError(21626, f"Invalid StatusCallbackEvents: {', '.join(sorted(events - EVENTS))}")
    url, method = request.text("StatusCallback"), _method(request, "StatusCallbackMethod")
    return StatusCallback(url, method, events or frozenset({"completed"}))


def _update(request: Request, call: Call) -> None:
    status = request.text("Status")
    if status:
        _end(request, call, status)
    elif request.gives("Url") or request.gives("Twiml"):
        request.voice.go_to(call, _source(request))
    call.updated = request.now()


def _end(request: Request, call: Call, status: str) -> None:
    """`canceled` ends only what is not yet answered; that an answered call gives 21220 for it is uncertain."""
    if status not in {"canceled", "completed"}:
        raise TwilioError(20001, f"Invalid Status: {status}")
    if call.is_over or (status == "canceled" and call.status == "in-progress"):
        raise TwilioError(21220, "Call is not in-progress. Cannot redirect.")
    request.voice.complete(call)


def _body(_request: Request, call: Call) -> Body:
    """The Call resource. An unanswered call has no duration, an unfinished one no end."""
    uri = f"/{API_VERSION}/Accounts/{call.account_sid}/Calls/{call.sid}"
    parts = ("events", "notifications", "payments", "recordings", "siprec", "streams", "transcriptions")
    nothing = ("parent_call_sid", "phone_number_sid", "price", "answered_by", "forwarded_from")
    return {
        **dict.fromkeys((*nothing, "group_sid", "caller_name", "trunk_sid")),
        "sid": call.sid,
        "account_sid": call.account_sid,
        "api_version": API_VERSION,
        "date_created": rfc2822(call.created),
        "date_updated": rfc2822(call.updated),
        "to": call.to,
        "to_formatted": call.to,
        "from": call.from_,
        "from_formatted": call.from_,
        "status": call.status,
        "direction": call.direction,
        "start_time": _date(call.answered),
        "end_time": _date(call.ended),
        "duration": str(call.seconds()) if call.ended is not None and call.answered is not None else None,
        "price_unit": "USD",
        "queue_time": str(round(call.queue_seconds * 1000)),
        "uri": f"{uri}.json",
        "subresource_uris": {part: f"{uri}/{part.capitalize()}.json" for part in parts},
    }


def _date(seconds: float | None) -> str | None:
    return None if seconds is None else rfc2822(seconds)


# What belongs to something that is refused (MachineDetectionTimeout) is ignored: alone it changes nothing.
_CREATES = parameters(
    "To From Url Method Twiml FallbackUrl FallbackMethod Timeout "
    "StatusCallback StatusCallbackMethod StatusCallbackEvent",
    refuses="MachineDetection AsyncAmd=false SendDigits Record=false CallerId TimeLimit ApplicationSid "
    "ClientNotificationUrl",
    ignores="MachineDetectionTimeout MachineDetectionSpeechThreshold MachineDetectionSpeechEndThreshold "
    "MachineDetectionSilenceTimeout AsyncAmdStatusCallback AsyncAmdStatusCallbackMethod RecordingChannels "
    "RecordingStatusCallback RecordingStatusCallbackMethod RecordingStatusCallbackEvent RecordingTrack Trim "
    "SipAuthUsername SipAuthPassword Byoc CallReason CallToken",
)
ROUTES = Collection(
    api=API_2010,
    path="/2010-04-01/Accounts/{account}/Calls",
    key="calls",
    items=_all,
    body=_body,
    wanted=_wanted,
    create=_create,
    update=_update,
    lists=parameters(
        "To From Status", refuses="ParentCallSid StartTime StartTime< StartTime> EndTime EndTime< EndTime>"
    ),
    creates=_CREATES,
    updates=parameters(
        "Status Url Method Twiml",
        refuses="FallbackUrl FallbackMethod StatusCallback StatusCallbackMethod TimeLimit",
    ),
    unimitated=frozenset({"DELETE"}),
).routes()
