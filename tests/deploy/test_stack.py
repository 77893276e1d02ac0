"""The resources stack, and whom AWS lets in: what may go wrong before anything of ours runs."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from laptop import deploy_proxy as translating
from laptop import local_aws
from laptop.local_aws import LocalAws
from ops import stage
from ops.__main__ import main
from ops.aws import stack
from ops.errors import AwsError
from ops.stage import ROOT

ROW = {"call_sid": {"S": "CA1"}, "item": {"S": "CALL"}}


@pytest.fixture(scope="module")
def endpoint(local: LocalAws) -> Iterator[str]:
    with translating.running(local) as proxy:
        yield proxy.url


@pytest.fixture
def person(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Somebody with the local account's keys."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**local_aws.CREDENTIALS, "AWS_ENDPOINT_URL": endpoint}.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "infra", tmp_path / "infra")
    return tmp_path


def parameters(local: LocalAws, name: str) -> dict[str, str]:
    (found,) = local.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    return {it["ParameterKey"]: it["ParameterValue"] for it in found["Parameters"]}


def change(root: Path, edit: Any) -> None:
    """Edit the template."""
    file = root / "infra" / "resources.yaml"
    template = yaml.safe_load(file.read_text(encoding="utf-8"))
    edit(template["Resources"])
    file.write_text(yaml.safe_dump(template), encoding="utf-8")


def test_it_is_made_then_left_alone_then_updated(person: pytest.MonkeyPatch, root: Path) -> None:
    made = stack.deploy("one", root, {})
    assert (made.did, made.outputs["LinksTable"]) == ("created", "cordboard-one-links")
    assert stack.deploy("one", root, {}).did == ""
    change(root, lambda resources: resources["JobsQueue"]["Properties"].update(VisibilityTimeout=30))
    assert stack.deploy("one", root, {}).did == "updated"


def test_a_parameter_is_kept_until_it_is_given_anew(person: pytest.MonkeyPatch, root: Path, local: LocalAws) -> None:
    name = stack.deploy("two", root, {"AlarmEmail": "team@example.com"}).name
    stack.deploy("two", root, {"LogDays": "7"})
    known = parameters(local, name)
    assert (known["AlarmEmail"], known["LogDays"], known["Stage"]) == ("team@example.com", "7", "two")


def test_a_parameter_that_the_template_does_not_have_is_refused(person: pytest.MonkeyPatch, root: Path) -> None:
    with pytest.raises(AwsError, match="no parameter AlarmMail; it has Stage, AlarmEmail"):
        stack.deploy("three", root, {"AlarmMail": "team@example.com"})


def test_a_table_that_exists_already_is_refused_and_adopted_with_its_rows_on_request(
    person: pytest.MonkeyPatch, root: Path, local: LocalAws
) -> None:
    table = "cordboard-four-links"
    first = stack.deploy("four", root, {}).name
    local.client("dynamodb").put_item(TableName=table, Item=ROW)
    local.client("cloudformation").delete_stack(StackName=first)  # its tables and its bucket stay
    # The local AWS takes no bucket into a stack.
    local.client("s3").delete_bucket(Bucket=f"cordboard-four-messages-000000000000-{local_aws.REGION}")

    with pytest.raises(AwsError, match=f"(?s){table} exists already.*--adopt.*aws dynamodb delete-table"):
        stack.deploy("four", root, {})
    assert stack.deploy("four", root, {}, adopt=True).did == "created"

    assert local.client("dynamodb").scan(TableName=table)["Items"] == [ROW]
    assert stack.deploy("four", root, {"LogDays": "7"}).did == "updated"
    assert local.client("dynamodb").scan(TableName=table)["Items"] == [ROW]


def test_a_stack_that_fails_leaves_nothing_says_why_and_can_be_made_again(
    person: pytest.MonkeyPatch, root: Path, local: LocalAws
) -> None:
    broken = {"Type": "AWS::Events::EventBus", "Properties": {"Name": "cordboard-bus"}, "DependsOn": ["LinksTable"]}
    local.client("events").create_event_bus(Name="cordboard-bus")
    change(root, lambda resources: resources.update(Broken=broken))
    with pytest.raises(AwsError, match=r"(?s)was rolled back: Broken: .*exists.*delete it"):
        stack.deploy("five", root, {})
    assert "cordboard-five-links" not in local.client("dynamodb").list_tables()["TableNames"]

    change(root, lambda resources: resources.pop("Broken"))
    assert stack.deploy("five", root, {}).did == "created"


def test_production_cannot_be_deleted_by_mistake(person: pytest.MonkeyPatch, root: Path, local: LocalAws) -> None:
    names = [stack.deploy(name, root, {}).name for name in ("prod", "six")]
    found = [local.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0] for name in names]
    assert [it["EnableTerminationProtection"] for it in found] == [True, False]


OLD = {
    "by_worker_leg": [{"AttributeName": "worker_call_sid", "KeyType": "HASH"}],
    "by_worker": [
        {"AttributeName": "worker_sid", "KeyType": "HASH"},
        {"AttributeName": "reserved_at", "KeyType": "RANGE"},
    ],
}


def as_of_an_older_version(resources: Any) -> None:
    """Two of the indexes are the whole rows, under other names."""
    table = resources["LinksTable"]["Properties"]
    whole = [
        {"IndexName": name, "KeySchema": key, "Projection": {"ProjectionType": "ALL"}} for name, key in OLD.items()
    ]
    kept = [index for index in table["GlobalSecondaryIndexes"] if not index["IndexName"].startswith("keys_")]
    table["GlobalSecondaryIndexes"] = [*whole, *kept]


def indexes_of(local: LocalAws, table: str) -> set[str]:
    found = local.client("dynamodb").describe_table(TableName=table)["Table"]
    return {index["IndexName"] for index in found["GlobalSecondaryIndexes"]}


def test_a_table_with_two_other_indexes_is_brought_up_to_date_one_index_at_a_time_and_keeps_its_rows(
    person: pytest.MonkeyPatch, root: Path, local: LocalAws
) -> None:
    table = "cordboard-eight-links"
    change(root, as_of_an_older_version)
    stack.deploy("eight", root, {})
    row = {**ROW, "item": {"S": "WR1"}, "worker_call_sid": {"S": "CA2"}}
    local.client("dynamodb").put_item(TableName=table, Item=row)
    walked = [indexes_of(local, table)]
    ours = stack._update

    def update(cloudformation: Any, asked: Any) -> str:
        did = ours(cloudformation, asked)
        stack._settled(cloudformation, asked["StackName"])
        walked.append(indexes_of(local, table))
        return did

    person.setattr(stack, "_update", update)
    shutil.copy(ROOT / "infra" / "resources.yaml", root / "infra" / "resources.yaml")
    assert [stack.deploy("eight", root, {}).did for _ in range(3)] == ["updated", "updated", ""]

    kept, new = {"by_day", "open"}, ["keys_by_worker_leg", "keys_by_worker"]
    assert walked == [
        kept | {*OLD},
        kept | {*OLD, new[0]},
        kept | {*OLD, *new},
        kept | {"by_worker", *new},
        kept | {*new},
        kept | {*new},
    ]
    found = local.client("dynamodb").query(
        TableName=table,
        IndexName="keys_by_worker_leg",
        KeyConditionExpression="worker_call_sid = :leg",
        ExpressionAttributeValues={":leg": {"S": "CA2"}},
    )
    assert [item["item"] for item in found["Items"]] == [{"S": "WR1"}]
    assert local.client("dynamodb").scan(TableName=table)["Items"] == [row]


def test_the_template_is_small_enough_to_be_sent_as_it_is() -> None:
    assert (ROOT / "infra" / "resources.yaml").stat().st_size < 51_200


# --- Who may not


def deploy(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(["deploy", *words, "--yes"])
    return code, capsys.readouterr().err


def test_a_stage_that_does_not_exist_is_refused_with_those_that_do(
    person: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = deploy(capsys, "--stage", "stagging")
    assert code == 2
    assert f"there is no stage 'stagging' in .chalice/config.json; there are {', '.join(stage.names())}" in said


def test_wrong_credentials_are_said_to_be_wrong(person: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    person.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    code, said = deploy(capsys)
    assert code == 1
    assert "stopped at account: AWS does not know these credentials" in said
    assert "aws sso login" in said
    assert "python -m ops deploy --stage dev --yes" in said


def test_no_credentials_are_said_to_be_missing(
    person: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        person.delenv(name)
    nothing_configured(person, tmp_path)
    person.setenv("AWS_EC2_METADATA_DISABLED", "true")
    code, said = deploy(capsys)
    assert code == 1
    assert "there are no AWS credentials" in said


def nothing_configured(person: pytest.MonkeyPatch, folder: Path) -> None:
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        person.setenv(name, str(folder / "none"))


def test_a_region_that_is_not_set_is_asked_for(
    person: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    nothing_configured(person, tmp_path)
    person.delenv("AWS_DEFAULT_REGION")
    code, said = deploy(capsys)
    assert code == 1
    assert "set AWS_DEFAULT_REGION" in said


def test_a_profile_that_does_not_exist_is_named(
    person: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    nothing_configured(person, tmp_path)
    person.setenv("AWS_PROFILE", "nobody")
    code, said = deploy(capsys)
    assert code == 1
    assert "there is no AWS profile 'nobody'" in said


def test_credentials_without_the_right_are_told_what_they_may_not(
    person: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], local: LocalAws
) -> None:
    iam = local.client("iam")
    iam.create_user(UserName="visitor")
    key = iam.create_access_key(UserName="visitor")["AccessKey"]
    person.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    person.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    code, said = deploy(capsys, "--only", "secret")
    assert code == 1
    assert "cannot read the parameter /cordboard/dev/twilio: these AWS credentials may not do that" in said
    assert "python -m ops deploy --stage dev --only secret --yes" in said


def test_an_aws_that_does_not_answer_is_said_to_be_out_of_reach(
    person: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    person.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{local_aws.free_port()}")
    code, said = deploy(capsys)
    assert code == 1
    assert "AWS does not answer" in said


def test_a_parameter_without_a_value_makes_no_sense(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["deploy", "--set", "AlarmEmail"]) == 2
    assert "'AlarmEmail' is not NAME=VALUE" in capsys.readouterr().err
