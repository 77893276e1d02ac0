"""Whoever reads the mails on the laptop: a queue that is subscribed to the topic, and a thread that reads it."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

from laptop.local_aws import LocalAws

LOOK_SECONDS = 1  # of one long poll; so long a stop takes at most


def _nothing(subject: str, text: str) -> None:
    """Nobody looks."""


@dataclass
class Mailbox:
    """`on_mail` is called with subject and text of each mail as it comes."""

    mails: list[tuple[str, str]] = field(default_factory=list)
    on_mail: Callable[[str, str], None] = _nothing

    def take(self, body: str) -> None:
        """A message of the topic, as SNS puts it on a queue."""
        mail = json.loads(body)
        self.mails.append((mail.get("Subject") or "", mail["Message"]))
        self.on_mail(*self.mails[-1])


@contextmanager
def running(aws: LocalAws, topic_arn: str) -> Iterator[Mailbox]:
    """A mailbox that is subscribed to the topic, until the block ends."""
    mailbox, url, over = Mailbox(), _subscribed(aws, topic_arn), Event()
    reader = Thread(target=_read, args=(aws, url, mailbox, over), daemon=True)
    reader.start()
    try:
        yield mailbox
    finally:
        over.set()
        reader.join()


def _subscribed(aws: LocalAws, topic_arn: str) -> str:
    sqs = aws.client("sqs")
    url = str(sqs.create_queue(QueueName="cordboard-local-mails")["QueueUrl"])
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    may = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    aws.client("sns").subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn)
    return url


def _read(aws: LocalAws, url: str, mailbox: Mailbox, over: Event) -> None:
    sqs = aws.client("sqs")
    while not over.is_set():
        for message in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=LOOK_SECONDS).get("Messages", []):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            mailbox.take(message["Body"])
