"""Structured log lines: one JSON object each, phone numbers masked, with the sids of what is being done."""

import json
import sys
import traceback
from collections.abc import Mapping
from contextvars import ContextVar
from types import MappingProxyType

from chalicelib.observability.masking import mask

_NOTHING: Mapping[str, object] = MappingProxyType({})

# A variable of the context and not of the module: invocations that take turns in one process do not mix.
_context: ContextVar[dict[str, str] | None] = ContextVar("context", default=None)

_json = json.JSONEncoder(check_circular=False, separators=(",", ":")).encode
_LONGEST = 10_000  # characters of one value; CloudWatch cuts a line where it likes


class Context:
    """A block in which every line has these fields too. A line's own field of the same name counts more.

    They are sids, ids and words of ours, and are not masked: an id may look like a phone number.
    """

    __slots__ = ("_fields", "_token")

    def __init__(self, **fields: str) -> None:
        self._fields = fields

    def __enter__(self) -> None:
        self._token = _context.set({**(_context.get() or {}), **self._fields})

    def __exit__(self, *_: object) -> None:
        _context.reset(self._token)


def bind(**fields: str) -> None:
    """Until the innermost block ends, its lines have these fields too: what became known in the meantime."""
    known = _context.get()
    if known is not None:
        known.update(fields)


def info(event: str, measured: Mapping[str, object] = _NOTHING, /, **fields: object) -> None:
    """One line. `measured` is what `metrics.of` gives, when the line counts as one."""
    _write("INFO", event, measured, fields)


def warning(event: str, measured: Mapping[str, object] = _NOTHING, /, **fields: object) -> None:
    _write("WARNING", event, measured, fields)


def error(event: str, measured: Mapping[str, object] = _NOTHING, /, **fields: object) -> None:
    """An error; inside an `except` the traceback goes with it, phone numbers masked."""
    trace = traceback.format_exc() if sys.exception() else None
    _write("ERROR", event, measured, {**fields, "traceback": trace})


def _write(level: str, event: str, measured: Mapping[str, object], fields: Mapping[str, object]) -> None:
    line: dict[str, object] = {"level": level, "event": event}
    line |= {name: value for name, value in (_context.get() or {}).items() if value}
    line |= {name: _masked(value) for name, value in fields.items() if value not in (None, "")}
    line |= measured
    sys.stdout.write(_json(line) + "\n")


def _masked(value: object) -> object:
    return value if isinstance(value, bool | int | float) else mask(str(value))[:_LONGEST]
