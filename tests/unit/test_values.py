"""The plain values that are handed about: nobody changes one, and what a team leaves out has a known value."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chalicelib.config import callcenter, schema
from chalicelib.config.mistakes import mistakes
from chalicelib.config.toml_errors import CallCenterError
from tests.support.no_team import upstreams

PROJECT = Path(__file__).parents[2]
RAW = {"default_line": "main", "lines": {"main": {"greeting": "Hello."}}}
SIMPLE = {
    "greeting": "Hello.",
    "numbers": ["+14155550103"],
    "agent_numbers": ["+14155550104"],
    "agents": ["+14155550190"],
}
MENU = {"prompt": "Press 1.", "choices": [{"digits": "1", "attributes": {}}]}

BOUNDS = [  # table, key, the least and the most that is allowed, the next value outside on either side
    ("menu", "timeout", 1, 60, 1),
    ("menu", "tries", 1, 5, 1),
    ("voicemail", "max_seconds", 1, 3600, 1),
    ("line", "priority", 0, 2147483647, 1),
    ("line", "timeout", 1, 1209600, 1),
    ("wrap_up", "seconds", 0, 900, 1),
    ("queue", "ring_timeout", 5, 600, 1),
    ("queue", "max_reserved_workers", 1, 50, 1),
    ("crm", "timeout", 0.001, 10.0, 0.001),
    ("crm", "attempts", 1, 5, 1),
    ("crm", "breaker_failures", 1, 100, 1),
    ("crm", "breaker_seconds", 1, 3600, 1),
    ("reports", "answered_within", 1, 3600, 1),
    ("reports", "short_seconds", 0, 600, 1),
    ("console", "callers_waiting", 0, 100_000, 1),
    ("console", "service_level", 0, 100, 1),
    ("", "keep_days", 1, 3650, 1),
    ("", "reservation_timeout", 30, 86400, 1),
]
PATHS: dict[str, tuple[str, ...]] = {
    "": (),
    "crm": ("crm",),
    "reports": ("reports",),
    "console": ("console",),
    "line": ("lines", "main"),
    "menu": ("lines", "main", "menu"),
    "voicemail": ("lines", "main", "voicemail"),
    "queue": ("queues", "Support"),
    "wrap_up": ("queues", "Support", "wrap_up"),
}


def structs() -> Iterator[type[msgspec.Struct]]:
    for path in upstreams(PROJECT.glob("chalicelib/**/*.py")):
        if path.parent.name != "team":  # the examples there are no modules
            name = ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")
            for value in vars(importlib.import_module(name)).values():
                if isinstance(value, type) and issubclass(value, msgspec.Struct) and value.__module__ == name:
                    yield value


@pytest.mark.parametrize("struct", list(structs()), ids=lambda struct: struct.__name__)
def test_a_value_cannot_be_changed(struct: type[msgspec.Struct]) -> None:
    assert struct.__struct_config__.frozen


def tables(table: str, key: str, value: object) -> dict[str, Any]:
    """A whole call centre in which this one key has this value."""
    made: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(RAW))
    if table == "menu":
        made["lines"]["main"]["menu"] = dict(MENU)
    within = made
    for step in PATHS[table]:
        within = within.setdefault(step, {})
    within[key] = value
    return made


@pytest.mark.parametrize(("table", "key", "least", "most", "step"), BOUNDS, ids=str)
def test_a_number_is_allowed_up_to_its_bounds_and_no_further(
    table: str, key: str, least: float, most: float, step: float
) -> None:
    for allowed in (least, most):
        assert callcenter.of_tables(tables(table, key, allowed))
    for refused in (least - step, most + step):
        with pytest.raises(CallCenterError, match=key):
            callcenter.of_tables(tables(table, key, refused))


@pytest.mark.parametrize(("count", "holds"), [(0, False), (1, True), (64, True), (65, False)])
@pytest.mark.parametrize("kind", ["queues", "simple_queues"])
def test_the_name_of_a_queue_has_1_to_64_characters(kind: str, count: int, holds: bool) -> None:
    described = SIMPLE if kind == "simple_queues" else {}
    made = callcenter.of_tables({**RAW, kind: {"n" * count: described}})
    found = [mistake for mistake in mistakes(made) if "characters" in mistake]
    assert (not found) == holds


@pytest.mark.parametrize(
    ("digits", "holds"), [("", False), ("1", True), ("0*#9", True), ("12345", False), ("a", False)]
)
def test_a_choice_has_1_to_4_keys_of_a_phone(digits: str, holds: bool) -> None:
    menu = {"prompt": "Press.", "choices": [{"digits": digits, "attributes": {}}]}
    made = {**RAW, "lines": {"main": {"greeting": "Hello.", "menu": menu}}}
    if holds:
        assert callcenter.of_tables(made)
    else:
        with pytest.raises(CallCenterError, match="digits"):
            callcenter.of_tables(made)


def test_what_a_team_leaves_out() -> None:
    made = msgspec.to_builtins(callcenter.of_tables({**RAW, "queues": {"Support": {}}}))
    assert made == {
        "default_line": "main",
        "lines": {"main": LINE},
        "keep_days": 90,
        "reservation_timeout": 120,
        "calls_per_minute": 20,
        "queues": {"Support": QUEUE},
        "crm": {"timeout": 2.0, "attempts": 3, "breaker_failures": 3, "breaker_seconds": 30, "after": False},
        "simple_queues": {},
        "hours": {},
        "reports": {"answered_within": 20, "short_seconds": 10, "digest": ""},
        "console": {
            "callers_waiting": 5,
            "longest_wait": 120,
            "abandoned": 0,
            "service_level": 80,
            "workers_available": 1,
        },
        "work": {},
        "tell": {
            "voicemail": True,
            "nobody_available": True,
            "left_undone": True,
            "callback": True,
            "numbers": False,
            "per_hour": 20,
            "deliver": (),
        },
        "time_zone": "UTC",
        "workspace": {},
        "activities": {},
        "workflow": {},
        "voice_queue": {},
        "messages": {
            "kept_in": "twilio",
            "keys": "Press 1 to hear it again, 2 to call back now, 3 if it is done, 4 to leave it for somebody else.",
        },
        "staff": {
            "numbers": (),
            "admins": (),
            "language": "en-US",
            "voice": "",
            "words": {},
            "on": "Available",
            "off": "Offline",
            "remind_minutes": 15,
        },
    }


LINE: dict[str, Any] = {
    "greeting": "Hello.",
    "language": "en-US",
    "voice": "",
    "languages": {},
    "wait": {
        "say": "Please stay on the line.",
        "position": "",
        "rough_wait": "",
        "play": (),
        "leave_after": 1800,
        "options": None,
    },
    "after": {
        "survey": "",
        "thanks": "Thank you for calling. Goodbye.",
        "queue_full": {"say": "All our lines are busy. Please call again later. Goodbye.", "then": "hangup"},
        "leave": {"say": "Nobody is free at the moment. Please call again later. Goodbye.", "then": "hangup"},
        "declined": {"say": "We are sorry, we cannot take this call. Goodbye.", "then": "hangup"},
        "error": {"say": "Something went wrong on our side. Please call again. Goodbye.", "then": "hangup"},
        "sorry": "We are sorry, something went wrong on our side. Please call again. Goodbye.",
    },
    "voicemail": {
        "prompt": "Please leave a message after the tone.",
        "max_seconds": 120,
        "thanks": "Thank you. Goodbye.",
        "transcribe": "none",
        "offered": False,
        "messages_to": "",
    },
    "numbers": (),
    "attributes": {},
    "priority": 0,
    "timeout": 86400,
    "menu": None,
    "menus": {},
    "callback": None,
    "hours": "",
    "switch": False,
    "closing": "serve",
    "closed": {
        "say": "We are closed.",
        "say_holiday": "We are closed for {name}.",
        "then": "hangup",
        "to": None,
        "ring_seconds": 30,
        "urgent_key": None,
        "not_reached": {
            "say": "Nobody can be reached at the moment. Please call again later. Goodbye.",
            "then": "hangup",
        },
    },
    "know_caller": None,
    "screening": None,
    "extensions": None,
}
QUEUE: dict[str, Any] = {
    "mode": "crm-first",
    "crm": "contacts",
    "ring_timeout": 15,
    "on_outage": "direct",
    "on_crm_outage": "voicemail",
    "activities": {
        "declined": "Unavailable",
        "no_answer": "Unavailable",
        "unreachable": "Offline",
        "after_call": "",
        "after_wrap_up": "",
        "passed": None,
    },
    "after_talk": None,
    "recording": None,
    "star": None,
    "attributes": {},
    "answer": None,
    "wrap_up": {"seconds": 0},
    "workers": "1==1",
    "max_reserved_workers": 1,
    "task_order": "FIFO",
}


def test_the_pauses_before_a_retry_double() -> None:
    assert [schema.pause_before(attempt) for attempt in (1, 2, 3, 4)] == pytest.approx([0.2, 0.4, 0.8, 1.6])
