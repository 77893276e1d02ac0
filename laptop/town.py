"""The demo's call centre on the emulator: what chalicelib/callcenter.toml names, and the people in it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib import callcenter
from emulator.twilio import Twilio
from emulator.workspace import Activity, Worker

ACCOUNT_SID = "AC" + "c0" * 16
AUTH_TOKEN = "5d4140abc4b2a76b9719d911017c592a"  # noqa: S105 - of an account that exists on this laptop only

SUPPORT, SALES, URGENT = "+14155550100", "+14155550101", "+14155550102"

WORKERS: Mapping[str, tuple[str, str]] = {  # name -> phone, task queue
    "Bea": ("+14155550111", "Support"),
    "Carl": ("+14155550112", "Support"),
    "Dora": ("+14155550113", "Sales"),
    "Emil": ("+14155550114", "Sales"),
    "Fay": ("+14155550115", "Urgent"),
}
CALLERS: Mapping[str, str] = {"Ann": "+12125550171", "Gus": "+12125550172", "Ivy": "+12125550173"}


# The events that the application uses: each of the others would be a request for nothing.
EVENTS = (
    "task.created",
    "task.wrapup",
    "task.completed",
    "task.canceled",
    "reservation.accepted",
    "reservation.rejected",
    "reservation.timeout",
    "reservation.canceled",
    "reservation.rescinded",
    "reservation.wrapup",
    "reservation.completed",
)


@dataclass(frozen=True)
class Town:
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

    def on_duty(self, *names: str) -> None:
        """These workers are available, the first of them for the longest time; everybody else is offline."""
        for worker in self.workers.values():
            self.twilio.router.lifecycle.set_activity(worker, self.activities["Offline"])
        for name in names:
            self.twilio.router.lifecycle.set_activity(self.workers[name], self.activities["Available"])

    def name_of(self, number: str) -> str:
        people = {phone: name for name, phone in CALLERS.items()} | {
            phone: name for name, (phone, _) in WORKERS.items()
        }
        return people.get(number, number)


def name_of(number: str) -> str:
    """The person with this number; the number itself when nobody has it."""
    people = {phone: name for name, phone in CALLERS.items()} | {phone: name for name, (phone, _) in WORKERS.items()}
    return people.get(number, number)


def build(twilio: Twilio, base_url: str) -> Town:
    """Seed the emulator. `base_url` is the application's."""
    center = callcenter.current()
    router = twilio.router
    router.create_workspace("Harbour Clinic", f"{base_url}/taskrouter/events", ",".join(EVENTS))
    router.create_activity("Wrap up", False)
    activities = {activity.friendly_name: activity for activity in router.workspace.activities.values()}
    queues = {name: router.create_task_queue(name, f'queue == "{name}"').sid for name in center.queues}
    targets = {"support": "Support", "sales": "Sales", "urgent": "Urgent"}
    filters = [
        {"expression": f'department == "{department}"', "targets": [{"queue": queues[queue]}]}
        for department, queue in targets.items()
    ]
    assignment_url = f"{base_url}/taskrouter/assignment"
    workflow = router.create_workflow(
        "Calls", {"task_routing": {"filters": filters}}, assignment_url, assignment_url, center.reservation_timeout
    )
    numbers = [number for line in center.lines.values() for number in line.numbers]
    numbers += [number for queue in center.simple_queues.values() for number in [*queue.numbers, *queue.agent_numbers]]
    for number in numbers:
        twilio.number(number, f"{base_url}/voice/incoming", fallback_url=f"{base_url}/voice/fallback")
    offline = activities["Offline"].sid
    workers = {
        name: router.create_worker(name, {"contact_uri": phone, "queue": queue}, offline)
        for name, (phone, queue) in WORKERS.items()
    }
    return Town(twilio, workflow.sid, activities, queues, workers)
