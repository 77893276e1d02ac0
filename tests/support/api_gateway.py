"""Complete events as Lambda gets them: API Gateway REST requests, really signed, SQS messages, the schedule."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from twilio.request_validator import HMAC_SHA256, RequestValidator

TOKEN = "0123456789abcdef0123456789abcdef"
DOMAIN = "abc123.execute-api.eu-west-1.amazonaws.com"
BASE = f"https://{DOMAIN}/api"

Pairs = Sequence[tuple[str, str]]


class _Signed(dict[str, list[str]]):
    def getall(self, name: str) -> list[str]:
        return self[name]


def sign(url: str, pairs: Pairs, token: str = TOKEN, algorithm: str | None = None) -> str:
    """The signature that Twilio puts on this request."""
    fields = _Signed()
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return str(RequestValidator(token).compute_signature(url, fields, algorithm))


def post(
    route: str,
    form: Mapping[str, str] | Pairs,
    path: Mapping[str, str] | None = None,
    *,
    token: str | None = TOKEN,
    base: str = BASE,
    domain: str = DOMAIN,
    prefix: str = "/api",
    body: str | None = None,
    content_type: str = "application/x-www-form-urlencoded; charset=utf-8",
    algorithm: str | None = None,
) -> dict[str, Any]:
    """A POST that Twilio signed with `token` (None: unsigned) for `base`; `body` overrides what is sent."""
    pairs = list(form.items()) if isinstance(form, Mapping) else list(form)
    event = event_of("POST", route, path or {}, domain, prefix)
    event["headers"] |= {"Content-Type": content_type}
    if token is not None:
        event["headers"]["X-Twilio-Signature"] = sign(base + _filled(route, path or {}), pairs, token, algorithm)
    if algorithm == HMAC_SHA256:
        event["headers"]["X-Twilio-Webhooks-Signature-Settings"] = f"key=1,algorithm={algorithm}"
    event["body"] = urlencode(pairs) if body is None else body
    return event


def get(route: str, query: Pairs, path: Mapping[str, str], *, signed_query: str, token: str = TOKEN) -> dict[str, Any]:
    """A GET whose query Twilio signed as it is spelled in `signed_query`; API Gateway hands it over decoded."""
    event = event_of("GET", route, path)
    url = f"{BASE}{_filled(route, path)}?{signed_query}"
    event["headers"]["X-Twilio-Signature"] = sign(url, [], token)
    event["queryStringParameters"] = dict(query)
    event["multiValueQueryStringParameters"] = {name: [value] for name, value in query}
    return event


def in_base64(event: dict[str, Any]) -> dict[str, Any]:
    return event | {"body": base64.b64encode(event["body"].encode()).decode(), "isBase64Encoded": True}


def sqs(body: str, receipt: str = "1") -> dict[str, Any]:
    """The event of one message."""
    record = {
        "messageId": f"message-{receipt}",
        "receiptHandle": receipt,
        "body": body,
        "attributes": {"ApproximateReceiveCount": receipt, "SentTimestamp": "1795230000000"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:cordboard-test-jobs",
        "awsRegion": "eu-west-1",
    }
    return {"Records": [record]}


def schedule() -> dict[str, Any]:
    """The event of a schedule's rule."""
    return {
        "version": "0",
        "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "123456789012",
        "time": "2026-11-21T08:00:00Z",
        "region": "eu-west-1",
        "resources": ["arn:aws:events:eu-west-1:123456789012:rule/cordboard-test-Sweep"],
        "detail": {},
    }


def _filled(route: str, path: Mapping[str, str]) -> str:
    for name, value in path.items():
        route = route.replace(f"{{{name}}}", value)
    return route


def event_of(
    method: str, route: str, path: Mapping[str, str], domain: str = DOMAIN, prefix: str = "/api"
) -> dict[str, Any]:
    """A complete REST event of API Gateway, without a body and unsigned."""
    filled = _filled(route, path)
    return {
        "resource": route,
        "path": filled,
        "httpMethod": method,
        "headers": {"Host": domain, "User-Agent": "TwilioProxy/1.1", "X-Forwarded-Proto": "https", "Accept": "*/*"},
        "multiValueHeaders": {},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": dict(path) or None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": route,
            "path": prefix + filled,
            "httpMethod": method,
            "stage": "api",
            "domainName": domain,
            "accountId": "123456789012",
            "apiId": "abc123",
            "requestId": "11111111-2222-3333-4444-555555555555",
            "identity": {"sourceIp": "203.0.113.9", "userAgent": "TwilioProxy/1.1"},
        },
        "body": None,
        "isBase64Encoded": False,
    }
