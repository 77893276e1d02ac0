"""The attributes that the files give to tasks and workers: how long they get, and which are not the files' to give."""

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from chalicelib.config.toml_errors import Mistake, sentence
from ops.callcenter.calls import CITY, OF_THE_CALL, Call, calls, given_attributes
from ops.callcenter.files import WORKERS, Center

LIMIT = 4096  # characters of JSON (contract 3.1, 7.5)
COUNTED = "counted as JSON with blanks, and six for a letter beyond ASCII"
NO_JSON = "allowed is what JSON has; a date has to stand in quotes"


def of_calls(center: Center) -> Iterator[Mistake]:
    """The mistakes in the attributes of lines and of their menus' choices."""
    yield from _overwriting(center)
    for _, of_line in groupby(calls(center), lambda call: call.name):
        longest = max(of_line, key=lambda call: len(_text(call.attributes)))
        yield from _too_long(longest)


def of_workers(center: Center) -> Iterator[Mistake]:
    """The mistakes in the attributes of workers.toml, contact_uri included."""
    for name, worker in (center.workers or {}).items():
        key = f"workers.{name}.attributes"
        try:
            length = len(_text(worker.all_attributes()))
        except (TypeError, ValueError):
            yield sentence(key, ..., NO_JSON, WORKERS)
        else:
            if length > LIMIT:
                yield sentence(key, f"{length} characters", f"at most {LIMIT}, {COUNTED}, with contact_uri", WORKERS)


def _text(attributes: dict[str, Any]) -> str:
    """As Twilio may keep it, at its longest: with blanks, and what is not ASCII escaped. Raises as json.dumps does."""
    return json.dumps(attributes, allow_nan=False)


def _too_long(call: Call) -> Iterator[Mistake]:
    ours, whole = len(_text(call.attributes)), len(_text({**call.attributes, **OF_THE_CALL}))
    if whole > LIMIT:
        own = f"{whole - ours} of the {len(OF_THE_CALL)} attributes that Twilio adds (a city with {CITY} letters)"
        counted = f"{COUNTED}: {ours} of the line and the menu's choice together, {own}"
        yield sentence(call.key, f"{whole} characters", f"at most {LIMIT}, {counted}")


def _overwriting(center: Center) -> Iterator[Mistake]:
    for name, line in center.application.lines.items():
        for key, attributes in given_attributes(name, line):
            for attribute in attributes:
                if attribute in OF_THE_CALL:
                    said = "this attribute is the call's own, which Twilio gives to every task: take another name"
                    yield sentence(f"{key}.{attribute}", attributes[attribute], said)
