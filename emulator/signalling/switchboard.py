"""Browsers that are phones: they ring, answer, decline, press keys, hang up and call themselves (contract 15.9)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from emulator.clock.scheduler import Scheduler, Timer, TraceEvent
from emulator.ports import Peer, Socket, TwilioError
from emulator.rest.credentials import Account
from emulator.signalling import frames, sdp
from emulator.tokens import EXPIRED, AccessToken, read
from emulator.voice.legs import CLIENT, client_address
from emulator.voice.numbers import Number
from emulator.voice.service import Voice

PATH = "/signal"
NOT_AUTHORIZED, TOKEN_INVALID, TOKEN_EXPIRED = 31201, 31204, 31205


@dataclass(eq=False)
class Browser:
    """One page's socket. `calls` are those it takes part in, by CallSid, and the offer of those it made itself."""

    socket: Socket
    token: AccessToken | None = None
    is_registered: bool = False
    expires: Timer | None = None
    calls: dict[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        return self.token.identity if self.token is not None else ""

    def granted(self, way: str) -> Mapping[str, Any]:
        """What the token grants for `incoming` or `outgoing` calls; empty for nothing."""
        voice = self.token.grants.get("voice") if self.token is not None else None
        found = voice.get(way) if isinstance(voice, Mapping) else None
        return found if isinstance(found, Mapping) else {}


class Switchboard:
    """Use from one thread, as `Twilio`. It hears of calls by the trace, and moves them as a person's hand does."""

    def __init__(self, scheduler: Scheduler, account: Account, voice: Voice) -> None:
        self.browsers: list[Browser] = []
        self._scheduler = scheduler
        self._account = account
        self._voice = voice
        self._ringing: dict[str, list[Browser]] = {}  # who rings, by CallSid
        scheduler.on_event.append(self._hear)
        self._frames: Mapping[str, Callable[[Browser, Mapping[str, object]], None]] = {
            "listen": self._listen,
            "register": self._register,
            "answer": self._answer,
            "reject": self._reject,
            "hangup": self._hang_up,
            "dtmf": self._press,
            "invite": self._call,
        }

    def connect(self, socket: Socket) -> Peer:
        """Everybody may open a socket: it says who it is by `listen`."""
        browser = Browser(socket)
        self.browsers.append(browser)
        return _Page(self, browser)

    def received(self, browser: Browser, text: str) -> None:
        """What it does not know, such as an answer to a keepalive, it reads over."""
        kind, payload = frames.read(text)
        if kind in self._frames:
            self._frames[kind](browser, payload)

    def gone(self, browser: Browser) -> None:
        """A call without its page is over: no token to reconnect was given (contract 15.9)."""
        self.browsers.remove(browser)
        self._unregister(browser)
        self._stop_expiry(browser)
        for call_sid in list(browser.calls):
            self._voice.put_down(call_sid)
        for call_sid, rings in list(self._ringing.items()):
            if browser in rings:
                rings.remove(browser)
                self._declined_by_all(call_sid)

    # Who it is

    def _listen(self, browser: Browser, payload: Mapping[str, object]) -> None:
        """Again with each new token."""
        try:
            token = read(str(payload.get("token")), self._account, self._scheduler.now())
            token.grant("voice")
        except TwilioError as error:
            code = TOKEN_EXPIRED if error.code == EXPIRED else TOKEN_INVALID
            browser.socket.send(frames.error(code, error.message))
            return
        self._stop_expiry(browser)
        browser.token = token
        browser.expires = self._scheduler.at(token.expires, partial(self._expire, browser))
        browser.socket.send(frames.connected(token.identity, token.expires - self._scheduler.now()))

    def _expire(self, browser: Browser) -> None:
        """It cannot be rung any more; a call goes on."""
        self._unregister(browser)
        browser.token = None
        browser.socket.send(frames.error(TOKEN_EXPIRED, "Access Token expired"))

    def _stop_expiry(self, browser: Browser) -> None:
        if browser.expires is not None:
            browser.expires.cancel()

    def _register(self, browser: Browser, payload: Mapping[str, object]) -> None:
        media = payload.get("media")
        if not isinstance(media, Mapping) or not media.get("audio"):
            self._unregister(browser)
            browser.socket.send(frames.write("offline", {}))
        elif browser.granted("incoming").get("allow") is not True:
            browser.socket.send(frames.error(NOT_AUTHORIZED, "The token allows no incoming calls"))
        else:
            if not browser.is_registered:
                browser.is_registered = True
                self._voice.phone(CLIENT + browser.identity).browsers += 1
                self._emit(browser, "registered")
            browser.socket.send(frames.write("ready", {}))

    def _unregister(self, browser: Browser) -> None:
        if browser.is_registered:
            browser.is_registered = False
            self._voice.phone(CLIENT + browser.identity).browsers -= 1
            self._emit(browser, "unregistered")

    def _emit(self, browser: Browser, what: str) -> None:
        self._scheduler.emit("browser", sid="", name=CLIENT + browser.identity, event=what)

    # What the page does

    def _answer(self, browser: Browser, payload: Mapping[str, object]) -> None:
        """The first page that answers has the call."""
        call_sid = str(payload.get("callsid"))
        if browser not in self._ringing.get(call_sid, []):
            browser.socket.send(frames.write("hangup", {"callsid": call_sid}))
            return
        self._ringing[call_sid].remove(browser)
        self._cancel(call_sid)
        browser.calls[call_sid] = ""
        self._voice.pick_up(call_sid)

    def _reject(self, browser: Browser, payload: Mapping[str, object]) -> None:
        """On this page alone: where others ring, they go on (uncertain)."""
        call_sid = str(payload.get("callsid"))
        if browser in self._ringing.get(call_sid, []):
            self._ringing[call_sid].remove(browser)
            self._declined_by_all(call_sid)

    def _declined_by_all(self, call_sid: str) -> None:
        if not self._ringing[call_sid]:
            del self._ringing[call_sid]
            self._voice.decline(call_sid)

    def _hang_up(self, browser: Browser, payload: Mapping[str, object]) -> None:
        for call_sid in self._named(browser, payload):
            del browser.calls[call_sid]
            self._voice.put_down(call_sid)

    def _press(self, browser: Browser, payload: Mapping[str, object]) -> None:
        for call_sid in self._named(browser, payload):
            self._voice.press(call_sid, str(payload.get("dtmf", "")))

    def _named(self, browser: Browser, payload: Mapping[str, object]) -> list[str]:
        """The call that is meant, unless it is over or somebody else's."""
        call_sid = str(payload.get("callsid"))
        return [call_sid] if call_sid in browser.calls else []

    def _call(self, browser: Browser, payload: Mapping[str, object]) -> None:
        """A call of the page's own, led by the application that the token names."""
        given, params = str(payload.get("callsid")), dict(frames.outgoing(payload))
        granted = browser.granted("outgoing")
        application = self._voice.applications.get(str(granted.get("application_sid")))
        if application is None:
            browser.socket.send(frames.error(NOT_AUTHORIZED, "The token names no application for calls", given))
            browser.socket.send(frames.write("hangup", {"callsid": given}))
            return
        number = application.leads(Number(params.pop("To", "")))
        more = {**_texts(granted.get("params")), **params}
        call_sid = self._voice.dial_in(number, CLIENT + browser.identity, more=more)
        browser.calls[call_sid] = str(payload.get("sdp", ""))
        browser.socket.send(frames.write("ringing", {"callsid": call_sid}))

    # What becomes of calls

    def _hear(self, event: TraceEvent) -> None:
        call_sid = event.detail.get("sid", "")
        if event.kind == "ringing":
            self._ring(call_sid)
        elif event.kind == "answered":
            self._answered(call_sid)
        elif event.kind == "ended":
            self._ended(call_sid)

    def _ring(self, call_sid: str) -> None:
        call = self._voice.context.calls[call_sid]
        address, _ = client_address(call.to)
        rings = [one for one in self.browsers if one.is_registered and CLIENT + one.identity == address]
        if rings:
            self._ringing[call_sid] = rings
        for browser in rings:
            browser.socket.send(frames.invite(call))

    def _answered(self, call_sid: str) -> None:
        """By hand elsewhere, or a page's own call by its document."""
        self._cancel(call_sid)
        for browser in self.browsers:
            if browser.calls.get(call_sid):
                described = sdp.answer(browser.calls[call_sid])
                browser.socket.send(frames.write("answer", {"callsid": call_sid, "sdp": described}))

    def _ended(self, call_sid: str) -> None:
        self._cancel(call_sid)
        for browser in self.browsers:
            if call_sid in browser.calls:
                del browser.calls[call_sid]
                browser.socket.send(frames.write("hangup", {"callsid": call_sid}))

    def _cancel(self, call_sid: str) -> None:
        """Nobody's page rings for it any more."""
        for browser in self._ringing.pop(call_sid, []):
            browser.socket.send(frames.write("cancel", {"callsid": call_sid}))


class _Page:
    """Implements `Peer`."""

    def __init__(self, switchboard: Switchboard, browser: Browser) -> None:
        self._switchboard = switchboard
        self._browser = browser

    def received(self, text: str) -> None:
        self._switchboard.received(self._browser, text)

    def closed(self) -> None:
        self._switchboard.gone(self._browser)


def _texts(given: object) -> dict[str, str]:
    return {str(name): str(value) for name, value in given.items()} if isinstance(given, Mapping) else {}
