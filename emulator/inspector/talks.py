"""Where each leg is: whose phone rings, who waits in which queue, who is joined with whom."""

from emulator.inspector.page import Link, Parts
from emulator.twilio import Twilio
from emulator.voice.calls import Call
from emulator.voice.conferences import Participant
from emulator.voice.queues import Member

_ALONE = {  # by the status, and whether the person dialled
    ("in-progress", True): "alone on the line",
    ("in-progress", False): "alone on the line",
    ("ringing", True): "nobody has answered yet",
    ("ringing", False): "the phone rings",
}


class Talks:
    """Read once for all the legs of a page."""

    def __init__(self, twilio: Twilio) -> None:
        self._twilio = twilio
        self._members = twilio.context.queues.members
        self._partners = dict(self._pairs())
        self._seats = {
            sid: seat for one in twilio.context.conferences.all.values() for sid, seat in one.participants.items()
        }

    def where(self, call: Call) -> Parts:
        """A sentence's parts, without its subject."""
        if call.is_over:
            return [call.status]
        member, seat, partner = self._members.get(call.sid), self._seats.get(call.sid), self._partners.get(call.sid)
        if partner is not None:
            return ["joined with ", self._person(partner)]
        if seat is not None:
            return self._in_conference(seat)
        if member is not None and member.position():
            return self._waits(member)
        return [_ALONE.get((call.status, call.direction == "inbound"), "about to be dialled")]

    def task(self, call: Call) -> Link | None:
        member = self._members.get(call.sid)
        sid = member.task_sid if member is not None else call.task_sid
        sid = sid or (call.dequeues.task_sid if call.dequeues is not None else "")
        return Link(sid, sid) if sid else None

    def _person(self, sid: str) -> Link:
        return Link(sid, self._twilio.who(sid))

    def _waits(self, member: Member) -> Parts:
        label = queue_label(self._twilio, member.queue.friendly_name)
        return [f"waits as number {member.position()} in the queue ", Link(member.queue.sid, label)]

    def _in_conference(self, seat: Participant) -> Parts:
        how = "on hold in" if seat.hold else "in" if seat.talks else "waits in"
        return [f"{how} the conference ", Link(seat.conference.sid, seat.conference.friendly_name)]

    def _pairs(self) -> list[tuple[str, str]]:
        """Both ways: out of queues, by a dequeue, and by a Dial of phones."""
        bridges = [member.bridge for member in self._members.values() if member.bridge is not None]
        legs = [(one.caller, one.worker) for one in bridges if one.state == "joined"]
        calls = self._twilio.context.calls
        children = [call for call in calls.values() if call.parent_sid and call.is_joined and not call.is_over]
        legs += [(calls[child.parent_sid], child) for child in children if calls[child.parent_sid].is_joined]
        return [pair for one, other in legs for pair in ((one.sid, other.sid), (other.sid, one.sid))]


def queue_label(twilio: Twilio, name: str) -> str:
    """The queue of a workflow is named by its sid: the workflow's own name says more."""
    found = (engine.workspace.workflows.get(name) for engine in twilio.router.engines.values())
    workflow = next((one for one in found if one is not None), None)
    return name if workflow is None else f"{workflow.friendly_name} (workflow)"
