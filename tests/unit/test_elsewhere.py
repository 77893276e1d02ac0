"""The pages of Twilio's and AWS's consoles about one call."""

import re
from urllib.parse import unquote

import pytest
import yaml

from chalicelib.links.model import Call, CallRecord, Link
from chalicelib.reports import elsewhere
from chalicelib.reports.elsewhere import Where
from ops.stage import ROOT

CALL, LEG, TASK, WORKSPACE = (
    f"{kind}{digit * 32}" for kind, digit in (("CA", "1"), ("CA", "2"), ("WT", "3"), ("WS", "4"))
)
WHERE = Where(WORKSPACE, "prod", "eu-west-1")
AT = 1795230000.0  # 2026-11-21T03:00:00Z


def link(**known: object) -> Link:
    fields: dict[str, object] = {"subject": CALL, "reservation_sid": "WR" + "5" * 32, "reserved_at": AT, **known}
    return Link(**fields)  # type: ignore[arg-type]


def record(*links: Link) -> CallRecord:
    return CallRecord(Call(call_sid=CALL, at=AT), links)


def urls(found: CallRecord) -> dict[str, str]:
    return {place.what: place.url for place in elsewhere.places(found, WHERE)}


def test_each_leg_and_task_has_its_page_at_twilio() -> None:
    found = urls(record(link(task_sid=TASK, worker_call_sid=LEG, worker_name="Bea")))
    assert found["The caller's leg at Twilio"] == f"https://www.twilio.com/console/voice/calls/logs/{CALL}"
    assert found["The leg of Bea at Twilio"].endswith(f"/voice/calls/logs/{LEG}")
    assert found["The task at Twilio"].endswith(f"/taskrouter/workspaces/{WORKSPACE}/tasks/{TASK}")


def test_a_task_that_was_offered_twice_is_there_once_and_a_leg_that_was_not_placed_not_at_all() -> None:
    found = urls(record(link(task_sid=TASK), link(task_sid=TASK, reservation_sid="WR" + "6" * 32)))
    assert list(found) == ["The caller's leg at Twilio", "The task at Twilio", "The log lines"]


def test_tasks_are_counted_where_there_are_several_and_a_leg_is_of_somebody() -> None:
    again = link(task_sid="WT" + "9" * 32, reservation_sid="WR" + "6" * 32, worker_call_sid=LEG, worker_sid="WK1")
    found = urls(record(link(task_sid=TASK), link(reservation_sid="WR" + "7" * 32), again))
    assert list(found) == [
        "The caller's leg at Twilio",
        "The leg of WK1 at Twilio",
        "Task 1 at Twilio",
        "Task 2 at Twilio",
        "The log lines",
    ]
    assert found["Task 1 at Twilio"].endswith(TASK) and found["Task 2 at Twilio"].endswith("WT" + "9" * 32)


def test_the_log_lines_are_of_the_first_thing_that_is_known_to_the_last() -> None:
    url = urls(record(link(reserved_at=AT + 10, closed_at=AT + 600), link(reserved_at=AT + 20)))["The log lines"]
    assert "end~'2026-11-21T04*3a10*3a00.000Z~start~'2026-11-21T02*3a59*3a00.000Z" in url


def test_work_that_is_no_call_has_no_leg_of_a_caller() -> None:
    found = urls(CallRecord(None, (link(subject=TASK, task_sid=TASK),)))
    assert list(found) == ["The task at Twilio", "The log lines"]


def decoded(url: str) -> str:
    """What AWS's console makes of it: *xx is a character."""
    return re.sub(r"\*([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), url)


def test_the_log_lines_are_the_saved_query_with_the_sid_in_the_time_of_the_call() -> None:
    url = urls(record(link()))["The log lines"]
    console = "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logsV2:logs-insights"
    assert url.startswith(
        f"{console}$3FqueryDetail$3D~(end~'2026-11-21T04*3a00*3a00.000Z~start~'2026-11-21T02*3a59*3a00.000Z"
    )
    assert not re.search(r"[^A-Za-z0-9:/?=#$~()'*._-]", url) and unquote(url) == url
    template = yaml.safe_load((ROOT / "infra" / "resources.yaml").read_text(encoding="utf-8"))
    saved = template["Resources"]["OneCallQuery"]["Properties"]["QueryString"]
    _comment, _, query = saved.partition("\n")
    assert f"editorString~'{query.replace('CallSid', CALL)}~source" in decoded(url)
    logs = [it["Properties"] for it in template["Resources"].values() if it["Type"] == "AWS::Logs::LogGroup"]
    names = [it["LogGroupName"]["Fn::Sub"].replace("${Stage}", "prod") for it in logs]
    assert decoded(url).endswith(f"source~({''.join(chr(126) + chr(39) + name for name in names)}))")


@pytest.mark.parametrize("hostile", ["'~)", "a b\n", "*2f", "é"])
def test_a_text_of_a_query_cannot_leave_its_quotes(hostile: str) -> None:
    written = elsewhere._text(hostile)
    assert written[0] == "'" and decoded(written[1:]) == hostile and not set(written[1:]) & set("'~() \n")


def test_nothing_is_asked_of_the_logs_where_no_time_is_known() -> None:
    assert list(urls(CallRecord(None, (link(reserved_at=0.0),)))) == ["The caller's leg at Twilio"]
