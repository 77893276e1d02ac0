"""SQS on a bad day: most messages reach the function twice.

The application sends to its own queues as always. A second queue behind each triggers the function instead, and a
thread moves each message across, most of them once more: at once or some seconds later.
"""

import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from laptop import package
from laptop.local_aws import LocalAws

TWICE = "-twice"  # the end of a second queue's name
COPIED = 0.8
COPY_DELAYS = (0, 0, 1, 5)  # seconds; a copy without delay is worked on beside the first one
COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


@dataclass
class Deliveries:
    """`sent` counts the application's messages, `copies` those that came on top."""

    copied: float
    queue_urls: list[str] = field(default_factory=list)  # each of the application's, and the one behind it
    sent: int = 0
    copies: int = 0


@contextmanager
def delivering_twice(
    aws: LocalAws, copied: float = COPIED, seed: int = 0, again_after: int | None = None
) -> Iterator[Deliveries]:
    """Until the block ends, the part `copied` of the messages comes twice. Then all is as it was before.

    `again_after` is the second queues' visibility timeout in seconds, that of the application's unless given.
    """
    deliveries = Deliveries(copied)
    with ExitStack() as queues:
        for url in package.queue_urls(aws):
            queues.enter_context(_carrying(aws, url, deliveries, seed, again_after))
        yield deliveries


@contextmanager
def _carrying(aws: LocalAws, first: str, deliveries: Deliveries, seed: int, again_after: int | None) -> Iterator[None]:
    """Until the block ends, this queue of the application's leads to another one, and that to the function."""
    queues, functions = aws.client("sqs"), aws.client("lambda")
    second = _second_queue(queues, first, again_after)
    [trigger] = functions.list_event_source_mappings(EventSourceArn=_arn(queues, first))["EventSourceMappings"]
    behind = functions.create_event_source_mapping(
        EventSourceArn=_arn(queues, second), FunctionName=trigger["FunctionArn"], BatchSize=trigger["BatchSize"]
    )
    functions.update_event_source_mapping(UUID=trigger["UUID"], Enabled=False)
    deliveries.queue_urls.extend([first, second])
    stopping, chance = threading.Event(), random.Random(f"{seed}:{first}")  # noqa: S311 - which one comes twice is no secret
    given = (queues, (first, second), deliveries, chance, stopping)
    carrier = threading.Thread(target=_carry, args=given, daemon=True)
    carrier.start()
    try:
        yield
    finally:
        stopping.set()
        carrier.join()
        functions.update_event_source_mapping(UUID=trigger["UUID"], Enabled=True)
        functions.delete_event_source_mapping(UUID=behind["UUID"])
        queues.delete_queue(QueueUrl=second)


def waiting(aws: LocalAws, queue_urls: Sequence[str]) -> int:
    """Messages on these queues: visible, being worked on, and delayed ones."""
    queues = aws.client("sqs")
    counts = [queues.get_queue_attributes(QueueUrl=url, AttributeNames=COUNTS)["Attributes"] for url in queue_urls]
    return sum(int(count[name]) for count in counts for name in COUNTS)


def _second_queue(queues: Any, first: str, again_after: int | None) -> str:
    """A queue with the visibility timeout and the dead-letter queue of the application's."""
    names = ["VisibilityTimeout", "RedrivePolicy"]
    same = queues.get_queue_attributes(QueueUrl=first, AttributeNames=names)["Attributes"]
    if again_after is not None:
        same["VisibilityTimeout"] = str(again_after)
    return str(queues.create_queue(QueueName=first.rpartition("/")[2] + TWICE, Attributes=same)["QueueUrl"])


def _arn(queues: Any, url: str) -> str:
    return str(queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])


def _carry(
    queues: Any, urls: tuple[str, str], deliveries: Deliveries, chance: random.Random, stopping: threading.Event
) -> None:
    first, second = urls
    while not stopping.is_set():
        answer = queues.receive_message(QueueUrl=first, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for message in answer.get("Messages", []):
            queues.send_message(QueueUrl=second, MessageBody=message["Body"])
            deliveries.sent += 1
            if chance.random() < deliveries.copied:
                delay = chance.choice(COPY_DELAYS)
                queues.send_message(QueueUrl=second, MessageBody=message["Body"], DelaySeconds=delay)
                deliveries.copies += 1
            queues.delete_message(QueueUrl=first, ReceiptHandle=message["ReceiptHandle"])
