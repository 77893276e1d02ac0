"""The simulated call centre on the emulator: its rules, its workers and what they do when the phone rings."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from chalicelib.config.answering import ModeName, known_mode
from chalicelib.twilio import urls
from emulator.clock.scheduler import Scheduler, TraceEvent
from emulator.taskrouter.model import Activity, Worker
from emulator.twilio import Twilio
from emulator.voice.parties import (
    RECORDER_SECONDS,
    Behaviour,
    Phone,
    Step,
    answers,
    busy,
    declines,
    hangs_up,
    hears,
    no_answer,
    presses,
    says,
    unknown,
    unreachable,
    waits,
)
from ops.callcenter.resources.workspace_settings import EVENTS
from tests.simulation.faults import Faults
from tests.support.api_gateway import BASE

ACCOUNT_SID = "AC" + "c0" * 16

CALLCENTER = """
default_line = "support"
reservation_timeout = 70

[lines.support]
numbers = ["+14155550100"]
greeting = "Welcome to support."
attributes = { department = "support" }
timeout = 1200
[lines.support.languages]
en = { language = "en-US" }
es = { language = "es-US" }
[lines.support.menus.main]
prompt = "For English press 1, for more press 2, for Spanish press 3."
sorry = "Sorry?"
timeout = 4
tries = 2
choices = [
  { digits = "1", attributes = { asked_for = "english" } },
  { digits = "2", speech = ["more"], attributes = { asked_for = "more" }, then = "menu:more" },
  { digits = "3", language = "es", then = "menu:main" },
  { digits = "0", attributes = { asked_for = "operator" } },
  { digits = "4", attributes = { asked_for = "callback" }, then = "callback" },
]
[lines.support.menus.more]
prompt = "More: press 1, star or the hash key."
timeout = 4
tries = 2
otherwise = "leave"
choices = [
  { digits = "1", attributes = { asked_for = "more of it" } },
  { digits = "*", then = "back" },
  { digits = "9", then = "menu:main" },
  { digits = "#", say = "We are at 5 Harbour Street. Goodbye.", then = "hangup" },
]
[lines.support.wait]
say = { en = "Please stay on the line.", es = "Por favor, espere." }
position = "You are number {position}."
leave_after = 240
options = { say = "Or press star.", choices = [{ digits = "*", then = "voicemail" }] }
[lines.support.callback]
countries = ["+1"]
key = "8"
say = "To be called back press eight."
offer_after = 10
attempts = 2
retry_after = 60
per_number = 20
per_caller = 20
[lines.support.after]
survey = "How was this call?"
thanks = "Thank you. Goodbye."
leave = { say = "Nobody is free.", then = "voicemail" }
error = { say = "Something went wrong.", then = "voicemail" }
queue_full = { say = "All lines are busy.", then = "voicemail" }
[lines.support.voicemail]
prompt = "Please leave a message."
thanks = "We will call you back. Goodbye."
offered = true

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
[queues.Support.answer]
mode = "SUPPORT"
whisper = ["line", "name", "crm"]
say_yes = true
passed_seconds = 20
[queues.Support.activities]
passed = "Passed"
declined = "Unavailable"
no_answer = "Unavailable"
unreachable = "Offline"
after_call = "Wrap up"
after_wrap_up = "Available"
[queues.Support.wrap_up]
seconds = 10
[queues.Support.star]
menu = ["queue:Sales", "person", "back"]
prompt = "What becomes of the caller?"
hold_seconds = 40

[queues.Persons]
crm = "contacts"
ring_timeout = 15
[queues.Persons.answer]
mode = "key"
passed_seconds = 20
[queues.Persons.activities]
passed = "Passed"
declined = "Unavailable"
no_answer = "Unavailable"
unreachable = "Offline"
after_call = "Wrap up"
after_wrap_up = "Available"
[queues.Persons.wrap_up]
seconds = 10

[queues.Sales]
attributes = { department = "sales" }
mode = "crm-first"
crm = "http"
on_outage = "fallback"
ring_timeout = 12
[queues.Sales.answer]
mode = "SALES"
passed_seconds = 25
[queues.Sales.activities]
passed = "Passed"
after_call = "Wrap up"
after_wrap_up = "Available"

[queues.Urgent]
mode = "direct"
ring_timeout = 15
[queues.Urgent.activities]
after_call = "Wrap up"
after_wrap_up = "Available"

[work.lead]
say = "New lead: {name}."
dial = "{phone}"
channel = "voice"

[work.message]
say = "A message of {seconds} seconds."
dial = "{from}"
channel = "voice"
timeout = 900

[queues.Messages]
ring_timeout = 15
[queues.Messages.answer]
mode = "at-once"
passed_seconds = 20
[queues.Messages.activities]
passed = "Passed"
after_call = "Wrap up"
after_wrap_up = "Available"
[queues.Messages.wrap_up]
seconds = 10

[queues.Work]
crm = "none"
ring_timeout = 15
[queues.Work.answer]
mode = "at-once"
passed_seconds = 20
[queues.Work.activities]
passed = "Passed"
after_call = "Wrap up"
after_wrap_up = "Available"
[queues.Work.wrap_up]
seconds = 10

[work.chat]
at = "desk"
crm = "http"
say = "A chat with {name}."
link = "https://chat.example.com/{name}"
channel = "chat"
give_back_after = 120

[queues.Chats]
ring_timeout = 15
[queues.Chats.answer]
mode = "at-once"
passed_seconds = 20
[queues.Chats.activities]
passed = "Passed"
declined = "Unavailable"
after_call = "Wrap up"
after_wrap_up = "Available"
[queues.Chats.wrap_up]
seconds = 10
[messages]
kept_in = "s3"
keys = "What becomes of it?"

[tell]
per_hour = 500

[staff]
numbers = ["+14155550105"]
admins = ["Jan"]

[crm]
timeout = 2.0
attempts = 3
"""

# How the prompts of the menus end, the first one's before that of the one below it; and what is asked when in doubt.
MENUS = ("for Spanish press 3.", "star or the hash key.", "For more press 2.")

OnCrmOutage = Literal["voicemail", "ring"]


LISTENER, NO_LISTENER = "Jan", "Kim"  # both have a PIN; only one may hear recordings
PIN = "4711"
NOTICES = {"Support": "Support records this call.", "Sales": "Sales records this call."}


def recorded_of(seed: int) -> tuple[str, ...]:
    """The queues whose talks are recorded in the world of this seed."""
    return Random(f"{seed}:recorded").choice(((), ("Support",), ("Sales",), ("Support", "Sales")))


def _recording(queue: str) -> str:
    table = f'[queues.{queue}.recording]\nrecord = "both"\nnotice = "{NOTICES[queue]}"\nkeep_days = 1\n'
    return f'{table}who_may_listen = ["{LISTENER}"]\n'


def rules(on_crm_outage: OnCrmOutage, answers: "Answers", recorded: Sequence[str] = ()) -> str:
    """The rules of a world whose queue with a CRM endpoint has this setting, whose phones are answered so, and some of
    whose queues are recorded."""
    text = CALLCENTER + "".join(map(_recording, recorded))
    text = text.replace("[queues.Sales]\n", f'[queues.Sales]\non_crm_outage = "{on_crm_outage}"\n')
    return text.replace('"SUPPORT"', f'"{answers.queues["Support"]}"').replace(
        '"SALES"', f'"{answers.queues["Sales"]}"'
    )


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
# Those who do work that is no call, and nothing else.
DOERS: Mapping[str, str] = {"Hana": "+14155550121", "Ivo": "+14155550122"}
# Those to whom the messages of callers are offered, and nothing else.
HEARERS: Mapping[str, str] = {"Nora": "+14155550141", "Otto": "+14155550142"}
# Those who chat at the desk, in the worlds that have one, and do nothing else. One of them has no phone.
CHATTERS: Mapping[str, str] = {"Pia": "+14155550151", "Quin": ""}
CHATS_AT_ONCE = 2
# Those who text, and are in the rota; nobody else sets them on or off.
TEXTERS: Mapping[str, str] = {
    "Jan": "+14155550131",
    "Kim": "+14155550132",
    "Lea": "+14155550133",
    "Max": "+14155550134",
}
TEXTERS_QUEUES = ("Support", "Sales")
STAFF = "+14155550105"
STAR_PROMPT = "What becomes of the caller?"
EXTENSIONS: Mapping[str, str] = {"21": "Bea", "22": "Carl", "23": "Dora", "24": "Emil"}
AWAY = ("Unavailable", "Offline")

MODES: Sequence[ModeName] = ("key", "key", "key+detect", "key+detect", "detect", "at-once")
OTHER_MODES: Mapping[str, ModeName] = {"Urgent": "at-once", "Persons": "key"}  # TaskRouter rings for the first
NONSENSE = "loudly"  # a worker's own mode that there is not


@dataclass(frozen=True)
class Answers:
    """How the phones of a world are answered: by queue, and by worker where they have a mode of their own."""

    queues: Mapping[str, ModeName]
    workers: Mapping[str, str]

    def mode(self, queue: str, worker: str) -> ModeName:
        """Of this worker, rung for this queue."""
        return known_mode(self.workers.get(worker)) or self.queues[queue]


def answers_of(seed: int) -> Answers:
    """Drawn from the seed; two workers in three do as the queue does. The queue in direct mode asks nobody."""
    stream = Random(f"{seed}:answers")
    queues: dict[str, ModeName] = {name: stream.choice(MODES) for name in ("Support", "Sales")}
    own = {name: stream.choice((*["", "", "", "", "", ""], *MODES[1:4], NONSENSE)) for name in WORKERS}
    return Answers({**queues, **OTHER_MODES}, {name: mode for name, mode in own.items() if mode})


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


def build(twilio: Twilio, answers: Answers, same_worker_wait: int = 0, *, chats: bool = False) -> CallCentre:
    """Seed the emulator. With a wait callers are offered to their last worker first, or to one alone."""
    router = twilio.router
    router.create_workspace("Harbour Clinic", f"{BASE}/taskrouter/events", ",".join(EVENTS))
    router.create_activity("Wrap up", False)
    router.create_activity("Passed", False)
    activities = {activity.friendly_name: activity for activity in router.workspace.activities.values()}
    queues = {
        name: router.create_task_queue(name, f'queues HAS "{name}"').sid
        for name in ("Support", "Sales", "Urgent", "Work", "Messages")
    }
    if same_worker_wait:
        queues["Persons"] = router.create_task_queue("Persons", 'queues HAS "Support" OR queues HAS "Sales"').sid
    filters = _filters(queues, same_worker_wait)
    if chats:
        queues["Chats"] = router.create_task_queue("Chats", 'queues HAS "Chats"').sid
        filters.insert(0, {"expression": 'kind == "chat"', "targets": [{"queue": queues["Chats"]}]})
    url = f"{BASE}/taskrouter/assignment"
    workflow = router.create_workflow("Calls", {"task_routing": {"filters": filters}}, url, url, 70)
    for number in (SUPPORT, SALES, URGENT):
        twilio.number(number, f"{BASE}/voice/incoming", fallback_url=f"{BASE}/voice/fallback")
    twilio.number(STAFF, f"{BASE}/staff/call")
    staff = twilio.numbers[STAFF]
    staff.sms_url = staff.sms_fallback_url = urls.STAFF_MESSAGE.url(BASE)
    workers = _people(twilio, answers)
    workers |= {name: _chatter(twilio, name) for name in (CHATTERS if chats else ())}
    return CallCentre(twilio, workflow.sid, activities, queues, workers)


def _people(twilio: Twilio, answers: Answers) -> dict[str, Worker]:
    router = twilio.router
    workers = {name: _worker(twilio, name, answers.workers.get(name, "")) for name in WORKERS}
    others = ((DOERS, ["Work"]), (HEARERS, ["Messages"]), (TEXTERS, list(TEXTERS_QUEUES)))
    available = router.workspace.activity_named("Available").sid
    for name, phone, serves in ((name, phone, serves) for people, serves in others for name, phone in people.items()):
        workers[name] = router.create_worker(name, {"queues": serves, "contact_uri": phone}, available)
    return workers


def _filters(queues: Mapping[str, str], same_worker_wait: int) -> list[dict[str, object]]:
    """Messages and callbacks have the attributes of the caller's call, so that their filters come first.

    They go to people who take no calls: what is promised to the others is judged by their calls alone.
    """
    to_one = {"queue": queues["Support"], "known_worker_friendly_name": "task.agent", "timeout": 30}
    departments = [(f'department == "{name.lower()}"', queues[name]) for name in ("Support", "Sales", "Urgent")]
    whens = [('kind == "message"', queues["Messages"]), ('kind == "lead" OR kind == "callback"', queues["Work"])]
    filters: list[dict[str, object]] = [
        {"expression": when, "targets": [{"queue": queue}]} for when, queue in (*whens, *departments)
    ]
    filters.insert(2, {"expression": "agent != null", "targets": [to_one, {"queue": queues["Support"]}]})
    if same_worker_wait:
        filters[2:2] = _to_persons(queues["Persons"])
        filters[4:4] = [_to_last_worker(when, queue, same_worker_wait) for when, queue in departments]
    return filters


def _to_persons(queue: str) -> list[dict[str, object]]:
    """As `apply` puts them there."""
    alone = {"queue": queue, "known_worker_friendly_name": "task.agent"}
    return [{"expression": 'person_queue == "Persons"', "targets": [alone]}]


def _to_last_worker(when: str, queue: str, wait: int) -> dict[str, object]:
    first = {"queue": queue, "known_worker_friendly_name": "task.first_worker", "timeout": wait}
    return {"expression": f"first_wait == {wait} AND ({when})", "targets": [first, {"queue": queue}]}


def _worker(twilio: Twilio, name: str, answer: str) -> Worker:
    router, (phone, queues) = twilio.router, WORKERS[name]
    attributes: dict[str, object] = {"queues": list(queues), **({"contact_uri": phone} if phone else {})}
    attributes |= {"answer": answer} if answer else {}
    return router.create_worker(name, attributes, router.workspace.activity_named("Available").sid)


def _chatter(twilio: Twilio, name: str) -> Worker:
    router, phone = twilio.router, CHATTERS[name]
    attributes: dict[str, object] = {"queues": ["Chats"], "desk": True, **({"contact_uri": phone} if phone else {})}
    worker = router.create_worker(name, attributes, router.workspace.activity_named("Available").sid)
    router.lifecycle.set_capacity(worker, worker.channels["chat"], CHATS_AT_ONCE)
    return worker


GREETING = "Hello, yes, this is a voicemail box. Please leave a message after the tone."
GREETING_SECONDS = 7.0


class RandomPhone(Phone):
    """A worker's phone: what happens at each ring is drawn anew. Who answers is told as an event, `picks_up`."""

    def __init__(self, number: str, faults: Faults, scheduler: Scheduler) -> None:
        super().__init__(number)
        self._faults = faults
        self._scheduler = scheduler

    def next_ring(self) -> Behaviour:
        self.rings += 1
        happens, seconds = self._faults.happens, self._faults.seconds
        after = seconds("answer", 0.5, 8)
        nobody = {
            "worker_unreachable": unreachable(),
            "worker_busy": busy(),
            "worker_no_answer": no_answer(),
            "worker_declines": declines(after),
        }
        drawn = next((behaviour for kind, behaviour in nobody.items() if happens(kind)), None)
        return drawn or self._picked_up(after, seconds("voicemail", 2, 14))

    def _picked_up(self, after: float, machine_after: float) -> Behaviour:
        """By a machine, a person, or one who talks on before they press anything."""
        who, behaviour = "a machine", self._machine(machine_after)
        if behaviour is None:
            who, behaviour = "a person", answers(after, self._reply())
            if self._faults.happens("worker_taken_for_machine"):
                who = "a person like a machine"
                behaviour = replace(behaviour, answered_by="machine", greeting=GREETING_SECONDS)
        self._scheduler.emit("picks_up", to=self.number, who=who)
        return behaviour

    def _machine(self, after: float) -> Behaviour | None:
        """A box that greets, or one that says nothing at all: then nobody can tell what it is."""
        box = self._faults.happens("worker_voicemail")
        silent = self._faults.happens("worker_machine_unknown")
        if box:
            then = (waits(2), says(GREETING), waits(RECORDER_SECONDS), hangs_up())
            return Behaviour("answers", after, then, "machine", GREETING_SECONDS)
        return unknown(after, [waits(RECORDER_SECONDS), hangs_up()]) if silent else None

    def _reply(self) -> Sequence[Step]:
        """What a person does who is asked; who is not asked never hears the words."""
        happens = self._faults.happens
        asked, thinks = hears("Press 1"), waits(self._faults.seconds("reply", 0, 4))
        if happens("worker_silent"):
            return ()
        if happens("worker_passes"):
            return (asked, thinks, presses("2"))
        if happens("worker_says_no"):
            return (asked, thinks, says("no way"))
        if happens("worker_wrong_key"):
            wrong = presses(self._faults.stream("wrong key").choice(("7", "#", "*", "0")))
            return (asked, thinks, wrong, asked, waits(1), wrong, asked, waits(1), presses("1"))
        if happens("worker_says_yes"):  # where the queue does not listen, they press it at the second question
            return (asked, thinks, says("yes please"), asked, waits(1), presses("1"))
        return (asked, thinks, presses("1"))


class HearingPhone(RandomPhone):
    """The phone of somebody who hears messages, and sees to them in one way or another."""

    def _reply(self) -> Sequence[Step]:
        asked, thinks = hears("What becomes of it"), waits(self._faults.seconds("message", 0, 4))
        ways: Sequence[Sequence[Step]] = (
            (asked, thinks, presses("3")),
            (asked, presses("1"), asked, thinks, presses("3")),
            (asked, presses("2"), asked, thinks, presses("3")),
            (asked, thinks, presses("4")),
            (asked, presses("9")),
            (hears("/voicemail/"), waits(1), hangs_up()),
        )
        return (*super()._reply(), *self._faults.stream("message way").choice(ways))


class Staff:
    """The workers as people: they come back from a pause, and now and then they take one."""

    def __init__(self, call_centre: CallCentre, faults: Faults, until: float) -> None:
        self._call_centre = call_centre
        self._faults = faults
        self._until = until
        scheduler = call_centre.twilio.scheduler
        for phone in (*(phone for phone, _ in WORKERS.values()), *DOERS.values()):
            if phone:
                call_centre.twilio.voice.phones[phone] = RandomPhone(phone, faults, scheduler)
        for phone in HEARERS.values():
            call_centre.twilio.voice.phones[phone] = HearingPhone(phone, faults, scheduler)
        scheduler.on_event.append(self._hear)
        for name in call_centre.workers:
            if name not in TEXTERS:
                self._plan_change(name)

    def _hear(self, event: TraceEvent) -> None:
        if event.kind == "worker" and event.detail["activity"] in AWAY and event.detail["name"] not in TEXTERS:
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
