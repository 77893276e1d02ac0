"""What these applications share: one workspace, one queue, one workflow, one worker, and Flask."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from flask import Flask, Response, request
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.twiml.voice_response import VoiceResponse
from werkzeug.exceptions import Forbidden

LINE, WORKER = "+14155550100", "+14155550111"


@dataclass(frozen=True)
class CallCentre:
    client: Client
    workspace_sid: str
    workflow_sid: str

    @property
    def workspace(self) -> Any:
        return self.client.taskrouter.v1.workspaces(self.workspace_sid)

    def task(self, sid: str) -> Any:
        return self.workspace.tasks(sid)

    def enqueue(self, **fields: str) -> Response:
        response = VoiceResponse()
        response.enqueue(None, workflow_sid=self.workflow_sid, **fields)
        return twiml(response)


def twiml(response: VoiceResponse) -> Response:
    return Response(str(response), mimetype="text/xml")


def build(client: Client, base: str, timeout: int | None = None) -> CallCentre:
    """`timeout` seconds of waiting end the task."""
    sid = client.taskrouter.v1.workspaces.create(friendly_name="Shop", event_callback_url=f"{base}/events").sid
    workspace = client.taskrouter.v1.workspaces(sid)
    target = {"queue": workspace.task_queues.create(friendly_name="Everybody").sid, "timeout": timeout}
    routing = {"task_routing": {"filters": [{"expression": "1==1", "targets": [target]}]}}
    workflow = workspace.workflows.create(
        friendly_name="Calls", configuration=json.dumps(routing), assignment_callback_url=f"{base}/assignment"
    )
    for number in client.incoming_phone_numbers.list(phone_number=LINE):
        number.update(voice_url=f"{base}/incoming")
    return CallCentre(client, sid, workflow.sid)


def hire(centre: CallCentre, *, available: bool = True) -> None:
    name = "Available" if available else "Offline"
    (activity,) = centre.workspace.activities.list(friendly_name=name)
    attributes = json.dumps({"contact_uri": WORKER})
    centre.workspace.workers.create(friendly_name="Ada", attributes=attributes, activity_sid=activity.sid)


View = TypeVar("View", bound=Callable[..., Any])


def route(rule: str) -> Callable[[View], View]:
    """The method answers requests for this path."""

    def mark(view: View) -> View:
        view.__dict__["rule"] = rule
        return view

    return mark


class TaskRouterApplication:
    """Its methods with a route are served by `flask`; it makes what it needs over REST when it starts."""

    timeout: ClassVar[int | None] = None
    available: ClassVar[bool] = True

    def __init__(self, client: Client, base: str) -> None:
        self.client = client
        self.base = base
        self.centre = build(client, base, self.timeout)
        hire(self.centre, available=self.available)
        self.flask = Flask(type(self).__module__)
        self.flask.before_request(self.is_twilios)
        for name in dir(self):
            rule = getattr(getattr(self, name), "rule", None)
            if rule is not None:
                self.flask.add_url_rule(rule, name, getattr(self, name), methods=["GET", "POST"])

    def is_twilios(self) -> None:
        """Forbidden, unless Twilio has signed the request or it comes from the worker's screen."""
        validator, signature = RequestValidator(self.client.password), request.headers.get("X-Twilio-Signature", "")
        url = self.base + request.full_path.rstrip("?")
        if not request.path.startswith("/screen/") and not validator.validate(url, request.form, signature):
            raise Forbidden

    @route("/events")
    def events(self) -> str:
        return ""
