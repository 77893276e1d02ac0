"""Twilio's REST API as the application sees it in the tests of its doors: requests kept, answers as told."""

import json
from dataclasses import dataclass, field
from typing import Any

from twilio.http.response import Response


@dataclass
class FakeTwilio:
    """An HttpClient for the official client. `failures` come first; `reservation` is every reservation's status."""

    reservation: str = "pending"
    activity: str = "WA" + "2" * 32
    leg: str = "CA" + "b" * 32
    queue_time: str = "0"
    failures: dict[str, list[Any]] = field(default_factory=dict)  # a part of "METHOD path" -> statuses or exceptions
    requests: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    on_call: Any = None  # called when a worker leg is placed, before the answer goes back

    def request(self, method: str, url: str, **given: Any) -> Response:
        path = url.split("twilio.com", 1)[1]
        form = dict(given.get("data") or {})
        self.requests.append((method, path, form))
        for part, outcomes in self.failures.items():
            if part in f"{method} {path}" and outcomes:
                return self._fail(outcomes.pop(0))
        return self._answer(method, path, form)

    def made(self, part: str) -> list[dict[str, Any]]:
        """The forms of the requests whose "METHOD path" has this part."""
        return [form for method, path, form in self.requests if part in f"{method} {path}"]

    def _fail(self, outcome: Any) -> Response:
        if isinstance(outcome, Exception):
            raise outcome
        status, code = outcome if isinstance(outcome, tuple) else (outcome, None)
        return Response(status, json.dumps({"status": status, "code": code, "message": "as told"}))

    def _answer(self, method: str, path: str, form: dict[str, Any]) -> Response:
        if path.endswith("/Calls.json"):
            if self.on_call:
                self.on_call()
            return Response(201, json.dumps({"sid": self.leg, "queue_time": self.queue_time}))
        if "/Reservations/" in path:
            return self._reservation(method, form)
        if "/Workers/" in path:
            self.activity = form.get("ActivitySid", self.activity)
            return Response(200, json.dumps({"activity_sid": self.activity}))
        return Response(200, "{}")

    def _reservation(self, method: str, form: dict[str, Any]) -> Response:
        if method == "POST":
            if self.reservation != "pending":
                return Response(400, json.dumps({"status": 400, "code": 20001, "message": "not pending"}))
            self.reservation = str(form["ReservationStatus"])
        return Response(200, json.dumps({"reservation_status": self.reservation}))
