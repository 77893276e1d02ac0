"""The workers: in which activity each is, and put on and off the phones."""

from collections.abc import Mapping
from typing import Any

from chalicelib.config import environment
from chalicelib.console.answers import Asked, Changed, NotFound
from chalicelib.observability import log
from chalicelib.staff import people
from chalicelib.twilio import rest


def listed(asked: Asked) -> Mapping[str, Any]:
    """Every worker as Twilio has them, by name, and the activities that there are. Raises TwilioRejected, NotDone."""
    found = sorted(rest.workers.matching("1==1"), key=lambda worker: worker.name.casefold())
    return {"workers": [_shown(worker) for worker in found], "activities": [*environment.current().activities]}


def act(asked: Asked) -> Mapping[str, str]:
    """Put the worker into `activity`, if they are where the person has `seen` them. A talk goes on.

    Raises NotFound, Wrong, Changed, TwilioRejected, NotDone.
    """
    activities = environment.current().activities
    wanted, worker = asked.one_of("activity", [*activities]), _find(asked.path.get("worker", ""))
    standing = people.activity_name(worker)
    if standing == wanted:
        return {"said": f"{worker.name} is {wanted}."}
    if standing != asked.order.get("seen") or not rest.workers.set_activity(worker, activities[wanted]):
        raise Changed(f"{worker.name} was moved meanwhile: look again")
    log.info("worker by hand", worker=worker.name, was=standing, activity=wanted)
    return {"said": f"{worker.name} was {standing}, and is {wanted} now."}


def _find(worker_sid: str) -> rest.workers.Worker:
    """With the ETag, so that nobody's change is lost. Raises NotFound, TwilioRejected, NotDone."""
    if worker_sid not in {worker.sid for worker in rest.workers.matching("1==1")}:
        raise NotFound("there is no such worker")
    return rest.workers.fetch(worker_sid)


def _shown(worker: rest.workers.Worker) -> Mapping[str, Any]:
    activity = people.activity_name(worker)
    return {
        "sid": worker.sid,
        "name": worker.name,
        "activity": activity,
        "available": worker.available,
        "since": worker.since,
    }
