"""How long each part of a way takes, one after the other."""

from collections.abc import Callable


class Phases:
    """`clock` gives seconds that only grow. `taken` has each phase that is over, with its seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began = clock()
        self._current = ""
        self._current_began = self._began
        self.taken: list[tuple[str, float]] = []

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return self._clock() - self._began

    def begin(self, what: str) -> None:
        """The phase before is over, and this one begins."""
        self.end()
        self._current, self._current_began = what, self._clock()

    def end(self) -> None:
        """The phase is over, and none begins."""
        if self._current:
            self.taken.append((self._current, self._clock() - self._current_began))
        self._current = ""
