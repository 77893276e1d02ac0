"""`ops secret set` and `ops secret show`, against SSM."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from ops.__main__ import main
from ops.aws import secret
from ops.errors import StageError
from tests.support.terminal import Terminal

OLD, NEW, NEXT = "a" * 32, "b" * 32, "c" * 32
KEY_SID, KEY_SECRET = "SK" + "0" * 32, "a-secret-of-the-key"
NAME = "/cordboard/dev/twilio"


@pytest.fixture(autouse=True)
def ssm(environment: pytest.MonkeyPatch) -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("ssm")


def given(environment: pytest.MonkeyPatch, text: str) -> None:
    environment.setattr("sys.stdin", io.StringIO(text))


def kept(ssm: Any) -> Any:
    return json.loads(ssm.get_parameter(Name=NAME, WithDecryption=True)["Parameter"]["Value"])


def set_to(environment: pytest.MonkeyPatch, text: str, *words: str) -> int:
    given(environment, text)
    return main(["secret", "set", *words])


def test_a_token_pasted_with_a_newline_is_stored_without_it(environment: pytest.MonkeyPatch, ssm: Any) -> None:
    assert set_to(environment, f"  {OLD}\r\n") == 0
    assert kept(ssm)["auth_tokens"] == [OLD]


def test_it_is_an_encrypted_parameter_of_the_stages_name(environment: pytest.MonkeyPatch, ssm: Any) -> None:
    set_to(environment, OLD)
    found = ssm.describe_parameters()["Parameters"]
    assert [(it["Name"], it["Type"], it["KeyId"]) for it in found] == [(NAME, "SecureString", "alias/aws/ssm")]
    tags = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=NAME)["TagList"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"application": "cordboard", "stage": "dev"}


def test_the_terminal_is_asked_without_an_echo_and_enter_leaves_a_value(
    environment: pytest.MonkeyPatch, ssm: Any
) -> None:
    answers = {"Auth token": OLD, "sid": KEY_SID, "API key's secret": KEY_SECRET, "CRM": "", "systems": "work"}
    environment.setattr("sys.stdin", Terminal())
    environment.setattr(
        "click.termui.hidden_prompt_func", lambda asked: next(value for word, value in answers.items() if word in asked)
    )
    assert main(["secret", "set"]) == 0
    answers = {"Auth token": "", "sid": "", "API key's secret": "", "CRM": "crm", "systems": ""}
    assert main(["secret", "set"]) == 0
    wanted = {"auth_tokens": [OLD], "api_key_sid": KEY_SID, "api_key_secret": KEY_SECRET, "crm_key": "crm"}
    wanted |= {"work_key": "work"}
    assert kept(ssm) == wanted


def test_the_application_reads_what_was_set(environment: pytest.MonkeyPatch, ssm: Any) -> None:
    from chalicelib.config import secrets
    from tests.support.caches import forget_everything

    set_to(environment, json.dumps({"auth_token": OLD, "crm_key": "crm"}))
    environment.delenv("TWILIO_AUTH_TOKEN")
    environment.setenv("TWILIO_SECRET_PARAMETER", NAME)
    forget_everything()
    assert (secrets.current().auth_tokens, secrets.current().crm_key) == ((OLD,), "crm")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (OLD[:-1], "no auth token: it is 32 hexadecimal digits, and 31 characters came"),
        ("AC" + "a" * 30 + "xyz", "no auth token: it is 32 hexadecimal digits, and 35 characters came"),
        (f"{OLD}\n{NEW}", "no auth token: it is 32 hexadecimal digits, and 65 characters came"),
        ("", "an auth token is needed"),
        (json.dumps({"auth_token": OLD, "api_key_sid": KEY_SID}), "give both or neither"),
        (json.dumps({"auth_token": OLD, "api_key_sid": "AC", "api_key_secret": "x"}), "no API key's sid"),
        (json.dumps({"auth_token": OLD, "crm_key": "two words"}), "crm_key has a blank"),
        (json.dumps({"token": OLD}), "stdin is not what is wanted"),
        ('{"auth_token"', "stdin is not what is wanted"),
    ],
)
def test_what_cannot_be_a_secret_is_refused_and_not_repeated(
    text: str, said: str, environment: pytest.MonkeyPatch, ssm: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert set_to(environment, text) == 2
    printed = capsys.readouterr()
    assert said in printed.err
    assert "aaaaaaaa" not in printed.err + printed.out
    assert ssm.describe_parameters()["Parameters"] == []


def test_values_are_never_taken_from_arguments() -> None:
    assert main(["secret", "set", OLD]) == 2


def test_another_token_is_not_put_over_one_in_use_by_mistake(
    environment: pytest.MonkeyPatch, ssm: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    set_to(environment, OLD)
    assert set_to(environment, NEW) == 2
    assert "--rotate" in capsys.readouterr().err
    assert kept(ssm)["auth_tokens"] == [OLD]
    assert set_to(environment, NEW, "--replace") == 0
    assert kept(ssm)["auth_tokens"] == [NEW]


def test_the_same_again_changes_nothing_and_says_so(
    environment: pytest.MonkeyPatch, ssm: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    set_to(environment, OLD)
    assert set_to(environment, OLD) == 0
    assert "nothing to change" in capsys.readouterr().out
    assert ssm.get_parameter(Name=NAME)["Parameter"]["Version"] == 1


def test_a_rotation_keeps_the_old_token_second_until_it_is_finished(
    environment: pytest.MonkeyPatch, ssm: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    set_to(environment, json.dumps({"auth_token": OLD, "crm_key": "crm"}))
    assert set_to(environment, NEW, "--rotate") == 0
    assert "secret set --finish --stage dev" in capsys.readouterr().out
    assert kept(ssm)["auth_tokens"] == [NEW, OLD]
    assert set_to(environment, NEXT, "--rotate") == 2
    assert "a rotation is under way" in capsys.readouterr().err
    assert set_to(environment, NEW, "--rotate") == 0  # repeated: nothing changes
    assert kept(ssm)["auth_tokens"] == [NEW, OLD]
    assert set_to(environment, "", "--finish") == 0
    assert (kept(ssm)["auth_tokens"], kept(ssm)["crm_key"]) == ([NEW], "crm")


@pytest.mark.parametrize("how", ["--rotate", "--finish"])
def test_there_is_no_rotation_without_a_token(
    how: str, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert set_to(environment, OLD, how) == 2
    assert "ops secret set" in capsys.readouterr().err


def test_show_says_what_is_set_and_nothing_of_the_values(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    set_to(environment, json.dumps({"auth_token": OLD, "api_key_sid": KEY_SID, "api_key_secret": KEY_SECRET}))
    set_to(environment, NEW, "--rotate")
    capsys.readouterr()
    assert main(["secret", "show"]) == 0
    said = capsys.readouterr().out
    assert "auth tokens  2, a rotation is under way" in said
    assert "API key      set" in said
    assert "CRM key      not set" in said
    assert not any(value in said for value in (OLD, NEW, KEY_SID, KEY_SECRET, OLD[-4:], NEW[-4:]))


def test_show_of_nothing_says_how_to_set_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["secret", "show", "--stage", "prod"]) == 1
    assert "python -m ops secret set --stage prod" in capsys.readouterr().err


def test_a_stage_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["secret", "show", "--stage", "stagging"]) == 2
    assert "local, dev, prod" in capsys.readouterr().err


def test_a_parameter_that_somebody_else_wrote_is_reported_without_its_text(
    environment: pytest.MonkeyPatch, ssm: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    ssm.put_parameter(Name=NAME, Type="SecureString", Value=OLD)
    assert set_to(environment, NEW) == 1
    said = capsys.readouterr().err
    assert "delete it and set it anew" in said
    assert OLD not in said


def test_a_stage_that_names_no_parameter_is_reported(tmp_path: Path) -> None:
    (tmp_path / ".chalice").mkdir()
    config = {"stages": {"dev": {"environment_variables": {"TWILIO_SECRET_PARAMETER": ""}}}}
    (tmp_path / ".chalice" / "config.json").write_text(json.dumps(config))
    with pytest.raises(StageError, match="TWILIO_SECRET_PARAMETER of stage dev is not set"):
        secret.parameter("dev", tmp_path)
