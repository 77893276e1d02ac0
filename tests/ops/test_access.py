"""Nobody is signed in, or AWS or Twilio is out of reach: each command says the same sentence, with what mends it, and
never another tool's missing token. What AWS's client raises here, it raises by itself."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from laptop.local_aws import free_port
from ops import twilio
from ops.__main__ import main
from ops.aws import client
from ops.aws.former import FormerNumbers
from ops.errors import NoAccess
from tests.doubles.http_server import Endpoint, serving
from tests.emulator.harness import ACCOUNT, TOKEN
from tests.ops.operator import Operator
from tests.support.caches import forget_everything

PARAMETER = "/cordboard/dev/twilio"
CONFIG = {"stages": {"dev": {"environment_variables": {"TWILIO_SECRET_PARAMETER": PARAMETER, "LINKS_TABLE": "links"}}}}
URL = ("--api-url", "https://abc.execute-api.eu-west-1.amazonaws.com/api")
CALL = "CA" + "0" * 32

# Every command that needs AWS, and whether it takes a checkout.
COMMANDS: Sequence[tuple[tuple[str, ...], bool]] = (
    (("plan", *URL), True),
    (("apply", *URL), True),
    (("apply", "--yes", *URL), True),
    (("import", "Harbour Clinic"), True),
    (("destroy", "--yes"), True),
    (("number", "list"), True),
    (("number", "restore", "--all", "--yes"), True),
    (("deploy", "--yes"), False),
    (("doctor",), False),
    (("secret", "set"), False),
    (("secret", "show"), False),
    (("calls", "show", CALL), False),
    (("calls", "list"), False),
    (("voicemail", "list"), False),
    (("work", "add", "lead"), False),
    (("recordings", "list"), False),
    (("recordings", "hear", CALL), False),
    (("recordings", "hold", CALL), False),
    (("recordings", "release", CALL), False),
    (("voicemail", "hear", CALL), False),
    (("voicemail", "done", CALL), False),
    (("worker", "list"), False),
)
every_command = pytest.mark.parametrize(
    ("command", "takes_root"), COMMANDS, ids=[" ".join(it[0][:3]) for it in COMMANDS]
)

Say = Callable[..., str]


@pytest.fixture
def says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Say]:
    """What a command says that fails; nobody is signed in to anything yet."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "TWILIO_", "LINKS_"))]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setattr(client, "ATTEMPTS", 1)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # an earlier test's has its credentials
    forget_everything()
    Operator(tmp_path / "checkout", account=None)  # type: ignore[arg-type] # nobody gets as far as to Twilio
    (tmp_path / "checkout" / ".chalice" / "config.json").write_text(json.dumps(CONFIG))

    def say(command: Sequence[str], takes_root: bool = False) -> str:
        assert main([*command, *(("--root", str(tmp_path / "checkout")) if takes_root else ())]) == 1
        said = capsys.readouterr()
        assert said.out in ("", "account:\n")  # the step of a deployment
        return said.err.removeprefix("stopped at account: ").splitlines()[0]

    yield say
    forget_everything()


@pytest.fixture
def signed_in(says: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an account that is nobody's."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")


@every_command
def test_no_credentials(command: Sequence[str], takes_root: bool, says: Say) -> None:
    wanted = "there are no AWS credentials: sign in (aws sso login, aws configure) or set AWS_PROFILE"
    assert says(command, takes_root) == wanted


def refusing(command: Sequence[str], of_sts: str, of_others: str) -> AbstractContextManager[Endpoint]:
    """AWS as it refuses credentials with its services' own codes: STS, which is asked first by some, in XML."""
    if command[0] in ("deploy", "doctor"):
        error = f"<Error><Type>Sender</Type><Code>{of_sts}</Code><Message>no</Message></Error>"
        return serving((403, f"<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>".encode()))
    return serving((400, json.dumps({"__type": of_others, "message": "no"}).encode()))


@every_command
@pytest.mark.usefixtures("signed_in")
def test_credentials_that_aws_does_not_know(
    command: Sequence[str], takes_root: bool, says: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    with refusing(command, "InvalidClientTokenId", "UnrecognizedClientException") as aws:
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
        said = says(command, takes_root)
    assert said.startswith("AWS does not know these credentials (")
    assert said.endswith("): sign in (aws sso login, aws configure) or set AWS_PROFILE")


@every_command
@pytest.mark.usefixtures("signed_in")
def test_credentials_that_have_expired(
    command: Sequence[str], takes_root: bool, says: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    with refusing(command, "ExpiredToken", "ExpiredTokenException") as aws:
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
        said = says(command, takes_root)
    assert said.startswith("the AWS credentials have expired (ExpiredToken")
    assert said.endswith("): sign in again (aws sso login, aws login), or put new ones into the environment")


@every_command
@pytest.mark.usefixtures("signed_in")
def test_a_profile_that_is_not_there(
    command: Sequence[str], takes_root: bool, says: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    wanted = "there is no AWS profile 'nobody': set AWS_PROFILE to one of `aws configure list-profiles`"
    assert says(command, takes_root) == wanted


@every_command
@pytest.mark.usefixtures("signed_in")
def test_no_region(command: Sequence[str], takes_root: bool, says: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert says(command, takes_root) == "no AWS region is set: set AWS_DEFAULT_REGION or the profile's region"


@every_command
@pytest.mark.usefixtures("signed_in")
def test_no_way_to_aws(command: Sequence[str], takes_root: bool, says: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", nobody)
    said = says(command, takes_root)
    assert said.startswith(f"AWS does not answer at {nobody}/")
    assert said.endswith(": is there a network, and is AWS_ENDPOINT_URL right if it is set?")


# --- What is rarer, once


def test_half_of_the_credentials(says: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    assert says(["secret", "show"]).startswith("the AWS credentials lack AWS_SECRET_ACCESS_KEY: set it, or sign in")


@pytest.mark.usefixtures("signed_in")
def test_a_region_that_cannot_be(says: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu west")
    assert says(["secret", "show"]).startswith("there is no AWS region 'eu west': set AWS_DEFAULT_REGION")


def test_a_sign_in_by_sso_that_has_expired(says: Say, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    profile = "[profile team]\nsso_session = us\nsso_account_id = 123456789012\nsso_role_name = dev\n"
    session = "[sso-session us]\nsso_start_url = https://us.awsapps.com/start\nsso_region = eu-west-1\n"
    (tmp_path / "AWS_CONFIG_FILE").write_text(profile + session)
    monkeypatch.setenv("AWS_PROFILE", "team")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert says(["secret", "show"]) == (
        "the AWS sign-in has expired: sign in again (aws sso login, aws login), or put new ones into the environment"
    )


def test_a_command_for_credentials_that_fails(says: Say, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "AWS_CONFIG_FILE").write_text("[profile team]\ncredential_process = /bin/false\n")
    monkeypatch.setenv("AWS_PROFILE", "team")
    assert says(["secret", "show"]).startswith("the AWS credentials cannot be had (custom-process; ")


@pytest.mark.usefixtures("signed_in")
def test_a_clock_that_is_wrong(says: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    body = {"__type": "InvalidSignatureException", "message": "Signature expired: 20261128T080000Z is now earlier than"}
    with serving((400, json.dumps(body).encode())) as aws:
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
        said = says(["secret", "show"])
    assert said == "AWS finds this machine's clock wrong (InvalidSignatureException): set it by NTP"


@pytest.mark.usefixtures("signed_in")
def test_where_no_secret_is_stored_its_command_is_named_and_no_variable(says: Say) -> None:
    with mock_aws():
        assert says(["plan", *URL], True) == f"there is no {PARAMETER}: python -m ops secret set --stage dev"


def test_a_number_cannot_be_kept_without_aws_whatever_twilio_lets_in(operator: Operator) -> None:
    with ExitStack() as stack:
        environment = stack.enter_context(pytest.MonkeyPatch.context())
        environment.setenv("AWS_PROFILE", "nobody")
        environment.setenv("AWS_CONFIG_FILE", "/dev/null")
        with pytest.raises(NoAccess, match="there is no AWS profile 'nobody'"):
            FormerNumbers("dev").all()
        assert operator.types("plan") == 3  # needs Twilio alone, whose token is in the environment


# --- Twilio


@pytest.mark.parametrize("command", [it[0] for it in COMMANDS if it[1]], ids=lambda it: " ".join(it[:3]))
def test_no_way_to_twilio(
    command: Sequence[str], operator: Operator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    FormerNumbers("dev").keep("+14155550100", {"voice_url": "https://old.example.com"}, "https://ours.example.com")
    monkeypatch.undo()
    for name, value in {
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_API_URL": f"http://127.0.0.1:{free_port()}",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(twilio, "RETRIES", 0)
    assert operator.types(*command) == 1
    said = capsys.readouterr().err
    wanted = (
        ": Twilio cannot be reached (ConnectionError): is there a network? What was done stays done: run the command"
    )
    assert said.endswith(f"{wanted} again\n") and said.count("\n") == 1
