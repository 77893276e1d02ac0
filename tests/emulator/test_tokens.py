"""AccessTokens: those of twilio's own library, and bad ones (contract 15.2)."""

import time

import jwt
import pytest
from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import TaskRouterGrant, VoiceGrant

from emulator.ports import TwilioError
from emulator.rest.credentials import Account
from emulator.tokens import read
from tests.emulator.browser_harness import KEY, SECRET, access_token
from tests.emulator.harness import ACCOUNT, TOKEN

HEADER = {"cty": "twilio-fpa;v=1"}
NOW = 1_800_000_000.0
PARTS = {"identity": "ada", "voice": {"incoming": {"allow": True}}}


def account() -> Account:
    return Account(ACCOUNT, TOKEN, 0.0, api_keys={KEY: SECRET})


def test_a_token_of_twilios_own_library_is_read() -> None:
    given = AccessToken(ACCOUNT, KEY, SECRET, identity="ada", ttl=60)
    given.add_grant(TaskRouterGrant(workspace_sid="WS1", worker_sid="WK1", role="supervisor"))
    given.add_grant(VoiceGrant(incoming_allow=True, outgoing_application_sid="AP1"))
    token = read(given.to_jwt(), account(), time.time())
    assert (token.identity, 50 < token.expires - time.time() <= 60) == ("ada", True)
    assert token.grant("task_router") == {"workspace_sid": "WS1", "worker_sid": "WK1", "role": "supervisor"}
    assert token.grant("voice")["outgoing"]["application_sid"] == "AP1"


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("", 20101),
        ("a.b.c", 20101),
        (jwt.encode({"iss": KEY}, SECRET, "HS256"), 20102),
        (jwt.encode({"iss": KEY}, SECRET * 2, "HS512", HEADER), 20102),
        (access_token(PARTS, NOW, iss="SK" + "0" * 32), 20103),
        (access_token(PARTS, NOW, sub="AC" + "0" * 32), 20103),
        (access_token(PARTS, NOW, seconds=0), 20104),
        (access_token(PARTS, NOW, exp="soon"), 20104),
        (jwt.encode({"iss": KEY, "sub": ACCOUNT, "exp": NOW + 60}, SECRET, "HS256", HEADER), 20106),
        (jwt.encode({"iss": KEY, "sub": ACCOUNT}, SECRET.upper(), "HS256", HEADER), 20107),
    ],
)
def test_a_bad_token_has_its_code(token: str, code: int) -> None:
    with pytest.raises(TwilioError) as refused:
        read(token, account(), NOW)
    assert (refused.value.code, refused.value.status) == (code, 401)


def test_a_token_without_the_products_grant_is_not_for_it() -> None:
    token = read(access_token(PARTS, NOW), account(), NOW)
    with pytest.raises(TwilioError, match="no task_router"):
        token.grant("task_router")
