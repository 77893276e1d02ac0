"""What the doctor finds, and the stage that it examines."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any, Literal
from urllib.parse import urlencode

import urllib3
from twilio.rest import Client

from chalicelib.config import secrets
from chalicelib.config.secrets import Secrets
from ops import stage
from ops.aws import client
from ops.aws.secret import parameter
from ops.callcenter.files import Center
from ops.project import Project

Verdict = Literal["pass", "warning", "failure"]


@dataclass(frozen=True)
class Finding:
    """One check's result: why, and the command or the action that fixes it."""

    check: str
    verdict: Verdict
    why: str
    fix: str = ""


def post(url: str, form: Mapping[str, str], signature: str) -> tuple[int, str]:
    """Post the form to the application with this signature; returns status and body."""
    headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
    answer = urllib3.request("POST", url, body=urlencode(form), headers=headers, timeout=15)
    return answer.status, answer.data.decode(errors="replace")


def time_of_twilio() -> float:
    """Twilio's clock, in epoch seconds: the Date header of its API's answer, whatever else the answer says."""
    api = os.environ.get("TWILIO_API_URL") or "https://api.twilio.com"
    answer = urllib3.request("GET", f"{api}/2010-04-01.json", timeout=15)
    return parsedate_to_datetime(answer.headers["Date"]).timestamp()


def fetch(url: str) -> tuple[int, str]:
    """The status and the Content-Type of what is there; the rest is left unread. Raises what urllib3 raises."""
    answer = urllib3.request("GET", url, timeout=5, retries=2, preload_content=False)
    answer.close()
    return answer.status, answer.headers.get("Content-Type", "")


@dataclass(frozen=True)
class StageUnderTest:
    """`now` is epoch seconds; `twilio` the client of the stage's account. Without `fetch` no sound is asked for."""

    project: Project
    twilio: Client
    center: Center
    now: float
    post: Callable[[str, Mapping[str, str], str], tuple[int, str]] = post
    twilio_time: Callable[[], float] = time_of_twilio
    fetch: Callable[[str], tuple[int, str]] | None = fetch

    @property
    def name(self) -> str:
        return self.project.stage

    @cached_property
    def environment(self) -> dict[str, str]:
        """The stage's variables as the functions see them."""
        return stage.read(self.name, self.project.root)

    @cached_property
    def variables(self) -> dict[str, str]:
        """Those of them that Chalice gives to the functions."""
        return stage.variables(self.name, self.project.root)

    @cached_property
    def base_url(self) -> str:
        """Where Twilio reaches the application; empty before the first deploy."""
        return self.project.base_url()

    @cached_property
    def secret(self) -> Secrets:
        """Raises SecretError, StageError when the stage names no parameter, and whatever AWS says."""
        name = parameter(self.name, self.project.root)
        value = self.aws("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
        return secrets.parse(value)

    @property
    def functions(self) -> Mapping[str, str]:
        """The functions as `chalice deploy` names them, by the names of their policies."""
        names = {"api": "", "jobs_consumer": "-jobs_consumer", "after_call": "-after_call", "sweep": "-sweep"}
        return {policy: f"cordboard-{self.name}{ending}" for policy, ending in names.items()}

    def aws(self, service: str) -> Any:
        return client.client(service)


Check = Callable[[StageUnderTest], Iterator[Finding]]


def ok(check: str, why: str) -> Finding:
    return Finding(check, "pass", why)


def warn(check: str, why: str, fix: str) -> Finding:
    return Finding(check, "warning", why, fix)


def fail(check: str, why: str, fix: str) -> Finding:
    return Finding(check, "failure", why, fix)
