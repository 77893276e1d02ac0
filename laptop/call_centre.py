"""A team's call centre on the emulator, made by apply of the team's files."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice

from emulator.http.realtime import RealtimeLoop
from emulator.taskrouter.model import Activity, Worker
from emulator.twilio import Twilio
from laptop.local_aws import LaptopError
from laptop.teams import DEMO
from ops import twilio as account
from ops.aws.former import FormerNumbers
from ops.callcenter import files
from ops.callcenter.apply import apply
from ops.callcenter.files import Center
from ops.callcenter.plan import as_text_of, has_drift

ACCOUNT_SID = "AC" + "c0" * 16
AUTH_TOKEN = "5d4140abc4b2a76b9719d911017c592a"  # noqa: S105 - of an account that exists on this laptop only
API_KEY, API_SECRET = "SK" + "c1" * 16, "a secret of the laptop's API key"  # for the desk's tokens

SUPPORT, SALES, URGENT = "+14155550100", "+14155550101", "+14155550102"

# The demo's people.
WORKERS: Mapping[str, tuple[str, str]] = {  # name -> phone, task queue
    name: (worker.contact_uri or "", worker.attributes["queues"][0])
    for name, worker in files.people(DEMO.workers.read_text(encoding="utf-8")).items()
}
CALLERS: Mapping[str, str] = {"Ann": "+12125550171", "Gus": "+12125550172", "Ivy": "+12125550173"}


@dataclass(frozen=True)
class CallCentre:
    """`environment` is what the application has to know of this account."""

    twilio: Twilio
    center: Center
    environment: Mapping[str, str]
    workflow_sid: str
    activities: Mapping[str, Activity]
    task_queues: Mapping[str, str]
    workers: Mapping[str, Worker]

    @cached_property
    def callers(self) -> Mapping[str, str]:
        """Name and number of the people who call: others than this team's, as many as the demo has."""
        taken = {name.casefold() for name in self.phones}
        names = (name for name in (*CALLERS, "Max", "Zoe", "Pat", "Kim") if name.casefold() not in taken)
        return dict(zip(islice(names, len(CALLERS)), CALLERS.values(), strict=False))

    @cached_property
    def phones(self) -> Mapping[str, str]:
        """Name and contact of the workers; empty for one whom no call can reach."""
        return {name: worker.contact_uri or "" for name, worker in (self.center.workers or {}).items()}

    @cached_property
    def mobiles(self) -> Mapping[str, str]:
        """Name and phone number of the workers who can text, or call the staff number."""
        people = (self.center.workers or {}).items()
        known = {name: worker.mobile or worker.contact_uri or "" for name, worker in people}
        return {name: number for name, number in known.items() if number.startswith("+")}

    @cached_property
    def lines(self) -> Mapping[str, str]:
        """Name and number of what a caller can dial: lines and simple queues, by the first of their numbers."""
        application = self.center.application
        ours = [(name, line.numbers) for name, line in application.lines.items()]
        ours += [(name, queue.numbers) for name, queue in application.simple_queues.items()]
        ours.append(("staff", application.staff.numbers))
        return {name: numbers[0] for name, numbers in ours if numbers}

    def name_of(self, number: str) -> str:
        """The person with this number; the number itself when nobody has it."""
        people = {phone: name for name, phone in (*self.callers.items(), *self.phones.items())}
        return people.get(number, number)

    def on_duty(self, *names: str) -> None:
        """These workers are available, the first of them for the longest time; everybody else is offline."""
        off, on = self._activity("Offline", available=False), self._activity("Available", available=True)
        for worker in self.workers.values():
            if worker.activity is not off:
                self.twilio.router.lifecycle.set_activity(worker, off)
        for name in names:
            self.twilio.router.lifecycle.set_activity(self.workers[name], on)

    def put_on(self, name: str) -> None:
        """This worker is available, whatever the others are."""
        on = self._activity("Available", available=True)
        self.twilio.router.lifecycle.set_activity(self.workers[name], on)

    def _activity(self, usual: str, available: bool) -> Activity:
        """The activity of the usual name, or another of its kind in a team that calls it otherwise."""
        kind = [activity for activity in self.activities.values() if activity.available is available]
        return next((activity for activity in kind if activity.friendly_name == usual), kind[0])


def build(twilio: Twilio, loop: RealtimeLoop, twilio_url: str, base_url: str, center: Center) -> CallCentre:
    """Make the account what these files say, as an operator does: over REST, by apply. `base_url` is the application's.

    Raises OpsError, and LaptopError when something is left to do.
    """
    for number in center.numbers():
        loop.call(partial(twilio.own, number))
    credentials = {"TWILIO_ACCOUNT_SID": ACCOUNT_SID, "TWILIO_AUTH_TOKEN": AUTH_TOKEN, "TWILIO_API_URL": twilio_url}
    outcome = apply(account.client(credentials), center, base_url, FormerNumbers("local"))
    if has_drift(outcome.left):
        raise LaptopError(f"apply leaves something to do:\n{as_text_of(outcome.left)}")
    return loop.call(lambda: of_account(twilio, center, outcome.environment))


def of_account(twilio: Twilio, center: Center, environment: Mapping[str, str]) -> CallCentre:
    """What apply has made of these files; `environment` is what it has said. The emulator learns people's names."""
    workspace = twilio.router.use(environment["TWILIO_WORKSPACE_SID"]).workspace
    made = CallCentre(
        twilio,
        center,
        environment,
        environment["TWILIO_WORKFLOW_SID"],
        {activity.friendly_name: activity for activity in workspace.activities.values()},
        {queue.friendly_name: queue.sid for queue in workspace.task_queues.values()},
        {worker.friendly_name: worker for worker in workspace.workers.values()},
    )
    people = (*made.callers.items(), *made.phones.items())
    twilio.names.update({number: name for name, number in people if number})
    return made
