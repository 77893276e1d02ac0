"""Every route of the application, once: its path, who signs its requests, and its URL as Twilio gets it (pure)."""

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple
from urllib.parse import unquote

# At the end of a URL that Twilio is given: if no good answer comes, whatever the reason, it asks twice more within the
# same deadline (contract 1.3). Each route takes a request twice; without this a function that dies costs the caller.
CONNECTION_OVERRIDES = "#rc=2&rp=all"

LANGUAGE = "language"  # of a URL's query
_is_language = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,4})?").fullmatch

Method = Literal["GET", "POST"]


class Route(NamedTuple):
    """One way in. `path` is API Gateway's, with its parameters in braces.

    `signed_by` says whose signature a request needs: `twilio` is the account's auth token (contract 2.1), `team` the
    secret's `work_key`; `nobody` is a page for people, whose path has the secret, or that holds nothing; `person` has
    the token of somebody who has signed in, which API Gateway checks. `seconds` is how long whoever asks waits for the
    answer (contract 1.3, 4.2). A stage without a user pool has no route that is `of_console`.
    """

    path: str
    methods: tuple[Method, ...] = ("POST",)
    signed_by: Literal["twilio", "team", "nobody", "person"] = "twilio"
    seconds: float = 15.0
    of_console: bool = False

    def url(self, base_url: str, **parameters: str) -> str:
        """The complete URL to give to Twilio, its connection overrides included. `base_url` has no slash at its end.

        Where it says the caller's language (`in_language`), the URL does too.
        """
        _, asks, query = base_url.partition("?")
        return f"{self.page(base_url, **parameters)}{asks}{query}{CONNECTION_OVERRIDES}"

    def page(self, base_url: str, **parameters: str) -> str:
        """The complete URL for anybody else."""
        return f"{base_url.partition('?')[0]}{self.path.format(**parameters)}"


def in_language(base_url: str, language: object) -> str:
    """The base URL for what a caller of this language is to hear; for what is no name of a language, as it is.

    It is one word of letters, so that its signature is the same however a query is spelled (contract 2.3).
    """
    named = isinstance(language, str) and _is_language(language)
    return f"{base_url.partition('?')[0]}?{LANGUAGE}={language}" if named else base_url


def language_of(url: str) -> str:
    """The caller's language that a base URL, or a complete one, says; empty if it says none."""
    _, _, query = url.partition("#")[0].partition("?")
    name, _, language = query.partition("=")
    return language if name == LANGUAGE and _is_language(language) else ""


INCOMING = Route("/voice/incoming")
MENU = Route("/voice/menu/{attempt}")  # of calls that an older version has asked
# Where a caller is in the menus (`trail`), how often they were asked there, and how often in all, from 1.
MENUS = Route("/voice/menus/{trail}/{attempt}/{total}")
# The same for one of whom something is known: that rides in the path, so that the profile is read once a call.
MENUS_OF_KNOWN = Route("/voice/known/{caller}/menus/{trail}/{attempt}/{total}")
# A caller types the digit that was drawn for the call.
SCREENED = Route("/voice/screened/{caller}/{digit}/{attempt}")
# A caller types the extension of a worker, waits for that one alone, and is out of the queue.
EXTENSION = Route("/voice/extension/{caller}/{attempt}")
PERSON_WAIT = Route("/voice/person/{extension}/wait")
PERSON_AFTER = Route("/voice/person/{extension}/after")
WAIT = Route("/voice/wait")
# The same for a caller who chose in a menu to be called back.
WAIT_CALLBACK = Route("/voice/wait/callback")
# What the caller has heard so far, 0 for nothing; and since when they wait, in epoch seconds: after a Redirect Twilio
# may say neither place nor QueueTime (contract 3.1).
WAIT_TOLD = Route("/voice/wait/told/{position}/{minutes}/{since}")
WAIT_KEY = Route("/voice/wait/key")
# A caller who waits asks to be called back: the number that is confirmed is their `own`, or the `other` that was typed.
CALLBACK_CONFIRM = Route("/voice/callback/confirm/{number}")
CALLBACK_NUMBER = Route("/voice/callback/number")
# A caller of a line that is closed: the urgent key, the number to call back, and the end of a call to another number.
CLOSED_KEY = Route("/voice/closed/key")
CLOSED_CALLBACK = Route("/voice/closed/callback/{number}")
CLOSED_NUMBER = Route("/voice/closed/number")
CLOSED_DIALED = Route("/voice/closed/dialed")
AFTER = Route("/voice/after")
# Of a caller whom a worker gave away: the same after each further wait, which is counted from 2.
AFTER_ROUND = Route("/voice/after/{number}")
# The talk with this worker may go on: since when the caller is on hold, in epoch seconds, and how often asked.
HOLD = Route("/voice/hold/{reservation_sid}/{since}/{attempt}")
HOLD_OVER = Route("/voice/hold/over")  # the two have talked again
# What is heard alone in the room in which they do: Twilio may not say whose leg asks.
ROOM = Route("/voice/room/{subject}/{reservation_sid}")
# On hold in the conference of the desk, while the worker talks to a colleague first: how often asked, from 1.
HELD = Route("/voice/held/{subject}/{reservation_sid}/{attempt}")
MOVED = Route("/voice/moved")
DECLINED = Route("/voice/declined")
SURVEY = Route("/voice/survey")
VOICEMAIL = Route("/voice/voicemail")
RECORDING = Route("/voice/recording")
TRANSCRIPTION = Route("/voice/transcription")
FALLBACK = Route("/voice/fallback")
ASSIGNMENT = Route("/taskrouter/assignment", seconds=5.0)
EVENTS = Route("/taskrouter/events")
WORKER_ANSWER = Route("/worker/{subject}/{reservation_sid}/answer")
# Of a worker who is asked: each ask (`attempt` counts from 1), and what is pressed at it. In mode `detect` the request
# of the first document has the verdict; in mode `key+detect` a callback brings it.
WORKER_ASK = Route("/worker/{subject}/{reservation_sid}/ask/{attempt}")
WORKER_ACCEPT = Route("/worker/{subject}/{reservation_sid}/accept/{attempt}")
WORKER_VERDICT = Route("/worker/{subject}/{reservation_sid}/verdict")
WORKER_DETECTED = Route("/worker/{subject}/{reservation_sid}/detected")
# A dequeue's status callback comes with GET (contract 4.3), that of a leg that we place with POST.
WORKER_STATUS = Route("/worker/{subject}/{reservation_sid}/status", ("POST", "GET"))
WORKER_AFTER = Route("/worker/{subject}/{reservation_sid}/after")
WORKER_DISPOSITION = Route("/worker/{subject}/{reservation_sid}/disposition")
WORKER_RECORDING = Route("/worker/{subject}/{reservation_sid}/recording")
WORKER_NOTE = Route("/worker/{subject}/{reservation_sid}/note")
# The star key: the worker's Dial is over, for whatever reason; each key of the menu; the digits of a person; and the
# end of the talk that the worker went back to. `attempt` counts the silences.
WORKER_STAR = Route("/worker/{subject}/{reservation_sid}/star/{attempt}")
WORKER_STAR_KEY = Route("/worker/{subject}/{reservation_sid}/star/key/{attempt}")
WORKER_STAR_PERSON = Route("/worker/{subject}/{reservation_sid}/star/person/{attempt}")
WORKER_STAR_OVER = Route("/worker/{subject}/{reservation_sid}/star-over")
WORKER_ROOM = Route("/worker/{subject}/{reservation_sid}/room")
# Of a worker who hears a message: each key, each silence (`attempt` counts them), and the end of a call back.
WORKER_MESSAGE = Route("/worker/{subject}/{reservation_sid}/message/{attempt}")
STAFF_MESSAGE = Route("/staff/message")
STAFF_CALL = Route("/staff/call")
# Each step of such a call has a number: the same step twice is done once.
STAFF_PIN = Route("/staff/call/pin/{attempt}")
STAFF_KEY = Route("/staff/call/key/{attempt}")
STAFF_UNTIL = Route("/staff/call/until/{attempt}")
STAFF_NOTE = Route("/staff/call/note/{attempt}")
# An admin closes or opens a line: which one, what becomes of it, and until when. `line` is its place among them.
STAFF_LINES = Route("/staff/call/lines/{attempt}")
STAFF_LINE = Route("/staff/call/line/{line}/{attempt}")
STAFF_LINE_UNTIL = Route("/staff/call/line/{line}/until/{attempt}")
STAFF_LISTEN = Route("/staff/call/listen/{attempt}")
# A worker calls a customer back: the Dial is over; then the worker may say that a machine answered.
WORKER_CALLED = Route("/worker/{subject}/{reservation_sid}/called")
WORKER_CALLED_KEY = Route("/worker/{subject}/{reservation_sid}/called/key")
# A colleague who is asked about a caller first: alone in the conference, and out of it.
WORKER_CONSULT = Route("/worker/{subject}/{reservation_sid}/consult")
WORKER_CONSULT_ALONE = Route("/worker/{subject}/{reservation_sid}/consult/alone")
WORK = Route("/work", signed_by="team")
MESSAGE_PAGE = Route("/m/{token}", ("GET", "POST"), signed_by="nobody")  # short, for a mail
# The console: its page and scripts, which hold no data, and what they fetch.
CONSOLE = Route("/console", ("GET",), signed_by="nobody", of_console=True)
CONSOLE_FILE = Route("/console/files/{file}", ("GET",), signed_by="nobody", of_console=True)
CONSOLE_BOARD = Route("/console/board", ("GET",), signed_by="person", of_console=True)
CONSOLE_REPORT = Route("/console/report", ("GET", "POST"), signed_by="person", of_console=True)
CONSOLE_CALLS = Route("/console/calls", ("GET",), signed_by="person", of_console=True)
CONSOLE_CALL = Route("/console/calls/{subject}", ("GET",), signed_by="person", of_console=True)
CONSOLE_MESSAGES = Route("/console/messages", ("GET",), signed_by="person", of_console=True)
CONSOLE_MESSAGE = Route("/console/messages/{subject}/{recording}", signed_by="person", of_console=True)
CONSOLE_TALK = Route("/console/talks/{subject}/{recording}", signed_by="person", of_console=True)
CONSOLE_CALLBACKS = Route("/console/callbacks", ("GET",), signed_by="person", of_console=True)
CONSOLE_CALLBACK = Route("/console/callbacks/{subject}", signed_by="person", of_console=True)
CONSOLE_LINES = Route("/console/lines", ("GET",), signed_by="person", of_console=True)
CONSOLE_LINE = Route("/console/lines/{line}", signed_by="person", of_console=True)
CONSOLE_WORKERS = Route("/console/workers", ("GET",), signed_by="person", of_console=True)
CONSOLE_WORKER = Route("/console/workers/{worker}", signed_by="person", of_console=True)
CONSOLE_BLOCKED = Route("/console/blocked", ("GET",), signed_by="person", of_console=True)
CONSOLE_BLOCK = Route("/console/blocks", signed_by="person", of_console=True)
# The agent desk: its page and scripts, the token by which a worker's browser speaks to Twilio, and each card.
DESK = Route("/desk", ("GET",), signed_by="nobody", of_console=True)
DESK_FILE = Route("/desk/files/{file}", ("GET",), signed_by="nobody", of_console=True)
DESK_TOKEN = Route("/desk/token", signed_by="person", of_console=True)
DESK_CARD = Route("/desk/cards/{subject}/{reservation_sid}", ("GET",), signed_by="person", of_console=True)
DESK_WRAP_UP = Route("/desk/cards/{subject}/{reservation_sid}/wrap-up", signed_by="person", of_console=True)
DESK_REJECT = Route("/desk/cards/{subject}/{reservation_sid}/reject", signed_by="person", of_console=True)
DESK_GIVE = Route("/desk/cards/{subject}/{reservation_sid}/give", signed_by="person", of_console=True)
DESK_GIVE_BACK = Route("/desk/cards/{subject}/{reservation_sid}/give-back", signed_by="person", of_console=True)
DESK_ASK = Route("/desk/cards/{subject}/{reservation_sid}/ask", signed_by="person", of_console=True)
DESK_TALKS = Route("/desk/talks", ("GET",), signed_by="person", of_console=True)
DESK_TALK = Route("/desk/talks/{subject}/{reservation_sid}", signed_by="person", of_console=True)
# The steps of a worker leg that its status callback is asked for (contract 7.2): its end decides, the others are shown.
WORKER_STATUS_EVENTS = ("completed",)
WORKER_STATUS_EVENTS_SHOWN = ("initiated", "ringing", "answered", "completed")

ROUTES = (
    INCOMING,
    MENU,
    MENUS,
    MENUS_OF_KNOWN,
    SCREENED,
    EXTENSION,
    PERSON_WAIT,
    PERSON_AFTER,
    WAIT,
    WAIT_CALLBACK,
    WAIT_TOLD,
    WAIT_KEY,
    CALLBACK_CONFIRM,
    CALLBACK_NUMBER,
    CLOSED_KEY,
    CLOSED_CALLBACK,
    CLOSED_NUMBER,
    CLOSED_DIALED,
    AFTER,
    AFTER_ROUND,
    HOLD_OVER,
    HOLD,
    ROOM,
    HELD,
    MOVED,
    DECLINED,
    SURVEY,
    VOICEMAIL,
    RECORDING,
    TRANSCRIPTION,
    FALLBACK,
    ASSIGNMENT,
    EVENTS,
    WORKER_ANSWER,
    WORKER_ASK,
    WORKER_ACCEPT,
    WORKER_VERDICT,
    WORKER_DETECTED,
    WORKER_STATUS,
    WORKER_AFTER,
    WORKER_DISPOSITION,
    WORKER_RECORDING,
    WORKER_NOTE,
    WORKER_STAR,
    WORKER_STAR_KEY,
    WORKER_STAR_PERSON,
    WORKER_STAR_OVER,
    WORKER_ROOM,
    WORKER_MESSAGE,
    STAFF_MESSAGE,
    STAFF_CALL,
    STAFF_PIN,
    STAFF_KEY,
    STAFF_UNTIL,
    STAFF_NOTE,
    STAFF_LINES,
    STAFF_LINE,
    STAFF_LINE_UNTIL,
    STAFF_LISTEN,
    WORKER_CALLED,
    WORKER_CALLED_KEY,
    WORKER_CONSULT,
    WORKER_CONSULT_ALONE,
    WORK,
    MESSAGE_PAGE,
    CONSOLE,
    CONSOLE_FILE,
    CONSOLE_BOARD,
    CONSOLE_REPORT,
    CONSOLE_CALLS,
    CONSOLE_CALL,
    CONSOLE_MESSAGES,
    CONSOLE_MESSAGE,
    CONSOLE_TALK,
    CONSOLE_CALLBACKS,
    CONSOLE_CALLBACK,
    CONSOLE_LINES,
    CONSOLE_LINE,
    CONSOLE_WORKERS,
    CONSOLE_WORKER,
    CONSOLE_BLOCKED,
    CONSOLE_BLOCK,
    DESK,
    DESK_FILE,
    DESK_TOKEN,
    DESK_WRAP_UP,
    DESK_REJECT,
    DESK_GIVE,
    DESK_GIVE_BACK,
    DESK_ASK,
    DESK_CARD,
    DESK_TALKS,
    DESK_TALK,
)


_SECONDS = {route.path: route.seconds for route in ROUTES}


def seconds_of(path: str) -> float:
    """How long Twilio waits for the answer of the route with this path."""
    return _SECONDS[path]


def find(url: str) -> tuple[Route, Mapping[str, str]] | None:
    """The route that this complete URL leads to, and the parameters in its path; None for a URL of somebody else's."""
    path = url.partition("#")[0].partition("?")[0]
    for route in ROUTES:
        found = re.search(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(route.path)) + "$", path)
        if found:
            return route, {name: unquote(value) for name, value in found.groupdict().items()}
    return None


def worker_status_events(*, shown: bool) -> tuple[str, ...]:
    """What Twilio tells of a worker leg; all of it where a wallboard shows it."""
    return WORKER_STATUS_EVENTS_SHOWN if shown else WORKER_STATUS_EVENTS
