"""Voice and TaskRouter together: one workflow, one worker, an application of a few documents."""

from typing import Unpack

from emulator.ports import WebResponse
from emulator.worlds import Worlds
from tests.emulator.harness import BASE, WORKER, Harness

NO_INSTRUCTION = WebResponse(200, {"content-type": "application/json"}, b"")


class FullHarness(Harness):
    def __init__(self, **worlds: Unpack[Worlds]) -> None:
        super().__init__({}, **worlds)
        router = self.twilio.router
        self.workspace = router.create_workspace("Cordboard")
        available = next(one for one in self.workspace.activities.values() if one.available)
        queue = router.create_task_queue("Everyone")
        configuration = {"task_routing": {"filters": [], "default_filter": {"queue": queue.sid}}}
        self.workflow = router.create_workflow("Calls", configuration, f"{BASE}/assignment")
        self.worker = router.create_worker("Ada", {"contact_uri": WORKER}, available.sid)
        self.pages["/assignment"] = NO_INSTRUCTION
        self.pages["/incoming"] = f'<Enqueue workflowSid="{self.workflow.sid}" waitUrl="/wait"/>'
        self.pages["/wait"] = "<Say>Please hold</Say><Pause length='10'/>"

    def reservation_sid(self) -> str:
        return next(iter(self.workspace.reservations))
