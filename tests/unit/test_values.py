"""The plain values that are handed about: nobody changes one, and what a team leaves out has a known value."""

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

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
    ("menu", "sure", 0.0, 1.0, 0.001),
    ("menu", "timeout", 1, 60, 1),
    ("menu", "tries", 1, 5, 1),
    ("voicemail", "max_seconds", 1, 3600, 1),
    ("line", "priority", 0, 2147483647, 1),
    ("line", "timeout", 1, 1209600, 1),
    ("closed", "ring_seconds", 5, 600, 1),
    ("callback", "offer_after", 0, 86400, 1),
    ("callback", "attempts", 1, 10, 1),
    ("callback", "retry_after", 60, 86400, 1),
    ("callback", "per_number", 1, 20, 1),
    ("callback", "per_caller", 1, 20, 1),
    ("know_caller", "vip_priority", 0, 1_000_000, 1),
    ("same_worker", "days", 1, 365, 1),
    ("same_worker", "wait", 5, 120, 1),
    ("screening", "tries", 1, 5, 1),
    ("extensions", "wait", 20, 120, 1),
    ("extensions", "tries", 1, 5, 1),
    ("wrap_up", "seconds", 0, 900, 1),
    ("queue", "ring_timeout", 5, 600, 1),
    ("queue", "max_reserved_workers", 1, 50, 1),
    ("answer", "ask_seconds", 4, 120, 1),
    ("answer", "asks", 1, 5, 1),
    ("answer", "passed_seconds", 20, 900, 1),
    ("after_talk", "note_seconds", 0, 600, 1),
    ("recording", "keep_days", 1, 3650, 1),
    ("star", "hold_seconds", 20, 600, 1),
    ("work", "give_back_after", 60, 82800, 1),
    ("work", "priority", 0, 2147483647, 1),
    ("work", "timeout", 1, 1209600, 1),
    ("crm", "timeout", 0.001, 10.0, 0.001),
    ("crm", "attempts", 1, 5, 1),
    ("crm", "breaker_failures", 1, 100, 1),
    ("crm", "breaker_seconds", 1, 3600, 1),
    ("tell", "per_hour", 1, 500, 1),
    ("staff", "remind_minutes", 0, 720, 1),
    ("reports", "answered_within", 1, 3600, 1),
    ("reports", "short_seconds", 0, 600, 1),
    ("console", "callers_waiting", 0, 100_000, 1),
    ("console", "longest_wait", 0, 100_000, 1),
    ("console", "abandoned", 0, 100_000, 1),
    ("console", "service_level", 0, 100, 1),
    ("console", "workers_available", 0, 100_000, 1),
    ("", "calls_per_minute", 1, 10_000, 1),
    ("", "keep_days", 1, 3650, 1),
    ("", "reservation_timeout", 30, 86400, 1),
]
KEYS = "1234567890*#"
Made = Callable[[int], object]
LENGTHS: list[tuple[str, str, Made, int, int | None]] = [  # table, key, one of so many, the fewest and the most
    ("menu", "choices", lambda count: [{"digits": key} for key in KEYS[:count]], 1, None),
    ("menu", "choices", lambda count: [{"digits": "1", "label": "x" * count}], 0, 60),
    ("wait", "options", lambda count: {"say": "", "choices": [{"digits": "1", "then": "voicemail"}] * count}, 1, None),
    ("callback", "countries", lambda count: ["+1"] * count, 1, None),
    ("know_caller", "blocked_say", lambda count: "x" * count, 1, None),
    ("after_talk", "keys", lambda count: dict.fromkeys(KEYS[:count], "sold"), 1, 9),
    ("after_talk", "keys", lambda count: {"1": "x" * count}, 1, 64),
    ("recording", "who_may_listen", lambda count: ["x" * count], 1, 64),
    ("star", "menu", lambda count: ["back"] * count, 1, 8),
    ("staff", "admins", lambda count: ["x" * count], 1, 64),
]
PATHS: dict[str, tuple[str, ...]] = {
    "": (),
    "crm": ("crm",),
    "reports": ("reports",),
    "console": ("console",),
    "tell": ("tell",),
    "staff": ("staff",),
    "work": ("work", "lead"),
    "line": ("lines", "main"),
    "menu": ("lines", "main", "menu"),
    "voicemail": ("lines", "main", "voicemail"),
    "wait": ("lines", "main", "wait"),
    "closed": ("lines", "main", "closed"),
    "callback": ("lines", "main", "callback"),
    "know_caller": ("lines", "main", "know_caller"),
    "same_worker": ("lines", "main", "know_caller", "same_worker"),
    "screening": ("lines", "main", "screening"),
    "extensions": ("lines", "main", "extensions"),
    "queue": ("queues", "Support"),
    "wrap_up": ("queues", "Support", "wrap_up"),
    "answer": ("queues", "Support", "answer"),
    "after_talk": ("queues", "Support", "after_talk"),
    "recording": ("queues", "Support", "recording"),
    "star": ("queues", "Support", "star"),
}
NEEDED: dict[str, dict[str, Any]] = {  # what a table has to have
    "menu": MENU,
    "work": {"say": "A lead."},
    "callback": {"countries": ["+1"]},
    "extensions": {"queue": "Support"},
    "answer": {"mode": "key"},
    "after_talk": {"keys": {"1": "sold"}},
    "recording": {"record": "both"},
    "star": {"menu": ["back"]},
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


BY_NAME = {
    "config.after_talk": "AfterTalk",
    "config.answering": "Answer",
    "config.callbacks": "Callback Says",
    "config.callers": "Extensions KnowCaller SameWorker Screening",
    "config.console": "Console",
    "config.recording": "Recording",
    "config.reports": "Reports",
    "config.schema": "Line SimpleQueue",
    "config.staff": "Staff",
    "config.star": "Star",
    "console.cards": "Card",
    "console.orders": "Order",
    "crm.port": "Attempt Ended",
    "hours.switch": "Change Switch",
    "links.board": "Queued Today Worker",
    "links.model": "Breaker Call Callback Link Message Notice Talk",
    "links.profiles": "Change Profile",
    "reports.figures": "Figures",
    "routing.reservation": "Reservation",
    "staff.duty": "Duty Lock",
    "staff.rota": "Packaged",
    "work.order": "Order",
}


@pytest.mark.parametrize(("module", "names"), BY_NAME.items())
def test_what_gets_more_fields_with_time_is_made_by_their_names(module: str, names: str) -> None:
    known = vars(importlib.import_module(f"chalicelib.{module}"))
    for struct in map(known.__getitem__, names.split()):
        inherited = struct.__base__.__match_args__ if struct.__base__ is schema.Treatment else ()
        assert struct.__match_args__ == inherited, struct


def tables(table: str, **given: object) -> dict[str, Any]:
    """A whole call centre in which this table has what is given."""
    made: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(RAW))
    within = made
    for step in PATHS[table]:
        within = within.setdefault(step, {})
    within.update({**NEEDED.get(table, {}), **given})
    return made


@pytest.mark.parametrize(("table", "key", "least", "most", "step"), BOUNDS, ids=str)
def test_a_number_is_allowed_up_to_its_bounds_and_no_further(
    table: str, key: str, least: float, most: float, step: float
) -> None:
    for allowed in (least, most):
        assert callcenter.of_tables(tables(table, **{key: allowed}))
    for refused in (least - step, most + step):
        with pytest.raises(CallCenterError, match=key):
            callcenter.of_tables(tables(table, **{key: refused}))


@pytest.mark.parametrize(("table", "key", "made", "fewest", "most"), LENGTHS)
def test_a_list_and_a_word_are_as_long_as_they_may_be_and_no_longer(
    table: str, key: str, made: Made, fewest: int, most: int | None
) -> None:
    for allowed in (fewest, most or fewest):
        assert callcenter.of_tables(tables(table, **{key: made(allowed)}))
    for refused in (fewest - 1, *([most + 1] if most else [])):
        if refused >= 0:
            with pytest.raises(CallCenterError, match=key):
                callcenter.of_tables(tables(table, **{key: made(refused)}))


def tables_of_the_file() -> set[type[msgspec.Struct]]:
    """Every table that callcenter.toml may have."""
    found: set[type[msgspec.Struct]] = set()
    new: list[type[msgspec.Struct]] = [schema.CallCenter]
    while new:
        kinds = [kind for field in msgspec.structs.fields(new.pop()) for kind in parts_of(field.type)]
        inner = {kind for kind in kinds if isinstance(kind, type) and issubclass(kind, msgspec.Struct)}
        new += inner - found
        found |= inner
    return {schema.CallCenter, *found}


def parts_of(kind: Any) -> Iterator[Any]:
    """This type, and those within it."""
    yield kind
    for part in get_args(kind):
        yield from parts_of(part)


@pytest.mark.parametrize("table", sorted(tables_of_the_file(), key=str), ids=lambda table: table.__name__)
def test_each_table_refuses_a_key_that_it_does_not_know(table: type[msgspec.Struct]) -> None:
    assert table.__struct_config__.forbid_unknown_fields


def test_every_number_with_bounds_is_tried_at_them() -> None:
    bounded = {
        (table.__name__, field.name)
        for table in tables_of_the_file()
        for field in msgspec.structs.fields(table)
        if any(isinstance(part, msgspec.Meta) and part.le is not None for part in parts_of(field.type))
    }
    tried = {(type(of(table, **{key: least})).__name__, key) for table, key, least, *_ in BOUNDS}
    assert tried == bounded


NUMBERS: dict[str, dict[str, float | bool]] = {
    "menu": {"sure": 0.4, "timeout": 5, "tries": 2},
    "callback": {
        "offer_after": 60,
        "attempts": 3,
        "retry_after": 900,
        "other_number": False,
        "per_number": 2,
        "per_caller": 3,
    },
    "know_caller": {"vip_priority": 10},
    "same_worker": {"days": 7, "wait": 20},
    "screening": {"tries": 2},
    "extensions": {"wait": 45, "tries": 3},
    "answer": {"say_yes": False, "ask_seconds": 12, "asks": 2, "passed_seconds": 30},
    "after_talk": {"note_seconds": 0},
    "recording": {"keep_days": 30},
    "star": {"hold_seconds": 60},
    "work": {"give_back_after": 14400, "priority": 0, "timeout": 86400},
}


@pytest.mark.parametrize("table", NUMBERS)
def test_what_a_table_has_where_a_team_writes_no_number(table: str) -> None:
    made = msgspec.to_builtins(of(table))
    assert {name: value for name, value in made.items() if isinstance(value, int | float)} == NUMBERS[table]


def test_who_asks_a_colleague_first_waits_three_minutes_for_one() -> None:
    assert schema.CONSULT_WORK.timeout == 180


def of(table: str, **given: object) -> Any:
    """This table with what is given."""
    found: Any = callcenter.of_tables(tables(table, **given))
    for step in PATHS[table]:
        found = found[step] if isinstance(found, dict) else getattr(found, step)
    return found


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
