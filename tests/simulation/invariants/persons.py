"""Invariants 22 and 23: who asks for a worker gets that one, or leaves a message; who talked to one gets them again."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.simulation.call_centre import EXTENSIONS
from tests.simulation.invariants.messages import messages_left
from tests.simulation.invariants.terms import AWS, PEOPLE, Found, Violation
from tests.simulation.knowing import ANONYMOUS, AWAY, PERSON_WAIT, SAME_WORKER_WAIT
from tests.simulation.observed import Called, Conversation, Observed

ROUND = 15.0  # the sentence that ends, a pause, the request for the next
SETTLED = 120.0  # after a talk: the wrap-up, and the sweep where its event is lost


def who_asks_for_a_worker_is_offered_to_nobody_else(observed: Observed) -> Found:
    for sid, call in _known(observed):
        wanted = {EXTENSIONS[digits] for digits in call.caller.typed if digits in EXTENSIONS}
        for task_sid, attributes in _tasks(observed, sid):
            if "person_queue" not in attributes:
                continue
            if attributes["agent"] not in wanted:
                yield Violation(22, sid, f"the caller waits for {attributes['agent']}, and typed {call.caller.typed}")
            rung = {one.worker for one in observed.reservations.values() if one.task_sid == task_sid}
            if rung - {attributes["agent"]}:
                yield Violation(22, sid, f"{sorted(rung)} are asked for a caller of {attributes['agent']}")


def who_asks_for_a_worker_waits_for_them_or_may_leave_a_message(observed: Observed) -> Found:
    for sid, call in _known(observed):
        name = next((EXTENSIONS[digits] for digits in call.caller.typed if digits in EXTENSIONS), "")
        if not name or call.hung_up or _is_declined(observed, sid) or _troubled(observed, sid):
            continue
        tasks = [attributes for _, attributes in _tasks(observed, sid)]
        if not (_is_told(call, name) or call.conversations):
            yield Violation(22, sid, f"the caller of {name} neither talks nor hears that they are not there")
        if tasks and "person_queue" not in tasks[0]:
            yield Violation(22, sid, f"the caller of {name} waits in the queue of the line")
        waited = min(call.left_queue, call.ended) - call.enqueued
        if tasks and not call.conversations and waited > PERSON_WAIT + ROUND:
            yield Violation(22, sid, f"the caller of {name} waits for {waited:.0f} s")


def a_message_to_a_worker_is_theirs(observed: Observed) -> Found:
    left = dict(messages_left(observed))
    to = {one.get("recording_sid"): one.get("messages_to") for one in observed.world.work_of.values()}
    for sid, call in _known(observed):
        name = next((name for name in EXTENSIONS.values() if _is_told(call, name)), "")
        recording_sid = left.get(sid, "")
        if name and recording_sid in to and to[recording_sid] != name and not observed.faults_about((sid,), AWS):
            yield Violation(22, sid, f"the message to {name} is offered as one to {to[recording_sid]!r}")


def who_talked_to_a_worker_is_offered_to_them_first(observed: Observed) -> Found:
    """The worker of the latest talk that is over for long enough; never one whom the caller has not talked to."""
    for sid, call in _known(observed):
        tasks = _tasks(observed, sid)
        if not tasks or "person_queue" in tasks[0][1]:
            continue
        task_sid, attributes = tasks[0]
        first, before = str(attributes.get("first_worker", "")), _talks_before(observed, call)
        names = [_worker(observed, talk) for talk in before]
        if first and first not in (*names, *_who_called_back(observed, call)):
            yield Violation(23, sid, f"the caller is offered to {first} first, and never talked to them")
        called_back = first in _who_called_back(observed, call)
        if before and first != names[-1] and not called_back and _is_settled(observed, before[-1], sid, call):
            yield Violation(23, sid, f"the caller is offered to {first!r} first, and talked to {names[-1]} last")
        if first:
            yield from _others(observed, sid, task_sid, first)


def _who_called_back(observed: Observed, call: Called) -> list[str]:
    """The workers who called this caller back."""
    legs = [leg for at, leg, number in observed.work.customers if number == call.caller.number and at < call.dialed]
    return [observed.work.reservations[observed.work.legs[leg].reservation_sid].worker for leg in legs]


def _others(observed: Observed, sid: str, task_sid: str, first: str) -> Found:
    began = observed.tasks[task_sid][0][0]
    for one in observed.reservations.values():
        early = one.statuses[0][0] < began + SAME_WORKER_WAIT
        if one.task_sid == task_sid and early and one.worker != first:
            yield Violation(23, sid, f"{one.worker} is asked before {first} has had their time")


def _known(observed: Observed) -> Iterator[tuple[str, Called]]:
    return iter(observed.calls.items() if observed.world.plan.known else ())


def _tasks(observed: Observed, sid: str) -> list[tuple[str, Mapping[str, Any]]]:
    """The attributes of the caller's tasks, by their sids, the first one first."""
    routed = observed.world.routed
    return [(task, routed[task]) for task, history in observed.tasks.items() if history[0][2] == sid]


def _talks_before(observed: Observed, call: Called) -> list[Conversation]:
    """The talks of this caller on this line, the latest last; nobody knows whose a withheld number is."""
    caller = call.caller
    if caller.number in ("", ANONYMOUS):
        return []
    others = [one for one in observed.calls.values() if (one.caller.number, one.caller.line) == _who(call)]
    talks = [talk for other in others for talk in other.conversations if talk.start < call.dialed]
    return sorted(talks, key=lambda talk: talk.start)


def _who(call: Called) -> tuple[str, str]:
    return call.caller.number, call.caller.line


def _worker(observed: Observed, talk: Conversation) -> str:
    return observed.reserved(talk.reservation_sid).worker


def _is_settled(observed: Observed, talk: Conversation, sid: str, call: Called) -> bool:
    """Whether it must be known by now who the last worker was."""
    about = (talk.caller_sid, talk.worker_call_sid, talk.reservation_sid, sid)
    troubled = any(not fault.kind.startswith(PEOPLE) for fault in observed.faults_about(about))
    tables = [one for one in observed.faults if one.kind.startswith("dynamodb") and one.at > talk.start]
    return talk.end + SETTLED < call.dialed and not troubled and not tables


def _troubled(observed: Observed, sid: str) -> bool:
    return any(not fault.kind.startswith(PEOPLE) for fault in observed.faults_about((sid,)))


def _is_declined(observed: Observed, sid: str) -> bool:
    """Whether the CRM says no to the caller, who is led out then."""
    return any(answer.call_sid == sid and answer.said == "no" for answer in observed.world.crm.log)


def _is_told(call: Called, name: str) -> bool:
    """Whether the caller hears that this worker is not there."""
    return any(said.startswith(AWAY.format(name=name)) for _, said in call.sounds)
