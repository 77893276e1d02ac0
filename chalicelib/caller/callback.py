"""A caller who waits asks to be called back: a key, the number, a confirmation; and they keep the place all the time.

A worker who is joined in the middle of it ends it. Where anything fails, the caller waits on.
"""

from chalicelib.callbacks import asking, numbers
from chalicelib.caller import called, twiml
from chalicelib.caller.say import filled
from chalicelib.config import callcenter
from chalicelib.config.callbacks import Callback as Rules
from chalicelib.config.schema import Line
from chalicelib.config.texts import Text
from chalicelib.links import caller_leg, reading
from chalicelib.links.model import Call, Callback
from chalicelib.observability import log
from chalicelib.twilio.request import Webhook
from chalicelib.twilio.values import person, sid, text

OWN, OTHER = "own", "other"  # of the route's path: which number is confirmed


class Keys:
    CONFIRMS, ANOTHER, CANCELS = "1", "2", "4"


def begin(webhook: Webhook) -> str:
    """The caller pressed the key: the number is read to them, or asked for where theirs cannot be called."""
    line, rules = _rules(webhook)
    if line is None or rules is None:
        return twiml.wait_on(webhook.base_url)
    caller = text(webhook.form.get("From"))
    if may_call(caller, rules):
        asked = _has_asked(webhook, caller)
        return twiml.confirm_callback(line, rules, numbers.spoken(caller), OWN, webhook.base_url, asked=asked)
    if rules.other_number:
        return twiml.ask_for_number(line, rules, webhook.base_url)
    return twiml.say_and_wait(line, rules.says.not_called, webhook.base_url)


def confirm(webhook: Webhook) -> str:
    """The caller heard the number, and pressed a key."""
    line, rules = _rules(webhook)
    if line is None or rules is None:
        return twiml.wait_on(webhook.base_url)
    match text(webhook.form.get("Digits")):
        case Keys.CONFIRMS:
            return _ask(webhook, line, rules)
        case Keys.ANOTHER if rules.other_number:
            return twiml.ask_for_number(line, rules, webhook.base_url)
        case Keys.CANCELS:
            asking.withdraw(text(webhook.form.get("From")), _name(webhook), webhook.at)
            return twiml.say_and_wait(line, rules.says.canceled, webhook.base_url)
        case _:
            return twiml.wait_on(webhook.base_url)


def number(webhook: Webhook) -> str:
    """The caller typed another number: it is kept with the call, and read back."""
    line, rules = _rules(webhook)
    call_sid = sid(webhook.form.get("CallSid"))
    if line is None or rules is None or not (rules.other_number and call_sid):
        return twiml.wait_on(webhook.base_url)
    typed = numbers.typed(text(webhook.form.get("Digits")), rules.countries[0])
    if not may_call(typed, rules):
        return twiml.say_and_wait(line, rules.says.not_called, webhook.base_url)
    caller_leg.record(call_sid, {"wish_number": typed}, webhook.at)
    return twiml.confirm_callback(line, rules, numbers.spoken(typed), OTHER, webhook.base_url)


def can_be_offered(caller: str, rules: Rules) -> bool:
    """Whether there is a number to call: the caller's own, or one that they may type."""
    return rules.other_number or may_call(caller, rules)


def _ask(webhook: Webhook, line: Line, rules: Rules) -> str:
    call_sid = sid(webhook.form.get("CallSid"))
    call = reading.of_call(call_sid).call if call_sid else None
    wanted = wanted_by(webhook, call)
    if wanted is None:
        return twiml.wait_on(webhook.base_url)
    answer, about = asking.ask(wanted, rules, webhook.at)
    if not about:
        log.info("callback is refused", why=answer)
        return twiml.say_and_wait(line, refused(rules, answer), webhook.base_url)
    caller_leg.record(call_sid, {"wish": "callback", "wished_at": webhook.at, "callback": about}, webhook.at)
    log.info("callback is asked for", callback=about)
    return twiml.leave_queue(line, filled(line, rules.confirm, number=numbers.spoken(wanted.number)))


def refused(rules: Rules, answer: asking.Answer) -> Text:
    """Why a number is not called back."""
    return rules.says.not_called if answer == "not allowed" else rules.says.too_often


def wanted_by(webhook: Webhook, call: Call | None) -> Callback | None:
    """The callback that is asked for; None when nobody knows the number."""
    form, own = webhook.form, webhook.path.get("number") == OWN
    caller, dialled, call_sid = text(form.get("From")), text(form.get("To")), sid(form.get("CallSid"))
    wished = caller if own else call.wish_number if call else ""
    if not (call_sid and wished):
        return None
    name, line = callcenter.current().line_of(dialled)
    since = call.at if call and call.at else webhook.at
    routing = call.attributes if call and call.attributes else line.attributes
    return Callback(
        call_sid=call_sid,
        line=name,
        caller=person(caller),
        number=wished,
        called=callcenter.current().caller_id(dialled),
        attributes=asking.attributes_of(routing),
        since=min(since, webhook.at),
        at=webhook.at,
        on_line=call_sid,
    )


def _has_asked(webhook: Webhook, caller: str) -> bool:
    """Whether the caller has a callback to cancel; while nobody knows, they are offered one all the same."""
    try:
        return asking.open_of(caller, _name(webhook)) is not None
    except Exception as error:
        log.error("open callbacks cannot be read", why=type(error).__name__)
        return False


def _name(webhook: Webhook) -> str:
    return callcenter.current().line_of(text(webhook.form.get("To")))[0]


def may_call(number: str, rules: Rules) -> bool:
    return numbers.is_allowed(number, rules.countries, callcenter.current().own_numbers())


def _rules(webhook: Webhook) -> tuple[Line | None, Rules | None]:
    treatment = called.treatment(webhook)
    return (treatment, treatment.callback) if isinstance(treatment, Line) else (None, None)
