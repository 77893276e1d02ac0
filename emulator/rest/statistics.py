"""REST on statistics: of a workspace, a workflow, a task queue, its workers and one worker (contract 7.7)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from emulator.ports import TwilioError
from emulator.rest.collection import TASKROUTER
from emulator.rest.fields import called, limit, window
from emulator.rest.framework import Body, Operation, Parameters, Request, RestAnswer, Route, not_found, parameters
from emulator.rest.pages import PARAMETERS as PAGES
from emulator.rest.representations import iso
from emulator.taskrouter import statistics
from emulator.taskrouter.model import TaskQueue, Worker
from emulator.taskrouter.statistics import Scope, Window

# What each kind shows, by the published schemas; the one by name alone is in every kind.
_TASKS_NOW = "total_tasks tasks_by_status tasks_by_priority longest_task_waiting_age longest_task_waiting_sid"
_BULK = f"{_TASKS_NOW} total_eligible_workers total_available_workers activity_statistics"
MOST_QUEUES, BULK_PER_SECOND = 50, 5
QUEUE_SIDS = ("QueueSids", "queueSids")  # as the page's table and its example have it
_RESERVATIONS = (
    "reservations_created reservations_accepted reservations_rejected reservations_timed_out reservations_canceled "
    "reservations_rescinded"
)
_TASKS_THEN = (
    f"{_RESERVATIONS} tasks_canceled tasks_completed tasks_deleted tasks_moved avg_task_acceptance_time "
    "wait_duration_until_accepted wait_duration_until_canceled split_by_wait_time"
)


@dataclass(frozen=True)
class _Kind:
    """Whose statistics stand at `path`: `key` names the sid in the body, `owner` in the path; both may be empty."""

    path: str
    now: str = ""  # names of what is shown of the present
    then: str = ""  # and of the window
    key: str = ""
    owner: str = ""


_WORKSPACE = _Kind(
    "",
    f"{_TASKS_NOW} total_workers activity_statistics",
    f"{_TASKS_THEN} tasks_created tasks_timed_out_in_workflow",
)
_WORKFLOW = _Kind(
    "/Workflows/{workflow}",
    _TASKS_NOW,
    f"{_TASKS_THEN} tasks_entered tasks_timed_out_in_workflow",
    "workflow_sid",
    "workflow",
)
_QUEUE = _Kind(
    "/TaskQueues/{queue}",
    f"{_TASKS_NOW} longest_relative_task_age_in_queue longest_relative_task_sid_in_queue total_eligible_workers "
    "total_available_workers activity_statistics",
    f"{_TASKS_THEN} tasks_entered wait_duration_in_queue_until_accepted",
    "task_queue_sid",
    "queue",
)
_WORKERS = _Kind("/Workers", "total_workers activity_statistics", f"{_RESERVATIONS} activity_durations")
_WORKER = _Kind("/Workers/{worker}", "", _WORKERS.then, "worker_sid", "worker")


def _channel(request: Request) -> str:
    """The unique name of the TaskChannel that is asked for by sid or unique name."""
    given = request.text("TaskChannel")
    channels = request.engine.workspace.task_channels
    return {one.sid: name for name, one in channels.items()}.get(given, given)


def _owners(request: Request) -> Mapping[str, Mapping[str, object]]:
    workspace = request.engine.workspace
    return {"workflow": workspace.workflows, "queue": workspace.task_queues, "worker": workspace.workers}


def _workers(request: Request, queue: TaskQueue | None) -> list[Worker]:
    """Those of the queue, of the worker in the path, or whom TaskQueueSid, TaskQueueName and FriendlyName ask for."""
    sid, name = request.text("TaskQueueSid"), request.text("TaskQueueName")
    friendly_name = request.text("FriendlyName") if not queue else ""
    workspace = request.engine.workspace
    queues = [one for one in workspace.task_queues.values() if sid in {"", one.sid} and name in {"", one.friendly_name}]
    return [
        worker
        for worker in workspace.workers.values()
        if request.parts.get("worker", worker.sid) == worker.sid
        and friendly_name in {"", worker.friendly_name}
        and (queue is None or queue.takes(worker))
        and ((not sid and not name) or any(one.takes(worker) for one in queues))
    ]


def _scope(request: Request, queue: TaskQueue | None) -> Scope:
    about_workers = request.path.partition("/Workers/")[1] != ""
    return Scope(
        workflow_sid=request.parts.get("workflow", ""),
        queue_sid=queue.sid if queue else "",
        channel=_channel(request),
        worker_sids=frozenset(worker.sid for worker in _workers(request, None)) if about_workers else None,
    )


def _queue(request: Request) -> TaskQueue | None:
    return request.engine.workspace.task_queues.get(request.parts.get("queue", ""))


def _now(request: Request, kind: _Kind, queue: TaskQueue | None) -> Body:
    workspace = request.engine.workspace
    known = {
        **statistics.tasks(workspace.tasks.values(), _scope(request, queue), request.now()),
        **statistics.workers(_workers(request, queue), workspace.activities.values()),
    }
    return {name: known[name] for name in kind.now.split()}


def _then(request: Request, kind: _Kind, queue: TaskQueue | None) -> Body:
    workspace, now = request.engine.workspace, request.now()
    since, until = window(request)
    of = Window(since, now if until is None else until)
    known = {
        **statistics.happened(workspace, _scope(request, queue), of, _thresholds(request)),
        "activity_durations": statistics.activity_durations(workspace, _workers(request, queue), of, now),
    }
    times = {"start_time": iso(of.since), "end_time": iso(of.until)}
    return {**times, **{name: known[name] for name in kind.then.split()}}


def _thresholds(request: Request) -> list[int]:
    """SplitByWaitTime: seconds with commas. TwilioError 20001."""
    text = request.text("SplitByWaitTime")
    if not re.fullmatch(r"(\d+(,\s*\d+)*)?", text):
        raise TwilioError(20001, f"SplitByWaitTime is no list of seconds: {text}")
    return [int(seconds) for seconds in text.split(",") if seconds]


def _owned(request: Request, kind: _Kind) -> Body:
    """The sids and the URL that every answer has. TwilioError 20404 when there is no such workflow, queue or worker."""
    sid = request.parts.get(kind.owner, "")
    if kind.owner and sid not in _owners(request)[kind.owner]:
        raise not_found(request)
    workspace = request.engine.workspace
    owned: Body = {"account_sid": workspace.account_sid, "workspace_sid": workspace.sid}
    return {**owned, **({kind.key: sid} if kind.key else {}), "url": f"https://taskrouter.twilio.com{request.path}"}


_Show = Callable[[Request, _Kind, TaskQueue | None], Body]


def _both(request: Request, kind: _Kind, queue: TaskQueue | None) -> Body:
    realtime = {"realtime": _now(request, kind, queue)} if kind.now else {}
    return {**realtime, "cumulative": _then(request, kind, queue)}


def _operation(kind: _Kind, show: _Show, known: Parameters) -> Operation:
    def fetch(request: Request) -> RestAnswer:
        return RestAnswer(200, {**_owned(request, kind), **show(request, kind, _queue(request))})

    return Operation(fetch, known)


def _list_queues(request: Request) -> RestAnswer:
    """Of every task queue, or of those with the FriendlyName."""
    wanted, workspace = called(request), request.engine.workspace
    bodies: list[Body] = [
        {
            "account_sid": workspace.account_sid,
            "workspace_sid": workspace.sid,
            "task_queue_sid": queue.sid,
            **_both(request, _QUEUE, queue),
        }
        for queue in workspace.task_queues.values()
        if wanted(queue)
    ]
    return TASKROUTER.page(request, "task_queues_statistics", bodies)


def _read_queues(request: Request) -> RestAnswer:
    """The present of up to 50 task queues. One that is not in the workspace shows nothing but zeros.

    TwilioError 20001 for none, too many, or what is no sid; 20429 for the sixth request within a second.
    """
    workspace = request.engine.workspace
    limit(request.engine.bulk_statistics, request.now(), BULK_PER_SECOND)
    sids = [sid for name in QUEUE_SIDS for sid in request.fields.get(name, ())]
    if not 1 <= len(sids) <= MOST_QUEUES:
        raise TwilioError(20001, f"QueueSids must be 1 to {MOST_QUEUES} sids, not {len(sids)}")
    wrong = [sid for sid in sids if not re.fullmatch(r"WQ[0-9a-f]{32}", sid)]
    if wrong:
        raise TwilioError(20001, f"QueueSids are no sids of task queues: {', '.join(wrong)}")
    shown: Body = {
        "account_sid": workspace.account_sid,
        "workspace_sid": workspace.sid,
        "task_queue_data": [_read_queue(request, sid) for sid in sids],
        "task_queue_response_count": len(sids),
        "url": f"https://taskrouter.twilio.com{request.path}",
    }
    return RestAnswer(200, shown)


def _read_queue(request: Request, sid: str) -> Body:
    workspace = request.engine.workspace
    queue = workspace.task_queues.get(sid)
    scope = Scope(queue_sid=sid)
    workers = [worker for worker in workspace.workers.values() if queue is not None and queue.takes(worker)]
    known = {
        **statistics.tasks(workspace.tasks.values(), scope, request.now()),
        **statistics.workers(workers, workspace.activities.values()),
    }
    return {"task_queue_sid": sid, **{name: known[name] for name in _BULK.split()}}


_CHANNEL, _WINDOW = "TaskChannel", "TaskChannel Minutes StartDate EndDate"
_BASE = "/v1/Workspaces/{workspace}"


def _routes(kind: _Kind, split: str = "SplitByWaitTime", more: str = "") -> tuple[Route, ...]:
    base = _BASE + kind.path
    both = _operation(kind, _both, parameters(f"{_WINDOW} {split} {more}"))
    if not kind.now:
        return (Route(f"{base}/Statistics", {"GET": both}),)
    return (
        Route(f"{base}/Statistics", {"GET": both}),
        Route(f"{base}/RealTimeStatistics", {"GET": _operation(kind, _now, parameters(_CHANNEL))}),
        Route(f"{base}/CumulativeStatistics", {"GET": _operation(kind, _then, parameters(f"{_WINDOW} {split}"))}),
    )


ROUTES = (
    Route(
        f"{_BASE}/TaskQueues/Statistics",
        {"GET": Operation(_list_queues, parameters(f"{_WINDOW} SplitByWaitTime FriendlyName {PAGES}"))},
    ),
    Route(
        f"{_BASE}/TaskQueues/RealTimeStatistics",
        {"POST": Operation(_read_queues, parameters(" ".join(QUEUE_SIDS)), takes_json=True)},
    ),
    *_routes(_WORKSPACE),
    *_routes(_WORKFLOW),
    *_routes(_QUEUE),
    *_routes(_WORKERS, "", "TaskQueueSid TaskQueueName FriendlyName"),
    *_routes(_WORKER, ""),
)
