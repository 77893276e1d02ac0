"""An account that owns nothing yet, and a workspace in it, both by the official client."""

import base64
import json
from typing import Unpack

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from emulator.rest.framework import RestAnswer
from emulator.worlds import Worlds
from tests.emulator.harness import ACCOUNT, TOKEN, WORKER, Harness
from tests.emulator.official import client_of

NOBODY = "0" * 32


class EmptyAccount(Harness):
    """An account that owns nothing yet; a caller whose task is canceled leaves the queue, unless a world says else."""

    def __init__(self, **worlds: Unpack[Worlds]) -> None:
        given: Worlds = {"canceled_task": "leaves"}
        given.update(worlds)
        super().__init__({}, **given)
        self.client: Client = client_of(self)

    def taskrouter(self, method: str, path: str, if_match: str = "", **form: str) -> RestAnswer:
        """A request that the official client would not make."""
        return self.request(method, f"https://taskrouter.twilio.com/v1/Workspaces{path}", if_match, **form)

    def request(self, method: str, url: str, if_match: str = "", **form: str) -> RestAnswer:
        authorization = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        fields = {name: [value] for name, value in form.items()}
        return self.twilio.rest(method, url, fields, authorization, {"If-Match": if_match})

    def workspace(self, name: str = "Help line") -> "Workspace":
        return Workspace(self.client, self.client.taskrouter.v1.workspaces.create(friendly_name=name).sid)


class Workspace:
    """A workspace, by the official client."""

    def __init__(self, client: Client, sid: str) -> None:
        self.sid = sid
        self.rest = client.taskrouter.v1.workspaces(sid)

    def activity(self, name: str) -> str:
        (found,) = self.rest.activities.list(friendly_name=name)
        return str(found.sid)

    def queue(self, name: str = "Support", **fields: object) -> str:
        return str(self.rest.task_queues.create(friendly_name=name, **fields).sid)

    def workflow(self, queue: str, name: str = "Calls", **fields: object) -> str:
        return str(self.rest.workflows.create(friendly_name=name, configuration=into(queue), **fields).sid)

    def worker(self, name: str = "Bea", activity: str = "Offline", **attributes: object) -> str:
        given = json.dumps({"contact_uri": WORKER, **attributes})
        worker = self.rest.workers.create(friendly_name=name, attributes=given, activity_sid=self.activity(activity))
        return str(worker.sid)


def into(queue: str, **target: object) -> str:
    """A workflow's configuration that sends every task to one queue."""
    return json.dumps({"task_routing": {"filters": [{"expression": "1==1", "targets": [{"queue": queue, **target}]}]}})


def refusal(caught: pytest.ExceptionInfo[TwilioRestException]) -> tuple[int, int]:
    return caught.value.status, caught.value.code
