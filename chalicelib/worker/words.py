"""What is said to a worker of the caller, and in whose voice."""

from chalicelib.config import callcenter
from chalicelib.config.answering import AT_ONCE, Answer
from chalicelib.config.callcenter import Treatment
from chalicelib.links.model import Link

ENDS = (".", "!", "?")


def rules(link: Link | None) -> Answer:
    """How the worker of this link is asked; where nothing is known of it, as by a queue that says nothing."""
    return callcenter.current().queue(link.queue).answering if link else AT_ONCE


def treatment(link: Link | None) -> Treatment:
    """The line that was called: its language and voice are the worker's too."""
    return callcenter.current().treatment_of(link.caller_id if link else "")


def of_caller(link: Link) -> str:
    """The parts that the queue names, as sentences; what is empty leaves no gap, and nothing is said twice."""
    named = {
        "line": callcenter.current().name_of(link.caller_id).replace("-", " ").replace("_", " "),
        "name": "" if link.crm_name.casefold() in link.crm_whisper.casefold() else link.crm_name,
        "crm": link.crm_whisper,
    }
    if "crm" not in rules(link).whisper:
        named["name"] = link.crm_name
    said = [named[part].strip() for part in rules(link).whisper]
    return " ".join(part if part.endswith(ENDS) else f"{part}." for part in said if part)
