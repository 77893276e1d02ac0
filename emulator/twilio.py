"""The part of Twilio that is imitated, behind one object: the account, voice, TaskRouter and REST."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Unpack
from urllib.parse import parse_qs, urlsplit

from emulator.clock.scheduler import Scheduler
from emulator.event_bridge import bridge
from emulator.event_bridge.bridge import EventBridge
from emulator.http.webhooks import SignedWebhooks
from emulator.messaging.model import Message
from emulator.messaging.service import Messaging
from emulator.ports import Form, Method, Peer, Socket, Transport, TwilioError
from emulator.rest import routes
from emulator.rest.credentials import Account
from emulator.rest.faults import ConnectionBroken, Failure, Failures
from emulator.rest.faults import refusal as planned_refusal
from emulator.rest.framework import Request, RestAnswer, refusal
from emulator.signalling import switchboard
from emulator.signalling.switchboard import Switchboard
from emulator.taskrouter.service import TaskRouter
from emulator.taskrouter.workspaces import Workspaces
from emulator.voice.calls import CLEARLY
from emulator.voice.context import Context
from emulator.voice.numbers import Number
from emulator.voice.parties import Phone, Step
from emulator.voice.service import Voice
from emulator.worlds import JsonBody, Worlds, played

MakeTransport = Callable[[Scheduler], Transport]


@dataclass(frozen=True)
class Recorded:
    """One REST request and its answer, kept so that tests can hold both against Twilio's own description."""

    method: str
    url: str
    form: Mapping[str, Sequence[str]]
    answer: RestAnswer


class Twilio:
    """Use from one thread, or through `RealtimeLoop.call`.

    `now` gives epoch seconds; `transport` makes the transport for its scheduler; `seed` decides the sids;
    `speech_rate` is seconds per spoken character, `calls_per_second` the account's limit on outbound calls.
    `worlds` are those of `Worlds`; the ones that are not given have their defaults.
    """

    def __init__(
        self,
        now: Callable[[], float],
        account_sid: str,
        auth_token: str,
        transport: MakeTransport,
        seed: int = 0,
        *,
        speech_rate: float = 0.06,
        calls_per_second: float = 1.0,
        **worlds: Unpack[Worlds],
    ) -> None:
        self.scheduler = Scheduler(now, seed)
        self.account = Account(account_sid, auth_token, now())
        self.transport = transport(self.scheduler)
        self.webhooks = SignedWebhooks(self.scheduler, self.transport, auth_token)
        workspaces = Workspaces()
        self.worlds = played(worlds)
        self.context = Context(self.scheduler, self.webhooks, account_sid, workspaces, speech_rate, self.worlds)
        self.voice = Voice(self.context, calls_per_second)
        self.router = TaskRouter(self.scheduler, account_sid, self.webhooks, self.voice, workspaces)
        self.messaging = Messaging(
            self.scheduler,
            self.webhooks,
            account_sid,
            self.voice.numbers,
            opt_out_word=self.worlds["opt_out_word"],
            confirmation=self.worlds["confirmation"],
        )
        self.bridge = EventBridge(self.scheduler, self.account, self.router, self._done_by_rest, self.worlds)
        self.switchboard = Switchboard(self.scheduler, self.account, self.voice)
        self.failures = Failures()
        self.requests: list[Recorded] = []
        self.names: dict[str, str] = {}  # of people, by their numbers

    @property
    def account_sid(self) -> str:
        return self.account.sid

    @property
    def numbers(self) -> dict[str, Number]:
        """The account's own, by phone number."""
        return self.voice.numbers

    def who(self, call_sid: str) -> str:
        """The person on the leg: their name, or their number; the sid itself when there is no such leg."""
        call = self.context.calls.get(call_sid)
        return call_sid if call is None else self.names.get(call.person_number, call.person_number)

    def rotate_auth_token(self, auth_token: str) -> None:
        """The secondary token is promoted: it signs and it opens REST from now on (contract 2.1)."""
        self.account.auth_token = auth_token
        self.webhooks.auth_token = auth_token

    def number(
        self,
        phone_number: str,
        voice_url: str,
        *,
        voice_method: Method = "POST",
        fallback_url: str = "",
        fallback_method: Method = "POST",
        status_callback: str = "",
        status_callback_method: Method = "POST",
    ) -> None:
        """Own the number and say where its calls are sent."""
        self.own(phone_number)
        number = self.numbers[phone_number]
        number.voice_url, number.voice_method = voice_url, voice_method
        number.fallback_url, number.fallback_method = fallback_url, fallback_method
        number.status_callback, number.status_callback_method = status_callback, status_callback_method

    def own(self, phone_number: str, friendly_name: str = "") -> str:
        """The account has this number, with no URL yet when it is new; returns its sid."""
        if phone_number not in self.numbers:
            sid, now = self.scheduler.sid("PN"), self.scheduler.now()
            self.numbers[phone_number] = Number(
                phone_number, sid=sid, friendly_name=friendly_name or phone_number, created=now, updated=now
            )
        return self.numbers[phone_number].sid

    def dial(
        self,
        from_: str,
        to: str,
        then: Sequence[Step] = (),
        *,
        voice_url: str = "",
        fallback_url: str = "",
        status_callback: str = "",
        verstat: str = "",
    ) -> str:
        """A caller dials `to`; returns the CallSid. Without `voice_url` the number must be known by `number`.

        `verstat` is the call's StirVerstat, `TN-Validation-Passed-A` for one; empty, its requests have none.
        """
        number = Number(to, voice_url, "POST", fallback_url, "POST", status_callback)
        return self.voice.dial_in(number if voice_url else self.numbers[to], from_, then, verstat=verstat)

    def host(self, url: str, twiml: str) -> None:
        """The document at `url` is this one, whoever asks for it: a TwiML Bin, which needs no server."""
        self.context.hosted[url] = twiml

    def text(self, from_: str, to: str, body: str, media: Sequence[str] = ()) -> Message:
        """Somebody writes to a number of the account; `media` are URLs."""
        return self.messaging.receive(from_, to, body, media)

    def phone(self, number: str) -> Phone:
        """The phone with this number, to say what it will do when it rings."""
        return self.voice.phone(number)

    def press(self, call_sid: str, digits: str) -> None:
        self.voice.press(call_sid, digits)

    def say(self, call_sid: str, text: str, confidence: float = CLEARLY) -> None:
        """Somebody speaks on this leg; a Gather that listens is told how sure Twilio is of it, from 0 to 1."""
        self.voice.say(call_sid, text, confidence)

    def hang_up(self, call_sid: str) -> None:
        """The person on this leg hangs up."""
        self.voice.put_down(call_sid)

    def answer(self, call_sid: str) -> None:
        """Somebody takes a ringing outbound leg by hand."""
        self.voice.pick_up(call_sid)

    def decline(self, call_sid: str) -> None:
        self.voice.decline(call_sid)

    def refuse_next(
        self, method: str, path: str, status: int, code: int = 0, *, times: int = 1, after: int = 0
    ) -> None:
        """REST refuses the next `times` requests with this method whose path fits, once `after` of them went through.

        `method` may be empty for any; `path` is a regular expression that is searched in the path: `/Workers$`.
        Without `code` it is the one that goes with the status (429: 20429).
        """
        self.failures.planned.append(Failure(method, path, times, after, planned_refusal(status, code)))

    def break_next(self, method: str, path: str, *, executed: bool = False, times: int = 1, after: int = 0) -> None:
        """The network breaks at such requests, named as for `refuse_next`.

        Nobody gets an answer; `executed` says whether the request was done all the same.
        """
        self.failures.planned.append(Failure(method, path, times, after, executed=executed))

    def json_body(self, method: str, url: str) -> JsonBody:
        """What becomes of this request's body when it is in JSON."""
        return "taken" if routes.takes_json(method.upper(), urlsplit(url).path) else self.worlds["json_body"]

    def rest(
        self,
        method: str,
        url: str,
        form: Mapping[str, Sequence[str]],
        authorization: str,
        headers: Mapping[str, str] | None = None,
    ) -> RestAnswer:
        """One REST request: `url` complete or only a path, `form` the body's fields, `authorization` the header.

        ConnectionBroken when a test planned that there is no answer.
        """
        failure = self.failures.next(method.upper(), urlsplit(url).path)
        if failure is not None and failure.refusal is None and not failure.executed:
            raise ConnectionBroken
        if failure is not None and failure.refusal is not None:
            answer = refusal(failure.refusal)
        else:
            answer = self._answer(method, url, form, authorization, headers or {})
        self.requests.append(Recorded(method, url, form, answer))
        error = str(answer.body.get("message", "")) if answer.status >= 400 else ""
        self.scheduler.emit(
            "rest", method=method.upper(), path=urlsplit(url).path, status=str(answer.status), error=error
        )
        if failure is not None and failure.refusal is None:
            raise ConnectionBroken
        return answer

    # Browsers

    def connect(self, path: str, query: Form, socket: Socket) -> Peer:
        """A browser opens a WebSocket. TwilioError when there is none at this path, or the browser may not."""
        if path == switchboard.PATH:
            return self.switchboard.connect(socket)
        if path == bridge.PATH:
            return self.bridge.connect(query, socket)
        raise TwilioError(20404, f"The requested resource {path} was not found", 404)

    def bridged(self, body: bytes, headers: Form) -> RestAnswer:
        """A POST of a browser's to the event bridge; `headers` have names in lower case.

        Whoever has brought the answer to the browser calls `bridge.answered()`. ConnectionBroken when a test planned
        that there is no answer.
        """
        self.bridge.asked()
        failure = self.failures.next("POST", bridge.PATH)
        if failure is not None and failure.refusal is not None:
            return self.bridge.refused(failure.refusal)
        if failure is None or failure.executed:
            answer = self.bridge.answer(body, headers)
            if failure is None:
                return answer
        raise ConnectionBroken

    def _done_by_rest(
        self, method: str, path: str, fields: Mapping[str, Sequence[str]], headers: Mapping[str, str]
    ) -> RestAnswer:
        """What a browser asks for, as the account's own request. TwilioError for every refusal."""
        request = Request(
            self.account, self.voice, self.router, method, path, fields, headers, self.account_sid, self.messaging
        )
        return routes.answer(request)

    def _answer(
        self,
        method: str,
        url: str,
        form: Mapping[str, Sequence[str]],
        authorization: str,
        headers: Mapping[str, str],
    ) -> RestAnswer:
        parts = urlsplit(url)
        fields = {**parse_qs(parts.query, keep_blank_values=True), **form}
        lower = {name.lower(): value for name, value in headers.items()}
        try:
            user = self.account.user(authorization)
            method, path, message = method.upper(), parts.path, self.messaging
            request = Request(self.account, self.voice, self.router, method, path, fields, lower, user, message)
            return routes.answer(request)
        except TwilioError as error:
            return refusal(error)
