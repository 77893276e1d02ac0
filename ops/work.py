"""Work ordered by hand, the way a team's own systems order it: one signed request to the application."""

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
import urllib3

from chalicelib import signing
from chalicelib.twilio import urls
from ops.aws import secret
from ops.errors import OpsError, UsageError
from ops.program import command
from ops.project import Project

TIMEOUT_SECONDS = 30


class Ordered(NamedTuple):
    task_sid: str
    is_new: bool  # else this key had made it before


def attributes(given: tuple[str, ...]) -> dict[str, str]:
    """What was typed as NAME=VALUE. Raises UsageError."""
    found: dict[str, str] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not (name and sign):
            raise UsageError(f"{text!r} is no attribute: NAME=VALUE")
        found[name] = value
    return found


def order(project: Project, asked: Mapping[str, Any]) -> Ordered:
    """Order this. Raises OpsError with what the application says."""
    key, body, url = _key(project), msgspec.json.encode(asked), project.base_url()
    if not url:
        raise OpsError(f"stage {project.stage} is not deployed yet: {command('deploy --stage', project.stage)}")
    try:
        answer = urllib3.request(
            "POST",
            f"{url}{urls.WORK.path}",
            body=body,
            headers=signing.headers(key, str(int(time.time())), body),
            timeout=TIMEOUT_SECONDS,
            retries=False,
        )
    except urllib3.exceptions.HTTPError as error:
        raise OpsError(f"the application cannot be reached: {type(error).__name__}") from None
    return _read(answer.status, answer.data)


def _key(project: Project) -> str:
    name = secret.parameter(project.stage, project.root)
    kept = secret.read(name)
    if kept is None or not kept.secrets.work_key:
        raise OpsError(f"{name} has no work_key: {command('secret set --stage', project.stage)}")
    return kept.secrets.work_key


def _read(status: int, body: bytes) -> Ordered:
    try:
        told = msgspec.json.decode(body, type=dict[str, str])
    except msgspec.DecodeError:
        told = {}
    if status in (200, 201) and "task_sid" in told:
        return Ordered(told["task_sid"], status == 201)
    raise OpsError(f"it is not ordered ({status}): {told.get('error') or told.get('status') or 'no reason is given'}")
