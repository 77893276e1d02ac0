"""What is the emulator's own under `/_emulator/`: the inspector, the clock, what has happened so far. Not Twilio's."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib import resources

from emulator.http.origins import foreign
from emulator.http.realtime import RealtimeLoop
from emulator.inspector import static
from emulator.inspector.actions import PHONE, ActionError, act, dial
from emulator.inspector.facts import page_of
from emulator.inspector.render import render
from emulator.timeline import as_json
from emulator.twilio import Twilio

Form = Mapping[str, Sequence[str]]
HOME = "/_emulator/"
JSON, JSON_LINES, HTML = "application/json", "application/x-ndjson", "text/html; charset=utf-8"
LONGEST = 366 * 86_400.0
GUARDED = {  # nothing but our own style, script and forms; referrers stay, or else forms would come with `Origin: null`
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Asked:
    """A request; `headers` have names in lower case."""

    method: str
    path: str
    form: Form = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def fields(self) -> Mapping[str, str]:
        return {name: values[-1] for name, values in self.form.items()}

    @property
    def is_of_a_browser(self) -> bool:
        """A form was sent by hand, and a page is wanted."""
        return "text/html" in self.headers.get("accept", "")


@dataclass(frozen=True)
class Reply:
    status: int
    body: str
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


class ControlError(Exception):
    """Why a request cannot be, in one sentence."""


class Control:
    def __init__(self, twilio: Twilio, loop: RealtimeLoop) -> None:
        self._twilio = twilio
        self._loop = loop
        self._routes: Mapping[tuple[str, str], Callable[[Asked], Reply]] = {
            ("GET", HOME): self._page,
            ("GET", HOME.rstrip("/")): lambda _asked: Reply(301, "", headers={"Location": HOME}),
            ("GET", f"{HOME}inspector.css"): partial(_static, "inspector.css", "text/css; charset=utf-8"),
            ("GET", f"{HOME}inspector.js"): partial(_static, "inspector.js", "text/javascript; charset=utf-8"),
            ("POST", f"{HOME}dial"): self._dial,
            **{("POST", f"{HOME}{name}"): partial(self._act, name) for name in PHONE},
            ("GET", f"{HOME}clock"): self._clock,
            ("POST", f"{HOME}clock"): self._move,
            ("GET", f"{HOME}timeline"): self._timeline,
        }

    def answer(self, asked: Asked) -> Reply:
        refused = foreign(asked.headers, changes=asked.method != "GET")
        if refused:
            return _refusal(403, refused)
        route = self._routes.get((asked.method, asked.path))
        if route is None:
            known = ", ".join(f"{method} {path}" for method, path in self._routes)
            return _refusal(404, f"{asked.method} {asked.path} is none of {known}")
        try:
            return route(asked)
        except (ControlError, ActionError) as error:
            return self._told(asked, str(error))

    # The inspector

    def _page(self, _asked: Asked) -> Reply:
        return self._shown(200)

    def _shown(self, status: int, refusal: str = "", filled: Mapping[str, str] | None = None) -> Reply:
        still = self._loop.clock.stands_still
        page = self._loop.call(partial(page_of, self._twilio, stands_still=still))
        return Reply(status, render(page, refusal=refusal, filled=filled), HTML, GUARDED)

    def _told(self, asked: Asked, refusal: str) -> Reply:
        """On the page for a person, in JSON for a program."""
        return self._shown(400, refusal, asked.fields) if asked.is_of_a_browser else _refusal(400, refusal)

    def _dial(self, asked: Asked) -> Reply:
        return _done(self._loop.call(partial(dial, self._twilio, asked.fields)))

    def _act(self, name: str, asked: Asked) -> Reply:
        return _done(self._loop.call(partial(act, name, self._twilio, asked.fields)))

    # The clock

    def _clock(self, _asked: Asked) -> Reply:
        now = self._loop.call(self._twilio.scheduler.now)
        text = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
        return Reply(200, json.dumps({"now": text, "epoch": round(now, 3)}))

    def _move(self, asked: Asked) -> Reply:
        """On by `seconds`, or to the ISO date `to`; answers when everything until then has happened."""
        now = self._loop.call(self._twilio.scheduler.now)
        end = self._end(asked.fields, now)
        if end < now:
            raise ControlError("the clock does not go back")
        if end > now + LONGEST:
            raise ControlError("the clock moves by a year at most")
        self._loop.advance_to(end)
        return Reply(303, "", headers={"Location": HOME}) if asked.is_of_a_browser else self._clock(asked)

    @staticmethod
    def _end(fields: Mapping[str, str], now: float) -> float:
        try:
            match fields:
                case {"seconds": seconds, **others} if not others and not math.isnan(float(seconds)):
                    return now + float(seconds)
                case {"to": date, **others} if not others:
                    at = datetime.fromisoformat(date)
                    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
        except ValueError:
            pass
        raise ControlError("give `seconds`, like seconds=30, or `to`, like to=2027-01-15T08:00:00Z")

    # What has happened

    def _timeline(self, asked: Asked) -> Reply:
        """One JSON object a line for each event of the trace, from the number `from` on."""
        first = asked.fields.get("from", "0")
        if not first.isdecimal():
            raise ControlError(f"from is no number: {first}")
        events = self._loop.call(lambda: self._twilio.scheduler.trace[int(first) :])
        return Reply(200, "".join(f"{as_json(event)}\n" for event in events), JSON_LINES)


def _static(name: str, content_type: str, _asked: Asked) -> Reply:
    text = (resources.files(static) / name).read_text(encoding="utf-8")
    return Reply(200, text, content_type, GUARDED)


def _done(sid: str) -> Reply:
    """Back to the page and to the call's row there; the call's sid for whoever does not follow."""
    return Reply(303, json.dumps({"sid": sid}), headers={"Location": f"{HOME}#{sid}"})


def _refusal(status: int, message: str) -> Reply:
    return Reply(status, json.dumps({"status": status, "message": message}))
