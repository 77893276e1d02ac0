"""What is the emulator's own under `/_emulator/`: its clock, and what has happened so far. Not Twilio's."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from emulator.http.realtime import RealtimeLoop
from emulator.timeline import as_json
from emulator.twilio import Twilio

Form = Mapping[str, Sequence[str]]
JSON, JSON_LINES = "application/json", "application/x-ndjson"
LONGEST = 366 * 86_400.0


@dataclass(frozen=True)
class Reply:
    status: int
    body: str
    content_type: str = JSON


class ControlError(Exception):
    """Why a request cannot be, in one sentence."""


class Control:
    def __init__(self, twilio: Twilio, loop: RealtimeLoop) -> None:
        self._twilio = twilio
        self._loop = loop
        self._routes: Mapping[tuple[str, str], Callable[[Form], Reply]] = {
            ("GET", "/_emulator/clock"): self._clock,
            ("POST", "/_emulator/clock"): self._move,
            ("GET", "/_emulator/timeline"): self._timeline,
        }

    def answer(self, method: str, path: str, form: Form) -> Reply:
        route = self._routes.get((method, path))
        if route is None:
            known = ", ".join(f"{method} {path}" for method, path in self._routes)
            return _refusal(404, f"{method} {path} is none of {known}")
        try:
            return route(form)
        except ControlError as error:
            return _refusal(400, str(error))

    def _clock(self, _form: Form) -> Reply:
        now = self._loop.call(self._twilio.scheduler.now)
        text = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
        return Reply(200, json.dumps({"now": text, "epoch": round(now, 3)}))

    def _move(self, form: Form) -> Reply:
        """On by `seconds`, or to the ISO date `to`; answers when everything until then has happened."""
        now = self._loop.call(self._twilio.scheduler.now)
        end = self._end(form, now)
        if end < now:
            raise ControlError("the clock does not go back")
        if end > now + LONGEST:
            raise ControlError("the clock moves by a year at most")
        self._loop.advance_to(end)
        return self._clock(form)

    @staticmethod
    def _end(form: Form, now: float) -> float:
        given = {name: values[-1] for name, values in form.items()}
        try:
            match given:
                case {"seconds": seconds, **others} if not others and not math.isnan(float(seconds)):
                    return now + float(seconds)
                case {"to": date, **others} if not others:
                    at = datetime.fromisoformat(date)
                    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
        except ValueError:
            pass
        raise ControlError("give `seconds`, like seconds=30, or `to`, like to=2027-01-15T08:00:00Z")

    def _timeline(self, form: Form) -> Reply:
        """One JSON object a line for each event of the trace, from the number `from` on."""
        first = form.get("from", ["0"])[-1]
        if not first.isdecimal():
            raise ControlError(f"from is no number: {first}")
        events = self._loop.call(lambda: self._twilio.scheduler.trace[int(first) :])
        return Reply(200, "".join(f"{as_json(event)}\n" for event in events), JSON_LINES)


def _refusal(status: int, message: str) -> Reply:
    return Reply(status, json.dumps({"status": status, "message": message}))
