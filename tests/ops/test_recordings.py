"""Recorded talks: who may listen is a worker with a PIN, and the bucket keeps what is held."""

from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from ops import deployment
from ops.callcenter import check
from ops.callcenter.files import Center
from ops.doctor import aws
from ops.doctor.check import Finding, StageUnderTest
from ops.project import Project
from tests.ops.files import center
from tests.support import resources

BUCKET = "cordboard-test-messages-123456789012-eu-west-1"


def recorded(listener: str = "Bea", pin: str = 'pin = "4711"\n', keep_days: int = 30, kept_in: str = "s3") -> Center:
    table = f'[queues.Support.recording]\nrecord = "both"\nnotice = "Recorded."\nkeep_days = {keep_days}\n'
    table += f'who_may_listen = ["{listener}"]\n' if listener else ""
    staff = f'[staff]\nnumbers = ["+14155550105"]\n[messages]\nkept_in = "{kept_in}"\n[workspace]'
    workers = (
        f'[workers.Bea]\n{pin}contact_uri = "+14155550111"\n[workers.Bea.attributes]\nqueues = ["Support", "Sales"]\n'
    )
    return center(("[workspace]", f"{table}{staff}"), workers=workers)


def test_who_may_listen_is_one_of_the_workers() -> None:
    assert check.problems(recorded()) == [] and check.warnings(recorded()) == []
    (told,) = check.problems(recorded("Zoe"))
    assert told == "callcenter.toml: queues.Support.recording.who_may_listen[0] is 'Zoe': allowed: Bea"


def test_who_may_listen_and_has_no_pin_is_warned_of() -> None:
    (told,) = check.warnings(recorded(pin=""))
    assert told.startswith("callcenter.toml: queues.Support.recording.who_may_listen[0] is 'Bea': who has no pin")


def test_the_bucket_deletes_by_itself_a_day_after_the_sweep_would_have() -> None:
    assert deployment._recording_days(recorded(keep_days=30).application) == 31
    assert deployment._recording_days(center().application) == 3651


# --- The doctor on the bucket


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("MESSAGES_BUCKET", BUCKET)
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        yield s3


def found(tmp_path: Path, files: Center) -> list[Finding]:
    (tmp_path / ".chalice").mkdir(exist_ok=True)
    variables = f'{{"MESSAGES_BUCKET": "{BUCKET}"}}'
    (tmp_path / ".chalice" / "config.json").write_text(
        f'{{"stages": {{"test": {{"environment_variables": {variables}}}}}}}'
    )
    return list(aws.recordings(StageUnderTest(Project("test", tmp_path), None, files, 0.0)))


def forget(s3: Any, *rules: dict[str, Any]) -> None:
    s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": list(rules)})


def rule(name: str, given: dict[str, Any]) -> dict[str, Any]:
    return {"ID": name, "Status": "Enabled", "Filter": given, "Expiration": {"Days": 31}}


OF_MESSAGES = rule("forget", {"Prefix": "voicemail/"})
OF_TALKS = rule("talks", {"And": {"Prefix": "recordings/", "Tags": [{"Key": "expires", "Value": "yes"}]}})


def test_the_bucket_that_is_deployed_keeps_what_is_held(tmp_path: Path, s3: Any) -> None:
    forget(s3, OF_MESSAGES, OF_TALKS)
    assert [one.verdict for one in found(tmp_path, recorded())] == ["pass"]


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ((rule("forget", {"Prefix": ""}),), "deletes recordings that are held, too"),
        ((OF_MESSAGES, rule("talks", {"Prefix": "recordings/"})), "deletes recordings that are held, too"),
        ((OF_MESSAGES,), "has no rule that forgets recordings"),
    ],
)
def test_a_bucket_of_an_older_version_is_a_failure(
    tmp_path: Path, s3: Any, rules: tuple[dict[str, Any], ...], why: str
) -> None:
    forget(s3, *rules)
    (one,) = found(tmp_path, recorded())
    assert one.verdict == "failure" and why in one.why and one.fix == "./cordboard deploy --stage test"


def test_a_bucket_that_is_not_there_is_a_failure(tmp_path: Path, s3: Any) -> None:
    s3.delete_bucket(Bucket=BUCKET)
    (one,) = found(tmp_path, recorded())
    assert one.verdict == "failure" and "cannot be read" in one.why


def test_nothing_is_said_where_nothing_is_recorded(tmp_path: Path, s3: Any) -> None:
    assert found(tmp_path, center()) == found(tmp_path, recorded("", kept_in="twilio")) == []


def test_the_template_has_these_rules() -> None:
    rules = resources.resources()["MessagesBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert [found["Prefix"] for found in rules] == ["voicemail/", "recordings/"]
