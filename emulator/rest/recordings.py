"""REST on recordings, their sound, and the texts made of them (contract 14.3)."""

from collections.abc import Callable, Iterable

from emulator.ports import TwilioError
from emulator.rest.collection import API_2010, Collection
from emulator.rest.fields import dated, dates
from emulator.rest.framework import (
    Body,
    Media,
    Operation,
    Request,
    RestAnswer,
    Route,
    not_found,
    parameters,
)
from emulator.voice.calls import API_VERSION, RecordingOrder, rfc2822
from emulator.voice.recordings import Recording, Transcription, mp3, wav

KINDS = {"mp3": "audio/mpeg", "wav": "audio/x-wav"}
EVENTS = frozenset({"in-progress", "completed", "absent"})
_DATES = dates("DateCreated")
_PARTS = {"add_on_results": "AddOnResults", "transcriptions": "Transcriptions"}


def _all(request: Request) -> Iterable[Recording]:
    """The youngest first."""
    return reversed(request.voice.context.recordings.all.values())


def _wanted(request: Request) -> Callable[[Recording], bool]:
    call, conference = request.text("CallSid"), request.text("ConferenceSid")
    created = dated(request, "DateCreated")
    return lambda one: call in {"", one.call_sid} and conference in {"", one.conference_sid} and created(one.started)


def _body(request: Request, one: Recording) -> Body:
    account = request.account.sid
    uri = f"/{API_VERSION}/Accounts/{account}/Recordings/{one.sid}"
    return {
        **dict.fromkeys(("price", "error_code", "encryption_details")),
        "sid": one.sid,
        "account_sid": account,
        "api_version": API_VERSION,
        "call_sid": one.call_sid,
        "conference_sid": one.conference_sid or None,
        "date_created": rfc2822(one.started),
        "date_updated": rfc2822(one.started if one.ended is None else one.ended),
        "start_time": rfc2822(one.started),
        "duration": None if one.ended is None else str(one.seconds),
        "price_unit": "USD",
        "status": "processing" if one.status == "completed" and one.ready is None else one.status,
        "channels": one.order.channels,
        "source": one.order.source,
        "uri": f"{uri}.json",
        "media_url": f"https://api.twilio.com{uri}",
        "subresource_uris": {part: f"{uri}/{name}.json" for part, name in _PARTS.items()},
    }


def _delete(request: Request, recording: Recording) -> None:
    """The texts made of it stay."""
    request.voice.context.recordings.stop(recording)
    del request.voice.context.recordings.all[recording.sid]


def _find(request: Request) -> Recording:
    """TwilioError 20404 when it is deleted, or never was."""
    found = request.voice.context.recordings.all.get(request.parts["sid"])
    if found is None:
        raise not_found(request)
    return found


def _fetch(request: Request) -> RestAnswer:
    """Without an ending there is what is known of it (contract 14.3)."""
    return RestAnswer(200, _body(request, _find(request)))


def _sound(request: Request) -> RestAnswer:
    """TwilioError 20404 until it has been processed."""
    recording, kind = _find(request), request.parts["kind"]
    if recording.ready is None or kind not in KINDS:
        raise not_found(request)
    channels = 1 if kind == "mp3" else int(request.text("RequestedChannels") or recording.order.channels)
    content = mp3(recording.seconds) if kind == "mp3" else wav(recording.seconds, channels)
    return RestAnswer(200, {}, media=Media(KINDS[kind], content))


# The recordings of one call


def _of_call(request: Request) -> Iterable[Recording]:
    if request.parts["owner"] not in request.voice.context.calls:
        raise not_found(request)
    return [one for one in _all(request) if one.call_sid == request.parts["owner"]]


def _of_conference(request: Request) -> Iterable[Recording]:
    if request.parts["owner"] not in request.voice.context.conferences.all:
        raise not_found(request)
    return [one for one in _all(request) if one.conference_sid == request.parts["owner"]]


def _part_body(request: Request, one: Recording) -> Body:
    """As the recording's own resource, without what that alone has."""
    parent = "Conferences" if request.path.split("/")[4] == "Conferences" else "Calls"
    body = {name: value for name, value in _body(request, one).items() if name not in {"media_url", "subresource_uris"}}
    base = f"/{API_VERSION}/Accounts/{request.account.sid}/{parent}/{request.parts['owner']}/Recordings"
    return {**body, "uri": f"{base}/{one.sid}.json"} | ({"track": "both"} if parent == "Calls" else {})


def _start(request: Request) -> Recording:
    """TwilioError 21220 when the call is not in progress. A second one on a call is the first."""
    recordings, call = request.voice.context.recordings, request.voice.context.calls.get(request.parts["owner"])
    if call is None:
        raise not_found(request)
    if call.status != "in-progress":
        raise TwilioError(21220, "Requested resource is not eligible for recording")
    return recordings.live(call.sid) or recordings.start(call.sid, recording_order(request, "StartCallRecordingAPI"))


def recording_order(request: Request, source: str, prefix: str = "") -> RecordingOrder:
    """What the request says of a recording. TwilioError 20001 for an event that there is not."""
    given = request.fields.get(f"{prefix}RecordingStatusCallbackEvent", ())
    events = frozenset(event for value in given for event in value.replace(",", " ").split())
    if not events <= EVENTS:
        raise TwilioError(20001, f"Invalid RecordingStatusCallbackEvent: {', '.join(sorted(events - EVENTS))}")
    method = request.text(f"{prefix}RecordingStatusCallbackMethod")
    return RecordingOrder(
        source=source,
        channels=2 if request.text("RecordingChannels") == "dual" else 1,
        callback=request.text(f"{prefix}RecordingStatusCallback"),
        callback_method="GET" if method == "GET" else "POST",
        events=events or frozenset({"completed"}),
    )


def _change(request: Request, recording: Recording) -> None:
    """Paused, in-progress again, or stopped. TwilioError 20001, or 21220 for one that is over."""
    status = request.text("Status")
    if status not in {"paused", "in-progress", "stopped"}:
        raise TwilioError(20001, f"Invalid Status: {status}")
    if not recording.is_live:
        raise TwilioError(21220, f"Recording {recording.sid} is not in progress")
    if status == "stopped":
        request.voice.context.recordings.stop(recording)
    elif status == "paused":
        recording.status = "paused"
    else:
        recording.status = "in-progress"


def _names(recording: Recording) -> tuple[str, ...]:
    return (recording.sid, "Twilio.CURRENT") if recording.is_live else (recording.sid,)


# Texts


def _texts(request: Request) -> Iterable[Transcription]:
    recording = request.parts.get("owner", "")
    known = request.voice.context.recordings.transcriptions.values()
    return [one for one in known if recording in {"", one.recording.sid}]


def _text_body(request: Request, one: Transcription) -> Body:
    account = request.account.sid
    return {
        "sid": one.sid,
        "account_sid": account,
        "api_version": API_VERSION,
        "date_created": rfc2822(one.created),
        "date_updated": rfc2822(one.created),
        "duration": str(one.recording.seconds),
        "price": None,
        "price_unit": "USD",
        "recording_sid": one.recording.sid,
        "status": one.status,
        "transcription_text": one.text,
        "type": "fast",
        "uri": f"/{API_VERSION}/Accounts/{account}/Transcriptions/{one.sid}.json",
    }


def _delete_text(request: Request, one: Transcription) -> None:
    del request.voice.context.recordings.transcriptions[one.sid]


_ACCOUNT = "/2010-04-01/Accounts/{account}"
_SOUNDS = parameters("RequestedChannels Download")
_STARTS = parameters(
    "RecordingStatusCallback RecordingStatusCallbackMethod RecordingStatusCallbackEvent RecordingChannels",
    ignores="Trim=do-not-trim RecordingTrack=both",
)
_CHANGES = parameters("Status", ignores="PauseBehavior=silence")


def _texts_at(path: str) -> tuple[Route, Route]:
    return Collection(
        api=API_2010,
        path=path,
        key="transcriptions",
        items=_texts,
        body=_text_body,
        delete=_delete_text,
    ).routes()


ROUTES = (
    *Collection(
        api=API_2010,
        path=f"{_ACCOUNT}/Recordings",
        key="recordings",
        items=_all,
        body=_body,
        wanted=_wanted,
        delete=_delete,
        lists=parameters(f"CallSid ConferenceSid {_DATES}", refuses="IncludeSoftDeleted=false"),
        fetches=parameters(refuses="IncludeSoftDeleted=false"),
    ).routes(),
    Route(f"{_ACCOUNT}/Recordings/{{sid}}.{{kind}}", {"GET": Operation(_sound, _SOUNDS)}),
    Route(f"{_ACCOUNT}/Recordings/{{sid}}", {"GET": Operation(_fetch)}),
    *Collection(
        api=API_2010,
        path=f"{_ACCOUNT}/Calls/{{owner}}/Recordings",
        key="recordings",
        part="recording",
        wanted=_wanted,
        items=_of_call,
        body=_part_body,
        names=_names,
        create=_start,
        update=_change,
        delete=_delete,
        lists=parameters(_DATES),
        creates=_STARTS,
        updates=_CHANGES,
    ).routes(),
    *Collection(
        api=API_2010,
        path=f"{_ACCOUNT}/Conferences/{{owner}}/Recordings",
        key="recordings",
        part="recording",
        wanted=_wanted,
        items=_of_conference,
        body=_part_body,
        names=_names,
        update=_change,
        delete=_delete,
        lists=parameters(_DATES),
        updates=_CHANGES,
    ).routes(),
    *_texts_at(f"{_ACCOUNT}/Transcriptions"),
    *_texts_at(f"{_ACCOUNT}/Recordings/{{owner}}/Transcriptions"),
)
