"""A dashboard on the wall: at every event the statistics are read again, and the screen shows what came of it."""

from typing import Any

from flask import Response
from twilio.rest import Client

from tests.emulator.applications.call_centre import LINE, WORKER, TaskRouterApplication, route


class Application(TaskRouterApplication):
    def __init__(self, client: Client, base: str) -> None:
        self.board: dict[str, Any] = {}
        super().__init__(client, base)

    @route("/incoming")
    def incoming(self) -> Response:
        return self.centre.enqueue(wait_url="")

    @route("/assignment")
    def assignment(self) -> dict[str, str]:
        return {"instruction": "dequeue", "from": LINE, "to": WORKER}

    @route("/events")
    def events(self) -> str:
        now = self.centre.workspace.real_time_statistics().fetch()
        (queue,) = self.centre.workspace.task_queues.list()
        so_far = self.centre.workspace.task_queues(queue.sid).cumulative_statistics().fetch(minutes=60)
        self.board = {
            "tasks": now.tasks_by_status,
            "workers": {one["friendly_name"]: one["workers"] for one in now.activity_statistics},
            "longest_wait": now.longest_task_waiting_age,
            "accepted": so_far.reservations_accepted,
            "waited": so_far.wait_duration_until_accepted["avg"],
        }
        return ""

    @route("/screen/board")
    def screen(self) -> dict[str, Any]:
        return self.board
