"""The words of a mail: pure functions from a notice to its subject and text."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from chalicelib.links.model import Notice, OfTheTeam

LONGEST_SUBJECT = 99  # characters, and ASCII alone: SNS takes no other
LONGEST_NAME = 64


class Mail(NamedTuple):
    subject: str
    text: str


def of(notice: Notice, stage: str, link: str = "", text: str = "") -> Mail:
    """The mail that tells of this. It says what to do next.

    `link` leads to the page of the message, `text` is what a machine understood of it.
    """
    subject, tell, commands = _words(notice)
    of_stage = f" --stage {stage}" if stage else ""
    shown = [f"./cordboard {command}{of_stage}" for command in (f"calls show {notice.about}", *commands)]
    lines = [tell(notice), *_said(text), *_listen(link), "", *shown, ""]
    return Mail(_subject(subject, _name(notice.line)), "\n".join(lines))


def of_more(told: str, stage: str) -> Mail:
    """The mail after an hour in which more happened than is told in an hour."""
    of_stage = f" --stage {stage}" if stage else ""
    return Mail("More has happened on your lines", f"{told}\n\n./cordboard calls list{of_stage}\n")


def of_digest(day: str, lines: Sequence[str]) -> Mail:
    """The mail with the figures of this day."""
    return Mail(f"Calls of {day}", "\n".join([*lines, ""]))


def short(notice: Notice, link: str = "") -> str:
    """The same in one text message."""
    _, tell, _ = _words(notice)
    return f"{tell(notice)} {link}".strip()


def _words(notice: Notice) -> tuple[str, Callable[[Notice], str], tuple[str, ...]]:
    """Of what the team is told; workers are told in other words."""
    return next(words for what, words in _WORDS.items() if what == notice.what)


def _said(text: str) -> Iterator[str]:
    if text:
        yield ""
        yield "As text:"
        yield "".join(letter for letter in text if letter.isprintable())


def _listen(link: str) -> Iterator[str]:
    if link:
        yield ""
        yield "Whoever has this link can listen, for seven days:"
        yield link


def _subject(what: str, line: str) -> str:
    return f"{what} {line}".encode("ascii", "replace").decode()[:LONGEST_SUBJECT]


def _voicemail(notice: Notice) -> str:
    length = f" of {notice.seconds} s" if notice.seconds else ""
    whom = f" for {_name(notice.worker)}" if notice.worker else ""
    return f"{_caller(notice)} left a message{length}{whom} on line {_name(notice.line)} at {moment(notice.at)}."


def _led_out(notice: Notice) -> str:
    return (
        f"{_caller(notice)} was led out of the queue of line {_name(notice.line)} at {moment(notice.at)}:"
        f" nobody took the call. {_ONE_MAIL}"
    )


def _no_worker(notice: Notice) -> str:
    return (
        f"{_caller(notice)} has waited on line {_name(notice.line)} for {notice.seconds} s at {moment(notice.at)},"
        f" and no worker of the queue is in an activity that takes calls. {_ONE_MAIL}"
    )


def _callback(notice: Notice) -> str:
    return (
        f"{_caller(notice)} asked to be called back on line {_name(notice.line)}, and was not reached: the callback is"
        f" given up at {moment(notice.at)}, {notice.seconds // 60} minutes after the call."
    )


def _left_undone(notice: Notice) -> str:
    return (
        f"Work of the kind {_name(notice.line)} was taken by {_name(notice.worker) or 'a worker'}, and is not done"
        f" {notice.seconds // 60} minutes later, at {moment(notice.at)}: it is offered to nobody any more."
    )


_ONE_MAIL = "More such calls on this line make no further mail for ten minutes."
_STAFF = ("worker list", "worker on NAME")
_WORDS: Mapping[OfTheTeam, tuple[str, Callable[[Notice], str], tuple[str, ...]]] = {
    "callback": ("Callback is given up on line", _callback, ()),
    "voicemail": ("Voicemail on line", _voicemail, ("voicemail list",)),
    "left-undone": ("Work is left undone of the kind", _left_undone, ()),
    "led-out": ("Nobody took a call on line", _led_out, _STAFF),
    "no-worker": ("Nobody is available on line", _no_worker, _STAFF),
}


def _caller(notice: Notice) -> str:
    return _name(notice.caller) or "A caller without a number"


def _name(text: str) -> str:
    """On one line, and no longer than a name is: a caller may send anything as a number."""
    return "".join(letter for letter in text if letter.isprintable())[:LONGEST_NAME]


def moment(at: float) -> str:
    """When something was, to the minute, as mails and pages say it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
