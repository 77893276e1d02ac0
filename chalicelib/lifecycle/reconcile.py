"""The sweep, each minute: asks Twilio about whatever is open past its time, because an event may never come.

Two sweeps at once, or one that dies anywhere, do no harm: each link is taken by a conditional write before anything is
done about it, and what is not finished is due again within a minute.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import chain
from typing import TypeVar

import msgspec

from chalicelib import jobs
from chalicelib.config import callcenter, environment
from chalicelib.config import messages as settings
from chalicelib.config.callcenter import DAY_SECONDS
from chalicelib.lifecycle import closing, lead_out, recorded, refusal, unserved, untold, wrap_up
from chalicelib.lifecycle.recorded import DELETED, NOT_KEPT_SECONDS, REFUSED_SECONDS, SOON_SECONDS
from chalicelib.links import messages, table
from chalicelib.links.model import (
    TALK,
    Call,
    Link,
    Message,
    Notice,
    Outcome,
    deleted_at_twilio,
    outcome_of,
    recording_of,
)
from chalicelib.observability import log, metrics
from chalicelib.staff import shifts, told
from chalicelib.storage import offering
from chalicelib.tell import digest, outbox
from chalicelib.twilio import rest
from chalicelib.twilio.values import sid
from chalicelib.work import posting

T = TypeVar("T")

Clock = Callable[[], float]  # gives epoch seconds

# Of the 60 s that the function has in Lambda: what was begun last has the rest for slow answers.
SHIFTS_SECONDS = 10.0
LINKS_SECONDS = 25.0
CALLERS_SECONDS = 32.0
ALL_SECONDS = 40.0
NOTICES_SECONDS = 45.0

WRAP_UP_GRACE_SECONDS = 30  # for the message that completes the task to come first
MOST_TASKS = 500
PERIOD_SECONDS = 60  # from one sweep to the next
LOOK_AT_ASSIGNED_SECONDS = 300  # a task in a talk is looked at so often, and not before
UNTOLD_SECONDS = 3600  # so often Twilio is asked for recordings of which nothing was told


class _OutOfTime(Exception):
    """The time of a pass is used up."""


def run(clock: Clock) -> Mapping[str, int]:
    """One sweep: shifts, open links, waiting callers, Twilio's own lists, recordings to be deleted; then the mails.

    Returns a count of each action.

    It stops when its time is used up; the next sweep goes on, as what waits longest comes first.
    """
    began = clock()
    done: Counter[str] = Counter()
    try:
        for sweep, seconds in _PASSES:
            _pass(sweep, clock, began + seconds, done)
    finally:  # also when Twilio refuses everything
        _pass(_notices, clock, began + NOTICES_SECONDS, done)
    log.info("sweep", seconds=round(clock() - began, 1), **done)
    return done


def _pass(sweep: Callable[[Clock, float], Iterator[str]], clock: Clock, until: float, done: Counter[str]) -> None:
    try:
        done.update(sweep(clock, until))
    except rest.TwilioDenied:
        raise  # of every request to come: the function's error rings the operator
    except rest.NotDone as error:
        log.warning("sweep: Twilio cannot be reached", why=str(error))
        done["broken off"] += 1
    except _OutOfTime:
        done["out of time"] += 1


def _in_time(found: Iterable[T], clock: Clock, until: float) -> Iterator[T]:
    """What was found, one after the other. Raises _OutOfTime when there is more than can be begun."""
    for one in found:
        if clock() >= until:
            raise _OutOfTime
        yield one


def _links(clock: Clock, until: float) -> Iterator[str]:
    """Pass A: the links that are open past their time."""
    return _each_due("link", _look, clock, until)


def _each_due(
    what: table.Watched,
    look: Callable[[table.Due, float], str],
    clock: Clock,
    until: float,
) -> Iterator[str]:
    for due in _in_time(chain.from_iterable(table.due(what, clock())), clock, until):
        about = due.key.sids if what == "link" else {"call_sid": due.key.subject}
        yield _guarded(partial(look, due, clock()), about)


def _guarded(act: Callable[[], str], about: Mapping[str, str]) -> str:
    """What `act` did. Its error is logged and the next one is not held up, unless Twilio cannot be reached at all."""
    with log.Context(**about):
        try:
            did = act()
        except rest.NotDone:
            raise
        except Exception as error:
            log.error("sweep failed", why=type(error).__name__)
            return "failed"
        left = did in ("taken", DELETED) or did.startswith("left ")
        log.info("swept", {} if left else metrics.of(metrics.SWEEP_ACTIONS), did=did)
        return did


def _look(due: table.Due, now: float) -> str:
    try:
        link = _with_task(table.reschedule_check(due.key, due.check_at, now + SOON_SECONDS))
        status = rest.reservation_status(link.task_sid, link.reservation_sid)
        if outcome := outcome_of(status):
            return _close(link, "completed" if outcome == "unknown" and link.bridged_at else outcome, now)
        if status == "pending" and link.task_sid:
            return _pending(link, now)
        return _joined(link, status, now) if status in ("accepted", "wrapping") and link.task_sid else f"left {status}"
    except table.ConditionFailed:
        return "taken"  # closed by its event, or by another sweep


def _with_task(link: Link) -> Link:
    """A link that a leg's callback made does not know its task; the call's own record may."""
    if link.task_sid:
        return link
    call = table.find_call(link.subject).call
    return msgspec.structs.replace(link, task_sid=call.task_sid if call else "")


def _pending(link: Link, now: float) -> str:
    """Nobody is joined. Where a phone may be ringing, the reservation has time until its end."""
    if link.is_refused:
        refusal.give_back(link, now)
        return "given back"
    too_late = link.deadline + table.CHECK_AFTER_SECONDS
    if link.policy.by_job and now < too_late and not link.worker_call_sid:
        table.reschedule_check(link.key, link.check_at, too_late)
        return _have_rung(link)
    end = link.reserved_at + callcenter.current().reservation_timeout + table.CHECK_AFTER_SECONDS
    if now < end and (link.worker_call_sid or not link.policy.owns_leg):
        table.reschedule_check(link.key, link.check_at, end)
        return "left pending"
    # Reject first: if the two are being joined at this moment, Twilio refuses, and the leg is left alone.
    if not rest.reject(link.task_sid, link.reservation_sid):
        return "left pending"
    return _close(link, "rejected", now, "nobody was joined" if link.worker_call_sid else "nobody rang")


def _have_rung(link: Link) -> str:
    """There is time to ring. A link that no job has taken by now has lost its message, or was never sent one."""
    if link.state != "reserved":
        return f"left {link.state}"
    jobs.send(jobs.RingWorker(link.subject, link.reservation_sid))
    return "job sent again"


def _joined(link: Link, status: str, now: float) -> str:
    """The two talk, or talked; without an event `bridged_at` is the time of this check.

    Twilio may keep a task assigned for a day after its call has ended (contract 12): then we complete it.
    """
    if status == "accepted" and _is_over(link):
        return wrap_up.finish_task(link.task_sid, "swept: the call is over", now)
    if link.state != "bridged":
        link = table.upsert_state(link.key, "bridged", now, {})
    later = table.CHECK_TALK_SECONDS if status == "accepted" else SOON_SECONDS
    table.reschedule_check(link.key, link.check_at, now + later)
    return f"left {status}"


def _is_over(link: Link) -> bool:
    """Whether the talk is: the call may go on with somebody else, to whom the worker gave the caller."""
    if link.is_given_away:
        return True
    return not rest.is_live(link.subject if link.policy.has_caller else link.worker_call_sid)


def _close(link: Link, outcome: Outcome, now: float, reason: str = "") -> str:
    closing.close(link.key, outcome, f"swept: {reason}" if reason else link.reason or "swept", now)
    return outcome


def _callers(clock: Clock, until: float) -> Iterator[str]:
    """Pass B: callers who wait, and whose task may have ended; tasks that wait, and whose caller may have gone."""
    return _each_due("call", _look_at_caller, clock, until)


def _look_at_caller(due: table.Due, now: float) -> str:
    try:
        call = table.reschedule_caller(due, now + table.CHECK_CALLER_SECONDS)
    except table.ConditionFailed:
        return "taken"  # the caller left the queue, or another sweep is here
    if not call.task_sid:  # its event is lost; whoever was reserved knows the task
        links = table.find_call(call.call_sid).links
        known = [link.task_sid for link in links if link.task_sid and not link.is_requeued]
        call = msgspec.structs.replace(call, task_sid=next(iter(known), ""))
    task = rest.task(call.task_sid) if call.task_sid else None
    status = task.status if task else "gone"
    if status in ("pending", "reserved"):
        return _waiting(call, now)
    if status in ("assigned", "wrapping", "completed") or call.left_queue_at or _was_joined(call):
        _look_no_more(call, now)  # the links are looked after by themselves
        return f"left {status}"
    base_url = lead_out.base_url_for(call.base_url, call.called, call.attributes or {})
    did = lead_out.lead_out(call.call_sid, base_url, now)
    if did == "has gone":
        _look_no_more(call, now)
    return did


def _waiting(call: Call, now: float) -> str:
    """Twilio may keep a task that was never assigned after its caller has gone (contract 12): then we cancel it."""
    if not call.left_queue_at and rest.is_live(call.call_sid):
        return "left waiting"
    closing.end_task_of_gone(call.call_sid, call.task_sid, now)
    _look_no_more(call, now)
    return "canceled"


def _look_no_more(call: Call, now: float) -> None:
    table.record_call(call.call_sid, {}, now, left_queue=True)


def _was_joined(call: Call) -> bool:
    return any(link.bridged_at and not link.is_requeued for link in table.find_call(call.call_sid).links)


def _tasks(clock: Clock, until: float) -> Iterator[str]:
    """Pass C: tasks in wrapping whose completing message is lost."""
    for task in _in_time(rest.tasks("wrapping", MOST_TASKS), clock, until):
        if clock() >= task.updated_at + wrap_up.queue_of(task).wrap_up.seconds + WRAP_UP_GRACE_SECONDS:
            yield _guarded(partial(wrap_up.finish_task, task.sid, "swept", clock()), {"task_sid": task.sid})


def _assigned(clock: Clock, until: float) -> Iterator[str]:
    """Pass D: tasks in a talk. While the table is down nobody writes a link, and then Twilio alone knows the task."""
    for task in _in_time(rest.tasks("assigned", MOST_TASKS), clock, until):
        age = clock() - task.updated_at
        # By two sweeps each time, as one may fail.
        if age >= LOOK_AT_ASSIGNED_SECONDS and age % LOOK_AT_ASSIGNED_SECONDS < 2 * PERIOD_SECONDS:
            yield _guarded(partial(_finish_if_over, task.sid, clock()), {"task_sid": task.sid})


def _finish_if_over(task_sid: str, now: float) -> str:
    """Twilio may keep a task assigned for a day after its call has ended (contract 12): then we complete it."""
    task = rest.task(task_sid)
    call_sid = sid(task.attributes.get("call_sid")) if task else ""
    if not call_sid or rest.is_live(call_sid):
        return "left assigned"
    return wrap_up.finish_task(task_sid, "swept: the call is over", now)


def _recordings(clock: Clock, until: float) -> Iterator[str]:
    """Pass E: messages and recorded talks that are yet to be kept, or whose time is over."""
    return _each_due("recording", _look_at_message, clock, until)


def _look_at_message(due: table.Due, now: float) -> str:
    key = due.key
    log.bind(recording_sid=recording_of(key))
    try:
        if key.reservation_sid.startswith(TALK):
            return recorded.look(due, now)
        if now >= deleted_at_twilio(due.expires_at):
            return _delete_recording(due, now)
        message = messages.reschedule(key, due.check_at, now + SOON_SECONDS)
        if not settings.bucket():  # it was on when this message was left
            messages.reschedule(key, message.check_at, message.delete_at)
            return "left at Twilio"
        return _keep_again(message, now)
    except table.ConditionFailed:
        return "taken"  # it is kept now, or another sweep has it


def _keep_again(message: Message, now: float) -> str:
    """Its status callback, or its job, is lost or failed: again after twice the time, each hour in the end."""
    if message.transcription_job and message.waits_for_text(now):  # a job asks each minute how far its text is
        jobs.send(jobs.KeepMessage(message.subject, message.recording_sid, message.seconds, message.base_url))
        return "left for its text"
    age = now - message.at
    if age >= DAY_SECONDS:
        log.error("message is not kept", metrics.of(metrics.MESSAGES_NOT_KEPT))
    messages.reschedule(message.key, message.check_at, now + min(max(age, SOON_SECONDS), NOT_KEPT_SECONDS))
    jobs.send(jobs.KeepMessage(message.subject, message.recording_sid, message.seconds, message.base_url))
    return "message sent again"


def _delete_recording(due: table.Due, now: float) -> str:
    """Two sweeps at once, or one that dies after the first step, delete what is gone: that is done too."""
    try:
        rest.delete_recording(recording_of(due.key))
    except rest.TwilioRejected as error:
        log.error("recording cannot be deleted", why=str(error))
        messages.reschedule(due.key, due.check_at, now + REFUSED_SECONDS)
        return "left refused"
    messages.forget(due.key)
    return DELETED


def _offers(clock: Clock, until: float) -> Iterator[str]:
    """Pass F: messages that are offered to workers. A team that offers none pays for no look."""
    if settings.are_offered():
        yield from _each_due("message", _look_at_offer, clock, until)


def _look_at_offer(due: table.Due, now: float) -> str:
    log.bind(recording_sid=recording_of(due.key))
    try:
        return offering.look(messages.reschedule(due.key, due.check_at, now + SOON_SECONDS), now)
    except (table.ConditionFailed, posting.AtWork):
        return "taken"


def _untold(clock: Clock, until: float) -> Iterator[str]:
    """Pass G, once an hour, where messages are kept, or talks recorded: recordings that we were never told of."""
    wanted = settings.bucket() or callcenter.current().records
    if wanted and clock() % UNTOLD_SECONDS < 2 * PERIOD_SECONDS:  # by two sweeps, as one may fail
        for one in _in_time(untold.recordings(clock()), clock, until):
            about = {"call_sid": one.call_sid, "recording_sid": one.sid}
            yield _guarded(partial(untold.take_in, one, clock()), about)


def _callbacks(clock: Clock, until: float) -> Iterator[str]:
    """Pass H: callbacks whose time has come, or of which nobody has heard for a while; a job does what is due."""
    if callcenter.current().calls_back:
        yield from _each_due("callback", _have_gone_on, clock, until)


def _have_gone_on(due: table.Due, now: float) -> str:
    try:
        table.update_row(
            due.key, {"check_at": int(now) + SOON_SECONDS}, "#check_at = :expected", {":expected": due.check_at}
        )
    except table.ConditionFailed:
        return "taken"
    jobs.send(jobs.GoOn(due.key.subject))
    return "left to a job"


def _unserved(clock: Clock, until: float) -> Iterator[str]:
    """Pass I: queues where callers wait, and no worker takes calls."""
    for queue_sid, tasks in _in_time(unserved.long_waiting(clock()).items(), clock, until):
        yield _guarded(partial(unserved.tell, queue_sid, tasks, clock()), {"task_sid": tasks[0].sid})


def _shifts(clock: Clock, until: float) -> Iterator[str]:
    """First of all: workers whose shift begins or ends, or who said until when."""
    for one in _in_time(shifts.due(clock()), clock, until):
        yield _guarded(partial(shifts.apply, one, clock()), {})


def _board(clock: Clock, until: float) -> Iterator[str]:
    """Pass J, in a stage with a console: what the wallboard shows of workers and of the day."""
    if not environment.current().user_pool_arn or clock() >= until:
        return
    from chalicelib.lifecycle import board

    for refresh in (board.refresh_today, board.refresh_workers):
        try:
            yield from refresh(clock())
        except rest.NotDone:
            raise
        except Exception as error:  # what people look at holds up nothing that callers wait for
            log.error("the wallboard is not put right", why=type(error).__name__)


def _digest(clock: Clock, until: float) -> Iterator[str]:
    """Pass K: once a day, where the team wants it, the figures of the day before."""
    if at := digest.due_at(clock()):
        outbox.order(Notice(what="digest", at=at))
        yield "a digest is due"


def _notices(clock: Clock, until: float) -> Iterator[str]:
    """What people have yet to be told. When one cannot be, the next sweep tries again: it would hold up the others."""
    for notice in _in_time(outbox.due(clock()), clock, until):
        did = outbox.tell(notice, clock(), told.words)
        yield did
        if did == outbox.NOT_TOLD:
            return


_PASSES = (
    (_shifts, SHIFTS_SECONDS),
    (_links, LINKS_SECONDS),
    (_callers, CALLERS_SECONDS),
    (_tasks, ALL_SECONDS),
    (_assigned, ALL_SECONDS),
    (_recordings, ALL_SECONDS),
    (_offers, ALL_SECONDS),
    (_untold, ALL_SECONDS),
    (_callbacks, ALL_SECONDS),
    (_unserved, ALL_SECONDS),
    (_board, ALL_SECONDS),
    (_digest, ALL_SECONDS),
)
