"""A caller of a closed line asks to be called back when it opens."""

from chalicelib.callbacks import asking, numbers
from chalicelib.caller import callback, called, twiml
from chalicelib.config.callbacks import GOODBYE, Callback
from chalicelib.config.schema import Line
from chalicelib.links import caller_leg, reading
from chalicelib.observability import log
from chalicelib.twilio.request import Webhook
from chalicelib.twilio.values import sid, text


def confirm(webhook: Webhook) -> str:
    """The caller heard the number to call back, and pressed a key."""
    line = _line(webhook)
    rules, pressed = line.callback, text(webhook.form.get("Digits"))
    if rules and pressed == callback.Keys.CONFIRMS:
        return _ask(webhook, line, rules)
    if rules and rules.other_number and pressed == callback.Keys.ANOTHER:
        return twiml.ask_number_when_closed(line, rules, webhook.base_url)
    return twiml.say_goodbye(line, rules.says.goodbye if rules else GOODBYE)


def number(webhook: Webhook) -> str:
    """The caller typed the number to call back: it is kept with the call, and read back."""
    line = _line(webhook)
    rules, call_sid = line.callback, sid(webhook.form.get("CallSid"))
    if rules is None or not (rules.other_number and call_sid):
        return twiml.say_goodbye(line, rules.says.goodbye if rules else GOODBYE)
    typed = numbers.typed(text(webhook.form.get("Digits")), rules.countries[0])
    if not callback.may_call(typed, rules):
        return twiml.say_goodbye(line, rules.says.not_called, rules.says.goodbye)
    caller_leg.record(call_sid, {"wish_number": typed}, webhook.at)
    return twiml.confirm_when_closed(line, rules, numbers.spoken(typed), callback.OTHER, webhook.base_url)


def _ask(webhook: Webhook, line: Line, rules: Callback) -> str:
    """Keep the callback: it is held while this call lasts, and then until the line opens."""
    call_sid = sid(webhook.form.get("CallSid"))
    call = reading.of_call(call_sid).call if call_sid else None
    wanted = callback.wanted_by(webhook, call)
    if wanted is None:
        return twiml.say_goodbye(line, rules.says.not_called, rules.says.goodbye)
    answer, about = asking.ask(wanted, rules, webhook.at)
    if not about:
        log.info("callback is refused", why=answer)
        return twiml.say_goodbye(line, callback.refused(rules, answer), rules.says.goodbye)
    known = {"wish": "callback", "wished_at": webhook.at, "callback": about}
    who = {"line": wanted.line, "caller": wanted.caller, "called": webhook.form.get("To", "")}
    caller_leg.record_and_read(call_sid, known, webhook.at, defaults=who)
    log.info("callback is asked for", callback=about)
    return twiml.thank_for_callback(line)


def _line(webhook: Webhook) -> Line:
    return called.line(webhook)[1]
