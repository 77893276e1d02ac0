"""An account at the emulated Twilio, reached by the official client over a transport that can be disturbed."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from twilio.rest import Client

from emulator.twilio import Twilio
from ops import twilio
from tests.emulator.harness import ACCOUNT, TOKEN, Harness
from tests.emulator.official import InProcess
from tests.ops.files import CENTER

NUMBERS = ("+14155550100", "+14155550101")


class Transport(InProcess):
    """`before` is called with method and path of each request; what it raises takes the request's place."""

    def __init__(self, twilio: Twilio) -> None:
        super().__init__(twilio)
        self.sent: list[tuple[str, str]] = []
        self.before: Callable[[str, str], None] = lambda method, path: None

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        path = urlsplit(url).path
        self.before(method.upper(), path)
        self.sent.append((method.upper(), path))
        return super().request(method, url, *args, **kwargs)

    @property
    def changes(self) -> list[str]:
        """The paths of the requests that were no reading."""
        return [path for method, path in self.sent if method != "GET"]


class Account(Harness):
    """An account that owns two numbers, which lead nowhere, and nothing else."""

    def __init__(self) -> None:
        super().__init__({})
        self.twilio.numbers.clear()
        for number in NUMBERS:
            assert number in CENTER
            self.twilio.own(number)
        self.transport = Transport(self.twilio)
        self.client = self.client_of(self.transport)

    def client_of(self, transport: Any, **changes: str) -> Client:
        environment: Mapping[str, str] = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, **changes}
        return twilio.client(environment, transport=transport)

    @property
    def engine(self) -> Any:
        """The only workspace, by the official client."""
        (workspace,) = self.client.taskrouter.v1.workspaces.list()
        return self.client.taskrouter.v1.workspaces(workspace.sid)


class Cut:
    """The network is down from the nth change on."""

    def __init__(self, after: int) -> None:
        self.left = after

    def __call__(self, method: str, path: str) -> None:
        if method != "GET":
            self.left -= 1
        if self.left < 0:
            raise requests.exceptions.ConnectionError("no route")
