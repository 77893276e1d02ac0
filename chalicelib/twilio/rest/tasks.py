"""Tasks of this application's workflow."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from chalicelib.config import environment
from chalicelib.twilio.rest.client import PAGE_SIZE, workspace
from chalicelib.twilio.rest.failures import already_done, errors, pages, rest_errors
from chalicelib.twilio.rest.values import attributes_of, epoch


class Task(msgspec.Struct, frozen=True):
    """A task. Its times are epoch seconds; `attributes` are empty in a list (contract 5), and if they are no JSON."""

    sid: str
    status: str
    task_queue_sid: str
    attributes: Mapping[str, Any]
    created_at: float
    updated_at: float
    priority: int = 0


class NewTask(msgspec.Struct, frozen=True):
    """A task to make. `attributes` are JSON, `channel` the unique name of a task channel, `timeout` seconds.

    `virtual_start`, in epoch seconds, is when it counts as made among those of its priority; 0: when it is made.
    """

    attributes: str
    channel: str
    priority: int
    timeout: int
    virtual_start: float = 0


def create(new: NewTask) -> str:
    """The sid of a new task of this workflow. Raises TwilioRejected, TwilioUnavailable, OutcomeUnknown.

    Twilio takes the same request twice for two tasks (contract 5).
    """
    with errors():
        made = workspace().tasks.create(
            attributes=new.attributes,
            workflow_sid=environment.current().workflow_sid,
            task_channel=new.channel,
            priority=new.priority,
            timeout=new.timeout,
            **_place(new),
        )
    return str(made.sid)


def _place(new: NewTask) -> Mapping[str, datetime]:
    return {"virtual_start_time": datetime.fromtimestamp(int(new.virtual_start), UTC)} if new.virtual_start else {}


def find(work_key: str) -> str:
    """The sid of the oldest task with this attribute; empty when there is none. Raises TwilioRejected, NotDone.

    Twilio allows three of these lists a second (contract 5).
    """
    with errors(), pages():
        found = workspace().tasks.list(
            evaluate_task_attributes=f"work_key == {msgspec.json.encode(work_key).decode()}",
            workflow_sid=environment.current().workflow_sid,
            ordering="DateCreated:asc",
            limit=1,
            page_size=1,
        )
    return str(found[0].sid) if found else ""


def fetch(task_sid: str) -> Task | None:
    """The task; None when Twilio no longer knows it. Raises TwilioRejected, NotDone."""
    with errors():
        try:
            return _task(workspace().tasks(task_sid).fetch())
        except rest_errors() as error:
            if error.code != 20404:
                raise
            return None


def of_status(status: Literal["pending", "assigned", "wrapping"], limit: int) -> list[Task]:
    """Up to `limit` of this workflow's tasks of this status, oldest first. Raises TwilioRejected, NotDone.

    The list is read whole before it is used: a task completed meanwhile would shift the later pages.
    """
    with errors(), pages():
        found = workspace().tasks.list(
            assignment_status=[status],
            workflow_sid=environment.current().workflow_sid,
            ordering="DateCreated:asc",
            limit=limit,
            page_size=min(limit, PAGE_SIZE),
        )
    return [_task(task) for task in found]


def begin_wrapping(task_sid: str) -> None:
    """The work on a task is done, and is wrapped up; a task in another status is left alone. Raises NotDone."""
    with errors(), already_done(20001, 20404):
        workspace().tasks(task_sid).update(assignment_status="wrapping")


def complete(task_sid: str, reason: str) -> None:
    """End a task that is assigned or wrapping; one that is completed, deleted or not there yet is left alone.

    Raises NotDone.
    """
    with errors(), already_done(20001, 20404):
        workspace().tasks(task_sid).update(assignment_status="completed", reason=reason)


def cancel(task_sid: str, reason: str) -> None:
    """End a task whose caller has gone; one that is assigned, ended or deleted is left alone. Raises NotDone."""
    with errors(), already_done(20001, 20404):
        workspace().tasks(task_sid).update(assignment_status="canceled", reason=reason)


def _task(found: Any) -> Task:
    return Task(
        str(found.sid),
        str(found.assignment_status),
        found.task_queue_sid or "",
        attributes_of(found.attributes),
        epoch(found.date_created),
        epoch(found.date_updated),
        int(found.priority or 0),
    )
