"""What is at work at the moment, for somebody who waits at a terminal. A pipe sees nothing of it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich import progress as rich

from ops.commands.output import console


class Progress:
    """`total` steps, None where nobody knows how many, of which one is at work, and for how long it all takes."""

    def __init__(self, total: int | None) -> None:
        columns = (rich.SpinnerColumn(), rich.TextColumn("{task.description}"), rich.MofNCompleteColumn())
        self._shown = rich.Progress(*columns, rich.TimeElapsedColumn(), console=console(), transient=True)
        self._task = self._shown.add_task("", total=total)
        self._is_there = sys.stdout.isatty() and sys.stderr.isatty()

    def begin(self, step: str) -> None:
        """This step is at work; the one before it, if there was one, is done."""
        task: Any = self._shown.tasks[0]
        self._shown.update(self._task, description=step, advance=1 if task.description else 0)
        if self._is_there:
            self._shown.start()

    def aside(self, print_: Callable[[str], None]) -> Callable[[str], None]:
        """`print_`, for while this is shown: it would otherwise be printed across."""

        def printed(text: str) -> None:
            is_shown = self._shown.live.is_started
            self.pause()
            print_(text)
            if is_shown:
                self._shown.start()

        return printed

    def pause(self) -> None:
        """It is not shown until the next step begins: somebody is asked."""
        if self._shown.live.is_started:
            self._shown.stop()


@contextmanager
def working(total: int | None) -> Iterator[Progress]:
    shown = Progress(total)
    try:
        yield shown
    finally:
        shown.pause()
