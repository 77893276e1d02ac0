"""The application rings the worker itself and lets both dial into one room; the reservation is accepted over REST.

The worker says yes by a key. First the caller is moved, then the reservation accepted: whether it still can be is what
a redirect does to a task.
"""

import json

from flask import Response, request
from twilio.base.exceptions import TwilioRestException
from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

from tests.emulator.applications.call_centre import LINE, WORKER, TaskRouterApplication, route, twiml


class Application(TaskRouterApplication):
    @route("/incoming")
    def incoming(self) -> Response:
        return self.centre.enqueue(wait_url="")

    @route("/assignment")
    def assignment(self) -> Response:
        caller = json.loads(request.form["TaskAttributes"])["call_sid"]
        path = "/".join([caller, request.form["TaskSid"], request.form["ReservationSid"]])
        self.client.calls.create(from_=LINE, to=WORKER, url=f"{self.base}/worker/{path}")
        return Response(mimetype="application/json")

    @route("/worker/<path:path>")
    def worker(self, path: str) -> Response:
        response, gather = VoiceResponse(), Gather(num_digits=1, action=f"/yes/{path}")
        gather.say("Press 1 to take the call")
        response.append(gather)
        return twiml(response)

    @route("/yes/<caller>/<task>/<reservation>")
    def yes(self, caller: str, task: str, reservation: str) -> Response:
        self.client.calls(caller).update(url=f"{self.base}/room/{task}")
        try:
            self.centre.task(task).reservations(reservation).update(reservation_status="accepted")
        except TwilioRestException:
            self.flask.logger.warning("the task is over, and the two talk all the same")
        return self.room(task)

    @route("/room/<task>")
    def room(self, task: str) -> Response:
        response, dial = VoiceResponse(), Dial()
        dial.conference(
            task,
            end_conference_on_exit=True,
            status_callback=f"{self.base}/conference",
            status_callback_event="start end",
        )
        response.append(dial)
        return twiml(response)

    @route("/conference")
    def conference(self) -> str:
        if request.form["StatusCallbackEvent"] == "conference-end":
            task = self.centre.task(request.form["FriendlyName"])
            if task.fetch().assignment_status in {"assigned", "wrapping"}:
                task.update(assignment_status="completed", reason="talked")
        return ""
