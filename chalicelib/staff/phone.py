"""A worker calls the staff number: a PIN, since caller id proves nothing, and then every command by a key."""

from collections.abc import Callable

from chalicelib.config import callcenter
from chalicelib.config.staff import Staff
from chalicelib.hours.switch import Position
from chalicelib.links import messages, table
from chalicelib.observability import log
from chalicelib.staff import commands, duty, lines, packaged, people, pins, texts, twiml
from chalicelib.staff.commands import Asked
from chalicelib.twilio import rest, urls
from chalicelib.twilio.request import Webhook
from chalicelib.twilio.values import count, sid, text

MOST_LINES = 9  # that a key chooses from


def call(webhook: Webhook) -> str:
    """A worker's phone rings here: the PIN is asked for. A stranger's call is refused unanswered."""
    worker = _worker(webhook)
    if worker is None:
        log.warning("call of a stranger to the staff")
        return twiml.strange()
    if worker.name not in packaged.current().pins:
        return twiml.goodbye(_rules(), twiml.NO_PIN)
    if duty.find_lock(worker.name).is_locked(webhook.at):
        return twiml.goodbye(_rules(), twiml.LOCKED)
    return twiml.ask_for_pin(_rules(), _next(webhook, urls.STAFF_PIN))


def pin(webhook: Webhook) -> str:
    """The PIN opens this call. The third wrong one within a quarter of an hour locks the worker out as long."""
    worker, call_sid, digits = _worker(webhook), sid(webhook.form.get("CallSid")), text(webhook.form.get("Digits"))
    kept = packaged.current().pins.get(worker.name, "") if worker else ""
    if worker is None or not (call_sid and kept):
        return twiml.goodbye(_rules(), twiml.NO_PIN)
    lock = duty.find_lock(worker.name)
    if lock.is_locked(webhook.at):
        return twiml.goodbye(_rules(), twiml.LOCKED)
    if not digits or not pins.fits(digits, kept):
        lock = duty.count_wrong_pin(worker.name, f"{call_sid}/{_step(webhook)}", webhook.at)
        log.warning("wrong PIN", worker_sid=worker.sid, failures=lock.failures)
        if lock.is_locked(webhook.at):
            return twiml.goodbye(_rules(), twiml.LOCKED)
        return twiml.ask_for_pin(_rules(), _next(webhook, urls.STAFF_PIN), twiml.WRONG_PIN)
    duty.open_in(worker.name, call_sid, webhook.at)
    return _menu(webhook, worker, commands.status(_asked(webhook, worker)))


def key(webhook: Webhook) -> str:
    """One command, and the menu again; a key that means nothing says the menu alone."""
    worker = _authorized(webhook)
    if worker is None:
        return twiml.goodbye(_rules(), twiml.NOT_NOW)
    pressed, asked = text(webhook.form.get("Digits")), _asked(webhook, worker)
    if pressed == "6":
        return twiml.ask_until(_rules(), _next(webhook, urls.STAFF_UNTIL))
    if pressed == "5":
        return twiml.ask_for_note(_rules(), _next(webhook, urls.STAFF_NOTE))
    if pressed == "7" and _lines_of(worker):
        return _choose_line(webhook, worker)
    does = _KEYS.get(pressed)
    return _menu(webhook, worker, does(asked) if does else "")


def until(webhook: Webhook) -> str:
    """Off until the time of day that was keyed in."""
    worker, time = _authorized(webhook), _time(webhook)
    if worker is None:
        return twiml.goodbye(_rules(), twiml.NOT_NOW)
    said = commands.switch(_asked(webhook, worker), "off", time) if time else twiml.NO_TIME
    return _menu(webhook, worker, said)


def note(webhook: Webhook) -> str:
    """A spoken note on the worker's last call: it is kept as long as the call's records are."""
    worker, recording_sid = _authorized(webhook), sid(webhook.form.get("RecordingSid"))
    link = commands.last_talk(worker.sid) if worker and recording_sid else None
    if worker is None or link is None:
        return twiml.goodbye(_rules(), texts.NO_TALK)
    seconds = count(webhook.form.get("RecordingDuration"))
    table.note_of_leg(link.key, link.worker_call_sid, {"note_sid": recording_sid, "note_seconds": seconds})
    messages.record_note(link.subject, recording_sid, webhook.at)
    return _menu(webhook, worker, twiml.NOTED)


def which_line(webhook: Webhook) -> str:
    """The line that the admin chose, and what may become of it."""
    worker = _authorized(webhook)
    if worker is None:
        return twiml.goodbye(_rules(), twiml.NOT_NOW)
    place = count(text(webhook.form.get("Digits")))
    if not 1 <= place <= len(_lines_of(worker)):
        return _menu(webhook, worker, "")
    return _about_line(webhook, worker, place)


def line(webhook: Webhook) -> str:
    """The line is closed for the day, or opened; or until when it is to be closed is asked."""
    worker, pressed = _authorized(webhook), text(webhook.form.get("Digits"))
    if worker is None or not (name := _line(webhook, worker)):
        return twiml.goodbye(_rules(), twiml.NOT_NOW)
    if pressed == "3":
        url = _next(webhook, urls.STAFF_LINE_UNTIL, line=webhook.path["line"])
        return twiml.ask_until(_rules(), url)
    to: Position | None = "closed" if pressed == "1" else "open" if pressed == "2" else None
    said = commands.switch_line(_asked(webhook, worker), to, texts.OfLine(name)) if to else ""
    return _menu(webhook, worker, said)


def line_until(webhook: Webhook) -> str:
    """The line is closed until the time of day that was keyed in."""
    worker, time = _authorized(webhook), _time(webhook)
    if worker is None or not (name := _line(webhook, worker)):
        return twiml.goodbye(_rules(), twiml.NOT_NOW)
    wanted = texts.OfLine(name, time)
    return _menu(
        webhook, worker, commands.switch_line(_asked(webhook, worker), "closed", wanted) if time else twiml.NO_TIME
    )


def _lines_of(worker: rest.Worker) -> list[str]:
    """The lines that this worker may close and open, as many as there are keys."""
    return lines.switchable()[:MOST_LINES] if lines.is_admin(worker.name) else []


def _line(webhook: Webhook, worker: rest.Worker) -> str:
    place, known = count(webhook.path.get("line")), _lines_of(worker)
    return known[place - 1] if 1 <= place <= len(known) else ""


def _choose_line(webhook: Webhook, worker: rest.Worker) -> str:
    known = _lines_of(worker)
    if len(known) == 1:
        return _about_line(webhook, worker, 1)
    return twiml.choose_line(_rules(), known, _next(webhook, urls.STAFF_LINES))


def _about_line(webhook: Webhook, worker: rest.Worker, place: int) -> str:
    said = lines.stands(_lines_of(worker)[place - 1], webhook.at)
    return twiml.switch_line(_rules(), said, _next(webhook, urls.STAFF_LINE, line=str(place)))


def sorry(_webhook: Webhook) -> str:
    """Our own code failed, or Twilio or AWS did."""
    return twiml.goodbye(_rules(), twiml.NOT_NOW)


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


def _menu(webhook: Webhook, worker: rest.Worker, said: str) -> str:
    standing = rest.worker(worker.sid)
    of_lines, url = bool(_lines_of(worker)), _next(webhook, urls.STAFF_KEY)
    return twiml.menu(_rules(), said, is_on=standing.available, url=url, of_lines=of_lines)


def _asked(webhook: Webhook, worker: rest.Worker) -> Asked:
    return Asked(worker, f"{webhook.form.get('CallSid')}/{_step(webhook)}", webhook.at)


def _time(webhook: Webhook) -> tuple[int, int] | None:
    digits = text(webhook.form.get("Digits"))
    return texts.time_of_day(f"{digits[:2]}:{digits[2:]}") if len(digits) == 4 else None


def _step(webhook: Webhook) -> int:
    return count(webhook.path.get("attempt"))


def _next(webhook: Webhook, route: urls.Route, **more: str) -> str:
    return route.url(webhook.base_url, attempt=str(_step(webhook) + 1), **more)


def _authorized(webhook: Webhook) -> rest.Worker | None:
    """The worker whose PIN was given in this call, as long as the call goes on. Raises NotDone."""
    worker, call_sid = _worker(webhook), sid(webhook.form.get("CallSid"))
    if worker is None or not call_sid or duty.find_lock(worker.name).open_in != call_sid:
        return None
    return worker if rest.is_live(call_sid) else None


def _worker(webhook: Webhook) -> rest.Worker | None:
    is_ours = webhook.form.get("To") in _rules().numbers
    worker = people.with_phone(webhook.form.get("From", "")) if is_ours else None
    if worker:
        log.bind(worker_sid=worker.sid)
    return worker


def _rules() -> Staff:
    return callcenter.current().staff
