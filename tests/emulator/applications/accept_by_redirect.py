"""The caller is redirected out of the queue, which accepts the reservation, and dials the worker in a plain Dial."""

from flask import Response, request
from twilio.twiml.voice_response import Dial, VoiceResponse

from tests.emulator.applications.call_centre import LINE, WORKER, TaskRouterApplication, route, twiml


class Application(TaskRouterApplication):
    @route("/incoming")
    def incoming(self) -> Response:
        return self.centre.enqueue(wait_url="")

    @route("/assignment")
    def assignment(self) -> dict[str, object]:
        sid = request.form["TaskSid"]
        attributes = self.centre.task(sid).fetch().attributes
        call_sid = attributes.partition('"call_sid": "')[2][:34]
        return {"instruction": "redirect", "call_sid": call_sid, "url": f"{self.base}/connect/{sid}", "accept": True}

    @route("/connect/<task>")
    def connect(self, task: str) -> Response:
        response, dial = VoiceResponse(), Dial(action=f"/done/{task}", caller_id=LINE, timeout=15)
        dial.number(WORKER)
        response.append(dial)
        return twiml(response)

    @route("/done/<task>")
    def done(self, task: str) -> Response:
        """The task does not follow a call that has left the queue: the application ends it."""
        bridged = request.form["DialBridged"] == "true"
        self.centre.task(task).update(assignment_status="completed", reason="talked" if bridged else "missed")
        response = VoiceResponse()
        response.say("Thank you" if bridged else "Nobody is free")
        return twiml(response)
