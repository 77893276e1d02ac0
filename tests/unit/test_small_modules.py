"""The small modules: log, environment, secrets, instructions, jobs."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib import jobs
from chalicelib.config import environment, secrets, team
from chalicelib.observability import log, metrics
from chalicelib.routing import instructions
from tests.conftest import ENVIRONMENT
from tests.support.caches import forget_everything


def test_a_log_line_is_one_json_object_without_empty_fields(capsys: pytest.CaptureFixture[str]) -> None:
    log.info("it happened", call_sid="CA1", at=1.5, nothing=None, blank="")
    assert json.loads(capsys.readouterr().out) == {
        "level": "INFO",
        "event": "it happened",
        "call_sid": "CA1",
        "at": 1.5,
    }


def test_a_traceback_is_masked_too(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise ValueError("+14155550100")
    except ValueError:
        log.error("it failed")
    line = json.loads(capsys.readouterr().out)
    assert "ValueError: …00" in line["traceback"]


@pytest.mark.parametrize("name", ["LINKS_TABLE", "JOBS_QUEUE_URL", "TWILIO_ACCOUNT_SID", "TWILIO_WORKFLOW_SID"])
def test_a_missing_variable_is_named(name: str) -> None:
    with pytest.raises(environment.SettingsError, match=name):
        environment.load({key: value for key, value in ENVIRONMENT.items() if key != name})


@pytest.mark.parametrize("value", ["nonsense", "[]", '{"a": 1}'])
def test_names_that_are_no_table_of_sids_are_said(value: str) -> None:
    with pytest.raises(environment.SettingsError, match="TWILIO_ACTIVITIES"):
        environment.load(ENVIRONMENT | {"TWILIO_ACTIVITIES": value})


def test_names_and_sids_find_each_other() -> None:
    loaded = environment.load(ENVIRONMENT)
    assert loaded.task_queue_name("WQ" + "0" * 32) == "Support"
    assert loaded.activity_sid("Offline") == "WA" + "0" * 32
    assert (loaded.task_queue_name("WQ9"), loaded.activity_sid(""), loaded.activity_sid("No such")) == ("", "", "")


@pytest.mark.parametrize("name", ["PUBLIC_BASE_URL", "TWILIO_API_URL", "SIGN_IN_URL"])
def test_an_address_has_no_slash_at_its_end(name: str) -> None:
    loaded = environment.load({**ENVIRONMENT, name: "https://x.example/api/"})
    field = {"PUBLIC_BASE_URL": "public_base_url", "TWILIO_API_URL": "twilio_api_url", "SIGN_IN_URL": "sign_in_url"}
    assert getattr(loaded, field[name]) == "https://x.example/api"


def test_a_stage_has_a_console_if_somebody_can_sign_in() -> None:
    assert environment.load({**ENVIRONMENT, "USER_POOL_ARN": "arn:x"}).has_console
    assert not environment.load(ENVIRONMENT).has_console
    assert environment.load(ENVIRONMENT).after_call_queue_url == f"{ENVIRONMENT['JOBS_QUEUE_URL']}-after-call"


@pytest.mark.parametrize(
    ("upper", "lower", "both"),
    [
        ({"A": "1"}, {"A": "2", "B": "3"}, {"A": "1", "B": "3"}),
        ({"A": ""}, {"A": "2"}, {"A": "2"}),
        ({"A": ""}, {"B": "3"}, {"A": "", "B": "3"}),
        ({"A": "1"}, {}, {"A": "1"}),
    ],
)
def test_a_variable_of_the_environment_goes_before_the_files_unless_it_is_empty(
    upper: dict[str, str], lower: dict[str, str], both: dict[str, str]
) -> None:
    assert environment.over(upper, lower) == both


@pytest.mark.parametrize("text", ["nonsense", "[]", '{"A": 1}'])
def test_a_file_of_variables_that_is_none_is_named(text: str) -> None:
    with pytest.raises(environment.SettingsError, match=r"chalicelib/team/dev\.json must be a JSON object"):
        environment.parse(text, "dev.json")


def test_what_the_environment_has_not_or_has_empty_is_read_in_the_teams_file_of_the_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = {"TWILIO_WORKFLOW_SID": "WW9", "CRM_URL": "https://crm.example.com", "LINKS_TABLE": "another"}
    (tmp_path / "dev.json").write_text(json.dumps({**written, "TWILIO_ACTIVITIES": {"Offline": "WA9"}}))
    monkeypatch.setattr(team, "folder", lambda: str(tmp_path))
    known = {name: value for name, value in ENVIRONMENT.items() if name not in {**written, "TWILIO_ACTIVITIES": ""}}
    known |= {"STAGE": "dev", "CRM_URL": "", "LINKS_TABLE": "links"}
    loaded = environment.load(environment.variables(known))
    assert (loaded.workflow_sid, loaded.crm_url, loaded.links_table) == ("WW9", "https://crm.example.com", "links")
    assert loaded.activity_sid("Offline") == "WA9"
    assert environment.variables(known | {"STAGE": "prod"}) == known | {"STAGE": "prod"}
    assert "TWILIO_WORKFLOW_SID" not in environment.variables({"LINKS_TABLE": "links"})


@pytest.mark.parametrize(
    "text", ["", "{}", "nonsense", '{"auth_tokens": []}', '{"auth_tokens": [""]}', '{"auth_tokens": "s3cret"}']
)
def test_a_bad_secret_is_said_without_its_value(text: str) -> None:
    with pytest.raises(secrets.SecretError) as error:
        secrets.parse(text)
    assert "s3cret" not in str(error.value)


def test_a_token_pasted_with_a_newline_is_mended_and_never_shown() -> None:
    read = secrets.parse('{"auth_tokens": ["s3cret\\n", "older"]}')
    assert read.auth_tokens == ("s3cret", "older") and "s3cret" not in repr(read)


def test_an_instruction_is_twilios_json() -> None:
    dequeue = instructions.Dequeue(to="client:bea", from_="+14155550100", record="record-from-answer", timeout=20)
    assert json.loads(instructions.encode(dequeue)) == {
        "instruction": "dequeue",
        "to": "client:bea",
        "from": "+14155550100",
        "record": "record-from-answer",
        "timeout": 20,
    }


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (instructions.Dequeue(to="bea", from_="+14155550100"), "to"),
        (instructions.Dequeue(to="+14155550111", from_="+14155550100", timeout=1000), "timeout"),
        (instructions.Reject(activity_sid="WA1"), "activity_sid"),
        (instructions.Call(from_="+14155550100", url="ftp://x"), "url"),
        (instructions.Redirect(call_sid="WR1", url="https://x", accept=True), "call_sid"),
        (instructions.Conference(max_participants=1), "max_participants"),
    ],
)
def test_an_instruction_that_twilio_would_refuse_names_its_field(wrong: instructions.Instruction, said: str) -> None:
    with pytest.raises(instructions.InvalidInstruction, match=said):
        instructions.encode(wrong)


@pytest.mark.parametrize("contact", ["+14155550111", "client:bea", "sip:bea@example.com", "sips:bea@example.com"])
def test_where_a_worker_can_be_rung(contact: str) -> None:
    assert instructions.is_contact(contact)


def test_a_job_is_the_same_after_its_journey() -> None:
    job = jobs.Reject("CA" + "0" * 32, "WR" + "0" * 32, "WT" + "0" * 32, "no-answer", "WA1")
    assert jobs.decode(jobs.encode(job)) == job


def test_the_secret_is_read_again_in_the_next_period(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    secrets.forget()
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "older")
    assert secrets.current().auth_tokens == ("older",)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "newest,older")
    assert secrets.current().auth_tokens == ("older",)
    clock[0] += secrets.REFRESH_SECONDS
    assert secrets.current().auth_tokens == ("newest", "older")
    secrets.forget()


@pytest.fixture
def parameter(environment: pytest.MonkeyPatch) -> Iterator[dict[str, str | Exception]]:
    """What SSM has, by the name of the parameter that this stage reads."""
    kept: dict[str, str | Exception] = {"/cordboard/test": '{"auth_tokens": ["a", "", " b "], "api_key_sid": "SK1"}'}

    def read(name: str) -> str:
        found = kept[name]
        if isinstance(found, Exception):
            raise found
        return found

    environment.delenv("TWILIO_AUTH_TOKEN")
    environment.setenv("TWILIO_SECRET_PARAMETER", "/cordboard/test")
    environment.setattr(secrets, "_parameter", read)
    forget_everything()
    yield kept
    forget_everything()


def test_the_secret_of_a_stage_is_in_its_parameter(parameter: dict[str, str | Exception]) -> None:
    assert secrets.current() == secrets.Secrets(auth_tokens=("a", "b"), api_key_sid="SK1")


def test_a_machine_that_has_just_started_reads_its_secret(
    parameter: dict[str, str | Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.monotonic", lambda: 0.0)
    assert secrets.current().auth_tokens == ("a", "b")


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (OSError("no route to …"), "SSM: OSError"),
        ("nonsense", "the secret parameter is not the JSON that Cordboard expects"),
        ('{"auth_tokens": []}', "the secret parameter holds no auth token"),
    ],
)
def test_a_process_without_a_secret_asks_for_it_at_each_request(
    parameter: dict[str, str | Exception], found: str | Exception, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    good, parameter["/cordboard/test"] = parameter["/cordboard/test"], found
    for _ in range(2):
        with pytest.raises(secrets.SecretError, match=why):
            secrets.current()
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["event"], line["why"], line["kept"]) for line in told] == [("secret not read", why, False)] * 2
    parameter["/cordboard/test"] = good
    assert secrets.current().auth_tokens == ("a", "b")


def test_a_token_of_the_environment_goes_before_the_parameter(
    parameter: dict[str, str | Exception], environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("TWILIO_AUTH_TOKEN", "newest,older")
    environment.setenv("WORK_KEY", "work")
    assert secrets.current() == secrets.Secrets(("newest", "older"), crm_key="crm-key", work_key="work")
    environment.delenv("CRM_KEY")
    environment.delenv("WORK_KEY")
    secrets.forget()
    assert secrets.current() == secrets.Secrets(("newest", "older"))


def test_a_stage_with_neither_token_nor_parameter_says_so(
    parameter: dict[str, str | Exception], environment: pytest.MonkeyPatch
) -> None:
    environment.delenv("TWILIO_SECRET_PARAMETER")
    with pytest.raises(secrets.SecretError, match="neither TWILIO_SECRET_PARAMETER nor TWILIO_AUTH_TOKEN is set"):
        secrets.current()


@pytest.mark.parametrize(
    ("function", "stage"),
    [
        ("cordboard-dev", "dev"),
        ("cordboard-prod-sweep", "prod"),
        ("cordboard", "local"),
        ("", "local"),
        ("a-dev", "local"),
        ("other-dev", "local"),
    ],
)
def test_a_metric_is_of_the_stage_that_the_functions_name_has(function: str, stage: str) -> None:
    assert metrics.stage_of(function) == stage


@pytest.mark.parametrize("sid", ["WQ" + "0" * 32, "WQ" + "3" * 32, "WQ" + "f" * 32, ""])
def test_a_task_queue_that_nobody_named_has_no_name(sid: str) -> None:
    variables = {
        **ENVIRONMENT,
        "TWILIO_TASK_QUEUES": json.dumps({"Sales": "WQ" + "4" * 32, "Support": "WQ" + "2" * 32}),
    }
    found = environment.load(variables)
    assert found.task_queue_name(sid) == ""
    assert (found.task_queue_name("WQ" + "2" * 32), found.task_queue_name("WQ" + "4" * 32)) == ("Support", "Sales")
