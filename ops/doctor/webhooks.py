"""Does each webhook answer a signed request well, and refuse a forged one? What is sent leaves no row in the table."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from twilio.request_validator import RequestValidator

from ops.doctor.check import Finding, StageUnderTest, fail, ok

# In place of a sid: no call, leg or reservation has this name, so nothing is recorded.
NOBODY = "doctor"


class Webhook(NamedTuple):
    """`answers`: status, and a word that stands in a good answer."""

    path: str
    form: Mapping[str, str]
    answers: tuple[int, str]


def every_webhook(stage: StageUnderTest) -> tuple[Webhook, ...]:
    caller = {"CallSid": NOBODY, "From": "+12025550100", "To": next(iter(stage.center.numbers()), "")}
    spoken = (200, "<Response")
    malformed = {"WorkflowSid": stage.environment["TWILIO_WORKFLOW_SID"], "TaskAttributes": "{}"}
    voice = ("incoming", "menu/1", "wait", "after", "survey", "voicemail", "fallback")
    return (
        *(Webhook(f"/voice/{name}", caller, spoken) for name in voice),
        Webhook("/taskrouter/assignment", malformed, (400, "ReservationSid")),
        Webhook("/taskrouter/events", {"EventType": NOBODY, "TaskAttributes": "{}"}, (204, "")),
        Webhook(f"/worker/{NOBODY}/{NOBODY}/answer", {"CallSid": NOBODY}, spoken),
        Webhook(f"/worker/{NOBODY}/{NOBODY}/status", {"CallSid": NOBODY, "CallStatus": "completed"}, (204, "")),
    )


def webhooks(stage: StageUnderTest) -> Iterator[Finding]:
    if not stage.base_url:
        yield fail("webhooks", "the application is not deployed yet", f"chalice deploy --stage {stage.name}")
        return
    everyone = every_webhook(stage)
    found = [finding for webhook in everyone for finding in _try(stage, webhook)]
    yield from found
    if not found:
        yield ok("webhooks", f"each of {len(everyone)} answers a signed request and refuses a forged one")


def _try(stage: StageUnderTest, webhook: Webhook) -> Iterator[Finding]:
    url, check = stage.base_url + webhook.path, f"webhook {webhook.path}"
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
