"""Who may answer a worker's phone: queues and workers that a voicemail box may answer for. Pure."""

import math
from collections.abc import Iterator

from chalicelib.config import answering
from chalicelib.config.answering import MODES
from chalicelib.config.schema import MARGIN_SECONDS, Queue
from chalicelib.config.toml_errors import NAME, Mistake, sentence
from ops.callcenter.files import WORKERS, Center


def unsaid(center: Center) -> Iterator[str]:
    """Queues whose workers we ring, and that say nothing of how their phones are answered."""
    for name, queue in center.application.queues.items():
        if queue.mode == "crm-first" and queue.answer is None:
            allowed = f"a caller may be joined to a worker's voicemail; answer.mode is one of {', '.join(MODES)}"
            yield Mistake(NAME, f"queues.{name}", f"queues.{name} says nothing of answer: {allowed}")


def unknown(center: Center) -> Iterator[Mistake]:
    """Workers whose attribute `answer` is no mode: it would be ignored."""
    for name, worker in (center.workers or {}).items():
        wanted = worker.attributes.get("answer")
        if wanted is not None and answering.known_mode(wanted) is None:
            yield sentence(f"workers.{name}.attributes.answer", wanted, f"allowed: {', '.join(MODES)}", WORKERS)


def too_long(center: Center) -> Iterator[Mistake]:
    """Workers who are asked, as they want it, longer than some queue's reservation lasts: they would never be rung."""
    application = center.application
    for name, worker in (center.workers or {}).items():
        wanted = answering.known_mode(worker.attributes.get("answer"))
        for queue_name, queue in application.queues.items():
            needed = _needed(queue, math.ceil(application.crm.budget_seconds), wanted)
            if needed >= application.reservation_timeout:
                limit = application.reservation_timeout
                allowed = f"queue {queue_name} needs {needed} s then, and reservation_timeout is {limit} s"
                yield sentence(f"workers.{name}.attributes.answer", wanted, allowed, WORKERS)


def _needed(queue: Queue, crm_seconds: int, wanted: answering.ModeName | None) -> int:
    """What a reservation of this worker takes, if they decide more than the queue does; else 0."""
    if wanted is None or queue.is_direct or wanted == queue.answering.mode:
        return 0
    return crm_seconds + queue.ring_timeout + queue.answering.seconds(wanted) + MARGIN_SECONDS
