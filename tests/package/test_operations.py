"""What tells an operator how things are: alarms, logs, dashboard, saved queries; and what protects production."""

import json
import re
import subprocess
import sys
from typing import Any

import pytest

from bench import counts, money
from chalicelib.observability import metrics
from laptop import package
from tests.package.conftest import Package
from tests.support.checkout import OWN_TEAM

SECTIONS = re.findall(r"^### `([\w-]+)`", (package.ROOT / "docs" / "operations.md").read_text("utf-8"), re.MULTILINE)
MAY_COUNT = ("APIHandler", "JobsConsumer", "AfterCall", "Sweep")
ALARMS = {
    "api-5xx": "5XXError",
    "api-errors": "Errors",
    "api-throttles": "Throttles",
    "jobs_consumer-errors": "Errors",
    "jobs_consumer-throttles": "Throttles",
    "crm-failed": "CrmFailures",
    "dead-letters": "ApproximateNumberOfMessagesVisible",
    "webhook-errors": "WebhookErrors",
    "long-wait": "StillWaiting",
    "messages-not-kept": "MessagesNotKept",
    "old-after-call": "ApproximateAgeOfOldestMessage",
    "old-job": "ApproximateAgeOfOldestMessage",
    "sweep-errors": "Errors",
    "sweep-late": "SweepLate",
    "sweep-silent": "Invocations",
    "webhooks-refused": "WebhooksRefused",
    "worker-legs-failed": "WorkerLegsFailed",
}


def filled(packaged: Package, value: Any) -> str:
    """A value of the template as CloudFormation fills it in."""
    match value:
        case {"Fn::Sub": text} if isinstance(text, str):
            return text.replace("${Stage}", packaged.stage)
        case {"Ref": "Stage"}:
            return packaged.stage
        case {"Fn::GetAtt": [name, "QueueName"]}:
            return filled(packaged, packaged.template["Resources"][name]["Properties"]["QueueName"])
        case _:
            assert isinstance(value, str), value
            return value


def alarms(packaged: Package) -> dict[str, dict[str, Any]]:
    """Properties of each alarm, by its name without the stage."""
    found = packaged.resources("AWS::CloudWatch::Alarm").values()
    return {filled(packaged, alarm["AlarmName"]).removeprefix(f"cordboard-{packaged.stage}-"): alarm for alarm in found}


def test_there_is_an_alarm_for_each_way_to_lose_calls(packaged: Package) -> None:
    assert {name: alarm["MetricName"] for name, alarm in alarms(packaged).items()} == ALARMS


def test_every_alarm_rings_at_the_one_topic_and_says_when_it_is_over(packaged: Package) -> None:
    for alarm in alarms(packaged).values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlarmTopic"}]


def test_every_alarm_says_what_to_do_within_cloudwatchs_limit(packaged: Package) -> None:
    for alarm in alarms(packaged).values():
        said = alarm["AlarmDescription"]
        assert "docs/operations.md" in said and len(said) <= 1024


def test_the_runbook_has_a_section_for_every_alarm_and_for_no_other() -> None:
    assert sorted(SECTIONS) == sorted(ALARMS)


def test_a_stage_without_calls_rings_no_alarm_but_one_without_a_sweep_does(packaged: Package) -> None:
    missing = {name: alarm["TreatMissingData"] for name, alarm in alarms(packaged).items()}
    assert {name for name, treated in missing.items() if treated != "notBreaching"} == {"sweep-silent"}


def test_the_alarms_of_a_function_look_at_the_function_that_is_deployed(packaged: Package) -> None:
    names = {"api": "APIHandler", "jobs_consumer": "JobsConsumer", "after_call": "AfterCall", "sweep": "Sweep"}
    watched = [
        (name.rpartition("-")[0], dimension)
        for name, alarm in alarms(packaged).items()
        for dimension in alarm["Dimensions"]
        if dimension["Name"] == "FunctionName"
    ]
    assert len(watched) == 6
    for name, dimension in watched:
        assert filled(packaged, dimension["Value"]) == packaged.name_of(names[name])


def test_the_functions_are_named_as_chalice_deploy_names_them(packaged: Package) -> None:
    """So one set of alarms, log groups and policies holds for both ways to deploy."""
    names = {function: packaged.name_of(function) for function in packaged.functions}
    base = f"cordboard-{packaged.stage}"
    assert names == {
        "APIHandler": base,
        "JobsConsumer": f"{base}-jobs_consumer",
        "AfterCall": f"{base}-after_call",
        "Sweep": f"{base}-sweep",
    }


def test_each_function_has_a_log_group_that_forgets_and_is_there_before_it(packaged: Package) -> None:
    groups = {
        name: (filled(packaged, group["LogGroupName"]), group["RetentionInDays"])
        for name, group in packaged.resources("AWS::Logs::LogGroup").items()
    }
    for function in packaged.functions:
        first, *_ = packaged.template["Resources"][function]["DependsOn"]
        assert groups.pop(first) == (f"/aws/lambda/{packaged.name_of(function)}", {"Ref": "LogDays"})
    assert groups == {}
    assert packaged.template["Parameters"]["LogDays"]["Default"] == 30


def test_the_age_that_rings_leaves_a_message_its_wrap_up_and_its_retries(packaged: Package) -> None:
    """A message that waits for the end of a wrap-up may count as old; one that fails comes three times."""
    queue = packaged.template["Resources"]["JobsQueue"]["Properties"]
    retried = queue["VisibilityTimeout"] * queue["RedrivePolicy"]["maxReceiveCount"]
    assert packaged.template["Parameters"]["OldJobSeconds"]["Default"] > retried


def test_cloudwatch_of_this_account_may_publish_alarms_and_nobody_else(packaged: Package) -> None:
    (policy,) = packaged.resources("AWS::SNS::TopicPolicy").values()
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert policy["Topics"] == [{"Ref": "AlarmTopic"}]
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert (statement["Effect"], statement["Action"]) == ("Allow", "sns:Publish")
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_alarms_go_by_mail_when_an_address_is_given(packaged: Package) -> None:
    mail = packaged.template["Resources"]["AlarmMail"]
    assert mail["Condition"] == "AlarmsByMail" and mail["Properties"]["Endpoint"] == {"Ref": "AlarmEmail"}
    assert packaged.template["Conditions"]["AlarmsByMail"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmEmail"}, ""]}]}


def dashboard(packaged: Package) -> list[dict[str, Any]]:
    (board,) = packaged.resources("AWS::CloudWatch::Dashboard").values()
    widgets: list[dict[str, Any]] = json.loads(filled(packaged, board["DashboardBody"]))["widgets"]
    return widgets


OURS = {metric.name: metric for metric in vars(metrics).values() if isinstance(metric, metrics.Metric)}


def test_each_metric_of_ours_has_an_alarm_that_reads_what_the_functions_write(packaged: Package) -> None:
    """CloudWatch charges for each: what rings for nobody is a line of the log alone."""
    ours = {name: alarm for name, alarm in alarms(packaged).items() if alarm["Namespace"] == metrics.NAMESPACE}
    assert sorted(alarm["MetricName"] for alarm in ours.values()) == sorted(OURS)
    for alarm in ours.values():
        (dimension,) = alarm["Dimensions"]
        stage = filled(packaged, dimension["Value"])
        assert (dimension["Name"], {stage}) == ("Stage", {metrics.stage_of(packaged.name_of(f)) for f in MAY_COUNT})


def test_the_dashboard_shows_every_metric_of_ours_and_no_more_than_are_free(packaged: Package) -> None:
    shown = [metric for widget in dashboard(packaged) for metric in widget["properties"].get("metrics", ())]
    ours = [metric for metric in shown if metric[0] == metrics.NAMESPACE]
    assert {metric[1] for metric in ours} == set(OURS)
    assert all(metric[2:4] == ["Stage", packaged.stage] for metric in ours)
    assert len(shown) + len(ALARMS) <= 50


def test_the_dashboard_is_there_when_it_is_asked_for(packaged: Package) -> None:
    assert packaged.template["Resources"]["Dashboard"]["Condition"] == "HasDashboard"
    assert packaged.template["Conditions"]["HasDashboard"] == {"Fn::Equals": [{"Ref": "WithDashboard"}, "yes"]}
    assert packaged.template["Parameters"]["WithDashboard"]["Default"] == "no"


def test_what_the_dashboard_counts_in_the_logs_are_lines_of_the_functions(packaged: Package) -> None:
    groups = {f"/aws/lambda/{packaged.name_of(function)}" for function in packaged.functions}
    queries = [widget["properties"]["query"] for widget in dashboard(packaged) if widget["type"] == "log"]
    assert len(queries) == 2
    for query in queries:
        assert set(re.findall("SOURCE '([^']+)'", query)) <= groups


def test_the_price_of_a_month_counts_what_the_stack_has(packaged: Package) -> None:
    always = [name for name in packaged.resources("AWS::CloudWatch::Alarm") if not _is_optional(packaged, name)]
    assert len(always) == counts.month()["alarms"] == 16
    assert len(OURS) - 1 == counts.month()["metrics"] == 6
    assert money.fixed() <= money.FIXED_GOAL


def _is_optional(packaged: Package, resource: str) -> bool:
    return "Condition" in packaged.template["Resources"][resource]


def test_one_alarm_is_there_only_where_messages_are_kept_in_the_bucket(packaged: Package) -> None:
    optional = [name for name in packaged.resources("AWS::CloudWatch::Alarm") if _is_optional(packaged, name)]
    assert optional == ["MessagesNotKeptAlarm"]
    assert packaged.template["Conditions"]["KeepsMessages"] == {"Fn::Equals": [{"Ref": "MessagesInS3"}, "yes"]}
    assert packaged.template["Parameters"]["MessagesInS3"]["Default"] == "no"


def test_the_dashboard_shows_every_alarm_that_is_always_there(packaged: Package) -> None:
    (shown,) = [widget["properties"]["alarms"] for widget in dashboard(packaged) if widget["type"] == "alarm"]
    names = [arn.rpartition(":")[2] for arn in shown]
    assert sorted(names) == sorted(f"cordboard-{packaged.stage}-{name}" for name in set(ALARMS) - {"messages-not-kept"})


def test_the_dashboard_reads_functions_and_queues_that_are_deployed(packaged: Package) -> None:
    metrics = [metric for widget in dashboard(packaged) for metric in widget["properties"].get("metrics", ())]
    named = {(metric[2], metric[3]) for metric in metrics if metric[0] in ("AWS/Lambda", "AWS/SQS")}
    deployed = {("FunctionName", packaged.name_of(function)) for function in packaged.functions}
    deployed |= {
        ("QueueName", filled(packaged, queue["QueueName"])) for queue in packaged.resources("AWS::SQS::Queue").values()
    }
    assert named == deployed


def test_no_widget_covers_another(packaged: Package) -> None:
    places = [
        (widget["x"] + column, widget["y"] + row)
        for widget in dashboard(packaged)
        for column in range(widget["width"])
        for row in range(widget["height"])
    ]
    assert len(places) == len(set(places)) and max(column for column, _ in places) < 24


@pytest.mark.parametrize("query", ["OneCallQuery", "ErrorsQuery", "SlowWebhooksQuery", "RejectedQuery", "WrongQuery"])
def test_a_saved_query_looks_into_the_logs_of_every_function(packaged: Package, query: str) -> None:
    found = packaged.resources("AWS::Logs::QueryDefinition")[query]
    groups = [group["Ref"] for group in found["LogGroupNames"]]
    assert sorted(groups) == sorted(packaged.resources("AWS::Logs::LogGroup"))


def test_production_keeps_its_tables_and_what_was_in_them(packaged: Package) -> None:
    assert packaged.template["Conditions"]["Production"] == {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}
    tables = packaged.resources("AWS::DynamoDB::Table")
    assert len(tables) == 2
    for table in tables.values():
        assert table["DeletionProtectionEnabled"] == {"Fn::If": ["Production", True, False]}
        recovery = table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
        assert recovery == {"Fn::If": ["Production", True, False]}


@pytest.mark.parametrize("kind", ["AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::Logs::LogGroup"])
def test_what_costs_money_is_tagged_with_its_stage(packaged: Package, kind: str) -> None:
    for resource in packaged.resources(kind).values():
        tags = {tag["Key"]: tag["Value"] for tag in resource["Tags"]}
        assert tags == {"application": "cordboard", "stage": {"Ref": "Stage"}}


def test_a_burst_of_jobs_leaves_the_smallest_account_to_the_doors(packaged: Package) -> None:
    """AWS gives a new account as few as ten executions at once, and nothing of them may be reserved there."""
    assert _at_once(packaged, "JobsConsumer") <= 4 and _at_once(packaged, "AfterCall") == 2
    assert not [name for name, found in packaged.functions.items() if "ReservedConcurrentExecutions" in found]


def _at_once(packaged: Package, function: str) -> int:
    (source,) = packaged.functions[function]["Events"].values()
    return int(source["Properties"]["ScalingConfig"]["MaximumConcurrency"])


@pytest.mark.parametrize(
    ("variable", "at_once"),
    [
        ({}, ["4", "2"]),
        ({"JOBS_AT_ONCE": ""}, ["4", "2"]),
        ({"JOBS_AT_ONCE": "40"}, ["40", "2"]),
        ({"CONCURRENT_EXECUTIONS": "1000"}, ["8", "3"]),
    ],
)
def test_a_stage_may_have_more_jobs_at_once(variable: dict[str, str], at_once: list[str]) -> None:
    """Chalice imports app.py with the stage's variables set, and makes the triggers of what it finds."""
    names = "('jobs_consumer', 'after_call')"
    code = f"import app; print(*(it.maximum_concurrency for it in app.app.event_sources if it.name in {names}))"
    known = {"PATH": "", "JOBS_QUEUE": "cordboard-dev-jobs", "PYTHONDONTWRITEBYTECODE": "1", **variable}
    done = subprocess.run(
        [sys.executable, "-c", OWN_TEAM + code], cwd=package.ROOT, env=known, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == at_once


def test_the_resources_fit_into_one_request_to_cloudformation() -> None:
    assert (package.ROOT / "infra" / "resources.yaml").stat().st_size < 51_200
