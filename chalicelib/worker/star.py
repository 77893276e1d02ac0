"""The star key: the worker leaves the talk, hears the choices, and says what becomes of the caller, who is on hold.

The caller's document reads the link: `held_at` says that there is a worker who chooses, `transferred_to` what was
chosen. The first word counts, the caller's own end of the hold among them, and whoever is second hears what stands.
"""

from chalicelib.config import callcenter
from chalicelib.config.star import BACK, END, PERSON, Star, queue_of
from chalicelib.lifecycle import giving
from chalicelib.links import caller_leg, reading, steps
from chalicelib.links.model import LEFT, LOST, Call, Key, Link
from chalicelib.observability import log
from chalicelib.staff import packaged
from chalicelib.twilio import rest, urls
from chalicelib.twilio.request import Webhook
from chalicelib.twilio.values import count, text
from chalicelib.worker import after_talk, twiml, words
from chalicelib.worker.request import key_of, link_of, record_of

MOST_SILENCES = 3  # then the caller is given to somebody else
MOST_TRIES = 5  # while the table is down

_CALLER_GONE = twiml.say_goodbye(twiml.CALLER_GONE)
ASK_EXTENSION = "Enter the extension, and then the hash key."
UNKNOWN_EXTENSION = "Nobody has this extension."
OWN_EXTENSION = "This extension is your own."


def connect(link: Link, whisper: str) -> str:
    """The document that joins the two, with the star key where the queue has one."""
    has_star = _may_be_pressed(link)
    after_url = words.after_url(link, has_star=has_star)
    recording_url = words.recording_url(link)
    return twiml.connect(
        link.reservation_sid,
        whisper,
        words.treatment(link),
        after_url,
        has_star=has_star,
        recording_url=recording_url,
    )


def _may_be_pressed(link: Link) -> bool:
    """Whether the worker may put this caller on hold; it is kept with the call, whose document has to know it."""
    if not (_rules(link) and link.state == "answered" and link.policy.has_caller):
        return False
    try:
        caller_leg.record(link.subject, {"star": link.reservation_sid}, link.answered_at)
    except Exception as error:
        log.error("this talk has no star key", **link.key.sids, why=type(error).__name__)
        return False
    return True


def pressed(webhook: Webhook) -> str:
    """The worker's Dial is over: by the star key, by the end of the caller's call, or as the two were never joined."""
    if webhook.form.get("CallStatus") == "completed":
        return twiml.hang_up()
    found = record_of(webhook)
    if found is None:
        return _CALLER_GONE
    record, link = found
    document = _parted(webhook, record.call, link)
    return twiml.unrecorded(document) if link.recorded else document


def _parted(webhook: Webhook, call: Call | None, link: Link) -> str:
    """What the worker hears once the two do not hear each other any more."""
    if not (webhook.form.get("DialBridged") == "true" or link.bridged_at or _attempt(webhook) > 1):
        return _CALLER_GONE
    if not link.held_at and _has_gone(call, link):
        return _talked(webhook, link)
    link = giving.hold(link, call, webhook.at)
    return _done(webhook, link) if link.transferred_to else _menu(webhook, link, 1)


def choose(webhook: Webhook) -> str:
    """A key of the menu, or a silence. A wrong key drops nobody."""
    link, digits = link_of(webhook), text(webhook.form.get("Digits"))
    rules = _rules(link) if link else None
    if link is None or rules is None or not link.held_at:
        return _CALLER_GONE
    entry = rules.choices.get(digits, "")
    if link.transferred_to:
        return _done(webhook, link)
    if not digits and not _is_there(link):
        return _transfer(webhook, link, END)
    if entry == PERSON:
        url = _url(webhook, urls.WORKER_STAR_PERSON, _attempt(webhook))
        return twiml.ask_for_digits(ASK_EXTENSION, url, words.treatment(link))
    if entry:
        return _transfer(webhook, link, END if entry == BACK and not _is_there(link) else entry)
    return _menu(webhook, link, _attempt(webhook) + (0 if digits else 1))


def person(webhook: Webhook) -> str:
    """The extension of a colleague. One that nobody has, or the worker's own, leads back to the menu."""
    link, digits = link_of(webhook), text(webhook.form.get("Digits"))
    if link is None or not link.held_at:
        return _CALLER_GONE
    if link.transferred_to:
        return _done(webhook, link)
    name = packaged.current().extensions.get(digits, "")
    if name and name != link.worker_name:
        return _transfer(webhook, link, f"{PERSON}:{name}")
    if not digits:
        return _menu(webhook, link, _attempt(webhook) + 1)
    return _menu(webhook, link, _attempt(webhook), OWN_EXTENSION if name else UNKNOWN_EXTENSION)


def over(webhook: Webhook) -> str:
    """The worker and the caller to whom they went back have parted."""
    link = link_of(webhook)
    return _talked(webhook, link) if link else _CALLER_GONE


def alone(webhook: Webhook) -> str:
    """The worker is alone in the room: the caller is about to come, or has hung up; then the worker is let go."""
    key = key_of(webhook)
    link = reading.of_call(key.subject).link(key) if key else None
    if link and link.held_at and link.own_leg and not _is_there(link):
        rest.calls.redirect(link.own_leg, _url(webhook, urls.WORKER_STAR_OVER))
    return alone_without_record(webhook)


def alone_without_record(webhook: Webhook) -> str:
    return twiml.try_again(_url(webhook, urls.WORKER_ROOM))


def leg_ended(link: Link, now: float) -> None:
    """The worker hung up instead of choosing: the caller goes to somebody else, before those who wait."""
    if link.held_at and not link.transferred_to:
        steps.transfer(link.key, LOST, now)
        log.info("the worker hung up on hold", **link.key.sids)


# --- While the table is down


def again(webhook: Webhook) -> str:
    """The choices once more, in a moment: until then the caller is on hold, and the leg's end gives them on."""
    if webhook.form.get("DialBridged") == "false" or _attempt(webhook) >= MOST_TRIES or not key_of(webhook):
        return twiml.say_goodbye(twiml.NOT_KEPT)
    return twiml.try_again(_url(webhook, urls.WORKER_STAR, _attempt(webhook) + 1))


def over_without_record(_webhook: Webhook) -> str:
    return _CALLER_GONE


# --- The steps


def _has_gone(call: Call | None, link: Link) -> bool:
    """Whether the caller has hung up, or waits for somebody else already; in doubt they are there.

    Enqueue's action may come before the Dial's, or after it (contract 12): then Twilio is asked.
    """
    if call and (call.over_at or call.star not in ("", link.reservation_sid)):
        return True
    return not (call and call.left_queue_at) and not _is_there(link)


def _is_there(link: Link) -> bool:
    try:
        return rest.calls.is_live(link.subject)
    except rest.NotDone as error:
        log.warning("nobody knows whether the caller is there", **link.key.sids, why=str(error))
        return True


def _menu(webhook: Webhook, link: Link, attempt: int, first: str = "") -> str:
    """The choices. Whoever says nothing often enough has left the caller to somebody else."""
    rules = _rules(link)
    if rules is None or attempt > MOST_SILENCES:
        return _transfer(webhook, link, LOST)
    url = _url(webhook, urls.WORKER_STAR_KEY, attempt)
    return twiml.ask_for_key(f"{first} {rules.said}".strip(), url, words.treatment(link))


def _transfer(webhook: Webhook, link: Link, to: str) -> str:
    standing = steps.transfer(link.key, to, webhook.at)
    log.info("star key", **link.key.sids, to=standing.transferred_to)
    return _done(webhook, standing)


def _done(webhook: Webhook, link: Link) -> str:
    """The worker hears what is done; then they say what became of the talk, where the queue asks for that."""
    to = link.transferred_to
    if to == BACK:
        action, wait_url = _url(webhook, urls.WORKER_STAR_OVER), _url(webhook, urls.WORKER_ROOM)
        return twiml.join_room(link.reservation_sid, action, wait_url)
    if to == LEFT:
        return _talked(webhook, link)
    person = to.removeprefix(f"{PERSON}:") if to.startswith(PERSON) else ""
    name = queue_of(to) or person or ("somebody else" if to == LOST else "")
    return _talked(webhook, link, f"The caller goes to {name}." if name else "The call is over.")


def _talked(webhook: Webhook, link: Link, first: str = "") -> str:
    """The talk is over for this worker."""
    if _after_talk(link):
        return after_talk.begin(webhook, link, first)
    return twiml.say_goodbye(f"{first} Goodbye.", words.treatment(link)) if first else _CALLER_GONE


def _after_talk(link: Link) -> bool:
    return callcenter.current().queue(link.queue).after_talk is not None


def _rules(link: Link) -> Star | None:
    return callcenter.current().queue(link.queue).star


def _attempt(webhook: Webhook) -> int:
    return count(webhook.path.get("attempt")) or 1


def _url(webhook: Webhook, route: urls.Route, attempt: int = 1) -> str:
    """Of the same leg; where a route counts the attempts, of this one."""
    key = key_of(webhook) or Key("unknown", "unknown")
    sids = {"subject": key.subject, "reservation_sid": key.reservation_sid}
    return route.url(webhook.base_url, **sids, attempt=str(attempt))
