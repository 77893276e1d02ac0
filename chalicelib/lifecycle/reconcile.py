"""The sweep, each minute: asks Twilio about whatever is open past its time, because an event may never come.

Two sweeps at once, or one that dies anywhere, do no harm: each link is taken by a conditional write before anything is
done about it, and what is not finished is due again within a minute. What is more than a page is handed to jobs, which
work beside each other; the longest due comes first.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from chalicelib import jobs
from chalicelib.config import callcenter, environment
from chalicelib.config import messages as settings
from chalicelib.lifecycle import unserved, untold, voicemail, wrap_up
from chalicelib.lifecycle.looking import guarded
from chalicelib.lifecycle.paging import Clock, OutOfTime, due_pages, in_time, look_at_each, look_by_pages
from chalicelib.lifecycle.recorded import SOON_SECONDS
from chalicelib.links import table
from chalicelib.links.model import Key, Notice
from chalicelib.observability import log
from chalicelib.staff import shifts, told
from chalicelib.tell import digest, outbox
from chalicelib.twilio import rest

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
    except OutOfTime:
        done["out of time"] += 1


def _links(clock: Clock, until: float) -> Iterator[str]:
    """Pass A: the links that are open past their time."""
    return look_by_pages("link", due_pages("link", clock), clock, until)


def _callers(clock: Clock, until: float) -> Iterator[str]:
    """Pass B: callers who wait, and whose task may have ended; tasks that wait, and whose caller may have gone."""
    return look_by_pages("call", due_pages("call", clock), clock, until)


def _tasks(clock: Clock, until: float) -> Iterator[str]:
    """Pass C: tasks in wrapping whose completing message is lost."""
    now = clock()
    over = [
        task
        for task in rest.tasks.of_status("wrapping", MOST_TASKS)
        if now >= task.updated_at + wrap_up.queue_of(task).wrap_up.seconds + WRAP_UP_GRACE_SECONDS
    ]
    yield from look_by_pages("wrapping", _pages_of(over), clock, until)


def _assigned(clock: Clock, until: float) -> Iterator[str]:
    """Pass D: tasks in a talk. While the table is down nobody writes a link, and then Twilio alone knows the task."""
    now = clock()
    wanted = [task for task in rest.tasks.of_status("assigned", MOST_TASKS) if _is_looked_at(now - task.updated_at)]
    yield from look_by_pages("assigned", _pages_of(wanted), clock, until)


def _is_looked_at(age: float) -> bool:
    """By two sweeps each time, as one may fail."""
    return age >= LOOK_AT_ASSIGNED_SECONDS and age % LOOK_AT_ASSIGNED_SECONDS < 2 * PERIOD_SECONDS


def _pages_of(tasks: Sequence[rest.tasks.Task]) -> Iterator[Sequence[table.Due]]:
    found = [table.Due(Key(task.sid, ""), 0.0) for task in tasks]
    return (found[at : at + table.DUE_PAGE] for at in range(0, len(found), table.DUE_PAGE))


def _recordings(clock: Clock, until: float) -> Iterator[str]:
    """Pass E: messages and recorded talks that are yet to be kept, or whose time is over."""
    return look_at_each("recording", voicemail.look, clock, until)


def _offers(clock: Clock, until: float) -> Iterator[str]:
    """Pass F: messages that are offered to workers. A team that offers none pays for no look."""
    if settings.are_offered():
        yield from look_at_each("message", voicemail.look_at_offer, clock, until)


def _untold(clock: Clock, until: float) -> Iterator[str]:
    """Pass G, once an hour, where messages are kept, or talks recorded: recordings that we were never told of."""
    wanted = settings.bucket() or callcenter.current().records
    if wanted and clock() % UNTOLD_SECONDS < 2 * PERIOD_SECONDS:  # by two sweeps, as one may fail
        for one in in_time(untold.recordings(clock()), clock, until):
            about = {"call_sid": one.call_sid, "recording_sid": one.sid}
            yield guarded(partial(untold.take_in, one, clock()), about)


def _callbacks(clock: Clock, until: float) -> Iterator[str]:
    """Pass H: callbacks whose time has come, or of which nobody has heard for a while; a job does what is due."""
    if callcenter.current().calls_back:
        yield from look_at_each("callback", _have_gone_on, clock, until)


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
    for queue_sid, tasks in in_time(unserved.long_waiting(clock()).items(), clock, until):
        yield guarded(partial(unserved.tell, queue_sid, tasks, clock()), {"task_sid": tasks[0].sid})


def _shifts(clock: Clock, until: float) -> Iterator[str]:
    """First of all: workers whose shift begins or ends, or who said until when."""
    for one in in_time(shifts.due(clock()), clock, until):
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
    for notice in in_time(outbox.due(clock()), clock, until):
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
