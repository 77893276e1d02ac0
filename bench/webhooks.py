"""The webhooks that are timed: a signed form of Twilio's, as API Gateway hands it over and as WSGI does."""

import io
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

TOKEN = "0123456789abcdef0123456789abcdef"  # noqa: S105 - the bench signs with it, nobody else
HOST = "bench123.execute-api.us-east-1.amazonaws.com"
STAGE = "api"
ACCOUNT_SID = "AC" + "0" * 32
WORKSPACE_SID = "WS" + "0" * 32
WORKFLOW_SID = "WW" + "0" * 32
CALL_SID = "CA" + "1" * 32
CALLER = "+15550100999"


def incoming(number: str) -> dict[str, str]:
    """The form of a call to this number, in the shape of contract 1.2; everybody in it is made up."""
    return {
        "AccountSid": ACCOUNT_SID,
        "ApiVersion": "2010-04-01",
        "CallSid": CALL_SID,
        "CallStatus": "ringing",
        "Called": number,
        "CalledCity": "",
        "CalledCountry": "US",
        "Caller": CALLER,
        "CallerCity": "",
        "CallerCountry": "US",
        "Direction": "inbound",
        "From": CALLER,
        "FromCity": "",
        "FromCountry": "US",
        "To": number,
        "ToCity": "",
        "ToCountry": "US",
    }


def assignment(number: str, queue: str, queue_sid: str) -> dict[str, str]:
    """The form of a reservation for a call to this number in this task queue, in the shape of contract 4."""
    return {
        "AccountSid": ACCOUNT_SID,
        "WorkspaceSid": WORKSPACE_SID,
        "WorkflowSid": WORKFLOW_SID,
        "TaskQueueSid": queue_sid,
        "TaskQueueName": queue,
        "TaskSid": "WT" + "2" * 32,
        "ReservationSid": "WR" + "3" * 32,
        "WorkerSid": "WK" + "4" * 32,
        "WorkerName": "alice",
        "TaskAge": "3",
        "TaskPriority": "0",
        "TaskAttributes": json.dumps({"call_sid": CALL_SID, "from": CALLER, "to": number, "called": number}),
        "WorkerAttributes": json.dumps({"contact_uri": "+15550100123", "languages": ["en"]}),
    }


@dataclass(frozen=True)
class Webhook:
    """One request of Twilio's: the path behind the stage, the form, and the signature that goes with them."""

    path: str
    form: dict[str, str]
    signature: str

    @property
    def body(self) -> str:
        return urlencode(self.form)

    @property
    def headers(self) -> dict[str, str]:
        return {
            "Host": HOST,
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": self.signature,
            "X-Forwarded-Proto": "https",
        }


def signed(path: str, form: dict[str, str]) -> Webhook:
    """The webhook as Twilio would sign it with TOKEN for https://HOST/STAGE<path>."""
    signature = RequestValidator(TOKEN).compute_signature(url_of(path), form)
    return Webhook(path, form, signature)


def forged(webhook: Webhook) -> Webhook:
    return Webhook(webhook.path, webhook.form, "AAAAAAAAAAAAAAAAAAAAAAAAAAA=")


def url_of(path: str) -> str:
    return f"https://{HOST}/{STAGE}{path}"


def api_gateway_event(webhook: Webhook) -> dict[str, Any]:
    """The complete event of an API Gateway REST API (payload format 1.0)."""
    return {
        "resource": webhook.path,
        "path": webhook.path,
        "httpMethod": "POST",
        "headers": webhook.headers,
        "multiValueHeaders": {name: [value] for name, value in webhook.headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "bench123",
            "domainName": HOST,
            "httpMethod": "POST",
            "identity": {"sourceIp": "192.0.2.1"},
            "path": f"/{STAGE}{webhook.path}",
            "protocol": "HTTP/1.1",
            "requestId": "00000000-0000-0000-0000-000000000000",
            "resourcePath": webhook.path,
            "stage": STAGE,
        },
        "body": webhook.body,
        "isBase64Encoded": False,
    }


def wsgi_environ(webhook: Webhook) -> dict[str, Any]:
    """What a WSGI server hands to Flask; `wsgi.input` is set for each call."""
    return {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": f"/{STAGE}",
        "PATH_INFO": webhook.path,
        "QUERY_STRING": "",
        "SERVER_NAME": HOST,
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(webhook.body)),
        "HTTP_HOST": HOST,
        "HTTP_X_TWILIO_SIGNATURE": webhook.signature,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
