"""For what happens in other processes: look until it is so."""

import time
from collections.abc import Callable

LIMIT_SECONDS = 20.0


def eventually(is_so: Callable[[], bool], within: float = LIMIT_SECONDS) -> None:
    """Fails when it is not so within these seconds."""
    deadline = time.monotonic() + within
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


def hears(lines: list[str], text: str) -> Callable[[], bool]:
    return lambda: any(text in line for line in lines)
