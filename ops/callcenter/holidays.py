"""Public holidays, written into callcenter.toml as dates on which it is closed: a person sees and edits them there."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import tomlkit
from tomlkit.items import AoT, Array

from ops.errors import UsageError

Days = Mapping[date, str]


def of(country: str, subdivision: str, year: int) -> Days:
    """The public holidays of a year by their names, which are the country's own. Raises UsageError."""
    import holidays  # it takes its time

    try:
        found = holidays.country_holidays(country.upper(), subdiv=subdivision or None, years=year)
    except NotImplementedError as error:
        raise UsageError(str(error)) from None
    return {day: found[day] for day in sorted(found)}


def added(text: str, hours: str, days: Days) -> tuple[str, Days]:
    """The text with those of the days that these hours do not have yet, and which they are. Raises UsageError."""
    document = tomlkit.parse(text)
    known = document.get("hours", {})
    if hours not in known:
        raise UsageError(f"there is no table [hours.{hours}]; there is {', '.join(known) or 'none'}")
    table = known[hours]
    new = {day: name for day, name in days.items() if not any(_has(one, day) for one in table.get("dates", ()))}
    if new:
        _add(table, new)
    return tomlkit.dumps(document), new


def _has(special: Mapping[str, Any], day: date) -> bool:
    return bool(special["on"] <= day <= special.get("to", special["on"]))


def _add(table: Any, days: Days) -> None:
    if "dates" not in table:
        table["dates"] = tomlkit.array().multiline(True)
    there = table["dates"]
    for day, name in days.items():
        if isinstance(there, AoT):
            there.append(_filled(tomlkit.table(), day, name))
        elif isinstance(there, Array):
            there.append(_filled(tomlkit.inline_table(), day, name))
    if isinstance(there, Array):
        there.multiline(True)


def _filled(table: Any, day: date, name: str) -> Any:
    table["on"], table["name"] = day, name
    return table
