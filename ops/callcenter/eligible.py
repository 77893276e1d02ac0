"""Whether a worker of the file may serve a task queue, by its expression. Pure."""

from ops.callcenter.files import Worker
from ops.callcenter.possible import TASKROUTER, outcomes
from taskrouter_expressions import Expression, Path

# What a task queue's expression may ask of a worker that stands in no file (contract 5).
OF_THE_WORKER = ("activity_name", "activity_sid", "available", "channel", "sid")


def may_serve(expression: Expression, name: str, worker: Worker) -> bool:
    """Whether the worker of this name fulfils the expression, or may."""
    return True in outcomes(expression, _seen(name, worker), _is_unknown)


def _seen(name: str, worker: Worker) -> dict[str, object]:
    """What a queue's expression sees of a worker, bare and behind `worker.`."""
    person = {"friendly_name": name, **worker.all_attributes()}
    return {**person, "worker": person}


def _is_unknown(path: Path) -> bool:
    first, *others = path.steps
    asked = others[0] if first == "worker" and others else first
    return first == TASKROUTER or asked in OF_THE_WORKER
