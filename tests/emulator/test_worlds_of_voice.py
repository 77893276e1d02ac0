"""What Twilio's pages leave open about callers and workers, played each way."""

import json

import pytest

from emulator.ports import WebResponse
from emulator.voice.parties import Step, answers, busy, hangs_up, joined, presses, waits
from tests.emulator.full_harness import FullHarness
from tests.emulator.harness import BASE, LINE, RESERVATION, WORKER, Harness
from tests.emulator.official import client_of
from tests.emulator.voice_harness import VoiceHarness

# A redirect over REST takes a waiting caller out of the queue


def redirected(**worlds: object) -> tuple[FullHarness, str]:
    harness = FullHarness(**worlds)  # type: ignore[arg-type]
    harness.pages["/voicemail"] = "<Say>Leave a message</Say><Pause length='30'/>"
    caller = harness.dial()
    harness.run(2)
    client_of(harness).calls(caller).update(url=f"{BASE}/voicemail")
    harness.run(2)
    return harness, caller


def test_a_redirected_callers_task_ends_by_default() -> None:
    harness, caller = redirected()
    (task,) = harness.workspace.tasks.values()
    assert (task.status, task.reason, harness.status(caller)) == ("canceled", "hangup", "in-progress")


def test_a_redirected_callers_task_stays_until_the_application_or_the_end_of_the_call_ends_it() -> None:
    harness, caller = redirected(redirected_call="leaves_task")
    (task,) = harness.workspace.tasks.values()
    assert (task.status, harness.heard(caller)[-1]) == ("reserved", "Leave a message")
    harness.twilio.hang_up(caller)
    harness.run(1)
    assert (str(task.status), task.reason) == ("canceled", "hangup")


def test_such_a_reservation_is_accepted_over_rest_and_the_task_goes_on() -> None:
    harness, caller = redirected(redirected_call="leaves_task")
    (task,) = harness.workspace.tasks.values()
    tasks = client_of(harness).taskrouter.v1.workspaces(harness.workspace.sid).tasks(task.sid)
    tasks.reservations(harness.reservation_sid()).update(reservation_status="accepted")
    assert task.status == "assigned"
    harness.twilio.hang_up(caller)
    harness.run(1)
    assert str(task.status) == "wrapping"


# Nobody takes the leg of a dequeue


def dequeueing(**worlds: object) -> FullHarness:
    harness = FullHarness(**worlds)  # type: ignore[arg-type]
    answer = json.dumps({"instruction": "dequeue", "to": WORKER, "from": LINE, "status_callback_url": f"{BASE}/leg"})
    harness.pages["/assignment"] = WebResponse(200, {"content-type": "application/json"}, answer.encode())
    harness.pages["/leg"] = ""
    harness.twilio.phone(WORKER).will(busy(), answers(3))
    return harness


def test_a_busy_worker_is_reserved_again_at_once_by_default() -> None:
    harness = dequeueing()
    harness.dial()
    harness.run(2)
    assert [one.status for one in harness.workspace.reservations.values()] == ["canceled", "pending"]


@pytest.mark.parametrize(("world", "seconds", "status"), [("pauses", 5, "canceled"), ("waits", 120, "timeout")])
def test_or_the_reservation_stays_pending_for_a_while(world: str, seconds: int, status: str) -> None:
    harness = dequeueing(unanswered_dequeue=world)
    harness.dial()
    harness.run(3)
    (reservation,) = harness.workspace.reservations.values()
    assert reservation.status == "pending"
    harness.run(seconds)
    assert str(reservation.status) == status


@pytest.mark.parametrize("world", ["pauses", "waits"])
def test_in_the_meantime_the_application_rejects_it_from_the_legs_callback(world: str) -> None:
    harness = dequeueing(unanswered_dequeue=world)
    offline = next(one.sid for one in harness.workspace.activities.values() if not one.available)
    workspace = client_of(harness).taskrouter.v1.workspaces(harness.workspace.sid)

    def rejects(form: dict[str, str]) -> str:
        if form["CallStatus"] == "busy":
            (task,) = harness.workspace.tasks
            reservation = workspace.tasks(task).reservations(harness.reservation_sid())
            reservation.update(reservation_status="rejected", worker_activity_sid=offline)
        return ""

    harness.pages["/leg"] = rejects
    harness.dial()
    harness.run(20)
    assert [one.status for one in harness.workspace.reservations.values()] == ["rejected"]
    assert (harness.worker.activity.sid, len(harness.trace("ended"))) == (offline, 1)


def test_a_caller_who_hangs_up_during_the_pause_ends_the_reservation() -> None:
    harness = dequeueing(unanswered_dequeue="pauses")
    harness.dial(waits(3), hangs_up())
    harness.run(20)
    assert [one.status for one in harness.workspace.reservations.values()] == ["canceled"]


# The leg that dialled hangs up


@pytest.mark.parametrize(("world", "told"), [("is_silent", 0), ("is_told", 1)])
@pytest.mark.parametrize("noun", ["<Number>+15550300</Number>", "<Conference>room</Conference>"])
def test_the_action_of_its_dial_hears_of_it_or_not(noun: str, world: str, told: int) -> None:
    pages = {"/incoming": f"<Dial action='/after'>{noun}</Dial>", "/after": "<Say>Never</Say>"}
    harness = Harness(pages, hung_up_dial=world)  # type: ignore[arg-type]
    harness.twilio.phone("+15550300").will(answers(1))
    caller = harness.dial(waits(6), hangs_up())
    harness.run(10)
    assert len(harness.forms("/after")) == told
    assert {form["CallStatus"] for form in harness.forms("/after")} <= {"completed"}
    assert harness.heard(caller) == []


# The star key ends the talk of a worker with a caller of a queue


def starred(world: str, *steps: Step) -> VoiceHarness:
    pages = {
        "/incoming": f"<Enqueue workflowSid='{'WW' + '1' * 32}' action='/after' waitUrl='/wait'/>",
        "/wait": "<Play>song</Play>",
        "/answer": f"<Dial hangupOnStar='true' action='/starred'><Queue reservationSid='{RESERVATION}'/></Dial>",
        "/after": "<Say>Hold</Say><Pause length='60'/>",
        "/starred": "<Say>Choose</Say>",
    }
    harness = VoiceHarness(pages, starred_dial=world)  # type: ignore[arg-type]
    harness.twilio.phone(WORKER).will(answers(2, [joined(), waits(5), presses("*")]))
    harness.dial(*steps)
    harness.ring()
    harness.run(20)
    return harness


@pytest.mark.parametrize(
    ("world", "late"), [("caller_first", "/starred"), ("worker_first", "/after"), ("at_once", None)]
)
def test_the_star_key_asks_one_action_before_the_other(world: str, late: str | None) -> None:
    harness = starred(world)
    asked = {path: harness.asked_at(path) for path in ("/after", "/starred")}
    assert {path: at - min(asked.values()) for path, at in asked.items()} == {
        path: pytest.approx(2.0 if path == late else 0.0, abs=0.5) for path in asked
    }
    assert harness.forms("/after")[0]["QueueResult"] == "bridged"
    assert (
        harness.forms("/starred")[0] | {"DialCallStatus": "completed", "DialBridged": "true"}
        == (harness.forms("/starred")[0])
    )


def test_a_caller_who_hangs_up_between_the_two_was_bridged() -> None:
    harness = starred("worker_first", joined(), waits(6), hangs_up())
    (form,) = harness.forms("/after")
    assert (form["QueueResult"], form["CallStatus"]) == ("bridged", "completed")


@pytest.mark.parametrize(("world", "told"), [("is_silent", 0), ("is_told", 1)])
def test_the_action_of_a_dial_of_a_queue_hears_of_it_or_not(world: str, told: int) -> None:
    pages = {
        "/incoming": f"<Enqueue workflowSid='{'WW' + '1' * 32}' action='/after' waitUrl='/wait'/>",
        "/wait": "<Play>song</Play>",
        "/answer": f"<Dial action='/over'><Queue reservationSid='{RESERVATION}'/></Dial>",
        "/after": "<Hangup/>",
        "/over": "<Say>Never</Say>",
    }
    harness = VoiceHarness(pages, hung_up_dial=world)  # type: ignore[arg-type]
    harness.twilio.phone(WORKER).will(answers(2, [joined(), waits(5), hangs_up()]))
    harness.dial()
    harness.ring()
    harness.run(20)
    assert [form["CallStatus"] for form in harness.forms("/over")] == ["completed"] * told


# What the request of a Redirect has of the one before it


@pytest.mark.parametrize(("world", "digits"), [("repeats", ["7", "7"]), ("is_plain", ["7", None])])
def test_the_request_after_a_redirect_repeats_the_key_or_does_not(world: str, digits: list[str | None]) -> None:
    pages = {
        "/incoming": "<Gather numDigits='1' action='/key'><Say>Press a key</Say></Gather>",
        "/key": "<Redirect>/next</Redirect>",
        "/next": "<Say>Next</Say>",
    }
    harness = Harness(pages, redirect_request=world)  # type: ignore[arg-type]
    caller = harness.dial()
    harness.run(1)
    harness.twilio.press(caller, "7")
    harness.run(2)
    assert [form.get("Digits") for path in ("/key", "/next") for form in harness.forms(path)] == digits


def test_what_a_fallback_was_told_is_not_repeated() -> None:
    failing, redirect = WebResponse(500, {}, b""), "<Redirect>/next</Redirect>"
    harness = Harness({"/incoming": failing, "/fallback": redirect, "/next": "<Say>Next</Say>"})
    harness.twilio.number(LINE, f"{BASE}/incoming", fallback_url=f"{BASE}/fallback")
    harness.dial()
    harness.run(2)
    assert "ErrorUrl" in harness.forms("/fallback")[0] and "ErrorUrl" not in harness.forms("/next")[0]
