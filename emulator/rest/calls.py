"""REST on calls (contract 7.1, 7.3)."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from emulator.ports import TwilioError
from emulator.rest.collection import API_2010, Collection
from emulator.rest.fields import dated, dates, number
from emulator.rest.framework import Body, Request, parameters
from emulator.rest.outbound import callback, called_number, detection, method, number_from, ring_timeout
from emulator.rest.recordings import recording_order
from emulator.voice.applications import Application
from emulator.voice.calls import API_VERSION, Call, Order, Source, StatusCallback, rfc2822

MAX_TWIML = 4000


def _all(request: Request) -> Iterable[Call]:
    """The youngest first."""
    return reversed(request.voice.context.calls.values())


def _wanted(request: Request) -> Callable[[Call], bool]:
    started, ended = dated(request, "StartTime"), dated(request, "EndTime")

    def wanted(call: Call) -> bool:
        values = {"To": call.to, "From": call.from_, "Status": call.status, "ParentCallSid": call.parent_sid}
        has_all = all(request.text(name, value) == value for name, value in values.items())
        return has_all and started(call.answered) and ended(call.ended)

    return wanted


def _create(request: Request) -> Call:
    application = _application(request)
    order = Order(
        to=called_number(request),
        from_=number_from(request),
        source=Source() if application else _source(request),
        timeout=ring_timeout(request),
        fallback_url=request.text("FallbackUrl"),
        fallback_method=method(request, "FallbackMethod"),
        callback=callback(request),
        detection=detection(request),
        recording=recording_order(request, "OutboundAPI") if request.flag("Record") else None,
        send_digits=_digits(request),
        time_limit=number(request, "TimeLimit"),
    )
    return request.voice.place(order if application is None else _led_by(application, order))


def _application(request: Request) -> Application | None:
    """The one that leads the call. TwilioError 21218 when there is none with the sid."""
    sid = request.text("ApplicationSid")
    if sid and sid not in request.voice.applications:
        raise TwilioError(21218, f"Invalid ApplicationSid: {sid}")
    return request.voice.applications.get(sid)


def _led_by(application: Application, order: Order) -> Order:
    """All the URLs of the request are ignored."""
    return replace(
        order,
        source=Source(application.voice_url, application.voice_method),
        fallback_url=application.fallback_url,
        fallback_method=application.fallback_method,
        callback=StatusCallback(application.status_callback, application.status_callback_method),
    )


def _digits(request: Request) -> str:
    """Keys, and `w` for half a second. TwilioError 20001 (uncertain) for anything else."""
    digits = request.text("SendDigits")
    if not re.fullmatch(r"[0-9*#wWA-Da-d]{0,32}", digits):
        raise TwilioError(20001, f"Invalid SendDigits: {digits}")
    return digits


def _source(request: Request) -> Source:
    """Url wins over Twiml (contract 7.1)."""
    url, twiml = request.text("Url"), request.text("Twiml")
    if url:
        return Source(_web_url(url), method(request, "Method"))
    if not twiml:
        raise TwilioError(21205, "Url parameter is required.")
    if len(twiml) > MAX_TWIML:
        raise TwilioError(20001, f"Twiml is longer than {MAX_TWIML} characters")
    return Source(twiml=twiml)


def _web_url(url: str) -> str:
    if not re.match(r"https?://[^/\s]", url):
        raise TwilioError(21205, f"Url is not a valid URL: {url}")
    return url


def _update(request: Request, call: Call) -> None:
    """What it is told of callbacks and of its time holds from now on."""
    status = request.text("Status")
    _keep(request, call)
    if status:
        _end(request, call, status)
    elif request.gives("Url") or request.gives("Twiml"):
        request.voice.go_to(call, _source(request))
    call.updated = request.now()


def _keep(request: Request, call: Call) -> None:
    call.fallback_url = request.text("FallbackUrl", call.fallback_url)
    if request.gives("FallbackMethod"):
        call.fallback_method = method(request, "FallbackMethod")
    if request.gives("StatusCallback"):
        url, how = request.text("StatusCallback"), method(request, "StatusCallbackMethod")
        call.callback = replace(call.callback, url=url, method=how)
    seconds = number(request, "TimeLimit")
    if seconds is not None and not call.is_over:
        request.voice.legs.limit(call, seconds)


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
    nothing = ("phone_number_sid", "price", "forwarded_from")
    return {
        **dict.fromkeys((*nothing, "group_sid", "caller_name", "trunk_sid")),
        "sid": call.sid,
        "parent_call_sid": call.parent_sid or None,
        "answered_by": call.answered_by or None,
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


# What belongs to something that was not asked for (MachineDetectionTimeout) changes nothing.
_CREATES = parameters(
    "To From Url Method Twiml FallbackUrl FallbackMethod Timeout CallerId SendDigits TimeLimit ApplicationSid "
    "StatusCallback StatusCallbackMethod StatusCallbackEvent "
    "MachineDetection MachineDetectionTimeout MachineDetectionSpeechThreshold MachineDetectionSpeechEndThreshold "
    "MachineDetectionSilenceTimeout AsyncAmd AsyncAmdStatusCallback AsyncAmdStatusCallbackMethod "
    "Record RecordingChannels RecordingStatusCallback RecordingStatusCallbackMethod RecordingStatusCallbackEvent",
    refuses="ClientNotificationUrl",
    ignores="RecordingTrack=both Trim=trim-silence SipAuthUsername SipAuthPassword Byoc CallReason CallToken",
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
    lists=parameters(f"To From Status ParentCallSid {dates('StartTime', 'EndTime')}"),
    creates=_CREATES,
    updates=parameters(
        "Status Url Method Twiml FallbackUrl FallbackMethod StatusCallback StatusCallbackMethod TimeLimit"
    ),
    unimitated=frozenset({"DELETE"}),
).routes()
