"""A stage with a console: its application, and people who ask it with a token that API Gateway has checked."""

import importlib.util
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from chalicelib.twilio.urls import Route
from tests.support import policy
from tests.support.api_gateway import event_of
from tests.support.caches import forget_everything

POOL = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_People"
CLIENT, SIGN_IN = "client-of-the-console", "https://cordboard-test.auth.eu-west-1.amazoncognito.com"
STAGE = {"USER_POOL_ARN": POOL, "CONSOLE_CLIENT": CLIENT, "SIGN_IN_URL": SIGN_IN}
CLAIMS = {
    "iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_People",
    "aud": CLIENT,
    "token_use": "id",
    "email": "dora@example.com",
    "cognito:groups": "supervisors",
}


class Answer(NamedTuple):
    status: int
    body: str
    headers: Mapping[str, str]

    @property
    def data(self) -> Any:
        return json.loads(self.body)


@cache
def application() -> ModuleType:
    """app.py as a stage with a user pool packages it; the variables have to say so at the first time."""
    spec = importlib.util.spec_from_file_location("app_with_console", Path(__file__).parents[2] / "app.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Console:
    """What a browser asks of the stage. `log` is all that was printed."""

    def __init__(self) -> None:
        self.log = io.StringIO()

    def get(
        self,
        route: Route,
        claims: Mapping[str, str] | None = CLAIMS,
        query: Mapping[str, str] | None = None,
        path: Mapping[str, str] | None = None,
        known: str = "",
    ) -> Answer:
        """The answer to somebody with these claims; `known` is what the browser has already."""
        event = self._event("GET", route, claims, path)
        event["queryStringParameters"] = dict(query or {}) or None
        event["multiValueQueryStringParameters"] = {name: [value] for name, value in (query or {}).items()} or None
        event["headers"] |= {"If-None-Match": known} if known else {}
        return self._answer(event)

    def order(
        self,
        route: Route,
        order: Mapping[str, object] | str,
        claims: Mapping[str, str] | None = CLAIMS,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer to somebody who wants this done."""
        event = self._event("POST", route, claims, path)
        event["queryStringParameters"] = dict(query or {}) or None
        event["headers"] |= {"Content-Type": "application/json"}
        event["body"] = order if isinstance(order, str) else json.dumps(order)
        return self._answer(event)

    def _event(
        self, method: str, route: Route, claims: Mapping[str, str] | None, path: Mapping[str, str] | None
    ) -> dict[str, Any]:
        event = event_of(method, route.path, path or {})
        event["headers"] |= {"Authorization": "header.payload.signature"}
        if claims is not None:
            event["requestContext"]["authorizer"] = {"claims": dict(claims)}
        return event

    def _answer(self, event: dict[str, Any]) -> Answer:
        with redirect_stdout(self.log), policy.of("api"):
            answer = application().app(event, None)
        return Answer(answer["statusCode"], answer["body"], {**answer["headers"]})

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.getvalue().splitlines()]


@pytest.fixture
def console(environment: pytest.MonkeyPatch) -> Iterator[Console]:
    """Of a stage whose user pool is POOL."""
    importlib.import_module("app")  # of a stage without one, for whoever asks for it later
    for name, value in STAGE.items():
        environment.setenv(name, value)
    forget_everything()
    yield Console()
    for name in STAGE:
        environment.delenv(name)
    forget_everything()
