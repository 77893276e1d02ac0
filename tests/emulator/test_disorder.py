"""Callers, phones and REST in any order, drawn from a seed: in the end nobody is on a line, in a room or in a queue."""

import json
import random
from collections.abc import Callable

import pytest

from emulator.ports import WebResponse
from emulator.voice.calls import Call
from emulator.voice.parties import (
    Behaviour,
    Step,
    answers,
    busy,
    declines,
    hangs_up,
    joined,
    no_answer,
    presses,
    says,
    talks,
    unknown,
    unreachable,
    voicemail,
    waits,
)
from emulator.worlds import drawn
from tests.emulator.full_harness import FullHarness
from tests.emulator.harness import BASE, LINE, WORKER

ADA, BOB = "+15550300", "+15550301"
ROUNDS = 25
DOCUMENTS = (
    f"<Dial action='/after' record='record-from-answer' hangupOnStar='true' timeLimit='20'>{ADA}</Dial>",
    f"<Dial sequential='true' timeout='5'><Number url='/screen'>{ADA}</Number><Number>{BOB}</Number></Dial>",
    "<Dial hangupOnStar='true' action='/after'><Conference waitUrl='/wait' record='true'>room</Conference></Dial>",
    "<Dial><Conference startConferenceOnEnter='false' endConferenceOnExit='true'>room</Conference></Dial>",
    "<Dial><Queue>sales</Queue></Dial>",
    "<Enqueue waitUrl='/wait' action='/after'>sales</Enqueue>",
    "<Record transcribe='true' timeout='2' action='/after'/>",
    "<Start><Recording name='a'/></Start><Say>Hi</Say><Dial answerOnBridge='true'><Client>ada</Client></Dial>",
)
SCREENS = ("<Gather numDigits='1' timeout='2'><Say>1</Say></Gather>", "<Say>Hello</Say>", "<Hangup/>")


class Disorder:
    """What one seed does to an emulator."""

    def __init__(self, seed: int) -> None:
        self.luck = random.Random(seed)
        self.harness = FullHarness(**drawn(seed))
        self.harness.pages["/assignment"] = self._assignment
        self.harness.pages["/document"] = lambda _form: self.luck.choice(DOCUMENTS)
        self.harness.pages["/after"] = "<Say>Good bye</Say>"
        self.harness.pages["/screen"] = self.luck.choice(SCREENS)
        for number in (WORKER, ADA, BOB, "client:ada"):
            self.harness.twilio.phone(number).will(*[self._ring() for _ in range(3)])

    def _assignment(self, form: dict[str, str]) -> WebResponse:
        kind = self.luck.choice(["conference", "dequeue", "call", "redirect"])
        flags = {name: self.luck.random() < 0.5 for name in ("accept", "end_conference_on_exit")}
        call_sid = json.loads(form["TaskAttributes"])["call_sid"]
        given = {"instruction": kind, "to": WORKER, "from": LINE, "timeout": 9, "url": f"{BASE}/document"}
        answer = json.dumps({**given, **flags, "call_sid": call_sid}).encode()
        return WebResponse(200, {"content-type": "application/json"}, answer)

    def _steps(self) -> list[Step]:
        known: list[Step] = [
            waits(0),
            waits(3),
            talks(2),
            presses("1"),
            presses("*"),
            says("hello there"),
            joined(),
            hangs_up(),
        ]
        return self.luck.sample(known, self.luck.randrange(4))

    def _ring(self) -> Behaviour:
        taken = [answers(after, self._steps()) for after in (0, 1, 3, 8)]
        return self.luck.choice([*taken, busy(), declines(1), no_answer(), voicemail(2, 3), unknown(2), unreachable()])

    def play(self) -> None:
        if self.luck.random() < 0.5:
            self.harness.pages["/incoming"] = self.luck.choice(DOCUMENTS)
        for number in range(self.luck.randrange(1, 5)):
            self.harness.twilio.dial(f"+1555100{number}", LINE, self._steps())
            self.harness.run(self.luck.choice([0, 0.5, 2]))
        self.harness.ring(f"{BASE}/document", MachineDetection=self.luck.choice(["", "Enable"]))
        for _ in range(ROUNDS):
            self.harness.run(self.luck.choice([0, 0.1, 1, 2.5]))
            disturb: Callable[[], None] = self.luck.choice([self._disturb_call, self._disturb_conference])
            disturb()

    def calls(self) -> list[Call]:
        return [call for call in self.harness.twilio.context.calls.values() if not call.is_over]

    def _disturb_call(self) -> None:
        if self.calls():
            path = f"/Calls/{self.luck.choice(self.calls()).sid}"
            form = self.luck.choice([{"Url": f"{BASE}/document"}, {"Status": "completed"}, {"TimeLimit": "5"}])
            self.harness.rest("POST", f"{path}.json", **form)
            self.harness.rest("POST", f"{path}/Recordings.json")

    def _disturb_conference(self) -> None:
        for conference in self.harness.twilio.context.conferences.all.values():
            path, known = f"/Conferences/{conference.sid}", conference.known()
            if known:
                participant = f"{path}/Participants/{self.luck.choice(known).sid}.json"
                hold = {"Hold": self.luck.choice(["true", "false"]), "HoldUrl": f"{BASE}/wait"}
                self.harness.rest("POST", participant, **hold)
                self.harness.rest(self.luck.choice(["GET", "DELETE"]), participant)
            form = self.luck.choice([{"Status": "completed"}, {"AnnounceUrl": f"{BASE}/screen"}, {}])
            self.harness.rest("POST", f"{path}.json", **form)
            self.harness.rest("POST", f"{path}/Participants.json", To=self.luck.choice([ADA, BOB]), From=LINE)

    def end(self) -> None:
        """Everybody hangs up, also who is rung because somebody did."""
        while self.calls():
            for call in self.calls():
                self.harness.twilio.hang_up(call.sid)
            self.harness.run(200)


@pytest.mark.parametrize("seed", range(40))
def test_in_the_end_nobody_is_left(seed: int) -> None:
    disorder = Disorder(seed)
    disorder.play()
    disorder.end()
    context = disorder.harness.twilio.context
    assert [conference for conference in context.conferences.all.values() if conference.participants] == []
    assert [queue for queue in context.queues.by_name.values() if queue.members] == []
    assert [call for call in context.calls.values() if call.is_joined] == []
    assert [recording for recording in context.recordings.all.values() if recording.is_live] == []
    assert len(disorder.harness.trace("joined")) == len(disorder.harness.trace("parted"))
