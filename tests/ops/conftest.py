"""What the tests of ops share: an empty AWS by moto, and an operator at it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from ops import twilio
from tests.emulator.harness import ACCOUNT, TOKEN
from tests.ops.harness import Account
from tests.ops.operator import Operator


@pytest.fixture
def aws_account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Somebody is signed in to an empty AWS account."""
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with mock_aws():
        yield


@pytest.fixture
def operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, aws_account: None) -> Operator:
    account = Account()
    for name in ("TWILIO_API_URL", "TWILIO_API_KEY_SID", "TWILIO_WORKSPACE_SID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", ACCOUNT)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", TOKEN)
    monkeypatch.setattr(twilio, "_transport", lambda api_url: account.transport)
    return Operator(tmp_path, account)
