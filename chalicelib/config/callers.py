"""Who calls: what a line knows of its callers, how it screens them, and extensions (pure)."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.config.texts import Language

Prefix = Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{0,10}\Z", description="+ and the first digits of a number")]
Words = Annotated[str, Meta(min_length=1)]
Sentence = Words | dict[Language, Words]
Verdict = Literal["allow", "captcha", "reject"]


class SameWorker(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A caller who talked to a worker within so many `days` is offered to that one alone for `wait` seconds."""

    days: Annotated[int, Meta(ge=1, le=365)] = 7
    wait: Annotated[int, Meta(ge=5, le=120)] = 20


class KnowCaller(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """[lines.NAME.know_caller]: the caller's profile is read once a call. `blocked` is what becomes of who is blocked.

    `vip_priority` is added to the line's for a caller who is a VIP.
    """

    blocked: Literal["hangup", "voicemail", "reject"] = "hangup"
    blocked_say: Sentence = "We cannot take your call. Goodbye."
    vip_priority: Annotated[int, Meta(ge=0, le=1000000)] = 10
    same_worker: SameWorker | None = None


class Screening(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """[lines.NAME.screening]: callers who are rejected, or have to press a key that is drawn for their call.

    `prefixes` are rejected; `failed` is a number whose attestation failed, `withheld` a caller without a number.
    """

    prefixes: tuple[Prefix, ...] = ()
    failed: Verdict = "captcha"
    withheld: Verdict = "allow"
    everybody: Literal["allow", "captcha"] = "allow"
    say: Sentence = "To go on, press {digit}."
    sorry: Sentence = "We did not get that. Goodbye."
    tries: Annotated[int, Meta(ge=1, le=5)] = 2


class Extensions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """[lines.NAME.extensions]: a caller types the extension of a worker, who is offered the call alone.

    `queue` is the task queue by whose rules they are rung. On a line with a menu `key` asks for it. After `wait`
    seconds without the worker, or at once where they are off, the caller may leave them a message.
    """

    queue: Words
    key: Annotated[str, Meta(pattern=r"^[0-9*]?\Z", description="one key of a phone, but for #")] = ""
    prompt: Sentence = "If you know the extension, enter it now, and then the hash key."
    unknown: Sentence = "Nobody has this extension."
    ringing: Sentence = "One moment, please."
    away: Sentence = "{name} is not available."
    wait: Annotated[int, Meta(ge=20, le=120)] = 45
    tries: Annotated[int, Meta(ge=1, le=5)] = 3
