"""The account as an operator reaches it: credentials from the environment, and failures in one plain sentence."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
from twilio.http.response import Response

from emulator.server import in_real_time, serve
from ops import twilio as account
from ops.errors import TwilioError
from ops.twilio import plain_errors
from tests.emulator.harness import ACCOUNT, TOKEN
from tests.ops.harness import Account

KEY = "SK" + "4" * 32
ENVIRONMENT = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"TWILIO_ACCOUNT_SID": ""}, "TWILIO_ACCOUNT_SID is not set"),
        ({"TWILIO_AUTH_TOKEN": ""}, "TWILIO_AUTH_TOKEN is not set"),
        ({"TWILIO_AUTH_TOKEN": "abc def\n"}, "TWILIO_AUTH_TOKEN has blanks or a line end in it"),
        ({"TWILIO_API_KEY_SID": KEY}, "TWILIO_API_KEY_SECRET is not set"),
    ],
)
def test_the_variable_that_is_missing_is_named(changes: dict[str, str], said: str) -> None:
    with pytest.raises(TwilioError, match=said):
        account.client({**ENVIRONMENT, **changes})


def test_the_newest_of_two_tokens_is_used() -> None:
    stage = Account()
    client = stage.client_of(stage.transport, TWILIO_AUTH_TOKEN=f"{TOKEN},old")
    assert client.taskrouter.v1.workspaces.list() == []


def test_an_api_key_opens_the_account_too() -> None:
    stage = Account()
    stage.twilio.account.api_keys[KEY] = "secret"
    client = stage.client_of(
        stage.transport, TWILIO_API_KEY_SID=KEY, TWILIO_API_KEY_SECRET="secret", TWILIO_AUTH_TOKEN=""
    )
    assert client.account_sid == ACCOUNT
    assert len(client.incoming_phone_numbers.list()) == 2


def test_too_many_requests_at_once_are_sent_again_over_real_http() -> None:
    with in_real_time(ACCOUNT, TOKEN) as (twilio, loop):
        server = serve(twilio, loop)
        try:
            loop.call(lambda: twilio.refuse_next("POST", "/Workspaces$", 429, times=1))
            client = account.client({**ENVIRONMENT, "TWILIO_API_URL": f"{server.url}/"})
            assert client.taskrouter.v1.workspaces.create(friendly_name="Clinic").friendly_name == "Clinic"
            assert [one.answer.status for one in twilio.requests] == [429, 201]
        finally:
            server.stop()


def test_a_host_that_does_not_answer_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "RETRIES", 0)
    client = account.client({**ENVIRONMENT, "TWILIO_API_URL": "http://127.0.0.1:9"})
    with pytest.raises(TwilioError, match="reading: Twilio cannot be reached"), plain_errors("reading"):
        client.taskrouter.v1.workspaces.list()


Ask = Callable[[Any], Any]
READS: list[Ask] = [
    lambda client: client.taskrouter.v1.workspaces.list(),
    lambda client: client.taskrouter.v1.workspaces("WS" + "0" * 32).fetch(),
]


@pytest.mark.parametrize("ask", READS, ids=["list", "fetch"])
@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "Twilio refuses the credentials"),
        (404, "it is not there any more"),
        (429, "Twilio has too many requests of this account"),
        (500, r"Twilio has a fault of its own \(HTTP 500\)"),
    ],
)
def test_each_refusal_is_one_plain_sentence_with_its_status(status: int, said: str, ask: Ask) -> None:
    class Refusing:
        def request(self, *_args: object, **_more: object) -> Response:
            return Response(status, '{"code": 20000, "message": "no"}')

    client = account.client(ENVIRONMENT, transport=Refusing())
    with pytest.raises(TwilioError, match=f"asking: {said}") as refused, plain_errors("asking"):
        ask(client)
    assert refused.value.status == status
    assert TOKEN not in str(refused.value)


def test_what_twilio_says_no_to_is_told_in_its_own_words() -> None:
    client = Account().client
    with pytest.raises(TwilioError, match=r"making: Twilio says no: .*20001") as refused, plain_errors("making"):
        client.taskrouter.v1.workspaces.create(friendly_name="A", multi_task_enabled=False)
    assert (refused.value.status, refused.value.code) == (400, 20001)


def test_a_network_that_breaks_is_said() -> None:
    def broken(*_args: object) -> None:
        raise requests.exceptions.ReadTimeout("late")

    stage = Account()
    stage.transport.before = broken
    with pytest.raises(TwilioError, match=r"asking: Twilio cannot be reached \(ReadTimeout\)"), plain_errors("asking"):
        stage.client.taskrouter.v1.workspaces.list()
