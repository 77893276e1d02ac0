"""The sweep as it is deployed, with the rights of its policy: it ends what no event came of."""

from collections.abc import Iterator
from typing import Any

import pytest

from emulator.taskrouter.model import Task
from emulator.voice.parties import answers, hangs_up, hears, joined, presses, talks
from laptop import call_centre, outcome, package
from laptop.environment import Laptop
from tests.support.api_gateway import schedule
from tests.support.waiting import eventually

LONG_AGO = 3600.0


@pytest.fixture
def no_events(laptop: Laptop) -> Iterator[None]:
    """Twilio sends no event of tasks and reservations."""
    workspace = laptop.twilio.router.workspace
    url = workspace.event_callback_url

    def send_events_to(where: str) -> None:
        workspace.event_callback_url = where

    laptop.do(lambda: send_events_to(""))
    yield
    laptop.do(lambda: send_events_to(url))


def talk(laptop: Laptop) -> str:
    """Bea takes Ann's call; returns the caller's CallSid."""
    bea, ann = call_centre.WORKERS["Bea"][0], call_centre.CALLERS["Ann"]

    def play() -> str:
        laptop.twilio.phone(bea).will(answers(1, [joined(), talks(1), hangs_up()]))
        laptop.call_centre.on_duty("Bea")
        return laptop.twilio.dial(ann, call_centre.SUPPORT, [hears("press 1"), presses("1"), joined()])

    return laptop.do(play)


def task_of(laptop: Laptop, call_sid: str) -> Task | None:
    tasks = laptop.do(lambda: list(laptop.twilio.router.workspace.tasks.values()))
    return next((task for task in tasks if task.call_sid == call_sid), None)


def link_of(laptop: Laptop, call_sid: str) -> dict[str, Any]:
    (link,) = outcome.links(outcome.call_rows(laptop.aws, call_sid))
    return link


def is_wrapping(laptop: Laptop, call_sid: str) -> bool:
    task = task_of(laptop, call_sid)
    return task is not None and task.status == "wrapping"


def pretend_it_is_open(laptop: Laptop, call_sid: str, reservation_sid: str) -> None:
    """The row as it stands when no event of the call's end came."""
    laptop.aws.client("dynamodb").update_item(
        TableName=f"cordboard-{package.STAGE}-links",
        Key={"call_sid": {"S": call_sid}, "item": {"S": reservation_sid}},
        UpdateExpression="SET #open = :link, check_at = :then, #state = :state REMOVE outcome, closed_at",
        ExpressionAttributeNames={"#open": "open", "#state": "state"},
        ExpressionAttributeValues={":link": {"S": "link"}, ":then": {"N": "1"}, ":state": {"S": "answered"}},
    )


def test_a_call_of_which_no_event_comes_is_ended_all_the_same(laptop: Laptop, no_events: None) -> None:
    call_sid = talk(laptop)
    eventually(lambda: is_wrapping(laptop, call_sid))
    task, bea = task_of(laptop, call_sid), laptop.call_centre.workers["Bea"]
    assert task is not None and bea.activity.friendly_name == "Available"  # what begins a wrap-up is an event
    assert "outcome" not in link_of(laptop, call_sid)

    task.updated -= LONG_AGO
    package.invoke(laptop.aws, "Sweep", schedule())
    assert (task.status, bea.activity.friendly_name) == ("completed", "Available")
    link = link_of(laptop, call_sid)
    assert (link["state"], link["outcome"], link["reason"]) == ("closed", "completed", "swept")

    pretend_it_is_open(laptop, call_sid, link["item"])
    package.invoke(laptop.aws, "Sweep", schedule())
    link = link_of(laptop, call_sid)
    assert (link["state"], link["outcome"]) == ("closed", "completed") and "open" not in link


def test_the_clock_of_aws_starts_it_each_minute(laptop: Laptop) -> None:
    (rule,) = laptop.aws.client("events").list_rules()["Rules"]
    assert (rule["ScheduleExpression"], rule["State"]) == ("rate(1 minute)", "ENABLED")
    (target,) = laptop.aws.client("events").list_targets_by_rule(Rule=rule["Name"])["Targets"]
    assert "Sweep" in target["Arn"] or "sweep" in target["Arn"]
