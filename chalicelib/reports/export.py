"""A report as rows: for a table, for a spreadsheet, for a program (pure)."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from chalicelib.config.reports import Reports
from chalicelib.reports.figures import TOTAL, By, Figures, Report
from chalicelib.reports.outcome import MISSED


class Row(msgspec.Struct, frozen=True):
    """One group of a report, as it is printed. Times are seconds, `service_level` is percent; None: of no call."""

    group: str
    offered: int
    answered: int
    service_level: float | None
    abandoned: int
    short: int
    voicemail: int
    callback: int
    led_out: int
    other: int
    open: int
    unknown: int
    time_to_answer: float | None
    longest_wait: float
    talk_time: float | None
    rung: int
    missed: int
    why_not: Mapping[str, int]

    @property
    def overflow(self) -> int:
        """The calls that no worker took, and whose caller did not hang up."""
        return self.voicemail + self.callback + self.led_out + self.other


COLUMNS: Mapping[str, str] = {
    "offered": "offered",
    "answered": "answered",
    "service_level": "in time",
    "abandoned": "abandoned",
    "short": "short",
    "overflow": "overflow",
    "time_to_answer": "to answer",
    "longest_wait": "longest",
    "talk_time": "talk",
    "rung": "rung",
    "missed": "missed",
    "why": "why",
}
NO_CELLS = frozenset({"why_not"})  # each of its reasons is one


def rows(report: Report) -> list[Row]:
    """A row for each group, and the last for all together."""
    return [_row(name, figures) for name, figures in (*report.groups.items(), (TOTAL, report.total))]


def _row(group: str, figures: Figures) -> Row:
    counted = {name: getattr(figures, name) for name in Row.__struct_fields__ if hasattr(figures, name)}
    rounded = {
        "service_level": _rounded(figures.service_level),
        "time_to_answer": _rounded(figures.time_to_answer),
        "talk_time": _rounded(figures.talk_time),
        "longest_wait": round(figures.longest_wait_seconds, 1),
    }
    return Row(**{**counted, **rounded, "group": group})


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def table(found: Sequence[Row], by: By) -> tuple[list[str], list[list[str]]]:
    """The headings of a table for a person, and its cells."""
    return [by, *COLUMNS.values()], [[row.group, *_cells(row)] for row in found]


def _cells(row: Row) -> Iterator[str]:
    missed = ", ".join(f"{why} {row.why_not[why]}" for why in MISSED if why in row.why_not)
    known: Mapping[str, str] = {"why": missed, "service_level": _percent(row.service_level)}
    for name in COLUMNS:
        value = getattr(row, name, None)
        yield known.get(name) or ("" if value is None else f"{value:g}" if isinstance(value, int | float) else "")


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.0f} %"


def as_csv(found: Sequence[Row]) -> str:
    """The rows for a spreadsheet: each reason for which a worker did not get a caller is a column of its own."""
    reasons = sorted({why for row in found for why in row.why_not})
    names = [name for name in Row.__struct_fields__ if name not in NO_CELLS]
    header = [*names, *(f"why_not_{why.replace(' ', '_')}" for why in reasons)]
    cells = ([*(getattr(row, name) for name in names), *(row.why_not.get(why, 0) for why in reasons)] for row in found)
    return csv_of(header, cells)


def csv_of(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Comma-separated values with a header, as RFC 4180 has them. None is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    for row in rows:
        writer.writerow(["" if value is None else _harmless(str(value)) for value in row])
    return text.getvalue()


def _harmless(value: str) -> str:
    """Somebody may choose a formula as a number or a name, and a spreadsheet would run it."""
    is_number = value.startswith("+") and value[1:].isdecimal()
    return f"'{value}" if value[:1] in tuple("=+-@\t\r") and not is_number else value


def definitions(rules: Reports) -> list[str]:
    """What the words of a report mean, a sentence each."""
    return [
        "offered: calls that came into a queue; of those under way, what is known of them by now",
        f"in time: answered within {rules.answered_within} s, in percent of what was offered without the short ones",
        f"abandoned: hung up after more than {rules.short_seconds} s of waiting; short: before that",
        "overflow: a message, a callback, led out of the queue, or what else Twilio says of it",
        "to answer: mean seconds that answered callers waited; longest: of all callers; talk: mean seconds of a talk",
        "rung: reservations of workers that are over; missed: those rejected for no answer, busy, passed, no key,"
        " a machine, or hung up, and those that timed out",
    ]
