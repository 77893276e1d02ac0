"""The demo's call centre on the emulator, made by apply of the laptop's own callcenter.toml and workers.toml."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from chalicelib.config.toml_errors import NAME
from emulator.http.realtime import RealtimeLoop
from emulator.taskrouter.model import Activity, Worker
from emulator.twilio import Twilio
from laptop.local_aws import LaptopError
from laptop.package import ROOT, TEAM
from ops import twilio as account
from ops.aws.former import FormerNumbers
from ops.callcenter import files
from ops.callcenter.apply import apply
from ops.callcenter.plan import as_text_of, has_drift

ACCOUNT_SID = "AC" + "c0" * 16
AUTH_TOKEN = "5d4140abc4b2a76b9719d911017c592a"  # noqa: S105 - of an account that exists on this laptop only

SUPPORT, SALES, URGENT = "+14155550100", "+14155550101", "+14155550102"

CENTER_FILE = TEAM / NAME
WORKERS_FILE = ROOT / "laptop" / "workers.toml"
WORKERS: Mapping[str, tuple[str, str]] = {  # name -> phone, task queue
    name: (worker.contact_uri or "", worker.attributes["queues"][0])
    for name, worker in files.people(WORKERS_FILE.read_text(encoding="utf-8")).items()
}
CALLERS: Mapping[str, str] = {"Ann": "+12125550171", "Gus": "+12125550172", "Ivy": "+12125550173"}


@dataclass(frozen=True)
class CallCentre:
    """`environment` is what the application has to know of this account."""

    twilio: Twilio
    environment: Mapping[str, str]
    workflow_sid: str
    activities: Mapping[str, Activity]
    task_queues: Mapping[str, str]
    workers: Mapping[str, Worker]

    def on_duty(self, *names: str) -> None:
        """These workers are available, the first of them for the longest time; everybody else is offline."""
        for worker in self.workers.values():
            self.twilio.router.lifecycle.set_activity(worker, self.activities["Offline"])
        for name in names:
            self.twilio.router.lifecycle.set_activity(self.workers[name], self.activities["Available"])


def name_of(number: str) -> str:
    """The person with this number; the number itself when nobody has it."""
    people = {phone: name for name, phone in CALLERS.items()} | {phone: name for name, (phone, _) in WORKERS.items()}
    return people.get(number, number)


def build(twilio: Twilio, loop: RealtimeLoop, twilio_url: str, base_url: str) -> CallCentre:
    """Make an empty account a call centre, as an operator does: over REST, by apply. `base_url` is the application's.

    Raises AccountError, and LaptopError when something is left to do.
    """
    wanted = files.read(CENTER_FILE, WORKERS_FILE)
    for number in wanted.numbers():
        loop.call(partial(twilio.own, number))
    credentials = {"TWILIO_ACCOUNT_SID": ACCOUNT_SID, "TWILIO_AUTH_TOKEN": AUTH_TOKEN, "TWILIO_API_URL": twilio_url}
    outcome = apply(account.client(credentials), wanted, base_url, FormerNumbers("local"))
    if has_drift(outcome.left):
        raise LaptopError(f"apply leaves something to do:\n{as_text_of(outcome.left)}")
    return loop.call(lambda: _call_centre(twilio, outcome.environment))


def _call_centre(twilio: Twilio, environment: Mapping[str, str]) -> CallCentre:
    workspace = twilio.router.workspace
    return CallCentre(
        twilio,
        environment,
        environment["TWILIO_WORKFLOW_SID"],
        {activity.friendly_name: activity for activity in workspace.activities.values()},
        {queue.friendly_name: queue.sid for queue in workspace.task_queues.values()},
        {worker.friendly_name: worker for worker in workspace.workers.values()},
    )
