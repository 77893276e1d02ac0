"""A call to the staff number: whose it is, whether its PIN was given, and the way to its next step."""

from chalicelib.config import callcenter
from chalicelib.config.staff import Staff
from chalicelib.observability import log
from chalicelib.staff import duty, lines, people, texts, twiml
from chalicelib.staff.commands import Asked
from chalicelib.twilio import rest, urls
from chalicelib.twilio.request import Webhook
from chalicelib.twilio.values import count, sid, text

MOST_LINES = 9  # that a key chooses from


def menu(webhook: Webhook, worker: rest.workers.Worker, said: str) -> str:
    """What is said, and the menu. Raises NotDone."""
    standing = rest.workers.fetch(worker.sid)
    may = twiml.May(lines=bool(lines_of(worker)), listen=callcenter.current().listens(worker.name))
    return twiml.menu(rules(), said, next_url(webhook, urls.STAFF_KEY), may, is_on=standing.available)


def asked(webhook: Webhook, worker: rest.workers.Worker) -> Asked:
    return Asked(worker, f"{webhook.form.get('CallSid')}/{step(webhook)}", webhook.at)


def step(webhook: Webhook) -> int:
    return count(webhook.path.get("attempt"))


def next_url(webhook: Webhook, route: urls.Route, **more: str) -> str:
    return route.url(webhook.base_url, attempt=str(step(webhook) + 1), **more)


def time(webhook: Webhook) -> tuple[int, int] | None:
    """The time of day that was keyed in; None for what is none."""
    digits = text(webhook.form.get("Digits"))
    return texts.time_of_day(f"{digits[:2]}:{digits[2:]}") if len(digits) == 4 else None


def lines_of(worker: rest.workers.Worker) -> list[str]:
    """The lines that this worker may close and open, as many as there are keys."""
    return lines.switchable()[:MOST_LINES] if lines.is_admin(worker.name) else []


def authorized(webhook: Webhook) -> rest.workers.Worker | None:
    """The worker whose PIN was given in this call, as long as the call goes on. Raises NotDone."""
    worker, call_sid = worker_of(webhook), sid(webhook.form.get("CallSid"))
    if worker is None or not call_sid or duty.find_lock(worker.name).open_in != call_sid:
        return None
    return worker if rest.calls.is_live(call_sid) else None


def worker_of(webhook: Webhook) -> rest.workers.Worker | None:
    """The worker whose phone calls; None for a stranger. Raises NotDone."""
    is_ours = webhook.form.get("To") in rules().numbers
    worker = people.with_phone(webhook.form.get("From", "")) if is_ours else None
    if worker:
        log.bind(worker_sid=worker.sid)
    return worker


def rules() -> Staff:
    return callcenter.current().staff
