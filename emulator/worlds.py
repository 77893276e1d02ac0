"""What Twilio's pages leave open, and the emulator plays as it is told: the worlds, each a switch with a name."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypedDict, cast, get_args, get_type_hints

CanceledTask = Literal["stays", "leaves"]
EndedCall = Literal["ends_task", "leaves_task"]
ListedAttributes = Literal["whole", "null"]
DeletedTask = Literal["forgets_reservation", "cancels_reservation"]
NewAttributes = Literal["stay", "move"]
JsonBody = Literal["ignored", "taken"]
UnknownParameter = Literal["refused", "ignored"]
RedirectedCall = Literal["ends_task", "leaves_task"]
UnansweredDequeue = Literal["cancels", "pauses", "waits"]
HungUpDial = Literal["is_silent", "is_told"]
StarredDial = Literal["caller_first", "worker_first", "at_once"]
RecordedQueue = Literal["nothing", "all"]
StartedRecording = Literal["by_twiml", "by_api"]
ConferenceEnd = Literal["stays", "ends"]
OutboundAccept = Literal["with_customer", "with_worker"]
OptOutWord = Literal["is_told", "is_kept"]
Confirmation = Literal["is_unlisted", "is_listed"]
LegCallback = Literal["names_task", "names_call_only"]
BrowserRights = Literal["own", "all"]
RefusedSocket = Literal["is_403", "is_401", "is_closed"]
ReplacedSocket = Literal["is_told", "is_silent"]
ExpiredSocket = Literal["is_closed", "stays"]
OfflineDelay = Literal["at_once", "after_a_while"]
DeletedWorker = Literal["stays_connected", "is_disconnected"]
BridgeError = Literal["message_only", "as_rest"]
TaskEvents = Literal["to_reserved", "to_all"]
BridgeOrder = Literal["answer_first", "event_first"]
RingingInstruction = Literal["pending", "accepted"]
UnregisteredClient = Literal["no_answer", "rings"]
RedirectRequest = Literal["repeats", "is_plain"]


class Worlds(TypedDict, total=False):
    """A switch's values, the default first, and the question that it answers (contract 12)."""

    canceled_task: Annotated[
        CanceledTask, "what becomes of a waiting caller whose task is canceled: stays in the queue, or leaves it"
    ]
    ended_call: Annotated[
        EndedCall | Callable[[str], EndedCall],  # a function of the CallSid decides for each call, and is asked once
        "what the end of a caller's call does to its task: ends it, or leaves it as it is, as after an outage",
    ]
    redirected_call: Annotated[
        RedirectedCall,
        "what a redirect over REST out of the queue does to the task: ends it, or leaves it until the call itself ends",
    ]
    redirect_request: Annotated[
        RedirectRequest,
        "what the request of a <Redirect> has of the one before it: repeats its Digits, SpeechResult, DialCallStatus "
        "and so on, or it is plain",
    ]
    unanswered_dequeue: Annotated[
        UnansweredDequeue,
        "what becomes of the reservation whose dequeued leg nobody takes: canceled at once, after a pause of five "
        "seconds, or it waits for its time-out",
    ]
    hung_up_dial: Annotated[
        HungUpDial, "whether the action of a <Dial> hears that the leg which dialled has hung up: is silent, or is told"
    ]
    starred_dial: Annotated[
        StarredDial,
        "which action is asked first when the star key ends a <Dial> of a <Queue>: that of the caller's <Enqueue>, or "
        "of the worker's <Dial>, each two seconds before the other, or both at once",
    ]
    recorded_queue: Annotated[
        RecordedQueue, "whether the record of a <Dial> records the caller of a <Queue>: nothing is recorded, or all"
    ]
    started_recording: Annotated[
        StartedRecording,
        "what the source of a recording is called that <Start> began: StartCallRecordingTwiML, or as one over REST",
    ]
    conference_end: Annotated[
        ConferenceEnd,
        "whether a conference instruction that does not say so ends with the worker and with the customer: it stays, "
        "or it ends",
    ]
    outbound_accept: Annotated[
        OutboundAccept,
        "when the reservation of a task that calls out by a conference instruction is accepted: with the customer's "
        "answer, or with the worker's; who is not reached leaves it canceled, or the worker alone in the room",
    ]
    opt_out_word: Annotated[
        OptOutWord, "whether the application hears of a message that says STOP: is told, or Twilio keeps it"
    ]
    confirmation: Annotated[
        Confirmation,
        "whether Twilio's own answer to STOP, START and HELP is among the account's messages: is unlisted, or listed",
    ]
    leg_callback: Annotated[
        LegCallback,
        "what a dequeue's status callback names beside taskCallSid: the task and the reservation, or nothing",
    ]
    browser_rights: Annotated[
        BrowserRights,
        "what a browser with the role worker may touch: its own worker, reservations and their tasks, or all of them",
    ]
    refused_socket: Annotated[
        RefusedSocket,
        "what a browser with a bad token gets for its WebSocket: status 403, status 401, or an open one that is closed",
    ]
    replaced_socket: Annotated[
        ReplacedSocket,
        "how closeExistingSessions closes the other sockets: the code 4001 and a reason tell, or 1000 alone is silent",
    ]
    expired_socket: Annotated[
        ExpiredSocket, "what becomes of an open socket whose token has expired: it is closed, or it stays"
    ]
    offline_delay: Annotated[
        OfflineDelay, "when a worker whose last socket is gone is set offline: at once, or after ten seconds"
    ]
    deleted_worker: Annotated[
        DeletedWorker, "what becomes of the socket of a worker who is deleted: it stays connected, or is disconnected"
    ]
    bridge_error: Annotated[
        BridgeError, "what an error of the event bridge has in its body: the message only, or what one of REST has"
    ]
    task_events: Annotated[
        TaskEvents, "which browsers hear of a task: those of the worker that is reserved for it, or all"
    ]
    bridge_order: Annotated[
        BridgeOrder, "what a browser gets first of what it did itself: the answer to its request, or the event"
    ]
    ringing_instruction: Annotated[
        RingingInstruction,
        "what an instruction from a browser answers while the worker's phone rings: pending, or accepted already",
    ]
    unregistered_client: Annotated[
        UnregisteredClient,
        "what a call to a client does that no browser has registered: no answer at once, or rings",
    ]
    json_body: Annotated[JsonBody, "a REST request's body in JSON: is ignored, or taken as a form with its keys"]
    unknown_parameter: Annotated[
        UnknownParameter, "a parameter of REST that Twilio's description does not have: is refused, or ignored"
    ]
    listed_attributes: Annotated[ListedAttributes, "how a list of tasks shows their attributes: whole, or as null"]
    deleted_task: Annotated[
        DeletedTask, "what DELETE of a task does to a pending reservation: forgets it, or cancels it with its event"
    ]
    new_attributes: Annotated[
        NewAttributes,
        "what new attributes do to a pending task: they let it stay in its queue, or move it by the filters anew",
    ]


@dataclass(frozen=True)
class World:
    """One switch. `values` are the words that it may have; the first is the default."""

    name: str
    values: tuple[str, ...]
    question: str


def _worlds() -> Iterator[World]:
    for name, hint in get_type_hints(Worlds, include_extras=True).items():
        kind, question = get_args(hint)
        words = get_args(kind) if all(isinstance(word, str) for word in get_args(kind)) else get_args(get_args(kind)[0])
        yield World(name, words, question)


WORLDS = tuple(_worlds())


def played(given: Worlds) -> Worlds:
    """Every switch: as it was given, else its default."""
    defaults: dict[str, Any] = {world.name: world.values[0] for world in WORLDS}
    return cast(Worlds, {**defaults, **given})


def drawn(seed: object, given: Worlds | None = None) -> Worlds:
    """Every switch: as it was given, else drawn by the seed. What one is does not depend on the others."""
    words = {world.name: random.Random(f"{seed}:{world.name}").choice(world.values) for world in WORLDS}  # noqa: S311
    return cast(Worlds, {**words, **(given or {})})
