"""Dial of numbers, clients and SIP addresses: child legs, the first of which to answer is joined (contract 14.1)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from emulator.clock.process import Program, Wait
from emulator.voice.calls import Call, Detection, GoTo, LegEnded, Order, Source, StatusCallback
from emulator.voice.context import Context
from emulator.voice.document import Dial, NounCallback, PhoneNoun
from emulator.voice.interpreter import Interpreter, verb_method
from emulator.voice.recordings import Recording

DIALABLE = re.compile(r"\+?[\d ().-]{3,25}|client:\S+|sips?:\S+")
INVALID_NUMBER = 13223
MOST_PHONES = 10


@dataclass
class _Ring:
    """One attempt to reach somebody: the legs that ring, and the one that was joined."""

    context: Context
    parent: Call
    children: list[Call] = field(default_factory=list)
    joined: Call | None = None
    joined_at: float = 0.0
    recorded: Recording | None = None
    is_over: bool = False

    def join(self, child: Call) -> None:
        """The first to be through its document; the others are hung up."""
        self.joined, self.joined_at = child, self.context.scheduler.now()
        self.parent.is_joined = child.is_joined = True
        self.context.scheduler.emit("joined", caller_sid=self.parent.sid, worker_sid=child.sid, reservation_sid="")
        for other in self.children:
            if other is not child:
                self.context.dialer.hang_up(other.sid)
        self._notify()

    def end(self, by: Call | None = None) -> None:
        """One of the two is gone, or the parent let go: all legs end but `by`."""
        if self.is_over:
            return
        self.is_over = True
        if self.joined is not None:
            self.parent.is_joined = self.joined.is_joined = False
            self.context.scheduler.emit("parted", caller_sid=self.parent.sid, worker_sid=self.joined.sid)
        if self.recorded is not None:
            self.context.recordings.stop(self.recorded)
        for child in self.children:
            if child is not by:
                self.context.dialer.hang_up(child.sid)
        self._notify()

    def rings(self) -> bool:
        return any(not child.is_over for child in self.children)

    def _notify(self) -> None:
        self.parent.notify()
        if self.joined is not None:
            self.joined.notify()


def dial_phones(leg: Interpreter, verb: Dial, phones: Sequence[PhoneNoun]) -> Program:
    """Ring them all at once, or one after the other; joined until one of the two hangs up."""
    ring = _Ring(leg.context, leg.call)
    leg.call.digits = ""
    try:
        yield from _ring(leg, verb, phones, ring)
        if ring.joined is not None:
            leg.go_live()
            ring.recorded = leg.record_dial(verb) if verb.record.startswith("record-from") else None
            yield Wait(lambda: ring.is_over or (verb.hangup_on_star and "*" in leg.call.digits), verb.time_limit)
    except (GoTo, LegEnded) as gone:
        ring.end()
        if isinstance(gone, LegEnded):
            leg.report_dial(verb, _result(leg, ring))
        raise
    ring.end()
    if verb.action:
        raise leg.after(verb.action, verb.method, _result(leg, ring))


def _ring(leg: Interpreter, verb: Dial, phones: Sequence[PhoneNoun], ring: _Ring) -> Program:
    groups = [[one] for one in phones] if verb.sequential else [list(phones[:MOST_PHONES])]
    for group in groups:
        ring.children += [_place(leg, verb, noun, ring) for noun in group if _is_dialable(leg, noun)]
        yield Wait(lambda: ring.joined is not None or not ring.rings())
        if ring.joined is not None:
            return


def _is_dialable(leg: Interpreter, noun: PhoneNoun) -> bool:
    if DIALABLE.fullmatch(noun.to):
        return True
    leg.context.warn(INVALID_NUMBER, f"Dial: invalid phone number format: {noun.to}", leg.call.sid)
    return False


def _place(leg: Interpreter, verb: Dial, noun: PhoneNoun, ring: _Ring) -> Call:
    order = Order(
        to=noun.to if ":" in noun.to else re.sub(r"[ ().-]", "", noun.to),
        from_=verb.caller_id or leg.call.from_,
        timeout=verb.timeout,
        callback=_callback(leg, noun.callback),
        detection=_detection(leg, noun),
    )
    return leg.context.dialer.dial(leg.call, order, lambda child: _child(leg, noun, ring, child))


def _callback(leg: Interpreter, given: NounCallback) -> StatusCallback:
    url = leg.url(given.url) if given.url else ""
    events = frozenset({"completed"}) if given.events is None else given.events
    return StatusCallback(url, verb_method(given.method), events)


def _detection(leg: Interpreter, noun: PhoneNoun) -> Detection | None:
    """On a noun it is always asynchronous: the two talk while it goes on."""
    if noun.machine_detection not in {"Enable", "DetectMessageEnd"}:
        return None
    return Detection(
        message_end=noun.machine_detection == "DetectMessageEnd",
        asynchronous=True,
        callback=leg.url(noun.amd_status_callback) if noun.amd_status_callback else "",
        callback_method=verb_method(noun.amd_status_callback_method),
    )


def _child(leg: Interpreter, noun: PhoneNoun, ring: _Ring, child: Call) -> Program:
    """The answered leg: its document first, then the conversation. Sent elsewhere it goes on alone."""
    try:
        if noun.url:
            yield from leg.on(child, "screen").run(Source(leg.url(noun.url), verb_method(noun.method)))
        if ring.is_over or ring.joined is not None:
            return
        ring.join(child)
        yield Wait(lambda: ring.is_over)
    except GoTo:
        _let_go(ring, child)
        raise
    except LegEnded:
        if ring.joined is child:
            ring.end(by=child)
        raise


def _let_go(ring: _Ring, child: Call) -> None:
    """The child has another document now: it is none of this Dial's any more."""
    if ring.joined is child:
        ring.end(by=child)
    else:
        ring.children.remove(child)
        ring.parent.notify()


def _result(leg: Interpreter, ring: _Ring) -> Mapping[str, str]:
    """Of several whom nobody answered the last one counts; that is uncertain."""
    sound = {} if ring.recorded is None else {"RecordingUrl": ring.recorded.url}
    if ring.joined is not None:
        seconds = round(leg.context.scheduler.now() - ring.joined_at)
        found = {"DialCallStatus": "completed", "DialBridged": "true", "DialCallSid": ring.joined.sid}
        return {**found, "DialCallDuration": str(seconds), **sound}
    if not ring.children:
        return {"DialCallStatus": "failed", "DialBridged": "false"}
    last = max(ring.children, key=lambda child: child.ended or 0.0)
    return {"DialCallStatus": last.status, "DialBridged": "false", "DialCallSid": last.sid}
