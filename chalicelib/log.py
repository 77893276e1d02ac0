"""Structured log lines: one JSON object each, phone numbers masked."""

import json
import re
import sys
import traceback
from collections.abc import Mapping

# Seven to fifteen digits by themselves, as E.164 has them, with a plus sign or without; sids have letters around them.
_PHONE = re.compile(r"(?<![0-9A-Za-z])(?:\+|%2B)?[0-9]{7,15}(?![0-9A-Za-z])")


def mask(text: str) -> str:
    """`text` with every phone number reduced to its last two digits."""
    return _PHONE.sub(lambda found: f"…{found.group()[-2:]}", text)


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
    return value if isinstance(value, bool | int | float) else mask(str(value))
