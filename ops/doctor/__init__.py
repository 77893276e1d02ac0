"""`doctor`: will callers get through? Each check says pass, warning or failure, why, and what fixes it."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from chalicelib.observability.masking import mask
from ops.aws import client
from ops.doctor import aws, sounds, twilio, webhooks
from ops.doctor.check import Check, Finding, StageUnderTest, fail, fetch, time_of_twilio
from ops.project import Project

CHECKS: Sequence[Check] = (
    twilio.files,
    aws.secret,
    aws.tables,
    aws.configuration,
    aws.functions,
    aws.permissions,
    aws.recordings,
    aws.triggers,
    aws.throttling,
    aws.executions,
    aws.dead_letters,
    aws.mails,
    aws.bucket,
    aws.oldest_open_link,
    webhooks.webhooks,
    twilio.tokens,
    twilio.configuration,
    twilio.fallbacks,
    twilio.texts,
    twilio.workers,
    twilio.queue_size,
    twilio.call_rate,
    twilio.clock,
    sounds.sounds,
)

_SIGNS = {"pass": "ok     ", "warning": "warning", "failure": "FAILURE"}


def stage_of(project: Project) -> StageUnderTest:
    """What the doctor has to know of this stage. Raises OpsError when its files or its account cannot be read."""
    client.who()  # without AWS each check of it would fail for the one reason
    now = time.time()
    # The clocks are compared as of `now`, although the checks before that one take seconds.
    return StageUnderTest(
        project,
        project.client(),
        project.files(),
        now,
        twilio_time=lambda: time_of_twilio() - (time.time() - now),
        fetch=None if os.environ.get("TWILIO_API_URL") else fetch,  # the emulator plays nothing
    )


def examine(stage: StageUnderTest, on_check: Callable[[str], None] = lambda name: None) -> Iterator[Finding]:
    """Every check in turn. A check that breaks off is a failure, and those after it are still made.

    `on_check` is called with the name of each before it is made.
    """
    for check in CHECKS:
        on_check(check.__name__.replace("_", " "))
        try:
            yield from check(stage)
        except Exception as error:
            why = f"could not be checked: {type(error).__name__}: {mask(str(error))}"
            yield fail(check.__name__.replace("_", " "), why, "fix what is wrong above, and run the doctor again")


def as_text(finding: Finding) -> str:
    """One line, and a second one for what fixes it."""
    fix = f"\n         fix: {finding.fix}" if finding.fix else ""
    return f"{_SIGNS[finding.verdict]}  {finding.check}: {finding.why}{fix}"


def document(findings: Sequence[Finding]) -> dict[str, Any]:
    """For a pipeline."""
    return {"healthy": is_healthy(findings), "checks": [asdict(found) for found in findings]}


def is_healthy(findings: Sequence[Finding]) -> bool:
    return all(found.verdict != "failure" for found in findings)
