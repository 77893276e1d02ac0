"""The worker's side of a bridge: the caller is found, taken out of the queue and talked with (contract 3.2, 4.3)."""

from emulator.clock.process import Program, Wait
from emulator.ports import TwilioError
from emulator.voice.calls import Call
from emulator.voice.context import Context
from emulator.voice.document import Dial
from emulator.voice.queues import Bridge, Member

LATER_SECONDS = 2.0  # of the two actions after the star key, the second one


def bridge_to(context: Context, worker: Call, member: Member, reservation: str = "", activity: str = "") -> Bridge:
    """A bridge to this caller; without a reservation the queue is a named one."""
    return Bridge(
        caller=member.call,
        worker=worker,
        member=member,
        scheduler=context.scheduler,
        router=context.router,
        reservation_sid=reservation,
        post_work_activity_sid=activity,
        on_warning=context.warn_of,
        leaves_task=context.leaves_task,
    )


def reserved(context: Context, worker: Call, reservation_sid: str, activity_sid: str) -> Bridge:
    """The bridge to the caller of a reservation, whose accept has begun. TwilioError 14215 or 14217."""
    return bridge_to(context, worker, waiting(context, reservation_sid), reservation_sid, activity_sid)


def waiting(context: Context, reservation_sid: str) -> Member:
    """The caller of a reservation, whose accept has begun. TwilioError 14215 or 14217."""
    member = context.queues.members.get(context.router.begin_accept(reservation_sid))
    if member is None or member.is_taken:
        context.router.finish_accept(reservation_sid, False)
        raise TwilioError(14215, f"No caller of {reservation_sid} waits in a queue")
    return member


def take(context: Context, bridge: Bridge) -> None:
    """The caller is out of the queue, the waiting document ends, the whisper begins."""
    context.queues.take_out(bridge.member)
    bridge.member.bridge = bridge
    bridge.caller.notify()


def talk(worker: Call, bridge: Bridge, verb: Dial | None = None) -> Program:
    """The worker's side, from the whisper to the end of the conversation."""
    worker.digits = ""
    try:
        yield Wait(lambda: bridge.state != "preparing")
        yield Wait(lambda: bridge.state != "joined" or _let_go(worker, verb), verb.time_limit if verb else None)
        bridge.starred = bridge.state == "joined" and _let_go(worker, verb)
    finally:
        bridge.abandon()
        bridge.part()


def wait_for_the_other(context: Context, bridge: Bridge, side: str) -> Program:
    """Which action comes first when the star key parted the two is uncertain (contract 12)."""
    if bridge.starred and context.worlds["starred_dial"] not in (f"{side}_first", "at_once"):
        yield Wait(seconds=LATER_SECONDS)


def _let_go(worker: Call, verb: Dial | None) -> bool:
    return verb is not None and verb.hangup_on_star and "*" in worker.digits
