"""Does each webhook answer a signed request well, and refuse a forged one? What is sent leaves no row in the table."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from twilio.request_validator import RequestValidator

from chalicelib.twilio import urls
from chalicelib.twilio.urls import Route
from ops.doctor.check import Finding, StageUnderTest, fail, ok

# In place of a sid: no call, leg or reservation has this name, so nothing is recorded.
NOBODY = "doctor"
PARAMETERS = {
    **dict.fromkeys(("attempt", "since", "line", "total", "digit", "position", "minutes"), "1"),
    **dict.fromkeys(("subject", "reservation_sid", "number", "caller", "extension"), NOBODY),
    "trail": "main",
}

SPOKEN, NO_CONTENT = (200, "<Response"), (204, "")


class Webhook(NamedTuple):
    """What is sent to a route, and what it answers well: a status, and a word that stands in the body."""

    form: Mapping[str, str]
    answers: tuple[int, str] = SPOKEN


def every_webhook(stage: StageUnderTest) -> Mapping[Route, Webhook]:
    """What each route is examined with."""
    caller = Webhook({"CallSid": NOBODY, "From": "+12025550100", "To": next(iter(stage.center.numbers()), "")})
    malformed = {"WorkflowSid": stage.environment["TWILIO_WORKFLOW_SID"], "TaskAttributes": "{}"}
    return {
        **{route: caller for route in urls.ROUTES if route.path.startswith("/voice/")},
        urls.RECORDING: Webhook({"CallSid": NOBODY}, NO_CONTENT),
        urls.TRANSCRIPTION: Webhook({"CallSid": NOBODY}, NO_CONTENT),
        urls.ASSIGNMENT: Webhook(malformed, (400, "ReservationSid")),
        urls.EVENTS: Webhook({"EventType": NOBODY, "TaskAttributes": "{}"}, NO_CONTENT),
        urls.WORKER_ANSWER: Webhook({"CallSid": NOBODY}),
        urls.WORKER_ASK: Webhook({"CallSid": NOBODY}),
        urls.WORKER_ACCEPT: Webhook({"CallSid": NOBODY, "Digits": "1"}),
        urls.WORKER_VERDICT: Webhook({"CallSid": NOBODY, "AnsweredBy": "human"}),
        urls.WORKER_DETECTED: Webhook({"CallSid": NOBODY, "AnsweredBy": "human"}, NO_CONTENT),
        urls.WORKER_STATUS: Webhook({"CallSid": NOBODY, "CallStatus": "completed"}, NO_CONTENT),
        urls.WORKER_AFTER: Webhook({"CallSid": NOBODY}),
        urls.WORKER_DISPOSITION: Webhook({"CallSid": NOBODY, "Digits": "1"}),
        urls.WORKER_RECORDING: Webhook({"CallSid": NOBODY}, NO_CONTENT),
        urls.WORKER_NOTE: Webhook({"CallSid": NOBODY}),
        urls.WORKER_STAR: Webhook({"CallSid": NOBODY, "DialBridged": "true"}),
        urls.WORKER_STAR_KEY: Webhook({"CallSid": NOBODY, "Digits": "1"}),
        urls.WORKER_STAR_PERSON: Webhook({"CallSid": NOBODY, "Digits": "1"}),
        urls.WORKER_STAR_OVER: Webhook({"CallSid": NOBODY}),
        urls.WORKER_ROOM: Webhook({"CallSid": NOBODY}),
        urls.WORKER_MESSAGE: Webhook({"CallSid": NOBODY}),
        urls.STAFF_MESSAGE: Webhook({"MessageSid": NOBODY, "Body": "status"}),
        **{route: Webhook({"CallSid": NOBODY}) for route in urls.ROUTES if route.path.startswith("/staff/call")},
        urls.WORKER_CALLED: Webhook({"CallSid": NOBODY}),
        urls.WORKER_CALLED_KEY: Webhook({"CallSid": NOBODY}),
        urls.WORKER_CONSULT: Webhook({"CallSid": NOBODY}),
        urls.WORKER_CONSULT_ALONE: Webhook({"CallSid": NOBODY}),
    }


def webhooks(stage: StageUnderTest) -> Iterator[Finding]:
    if not stage.base_url:
        yield fail("webhooks", "the application is not deployed yet", f"chalice deploy --stage {stage.name}")
        return
    everyone = every_webhook(stage)
    found = [finding for route, webhook in everyone.items() for finding in _try(stage, route, webhook)]
    yield from found
    if not found:
        yield ok("webhooks", f"each of {len(everyone)} answers a signed request and refuses a forged one")


def _try(stage: StageUnderTest, route: Route, webhook: Webhook) -> Iterator[Finding]:
    path = route.path.format(**PARAMETERS)
    url, check = stage.base_url + path, f"webhook {path}"
    validator = RequestValidator(stage.secret.auth_tokens[0])
    status, body = stage.post(url, webhook.form, validator.compute_signature(url, dict(webhook.form)))
    wanted, word = webhook.answers
    if status != wanted or word not in body:
        why = f"answers a signed request with {status}, not {wanted}"
        hint = "the secret, and PUBLIC_BASE_URL" if status == 403 else "the function's log"
        yield fail(check, why, f"look at {hint}")
    status, _ = stage.post(url, webhook.form, "forged")
    if status != 403:
        yield fail(check, f"answers a forged request with {status}, not 403", "do not go live: tell us")
