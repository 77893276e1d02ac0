"""Who does not have our secret rings no alarm: no 5xx, no count that an alarm reads, no look at the secret."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.twilio import rest
from tests.support.api_gateway import get, in_base64, post
from tests.support.caches import forget_everything
from tests.support.driver import LEG_PATH, Driver, caller_form
from tests.support.meter import counting
from tests.webhooks.test_log_lines import lines, measured

STATUS = "/worker/{subject}/{reservation_sid}/status"
STRANGER = caller_form(AccountSid="AC" + "9" * 32)


def strange(**changes: Any) -> dict[str, Any]:
    return post("/voice/incoming", STRANGER, **{"token": "guessed", **changes})


def signed_by_settings(settings: str) -> dict[str, Any]:
    event = strange()
    event["headers"]["X-Twilio-Webhooks-Signature-Settings"] = settings
    return event


REQUESTS: dict[str, Callable[[], dict[str, Any]]] = {
    "unsigned": lambda: strange(token=None),
    "unsigned, of our account": lambda: post("/voice/incoming", caller_form(), token=None),
    "forged": strange,
    "forged, of an event": lambda: post("/taskrouter/events", {"EventType": "task.created"}, token="guessed"),
    "forged, of an assignment": lambda: post("/taskrouter/assignment", {}, token="guessed"),
    "forged, by GET": lambda: get(STATUS, [("CallSid", "1")], LEG_PATH, signed_query="CallSid=1", token="guessed"),
    "huge": lambda: strange(body="x" * 300_000),
    "of many fields": lambda: strange(body="a=1&" * 600),
    "no form": lambda: in_base64(strange()) | {"body": "%%%"},
    "JSON": lambda: strange(body="{}", content_type="application/json"),
    "no content type": lambda: strange(content_type=""),
    "an unknown kind of signature": lambda: signed_by_settings("key=1,algorithm=md5"),
}
UNSIGNED = [name for name in REQUESTS if name.startswith("unsigned")]


@pytest.fixture
def no_secret(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Driver:
    """The secret is not in the environment, and not where the functions look for it."""
    monkeypatch.delenv("TWILIO_AUTH_TOKEN")
    forget_everything()
    return driver


@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize("secret", ["there", "missing"])
def test_a_strangers_request_is_refused_and_counts_for_no_alarm_unless_it_names_our_account(
    request: pytest.FixtureRequest, driver: Driver, name: str, secret: str
) -> None:
    if secret == "missing":
        request.getfixturevalue("no_secret")
    answer = driver.send(REQUESTS[name]())
    assert 400 <= answer["statusCode"] < 500
    assert measured(driver) == ({"WebhooksRefused": [1]} if "of our account" in name else {})


@pytest.mark.parametrize("name", UNSIGNED)
def test_what_is_unsigned_does_not_even_have_the_secret_read(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv("TWILIO_AUTH_TOKEN")
    monkeypatch.setenv("TWILIO_SECRET_PARAMETER", "/cordboard/test/twilio")
    forget_everything()
    with counting() as made:
        assert driver.send(REQUESTS[name]())["statusCode"] == 403
    assert made == {}


def test_while_the_secret_cannot_be_read_twilio_is_to_try_again_and_the_sweep_rings(no_secret: Driver) -> None:
    """The webhook is not counted: it may be anybody's who knows the account. Nobody but the clock starts the sweep."""
    assert no_secret.send(post("/voice/incoming", caller_form()))["statusCode"] == 503
    assert lines(no_secret)[-1]["level"] == "WARNING" and measured(no_secret) == {}
    assert "traceback" not in no_secret.log.getvalue()
    with pytest.raises(rest.TwilioDenied):
        no_secret.sweep()
