"""The local AWS by itself: it holds the functions to their policies, and it leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import urllib3
from botocore.exceptions import ClientError

from laptop import local_aws, package
from laptop.local_aws import LaptopError, LocalAws

GONE_SECONDS = 10.0

# Whoever runs the tests in the background may have had SIGINT ignored, and its children inherit that.
KEEP_IT_RUNNING = """
import pathlib, signal, sys
from laptop import local_aws
signal.signal(signal.SIGINT, signal.default_int_handler)
with local_aws.running(pathlib.Path(sys.argv[1])) as local:
    print(local.url, flush=True)
    sys.stdin.read()
"""


class FileSystem(NamedTuple):
    """What `os.statvfs` says of one."""

    f_bavail: int = 1024
    f_frsize: int = 4096
    f_flag: int = 0


@pytest.fixture
def in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file system in memory, with room for all."""
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(local_aws, "MEMORY", str(tmp_path))
    monkeypatch.setattr(local_aws, "ROOM_BYTES", 1024 * 4096)
    monkeypatch.setattr(os, "statvfs", lambda _path: FileSystem())
    return str(tmp_path)


def test_its_files_are_in_memory_where_there_is_room(in_memory: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert local_aws._place() == in_memory
    monkeypatch.setattr(local_aws, "ROOM_BYTES", 1024 * 4096 + 1)
    assert local_aws._place() is None


def test_its_files_are_where_the_user_wants_them(in_memory: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", f"{in_memory}/elsewhere")
    assert local_aws._place() is None


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no such file system is used")
def test_its_files_are_not_where_no_program_may_run(in_memory: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _path: FileSystem(f_flag=os.ST_NOEXEC))
    assert local_aws._place() is None


def test_its_files_are_in_the_usual_place_where_nothing_is_in_memory(
    in_memory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_aws, "MEMORY", f"{in_memory}/none")
    assert local_aws._place() is None


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with local_aws.running(tmp_path_factory.mktemp("aws") / "aws.log") as running:
        yield running


def answers(url: str) -> bool:
    try:
        return urllib3.request("GET", f"{url}/_ministack/health", retries=False, timeout=2).status == 200
    except urllib3.exceptions.HTTPError:
        return False


def is_gone(url: str) -> bool:
    """Whether it stops to answer within the time."""
    deadline = time.monotonic() + GONE_SECONDS
    while answers(url):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def refused(caller: LocalAws) -> str:
    """The code with which this caller is refused when it reads the queues."""
    with pytest.raises(ClientError) as error:
        caller.client("sqs").list_queues()
    return str(error.value.response["Error"]["Code"])


def test_a_caller_it_does_not_know_is_refused(local: LocalAws) -> None:
    stranger = LocalAws(local.url, "AKIAIOSFODNN7EXAMPLE", "a-secret")
    assert refused(stranger) in ("InvalidClientTokenId", "UnrecognizedClientException")


def test_a_caller_without_a_policy_may_do_nothing(local: LocalAws) -> None:
    iam = local.client("iam")
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    assert "AccessDenied" in refused(LocalAws(local.url, key["AccessKeyId"], key["SecretAccessKey"]))


def test_a_policy_opens_the_resource_that_it_names_and_no_other(local: LocalAws) -> None:
    local.client("sqs").create_queue(QueueName="ours")
    local.client("sqs").create_queue(QueueName="theirs")
    iam = local.client("iam")
    iam.create_user(UserName="sender")
    may = {"Effect": "Allow", "Action": ["sqs:GetQueueUrl"], "Resource": ["arn:aws:sqs:*:*:ours"]}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    iam.put_user_policy(UserName="sender", PolicyName="may", PolicyDocument=policy)
    key = iam.create_access_key(UserName="sender")["AccessKey"]
    sender = LocalAws(local.url, key["AccessKeyId"], key["SecretAccessKey"]).client("sqs")

    assert sender.get_queue_url(QueueName="ours")["QueueUrl"].endswith("/ours")
    with pytest.raises(ClientError, match="AccessDenied"):
        sender.get_queue_url(QueueName="theirs")


def test_what_this_machine_knows_of_a_real_account_is_left_alone(
    local: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "the-real-one")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert local.client("sts").get_caller_identity()["Account"] == "000000000000"
    assert {
        name: value for name, value in local_aws.environment().items() if name.startswith("AWS_")
    } == local_aws.CREDENTIALS


def test_it_listens_on_the_loopback_interface_only(local: LocalAws) -> None:
    assert answers(local.url)
    assert not answers(local.url.replace("127.0.0.1", "127.0.0.2"))  # a server on every interface answers here too


def test_it_leaves_no_file_but_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(local_aws, "MEMORY", str(tmp_path))
    with local_aws.running(tmp_path / "aws.log") as running:
        assert answers(running.url)
        assert len(list(tmp_path.iterdir())) > 1
    assert is_gone(running.url)
    assert [path.name for path in tmp_path.iterdir()] == ["aws.log"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda how: how.name)
def test_it_ends_with_the_process_that_started_it(how: signal.Signals, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KEEP_IT_RUNNING, str(tmp_path / "aws.log")],
        cwd=package.ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        assert answers(url)
        process.send_signal(how)
        process.wait(timeout=60)
    assert is_gone(url)
    assert [path.name for path in tmp_path.iterdir()] == ["aws.log"]


def test_an_aws_that_does_not_start_is_reported_with_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_aws, "UNTIL_ALONE", "raise SystemExit(3)")
    with (
        pytest.raises(LaptopError, match=r"ended with 3; its log is .*aws\.log"),
        local_aws.running(tmp_path / "aws.log"),
    ):
        pass


def test_a_proxy_is_not_asked_for_addresses_of_this_machine(monkeypatch: pytest.MonkeyPatch, local: LocalAws) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "intranet.example.com")
    local_aws.reach_loopback_directly()
    assert os.environ["no_proxy"] == "intranet.example.com,127.0.0.1,localhost"
    assert local.client("sqs").list_queues()["ResponseMetadata"]["HTTPStatusCode"] == 200
