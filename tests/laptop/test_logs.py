"""The log as an operator finds it: in the stack's own groups, and all of a call by its CallSid."""

import json
from typing import Any

import pytest

from laptop.environment import Laptop
from tests.laptop.test_sweep import link_of, talk, task_of
from tests.support.waiting import eventually

GROUPS = {f"/aws/lambda/cordboard-local{name}" for name in ("", "-jobs_consumer", "-after_call", "-sweep")}


@pytest.fixture(scope="module")
def call_sid(laptop: Laptop) -> str:
    """A caller who talked to a worker; the task is completed."""
    sid = talk(laptop)

    def is_over() -> bool:
        task = task_of(laptop, sid)
        return task is not None and task.status == "completed"

    eventually(is_over)
    eventually(lambda: any(line["event"] == "wrap-up is over" for line in ours(laptop, sid)))
    return sid


def ours(laptop: Laptop, sid: str) -> list[dict[str, Any]]:
    """The lines of ours in which this sid stands, by any name, each with its group."""
    logs, found = laptop.aws.client("logs"), []
    for group in GROUPS:
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group):
            messages = [event["message"] for event in page["events"]]
            found += [{**json.loads(text), "group": group} for text in messages if sid in text and text[0] == "{"]
    return found


def test_the_functions_write_into_the_groups_of_the_stack_which_forget(laptop: Laptop, call_sid: str) -> None:
    groups = laptop.aws.client("logs").describe_log_groups()["logGroups"]
    kept = {group["logGroupName"]: group.get("retentionInDays") for group in groups}
    assert kept == dict.fromkeys(GROUPS, 30)


def test_everything_about_a_call_is_found_by_the_callers_sid(laptop: Laptop, call_sid: str) -> None:
    link, found = link_of(laptop, call_sid), ours(laptop, call_sid)
    assert {line["group"].removeprefix("/aws/lambda/cordboard-local") for line in found} == {"", "-after_call"}
    for sid in (link["item"], link["task_sid"], link["worker_call_sid"]):
        assert [line for line in ours(laptop, sid) if line.get("call_sid") != call_sid] == []
    assert {line["task_sid"] for line in found if "task_sid" in line} == {link["task_sid"]}


def test_each_line_names_the_request_that_wrote_it(laptop: Laptop, call_sid: str) -> None:
    found = ours(laptop, call_sid)
    assert len({line["request_id"] for line in found}) > 4


def test_the_metrics_of_the_call_carry_the_stage_that_the_alarms_look_at(laptop: Laptop, call_sid: str) -> None:
    measured = [line for line in ours(laptop, call_sid) if "_aws" in line]
    assert "StillWaiting" in {name for line in measured for name in line}
    assert {line["Stage"] for line in measured} == {"local"}
    dimensions = laptop.aws.client("cloudwatch").describe_alarms(AlarmNames=["cordboard-local-long-wait"])
    assert dimensions["MetricAlarms"][0]["Dimensions"] == [{"Name": "Stage", "Value": "local"}]
