"""REST on who is in a conference: listed, added, muted, held, made a coach, and thrown out (contract 14.2)."""

from collections.abc import Callable, Iterable

from emulator.ports import TwilioError
from emulator.rest.collection import API_2010, Collection
from emulator.rest.conferences import announced
from emulator.rest.fields import number
from emulator.rest.framework import Body, Request, not_found, parameters
from emulator.rest.outbound import (
    callback,
    called_number,
    detection,
    method,
    number_from,
    ring_timeout,
)
from emulator.rest.recordings import recording_order
from emulator.voice.attendance import record
from emulator.voice.calls import API_VERSION, Call, Order, Source, rfc2822
from emulator.voice.conferences import EVENTS, LARGEST, Conference, ConferenceCallback, Participant
from emulator.voice.conferring import invite

_STATUSES = {"queued": "queued", "ringing": "ringing", "in-progress": "connected"}


def _known(request: Request) -> Conference | None:
    conferences, room = request.voice.context.conferences, request.parts["room"]
    return conferences.all.get(room) or conferences.named(room)


def _all(request: Request) -> Iterable[Participant]:
    """Of the conference with that sid, or that name while it is not over. TwilioError 20404."""
    found = _known(request)
    if found is None:
        raise not_found(request)
    return found.known()


def _wanted(request: Request) -> Callable[[Participant], bool]:
    def wanted(one: Participant) -> bool:
        flags = {"Muted": one.muted, "Hold": one.hold, "Coaching": one.coaching}
        return all(request.flag(name) == flag for name, flag in flags.items() if request.gives(name))

    return wanted


def _names(one: Participant) -> tuple[str, ...]:
    return (one.call.sid, one.label) if one.label else (one.call.sid,)


def _body(request: Request, one: Participant) -> Body:
    account, conference = request.account.sid, one.conference.sid
    return {
        "account_sid": account,
        "call_sid": one.call.sid,
        "label": one.label or None,
        "call_sid_to_coach": one.call_sid_to_coach or None,
        "coaching": one.coaching,
        "conference_sid": conference,
        "date_created": rfc2822(one.joined),
        "date_updated": rfc2822(one.updated),
        "end_conference_on_exit": one.ends,
        "muted": one.muted,
        "hold": one.hold,
        "start_conference_on_enter": one.starts,
        "status": _STATUSES.get(one.call.status, "complete"),
        "queue_time": str(round(one.call.queue_seconds * 1000)),
        "uri": f"/{API_VERSION}/Accounts/{account}/Conferences/{conference}/Participants/{one.call.sid}.json",
    }


def _create(request: Request) -> Participant:
    """Rings somebody into the conference; a name that is no conference's yet makes one."""
    order = Order(
        to=called_number(request),
        from_=number_from(request),
        timeout=ring_timeout(request),
        callback=callback(request),
        detection=detection(request, "AmdStatusCallback"),
        recording=recording_order(request, "OutboundAPI") if request.flag("Record") else None,
        time_limit=number(request, "TimeLimit"),
    )
    conference = _known(request) or _new(request)
    _coached(request, conference)
    label = request.text("Label")
    participant = invite(request.voice.legs, conference, order, label, lambda call: _part(request, conference, call))
    if request.text("ConferenceRecord").lower() in {"true", "record-from-start"}:
        given = recording_order(request, "Conference", "Conference")
        record(request.voice.context, conference, participant.call.sid, given)
    return participant


def _new(request: Request) -> Conference:
    given = request.fields.get("ConferenceStatusCallbackEvent", ())
    events = frozenset(event for value in given for event in value.replace(",", " ").split()) & EVENTS
    url, how = request.text("ConferenceStatusCallback"), method(request, "ConferenceStatusCallbackMethod")
    most = number(request, "MaxParticipants") or LARGEST
    return request.voice.context.conferences.open(request.parts["room"], ConferenceCallback(url, how, events), most)


def _part(request: Request, conference: Conference, call: Call) -> Participant:
    wait, now = request.text("WaitUrl"), request.now()
    return Participant(
        call=call,
        conference=conference,
        joined=now,
        updated=now,
        muted=request.flag("Muted"),
        coaching=request.flag("Coaching"),
        call_sid_to_coach=_coached(request, conference),
        starts=request.text("StartConferenceOnEnter", "true").lower() != "false",
        ends=request.flag("EndConferenceOnExit"),
        wait=Source(wait, method(request, "WaitMethod")) if wait else None,
    )


def _coached(request: Request, conference: Conference) -> str:
    """The CallSid of whom a coach talks to. TwilioError 20001 when that is nobody in the conference (uncertain)."""
    sid = request.text("CallSidToCoach")
    if request.flag("Coaching") and sid not in conference.participants:
        raise TwilioError(20001, f"CallSidToCoach is no participant of the conference: {sid or 'nobody'}")
    return sid if request.flag("Coaching") else ""


def _update(request: Request, one: Participant) -> None:
    conferences = request.voice.context.conferences
    if request.gives("Coaching") or request.gives("CallSidToCoach"):
        conferences.set_coaching(one, request.flag("Coaching"), _coached(request, one.conference))
    if request.gives("Muted"):
        conferences.set_muted(one, request.flag("Muted"))
    if request.gives("Hold"):
        conferences.set_hold(one, request.flag("Hold"), _hold(request))
    if request.gives("EndConferenceOnExit"):
        one.ends = request.flag("EndConferenceOnExit")
    announcement = announced(request)
    if announcement is not None:
        conferences.announce(one, announcement)
    one.updated = request.now()


def _hold(request: Request) -> Source | None:
    """HoldUrl is asked by GET unless the request says otherwise (contract 14.2)."""
    url = request.text("HoldUrl")
    return Source(url, "POST" if request.text("HoldMethod") == "POST" else "GET") if url else None


def _delete(request: Request, one: Participant) -> None:
    """Out of the conference; the leg goes on with its own document. One that rings is hung up."""
    if one.call.sid in one.conference.participants:
        request.voice.context.conferences.kick(one)
    else:
        request.voice.complete(one.call)


_CREATES = parameters(
    "From To StatusCallback StatusCallbackMethod StatusCallbackEvent Label Timeout Muted StartConferenceOnEnter "
    "EndConferenceOnExit WaitUrl WaitMethod MaxParticipants ConferenceRecord ConferenceStatusCallback "
    "ConferenceStatusCallbackMethod ConferenceStatusCallbackEvent ConferenceRecordingStatusCallback "
    "ConferenceRecordingStatusCallbackMethod ConferenceRecordingStatusCallbackEvent Coaching CallSidToCoach CallerId "
    "TimeLimit Record RecordingChannels RecordingStatusCallback RecordingStatusCallbackMethod "
    "RecordingStatusCallbackEvent MachineDetection MachineDetectionTimeout MachineDetectionSpeechThreshold "
    "MachineDetectionSpeechEndThreshold MachineDetectionSilenceTimeout AmdStatusCallback AmdStatusCallbackMethod",
    refuses="ClientNotificationUrl",
    ignores="Beep EarlyMedia ConferenceTrim SipAuthUsername SipAuthPassword Region JitterBufferSize Byoc CallReason "
    "RecordingTrack=both Trim CallToken CallerDisplayName",
)
ROUTES = Collection(
    api=API_2010,
    path="/2010-04-01/Accounts/{account}/Conferences/{room}/Participants",
    key="participants",
    part="participant",
    items=_all,
    body=_body,
    names=_names,
    wanted=_wanted,
    create=_create,
    update=_update,
    delete=_delete,
    lists=parameters("Muted Hold Coaching"),
    creates=_CREATES,
    updates=parameters(
        "Muted Hold HoldUrl HoldMethod AnnounceUrl AnnounceMethod EndConferenceOnExit Coaching CallSidToCoach",
        ignores="WaitUrl WaitMethod BeepOnExit",
    ),
).routes()
