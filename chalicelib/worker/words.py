"""What is said to a worker of the caller, and in whose voice."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from chalicelib.config import callcenter
from chalicelib.config.answering import AT_ONCE, Answer
from chalicelib.config.schema import Treatment, Work, is_number
from chalicelib.links.model import Link
from chalicelib.twilio import urls

LONGEST_VALUE = 200  # characters of one attribute that are spoken
ENDS = (".", "!", "?")
_PLACES = re.compile(r"\{(\w+)\}")


def rules(link: Link | None) -> Answer:
    """How the worker of this link is asked; where nothing is known of it, as by a queue that says nothing."""
    return callcenter.current().queue(link.queue).answering if link else AT_ONCE


def after_url(link: Link, *, has_star: bool) -> str:
    """What is asked for when the two have talked, and the caller has hung up; empty: nothing."""
    sids = {"subject": link.subject, "reservation_sid": link.reservation_sid}
    if has_star:
        return urls.WORKER_STAR.url(link.base_url, **sids, attempt="1")
    if not callcenter.current().queue(link.queue).after_talk:
        return ""
    return urls.WORKER_AFTER.url(link.base_url, **sids)


def recording_url(link: Link) -> str:
    """Who is told of the recording of the talk; empty: it is not recorded."""
    if not link.recorded:
        return ""
    return urls.WORKER_RECORDING.url(link.base_url, subject=link.subject, reservation_sid=link.reservation_sid)


def treatment(link: Link | None) -> Treatment:
    """The line that was called: its language and voice are the worker's too."""
    return callcenter.current().treatment_of(link.caller_id if link else "")


def of_work(kind: Work, task_attributes: Mapping[str, Any]) -> dict[str, str]:
    """What the link keeps of work that is no call: what is said of it, and the number to be dialled."""
    dial = filled(kind.dial, task_attributes)
    return {"work_say": filled(kind.say, task_attributes), "work_dial": dial if is_number(dial) else ""}


def at_desk(kind: Work, task_attributes: Mapping[str, Any]) -> dict[str, str]:
    """The same of work that a worker takes at the desk: what is said of it, and the page on which it is done."""
    return {"work_say": filled(kind.say, task_attributes), "work_link": _link(kind.link, task_attributes)}


def _link(template: str, task_attributes: Mapping[str, Any]) -> str:
    """The URL with the task's attributes encoded in its braces; empty where one is missing, or would lead elsewhere."""
    named = {name: _plain(task_attributes.get(name)) for name in _PLACES.findall(template)}
    if not all(value.strip(".") and len(value) <= LONGEST_VALUE for value in named.values()):
        return ""
    return _PLACES.sub(lambda found: quote(named[found[1]], safe=""), template)


def filled(template: str, task_attributes: Mapping[str, Any]) -> str:
    """The template with the task's attributes in its braces; one that is missing, or no text or number, is nothing."""

    def value(found: re.Match[str]) -> str:
        return _plain(task_attributes.get(found[1]))[:LONGEST_VALUE]

    return " ".join(_PLACES.sub(value, template).split())


def _plain(given: object) -> str:
    """This attribute as a text; empty for what is no text or number."""
    return str(given) if isinstance(given, str | int | float) and not isinstance(given, bool) else ""


def of_caller(link: Link) -> str:
    """The parts that the queue names, as sentences; what is empty leaves no gap, and nothing is said twice.

    Of work that is no call the whole of it is said: it is what the worker decides on. A callback is said to be one.
    """
    if link.work and not link.callback:
        return link.work_say
    named = {
        "line": callcenter.current().name_of(link.caller_id).replace("-", " ").replace("_", " "),
        "name": "" if link.crm_name.casefold() in link.crm_whisper.casefold() else link.crm_name,
        "crm": link.crm_whisper,
    }
    if "crm" not in rules(link).whisper:
        named["name"] = link.crm_name
    said = [named[part].strip() for part in rules(link).whisper]
    if link.callback:
        said.insert(0, "Callback.")
    if link.transferred_from:
        said.insert(0, f"From {link.transferred_from}.")
    return " ".join(part if part.endswith(ENDS) else f"{part}." for part in said if part)
