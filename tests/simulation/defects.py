"""Mistakes that somebody could make, planted one at a time: an invariant that it breaks has to find each."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, NamedTuple
from unittest.mock import patch
from uuid import UUID

import msgspec

from chalicelib import aws, crm, jobs
from chalicelib.caller import handlers
from chalicelib.caller import twiml as caller_twiml
from chalicelib.config import environment
from chalicelib.crm import exchange
from chalicelib.crm import http as crm_http
from chalicelib.lifecycle import activity, closing, reconcile
from chalicelib.links import attributes, table
from chalicelib.routing import assignment, events
from chalicelib.twilio import rest, urls
from chalicelib.worker import approval
from chalicelib.worker import twiml as worker_twiml
from tests.simulation import invocation


class Defect(NamedTuple):
    """`invariants`: those that may find it; one of them has to. `faults`: those under which it shows."""

    plant: Callable[[], AbstractContextManager[Any]]
    invariants: frozenset[int]
    faults: str


def _replace(where: Any, name: str, made: Callable[[Any], Any], *invariants: int, faults: str = "all") -> Defect:
    """A defect in one function: `made` gets the right one and returns the wrong one."""
    return Defect(lambda: patch.object(where, name, made(getattr(where, name))), frozenset(invariants), faults)


def _nothing(_true: Any) -> Any:
    return lambda *_given, **_named: None


def _no_condition(true: Any) -> Any:
    """The update is written whatever the row says."""

    def write(key: Any, write: Any) -> Any:
        return true(key, write._replace(condition="", values={}, names={}))

    return write


def _first_write_forgotten(_true: Any) -> Any:
    """A reservation that has a row is written anew."""

    def reserve(link: Any, _now: float) -> Any:
        row = attributes.encode(table._row(link))
        aws.client("dynamodb").put_item(TableName=environment.current().links_table, Item=row)
        return link

    return reserve


def _dial_again(true: Any) -> Any:
    def ring_worker(ring: Any) -> Any:
        try:
            return true(ring)
        except rest.OutcomeUnknown:
            return true(ring)

    return ring_worker


def _whatever_the_crm_says(true: Any) -> Any:
    def prepare(adapter: Any, attempt: Any) -> Any:
        try:
            return true(adapter, attempt)
        except (crm.Declined, crm.Unavailable):
            return crm.Approval()

    return prepare


def _another_key_each_time(true: Any) -> Any:
    def prepare(adapter: Any, attempt: Any) -> Any:
        key = UUID(int=int(attempt.at * 1e6)).hex
        return true(adapter, msgspec.structs.replace(attempt, idempotency_key=key))

    return prepare


def _without(kind: type) -> Callable[[Any], Any]:
    def made(true: Any) -> Any:
        def send(job: Any, delay_seconds: int = 0) -> None:
            if not isinstance(job, kind):
                true(job, delay_seconds)

        return send

    return made


def _no_deadline(true: Any) -> Any:
    return lambda *given: msgspec.structs.replace(true(*given), deadline=1e12)


def _always_completed(true: Any) -> Any:
    return lambda key, _outcome, *given, **named: true(key, "completed", *given, **named)


def _with_an_activity(_true: Any) -> Any:
    """As if the worker had declined."""

    def reject_later(link: Any, reason: str, now: float) -> None:
        closing.reject(link, reason, environment.current().activity_sid("Unavailable"), now)

    return reject_later


def _offered_again(_true: Any) -> Any:
    return lambda link, why, now, **_named: closing.reject_later(link, f"CRM failed: {why}", now)


def _however_long_it_takes(_true: Any) -> Any:
    return lambda line, *given: line._exchange(*given)


def _slow(true: Any) -> Any:
    def decide(*given: Any) -> Any:
        invocation.current().pause(6)
        return true(*given)

    return decide


def _raises(_true: Any) -> Any:
    def take(*_given: Any) -> Any:
        raise ValueError("a mistake")

    return take


def _says(document: str) -> Callable[[Any], Any]:
    return lambda _true: lambda *_given, **_named: f"<Response>{document}</Response>"


def _from_the_start(_true: Any) -> Any:
    return handlers.incoming


def _once_more_in_the_queue(_true: Any) -> Any:
    def after(_treatment: Any, _result: str, base_url: str) -> str:
        menu = urls.MENU.url(base_url, attempt="1").replace("&", "&amp;")
        return f"<Response><Redirect>{menu}</Redirect></Response>"

    return after


def _any_reservation_is_pending(_true: Any) -> Any:
    return lambda *_sids: "pending"


DEFECTS: Mapping[str, Defect] = {
    "no write says what it expects": _replace(table, "_write_link", _no_condition, 1, 2, 5, 6),
    "a reservation is written again": _replace(
        table, "reserve", _first_write_forgotten, 1, 2, 6, faults="cold_start=0.3"
    ),
    "an unanswered dial is made again": _replace(rest, "ring_worker", _dial_again, 2, faults="rest_timeout_after=0.1"),
    "legs are not hung up": _replace(closing, "end_leg", _nothing, 2, faults="people"),
    "the deadline is ignored": _replace(assignment, "_link", _no_deadline, 2, faults="message_late=0.5"),
    "the reservation is not asked about before the dial": _replace(
        rest, "reservation_status", _any_reservation_is_pending, 2, 5, 6
    ),
    "the CRM's no is ignored": _replace(crm, "prepare", _whatever_the_crm_says, 3),
    "a failed CRM moves the worker": _replace(closing, "reject_later", _with_an_activity, 9, faults="crm_500=0.5"),
    "a caller is offered again as long as the CRM fails": _replace(
        approval, "_crm_failed", _offered_again, 9, faults="crm_500=0.95"
    ),
    "the CRM's no rejects nothing": _replace(
        closing, "reject", _nothing, 3, 5, 6, faults="crm_declines=0.3,crm_500=0.3"
    ),
    "the CRM cannot tell repeats apart": _replace(crm, "prepare", _another_key_each_time, 7),
    "the CRM has all the time that it wants": _replace(
        exchange.Line, "post", _however_long_it_takes, 9, faults="crm_drips=0.3"
    ),
    "the CRM's answer is read to its end": _replace(
        crm_http, "MAX_ANSWER_BYTES", lambda _most: 10**9, 9, faults="crm_megabytes=0.3"
    ),
    "the waiting document is silent": _replace(caller_twiml, "wait", _says('<Pause length="120"/>'), 4),
    "the call ends without a word": _replace(caller_twiml, "after", _says(""), 4),
    "after the queue comes the queue": _replace(caller_twiml, "after", _once_more_in_the_queue, 4),
    "the fallback starts the call anew": _replace(
        handlers, "fallback", _from_the_start, 4, faults="no_connection=0.05"
    ),
    "the worker who answers is joined to nobody": _replace(worker_twiml, "connect", _says('<Pause length="60"/>'), 1),
    "the sweep is off": _replace(reconcile, "run", _nothing, 5, 6),
    "no task is completed": _replace(jobs, "send", _without(jobs.CompleteTask), 5, faults="people"),
    "nobody goes back to work": _replace(activity, "resume", _nothing, 5),
    "who did not answer is offered the call again": _replace(activity, "leave_out", _nothing, 5, faults="people"),
    "every link says completed": _replace(table, "close", _always_completed, 6),
    "events are not recorded": _replace(table, "record_call", _nothing, 6),
    "the assignment is slow": _replace(assignment, "decide", _slow, 8),
    "events are answered with an error": _replace(events, "record", _raises, 8),
}
