"""A report for the browser: the same figures as those of `./cordboard report`, read a week at a time.

What a request reads has to be there within the 15 s that it may take. So a browser that wants more days asks for one
week after the other, and sends with each what was counted `before`: the last answer is the report of all of them.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from chalicelib.config import callcenter
from chalicelib.config.days import of as day_of
from chalicelib.config.schema import DAY_SECONDS
from chalicelib.console import days
from chalicelib.console.answers import Asked, Wrong
from chalicelib.observability import log
from chalicelib.reports import export, figures, history
from chalicelib.reports.figures import GROUPINGS, By, Counting, Figures, Report

MOST_DAYS = 7  # of one request: 1,000 calls a day are read within its 15 s


class Before(msgspec.Struct, frozen=True):
    """What was counted of the days before, by group, as the answer before has it."""

    groups: dict[str, Figures] = {}


def show(asked: Asked) -> Mapping[str, Any]:
    """The figures of the days from `from` to `to`, by `by`, with those of `before`. Raises Wrong."""
    center = callcenter.current()
    zone, by, before = ZoneInfo(center.time_zone), _by(asked.query), _before(asked.body)
    first, last = _days(asked, zone)
    log.info("report is seen", since=first.isoformat(), until=last.isoformat(), by=by)
    since, until = days.span(first, last, zone)
    found = history.calls(since, until, asked.at)
    counted = figures.together(before, figures.report(found, Counting(by, center.reports, zone, asked.at)))
    return {**shown(counted, by), "zone": zone.key, "definitions": export.definitions(center.reports)}


def shown(counted: Report, by: By) -> Mapping[str, Any]:
    """The report as table, chart and file; `groups` are what a request for the next days sends along."""
    rows = export.rows(counted)
    headings, cells = export.table(rows, by)
    chart = [{"group": row.group, "overflow": row.overflow, **msgspec.to_builtins(row)} for row in rows[:-1]]
    return {"headings": headings, "cells": cells, "csv": export.as_csv(rows), "chart": chart, "groups": counted.groups}


def _days(asked: Asked, zone: ZoneInfo) -> tuple[date, date]:
    """The first and the last day. Raises Wrong."""
    first, last = days.of(asked.query, "from"), days.of(asked.query, "to")
    if not timedelta() <= last - first < timedelta(days=MOST_DAYS):
        raise Wrong(f"from the first to the last day there may be {MOST_DAYS} days in one request")
    keep_days = callcenter.current().keep_days
    earliest = day_of(asked.at - keep_days * DAY_SECONDS, zone)
    if first < earliest:
        raise Wrong(f"calls are kept for {keep_days} days: {earliest.isoformat()} is the first of them")
    return first, last


def _before(body: bytes) -> Mapping[str, Figures]:
    """Raises Wrong."""
    try:
        return msgspec.json.decode(body, type=Before).groups if body else {}
    except (msgspec.MsgspecError, ValueError):
        raise Wrong("before is what the answer before had as groups") from None


def _by(query: Mapping[str, str]) -> By:
    wanted = query.get("by", "line")
    for by in GROUPINGS:
        if by == wanted:
            return by
    raise Wrong(f"by is one of {', '.join(GROUPINGS)}")
