"""What the inspector's page shows, as plain data. Times are epoch seconds; sids are those of Twilio's resources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Link:
    """Another row of the page, by its sid, and what it is called there."""

    sid: str
    label: str


Part = str | Link
Parts = Sequence[Part]  # a sentence in which other rows are linked


@dataclass(frozen=True)
class Problem:
    """What Twilio's debugger or a client of REST is told.

    `webhook` is the number of the request behind it, 0 when there is none; `asked` is that request in a line, and
    `answer` the beginning of what the application answered.
    """

    at: float
    what: str
    about: Link | None
    webhook: int
    asked: str
    answer: str


@dataclass(frozen=True)
class Number:
    phone_number: str
    sid: str
    urls: Mapping[str, str]  # by the name of the parameter: VoiceUrl and so on


@dataclass(frozen=True)
class Call:
    """`buttons` are what its person can do now: answer, decline, press, say, hang-up."""

    sid: str
    who: str
    from_: str
    to: str
    direction: str
    status: str
    where: Parts
    since: float
    ended: float | None
    heard: str
    task: Link | None
    buttons: frozenset[str]


@dataclass(frozen=True)
class Webhook:
    """`took` is in seconds, None while it is under way; `status` is that of the answer, or why there is none.

    `signed` is the URL as it went into the signature, which an application that checks it has to build again.
    """

    number: int
    at: float
    method: str
    url: str
    about: Link | None
    parameters: Mapping[str, str]
    signature: str
    signed: str
    status: str
    failed: bool
    headers: Mapping[str, str]
    body: str
    took: float | None
    attempt: int
    attempts: Sequence[int]  # the numbers of the other attempts of the same request


@dataclass(frozen=True)
class Queue:
    """A queue of voice, or a task queue of TaskRouter. `kind` says which."""

    sid: str
    name: str
    kind: str
    waiting: Sequence[tuple[Link, float]]  # who or what waits, and since when


@dataclass(frozen=True)
class Reservation:
    """Of a task, with the worker as `other`; of a worker, with the task."""

    sid: str
    other: Link
    status: str


@dataclass(frozen=True)
class Task:
    sid: str
    status: str
    reason: str
    priority: int
    created: float
    queue: Link
    workflow: Link
    call: Link | None
    reservations: Sequence[Reservation]
    attributes: str


@dataclass(frozen=True)
class Worker:
    sid: str
    name: str
    activity: str
    available: bool
    since: float
    reservations: Sequence[Reservation]  # the open ones
    attributes: str


@dataclass(frozen=True)
class Workflow:
    sid: str
    name: str
    workspace: str
    assignment_url: str
    fallback_url: str
    reservation_timeout: int


@dataclass(frozen=True)
class Conference:
    sid: str
    name: str
    status: str
    created: float
    participants: Sequence[tuple[Link, str]]  # and what is so with them: muted, on hold


@dataclass(frozen=True)
class Message:
    sid: str
    at: float
    from_: str
    to: str
    status: str
    error_code: str
    body: str


@dataclass(frozen=True)
class Event:
    at: float
    kind: str
    what: str
    about: Link | None


@dataclass(frozen=True)
class Page:
    """Lists that would grow show their newest; `left_out` says of each, by its name, how many are not shown."""

    now: float
    account_sid: str
    stands_still: bool
    problems: Sequence[Problem]
    calls: Sequence[Call]
    webhooks: Sequence[Webhook]
    queues: Sequence[Queue]
    tasks: Sequence[Task]
    workers: Sequence[Worker]
    workflows: Sequence[Workflow]
    conferences: Sequence[Conference]
    messages: Sequence[Message]
    numbers: Sequence[Number]
    events: Sequence[Event]
    left_out: Mapping[str, int]
