"""The simulated call centre on the emulator: its rules, its workers and what they do when the phone rings."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Literal

from emulator.clock.scheduler import TraceEvent
from emulator.taskrouter.model import Activity, Worker
from emulator.twilio import Twilio
from emulator.voice.parties import Behaviour, Phone, answers, busy, declines, no_answer, unreachable, voicemail
from ops.callcenter.resources.workspace_settings import EVENTS
from tests.simulation.faults import Faults
from tests.support.api_gateway import BASE

ACCOUNT_SID = "AC" + "c0" * 16

CALLCENTER = """
default_line = "support"
reservation_timeout = 60

[lines.support]
numbers = ["+14155550100"]
greeting = "Welcome to support."
attributes = { department = "support" }
timeout = 1200
[lines.support.menu]
prompt = "For English press 1."
sorry = "Sorry?"
timeout = 4
tries = 2
choices = [{ digits = "1", attributes = { language = "en" } }]
[lines.support.wait]
say = "Please stay on the line."
position = "You are number {position}."
leave_after = 240
options = { say = "Or press star.", choices = [{ digits = "*", then = "voicemail" }] }
[lines.support.after]
survey = "How was this call?"
thanks = "Thank you. Goodbye."
leave = { say = "Nobody is free.", then = "voicemail" }
error = { say = "Something went wrong.", then = "voicemail" }
queue_full = { say = "All lines are busy.", then = "voicemail" }
[lines.support.voicemail]
prompt = "Please leave a message."
thanks = "We will call you back. Goodbye."

[lines.sales]
numbers = ["+14155550101"]
greeting = "Welcome to sales."
attributes = { department = "sales" }
timeout = 1200
wait = { say = "One moment please.", play = ["https://example.com/music.mp3"], leave_after = 200 }

[lines.urgent]
numbers = ["+14155550102"]
greeting = "Urgent line."
attributes = { department = "urgent" }
priority = 50
timeout = 40

[queues.Support]
mode = "crm-first"
crm = "contacts"
ring_timeout = 15
[queues.Support.activities]
declined = "Unavailable"
no_answer = "Unavailable"
unreachable = "Offline"
after_call = "Wrap up"
after_wrap_up = "Available"
[queues.Support.wrap_up]
seconds = 10

[queues.Sales]
mode = "crm-first"
crm = "http"
on_outage = "fallback"
ring_timeout = 12
[queues.Sales.activities]
after_call = "Wrap up"
after_wrap_up = "Available"

[queues.Urgent]
mode = "direct"
ring_timeout = 15
[queues.Urgent.activities]
after_call = "Wrap up"
after_wrap_up = "Available"

[messages]
kept_in = "s3"

[crm]
timeout = 2.0
attempts = 3
"""

OnCrmOutage = Literal["voicemail", "ring"]


def rules(on_crm_outage: OnCrmOutage) -> str:
    """The rules of a world whose queue with a CRM endpoint has this setting."""
    return CALLCENTER.replace('crm = "http"', f'crm = "http"\non_crm_outage = "{on_crm_outage}"')


SUPPORT, SALES, URGENT = "+14155550100", "+14155550101", "+14155550102"

# name -> phone (empty: the worker has none), the queues that the worker serves
WORKERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "Bea": ("+14155550111", ("Support",)),
    "Carl": ("+14155550112", ("Support", "Sales")),
    "Dora": ("+14155550113", ("Sales",)),
    "Emil": ("+14155550114", ("Urgent", "Support")),
    "Fay": ("+14155550115", ("Urgent", "Sales")),
    "Gil": ("", ("Support",)),
}
AWAY = ("Unavailable", "Offline")


@dataclass(frozen=True)
class CallCentre:
    twilio: Twilio
    workflow_sid: str
    activities: Mapping[str, Activity]
    task_queues: Mapping[str, str]
    workers: Mapping[str, Worker]

    def environment(self) -> dict[str, str]:
        """What the application has to know of this account."""
        return {
            "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "TWILIO_WORKSPACE_SID": self.twilio.router.workspace.sid,
            "TWILIO_WORKFLOW_SID": self.workflow_sid,
            "TWILIO_ACTIVITIES": json.dumps({name: activity.sid for name, activity in self.activities.items()}),
            "TWILIO_TASK_QUEUES": json.dumps(dict(self.task_queues)),
        }


def build(twilio: Twilio) -> CallCentre:
    """Seed the emulator."""
    router = twilio.router
    router.create_workspace("Harbour Clinic", f"{BASE}/taskrouter/events", ",".join(EVENTS))
    router.create_activity("Wrap up", False)
    activities = {activity.friendly_name: activity for activity in router.workspace.activities.values()}
    queues = {
        name: router.create_task_queue(name, f'queues HAS "{name}"').sid for name in ("Support", "Sales", "Urgent")
    }
    filters = [
        {"expression": f'department == "{name.lower()}"', "targets": [{"queue": sid}]} for name, sid in queues.items()
    ]
    url = f"{BASE}/taskrouter/assignment"
    workflow = router.create_workflow("Calls", {"task_routing": {"filters": filters}}, url, url, 60)
    for number in (SUPPORT, SALES, URGENT):
        twilio.number(number, f"{BASE}/voice/incoming", fallback_url=f"{BASE}/voice/fallback")
    workers = {name: _worker(twilio, name, phone, served) for name, (phone, served) in WORKERS.items()}
    return CallCentre(twilio, workflow.sid, activities, queues, workers)


def _worker(twilio: Twilio, name: str, phone: str, queues: tuple[str, ...]) -> Worker:
    router = twilio.router
    attributes: dict[str, object] = {"queues": list(queues), **({"contact_uri": phone} if phone else {})}
    return router.create_worker(name, attributes, router.workspace.activity_named("Available").sid)


class RandomPhone(Phone):
    """A worker's phone: what happens at each ring is drawn anew."""

    def __init__(self, number: str, faults: Faults) -> None:
        super().__init__(number)
        self._faults = faults

    def next_ring(self) -> Behaviour:
        self.rings += 1
        happens, seconds = self._faults.happens, self._faults.seconds
        after = seconds("answer", 0.5, 8)
        if happens("worker_unreachable"):
            return unreachable()
        if happens("worker_busy"):
            return busy()
        if happens("worker_no_answer"):
            return no_answer()
        if happens("worker_declines"):
            return declines(after)
        return voicemail(after=seconds("voicemail", 5, 14)) if happens("worker_voicemail") else answers(after)


class Staff:
    """The workers as people: they come back from a pause, and now and then they take one."""

    def __init__(self, call_centre: CallCentre, faults: Faults, until: float) -> None:
        self._call_centre = call_centre
        self._faults = faults
        self._until = until
        scheduler = call_centre.twilio.scheduler
        for phone, _ in WORKERS.values():
            if phone:
                call_centre.twilio.voice.phones[phone] = RandomPhone(phone, faults)
        scheduler.on_event.append(self._hear)
        for name in call_centre.workers:
            self._plan_change(name)

    def _hear(self, event: TraceEvent) -> None:
        if event.kind == "worker" and event.detail["activity"] in AWAY:
            name, activity = event.detail["name"], event.detail["activity"]
            back = self._faults.seconds("back", 5, 60)
            self._call_centre.twilio.scheduler.after(back, lambda: self._move(name, activity, "Available"))

    def _move(self, name: str, from_: str, to: str) -> None:
        """Unless the worker is somewhere else by now."""
        if self._call_centre.workers[name].activity.friendly_name == from_:
            self._set(name, to)

    def _set(self, name: str, to: str) -> None:
        """By hand: said before it happens, so that the change after it is known to be this one."""
        worker = self._call_centre.workers[name]
        self._call_centre.twilio.scheduler.emit("by_hand", sid=worker.sid, activity=to)
        self._call_centre.twilio.router.lifecycle.set_activity(worker, self._call_centre.activities[to])

    def _plan_change(self, name: str) -> None:
        scheduler = self._call_centre.twilio.scheduler
        wait = self._faults.seconds("activity_changes", 10, 60)

        def change() -> None:
            if scheduler.now() > self._until:
                return
            if self._faults.happens("activity_changes"):
                self._set(name, _stream(self._faults).choice((*AWAY, "Available")))
            self._plan_change(name)

        scheduler.after(wait, change)


def _stream(faults: Faults) -> Random:
    return faults.stream("activity_changes kind")
