"""The small modules: log, environment, secrets, instructions, jobs."""

import json
from pathlib import Path

import pytest

from chalicelib import jobs
from chalicelib.config import environment, secrets, team
from chalicelib.observability import log, metrics
from chalicelib.routing import instructions
from tests.conftest import ENVIRONMENT


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
