"""The patterns that other people's applications use, each as a small application of its own."""

from urllib.parse import urlsplit

import pytest

from emulator.ports import WebRequest, WebResponse, WebResult
from emulator.taskrouter.model import Task
from emulator.voice.parties import answers, busy, hangs_up, hears, joined, presses, says, talks, waits
from tests.emulator.applications import (
    accept_by_redirect,
    callback,
    conference_by_instruction,
    conference_by_noun,
    dashboard,
    voicemail,
)
from tests.emulator.applications.call_centre import LINE, WORKER, TaskRouterApplication
from tests.emulator.harness import Asked, Harness
from tests.emulator.official import client_of

BASE = "https://shop.example.com"
ANN = "+12125550171"


class Served(Harness):
    """An application that was made for Twilio, on the emulator: it is asked, and asks, as Twilio would do it."""

    def __init__(self, make: type[TaskRouterApplication], **worlds: object) -> None:
        super().__init__({}, **worlds)  # type: ignore[arg-type]
        self.twilio.own(LINE)
        self.browser = make(client_of(self), BASE).flask.test_client()

    def _answer(self, request: WebRequest) -> WebResult:
        self.asked.append(Asked(request, 0.0))
        parts, headers = urlsplit(request.url), dict(request.headers)
        answer = self.browser.open(
            parts.path, BASE, query_string=parts.query, method=request.method, data=request.body, headers=headers
        )
        return WebResponse(answer.status_code, {"content-type": answer.content_type or ""}, answer.data)

    def calls(self, *then: object) -> str:
        return self.twilio.dial(ANN, LINE, then)  # type: ignore[arg-type]

    def tasks(self) -> list[Task]:
        return list(self.twilio.router.workspace.tasks.values())

    def goes_online(self) -> None:
        workspace = client_of(self).taskrouter.v1.workspaces(self.twilio.router.workspace.sid)
        (available,) = workspace.activities.list(friendly_name="Available")
        workspace.workers.list()[0].update(activity_sid=available.sid)


MESSAGE = "Please tell me where my parcel is, I have waited for it since Monday"


def test_at_a_key_the_task_is_canceled_and_the_call_goes_to_a_recording_whose_text_becomes_a_task() -> None:
    served = Served(voicemail.Application)
    caller = served.calls(hears("Press 1"), presses("1"), hears("After the beep"), waits(1), says(MESSAGE), hangs_up())
    served.run(30)
    assert served.status(caller) == "completed"
    first, second = served.tasks()
    assert (first.status, first.reason) == ("canceled", "voicemail")
    assert (second.status, second.attributes["text"]) == ("pending", MESSAGE)


def test_when_the_workflow_times_out_the_caller_goes_to_the_recording_too() -> None:
    served = Served(voicemail.Application)
    caller = served.calls()
    served.run(70)
    assert served.tasks()[0].reason == "Task canceled on Workflow timeout"
    assert served.heard(caller)[-1] == "After the beep"


def test_where_a_canceled_tasks_caller_leaves_the_redirect_comes_too_late() -> None:
    """The kind world is the other one: here the application has nobody to redirect any more."""
    served = Served(voicemail.Application, canceled_task="leaves")
    caller = served.calls()
    served.run(70)
    assert served.status(caller) == "completed"
    assert "After the beep" not in served.heard(caller)


def test_the_caller_hears_of_the_callback_in_the_waiting_document_and_is_called_back() -> None:
    served = Served(callback.Application)
    caller = served.calls(hears("Press 2"), presses("2"), hears("We call you back"))
    served.run(10)
    assert (served.heard(caller)[-1], served.status(caller)) == ("We call you back. Good bye", "completed")
    served.twilio.phone(WORKER).will(answers(2, [joined(), talks(20), hangs_up()]))
    served.twilio.phone(ANN).will(answers(3))
    served.goes_online()
    served.run(40)
    assert [str(task.status) for task in served.tasks()] == ["canceled", "completed"]


def test_a_customer_who_is_not_reached_is_told_to_the_worker() -> None:
    served = Served(callback.Application)
    served.calls(hears("Press 2"), presses("2"))
    served.run(10)
    served.twilio.phone(WORKER).will(answers(2))
    served.twilio.phone(ANN).will(busy())
    served.goes_online()
    served.run(20)
    assert [(str(task.status), task.reason) for task in served.tasks()] == [
        ("canceled", "callback"),
        ("completed", "busy"),
    ]
    assert "The call was busy" in [event["text"] for event in served.trace("heard")]


def test_a_conference_by_instruction_with_a_caller_on_hold() -> None:
    served = Served(conference_by_instruction.Application)
    served.twilio.phone(WORKER).will(answers(2, [joined(), talks(30), hangs_up()]))
    caller = served.calls()
    served.run(8)
    (task,) = served.tasks()
    served.browser.post(f"/screen/hold/{task.sid}/on", base_url=BASE)
    served.run(3)
    assert (served.heard(caller)[-1], served.twilio.context.calls[caller].is_joined) == ("One moment", False)
    served.browser.post(f"/screen/hold/{task.sid}/off", base_url=BASE)
    served.run(1)
    assert served.twilio.context.calls[caller].is_joined
    served.run(40)
    assert (str(task.status), task.reason, served.status(caller)) == ("completed", "talked", "completed")


def conference_by_hand(**worlds: object) -> tuple[Served, str]:
    served = Served(conference_by_noun.Application, **worlds)
    served.twilio.phone(WORKER).will(answers(2, [hears("Press 1"), presses("1"), joined(), talks(20), hangs_up()]))
    caller = served.calls()
    served.run(12)
    return served, caller


def test_a_conference_by_noun_and_an_accept_over_rest() -> None:
    served, caller = conference_by_hand(redirected_call="leaves_task")
    (task,) = served.tasks()
    assert (str(task.status), served.twilio.context.calls[caller].is_joined) == ("assigned", True)
    served.run(30)
    assert (str(task.status), task.reason) == ("completed", "talked")


def test_where_a_redirect_ends_the_task_the_two_talk_without_one() -> None:
    served, caller = conference_by_hand()
    (task,) = served.tasks()
    assert (str(task.status), served.twilio.context.calls[caller].is_joined) == ("canceled", True)


@pytest.mark.parametrize(
    ("behaviour", "reason", "heard"),
    [(answers(2, [joined(), talks(9), hangs_up()]), "talked", "Thank you"), (busy(), "missed", "Nobody is free")],
    ids=["talked", "missed"],
)
def test_a_reservation_is_accepted_by_a_redirect(behaviour: object, reason: str, heard: str) -> None:
    served = Served(accept_by_redirect.Application)
    served.twilio.phone(WORKER).will(behaviour)  # type: ignore[arg-type]
    caller = served.calls()
    served.run(30)
    (task,) = served.tasks()
    assert (str(task.status), task.reason, served.heard(caller)) == ("completed", reason, [heard])


def test_a_dashboard_reads_the_statistics_at_every_event() -> None:
    served = Served(dashboard.Application)
    served.twilio.phone(WORKER).will(answers(3, [joined(), talks(20), hangs_up()]))
    caller = served.calls()
    served.run(1)
    board = served.browser.get("/screen/board", base_url=BASE).json
    assert board is not None and board["tasks"]["reserved"] == 1 and board["accepted"] == 0
    served.run(15)
    board = served.browser.get("/screen/board", base_url=BASE).json
    assert board is not None and (board["tasks"]["assigned"], board["accepted"]) == (1, 1)
    assert board["waited"] >= 3 and board["workers"]["Available"] == 1
    served.run(30)
    assert served.status(caller) == "completed"
