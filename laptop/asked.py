"""Phones whose people take every call: where the queue asks them for a key, they press 1."""

from collections.abc import Callable
from contextlib import suppress

from emulator.clock.scheduler import TraceEvent
from emulator.ports import TwilioError
from emulator.twilio import Twilio
from ops.callcenter.files import Center

THINKS_SECONDS = 0.5


class TakesCalls:
    """Called with each event. `phones` are the numbers that it is about; `center` gives the files as they are now."""

    def __init__(self, twilio: Twilio, center: Callable[[], Center]) -> None:
        self.phones: set[str] = set()
        self._twilio = twilio
        self._center = center

    def __call__(self, event: TraceEvent) -> None:
        if event.kind == "heard" and event.detail["who"] in self.phones:
            sid, text = event.detail["sid"], event.detail["text"]
            prompts = [queue.answering.prompt for queue in self._center().application.queues.values()]
            if any(prompt and prompt in text for prompt in prompts):
                self._twilio.scheduler.after(THINKS_SECONDS, lambda: self._press(sid))

    def _press(self, sid: str) -> None:
        with suppress(TwilioError):  # the call is over
            self._twilio.press(sid, "1")
