"""A caller of a line that is closed: decided once, at the first webhook or when callers leave at closing time."""

from chalicelib.caller import called, twiml
from chalicelib.caller.say import filled
from chalicelib.config import callcenter
from chalicelib.config.schema import CallCenter, Line
from chalicelib.config.texts import Text
from chalicelib.hours import state
from chalicelib.hours.calendar import Closed
from chalicelib.observability import log
from chalicelib.twilio.request import Webhook
from chalicelib.twilio.values import text

ANSWERED = ("completed", "answered")  # of the call to another number (contract 3.2)


def document(webhook: Webhook, name: str, line: Line, *, is_answered: bool = False) -> str:
    """What a caller hears if the line is closed now; empty if it is open."""
    standing = state.of(name, line, webhook.at)
    if not isinstance(standing, Closed):
        return ""
    log.info("caller of a closed line", line=name, then=line.closed.then)
    return twiml.closed(
        line, sentence(line, standing), called.way(webhook, line), _phone(webhook, line), is_answered=is_answered
    )


def sentence(line: Line, standing: Closed) -> Text:
    """What the switch, or the date, has to say; else the line's own, unless it rejects its callers."""
    if standing.say:
        return standing.say
    rules = line.closed
    if rules.then == "reject":
        return ""
    return filled(line, rules.say_holiday, name=standing.name) if standing.name and rules.say_holiday else rules.say


def key(webhook: Webhook) -> str:
    """The urgent key, or another one: then it goes on as without."""
    _, line = called.line(webhook)
    urgent = line.closed.urgent_key
    phone = _phone(webhook, line)
    if urgent and webhook.form.get("Digits", "") == urgent.digits:
        log.info("caller of a closed line is urgent")
        return twiml.ring_for_caller(line, urgent.to, phone, called.base_url(webhook, line))
    return twiml.closed_then(line, called.way(webhook, line), phone)


def dialed(webhook: Webhook) -> str:
    """The call to another number is over."""
    _, line = called.line(webhook)
    is_answered = text(webhook.form.get("DialCallStatus")) in ANSWERED
    return twiml.dialed_when_closed(line, called.way(webhook, line), is_answered=is_answered)


def apologize(webhook: Webhook) -> str:
    """Our own code failed: what the line says when nobody is reached."""
    _, line = called.line(webhook)
    return twiml.dialed_when_closed(line, called.way(webhook, line), is_answered=False)


def _phone(webhook: Webhook, line: Line) -> twiml.Phone:
    return phone_of(callcenter.current(), line, text(webhook.form.get("From")))


def phone_of(center: CallCenter, line: Line, caller: str) -> twiml.Phone:
    """The caller's phone, as far as the closed document needs it."""
    if line.closed.then != "callback" or line.callback is None:
        return twiml.Phone(center.caller_id(caller))
    from chalicelib.callbacks import numbers

    may_call = numbers.is_allowed(caller, line.callback.countries, center.own_numbers())
    return twiml.Phone(center.caller_id(caller), numbers.spoken(caller) if may_call else "")
