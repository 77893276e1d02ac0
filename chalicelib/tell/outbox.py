"""What people are to be told is kept in the table first, and told by the sweep: SNS that fails costs nobody anything.

A notice is told at least once. One conditional write keeps it, so that what comes twice is told once; one takes it,
so that two sweeps do not both tell it; one closes it when SNS has it. Who dies before that leaves it due again.
"""

from collections.abc import Iterator
from itertools import chain

import msgspec

from chalicelib import aws, jobs
from chalicelib.config import callcenter, environment, messages
from chalicelib.links import messages as rows
from chalicelib.links import table
from chalicelib.links.model import Notice, What, message_key
from chalicelib.observability import log
from chalicelib.observability.masking import mask
from chalicelib.tell import mail
from chalicelib.twilio import urls

AGAIN_AFTER_SECONDS = 600  # of one line: nobody wants a mail for each caller while nobody is there
LEASE_SECONDS = 45  # less than a minute: what one sweep could not tell, the next one does

TOLD, NOT_TOLD = "told", "not told"


def is_on(what: What) -> bool:
    """Whether the team wants to be told of this, and somebody is subscribed to the topic."""
    rules = callcenter.current().tell
    wanted = {"voicemail": rules.voicemail, "callback": rules.callback}.get(what, rules.nobody_available)
    return wanted and bool(environment.current().mail_topic_arn)


def order(notice: Notice) -> None:
    """Have people told of this, unless they have been. Never raises: where it cannot be kept now, a job keeps it."""
    if not is_on(notice.what):
        return
    if not callcenter.current().tell.numbers:
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
    again_before = 0.0 if notice.what in ("voicemail", "callback") else notice.at - AGAIN_AFTER_SECONDS
    if table.order_notice(notice, again_before):
        log.info("people will be told", call_sid=notice.about, what=notice.what, line=notice.line)


def due(now: float) -> Iterator[table.Due]:
    """The notices that are to be told now; none when nobody is subscribed."""
    if environment.current().mail_topic_arn:
        yield from chain.from_iterable(table.due("notice", now))


def tell(due: table.Due, now: float) -> str:
    """Tell what is due. Says what it did."""
    with log.Context(notice=due.key.reservation_sid):
        try:
            notice = table.take_notice(due, now + LEASE_SECONDS)
            text = _text(notice, now)
            if text is None:
                return "left for its text"
            _publish(mail.of(notice, environment.current().stage, _link(notice, now), text))
            table.close_notice(due.key, now + LEASE_SECONDS, now)
        except table.ConditionFailed:
            return "taken"
        except Exception as error:
            log.error("nobody could be told", why=type(error).__name__)
            return NOT_TOLD
        log.info("people were told", call_sid=notice.about, what=notice.what, line=notice.line)
        return TOLD


def _text(notice: Notice, now: float) -> str | None:
    """What Twilio understood of the message; empty where it makes no text; None while it may yet come."""
    if not (notice.recording_sid and callcenter.current().transcribes(notice.line) and messages.bucket()):
        return ""
    message = table.find_call(notice.about).message(message_key(notice.about, notice.recording_sid))
    if message is None:
        return ""
    return None if message.waits_for_text(now) else message.text


def _link(notice: Notice, now: float) -> str:
    """The URL of a page that plays the message; empty where it is at Twilio. A new one each time: kept is its hash."""
    if not (messages.bucket() and notice.recording_sid and notice.base_url):
        return ""
    token = rows.make_link(message_key(notice.about, notice.recording_sid), now)
    return urls.MESSAGE_PAGE.page(notice.base_url, token=token)


def _publish(written: mail.Mail) -> None:
    topic = environment.current().mail_topic_arn
    aws.request("sns", "publish", TopicArn=topic, Subject=written.subject, Message=written.text)
