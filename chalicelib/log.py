"""Structured log lines: one JSON object each, phone numbers masked."""

import json
import re
import sys
import traceback
from collections.abc import Mapping

# Seven digits or more, of any script and wherever they stand, or with blanks, dots and dashes after a plus sign. A sid,
# which may have as many digits in it, is matched first and kept.
_PHONE = re.compile(
    r"(?<![0-9A-Za-z])(?P<sid>[A-Z]{2}[0-9a-fA-F]{32,})(?![0-9A-Za-z])"
    r"|\+\d(?:[ ().-]{0,2}\d){6,}|(?:\+|%2B)?\d{7,}"
)
_LONGEST = 10_000  # characters of one value; CloudWatch cuts a line where it likes


def mask(text: str) -> str:
    """`text` with every phone number reduced to its last two digits."""
    return _PHONE.sub(lambda found: found["sid"] or f"…{found.group()[-2:]}", text)


def info(event: str, **fields: object) -> None:
    _write("INFO", event, fields)


def warning(event: str, **fields: object) -> None:
    _write("WARNING", event, fields)


def error(event: str, **fields: object) -> None:
    """An error; inside an `except` the traceback goes with it, phone numbers masked."""
    trace = traceback.format_exc() if sys.exc_info()[0] else None
    _write("ERROR", event, {**fields, "traceback": trace})


def _write(level: str, event: str, fields: Mapping[str, object]) -> None:
    line: dict[str, object] = {"level": level, "event": event}
    line |= {name: _masked(value) for name, value in fields.items() if value not in (None, "")}
    sys.stdout.write(json.dumps(line, default=str) + "\n")


def _masked(value: object) -> object:
    return value if isinstance(value, bool | int | float) else mask(str(value))[:_LONGEST]
