"""What happens, printed as it happens: the emulator's events and the requests to the CRM, a line each."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from rich.text import Text

from emulator.clock.scheduler import TraceEvent
from laptop.call_centre import CallCentre
from laptop.environment import Laptop
from laptop.screen import BOLD, DIM, GREEN, YELLOW, beside

SENTENCES = {
    "dialed": "dials {to}",
    "ringing": "'s phone {to} rings",
    "answered": "answers",
    "heard": "hears: {text}",
    "pressed": "presses {digits}",
    "enqueued": "waits in the queue",
    "ended": "'s leg ends: {status}",
}


class Timeline:
    """Prints events with the seconds since the latest `start`."""

    def __init__(self, laptop: Laptop, write: Callable[[str], None] = print) -> None:
        self._laptop = laptop
        self._write = write
        self._began = time.time()
        self._names: dict[str, str] = {}
        laptop.do(lambda: laptop.twilio.scheduler.on_event.append(self.on_event))
        laptop.crm.on_asked = self.on_crm_asked
        laptop.mailbox.on_mail = self.on_mail

    @property
    def _people(self) -> CallCentre:
        return self._laptop.call_centre

    def start(self) -> None:
        self._began = time.time()

    def on_event(self, event: TraceEvent) -> None:
        detail = event.detail
        if event.kind == "dialed":
            caller, callee = self._people.name_of(detail["from_"]), self._people.name_of(detail["to"])
            self._names[detail["sid"]] = callee if callee in self._people.phones else caller
        sentence = self._sentence(event.kind, detail)
        if event.kind == "message" and detail["status"] in ("received", "sent"):
            from_, to = (self._people.name_of(detail[end]) for end in ("from_", "to"))
            self._line(event.at, from_, f"texts {to}: {detail['body']}")
        elif sentence:
            self._line(event.at, *sentence)

    def on_crm_asked(self, attempt: dict[str, Any], status: int) -> None:
        self._line(time.time(), "CRM", f"asked about {self._people.name_of(attempt['caller'])}: answers {status}")

    def on_mail(self, subject: str, text: str) -> None:
        self._line(time.time(), "A mail", f"to the team: {subject}. {text.splitlines()[0]}")

    def _sentence(self, kind: str, detail: Mapping[str, str]) -> tuple[str, str] | None:
        who = self._name(detail.get("sid", ""))
        if kind == "joined":
            return "Twilio", f"joins {self._name(detail['caller_sid'])} and {self._name(detail['worker_sid'])}"
        if (kind == "answered" and who in self._people.callers) or (kind == "dialed" and who in self._people.phones):
            return None  # Twilio's own side of the call
        said = SENTENCES.get(kind)
        return (who, said.format(**detail)) if said else _routing(kind, detail)

    def _name(self, sid: str) -> str:
        return self._names.get(sid, sid)

    def _line(self, at: float, who: str, what: str) -> None:
        gap = "" if what.startswith("'") else " "
        seconds = Text(f"{max(0.0, at - self._began):6.1f} s", DIM)
        self._write(beside(seconds, Text.assemble((who, BOLD), gap, (what, _style(what)))))


def _style(what: str) -> str:
    """What the eye is to find first."""
    return GREEN if what.startswith("joins ") else YELLOW if what.startswith(("takes the", "warns: ")) else ""


def _routing(kind: str, detail: Mapping[str, str]) -> tuple[str, str] | None:
    match kind:
        case "reservation" if detail["status"] == "pending":
            return "TaskRouter", f"reserves {detail['worker']}"
        case "reservation" if detail["status"] in ("rejected", "canceled", "timeout"):
            return "TaskRouter", f"takes the reservation of {detail['worker']} back: {detail['status']}"
        case "task" if detail["status"] in ("wrapping", "completed", "canceled"):
            return "TaskRouter", f"has the task {detail['status']}"
        case "worker":
            return detail["name"], f"is {detail['activity']}"
        case "warning":
            return "Twilio", f"warns: {detail['code']} {detail['message']}"
        case _:
            return None
