"""Serves the page of phones on 127.0.0.1, for this machine's own browsers alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl

from emulator.control import GUARDED, HTML
from emulator.http.origins import foreign
from emulator.inspector import static
from emulator.inspector.facts import buttons
from emulator.inspector.talks import Talks
from emulator.voice.calls import Call
from laptop import phones
from laptop.commands import Commands
from laptop.environment import Laptop
from laptop.local_aws import LaptopError
from laptop.phones import Phone, Phones

LARGEST_BODY = 10_000
FILES = {"/inspector.css": "text/css; charset=utf-8", "/inspector.js": "text/javascript; charset=utf-8"}


def now(laptop: Laptop, commands: Commands) -> Phones:
    """The phones of callers and workers as they are. Called on the emulator, between two of its turns."""
    people, talks, calls = laptop.call_centre, Talks(laptop.twilio), commands.calls()
    at = laptop.twilio.scheduler.now()
    callers = [_phone(name, number, calls.get(name), talks, at) for name, number in people.callers.items()]
    workers = [_of_worker(laptop, name, calls.get(name), talks, at) for name in people.phones]
    return Phones(callers, workers, [*people.lines])


def _phone(person: str, number: str, call: Call | None, talks: Talks, at: float) -> Phone:
    if call is None:
        return Phone(person, number, "not in a call", 0.0, "", frozenset())
    where = "".join(part if isinstance(part, str) else part.label for part in talks.where(call))
    since = at - (call.created if call.answered is None else call.answered)
    return Phone(person, number, where, since, call.heard[-1] if call.heard else "", buttons(call))


def _of_worker(laptop: Laptop, name: str, call: Call | None, talks: Talks, at: float) -> Phone:
    activity = laptop.call_centre.workers[name].activity
    shown = _phone(name, laptop.call_centre.phones[name], call, talks, at)
    return shown._replace(activity=activity.friendly_name, available=activity.available)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, laptop: Laptop, commands: Commands, *args: Any) -> None:
        self._laptop, self._commands = laptop, commands
        super().__init__(*args)

    def do_GET(self) -> None:
        if self._is_refused():
            return
        if self.path in FILES:
            text = (resources.files(static) / self.path.removeprefix("/")).read_text(encoding="utf-8")
            self._send(200, text, FILES[self.path])
        elif self.path == "/":
            self._send(200, phones.render(self._phones()))
        else:
            self._send(404, "there is no such page", "text/plain; charset=utf-8")

    def do_POST(self) -> None:
        """A button, as a form sends it; what cannot be done is said on the page."""
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > LARGEST_BODY:
            self.close_connection = True
            self._send(413, "a form is shorter than that", "text/plain; charset=utf-8")
            return
        body = self.rfile.read(int(length)).decode(errors="replace")
        if self._is_refused():
            return
        try:
            self._commands.do(phones.typed(dict(parse_qsl(body)), self._phones()))
        except (LaptopError, phones.Unknown) as error:
            self._send(400, phones.render(self._phones(), str(error)))
            return
        self._send(303, "", headers={"Location": "/"})

    def _is_refused(self) -> bool:
        headers = {name.lower(): value for name, value in self.headers.items()}
        if why := foreign(headers, changes=self.command != "GET"):
            self._send(403, why, "text/plain; charset=utf-8")
        return bool(why)

    def _phones(self) -> Phones:
        return self._laptop.do(lambda: now(self._laptop, self._commands))

    def _send(self, status: int, text: str, kind: str = HTML, headers: dict[str, str] | None = None) -> None:
        body = text.encode(errors="replace")
        self.send_response(status)
        for name, value in {
            **GUARDED,
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """The timeline tells what was done."""


@contextmanager
def running(laptop: Laptop, commands: Commands) -> Iterator[str]:
    """The page's address, on a free port, until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, laptop, commands))
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="phones", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
