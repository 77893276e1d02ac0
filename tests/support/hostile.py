"""What a hostile or broken sender may put into a request: Hypothesis strategies for whole webhooks and job messages.

Everything is built around an honest request and spoilt from there: what is nearly right gets further in.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

from hypothesis import strategies as st
from twilio.request_validator import SIGNATURE_HEADER, SIGNATURE_SETTINGS_HEADER

from chalicelib.twilio import urls
from tests.support.api_gateway import BASE, TOKEN, Pairs, post
from tests.support.driver import (
    CALL,
    LEG,
    LEG_PATH,
    RESERVATION,
    TASK,
    assignment_form,
    caller_form,
    event_form,
    leg_form,
)

STATUS_ROUTE = urls.WORKER_STATUS.path
ANSWER_ROUTE = urls.WORKER_ANSWER.path
DETECTED_ROUTE = urls.WORKER_DETECTED.path
VERDICTS = ("human", "machine_start", "machine_end_other", "fax", "unknown", "robot", "")
EVENT_TYPES = (
    "task.created",
    "task.canceled",
    "task.completed",
    "task.wrapup",
    "reservation.created",
    "reservation.accepted",
    "reservation.rejected",
    "reservation.timeout",
    "reservation.canceled",
    "reservation.rescinded",
    "reservation.completed",
    "reservation.wrapup",
    "worker.activity.update",
)
QUEUE_RESULTS = ("bridged", "hangup", "leave", "queue-full", "error", "system-error", "redirected", "unheard-of")
CALL_STATUSES = (
    "queued",
    "initiated",
    "ringing",
    "in-progress",
    "completed",
    "busy",
    "no-answer",
    "failed",
    "canceled",
)
ENDINGS = (
    "incoming",
    "menu/2",
    "menu/",
    "menus/main.7/2/19?language=es",
    "wait",
    "wait/key",
    "after#rc=2",
    "moved",
    "survey",
    "voicemail",
    "",
    "x",
)
ERROR_URLS = tuple(f"{BASE}/voice/{ending}" for ending in ENDINGS)
WORKER_ATTRIBUTES = json.dumps({"contact_uri": "+14155550111"})


FROM_STAFF = {"AccountSid": "AC" + "0" * 32, "From": "+14155550111", "To": "+14155550105"}
BODIES = ("on", "off", "Off until 9", "status", "next", "who", "last", "note call again", "🙂", "STOP", "", "x" * 1600)


class Endpoint(NamedTuple):
    """One route with an honest form. `says`: what one of the form's fields may be, all of it honest."""

    route: str
    form: Mapping[str, str]
    path: Mapping[str, str] = {}
    says: tuple[str, Sequence[str]] = ("ApiVersion", ("2010-04-01",))

    @property
    def is_voice(self) -> bool:
        told = (STATUS_ROUTE, DETECTED_ROUTE, urls.WORKER_RECORDING.path, urls.RECORDING.path, urls.TRANSCRIPTION.path)
        return self.route.startswith(("/voice/", "/worker/", "/staff/call")) and self.route not in told


ENDPOINTS = (
    Endpoint("/voice/incoming", caller_form()),
    Endpoint("/voice/menu/{attempt}", caller_form(Digits="1", SpeechResult="english"), {"attempt": "1"}),
    *(
        Endpoint(route.path, caller_form(Digits="1"), {"caller": "-", "digit": "4", "attempt": "1"})
        for route in (urls.SCREENED, urls.EXTENSION)
    ),
    Endpoint(urls.PERSON_WAIT.path, caller_form(QueueTime="5"), {"extension": "21"}),
    Endpoint(
        urls.PERSON_AFTER.path,
        caller_form(QueueResult="leave", QueueTime="5"),
        {"extension": "21"},
        ("QueueResult", QUEUE_RESULTS),
    ),
    *(
        Endpoint(
            route.path,
            caller_form(Digits="1", SpeechResult="english", Confidence="0.2"),
            {"caller": "-", "trail": "main.1s", "attempt": "1", "total": "3"},
        )
        for route in (urls.MENUS, urls.MENUS_OF_KNOWN)
    ),
    Endpoint("/voice/wait", caller_form(QueuePosition="1", AvgQueueTime="40", QueueTime="5", QueueSid="QU" + "a" * 32)),
    Endpoint(
        urls.WAIT_TOLD.path,
        caller_form(QueuePosition="2", QueueTime="5"),
        {"position": "3", "minutes": "2", "since": "1795230000"},
    ),
    Endpoint("/voice/wait/key", caller_form(Digits="1", QueueTime="5")),
    Endpoint(urls.CALLBACK_CONFIRM.path, caller_form(Digits="1", QueueTime="5"), {"number": "own"}),
    Endpoint(urls.CALLBACK_NUMBER.path, caller_form(Digits="2125550199", QueueTime="5")),
    Endpoint("/voice/after", caller_form(QueueResult="leave", QueueTime="5"), says=("QueueResult", QUEUE_RESULTS)),
    Endpoint(
        urls.AFTER_ROUND.path,
        caller_form(QueueResult="bridged", QueueTime="5"),
        {"number": "2"},
        ("QueueResult", QUEUE_RESULTS),
    ),
    Endpoint(urls.HOLD.path, caller_form(), {"reservation_sid": RESERVATION, "since": "1795230000", "attempt": "1"}),
    Endpoint(urls.HOLD_OVER.path, caller_form()),
    Endpoint(urls.ROOM.path, caller_form(), LEG_PATH),
    Endpoint(urls.WORKER_ROOM.path, leg_form("in-progress"), LEG_PATH),
    Endpoint(urls.WORKER_STAR_OVER.path, leg_form("in-progress"), LEG_PATH),
    Endpoint(urls.HELD.path, caller_form(), {**LEG_PATH, "attempt": "4"}),
    Endpoint(urls.WORKER_CONSULT.path, leg_form("in-progress") | {"DialCallStatus": "answered"}, LEG_PATH),
    Endpoint(urls.WORKER_CONSULT_ALONE.path, leg_form("in-progress"), LEG_PATH),
    *(
        Endpoint(route.path, leg_form("in-progress") | form, {**LEG_PATH, "attempt": "1"})
        for route, form in (
            (urls.WORKER_STAR, {"DialBridged": "true"}),
            (urls.WORKER_STAR_KEY, {"Digits": "1"}),
            (urls.WORKER_STAR_PERSON, {"Digits": "21"}),
        )
    ),
    Endpoint(urls.WAIT_CALLBACK.path, caller_form(QueueTime="0")),
    Endpoint(urls.CLOSED_KEY.path, caller_form(Digits="9")),
    Endpoint(urls.CLOSED_CALLBACK.path, caller_form(Digits="1"), {"number": "own"}),
    Endpoint(urls.CLOSED_NUMBER.path, caller_form(Digits="2125550199")),
    Endpoint(urls.CLOSED_DIALED.path, caller_form(DialCallStatus="no-answer")),
    Endpoint(
        urls.WORKER_RECORDING.path,
        leg_form("in-progress") | {"RecordingSid": f"RE{'1' * 32}", "RecordingDuration": "9"},
        LEG_PATH,
        ("RecordingStatus", ("completed", "absent", "in-progress")),
    ),
    *(
        Endpoint(route.path, {**caller_form(Digits="1"), **FROM_STAFF}, {"line": "1", "attempt": "2"})
        for route in (urls.STAFF_LINES, urls.STAFF_LINE, urls.STAFF_LINE_UNTIL, urls.STAFF_LISTEN)
    ),
    Endpoint("/voice/fallback", caller_form(ErrorCode="11200"), says=("ErrorUrl", ERROR_URLS)),
    Endpoint("/voice/moved", caller_form()),
    Endpoint("/voice/declined", caller_form()),
    Endpoint("/voice/survey", caller_form(Digits="1")),
    Endpoint(
        "/voice/voicemail", caller_form(RecordingUrl=f"https://api.twilio.com/r/RE{'1' * 32}", RecordingDuration="9")
    ),
    Endpoint(
        "/voice/recording",
        caller_form(RecordingSid=f"RE{'1' * 32}", RecordingDuration="9", RecordingStatus="completed"),
        says=("RecordingStatus", ("completed", "absent", "in-progress")),
    ),
    Endpoint(
        "/voice/transcription",
        caller_form(RecordingSid=f"RE{'1' * 32}", TranscriptionText="Call me.", TranscriptionStatus="completed"),
    ),
    Endpoint("/taskrouter/assignment", assignment_form()),
    Endpoint(
        "/taskrouter/events",
        event_form("reservation.created", WorkerAttributes=WORKER_ATTRIBUTES, TaskCanceledReason="hangup"),
        says=("EventType", EVENT_TYPES),
    ),
    Endpoint(ANSWER_ROUTE, leg_form("in-progress"), LEG_PATH),
    Endpoint(urls.WORKER_ASK.path, leg_form("in-progress"), {**LEG_PATH, "attempt": "1"}),
    Endpoint(
        urls.WORKER_ACCEPT.path,
        {**leg_form("in-progress"), "Digits": "1", "SpeechResult": "yes please"},
        {**LEG_PATH, "attempt": "1"},
        ("Digits", ("1", "2", "7", "#", "")),
    ),
    Endpoint(
        urls.WORKER_VERDICT.path,
        {**leg_form("in-progress"), "AnsweredBy": "human", "MachineDetectionDuration": "2200"},
        LEG_PATH,
        ("AnsweredBy", VERDICTS),
    ),
    Endpoint(
        DETECTED_ROUTE,
        {**leg_form("in-progress"), "AnsweredBy": "human", "MachineDetectionDuration": "2200"},
        LEG_PATH,
        ("AnsweredBy", VERDICTS),
    ),
    Endpoint(STATUS_ROUTE, leg_form("ringing"), LEG_PATH, ("CallStatus", CALL_STATUSES)),
    Endpoint(
        urls.WORKER_AFTER.path,
        {**leg_form("in-progress"), "DialCallStatus": "completed", "DialBridged": "true"},
        LEG_PATH,
        ("DialBridged", ("true", "false", "")),
    ),
    Endpoint(
        urls.WORKER_DISPOSITION.path,
        {**leg_form("in-progress"), "Digits": "1"},
        LEG_PATH,
        ("Digits", ("1", "9", "#", "")),
    ),
    Endpoint(
        urls.WORKER_MESSAGE.path,
        {**leg_form("in-progress"), "Digits": "3"},
        {**LEG_PATH, "attempt": "1"},
        ("Digits", ("1", "2", "3", "4", "9", "#", "")),
    ),
    Endpoint(
        urls.WORKER_NOTE.path,
        {**leg_form("in-progress"), "RecordingSid": "RE" + "1" * 32, "RecordingDuration": "7"},
        LEG_PATH,
    ),
    Endpoint(
        urls.STAFF_MESSAGE.path,
        {**FROM_STAFF, "MessageSid": "SM" + "1" * 32, "Body": "off until 14:00", "NumMedia": "0"},
        says=("Body", BODIES),
    ),
    Endpoint(urls.STAFF_CALL.path, caller_form(**FROM_STAFF)),
    Endpoint(urls.STAFF_PIN.path, caller_form(**FROM_STAFF, Digits="4711"), {"attempt": "1"}),
    Endpoint(
        urls.STAFF_KEY.path,
        caller_form(**FROM_STAFF),
        {"attempt": "2"},
        ("Digits", ("0", "1", "2", "3", "4", "5", "6", "9", "#", "")),
    ),
    Endpoint(urls.STAFF_UNTIL.path, caller_form(**FROM_STAFF), {"attempt": "3"}, ("Digits", ("1430", "2561", "1", ""))),
    Endpoint(
        urls.STAFF_NOTE.path,
        caller_form(**FROM_STAFF, RecordingSid="RE" + "1" * 32, RecordingDuration="7"),
        {"attempt": "4"},
    ),
    Endpoint(
        urls.WORKER_CALLED.path,
        {**leg_form("in-progress"), "DialCallStatus": "completed", "DialBridged": "true"},
        LEG_PATH,
        ("DialCallStatus", ("completed", "busy", "no-answer", "failed", "")),
    ),
    Endpoint(urls.WORKER_CALLED_KEY.path, {**leg_form("in-progress"), "Digits": "2"}, LEG_PATH),
)


class Request(NamedTuple):
    """An event for `app.app`, and the phone number that stands in it in several spellings."""

    endpoint: Endpoint
    event: dict[str, Any]
    number: str

    @property
    def signature(self) -> str:
        """What it came with; empty where that is the call's sid, which is logged."""
        said = str(self.event["headers"].get(SIGNATURE_HEADER, ""))
        return "" if said.strip() == self.endpoint.form.get("CallSid") else said


numbers = st.from_regex(r"\+[1-9][0-9]{9,13}", fullmatch=True)

NASTY = (
    *("", " ", "0", "-1", "1e400", "NaN", "null", "None", "[]", "{}", "٣", "²", "½", "1_000", " 12 ", "9" * 20),
    *("\x00", "\r\n", "\x1b[31m", "\x7f", "\ufeff", "\ufffe", "\uffff", "\u202e\u2066", "e\u0301", "\U0001f4a3"),
    *("<Response/>", "]]>", "&amp;", "<!DOCTYPE a>", "{call_sid}", "%s%n", "%00", "%", "CALL", "a" * 70),
    *("../../..", "//", "?a=b", "#", "+", "\\", "'", '"', "CA" + "a" * 32 + "\n", "WR" + "g" * 32, "ca" + "a" * 32),
    *("9" * 39, "9" * 310, "9" * 4400, "1" * 2049, "-" + "9" * 30, "9" * 13, "-62135596800001"),
)
HUGE = ("x" * 1025, "x" * 2049, "\u20ac" * 3000, "x" * 60_000, "\u20ac" * 20_000)


def spelled(number: str) -> st.SearchStrategy[str]:
    """The number as it may stand in a text, alone or among other things."""
    digits = number[1:]
    spaced = f"+{digits[0]} ({digits[1:4]}) {digits[4:7]}-{digits[7:]}"
    fullwidth = "".join(chr(0xFF10 + int(digit)) for digit in digits)
    plain = [number, digits, f"00{digits}", f"%2B{digits}", f"'{number}'", f"{number}\n{number}", f"\x00{digits}"]
    inside = [f"tel:{number}", f"sip:{digits}@example.com", f"client:u{digits}x", f"CA{number}"]
    return st.sampled_from([*plain, *inside, spaced, fullwidth])


def texts(number: str) -> st.SearchStrategy[str]:
    """Anything that a form's field may hold once it is decoded."""
    anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
    return st.one_of(spelled(number), st.sampled_from(NASTY), st.sampled_from(HUGE), anything)


def wrong_values(number: str) -> st.SearchStrategy[str]:
    """A JSON value as text: of a type that nobody expects, too deep, too large, or none at all."""
    depths = st.sampled_from([1, 300, 700, 990, 10_000, 25_000])
    bombs = st.builds(
        lambda depth, pair: pair[0] * depth + pair[1] * depth, depths, st.sampled_from(["[]", ("[", "]")])
    )
    objects = depths.map(lambda depth: '{"a":' * depth + "1" + "}" * depth)
    odd = ["1e400", "-1e400", "NaN", "Infinity", "1e308", "0", "-0", "true", "null", "[]", "{}", '""', '"\\ud800"']
    odd += [
        "9" * 30,
        "9" * 5000,
        "0.1",
        '{"a":{"b":[null]}}',
        '["+1"]',
        '"\\u0000"',
        '"\\uffff"',
        "1" * 40,
        "'",
        "\x00",
    ]
    return st.one_of(bombs, objects, st.sampled_from(odd), texts(number).map(json.dumps), texts(number))


@st.composite
def attributes(draw: st.DrawFn, honest: str, number: str) -> str:
    """Task or worker attributes: keys that we read with values that we cannot, keys twice, no object at all."""
    if draw(st.booleans()):
        return draw(wrong_values(number))
    known = {name: json.dumps(value) for name, value in json.loads(honest).items()}
    names = [*known, "worker_call_sid", "name", "extra"]
    pairs = list(known.items())
    for name in draw(st.lists(st.sampled_from(names), min_size=1, max_size=4)):
        if draw(st.booleans()):
            pairs = [pair for pair in pairs if pair[0] != name]  # else the key stands there twice
        pairs.append((name, draw(wrong_values(number))))
    return "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in pairs) + "}"


@st.composite
def forms(draw: st.DrawFn, endpoint: Endpoint, number: str) -> Pairs:
    """The endpoint's form with fields missing, repeated, spoilt and added."""
    name, values = endpoint.says
    form = {**endpoint.form, name: draw(st.sampled_from(values))}
    pairs = list(form.items())
    spoilt = list(form)
    for name in draw(st.lists(st.sampled_from(spoilt), max_size=5)):
        how = draw(st.sampled_from(["drop", "repeat", "replace", "replace"]))
        honest = form[name]
        value = attributes(honest, number) if name.endswith("Attributes") else texts(number)
        if how != "repeat":
            pairs = [pair for pair in pairs if pair[0] != name]
        if how != "drop":
            pairs.append((name, draw(value)))
    more = draw(st.sampled_from([0, 0, 0, 1, 3, 400]))
    return pairs + [(draw(texts(number))[:200] if more < 4 else f"f{index}", "") for index in range(more)]


@st.composite
def bodies(draw: st.DrawFn, endpoint: Endpoint, number: str) -> str:
    """The form as it is sent: well encoded, not at all, or with encodings that break off."""
    pairs = draw(forms(endpoint, number))
    encoded = urlencode(pairs)
    broken = ["", "&", "&&=&", "%", "%F", "%zz=%zz", "a=%FF%FE", "a=%ED%A0%80", "=x", ";a;b", "a=+1+2", "\u20ac=\x00"]
    return encoded + draw(st.sampled_from(["", "", *(f"&{end}" for end in broken)]))


def path_values(number: str) -> st.SearchStrategy[str]:
    """A path parameter as API Gateway hands it over: percent-encoded, never empty, without a slash."""
    long = st.sampled_from(["x" * 1025, "x" * 2049, "%E2%82%AC" * 800])
    texts_ = texts(number).filter(lambda text: 0 < len(text) < 3000).map(lambda text: quote(text, safe=""))
    return st.one_of(texts_, long, st.sampled_from(["%00", "%FF", "%ED%A0%80", "%2E%2E", "CALL", "0", "-1", "99999"]))


@st.composite
def signed(draw: st.DrawFn, endpoint: Endpoint) -> Request:
    """A webhook whose signature holds for what a server reads from it, however strange that is."""
    number = draw(numbers)
    body = draw(bodies(endpoint, number))
    path = {
        name: draw(path_values(number)) if draw(st.integers(0, 9)) == 0 else endpoint.path[name]
        for name in endpoint.path
    }
    pairs = parse_qsl(body, keep_blank_values=True)
    algorithm = draw(st.sampled_from([None, None, "HMAC_SHA256"]))
    event = post(endpoint.route, pairs, path, body=body, algorithm=algorithm)
    return Request(endpoint, _carried(event, draw(st.booleans())), number)


@st.composite
def astray(draw: st.DrawFn, endpoint: Endpoint) -> Request:
    """A webhook that is signed, and about no call or another one: whatever it says, no call of ours is meant."""
    request = draw(signed(endpoint))
    other = draw(
        st.one_of(st.sampled_from(["CA" + "f" * 32, "", "CALL", CALL + "\n", CALL.lower()]), texts(request.number))
    )
    spoilt = draw(st.one_of(st.just(json.dumps({"call_sid": other})), wrong_values(request.number)))
    identity = {"CallSid": other, "TaskAttributes": spoilt}
    pairs = [(name, value) for name, value in parse_qsl(_text_of(request.event)) if name not in identity]
    pairs += [(name, value) for name, value in identity.items() if name in endpoint.form]
    path = {**endpoint.path, "subject": "CA" + "f" * 32} if "subject" in endpoint.path else endpoint.path
    return Request(endpoint, post(endpoint.route, pairs, path), request.number)


def _text_of(event: Mapping[str, Any]) -> str:
    return base64.b64decode(event["body"]).decode() if event["isBase64Encoded"] else str(event["body"])


@st.composite
def forged(draw: st.DrawFn, endpoint: Endpoint) -> Request:
    """A webhook that Twilio never signed: no signature, a wrong one, or one for something else."""
    number = draw(numbers)
    body = draw(
        st.one_of(
            bodies(endpoint, number), st.text(max_size=200), st.sampled_from([None, "{}", "\udcff", "x" * 300_000])
        )
    )
    path = {name: draw(st.one_of(st.just(endpoint.path[name]), path_values(number))) for name in endpoint.path}
    event = post(
        endpoint.route,
        endpoint.form,
        path,
        body=body or "",
        token=draw(st.sampled_from([None, "wrong", "", TOKEN[:-1]])),
    )
    event["body"] = body
    odd = draw(st.one_of(st.none(), texts(number), st.sampled_from(["=", "A" * 28, "é" * 28])))
    if odd is not None:
        event["headers"][SIGNATURE_HEADER] = odd
    event["headers"] |= draw(st.dictionaries(st.sampled_from(_HEADERS), texts(number), max_size=2))
    if draw(st.booleans()):
        event["headers"][SIGNATURE_SETTINGS_HEADER] = f"key=1,algorithm={draw(texts(number))}"
    return Request(endpoint, _carried(event, draw(st.booleans())) if draw(st.booleans()) else event, number)


_HEADERS = (
    "Host",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "Accept",
    "I-Twilio-Idempotency-Token",
    "x-twilio-signature",
)


@st.composite
def misdirected(draw: st.DrawFn, endpoint: Endpoint) -> Request:
    """A request that API Gateway may hand over and Twilio never makes: method, content type, what is left out."""
    number = draw(numbers)
    event = draw(st.one_of(signed(endpoint), forged(endpoint))).event
    event["httpMethod"] = event["requestContext"]["httpMethod"] = draw(st.sampled_from(["POST", "GET", "PUT", "HEAD"]))
    content_type = draw(
        st.sampled_from([None, "", "application/json", "text/plain; charset=\x00", "multipart/form-data", number])
    )
    event["headers"]["Content-Type"] = content_type
    if content_type is None:
        del event["headers"]["Content-Type"]
    query = draw(st.dictionaries(texts(number), st.lists(texts(number), max_size=3), max_size=3))
    if draw(st.booleans()):
        event["multiValueQueryStringParameters"] = query
        event["queryStringParameters"] = {name: values[-1] for name, values in query.items() if values}
    for left_out in draw(st.sets(st.sampled_from(["domainName", "identity", "stage", "apiId", "requestId"]))):
        del event["requestContext"][left_out]
    if draw(st.integers(0, 4)) == 0:
        event["headers"] = event["multiValueHeaders"] = None  # the console's own "Test" sends none
    return Request(endpoint, event, number)


def _carried(event: dict[str, Any], in_base64: bool) -> dict[str, Any]:
    body = event["body"]
    if not in_base64 or body is None:
        return event
    return event | {"body": base64.b64encode(body.encode("utf-8", "surrogatepass")).decode(), "isBase64Encoded": True}


@st.composite
def job_bodies(draw: st.DrawFn, number: str) -> str:
    """The body of a message on the jobs queue that no version of ours has written."""
    job = {
        "job": draw(st.sampled_from(["ring_worker", "give_up", "hang_up", "put_back", "complete_task", "unheard_of"])),
        **{"call_sid": CALL, "reservation_sid": RESERVATION, "task_sid": TASK, "worker_call_sid": LEG},
        **{"reason": "as told", "activity_sid": "WA" + "3" * 32, "worker_sid": "WK" + "3" * 32, "back_after": 30},
        **{"from_sid": "WA" + "3" * 32, "to_sid": "WA" + "1" * 32, "since": 1.5, "until": 20},
    }
    if draw(st.booleans()):
        return draw(wrong_values(number))
    return draw(attributes(json.dumps(job), number))
