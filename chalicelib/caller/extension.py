"""A caller types the extension of a worker: they are offered the call alone, or the caller leaves them a message."""

from chalicelib.caller import called, twiml
from chalicelib.caller.twiml import Person
from chalicelib.caller.way_in import queueing
from chalicelib.callers.known import of_token
from chalicelib.config import callcenter
from chalicelib.config.callers import Extensions
from chalicelib.config.schema import CallCenter, Line
from chalicelib.config.texts import Text
from chalicelib.links import caller_leg
from chalicelib.observability import log
from chalicelib.staff import packaged, people
from chalicelib.twilio import rest
from chalicelib.twilio.request import Webhook
from chalicelib.twilio.values import count, sid, text


def ask(webhook: Webhook, line: Line, rules: Extensions) -> str:
    """The caller pressed the key of the menu that asks for it."""
    return twiml.ask_extension(line, rules, 1, _into_queue(webhook, line))


def typed(webhook: Webhook) -> str:
    """The digits. Who types none, or often enough such as nobody has, goes into the queue of the line."""
    name, line = called.line(webhook)
    rules, digits = line.extensions, text(webhook.form.get("Digits"))
    into_queue = _into_queue(webhook, line)
    if rules is None or not digits:
        return twiml.enqueue(line, into_queue, {})
    person, attempt = Person(digits, packaged.current().extensions.get(digits, "")), count(webhook.path["attempt"]) or 1
    if not person.name:
        if attempt >= rules.tries:
            return twiml.enqueue(line, into_queue, {})
        return twiml.ask_extension(line, rules, attempt + 1, into_queue, rules.unknown)
    _keep(webhook, name, person)
    if _is_off(person.name):
        return twiml.take_message_for(line, rules, person.name, called.way(webhook, line))
    notices = _notices(callcenter.current(), rules)
    return twiml.enqueue_for_person(line, rules, person, into_queue._replace(notices=notices))


def wait(webhook: Webhook) -> str:
    """One round of waiting for the worker."""
    _, line = called.line(webhook)
    if line.extensions is None:
        return twiml.leave_queue()
    return twiml.wait_for_person(line, line.extensions, count(webhook.form.get("QueueTime")))


def message(webhook: Webhook) -> str:
    """The caller has left the queue without the worker."""
    _, line = called.line(webhook)
    name = packaged.current().extensions.get(webhook.path.get("extension", ""), "")
    if line.extensions is None or not name:
        return twiml.after(line, "leave", called.way(webhook, line))
    return twiml.take_message_for(line, line.extensions, name, called.way(webhook, line))


def _notices(center: CallCenter, rules: Extensions) -> dict[str, Text]:
    """What callers hear before whose talks in the queue of persons are recorded."""
    recording = center.queue(rules.queue).recording
    return {rules.queue: recording.notice} if recording and recording.is_told_by_us else {}


def _is_off(name: str) -> bool:
    """Whether the worker takes no calls for now; while nobody knows they are tried."""
    try:
        worker = rest.workers.of_name(name)
    except (rest.NotDone, rest.TwilioRejected) as error:
        log.warning("nobody knows whether the worker is on", why=str(error))
        return False
    return worker is None or not (worker.available or people.is_on_the_way_back(worker))


def _keep(webhook: Webhook, line: str, person: Person) -> None:
    """Whom the caller asked for, if possible: a message that they leave is for that one."""
    call_sid, form = sid(webhook.form.get("CallSid")), webhook.form
    who = {"line": line, "caller": text(form.get("From")), "called": text(form.get("To"))}
    try:
        if call_sid:
            caller_leg.record(call_sid, {"person": person.name}, webhook.at, defaults=who)
    except Exception as error:
        log.error("whom the caller asked for is not kept", call_sid=call_sid, why=type(error).__name__)


def _into_queue(webhook: Webhook, line: Line) -> twiml.Queueing:
    return queueing(webhook, line, {}, known=of_token(webhook.path.get("caller", "")))
