"""Single values that Twilio sends: sids, texts, numbers, attributes (pure)."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from chalicelib.config.schema import CONSULT

# More than any name, number or URL of Twilio's: what is kept of a text, so that a row never outgrows DynamoDB's 400 KB.
MAX_TEXT = 2048

# How networks spell on the keys of a phone that a number is withheld (contract 1.2): no person has such a number.
_WITHHELD = ("anonymous", "blocked", "private", "restricted", "unavailable", "unknown")
_ON_KEYS = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")
_SPELLED = frozenset(f"+{word.translate(_ON_KEYS)}" for word in _WITHHELD)

CONSULT_CALL = "consult_call"  # the attribute of a task by which a colleague is asked about this call

_is_sid = re.compile("[A-Z]{2}[0-9a-fA-F]{32}").fullmatch
_is_number = re.compile(r"\+[1-9][0-9]{6,14}").fullmatch


def sid(value: object) -> str:
    """The value if it is a sid (contract 7), else an empty string: no key of the table is made of anything else."""
    return value if isinstance(value, str) and _is_sid(value) else ""


def text(value: object) -> str:
    """The value if it is text, its first MAX_TEXT characters; else an empty string. Attributes may be of any type."""
    return value[:MAX_TEXT] if isinstance(value, str) else ""


def person(value: object) -> str:
    """The number of whoever calls, by which they are known again; empty where it is withheld, or no E.164 number."""
    return value if isinstance(value, str) and _is_number(value) and value not in _SPELLED else ""


def kind_of(task_attributes: Mapping[str, Any]) -> str:
    """What kind of work a task is: `call` where a caller waits, else its attribute `kind`, empty without one."""
    return "call" if sid(task_attributes.get("call_sid")) else text(task_attributes.get("kind"))


def subject_of(task_attributes: Mapping[str, Any], task_sid: str) -> str:
    """What the links of a task are kept under: the caller's CallSid, else the TaskSid.

    A colleague who is asked about a caller is asked by a task without a call, whose attributes name the caller's.
    """
    about = task_attributes.get(CONSULT_CALL) if kind_of(task_attributes) == CONSULT else ""
    return sid(task_attributes.get("call_sid")) or sid(about) or task_sid


def count(digits: str | None) -> int:
    """The number that a field has: seconds, a priority; 0 when it is missing, or larger than any of Twilio's."""
    return int(digits) if digits and digits.isdecimal() and len(digits) <= 10 else 0


def share(value: str | None) -> float:
    """The number from 0 to 1 that a field has, such as how sure Twilio is; 1 when it is missing, 0 when it is none."""
    if not value:
        return 1.0
    is_number = value.count(".") <= 1 and value.replace(".", "").isdecimal()
    return min(float(value), 1.0) if is_number else 0.0


def attributes(json: str) -> dict[str, Any]:
    """The attributes of a task or a worker. Raises ValueError when this is no JSON object, or one too deep to read."""
    try:
        return msgspec.json.decode(json, type=dict[str, Any])
    except RecursionError:
        raise ValueError("nested too deep") from None
