"""Does every door answer a signed request well, and refuse a forged one? What is sent leaves no trace in the table."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from twilio.request_validator import RequestValidator

from ops.doctor.check import Finding, Patient, fail, ok

# No sids: a leg, a call or a reservation of this name is nobody's, and is not recorded.
NOBODY = "doctor"


class Door(NamedTuple):
    """`answers`: status, and a word that stands in a good answer."""

    path: str
    form: Mapping[str, str]
    answers: tuple[int, str]


def all_doors(patient: Patient) -> tuple[Door, ...]:
    caller = {"CallSid": NOBODY, "From": "+12025550100", "To": next(iter(patient.center.numbers()), "")}
    spoken = (200, "<Response")
    malformed = {"WorkflowSid": patient.environment["TWILIO_WORKFLOW_SID"], "TaskAttributes": "{}"}
    voice = ("incoming", "menu/1", "wait", "after", "survey", "voicemail", "fallback")
    return (
        *(Door(f"/voice/{name}", caller, spoken) for name in voice),
        Door("/taskrouter/assignment", malformed, (400, "ReservationSid")),
        Door("/taskrouter/events", {"EventType": NOBODY, "TaskAttributes": "{}"}, (204, "")),
        Door(f"/worker/{NOBODY}/{NOBODY}/answer", {"CallSid": NOBODY}, spoken),
        Door(f"/worker/{NOBODY}/{NOBODY}/status", {"CallSid": NOBODY, "CallStatus": "completed"}, (204, "")),
    )


def doors(patient: Patient) -> Iterator[Finding]:
    if not patient.base_url:
        yield fail("doors", "the application is not deployed yet", f"chalice deploy --stage {patient.name}")
        return
    wrong = False
    for door in all_doors(patient):
        for finding in _try(patient, door):
            wrong = True
            yield finding
    if not wrong:
        yield ok("doors", f"each of {len(all_doors(patient))} answers a signed request and refuses a forged one")


def _try(patient: Patient, door: Door) -> Iterator[Finding]:
    url = patient.base_url + door.path
    validator = RequestValidator(patient.secret.auth_tokens[0])
    status, body = patient.post(url, door.form, validator.compute_signature(url, dict(door.form)))
    wanted, word = door.answers
    if status != wanted or word not in body:
        why = f"answers a signed request with {status}, not {wanted}"
        hint = "the secret, and PUBLIC_BASE_URL" if status == 403 else "the function's log"
        yield fail(f"door {door.path}", why, f"look at {hint}")
    status, _ = patient.post(url, door.form, "forged")
    if status != 403:
        yield fail(f"door {door.path}", f"answers a forged request with {status}, not 403", "do not go live: tell us")
