"""The sweep, each minute: asks Twilio about whatever is open past its time, because an event may never come.

Two sweeps at once, or one that dies anywhere, do no harm: each link is taken by a conditional write before anything is
done about it, and what is not finished is due again within a minute. What is more than a page is handed to jobs, which
work beside each other; the longest due comes first.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import TypeVar

from chalicelib import jobs
from chalicelib.config import callcenter, environment
from chalicelib.config import messages as settings
from chalicelib.config.callcenter import DAY_SECONDS
from chalicelib.lifecycle import looking, recorded, unserved, untold, wrap_up
from chalicelib.lifecycle.looking import guarded
from chalicelib.lifecycle.recorded import NOT_KEPT_SECONDS, REFUSED_SECONDS, SOON_SECONDS
from chalicelib.links import messages, table
from chalicelib.links.model import TALK, Key, Message, Notice, deleted_at_twilio, recording_of
from chalicelib.observability import log, metrics
from chalicelib.staff import shifts, told
from chalicelib.storage import offering
from chalicelib.tell import digest, outbox
from chalicelib.twilio import rest
from chalicelib.work import posting

T = TypeVar("T")

Clock = Callable[[], float]  # gives epoch seconds

# Of the 60 s that the function has in Lambda: what was begun last has the rest for slow answers.
SHIFTS_SECONDS = 10.0
LINKS_SECONDS = 25.0
CALLERS_SECONDS = 32.0
ALL_SECONDS = 40.0
NOTICES_SECONDS = 45.0

LATE_SECONDS = 120  # after that what is due is late: a talk is no longer looked at in the five minutes (contract 5)
# Pages that begin at once, the next ones so much later, as a page takes: Twilio is asked for no more at a time.
PAGES_AT_ONCE, PAGES_APART_SECONDS = 16, 6
MOST_PAGES = 144  # that one sweep hands over: the last of them begin in its minute
HANDED_OVER = "handed over"
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
    return _by_pages("link", _due("link", clock), clock, until)


def _due(what: table.Watched, clock: Clock) -> Iterator[Sequence[table.Due]]:
    """What is due, page by page, longest first. Says when that is too long."""
    for number, page in enumerate(table.due(what, clock())):
        late = clock() - page[0].check_at
        if number == 0 and late >= LATE_SECONDS:
            log.warning("sweep is late", metrics.of(metrics.SWEEP_LATE, round(late)), what=what)
        yield page


def _by_pages(what: jobs.Looked, pages: Iterable[Sequence[table.Due]], clock: Clock, until: float) -> Iterator[str]:
    """The first page is looked at here, further ones by jobs, several at once: each request to Twilio is a wait.

    They begin spread over the minute, so that Twilio is not asked for all at a time, and no wrap-up waits for them all.
    """
    for number, page in enumerate(_in_time(pages, clock, until)):
        later = (number - 1) // PAGES_AT_ONCE * PAGES_APART_SECONDS
        if 0 < number <= MOST_PAGES and _handed_over(what, page, clock(), later):
            yield from [HANDED_OVER] * len(page)
            continue
        for due in _in_time(page, clock, until):
            yield looking.look(what, due, clock())


def _handed_over(what: jobs.Looked, page: Sequence[table.Due], now: float, later: int) -> bool:
    rows = tuple(jobs.Row(due.key.subject, due.key.reservation_sid, due.check_at) for due in page)
    try:
        jobs.send(jobs.LookAt(what, rows, now + later), delay_seconds=later)
    except Exception as error:
        log.error("page is not handed over", why=type(error).__name__)
        return False
    return True


def _each_due(
    what: table.Watched,
    look: Callable[[table.Due, float], str],
    clock: Clock,
    until: float,
) -> Iterator[str]:
    for due in _in_time(chain.from_iterable(_due(what, clock)), clock, until):
        yield guarded(partial(look, due, clock()), {"call_sid": due.key.subject})


def _callers(clock: Clock, until: float) -> Iterator[str]:
    """Pass B: callers who wait, and whose task may have ended; tasks that wait, and whose caller may have gone."""
    return _by_pages("call", _due("call", clock), clock, until)


def _tasks(clock: Clock, until: float) -> Iterator[str]:
    """Pass C: tasks in wrapping whose completing message is lost."""
    now = clock()
    over = [
        task
        for task in rest.tasks.of_status("wrapping", MOST_TASKS)
        if now >= task.updated_at + wrap_up.queue_of(task).wrap_up.seconds + WRAP_UP_GRACE_SECONDS
    ]
    yield from _by_pages("wrapping", _pages_of(over), clock, until)


def _assigned(clock: Clock, until: float) -> Iterator[str]:
    """Pass D: tasks in a talk. While the table is down nobody writes a link, and then Twilio alone knows the task."""
    now = clock()
    wanted = [task for task in rest.tasks.of_status("assigned", MOST_TASKS) if _is_looked_at(now - task.updated_at)]
    yield from _by_pages("assigned", _pages_of(wanted), clock, until)


def _is_looked_at(age: float) -> bool:
    """By two sweeps each time, as one may fail."""
    return age >= LOOK_AT_ASSIGNED_SECONDS and age % LOOK_AT_ASSIGNED_SECONDS < 2 * PERIOD_SECONDS


def _pages_of(tasks: Sequence[rest.tasks.Task]) -> Iterator[Sequence[table.Due]]:
    found = [table.Due(Key(task.sid, ""), 0.0) for task in tasks]
    return (found[at : at + table.DUE_PAGE] for at in range(0, len(found), table.DUE_PAGE))


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
        rest.recordings.delete(recording_of(due.key))
    except rest.TwilioRejected as error:
        log.error("recording cannot be deleted", why=str(error))
        messages.reschedule(due.key, due.check_at, now + REFUSED_SECONDS)
        return "left refused"
    messages.forget(due.key)
    return "recording deleted"


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
            yield guarded(partial(untold.take_in, one, clock()), about)


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
        yield guarded(partial(unserved.tell, queue_sid, tasks, clock()), {"task_sid": tasks[0].sid})


def _shifts(clock: Clock, until: float) -> Iterator[str]:
    """First of all: workers whose shift begins or ends, or who said until when."""
    for one in _in_time(shifts.due(clock()), clock, until):
        yield guarded(partial(shifts.apply, one, clock()), {})


def _board(clock: Clock, until: float) -> Iterator[str]:
    """Pass J, in a stage with a console: what the wallboard shows of workers, simple queues and the day."""
    if not environment.current().user_pool_arn or clock() >= until:
        return
    from chalicelib.lifecycle import board

    for refresh in (board.refresh_today, board.refresh_workers, board.refresh_queues):
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
