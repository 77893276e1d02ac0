"""Who calls, on lines that ask for it: at the first webhook, before anything is said. In doubt a caller is let in."""

from chalicelib.caller import called, twiml
from chalicelib.callers import profile, screening
from chalicelib.callers.known import UNKNOWN, Known, of_token
from chalicelib.config.schema import Line
from chalicelib.observability import log
from chalicelib.twilio import urls
from chalicelib.twilio.request import Webhook
from chalicelib.twilio.values import count, person, text


def meet(webhook: Webhook, name: str, line: Line) -> tuple[str, Known]:
    """What is known of the caller; and what they hear who are not let in at once, empty for all others."""
    number = person(webhook.form.get("From"))
    known = UNKNOWN
    if line.know_caller:
        found = profile.of(number, webhook.at)
        if found.is_blocked(webhook.at):
            log.info("blocked caller", line=name, then=line.know_caller.blocked)
            rules = line.know_caller
            spoken = line.in_language(found.language)
            return twiml.refuse(spoken, rules.blocked, rules.blocked_say, called.way(webhook, spoken)), UNKNOWN
        known = profile.known(found, name, line.know_caller, webhook.at)
    return _screen(webhook, line.in_language(known.language), number, known), known


def _screen(webhook: Webhook, line: Line, number: str, known: Known) -> str:
    """What a caller hears who is screened out, or has to press a digit first; empty for others."""
    if line.screening is None:
        return ""
    verdict = screening.verdict(line.screening, number, text(webhook.form.get("StirVerstat")))
    match verdict:
        case "allow":
            return ""
        case "reject":
            document = twiml.refuse(line, "reject", "", called.way(webhook, line))
        case "captcha":
            document = _ask_digit(webhook, line, known, 1)
    log.info("caller is screened", verdict=verdict)
    return document


def digit_pressed(webhook: Webhook, line: Line) -> str:
    """What a caller hears who has pressed another digit than the one of the call, or none; empty for the right one."""
    rules, attempt = line.screening, count(webhook.path["attempt"]) or 1
    if rules is None or webhook.form.get("Digits", "") == webhook.path["digit"]:
        return ""
    if attempt >= rules.tries:
        log.info("caller has not pressed the digit")
        return twiml.say_goodbye(line, rules.sorry)
    return _ask_digit(webhook, line, of_token(webhook.path["caller"]), attempt + 1)


def _ask_digit(webhook: Webhook, line: Line, known: Known, attempt: int) -> str:
    assert line.screening is not None  # whose verdict, or whose digit, it is
    digit = screening.digit(text(webhook.form.get("CallSid")), attempt)
    action = urls.SCREENED.url(called.base_url(webhook, line), caller=known.token, digit=digit, attempt=str(attempt))
    return twiml.ask_digit(line, line.screening, digit, action)
