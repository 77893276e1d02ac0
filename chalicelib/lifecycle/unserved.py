"""Callers who wait while no worker of their queue takes calls: people are told of it."""

from collections.abc import Mapping, Sequence

from chalicelib.config import callcenter
from chalicelib.links.model import Notice
from chalicelib.tell import outbox
from chalicelib.twilio import rest
from chalicelib.twilio.values import sid, text

PATIENCE_SECONDS = 60  # by then a worker has been reserved, if one takes calls
MOST_TASKS = 500
MOST_LOOKED_AT = 10  # of one queue: they are asked for one by one, as a list has no attributes (contract 5)

_of_work: set[str] = set()  # tasks that no caller waits for, as this process has seen: there may be many of them
_MOST_REMEMBERED = 2000


def long_waiting(now: float) -> Mapping[str, Sequence[rest.tasks.Task]]:
    """The tasks that nobody has been reserved for in time, by task queue, oldest first; none when nobody is told.

    Raises TwilioRejected, NotDone.
    """
    found: dict[str, list[rest.tasks.Task]] = {}
    if outbox.is_on("no-worker"):
        for task in rest.tasks.of_status("pending", MOST_TASKS):
            if now >= task.created_at + PATIENCE_SECONDS:
                found.setdefault(task.task_queue_sid, []).append(task)
    return found


def tell(task_queue_sid: str, tasks: Sequence[rest.tasks.Task], now: float) -> str:
    """Tell of the lines whose callers wait for nobody. Says what it did. Raises TwilioRejected, NotDone."""
    if rest.workers.is_anybody_available(task_queue_sid):
        return "left waiting"
    lines = set()
    unknown = [listed for listed in tasks if listed.sid not in _of_work]
    for listed in unknown[:MOST_LOOKED_AT]:
        task = rest.tasks.fetch(listed.sid)
        call_sid = sid(task.attributes.get("call_sid")) if task else ""
        if task is None or not call_sid:
            _remember(listed.sid)
            continue
        line = callcenter.current().name_of(text(task.attributes.get("to")))
        if line not in lines:
            lines.add(line)
            caller = text(task.attributes.get("from"))
            waited = int(now - task.created_at)
            outbox.order(Notice(what="no-worker", about=call_sid, line=line, at=now, caller=caller, seconds=waited))
    return "left unserved"


def _remember(task_sid: str) -> None:
    """It is no caller's, and never will be."""
    if len(_of_work) >= _MOST_REMEMBERED:
        _of_work.clear()
    _of_work.add(task_sid)
