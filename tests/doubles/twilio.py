"""Twilio's REST API as the application sees it in the tests of its webhooks: requests kept, scripted answers."""

import json
from dataclasses import dataclass, field
from typing import Any

from twilio.http.response import Response

UPDATED = "2026-11-21T08:00:00Z"
ROOM = "CF" + "1" * 32
AVAILABLE = "WA" + "1" * 32  # the one activity in which workers take calls


@dataclass
class FakeTwilio:
    """An HttpClient for the official client. `failures` come first.

    `reservation` is the status of every reservation that is not in `reservations`; the same goes for tasks.
    """

    reservation: str = "pending"
    reservations: dict[str, dict[str, Any]] = field(default_factory=dict)  # by sid
    task: str = "wrapping"
    attributes: str = "{}"  # of every task that is not in `tasks`
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)  # by sid; the ones that are listed
    activity: str = AVAILABLE  # of each worker
    activity_since: str = UPDATED
    leg: str = "CA" + "b" * 32
    queue_time: str = "0"
    failures: dict[str, list[Any]] = field(default_factory=dict)  # a part of "METHOD path" -> statuses or exceptions
    requests: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    events: list[tuple[int, str]] = field(default_factory=list)  # of every reservation: when, in ms, and what
    queues: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # of voice: the members, by the name
    recordings: list[dict[str, Any]] = field(default_factory=list)  # the ones that are listed
    forgotten: bool = False  # hours have passed: tasks and reservations are deleted, legs are over
    call: str = "in-progress"  # the status of every leg that is not in `calls`
    calls: dict[str, str] = field(default_factory=dict)  # by sid
    children: list[dict[str, Any]] = field(default_factory=list)  # the calls that a <Dial> placed, the latest first
    unserved: set[str] = field(default_factory=set)  # the task queues without a worker in an activity that takes calls
    room: dict[str, dict[str, str]] = field(default_factory=dict)  # who is in the one conference, by CallSid
    on_task: Any = None  # called when a task is made, before the answer goes back
    on_call: Any = None  # called when a worker leg is placed, before the answer goes back

    def request(self, method: str, url: str, **given: Any) -> Response:
        path = url.split("twilio.com", 1)[1]
        form = dict(given.get("data") or {})
        self.requests.append((method, path, form))
        for part, outcomes in self.failures.items():
            if part in f"{method} {path}" and outcomes:
                return self._fail(outcomes.pop(0))
        return self._answer(method, path, form, given)

    @property
    def moves(self) -> list[str]:
        """The activities that workers were moved to."""
        return [form["ActivitySid"] for form in self.made("POST /v1/Workspaces") if "ActivitySid" in form]

    def made(self, part: str) -> list[dict[str, Any]]:
        """The forms of the requests whose "METHOD path" has this part."""
        return [form for method, path, form in self.requests if part in f"{method} {path}"]

    def _fail(self, outcome: Any) -> Response:
        if isinstance(outcome, Exception):
            raise outcome
        status, code = outcome if isinstance(outcome, tuple) else (outcome, None)
        return Response(status, json.dumps({"status": status, "code": code, "message": "as told"}))

    def _answer(self, method: str, path: str, form: dict[str, Any], given: dict[str, Any]) -> Response:
        if self.forgotten and "/Tasks/" in path:
            return self._fail((404, 20404))
        parts = path.removesuffix(".json").split("/")
        if "/Workers" in path:
            return self._of_workers(parts[-1], form, given)
        for part, answer in (
            ("/Queues", self._queues),
            ("/Conferences", self._conference),
            ("/Calls", self._call),
            ("/Messages", self._message),
            ("/Recordings", self._recording),
        ):
            if part in path:
                return answer(method, path)
        if "/Reservations" in path:
            return self._reservation(method, parts[-1], form)
        return self._task(method, parts[-1], form, given) if "/Tasks" in path else self._told(path)

    def _queues(self, _method: str, path: str) -> Response:
        sids = {f"QU{place:032}": name for place, name in enumerate(self.queues)}
        if path.endswith("/Queues.json"):
            sizes = {name: len(members) for name, members in self.queues.items()}
            listed = [{"sid": sid, "friendly_name": name, "current_size": sizes[name]} for sid, name in sids.items()]
            return _page("queues", listed)
        return _page("queue_members", self.queues[sids[path.split("/")[-2]]])

    def _recording(self, _method: str, path: str) -> Response:
        if path.endswith("/Recordings.json"):
            return _page("recordings", self.recordings)
        return self._fail((404, 20404)) if self.forgotten else Response(204, "")

    def _message(self, method: str, _path: str) -> Response:
        if method == "POST":
            return Response(201, json.dumps({"sid": "SM" + "b" * 32, "status": "queued"}))
        return Response(200, json.dumps({"date_created": None}))

    def _of_workers(self, last: str, form: dict[str, Any], given: dict[str, Any]) -> Response:
        if last == "Reservations":
            return _page("reservations", [])
        return self._serving(given["params"]) if last == "Workers" else self._worker(form, given)

    def _told(self, path: str) -> Response:
        told = [{"event_date_ms": at, "event_type": kind} for at, kind in self.events]
        return _page("events", told) if path.endswith("/Events") else Response(200, "{}")

    def _conference(self, method: str, path: str) -> Response:
        """What is changed of a participant stands in `room`; one who is not in it is not known."""
        call_sid = path.removesuffix(".json").rpartition("/")[2]
        if call_sid == "Conferences":
            return _page("conferences", [{"sid": ROOM}] if self.room else [])
        if call_sid not in self.room or ROOM not in path:
            return self._fail((404, 20404))
        if method == "POST":
            self.room[call_sid] |= self.requests[-1][2]
        return Response(200, json.dumps({"call_sid": call_sid, "status": "connected"}))

    def _call(self, method: str, path: str) -> Response:
        if path.endswith("/Calls.json") and method == "GET":
            return _page("calls", self.children)
        if path.endswith("/Calls.json"):
            if self.on_call:
                self.on_call()
            return Response(201, json.dumps({"sid": self.leg, "queue_time": self.queue_time}))
        if method == "GET":
            leg = path.removesuffix(".json").rpartition("/")[2]
            return Response(200, json.dumps({"status": self.calls.get(leg, self.call)}))
        return self._fail((400, 21220)) if self.forgotten else Response(200, "{}")

    def _serving(self, asked: dict[str, Any]) -> Response:
        """The workers of a task queue who are in an activity that takes calls; or whoever has a phone, or a name."""
        if "TaskQueueSid" not in asked:
            known = {"sid": "WK" + "a" * 32, "friendly_name": "Bea", "attributes": '{"contact_uri": "+14155550111"}'}
            told = {"activity_sid": self.activity, "available": self.activity == AVAILABLE}
            return _page("workers", [{**known, **told, "date_status_changed": self.activity_since}])
        assert asked["Available"] == "true"
        return _page("workers", [] if asked["TaskQueueSid"] in self.unserved else [{"available": True}])

    def _worker(self, form: dict[str, Any], given: dict[str, Any]) -> Response:
        etag = f'"{self.activity}"'
        if (given.get("headers") or {}).get("If-Match", etag) != etag:
            return self._fail((412, 20412))
        self.activity = form.get("ActivitySid", self.activity)
        body = {
            "friendly_name": "Bea",
            "attributes": '{"contact_uri": "+14155550111"}',
            "activity_sid": self.activity,
            "available": self.activity == AVAILABLE,
            "date_status_changed": self.activity_since,
        }
        return Response(200, json.dumps(body), {"ETag": etag})

    def _reservation(self, method: str, sid: str, form: dict[str, Any]) -> Response:
        if sid == "Reservations":
            return _page("reservations", list(self.reservations.values()))
        standing = self.reservations.get(sid, {"reservation_status": self.reservation})
        if method == "POST" and "ReservationStatus" in form:
            if standing["reservation_status"] != "pending":
                return Response(400, json.dumps({"status": 400, "code": 20001, "message": "not pending"}))
            standing["reservation_status"] = str(form["ReservationStatus"])
            self.reservation = self.reservation if sid in self.reservations else standing["reservation_status"]
        return Response(200, json.dumps(standing))

    def _new_task(self, form: dict[str, Any]) -> Response:
        made = {"sid": f"WT{len(self.tasks):032x}", "assignment_status": "pending", "attributes": form["Attributes"]}
        self.tasks[made["sid"]] = {**made, "workflow_sid": form["WorkflowSid"]}
        if self.on_task:
            self.on_task()
        return Response(201, json.dumps(made))

    def _task(self, method: str, sid: str, form: dict[str, Any], given: dict[str, Any]) -> Response:
        if sid == "Tasks" and method == "POST":
            return self._new_task(form)
        if sid == "Tasks":
            asked = given["params"]
            if wanted := asked.get("EvaluateTaskAttributes"):
                return _page("tasks", [task for task in self.tasks.values() if _fulfils(task, wanted)])
            return _page(
                "tasks",
                [
                    {**task, "attributes": None}
                    for task in self.tasks.values()
                    if task["assignment_status"] in asked["AssignmentStatus"]
                    and task["workflow_sid"] == asked["WorkflowSid"]
                ],
            )
        told = {"sid": sid, "assignment_status": self.task, "attributes": self.attributes, "date_updated": UPDATED}
        standing = self.tasks.get(sid, told)
        if method == "POST":
            from_ = {
                "completed": ("assigned", "wrapping"),
                "canceled": ("pending", "reserved"),
                "wrapping": ("assigned",),
            }
            if standing["assignment_status"] not in from_[form["AssignmentStatus"]]:
                return Response(400, json.dumps({"status": 400, "code": 20001, "message": "not from there"}))
            standing["assignment_status"] = form["AssignmentStatus"]
            self.task = self.task if sid in self.tasks else standing["assignment_status"]
        return Response(200, json.dumps(standing))


def _fulfils(task: dict[str, Any], wanted: str) -> bool:
    """Whether the task has this attribute: `name == "text"`."""
    name, _, value = wanted.partition(" == ")
    return bool(json.loads(task["attributes"]).get(name) == json.loads(value))


def _page(key: str, items: list[dict[str, Any]]) -> Response:
    return Response(200, json.dumps({"meta": {"key": key}, key: items}))
