"""Lists of calls: as many rows as are wanted, of the calls that the table finds."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from chalicelib.reports.rows import Row, row
from ops.records import Records

CHUNK = 100  # calls whose whole story is read together


class Listing(NamedTuple):
    """Rows, earliest first; `more`: there are others, which are earlier still."""

    rows: list[Row]
    more: bool


@dataclass(frozen=True)
class Wanted:
    """What a list is to have. `now` in epoch seconds; phone numbers are masked, unless `numbers`."""

    limit: int
    now: float
    numbers: bool
    keep: Callable[[Row], bool] = lambda _row: True


def of(records: Records, subjects: Iterable[str], wanted: Wanted) -> Listing:
    """The first of these calls, latest first, whose rows are to be kept."""
    rows = list(islice(filter(wanted.keep, _rows(records, iter(subjects), wanted)), wanted.limit + 1))
    return Listing(rows[: wanted.limit][::-1], len(rows) > wanted.limit)


def _rows(records: Records, subjects: Iterator[str], wanted: Wanted) -> Iterator[Row]:
    while chunk := list(islice(subjects, CHUNK)):
        for record in records.whole(chunk):
            yield row(record, wanted.now, wanted.numbers)
