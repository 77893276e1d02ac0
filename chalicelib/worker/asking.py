"""A worker is asked before the caller is joined: by a key, a word, or Twilio's verdict on who answered.

A link has one end of this, by one conditional write: answered, or refused with its reason. Whoever is second reads
what stands: the same leg hears the same again, another leg that the call is taken, and nobody is joined to a machine.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from chalicelib.config import callcenter
from chalicelib.config.schema import MARGIN_SECONDS
from chalicelib.lifecycle import refusal
from chalicelib.links import steps, table
from chalicelib.links.model import Key, Link, Refusal, is_over
from chalicelib.observability import log
from chalicelib.twilio import urls
from chalicelib.twilio.request import Webhook
from chalicelib.twilio.respond import NO_CONTENT, Answer
from chalicelib.twilio.values import count, sid, text
from chalicelib.worker import doing, star, twiml, words
from chalicelib.worker.request import key_of

MOST_REPLY = 40  # characters that are kept of what a worker said
ANSWERED = ("answered", "bridged")


class _Asked(NamedTuple):
    """A request on a leg whose worker is asked."""

    key: Key
    leg: str
    attempt: int
    at: float
    base_url: str

    def url(self, route: urls.Route, attempt: int) -> str:
        sids = {"subject": self.key.subject, "reservation_sid": self.key.reservation_sid}
        return route.url(self.base_url, **sids, attempt=str(attempt))


_Step = Callable[[_Asked], str]


class _Goodbye(Exception):
    """This leg gets no caller, or has got one: the document that it hears."""

    def __init__(self, document: str) -> None:
        self.document = document


def ask(webhook: Webhook) -> str:
    """The worker is asked, if the caller still waits; once they have said nothing often enough, they are refused."""
    return _answer(webhook, lambda asked: _ask(asked, _begin(asked, {}), asked.attempt))


def accept(webhook: Webhook) -> str:
    """The worker pressed a key, or said something."""
    return _answer(webhook, lambda asked: _reply(asked, _digits(webhook), _speech(webhook)))


def verdict(webhook: Webhook) -> str:
    """Twilio says who answered: a person is joined, a machine is hung up on, and who is neither is asked."""
    return _answer(webhook, lambda asked: _judge(asked, webhook))


def detected(webhook: Webhook) -> Answer:
    """Twilio's verdict comes while the worker is asked: a machine is hung up on, unless a key was faster."""
    asked = _asked(webhook)
    if asked is None:
        return NO_CONTENT
    known = _verdict(webhook)
    if not is_machine(webhook):
        _note(asked, known)
        return NO_CONTENT
    try:
        link = steps.refuse(asked.key, asked.leg, "machine", asked.at, known)
    except table.ConditionFailed as failed:
        current = failed.current
        if current is None or current.reason != "machine" or is_over(current) or current.worker_call_sid != asked.leg:
            log.info("the verdict changes nothing", answered_by=str(known["answered_by"]))
            _note(asked, known)
            return NO_CONTENT
        link = current
    refusal.give_back(link, asked.at)
    return NO_CONTENT


def is_machine(webhook: Webhook) -> bool:
    """Whether Twilio is sure of it; what it may say one day counts as not known (contract 14.4)."""
    answered_by = webhook.form.get("AnsweredBy", "")
    return answered_by.startswith("machine") or answered_by == "fax"


# --- While the table is down. Twilio itself refuses to join a reservation that is not pending.


def ask_without_record(webhook: Webhook) -> str:
    """The worker is asked all the same, as a queue asks that says nothing."""
    asked = _asked(webhook)
    if asked is None or asked.attempt > words.rules(None).asks:
        return twiml.say_goodbye(twiml.CALLER_GONE)
    return _question(asked, None, asked.attempt)


def accept_without_record(webhook: Webhook) -> str:
    """The key decides."""
    asked = _asked(webhook)
    if asked is None:
        return twiml.say_goodbye(twiml.CALLER_GONE)
    match words.rules(None).reply(_digits(webhook), _speech(webhook)):
        case "take" if asked.key.is_of_a_caller:
            return twiml.connect(asked.key.reservation_sid)
        case "take":
            return twiml.say_goodbye(doing.NOT_NOW)
        case "pass":
            return twiml.say_goodbye(twiml.REFUSED)
        case _:
            return _question(asked, None, asked.attempt + bool(_speech(webhook)))


def verdict_without_record(webhook: Webhook) -> str:
    """The verdict decides."""
    asked = _asked(webhook)
    if is_machine(webhook):
        return twiml.hang_up()
    if asked and webhook.form.get("AnsweredBy") == "human":
        return twiml.connect(asked.key.reservation_sid)
    return ask_without_record(webhook)


# --- The steps


def _answer(webhook: Webhook, step: _Step) -> str:
    asked = _asked(webhook)
    if asked is None:
        return twiml.say_goodbye(twiml.CALLER_GONE)
    try:
        return step(asked)
    except _Goodbye as goodbye:
        return goodbye.document


def _begin(asked: _Asked, known: Mapping[str, object]) -> Link:
    """The link as it stands; the first ask is recorded. Raises _Goodbye when this leg is not to be asked."""
    try:
        link: Link | None = steps.follow_asked(asked.key, "asked", asked.leg, asked.at, known)
    except table.ConditionFailed as failed:
        link = failed.current
    return _still_asked(asked, link)


def _still_asked(asked: _Asked, link: Link | None) -> Link:
    """The link, if its worker is asked on this leg. Raises _Goodbye with what the leg hears otherwise."""
    if link is None:
        raise _Goodbye(twiml.say_goodbye(twiml.CALLER_GONE))
    if link.worker_call_sid not in ("", asked.leg):
        raise _Goodbye(twiml.say_goodbye(twiml.CALLER_GONE if is_over(link) else twiml.TAKEN))
    if link.is_refused:
        raise _Goodbye(twiml.hang_up() if link.reason == "machine" else twiml.say_goodbye(twiml.REFUSED))
    if is_over(link) or link.reason:
        raise _Goodbye(twiml.say_goodbye(twiml.CALLER_GONE))
    if link.state in ANSWERED:
        raise _Goodbye(_connect(asked, link))
    return link


def _ask(asked: _Asked, link: Link, attempt: int) -> str:
    """Ask, as often as the queue does, and as long as its reservation lasts."""
    ends_at = link.reserved_at + callcenter.current().reservation_timeout - MARGIN_SECONDS
    if attempt > words.rules(link).asks or asked.at > ends_at:
        return _refuse(asked, "no key", {})
    return _question(asked, link, attempt)


def _question(asked: _Asked, link: Link | None, attempt: int) -> str:
    accept_url, next_url = asked.url(urls.WORKER_ACCEPT, attempt), asked.url(urls.WORKER_ASK, attempt + 1)
    whisper = words.of_caller(link) if link else ""
    return twiml.ask(whisper, words.rules(link), words.treatment(link), accept_url, next_url)


def _reply(asked: _Asked, digits: str, speech: str) -> str:
    """A key is read as it is; which words mean yes the queue says, so that its link is read first."""
    link = None if digits in ("1", "2") else _begin(asked, {})
    said = {"reply": digits or speech[:MOST_REPLY]}
    match words.rules(link).reply(digits, speech):
        case "take":
            return _take(asked, said)
        case "pass":
            return _refuse(asked, "passed", said)
        case _:
            return _not_understood(asked, link or _begin(asked, {}), digits, speech)


def _take(asked: _Asked, known: Mapping[str, object]) -> str:
    """One write decides whether this worker gets the caller."""
    try:
        link = steps.follow_asked(asked.key, "answered", asked.leg, asked.at, known)
    except table.ConditionFailed as failed:
        _still_asked(asked, failed.current)
        raise
    return _connect(asked, link)


def _connect(asked: _Asked, link: Link) -> str:
    """Who was asked has heard already who calls."""
    if link.work:
        return doing.begin(link, asked.at)
    whisper = "" if link.asked_at else words.of_caller(link)
    return star.connect(link, whisper)


def _not_understood(asked: _Asked, link: Link, digits: str, speech: str) -> str:
    """A wrong key drops nobody. Speech without a yes or a no counts as a silence: a machine may talk for ever."""
    if digits:
        steps.note_of_leg(asked.key, asked.leg, {"keys": (link.keys + digits)[-MOST_REPLY:]})
    return _ask(asked, link, asked.attempt + bool(speech and not digits))


def _refuse(asked: _Asked, reason: Refusal, known: Mapping[str, object]) -> str:
    """The worker does not get the caller. Should the rejection fail, the leg's end and the sweep try it again."""
    try:
        link = steps.refuse(asked.key, asked.leg, reason, asked.at, known)
    except table.ConditionFailed as failed:
        _still_asked(asked, failed.current)
        raise
    try:
        refusal.give_back(link, asked.at, leg_ended=True)
    except Exception as error:
        log.error("the caller is not given back yet", **link.key.sids, why=type(error).__name__)
    return twiml.hang_up() if reason == "machine" else twiml.say_goodbye(twiml.REFUSED)


def _judge(asked: _Asked, webhook: Webhook) -> str:
    known = _verdict(webhook)
    if is_machine(webhook):
        return _refuse(asked, "machine", known)
    if known["answered_by"] == "human":
        return _take(asked, known)
    return _ask(asked, _begin(asked, known), 1)


def _note(asked: _Asked, known: Mapping[str, object]) -> None:
    if not any(known.values()):
        return
    try:
        steps.note_of_leg(asked.key, asked.leg, known)
    except table.ConditionFailed:
        log.info("a verdict on a leg without a link", **asked.key.sids)


# --- What the request has


def _asked(webhook: Webhook) -> _Asked | None:
    key, leg = key_of(webhook), sid(webhook.form.get("CallSid"))
    attempt = count(webhook.path.get("attempt")) or 1
    return _Asked(key, leg, attempt, webhook.at, webhook.base_url) if key and leg else None


def _verdict(webhook: Webhook) -> dict[str, object]:
    form = webhook.form
    return {"answered_by": text(form.get("AnsweredBy")), "machine_ms": count(form.get("MachineDetectionDuration"))}


def _digits(webhook: Webhook) -> str:
    return text(webhook.form.get("Digits"))


def _speech(webhook: Webhook) -> str:
    return text(webhook.form.get("SpeechResult"))
