"""What one call asks of AWS and of Twilio in each way that a queue can work, counted: it is what a call costs."""

from collections.abc import Callable, Mapping, Sequence
from unittest.mock import Mock

import pytest

from bench.counts import CALLS
from chalicelib import jobs
from tests.conftest import QUEUES
from tests.support.driver import CALL, RESERVATION, TASK, Switchboard
from tests.support.meter import counting, write_units

Steps = Sequence[Callable[[Switchboard], object]]

DESK, AGENTS_NUMBER, AGENT = "+14155550103", "+14155550104", "+14155550190"


def job(does: jobs.Job) -> Callable[[Switchboard], object]:
    return lambda board: board.work(does)


def parts(queue: str) -> Callable[[Switchboard], object]:
    """The two have parted, and Twilio's task is wrapping: no request of ours."""

    def part(board: Switchboard) -> None:
        board.twilio.reservation = "wrapping"
        board.wrap_up()
        board.twilio.tasks[TASK]["task_queue_sid"] = QUEUES[queue]

    return part


CALLS_IN: Steps = (
    lambda board: board.voice("incoming"),
    lambda board: board.voice("menu/1", Digits="1"),
    lambda board: board.event("task.created"),
    lambda board: board.voice("wait"),
)


def until_the_end(queue: str) -> Steps:
    """From the worker's answer on."""
    queued = {"TaskQueueSid": QUEUES[queue]}
    return (
        lambda board: board.status("in-progress"),
        lambda board: board.event("reservation.accepted", **queued),
        parts(queue),
        lambda board: board.event("reservation.wrapup", **queued),
        lambda board: board.event("task.wrapup", **queued),
        lambda board: board.status("completed"),
        lambda board: board.voice("after", QueueResult="bridged"),
        lambda board: board.voice("survey", Digits="5"),
        job(jobs.CompleteTask(CALL, TASK)),
        lambda board: board.event("reservation.completed", **queued),
        lambda board: board.event("task.completed", **queued),
    )


PLAYED: Mapping[str, Steps] = {
    "crm-first": (
        *CALLS_IN,
        lambda board: board.assign(),
        job(jobs.RingWorker(CALL, RESERVATION)),
        lambda board: board.status("initiated"),
        lambda board: board.status("ringing"),
        lambda board: board.answer(),
        *until_the_end("Support"),
    ),
    "direct": (
        *CALLS_IN,
        lambda board: board.assign("Urgent"),
        lambda board: board.status("initiated"),
        lambda board: board.status("ringing"),
        *until_the_end("Urgent"),
    ),
    "simple queue": (
        lambda board: board.voice("incoming", To=DESK),
        lambda board: board.voice("wait", To=DESK),
        lambda board: board.voice("incoming", To=AGENTS_NUMBER, From=AGENT),
        lambda board: board.voice("after", To=DESK, QueueResult="bridged"),
    ),
}


@pytest.mark.parametrize("mode", PLAYED)
def test_a_call_makes_exactly_these_requests(board: Switchboard, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    send, work = Mock(wraps=board.send), Mock(wraps=board.work)
    monkeypatch.setattr(board, "send", send)
    monkeypatch.setattr(board, "work", work)
    with counting() as made:
        for step in PLAYED[mode]:
            step(board)
    lines = board.log.getvalue().splitlines()
    counted = {"webhooks": send.call_count, "jobs": work.call_count, "twilio": len(board.twilio.requests), **made}
    expected = dict(CALLS[mode])
    expected.pop("log_bytes")
    assert counted | {"log_lines": len(lines)} == expected
    assert sum(map(len, lines)) + len(lines) == pytest.approx(CALLS[mode]["log_bytes"], rel=0.02)
    ended = "bridged" if mode == "simple queue" else "5"
    assert ended in (board.call["queue_result"], board.call.get("survey"))
    assert mode == "simple queue" or board.link["outcome"] == "completed"


def row(**values: str) -> dict[str, dict[str, str]]:
    return {name: {"S": value} for name, value in values.items()}


@pytest.mark.parametrize(
    ("before", "after", "units"),
    [
        ({}, row(id="1"), 1),  # in no index
        ({}, row(id="1", leg="x"), 2),  # and put into one
        (row(id="1", leg="x"), row(id="1", leg="x", note="new"), 2),  # the same place in the index
        (row(id="1", leg="x"), row(id="1", leg="y"), 3),  # out of it and in again
        (row(id="1", leg="x"), row(id="1"), 2),  # out
        (row(id="1", leg="x"), row(id="1", leg="x"), 1),  # a condition that was lost
        (row(id="1", leg="x"), row(id="1", leg="x", note="n" * 1500), 4),  # two KB, twice
    ],
)
def test_a_write_costs_its_row_and_each_index_that_it_touches(
    before: dict[str, dict[str, str]], after: dict[str, dict[str, str]], units: int
) -> None:
    assert write_units(before, after, [["leg"]]) == units
