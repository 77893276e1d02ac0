"""The floor: a Lambda handler without a framework that checks the same signature and gives the seed's answers."""

import json
from typing import Any
from urllib.parse import parse_qsl

from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import Enqueue, VoiceResponse

from bench.webhooks import TOKEN, WORKFLOW_SID

validator = RequestValidator(TOKEN)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answers /voice/incoming and /taskrouter/assignment; 403 for a wrong signature."""
    form = dict(parse_qsl(event["body"], keep_blank_values=True))
    request = event["requestContext"]
    url = f"https://{request['domainName']}{request['path']}"
    if not validator.validate(url, form, event["headers"].get("X-Twilio-Signature", "")):
        return {"statusCode": 403, "headers": {}, "body": ""}
    if event["resource"] == "/voice/incoming":
        return {"statusCode": 200, "headers": {"Content-Type": "text/xml"}, "body": enqueue_call(form)}
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": assignment(form)}


def enqueue_call(form: dict[str, str]) -> str:
    """Example 2 of the seed: enqueue with task attributes."""
    enqueue = Enqueue(None, workflow_sid=WORKFLOW_SID)
    enqueue.task(json.dumps({"dialled": form["To"]}))
    response = VoiceResponse()
    response.append(enqueue)
    return str(response)


def assignment(form: dict[str, str]) -> str:
    """The seed's dequeue instruction."""
    worker = json.loads(form["WorkerAttributes"])
    task = json.loads(form["TaskAttributes"])
    return json.dumps({"instruction": "dequeue", "to": worker["contact_uri"], "from": task["to"]})
