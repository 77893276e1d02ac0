"""What people are to be told is kept in the table first, and told by the sweep: a mail or a text that cannot be sent
costs nobody anything.

A notice is told at least once. One conditional write keeps it, so that what comes twice is told once; one takes it,
so that two sweeps do not both tell it; one closes it when all have it. Who dies before that leaves it due again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import NamedTuple

import msgspec

from chalicelib import aws, jobs, signing
from chalicelib.config import callcenter, environment, messages, secrets
from chalicelib.links import messages as rows
from chalicelib.links import notices, reading, table
from chalicelib.links.model import OF_WORKERS, Notice, What, message_key
from chalicelib.observability import log
from chalicelib.observability.masking import mask
from chalicelib.tell import digest, limit, mail
from chalicelib.twilio import rest, urls

AGAIN_AFTER_SECONDS = 600  # of one line, or worker: nobody wants a mail for each caller while nobody is there
UNREACHABLE_AGAIN_SECONDS = 86400
DIGEST_AGAIN_SECONDS = 3600  # the next one is a day later, or an hour less where the clocks change
LEASE_SECONDS = 45  # less than a minute: what one sweep could not tell, the next one does
POST_SECONDS = 3.0

TOLD, NOT_TOLD, LATER = "told", "not told", "left for Twilio"
MAIL = "mail"
ONCE: tuple[What, ...] = ("voicemail", "after-talk", "left-undone")
_PAUSES: Mapping[What, float] = {"unreachable": UNREACHABLE_AGAIN_SECONDS, "digest": DIGEST_AGAIN_SECONDS}


class Text(NamedTuple):
    """What one phone is told."""

    to: str
    body: str


# What workers are told of themselves, by the notice; none when there is nothing to be told any more.
OfWorkers = Callable[[Notice, float], Sequence[Text]]


def is_on(what: What) -> bool:
    """Whether the team wants to be told of this, and somebody is there to be told."""
    center = callcenter.current()
    if what in OF_WORKERS:
        return center.staff.is_on and (what != "unreachable" or bool(center.staff.admins))
    rules = center.tell
    asked = {"voicemail": rules.voicemail, "callback": rules.callback, "left-undone": rules.left_undone}
    asked |= {"digest": bool(center.reports.digest)}
    wanted = asked.get(what, rules.nobody_available)
    return wanted and bool(_targets())


def _targets() -> tuple[str, ...]:
    """Who is told of lines and callers: whoever has subscribed, the phones, the endpoints."""
    mails = (MAIL,) if environment.current().mail_topic_arn else ()
    return (*mails, *callcenter.current().tell.deliver)


def order(notice: Notice) -> None:
    """Have people told of this, unless they have been. Never raises: where it cannot be kept now, a job keeps it."""
    if not is_on(notice.what):
        return
    if notice.what not in OF_WORKERS and not callcenter.current().tell.numbers:
        notice = msgspec.structs.replace(notice, caller=mask(notice.caller))
    try:
        keep(notice)
    except Exception as error:
        log.warning("notice is left to a job", what=notice.what, why=type(error).__name__)
        _leave_to_job(notice)


def _leave_to_job(notice: Notice) -> None:
    try:
        jobs.send(jobs.Tell(notice, notice.about))
    except Exception as error:
        log.error("nobody will be told", what=notice.what, line=notice.line, why=type(error).__name__)


def keep(notice: Notice) -> None:
    """Keep a notice until it is told, unless the same was kept before. Raises what AWS raises."""
    pause = _PAUSES.get(notice.what, AGAIN_AFTER_SECONDS)
    again_before = 0.0 if notice.what in ONCE else notice.at - pause
    if notices.order(notice, again_before):
        log.info("people will be told", call_sid=notice.about, what=notice.what, line=notice.line)


def due(now: float) -> Iterator[table.Due]:
    """The notices that are to be told now; none when nobody is there to be told."""
    if _targets() or callcenter.current().staff.is_on:
        yield from chain.from_iterable(table.due("notice", now))


def tell(due: table.Due, now: float, of_workers: OfWorkers) -> str:
    """Tell what is due. Says what it did. Of several targets those that have it are not told once more."""
    with log.Context(notice=due.key.reservation_sid):
        try:
            notice = notices.take(due, now + LEASE_SECONDS)
            deliveries = _deliveries(notice, now, of_workers)
            if deliveries is None:
                return "left for its text"
            _deliver(notice, deliveries)
            notices.close(due.key, now + LEASE_SECONDS, now)
        except table.ConditionFailed:
            return "taken"
        except rest.NotDone as error:
            log.warning("nobody could be told by text", why=str(error))
            return LATER
        except Exception as error:
            log.error("nobody could be told", why=type(error).__name__)
            return NOT_TOLD
        log.info("people were told", call_sid=notice.about, what=notice.what, line=notice.line)
        return TOLD


def _deliveries(notice: Notice, now: float, of_workers: OfWorkers) -> Sequence[Callable[[], None]] | None:
    """One for each target; None while the text of a message may yet come."""
    if notice.what == "more":
        return _of_more(notice, now)
    if notice.what in OF_WORKERS:
        return [partial(_send, text.to, text.body) for text in of_workers(notice, now)]
    words = digest.words(notice.at, now) if notice.what == "digest" else _words(notice, now)
    if words is None:
        return None
    mailed, short = words
    return [partial(_tell_within, target, notice, mailed, short, now) for target in _targets()]


def _words(notice: Notice, now: float) -> tuple[mail.Mail, str] | None:
    """The mail, and the same in short; None while the text of a message may yet come."""
    text = _text(notice, now)
    if text is None:
        return None
    link = _link(notice, now)
    return mail.of(notice, environment.current().stage, link, text), mail.short(notice, link)


def _of_more(notice: Notice, now: float) -> Sequence[Callable[[], None]]:
    count = limit.more(notice)
    if not count or notice.target not in _targets():
        return []
    said = limit.said(count, notice)
    return [partial(_tell, notice.target, notice, mail.of_more(said, environment.current().stage), said, now)]


def _tell_within(target: str, notice: Notice, mailed: mail.Mail, short: str, now: float) -> None:
    """Unless the target was told enough in this hour: then it is one more. Raises as _tell does, and limit.Busy."""
    if limit.is_within(target, notice, now):
        _tell(target, notice, mailed, short, now)
    else:
        log.info("a notice is only counted", what=notice.what, line=notice.line)


def _tell(target: str, notice: Notice, mailed: mail.Mail, short: str, now: float) -> None:
    """Raises NotDone, NotPosted, and what AWS raises."""
    if target == MAIL:
        _publish(mailed)
    elif target.startswith("sms:"):
        _send(target.removeprefix("sms:"), short)
    else:
        _post(target, notice, short, now)


def _deliver(notice: Notice, deliveries: Sequence[Callable[[], None]]) -> None:
    """Each in turn; what one target has is noted before the next is told."""
    done = set(notice.told_to.split())
    for number, act in enumerate(deliveries):
        if str(number) not in done:
            act()
            done.add(str(number))
            if number + 1 < len(deliveries):
                table.update_row(notice.key, {"told_to": " ".join(sorted(done))}, "attribute_exists(call_sid)", {})


def _send(to: str, body: str) -> None:
    """Text somebody. Who wants no texts, or cannot get any, is not tried again. Raises NotDone."""
    try:
        rest.texts.send(callcenter.current().staff.numbers[0], to, body)
    except rest.TwilioRejected as error:
        log.error("text refused", code=error.code, to=mask(to))
    except rest.OutcomeUnknown:
        log.warning("nobody knows whether a text went out", to=mask(to))  # rather none than two


def _post(url: str, notice: Notice, said: str, now: float) -> None:
    """Tell an endpoint of the team's, signed as what the CRM is asked. Raises NotPosted."""
    from chalicelib.crm import exchange

    told = {"what": notice.what, "line": notice.line, "call_sid": notice.about, "at": notice.at, "said": said}
    body = msgspec.json.encode(told)
    headers = signing.headers(secrets.current().crm_key, str(int(now)), body)
    key = {"Idempotency-Key": f"{notice.key.subject}/{notice.key.reservation_sid}/{int(notice.at)}"}
    answer = exchange.Endpoint(url).post(body, {**headers, **key}, POST_SECONDS, 1)
    if not answer.is_yes:
        raise NotPosted(answer.status)


class NotPosted(Exception):
    """The endpoint did not take it: it is told again."""


def _text(notice: Notice, now: float) -> str | None:
    """The message as text; empty where none is made of it; None while it may yet come."""
    if not (notice.recording_sid and callcenter.current().transcribes(notice.line)):
        return ""
    message = reading.of_call(notice.about).message(message_key(notice.about, notice.recording_sid))
    if message is None:
        return ""
    return None if messages.bucket() and message.waits_for_text(now) else message.text


def _link(notice: Notice, now: float) -> str:
    """The URL of a page that plays the message; empty where it is at Twilio. A new one each time: kept is its hash."""
    if not (messages.bucket() and notice.recording_sid and notice.base_url):
        return ""
    token = rows.make_link(message_key(notice.about, notice.recording_sid), now)
    return urls.MESSAGE_PAGE.page(notice.base_url, token=token)


def _publish(written: mail.Mail) -> None:
    topic = environment.current().mail_topic_arn
    aws.request("sns", "publish", TopicArn=topic, Subject=written.subject, Message=written.text)
