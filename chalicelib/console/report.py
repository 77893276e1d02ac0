"""A report for the browser: the same figures as those of `./cordboard report`, of a week at most."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.config import callcenter
from chalicelib.console import days
from chalicelib.console.answers import Asked, Wrong
from chalicelib.observability import log
from chalicelib.reports import export, figures, history
from chalicelib.reports.figures import GROUPINGS, By, Counting

MOST_DAYS = 7  # what is read has to be there within the 15 s that a request may take


def show(asked: Asked) -> Mapping[str, Any]:
    """The figures of the days from `from` to `to`, by `by`. Raises Wrong."""
    center = callcenter.current()
    zone, by = ZoneInfo(center.time_zone), _by(asked.query)
    first, last = days.of(asked.query, "from"), days.of(asked.query, "to")
    if not timedelta() <= last - first < timedelta(days=MOST_DAYS):
        raise Wrong(f"from the first to the last day there may be {MOST_DAYS} days; the command has more")
    log.info("report is seen", since=first.isoformat(), until=last.isoformat(), by=by)
    since, until = days.span(first, last, zone)
    found = history.calls(since, until, asked.at)
    rows = export.rows(figures.report(found, Counting(by, center.reports, zone, asked.at)))
    headings, cells = export.table(rows, by)
    definitions = export.definitions(center.reports)
    shown = {"zone": zone.key, "headings": headings, "cells": cells, "definitions": definitions}
    return {**shown, "rows": rows, "csv": export.as_csv(rows)}


def _by(query: Mapping[str, str]) -> By:
    wanted = query.get("by", "line")
    for by in GROUPINGS:
        if by == wanted:
            return by
    raise Wrong(f"by is one of {', '.join(GROUPINGS)}")
