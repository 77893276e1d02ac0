"""A worker who may hears recorded talks on the phone: the latest one, or one by its number.

Who may is asked of each one anew; each time is kept beside the talk before it is played.
"""

from collections.abc import Iterator

from chalicelib.config import callcenter
from chalicelib.links import talks
from chalicelib.links.model import Talk
from chalicelib.observability import log
from chalicelib.observability.masking import mask
from chalicelib.staff import packaged, session, twiml
from chalicelib.storage import bucket
from chalicelib.twilio import rest, urls
from chalicelib.twilio.request import Webhook
from chalicelib.twilio.values import text

LATEST, MENU = "0", "*"


def listen(webhook: Webhook) -> str:
    """The worker has keyed in the number of a talk, or 0 for the latest one; star leads back to the menu."""
    worker, digits = session.authorized(webhook), text(webhook.form.get("Digits"))
    if worker is None:
        return twiml.goodbye(session.rules(), twiml.NOT_NOW)
    if digits == MENU:
        return session.menu(webhook, worker, "")
    if not callcenter.current().listens(worker.name):
        log.warning("recordings are refused")
        return session.menu(webhook, worker, twiml.NOT_YOURS)
    talk = _latest(worker.name, webhook.at) if digits == LATEST else _of_number(worker.name, digits)
    if talk is None:
        return twiml.ask_for_talk(session.rules(), _next(webhook), twiml.NO_TALK)
    return _play(webhook, worker, talk)


def ask(webhook: Webhook, worker: rest.workers.Worker) -> str:
    """The worker chose to hear recordings in the menu."""
    if not callcenter.current().listens(worker.name):
        log.warning("recordings are refused")
        return session.menu(webhook, worker, twiml.NOT_YOURS)
    return twiml.ask_for_talk(session.rules(), _next(webhook))


def _play(webhook: Webhook, worker: rest.workers.Worker, talk: Talk) -> str:
    talks.note_heard(talk, worker.name, webhook.at)
    about = {"call_sid": talk.subject, "recording_sid": talk.recording_sid, "caller": mask(talk.caller)}
    log.info("recording is heard", by=worker.name, **about)
    at = packaged.clock(talk.at, webhook.at)
    said = f"Number {' '.join(talk.number)}, {at}, {talk.seconds} seconds, {talk.worker}."
    return twiml.play_talk(session.rules(), said, bucket.url(talk.stored_as), _next(webhook))


def _latest(worker: str, now: float) -> Talk | None:
    return next(_may_hear(worker, talks.latest(now)), None)


def _of_number(worker: str, number: str) -> Talk | None:
    """None is said of one that there is not, and of one that is not for this worker."""
    found = talks.of_number(number) if number.isdecimal() else []
    mine = next(_may_hear(worker, iter(found)), None)
    if found and mine is None:
        log.warning("recording is refused", call_sid=found[0].subject, recording_sid=found[0].recording_sid)
    return mine


def _may_hear(worker: str, found: Iterator[Talk]) -> Iterator[Talk]:
    center = callcenter.current()
    return (
        talk for talk in found if talk.stored_as and not talk.ending_at and center.queue(talk.queue).listens(worker)
    )


def _next(webhook: Webhook) -> str:
    return session.next_url(webhook, urls.STAFF_LISTEN)
