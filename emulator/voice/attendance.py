"""One leg in a conference: what it hears while it waits or is on hold, and what makes it leave (contract 14.2)."""

from collections.abc import Callable
from functools import partial

from emulator.clock.process import Process, Program, Wait
from emulator.voice.calls import GoTo, LegEnded, RecordingOrder, Source
from emulator.voice.conferences import Conference, Participant
from emulator.voice.context import Context
from emulator.voice.interpreter import Interpreter


def attend(
    leg: Interpreter,
    participant: Participant,
    *,
    star: bool = False,
    time_limit: float | None = None,
    entered: Callable[[], None] = lambda: None,
) -> Program:
    """From the leg's entering to its leaving; with `star` it leaves by that key."""
    conferences = leg.context.conferences
    leg.call.digits = ""
    stay = _Stay(leg, participant, star, time_limit)
    conferences.enter(participant)
    entered()
    try:
        yield from stay.run()
    except (GoTo, LegEnded) as gone:
        stay.stop()
        conferences.leave(participant, "moved" if isinstance(gone, GoTo) else "hangup")
        raise
    stay.stop()
    conferences.leave(participant, "star")


class _Stay:
    def __init__(self, leg: Interpreter, participant: Participant, star: bool, time_limit: float | None) -> None:
        self._leg = leg
        self._participant = participant
        self._star = star
        self._ends = None if time_limit is None else leg.context.scheduler.now() + time_limit
        self._side: Process | None = None

    def run(self) -> Program:
        while not self._out():
            heard = self._background()
            self._play(heard)
            yield Wait(partial(self._is_other_than, heard), self._seconds_left())
            self.stop()

    def _is_other_than(self, heard: Source | None) -> bool:
        return self._out() or self._background() is not heard

    def _out(self) -> bool:
        pressed = self._star and "*" in self._leg.call.digits
        return bool(self._participant.left) or pressed or self._seconds_left() == 0.0

    def _seconds_left(self) -> float | None:
        return None if self._ends is None else max(0.0, self._ends - self._leg.context.scheduler.now())

    def _background(self) -> Source | None:
        """What this leg alone hears: an announcement, the music on hold, or that before the beginning."""
        participant = self._participant
        if participant.announcement is not None:
            return participant.announcement
        if participant.hold:
            return participant.hold_source
        return participant.wait if participant.conference.status == "init" else None

    def _play(self, source: Source | None) -> None:
        if source is not None:
            program = self._announce(source) if source is self._participant.announcement else self._music(source)
            self._side = Process(self._leg.context.scheduler, program)
            self._leg.call.run(self._side)

    def _announce(self, source: Source) -> Program:
        """One that fails ends nothing; that the stock error is heard first is uncertain."""
        failed = False
        try:
            yield from self._leg.beside("conference").run(source)
        except LegEnded:
            failed = True
        self._participant.announcement = None
        self._leg.context.conferences.announced(self._participant, failed=failed)
        self._leg.call.notify()

    def _music(self, source: Source) -> Program:
        """Again and again; a document without sound must not be asked for without end."""
        now = self._leg.context.scheduler.now
        while True:
            began = now()
            yield from self._document(source)
            if now() - began < 1.0:
                yield Wait(seconds=1.0)

    def _document(self, source: Source) -> Program:
        """That one which fails ends the leg, as any document does, is uncertain."""
        try:
            yield from self._leg.beside("conference").run(source)
        except LegEnded as ended:
            self._leg.call.main.throw(ended)

    def stop(self) -> None:
        if self._side is not None:
            self._side.stop()
            self._side = None


def record(context: Context, conference: Conference, call_sid: str, order: RecordingOrder) -> None:
    """The conference is recorded from its beginning to its end; only the first who asks for it counts."""
    if conference.recorded:
        return
    conference.recorded = True

    def begin() -> None:
        made = context.recordings.start(call_sid, order, conference.sid)
        conference.on_end.append(lambda: context.recordings.stop(made))

    if conference.status == "init":
        conference.on_start.append(begin)
    else:
        begin()
