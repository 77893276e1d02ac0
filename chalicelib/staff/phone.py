"""A worker calls the staff number: a PIN, since caller id proves nothing, and then every command by a key."""

from collections.abc import Callable

from chalicelib.links import messages, steps
from chalicelib.observability import log
from chalicelib.staff import commands, duty, listening, packaged, pins, session, switching, texts, twiml
from chalicelib.staff.commands import Asked
from chalicelib.twilio import urls
from chalicelib.twilio.request import Webhook
from chalicelib.twilio.values import count, sid, text


def call(webhook: Webhook) -> str:
    """A worker's phone rings here: the PIN is asked for. A stranger's call is refused unanswered."""
    worker = session.worker_of(webhook)
    if worker is None:
        log.warning("call of a stranger to the staff")
        return twiml.strange()
    if worker.name not in packaged.current().pins:
        return twiml.goodbye(session.rules(), twiml.NO_PIN)
    if duty.find_lock(worker.name).is_locked(webhook.at):
        return twiml.goodbye(session.rules(), twiml.LOCKED)
    return twiml.ask_for_pin(session.rules(), session.next_url(webhook, urls.STAFF_PIN))


def pin(webhook: Webhook) -> str:
    """The PIN opens this call. The third wrong one within a quarter of an hour locks the worker out as long."""
    worker, call_sid, digits = (
        session.worker_of(webhook),
        sid(webhook.form.get("CallSid")),
        text(webhook.form.get("Digits")),
    )
    kept = packaged.current().pins.get(worker.name, "") if worker else ""
    if worker is None or not (call_sid and kept):
        return twiml.goodbye(session.rules(), twiml.NO_PIN)
    lock = duty.find_lock(worker.name)
    if lock.is_locked(webhook.at):
        return twiml.goodbye(session.rules(), twiml.LOCKED)
    if not digits or not pins.fits(digits, kept):
        lock = duty.count_wrong_pin(worker.name, f"{call_sid}/{session.step(webhook)}", webhook.at)
        log.warning("wrong PIN", worker_sid=worker.sid, failures=lock.failures)
        if lock.is_locked(webhook.at):
            return twiml.goodbye(session.rules(), twiml.LOCKED)
        return twiml.ask_for_pin(session.rules(), session.next_url(webhook, urls.STAFF_PIN), twiml.WRONG_PIN)
    duty.open_in(worker.name, call_sid, webhook.at)
    return session.menu(webhook, worker, commands.status(session.asked(webhook, worker)))


def key(webhook: Webhook) -> str:
    """One command, and the menu again; a key that means nothing says the menu alone."""
    worker = session.authorized(webhook)
    if worker is None:
        return twiml.goodbye(session.rules(), twiml.NOT_NOW)
    pressed, asked = text(webhook.form.get("Digits")), session.asked(webhook, worker)
    if pressed == "6":
        return twiml.ask_until(session.rules(), session.next_url(webhook, urls.STAFF_UNTIL))
    if pressed == "5":
        return twiml.ask_for_note(session.rules(), session.next_url(webhook, urls.STAFF_NOTE))
    if pressed == "7" and session.lines_of(worker):
        return switching.choose(webhook, worker)
    if pressed == "8":
        return listening.ask(webhook, worker)
    does = _KEYS.get(pressed)
    return session.menu(webhook, worker, does(asked) if does else "")


def until(webhook: Webhook) -> str:
    """Off until the time of day that was keyed in."""
    worker, time = session.authorized(webhook), session.time(webhook)
    if worker is None:
        return twiml.goodbye(session.rules(), twiml.NOT_NOW)
    said = commands.switch(session.asked(webhook, worker), "off", time) if time else twiml.NO_TIME
    return session.menu(webhook, worker, said)


def note(webhook: Webhook) -> str:
    """A spoken note on the worker's last call: it is kept as long as the call's records are."""
    worker, recording_sid = session.authorized(webhook), sid(webhook.form.get("RecordingSid"))
    link = commands.last_talk(worker.sid) if worker and recording_sid else None
    if worker is None or link is None:
        return twiml.goodbye(session.rules(), texts.NO_TALK)
    seconds = count(webhook.form.get("RecordingDuration"))
    steps.note_of_leg(link.key, link.worker_call_sid, {"note_sid": recording_sid, "note_seconds": seconds})
    messages.record_note(link.subject, recording_sid, webhook.at)
    return session.menu(webhook, worker, twiml.NOTED)


def sorry(_webhook: Webhook) -> str:
    """Our own code failed, or Twilio or AWS did."""
    return twiml.goodbye(session.rules(), twiml.NOT_NOW)


_KEYS: dict[str, Callable[[Asked], str]] = {
    "1": lambda asked: commands.switch(asked, "on", None),
    "0": lambda asked: commands.switch(asked, "off", None),
    "2": commands.next_shift,
    "3": lambda _asked: commands.who(),
    "4": lambda asked: spelled(commands.last(asked)),
}


def spelled(sentence: str) -> str:
    """Each digit of a phone number by itself, so that it can be written down."""
    return " ".join(" ".join(word) if word.startswith("+") else word for word in sentence.split())
