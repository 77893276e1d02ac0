"""The assignment callback, its answers and its instructions (contract 4.1 to 4.3, 7.6)."""

import json

import pytest

from emulator.ports import ConferenceOrder, RecordOrder, TwilioError, WebFailure, WebResponse, WebResult, WorkerLegOrder
from emulator.taskrouter.model import Reservation, Task
from tests.emulator.taskrouter_harness import ACCOUNT_SID, ASSIGNMENT_URL, FALLBACK_URL, JSON, CallCentre, instruction

WRAP_UP = "WA" + "0" * 32


def answered(
    answer: WebResult, centre: CallCentre | None = None, contact_uri: str = "client:ada"
) -> tuple[CallCentre, Task, Reservation]:
    """A call for ada, and what the application answers to the assignment callback."""
    centre = centre or CallCentre()
    centre.webhooks.answers[ASSIGNMENT_URL] = answer
    centre.worker("ada", contact_uri=contact_uri)
    task = centre.call()
    centre.run()
    (first, *_) = task.reservations.values()
    return centre, task, first


def test_the_callback_says_who_is_reserved_for_what() -> None:
    centre, task, reservation = answered(WebResponse(200, JSON, b""))
    (form,) = centre.webhooks.forms(ASSIGNMENT_URL)
    attributes = json.loads(form["TaskAttributes"])
    assert json.loads(form["WorkerAttributes"]) == {"contact_uri": "client:ada"}
    assert attributes["call_sid"] == task.call_sid
    assert {name: form[name] for name in form if not name.endswith("Attributes")} == {
        "Timestamp": "1800000000",
        "AccountSid": ACCOUNT_SID,
        "WorkspaceSid": centre.workspace.sid,
        "WorkflowSid": task.workflow.sid,
        "TaskQueueSid": task.queue.sid,
        "WorkerSid": reservation.worker.sid,
        "WorkerName": "ada",
        "TaskSid": task.sid,
        "TaskAge": "0",
        "TaskPriority": "0",
        "ReservationSid": reservation.sid,
    }


def test_the_callback_has_five_seconds() -> None:
    centre, _, _ = answered(WebResponse(200, JSON, b""))
    assert [sent.deadline for sent in centre.webhooks.sent if sent.url == ASSIGNMENT_URL] == [5.0]


@pytest.mark.parametrize("body", [b"", b"{}"])
def test_an_empty_answer_leaves_the_reservation_pending(body: bytes) -> None:
    centre, _, reservation = answered(WebResponse(200, JSON, body))
    assert (reservation.status, centre.warnings()) == ("pending", [])
    assert not centre.webhooks.forms(FALLBACK_URL)


def test_an_empty_answer_needs_no_content_type() -> None:
    centre, _, reservation = answered(WebResponse(200, {}, b""))
    assert (reservation.status, centre.warnings()) == ("pending", [])


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        ({"content-type": "text/html"}, b'{"instruction":"accept"}', "40000"),
        ({}, b'{"instruction":"accept"}', "40000"),
        (JSON, b'{\\"instruction\\":\\"accept\\"}', "40001"),
        (JSON, b'{"instruct":"accept"}', "40005"),
        (JSON, b'["accept"]', "40005"),
        (JSON, b'{"instruction":"dance"}', "55555"),
    ],
)
def test_a_wrong_answer_is_a_warning_and_changes_nothing(headers: dict[str, str], body: bytes, code: str) -> None:
    centre, _, reservation = answered(WebResponse(200, headers, body))
    assert (reservation.status, centre.warnings()) == ("pending", [code])
    assert centre.trace("warning")[0]["sid"] == reservation.sid


@pytest.mark.parametrize(
    "answer", [WebResponse(500, JSON, b""), WebResponse(204, JSON, b""), WebFailure("connect"), WebFailure("timeout")]
)
def test_anything_but_200_goes_to_the_fallback_url(answer: WebResult) -> None:
    centre = CallCentre()
    centre.webhooks.answers[FALLBACK_URL] = instruction("accept")
    centre, _, reservation = answered(answer, centre)
    (fallback,) = centre.webhooks.forms(FALLBACK_URL)
    assert fallback["ReservationSid"] == reservation.sid
    assert reservation.status == "accepted"


def test_an_answer_after_five_seconds_is_ignored_for_the_fallbacks() -> None:
    centre = CallCentre()
    centre.webhooks.delays[ASSIGNMENT_URL] = 6.0
    centre.webhooks.answers[FALLBACK_URL] = instruction("reject", activity_sid=centre.activity("Unavailable"))
    centre, _, reservation = answered(instruction("accept"), centre)
    centre.run(10)
    assert reservation.status == "rejected"
    assert [sent.at for sent in centre.webhooks.sent if sent.url == FALLBACK_URL] == [1_800_000_005.0]


@pytest.mark.parametrize(("answer", "code"), [(WebResponse(500, {}, b""), "11200"), (WebFailure("connect"), "11205")])
def test_what_went_wrong_stands_in_the_debugger(answer: WebResult, code: str) -> None:
    centre = CallCentre()
    centre.webhooks.answers[FALLBACK_URL] = answer
    _, _, reservation = answered(answer, centre)
    assert centre.warnings() == [code, code]
    assert centre.trace("warning")[0]["sid"] == reservation.sid


def test_when_the_fallback_fails_too_the_reservation_waits_for_its_timeout() -> None:
    centre = CallCentre()
    centre.webhooks.answers[FALLBACK_URL] = WebFailure("connect")
    centre, _, reservation = answered(WebResponse(500, {}, b""), centre)
    centre.run(119)
    assert len(centre.webhooks.forms(FALLBACK_URL)) == 1
    assert reservation.worker.activity.friendly_name == "Available"
    centre.run(1)
    assert reservation.status == "timeout"


def test_accept_accepts() -> None:
    centre, task, reservation = answered(instruction("accept"))
    assert (task.status, reservation.status) == ("assigned", "accepted")
    assert not centre.voice.legs


def test_reject_moves_the_worker_to_the_activity() -> None:
    centre = CallCentre()
    centre, task, reservation = answered(instruction("reject", activity_sid=centre.activity("Offline")), centre)
    assert (task.status, reservation.status) == ("pending", "rejected")
    assert reservation.worker.activity.friendly_name == "Offline"


def test_reject_with_an_unknown_activity_is_40100() -> None:
    centre, _, reservation = answered(instruction("reject", activity_sid=WRAP_UP))
    assert (reservation.status, centre.warnings()) == ("pending", ["40100"])


def test_dequeue_rings_the_worker_and_notes_the_leg_in_the_task() -> None:
    centre = CallCentre()
    wrap_up = centre.activity("Unavailable")
    answer = instruction(
        "dequeue",
        **{"to": "+4930", "from": "+4989", "post_work_activity_sid": wrap_up, "timeout": 20},
        status_callback_url="https://app.example/leg",
        status_callback_events="answered,completed",
    )
    centre, task, reservation = answered(answer, centre)
    (order,) = centre.voice.legs
    assert order == WorkerLegOrder(
        reservation.sid,
        task.sid,
        task.call_sid,
        "+4930",
        "+4989",
        20,
        "https://app.example/leg",
        ("answered", "completed"),
        "",
        wrap_up,
    )
    assert str(task.attributes["worker_call_sid"]).startswith("CA")
    assert "task.updated" in centre.events()
    assert reservation.status == "pending"


def test_dequeue_rings_contact_uri_and_shows_the_number_that_was_dialed() -> None:
    centre, _, _ = answered(instruction("dequeue"))
    (order,) = centre.voice.legs
    assert (order.to, order.from_, order.timeout) == ("client:ada", "+49800", 60)


def test_a_dequeue_that_is_answered_is_accepted_as_a_dial_is() -> None:
    centre, task, reservation = answered(instruction("dequeue"))
    assert centre.workspaces.begin_accept(reservation.sid) == task.call_sid
    centre.workspaces.finish_accept(reservation.sid, True)
    assert (task.status, reservation.status) == ("assigned", "accepted")
    assert not centre.voice.hung_up


def test_a_dequeue_that_nobody_answers_is_canceled_and_the_worker_stays_available() -> None:
    centre, task, reservation = answered(instruction("dequeue"))
    centre.workspaces.finish_accept(reservation.sid, False)
    assert (task.status, reservation.status) == ("pending", "canceled")
    assert reservation.worker.activity.friendly_name == "Available"


def test_a_caller_who_hangs_up_ends_the_leg_of_the_dequeue() -> None:
    centre, task, reservation = answered(instruction("dequeue"))
    leg = reservation.leg_sid
    centre.workspaces.caller_left(task.sid)
    assert centre.voice.hung_up == [leg]


@pytest.mark.parametrize(
    ("given", "method"),
    [({}, "POST"), ({"status_callback_method": "get"}, "GET"), ({"status_callback_method": ""}, "POST")],
)
def test_the_status_callback_of_a_conferences_leg_is_a_post_unless_it_says_otherwise(
    given: dict[str, str], method: str
) -> None:
    answer = instruction("conference", status_callback="https://app.example/leg", **given)
    centre, _, _ = answered(answer)
    (order,) = centre.voice.legs
    assert (order.status_callback_url, order.status_callback_method) == ("https://app.example/leg", method)
    assert not order.names_caller
    assert centre.warnings() == []


def test_a_conferences_callback_is_neither_put_nor_deleted() -> None:
    centre, _, reservation = answered(instruction("conference", status_callback_method="PUT"))
    assert (reservation.status, centre.warnings(), centre.voice.legs) == ("pending", ["40159"], [])


def test_a_conferences_leg_has_what_the_instruction_says_of_the_room() -> None:
    centre, _, reservation = answered(instruction("conference", to="+4930", end_conference_on_exit=True))
    (order,) = centre.voice.legs
    assert (order.to, order.url, reservation.status) == ("+4930", "", "pending")
    assert order.conference == ConferenceOrder(ends_with_worker=True)


@pytest.mark.parametrize(
    ("given", "recorded"),
    [
        (instruction("dequeue", record="record-from-answer"), RecordOrder()),
        (instruction("call", record="record-from-answer", url="https://a.example", **{"from": "+1"}), RecordOrder()),
        (
            instruction(
                "conference", record="true", recording_channels="dual", recording_status_callback="https://a.example"
            ),
            RecordOrder(2, "https://a.example"),
        ),
        (instruction("dequeue", record="do-not-record"), None),
        (instruction("conference", record=False), None),
    ],
)
def test_an_instruction_has_its_leg_recorded(given: WebResponse, recorded: RecordOrder | None) -> None:
    centre, _, _ = answered(given)
    (order,) = centre.voice.legs
    assert (order.record, centre.warnings()) == (recorded, [])


@pytest.mark.parametrize(
    ("wrong", "code"),
    [({"max_participants": 1}, "40145"), ({"conference_status_callback_event": "start,dance"}, "40159")],
)
def test_a_conference_that_cannot_be_is_refused(wrong: dict[str, object], code: str) -> None:
    centre, _, reservation = answered(instruction("conference", **wrong))
    assert (reservation.status, centre.warnings(), centre.voice.legs) == ("pending", [code], [])


@pytest.mark.parametrize(
    ("answer", "fields"),
    [
        (instruction("accept", colour="red"), ["colour of the instruction accept"]),
        (instruction("dequeue", record="record-from-answer"), []),
        (instruction("dequeue", record="do-not-record", timeout=20), []),
        (instruction("conference", beep="true", region="ie1", record="false"), []),
        (
            instruction("conference", end_conference_on_exit=True, conference_status_callback="https://a.example"),
            [],
        ),
        (instruction("conference", supervisor="WK1"), ["supervisor of the instruction conference"]),
    ],
)
def test_fields_that_are_not_imitated_are_warned_of_and_the_rest_is_done(
    answer: WebResponse, fields: list[str]
) -> None:
    centre, _, reservation = answered(answer)
    warnings = centre.trace("warning")
    assert [(warning["code"], warning["message"]) for warning in warnings] == [
        ("not imitated", name) for name in fields
    ]
    assert all(warning["sid"] == reservation.sid for warning in warnings)
    assert reservation.status != "pending" or centre.voice.legs


def test_call_runs_a_document_on_the_workers_leg() -> None:
    centre, _, reservation = answered(instruction("call", url="https://app.example/doc", **{"from": "+4989"}))
    (order,) = centre.voice.legs
    assert (order.url, order.to, order.from_) == ("https://app.example/doc", "client:ada", "+4989")
    assert reservation.status == "pending"
    centre.workspaces.begin_accept(reservation.sid)  # the document may dial the queue itself


def test_call_may_accept_at_once() -> None:
    _, _, reservation = answered(instruction("call", url="https://a.example", accept=True, **{"from": "+49"}))
    assert reservation.status == "accepted"


def redirect(centre: CallCentre, **fields: object) -> WebResponse:
    """An instruction for the next caller's call."""
    return instruction("redirect", call_sid=f"CA{centre.calls + 1:032x}", url="https://a.example", **fields)


def test_redirect_with_accept_keeps_the_task_when_the_caller_leaves_the_queue() -> None:
    centre = CallCentre()
    centre.voice.when_redirected = lambda: centre.workspaces.caller_left(next(iter(centre.workspace.tasks)))
    centre, task, reservation = answered(redirect(centre, accept=True), centre)
    assert centre.voice.redirected == [(task.call_sid, "https://a.example")]
    assert (task.status, reservation.status) == ("assigned", "accepted")


def test_redirect_without_accept_loses_the_task() -> None:
    centre = CallCentre()
    centre.voice.when_redirected = lambda: centre.workspaces.caller_left(next(iter(centre.workspace.tasks)))
    centre, task, reservation = answered(redirect(centre), centre)
    assert (task.status, reservation.status) == ("canceled", "canceled")


def test_redirect_of_a_call_that_is_gone_is_40122() -> None:
    centre = CallCentre()
    centre.voice.gone.add(f"CA{1:032x}")
    centre, task, reservation = answered(redirect(centre, accept=True), centre)
    assert (reservation.status, centre.warnings()) == ("pending", ["40122"])
    centre.workspaces.caller_left(task.sid)
    assert task.reason == "hangup"


@pytest.mark.parametrize(
    ("name", "fields", "code"),
    [
        ("dequeue", {"to": ""}, "40131"),
        ("dequeue", {"post_work_activity_sid": WRAP_UP}, "40130"),
        ("dequeue", {"to": "+1", "timeout": 1000}, "40133"),
        ("dequeue", {"to": "+1", "status_callback_events": "answered,bored"}, "40134"),
        ("dequeue", {"to": "+1", "status_callback_url": "nowhere"}, "40157"),
        ("call", {"from": "+49"}, "40112"),
        ("call", {"url": "https://a.example"}, "40111"),
        ("call", {"url": "https://a.example", "from": "+49"}, "40110"),
        ("call", {"url": "https://a.example", "from": "+49", "to": "+1", "status_callback_url": "x"}, "40158"),
        ("redirect", {"call_sid": "CA1"}, "40120"),
        ("redirect", {"url": "https://a.example"}, "40121"),
    ],
)
def test_an_instruction_that_cannot_be_executed(name: str, fields: dict[str, object], code: str) -> None:
    centre, _, reservation = answered(instruction(name, **fields), None, contact_uri="")
    assert (reservation.status, centre.warnings()) == ("pending", [code])
    assert not centre.voice.legs


def test_dequeue_needs_a_task_with_a_call() -> None:
    centre = CallCentre()
    centre.webhooks.answers[ASSIGNMENT_URL] = instruction("dequeue")
    centre.worker("ada")
    centre.call(call_sid="")
    centre.run()
    assert centre.warnings() == ["40140"]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (instruction("dequeue"), "40135"),
        (instruction("conference"), "40136"),
        (instruction("call", url="https://a.example", **{"from": "+49"}), "40114"),
        (instruction("redirect", url="https://a.example", call_sid="CA1"), "40123"),
        (instruction("accept"), "20001"),
    ],
)
def test_an_instruction_that_comes_after_the_caller_hung_up_fails(answer: WebResponse, code: str) -> None:
    centre = CallCentre()
    centre.webhooks.delays[ASSIGNMENT_URL] = 3.0
    centre, task, reservation = answered(answer, centre)
    centre.workspaces.caller_left(task.sid)
    centre.run(5)
    assert (reservation.status, centre.warnings()) == ("canceled", [code])
    assert not centre.voice.legs


def test_a_second_dequeue_rings_nobody() -> None:
    centre, _, reservation = answered(instruction("dequeue"))
    with pytest.raises(TwilioError, match="not currently in a Pending state"):
        centre.router.assignment.perform(reservation, {"instruction": "dequeue"})
    assert len(centre.voice.legs) == 1
