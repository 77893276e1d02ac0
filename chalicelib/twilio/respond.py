"""Answers to Twilio: it gets a valid one, whatever happens inside."""

import re
from collections.abc import Callable
from typing import NamedTuple

from chalicelib import budget
from chalicelib.config import environment, secrets
from chalicelib.observability import log, metrics
from chalicelib.twilio import urls
from chalicelib.twilio.request import Refused, Request, Webhook, receive
from chalicelib.twilio.values import sid

WAY_BACK_SECONDS = 0.5  # of an answer to Twilio, out of the time that Twilio waits

_NOT_XML = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"


class Answer(NamedTuple):
    status: int
    body: str
    content_type: str


NO_CONTENT = Answer(204, "", "application/json")


def twiml(request: Request, handler: Callable[[Webhook], str], fallback: Callable[[Webhook], str]) -> Answer:
    """Answer a voice webhook with the handler's TwiML, or with `fallback`'s when our own code fails."""

    def answer(webhook: Webhook) -> Answer:
        try:
            body = handler(webhook)
        except Exception as error:
            log_failure(error)
            body = fallback(webhook)
        return Answer(200, as_xml(body), "text/xml")

    return _answer(request, answer)


def data(request: Request, handler: Callable[[Webhook], Answer]) -> Answer:
    """Answer a TaskRouter or status webhook; 503 when our own code fails, so that Twilio's fallback is tried."""

    def answer(webhook: Webhook) -> Answer:
        try:
            return handler(webhook)
        except Exception as error:
            log_failure(error)
            return Answer(503, '{"error":"Cordboard could not do this now; see its log"}', "application/json")

    return _answer(request, answer)


def as_xml(body: str) -> str:
    """Without what XML cannot carry: one such character, in a CRM's sentence for one, would cost the whole document."""
    if body.isascii() and body.isprintable():
        return body  # nearly always; the pattern takes as long to compile as a tenth of a cold start
    return re.sub(_NOT_XML, "", body)


def _answer(request: Request, answer: Callable[[Webhook], Answer]) -> Answer:
    route: str = request.event["requestContext"]["resourcePath"]
    answer_by = request.began + urls.seconds_of(route) - WAY_BACK_SECONDS
    with budget.Until(answer_by), log.Context(route=route, request_id=request.request_id):
        try:
            webhook = receive(request)
        except Refused as refused:
            _log_refused(refused)
            return Answer(refused.status, str(refused), "text/plain")
        except secrets.SecretError as error:
            # Not counted, as anybody may have sent it: the sweep's own error rings the operator.
            log.warning("no secret to check the signature with", why=str(error))
            return Answer(503, "this application cannot check signatures now", "text/plain")
        log.bind(**_sids(webhook))
        return answer(webhook)


def _log_refused(refused: Refused) -> None:
    """Count what claims our account: Twilio always sends it (contract 1.2, 4.1, 6), others do not know it."""
    status, form = refused.status, refused.form  # a form that is too large to read names nobody
    ours = form.get("AccountSid") == environment.current().account_sid
    counted = metrics.of(metrics.WEBHOOKS_REFUSED) if ours else {}
    log.warning("webhook refused", counted, why=str(refused), status=status, claimed_call_sid=sid(form.get("CallSid")))


def _sids(webhook: Webhook) -> dict[str, str]:
    """What the request is about. On a worker's leg the path has the subject; TaskRouter has it in the attributes."""
    form, path = webhook.form, webhook.path
    leg = sid(form.get("CallSid"))
    if "subject" in path:
        known = {"call_sid": sid(path["subject"]), "worker_call_sid": leg}
        return known | {"reservation_sid": sid(path.get("reservation_sid"))}
    task_sid, reservation_sid = sid(form.get("TaskSid")), sid(form.get("ReservationSid"))
    return {"call_sid": leg, "task_sid": task_sid, "reservation_sid": reservation_sid}


def log_failure(error: Exception) -> None:
    """Our own code failed: whoever is paged finds what."""
    log.error("webhook failed", metrics.of(metrics.WEBHOOK_ERRORS), why=type(error).__name__)
