"""A day at a desk with Twilio's own library for browsers, unmodified, in Node (contract 15).

Most of a day is one test: each desk is a process of Node.
"""

import base64
import time

import pytest

from emulator.voice.parties import answers, declines, hangs_up, joined, talks
from tests.emulator.browser.desk import Centre, centre, desk
from tests.emulator.browser_harness import access_token
from tests.emulator.harness import ACCOUNT, TOKEN
from tests.support.waiting import eventually

HALF_A_RESERVATION = '{"event_type": "reservation.created", "payload": {"sid": "WR1"}}'
LINE, CALLER, WORKER = "+14155550100", "+12125550171", "+14155550111"


def incoming(calls: Centre) -> str:
    """Somebody waits in the queue; the CallSid."""
    document = f'<Response><Enqueue workflowSid="{calls.workflow.sid}"/></Response>'

    def dial() -> str:
        calls.twilio.host("https://example.com/incoming", document)
        calls.twilio.number(LINE, "https://example.com/incoming")
        return calls.twilio.dial(CALLER, LINE)

    return calls.loop.call(dial)


def test_a_day_of_mails() -> None:
    """Accepted by the reservation; changed, wrapped up and completed by the task."""
    with centre() as calls, calls.desk(calls.worker("Ada")) as ada:
        assert ada.expect("ready") == {"event": "ready", "name": "Ada", "activity": "Available", "reservations": []}
        task = calls.task(subject="a mail")
        offered = ada.expect("reservationCreated")
        assert (offered["status"], offered["attributes"]) == ("pending", {"subject": "a mail"})
        assert ada.call("reservation", "accept", sid=offered["sid"])["result"]["status"] == "accepted"
        ada.expect("accepted", sid=offered["sid"])
        assert "refused" not in ada.call("task", "setAttributes", {"subject": "an answer"}, sid=task.sid)
        assert ada.expect("task.updated")["attributes"] == {"subject": "an answer"}
        ada.call("task", "wrapUp", {"reason": "asked"}, sid=task.sid)
        ada.expect("wrapup")
        ada.call("task", "complete", "done", sid=task.sid)
        ada.expect("completed")
        assert (task.status, task.reason) == ("completed", "done")


def test_a_day_of_refusals() -> None:
    """Rejected with an activity, which is set again; wrapped and completed by the reservation; new attributes."""
    with centre() as calls, calls.desk(calls.worker("Ada")) as ada:
        ada.expect("ready")
        second = calls.task()
        again = ada.expect("reservationCreated")["sid"]
        ada.call("reservation", "reject", {"activitySid": calls.activities["Unavailable"].sid}, sid=again)
        ada.expect("rejected", sid=again)
        assert ada.expect("activityUpdated")["activity"] == "Unavailable"
        assert "refused" not in ada.call("activity", "setAsCurrent", sid="Available")
        third = ada.expect("reservationCreated", task=second.sid)["sid"]
        ada.call("reservation", "accept", sid=third)
        ada.call("reservation", "wrap", sid=third)
        ada.call("reservation", "complete", sid=third)
        ada.expect("completed", sid=third)
        ada.call("worker", "setAttributes", {"skills": ["mail"]})
        assert ada.expect("attributesUpdated")["attributes"] == {"skills": ["mail"]}
        assert ada.call("worker", "fetchLatestVersion")["result"]["name"] == "Ada"


def test_a_call_is_taken_in_a_conference_held_and_completed() -> None:
    with centre() as calls:
        worker = calls.worker("Ada")
        calls.loop.call(lambda: calls.twilio.phone(WORKER).will(answers(0.2, [joined(), talks(600)])))
        with calls.desk(worker) as ada:
            ada.expect("ready")
            call_sid = incoming(calls)
            offered = ada.expect("reservationCreated")
            options = {"from": LINE, "endConferenceOnExit": True, "endConferenceOnCustomerExit": True}
            assert "refused" not in ada.call("reservation", "conference", options, sid=offered["sid"])
            ada.expect("accepted", sid=offered["sid"])
            told = ada.expect("task.updated")
            room = told["attributes"]["conference"]["sid"]
            known = calls.twilio.context.conferences.all[room].participants
            assert "refused" not in ada.call("task", "updateParticipant", {"hold": True}, sid=offered["task"])
            assert known[call_sid].hold
            ada.call("task", "updateParticipant", {"hold": False}, sid=offered["task"])
            ada.call("reservation", "updateParticipant", {"mute": True}, sid=offered["sid"])
            assert [one.muted for one in known.values() if one.call.sid != call_sid] == [True]
            calls.loop.call(lambda: calls.twilio.hang_up(call_sid))
            ada.expect("wrapup", sid=offered["sid"])
            ada.call("task", "complete", "over", sid=offered["task"])
            ada.expect("completed", sid=offered["sid"])


def test_a_call_is_dequeued_and_what_cannot_be_is_refused_with_a_reason() -> None:
    """Who declines the dequeue gets the caller anew; the refusal of a wrong instruction says why."""
    with centre() as calls:
        worker = calls.worker("Ada")
        phone = [declines(0.1), answers(0.1, [joined(), talks(1), hangs_up()])]
        calls.loop.call(lambda: calls.twilio.phone(WORKER).will(*phone))
        with calls.desk(worker) as ada:
            ada.expect("ready")
            incoming(calls)
            first = ada.expect("reservationCreated")["sid"]
            refused = ada.call("reservation", "call", LINE, "no url", sid=first)["refused"]
            assert refused == {
                "name": "REQUEST_INVALID",
                "message": "Request failed with status code 400. Call: url is missing or invalid",
            }
            given = {"from": LINE, "statusCallbackUrl": "http://127.0.0.1:9/", "statusCallbackEvents": "answered"}
            answer = ada.call("reservation", "dequeue", given, sid=first)
            assert answer["result"]["status"] == "pending"
            ada.expect("canceled", sid=first)
            second = ada.expect("reservationCreated")["sid"]
            ada.call("reservation", "dequeue", {"from": LINE}, sid=second)
            ada.expect("accepted", sid=second)
            ada.expect("wrapup", sid=second)


def test_several_reservations_at_once_by_the_channels_capacity() -> None:
    """S21: chats beside each other, and no more of them than fit."""
    with centre() as calls:
        worker = calls.worker("Ada")
        chat = worker.channels["chat"]
        lifecycle = calls.twilio.router.lifecycle
        with calls.desk(worker) as ada:
            ada.expect("ready")
            calls.loop.call(lambda: lifecycle.set_capacity(worker, chat, 2))
            assert ada.expect("capacityUpdated") == {
                "event": "capacityUpdated",
                "name": "chat",
                "capacity": 2,
                "available": True,
            }
            tasks = [calls.task("chat", number=number) for number in range(3)]
            calls.task("default")
            offered = [ada.expect("reservationCreated")["sid"] for _ in range(3)]
            for sid in offered:
                ada.call("reservation", "accept", sid=sid)
            assert [task.status for task in tasks] == ["assigned", "assigned", "pending"]
            ada.call("reservation", "complete", sid=offered[0])
            assert ada.expect("reservationCreated")["task"] == tasks[2].sid
            calls.loop.call(lambda: lifecycle.set_channel_available(worker, chat, False))
            assert ada.expect("availabilityUpdated")["available"] is False


def test_who_comes_back_finds_the_reservation_without_being_told_of_it() -> None:
    """The server is gone for a while: the library connects by itself, and what it knew is new objects."""
    with centre(offline_delay="after_a_while") as calls, calls.desk(calls.worker("Ada")) as ada:
        ada.expect("ready")
        calls.task()
        offered = ada.expect("reservationCreated")
        calls.restart()
        ada.expect("disconnected")
        assert [one["sid"] for one in ada.expect("ready")["reservations"]] == [offered["sid"]]
        ada.call("reservation", "accept", sid=offered["sid"])
        ada.expect("accepted", sid=offered["sid"])
        assert sum(line.get("event") == "reservationCreated" for line in ada.seen) == 1


def test_a_socket_that_dies_in_the_middle_of_taking_a_call_loses_no_caller() -> None:
    """The instruction was done and its answer is lost: the reservation is found as it is."""
    with centre(offline_delay="after_a_while") as calls:
        worker = calls.worker("Ada")
        calls.loop.call(lambda: calls.twilio.phone(WORKER).will(answers(0.5, [joined(), talks(600)])))
        with calls.desk(worker) as ada:
            ada.expect("ready")
            incoming(calls)
            offered = ada.expect("reservationCreated")["sid"]
            calls.loop.call(lambda: calls.twilio.break_next("POST", "wschannels", executed=True))
            refused = ada.call("reservation", "conference", {"from": LINE}, sid=offered)["refused"]
            assert refused["name"] == "NETWORK_ERROR"
            calls.restart()
            ada.expect("ready")
            engine = calls.twilio.router.engine
            assert engine.workspace.reservations[offered].leg_sid or engine.workspace.reservations[offered].held


def test_two_tabs_hear_the_same_and_the_last_one_to_go_takes_the_worker_offline() -> None:
    with centre() as calls:
        worker = calls.worker("Ada")
        with calls.desk(worker) as first:
            first.expect("ready")
            with calls.desk(worker) as second:
                second.expect("ready")
                calls.task()
                offered = first.expect("reservationCreated")["sid"]
                assert second.expect("reservationCreated")["sid"] == offered
                first.call("reservation", "accept", sid=offered)
                second.expect("accepted", sid=offered)
                first.call("worker", "disconnect")
                assert first.expect("disconnected")["message"] == "SDK Disconnect"
                second.call("worker", "fetchLatestVersion")
                assert worker.activity.friendly_name == "Available"
        eventually(lambda: worker.activity.friendly_name == "Offline")


def test_a_second_tab_that_wants_to_be_alone_closes_the_first_one() -> None:
    with centre() as calls:
        worker = calls.worker("Ada")
        with calls.desk(worker) as first:
            first.expect("ready")
            with calls.desk(worker, closeExistingSessions=True) as second:
                second.expect("ready")
                assert first.expect("disconnected")["message"] == "another session"
                first.expect("ready")  # it comes back by itself, and does not ask to be alone
                assert worker.activity.friendly_name == "Available"


def test_without_the_wish_the_worker_stays_as_they_are() -> None:
    with centre() as calls:
        worker = calls.worker("Ada")
        with calls.desk(
            worker, setWorkerOfflineIfDisconnected=False, connectActivitySid=calls.activities["Unavailable"].sid
        ) as ada:
            ada.expect("ready")
            assert ada.expect("activityUpdated")["activity"] == "Unavailable"
        eventually(lambda: not calls.twilio.bridge.sessions.all)
        assert worker.activity.friendly_name == "Unavailable"


def test_the_end_of_a_token_is_told_five_seconds_before() -> None:
    with centre() as calls, calls.desk(calls.worker("Ada"), seconds=6) as ada:
        ada.expect("ready")
        ada.expect("tokenExpired")
        ada.expect("disconnected", message="Access Token expired")


def test_after_an_hour_the_socket_is_closed_and_a_new_token_goes_on() -> None:
    """A laptop that was closed: what it asks meanwhile is refused, and its worker is offline."""
    with centre() as calls:
        worker = calls.worker("Ada")
        with calls.desk(worker) as ada:
            ada.expect("ready")
            later = calls.loop.call(calls.twilio.scheduler.now) + 3601
            calls.loop.advance_to(later)
            ada.expect("disconnected", message="Access Token expired")
            refused = ada.call("worker", "fetchLatestVersion")["refused"]["message"]
            assert refused == "Request failed with status code 401. Access Token expired or expiration date invalid"
            ada.call("worker", "updateToken", access_token(calls.grants(worker), later))
            assert ada.expect("ready")["activity"] == "Offline"


def test_a_bad_token_is_refused_again_and_again_without_a_reason() -> None:
    with centre() as calls:
        grants = calls.grants(calls.worker("Ada"))
        with desk(calls.server.url, access_token(grants, time.time(), -1)) as ada:
            assert ada.expect("error")["message"] == "Could not connect to Twilio's servers."
            ada.expect("error")
            assert not ada.saw("ready")


def test_the_desk_of_a_worker_who_is_deleted_is_refused_whatever_it_asks() -> None:
    with centre() as calls:
        worker = calls.worker("Ada")
        with calls.desk(worker) as ada:
            ada.expect("ready")
            calls.loop.call(lambda: delete(calls, worker.sid))
            refused = ada.call("worker", "fetchLatestVersion")["refused"]
            assert refused["message"].startswith("Request failed with status code 401.")


def delete(calls: Centre, sid: str) -> None:
    path = f"/v1/Workspaces/{calls.twilio.router.workspace.sid}/Workers/{sid}"
    basic = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    assert calls.twilio.rest("DELETE", path, {}, f"Basic {basic}").status == 204


def test_with_version_checks_an_older_version_is_refused() -> None:
    with centre() as calls:
        worker = calls.worker("Ada")
        with calls.desk(worker, enableVersionCheck=True) as ada:
            ada.expect("ready")
            calls.task()
            offered = ada.expect("reservationCreated")
            assert "refused" not in ada.call("worker", "setAttributes", {"a": 1})
            task = calls.twilio.router.workspace.tasks[offered["task"]]
            calls.loop.call(lambda: vars(task).update(version=task.version + 1))
            refused = ada.call("task", "setAttributes", {"b": 2}, sid=task.sid)["refused"]
            assert refused["message"].startswith("Request failed with status code 412.")


def test_a_supervisor_sees_everybody_and_a_worker_does_not() -> None:
    with centre() as calls:
        ada, eve = calls.worker("Ada"), calls.worker("Eve", "Offline")
        with calls.desk(ada, kind="Workspace") as page, calls.desk(eve, "supervisor", kind="Workspace") as chief:
            page.expect("ready")
            chief.expect("ready")
            refused = page.call("workspace", "fetchWorkersInfo")["refused"]
            assert refused["message"].startswith("Request failed with status code 403.")
            assert chief.call("workspace", "fetchWorkersInfo")["result"] == ["Ada", "Eve"]
            assert chief.call("workspace", "fetchTaskQueues")["result"] == ["Everybody"]
            assert chief.call("workspace", "fetchWorkersInfo", {"Ordering": "DateStatusChanged:desc"})["result"]


def test_a_supervisor_listens_and_sends_a_worker_into_the_break() -> None:
    with centre() as calls:
        ada = calls.worker("Ada")
        eve = calls.worker("Eve", "Offline", contact_uri="+14155550122")
        calls.loop.call(lambda: calls.twilio.phone(WORKER).will(answers(0.1, [joined(), talks(600)])))
        calls.loop.call(lambda: calls.twilio.phone("+14155550122").will(answers(0.1)))
        with calls.desk(ada) as page, calls.desk(eve, "supervisor", kind="Supervisor") as chief:
            page.expect("ready")
            chief.expect("ready")
            call_sid = incoming(calls)
            offered = page.expect("reservationCreated")
            page.call("reservation", "conference", {"from": LINE}, sid=offered["sid"])
            page.expect("accepted")
            assert "refused" not in chief.call("worker", "monitor", offered["task"], offered["sid"])
            room = page.expect("task.updated")["attributes"]["conference"]["sid"]
            known = calls.twilio.context.conferences.all[room].participants
            eventually(lambda: len(known) == 3)
            assert [one.muted for one in known.values() if one.call.to == "+14155550122"] == [True]
            chief.call("worker", "setWorkerActivity", ada.sid, calls.activities["Unavailable"].sid)
            assert page.expect("activityUpdated")["activity"] == "Unavailable"
            assert call_sid in known


@pytest.mark.parametrize("order", ["answer_first", "event_first"])
def test_the_library_takes_answer_and_event_in_either_order(order: str) -> None:
    with centre(bridge_order=order) as calls, calls.desk(calls.worker("Ada")) as ada:  # type: ignore[arg-type]
        ada.expect("ready")
        calls.task()
        offered = ada.expect("reservationCreated")["sid"]
        ada.call("reservation", "accept", sid=offered)
        ada.call("reservation", "complete", sid=offered)
        ada.expect("completed", sid=offered)
        assert not ada.saw("uncaught")


def test_a_message_with_a_field_missing_leaves_the_desk_as_it_is() -> None:
    """The library throws it away; the reservation is there after the next connection."""
    with centre() as calls:
        worker = calls.worker("Ada")
        with calls.desk(worker, setWorkerOfflineIfDisconnected=False) as ada:
            ada.expect("ready")
            (session,) = calls.twilio.bridge.sessions.all
            calls.loop.call(lambda: session.socket.send(HALF_A_RESERVATION))
            assert "does not contain all properties of a Reservation" in ada.expect("uncaught")["message"]
            calls.loop.call(lambda: session.socket.send("no JSON"))
            assert ada.expect("error")["message"] == "The JSON message received was malformed."
            calls.task()
            assert ada.expect("reservationCreated")["status"] == "pending"


def test_a_task_that_calls_out_comes_to_who_made_it() -> None:
    with centre() as calls, calls.desk(calls.worker("Ada")) as ada:
        ada.expect("ready")
        queue = next(iter(calls.twilio.router.workspace.task_queues))
        made = ada.call(
            "worker", "createTask", CALLER, LINE, calls.workflow.sid, queue, {"attributes": {"why": "asked"}}
        )
        offered = ada.expect("reservationCreated", task=made["result"])
        assert offered["attributes"] == {"why": "asked", "outbound_to": CALLER, "from": LINE}
