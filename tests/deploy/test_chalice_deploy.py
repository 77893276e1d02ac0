"""`chalice deploy` and `chalice delete`, unmodified, against an empty local AWS with the project's own resources."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib.config import callcenter
from laptop.deployable import STAGE
from laptop.local_aws import LocalAws
from ops import stage
from tests.deploy.conftest import Project, pages
from tests.support.checkout import change

TOKEN = "5d4140abc4b2a76b9719d911017c592a"
CALL = {"CallSid": "CA" + "1" * 32, "From": "+12125550171", "To": "+14155550101", "AccountSid": "AC" + "0" * 32}
TWILIO = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_WORKSPACE_SID": "WS" + "0" * 32,
    "TWILIO_WORKFLOW_SID": "WW" + "0" * 32,
}
FUNCTIONS = {
    "cordboard-dev": "api",
    "cordboard-dev-jobs_consumer": "jobs_consumer",
    "cordboard-dev-after_call": "after_call",
    "cordboard-dev-sweep": "sweep",
}
FED = {"cordboard-dev-jobs": "cordboard-dev-jobs_consumer", "cordboard-dev-jobs-after-call": "cordboard-dev-after_call"}


@dataclass(frozen=True)
class Snapshot:
    """What is in the account at one moment, and how the application answers a signed call."""

    functions: dict[str, dict[str, Any]]
    policies: dict[str, dict[str, Any]]  # of each role, its only policy
    mappings: list[dict[str, Any]]
    rules: dict[str, dict[str, Any]]
    apis: list[dict[str, Any]]
    url: str = ""
    answer: tuple[int, str] = (0, "")
    forged: int = 0


def look(local: LocalAws) -> Snapshot:
    functions, iam, events = local.client("lambda"), local.client("iam"), local.client("events")
    rules = {rule["Name"]: rule for rule in events.list_rules()["Rules"]}
    for name, rule in rules.items():
        rule["Targets"] = events.list_targets_by_rule(Rule=name)["Targets"]
    policies = {}
    for role in pages(iam, "list_roles", "Roles"):
        (policy,) = iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]
        found = iam.get_role_policy(RoleName=role["RoleName"], PolicyName=policy)
        policies[role["RoleName"]] = found["PolicyDocument"]
    return Snapshot(
        functions={it["FunctionName"]: it for it in pages(functions, "list_functions", "Functions")},
        policies=policies,
        mappings=pages(functions, "list_event_source_mappings", "EventSourceMappings"),
        rules=rules,
        apis=local.client("apigateway").get_rest_apis()["items"],
    )


def deploy(project: Project, local: LocalAws) -> Snapshot:
    project.chalice("deploy", "--stage", STAGE)
    seen = look(local)
    url = stage.api_url(STAGE, project.root)
    forged, _ = project.call("/voice/incoming", CALL, "f" * 32)
    return Snapshot(
        seen.functions,
        seen.policies,
        seen.mappings,
        seen.rules,
        seen.apis,
        url,
        project.call("/voice/incoming", CALL, TOKEN),
        forged,
    )


@pytest.fixture(scope="module")
def first(project: Project, local: LocalAws) -> Snapshot:
    """After the first deploy."""
    stack = LocalAws(project.proxy.url).client("cloudformation")
    template = (project.root / "infra" / "resources.yaml").read_text(encoding="utf-8")
    asked = [{"ParameterKey": "Stage", "ParameterValue": STAGE}]
    stack.create_stack(StackName="cordboard-dev", TemplateBody=template, Parameters=asked)
    stack.get_waiter("stack_create_complete").wait(StackName="cordboard-dev", WaiterConfig={"Delay": 1})
    queue = local.client("sqs").get_queue_url(QueueName="cordboard-dev-jobs")["QueueUrl"]
    secret = json.dumps({"auth_tokens": [TOKEN]})
    local.client("ssm").put_parameter(Name="/cordboard/dev/twilio", Type="SecureString", Value=secret)
    stage.write(STAGE, {**TWILIO, "JOBS_QUEUE_URL": queue}, project.root)
    return deploy(project, local)


@pytest.fixture(scope="module")
def second(first: Snapshot, project: Project, local: LocalAws) -> Snapshot:
    """After a change of the greeting, of a variable and of a policy, and a second deploy."""
    assert first.url
    file = project.root / "chalicelib" / "team" / "callcenter.toml"
    greeting = str(callcenter.current().lines["sales"].greeting)
    change(file, greeting, "Good evening from the second deploy.")
    config = project.root / ".chalice" / "config.json"
    stages = json.loads(config.read_text(encoding="utf-8"))
    stages["stages"][STAGE]["environment_variables"]["CRM_URL"] = "https://crm.example.com/"
    config.write_text(json.dumps(stages), encoding="utf-8")
    policy = project.root / ".chalice" / "policies" / "dev-sweep.json"
    change(policy, '"KeepLinks"', '"KeepThem"')
    return deploy(project, local)


@pytest.fixture(scope="module")
def deleted(second: Snapshot, project: Project, local: LocalAws) -> Snapshot:
    """After `chalice delete`."""
    assert second.url
    project.chalice("delete", "--stage", STAGE)
    return look(local)


def test_the_first_deploy_makes_the_four_functions_with_the_stages_configuration(
    first: Snapshot, project: Project
) -> None:
    assert set(first.functions) == set(FUNCTIONS)
    config = json.loads((project.root / ".chalice" / "config.json").read_text(encoding="utf-8"))["stages"][STAGE]
    for name, function in first.functions.items():
        short = name.removeprefix("cordboard-dev-") if name != "cordboard-dev" else "api_handler"
        asked = config["lambda_functions"][short]
        assert (function["MemorySize"], function["Timeout"]) == (asked["lambda_memory_size"], asked["lambda_timeout"])
        assert function["Environment"]["Variables"] == config["environment_variables"]


def test_each_function_has_a_role_of_its_own_with_our_policy_and_nothing_else(
    first: Snapshot, project: Project
) -> None:
    roles = {name: function["Role"].rpartition("/")[2] for name, function in first.functions.items()}
    assert set(roles.values()) == set(first.policies)
    assert len(first.policies) == 4
    for name, file in FUNCTIONS.items():
        ours = (stage.ROOT / ".chalice" / "policies" / f"dev-{file}.json").read_text(encoding="utf-8")
        assert first.policies[roles[name]] == json.loads(ours)


def test_each_queue_feeds_its_function_one_message_at_a_time(first: Snapshot) -> None:
    mappings = {mapping["EventSourceArn"].rpartition(":")[2]: mapping for mapping in first.mappings}
    assert set(mappings) == set(FED)
    for queue, function in FED.items():
        assert mappings[queue]["FunctionArn"] == first.functions[function]["FunctionArn"]
        assert (mappings[queue]["BatchSize"], mappings[queue]["State"]) == (1, "Enabled")


def test_the_schedule_runs_the_sweep_each_minute(first: Snapshot) -> None:
    (rule,) = first.rules.values()
    assert (rule["ScheduleExpression"], rule["State"]) == ("rate(1 minute)", "ENABLED")
    assert [target["Arn"] for target in rule["Targets"]] == [first.functions["cordboard-dev-sweep"]["FunctionArn"]]


def test_the_api_is_regional_and_its_url_is_known_afterwards(first: Snapshot) -> None:
    (api,) = first.apis
    assert (api["name"], api["endpointConfiguration"]["types"]) == ("cordboard", ["REGIONAL"])
    assert first.url == f"https://{api['id']}.execute-api.us-east-1.amazonaws.com/api"


def test_the_deployed_application_answers_a_signed_call_and_refuses_a_forged_one(first: Snapshot) -> None:
    status, document = first.answer
    assert status == 200
    assert str(callcenter.current().lines["sales"].greeting) in document
    assert f'workflowSid="{TWILIO["TWILIO_WORKFLOW_SID"]}"' in document
    assert first.forged == 403


def test_a_second_deploy_changes_in_place(first: Snapshot, second: Snapshot) -> None:
    assert second.url == first.url
    assert [api["id"] for api in second.apis] == [api["id"] for api in first.apis]
    assert [it["UUID"] for it in second.mappings] == [it["UUID"] for it in first.mappings]
    assert second.rules == first.rules
    assert {name: it["FunctionArn"] for name, it in second.functions.items()} == {
        name: it["FunctionArn"] for name, it in first.functions.items()
    }


def test_a_second_deploy_brings_the_new_code_configuration_and_policy(first: Snapshot, second: Snapshot) -> None:
    assert "Good evening from the second deploy." in second.answer[1]
    assert {it["Environment"]["Variables"]["CRM_URL"] for it in second.functions.values()} == {
        "https://crm.example.com/"
    }
    changed = [name for name, policy in second.policies.items() if policy != first.policies[name]]
    assert changed == ["cordboard-dev-sweep"]


def test_what_is_deleted_is_gone(deleted: Snapshot, project: Project) -> None:
    assert deleted == Snapshot({}, {}, [], {}, [])
    assert stage.api_url(STAGE, project.root) == ""
