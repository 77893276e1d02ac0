"""A WebSocket (RFC 6455) on a connection that http.server has accepted: its frames, its keepalive, its end."""

import queue
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedIOBase

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Event, Ping, TextMessage
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from emulator.ports import Peer, TwilioError

PIECE = 1 << 16
LARGEST_MESSAGE = 1_000_000  # characters
TOO_LARGE = 1009
LAST_WORDS_SECONDS = 1.0  # for what was said before the end, such as a goodbye


@dataclass(frozen=True)
class Keepalive:
    """The text that is sent when nothing else was for so many real seconds."""

    text: str
    seconds: float


def handshake(headers: Iterable[tuple[str, str]], path: str) -> WSConnection:
    """The protocol's state after this request. TwilioError 20426 (uncertain) when it asks for no WebSocket."""
    protocol = WSConnection(ConnectionType.SERVER)
    try:
        protocol.initiate_upgrade_connection([(name.encode(), value.encode()) for name, value in headers], path)
    except (RemoteProtocolError, LocalProtocolError) as error:
        raise TwilioError(20426, f"This is a WebSocket: {error}", 426) from error
    if not any(protocol.events()):
        raise TwilioError(20426, "This is a WebSocket", 426)
    return protocol


class WebSocket:
    """Implements the port `Socket`: `send` and `close` never wait, as a thread of its own writes."""

    def __init__(
        self, protocol: WSConnection, connection: socket.socket, reader: BufferedIOBase, keepalive: Keepalive
    ) -> None:
        self._protocol = protocol
        self._connection = connection
        self._reader = reader
        self._keepalive = keepalive
        self._waiting: queue.SimpleQueue[Event | None] = queue.SimpleQueue()  # None: nothing comes any more
        self._lock = threading.Lock()

    def send(self, text: str) -> None:
        self._waiting.put(TextMessage(text))

    def close(self, code: int, reason: str) -> None:
        self._waiting.put(CloseConnection(code, reason))

    def drop(self) -> None:
        """The connection ends at once, without a word, as when a server dies."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def serve(self, peer: Peer) -> None:
        """Accept the handshake, and hand over each message until the connection is over."""
        writer = threading.Thread(target=self._write, name="websocket", daemon=True)
        try:
            self._put(AcceptConnection())
            writer.start()
            for text in self._messages():
                peer.received(text)
        except (OSError, LocalProtocolError):
            pass
        finally:
            self._waiting.put(None)
            peer.closed()
            if writer.is_alive():
                writer.join(LAST_WORDS_SECONDS)

    # Writing

    def _write(self) -> None:
        with suppress(OSError, LocalProtocolError):
            while (event := self._next()) is not None:
                self._put(event)
                if isinstance(event, CloseConnection):
                    self._connection.shutdown(socket.SHUT_WR)

    def _next(self) -> Event | None:
        try:
            return self._waiting.get(timeout=self._keepalive.seconds)
        except queue.Empty:
            return TextMessage(self._keepalive.text)

    def _put(self, event: Event) -> None:
        with self._lock:
            self._connection.sendall(self._protocol.send(event))

    # Reading

    def _messages(self) -> Iterator[str]:
        """Whole ones; a message in several frames is put together."""
        parts: list[str] = []
        for event in self._events():
            if isinstance(event, Ping):
                self._waiting.put(event.response())
            elif isinstance(event, CloseConnection):
                self._waiting.put(event.response())
                return
            elif isinstance(event, TextMessage):
                parts.append(event.data)
                if sum(map(len, parts)) > LARGEST_MESSAGE:
                    self.close(TOO_LARGE, "message too large")
                    return
                if event.message_finished:
                    yield "".join(parts)
                    parts.clear()

    def _events(self) -> Iterator[Event]:
        """None of a connection that is over."""
        while data := self._reader.read1(PIECE):
            with self._lock:
                self._protocol.receive_data(data)
                found = list(self._protocol.events())
            yield from found
