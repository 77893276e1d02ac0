"""A transport for tests: requests go straight to a function, and time passes as the test says."""

from collections.abc import Callable

from emulator.clock.scheduler import Scheduler
from emulator.ports import Done, WebFailure, WebRequest, WebResult

Handler = Callable[[WebRequest], WebResult]


def _no_delay(_request: WebRequest) -> float:
    return 0.0


class InProcessTransport:
    """Implements the port `Transport`.

    The handler runs after half of `latency_seconds`, and may use the emulator's REST while it runs.
    It answers with a response or with a failure of its own. `delay` says how many seconds longer the answer to a
    request takes; an answer later than the request's deadline becomes a timeout, although the handler has run.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        handler: Handler,
        latency_seconds: float = 0.05,
        delay: Callable[[WebRequest], float] = _no_delay,
    ) -> None:
        self.handler = handler
        self.delay = delay
        self.requests: list[WebRequest] = []
        self._scheduler = scheduler
        self._latency = latency_seconds

    def send(self, request: WebRequest, connect_timeout: float, total_timeout: float, done: Done) -> None:
        def arrive() -> None:
            self.requests.append(request)
            needs = self._latency + self.delay(request)
            result = self.handler(request)
            if needs > total_timeout:
                result = WebFailure("timeout")
            self._scheduler.at(sent + min(needs, total_timeout), lambda: done(result))

        sent = self._scheduler.now()
        self._scheduler.after(min(self._latency / 2, connect_timeout), arrive)
