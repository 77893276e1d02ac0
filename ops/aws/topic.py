"""The topic of alarms and mails: whether anybody listens."""

from ops.aws import client


def has_subscribers(arn: str) -> bool:
    """Whether anybody is subscribed, or has been asked and not answered yet. Raises AwsError."""
    with client.plain(f"read the subscriptions of {arn}"):
        found = client.client("sns").list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    return any(subscription["SubscriptionArn"] != "Deleted" for subscription in found)
