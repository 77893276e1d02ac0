"""Recorded talks: who may listen has to be a worker, and to have a PIN. Pure."""

from collections.abc import Iterator

from chalicelib.config.toml_errors import NAME, Mistake, sentence
from ops.callcenter.files import WORKERS, Center


def unknown_listeners(center: Center) -> Iterator[Mistake]:
    """Names of nobody: without a file of the workers none is looked at."""
    for key, listener in _listeners(center):
        if center.workers is not None and listener not in center.workers:
            allowed = ", ".join(center.workers) or "none: the file names none"
            yield sentence(key, listener, f"allowed: {allowed}")


def cannot_listen(center: Center) -> Iterator[str]:
    """Who may listen and has no PIN, so that the staff number lets them hear nothing."""
    for key, listener in _listeners(center):
        worker = (center.workers or {}).get(listener)
        if worker is not None and not worker.pin:
            yield Mistake(
                NAME, key, f"{key} is {listener!r}: who has no pin in {WORKERS} can hear nothing on the phone"
            )


def _listeners(center: Center) -> Iterator[tuple[str, str]]:
    for name, queue in center.application.queues.items():
        for at, listener in enumerate(queue.recording.who_may_listen if queue.recording else ()):
            yield f"queues.{name}.recording.who_may_listen[{at}]", listener
