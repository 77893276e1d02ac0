"""The template that is deployed: what the functions get, and what each of them may do."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from chalicelib import jobs
from chalicelib.config.environment import AFTER_CALL
from chalicelib.lifecycle import reconcile
from laptop import package
from tests.package.conftest import STAGES, Package
from tests.support.no_team import upstreams
from tests.support.policy import NAMED_OTHERWISE

HARMLESS = {"logs:CreateLogStream", "logs:PutLogEvents"}
# What the event source mapping does in the name of the function.
MAPPING = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
IMPLIED = {"s3:PutObjectTagging"}  # IAM asks for it where PutObject has a tag
MAY = {
    "APIHandler": {
        "dynamodb:PutItem links",
        "dynamodb:UpdateItem links",
        "dynamodb:Query links",
        "dynamodb:Query keys_by_worker",
        "dynamodb:Query by_day",
        "dynamodb:Query open",
        "sqs:SendMessage jobs",
        "sqs:SendMessage after-call",
        "s3:GetObject messages",
        "s3:GetObject recordings",
        "ssm:GetParameter twilio",
    },
    "JobsConsumer": {
        "dynamodb:UpdateItem links",
        "dynamodb:Query links",
        "dynamodb:GetItem contacts",
        "dynamodb:PutItem contacts",
        "sqs:SendMessage jobs",
        "sqs:SendMessage after-call",
        "sqs:ReceiveMessage jobs",
        "sqs:DeleteMessage jobs",
        "sqs:GetQueueAttributes jobs",
        "s3:PutObject messages",
        "s3:GetObject messages",
        "s3:PutObject recordings",
        "s3:PutObjectTagging recordings",
        "s3:GetObject recordings",
        "transcribe:StartTranscriptionJob texts",
        "transcribe:GetTranscriptionJob texts",
        "transcribe:DeleteTranscriptionJob texts",
        "ssm:GetParameter twilio",
    },
    "Sweep": {
        "dynamodb:Query open",
        "dynamodb:Query by_day",
        "dynamodb:Query keys_by_worker_leg",
        "dynamodb:Query links",
        "dynamodb:UpdateItem links",
        "dynamodb:DeleteItem links",
        "sqs:SendMessage jobs",
        "sqs:SendMessage after-call",
        "s3:DeleteObject recordings",
        "sns:Publish alarms",
        "ssm:GetParameter twilio",
    },
}
# Either consumer does a job of any kind; each takes them from its own queue.
TAKES = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
MAY["AfterCall"] = {
    *(MAY["JobsConsumer"] - {f"sqs:{action} jobs" for action in TAKES}),
    *(f"sqs:{action} after-call" for action in TAKES),
}


def lint(*files: Path) -> str:
    """What cfn-lint finds; nothing when all is well."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("cfn-lint")), *map(str, files)], capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def named(resource: str) -> str:
    """What it is about, in a word: a policy's static file has a star where account, region or sid stand."""
    if ":transcription-job/" in resource or resource == "*":
        return "texts"
    if resource.endswith(AFTER_CALL):
        return AFTER_CALL.removeprefix("-")
    return re.split("[-/]", resource.removesuffix("/*").removesuffix("-*/voicemail"))[-1]


def allowed(packaged: Package, function: str) -> Iterator[tuple[str, str]]:
    """Action and resource of everything that this function may do."""
    for statement in packaged.statements(function):
        assert statement["Effect"] == "Allow"
        assert not {"NotAction", "NotResource"} & set(statement)
        for action in statement["Action"]:
            for resource in statement["Resource"]:
                yield action, resource


def test_there_are_four_functions_and_no_other_door(packaged: Package) -> None:
    assert {name: found["Handler"] for name, found in packaged.functions.items()} == {
        "APIHandler": "app.app",
        "JobsConsumer": "app.jobs_consumer",
        "AfterCall": "app.after_call",
        "Sweep": "app.sweep",
    }


@pytest.mark.parametrize(
    ("function", "memory", "timeout"),
    [("APIHandler", 512, 15), ("JobsConsumer", 512, 20), ("AfterCall", 512, 20), ("Sweep", 512, 60)],
)
def test_memory_and_timeout_are_what_the_design_says(
    packaged: Package, function: str, memory: int, timeout: int
) -> None:
    properties = packaged.functions[function]
    assert (properties["MemorySize"], properties["Timeout"]) == (memory, timeout)


def test_a_job_may_hold_a_link_for_as_long_as_its_function_may_run(packaged: Package) -> None:
    for function in ("JobsConsumer", "AfterCall"):
        assert packaged.functions[function]["Timeout"] == jobs.LEASE_SECONDS


def test_the_sweep_comes_each_minute_and_ends_before_lambda_ends_it(packaged: Package) -> None:
    function = packaged.functions["Sweep"]
    (source,) = function["Events"].values()
    assert (source["Type"], source["Properties"]) == ("Schedule", {"Schedule": "rate(1 minute)"})
    assert reconcile.LINKS_SECONDS < reconcile.ALL_SECONDS < function["Timeout"] - 15


def test_the_functions_run_on_the_python_that_packaged_them(packaged: Package) -> None:
    here = f"python{sys.version_info.major}.{sys.version_info.minor}"
    assert {found["Runtime"] for found in packaged.functions.values()} == {here}


def test_the_cloud_runs_on_arm_and_the_laptop_on_its_own_kind(packaged: Package) -> None:
    wanted = "x86_64" if packaged.stage == "local" else "arm64"
    assert [found["Architectures"] for found in packaged.functions.values()] == [[wanted]] * 4


def test_the_api_is_regional_and_has_one_stage(packaged: Package) -> None:
    api = packaged.template["Resources"]["RestAPI"]["Properties"]
    assert (api["EndpointConfiguration"], api["StageName"]) == ("REGIONAL", "api")


@pytest.mark.parametrize("function", sorted(MAY))
def test_each_function_may_do_what_it_does_and_nothing_else(packaged: Package, function: str) -> None:
    found = {
        f"{action} {named(resource)}" for action, resource in allowed(packaged, function) if action not in HARMLESS
    }
    assert found == MAY[function]


@pytest.mark.parametrize(
    ("function", "name"),
    [("APIHandler", "api"), ("JobsConsumer", "jobs_consumer"), ("AfterCall", "after_call"), ("Sweep", "sweep")],
)
def test_the_role_is_the_policy_file_and_nothing_beside_it(packaged: Package, function: str, name: str) -> None:
    file = package.ROOT / ".chalice" / "policies" / f"{packaged.stage}-{name}.json"
    role = packaged.template["Resources"][packaged.functions[function]["Role"]["Fn::GetAtt"][0]]["Properties"]
    assert packaged.statements(function) == json.loads(file.read_text(encoding="utf-8"))["Statement"]
    assert "ManagedPolicyArns" not in role
    assert "Policies" not in packaged.functions[function]


@pytest.mark.parametrize("function", sorted(MAY))
def test_every_policy_names_resources_of_its_own_stage(packaged: Package, function: str) -> None:
    others = [stage for stage in STAGES if stage != packaged.stage]
    for action, resource in allowed(packaged, function):
        assert "*" not in action
        if action.startswith("s3:"):
            bucket = f"arn:aws:s3:::cordboard-{packaged.stage}-messages-*"
            assert resource in (f"{bucket}/voicemail/*", f"{bucket}/recordings/*")
            continue
        if action.startswith("transcribe:") and packaged.stage == "local":
            assert resource == "*"  # the local AWS holds a request to Transcribe against no name
            continue
        if action.startswith("transcribe:"):  # a job is named after its message
            assert resource == f"arn:aws:transcribe:*:*:transcription-job/cordboard-{packaged.stage}-messages-*"
            continue
        # Region and account stay open: the files are static, and a role reaches no other account by its own policy.
        assert re.fullmatch(rf"arn:aws:{action.split(':')[0]}:\*:\*:.+", resource), resource
        about = resource.split(":", 5)[5]
        assert re.search(rf"\bcordboard[-/]{packaged.stage}\b", about), resource
        assert not any(re.search(rf"\b{stage}\b", about) for stage in others)
        assert "*" not in (about.removesuffix(":*") if action in HARMLESS else about), resource


@pytest.mark.parametrize("function", sorted(MAY))
def test_a_function_reaches_the_buckets_of_its_own_account_alone(packaged: Package, function: str) -> None:
    """Somebody else may have a bucket of a name that fits. The local AWS knows one account, and no such condition."""
    own = None if packaged.stage == "local" else {"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}
    for statement in packaged.statements(function):
        of_s3 = any(action.startswith("s3:") for action in statement["Action"])
        assert statement.get("Condition") == (own if of_s3 else None)


def test_the_bucket_of_the_messages_is_private_forgets_and_outlives_its_stack(packaged: Package) -> None:
    resource = packaged.template["Resources"]["MessagesBucket"]
    bucket = resource["Properties"]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert bucket["BucketName"] == {"Fn::Sub": "cordboard-${Stage}-messages-${AWS::AccountId}-${AWS::Region}"}
    assert (
        set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        and len(bucket["PublicAccessBlockConfiguration"]) == 4
    )
    (encryption,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    rule, of_talks = bucket["LifecycleConfiguration"]["Rules"]
    assert (rule["Status"], rule["Prefix"], rule["ExpirationInDays"]) == (
        "Enabled",
        "voicemail/",
        {"Ref": "MessageDays"},
    )
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    held = {"Prefix": "recordings/", "TagFilters": [{"Key": "expires", "Value": "yes"}]}  # nothing else is deleted
    assert of_talks == {
        "Id": "forget-talks",
        "Status": "Enabled",
        **held,
        "ExpirationInDays": {"Ref": "RecordingDays"},
    }
    (statement,) = packaged.template["Resources"]["MessagesBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"], statement["Principal"]) == ("Deny", "s3:*", "*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}} and len(statement["Resource"]) == 2


def test_a_bucket_s_name_fits_in_every_region() -> None:
    assert len(f"cordboard-{'s' * 16}-messages-{'1' * 12}-ap-northeast-1") <= 63


@pytest.mark.parametrize("function", sorted(MAY))
def test_a_function_writes_into_its_own_log_group_and_makes_none(packaged: Package, function: str) -> None:
    """The group belongs to the stack, which knows how long lines are kept."""
    (pattern,) = {resource for action, resource in allowed(packaged, function) if action in HARMLESS}

    def covered(name: str) -> bool:
        stream = f"arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/{name}:log-stream:2026/11/21/[1]ab"
        return fnmatchcase(stream, pattern)

    names = {other: packaged.name_of(other) for other in MAY}
    assert [other for other in MAY if covered(names[other])] == [function]
    assert "logs:CreateLogGroup" not in {action for action, _ in allowed(packaged, function)}


def test_the_policies_cover_the_calls_that_the_code_makes() -> None:
    code = "".join(file.read_text(encoding="utf-8") for file in upstreams((package.ROOT / "chalicelib").rglob("*.py")))
    calls = set(re.findall(r'aws\.request\(\s*"(\w+)",\s*"(\w+)"', code))
    assert not re.findall(r"aws\.client\([^)]*\)\.(?!exceptions)", code)
    used = {f"{service}:{name.title().replace('_', '')}" for service, name in calls}
    used = {NAMED_OTHERWISE.get(call, call) for call in used}
    granted = {line.split()[0] for lines in MAY.values() for line in lines}
    assert used == granted - MAPPING - IMPLIED


def test_the_environment_holds_strings_and_no_secret(packaged: Package) -> None:
    for properties in packaged.functions.values():
        variables: dict[str, Any] = properties["Environment"]["Variables"]
        assert variables.pop("JOBS_QUEUE_URL") == {"Ref": "JobsQueue"}
        assert variables.pop("MESSAGES_BUCKET") == {"Ref": "MessagesBucket"}
        assert variables.pop("MAIL_TOPIC_ARN") == {"Fn::If": ["AlarmsByMail", {"Ref": "AlarmTopic"}, ""]}
        for name in {"USER_POOL_ARN", "CONSOLE_CLIENT", "SIGN_IN_URL"} & variables.keys():
            condition, _, otherwise = variables.pop(name)["Fn::If"]
            assert (condition, otherwise) == ("HasConsole", "")
        assert all(isinstance(value, str) for value in variables.values())
        assert not [name for name in variables if re.search("TOKEN|PASSWORD|_KEY$|SECRET$", name)]
        assert variables["LINKS_TABLE"] == f"cordboard-{packaged.stage}-links"


def test_no_secret_stands_in_the_template(packaged: Package) -> None:
    text = (packaged.folder / "sam.yaml").read_text(encoding="utf-8")
    assert not re.findall("[0-9a-fA-F]{32}", text)  # Twilio's tokens and sids are 32 hexadecimal digits
    assert not re.findall("AKIA[0-9A-Z]{16}", text)


def test_the_names_in_the_environment_are_those_of_the_tables_and_queues(packaged: Package) -> None:
    resources = packaged.template["Resources"]
    variables = packaged.functions["JobsConsumer"]["Environment"]["Variables"]
    for variable, resource, name in (
        ("LINKS_TABLE", "LinksTable", "TableName"),
        ("CONTACTS_TABLE", "ContactsTable", "TableName"),
        ("JOBS_QUEUE", "JobsQueue", "QueueName"),
    ):
        pattern = resources[resource]["Properties"][name]["Fn::Sub"]
        assert variables[variable] == pattern.replace("${Stage}", packaged.stage)


@pytest.mark.parametrize("queue", ["JobsQueue", "AfterCallQueue", "JobsDeadLetterQueue"])
def test_a_queue_takes_nothing_that_comes_without_tls(packaged: Package, queue: str) -> None:
    policy = packaged.template["Resources"][f"{queue}Policy"]["Properties"]
    assert policy["Queues"] == [{"Ref": queue}]
    assert policy["PolicyDocument"]["Statement"] == [
        {
            "Sid": "NothingWithoutTls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sqs:*",
            "Resource": {"Fn::GetAtt": [queue, "Arn"]},
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]


def test_the_tables_and_queues_are_of_the_functions_stage(packaged: Package) -> None:
    assert packaged.template["Parameters"]["Stage"]["Default"] == packaged.stage


def test_the_queue_is_there_before_the_trigger_that_reads_it(packaged: Package) -> None:
    """The trigger names the queue by a written-out ARN; CloudFormation waits for it only because the function does."""
    assert {"Ref": "JobsQueue"} in packaged.functions["JobsConsumer"]["Environment"]["Variables"].values()
    assert "AfterCallQueue" in packaged.template["Resources"]["AfterCall"]["DependsOn"]


def test_the_url_of_the_after_call_queue_is_that_of_the_other_with_an_ending(packaged: Package) -> None:
    queues = packaged.resources("AWS::SQS::Queue")
    jobs_queue, after_call = (queues[name]["QueueName"]["Fn::Sub"] for name in ("JobsQueue", "AfterCallQueue"))
    assert after_call == jobs_queue + AFTER_CALL


@pytest.mark.parametrize(("queue", "function"), [("JobsQueue", "JobsConsumer"), ("AfterCallQueue", "AfterCall")])
def test_a_job_is_seen_again_after_the_function_and_well_inside_a_reservation(
    packaged: Package, queue: str, function: str
) -> None:
    _seen_again(packaged.template["Resources"][queue]["Properties"], packaged.functions[function])


def _seen_again(queue: dict[str, Any], function: dict[str, Any]) -> None:
    assert function["Timeout"] <= queue["VisibilityTimeout"] <= 30
    assert queue["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": ["JobsDeadLetterQueue", "Arn"]},
        "maxReceiveCount": 3,
    }
    (source,) = function["Events"].values()
    assert source["Properties"]["BatchSize"] == 1


ALL = {"ProjectionType": "ALL"}


@pytest.mark.parametrize("table", ["LinksTable", "ContactsTable"])
def test_a_table_survives_its_stack_and_forgets_in_time(packaged: Package, table: str) -> None:
    resource = packaged.template["Resources"][table]
    properties = resource["Properties"]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_links_are_found_by_worker_leg_worker_day_and_openness(packaged: Package) -> None:
    table = packaged.template["Resources"]["LinksTable"]["Properties"]
    found = {
        index["IndexName"]: [key["AttributeName"] for key in index["KeySchema"]]
        for index in table["GlobalSecondaryIndexes"]
    }
    assert found == {
        "keys_by_worker_leg": ["worker_call_sid"],
        "keys_by_worker": ["worker_sid", "reserved_at"],
        "by_day": ["day", "at"],
        "open": ["open", "check_at"],
    }
    # Those of keys alone are asked rarely, and written at each step of a call if they had more.
    whole = {index["IndexName"] for index in table["GlobalSecondaryIndexes"] if index["Projection"] == ALL}
    assert whole == {"by_day", "open"}


def test_dead_letters_are_kept_two_weeks_and_ring_the_alarm(packaged: Package) -> None:
    resources = packaged.template["Resources"]
    assert resources["JobsDeadLetterQueue"]["Properties"]["MessageRetentionPeriod"] == 14 * 86400
    assert resources["AlarmTopic"]["Type"] == "AWS::SNS::Topic"
    alarm = resources["DeadLetterAlarm"]["Properties"]
    assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]
    assert (alarm["MetricName"], alarm["Threshold"]) == ("ApproximateNumberOfMessagesVisible", 0)
    assert alarm["Dimensions"][0]["Value"] == {"Fn::GetAtt": ["JobsDeadLetterQueue", "QueueName"]}
    said = alarm["AlarmDescription"]
    assert "Start DLQ redrive" in said and "docs/operations.md" in said and len(said) <= 1024  # CloudWatch's limit


def test_every_template_is_clean(packages: dict[str, Package]) -> None:
    packaged = [found.folder / "sam.yaml" for found in packages.values()]
    assert lint(*sorted((package.ROOT / "infra").glob("*.yaml")), *packaged) == ""
