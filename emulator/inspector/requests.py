"""Requests to the application, what went wrong with them, and which leg or task each is about."""

from collections.abc import Callable, Sequence
from itertools import islice

from emulator.clock.scheduler import NOT_IMITATED, TraceEvent
from emulator.http.exchanges import Exchange
from emulator.http.webhooks import signed_url
from emulator.inspector import page
from emulator.inspector.page import Link
from emulator.ports import Form, WebResponse
from emulator.twilio import Twilio

SUBJECTS = ("CallSid", "MessageSid", "TaskSid", "WorkerSid", "ConferenceSid")  # the first that a form has
NO_ANSWER = {"connect": "no connection", "timeout": "no answer in time"}
BEGINNING = 600  # characters of an answer that stand beside a problem

Who = Callable[[str], str]


def webhooks(twilio: Twilio) -> list[page.Webhook]:
    """The newest first."""
    kept = list(twilio.webhooks.exchanges.last)
    attempts: dict[str, list[int]] = {}
    for exchange in kept:
        attempts.setdefault(exchange.token, []).append(exchange.number)
    return [_webhook(exchange, attempts[exchange.token], twilio.who) for exchange in reversed(kept)]


def _webhook(exchange: Exchange, attempts: list[int], who: Who) -> page.Webhook:
    result = exchange.result
    answer = result if isinstance(result, WebResponse) else None
    return page.Webhook(
        number=exchange.number,
        at=exchange.sent,
        method=exchange.request.method,
        url=exchange.request.url,
        about=_subject(exchange.form, who),
        parameters=dict(exchange.form),
        signature=exchange.request.headers.get("X-Twilio-Signature", ""),
        signed=signed_url(exchange.request.url),
        status=_status(exchange),
        failed=exchange.failed,
        headers=dict(answer.headers) if answer else {},
        body=answer.body.decode(errors="replace") if answer else "",
        took=_took(exchange),
        attempt=exchange.attempt,
        attempts=[number for number in attempts if number != exchange.number],
    )


def _status(exchange: Exchange) -> str:
    if exchange.result is None:
        return "under way"
    return str(exchange.result.status) if isinstance(exchange.result, WebResponse) else NO_ANSWER[exchange.result.kind]


def _took(exchange: Exchange) -> float | None:
    """Real seconds where there are any: by a clock that stands still every answer comes at once."""
    if exchange.result is None or exchange.came is None:
        return None
    return exchange.came - exchange.sent if exchange.result.seconds is None else exchange.result.seconds


def _subject(form: Form, who: Who) -> Link | None:
    sid = next((form[name] for name in SUBJECTS if form.get(name)), "")
    return Link(sid, who(sid)) if sid else None


# What went wrong


def problems(twilio: Twilio, most: int) -> list[page.Problem]:
    """Failed webhooks, warnings of Twilio's debugger, requests that REST refused: the newest `most` and one more.

    A failure that the debugger tells of stands there once, with the debugger's words.
    """
    exchanges = list(twilio.webhooks.exchanges.last)
    wrong = islice((event for event in reversed(twilio.scheduler.trace) if _is_wrong(event)), most + 1)
    found = [_told(event, exchanges, twilio.who) for event in wrong]
    told = {problem.webhook for problem in found}
    last = {one.token: one for one in exchanges}.values()  # of the attempts of each request
    found += [_failure(one, twilio.who) for one in last if one.failed and one.number not in told]
    return sorted(found, key=lambda problem: problem.at, reverse=True)


def _is_wrong(event: TraceEvent) -> bool:
    return event.kind == "warning" or (event.kind == "rest" and event.detail["error"] != "")


def _failure(exchange: Exchange, who: Who) -> page.Problem:
    at = exchange.sent if exchange.came is None else exchange.came
    about = _subject(exchange.form, who)
    what = "webhook failed" if exchange.attempt == 1 else f"webhook failed, attempt {exchange.attempt} as well"
    return page.Problem(at, what, about, exchange.number, _asked(exchange), _answer(exchange))


def _told(event: TraceEvent, exchanges: Sequence[Exchange], who: Who) -> page.Problem:
    detail = event.detail
    if event.kind == "rest":
        what = f"REST {detail['method']} {detail['path']}: {detail['status']} {detail['error']}"
        return page.Problem(event.at, what, None, 0, "", "")
    title = detail["code"] if detail["code"] == NOT_IMITATED else f"error {detail['code']}"
    about = Link(detail["sid"], who(detail["sid"])) if detail["sid"] else None
    blamed = _blamed(event, exchanges)
    what = f"{title}: {detail['message']}"
    if blamed is None:
        return page.Problem(event.at, what, about, 0, "", "")
    return page.Problem(event.at, what, about, blamed.number, _asked(blamed), _answer(blamed))


def _blamed(warning: TraceEvent, exchanges: Sequence[Exchange]) -> Exchange | None:
    """The last answer before the warning that came about the same leg, reservation or message."""
    sid = warning.detail["sid"]
    came = (one for one in reversed(exchanges) if one.came is not None and one.came <= warning.at)
    return next((one for one in came if sid and sid in one.form.values()), None)


def _asked(exchange: Exchange) -> str:
    return f"{exchange.request.method} {exchange.request.url}: {_status(exchange)}"


def _answer(exchange: Exchange) -> str:
    """Its beginning."""
    if not isinstance(exchange.result, WebResponse):
        return ""
    return exchange.result.body.decode(errors="replace")[:BEGINNING]


def of_event(event: TraceEvent, who: Who) -> Link | None:
    """What an event of the trace is about."""
    sid = event.detail.get("sid", "") or event.detail.get("caller_sid", "")
    return Link(sid, who(sid)) if sid else None
