"""The timeline of somebody who waits: what they hear again and again is shown once, and at last how often. Pure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from emulator.clock.scheduler import TraceEvent

OVER = {"left_queue": "sid", "joined": "caller_sid", "ended": "sid"}  # where the sid of the caller's leg stands


class Folds:
    """Events in, events out. Between `enqueued` and the end of waiting a text is let through the first time alone."""

    def __init__(self) -> None:
        self._waiting: dict[str, Counter[str]] = {}  # how often each text was heard, by the sid of the leg

    def of(self, event: TraceEvent) -> Iterator[TraceEvent]:
        """What is to be shown in place of this event."""
        sid = event.detail.get(OVER.get(event.kind, "sid"), "")
        if event.kind == "enqueued":
            self._waiting[sid] = Counter()
        elif event.kind in OVER:
            yield from self._counted(event, sid)
        elif event.kind == "heard" and sid in self._waiting:
            text = event.detail["text"]
            self._waiting[sid][text] += 1
            if self._waiting[sid][text] > 1:
                return
        yield event

    def _counted(self, event: TraceEvent, sid: str) -> Iterator[TraceEvent]:
        for text, times in self._waiting.pop(sid, Counter()).items():
            if times > 1:
                detail = {**event.detail, "sid": sid, "text": f"{text} ({times} times while waiting)"}
                yield replace(event, kind="heard", detail=detail)
