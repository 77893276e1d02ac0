"""The emulator's REST API over HTTP on the loopback interface."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Unpack
from urllib.parse import parse_qs

from emulator.clock.scheduler import Scheduler
from emulator.http.realtime import HttpTransport, RealtimeClock, RealtimeLoop
from emulator.ports import TwilioError
from emulator.rest.faults import ConnectionBroken
from emulator.rest.framework import RestAnswer, refusal
from emulator.twilio import Twilio
from emulator.voice.context import Worlds


@dataclass
class Server:
    """`url` is the base of every path, for `api.twilio.com` and `taskrouter.twilio.com` alike."""

    url: str
    _http: ThreadingHTTPServer
    _thread: threading.Thread

    def stop(self) -> None:
        """Returns when the port is closed."""
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


def _content(answer: RestAnswer) -> tuple[str, bytes]:
    if answer.media is not None:
        return answer.media.content_type, answer.media.content
    return "application/json", b"" if answer.status == 204 else json.dumps(answer.body).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = (
        True  # head and body are two writes, and the second would wait 40 ms for the first's receipt
    )

    def __init__(self, twilio: Twilio, loop: RealtimeLoop, *args: Any) -> None:
        self._twilio = twilio
        self._loop = loop
        super().__init__(*args)

    def do_GET(self) -> None:
        if self._wants_to_close():
            self.close_connection = True
        try:
            answer = self._answer()
        except TwilioError as error:
            self.close_connection = True  # nobody knows where the next request begins
            answer = refusal(error)
        except ConnectionBroken:
            self.close_connection = True
            return
        self._send(answer)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - http.server's names

    def _wants_to_close(self) -> bool:
        """`close` may stand among other options (RFC 9110, 7.6.1), which http.server does not look for."""
        options = ",".join(self.headers.get_all("Connection", [])).split(",")
        return "close" in {option.strip().lower() for option in options}

    def _answer(self) -> RestAnswer:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or "Transfer-Encoding" in self.headers:
            raise TwilioError(20001, "The request's body has no Content-Length")
        form = parse_qs(self.rfile.read(int(length)).decode(errors="replace"), keep_blank_values=True)
        authorization, headers = self.headers.get("Authorization", ""), dict(self.headers.items())
        return self._loop.call(lambda: self._twilio.rest(self.command, self.path, form, authorization, headers))

    def _send(self, answer: RestAnswer) -> None:
        content_type, body = _content(answer)
        self.send_response(answer.status)
        self.send_header("Content-Type", content_type)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:  # RFC 9112, 9.6: whoever is going to close the connection says so
            self.send_header("Connection", "close")
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """The trace has an event for each request; an access log would only repeat it."""


def serve(twilio: Twilio, loop: RealtimeLoop, port: int = 0) -> Server:
    """Serve on 127.0.0.1; `port` 0 takes a free one. The loop must be running. OSError when the port is in use."""
    http = ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, twilio, loop))
    http.daemon_threads = True
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05}, name="rest", daemon=True)
    thread.start()
    return Server(f"http://127.0.0.1:{http.server_address[1]}", http, thread)


@contextmanager
def in_real_time(
    account_sid: str,
    auth_token: str,
    seed: int = 0,
    *,
    speech_rate: float = 0.06,
    calls_per_second: float = 1.0,
    speed: float = 1.0,
    **worlds: Unpack[Worlds],
) -> Iterator[tuple[Twilio, RealtimeLoop]]:
    """A Twilio in real time with real HTTP, running until the block ends. Touch it only through the loop.

    Its clock goes `speed` times as fast as real time; deadlines of webhooks stay real seconds.
    """
    parts: list[tuple[RealtimeLoop, HttpTransport]] = []

    def make_transport(scheduler: Scheduler) -> HttpTransport:
        loop = RealtimeLoop(scheduler, speed)
        parts.append((loop, HttpTransport(loop)))
        return parts[0][1]

    twilio = Twilio(
        RealtimeClock(speed).now,
        account_sid,
        auth_token,
        make_transport,
        seed,
        speech_rate=speech_rate,
        calls_per_second=calls_per_second,
        **worlds,
    )
    twilio.webhooks.speed = speed
    loop, transport = parts[0]
    loop.start()
    try:
        yield twilio, loop
    finally:
        loop.stop()
        transport.close()
