"""What the invariants are stated in: violations, how long things may take, faults that excuse, the rules in force."""

from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.config import callcenter
from chalicelib.config.answering import ModeName
from chalicelib.config.schema import Queue
from chalicelib.twilio import urls
from chalicelib.worker.breaker import FORGOTTEN_SECONDS
from tests.simulation.call_centre import answers_of, rules
from tests.simulation.gateway import Delivery
from tests.simulation.observed import Leg, Observed

AWS = ("dynamodb", "sqs", "ssm", "lambda_dies", "timeout", "cold_start", "connection_failed", "no_connection")
TWILIO = ("rest_", "twilio_down")
LOST = ("webhook_never", "webhook_late", *AWS)
WEBHOOK = 15.0
SOON = 5.0
LATER = 30.0
OF_DESKS = ("desk_ignores", "desk_presses_twice", "desk_leaves_wrap_up", "desk_gives_away", "desk_asks_first")
OF_CHATS = ("desk_leaves_order", "desk_gives_back")
PEOPLE = ("caller_", "customer_", "worker_", "activity_", *OF_DESKS, *OF_CHATS)
LONG_SILENCE = 60.0
CRM_FAILS = ("crm_slow", "crm_500", "crm_garbage", "crm_drips", "crm_megabytes", "crm_down")
CRM_OUT = 60.0  # a failure, the seconds until the CRM is asked again, and a job that comes again
TAKES = ("1", "yes please")
RULES = callcenter.parse(rules("voicemail", answers_of(0)))


@dataclass(frozen=True)
class Violation:
    invariant: int
    call_sid: str
    text: str


Found = Iterator[Violation]


def mode_of(observed: Observed, leg: Leg) -> ModeName:
    """How the worker of this leg is to answer. TaskRouter, which rings for the urgent line, asks nothing."""
    queue = observed.world.queue_of[leg.reservation_sid]
    if queue == "Urgent" or leg.by_desk:
        return "at-once"
    return observed.world.plan.answers.mode(queue, observed.reservations[leg.reservation_sid].worker)


def rules_of(observed: Observed, reservation_sid: str) -> Queue:
    """Of the queue in which the caller waited for this worker."""
    return RULES.queue(observed.world.queue_of[reservation_sid])


def may_ring_without_crm(observed: Observed, leg: Leg) -> bool:
    """The caller has no number that the contacts could be asked about; or the queue rings when its CRM is out of order.

    It has been just now: for this call, or unasked for others; or longer ago, where this call's job was to try whether
    it is back, and was cut off: the next one may try only after `crm.breaker_seconds`.

    A no that the CRM said, and that was heard, counts all the same.
    """
    caller, queue = observed.calls[leg.call_sid].caller, observed.world.queue_of[leg.reservation_sid]
    if queue in ("Support", "Persons") and not caller.number:
        return True  # who withholds the number has no contact to look up
    if queue != "Sales" or observed.world.plan.on_crm_outage != "ring":
        return False
    if observed.faults_about((leg.reservation_sid,), CRM_FAILS):
        return True
    asked = any(answer.key == leg.reservation_sid for answer in observed.world.crm.log)
    tried_in_vain = bool(observed.faults_about((leg.reservation_sid,), ("dynamodb", "lambda_dies")))
    since = leg.asked - (FORGOTTEN_SECONDS if tried_in_vain else CRM_OUT)
    return not asked and any(fault.kind in CRM_FAILS and since < fault.at <= leg.asked for fault in observed.faults)


def fell_back_to_direct(observed: Observed, reservation_sid: str) -> bool:
    """Answered with a dequeue, as callcenter.toml says for an outage of AWS."""
    placed = any(
        leg.reservation_sid == reservation_sid and not (leg.own or leg.by_desk) for leg in observed.legs.values()
    )
    return placed and bool(observed.faults_about((reservation_sid,), ("dynamodb", "sqs")))


def answered_well(observed: Observed, route: urls.Route) -> list[Delivery]:
    return [one for one in observed.deliveries[route.path] if 200 <= one.status < 300]


def answered(observed: Observed, route: urls.Route) -> list[Delivery]:
    return [one for one in observed.deliveries[route.path] if one.status == 200]


def given_at_desk(observed: Observed, call_sid: str) -> int:
    """By how many workers at the desk this caller was given away, or was to be."""
    desks = observed.world.desks
    return sum(given == call_sid for given in desks.gave.values()) if desks else 0


def line_of(observed: Observed, call_sid: str) -> str:
    return RULES.line_of(observed.calls[call_sid].caller.line)[0]


def secret_is_old(observed: Observed, at: float) -> bool:
    """Whether the key was revoked, and SSM did not give the new one just now."""
    was_rotated = observed.world.faults.counts["rotation"] > 0
    return was_rotated and any(failed_at > at - LATER for failed_at in observed.secret_failed_at)


def callback_of(observed: Observed, task_sid: str) -> str:
    """The call that asked for the callback that this task is; empty for other work."""
    return str(observed.world.work_of.get(task_sid, {}).get("callback_id", ""))
