"""Conferences: rooms of a name, who is in them, and what they tell of themselves (contract 14.2)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from emulator.clock.scheduler import Scheduler
from emulator.ports import Method
from emulator.voice.calls import Call, Source, rfc2822

ConferenceStatus = Literal["init", "in-progress", "completed"]
LARGEST = 250
EVENTS = frozenset({"start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement"})


@dataclass(frozen=True)
class ConferenceCallback:
    """`events` are those of the noun's attribute: `join` is sent as `participant-join`."""

    url: str = ""
    method: Method = "POST"
    events: frozenset[str] = frozenset()


@dataclass
class Participant:
    """One leg in a conference. `left` says why it is out: `hangup`, `star`, `moved`, `kicked`, `ended`, or empty."""

    call: Call
    conference: "Conference"
    joined: float
    updated: float
    muted: bool = False
    hold: bool = False
    hold_source: Source | None = None
    announcement: Source | None = None
    coaching: bool = False
    call_sid_to_coach: str = ""
    starts: bool = True  # startConferenceOnEnter
    ends: bool = False  # endConferenceOnExit
    wait: Source | None = None
    left: str = ""

    @property
    def sid(self) -> str:
        """A participant has the sid of its call."""
        return self.call.sid

    @property
    def label(self) -> str:
        return self.call.label

    @property
    def is_heard(self) -> bool:
        return self.talks and not self.muted

    @property
    def talks(self) -> bool:
        """Whether the leg is in the conversation: it has begun, and the leg is not on hold."""
        return self.conference.status == "in-progress" and not self.hold and not self.left


@dataclass
class Conference:
    """`callback` is the first participant's: those of the others do not count."""

    sid: str
    friendly_name: str
    created: float
    updated: float
    max_participants: int = LARGEST
    callback: ConferenceCallback = field(default_factory=ConferenceCallback)
    status: ConferenceStatus = "init"
    participants: dict[str, Participant] = field(default_factory=dict)  # by CallSid: who is in it
    invited: dict[str, Participant] = field(default_factory=dict)  # whose phone rings, or is about to
    reason: str = ""
    ended_by: str = ""  # CallSid
    told: int = 0
    recorded: bool = False
    started: float | None = None
    ended: float | None = None
    on_end: list[Callable[[], None]] = field(default_factory=list)
    on_start: list[Callable[[], None]] = field(default_factory=list)

    def known(self) -> list[Participant]:
        """Who is in it, and who is being rung into it."""
        invited = [one for one in self.invited.values() if not one.call.is_over]
        return [*self.participants.values(), *invited]

    def notify(self) -> None:
        for participant in list(self.participants.values()):
            call = participant.call
            call.is_joined = participant.talks and sum(other.talks for other in self.participants.values()) > 1
            call.notify()


Tell = Callable[[Conference, Mapping[str, str]], None]


class Conferences:
    """The account's conferences, those that are over as well. `tell` sends one status callback's form."""

    def __init__(self, scheduler: Scheduler, account_sid: str, tell: Tell) -> None:
        self.all: dict[str, Conference] = {}  # by sid
        self._scheduler = scheduler
        self._account_sid = account_sid
        self._tell = tell

    def named(self, name: str) -> Conference | None:
        """The one with this name that is not over."""
        live = (one for one in self.all.values() if one.friendly_name == name and one.status != "completed")
        return next(live, None)

    def open(self, name: str, callback: ConferenceCallback, max_participants: int = LARGEST) -> Conference:
        """The conference of that name; a new one when there is none, or when the last of that name is over."""
        known = self.named(name)
        if known is not None:
            return known
        now = self._scheduler.now()
        made = Conference(self._scheduler.sid("CF"), name, now, now, max_participants, callback)
        self.all[made.sid] = made
        return made

    def enter(self, participant: Participant) -> None:
        """The leg is in. The conference begins with the second one, as soon as one of them may start it."""
        conference = participant.conference
        conference.participants[participant.call.sid] = participant
        self._changed(conference, "join", participant)
        starters = [one for one in conference.participants.values() if one.starts]
        if conference.status == "init" and starters and len(conference.participants) > 1:
            self._start(conference)
        conference.notify()

    def _start(self, conference: Conference) -> None:
        conference.status = "in-progress"
        conference.started = self._scheduler.now()
        for begin in conference.on_start:
            begin()
        self._changed(conference, "start")

    def leave(self, participant: Participant, why: str) -> None:
        """Out of the room; the conference ends with whoever ends it, and with the last one."""
        conference = participant.conference
        if participant.call.sid not in conference.participants:
            return
        participant.left = participant.left or why
        del conference.participants[participant.call.sid]
        participant.call.is_joined = False
        self._changed(conference, "leave", participant)
        kicked = participant.left == "kicked"
        if conference.status == "completed":
            return
        if participant.ends:
            how = "kicked" if kicked else "left"
            self.end(conference, f"participant-with-end-conference-on-exit-{how}", participant.call.sid)
        elif not conference.participants:
            self.end(conference, "last-participant-kicked" if kicked else "last-participant-left", participant.call.sid)
        conference.notify()

    def end(self, conference: Conference, reason: str, ended_by: str = "") -> None:
        """Everybody is out and goes on with their own document."""
        if conference.status == "completed":
            return
        conference.status, conference.reason, conference.ended_by = "completed", reason, ended_by
        conference.ended = self._scheduler.now()
        for participant in list(conference.participants.values()):
            self.leave(participant, "ended")
            participant.call.notify()
        for finish in conference.on_end:
            finish()
        self._changed(conference, "end")

    def kick(self, participant: Participant) -> None:
        participant.left = "kicked"
        participant.call.notify()

    def set_muted(self, participant: Participant, muted: bool) -> None:
        if participant.muted != muted:
            participant.muted = muted
            self._changed(participant.conference, "mute" if muted else "unmute", participant)

    def set_hold(self, participant: Participant, hold: bool, source: Source | None) -> None:
        participant.hold_source = source
        if participant.hold != hold:
            participant.hold = hold
            self._changed(participant.conference, "hold" if hold else "unhold", participant)
        participant.conference.notify()

    def set_coaching(self, participant: Participant, coaching: bool, call_sid: str) -> None:
        """A coach is heard by one participant alone."""
        participant.coaching, participant.call_sid_to_coach = coaching, call_sid if coaching else ""
        self._changed(participant.conference, "modify", participant)

    def announce(self, participant: Participant, source: Source) -> None:
        participant.announcement = source
        participant.call.notify()

    def announced(self, participant: Participant, *, failed: bool = False) -> None:
        self._changed(participant.conference, "announcement-fail" if failed else "announcement-end", participant)

    def speech(self, call_sid: str, seconds: float) -> None:
        """Somebody on this leg talks: told of whoever can be heard in a conference, from the beginning to the end.

        One pair for each time, of nobody who has left meanwhile: inferred.
        """
        for conference in self.all.values():
            participant = conference.participants.get(call_sid)
            if participant is None or not participant.is_heard or "speaker" not in conference.callback.events:
                continue
            self._changed(conference, "speech-start", participant)
            self._scheduler.after(seconds, partial(self._silent, participant))

    def _silent(self, participant: Participant) -> None:
        if not participant.left:
            self._changed(participant.conference, "speech-stop", participant)

    def _changed(self, conference: Conference, what: str, participant: Participant | None = None) -> None:
        conference.updated = self._scheduler.now()
        event = _event(what)
        detail = {"call_sid": participant.call.sid} if participant else {}
        self._scheduler.emit("conference", sid=conference.sid, name=conference.friendly_name, event=event, **detail)
        if participant is not None:
            participant.updated = conference.updated
        if conference.callback.url and _subscribed(what) & conference.callback.events:
            self._tell(conference, self._form(conference, event, participant))

    def _form(self, conference: Conference, event: str, participant: Participant | None) -> dict[str, str]:
        form = {
            "AccountSid": self._account_sid,
            "ConferenceSid": conference.sid,
            "FriendlyName": conference.friendly_name,
            "StatusCallbackEvent": event,
            "SequenceNumber": str(conference.told),
            "Timestamp": rfc2822(self._scheduler.now()),
        }
        conference.told += 1
        if event == "conference-end":
            form["ReasonConferenceEnded"] = conference.reason
            form["CallSidEndingConference"] = conference.ended_by
        return form if participant is None else {**form, **_participant_form(participant)}


def _participant_form(participant: Participant) -> dict[str, str]:
    flags = {
        "Muted": participant.muted,
        "Hold": participant.hold,
        "Coaching": participant.coaching,
        "StartConferenceOnEnter": participant.starts,
        "EndConferenceOnExit": participant.ends,
    }
    form = {"CallSid": participant.call.sid, **{name: str(flag).lower() for name, flag in flags.items()}}
    if participant.label:
        form["ParticipantLabel"] = participant.label
    if participant.left:
        form["ReasonParticipantLeft"] = _REASONS.get(participant.left, "participant_updated_via_api")
    return form


# The words for a conference that ended, and for a participant who was sent elsewhere, are uncertain.
_REASONS = {
    "hangup": "participant_hung_up",
    "star": "participant_hung_up",
    "kicked": "participant_kicked",
    "ended": "conference_ended",
}


def _event(what: str) -> str:
    if what in {"start", "end"}:
        return f"conference-{what}"
    return what if what.startswith("announcement") else f"participant-{what}"


def _subscribed(what: str) -> frozenset[str]:
    """The name under which somebody asked for it: `unmute` comes with `mute`, `unhold` with `hold`."""
    if what.startswith("speech-"):
        return frozenset({"speaker"})
    return frozenset({what.removeprefix("un") if what in {"unmute", "unhold"} else what.partition("-")[0]})
