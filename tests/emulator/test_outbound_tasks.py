"""Tasks that call out: the worker is rung into a conference, then the customer is dialled into it (contract 4.3)."""

import json

import pytest

from emulator.ports import WebResponse
from emulator.voice.parties import answers, busy, hangs_up, joined, no_answer, talks, waits
from emulator.worlds import OutboundAccept
from tests.emulator.full_harness import FullHarness
from tests.emulator.harness import LINE, WORKER
from tests.emulator.official import client_of

CUSTOMER = "+15550400"


class CallingOut(FullHarness):
    """The application answers each assignment with a conference instruction."""

    def __init__(self, world: OutboundAccept = "with_customer", **fields: object) -> None:
        super().__init__(outbound_accept=world)
        answer = json.dumps({"instruction": "conference", **fields}).encode()
        self.pages["/assignment"] = WebResponse(200, {"content-type": "application/json"}, answer)

    def task(self, **attributes: str) -> str:
        given = json.dumps(attributes or {"outbound_to": CUSTOMER, "from": LINE})
        tasks = client_of(self).taskrouter.v1.workspaces(self.workspace.sid).tasks
        return str(tasks.create(workflow_sid=self.workflow.sid, attributes=given, task_channel="voice").sid)

    def dialed(self) -> list[tuple[str, str]]:
        return [(event["from_"], event["to"]) for event in self.trace("dialed")]

    def statuses(self) -> list[str]:
        return [reservation.status for reservation in self.workspace.reservations.values()]


@pytest.mark.parametrize("world", ["with_customer", "with_worker"])
def test_the_worker_is_rung_then_the_customer_and_the_two_talk(world: OutboundAccept) -> None:
    harness = CallingOut(world)
    harness.twilio.phone(WORKER).will(answers(2, [joined(), talks(10), hangs_up()]))
    harness.twilio.phone(CUSTOMER).will(answers(3))
    task = harness.workspace.tasks[harness.task()]
    harness.run(3.5)
    assert harness.dialed() == [(LINE, WORKER), (LINE, CUSTOMER)]
    assert task.status == ("reserved" if world == "with_customer" else "assigned")
    harness.run(5)
    assert str(task.status) == "assigned"
    worker, customer = harness.twilio.context.calls
    (conference,) = client_of(harness).conferences.list(friendly_name=task.sid, status="in-progress")
    assert task.attributes["conference"] == {
        "room_name": task.sid,
        "sid": conference.sid,
        "participants": {"worker": worker, "customer": customer},
    }
    harness.run(15)
    assert (str(task.status), harness.status(customer)) == ("wrapping", "in-progress")


def test_the_customer_takes_the_conference_with_them_when_the_instruction_says_so() -> None:
    harness = CallingOut(end_conference_on_customer_exit=True)
    harness.twilio.phone(WORKER).will(answers(1))
    harness.twilio.phone(CUSTOMER).will(answers(1, [joined(), talks(5), hangs_up()]))
    harness.task()
    harness.run(20)
    assert [event["status"] for event in harness.trace("ended")] == ["completed", "completed"]
    assert harness.statuses() == ["wrapping"]


@pytest.mark.parametrize(("customer", "status"), [(busy(), "busy"), (no_answer(), "no-answer")])
def test_a_customer_who_is_not_reached_fails_the_reservation_and_the_task_waits_again(
    customer: object, status: str
) -> None:
    harness = CallingOut(timeout=10)
    harness.twilio.phone(WORKER).will(answers(1), no_answer())
    harness.twilio.phone(CUSTOMER).will(customer)  # type: ignore[arg-type]
    task = harness.workspace.tasks[harness.task()]
    harness.run(14)
    assert [event["status"] for event in harness.trace("ended")] == [status, "completed"]
    assert (harness.statuses(), task.status) == (["canceled", "pending"], "reserved")


def test_or_the_worker_stays_alone_in_the_room_and_ends_the_task() -> None:
    harness = CallingOut("with_worker")
    harness.twilio.phone(WORKER).will(answers(1, [waits(8), hangs_up()]))
    harness.twilio.phone(CUSTOMER).will(busy())
    task = harness.workspace.tasks[harness.task()]
    harness.run(6)
    assert (harness.statuses(), task.status) == (["accepted"], "assigned")
    harness.run(10)
    assert (harness.statuses(), str(task.status)) == (["wrapping"], "wrapping")


def test_a_worker_who_does_not_answer_is_no_call_to_the_customer() -> None:
    harness = CallingOut(timeout=10)
    harness.task()
    harness.run(11.5)
    assert harness.dialed() == [(LINE, WORKER)] * 2
    assert harness.statuses() == ["canceled", "pending"]


@pytest.mark.parametrize(("world", "ended"), [("with_customer", "canceled"), ("with_worker", "wrapping")])
def test_a_worker_who_hangs_up_while_the_customers_phone_rings_ends_the_ringing(
    world: OutboundAccept, ended: str
) -> None:
    harness = CallingOut(world)
    harness.twilio.phone(WORKER).will(answers(1, [waits(5), hangs_up()]), no_answer())
    harness.twilio.phone(CUSTOMER).will(answers(30))
    harness.task()
    harness.run(9)
    assert [event["status"] for event in harness.trace("ended")] == ["canceled", "completed"]
    assert harness.statuses()[0] == ended
    assert [one.status for one in client_of(harness).conferences.list()] == ["completed"]


def test_a_task_that_is_canceled_while_the_customers_phone_rings_ends_both_legs() -> None:
    harness = CallingOut()
    harness.twilio.phone(WORKER).will(answers(1))
    harness.twilio.phone(CUSTOMER).will(answers(30))
    sid = harness.task()
    harness.run(5)
    client_of(harness).taskrouter.v1.workspaces(harness.workspace.sid).tasks(sid).update(
        assignment_status="canceled", reason="not needed"
    )
    harness.run(3)
    assert harness.statuses() == ["canceled"]
    assert sorted(event["status"] for event in harness.trace("ended")) == ["canceled", "completed"]


def test_nobody_is_rung_for_a_task_without_a_customer_or_without_a_number_to_show() -> None:
    for code, attributes in (("40142", {"name": "Ann"}), ("40138", {"outbound_to": CUSTOMER})):
        harness = CallingOut()
        harness.task(**attributes)
        harness.run(5)
        assert (harness.warnings(), harness.dialed(), harness.statuses()) == ([code], [], ["pending"])


def test_the_instruction_shows_the_worker_another_number_than_the_customer() -> None:
    harness = CallingOut("with_customer", **{"from": "+15550199"})
    harness.twilio.phone(WORKER).will(answers(1))
    harness.task()
    harness.run(4)
    assert harness.dialed() == [("+15550199", WORKER), (LINE, CUSTOMER)]
