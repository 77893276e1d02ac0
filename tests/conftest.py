"""What the tests share: an environment, AWS by moto, a double of Twilio, and the laptop's whole environment."""

import gc
import json
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
import pytest
from moto import mock_aws
from xdist.scheduler import LoadScopeScheduling

from chalicelib.config import team
from chalicelib.config.environment import AFTER_CALL
from chalicelib.twilio import rest
from laptop.package import TEAM
from ops import stage
from tests.doubles.twilio import FakeTwilio
from tests.support import no_team, resources
from tests.support.api_gateway import TOKEN
from tests.support.caches import forget_everything

if TYPE_CHECKING:
    from laptop.environment import Laptop

# What runs in the background ignores Ctrl-C, and so would each program that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Moto begins a new session for each test: what AWS's library says of the services is read once for all of them.
botocore.session.create_loader = cache(botocore.session.create_loader)

BY_FILE = ("tests/deploy/", "tests/laptop/", "tests/load/")  # each of their files starts a local AWS, or shares one
BUCKET = "cordboard-test-messages-123456789012-eu-west-1"
WORKFLOW = "WW" + "1" * 32
ACTIVITIES = {
    name: "WA" + str(number) * 32 for number, name in enumerate(("Offline", "Available", "Wrap up", "Unavailable"))
}
QUEUES = {name: "WQ" + str(number) * 32 for number, name in enumerate(("Support", "Sales", "Urgent"))}

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "LINKS_TABLE": "cordboard-test-links",
    "CONTACTS_TABLE": "cordboard-test-contacts",
    "JOBS_QUEUE": "cordboard-test-jobs",
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_WORKSPACE_SID": "WS" + "0" * 32,
    "TWILIO_WORKFLOW_SID": WORKFLOW,
    "TWILIO_AUTH_TOKEN": TOKEN,
    "TWILIO_ACTIVITIES": json.dumps(ACTIVITIES),
    "TWILIO_TASK_QUEUES": json.dumps(QUEUES),
    "CRM_KEY": "crm-key",
    "CRM_URL": "http://127.0.0.1:9/attempts",
    "JOBS_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/cordboard-test-jobs",
}


def pytest_collection_finish() -> None:
    """What is loaded by now is never looked through for garbage: that takes a tenth of the time."""
    gc.collect()
    gc.freeze()


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than there are processors: what starts a local AWS waits for half of its time."""
    return (os.cpu_count() or 1) + 1


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """What starts a local AWS goes file by file to a process, everything else test by test to whichever is free.

    `--dist loadgroup` is for that, and has no effect with pytest 9.2.
    """
    scheduling = LoadScopeScheduling(config, log)
    scheduling._split_scope = lambda nodeid: nodeid.partition("::")[0] if nodeid.startswith(BY_FILE) else nodeid
    return scheduling


@pytest.fixture(scope="session", autouse=True)
def own_team() -> Iterator[None]:
    """The tests have a team's files of their own: this checkout may have another team's, or none."""
    no_team.forbid()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(team, "folder", lambda: str(TEAM))
        kept = stage._kept
        patch.setattr(stage, "_kept", lambda name, root: {} if root == stage.ROOT else kept(name, root))
        yield


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for name in ("PUBLIC_BASE_URL", "TWILIO_API_URL", "TWILIO_SECRET_PARAMETER", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    forget_everything()
    yield monkeypatch
    forget_everything()


@dataclass
class Aws:
    queue_url: str = ""
    clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """The test's own client, not the application's."""
        if service not in self.clients:
            self.clients[service] = boto3.client(service)
        return self.clients[service]

    def rows(self) -> list[dict[str, Any]]:
        """Every row of the links table."""
        from chalicelib.links.attributes import decode

        return [decode(item) for item in self.client("dynamodb").scan(TableName="cordboard-test-links")["Items"]]

    def row(self, item: str) -> dict[str, Any]:
        """The row with this sort key; empty when there is none."""
        return next((row for row in self.rows() if row["item"] == item), {})

    def take_messages(self) -> list[str]:
        """What lies on the jobs queues, delayed or not; it is taken off."""
        return [body for url in (self.queue_url, self.queue_url + AFTER_CALL) for body in self._take_messages(url)]

    def _take_messages(self, url: str) -> Iterator[str]:
        while messages := self.client("sqs").receive_message(QueueUrl=url).get("Messages", []):
            for message in messages:
                yield message["Body"]
                self.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


@pytest.fixture
def cloud(environment: pytest.MonkeyPatch) -> Iterator[Aws]:
    """AWS by moto, with the tables and the queue as infra/resources.yaml describes them, and the bucket."""
    with mock_aws():
        cloud = Aws()
        for name, properties in resources.tables().items():
            cloud.client("dynamodb").create_table(TableName=name, **properties)
        cloud.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        cloud.queue_url = cloud.client("sqs").create_queue(QueueName="cordboard-test-jobs")["QueueUrl"]
        cloud.client("sqs").create_queue(QueueName=f"cordboard-test-jobs{AFTER_CALL}")
        environment.setenv("JOBS_QUEUE_URL", cloud.queue_url)
        forget_everything()
        yield cloud


@pytest.fixture
def twilio(environment: pytest.MonkeyPatch) -> FakeTwilio:
    fake = FakeTwilio()
    environment.setattr(rest.client, "http_client", lambda api_url: fake)
    return fake


@pytest.fixture(scope="session")
def laptop() -> Iterator["Laptop"]:
    """The package on a local AWS with the emulator as Twilio: one for all tests, one after the other."""
    from laptop import environment as laptop_environment

    with laptop_environment.running() as started:
        yield started
