"""A TaskRouter application as anybody writes it: Flask, the official client, one workspace, one worker."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, Response
from twilio.rest import Client
from twilio.twiml.voice_response import VoiceResponse
from werkzeug.serving import make_server

WORKER_PHONE = "+14155550111"


class Application:
    """`url` is where it is served; `configure` makes what it needs over REST."""

    def __init__(self) -> None:
        self.workflow_sid = ""
        flask = Flask(__name__)
        flask.add_url_rule("/incoming", view_func=self.incoming, methods=["POST"])
        flask.add_url_rule("/wait", view_func=self.wait, methods=["POST"])
        flask.add_url_rule("/assignment", view_func=self.assignment, methods=["POST"])
        self.server = make_server("127.0.0.1", 0, flask, threaded=True)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def incoming(self) -> Response:
        response = VoiceResponse()
        response.enqueue(None, workflow_sid=self.workflow_sid, wait_url="/wait")
        return Response(str(response), mimetype="text/xml")

    def wait(self) -> Response:
        response = VoiceResponse()
        response.say("Please hold")
        response.pause(10)
        return Response(str(response), mimetype="text/xml")

    def assignment(self) -> dict[str, str]:
        return {"instruction": "dequeue"}

    def configure(self, client: Client) -> None:
        """The worker comes last: from then on a call finds everything."""
        workspace_sid = client.taskrouter.v1.workspaces.create(friendly_name="Tutorial").sid
        workspace = client.taskrouter.v1.workspaces(workspace_sid)
        queue = workspace.task_queues.create(friendly_name="Everybody")
        routing = {"task_routing": {"default_filter": {"queue": queue.sid}}}
        self.workflow_sid = workspace.workflows.create(
            friendly_name="Calls",
            configuration=json.dumps(routing),
            assignment_callback_url=f"{self.url}/assignment",
        ).sid
        (available,) = workspace.activities.list(friendly_name="Available")
        attributes = json.dumps({"contact_uri": WORKER_PHONE})
        workspace.workers.create(friendly_name="Ada", attributes=attributes, activity_sid=available.sid)


@contextmanager
def running() -> Iterator[Application]:
    application = Application()
    thread = threading.Thread(target=application.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield application
    finally:
        application.server.shutdown()
        thread.join()
