"""From a log line to the operator's topic: the deployed alarms ring for what the deployed functions write."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from laptop import call_centre
from laptop.environment import Laptop, post_form
from tests.support.waiting import eventually

LOG_GROUP = "/aws/lambda/cordboard-local"
FORGED = "CA" + "f0" * 16
ALARM = "cordboard-local-webhooks-refused"


@pytest.fixture
def mailbox(laptop: Laptop) -> Iterator[str]:
    """A queue that hears what the alarms' topic says; its URL."""
    sqs, sns = laptop.aws.client("sqs"), laptop.aws.client("sns")
    url = sqs.create_queue(QueueName="mailbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    may = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    sqs.set_queue_attributes(
        QueueUrl=url, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [may]})}
    )
    (topic,) = sns.list_topics()["Topics"]
    subscription = sns.subscribe(TopicArn=topic["TopicArn"], Protocol="sqs", Endpoint=arn)["SubscriptionArn"]
    yield url
    sns.unsubscribe(SubscriptionArn=subscription)
    sqs.delete_queue(QueueUrl=url)


def rang(laptop: Laptop, mailbox: str) -> set[str]:
    """The alarms that the topic has published since the last look."""
    found = laptop.aws.client("sqs").receive_message(QueueUrl=mailbox, MaxNumberOfMessages=10, WaitTimeSeconds=1)
    notices = [json.loads(json.loads(message["Body"])["Message"]) for message in found.get("Messages", ())]
    return {alarm["AlarmName"] for alarm in notices if alarm["NewStateValue"] == "ALARM"}


class Extraction:
    """Does what CloudWatch does with lines in its embedded metric format, and what the local AWS does not.

    The local AWS also sums a metric up over all dimensions: so it gets only the one that the alarm looks at.
    """

    def __init__(self, laptop: Laptop) -> None:
        self._logs, self._cloudwatch = laptop.aws.client("logs"), laptop.aws.client("cloudwatch")
        self._seen: set[str] = set()
        (alarm,) = self._cloudwatch.describe_alarms(AlarmNames=[ALARM])["MetricAlarms"]
        self._watched = {dimension["Name"]: dimension["Value"] for dimension in alarm["Dimensions"]}

    def _texts(self) -> Iterator[str]:
        """The lines of the forged webhooks; each has the id of its request, so that no two are the same."""
        for page in self._logs.get_paginator("filter_log_events").paginate(logGroupName=LOG_GROUP):
            yield from (event["message"] for event in page["events"] if FORGED in event["message"])

    def take(self) -> int:
        """Put the metrics of the lines that are new; how many lines those were."""
        new = set(self._texts()) - self._seen
        self._seen |= new
        lines = [json.loads(text) for text in new]
        for line in lines:
            for described in line.get("_aws", {}).get("CloudWatchMetrics", ()):
                self._put(line, described)
        return len(lines)

    def _put(self, line: dict[str, Any], described: dict[str, Any]) -> None:
        data = [
            {
                "MetricName": metric["Name"],
                "Unit": metric["Unit"],
                "Value": line[metric["Name"]],
                "Timestamp": line["_aws"]["Timestamp"] / 1000,
                "Dimensions": [{"Name": name, "Value": line[name]} for name in names],
            }
            for metric in described["Metrics"]
            for names in described["Dimensions"]
            if {name: line[name] for name in names} == self._watched
        ]
        if data:
            self._cloudwatch.put_metric_data(Namespace=described["Namespace"], MetricData=data)


def test_a_wrong_token_rings_the_operator_and_a_stranger_does_not(laptop: Laptop, mailbox: str) -> None:
    extraction = Extraction(laptop)

    def forge(times: int, **form: str) -> None:
        """A webhook that nobody signed; returns when its lines are taken in."""
        statuses = {post_form(laptop, "/voice/incoming", {"CallSid": FORGED, **form}, "forged") for _ in range(times)}
        assert statuses == {403}
        missing = times

        def all_are_taken() -> bool:
            nonlocal missing
            missing -= extraction.take()
            return missing == 0

        eventually(all_are_taken)

    forge(5)
    forge(2, AccountSid=call_centre.ACCOUNT_SID)
    assert rang(laptop, mailbox) == set()
    forge(1, AccountSid=call_centre.ACCOUNT_SID)
    eventually(lambda: rang(laptop, mailbox) == {ALARM})
