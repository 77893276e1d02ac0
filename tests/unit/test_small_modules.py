"""The small modules: log, metrics, environment, secrets, instructions, jobs, budget, signing, start."""

import gc
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib import aws, budget, jobs, signing, start
from chalicelib.config import environment as settings
from chalicelib.config import secrets, team
from chalicelib.links.model import Link
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


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_nought_and_no_are_fields_like_others(capsys: pytest.CaptureFixture[str]) -> None:
    log.warning("it happened", count=0, is_late=False, at=-1.5)
    assert lines(capsys) == [{"level": "WARNING", "event": "it happened", "count": 0, "is_late": False, "at": -1.5}]


def test_an_error_has_a_traceback_where_there_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    log.error("it failed", why="down")
    assert lines(capsys) == [{"level": "ERROR", "event": "it failed", "why": "down"}]


def test_a_value_is_masked_and_cut_but_not_a_short_one(capsys: pytest.CaptureFixture[str]) -> None:
    log.info("it happened", caller="+14155550100", short="x" * 10_000, long="y" * 10_001, other=["+14155550100"])
    (line,) = lines(capsys)
    assert (line["caller"], line["other"]) == ("…00", "['…00']")
    assert (line["short"], line["long"]) == ("x" * 10_000, "y" * 10_000)


def test_the_lines_of_a_block_have_its_fields_and_their_own_count_more(capsys: pytest.CaptureFixture[str]) -> None:
    log.bind(who="nobody")  # outside of any block there is nothing to bind to
    with log.Context(call_sid="CA1", empty=""):
        with log.Context(task_sid="WT1", call_sid="CA2"):
            log.bind(who="bea")
            log.info("inner", call_sid="CA3")
            log.info("inner")
        log.info("outer")
    log.info("alone")
    assert [{**line, "level": ""} for line in lines(capsys)] == [
        {"level": "", "event": "inner", "call_sid": "CA3", "task_sid": "WT1", "who": "bea"},
        {"level": "", "event": "inner", "call_sid": "CA2", "task_sid": "WT1", "who": "bea"},
        {"level": "", "event": "outer", "call_sid": "CA1"},
        {"level": "", "event": "alone"},
    ]


def test_a_metric_goes_out_with_its_line_in_the_format_of_cloudwatch(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: 1795860000.25)
    log.info("the CRM failed", metrics.of(metrics.CRM_FAILURES), why="down")
    log.info("still waiting", metrics.of(metrics.STILL_WAITING, 7.5))
    first, second = lines(capsys)
    described = {"Namespace": "Cordboard", "Dimensions": [["Stage"]]}
    assert (first["CrmFailures"], first["Stage"], first["why"]) == (1, "local", "down")
    assert first["_aws"] == {
        "Timestamp": 1795860000250,
        "CloudWatchMetrics": [{**described, "Metrics": [{"Name": "CrmFailures", "Unit": "Count"}]}],
    }
    assert second["StillWaiting"] == 7.5
    assert second["_aws"]["CloudWatchMetrics"][0]["Metrics"] == [{"Name": "StillWaiting", "Unit": "Seconds"}]


@pytest.mark.parametrize("name", ["LINKS_TABLE", "JOBS_QUEUE_URL", "TWILIO_ACCOUNT_SID", "TWILIO_WORKFLOW_SID"])
def test_a_missing_variable_is_named(name: str) -> None:
    with pytest.raises(settings.SettingsError, match=name):
        settings.load({key: value for key, value in ENVIRONMENT.items() if key != name})


@pytest.mark.parametrize("value", ["nonsense", "[]", '{"a": 1}'])
def test_names_that_are_no_table_of_sids_are_said(value: str) -> None:
    with pytest.raises(settings.SettingsError, match="TWILIO_ACTIVITIES"):
        settings.load(ENVIRONMENT | {"TWILIO_ACTIVITIES": value})


def test_names_and_sids_find_each_other() -> None:
    loaded = settings.load(ENVIRONMENT)
    assert loaded.task_queue_name("WQ" + "0" * 32) == "Support"
    assert loaded.activity_sid("Offline") == "WA" + "0" * 32
    assert (loaded.task_queue_name("WQ9"), loaded.activity_sid(""), loaded.activity_sid("No such")) == ("", "", "")


@pytest.mark.parametrize("name", ["PUBLIC_BASE_URL", "TWILIO_API_URL", "SIGN_IN_URL"])
def test_an_address_has_no_slash_at_its_end(name: str) -> None:
    loaded = settings.load({**ENVIRONMENT, name: "https://x.example/api/"})
    field = {"PUBLIC_BASE_URL": "public_base_url", "TWILIO_API_URL": "twilio_api_url", "SIGN_IN_URL": "sign_in_url"}
    assert getattr(loaded, field[name]) == "https://x.example/api"


def test_a_stage_has_a_console_if_somebody_can_sign_in() -> None:
    assert settings.load({**ENVIRONMENT, "USER_POOL_ARN": "arn:x"}).has_console
    assert not settings.load(ENVIRONMENT).has_console
    assert settings.load(ENVIRONMENT).after_call_queue_url == f"{ENVIRONMENT['JOBS_QUEUE_URL']}-after-call"


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
    assert settings.over(upper, lower) == both


@pytest.mark.parametrize("text", ["nonsense", "[]", '{"A": 1}'])
def test_a_file_of_variables_that_is_none_is_named(text: str) -> None:
    with pytest.raises(settings.SettingsError, match=r"chalicelib/team/dev\.json must be a JSON object"):
        settings.parse(text, "dev.json")


def test_what_the_environment_has_not_or_has_empty_is_read_in_the_teams_file_of_the_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = {"TWILIO_WORKFLOW_SID": "WW9", "CRM_URL": "https://crm.example.com", "LINKS_TABLE": "another"}
    (tmp_path / "dev.json").write_text(json.dumps({**written, "TWILIO_ACTIVITIES": {"Offline": "WA9"}}))
    monkeypatch.setattr(team, "folder", lambda: str(tmp_path))
    known = {name: value for name, value in ENVIRONMENT.items() if name not in {**written, "TWILIO_ACTIVITIES": ""}}
    known |= {"STAGE": "dev", "CRM_URL": "", "LINKS_TABLE": "links"}
    loaded = settings.load(settings.variables(known))
    assert (loaded.workflow_sid, loaded.crm_url, loaded.links_table) == ("WW9", "https://crm.example.com", "links")
    assert loaded.activity_sid("Offline") == "WA9"
    assert settings.variables(known | {"STAGE": "prod"}) == known | {"STAGE": "prod"}
    assert "TWILIO_WORKFLOW_SID" not in settings.variables({"LINKS_TABLE": "links"})


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


CALL, RESERVATION, TASK, WORKER = "CA" + "0" * 32, "WR" + "0" * 32, "WT" + "0" * 32, "WK" + "0" * 32
RECORDING = "RE" + "0" * 32
OF_CALL = {"call_sid": CALL, "reservation_sid": RESERVATION}


@pytest.mark.parametrize(
    ("message", "job"),
    [
        ({"job": "ring_worker", **OF_CALL}, jobs.RingWorker(CALL, RESERVATION)),
        ({"job": "give_up", **OF_CALL, "task_sid": TASK}, jobs.Reject(CALL, RESERVATION, TASK, "", "", "", 0)),
        ({"job": "hang_up", "worker_call_sid": CALL}, jobs.HangUp(CALL, "")),
        (
            {"job": "put_back", "worker_sid": WORKER, "from_sid": TASK, "to_sid": TASK, "since": 1.5, "until": 2},
            jobs.PutBack(WORKER, TASK, TASK, 1.5, 2.0, ""),
        ),
        ({"job": "tell_crm", **OF_CALL}, jobs.TellCrm(CALL, RESERVATION, 0)),
        ({"job": "complete_task", "call_sid": CALL, "task_sid": TASK}, jobs.CompleteTask(CALL, TASK)),
        ({"job": "lead_out", "call_sid": CALL}, jobs.LeadOut(CALL, "")),
        (
            {"job": "keep_message", "call_sid": CALL, "recording_sid": RECORDING},
            jobs.KeepMessage(CALL, RECORDING, -1, ""),
        ),
        ({"job": "keep_talk", **OF_CALL, "recording_sid": RECORDING}, jobs.KeepTalk(CALL, RESERVATION, RECORDING, -1)),
        ({"job": "callback", "call_sid": CALL}, jobs.GoOn(CALL)),
        (
            {"job": "look_at", "what": "wrapping", "rows": [[TASK, "", 0]], "at": 5},
            jobs.LookAt("wrapping", (jobs.Row(TASK, "", 0.0),), 5.0),
        ),
    ],
    ids=lambda given: type(given).__name__,
)
def test_a_message_of_another_version_lacks_fields_and_has_others(message: dict[str, object], job: jobs.Job) -> None:
    assert jobs.decode(json.dumps({**message, "of_a_newer_version": 1})) == job


@pytest.mark.parametrize(
    "body",
    ["", "{}", "[]", '{"job": "none"}', '{"job": "callback"}', '{"job": "callback", "call_sid": "x"}', "[" * 100_000],
)
def test_what_is_no_job_is_said_without_a_number(body: str) -> None:
    with pytest.raises(jobs.JobError, match="not a job"):
        jobs.decode(body)
    with pytest.raises(jobs.JobError, match="…00"):
        jobs.decode('{"job": "+14155550100"}')


def test_a_job_knows_whose_link_it_is_about() -> None:
    link = Link(subject=CALL, reservation_sid=RESERVATION, task_sid=TASK, worker_sid=WORKER)
    reject = jobs.Reject.of(link, "no-answer", "WA1", 20)
    assert reject == jobs.Reject(CALL, RESERVATION, TASK, "no-answer", "WA1", WORKER, 20)
    assert jobs.Reject.of(link, "passed") == jobs.Reject(CALL, RESERVATION, TASK, "passed", "", WORKER, 0)
    others = jobs.RingWorker(CALL, RESERVATION), jobs.TellCrm(CALL, RESERVATION)
    assert {one.key for one in (reject, *others, jobs.KeepTalk(CALL, RESERVATION, RECORDING))} == {link.key}


@pytest.mark.parametrize(
    ("job", "queue", "delay"),
    [
        (jobs.RingWorker(CALL, RESERVATION), "", 0),
        (jobs.LeadOut(CALL), "", 5),
        (jobs.CompleteTask(CALL, TASK), settings.AFTER_CALL, 900),
        (jobs.GoOn(CALL), settings.AFTER_CALL, 0),
    ],
)
def test_a_job_that_nobody_on_the_line_waits_for_has_a_queue_of_its_own(
    environment: pytest.MonkeyPatch, job: jobs.Job, queue: str, delay: int
) -> None:
    asked: list[dict[str, Any]] = []
    environment.setattr(aws, "request", lambda *_names, **given: asked.append(given))
    jobs.send(job, delay) if delay else jobs.send(job)
    url = ENVIRONMENT["JOBS_QUEUE_URL"] + queue
    assert asked == [{"QueueUrl": url, "MessageBody": jobs.encode(job), "DelaySeconds": delay}]


# --- The time that there is


def test_requests_have_what_is_left_of_the_innermost_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1000.0)
    with budget.Until(1015.0):
        with budget.Until(1004.5):
            assert budget.seconds_left() == 4.5
        assert budget.seconds_left() == 15
    assert budget.seconds_left() == float("inf")


# --- What is signed


def test_a_signature_is_of_the_time_and_the_body() -> None:
    """As `printf '1795860000.{}' | openssl dgst -sha256 -hmac crm-key` has it."""
    signature = "778f94a06962a7ad7e768631dcf2b77134214c66c0b5f2e62f2d47fd04478a02"
    assert signing.sign("crm-key", "1795860000", b"{}") == signature
    assert signing.headers("crm-key", "1795860000", b"{}") == {
        "Content-Type": "application/json",
        "X-Cordboard-Timestamp": "1795860000",
        "X-Cordboard-Signature": signature,
    }


@pytest.mark.parametrize(
    ("timestamp", "now", "holds"),
    [
        ("1795860000", 1795860000.0, True),
        ("1795860000", 1795860300.0, True),
        ("1795860000", 1795860300.5, False),
        ("1795860000", 1795859700.0, True),
        ("1795860000", 1795859699.5, False),
        ("179586000012", 179586000012.0, True),
        ("1795860000123", 1795860000123.0, False),
        ("1795860000.5", 1795860000.0, False),
        ("", 0.0, False),
    ],
)
def test_a_signature_holds_for_five_minutes(timestamp: str, now: float, holds: bool) -> None:
    signature = signing.sign("crm-key", timestamp, b"{}")
    assert signing.holds("crm-key", timestamp, b"{}", signature, now) == holds
    assert signing.holds("crm-key", timestamp, b"{}", signature.upper(), now) == holds


@pytest.mark.parametrize(
    ("key", "body", "signature"),
    [
        ("", b"{}", None),
        ("other", b"{}", None),
        ("crm-key", b"[]", None),
        ("crm-key", b"{}", "é"),
        ("crm-key", b"{}", ""),
    ],
)
def test_what_another_key_signed_or_nobody_does_not_hold(key: str, body: bytes, signature: str | None) -> None:
    signed = signing.sign(key if not key else "crm-key", "1795860000", b"{}")
    assert not signing.holds(key, "1795860000", body, signed if signature is None else signature, 1795860000.0)


# --- How a process starts


def test_outside_of_lambda_garbage_is_looked_for_from_the_start() -> None:
    assert not start.IN_LAMBDA and gc.isenabled()


@pytest.mark.parametrize(
    ("handler", "services"), [("app.app", ["dynamodb", "sqs"]), ("app.sweep", ["dynamodb"]), ("app.other", [])]
)
@pytest.mark.parametrize("has_secret", [True, False])
def test_a_process_loads_what_its_function_needs(
    monkeypatch: pytest.MonkeyPatch, handler: str, services: list[str], has_secret: bool
) -> None:
    """A secret that cannot be read is read again when it is needed."""
    asked: list[str] = []

    def secret() -> None:
        asked.append("the secret")
        if not has_secret:
            raise secrets.SecretError("no secret")

    monkeypatch.setattr(aws, "client", asked.append)
    monkeypatch.setattr(start, "import_module", asked.append)
    monkeypatch.setattr(secrets, "current", secret)
    for name in ("freeze", "enable"):
        monkeypatch.setattr(gc, name, lambda: None)
    start.load(handler)
    modules = [*start.NEEDS[handler].modules] if services else []
    assert asked == ([*modules, *services, "the secret"] if services else [])


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
    found = settings.load(variables)
    assert found.task_queue_name(sid) == ""
    assert (found.task_queue_name("WQ" + "2" * 32), found.task_queue_name("WQ" + "4" * 32)) == ("Support", "Sales")
