"""The topic of alarms and mails: whether anybody listens."""

from ops.aws import client


def has_subscribers(arn: str) -> bool:
    """Whether anybody is subscribed, or has been asked and not said no. Raises AwsError."""
    with client.plain(f"read the topic {arn}"):
        found = client.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]
    return any(int(found.get(name, 0)) for name in ("SubscriptionsConfirmed", "SubscriptionsPending"))
