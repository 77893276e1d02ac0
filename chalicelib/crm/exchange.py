"""One POST that is over in time whatever the server does, and of whose answer no more is read than is wanted.

A timeout of urllib3's is that of one read of the socket: a server that sends a byte now and then never meets it, and
nothing bounds the look-up of a name. So an exchange has a thread of its own, and whoever waits for it leaves in time.
"""

import socket
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from threading import Thread
from typing import Any, NamedTuple, TypeVar, cast

import urllib3

T = TypeVar("T")


class TooLate(Exception):
    """The exchange was not over in its time."""


class Answer(NamedTuple):
    """`body` is as much of it as was read."""

    status: int
    body: bytes

    @property
    def is_yes(self) -> bool:
        """Whether the server took it: 2xx."""
        return self.status // 100 == 2


class Endpoint:
    """One URL. Its connection is kept from one exchange to the next; one exchange goes on at a time."""

    def __init__(self, url: str) -> None:
        """Raises urllib3's LocationParseError."""
        self._target = urllib3.util.parse_url(url).request_uri
        self._pool = cast(Any, urllib3.connection_from_url(url))
        self._make: Callable[..., Any] = self._pool.ConnectionCls
        self._pool.ConnectionCls = self._connection
        self._socket: socket.socket | None = None  # of the newest connection, which is the one in use

    def _connection(self, **options: Any) -> Any:
        """A connection of the pool's. It forgets its socket where the answer's end is that of the connection."""
        made = self._make(**options)
        connect = made.connect

        def remembered() -> None:
            connect()
            self._socket = made.sock

        made.connect = remembered
        return made

    def post(self, body: bytes, headers: Mapping[str, str], seconds: float, most_bytes: int) -> Answer:
        """The answer within `seconds` of any clock, with the first `most_bytes` of its body. A redirect is an answer.

        Raises TooLate, and urllib3's HTTPError.
        """
        try:
            return within(seconds, lambda: self._exchange(body, headers, seconds, most_bytes))
        except TooLate:
            self._hang_up()
            raise

    def _exchange(self, body: bytes, headers: Mapping[str, str], seconds: float, most_bytes: int) -> Answer:
        response = self._pool.urlopen(
            "POST",
            self._target,
            body=body,
            headers=headers,
            retries=False,
            redirect=False,
            timeout=urllib3.Timeout(total=seconds),
            preload_content=False,
        )
        try:
            return Answer(response.status, response.read(most_bytes))
        finally:
            response.close()  # which keeps the connection when the whole answer has been read

    def _hang_up(self) -> None:
        """End what is still read: the thread then ends by itself. One that looks up a name has no socket yet."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


def within(seconds: float, work: Callable[[], T]) -> T:
    """What `work` returns or raises. Raises TooLate after `seconds`; `work` may still go on then, for nobody."""
    future: Future[T] = Future()
    Thread(target=_run, args=(future, work), daemon=True).start()
    try:
        return future.result(seconds)
    except TimeoutError:
        raise TooLate from None


def _run(future: Future[T], work: Callable[[], T]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:
        future.set_exception(error)
