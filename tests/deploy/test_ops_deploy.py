"""`ops deploy`: from an empty local AWS and an empty account at Twilio to an application that takes a call."""

import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace
from io import BytesIO, StringIO
from pathlib import Path
from zipfile import ZipFile

import pytest
import urllib3

from chalicelib.config import environment
from chalicelib.twilio import urls
from emulator.http.realtime import RealtimeLoop
from emulator.server import in_real_time, serve
from emulator.twilio import Twilio
from laptop import local_aws, wheels
from laptop.deployable import STAGE
from laptop.local_aws import LocalAws
from ops import deployment, stage
from ops.callcenter import files
from ops.deployment import Deployment
from ops.errors import Declined, Stopped
from ops.project import Project as Stage
from ops.stage import ROOT
from tests.deploy.conftest import Project
from tests.support.waiting import eventually

ACCOUNT_SID, TOKEN = "AC" + "7" * 32, "5d4140abc4b2a76b9719d911017c592a"
OLD = "https://old.example.com/voice"
CALLER, SALES = "+12125550171", "+14155550101"
SECRET = "/cordboard/dev/twilio"
# Where the local AWS names what a request acts on otherwise than AWS does, or not at all.
OTHER_NAMES = [
    {"Effect": "Allow", "Action": "lambda:CreateFunction", "Resource": "*"},
    {"Effect": "Allow", "Action": "events:*", "Resource": "*"},
    {"Effect": "Allow", "Action": "ssm:GetParametersByPath", "Resource": "*"},
    # It does not know whose account a bucket is in, which ours is held to.
    {"Effect": "Allow", "Action": "s3:GetBucketPublicAccessBlock", "Resource": "arn:aws:s3:::cordboard-*"},
]


@dataclass(frozen=True)
class Run:
    """What one `ops deploy` changed, and what it printed."""

    changed: list[str]
    said: str


@dataclass(frozen=True)
class Operator:
    """An operator at the project, whose AWS and Twilio are on this machine."""

    project: Project
    local: LocalAws
    twilio: Twilio
    loop: RealtimeLoop
    asked: Deployment = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "asked", Deployment(Stage(STAGE, self.project.root)))

    def deploy(self, *only: str, **parameters: str) -> Run:
        """With these parameters of the stack. Raises Stopped."""
        said = StringIO()
        with redirect_stdout(said):
            changed = deployment.run(replace(self.asked, parameters=parameters, packaged={}), only)
        return Run(changed, said.getvalue())

    def made(self) -> list[str]:
        """Every stack and function that is in the account."""
        stacks = self.local.client("cloudformation").describe_stacks()["Stacks"]
        functions = self.local.client("lambda").list_functions()["Functions"]
        return [it["StackName"] for it in stacks] + [it["FunctionName"] for it in functions]

    def configuration(self) -> str:
        files = (Path(".chalice", "config.json"), stage.file_of(STAGE))
        return "".join((self.project.root / file).read_text(encoding="utf-8") for file in files)

    def packaged(self, function: str) -> dict[str, str]:
        """The stage's file in the code that this function runs."""
        code = self.local.client("lambda").get_function(FunctionName=function)["Code"]["Location"]
        with ZipFile(BytesIO(urllib3.request("GET", code).data)) as archive:
            return environment.parse(archive.read(str(stage.file_of(STAGE))).decode(), STAGE)


@pytest.fixture(scope="module")
def operator(project: Project, local: LocalAws) -> Iterator[Operator]:
    with in_real_time(ACCOUNT_SID, TOKEN) as (twilio, loop), pytest.MonkeyPatch.context() as person:
        server = serve(twilio, loop)
        loop.call(lambda: buy_numbers(twilio, project.root))
        ours = {**deployer(project, local), "AWS_ENDPOINT_URL": project.proxy.url}
        theirs = {"TWILIO_ACCOUNT_SID": ACCOUNT_SID, "TWILIO_API_URL": server.url}
        for name, value in {**ours, **theirs}.items():
            person.setenv(name, value)
        person.delenv("TWILIO_AUTH_TOKEN", raising=False)  # it stands in the secret
        stage.write(STAGE, {"TWILIO_API_URL": server.url}, project.root)
        yield Operator(project, local, twilio, loop)
        server.stop()


def deployer(project: Project, local: LocalAws) -> dict[str, str]:
    """The environment of somebody who may do what ops/deployer-policy.json says and nothing else, and has no index."""
    iam = local.client("iam")
    iam.create_user(UserName="deployer")
    policy = (ROOT / "ops" / "deployer-policy.json").read_text(encoding="utf-8")
    iam.put_user_policy(UserName="deployer", PolicyName="deploy", PolicyDocument=policy)
    other_names = json.dumps({"Version": "2012-10-17", "Statement": OTHER_NAMES})
    iam.put_user_policy(UserName="deployer", PolicyName="other-names", PolicyDocument=other_names)
    key = iam.create_access_key(UserName="deployer")["AccessKey"]
    project.proxy.secret_keys[key["AccessKeyId"]] = key["SecretAccessKey"]
    mine = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    return {**local_aws.CREDENTIALS, **mine, **wheels.environment(STAGE, project.root)}


def buy_numbers(twilio: Twilio, root: Path) -> None:
    """Those of callcenter.toml: they are the account's, and lead nowhere."""
    for number in files.of_checkout(root).numbers():
        twilio.number(number, "")


@pytest.fixture(scope="module")
def without_secret(operator: Operator) -> Stopped:
    """Before there is a secret; with it, an account in which nothing was made yet."""
    with pytest.raises(Stopped) as stopped:
        operator.deploy()
    assert operator.made() == []
    value = json.dumps({"auth_tokens": [TOKEN]})
    operator.local.client("ssm").put_parameter(Name=SECRET, Type="SecureString", Value=value)
    return stopped.value


@pytest.fixture(scope="module")
def cut_off(operator: Operator, without_secret: Stopped) -> Stopped:
    """A run that got as far as to the API, which Chalice makes last."""
    assert without_secret.step == "secret"
    operator.project.proxy.refused = r"POST /restapis\?.*"
    with pytest.raises(Stopped) as stopped:
        operator.deploy("resources", "functions")
    operator.project.proxy.refused = ""
    assert stage.deployed(STAGE, operator.project.root) == []
    return stopped.value


@pytest.fixture(scope="module")
def first(operator: Operator, cut_off: Stopped) -> Run:
    """The first run that comes to its end."""
    assert cut_off.step == "functions"
    return operator.deploy()


@pytest.fixture(scope="module")
def url(operator: Operator, first: Run) -> str:
    assert first.changed
    return stage.api_url(STAGE, operator.project.root)


@pytest.fixture(scope="module")
def second(operator: Operator, url: str) -> tuple[Run, str, str]:
    """The second run, and the configuration before and after it."""
    assert url
    before = operator.configuration()
    return operator.deploy(), before, operator.configuration()


def test_without_a_secret_nothing_is_made_and_the_command_is_named(without_secret: Stopped) -> None:
    assert str(without_secret) == f"there is no {SECRET}: cordboard secret set --stage dev"


def test_a_step_that_fails_stops_the_run_and_says_why(cut_off: Stopped) -> None:
    assert "(AccessDeniedException) when calling the ImportRestApi" in " ".join(str(cut_off).split())


def test_the_next_run_goes_on_where_the_last_was_cut_off_and_makes_nothing_twice(
    first: Run, operator: Operator
) -> None:
    assert "the stack cordboard-dev-resources is as it was" in first.said
    triggers = operator.local.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    noted = [it for it in stage.deployed(STAGE, operator.project.root) if it["resource_type"] == "sqs_event"]
    assert [it["UUID"] for it in triggers] == [it["event_uuid"] for it in noted]
    assert len(operator.local.client("apigateway").get_rest_apis()["items"]) == 1


def test_the_first_run_makes_what_is_left_and_says_so(first: Run) -> None:
    assert first.changed == ["functions", "twilio", "settings"]
    assert "Creating Rest API" in first.said
    assert "+ workflow Calls" in first.said


def test_the_api_takes_so_many_requests_and_no_more(operator: Operator, first: Run, url: str) -> None:
    assert "the API takes 200 requests a second, 1000 at once" in first.said
    (api,) = operator.local.client("apigateway").get_rest_apis()["items"]
    limited = operator.local.client("apigateway").get_stage(restApiId=api["id"], stageName="api")["methodSettings"]
    assert (limited["*/*"]["throttlingRateLimit"], limited["*/*"]["throttlingBurstLimit"]) == (200, 1000)
    assert url


def test_the_deployers_policy_is_enough(first: Run) -> None:
    assert "as arn:aws:iam::000000000000:user/deployer" in first.said


def test_no_secret_is_printed(first: Run, second: tuple[Run, str, str]) -> None:
    assert TOKEN not in first.said + second[0].said + second[2]


def test_the_doctor_comes_last_and_finds_what_only_a_person_can_do(first: Run) -> None:
    examined = first.said.partition("doctor:\n")[2].splitlines()
    assert len(examined) > 15
    warned, fix, texts, campaign = (line for line in examined if not line.startswith("ok "))
    assert texts.startswith("warning  texts of +1") and "A2P 10DLC" in texts + campaign
    assert warned.startswith("warning  mails: nobody is subscribed to cordboard-dev-alarms")
    assert fix.strip() == "fix: cordboard deploy --stage dev --set AlarmEmail=phones@example.com"


def test_the_functions_know_what_apply_made(operator: Operator, url: str) -> None:
    workflows = operator.loop.call(lambda: list(operator.twilio.router.workspace.workflows))
    for name in ("cordboard-dev", "cordboard-dev-jobs_consumer", "cordboard-dev-after_call", "cordboard-dev-sweep"):
        found = operator.local.client("lambda").get_function_configuration(FunctionName=name)["Environment"][
            "Variables"
        ]
        assert found == stage.variables(STAGE, operator.project.root)
        assert environment.over(found, operator.packaged(name)) == stage.read(STAGE, operator.project.root)
        assert [operator.packaged(name)["TWILIO_WORKFLOW_SID"]] == workflows


def test_a_caller_who_dials_the_number_waits_for_a_worker(operator: Operator, url: str) -> None:
    assert url.endswith(".execute-api.us-east-1.amazonaws.com/api")
    sid = operator.loop.call(lambda: operator.twilio.dial(CALLER, SALES))
    tasks = operator.twilio.router.workspace.tasks
    eventually(lambda: operator.loop.call(lambda: bool(tasks)))
    (task,) = operator.loop.call(lambda: list(tasks.values()))
    assert (task.attributes["call_sid"], task.attributes["department"]) == (sid, "sales")
    operator.loop.call(lambda: operator.twilio.hang_up(sid))


def test_a_second_run_changes_nothing_and_says_so(second: tuple[Run, str, str]) -> None:
    run, before, after = second
    assert run.changed == []
    assert after == before
    for line in (
        "the stack cordboard-dev-resources is as it was",
        "every function and policy is as it was",
        "Twilio is as the files say: nothing was changed",
        "every function runs with the stage's configuration",
    ):
        assert line in run.said


def test_one_step_alone_is_one_step_in_the_right_account(operator: Operator, url: str) -> None:
    assert url
    run = operator.deploy("resources")
    assert [line for line in run.said.splitlines() if line.endswith(":")] == ["account:", "resources:"]


def test_a_stage_that_is_in_another_region_is_not_made_a_second_time(
    operator: Operator, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert url
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with pytest.raises(Stopped, match="stage dev is in AWS account 000000000000, region us-east-1: sign in there"):
        operator.deploy("functions")


def test_a_mistake_in_a_file_stops_before_anything_is_touched(operator: Operator, url: str) -> None:
    file = operator.project.root / "chalicelib" / "team" / "callcenter.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("default_line", "defalt_line"), encoding="utf-8")
    seen = len(operator.project.proxy.seen)
    try:
        with pytest.raises(Stopped, match="defalt_line") as stopped:
            operator.deploy()
    finally:
        file.write_text(text, encoding="utf-8")
    assert stopped.value.step == "files"
    assert operator.project.proxy.seen[seen:] == ["POST /"]  # who am I?


def test_what_chalice_says_of_a_mistake_is_passed_on(operator: Operator, url: str) -> None:
    app = operator.project.root / "app.py"
    text = app.read_text(encoding="utf-8")
    app.write_text(f"{text}\nthis is no Python\n", encoding="utf-8")
    try:
        with pytest.raises(Stopped, match=r"(?s)chalice deploy --stage dev failed:.*SyntaxError") as stopped:
            operator.deploy("functions")
    finally:
        app.write_text(text, encoding="utf-8")
    assert stopped.value.step == "functions"
    assert stage.api_url(STAGE, operator.project.root) == url


def test_a_stage_of_another_account_at_twilio_is_left_alone(
    operator: Operator, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", "AC" + "9" * 32)
    with pytest.raises(Stopped, match=f"stage dev belongs to {ACCOUNT_SID}") as stopped:
        operator.deploy()
    assert stopped.value.step == "secret"


def test_who_says_no_has_read_what_would_be_done_and_nothing_is_changed(operator: Operator, url: str) -> None:
    operator.loop.call(lambda: operator.twilio.number(SALES, OLD))
    told, before = list[str](), (operator.made(), operator.configuration())

    def no(text: str) -> None:
        told.append(text)
        raise Declined("nothing was changed")

    with pytest.raises(Declined):
        deployment.run(replace(operator.asked, agree=no, report=lambda line: None))
    assert told == [
        "stage dev is to be changed:\n"
        "AWS: the stack of infra/resources.yaml and the functions and their API, made or brought up to date\n"
        f"Twilio: 0 to make, 1 to change, 0 to delete\n  number {SALES} leads to {OLD} today"
    ]
    assert (operator.made(), operator.configuration()) == before
    assert operator.loop.call(lambda: operator.twilio.numbers[SALES].voice_url) == OLD


def test_where_the_number_led_is_kept_with_the_deployers_rights_and_given_back(operator: Operator, url: str) -> None:
    operator.loop.call(lambda: operator.twilio.number(SALES, OLD))
    told: list[str] = []
    deployment.run(replace(operator.asked, agree=told.append, report=lambda line: None), ["twilio"])
    assert operator.loop.call(lambda: operator.twilio.numbers[SALES].voice_url).startswith(url_of(operator))
    stage_of_mine = operator.asked.project
    (step,) = stage_of_mine.plan_giving_back([SALES])
    stage_of_mine.give_back(step)
    assert operator.loop.call(lambda: operator.twilio.numbers[SALES].voice_url) == OLD
    assert stage_of_mine.former_numbers.all() == ()
    operator.deploy("twilio")


def url_of(operator: Operator) -> str:
    return stage.base_url(STAGE, operator.project.root)


def test_an_answer_that_was_given_before_the_number_was_led_elsewhere_is_no_answer(
    operator: Operator, url: str
) -> None:
    def slow(text: str) -> None:
        operator.loop.call(lambda: operator.twilio.number(SALES, OLD))

    with pytest.raises(
        Stopped, match=r"somebody changes Twilio at the same time: .* That is left: run it again"
    ) as stopped:
        deployment.run(replace(operator.asked, agree=slow, agreed=set(), report=lambda line: None), ["twilio"])
    assert stopped.value.step == "twilio"
    assert operator.loop.call(lambda: operator.twilio.numbers[SALES].voice_url) == OLD


# --- With a console


@dataclass(frozen=True)
class Api:
    """The methods of the API that is there, by path, with the authorizer's pool of each that has one."""

    pools: dict[str, str]
    open: set[str]

    @property
    def paths(self) -> set[str]:
        return {*self.pools, *self.open}


def api_of(operator: Operator) -> Api:
    gateway = operator.local.client("apigateway")
    (api,) = gateway.get_rest_apis()["items"]
    asked = {it["id"]: it["providerARNs"] for it in gateway.get_authorizers(restApiId=api["id"])["items"]}
    pools, without = {}, set()
    for resource in gateway.get_resources(restApiId=api["id"], embed=["methods"], limit=500)["items"]:
        for method in resource.get("resourceMethods", {}).values():
            if method["authorizationType"] == "COGNITO_USER_POOLS":
                (pools[resource["path"]],) = asked[method["authorizerId"]]
            else:
                without.add(resource["path"])
    return Api(pools, without)


def answer(operator: Operator, route: urls.Route, token: str = "") -> int:
    headers = {"Authorization": token} if token else {}
    place = route.page(operator.project.proxy.public_url)
    return urllib3.request("GET", place, headers=headers, timeout=60, retries=False).status


def test_a_stage_without_a_console_has_none_of_its_routes(operator: Operator, url: str) -> None:
    assert url
    assert not [path for path in api_of(operator).paths if path.startswith(("/console", "/desk"))]
    assert [answer(operator, route) for route in (urls.CONSOLE, urls.DESK, urls.CONSOLE_BOARD)] == [403, 403, 403]
    assert "USER_POOL_ARN" not in {name for name, value in stage.read(STAGE, operator.project.root).items() if value}


@pytest.fixture(scope="module")
def with_console(operator: Operator, second: tuple[Run, str, str]) -> Run:
    """The stage, with a console from now on, by the deployer's rights."""
    assert second
    return operator.deploy(Console="yes")


def test_a_console_is_a_pool_an_authorizer_and_its_routes(operator: Operator, with_console: Run) -> None:
    assert {"resources", "functions", "twilio"} <= set(with_console.changed)
    arn = stage.read(STAGE, operator.project.root)["USER_POOL_ARN"]
    api, ours = api_of(operator), [route for route in urls.ROUTES if route.of_console]
    assert set(api.pools.values()) == {arn}
    assert set(api.pools) == {route.path for route in ours if route.signed_by == "person"}
    assert {route.path for route in ours} - set(api.pools) <= api.open
    assert [answer(operator, urls.CONSOLE), answer(operator, urls.DESK)] == [200, 200]
    assert [answer(operator, urls.CONSOLE_BOARD, token) for token in ("", "nonsense")] == [401, 401]


def test_the_sign_in_leads_back_to_the_console_that_was_deployed(operator: Operator, with_console: Run) -> None:
    assert with_console
    known, pools = stage.read(STAGE, operator.project.root), operator.local.client("cognito-idp")
    pool = known["USER_POOL_ARN"].rpartition("/")[2]
    found = pools.describe_user_pool_client(UserPoolId=pool, ClientId=known["CONSOLE_CLIENT"])["UserPoolClient"]
    assert found["CallbackURLs"] == [route.page(url_of(operator)) for route in (urls.CONSOLE, urls.DESK)]
    groups = pools.list_groups(UserPoolId=pool)["Groups"]
    assert {group["GroupName"] for group in groups} == {"agents", "supervisors"}


def test_taskrouter_tells_of_workers_from_then_on(operator: Operator, with_console: Run) -> None:
    assert with_console
    (workspace,) = [operator.loop.call(lambda: operator.twilio.router.workspace)]
    assert "worker.activity.update" in workspace.events_filter


def test_a_console_stays_without_being_asked_for_again_and_goes_when_it_is_switched_off(
    operator: Operator, with_console: Run
) -> None:
    assert with_console
    assert operator.deploy("resources", "functions", "settings").changed == []
    assert answer(operator, urls.CONSOLE) == 200
    pool = stage.read(STAGE, operator.project.root)["USER_POOL_ARN"].rpartition("/")[2]
    operator.deploy("resources", "functions", Console="no")
    assert answer(operator, urls.CONSOLE) == 403
    assert not [path for path in api_of(operator).paths if path.startswith(("/console", "/desk"))]
    assert operator.local.client("cognito-idp").describe_user_pool(UserPoolId=pool)["UserPool"]["Id"] == pool
