"""Invariant 19: who is recorded has been told, each recorded talk is kept once, and only who may hears one."""

from collections.abc import Iterator

from chalicelib.links.model import SHORTEST_MESSAGE_SECONDS, TALK
from emulator.voice.recordings import mp3
from tests.simulation.call_centre import LISTENER, NOTICES, TEXTERS
from tests.simulation.invariants.terms import Found, Violation
from tests.simulation.observed import Leg, Observed

FOLDER = "recordings/"


def nobody_is_recorded_who_was_not_told(observed: Observed) -> Found:
    """The caller has heard the notice of this very queue, before they were joined to anybody."""
    for leg, recording_sid in talks(observed):
        call = observed.calls[leg.call_sid]
        queue = observed.world.queue_of[leg.reservation_sid]
        talked = [talk.start for talk in leg.conversations]
        told = [at for at, text in call.sounds if text == NOTICES.get(queue)]
        if queue not in observed.world.plan.recorded:
            yield Violation(19, leg.call_sid, f"{recording_sid} is of the queue {queue}, which is not recorded")
        elif talked and not any(at <= talked[0] for at in told):
            yield Violation(19, leg.call_sid, f"{recording_sid} is of a caller who has not heard the notice")


def each_recorded_talk_is_kept_once(observed: Observed) -> Found:
    """In the bucket, whole, and no longer at Twilio, before its day is over."""
    for leg, recording_sid in talks(observed):
        seconds = observed.world.seconds_of[recording_sid]
        if recording_sid in observed.world.left_at_twilio:
            yield Violation(19, leg.call_sid, f"the recording {recording_sid} is still at Twilio")
        elif seconds >= SHORTEST_MESSAGE_SECONDS:
            found = [it for name, it in observed.world.kept.items() if name.endswith(f"/{recording_sid}.mp3")]
            if found != [mp3(seconds)]:
                yield Violation(19, leg.call_sid, f"the recording {recording_sid} is kept {len(found)} times")


def an_untroubled_talk_is_recorded(observed: Observed) -> Found:
    """The first of a call, of a recorded queue, on a leg of ours, with nothing that went wrong about it."""
    recorded = {leg.sid for leg, _ in talks(observed)}
    for leg in observed.legs.values():
        queue = observed.world.queue_of[leg.reservation_sid]
        first = observed.calls[leg.call_sid].conversations[:1]
        if not (leg.own and leg.conversations[:1] == first and first and queue in observed.world.plan.recorded):
            continue
        if leg.sid not in recorded and not observed.faults_about((leg.sid, leg.call_sid, leg.reservation_sid)):
            yield Violation(19, leg.call_sid, f"the talk of {leg.sid} is not recorded")


def only_who_may_hears_recordings(observed: Observed) -> Found:
    calls = observed.world.twilio.context.calls
    for event in observed.world.trace:
        if event.kind == "played" and f"/{FOLDER}" in event.detail["url"]:
            heard_by = calls[event.detail["sid"]].from_
            if heard_by != TEXTERS[LISTENER]:
                yield Violation(19, "", f"{heard_by} hears {event.detail['url']}")


def who_may_hears_the_latest(observed: Observed) -> Found:
    is_kept = any(name.startswith(FOLDER) for name in observed.world.kept)
    played = [event for event in observed.world.trace if event.kind == "played" and f"/{FOLDER}" in event.detail["url"]]
    if is_kept and not played:
        yield Violation(19, "", f"{LISTENER} hears no recording, and there are some")


def when_its_time_is_over_it_is_gone(observed: Observed) -> Found:
    left = [name for name in observed.world.objects if name.startswith(FOLDER)]
    rows = [row["item"] for row in observed.world.rows() if row["item"].startswith(TALK) and not row.get("dropped_at")]
    for one in (*left, *rows):
        yield Violation(19, "", f"{one} is still there, and its day is over")


def talks(observed: Observed) -> Iterator[tuple[Leg, str]]:
    """The worker's leg and the recording of each that was made of one."""
    for event in observed.world.trace:
        if event.kind == "recording" and event.detail["sid"] in observed.legs:
            yield observed.legs[event.detail["sid"]], event.detail["url"].rpartition("/")[2]
