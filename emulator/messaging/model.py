"""A message, who may be sent one, and what Twilio makes of the words for opting out (contract 14.5). Pure."""

from dataclasses import dataclass
from mimetypes import guess_type
from typing import Literal
from urllib.parse import urlsplit

from emulator.ports import Method

Direction = Literal["inbound", "outbound-api", "outbound-reply"]
Keyword = Literal["stop", "start", "help"]
Status = Literal["queued", "sent", "delivered", "undelivered", "failed", "received"]

OPT_OUT = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
OPT_IN = frozenset({"start", "yes", "unstop"})
HELP = frozenset({"help", "info"})
LONGEST_BODY = 1600
API = "https://api.twilio.com/2010-04-01"
# A character outside of this makes each segment shorter. The few of GSM-7's second table count twice; not here.
GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)


CONFIRMATIONS = {
    "stop": "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe.",
    "start": "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    "help": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}
UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True)
class Media:
    """One picture or sound of a message; `source` is where it really is."""

    sid: str
    source: str
    created: float

    @property
    def content_type(self) -> str:
        """By the ending of its URL."""
        return guess_type(urlsplit(self.source).path)[0] or UNKNOWN_TYPE


@dataclass
class Message:
    """`callback` is told each new status; times in epoch seconds."""

    sid: str
    account_sid: str
    from_: str
    to: str
    body: str
    direction: Direction
    created: float
    updated: float
    status: Status = "queued"
    media: tuple[Media, ...] = ()
    service_sid: str = ""
    callback: str = ""
    callback_method: Method = "POST"
    error_code: int | None = None
    sent: float | None = None

    def media_url(self, media: Media) -> str:
        """What Twilio tells of it; asked for it, it leads to the source."""
        return f"{API}/Accounts/{self.account_sid}/Messages/{self.sid}/Media/{media.sid}"

    @property
    def segments(self) -> int:
        """160 characters of GSM-7, or 70 of anything else; each a little shorter when there are several."""
        whole, part = (160, 153) if GSM_7.issuperset(self.body) else (70, 67)
        return 1 if len(self.body) <= whole else -(-len(self.body) // part)


def keyword(body: str) -> Keyword | Literal[""]:
    """What Twilio takes the message for: one word alone, in any case."""
    word = body.strip().lower()
    if word in OPT_OUT:
        return "stop"
    if word in OPT_IN:
        return "start"
    return "help" if word in HELP else ""
