"""Runs TwiML on a leg: gets documents, performs the verbs in order (contract 1.4, 3)."""

from collections.abc import Callable, Mapping
from typing import Literal
from urllib.parse import urljoin

from emulator.clock.process import Program, Wait
from emulator.ports import Method, TwilioError, WebFailure, WebResponse, WebResult
from emulator.voice import hosted
from emulator.voice.calls import Call, GoTo, LegEnded, Moved, RecordingOrder, Source, standard_parameters
from emulator.voice.context import Context
from emulator.voice.coverage import OTHER_VERBS
from emulator.voice.document import (
    Dial,
    Document,
    Enqueue,
    Gather,
    Hangup,
    Leave,
    NounCallback,
    Pause,
    Play,
    Record,
    Redirect,
    Reject,
    Say,
    StartRecording,
    StopRecording,
    Unknown,
    Verb,
    parse,
)
from emulator.voice.recordings import Recording

Perform = Callable[..., Program]  # an Interpreter and the verb
Verbs = Mapping[type, Perform]  # how each verb is performed

STOCK_ERROR = "We are sorry, an application error has occurred. Goodbye."
XML_TYPES = {"text/xml", "application/xml", "text/html"}
Place = Literal["call", "queue", "whisper", "conference", "screen"]  # whisper: to the caller; screen: to who is dialled
ALLOWED: dict[Place, tuple[type, ...]] = {
    "call": (Say, Play, Pause, Gather, Record, Redirect, Reject, Hangup, Enqueue, Dial, StartRecording, StopRecording),
    "queue": (Say, Play, Pause, Gather, Redirect, Hangup, Leave),
    "whisper": (Say, Play, Pause, Redirect),
    "conference": (Say, Play, Pause, Redirect),
    "screen": (Say, Play, Pause, Gather, Redirect, Hangup),
}
NOT_HERE = {"conference": 13238}  # 12200 elsewhere, and for what is no verb at all


class DocumentFailure(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Interpreter:
    """Runs documents on one leg in one place. `source` is where the document that runs came from."""

    def __init__(self, context: Context, call: Call, verbs: Verbs, place: Place = "call") -> None:
        self.context = context
        self.call = call
        self.verbs = verbs
        self.place: Place = place
        self.source = Source()

    def beside(self, place: Place) -> "Interpreter":
        """Another one for the same leg: what it hears while a verb of this one lasts."""
        return Interpreter(self.context, self.call, self.verbs, place)

    def on(self, call: Call, place: Place) -> "Interpreter":
        """One for another leg, that this one dials."""
        return Interpreter(self.context, call, self.verbs, place)

    def run(self, source: Source) -> Program:
        """The document of `source`, and those it leads to, to their end."""
        next_source: Source | None = source
        while next_source is not None:
            try:
                yield from self._fetch_and_perform(next_source)
                next_source = None
            except GoTo as going:
                if isinstance(going, Moved) and self.place != "call":
                    raise
                next_source = going.source

    def url(self, relative: str) -> str:
        return urljoin(self.source.url, relative)

    def recording_order(self, source: str, channels: int, given: NounCallback) -> RecordingOrder:
        """A recording that a verb asks for, and whom it tells."""
        url = self.url(given.url) if given.url else ""
        events = frozenset({"completed"}) if given.events is None else given.events
        return RecordingOrder(source, channels, url, verb_method(given.method), events)

    def after(self, action: str, method: str, extra: Mapping[str, str]) -> GoTo:
        """What to raise in order to go on at a verb's `action`; without one it is the current document again."""
        if not action and self.source.twiml:
            return GoTo(self.source)
        return GoTo(Source(self.url(action), verb_method(method), dict(extra)))

    def _fetch_and_perform(self, source: Source) -> Program:
        self.source = source
        box: list[WebResult] = []
        twiml = source.twiml or hosted.document(source.url, source.extra, self.context.hosted)
        if twiml:
            box.append(WebResponse(200, {"content-type": "text/xml"}, twiml.encode()))
        else:
            yield from self._fetch(source, box)
        try:
            document = read(box[0])
        except DocumentFailure as failure:
            yield from self._after_failure(source, failure)
        else:
            yield from self.perform(document)

    def _fetch(self, source: Source, box: list[WebResult]) -> Program:
        self._ask(source, box.append)
        yield Wait(lambda: bool(box))

    def _ask(self, source: Source, keep: Callable[[WebResult], None]) -> None:
        def came(result: WebResult) -> None:
            keep(result)
            self.call.notify()

        verstat = {"StirVerstat": self.call.verstat} if self.call.verstat else {}
        form = {**standard_parameters(self.call), **verstat, **source.extra}
        self.context.webhooks.send(source.url, form, came, method=source.method)

    def report(self, action: str, method: str, extra: Mapping[str, str], *, over: bool = True) -> None:
        """Ask an action whose answer has no leg to run on; `over` says that the leg has ended."""
        if action:
            form = {**standard_parameters(self.call), **extra}
            form["CallStatus"] = "completed" if over else self.call.status
            url = self.url(action)
            self.context.send(url, form, verb_method(method))

    def record_dial(self, verb: Dial) -> Recording | None:
        """The recording that the Dial begins; none when the call is recorded already."""
        if self.context.recordings.live(self.call.sid) is not None:
            return None
        channels = 2 if verb.record.endswith("-dual") else 1
        order = self.recording_order("DialVerb", channels, verb.recording_callback)
        return self.context.recordings.start(self.call.sid, order)

    def report_dial(self, verb: Dial, result: Mapping[str, str]) -> None:
        """The leg that dialled has hung up: whether the action is asked then is uncertain (contract 12)."""
        if self.context.worlds["hung_up_dial"] == "is_told":
            self.report(verb.action, verb.method, result)

    def _after_failure(self, source: Source, failure: DocumentFailure) -> Program:
        """The fallback URL once; a failing fallback, or none, ends the leg with the stock message."""
        self.context.warn(failure.code, failure.message, self.call.sid)
        call = self.call
        if call.fallback_url and "ErrorUrl" not in source.extra:
            extra = {**source.extra, "ErrorCode": str(failure.code), "ErrorUrl": source.url}
            raise GoTo(Source(call.fallback_url, call.fallback_method, extra))
        self.go_live()
        yield from self.say(STOCK_ERROR)
        raise LegEnded("document")

    def perform(self, document: Document) -> Program:
        """The verbs in order. Every document answers a call that rings, but for one that begins with a Reject, or
        with a Dial that leaves the answering to who is dialled.
        """
        for what in document.not_imitated:
            self.context.not_imitated(what, self.call.sid)
        for what in document.unknown:
            self.context.warn_once(12200, f"{what} is no TwiML", self.call.sid)
        first = document.verbs[0] if document.verbs else None
        if not isinstance(first, Reject) and not (isinstance(first, Dial) and first.answer_on_bridge):
            self.go_live()
        for verb in document.verbs:
            if verb is not first:
                self.go_live()
            yield from self._verb(verb)

    def go_live(self) -> None:
        """The call is answered, if it rings."""
        if self.call.status == "ringing":
            self.call.status = "in-progress"
            self.call.answered = self.context.scheduler.now()
            self.context.scheduler.emit("answered", sid=self.call.sid, to=self.call.to)

    def _verb(self, verb: Verb) -> Program:
        perform = self.verbs.get(type(verb))
        if isinstance(verb, Unknown) and verb.name in OTHER_VERBS and self.place == "call":
            self.context.not_imitated(f"<{verb.name}>", self.call.sid)
        elif perform is None or not isinstance(verb, ALLOWED[self.place]):
            name = verb.name if isinstance(verb, Unknown) else type(verb).__name__
            code = 12200 if isinstance(verb, Unknown) else NOT_HERE.get(self.place, 12200)
            self.context.warn(code, f"{name} is not a verb that can run here", self.call.sid)
        else:
            yield from perform(self, verb)

    def say(self, text: str, until: Callable[[], bool] | None = None) -> Program:
        """Speak `text`; `until` cuts it short."""
        call = self.call
        call.heard.append(text)
        self.context.scheduler.emit("heard", sid=call.sid, who=call.person_number, text=text)
        call.notify()
        yield Wait(until, self.context.speech_seconds(text))

    def play(self, url: str, until: Callable[[], bool] | None = None) -> Program:
        call = self.call
        call.heard.append(url)
        self.context.scheduler.emit("played", sid=call.sid, who=call.person_number, url=url)
        call.notify()
        yield Wait(until, self.context.play_seconds)

    def prompt(self, verb: Say | Play | Pause, until: Callable[[], bool] | None = None) -> Program:
        if isinstance(verb, Pause):
            yield Wait(until, verb.seconds)
            return
        for _ in range(verb.loop):
            if until is not None and until():
                return
            if isinstance(verb, Say):
                yield from self.say(verb.text, until)
            else:
                yield from self.play(self.url(verb.url), until)


def verb_method(name: str) -> Method:
    return "GET" if name == "GET" else "POST"


def read(result: WebResult) -> Document:
    """The document in an answer. DocumentFailure 11200, 11205, 12100 or 12300 (contract 1.4)."""
    if isinstance(result, WebFailure):
        raise DocumentFailure(11205, f"HTTP connection failure: {result.kind}")
    if result.status // 100 != 2:
        raise DocumentFailure(11200, f"HTTP retrieval failure: the answer's status is {result.status}")
    kind = result.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind.startswith("audio/"):
        return Document((Play(""), Hangup()))
    if kind == "text/plain":
        return _plain(result)
    if kind not in XML_TYPES:
        raise DocumentFailure(12300, f"Invalid Content-Type: {kind or 'none'}")
    return _parsed(result.body)


def _plain(result: WebResponse) -> Document:
    """Plain text is TwiML if it parses as such; otherwise it is read aloud."""
    try:
        return parse(result.body)
    except TwilioError:
        return Document((Say(result.body.decode(errors="replace").strip()), Hangup()))


def _parsed(text: bytes) -> Document:
    try:
        return parse(text)
    except TwilioError as error:
        raise DocumentFailure(error.code, error.message) from error
