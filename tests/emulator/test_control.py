"""What is the emulator's own over HTTP: its clock, which tests of others move, and what has happened so far."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

import pytest

from emulator.http.realtime import RealtimeClock, RealtimeLoop
from emulator.server import in_real_time, serve
from emulator.twilio import Twilio
from emulator.voice.parties import Step, hangs_up, joined, talks
from tests.emulator.harness import ACCOUNT, CALLER, LINE, TOKEN, WORKER
from tests.emulator.web_application import WebApplication, serving

HOLD = "<Say>Please hold</Say><Pause length='50'/>"


class Emulator:
    """One whose clock stands still, with an application that lets callers wait in a named queue."""

    def __init__(self, twilio: Twilio, loop: RealtimeLoop, server_url: str, application: WebApplication) -> None:
        self.twilio = twilio
        self.loop = loop
        self.application = application
        self._connection = HTTPConnection(urlsplit(server_url).netloc, timeout=30)

    def ask(self, method: str, path: str, **form: str) -> tuple[int, str]:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        self._connection.request(method, f"/_emulator/{path}", urlencode(form) or None, headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read().decode()

    def move(self, **form: str) -> Mapping[str, object]:
        status, body = self.ask("POST", "clock", **form)
        assert status == 200, body
        told: Mapping[str, object] = json.loads(body)
        return told

    def now(self) -> float:
        return float(json.loads(self.ask("GET", "clock")[1])["epoch"])

    def timeline(self, first: int = 0) -> list[Mapping[str, str]]:
        return [json.loads(line) for line in self.ask("GET", f"timeline?from={first}")[1].splitlines()]

    def dial(self, caller: str, url: str = "", *then: Step) -> None:
        self.loop.call(lambda: self.twilio.dial(caller, LINE, then, voice_url=url))

    def kinds(self, *of: str) -> list[str]:
        return [event["kind"] for event in self.timeline() if event["kind"] in of]

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    pages = {"/incoming": '<Enqueue waitUrl="/wait">sales</Enqueue>', "/wait": HOLD}
    pages["/agent"] = "<Dial><Queue>sales</Queue></Dial>"
    clock = RealtimeClock(stands_still=True)
    with serving(pages) as application, in_real_time(ACCOUNT, TOKEN, clock=clock) as (twilio, loop):
        server = serve(twilio, loop)
        loop.call(lambda: twilio.number(LINE, f"{application.url}/incoming"))
        own = Emulator(twilio, loop, server.url, application)
        yield own
        own.close()
        server.stop()


def test_minutes_pass_in_no_time_and_every_document_is_asked_for_in_between(emulator: Emulator) -> None:
    began = emulator.now()
    emulator.dial(CALLER)
    emulator.move(seconds="300")
    assert emulator.now() == pytest.approx(began + 300)
    waits = [form["QueueTime"] for url, form, _ in emulator.application.asked if url.endswith("/wait")]
    assert waits == ["0", "50", "101", "151", "202", "253"]  # each lasts as long as its words and its pause


def test_a_conversation_lasts_until_its_end_by_this_clock(emulator: Emulator) -> None:
    emulator.dial(CALLER)
    emulator.move(seconds="5")
    emulator.dial(WORKER, f"{emulator.application.url}/agent", joined(), talks(60), hangs_up())
    emulator.move(seconds="30")
    assert emulator.kinds("joined", "parted") == ["joined"]
    emulator.move(seconds="60")
    assert emulator.kinds("joined", "parted") == ["joined", "parted"]


def test_the_clock_stands_still_but_for_that(emulator: Emulator) -> None:
    emulator.dial(CALLER)
    first = emulator.now()
    assert emulator.now() == first
    later = datetime.fromtimestamp(int(first) + 10, UTC)
    assert emulator.move(to=later.isoformat())["epoch"] == int(first) + 10


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"seconds": "-1"}, "the clock does not go back"),
        ({"to": "2001-01-01T00:00:00Z"}, "the clock does not go back"),
        ({"seconds": "1e9"}, "the clock moves by a year at most"),
        ({"seconds": "inf"}, "the clock moves by a year at most"),
        ({"seconds": "nan"}, "give `seconds`, like seconds=30, or `to`, like to=2027-01-15T08:00:00Z"),
        ({"seconds": "soon"}, "give `seconds`, like seconds=30, or `to`, like to=2027-01-15T08:00:00Z"),
        ({}, "give `seconds`, like seconds=30, or `to`, like to=2027-01-15T08:00:00Z"),
        (
            {"seconds": "1", "to": "2099-01-01"},
            "give `seconds`, like seconds=30, or `to`, like to=2027-01-15T08:00:00Z",
        ),
    ],
)
def test_a_clock_is_not_moved_back_or_by_nonsense(emulator: Emulator, form: dict[str, str], message: str) -> None:
    before = emulator.now()
    status, body = emulator.ask("POST", "clock", **form)
    assert (status, json.loads(body)["message"]) == (400, message)
    assert emulator.now() == before


def test_the_timeline_is_json_lines_from_any_event_on(emulator: Emulator) -> None:
    emulator.dial(CALLER)
    emulator.move(seconds="2")
    events = emulator.timeline()
    assert [event["kind"] for event in events][:2] == ["dialed", "webhook"]
    assert (events[0]["from_"], events[0]["to"]) == (CALLER, LINE)
    assert emulator.timeline(2) == events[2:]
    assert emulator.timeline(999) == []
    assert emulator.ask("GET", "timeline?from=x") == (400, '{"status": 400, "message": "from is no number: x"}')


def test_what_is_not_there_names_what_is(emulator: Emulator) -> None:
    status, body = emulator.ask("DELETE", "clock")
    told, _, known = json.loads(body)["message"].partition(" is none of ")
    assert (status, told) == (404, "DELETE /_emulator/clock")
    read = ["", "clock", "timeline", "inspector.css", "inspector.js"]
    done = ["dial", "answer", "decline", "hang-up", "press", "say", "clock"]
    assert sorted(known.split(", ")) == sorted(
        [
            "GET /_emulator",
            *(f"GET /_emulator/{name}" for name in read),
            *(f"POST /_emulator/{name}" for name in done),
        ]
    )


def test_a_clock_that_runs_is_moved_too() -> None:
    with in_real_time(ACCOUNT, TOKEN) as (twilio, loop):
        server = serve(twilio, loop)
        connection = HTTPConnection(urlsplit(server.url).netloc, timeout=30)
        before = twilio.scheduler.now()
        connection.request("POST", "/_emulator/clock", "seconds=3600")
        assert json.loads(connection.getresponse().read())["epoch"] >= round(before + 3600, 3)
        assert twilio.scheduler.now() >= before + 3600
        connection.close()
        server.stop()
