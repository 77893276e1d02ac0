"""Caller and worker meet in the task's conference; the worker's screen puts the caller on hold over REST."""

import json

from flask import Response, request
from twilio.twiml.voice_response import VoiceResponse

from tests.emulator.applications.call_centre import LINE, WORKER, TaskRouterApplication, route, twiml


class Application(TaskRouterApplication):
    @route("/incoming")
    def incoming(self) -> Response:
        return self.centre.enqueue(wait_url="/wait")

    @route("/wait")
    def wait(self) -> Response:
        response = VoiceResponse()
        response.say("Please hold")
        response.pause(10)
        return twiml(response)

    @route("/assignment")
    def assignment(self) -> dict[str, object]:
        return {
            "instruction": "conference",
            "from": LINE,
            "to": WORKER,
            "end_conference_on_exit": True,
            "end_conference_on_customer_exit": True,
            "conference_status_callback": f"{self.base}/conference",
            "conference_status_callback_event": "end",
        }

    @route("/screen/hold/<task>/<on>")
    def hold(self, task: str, on: str) -> str:
        """What the button on the worker's screen asks for."""
        conference = json.loads(self.centre.task(task).fetch().attributes)["conference"]
        caller = conference["participants"]["customer"]
        participant = self.client.conferences(conference["sid"]).participants(caller)
        participant.update(hold=on == "on", hold_url=f"{self.base}/music", hold_method="POST")
        return ""

    @route("/music")
    def music(self) -> Response:
        response = VoiceResponse()
        response.say("One moment")
        response.pause(5)
        return twiml(response)

    @route("/conference")
    def conference(self) -> str:
        """The room is called as the task: its end is the end of the work."""
        if request.form["StatusCallbackEvent"] == "conference-end":
            self.centre.task(request.form["FriendlyName"]).update(assignment_status="completed", reason="talked")
        return ""
