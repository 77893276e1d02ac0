"""Texts in and out: sent, delivered or not, received and answered (contract 14.5)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urljoin

from emulator.clock.scheduler import Scheduler
from emulator.messaging.document import Answer, Reply, read
from emulator.messaging.model import (
    CONFIRMATIONS,
    LONGEST_BODY,
    Direction,
    Keyword,
    Media,
    Message,
    Status,
    keyword,
)
from emulator.ports import Method, TwilioError, Webhooks, WebResult
from emulator.worlds import Confirmation, OptOutWord

API_VERSION = "2010-04-01"
SENT_AFTER, DELIVERED_AFTER = 1.0, 3.0
_PLACES = [f"{who}{what}" for who in ("From", "To") for what in ("City", "State", "Zip", "Country")]


class Line(Protocol):
    """What a number of the account knows of its messages."""

    sms_url: str
    sms_method: Method
    sms_fallback_url: str
    sms_fallback_method: Method


@dataclass(frozen=True)
class Text:
    """A message to send: `from_` is a number of the account, or empty with a service's sid."""

    to: str
    from_: str = ""
    body: str = ""
    media: tuple[str, ...] = ()
    service_sid: str = ""
    callback: str = ""
    callback_method: Method = "POST"


class Messaging:
    """The account's messages. `failing` are receivers whom nothing reaches, with the error: 30034, 30003, ….

    `opted_out` are pairs of one of our numbers and who wants nothing more from it.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        webhooks: Webhooks,
        account_sid: str,
        lines: Mapping[str, Line],
        *,
        opt_out_word: OptOutWord = "is_told",
        confirmation: Confirmation = "is_unlisted",
    ) -> None:
        self.messages: dict[str, Message] = {}
        self.failing: dict[str, int] = {}
        self.opted_out: set[tuple[str, str]] = set()
        self._scheduler = scheduler
        self._webhooks = webhooks
        self._account_sid = account_sid
        self._lines = lines
        self._opt_out_word = opt_out_word
        self._confirmation = confirmation

    # Out

    def send(self, text: Text, direction: Direction = "outbound-api") -> Message:
        """TwilioError 21602 to 21617 when it cannot be sent; who has opted out is 21610."""
        from_ = self._sender(text)
        if not text.body and not text.media:
            raise TwilioError(21602, "Message body is required.")
        if len(text.body) > LONGEST_BODY:
            raise TwilioError(21617, f"The concatenated message body exceeds the {LONGEST_BODY} character limit.")
        if not re.fullmatch(r"\+[1-9]\d{6,14}", text.to):
            raise TwilioError(21211, f"Invalid 'To' Phone Number: {text.to}")
        if (from_, text.to) in self.opted_out:
            raise TwilioError(21610, "Attempt to send to unsubscribed recipient")
        message = self._keep(from_, text.to, text.body, text.media, direction)
        message.service_sid = text.service_sid
        message.callback, message.callback_method = text.callback, text.callback_method
        self._scheduler.after(SENT_AFTER, lambda: self._set(message, "sent"))
        self._scheduler.after(DELIVERED_AFTER, lambda: self._arrive(message))
        return message

    def _sender(self, text: Text) -> str:
        """A service sends from any number of the account; which, is its own matter."""
        if not text.to:
            raise TwilioError(21604, "A 'To' phone number is required.")
        if text.service_sid:
            return text.from_ or next(iter(self._lines), "")
        if not text.from_:
            raise TwilioError(21603, "A 'From' phone number is required.")
        if text.from_ not in self._lines:
            raise TwilioError(21606, f"The 'From' phone number provided ({text.from_}) is not one of the account's")
        return text.from_

    def _arrive(self, message: Message) -> None:
        code = self.failing.get(message.to)
        message.error_code = code
        self._set(message, "delivered" if code is None else "undelivered")

    def _set(self, message: Message, status: Status) -> None:
        now = self._scheduler.now()
        message.status, message.updated = status, now
        message.sent = message.sent or now
        self._emit(message)
        if message.callback:
            error = {} if message.error_code is None else {"ErrorCode": str(message.error_code)}
            form = {"MessageSid": message.sid, "MessageStatus": status, "SmsSid": message.sid, "SmsStatus": status}
            form |= {
                "AccountSid": self._account_sid,
                "From": message.from_,
                "To": message.to,
                "ApiVersion": API_VERSION,
            }
            self._webhooks.send(message.callback, {**form, **error}, _ignore, method=message.callback_method)

    def _keep(self, from_: str, to: str, body: str, media: Sequence[str], direction: Direction) -> Message:
        now, prefix = self._scheduler.now(), "MM" if media else "SM"
        sid = self._scheduler.sid(prefix)
        kept = tuple(Media(self._scheduler.sid("ME"), url, now) for url in media)
        message = Message(sid, self._account_sid, from_, to, body, direction, now, now, media=kept)
        self.messages[sid] = message
        if direction == "inbound":
            message.status, message.sent = "received", now
        self._emit(message)
        return message

    def _emit(self, message: Message) -> None:
        self._scheduler.emit(
            "message",
            sid=message.sid,
            from_=message.from_,
            to=message.to,
            body=message.body,
            status=message.status,
            direction=message.direction,
        )

    # In

    def receive(self, from_: str, to: str, body: str, media: Sequence[str] = ()) -> Message:
        """Somebody writes to a number of ours. Twilio itself acts on STOP, START and HELP, and answers them."""
        message = self._keep(from_, to, body, media, "inbound")
        word = keyword(body)
        if word:
            self._opt(word, to, from_)
        line = self._lines.get(to)
        kept = word == "stop" and self._opt_out_word == "is_kept"
        if line is not None and line.sms_url and not kept:
            self._ask(message, line, line.sms_url, line.sms_method, {})
        return message

    def _opt(self, word: Keyword, ours: str, theirs: str) -> None:
        """Twilio answers a word that changes something, and HELP of whoever is not opted out (inferred).

        Whether its answer is among the account's messages is uncertain (contract 12).
        """
        pair, was_out = (ours, theirs), (ours, theirs) in self.opted_out
        if word == "stop":
            self.opted_out.add(pair)
        elif word == "start":
            self.opted_out.discard(pair)
        if was_out == (word == "start"):
            answer = self._keep(ours, theirs, CONFIRMATIONS[word], (), "outbound-reply")
            if self._confirmation == "is_unlisted":
                del self.messages[answer.sid]
            self._scheduler.after(SENT_AFTER, lambda: self._set(answer, "sent"))
            self._scheduler.after(DELIVERED_AFTER, lambda: self._set(answer, "delivered"))

    def _ask(self, message: Message, line: Line, url: str, method: Method, error: Mapping[str, str]) -> None:
        def came(result: WebResult) -> None:
            try:
                self._answered(message, line, url, read(result))
            except TwilioError as failure:
                self._scheduler.warn(failure.code, failure.message, message.sid)
                if line.sms_fallback_url and not error:
                    told = {"ErrorCode": str(failure.code), "ErrorUrl": url}
                    self._ask(message, line, line.sms_fallback_url, line.sms_fallback_method, told)

        self._webhooks.send(url, {**self._form(message), **error}, came, method=method)

    def _form(self, message: Message) -> dict[str, str]:
        return {
            **dict.fromkeys(("MessageSid", "SmsSid", "SmsMessageSid"), message.sid),
            "AccountSid": self._account_sid,
            "From": message.from_,
            "To": message.to,
            "Body": message.body,
            "NumMedia": str(len(message.media)),
            "NumSegments": str(message.segments),
            "SmsStatus": "received",
            "ApiVersion": API_VERSION,
            **dict.fromkeys(_PLACES, ""),
            **{f"MediaUrl{number}": message.media_url(one) for number, one in enumerate(message.media)},
            **{f"MediaContentType{number}": one.content_type for number, one in enumerate(message.media)},
        }

    def _answered(self, message: Message, line: Line, url: str, answer: Answer) -> None:
        for name in answer.unknown:
            self._scheduler.warn(12200, f"{name} is no verb of a message's document", message.sid)
        for reply in answer.replies:
            self._reply(message, url, reply)
        if answer.redirect is not None:
            self._ask(message, line, urljoin(url, answer.redirect), answer.redirect_method, {})

    def _reply(self, message: Message, url: str, reply: Reply) -> None:
        """One that cannot be sent is only a warning: nobody is there to be told."""
        text = Text(
            to=reply.to or message.from_,
            from_=reply.from_ or message.to,
            body=reply.body,
            media=tuple(urljoin(url, one) for one in reply.media),
            callback=urljoin(url, reply.callback) if reply.callback else "",
        )
        try:
            self.send(text, "outbound-reply")
        except TwilioError as error:
            self._scheduler.warn(error.code, error.message, message.sid)


def _ignore(_result: WebResult) -> None:
    """Nothing depends on the answer to a status callback."""
