"""A copy of the project that may be changed and deployed, an empty local AWS, and Chalice between them."""

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3
from twilio.request_validator import RequestValidator

from laptop import deploy_proxy as translating
from laptop import deployable, local_aws
from laptop.deploy_proxy import Proxy
from laptop.deployable import STAGE
from laptop.local_aws import LocalAws
from ops import stage


@dataclass(frozen=True)
class Project:
    """The project's own folder, and the AWS that its commands reach."""

    root: Path
    proxy: Proxy

    @property
    def environment(self) -> dict[str, str]:
        """Of a person at this project whose AWS is the local one."""
        return deployable.environment(self.proxy, self.root)

    def chalice(self, *words: str) -> str:
        """What `chalice …` prints; it must succeed."""
        command = deployable.runnable(["chalice", *words])
        done = subprocess.run(command, cwd=self.root, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def call(self, path: str, form: Mapping[str, str], token: str) -> tuple[int, str]:
        """Post the form to the deployed application as Twilio does, signed with this token."""
        signature = RequestValidator(token).compute_signature(f"{self.proxy.public_url}{path}", form)
        answer = urllib3.request(
            "POST",
            f"{self.proxy.public_url}{path}",
            body=urlencode(form),
            headers={"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"},
            timeout=60,
            retries=False,
        )
        return answer.status, answer.data.decode()


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with local_aws.running(tmp_path_factory.mktemp("aws") / "aws.log") as running:
        yield running


@pytest.fixture(scope="module")
def project(local: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """What is in the repository, in a folder of its own: a deploy leaves its notes there."""
    root = deployable.copy_to(tmp_path_factory.mktemp("project"))
    with translating.running(local) as proxy:
        stage.write(STAGE, {"PUBLIC_BASE_URL": proxy.public_url}, root)
        yield Project(root, proxy)


def pages(client: Any, operation: str, key: str, **asked: str) -> list[Any]:
    """Everything that AWS lists."""
    return [item for page in client.get_paginator(operation).paginate(**asked) for item in page[key]]
