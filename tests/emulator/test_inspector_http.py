"""The inspector's page over HTTP: its buttons, its clock, and whom it answers."""

import json
import socket
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

import pytest

from emulator.http.realtime import RealtimeClock, RealtimeLoop
from emulator.server import in_real_time, serve
from emulator.twilio import Twilio
from tests.emulator.harness import ACCOUNT, CALLER, LINE, TOKEN, WORKER
from tests.emulator.page_reading import Element, read
from tests.emulator.web_application import serving

MENU = '<Gather input="dtmf speech" numDigits="1" action="/chosen"><Say>Press 1</Say></Gather>'
BROWSER = {"Accept": "text/html,application/xhtml+xml", "Content-Type": "application/x-www-form-urlencoded"}


class Inspector:
    """A person who looks at the page and uses its forms, without JavaScript; the clock stands still."""

    def __init__(self, twilio: Twilio, loop: RealtimeLoop, url: str) -> None:
        self.twilio = twilio
        self.loop = loop
        self.netloc = urlsplit(url).netloc
        self._connection = HTTPConnection(self.netloc, timeout=30)
        self.headers: Mapping[str, str] = {}

    def ask(self, method: str, path: str, form: Mapping[str, str] | None = None, **headers: str) -> tuple[int, str]:
        """The status and the body; the answer's headers are in `headers`."""
        sent = {**BROWSER, **{name.replace("_", "-"): value for name, value in headers.items()}}
        self._connection.request(method, path, urlencode(form) if form else None, sent)
        answer = self._connection.getresponse()
        self.headers = dict(answer.getheaders())
        return answer.status, answer.read().decode()

    def sees(self) -> Element:
        status, html = self.ask("GET", "/_emulator/")
        assert status == 200
        return read(html)

    def submits(self, action: str, **fields: str) -> Element:
        """The page to which the form leads."""
        origin = {"Origin": f"http://{self.netloc}", "Sec_Fetch_Site": "same-origin"}
        status, body = self.ask("POST", f"/_emulator/{action}", fields, **origin)
        assert status == 303, body
        assert self.headers["Location"].partition("#")[0] == "/_emulator/"
        return self.sees()

    def moves(self, seconds: str) -> Element:
        return self.submits("clock", seconds=seconds)

    def dials(self, **fields: str) -> str:
        """The CallSid."""
        self.submits("dial", **{"from": CALLER, "to": LINE, **fields})
        return list(self.twilio.context.calls)[-1]

    def row(self, sid: str) -> str:
        return self.sees().by_id(sid).text

    def close(self) -> None:
        self._connection.close()

    def kinds(self) -> list[str]:
        return [event.kind for event in self.twilio.scheduler.trace]


@pytest.fixture
def inspector() -> Iterator[Inspector]:
    pages = {"/incoming": MENU, "/chosen": f"<Dial callerId='{LINE}'><Number>{WORKER}</Number></Dial>"}
    clock = RealtimeClock(stands_still=True)
    with serving(pages) as application, in_real_time(ACCOUNT, TOKEN, clock=clock) as (twilio, loop):
        server = serve(twilio, loop)
        loop.call(lambda: twilio.number(LINE, f"{application.url}/incoming"))
        person = Inspector(twilio, loop, server.url)
        yield person
        person.close()
        server.stop()


# What a person does


def test_somebody_dials_presses_a_key_and_talks_with_a_phone_that_was_answered_by_hand(inspector: Inspector) -> None:
    caller = inspector.dials(name="Ann <b>")
    inspector.moves("1")
    assert "Ann <b>" in inspector.row(caller)
    assert "Press 1" in inspector.row(caller)
    inspector.submits("press", call=caller, digits="1")
    inspector.moves("2")
    worker = list(inspector.twilio.context.calls)[-1]
    assert "the phone rings" in inspector.row(worker)
    inspector.submits("answer", call=worker)
    inspector.moves("1")
    assert "joined with Ann <b>" in inspector.row(worker)
    inspector.submits("say", call=worker, text="Good morning")
    inspector.submits("hang-up", call=worker)
    assert "Good morning" in inspector.sees().by_id("timeline").text
    assert "completed" in inspector.row(worker)


def test_a_phone_is_declined_and_one_that_nobody_takes_rings_out(inspector: Inspector) -> None:
    for action, status in (("decline", "busy"), ("", "no-answer")):
        caller = inspector.dials()
        inspector.moves("1")
        inspector.submits("press", call=caller, digits="1")
        inspector.moves("2")
        worker = list(inspector.twilio.context.calls)[-1]
        if action:
            inspector.submits(action, call=worker)
        inspector.moves("40")
        assert status in inspector.row(worker)


def test_what_a_caller_says_is_heard_by_the_application(inspector: Inspector) -> None:
    caller = inspector.dials()
    inspector.moves("1")
    inspector.submits("say", call=caller, text="sales, please")
    inspector.moves("10")
    forms = [dict(one.form) for one in inspector.twilio.webhooks.exchanges.last]
    assert "sales, please" in [form.get("SpeechResult") for form in forms]


def test_the_page_says_how_the_clock_is_and_moves_it(inspector: Inspector) -> None:
    before = inspector.twilio.scheduler.now()
    assert "The clock stands still." in inspector.sees().by_id("people").text
    inspector.moves("300")
    assert inspector.twilio.scheduler.now() == before + 300


@pytest.mark.parametrize(
    ("action", "fields", "sentence"),
    [
        ("dial", {"from": "Ann", "to": LINE}, "from is 'Ann': it must be a number in E.164, like +14155550100"),
        ("dial", {"from": CALLER, "to": "+1999"}, f"to is '+1999': the account's numbers are {LINE}"),
        ("dial", {"from": CALLER, "to": LINE, "name": "x" * 1001}, "name is longer than 1000 characters"),
        ("dial", {}, "from is '': it must be a number in E.164, like +14155550100"),
        ("answer", {"call": "CA1"}, "call is 'CA1': there is no such call"),
        ("press", {}, "call is '': there is no such call"),
        ("clock", {"seconds": "-1"}, "the clock does not go back"),
    ],
)
def test_what_cannot_be_done_is_said_on_the_page_and_what_was_typed_stays(
    inspector: Inspector, action: str, fields: dict[str, str], sentence: str
) -> None:
    status, html = inspector.ask("POST", f"/_emulator/{action}", fields)
    page = read(html)
    (told,) = (one for one in page.all("p") if one.attributes.get("role") == "alert")
    assert (status, told.text) == (400, sentence)
    if "from" in fields:
        assert page.by_id("dial-from").attributes["value"] == fields["from"]
    status, body = inspector.ask("POST", f"/_emulator/{action}", fields, Accept="*/*")
    assert (status, json.loads(body)["message"]) == (400, sentence)
    assert "dialed" not in inspector.kinds()


@pytest.mark.parametrize(
    ("action", "more", "sentence"),
    [
        ("answer", {}, f"{CALLER} cannot answer now: the call is in-progress"),
        ("press", {"digits": "x"}, "digits is 'x': it must be keys of a phone, like 1 or 42#"),
        ("say", {"text": " "}, "text is empty: it must be what the person says"),
    ],
)
def test_a_person_cannot_do_everything_with_every_call(
    inspector: Inspector, action: str, more: dict[str, str], sentence: str
) -> None:
    caller = inspector.dials()
    inspector.moves("1")
    status, body = inspector.ask("POST", f"/_emulator/{action}", {"call": caller, **more}, Accept="*/*")
    assert (status, json.loads(body)["message"]) == (400, sentence)


def test_a_program_uses_the_forms_too(inspector: Inspector) -> None:
    status, body = inspector.ask("POST", "/_emulator/dial", {"from": CALLER, "to": LINE}, Accept="*/*")
    sid = json.loads(body)["sid"]
    assert (status, inspector.headers["Location"]) == (303, f"/_emulator/#{sid}")
    assert sid in inspector.twilio.context.calls


# Whom it answers


FORMS = [
    ("dial", {"from": CALLER, "to": LINE}),
    ("clock", {"seconds": "60"}),
    ("answer", {"call": "CA1"}),
    ("hang-up", {"call": "CA1"}),
]


@pytest.mark.parametrize(("action", "fields"), FORMS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Host": "evil.example:8282", "Origin": "http://evil.example:8282"},
    ],
)
def test_a_page_of_another_site_changes_nothing(
    inspector: Inspector, action: str, fields: dict[str, str], headers: dict[str, str]
) -> None:
    before = inspector.twilio.scheduler.now()
    status, _ = inspector.ask("POST", f"/_emulator/{action}", fields, **headers)
    assert status == 403
    assert (inspector.kinds(), inspector.twilio.scheduler.now()) == ([], before)


@pytest.mark.parametrize("path", ["", "timeline", "clock", "inspector.js"])
def test_who_comes_by_a_foreign_name_sees_nothing(inspector: Inspector, path: str) -> None:
    status, body = inspector.ask("GET", f"/_emulator/{path}", Host="evil.example")
    assert (status, set(json.loads(body))) == (403, {"status", "message"})


def test_who_forgets_the_slash_is_led_to_the_page(inspector: Inspector) -> None:
    assert inspector.ask("GET", "/_emulator")[0] == 301
    assert inspector.headers["Location"] == "/_emulator/"


def test_a_form_is_no_link(inspector: Inspector) -> None:
    query = urlencode({"from": CALLER, "to": LINE})
    assert inspector.ask("GET", f"/_emulator/dial?{query}")[0] == 404
    assert inspector.kinds() == []


def test_the_page_runs_nothing_but_its_own_script_and_is_in_no_frame(inspector: Inspector) -> None:
    inspector.sees()
    rules = dict(rule.split(" ", 1) for rule in inspector.headers["Content-Security-Policy"].split("; "))
    assert rules["default-src"] == "'none'"
    assert {rules[name] for name in ("script-src", "style-src", "connect-src", "form-action")} == {"'self'"}
    assert (rules["frame-ancestors"], rules["base-uri"]) == ("'none'", "'none'")
    assert inspector.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("name", "kind"), [("inspector.css", "text/css; charset=utf-8"), ("inspector.js", "text/javascript; charset=utf-8")]
)
def test_its_style_and_script_are_files_of_their_own_that_ask_nobody_else(
    inspector: Inspector, name: str, kind: str
) -> None:
    status, text = inspector.ask("GET", f"/_emulator/{name}")
    assert (status, inspector.headers["Content-Type"]) == (200, kind)
    assert not [word for word in ("http:", "https:", "//cdn", "@import", "innerHTML", "eval(") if word in text]


def test_a_body_of_ten_megabytes_is_no_form(inspector: Inspector) -> None:
    connection = HTTPConnection(inspector.netloc, timeout=30)
    connection.request("POST", "/_emulator/dial", b"name=" + b"x" * 10_000_000, BROWSER)
    assert connection.getresponse().status == 413
    connection.close()
    assert inspector.kinds() == []


@pytest.mark.parametrize("way", ["in parts", "in chunks"])
def test_a_form_may_come_as_any_body_comes(inspector: Inspector, way: str) -> None:
    connection = HTTPConnection(inspector.netloc, timeout=30)
    if way == "in parts":
        part = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
        body = f"{part.format('from', CALLER)}{part.format('to', LINE)}--x--\r\n".encode()
        connection.request("POST", "/_emulator/dial", body, {"Content-Type": "multipart/form-data; boundary=x"})
    else:
        connection.request("POST", "/_emulator/dial", iter([b"from=%2B155", b"50001&to=%2B15550100"]), BROWSER)
    assert connection.getresponse().status == 303
    connection.close()
    assert inspector.kinds()[0] == "dialed"


def test_half_a_form_dials_nobody(inspector: Inspector) -> None:
    host, _, port = inspector.netloc.partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as other:
        other.sendall(
            b"POST /_emulator/dial HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99\r\n\r\nfrom=%2B15550001&to=%2B"
        )
        other.shutdown(socket.SHUT_WR)
        assert other.recv(100) == b""
    assert inspector.kinds() == []


def test_of_many_people_who_dial_at_once_while_others_look_nobody_is_lost(inspector: Inspector) -> None:
    def dial_and_look(_: int) -> set[int]:
        connection, statuses = HTTPConnection(inspector.netloc, timeout=30), set()
        for _ in range(25):
            for method, path, form in (("POST", "dial", {"from": CALLER, "to": LINE}), ("GET", "timeline?from=0", {})):
                connection.request(method, f"/_emulator/{path}", urlencode(form) or None, BROWSER)
                answer = connection.getresponse()
                answer.read()
                statuses.add(answer.status)
        connection.close()
        return statuses

    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(dial_and_look, range(16))) == [{200, 303}] * 16
    inspector.moves("1")
    assert inspector.kinds().count("dialed") == 16 * 25
    assert inspector.sees().by_id("calls").text.endswith("300 older ones are not shown.")


def test_a_form_of_broken_bytes_is_refused_or_taken_but_never_harms_the_page(inspector: Inspector) -> None:
    connection = HTTPConnection(inspector.netloc, timeout=30)
    connection.request("POST", "/_emulator/dial", b"from=%2B12125550171&to=%2B15550100&name=%ff%00%ed%a0%80", BROWSER)
    assert connection.getresponse().status == 303
    connection.close()
    assert "\ufffd" in inspector.sees().by_id("calls").text
