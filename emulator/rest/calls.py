"""REST on Calls, Queues and IncomingPhoneNumbers (contract 7.1, 7.3, 7.4, 7.5)."""

import re
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlencode

from emulator.ports import TwilioError
from emulator.rest import numbers
from emulator.rest.answer import RestAnswer
from emulator.voice.calls import API_VERSION, Call, Method, Source, StatusCallback, rfc2822
from emulator.voice.numbers import Number
from emulator.voice.queues import VoiceQueue
from emulator.voice.service import Order, Voice

Fields = Mapping[str, Sequence[str]]
EVENTS = {"initiated", "ringing", "answered", "completed"}
MAX_TIMEOUT = 600
MAX_TWIML = 4000
MAX_QUEUE_SIZE = 5000
_ROUTES = re.compile(
    r"^/2010-04-01/Accounts/(AC[0-9a-fA-F]{32})/(Calls|Queues|IncomingPhoneNumbers)(?:/([A-Z]{2}[0-9a-fA-F]{32}))?\.json$"
)


def handle(voice: Voice, method: str, path: str, fields: Fields) -> RestAnswer:
    """One request. TwilioError with its HTTP status for every refusal."""
    found = _ROUTES.match(path)
    if found is None or found[1] != voice.context.account_sid:
        raise not_found(path)
    one = _ONE.get((method, found[2]))
    many = _MANY.get((method, found[2]))
    if found[3] and one is not None:
        return one(voice, path, found[3], fields)
    if not found[3] and many is not None:
        return many(voice, fields)
    raise TwilioError(20004, f"Method {method} is not allowed", 405)


def not_found(path: str) -> TwilioError:
    return TwilioError(20404, f"The requested resource {path} was not found", 404)


def _one(fields: Fields, name: str, default: str = "") -> str:
    values = fields.get(name)
    return values[-1] if values else default


def _method(fields: Fields, name: str) -> Method:
    return "GET" if _one(fields, name) == "GET" else "POST"


# Calls


def _create_call(voice: Voice, fields: Fields) -> RestAnswer:
    order = Order(
        to=_required(fields, "To", 21201),
        from_=_required(fields, "From", 21213),
        source=_source(fields),
        timeout=_timeout(fields),
        fallback_url=_one(fields, "FallbackUrl"),
        fallback_method=_method(fields, "FallbackMethod"),
        callback=_callback(fields),
    )
    return RestAnswer(201, call_body(voice.place(order)))


def _required(fields: Fields, name: str, code: int) -> str:
    value = _one(fields, name)
    if not value:
        raise TwilioError(code, f"No '{name}' number is specified")
    if name == "To" and not _can_be_called(value):
        raise TwilioError(21211, f"Invalid 'To' Phone Number: {value}")
    return value


def _can_be_called(number: str) -> bool:
    return re.fullmatch(r"\+[1-9]\d{6,14}|(client|sip|sips):\S+", number) is not None


def _source(fields: Fields) -> Source:
    """Url wins over Twiml (contract 7.1)."""
    url, twiml = _one(fields, "Url"), _one(fields, "Twiml")
    if url:
        return Source(_web_url(url), _method(fields, "Method"))
    if not twiml:
        raise TwilioError(21205, "Url parameter is required.")
    if len(twiml) > MAX_TWIML:
        raise TwilioError(20001, f"Twiml is longer than {MAX_TWIML} characters")
    return Source(twiml=twiml)


def _web_url(url: str) -> str:
    if not re.match(r"https?://[^/\s]", url):
        raise TwilioError(21205, f"Url is not a valid URL: {url}")
    return url


def _timeout(fields: Fields) -> float:
    text = _one(fields, "Timeout", "60")
    if not text.isdigit() or not 0 < int(text) <= MAX_TIMEOUT:
        raise TwilioError(21208, f"Invalid Timeout: {text}")
    return float(text)


def _callback(fields: Fields) -> StatusCallback:
    events = frozenset(event for value in fields.get("StatusCallbackEvent", ()) for event in value.split())
    if not events <= EVENTS:
        raise TwilioError(21626, f"Invalid StatusCallbackEvents: {', '.join(sorted(events - EVENTS))}")
    return StatusCallback(
        _one(fields, "StatusCallback"), _method(fields, "StatusCallbackMethod"), events or frozenset({"completed"})
    )


def _call(voice: Voice, path: str, sid: str) -> Call:
    call = voice.context.calls.get(sid)
    if call is None:
        raise not_found(path)
    return call


def _get_call(voice: Voice, path: str, sid: str, _fields: Fields) -> RestAnswer:
    return RestAnswer(200, call_body(_call(voice, path, sid)))


def _update_call(voice: Voice, path: str, sid: str, fields: Fields) -> RestAnswer:
    call = _call(voice, path, sid)
    status = _one(fields, "Status")
    if status:
        _end_call(voice, call, status)
    if not status and ("Url" in fields or "Twiml" in fields):
        voice.go_to(call, _source(fields))
    call.updated = voice.context.scheduler.now()
    return RestAnswer(200, call_body(call))


def _end_call(voice: Voice, call: Call, status: str) -> None:
    """`canceled` ends only what is not yet answered; that an answered call gives 21220 for it is uncertain."""
    if status not in {"canceled", "completed"}:
        raise TwilioError(20001, f"Invalid Status: {status}")
    if call.is_over or (status == "canceled" and call.status == "in-progress"):
        raise TwilioError(21220, "Call is not in-progress. Cannot redirect.")
    voice.complete(call)


def _list_calls(voice: Voice, fields: Fields) -> RestAnswer:
    wanted = {name.lower(): _one(fields, name) for name in ("To", "From", "Status") if name in fields}
    bodies = [call_body(call) for call in reversed(voice.context.calls.values())]
    found = [body for body in bodies if all(body[name] == value for name, value in wanted.items())]
    return _page(voice, "Calls", found, fields)


def call_body(call: Call) -> dict[str, object]:
    """The Call resource. An unanswered call has no duration, an unfinished one no end."""
    uri = f"/{API_VERSION}/Accounts/{call.account_sid}/Calls/{call.sid}"
    parts = ("events", "notifications", "payments", "recordings", "siprec", "streams", "transcriptions")
    nothing = ("parent_call_sid", "phone_number_sid", "price", "answered_by", "forwarded_from")
    return {
        **dict.fromkeys((*nothing, "group_sid", "caller_name", "trunk_sid")),
        "sid": call.sid,
        "account_sid": call.account_sid,
        "api_version": API_VERSION,
        "date_created": rfc2822(call.created),
        "date_updated": rfc2822(call.updated),
        "to": call.to,
        "to_formatted": call.to,
        "from": call.from_,
        "from_formatted": call.from_,
        "status": call.status,
        "direction": call.direction,
        "start_time": _date(call.answered),
        "end_time": _date(call.ended),
        "duration": str(call.seconds()) if call.ended is not None and call.answered is not None else None,
        "price_unit": "USD",
        "queue_time": str(round(call.queue_seconds * 1000)),
        "uri": f"{uri}.json",
        "subresource_uris": {part: f"{uri}/{part.capitalize()}.json" for part in parts},
    }


def _date(seconds: float | None) -> str | None:
    return None if seconds is None else rfc2822(seconds)


# Queues


def _list_queues(voice: Voice, fields: Fields) -> RestAnswer:
    """There is no filter by name: it is not in Twilio's description of the API (contract 7.4)."""
    found = [_queue_body(voice, queue) for queue in voice.context.queues.by_name.values()]
    return _page(voice, "Queues", found, fields)


def _queue(voice: Voice, path: str, sid: str) -> VoiceQueue:
    queue = voice.context.queues.by_sid(sid)
    if queue is None:
        raise not_found(path)
    return queue


def _get_queue(voice: Voice, path: str, sid: str, _fields: Fields) -> RestAnswer:
    return RestAnswer(200, _queue_body(voice, _queue(voice, path, sid)))


def _update_queue(voice: Voice, path: str, sid: str, fields: Fields) -> RestAnswer:
    queue = _queue(voice, path, sid)
    size = _one(fields, "MaxSize", str(queue.max_size))
    name = _one(fields, "FriendlyName", queue.friendly_name)
    if not size.isdigit() or not 0 < int(size) <= MAX_QUEUE_SIZE:
        raise TwilioError(20001, f"Invalid MaxSize: {size}")
    if name != queue.friendly_name:
        voice.context.queues.rename(queue, name)
    queue.max_size = int(size)
    queue.updated = voice.context.scheduler.now()
    return RestAnswer(200, _queue_body(voice, queue))


def _queue_body(voice: Voice, queue: VoiceQueue) -> dict[str, object]:
    account = voice.context.account_sid
    return {
        "sid": queue.sid,
        "account_sid": account,
        "friendly_name": queue.friendly_name,
        "current_size": len(queue.members),
        "max_size": queue.max_size,
        "average_wait_time": queue.average_wait(),
        "date_created": rfc2822(queue.created),
        "date_updated": rfc2822(queue.updated),
        "uri": f"/{API_VERSION}/Accounts/{account}/Queues/{queue.sid}.json",
    }


# Phone numbers


def _list_numbers(voice: Voice, fields: Fields) -> RestAnswer:
    account = voice.context.account_sid
    shown = [numbers.body(one, account) for one in numbers.found([*voice.numbers.values()], fields)]
    return _page(voice, "IncomingPhoneNumbers", shown, fields, key="incoming_phone_numbers")


def _number(voice: Voice, path: str, sid: str) -> Number:
    number = next((one for one in voice.numbers.values() if one.sid == sid), None)
    if number is None:
        raise not_found(path)
    return number


def _get_number(voice: Voice, path: str, sid: str, _fields: Fields) -> RestAnswer:
    return RestAnswer(200, numbers.body(_number(voice, path, sid), voice.context.account_sid))


def _update_number(voice: Voice, path: str, sid: str, fields: Fields) -> RestAnswer:
    number = numbers.changed(_number(voice, path, sid), fields, voice.context.scheduler.now())
    voice.numbers[number.phone_number] = number
    return RestAnswer(200, numbers.body(number, voice.context.account_sid))


# Pages


def _page(voice: Voice, resource: str, found: list[dict[str, object]], fields: Fields, key: str = "") -> RestAnswer:
    """One page of a list, under `key`; the list's filters go on in the URL of the next page."""
    size = min(max(_count(fields, "PageSize", 50), 1), 1000)
    page = _count(fields, "Page", 0)
    filters = [(name, values) for name, values in fields.items() if not name.startswith("Page")]
    start = page * size
    shown = found[start : start + size]

    def uri(number: int) -> str:
        path = f"/{API_VERSION}/Accounts/{voice.context.account_sid}/{resource}.json"
        query = urlencode([*filters, ("PageSize", [str(size)]), ("Page", [str(number)])], doseq=True)
        return f"{path}?{query}"

    body: dict[str, object] = {
        key or resource.lower(): shown,
        "page": page,
        "page_size": size,
        "start": start,
        "end": max(start, start + len(shown) - 1),
        "uri": uri(page),
        "first_page_uri": uri(0),
        "previous_page_uri": uri(page - 1) if page else None,
        "next_page_uri": uri(page + 1) if start + size < len(found) else None,
    }
    return RestAnswer(200, body)


def _count(fields: Fields, name: str, default: int) -> int:
    text = _one(fields, name, str(default))
    if not text.isdigit():
        raise TwilioError(20001, f"{name} is no number: {text}")
    return int(text)


_ONE: dict[tuple[str, str], Callable[[Voice, str, str, Fields], RestAnswer]] = {
    ("GET", "Calls"): _get_call,
    ("POST", "Calls"): _update_call,
    ("GET", "Queues"): _get_queue,
    ("POST", "Queues"): _update_queue,
    ("GET", "IncomingPhoneNumbers"): _get_number,
    ("POST", "IncomingPhoneNumbers"): _update_number,
}
_MANY: dict[tuple[str, str], Callable[[Voice, Fields], RestAnswer]] = {
    ("GET", "Calls"): _list_calls,
    ("POST", "Calls"): _create_call,
    ("GET", "Queues"): _list_queues,
    ("GET", "IncomingPhoneNumbers"): _list_numbers,
}
