"""Dial Conference: the leg enters a room (contract 14.2)."""

from collections.abc import Mapping

from emulator.clock.process import Program
from emulator.voice.attendance import attend, record
from emulator.voice.calls import LegEnded, Source
from emulator.voice.conferences import EVENTS, LARGEST, Conference, ConferenceCallback, Participant
from emulator.voice.document import ConferenceNoun, Dial
from emulator.voice.interpreter import Interpreter, verb_method

FULL = 16020


def dial_conference(leg: Interpreter, verb: Dial, noun: ConferenceNoun) -> Program:
    """In the room until the leg leaves it; a full one lets nobody in."""
    now = leg.context.scheduler.now
    began = now()
    conference = _conference(leg, noun)
    status = "failed"
    if len(conference.participants) >= conference.max_participants:
        leg.context.warn(FULL, f"The conference {noun.name} is full", leg.call.sid)
    else:
        status = "answered"
        _record(leg, noun, conference)
        limit = verb.time_limit
        stay = attend(leg, _participant(leg, noun, conference), star=verb.hangup_on_star, time_limit=limit)
        try:
            yield from stay
        except LegEnded:
            leg.report_dial(verb, _result(status, round(now() - began)))
            raise
    if verb.action:
        raise leg.after(verb.action, verb.method, _result(status, round(now() - began)))


def _result(status: str, seconds: int) -> Mapping[str, str]:
    bridged = str(status == "answered").lower()
    return {"DialCallStatus": status, "DialBridged": bridged, "DialCallDuration": str(seconds)}


def _conference(leg: Interpreter, noun: ConferenceNoun) -> Conference:
    given = noun.callback
    url = leg.url(given.url) if given.url else ""
    events = frozenset(given.events or ()) & EVENTS
    callback = ConferenceCallback(url, verb_method(given.method), events)
    return leg.context.conferences.open(noun.name, callback, noun.max_participants or LARGEST)


def _participant(leg: Interpreter, noun: ConferenceNoun, conference: Conference) -> Participant:
    now = leg.context.scheduler.now()
    leg.call.label = noun.label or leg.call.label
    wait = Source(leg.url(noun.wait_url), verb_method(noun.wait_method)) if noun.wait_url else None
    return Participant(
        call=leg.call,
        conference=conference,
        joined=now,
        updated=now,
        muted=noun.muted,
        coaching=bool(noun.coach),
        call_sid_to_coach=noun.coach,
        starts=noun.start_on_enter,
        ends=noun.end_on_exit,
        wait=wait,
    )


def _record(leg: Interpreter, noun: ConferenceNoun, conference: Conference) -> None:
    if noun.record in {"record-from-start", "true"}:
        record(leg.context, conference, leg.call.sid, leg.recording_order("Conference", 1, noun.recording_callback))
