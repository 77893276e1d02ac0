"""An admin closes and opens lines on the phone: which line, what becomes of it, and until when."""

from chalicelib.hours.switch import Position
from chalicelib.staff import commands, lines, session, texts, twiml
from chalicelib.twilio import rest, urls
from chalicelib.twilio.request import Webhook
from chalicelib.twilio.values import count, text


def choose(webhook: Webhook, worker: rest.workers.Worker) -> str:
    """The admin chose lines in the menu."""
    known = session.lines_of(worker)
    if len(known) == 1:
        return _about(webhook, worker, 1)
    return twiml.choose_line(session.rules(), known, session.next_url(webhook, urls.STAFF_LINES))


def which_line(webhook: Webhook) -> str:
    """The line that the admin chose, and what may become of it."""
    worker = session.authorized(webhook)
    if worker is None:
        return twiml.goodbye(session.rules(), twiml.NOT_NOW)
    place = count(text(webhook.form.get("Digits")))
    if not 1 <= place <= len(session.lines_of(worker)):
        return session.menu(webhook, worker, "")
    return _about(webhook, worker, place)


def line(webhook: Webhook) -> str:
    """The line is closed for the day, or opened; or until when it is to be closed is asked."""
    worker, pressed = session.authorized(webhook), text(webhook.form.get("Digits"))
    if worker is None or not (name := _line(webhook, worker)):
        return twiml.goodbye(session.rules(), twiml.NOT_NOW)
    if pressed == "3":
        url = session.next_url(webhook, urls.STAFF_LINE_UNTIL, line=webhook.path["line"])
        return twiml.ask_until(session.rules(), url)
    to: Position | None = "closed" if pressed == "1" else "open" if pressed == "2" else None
    said = commands.switch_line(session.asked(webhook, worker), to, texts.OfLine(name)) if to else ""
    return session.menu(webhook, worker, said)


def line_until(webhook: Webhook) -> str:
    """The line is closed until the time of day that was keyed in."""
    worker, time = session.authorized(webhook), session.time(webhook)
    if worker is None or not (name := _line(webhook, worker)):
        return twiml.goodbye(session.rules(), twiml.NOT_NOW)
    wanted, asked = texts.OfLine(name, time), session.asked(webhook, worker)
    return session.menu(webhook, worker, commands.switch_line(asked, "closed", wanted) if time else twiml.NO_TIME)


def _line(webhook: Webhook, worker: rest.workers.Worker) -> str:
    place, known = count(webhook.path.get("line")), session.lines_of(worker)
    return known[place - 1] if 1 <= place <= len(known) else ""


def _about(webhook: Webhook, worker: rest.workers.Worker, place: int) -> str:
    said = lines.stands(session.lines_of(worker)[place - 1], webhook.at)
    return twiml.switch_line(session.rules(), said, session.next_url(webhook, urls.STAFF_LINE, line=str(place)))
