"""Run with any major of Twilio's client: a workspace, a call, a refusal, and what it has seen as a line of JSON."""

import json
import os
import sys
from urllib.parse import urlsplit

import twilio
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

WORKER, LINE = "+14155550111", "+14155550100"


class Emulator(TwilioHttpClient):  # type: ignore[misc]
    def request(self, method, url, *args, **kwargs):  # type: ignore[no-untyped-def]
        parts = urlsplit(url)
        return super().request(method, f"{sys.argv[1]}{parts.path}?{parts.query}", *args, **kwargs)


client = Client(os.environ["ACCOUNT"], os.environ["TOKEN"], http_client=Emulator())
workspace = client.taskrouter.v1.workspaces(client.taskrouter.v1.workspaces.create(friendly_name="Help line").sid)
queue = workspace.task_queues.create(friendly_name="Everybody")
routing = json.dumps({"task_routing": {"default_filter": {"queue": queue.sid}}})
workflow = workspace.workflows.create(friendly_name="Calls", configuration=routing)
for name in ("Ada", "Bea", "Cy"):
    workspace.workers.create(friendly_name=name)
task = workspace.tasks.create(workflow_sid=workflow.sid, attributes=json.dumps({"name": "Ann"}))
canceled = workspace.tasks(task.sid).update(assignment_status="canceled", reason="test")
call = client.calls.create(to=WORKER, from_=LINE, twiml="<Response><Pause length='60'/></Response>")
try:
    client.calls("CA" + "0" * 32).fetch()
    code = 0
except TwilioRestException as refused:
    code = refused.code
seen = {
    "version": twilio.__version__,
    "workers": [worker.friendly_name for worker in workspace.workers.list(page_size=2)],
    "task": canceled.assignment_status,
    "attributes": json.loads(canceled.attributes),
    "call": client.calls(call.sid).update(status="completed").status,
    "refused": code,
}
print(json.dumps(seen))  # noqa: T201
