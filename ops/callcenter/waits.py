"""How long a caller waits: whether the task's end or the waiting document comes first. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

from chalicelib.config.schema import Line
from chalicelib.config.toml_errors import sentence
from ops.callcenter.calls import Call, calls, takers
from ops.callcenter.files import Center, Filter


class End(NamedTuple):
    """When a line's task is over at the latest, in seconds; `way` is through the workflow, `by` what ends the task."""

    line: str
    way: str
    seconds: int
    by: str


def ended_by_the_task(center: Center) -> Iterator[str]:
    """Lines whose callers' task is over before the waiting document lets the caller leave.

    One sentence for each line and filter that may take its calls.
    """
    for end in dict.fromkeys(end for call in calls(center) for end in _ends(center, call)):
        line = center.application.lines[end.line]
        if end.seconds < line.longest_wait and not _is_meant(line, end):
            over = f"a task {end.way} is over after {end.seconds} s ({end.by})"
            late = f"before the waiting document lets the caller leave ({line.longest_wait} s)"
            allowed = f"{over}, {late}: the caller's way out is the task's end"
            yield sentence(f"lines.{end.line}.wait.leave_after", line.wait.leave_after, allowed)


def _ends(center: Center, call: Call) -> Iterator[End]:
    """The end of each way that the call may take through the workflow."""
    filters, is_taken = takers(center, call)
    own = call.line.timeout
    for given in filters:
        way, targets = f"that the filter {given.name!r} takes", _sum(given)
        if targets is not None and targets < own:
            yield End(call.name, way, targets, "the timeouts of its targets")
        else:
            yield End(call.name, way, own, f"lines.{call.name}.timeout")
    if center.workflow.default_queue and not is_taken:
        yield End(call.name, "in workflow.default_queue", own, f"lines.{call.name}.timeout")


def _sum(given: Filter) -> int | None:
    """The task's age at the end of the last target; None when a target may keep the task as long as it lives.

    The next target is reached by a timeout or by skip_if alone (contract 7.5).
    """
    *before, last = given.targets
    if last.timeout is None or not all(target.timeout or target.skip_if for target in before):
        return None
    return sum(target.timeout or 0 for target in given.targets)


def _is_meant(line: Line, end: End) -> bool:
    """With leave_after = 0 the file says itself that the caller waits as long as the task lives."""
    return not line.wait.leave_after and end.seconds == line.timeout
