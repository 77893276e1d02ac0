"""Lambda on the virtual clock: each invocation is a greenlet that pauses at its effects, and others go on meanwhile.

Between two effects a handler runs in no time, as one piece; at each effect it may die, and others run while it waits.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar, cast

import greenlet

from emulator.clock.scheduler import Scheduler, Timer
from tests.simulation.faults import Faults

T = TypeVar("T")

Done = Callable[[object], None]


class Died(BaseException):
    """The process ends here: no handler of the application sees it."""


@dataclass(frozen=True)
class Step:
    """A moment at which a process may die: before or after one effect, counted within the invocation."""

    invocation: str
    about: tuple[str, ...]
    number: int
    effect: str
    after: bool


@dataclass
class Invocation:
    """One invocation. `about` holds the sids that its event carries; `troubles` the faults that it met.

    `unanswered` are the writes that it sent and had no answer to in time.
    """

    name: str
    about: tuple[str, ...]
    scheduler: Scheduler
    dies: Callable[[Step], bool]
    troubles: list[str] = field(default_factory=list)
    unanswered: set[str] = field(default_factory=set)
    steps: int = 0
    coroutine: greenlet.greenlet | None = None
    timer: Timer | None = None

    def pause(self, seconds: float) -> None:
        """Let the others run for so long."""
        self.timer = self.scheduler.after(seconds, self._resume)
        cast(greenlet.greenlet, self.coroutine).parent.switch()

    def effect(self, name: str, seconds: float, act: Callable[[], T]) -> T:
        """Something outside: it happens half of `seconds` from now, and is known here when the other half is over."""
        number, self.steps = self.steps, self.steps + 1
        self._may_die(Step(self.name, self.about, number, name, False))
        self.pause(seconds / 2)
        try:
            return act()
        finally:
            self.pause(seconds / 2)
            self._may_die(Step(self.name, self.about, number, name, True))

    @contextmanager
    def writing(self, request: str, *unanswered: type[Exception]) -> Iterator[None]:
        """Tell of a write that is sent again after its first try ended with one of these errors."""
        if request in self.unanswered:
            self.scheduler.emit("sent_again", request=request, about=" ".join(self.about))
        try:
            yield
        except unanswered:
            self.unanswered.add(request)
            raise

    def reads(self, url: str) -> None:
        """What stands there is asked: who writes then has decided anew."""
        self.unanswered = {request for request in self.unanswered if f" {url} " not in request}

    def _may_die(self, step: Step) -> None:
        if self.dies(step):
            self.troubles.append("lambda_dies")
            raise Died(step.effect)

    def _resume(self) -> None:
        cast(greenlet.greenlet, self.coroutine).switch()

    @contextmanager
    def leaving_after(self, seconds: float, error: Exception) -> Iterator[None]:
        """This block ends with `error` where it waits when it has taken so long."""
        limit = self.scheduler.after(seconds, lambda: self._throw(error))
        try:
            yield
        finally:
            limit.cancel()

    def kill(self) -> None:
        """End it where it waits."""
        self._throw(Died("timeout"))

    def _throw(self, error: BaseException) -> None:
        if self.timer is not None:
            self.timer.cancel()
        cast(greenlet.greenlet, self.coroutine).throw(error)


class Lambda:
    """Starts processes. `dies` decides at each step; whoever runs longer than its timeout is ended."""

    def __init__(self, scheduler: Scheduler, dies: Callable[[Step], bool]) -> None:
        self.scheduler = scheduler
        self.dies = dies
        self.running: list[Invocation] = []

    def start(
        self, name: str, about: tuple[str, ...], handler: Callable[[], object], timeout: float, done: Done
    ) -> Invocation:
        """Run `handler` from now on; `done` gets what it returned, the exception that it raised, or a Died."""
        invocation = Invocation(name, about, self.scheduler, self.dies)
        limit = self.scheduler.after(timeout, lambda: self._too_late(invocation))

        def live() -> None:
            try:
                result: object = handler()
            except Exception as error:
                result = error
            except Died as died:
                result = died
            limit.cancel()
            self.running.remove(invocation)
            done(result)

        invocation.coroutine = greenlet.greenlet(live)
        _OF[invocation.coroutine] = invocation
        self.running.append(invocation)
        invocation.coroutine.switch()
        return invocation

    def _too_late(self, invocation: Invocation) -> None:
        invocation.troubles.append("timeout")
        self.scheduler.emit("fault", fault="timeout", about=" ".join(invocation.about))
        invocation.kill()


# Which process runs in which greenlet; those that have ended are forgotten with the world.
_OF: dict[greenlet.greenlet, Invocation] = {}


def current() -> Invocation:
    """The process that is running now. KeyError outside of one."""
    return _OF[greenlet.getcurrent()]


def forget() -> None:
    _OF.clear()


class Draw:
    """Asks for one fault after the other, about one request; the process that makes it notes what it met."""

    def __init__(self, faults: Faults, about: Iterable[str]) -> None:
        self._faults = faults
        self._about = tuple(about)

    def __call__(self, kind: str) -> bool:
        happens = self._faults.happens(kind, self._about)
        if happens:
            current().troubles.append(kind)
        return happens
