"""Filters that `apply` puts before the file's own: for callers who are offered to one worker first, or alone. Pure."""

from collections.abc import Iterator

from chalicelib.callers.known import FIRST_WAIT, FIRST_WORKER
from chalicelib.config.callers import KnowCaller
from chalicelib.config.schema import NAME_LIMIT
from chalicelib.config.toml_errors import Mistake, sentence
from ops.callcenter.calls import Call, calls, parsed, takers
from ops.callcenter.eligible import may_serve
from ops.callcenter.files import WORKERS, Center, Filter, Target

PERSON_QUEUE = "person_queue"  # the attribute of a caller who typed an extension
ALONE = "task.agent"


def filters(center: Center) -> tuple[Filter, ...]:
    """The file's filters, and before them those by which a call goes to one worker alone, or first."""
    own = center.workflow.filters
    return (*_alone(center), *_first(center), *own)


def is_made(expression: str) -> bool:
    """Whether a filter with this expression is one that `filters` puts there."""
    return expression.startswith(f"{PERSON_QUEUE} == ") or expression.startswith(f"{FIRST_WAIT} == ")


def _alone(center: Center) -> Iterator[Filter]:
    """For each queue of extensions a filter, whose one target is the worker."""
    lines = center.application.lines.values()
    for queue in dict.fromkeys(line.extensions.queue for line in lines if line.extensions):
        when = f"{PERSON_QUEUE} == {_text(queue)}"
        yield Filter(_named("extension", queue), when, (Target(queue, known_worker=ALONE),))


def _first(center: Center) -> Iterator[Filter]:
    """For each filter that calls of a line with `same_worker` may get to a twin, whose first target is that worker."""
    for wait in sorted({rules.same_worker.wait for _, rules in _know(center) if rules.same_worker}):
        for given in _taking(center, wait):
            when = f"{FIRST_WAIT} == {wait} AND ({given.when})"
            targets = (_first_target(given.targets[0].queue, wait), *given.targets)
            yield Filter(_named(f"same worker {wait}", given.name), when, targets)
        if queue := center.workflow.default_queue:
            targets = (_first_target(queue, wait), Target(queue))
            yield Filter(_named(f"same worker {wait}", queue), f"{FIRST_WAIT} == {wait}", targets)


def _first_target(queue: str, wait: int) -> Target:
    return Target(queue, timeout=wait, known_worker=f"task.{FIRST_WORKER}")


def _taking(center: Center, wait: int) -> Iterator[Filter]:
    """The filters that a call of a line with this wait may get to, in the order of the file."""
    may = [taker for call in calls(center) if _waits(call) == wait for taker in takers(center, call)[0]]
    return (given for given in center.workflow.filters if given in may)


def _waits(call: Call) -> int:
    rules = call.line.know_caller
    return rules.same_worker.wait if rules and rules.same_worker else 0


def _know(center: Center) -> Iterator[tuple[str, KnowCaller]]:
    for name, line in center.application.lines.items():
        if line.know_caller:
            yield name, line.know_caller


def _named(what: str, whose: str) -> str:
    return f"{what}: {whose}"[:NAME_LIMIT]


def _text(value: str) -> str:
    """As an expression has it, which knows both quotes, and no way to write one inside the same."""
    return f"'{value}'" if '"' in value else f'"{value}"'


def overruled(center: Center) -> Iterator[Mistake]:
    """VIPs whose priority would not count: a target's own goes before the task's (contract 7.5)."""
    for call in calls(center):
        rules = call.line.know_caller
        if rules is None or not rules.vip_priority:
            continue
        may, _ = takers(center, call)
        for target in (target for given in may for target in given.targets if target.priority is not None):
            key = f"lines.{call.name}.know_caller.vip_priority"
            allowed = f"0, or no priority of the target {target.queue} that takes its calls: that one would count"
            yield sentence(key, rules.vip_priority, allowed)
            return


def nobody(center: Center) -> Iterator[Mistake]:
    """Extensions that a line asks for, and nobody has."""
    if center.workers is None or any(worker.extension for worker in center.workers.values()):
        return
    for name, line in center.application.lines.items():
        if line.extensions:
            yield sentence(f"lines.{name}.extensions", "there", f"needs somebody with an extension in {WORKERS}")


def unreachable(center: Center) -> Iterator[Mistake]:
    """Who has an extension, and is not in the queue by which they are rung: nobody would ring."""
    lines = center.application.lines.items()
    queues = {line.extensions.queue: f"lines.{name}.extensions.queue" for name, line in lines if line.extensions}
    for queue, key in queues.items():
        rules = center.application.queues.get(queue)
        expression = parsed(rules.workers) if rules else None
        for name, worker in (center.workers or {}).items():
            if worker.extension and expression and not may_serve(expression, name, worker):
                yield sentence(key, queue, f"its workers have to include {name}, who has an extension")
