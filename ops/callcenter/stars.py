"""Callers whom a worker gives away by the star key: whether the workflow puts them where the menu says. Pure."""

from collections.abc import Iterator

from chalicelib.config.schema import Line
from chalicelib.config.star import PERSON, queue_of
from chalicelib.config.toml_errors import Mistake, sentence
from ops.callcenter.calls import Call, as_json, takers
from ops.callcenter.files import WORKERS, Center

TO_A_PERSON = "task.agent"  # what a target's known_worker says to offer a caller to the worker whom they are given to


def lead_elsewhere(center: Center) -> Iterator[Mistake]:
    """Queues of a menu whose attributes no line's call takes there."""
    application = center.application
    for name in dict.fromkeys(queue for _, entry in _entries(center) if (queue := queue_of(entry))):
        given = application.queues.get(name)
        if given is None or not given.attributes:
            continue  # which is told elsewhere
        for line_name, line in application.lines.items():
            if not _may_get_there(center, name, line_name, line):
                allowed = f"the first filter that takes a call of line {line_name} with them needs a target {name}"
                yield sentence(f"queues.{name}.attributes", given.attributes, allowed)


def _may_get_there(center: Center, queue: str, name: str, line: Line) -> bool:
    attributes = as_json({**line.attributes, **center.application.queues[queue].attributes})
    may_take, is_taken = takers(center, Call(f"queues.{queue}.attributes", name, line, attributes, ""))
    by_default = not is_taken and center.workflow.default_queue == queue
    return by_default or any(target.queue == queue for given in may_take for target in given.targets)


def persons(center: Center) -> Iterator[Mistake]:
    """Menus with a choice of a person, where no target offers the call to that one, or nobody can be dialled."""
    targets = [target for given in center.workflow.filters for target in given.targets]
    for key, entry in _entries(center):
        if entry != PERSON:
            continue
        if not any(target.known_worker == TO_A_PERSON for target in targets):
            yield sentence(key, entry, f'needs a target of the workflow with known_worker = "{TO_A_PERSON}"')
        if center.workers is not None and not any(worker.extension for worker in center.workers.values()):
            yield sentence(key, entry, f"needs somebody with an extension in {WORKERS}")


def extensions(center: Center) -> Iterator[Mistake]:
    first: dict[str, str] = {}
    for name, worker in (center.workers or {}).items():
        if worker.extension and first.setdefault(worker.extension, name) != name:
            allowed = f"each extension may stand once, and workers.{first[worker.extension]} has the same"
            yield sentence(f"workers.{name}.extension", worker.extension, allowed, WORKERS)


def _entries(center: Center) -> Iterator[tuple[str, str]]:
    """Key and choice of every star menu."""
    for name, queue in center.application.queues.items():
        for at, entry in enumerate(queue.star.menu if queue.star else ()):
            yield f"queues.{name}.star.menu[{at}]", entry
