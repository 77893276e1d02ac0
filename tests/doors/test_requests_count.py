"""What one crm-first call asks of AWS and of Twilio, counted: it is what a call costs."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import botocore.client
import pytest

from bench.counts import CRM_FIRST_CALL
from chalicelib import jobs
from tests.support.switchboard import CALL, RESERVATION, TASK, Switchboard


def test_a_crm_first_call_makes_exactly_these_requests(board: Switchboard, monkeypatch: pytest.MonkeyPatch) -> None:
    made: Counter[str] = Counter()
    real = botocore.client.BaseClient._make_api_call

    def count(client: Any, operation: str, given: Any) -> Any:
        made[operation] += 1
        return real(client, operation, given)

    with monkeypatch.context() as patched:
        patched.setattr(botocore.client.BaseClient, "_make_api_call", count)
        webhooks = [step(board) for step in UNTIL_THE_JOB]
        board.work(jobs.RingWorker(CALL, RESERVATION))
        webhooks += [step(board) for step in WHILE_THEY_TALK]
        board.twilio.reservation = "wrapping"
        board.wrap_up()
        webhooks += [step(board) for step in AFTERWARDS]
        board.work(jobs.CompleteTask(CALL, TASK))
        webhooks += [step(board) for step in AT_LAST]
    counted = {"webhooks": len(webhooks), "jobs": 2, "twilio": len(board.twilio.requests), **made}
    assert counted == CRM_FIRST_CALL
    assert board.link["outcome"] == "completed" and board.call["survey"] == "5"


Steps = Sequence[Callable[[Switchboard], object]]

UNTIL_THE_JOB: Steps = (
    lambda board: board.voice("incoming"),
    lambda board: board.voice("menu/1", Digits="1"),
    lambda board: board.event("task.created"),
    lambda board: board.voice("wait"),
    lambda board: board.assign(),
)
WHILE_THEY_TALK: Steps = (
    lambda board: board.status("initiated"),
    lambda board: board.status("ringing"),
    lambda board: board.answer(),
    lambda board: board.status("in-progress"),
    lambda board: board.event("reservation.accepted"),
)
AFTERWARDS: Steps = (
    lambda board: board.event("reservation.wrapup"),
    lambda board: board.event("task.wrapup"),
    lambda board: board.status("completed"),
    lambda board: board.voice("after", QueueResult="bridged"),
    lambda board: board.voice("survey", Digits="5"),
)
AT_LAST: Steps = (
    lambda board: board.event("reservation.completed"),
    lambda board: board.event("task.completed"),
)
