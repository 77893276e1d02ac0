"""The link: one worker reserved for one task. Its states, and what may follow what (pure)."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

import msgspec

from chalicelib.config import answering
from chalicelib.config.schema import CALLBACK, DAY_SECONDS
from chalicelib.config.star import BACK, END
from chalicelib.links.modes import MODES, Mode, ModeName

State = Literal["reserved", "preparing", "dialing", "ringing", "asked", "answered", "bridged", "closed"]
STATES: tuple[State, ...] = get_args(State)

# Why a worker who was asked does not get the caller: a key, no key, or a machine that answered.
Refusal = Literal["passed", "no key", "machine"]
REFUSALS: tuple[Refusal, ...] = get_args(Refusal)

# What becomes of work that was taken at the desk, by the worker's word or as nobody said one: the first one counts.
Decision = Literal["done", "given back", "left undone"]
DECISIONS: tuple[Decision, ...] = get_args(Decision)
DONE: Decision = "done"
GIVEN_BACK: Decision = "given back"
LEFT_UNDONE: Decision = "left undone"

# How a link ends. `rejected` says why in `reason`; the others are TaskRouter's own words for a reservation.
# `unknown`: Twilio has forgotten the reservation, and every event of it.
Told = Literal["completed", "rejected", "timeout", "canceled", "rescinded"]
Outcome = Told | Literal["unknown"]

TOLD: tuple[Told, ...] = get_args(Told)


# What becomes of a caller on hold without a choice: the worker's leg is over, or the caller has waited long enough.
LOST, LEFT = "lost", "left"
# How it begins when the caller goes to a colleague whom the worker has talked to first; the colleague's name follows.
HANDED = "handed:"

# How far a worker at the desk has got who talks to a colleague first: nobody has taken it; the two talk, and the caller
# hears music; the colleague has left, or nobody took it; all three talk.
ConsultState = Literal["asking", "talking", "over", "both"]


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A link as the table keeps it. Times are epoch seconds; an empty string or 0 means not known.

    `subject` is the caller's CallSid, or the TaskSid of a task without a call. The table's attribute is `call_sid`.
    """

    subject: str = msgspec.field(name="call_sid")
    reservation_sid: str
    state: State = "reserved"
    mode: ModeName = "crm-first"
    work: str = ""  # the kind of work that this is, for a task that no caller waits for
    answer: answering.ModeName | Literal[""] = ""  # how it is made sure that a person answers; empty: at-once
    outcome: Outcome | Literal[""] = ""
    reason: str = ""
    task_sid: str = ""
    worker_sid: str = ""
    worker_name: str = ""
    worker_call_sid: str = ""
    queue: str = ""  # friendly name of the task queue
    contact_uri: str = ""
    caller: str = ""  # the caller's number
    caller_id: str = ""  # the number that the worker's phone shows
    base_url: str = ""  # of this application, as Twilio reaches it
    crm_name: str = ""
    crm_whisper: str = ""  # what the worker hears before the caller
    crm_data: Mapping[str, Any] = {}
    disposition: str = ""  # what became of the call, by the worker's key, and a spoken note of theirs
    note_sid: str = ""
    note_seconds: int = 0
    note: str = ""  # one that the worker texted
    work_say: str = ""  # what the worker hears of work that is no call, and the number that they are connected with
    work_dial: str = ""
    work_link: str = ""  # the page on which it is done, of work that a worker takes at the desk
    message_of: str = ""  # the call and the recording of a message that is offered to the worker
    recording_sid: str = ""
    callback: str = ""  # the call that asked for the callback that this is
    recorded: bool = False  # the talk is to be recorded: its queue's are, and the caller has heard so
    answered_by: str = ""  # Twilio's verdict on who answered, and after how many milliseconds
    machine_ms: int = 0
    asked_after_at: float = 0  # when the worker was asked what became of the call
    transferred_from: str = ""  # the name of the worker who gave the caller to this one
    held_at: float = 0  # when the worker put the caller on hold by the star key
    transferred_to: str = ""  # what became of it: a choice of the star menu, with the person's name, `lost` or `left`
    transferred_at: float = 0
    next_round: int = 0  # the number of the caller's wait in a queue that may follow, counted from 1
    attributes: Mapping[str, Any] = {}  # that routed the caller, or work that goes on, kept when that was decided
    consults: str = ""  # whom the worker at the desk talks to first: a choice of the star menu, with the person's name
    consult_number: int = 0  # how often they have asked somebody
    consult_state: ConsultState | Literal[""] = ""
    consult_task: str = ""  # the task of it, and who took it
    consult_name: str = ""
    consult_reservation: str = ""
    consult_leg: str = ""
    room_sid: str = ""  # the conference of the talk
    consult_of: str = ""  # of the colleague: the reservation of the worker who asks, and how often they had asked
    consult_number_of: int = 0
    took_over_at: float = 0  # when the colleague got the caller
    keys: str = ""  # that the worker pressed and that mean nothing
    reply: str = ""  # the key, or the words, that took or passed the caller
    deadline: float = 0  # the last moment to dial
    leased_until: float = 0  # a job is at work on it until then
    check_at: float = 0  # the sweep looks at it then; 0 when it is closed
    reserved_at: float = 0
    preparing_at: float = 0
    approved_at: float = 0  # the CRM said yes to a worker at the desk, who may take the caller
    dialing_at: float = 0
    ringing_at: float = 0
    asked_at: float = 0
    refused_at: float = 0
    answered_at: float = 0
    bridged_at: float = 0
    closed_at: float = 0

    @property
    def key(self) -> "Key":
        return Key(self.subject, self.reservation_sid)

    @property
    def policy(self) -> Mode:
        """What the link's mode means for it."""
        return MODES[self.mode]

    @property
    def is_refused(self) -> bool:
        """Whether the worker, or a machine, was asked and does not get the caller."""
        return self.reason in REFUSALS

    @property
    def is_given_away(self) -> bool:
        """Whether the star key ended the talk for good, so that the task is not about this caller any more."""
        return self.transferred_to not in ("", BACK)

    @property
    def is_requeued(self) -> bool:
        """Whether the caller waits in a queue again after the talk: given away, or lost on hold."""
        return self.transferred_to not in ("", BACK, END, LEFT) and not self.is_handed_over

    @property
    def is_handed_over(self) -> bool:
        """Whether a colleague has the caller, whom the worker has talked to first."""
        return self.transferred_to.startswith(HANDED)

    @property
    def is_consulting(self) -> bool:
        """Whether the caller is on hold, as the worker talks to a colleague first."""
        return bool(self.consults and self.held_at and not self.transferred_to)

    @property
    def is_of_the_caller(self) -> bool:
        """Whether the worker talks to the caller, if they talk: not who is asked about one, and has not got them."""
        return bool(self.policy.has_caller or self.took_over_at)

    @property
    def row_of_task(self) -> str:
        """The partition of what is known of the link's task: of work that is no call it is the task's own."""
        return self.subject if self.policy.has_caller else self.task_sid

    @property
    def may_be_dequeued(self) -> bool:
        """Whether TaskRouter may ring in our place: its instruction asks nobody, and joins callers alone."""
        return self.policy.has_caller and not self.answer

    @property
    def own_leg(self) -> str:
        """The sid of the worker leg that we placed; empty while there is none, and for a leg that Twilio placed."""
        return self.worker_call_sid if self.policy.owns_leg else ""


class Key(msgspec.Struct, frozen=True):
    subject: str
    reservation_sid: str

    @property
    def is_of_a_caller(self) -> bool:
        """Whether the subject is a call, and not the task of work that is none."""
        return self.subject.startswith("CA")

    @property
    def sids(self) -> dict[str, str]:
        """For the fields of a log line."""
        return {"call_sid": self.subject, "reservation_sid": self.reservation_sid}


class Breaker(msgspec.Struct, frozen=True, kw_only=True):
    """The circuit breaker of a CRM adapter, as the table keeps it; without a row it is closed."""

    failures: int = 0  # in a row
    failed_at: float = 0  # when the last one was
    retry_at: float = 0  # while it is open: when the CRM may be asked again

    @property
    def is_open(self) -> bool:
        return bool(self.retry_at)


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the caller's own leg, whatever became of the links."""

    call_sid: str
    task_sid: str = ""
    line: str = ""
    queue: str = ""  # friendly name of the task queue in which the caller began to wait
    chosen: str = ""  # in the menus, in words
    caller: str = ""
    called: str = ""
    queue_result: str = ""
    queue_seconds: int = 0
    reason: str = ""  # why the task was canceled
    survey: str = ""
    voicemail_url: str = ""
    voicemail_seconds: int = 0
    base_url: str = ""  # of this application, as Twilio reaches it
    at: float = 0  # when it came to be known
    check_at: float = 0  # the sweep looks at it then; 0 when the caller is out of the queue
    declined_say: str = ""  # what the CRM wants said to a caller whom it declines, and how the call goes on
    declined_then: str = ""
    wish: str = ""  # the way out of the queue that the caller chose by a key: voicemail or callback
    wished_at: float = 0
    wish_number: str = ""  # another number that the caller typed to be called back at
    callback: str = ""  # the call that asked for the callback which waits for the end of this one
    attributes: Mapping[str, Any] = {}  # of the task, on a line with callbacks
    person: str = ""  # the worker whose extension the caller typed
    star: str = ""  # the reservation of the latest worker who may put the caller on hold
    round: int = 0  # which wait in a queue this is, counted from 1, where a worker gave the caller away; else 0
    over_at: float = 0  # when the call was over, as Enqueue's action tells where there is a star key
    moved_at: float = 0  # when we led the caller out of the queue
    left_queue_at: float = 0
    wrapping_at: float = 0
    completed_at: float = 0
    canceled_at: float = 0


MOST_ROUNDS = 1000


def round_of(attributes: Mapping[str, Any]) -> int:
    """Which wait of the caller's a task with these attributes is, counted from 1: a worker may have given them away."""
    number = attributes.get("round")
    return number if isinstance(number, int) and 0 < number < MOST_ROUNDS else 1


def wrapping_of(number: int) -> str:
    """The attribute of the row CALL that says when the task of the caller's wait of this number began to wrap up."""
    return "wrapping_at" if number == 1 else f"wrapping_at_{number}"


CallbackState = Literal["held", "queued", "taken", "waiting", "talked", "given up", "withdrawn"]
CALLBACKS_OVER: tuple[CallbackState, ...] = ("talked", "given up", "withdrawn")
CALL_ITEM = "CALL"  # the sort key of what is known of the caller's own leg
CALLBACK_ITEM = "CALLBACK"  # the sort key of a callback; the partition is the call that asked for it


class Callback(msgspec.Struct, frozen=True, kw_only=True):
    """A callback that a caller asked for, as the table keeps it. Times are epoch seconds; 0 and "" mean not known.

    It is held while the caller is on the line; queued, as a task of TaskRouter's; taken by a worker, who dials the
    customer; waiting for the next attempt; and in the end talked, given up or withdrawn. Each task is a `round`.
    """

    call_sid: str
    item: str = CALLBACK_ITEM
    state: CallbackState = "held"
    version: int = 1  # each write counts it up, and says which one it saw
    line: str
    caller: str = ""  # who asked; empty for a number that is withheld
    number: str  # to be called
    called: str = ""  # our own number, which the customer sees
    attributes: Mapping[str, Any] = {}
    since: float  # when the caller joined the queue: the place that is kept
    at: float = 0  # when it was asked for
    on_line: str = ""  # the call on which the caller is
    round: int = 1
    task_sid: str = ""
    reservation_sid: str = ""
    worker_call_sid: str = ""
    attempts: int = 0  # how often the customer was dialled, or a worker had it and did not
    reason: str = ""
    queued_at: float = 0
    taken_at: float = 0
    retry_at: float = 0
    ended_at: float = 0
    check_at: float = 0  # the sweep looks at it then; 0 when it is over

    @property
    def key(self) -> "Key":
        return Key(self.call_sid, self.item)

    @property
    def is_over(self) -> bool:
        return self.state in CALLBACKS_OVER

    @property
    def phone(self) -> str:
        """Whose callback it is: of a withheld number nothing else is known than the number to call."""
        return self.caller or self.number

    @property
    def work_key(self) -> str:
        """By which its task is found at Twilio."""
        return f"{CALLBACK}/{self.call_sid}-{self.round}"


OfTheTeam = Literal["voicemail", "led-out", "no-worker", "callback", "left-undone"]
OfWorkers = Literal["set-off", "after-talk", "reminder", "unreachable"]
What = OfTheTeam | OfWorkers | Literal["more", "digest"]
OF_WORKERS: tuple[OfWorkers, ...] = get_args(OfWorkers)
NOTICE = "TELL"  # the partition of the notices about a line, and how the sort key of one about a recording begins


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """Something that people are told of, as the table keeps it. `at`, in epoch seconds, is when it happened.

    `what`: a voicemail was left; a caller was led out of the queue, as nobody took the call; a caller waits, and no
    worker of the queue takes calls; a callback was given up; work of the desk was left undone twice. `caller` is as a
    mail may show it.

    Or of workers: a rule, or TaskRouter, took one off the phones; one has hung up first, and may write a note; a shift
    begins; a phone cannot be reached, which the admins are told.

    Or `digest`: the figures of the day before `at`.

    Or `more`: after an hour in which `target` was to be told more than it is told in an hour.
    """

    what: What
    about: str = ""  # the caller's CallSid, or work's TaskSid; empty for a reminder
    line: str = ""  # or the simple queue; empty for what is of workers
    at: float
    worker: str = ""  # the name; of a voicemail whom it is for, where the caller typed an extension
    worker_sid: str = ""
    reservation_sid: str = ""
    reason: str = ""
    told_to: str = ""  # the numbers of those of its targets that have it
    caller: str = ""
    recording_sid: str = ""
    seconds: int = 0  # of the recording, or of the wait
    told_at: float = 0  # when SNS had it
    base_url: str = ""  # of this application, for a link to the message where it is kept in the bucket
    target: str = ""  # who alone is told

    @property
    def key(self) -> Key:
        """Where it is kept: what is about one call beside it; else each line, or worker, has one at a time."""
        beside = {
            "voicemail": self.recording_sid,
            "callback": CALLBACK_ITEM,
            "left-undone": self.what,
            "after-talk": self.reservation_sid,
        }
        if self.what in beside:
            return Key(self.about, f"{NOTICE}#{beside[self.what]}")
        of_one = {
            "more": f"{self.target}#{int(self.at)}",
            "reminder": self.worker,
            "set-off": self.worker_sid,
            "unreachable": self.worker_sid,
        }
        if self.what in of_one:
            return Key(NOTICE, f"{self.what}#{of_one[self.what]}")
        return Key(NOTICE, self.line or self.what)


LINKS = "LINK"  # the partition of the links to messages; the sort key is a hash of what stands in the link
NOTE = "NOTE#"  # how the sort key of a worker's spoken note begins
MESSAGE = "RECORDING#"  # how the sort key of a message begins; its recording's sid is the rest
# The row of a recording at Twilio stays this long after the recording should have been deleted: so long is that tried.
RECORDING_GRACE_SECONDS = 30 * DAY_SECONDS
TEXT_SECONDS = 300  # for a message to become a text; so long it is not deleted at Twilio, and nobody is told of it
SHORTEST_MESSAGE_SECONDS = 2  # what is shorter was said by nobody


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message that a caller left, as the table keeps it. Times are epoch seconds; 0 means not yet.

    Where messages stay at Twilio nothing of it gets further than `at`.
    """

    subject: str = msgspec.field(name="call_sid")
    item: str
    at: float = 0  # when it came to be known
    expires_at: float = 0
    check_at: float = 0  # the sweep looks at it then; 0 when there is nothing to do
    line: str = ""  # empty while only Twilio's status callback has told of it
    seconds: int = -1  # -1: not known
    base_url: str = ""  # of this application, as Twilio reaches it
    stored_as: str = ""  # the object in the bucket
    size: int = 0  # of it, in bytes
    kept_at: float = 0  # when it was in the bucket, whole
    dropped_at: float = 0  # when it turned out to be nothing
    deleted_at: float = 0  # at Twilio
    text: str = ""  # what was said, as a machine understood it
    transcription_sid: str = ""  # of Twilio's text
    transcription_job: str = ""  # of Amazon Transcribe
    texted_at: float = 0  # when the text came, or that there is none
    heard_at: float = 0  # the first time
    heard_by: str = ""
    done_at: float = 0  # somebody has called back, or nobody needs to
    done_by: str = ""
    routed_by: str = ""  # the attributes, as JSON, of the tasks that offer it to workers
    offers: int = 0  # how many such tasks there have been
    task_sid: str = ""  # the latest of them; empty again when its worker left it for another
    left_by: str = ""
    taken_at: float = 0  # a worker heard it as their work: what follows is theirs
    taken_by: str = ""

    @property
    def key(self) -> "Key":
        return Key(self.subject, self.item)

    @property
    def recording_sid(self) -> str:
        return recording_of(self.key)

    @property
    def is_over(self) -> bool:
        """Whether Twilio has no more of it, so that nothing is left to be done."""
        return bool(self.deleted_at or self.dropped_at)

    @property
    def is_seen_to(self) -> bool:
        """Whether somebody has it in hand, so that nobody else is to be rung for it."""
        return bool(self.done_at or self.taken_at)

    def waits_for_text(self, now: float) -> bool:
        """Whether it may yet become a text; only where that was asked for."""
        return not self.texted_at and now < self.at + TEXT_SECONDS

    @property
    def is_nothing(self) -> bool:
        """Whether it is too short to be one."""
        return is_too_short(self.seconds)

    @property
    def delete_at(self) -> float:
        """When a recording that is still at Twilio is deleted there, kept or not."""
        return deleted_at_twilio(self.expires_at)


TALK = "TALK#"  # how the sort key of a recorded talk begins; its recording's sid is the rest
HEARD = "HEARD#"  # and that of the row which says who has heard it, and when
NUMBER = "NUMBER#"  # how the partition begins that leads from the number of a recorded talk to its row


class Talk(msgspec.Struct, frozen=True, kw_only=True):
    """The recording of a talk, as the table keeps it, beside its link. Times are epoch seconds; 0 means not yet.

    Nothing deletes one that is held: not the table, the bucket or the sweep.
    """

    subject: str = msgspec.field(name="call_sid")
    item: str
    reservation_sid: str = ""
    queue: str = ""
    worker: str = ""  # the name
    caller: str = ""
    seconds: int = -1  # -1: not known
    base_url: str = ""
    at: float = 0  # when it came to be known
    ends_at: float = 0  # it is deleted then, wherever it is
    check_at: float = 0  # the sweep looks at it then
    stored_as: str = ""  # the object in the bucket
    size: int = 0
    kept_at: float = 0
    dropped_at: float = 0
    deleted_at: float = 0  # at Twilio
    ending_at: float = 0  # the sweep has begun to delete it: it cannot be held any more
    held_at: float = 0
    held_by: str = ""

    @property
    def key(self) -> "Key":
        return Key(self.subject, self.item)

    @property
    def recording_sid(self) -> str:
        return recording_of(self.key)

    @property
    def is_over(self) -> bool:
        """Whether Twilio has no more of it."""
        return bool(self.deleted_at or self.dropped_at)

    @property
    def number(self) -> str:
        """Six digits, by which a worker asks for it on the phone."""
        return f"{int(self.recording_sid[-12:], 16) % 1_000_000:06}"

    @property
    def status(self) -> str:
        """In a word or two, for a list."""
        if self.dropped_at:
            return "nothing"
        return "held" if self.held_at else "kept" if self.stored_as else "at Twilio"


def talk_key(subject: str, recording_sid: str) -> "Key":
    """Where the recorded talk of this recording is kept."""
    return Key(subject, f"{TALK}{recording_sid}")


def is_too_short(seconds: int) -> bool:
    """Whether a recording of this length is no message; one of -1 seconds, which are not known, may be."""
    return 0 <= seconds < SHORTEST_MESSAGE_SECONDS


def deleted_at_twilio(expires_at: float) -> float:
    """When a recording is deleted at Twilio at the latest whose row expires then."""
    return expires_at - RECORDING_GRACE_SECONDS


def recording_of(key: "Key") -> str:
    """The sid of a message's recording, or of a worker's note."""
    return key.reservation_sid.rpartition("#")[2]


def message_key(subject: str, recording_sid: str) -> "Key":
    """Where the message of this recording is kept."""
    return Key(subject, f"{MESSAGE}{recording_sid}")


class CallRecord(msgspec.Struct, frozen=True):
    """All that is known of one call."""

    call: Call | None
    links: tuple[Link, ...]  # in the order of their reservations
    notices: tuple[Notice, ...] = ()  # of the messages that the caller left
    messages: tuple[Message, ...] = ()
    callback: Callback | None = None  # that this call asked for
    talks: tuple[Talk, ...] = ()  # that were recorded

    def talk(self, key: Key) -> Talk | None:
        return next((talk for talk in self.talks if talk.key == key), None)

    def message(self, key: Key) -> Message | None:
        return next((message for message in self.messages if message.key == key), None)

    def link(self, key: Key) -> Link | None:
        """The link with this key."""
        return next((link for link in self.links if link.key == key), None)


def before(state: State) -> tuple[State, ...]:
    """The states from which a link may move to `state`: all the earlier ones. It never moves back."""
    return STATES[: STATES.index(state)]


def outcome_of(status: str) -> Outcome | None:
    """How a link ends whose reservation has this status, or is `unknown` to Twilio; None while it is open."""
    if status == "unknown":
        return "unknown"
    return next((outcome for outcome in TOLD if outcome == status), None)


def is_over(link: Link) -> bool:
    return link.state == "closed"


def is_link(item: str) -> bool:
    """Whether this sort key is a ReservationSid."""
    return item.startswith("WR")


def link_of(row: Mapping[str, Any]) -> Link:
    return msgspec.convert({**row, "reservation_sid": row["item"]}, Link)
