"""Nobody is free: at a key, or when the workflow times out, cancel the task, then redirect the call to a recording.

The message becomes a task of its own when its text is there.
"""

import json

from flask import Response, request
from twilio.base.exceptions import TwilioRestException
from twilio.twiml.voice_response import Gather, VoiceResponse

from tests.emulator.applications.call_centre import TaskRouterApplication, route, twiml


class Application(TaskRouterApplication):
    timeout = 60
    available = False

    def give_up(self, task_sid: str, call_sid: str, reason: str) -> None:
        try:
            self.centre.task(task_sid).update(assignment_status="canceled", reason=reason)
        except TwilioRestException:
            self.flask.logger.info("the workflow has canceled it already")
        self.client.calls(call_sid).update(url=f"{self.base}/voicemail", method="POST")

    @route("/incoming")
    def incoming(self) -> Response:
        return self.centre.enqueue(wait_url="/wait")

    @route("/wait")
    def wait(self) -> Response:
        response, gather = VoiceResponse(), Gather(num_digits=1, action="/key", timeout=10)
        gather.say("Press 1 to leave a message")
        response.append(gather)
        return twiml(response)

    @route("/key")
    def key(self) -> Response:
        tasks = self.centre.workspace.tasks.list(assignment_status="pending")
        (task,) = [one for one in tasks if request.form["CallSid"] in one.fetch().attributes]
        self.give_up(task.sid, request.form["CallSid"], "voicemail")
        return twiml(VoiceResponse())

    @route("/voicemail")
    def voicemail(self) -> Response:
        response = VoiceResponse()
        response.say("After the beep")
        response.record(transcribe_callback="/text", action="/thanks")
        return twiml(response)

    @route("/thanks")
    def thanks(self) -> Response:
        response = VoiceResponse()
        response.hangup()
        return twiml(response)

    @route("/text")
    def text(self) -> str:
        given = {
            "type": "message",
            "text": request.form["TranscriptionText"],
            "recording": request.form["RecordingSid"],
        }
        self.centre.workspace.tasks.create(workflow_sid=self.centre.workflow_sid, attributes=json.dumps(given))
        return ""

    @route("/events")
    def events(self) -> str:
        if request.form["EventType"] == "workflow.timeout":
            attributes = json.loads(request.form["TaskAttributes"])
            if "call_sid" in attributes:
                self.give_up(request.form["TaskSid"], attributes["call_sid"], "timeout")
        return ""
