"""The event bridge in virtual time: shapes, rights, pages, and the worlds of what is not known (contract 15)."""

import json
from typing import Any

import pytest

from emulator.ports import TwilioError
from emulator.taskrouter.model import Worker
from emulator.voice.parties import answers, joined, talks
from tests.emulator.browser_harness import Browsers, FakeSocket
from tests.emulator.harness import CALLER, LINE, WORKER

# What the library's descriptors look for; one that is missing, and it refuses the object (contract 15.7).
OWNER = {"account_sid", "workspace_sid", "sid", "date_created", "date_updated"}
NEEDED = {
    "worker": OWNER | {"friendly_name", "attributes", "activity_sid", "activity_name", "available", "version"}
    | {"date_status_changed"},
    "activity": OWNER | {"friendly_name", "available"},
    "channel": OWNER | {"worker_sid", "task_channel_sid", "task_channel_unique_name", "configured_capacity"}
    | {"available", "assigned_tasks", "available_capacity_percentage", "last_reserved_time"},
    "reservation": OWNER | {"worker_sid", "reservation_status", "reservation_timeout", "task", "version"},
    "task": {"sid", "age", "attributes", "addons", "assignment_status", "priority", "reason", "routing_target"}
    | {"version", "queue_sid", "queue_name", "workflow_sid", "workflow_name", "task_channel_sid"}
    | {"task_channel_unique_name", "timeout", "virtual_start_time", "date_created", "date_updated"},
    "queue": OWNER | {"friendly_name", "target_workers", "task_order", "lifo_queue", "max_reserved_workers"}
    | {"reservation_activity_sid", "reservation_activity_name", "assignment_activity_sid", "assignment_activity_name"},
}  # fmt: skip


def add(browsers: Browsers, name: str) -> Worker:
    return browsers.twilio.router.create_worker(name, {})


def test_each_shape_has_what_the_library_needs() -> None:
    browsers = Browsers()
    task, me = browsers.task(), f"Workers/{browsers.worker.sid}"
    (reservation,) = browsers.payload(browsers.worker, "GET", f"{me}/Reservations", {"Active": "true"})["contents"]
    shapes = {
        "worker": browsers.payload(browsers.worker, "GET", me),
        "activity": browsers.payload(browsers.worker, "GET", "Activities")["contents"][0],
        "channel": browsers.payload(browsers.worker, "GET", f"{me}/WorkerChannels")["contents"][0],
        "reservation": reservation,
        "task": reservation["task"],
        "queue": browsers.payload(browsers.worker, "GET", "TaskQueues", role="supervisor")["contents"][0],
    }
    assert {name: NEEDED[name] - set(shape) for name, shape in shapes.items()} == {name: set() for name in NEEDED}
    assert reservation == browsers.payload(browsers.worker, "GET", f"{me}/Reservations/{reservation['sid']}")
    assert shapes["task"] == browsers.payload(browsers.worker, "GET", f"Tasks/{task.sid}")
    assert isinstance(shapes["worker"]["date_created"], int)


def test_lists_come_in_pages() -> None:
    browsers = Browsers()
    names = ["Ada", *(add(browsers, name).friendly_name for name in ("Bea", "Cy"))]

    def listed(**params: object) -> dict[str, Any]:
        return browsers.payload(browsers.worker, "GET", "Workers", {"PageSize": 2, **params}, role="supervisor")

    first = listed()
    second = listed(AfterSid=first["after_sid"])
    assert [one["friendly_name"] for page in (first, second) for one in page["contents"]] == names
    assert (first["total"], second["after_sid"]) == (3, None)
    ordered = listed(Ordering="DateStatusChanged:asc")
    rest = listed(Ordering="DateStatusChanged:asc", NextToken=ordered["meta"]["next_token"])
    assert len(rest["contents"]) == 1
    assert [one["friendly_name"] for one in listed(FriendlyName="cy")["contents"]] == ["Cy"]


# Rights


def other_things(browsers: Browsers) -> list[tuple[str, str]]:
    other = add(browsers, "Bea")
    engine = browsers.twilio.router.engine
    sid = engine.create_task(browsers.workflow.sid, {})
    return [
        ("GET", f"Workers/{other.sid}"),
        ("POST", f"Workers/{other.sid}"),
        ("GET", f"Workers/{other.sid}/WorkerChannels"),
        ("GET", "Workers"),
        ("GET", "TaskQueues"),
        ("GET", f"Tasks/{sid}"),
    ]


def test_a_worker_may_touch_what_is_their_own_and_nothing_else() -> None:
    browsers = Browsers()
    for method, path in other_things(browsers):
        answer = browsers.ask(browsers.worker, method, path)
        assert (answer.status, list(answer.body)) == (403, ["message"]), path
    task = browsers.task()
    assert browsers.ask(browsers.worker, "GET", f"Tasks/{task.sid}").status in {200, 403}


def test_in_the_other_world_a_worker_may_touch_everything() -> None:
    browsers = Browsers(browser_rights="all")
    assert {browsers.ask(browsers.worker, *asked).status for asked in other_things(browsers)} == {200}


def test_another_workspace_is_nobodys() -> None:
    browsers = Browsers()
    body = {"url": f"Workspaces/WS{'0' * 32}/Activities", "method": "GET", "token": browsers.token(browsers.worker)}
    assert browsers.twilio.bridged(json.dumps(body).encode(), {}).status == 403


# Requests


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b'{"url": 1, "method": "GET", "token": ""}', 400),
        (b'{"url": "Workspaces/WS1/Activities", "method": "DELETE", "token": ""}', 400),
        (b'{"url": "Workspaces/WS1/Activities", "method": "GET", "token": "", "params": [1]}', 400),
        (b'{"url": "Accounts/AC1", "method": "GET", "token": ""}', 404),
        (b'{"url": "Workspaces/WS1/Activities", "method": "GET", "token": ""}', 401),
    ],
)
def test_what_is_no_envelope_is_refused(body: bytes, status: int) -> None:
    assert Browsers().twilio.bridged(body, {}).status == status


def test_an_error_says_its_message_or_everything() -> None:
    alone, whole = Browsers(), Browsers(bridge_error="as_rest")
    path = f"Workers/{alone.worker.sid}/Reservations/WR1"
    assert alone.ask(alone.worker, "POST", path).body == {"message": f"The requested resource {path} was not found"}
    assert set(whole.ask(whole.worker, "GET", "Nothing", role="supervisor").body) == {
        "code",
        "message",
        "more_info",
        "status",
    }


def test_a_transfer_is_refused_aloud() -> None:
    browsers = Browsers()
    path = f"Workers/{browsers.worker.sid}/Transfers"
    assert browsers.ask(browsers.worker, "POST", path, {"To": "WK1"}).status == 501


def meeting(browsers: Browsers) -> tuple[str, str]:
    """Worker and caller in a conference by the desk; the sids of the reservation and the caller's call."""
    browsers.twilio.phone(WORKER).will(answers(1, [joined(), talks(600)]))
    call_sid = browsers.dial()
    browsers.run(1)
    sid = browsers.reservation_sid()
    path, asked = f"Workers/{browsers.worker.sid}/Reservations/{sid}", {"Instruction": "conference", "From": LINE}
    browsers.payload(browsers.worker, "POST", path, asked)
    browsers.run(5)
    return sid, call_sid


@pytest.mark.parametrize("world", ["pending", "accepted"])
def test_an_instruction_that_rings_answers_pending_or_accepted(world: str) -> None:
    browsers = Browsers(ringing_instruction=world)  # type: ignore[arg-type]
    browsers.dial()
    browsers.run(1)
    path = f"Workers/{browsers.worker.sid}/Reservations/{browsers.reservation_sid()}"
    asked = {"Instruction": "dequeue", "DequeueFrom": LINE}
    assert browsers.payload(browsers.worker, "POST", path, asked)["reservation_status"] == world
    assert browsers.payload(browsers.worker, "GET", path)["reservation_status"] == "pending"


def test_a_worker_is_put_on_hold_and_kicked_out() -> None:
    browsers = Browsers()
    sid, call_sid = meeting(browsers)
    task = browsers.workspace.reservations[sid].task
    (room,) = browsers.twilio.context.conferences.all.values()
    asked = {"TaskSid": task.sid, "TargetWorkerSid": browsers.worker.sid}
    me = f"Workers/{browsers.worker.sid}"
    browsers.payload(browsers.worker, "POST", f"{me}/HoldWorkerParticipant", {**asked, "Hold": True})
    assert [one.call.sid != call_sid for one in room.participants.values() if one.hold] == [True]
    browsers.payload(browsers.worker, "POST", f"{me}/KickWorkerParticipant", asked)
    browsers.run(1)
    assert set(room.participants) == {call_sid}
    nobody = {**asked, "TargetWorkerSid": "WK1"}
    assert browsers.ask(browsers.worker, "POST", f"{me}/KickWorkerParticipant", nobody).status == 404


def test_who_has_no_conference_cannot_be_put_on_hold() -> None:
    browsers = Browsers()
    task, path = browsers.task(), f"Workers/{browsers.worker.sid}/CustomerParticipant"
    assert browsers.ask(browsers.worker, "POST", path, {"TaskSid": task.sid, "Hold": True}).status == 404


# Sockets


def test_a_bad_token_opens_no_socket_or_a_closed_one() -> None:
    for world, status in (("is_403", 403), ("is_401", 401)):
        browsers = Browsers(refused_socket=world)  # type: ignore[arg-type]
        with pytest.raises(TwilioError) as refused:
            browsers.open(browsers.worker, seconds=-1)
        assert refused.value.status == status
    browsers = Browsers(refused_socket="is_closed")
    socket, peer = browsers.open(browsers.worker, seconds=-1)
    peer.closed()
    assert (socket.texts, socket.ended) == ([], (1000, ""))


def test_a_socket_that_is_replaced_is_told_or_not() -> None:
    for world, ended in (("is_told", (4001, "another session")), ("is_silent", (1000, ""))):
        browsers = Browsers(replaced_socket=world)  # type: ignore[arg-type]
        first, peer = browsers.open(browsers.worker)
        second, _ = browsers.open(browsers.worker, closeExistingSessions="true")
        peer.closed()
        browsers.run(60)
        assert (first.ended, second.ended, browsers.worker.activity.available) == (ended, None, True)


def test_a_socket_ends_with_its_token_or_stays() -> None:
    for world, is_closed in (("is_closed", True), ("stays", False)):
        browsers = Browsers(expired_socket=world)  # type: ignore[arg-type]
        socket, _ = browsers.open(browsers.worker, seconds=60)
        assert socket.last("init")["token_lifetime"] == 60_000
        browsers.run(61)
        assert (socket.ended is not None) is is_closed


def test_the_worker_is_offline_at_once_or_after_a_while() -> None:
    for world, seconds in (("at_once", 0), ("after_a_while", 10)):
        browsers = Browsers(offline_delay=world)  # type: ignore[arg-type]
        _, peer = browsers.open(browsers.worker)
        peer.closed()
        browsers.run(seconds - 1 if seconds else 0)
        assert browsers.worker.activity.available is (seconds > 0)
        browsers.run(2)
        assert browsers.worker.activity.friendly_name == "Offline"


def test_who_comes_back_in_time_is_not_set_offline() -> None:
    browsers = Browsers(offline_delay="after_a_while")
    _, peer = browsers.open(browsers.worker)
    peer.closed()
    browsers.run(5)
    browsers.open(browsers.worker)
    browsers.run(60)
    assert browsers.worker.activity.available


def test_the_socket_of_a_deleted_worker_stays_or_ends() -> None:
    for world, is_closed in (("stays_connected", False), ("is_disconnected", True)):
        browsers = Browsers(deleted_worker=world)  # type: ignore[arg-type]
        socket, peer = browsers.open(browsers.worker)
        del browsers.workspace.workers[browsers.worker.sid]
        browsers.twilio.router.events.worker("worker.deleted", browsers.worker)
        assert (socket.ended is not None) is is_closed
        peer.closed()
        browsers.run(60)
        assert browsers.twilio.bridge.sessions.all == []


def test_a_tasks_events_go_to_who_has_it_or_to_all() -> None:
    for world, heard in (("to_reserved", []), ("to_all", ["task.updated"])):
        browsers = Browsers(task_events=world)  # type: ignore[arg-type]
        other = add(browsers, "Bea")
        mine, _ = browsers.open(browsers.worker)
        others, _ = browsers.open(other)
        task = browsers.task()
        browsers.twilio.router.lifecycle.set_attributes(task, {"a": 1})
        assert mine.events() == ["init", "reservation.created", "task.updated"]
        assert others.events() == ["init", *heard]


def test_who_rejected_a_task_hears_no_more_of_it() -> None:
    browsers = Browsers()
    socket, _ = browsers.open(browsers.worker)
    task = browsers.task()
    offline = browsers.workspace.activity_named("Offline")
    browsers.twilio.router.lifecycle.reject(next(iter(task.reservations.values())), offline)
    browsers.twilio.router.lifecycle.cancel(task, "over")
    assert socket.events() == ["init", "reservation.created", "reservation.rejected", "worker.activity.update"]


def test_what_a_browser_did_itself_follows_the_answer() -> None:
    browsers = Browsers()
    socket, _ = browsers.open(browsers.worker)
    browsers.twilio.bridge.asked()
    unavailable = browsers.workspace.activity_named("Unavailable")
    browsers.twilio.router.lifecycle.set_activity(browsers.worker, unavailable)
    assert socket.events() == ["init"]
    browsers.twilio.bridge.answered()
    assert socket.events() == ["init", "worker.activity.update"]


def test_a_planned_failure_hits_the_bridge_as_it_hits_rest() -> None:
    browsers = Browsers()
    browsers.twilio.refuse_next("POST", "/wschannels", 429)
    refused = browsers.ask(browsers.worker, "GET", "Activities")
    assert refused.status == 429
    assert browsers.ask(browsers.worker, "GET", "Activities").status == 200


def test_every_frame_is_json_with_a_type_and_a_payload() -> None:
    browsers = Browsers()
    socket: FakeSocket
    socket, _ = browsers.open(browsers.worker)
    browsers.dial()
    browsers.run(1)
    assert {frozenset(frame) for frame in socket.frames()} == {frozenset({"event_type", "payload"})}
    assert json.loads(socket.last("reservation.created")["task"]["attributes"])["from"] == CALLER
