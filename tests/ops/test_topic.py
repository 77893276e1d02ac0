"""Whether anybody listens to the topic: only then do the functions write mails."""

import pytest

from ops.aws import topic
from ops.errors import AwsError
from tests.conftest import Aws


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
