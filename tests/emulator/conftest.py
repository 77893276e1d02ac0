from collections.abc import Iterator

import pytest

from tests.emulator.empty_account import EmptyAccount
from tests.support.openapi import Description, folder


@pytest.fixture
def account() -> Iterator[EmptyAccount]:
    """After the test, each request and each answer that is no refusal is held against Twilio's own description."""
    harness = EmptyAccount()
    yield harness
    path = folder()
    if path is not None:
        description = Description(path)
        problems = [
            (one.method, one.url, found)
            for one in harness.twilio.requests
            if one.answer.status < 400
            for found in (
                *description.check_request(one.method, one.url, one.form),
                *description.check_response(one.method, one.url, one.answer.status, one.answer.body),
            )
        ]
        assert problems == []
