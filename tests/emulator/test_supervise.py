"""A supervisor in the conference of a worker and a caller: listens, whispers or barges in (contract 4.3)."""

import json

import pytest
from twilio.base.exceptions import TwilioRestException

from emulator.ports import WebResponse
from emulator.voice.parties import answers, busy
from tests.emulator.full_harness import FullHarness
from tests.emulator.harness import CALLER, LINE, WORKER
from tests.emulator.official import client_of

BOSS = "+15550500"


class Supervised(FullHarness):
    """Ada talks with the caller in a conference; Bea, who is offline, has a phone."""

    def __init__(self, instruction: str = "conference", phone: str = BOSS) -> None:
        super().__init__()
        answer = json.dumps({"instruction": instruction, "from": LINE}).encode()
        self.pages["/assignment"] = WebResponse(200, {"content-type": "application/json"}, answer)
        self.boss = self.twilio.router.create_worker("Bea", {"contact_uri": phone} if phone else {})
        self.twilio.phone(WORKER).will(answers(1))
        self.twilio.phone(BOSS).will(answers(1))
        self.caller = self.dial()

    def supervise(self, supervisor: str = "", mode: str = "monitor") -> object:
        workspace = client_of(self).taskrouter.v1.workspaces(self.workspace.sid)
        (task,) = self.workspace.tasks
        reservation = workspace.tasks(task).reservations(next(iter(self.workspace.reservations)))
        given = {"supervisor": supervisor or self.boss.sid, "supervisor_mode": mode}
        return reservation.update(instruction="supervise", **given).reservation_status

    def refused(self, supervisor: str = "", mode: str = "monitor") -> tuple[object, object]:
        with pytest.raises(TwilioRestException) as caught:
            self.supervise(supervisor, mode)
        return caught.value.status, caught.value.code


@pytest.mark.parametrize(
    ("mode", "muted", "coaches"), [("monitor", True, False), ("whisper", False, True), ("barge", False, False)]
)
def test_who_is_heard_by_whom(mode: str, muted: bool, coaches: bool) -> None:
    harness = Supervised()
    harness.run(5)
    assert harness.supervise(mode=mode) == "accepted"
    harness.run(5)
    (conference,) = client_of(harness).conferences.list(status="in-progress")
    worker = next(sid for sid, call in harness.twilio.context.calls.items() if call.to == WORKER)
    (boss,) = [sid for sid, call in harness.twilio.context.calls.items() if call.to == BOSS]
    participant = client_of(harness).conferences(conference.sid).participants(boss).fetch()
    assert (participant.muted, participant.coaching) == (muted, coaches)
    assert participant.call_sid_to_coach == (worker if coaches else None)
    assert harness.twilio.context.calls[boss].from_ == CALLER


def test_the_supervisor_comes_and_goes_and_the_conversation_goes_on() -> None:
    harness = Supervised()
    harness.run(5)
    harness.supervise(f"{BOSS}")
    harness.run(5)
    (boss,) = [sid for sid, call in harness.twilio.context.calls.items() if call.to == BOSS]
    harness.twilio.hang_up(boss)
    harness.run(5)
    assert harness.twilio.context.calls[harness.caller].is_joined
    assert [str(task.status) for task in harness.workspace.tasks.values()] == ["assigned"]


def test_a_supervisor_who_is_busy_changes_nothing() -> None:
    harness = Supervised()
    harness.twilio.phone(BOSS).will(busy())
    harness.run(5)
    harness.supervise()
    harness.run(5)
    assert [event["status"] for event in harness.trace("ended")] == ["busy"]
    assert harness.twilio.context.calls[harness.caller].is_joined


def test_a_reservation_that_nobody_has_accepted_or_without_a_conference_is_40146() -> None:
    ringing = Supervised()
    ringing.run(0.5)
    assert ringing.refused() == (400, 40146)
    without = Supervised("dequeue")
    without.run(5)
    assert without.refused() == (400, 40146)


def test_a_conference_that_is_over_is_40146() -> None:
    harness = Supervised()
    harness.run(5)
    (conference,) = client_of(harness).conferences.list()
    client_of(harness).conferences(conference.sid).update(status="completed")
    harness.run(1)
    assert harness.refused() == (400, 40146)


def test_a_supervisor_without_a_phone_or_who_is_not_there_is_40147() -> None:
    harness = Supervised(phone="")
    harness.run(5)
    assert harness.refused() == (400, 40147)
    assert harness.refused("WK" + "0" * 32) == (400, 40147)


def test_a_task_without_a_from_is_40148() -> None:
    harness = Supervised()
    harness.run(5)
    (task,) = harness.workspace.tasks.values()
    del task.attributes["from"]
    assert harness.refused() == (400, 40148)


def test_a_mode_that_is_none_is_20001() -> None:
    harness = Supervised()
    harness.run(5)
    assert harness.refused(mode="shout") == (400, 20001)


def test_it_is_no_answer_to_an_assignment() -> None:
    harness = Supervised("supervise")
    harness.run(5)
    assert harness.warnings() == ["55555"]
