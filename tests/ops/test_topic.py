"""Whether anybody listens to the topic: only then do the functions write mails."""

import json
from pathlib import Path

import pytest

from ops import deployment, stage
from ops.aws import stack, topic
from ops.deployment import Deployment
from ops.errors import AwsError
from ops.project import Project
from tests.conftest import Aws
from tests.ops.files import CENTER


def test_only_a_topic_that_somebody_is_subscribed_to_is_worth_a_mail(cloud: Aws) -> None:
    sns = cloud.client("sns")
    arn = sns.create_topic(Name="cordboard-test-alarms")["TopicArn"]
    assert not topic.has_subscribers(arn)
    subscription = sns.subscribe(
        TopicArn=arn, Protocol="email", Endpoint="phones@example.com", ReturnSubscriptionArn=True
    )
    assert topic.has_subscribers(arn)
    sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    assert not topic.has_subscribers(arn)


def test_a_topic_that_is_not_there_is_one_sentence(cloud: Aws) -> None:
    arn = "arn:aws:sns:eu-west-1:123456789012:cordboard-test-alarms"
    with pytest.raises(AwsError, match=f"cannot read the subscriptions of {arn}"):
        topic.has_subscribers(arn)


def test_a_deployment_tells_the_functions_of_the_topic_while_somebody_is_subscribed(
    cloud: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".chalice").mkdir()
    (tmp_path / ".chalice" / "config.json").write_text(json.dumps({"stages": {"dev": {}}}))
    (tmp_path / "chalicelib" / "team").mkdir(parents=True)
    (tmp_path / "chalicelib" / "team" / "callcenter.toml").write_text(CENTER)
    arn = cloud.client("sns").create_topic(Name="cordboard-dev-alarms")["TopicArn"]
    outputs = {"JobsQueueUrl": "https://queue", "AlarmTopic": arn, "MessagesBucket": "m"}
    made = stack.Deployed("cordboard-dev-resources", "", outputs)
    monkeypatch.setattr(stack, "deploy", lambda *_: made)
    said: list[str] = []
    asked = Deployment(Project("dev", tmp_path), report=said.append)
    deployment._resources(asked)
    assert "MAIL_TOPIC_ARN" not in stage.read("dev", tmp_path)
    assert said[-1] == "  JOBS_QUEUE_URL and MESSAGES_BUCKET written to chalicelib/team/dev.json"
    one = cloud.client("sns").subscribe(TopicArn=arn, Protocol="sms", Endpoint="+14155550100")["SubscriptionArn"]
    deployment._resources(asked)
    assert stage.read("dev", tmp_path)["MAIL_TOPIC_ARN"] == arn
    cloud.client("sns").unsubscribe(SubscriptionArn=one)
    deployment._resources(asked)
    assert "MAIL_TOPIC_ARN" not in stage.read("dev", tmp_path)
