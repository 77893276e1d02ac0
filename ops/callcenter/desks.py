"""Workers at the agent desk: each signs in there, and the phone in the browser is called as the worker is; and the work
that is taken there. Pure."""

from collections.abc import Iterator, Sequence

from chalicelib.config.toml_errors import NAME, Mistake, sentence
from chalicelib.console.access import identity_of
from ops.callcenter.calls import parsed
from ops.callcenter.eligible import may_serve
from ops.callcenter.files import WORKERS, Center
from ops.callcenter.possible import outcomes

BROWSER = "client:"


def of_nobody(center: Center) -> Iterator[Mistake]:
    """Desks at which nobody can sign in, or whose phone in the browser nobody can be."""
    for name, worker in (center.workers or {}).items():
        if worker.desk and not worker.mail:
            yield sentence(f"workers.{name}.desk", "true", "needs a mail, to sign in with", WORKERS)
        if "desk" in worker.attributes:
            given = worker.attributes["desk"]
            yield sentence(f"workers.{name}.attributes.desk", given, f"say workers.{name}.desk = true", WORKERS)
        contact, own = worker.contact_uri or "", f"{BROWSER}{identity_of(name)}"
        if worker.desk and contact.startswith(BROWSER) and contact != own:
            yield sentence(f"workers.{name}.contact_uri", contact, f"allowed at the desk: {own}, or a phone", WORKERS)


def rung_all_the_same(center: Center) -> Iterator[str]:
    """Work of the desk that a worker without one may be given: it rings their phone."""
    for kind in sorted(center.application.kinds_at_desk):
        for queue in _queues_of(center, kind):
            if names := _without_desk(center, queue):
                who = f"{', '.join(names)} of queues.{queue} {'has' if len(names) == 1 else 'have'} no desk"
                yield Mistake(NAME, f"work.{kind}.at", f"work.{kind}.at is 'desk', and {who}, and may be rung for it")


def _queues_of(center: Center, kind: str) -> Sequence[str]:
    """The queues to which the workflow gives a task of which nothing but its kind is known."""
    for given in center.workflow.filters:
        expression = parsed(given.when)
        if expression and True in outcomes(expression, {"kind": kind}, lambda _path: False):
            return tuple(dict.fromkeys(target.queue for target in given.targets))
    return (center.workflow.default_queue,) if center.workflow.default_queue else ()


def _without_desk(center: Center, queue: str) -> Sequence[str]:
    expression = parsed(center.application.queue(queue).workers)
    known = center.workers or {}
    return [name for name, one in known.items() if not one.desk and expression and may_serve(expression, name, one)]
