"""`ops doctor`: will callers get through? Each check says pass, warning or failure, why, and what mends it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from chalicelib.observability import log
from ops.doctor import aws, twilio, webhooks
from ops.doctor.check import Check, Finding, Patient, fail

CHECKS: Sequence[Check] = (
    twilio.files,
    aws.secret,
    aws.tables,
    aws.functions,
    aws.permissions,
    aws.triggers,
    aws.dead_letters,
    aws.oldest_open_link,
    webhooks.doors,
    twilio.tokens,
    twilio.configuration,
    twilio.fallbacks,
    twilio.workers,
    twilio.queue_size,
    twilio.call_rate,
    twilio.clock,
)

_SIGNS = {"pass": "ok     ", "warning": "warning", "failure": "FAILURE"}


def examine(patient: Patient) -> Iterator[Finding]:
    """Every check in turn. One that cannot be made is a failure, and the next one is made all the same."""
    for check in CHECKS:
        try:
            yield from check(patient)
        except Exception as error:
            why = f"could not be checked: {type(error).__name__}: {log.mask(str(error))}"
            yield fail(check.__name__.replace("_", " "), why, "mend what is wrong above, and run the doctor again")


def as_text(finding: Finding) -> str:
    """A line, and one more for what mends it."""
    mend = f"\n         mend: {finding.mend}" if finding.mend else ""
    return f"{_SIGNS[finding.verdict]}  {finding.check}: {finding.why}{mend}"


def as_json(findings: Sequence[Finding]) -> str:
    return json.dumps({"healthy": is_healthy(findings), "checks": [asdict(found) for found in findings]}, indent=2)


def is_healthy(findings: Sequence[Finding]) -> bool:
    return all(found.verdict != "failure" for found in findings)
