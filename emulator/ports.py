"""What voice, TaskRouter and the transport ask of each other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

Form = Mapping[str, str]
Method = Literal["GET", "POST"]


@dataclass(frozen=True)
class WebRequest:
    """One HTTP request that Twilio makes. `url` is complete; `body` is empty on GET."""

    method: Method
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class WebResponse:
    """What the application answered. `seconds` it took are real ones, None where no real time passes."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    seconds: float | None = field(default=None, compare=False)


@dataclass(frozen=True)
class WebFailure:
    """No answer: the connection failed, or no complete answer came before the deadline. `seconds` as above."""

    kind: Literal["connect", "timeout"]
    seconds: float | None = field(default=None, compare=False)


WebResult = WebResponse | WebFailure
Done = Callable[[WebResult], None]


class Transport(Protocol):
    """Carries one request; timeouts in seconds. `done` is called exactly once, later, in a turn of the scheduler."""

    def send(self, request: WebRequest, connect_timeout: float, total_timeout: float, done: Done) -> None: ...


class Webhooks(Protocol):
    """Signed requests to the application (contract 1.3, 2), with overrides and one retry when connecting fails.

    `deadline` is in seconds; `done` gets the last answer or failure.
    """

    def send(
        self,
        url: str,
        form: Form,
        done: Done,
        *,
        method: Method = "POST",
        deadline: float = 15.0,
    ) -> None: ...


class Socket(Protocol):
    """The emulator's end of a WebSocket, for any thread; what is sent after the end goes nowhere."""

    def send(self, text: str) -> None: ...

    def close(self, code: int, reason: str) -> None: ...


class Peer(Protocol):
    """Who is behind a WebSocket."""

    def received(self, text: str) -> None: ...

    def closed(self) -> None:
        """The connection is over, whoever ended it; called once."""


class TwilioError(Exception):
    """An error of Twilio's own numbering; `status` is the HTTP status that a REST request gets for it."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


@dataclass(frozen=True)
class RecordOrder:
    """A leg that is to be recorded; `channels` is 1 or 2."""

    channels: int = 1
    callback_url: str = ""
    callback_method: Method = "POST"


@dataclass(frozen=True)
class ConferenceOrder:
    """What a conference instruction asks for beside the worker leg; an empty `room_name` is the task's sid."""

    room_name: str = ""
    muted: bool = False
    starts: bool = True
    ends_with_worker: bool | None = None  # None: the instruction does not say
    ends_with_caller: bool | None = None
    wait_url: str = ""
    wait_method: Method = "POST"
    max_participants: int | None = None
    callback_url: str = ""
    callback_method: Method = "POST"
    callback_events: Sequence[str] = ()
    record: bool = False
    recording_callback: str = ""
    recording_callback_method: Method = "POST"
    outbound_to: str = ""  # the customer who is dialled into it, where no caller waits
    outbound_from: str = ""


@dataclass(frozen=True)
class WorkerLegOrder:
    """A worker leg that TaskRouter itself places: a dequeue, call or conference instruction; `timeout` in seconds."""

    reservation_sid: str
    task_sid: str
    caller_call_sid: str
    to: str
    from_: str
    timeout: int
    status_callback_url: str = ""
    status_callback_events: Sequence[str] = ()
    url: str = ""  # call: the document that runs on the worker leg; empty: join the two as soon as it is answered
    post_work_activity_sid: str = ""
    status_callback_method: Method = "GET"
    record: RecordOrder | None = None  # the leg is recorded from its answer
    names_caller: bool = True  # the status callback has taskCallSid
    conference: ConferenceOrder | None = None  # the two meet in a conference instead


SupervisorMode = Literal["monitor", "whisper", "barge"]


@dataclass(frozen=True)
class SupervisorOrder:
    """Somebody who is rung into a conference to listen, to talk to the worker alone, or to both."""

    conference_sid: str
    worker_call_sid: str
    mode: SupervisorMode
    leg: WorkerLegOrder


class VoicePort(Protocol):
    """What TaskRouter asks of voice."""

    def place_worker_leg(self, order: WorkerLegOrder) -> str:
        """Ring the worker; returns the new CallSid. Join at the answer when `order.url` is empty."""

    def supervise(self, order: SupervisorOrder) -> None:
        """Ring the supervisor into the conference. TwilioError 40146 when that is over."""

    def task_canceled(self, call_sid: str) -> None:
        """The task of a caller who waits is canceled. Whether the caller then leaves is uncertain (contract 12)."""

    def redirect(self, call_sid: str, url: str) -> None:
        """The redirect instruction: fetch `url` on the caller's live call. Raises TwilioError 40122 if it is gone."""

    def hang_up(self, call_sid: str) -> None:
        """End a leg in whatever state it is; nothing happens when it has ended."""


class TaskRouterPort(Protocol):
    """What voice asks of TaskRouter."""

    def create_task(
        self,
        workflow_sid: str,
        attributes: Mapping[str, object],
        priority: int = 0,
        timeout: int | None = None,
    ) -> str:
        """<Enqueue workflowSid>: returns the TaskSid; `timeout` is the time to live in seconds.

        TwilioError 14220: no such workflow; 14221: attributes; 14222: no filter matches (contract 3.1).
        """

    def caller_left(self, task_sid: str, reason: str = "hangup") -> None:
        """The caller hung up or left the queue before being joined: the task is canceled if it still can be."""

    def begin_accept(self, reservation_sid: str, *, outbound: bool = False) -> str:
        """<Dial><Queue reservationSid>: returns the caller's CallSid and suspends the reservation's timer.

        With `outbound` nobody waits. TwilioError 14215: not pending, accepted already, being accepted, or no caller;
        14217: not found, canceled, rescinded.
        """

    def finish_accept(self, reservation_sid: str, joined: bool) -> None:
        """After begin_accept: joined makes the reservation accepted, not joined makes it canceled (contract 4.5)."""

    def leg_failed(self, reservation_sid: str) -> None:
        """Nobody answered the leg that TaskRouter placed for this reservation, which stays pending for now."""

    def give_up_leg(self, reservation_sid: str) -> None:
        """That was some time ago: the accept has failed, unless TaskRouter has placed another leg since."""

    def conference_began(self, reservation_sid: str, conference: Mapping[str, object]) -> None:
        """Worker and caller are in a conference: its room_name, sid and participants join the task's attributes."""

    def conversation_ended(self, reservation_sid: str, post_work_activity_sid: str) -> None:
        """The two are no longer joined: task and reservation go to wrapping, the worker to the activity if given.

        Raises TwilioError 14218 when the activity does not exist.
        """
