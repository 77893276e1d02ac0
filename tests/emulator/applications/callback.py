"""At a key the caller is promised a call: the task is canceled, a callback task made, the waiting document speaks on.

For the callback the worker is rung first, and then dials the customer; the application accepts and completes.
"""

import json

from flask import Response, request
from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

from tests.emulator.applications.call_centre import LINE, WORKER, TaskRouterApplication, route, twiml


class Application(TaskRouterApplication):
    available = False

    @route("/incoming")
    def incoming(self) -> Response:
        return self.centre.enqueue(wait_url="/wait")

    @route("/wait")
    def wait(self) -> Response:
        response, gather = VoiceResponse(), Gather(num_digits=1, action="/key", timeout=10)
        gather.say("Press 2 to be called back")
        response.append(gather)
        return twiml(response)

    @route("/key")
    def key(self) -> Response:
        """The caller is still in the queue: nothing but this document ends the call."""
        (task,) = self.centre.workspace.tasks.list(assignment_status="pending")
        self.centre.task(task.sid).update(assignment_status="canceled", reason="callback")
        given = json.dumps({"type": "callback", "number": request.form["From"]})
        self.centre.workspace.tasks.create(
            workflow_sid=self.centre.workflow_sid, attributes=given, task_channel="voice"
        )
        response = VoiceResponse()
        response.say("We call you back. Good bye")
        response.hangup()
        return twiml(response)

    @route("/assignment")
    def assignment(self) -> dict[str, str]:
        """`call` rings the worker and accepts; a callback has no call of its own to dequeue."""
        customer, task = json.loads(request.form["TaskAttributes"])["number"], request.form["TaskSid"]
        url = f"{self.base}/worker/{task}/{customer.removeprefix('+')}"
        left = f"{self.base}/left/{task}"  # asked when the worker's leg is over
        given = {"instruction": "call", "from": LINE, "to": WORKER, "url": url, "accept": "true"}
        return {**given, "status_callback_url": left}

    @route("/worker/<task>/<customer>")
    def worker(self, task: str, customer: str) -> Response:
        response, dial = VoiceResponse(), Dial(action=f"/done/{task}", caller_id=LINE, timeout=20)
        response.say("Calling the customer")
        dial.number(f"+{customer}")
        response.append(dial)
        return twiml(response)

    @route("/done/<task>")
    def done(self, task: str) -> Response:
        reason = request.form["DialCallStatus"]
        self.complete(task, reason)
        response = VoiceResponse()
        response.say(f"The call was {reason}")
        return twiml(response)

    @route("/left/<task>")
    def left(self, task: str) -> str:
        self.complete(task, "the worker hung up")
        return ""

    def complete(self, sid: str, reason: str) -> None:
        if self.centre.task(sid).fetch().assignment_status == "assigned":
            self.centre.task(sid).update(assignment_status="completed", reason=reason)
