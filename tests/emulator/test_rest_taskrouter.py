"""REST on tasks, reservations, workers and activities (contract 4.4, 5, 7.5, 7.6)."""

import json
from collections.abc import Mapping

import pytest

from emulator.messaging.service import Messaging
from emulator.ports import TwilioError
from emulator.rest import routes
from emulator.rest.credentials import Account
from emulator.rest.framework import Request, RestAnswer, refusal
from emulator.taskrouter.model import Reservation, Task
from emulator.voice.context import Context
from emulator.voice.service import Voice
from tests.emulator.taskrouter_harness import ACCOUNT_SID, EVENTS_URL, CallCentre
from tests.support.openapi import NO_FOLDER, Description, folder

NOBODY = "0" * 32

# The fields of the published schemas.
TASK_FIELDS = {
    *("account_sid", "age", "assignment_status", "attributes", "addons", "date_created", "date_updated"),
    *("task_queue_entered_date", "priority", "reason", "sid", "task_queue_sid", "task_queue_friendly_name"),
    *("task_channel_sid", "task_channel_unique_name", "timeout", "workflow_sid", "workflow_friendly_name"),
    *("workspace_sid", "url", "links", "virtual_start_time", "ignore_capacity", "routing_target"),
}
RESERVATION_FIELDS = {
    *("account_sid", "date_created", "date_updated", "reservation_status", "sid", "task_sid", "worker_name"),
    *("worker_sid", "workspace_sid", "url", "links"),
}
WORKER_FIELDS = {
    *("account_sid", "activity_name", "activity_sid", "attributes", "available", "date_created"),
    *("date_status_changed", "date_updated", "friendly_name", "sid", "workspace_sid", "url", "links"),
}
ACTIVITY_FIELDS = {
    *("account_sid", "available", "date_created", "date_updated", "friendly_name", "sid", "workspace_sid"),
    *("url", "links"),
}


def ask(
    centre: CallCentre, method: str, path: str, headers: Mapping[str, str] | None = None, **form: str | list[str]
) -> RestAnswer:
    fields = {name: [value] if isinstance(value, str) else value for name, value in form.items()}
    url = f"/v1/Workspaces/{centre.workspace.sid}{path}"
    return answered(centre, method, url, fields, headers or {})


def answered(
    centre: CallCentre, method: str, path: str, fields: Mapping[str, list[str]], headers: Mapping[str, str]
) -> RestAnswer:
    """TaskRouter's REST alone: nothing here asks the account's own voice anything."""
    voice = Voice(Context(centre.scheduler, centre.webhooks, ACCOUNT_SID, centre.workspaces))
    account = Account(ACCOUNT_SID, "token", centre.scheduler.now())
    messages = Messaging(centre.scheduler, centre.webhooks, ACCOUNT_SID, {})
    lower = {name.lower(): value for name, value in headers.items()}
    try:
        return routes.answer(Request(account, voice, centre.router, method, path, fields, lower, ACCOUNT_SID, messages))
    except TwilioError as error:
        return refusal(error)


def post(
    centre: CallCentre, path: str, headers: Mapping[str, str] | None = None, **form: str | list[str]
) -> RestAnswer:
    return ask(centre, "POST", path, headers, **form)


def get(centre: CallCentre, path: str, **query: str | list[str]) -> RestAnswer:
    return ask(centre, "GET", path, None, **query)


def refused(answer: RestAnswer) -> tuple[int, object]:
    assert answer.body["status"] == answer.status
    assert answer.body["more_info"] == f"https://www.twilio.com/docs/errors/{answer.body['code']}"
    return answer.status, answer.body["code"]


def listed(answer: RestAnswer, key: str) -> list[dict[str, object]]:
    items = answer.body[key]
    assert isinstance(items, list)
    return items


def reserved() -> tuple[CallCentre, Task, Reservation]:
    centre = CallCentre()
    centre.worker("ada")
    task = centre.call()
    return centre, task, centre.reserved(task)


def reservation_path(reservation: Reservation, parent: str = "Tasks") -> str:
    owner = reservation.task.sid if parent == "Tasks" else reservation.worker.sid
    return f"/{parent}/{owner}/Reservations/{reservation.sid}"


def test_a_task_shows_every_field() -> None:
    centre, task, _ = reserved()
    centre.run(7)
    answer = get(centre, f"/Tasks/{task.sid}")
    assert (answer.status, set(answer.body)) == (200, TASK_FIELDS)
    assert (answer.body["assignment_status"], answer.body["age"]) == ("reserved", 7)
    assert answer.body["date_created"] == "2027-01-15T08:00:00Z"
    assert json.loads(str(answer.body["attributes"])) == task.attributes


@pytest.mark.parametrize(
    "path",
    ["/Tasks/WT" + NOBODY, "/Workers/WK" + NOBODY, f"/Tasks/WT{NOBODY}/Reservations", "/Nothing", "/Activities/WA1"],
)
def test_what_does_not_exist_is_20404(path: str) -> None:
    assert refused(get(CallCentre(), path)) == (404, 20404)


def test_another_workspace_is_20404() -> None:
    centre = CallCentre()
    answer = answered(centre, "GET", f"/v1/Workspaces/WS{NOBODY}/Tasks", {}, {})
    assert refused(answer) == (404, 20404)


def test_a_task_that_was_deleted_is_20404() -> None:
    centre, task, _ = reserved()
    centre.workspaces.caller_left(task.sid)
    centre.run(300)
    assert refused(post(centre, f"/Tasks/{task.sid}", AssignmentStatus="completed")) == (404, 20404)


def test_completing_a_wrapping_task() -> None:
    centre, task, reservation = reserved()
    centre.joined(task)
    centre.workspaces.conversation_ended(reservation.sid, "")
    answer = post(centre, f"/Tasks/{task.sid}", AssignmentStatus="completed", Reason="talked")
    assert (answer.status, answer.body["assignment_status"], answer.body["reason"]) == (200, "completed", "talked")
    assert reservation.status == "completed"


def test_completing_twice_is_20001() -> None:
    centre, task, _ = reserved()
    centre.joined(task)
    centre.complete(task)
    assert refused(post(centre, f"/Tasks/{task.sid}", AssignmentStatus="completed")) == (400, 20001)


def test_wrapping_needs_an_assigned_task() -> None:
    centre, task, _ = reserved()
    answer = post(centre, f"/Tasks/{task.sid}", AssignmentStatus="wrapping")
    assert refused(answer) == (400, 20001)
    assert str(answer.body["message"]).endswith("because it is not currently assigned.")


def test_canceling_a_reserved_task_tells_voice_of_it() -> None:
    centre, task, reservation = reserved()
    post(centre, f"/Tasks/{task.sid}", AssignmentStatus="canceled", Reason="closed")
    assert (task.status, reservation.status, task.reason) == ("canceled", "canceled", "closed")
    assert centre.voice.canceled == [task.call_sid]


@pytest.mark.parametrize("status", ["assigned", "pending", "nonsense"])
def test_other_statuses_cannot_be_set(status: str) -> None:
    centre, task, _ = reserved()
    assert refused(post(centre, f"/Tasks/{task.sid}", AssignmentStatus=status)) == (400, 20001)


def test_the_etag_guards_a_task_against_a_lost_update() -> None:
    centre, task, _ = reserved()
    seen = get(centre, f"/Tasks/{task.sid}").headers["ETag"]
    first = post(centre, f"/Tasks/{task.sid}", {"If-Match": seen}, Attributes='{"a":1}')
    second = post(centre, f"/Tasks/{task.sid}", {"If-Match": seen}, Attributes='{"b":2}')
    assert (first.status, second.status) == (200, 412)
    assert task.attributes == {"a": 1}


def test_an_etag_without_quotes_matches_too() -> None:
    centre, task, _ = reserved()
    seen = get(centre, f"/Tasks/{task.sid}").headers["ETag"]
    answer = post(centre, f"/Tasks/{task.sid}", {"if-match": json.loads(seen)}, Priority="4")
    assert (answer.status, answer.body["priority"]) == (200, 4)


def test_without_if_match_the_last_writer_wins() -> None:
    centre, task, _ = reserved()
    post(centre, f"/Tasks/{task.sid}", Attributes='{"a":1}')
    post(centre, f"/Tasks/{task.sid}", Attributes='{"b":2}')
    assert task.attributes == {"b": 2}


@pytest.mark.parametrize("form", [{"Attributes": "{"}, {"Attributes": "[]"}, {"Priority": "high"}])
def test_a_wrong_field_of_a_task_is_20001(form: dict[str, str]) -> None:
    centre, task, _ = reserved()
    assert refused(ask(centre, "POST", f"/Tasks/{task.sid}", None, **form)) == (400, 20001)


@pytest.mark.parametrize("status", ["wrapping", "completed"])
def test_these_statuses_and_attributes_need_two_requests(status: str) -> None:
    centre, task, _ = reserved()
    centre.joined(task)
    before = task.attributes
    answer = post(centre, f"/Tasks/{task.sid}", AssignmentStatus=status, Attributes="{}")
    assert refused(answer) == (400, 20001)
    assert (task.status, task.attributes) == ("assigned", before)


def test_canceled_may_bring_attributes_and_a_reason() -> None:
    centre, task, reservation = reserved()
    form = {"AssignmentStatus": "canceled", "Attributes": '{"callback": true}', "Reason": "callback"}
    answer = post(centre, f"/Tasks/{task.sid}", None, **form)
    assert (answer.status, answer.body["assignment_status"], answer.body["reason"]) == (200, "canceled", "callback")
    assert answer.body["attributes"] == '{"callback": true}'
    assert reservation.status == "canceled"
    (told,) = [form for form in centre.webhooks.forms(EVENTS_URL) if form["EventType"] == "task.canceled"]
    assert (told["TaskAttributes"], told["Reason"]) == ('{"callback": true}', "callback")


def test_a_task_that_cannot_be_canceled_keeps_its_attributes() -> None:
    centre, task, _ = reserved()
    centre.joined(task)
    before = task.attributes
    answer = post(centre, f"/Tasks/{task.sid}", AssignmentStatus="canceled", Attributes="{}", Priority="3")
    assert refused(answer) == (400, 20001)
    assert (task.attributes, task.priority) == (before, 0)


def test_tasks_are_listed_by_status() -> None:
    centre, task, _ = reserved()
    waiting = centre.call()
    (found,) = listed(get(centre, "/Tasks", AssignmentStatus="reserved"), "tasks")
    assert found["sid"] == task.sid
    assert len(listed(get(centre, "/Tasks", AssignmentStatus="reserved,pending"), "tasks")) == 2
    assert len(listed(get(centre, "/Tasks", AssignmentStatus="reserved, pending"), "tasks")) == 2
    assert len(listed(get(centre, "/Tasks", AssignmentStatus=["reserved", "pending"]), "tasks")) == 2
    assert listed(get(centre, "/Tasks", AssignmentStatus="wrapping"), "tasks") == []
    assert waiting.status == "pending"


def test_a_long_list_has_pages() -> None:
    centre = CallCentre()
    sids = [centre.call().sid for _ in range(5)]
    seen, next_pages = [], [""]
    for _ in range(3):
        answer = get(centre, "/Tasks", PageSize="2", PageToken=next_pages[-1].rpartition("PageToken=")[2])
        seen += [task["sid"] for task in listed(answer, "tasks")]
        meta = answer.body["meta"]
        assert isinstance(meta, dict)
        assert meta["key"] == "tasks"
        next_pages.append(str(meta["next_page_url"]))
    assert (seen, next_pages[-1]) == (sids, "None")


def test_a_task_can_be_created_for_another_channel() -> None:
    centre = CallCentre()
    centre.worker("ada")
    answer = post(centre, "/Tasks", WorkflowSid=centre.workflow, Attributes='{"kind":"mail"}', Priority="3")
    assert (answer.status, set(answer.body)) == (201, TASK_FIELDS)
    assert (answer.body["task_channel_unique_name"], answer.body["priority"]) == ("default", 3)
    call = centre.call()
    centre.run()
    assert call.status == "reserved"  # the other channel's task takes no voice capacity


def test_a_task_for_an_unknown_workflow_is_20001() -> None:
    assert refused(post(CallCentre(), "/Tasks", WorkflowSid="WW" + NOBODY)) == (400, 20001)


@pytest.mark.parametrize("parent", ["Tasks", "Workers"])
def test_a_reservation_is_found_under_its_task_and_its_worker(parent: str) -> None:
    centre, task, reservation = reserved()
    answer = get(centre, reservation_path(reservation, parent))
    assert (answer.status, set(answer.body)) == (200, RESERVATION_FIELDS)
    assert (answer.body["task_sid"], answer.body["worker_name"]) == (task.sid, "ada")
    assert str(answer.body["url"]).endswith(reservation_path(reservation, parent))


def test_a_reservation_of_another_task_is_20404() -> None:
    centre, _, reservation = reserved()
    other = centre.call()
    assert refused(get(centre, f"/Tasks/{other.sid}/Reservations/{reservation.sid}")) == (404, 20404)


def test_the_reservations_of_a_task_are_listed_by_status() -> None:
    centre, task, reservation = reserved()
    centre.router.lifecycle.reject(reservation)
    centre.run()
    path = f"/Tasks/{task.sid}/Reservations"
    assert len(listed(get(centre, path), "reservations")) == 2
    (found,) = listed(get(centre, path, ReservationStatus="rejected"), "reservations")
    assert found["sid"] == reservation.sid


def test_the_events_of_a_reservation_outlive_it() -> None:
    centre, _, reservation = reserved()
    asked = {"ReservationSid": reservation.sid, "StartDate": "2026-01-01T00:00:00Z"}
    centre.router.lifecycle.reject(reservation)
    centre.run(1200)
    told = [event["event_type"] for event in listed(get(centre, "/Events", **asked), "events")]
    assert told == ["reservation.rejected", "reservation.created"]
    assert listed(get(centre, "/Events", ReservationSid=reservation.sid), "events") == []  # of the last 15 minutes
    (one,) = listed(get(centre, "/Events", EventType="reservation.rejected", Minutes="60"), "events")
    assert get(centre, f"/Events/{one['sid']}").body == one
    assert refused(get(centre, "/Events", StartDate="yesterday")) == (400, 20001)
    centre.run(31 * 86400)
    assert listed(get(centre, "/Events", **asked), "events") == []


@pytest.mark.parametrize("parent", ["Tasks", "Workers"])
def test_rejecting_with_an_activity(parent: str) -> None:
    centre, task, reservation = reserved()
    unavailable = centre.activity("Unavailable")
    answer = post(
        centre,
        reservation_path(reservation, parent),
        ReservationStatus="rejected",
        WorkerActivitySid=unavailable,
    )
    assert (answer.status, answer.body["reservation_status"]) == (200, "rejected")
    assert (reservation.worker.activity.sid, task.status) == (unavailable, "pending")


def test_rejecting_with_an_unknown_activity_is_20001() -> None:
    centre, _, reservation = reserved()
    path = reservation_path(reservation)
    answer = post(centre, path, ReservationStatus="rejected", WorkerActivitySid="WA" + NOBODY)
    assert refused(answer) == (400, 20001)
    assert reservation.status == "pending"


@pytest.mark.parametrize("status", ["accepted", "rejected", "wrapping", "completed", "timeout", ""])
def test_a_reservation_that_has_ended_cannot_be_changed(status: str) -> None:
    centre, task, reservation = reserved()
    centre.workspaces.caller_left(task.sid)
    assert refused(post(centre, reservation_path(reservation), ReservationStatus=status)) == (400, 20001)


def test_a_reservation_that_is_being_accepted_cannot_be_rejected() -> None:
    centre, _, reservation = reserved()
    centre.workspaces.begin_accept(reservation.sid)
    assert refused(post(centre, reservation_path(reservation), ReservationStatus="rejected")) == (400, 20001)


def test_accepting_wrapping_and_completing_a_reservation() -> None:
    centre, task, reservation = reserved()
    seen = []
    for status in ("accepted", "wrapping", "completed"):
        post(centre, reservation_path(reservation), ReservationStatus=status)
        seen.append((reservation.status, task.status))
    assert seen == [("accepted", "assigned"), ("wrapping", "wrapping"), ("completed", "completed")]


def test_a_dequeue_over_rest() -> None:
    centre, _, reservation = reserved()
    answer = post(
        centre,
        reservation_path(reservation),
        Instruction="dequeue",
        DequeueTo="+4930",
        DequeueFrom="+4989",
        DequeueTimeout="15",
        DequeueStatusCallbackUrl="https://app.example/leg",
        DequeueStatusCallbackEvent=["answered", "completed"],
    )
    (order,) = centre.voice.legs
    assert answer.status == 200
    assert (order.to, order.from_, order.timeout) == ("+4930", "+4989", 15)
    assert order.status_callback_events == ("answered", "completed")


@pytest.mark.parametrize(("given", "method"), [("", "POST"), ("POST", "POST"), ("GET", "GET")])
def test_a_conference_over_rest_says_how_its_legs_callback_is_sent(given: str, method: str) -> None:
    centre, _, reservation = reserved()
    answer = post(
        centre,
        reservation_path(reservation),
        Instruction="conference",
        To="+4930",
        StatusCallback="https://app.example/leg",
        StatusCallbackMethod=given,
    )
    (order,) = centre.voice.legs
    assert (answer.status, order.status_callback_method) == (200, method)


def test_a_call_over_rest() -> None:
    centre, _, reservation = reserved()
    path = reservation_path(reservation)
    post(centre, path, Instruction="call", CallFrom="+49", CallUrl="https://a.example", CallAccept="true")
    assert centre.voice.legs[0].url == "https://a.example"
    assert reservation.status == "accepted"


def test_a_conference_over_rest_for_a_reservation_that_has_ended() -> None:
    centre, task, reservation = reserved()
    centre.workspaces.caller_left(task.sid)
    answer = post(centre, reservation_path(reservation), Instruction="conference", To="+4930")
    assert refused(answer) == (400, 40136)
    assert answer.body["message"] == (
        f"Unable to execute Conference instruction. Reservation {reservation.sid} is not currently in a Pending state."
    )


def test_a_worker_shows_every_field() -> None:
    centre, _, reservation = reserved()
    answer = get(centre, f"/Workers/{reservation.worker.sid}")
    assert (answer.status, set(answer.body)) == (200, WORKER_FIELDS)
    assert (answer.body["activity_name"], answer.body["available"]) == ("Available", True)


def test_workers_are_found_by_name_in_any_case() -> None:
    centre = CallCentre()
    ada = centre.worker("Ada")
    centre.worker("Bob")
    (found,) = listed(get(centre, "/Workers", FriendlyName="ada"), "workers")
    assert found["sid"] == ada.sid


def test_making_a_worker_available_brings_the_waiting_caller() -> None:
    centre = CallCentre()
    ada = centre.worker("ada", activity="Offline")
    task = centre.call()
    answer = post(centre, f"/Workers/{ada.sid}", ActivitySid=centre.activity("Available"))
    assert answer.body["activity_name"] == "Available"
    assert centre.reserved(task).worker == ada


def test_an_activity_change_rejects_pending_reservations_only_when_asked_to() -> None:
    centre, _, reservation = reserved()
    path = f"/Workers/{reservation.worker.sid}"
    post(centre, path, ActivitySid=centre.activity("Unavailable"))
    assert reservation.status == "pending"
    post(centre, path, ActivitySid=centre.activity("Offline"), RejectPendingReservations="true")
    assert [known.status for known in reservation.worker.reservations.values()] == ["rejected"]


def test_the_attributes_of_a_worker_decide_anew() -> None:
    centre = CallCentre(expression="worker.level == task.level")
    ada = centre.worker("ada", level=1)
    task = centre.call(level=2)
    centre.run()
    answer = post(centre, f"/Workers/{ada.sid}", Attributes='{"level": 2}')
    assert answer.body["attributes"] == '{"level": 2}'
    assert centre.reserved(task).worker == ada
    assert "worker.attributes.update" in centre.events()


def test_an_unknown_activity_of_a_worker_is_20001() -> None:
    centre = CallCentre()
    ada = centre.worker("ada")
    assert refused(post(centre, f"/Workers/{ada.sid}", ActivitySid="WA" + NOBODY)) == (400, 20001)


def test_the_activities_are_listed_with_every_field() -> None:
    centre = CallCentre()
    lunch = centre.router.create_activity("Lunch", False)
    activities = listed(get(centre, "/Activities"), "activities")
    assert [activity["friendly_name"] for activity in activities] == [
        "Offline",
        "Unavailable",
        "Available",
        "Lunch",
    ]
    assert [activity["available"] for activity in activities] == [False, False, True, False]
    assert all(set(activity) == ACTIVITY_FIELDS for activity in activities)
    assert get(centre, f"/Activities/{lunch.sid}").body["friendly_name"] == "Lunch"


def test_every_answer_is_as_twilio_describes_it() -> None:
    path = folder()
    if path is None:
        pytest.skip(NO_FOLDER)
    description = Description(path)
    centre, task, reservation = reserved()
    worker, base = reservation.worker.sid, f"https://taskrouter.twilio.com/v1/Workspaces/{centre.workspace.sid}"
    paths = ["/Tasks", f"/Tasks/{task.sid}", f"/Tasks/{task.sid}/Reservations", reservation_path(reservation)]
    paths += ["/Workers", f"/Workers/{worker}", f"/Workers/{worker}/Reservations", "/Activities"]
    paths += [reservation_path(reservation, "Workers"), f"/Activities/{centre.activity('Offline')}"]
    for path_asked in paths:
        answer = get(centre, path_asked)
        assert description.check_response("GET", base + path_asked, answer.status, answer.body) == []
    created = post(centre, "/Tasks", WorkflowSid=centre.workflow, Attributes="{}")
    assert description.check_response("POST", f"{base}/Tasks", created.status, created.body) == []
