"""The doctor on a healthy stage, and on each way of being ill: what it says, and what it advises."""

import io
import json
import shutil
import zipfile
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import msgspec
import pytest
from botocore.exceptions import ClientError

from chalicelib.config.environment import AFTER_CALL
from chalicelib.config.schema import CallCenter
from chalicelib.twilio import urls
from ops import lambda_functions, stage
from ops.aws import api, client, concurrency
from ops.aws.former import FormerNumbers
from ops.callcenter.apply import apply
from ops.doctor import as_text, aws, document, examine, is_healthy
from ops.doctor.check import Finding, StageUnderTest
from ops.doctor.webhooks import every_webhook
from ops.errors import UsageError
from ops.project import Project
from tests.conftest import Aws
from tests.doubles.api_gateway import ApiGateway
from tests.emulator.harness import TOKEN
from tests.ops.files import center
from tests.ops.harness import Account
from tests.support import api_gateway
from tests.support.caches import forget_everything

NOW = 1_800_000_000.0
BASE = api_gateway.BASE
MUSIC = "http://com.twilio.music.classical.s3.amazonaws.com/BusyStrings.mp3"
SECRET = "/cordboard/test/twilio"
POLICIES = ("api", "jobs_consumer", "after_call", "sweep")


class CloudFormation:
    """Of the stage's stack no more than its outputs; without any there is no stack."""

    def __init__(self) -> None:
        self.outputs: dict[str, str] = {}

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        if not self.outputs:
            error = {"Code": "ValidationError", "Message": f"Stack with id {StackName} does not exist"}
            raise ClientError({"Error": error}, "DescribeStacks")
        outputs = [{"OutputKey": key, "OutputValue": value} for key, value in self.outputs.items()]
        return {"Stacks": [{"StackName": StackName, "StackStatus": "CREATE_COMPLETE", "Outputs": outputs}]}


class DeployedStage:
    """A stage `test` on AWS by moto, applied to the emulator's account, its webhooks those of app.py."""

    def __init__(self, cloud: Aws, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.account, self.root, self.cloud = Account(), root, cloud
        outcome = apply(self.account.client, center(), BASE, FormerNumbers("test"))
        self.environment = {
            "LINKS_TABLE": "cordboard-test-links",
            "CONTACTS_TABLE": "cordboard-test-contacts",
            "JOBS_QUEUE": "cordboard-test-jobs",
            "JOBS_QUEUE_URL": cloud.queue_url,
            "TWILIO_SECRET_PARAMETER": SECRET,
            "PUBLIC_BASE_URL": BASE,
            "CONCURRENT_EXECUTIONS": "1000",
            **outcome.environment,
        }
        self.stack, of_aws = CloudFormation(), client.client
        doubles: Mapping[str, Any] = {"apigateway": ApiGateway(), "cloudformation": self.stack}
        self.gateway = doubles["apigateway"]
        monkeypatch.setattr(concurrency, "of_account", lambda: 1000)
        monkeypatch.setattr(client, "client", lambda name: doubles.get(name) or of_aws(name))
        for name, value in self.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", TOKEN)
        forget_everything()
        self.sounds: dict[str, tuple[int, str]] = defaultdict(lambda: (200, "audio/mpeg"))
        self._write_project()
        self._deploy()
        self.stage = StageUnderTest(
            Project("test", root), self.account.client, center(), NOW, self._post, lambda: NOW, self.sounds.__getitem__
        )

    def _write_project(self) -> None:
        chalice = self.root / ".chalice"
        (chalice / "policies").mkdir(parents=True)
        functions = lambda_functions.wanted("test")
        config = {"stages": {"test": {"environment_variables": self.environment, "lambda_functions": functions}}}
        (chalice / "config.json").write_text(json.dumps(config))
        for name in POLICIES:
            shutil.copy(
                stage.ROOT / ".chalice" / "policies" / f"dev-{name}.json", chalice / "policies" / f"test-{name}.json"
            )

    def _deploy(self) -> None:
        boto3.client("ssm").put_parameter(Name=SECRET, Value=json.dumps({"auth_tokens": [TOKEN]}), Type="SecureString")
        for table in ("links", "contacts"):
            boto3.client("dynamodb").update_time_to_live(
                TableName=f"cordboard-test-{table}",
                TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"},
            )
        boto3.client("sqs").create_queue(QueueName="cordboard-test-jobs-dead")
        arns = {name: self._function(name) for name in POLICIES}
        for policy, ending, most in (("jobs_consumer", "", 8), ("after_call", AFTER_CALL, 3)):
            url = self.cloud.queue_url + ending
            queue = boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
            boto3.client("lambda").create_event_source_mapping(
                EventSourceArn=queue["Attributes"]["QueueArn"],
                FunctionName=self.name_of(policy),
                ScalingConfig={"MaximumConcurrency": most},
            )
        self._note_api()
        boto3.client("events").put_rule(Name="each-minute", ScheduleExpression="rate(1 minute)")
        boto3.client("events").put_targets(Rule="each-minute", Targets=[{"Id": "1", "Arn": arns["sweep"]}])

    def _note_api(self) -> None:
        """The API as Chalice notes it, and limited as `ops deploy` does it."""
        url = f"https://{ApiGateway.API}.execute-api.eu-west-1.amazonaws.com/{ApiGateway.STAGE}/"
        noted = {"name": "rest_api", "resource_type": "rest_api", "rest_api_id": ApiGateway.API, "rest_api_url": url}
        folder = self.root / ".chalice" / "deployed"
        folder.mkdir()
        (folder / "test.json").write_text(json.dumps({"resources": [noted]}))
        assert api.throttle("test", self.root) == "200 requests a second, 1000 at once"

    def name_of(self, policy: str) -> str:
        return "cordboard-test" if policy == "api" else f"cordboard-test-{policy}"

    def _function(self, policy: str) -> str:
        name = self.name_of(policy)
        trust = {"Version": "2012-10-17", "Statement": []}
        role = boto3.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]
        document = (self.root / ".chalice" / "policies" / f"test-{policy}.json").read_text()
        boto3.client("iam").put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=document)
        made = boto3.client("lambda").create_function(
            FunctionName=name,
            Role=role["Arn"],
            Runtime="python3.12",
            Handler="app.app",
            Code={"ZipFile": _an_archive()},
            Environment={"Variables": self.environment},
        )
        return str(made["FunctionArn"])

    def _post(self, url: str, form: Mapping[str, str], signature: str) -> tuple[int, str]:
        import app

        found = urls.find(url)
        assert found is not None
        route, values = found
        event = api_gateway.post(route.path, form, dict(values), token=None)
        event["headers"]["X-Twilio-Signature"] = signature
        with redirect_stdout(io.StringIO()):
            answer = app.app(event, None)
        return answer["statusCode"], answer["body"]

    def examine(self, **changes: Any) -> list[Finding]:
        return list(examine(replace(self.stage, **changes)))


def _an_archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("app.py", "")
    return file.getvalue()


@pytest.fixture
def deployed(cloud: Aws, environment: pytest.MonkeyPatch, tmp_path: Path) -> DeployedStage:
    return DeployedStage(cloud, tmp_path, environment)


def bad(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(found.check, found.verdict) for found in findings if found.verdict != "pass"]


def test_a_healthy_stage_passes_every_check_and_keeps_no_trace_of_it(deployed: DeployedStage) -> None:
    findings = deployed.examine()
    assert bad(findings) == [], "\n".join(as_text(found) for found in findings)
    assert is_healthy(findings)
    assert {found.check for found in findings} >= {"secret", "webhooks", "auth tokens", "Twilio", "numbers", "workers"}
    assert deployed.cloud.rows() == [] and deployed.cloud.take_messages() == []


def test_every_route_is_examined(deployed: DeployedStage) -> None:
    assert list(every_webhook(deployed.stage)) == [route for route in urls.ROUTES if route.signed_by == "twilio"]


Fault = Callable[[DeployedStage], object]


def _drop_function(deployed: DeployedStage) -> None:
    boto3.client("lambda").delete_function(FunctionName="cordboard-test-sweep")


def _another_configuration(deployed: DeployedStage) -> None:
    boto3.client("lambda").update_function_configuration(
        FunctionName="cordboard-test", Environment={"Variables": {**deployed.environment, "LINKS_TABLE": "old"}}
    )


def _too_much_allowed(_deployed: DeployedStage) -> None:
    anything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    boto3.client("iam").put_role_policy(
        RoleName="cordboard-test", PolicyName="more", PolicyDocument=json.dumps(anything)
    )


def _unplugged(_deployed: DeployedStage) -> None:
    client = boto3.client("lambda")
    for found in client.list_event_source_mappings(FunctionName="cordboard-test-jobs_consumer")["EventSourceMappings"]:
        client.delete_event_source_mapping(UUID=found["UUID"])


def _dead_letter(deployed: DeployedStage) -> None:
    boto3.client("sqs").send_message(QueueUrl=deployed.environment["JOBS_QUEUE_URL"] + "-dead", MessageBody="{}")


def _forgotten_link(_deployed: DeployedStage) -> None:
    row = {"call_sid": "CA1", "item": "WR1", "open": "link"}
    item = {name: {"S": value} for name, value in row.items()} | {"check_at": {"N": str(NOW - 3600)}}
    boto3.client("dynamodb").put_item(TableName="cordboard-test-links", Item=item)


def _numbers_expire_never(_deployed: DeployedStage) -> None:
    boto3.client("dynamodb").update_time_to_live(
        TableName="cordboard-test-links",
        TimeToLiveSpecification={"Enabled": False, "AttributeName": "expires_at"},
    )


def _wrong_token(_deployed: DeployedStage) -> None:
    boto3.client("ssm").put_parameter(
        Name=SECRET, Value=json.dumps({"auth_tokens": ["f" * 32]}), Type="SecureString", Overwrite=True
    )


def _no_secret(_deployed: DeployedStage) -> None:
    boto3.client("ssm").delete_parameter(Name=SECRET)


def _no_parameter(deployed: DeployedStage) -> None:
    file = deployed.root / ".chalice" / "config.json"
    file.write_text(file.read_text().replace(f'"{SECRET}"', '""'))


def _number_elsewhere(deployed: DeployedStage) -> None:
    number = deployed.account.client.incoming_phone_numbers.list()[0]
    number.update(voice_url="https://example.com/", voice_fallback_url="")


def _nobody_there(deployed: DeployedStage) -> None:
    deployed.account.engine.workers.list(friendly_name="Bea")[0].update(attributes='{"queues": ["Support"]}')


FAULTS: Mapping[str, tuple[Fault, str, str]] = {
    "a function is missing": (_drop_function, "function cordboard-test-sweep", "chalice deploy --stage test"),
    "a function runs with an older configuration": (
        _another_configuration,
        "function cordboard-test",
        "chalice deploy --stage test",
    ),
    "a role allows more than its file": (_too_much_allowed, "role of cordboard-test", "chalice deploy --stage test"),
    "the queue leads nowhere": (_unplugged, "jobs queue", "chalice deploy --stage test"),
    "a dead letter waits": (_dead_letter, "dead letters", "docs/operations.md, Dead letters"),
    "nobody sweeps": (_forgotten_link, "open links", "docs/operations.md, The sweep"),
    "phone numbers never expire": (
        _numbers_expire_never,
        "table cordboard-test-links",
        "cordboard deploy --stage test --only resources",
    ),
    "the token is another account's": (_wrong_token, "auth tokens", "cordboard secret set --stage test"),
    "there is no secret": (_no_secret, "secret", "cordboard secret set --stage test"),
    "the stage names no parameter": (_no_parameter, "secret", "set it there, as the other stages have it"),
    "a number leads elsewhere": (_number_elsewhere, "numbers", "cordboard apply --stage test"),
    "a worker has no phone": (_nobody_there, "workers", "workers.toml, then cordboard apply --stage test"),
}


@pytest.mark.parametrize(("cause", "check", "fix"), FAULTS.values(), ids=FAULTS)
def test_what_is_wrong_is_named_with_what_fixes_it(deployed: DeployedStage, cause: Fault, check: str, fix: str) -> None:
    cause(deployed)
    findings = deployed.examine()
    assert (check, "failure") in bad(findings) and not is_healthy(findings)
    assert fix in {found.fix for found in findings if found.check == check}


def test_a_webhook_that_takes_a_forged_request_is_the_worst(deployed: DeployedStage) -> None:
    findings = deployed.examine(post=lambda url, form, signature: (200, "<Response/>"))
    assert ("webhook /voice/incoming", "failure") in bad(findings)
    assert "do not go live: tell us" in {found.fix for found in findings}


def test_an_account_that_has_no_room_for_the_expected_calls_is_a_warning(
    deployed: DeployedStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(concurrency, "of_account", lambda: 10)
    (found,) = [found for found in deployed.examine() if found.verdict != "pass"]
    assert (found.check, found.verdict) == ("executions at once", "warning")
    assert "AWS gives the account 10; 20 calls a minute need" in found.why and "Service Quotas" in found.fix


def test_a_configuration_that_is_older_than_a_function_is_a_failure_with_the_lines_to_add(
    deployed: DeployedStage,
) -> None:
    file = deployed.root / ".chalice" / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    del config["stages"]["test"]["lambda_functions"]["after_call"]
    file.write_text(json.dumps(config), encoding="utf-8")
    (found,) = list(aws.configuration(deployed.stage))
    assert found.verdict == "failure" and found.why.endswith("lambda_functions has no after_call")
    assert found.fix.startswith('add "after_call": {"lambda_memory_size": 512, "lambda_timeout": 20')


def test_an_account_that_got_more_is_told_to_the_functions_by_a_deployment(deployed: DeployedStage) -> None:
    before = replace(deployed.stage, center=msgspec.structs.replace(center(), application=_busy(center().application)))
    deployed.environment["CONCURRENT_EXECUTIONS"] = "100"
    before.environment["CONCURRENT_EXECUTIONS"] = "100"
    found = next(one for one in aws.executions(before) if one.check == "executions at once")
    assert found.verdict == "warning" and "the functions know of 100" in found.why


def _busy(application: CallCenter) -> CallCenter:
    return msgspec.structs.replace(application, calls_per_minute=200)


def test_a_trigger_that_is_let_do_more_at_once_is_a_warning(deployed: DeployedStage) -> None:
    client = boto3.client("lambda")
    (trigger,) = client.list_event_source_mappings(FunctionName="cordboard-test-after_call")["EventSourceMappings"]
    client.delete_event_source_mapping(UUID=trigger["UUID"])
    client.create_event_source_mapping(
        EventSourceArn=trigger["EventSourceArn"],
        FunctionName="cordboard-test-after_call",
        ScalingConfig={"MaximumConcurrency": 9},
    )
    (found,) = [found for found in deployed.examine() if found.verdict != "pass"]
    assert (found.check, found.verdict) == ("after-call queue", "warning")
    assert "leads to 9 of cordboard-test-after_call at once, and should to 3" in found.why


def _limit(deployed: DeployedStage, what: str, value: str) -> None:
    operation = {"op": "replace", "path": f"/*/*/throttling/{what}", "value": value}
    deployed.gateway.update_stage(restApiId=ApiGateway.API, stageName=ApiGateway.STAGE, patchOperations=[operation])


def test_an_api_that_takes_more_or_less_than_the_stage_says_is_a_warning(deployed: DeployedStage) -> None:
    _limit(deployed, "rateLimit", "10000")
    (found,) = [found for found in deployed.examine() if found.verdict != "pass"]
    assert (found.check, found.verdict) == ("API", "warning")
    assert "takes 10000 requests a second, 1000 at once, and should take 200 requests a second" in found.why
    assert found.fix == "cordboard deploy --stage test --only functions"
    assert api.throttle("test", deployed.root) == "200 requests a second, 1000 at once"
    assert api.throttle("test", deployed.root) == ""
    assert bad(deployed.examine()) == []


def test_the_teams_file_may_say_another_limit(deployed: DeployedStage) -> None:
    (deployed.root / "chalicelib" / "team").mkdir(parents=True)
    stage.write("test", {"REQUESTS_PER_SECOND": "900", "REQUESTS_AT_ONCE": "3000"}, deployed.root)
    assert api.throttle("test", deployed.root) == "900 requests a second, 3000 at once"


@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5"])
def test_a_limit_that_is_no_number_is_refused(value: str) -> None:
    with pytest.raises(UsageError, match=f"REQUESTS_PER_SECOND is '{value}'"):
        api.wanted({"REQUESTS_PER_SECOND": value})


def test_a_clock_that_is_off_and_a_team_too_large_for_the_account_are_warnings(deployed: DeployedStage) -> None:
    crowd = "".join(
        f'[workers.P{n}]\ncontact_uri = "+1415555{n:04}"\nattributes = {{ queues = ["Support"] }}\n' for n in range(20)
    )
    findings = deployed.examine(twilio_time=lambda: NOW - 60, center=center(workers=crowd))
    assert ("clock", "warning") in bad(findings) and ("call rate", "warning") in bad(findings)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((404, "text/html"), "is not there: status 404"),
        ((200, "text/html; charset=utf-8"), "is no sound: Content-Type is text/html; charset=utf-8"),
        ((200, ""), "is no sound: Content-Type is missing"),
        (None, "cannot be fetched: KeyError"),
    ],
)
def test_a_sound_that_twilio_cannot_play_is_a_warning(
    deployed: DeployedStage, answer: tuple[int, str] | None, why: str
) -> None:
    music = center(("[lines.sales]\n", f'[lines.sales.wait]\nplay = ["{MUSIC}"]\n[lines.sales]\n'))
    found = [one for one in deployed.examine(center=music) if one.check == "sounds"]
    assert [(one.verdict, one.why) for one in found] == [("pass", "1 is there")]
    there = {} if answer is None else {MUSIC: answer}
    (ill,) = [one for one in deployed.examine(center=music, fetch=there.__getitem__) if one.check == "sounds"]
    assert (ill.verdict, ill.why) == ("warning", f"{MUSIC} (lines.sales.wait.play) {why}")


def test_a_task_that_ends_before_its_caller_is_let_out_is_a_warning(deployed: DeployedStage) -> None:
    sooner = center(('{ queue = "Sales", priority = 10', '{ queue = "Sales", priority = 10, timeout = 90'))
    (found,) = [found for found in deployed.examine(center=sooner) if found.check == "files" and found.fix]
    assert found.verdict == "warning"
    assert "a task that the filter 'support' takes is over after 180 s" in found.why


def test_a_queue_whose_workers_voicemail_may_get_a_caller_is_a_warning(deployed: DeployedStage) -> None:
    silent = center(('[queues.Support.answer]\nmode = "at-once"\n', ""))
    (found,) = [found for found in deployed.examine(center=silent) if found.check == "files" and found.fix]
    assert (found.verdict, found.fix) == ("warning", "an answer.mode for the queue; at-once, if it is meant so")
    assert "queues.Support says nothing of answer: a caller may be joined to a worker's voicemail" in found.why


def test_what_cannot_be_checked_is_a_failure_and_the_rest_is_checked_all_the_same(deployed: DeployedStage) -> None:
    def down() -> float:
        raise ConnectionError("no route to +14155550100")

    findings = deployed.examine(twilio_time=down)
    assert bad(findings) == [("clock", "failure")]
    assert "+14155550100" not in findings[-1].why


def test_a_pipeline_reads_json(deployed: DeployedStage) -> None:
    told = document(deployed.examine())
    assert told["healthy"] is True and told["checks"][0]["verdict"] == "pass"


# --- Mails


def _topic(deployed: DeployedStage) -> str:
    arn = str(boto3.client("sns").create_topic(Name="cordboard-test-alarms")["TopicArn"])
    deployed.stack.outputs = {"AlarmTopic": arn}
    return arn


def _mails(deployed: DeployedStage) -> Finding:
    return next(found for found in deployed.examine() if found.check == "mails")


def test_alarms_that_nobody_hears_are_a_warning(deployed: DeployedStage) -> None:
    _topic(deployed)
    found = _mails(deployed)
    assert (found.verdict, found.fix) == (
        "warning",
        "cordboard deploy --stage test --set AlarmEmail=phones@example.com",
    )
    assert "nobody is subscribed to cordboard-test-alarms" in found.why


def test_mails_that_the_functions_do_not_know_of_are_a_warning(
    deployed: DeployedStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = _topic(deployed)
    boto3.client("sns").subscribe(TopicArn=topic, Protocol="sms", Endpoint="+14155550100")
    found = _mails(deployed)
    assert (found.verdict, found.fix) == (
        "warning",
        "cordboard deploy --stage test --only resources --only functions",
    )
    (deployed.root / stage.file_of("test")).parent.mkdir(parents=True)
    stage.write("test", {"MAIL_TOPIC_ARN": topic}, deployed.root)
    deployed.stage = replace(deployed.stage)  # reads the stage's file again
    assert _mails(deployed).verdict == "pass"


BUCKET = "cordboard-test-messages-123456789012-eu-west-1"
CLOSED = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)


def _bucket(
    deployed: DeployedStage, name: str = "", kept_in: str = "s3", closed: Mapping[str, bool] | None = None
) -> list[Finding]:
    """What the doctor says of the bucket: a stage whose functions know this one, closed as `closed` says."""
    if name:
        (deployed.root / stage.file_of("test")).parent.mkdir(parents=True, exist_ok=True)
        stage.write("test", {"MESSAGES_BUCKET": name}, deployed.root)
    if closed:
        boto3.client("s3").put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=dict(closed))
    files = center(("[workspace]", f'[messages]\nkept_in = "{kept_in}"\n\n[workspace]'))
    return [found for found in deployed.examine(center=files) if found.check == "bucket"]


def test_a_bucket_that_nobody_else_reads_is_well(deployed: DeployedStage) -> None:
    (found,) = _bucket(deployed, BUCKET, closed=CLOSED)
    assert (found.verdict, found.why) == ("pass", f"{BUCKET} is there, and closed to the public")


def test_nothing_is_said_of_a_bucket_where_messages_stay_at_twilio(deployed: DeployedStage) -> None:
    assert _bucket(deployed, BUCKET, "twilio", CLOSED) == []


def test_messages_without_a_bucket_are_a_failure(deployed: DeployedStage) -> None:
    (found,) = _bucket(deployed)
    assert (found.verdict, found.fix) == (
        "failure",
        "cordboard deploy --stage test --only resources --only functions",
    )
    assert "know no bucket" in found.why


def test_a_bucket_that_is_gone_is_a_failure(deployed: DeployedStage) -> None:
    (found,) = _bucket(deployed, "cordboard-test-messages-gone")
    assert found.verdict == "failure" and "cannot be reached: NoSuchBucket" in found.why


@pytest.mark.parametrize("open_to", [*CLOSED, ""])
def test_a_bucket_that_others_may_come_to_read_is_a_failure(deployed: DeployedStage, open_to: str) -> None:
    closed = {**CLOSED, open_to: False} if open_to else {}
    (found,) = _bucket(deployed, BUCKET, closed=closed)
    assert found.verdict == "failure" and "not closed to the public" in found.why
