"""Programs that wait: a call or a person is one generator, which the scheduler resumes when its wait is over."""

from collections.abc import Callable, Generator
from dataclasses import dataclass

from emulator.clock.scheduler import Scheduler, Timer


@dataclass(frozen=True)
class Wait:
    """Until `until` holds or `seconds` have passed; without either, until `throw` or `stop`.

    The program gets back whether the condition holds.
    """

    until: Callable[[], bool] | None = None
    seconds: float | None = None


Program = Generator[Wait, bool, None]


def changed(reading: Callable[[], object]) -> Callable[[], bool]:
    """A condition that holds once `reading` gives something else than it does now."""
    before = reading()
    return lambda: reading() != before


class Process:
    """One running program. Whoever changes what a program may wait for calls `notify`."""

    def __init__(self, scheduler: Scheduler, program: Program) -> None:
        self.done = False
        self._scheduler = scheduler
        self._program = program
        self._wait: Wait | None = None  # None while running or about to run
        self._pending = Wait()
        self._timer: Timer | None = None
        self._running = False

    def start(self) -> None:
        self._advance(lambda: next(self._program))

    def notify(self) -> None:
        """Check again whether the condition of the wait holds; if so the program goes on in a turn of its own."""
        if self._wait is not None and self._holds(self._wait):
            self._wait = None
            self._resume_after(0.0)

    def throw(self, error: Exception) -> None:
        """Raise `error` in the program where it waits. Returns when the program waits again or has ended."""
        if self.done:
            return
        if self._running:  # the program itself caused this: the error comes at its next wait
            self._scheduler.after(0.0, lambda: self.throw(error))
            return
        self._advance(lambda: self._program.throw(error))

    def stop(self) -> None:
        """End the program where it waits."""
        self.done = True
        self._forget()
        if not self._running:
            self._program.close()

    @staticmethod
    def _holds(wait: Wait) -> bool:
        return wait.until is not None and wait.until()

    def _forget(self) -> None:
        self._wait = None
        if self._timer is not None:
            self._timer.cancel()

    def _advance(self, step: Callable[[], Wait]) -> None:
        self._forget()
        self._running = True
        try:
            wait = step()
        except StopIteration:
            self.done = True
            return
        finally:
            self._running = False
        if self.done:
            self._program.close()
        else:
            self._begin(wait)

    def _begin(self, wait: Wait) -> None:
        self._pending = wait
        if self._holds(wait):
            self._resume_after(0.0)
            return
        self._wait = wait
        if wait.seconds is not None:
            self._resume_after(wait.seconds)

    def _resume_after(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._scheduler.after(seconds, self._resume)

    def _resume(self) -> None:
        held = self._holds(self._pending)
        self._advance(lambda: self._program.send(held))
