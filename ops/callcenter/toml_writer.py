"""TOML that ops writes into: a person's comments, their order and their other keys stay as they are (pure)."""

import json
from collections.abc import Mapping, MutableMapping
from typing import Any

import tomlkit
from tomlkit.items import AoT, InlineTable, Item

TABLES_OF_TABLES = ("lines", "queues", "workers")


def merged(text: str, wanted: Mapping[str, Any]) -> str:
    """The text with these tables and keys in it. A key whose value is None goes; what is not named stays.

    TOML has no null: where a value has one inside, nothing is written. Raises TOMLKitError when the text is no TOML.
    """
    document = tomlkit.parse(text)
    for name, value in wanted.items():
        if name in TABLES_OF_TABLES:
            for inner, fields in value.items():
                _merge(_table(_table(document, name, is_super=True), inner), fields)
        elif isinstance(value, Mapping):
            _merge(_table(document, name), value, has_filters=name == "workflow")
        else:
            _set(document, name, value)
    return tomlkit.dumps(document)


def quoted(value: str) -> str:
    """The text as a TOML string."""
    return _text(value).as_string()


def _table(there: MutableMapping[str, Any], name: str, is_super: bool = False) -> MutableMapping[str, Any]:
    """The table of this name, which is made when it is not there."""
    if name not in there:
        is_inline = isinstance(there, InlineTable)
        there[name] = tomlkit.inline_table() if is_inline else tomlkit.table(is_super_table=is_super)
    found: MutableMapping[str, Any] = there[name]
    return found


def _merge(there: MutableMapping[str, Any], wanted: Mapping[str, Any], *, has_filters: bool = False) -> None:
    """`has_filters`: its key `filters` is the workflow's; a worker may have an attribute of that name."""
    for key, value in wanted.items():
        if has_filters and key == "filters":
            _set_filters(there, _without_nulls(value))
        else:
            _set(there, key, value)


def _set(there: MutableMapping[str, Any], key: str, value: Any) -> None:
    value, old = _without_nulls(value), there.get(key)
    if value is None:
        there.pop(key, None)
    elif isinstance(old, MutableMapping) and isinstance(value, Mapping):
        for gone in [name for name in old if name not in value]:
            del old[gone]
        _merge(old, value)
    elif key not in there or not _same(old, value):
        there[key] = _item(value)


def _set_filters(there: MutableMapping[str, Any], wanted: list[Mapping[str, Any]]) -> None:
    """The filters in this order. One that was there under its name keeps its comments."""
    if not wanted:
        there.pop("filters", None)
        return
    before = there.get("filters", [])
    known = {given["name"]: given for given in before if "name" in given}
    if [given.get("name") for given in before] != [given["name"] for given in wanted] or not isinstance(before, AoT):
        there["filters"] = tomlkit.aot()
        for given in wanted:
            there["filters"].append(known.get(given["name"]) or tomlkit.table())
    for place, given in zip(there["filters"], wanted, strict=True):
        for gone in [name for name in place if name not in given]:
            del place[gone]
        _merge(place, given)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [_without_nulls(inner) for inner in value if inner is not None]
    return value


def _same(old: Any, new: Any) -> bool:
    plain = old.unwrap() if isinstance(old, Item) else old
    return json.dumps(plain, sort_keys=True, default=str) == json.dumps(new, sort_keys=True, default=str)


def _item(value: Any) -> Item:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        table = tomlkit.inline_table()
        for key, inner in value.items():
            table.append(key, _item(inner))
        return table
    if isinstance(value, list):
        array = tomlkit.array()
        array.extend([_item(inner) for inner in value])
        return array.multiline(len(value) > 1 and isinstance(value[0], dict))
    made: Item = tomlkit.item(value)
    return made


def _text(value: str) -> Item:
    return tomlkit.string(value, literal='"' in value and "'" not in value and value.isprintable())
