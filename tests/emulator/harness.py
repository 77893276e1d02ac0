"""A Twilio in virtual time with an application of a few documents."""

import base64
from collections.abc import Callable, Mapping
from typing import Unpack
from urllib.parse import parse_qsl, urlsplit

from emulator.clock.scheduler import Scheduler, VirtualClock
from emulator.http.in_process import InProcessTransport
from emulator.ports import Transport, WebFailure, WebRequest, WebResponse, WebResult
from emulator.rest.framework import RestAnswer
from emulator.twilio import Twilio
from emulator.voice.parties import Step
from emulator.worlds import Worlds

ACCOUNT = "AC" + "1" * 32
TOKEN = "12345"
WORKFLOW = "WW" + "2" * 32
RESERVATION = "WR" + "0" * 32
TASK = "WT" + "0" * 32
ACTIVITY = "WA" + "3" * 32
BASE = "https://app.example.com"
CALLER = "+15550001"
LINE = "+15550100"
WORKER = "+15550200"

Answer = str | WebResult | Callable[[dict[str, str]], "str | WebResult"]


def xml(body: str) -> WebResponse:
    text = f'<?xml version="1.0" encoding="UTF-8"?><Response>{body}</Response>'
    return WebResponse(200, {"content-type": "text/xml"}, text.encode())


class Asked:
    """One request that the application got."""

    def __init__(self, request: WebRequest, at: float) -> None:
        self.request, self.at = request, at
        self.method = request.method
        self.path = urlsplit(request.url).path
        text = request.body.decode() if request.method == "POST" else urlsplit(request.url).query
        self.form = dict(parse_qsl(text, keep_blank_values=True))


class Harness:
    """`pages` maps a path to what the application answers; a path that is not there answers 404."""

    def __init__(
        self,
        pages: Mapping[str, Answer],
        *,
        speech_rate: float = 0.06,
        calls_per_second: float = 1.0,
        **worlds: Unpack[Worlds],
    ) -> None:
        self.clock = VirtualClock()
        self.pages = dict(pages)
        self.asked: list[Asked] = []
        self.delays: dict[str, float] = {}
        self.twilio = Twilio(
            self.clock.now,
            ACCOUNT,
            TOKEN,
            self._transport,
            speech_rate=speech_rate,
            calls_per_second=calls_per_second,
            **worlds,
        )
        self.twilio.number(LINE, f"{BASE}/incoming")

    def _transport(self, scheduler: Scheduler) -> Transport:
        return InProcessTransport(scheduler, self._answer, delay=self._delay)

    def _delay(self, request: WebRequest) -> float:
        return self.delays.get(urlsplit(request.url).path, 0.0)

    def _answer(self, request: WebRequest) -> WebResult:
        asked = Asked(request, self.clock.now())
        self.asked.append(asked)
        answer = self.pages.get(asked.path, WebResponse(404, {}, b""))
        if callable(answer):
            answer = answer(asked.form)
        return xml(answer) if isinstance(answer, str) else answer

    def run(self, seconds: float) -> None:
        self.clock.run(self.twilio.scheduler, seconds)

    def dial(self, *then: Step) -> str:
        return self.twilio.dial(CALLER, LINE, then)

    def rest(self, method: str, path: str, /, **form: str | list[str]) -> RestAnswer:
        fields = {name: value if isinstance(value, list) else [value] for name, value in form.items()}
        credentials = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        url = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}{path}"
        return self.twilio.rest(method, url, fields, f"Basic {credentials}")

    def ring(self, url: str = f"{BASE}/answer", **form: str | list[str]) -> str:
        """POST /Calls to the worker; returns the CallSid."""
        answer = self.rest("POST", "/Calls.json", To=WORKER, From=LINE, Url=url, **form)
        assert answer.status == 201, answer.body
        return str(answer.body["sid"])

    def status(self, sid: str) -> object:
        return self.rest("GET", f"/Calls/{sid}.json").body["status"]

    def trace(self, kind: str) -> list[Mapping[str, str]]:
        return [event.detail for event in self.twilio.scheduler.trace if event.kind == kind]

    def heard(self, sid: str) -> list[str]:
        return self.twilio.context.calls[sid].heard

    def forms(self, path: str) -> list[dict[str, str]]:
        return [asked.form for asked in self.asked if asked.path == path]

    def asked_at(self, path: str) -> float:
        """When this document was asked for first."""
        return next(asked.at for asked in self.asked if asked.path == path)

    def warnings(self) -> list[str]:
        return [event["code"] for event in self.trace("warning")]


def down(_form: dict[str, str]) -> WebResult:
    return WebFailure("connect")
