"""The tables of callcenter.toml as typed values: what each may be, and what it means (pure)."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, Self

import msgspec
from msgspec import Meta

from chalicelib.config.after_talk import AfterTalk
from chalicelib.config.answering import AT_ONCE, Answer
from chalicelib.config.callbacks import Callback
from chalicelib.config.callers import Extensions, KnowCaller, Screening
from chalicelib.config.console import Console
from chalicelib.config.hours import Hours, WhenClosed
from chalicelib.config.menus import MAIN, Menu, Menus
from chalicelib.config.recording import Recording, reachable
from chalicelib.config.reports import Reports
from chalicelib.config.staff import Staff
from chalicelib.config.star import Star
from chalicelib.config.texts import ENGLISH, Language, Sentence, Text, Voice, each_of

# Seconds kept free between the last moment to dial and the end of the reservation: the answer webhook, Twilio's
# own call set-up, the clocks of two companies.
MARGIN_SECONDS = 10

# What a job of the consumer has in Lambda, and what of it is left for ringing the worker once the CRM has answered: two
# requests to Twilio, each of which may take as long as it is let, and the writes to the table.
JOB_SECONDS = 20
DIAL_SECONDS = 10

DAY_SECONDS = 86400

DEFAULT_LANGUAGE = "en-US"  # what callers are spoken to in where the file does not say it

NAME_LIMIT = 64  # characters of a name in Twilio (contract 3.1, 7.5)

MESSAGE_KIND = "message"  # of the work that a caller's message is

LONGEST_TEXT_SECONDS = 120  # of a recording that Twilio transcribes (contract 14.3)

LONGEST_WAIT_SECONDS = (
    4 * 3600
)  # in a simple queue that sets no `leave_after`: Twilio's own limit of a call (contract 7.1)
CALLBACK = "callback"  # the kind of the tasks of callbacks, which are no kind of [work]
CONSULT = "consult"  # that of the tasks by which a worker at the desk talks to a colleague first
LEFT_BEHIND_SECONDS = 30  # for the ways out of the queue that come first

Number = Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{6,14}\Z", description="an E.164 number")]
Seconds = Annotated[int, Meta(ge=0)]
Attributes = dict[str, Any]
CrmAdapter = Literal["contacts", "http", "none"]


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class WayOut(_Table, frozen=True):
    """A key that leads out of the queue, and where to."""

    digits: Annotated[str, Meta(pattern=r"^[0-9*#]\Z")]
    then: Literal["voicemail"]


class Options(_Table, frozen=True):
    """What callers who wait may press, and the sentence that tells them."""

    say: Text
    choices: Annotated[tuple[WayOut, ...], Meta(min_length=1)]


class Wait(_Table, frozen=True):
    say: Text = "Please stay on the line."
    position: Text = ""
    rough_wait: Text = ""
    play: tuple[Annotated[str, Meta(pattern=r"^https?://")], ...] = ()
    leave_after: Seconds = 1800
    options: Options | None = None

    def way_out(self, digits: str) -> str:
        """Where this key leads a caller who waits; empty for a key that leads nowhere."""
        choices = self.options.choices if self.options else ()
        return next((choice.then for choice in choices if choice.digits == digits), "")


class Ending(_Table, frozen=True):
    """What a caller hears who leaves the queue without a worker."""

    say: Text
    then: Literal["hangup", "voicemail"] = "hangup"


SORRY = "We are sorry, something went wrong on our side. Please call again. Goodbye."


class After(_Table, frozen=True):
    """`sorry` is said before the call ends where our own code fails, whatever else is known of the call."""

    survey: Text = ""
    thanks: Text = "Thank you for calling. Goodbye."
    queue_full: Ending = Ending("All our lines are busy. Please call again later. Goodbye.")
    leave: Ending = Ending("Nobody is free at the moment. Please call again later. Goodbye.")
    declined: Ending = Ending("We are sorry, we cannot take this call. Goodbye.")
    error: Ending = Ending("Something went wrong on our side. Please call again. Goodbye.")
    sorry: Text = SORRY


class Voicemail(_Table, frozen=True):
    prompt: Text = "Please leave a message after the tone."
    max_seconds: Annotated[int, Meta(ge=1, le=3600)] = 120
    thanks: Text = "Thank you. Goodbye."
    transcribe: Literal["none", "twilio", "amazon"] = "none"
    offered: bool = False  # to a free worker, as work of the kind `message`
    messages_to: str = ""  # the worker whom the workflow may offer it to first


class Treatment(_Table, frozen=True):
    """What every caller meets, whichever queue the call goes to.

    `languages` are those in which there are sentences, by their names; a text without a name is in the first of them.
    `language` is the one in which callers begin; where there are no `languages` it is Twilio's code, with its `voice`.
    """

    greeting: Text
    language: str = DEFAULT_LANGUAGE
    voice: str = ""
    languages: dict[Language, Voice] = {}
    wait: Wait = Wait()
    after: After = After()
    voicemail: Voicemail = Voicemail()

    @property
    def spoken(self) -> str:
        """The name of the language that the caller hears; empty where there is but one, without a name."""
        return self.language if self.language in self.languages else next(iter(self.languages), "")

    @property
    def speaks(self) -> Voice:
        """The voice of that language."""
        return self.languages.get(self.spoken) or Voice(self.language, self.voice)

    @property
    def language_attribute(self) -> Attributes:
        """What a task knows of the language of its caller."""
        return {"language": self.spoken} if self.languages else {}

    def in_language(self, name: object) -> Self:
        """The same for a caller of this language; for one that it does not have it stays as it is."""
        is_known = isinstance(name, str) and name in self.languages
        return msgspec.structs.replace(self, language=name) if is_known else self

    def ours(self, text: Text) -> Text:
        """One of our own sentences, as the defaults are, in the caller's language if there; any other as it is."""
        if not isinstance(text, str) or self._is_all_english:
            return text
        from chalicelib.config import translations

        return translations.of(text, self.speaks.base, self.spoken)

    @property
    def _is_all_english(self) -> bool:
        """Whether a text without a language is English, and so is the caller's language."""
        first = next(iter(self.languages.values()), self.speaks)
        return self.speaks.base == first.base == ENGLISH

    def said(self, text: Text) -> Sentence:
        """The text in the caller's language, else in the first of `languages` in which there is one."""
        text = self.ours(text)
        if not self.languages:
            return Sentence(next(iter(each_of(text).values()), ""), self.speaks)
        known = {name or next(iter(self.languages)): each for name, each in each_of(text).items()}
        name = next((name for name in (self.spoken, *self.languages) if name in known), "")
        return Sentence(known.get(name, ""), self.languages.get(name) or self.speaks)

    @property
    def longest_wait(self) -> int:
        """After so many seconds the waiting document lets the caller leave: nobody waits for ever."""
        return self.wait.leave_after or LONGEST_WAIT_SECONDS

    @property
    def nobody_can_help(self) -> Ending:
        """What a caller hears whom nobody can be rung for: the voicemail that the line has, else its `after.error`."""
        endings = (self.after.error, self.after.leave)
        return next((ending for ending in endings if ending.then == "voicemail"), self.after.error)


class Line(Treatment, frozen=True, kw_only=True):
    numbers: tuple[Number, ...] = ()
    attributes: Attributes = {}
    priority: Annotated[int, Meta(ge=0, le=2147483647)] = 0
    timeout: Annotated[int, Meta(ge=1, le=1209600)] = 86400
    menu: Menu | None = None  # the short form of `menus` with a single one
    menus: dict[str, Menu] = {}
    callback: Callback | None = None
    hours: str = ""  # the name of a table of [hours]; empty: it is always open
    switch: bool = False  # whether people may close and open it at once
    closing: Literal["serve", "leave"] = "serve"  # what becomes of callers who wait when it closes
    closed: WhenClosed = WhenClosed()
    know_caller: KnowCaller | None = None
    screening: Screening | None = None
    extensions: Extensions | None = None

    @property
    def asks_who_calls(self) -> bool:
        """Whether it depends on the caller what they hear first."""
        return self.know_caller is not None or self.screening is not None

    @property
    def every_menu(self) -> Menus:
        """The menus by their names, `main` among them; empty if the line has none."""
        return {MAIN: self.menu} if self.menu else self.menus

    @property
    def may_be_closed(self) -> bool:
        return self.switch or bool(self.hours)

    @property
    def longest_wait(self) -> int:
        """At most until the task is over, and a little: Twilio may leave the caller in the queue, and nobody comes."""
        task_is_over = self.timeout + LEFT_BEHIND_SECONDS
        return min(self.wait.leave_after or task_is_over, task_is_over)


class SimpleQueue(Treatment, frozen=True, kw_only=True):
    numbers: tuple[Number, ...]
    agent_numbers: tuple[Number, ...]
    agents: tuple[Number, ...]
    next_caller: str = "Connecting you to the next caller."
    stranger: str = "This number is for our staff. Goodbye."


class Activities(_Table, frozen=True):
    """Friendly names of the activities a worker is moved to; empty: the worker stays where it is.

    A rejected worker who stays available is offered the same caller again at once, hence the defaults. `passed` is as
    `declined` unless the file has it.
    """

    declined: str = "Unavailable"
    no_answer: str = "Unavailable"
    unreachable: str = "Offline"
    after_call: str = ""
    after_wrap_up: str = ""
    passed: str | None = None

    @property
    def of_passed(self) -> str:
        """Where a worker goes who passed a caller on."""
        return self.declined if self.passed is None else self.passed


class WrapUp(_Table, frozen=True):
    seconds: Annotated[int, Meta(ge=0, le=900)] = 0  # SQS delays a message by 900 s at most


class Queue(_Table, frozen=True):
    """`workers`, `max_reserved_workers` and `task_order` are the task queue's own; only ops reads them.

    `answer` is None where the file says nothing. `attributes` are those by which the workflow puts a task here, for a
    caller who is given to this queue by another one's `star`.
    """

    mode: Literal["crm-first", "direct"] = "crm-first"
    crm: CrmAdapter = "contacts"
    ring_timeout: Annotated[int, Meta(ge=5, le=600)] = 15
    on_outage: Literal["direct", "fallback"] = "direct"
    on_crm_outage: Literal["voicemail", "ring"] = "voicemail"
    answer: Answer | None = None
    after_talk: AfterTalk | None = None
    recording: Recording | None = None
    star: Star | None = None
    attributes: Attributes = {}
    activities: Activities = Activities()
    wrap_up: WrapUp = WrapUp()
    workers: str = "1==1"
    max_reserved_workers: Annotated[int, Meta(ge=1, le=50)] = 1
    task_order: Literal["FIFO", "LIFO"] = "FIFO"

    @property
    def is_direct(self) -> bool:
        """Whether TaskRouter itself rings the worker and joins the two."""
        return self.mode == "direct"

    def listens(self, worker: str) -> bool:
        """Whether this worker may hear the queue's recordings."""
        return self.recording is not None and self.recording.may_listen(worker)

    @property
    def answering(self) -> Answer:
        """What holds where the file says nothing: the two are joined at once, which files of older versions mean."""
        return self.answer or AT_ONCE


# The host is the file's own: no attribute may say where a worker is led.
Link = Annotated[
    str,
    Meta(
        pattern=r"^https://[A-Za-z0-9.-]+(:[0-9]+)?([/?#]([^\s{}]|\{\w+\})*)?\Z",
        description="an https URL; attributes in braces stand behind the host alone",
    ),
]


class Work(_Table, frozen=True):
    """A kind of task that no caller waits for. What is said may have the task's attributes in braces."""

    say: str
    dial: str = ""  # whom the worker is connected with, such as "{phone}"; empty: with nobody
    at: Literal["phone", "desk"] = "phone"  # where whoever is at the desk is offered it; everybody else is rung
    link: Link | Literal[""] = ""  # at the desk: the page on which it is done
    # Seconds in which whoever took it there says Done. Twilio deletes a task that is assigned for a day (contract 5).
    give_back_after: Annotated[int, Meta(ge=60, le=82800)] = 14400
    crm: CrmAdapter = "none"
    channel: str = "default"  # TaskRouter's, of which the worker needs a free place
    priority: Annotated[int, Meta(ge=0, le=2147483647)] = 0
    timeout: Annotated[int, Meta(ge=1, le=1209600)] = 86400

    @property
    def is_at_desk(self) -> bool:
        """Whether whoever is at the desk takes it in the browser."""
        return self.at == "desk"


class Crm(_Table, frozen=True):
    timeout: Annotated[float, Meta(gt=0, le=10)] = 2.0
    attempts: Annotated[int, Meta(ge=1, le=5)] = 3
    breaker_failures: Annotated[int, Meta(ge=1, le=100)] = 3  # in a row: the CRM is out of order then
    breaker_seconds: Annotated[int, Meta(ge=1, le=3600)] = 30  # and is asked again so often
    after: bool = False  # it is told of the end of every talk

    @property
    def budget_seconds(self) -> float:
        """The longest that the CRM work of one call takes, the pauses between attempts included."""
        return self.timeout * self.attempts + sum(pause_before(attempt) for attempt in range(1, self.attempts))


class Tell(_Table, frozen=True):
    """What the team has itself told, and whether what is told shows phone numbers in full.

    `deliver` are phones (`sms:+1…`) and endpoints (`https:…`), beside the mails of whoever is subscribed. Each of
    them is told `per_hour` things in an hour, and then how many more there were.
    """

    voicemail: bool = True
    nobody_available: bool = True
    callback: bool = True
    numbers: bool = False
    left_undone: bool = True
    per_hour: Annotated[int, Meta(ge=1, le=500)] = 20
    deliver: tuple[Annotated[str, Meta(pattern=r"^(sms:\+[1-9][0-9]{6,14}|https://\S+)\Z")], ...] = ()


class Messages(_Table, frozen=True):
    """Where the messages are that callers leave: at Twilio, or in the team's own bucket and no longer at Twilio.

    `keys` tells a worker who hears a message what to press: 1 again, 2 call back, 3 done, 4 left for another.
    """

    kept_in: Literal["twilio", "s3"] = "twilio"
    keys: str = "Press 1 to hear it again, 2 to call back now, 3 if it is done, 4 to leave it for somebody else."

    @property
    def are_in_bucket(self) -> bool:
        """Whether they are kept in the team's own bucket, and not at Twilio."""
        return self.kept_in == "s3"


class CallCenter(_Table, frozen=True):
    """`time_zone` is that of the hours without a zone. The tables from `workspace` to `voice_queue` are checked by ops
    alone; of them only `workflow` is read at run time, for who may get to a queue that is recorded.
    """

    default_line: str
    lines: dict[str, Line]
    keep_days: Annotated[int, Meta(ge=1, le=3650)] = 90
    reservation_timeout: Annotated[int, Meta(ge=30, le=86400)] = 120
    calls_per_minute: Annotated[int, Meta(ge=1, le=10_000)] = 20  # of the busiest minute
    queues: dict[str, Queue] = {}
    crm: Crm = Crm()
    simple_queues: dict[str, SimpleQueue] = {}
    work: dict[str, Work] = {}
    tell: Tell = Tell()
    time_zone: str = "UTC"
    workspace: dict[str, Any] = {}
    activities: dict[str, Any] = {}
    workflow: dict[str, Any] = {}
    voice_queue: dict[str, Any] = {}
    messages: Messages = Messages()
    staff: Staff = Staff()
    hours: dict[str, Hours] = {}
    reports: Reports = Reports()
    console: Console = Console()

    def line_of(self, number: str) -> tuple[str, Line]:
        """Name and line of a dialled number; the default line for a number that no line lists."""
        for name, line in self.lines.items():
            if number in line.numbers:
                return name, line
        return self.default_line, self.lines[self.default_line]

    def simple_queue_of(self, number: str) -> tuple[str, SimpleQueue] | None:
        """Name and simple queue whose callers or agents dial this number."""
        for name, queue in self.simple_queues.items():
            if number in queue.numbers or number in queue.agent_numbers:
                return name, queue
        return None

    def caller_id(self, number: object) -> str:
        """What a worker's phone shows: the dialled number, or the default line's own when that is no number."""
        own = self.lines[self.default_line].numbers
        return number if isinstance(number, str) and (is_number(number) or not own) else own[0] if own else ""

    def own_numbers(self) -> tuple[str, ...]:
        """Every number of ours, the default line's first."""
        numbers = [number for _, number in every_number(self)]
        return tuple(dict.fromkeys([*self.lines[self.default_line].numbers, *numbers]))

    def expires_at(self, now: float) -> int:
        """When a record that is made now is deleted, in epoch seconds."""
        return int(now) + self.keep_days * DAY_SECONDS

    def name_of(self, number: str) -> str:
        """The name of the simple queue or line that callers of this number reach."""
        simple = self.simple_queue_of(number)
        return simple[0] if simple else self.line_of(number)[0]

    def transcribes(self, name: str) -> bool:
        """Whether the messages of this line, or simple queue, become texts."""
        return self._transcribed_by(name) != "none"

    def transcribes_by_amazon(self, name: str) -> bool:
        """Whether it is Amazon Transcribe that makes them."""
        return self._transcribed_by(name) == "amazon"

    def _transcribed_by(self, name: str) -> str:
        treatment = self.lines.get(name) or self.simple_queues.get(name)
        return treatment.voicemail.transcribe if treatment else "none"

    def offers(self, name: str) -> bool:
        """Whether the messages of this line, or simple queue, are offered to workers."""
        treatment = self.lines.get(name) or self.simple_queues.get(name)
        return treatment is not None and treatment.voicemail.offered

    def treatment_of(self, number: str) -> Treatment:
        simple = self.simple_queue_of(number)
        return simple[1] if simple else self.line_of(number)[1]

    def language_of(self, number: str, attributes: Mapping[str, Any]) -> str:
        """The language of a caller of this number whose task has these attributes; empty where the line has but one."""
        return self.treatment_of(number).in_language(attributes.get("language")).spoken

    def work_of(self, kind: str) -> Work:
        """The rules of this kind of work; one that the file has no more has nothing to be said."""
        return CONSULT_WORK if kind == CONSULT else self.work.get(kind, _NO_WORK)

    def takes_calls(self, activity: str) -> bool:
        """Whether a worker in this activity gets calls; without the table it is as in a new workspace of Twilio's."""
        return bool(self.activities.get(activity, False) if self.activities else activity == "Available")

    @property
    def kinds(self) -> Collection[str]:
        """The kinds of work that is no call; callbacks among them, as some may be left of a line that has none now."""
        return {*self.work, CALLBACK, CONSULT}

    @property
    def kinds_at_desk(self) -> Collection[str]:
        """The kinds of work that is no call, and is taken in the browser by whoever is at the desk."""
        return {kind for kind, rules in self.work.items() if rules.is_at_desk}

    @property
    def calls_back(self) -> bool:
        return any(line.callback for line in self.lines.values())

    @property
    def asks_who_calls(self) -> bool:
        return any(line.know_caller for line in self.lines.values())

    @property
    def longest_hold(self) -> int:
        """The most seconds for which any queue holds a caller; 0 where none does."""
        return max((queue.star.hold_seconds for queue in self.queues.values() if queue.star), default=0)

    def crm_of(self, queue: str, work: str) -> CrmAdapter:
        """The CRM that is asked: the kind of work has its own, a caller's is the queue's, called back or not."""
        of_caller = work in ("", CONSULT) or (work == CALLBACK and CALLBACK not in self.work)
        return self.queue(queue).crm if of_caller else self.work_of(work).crm

    @property
    def records(self) -> bool:
        """Whether any queue's talks are recorded."""
        return any(queue.recording for queue in self.queues.values())

    def listens(self, worker: str) -> bool:
        """Whether there is a queue whose recordings this worker may hear."""
        return any(queue.listens(worker) for queue in self.queues.values())

    def notices(self, attributes: Mapping[str, Any]) -> Mapping[str, Text]:
        """What a caller with these attributes hears before they wait, by the recorded queues that they may get to."""
        if not self.records:
            return {}
        may = reachable(self.workflow, attributes)
        return {
            name: queue.recording.notice
            for name, queue in self.queues.items()
            if queue.recording and queue.recording.is_told_by_us and (may is None or name in may)
        }

    def queue(self, name: str) -> Queue:
        """The queue's rules; a task queue that the file does not name gets the defaults."""
        return self.queues.get(name, _DEFAULT_QUEUE)


_DEFAULT_QUEUE = Queue()
_NO_WORK = Work(say="")
CONSULT_WORK = Work(say="{transferred_from} asks you about a caller. {name}", channel="voice", timeout=180)
NO_HOURS = Hours(week={})
is_number = re.compile(r"\+[1-9][0-9]{6,14}").fullmatch


def pause_before(attempt: int) -> float:
    """Seconds to wait before retry `attempt` (1 is the first retry): 0.2, 0.4, 0.8, …"""
    return 0.2 * float(2 ** (attempt - 1))


def treatments(callcenter: CallCenter) -> Iterable[tuple[str, Treatment]]:
    """Each line and each simple queue, by its key in the file."""
    yield from ((f"lines.{name}", line) for name, line in callcenter.lines.items())
    yield from ((f"simple_queues.{name}", queue) for name, queue in callcenter.simple_queues.items())


def every_number(callcenter: CallCenter) -> Iterator[tuple[str, str]]:
    """The key and the number, of each that is ours."""
    for name, line in callcenter.lines.items():
        yield from ((f"lines.{name}.numbers[{at}]", number) for at, number in enumerate(line.numbers))
    for name, queue in callcenter.simple_queues.items():
        for kind, numbers in (("numbers", queue.numbers), ("agent_numbers", queue.agent_numbers)):
            yield from ((f"simple_queues.{name}.{kind}[{at}]", number) for at, number in enumerate(numbers))
    yield from ((f"staff.numbers[{at}]", number) for at, number in enumerate(callcenter.staff.numbers))
