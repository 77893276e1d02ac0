"""How long callers of a line have waited lately, for those who wait now: by the latest talks that the table knows.

AvgQueueTime is no help: over which calls Twilio takes the average is not known (contract 12).
"""

from datetime import UTC, datetime

from chalicelib.callers import estimate
from chalicelib.links import table
from chalicelib.observability import log

CACHED_SECONDS = 30.0

_known: dict[str, tuple[float, tuple[int, ...]]] = {}  # until when, by line


def minutes_left(line: str, waited: int, now: float) -> int:
    """What is left of the wait of a caller of this line who has waited so many seconds; 0: nothing is said of it.

    Never raises: what cannot be read in time is not known.
    """
    until, waits = _known.get(line, (now, ()))
    if now >= until:
        try:
            waits = _latest(line, now)
        except Exception as error:
            log.warning("how long callers wait is not known", line=line, why=type(error).__name__)
            waits = ()
        _known[line] = now + CACHED_SECONDS, waits
    return estimate.minutes(waits, waited)


def _latest(line: str, now: float) -> tuple[int, ...]:
    """The seconds until each of the latest talks of the line today, in UTC, the newest first."""
    day = datetime.fromtimestamp(now, UTC).date().isoformat()
    rows = table.latest_of_day_quickly(day, estimate.MOST_CALLS)
    talked = [row for row in rows if row.get("line") == line and row.get("queue_result") == "bridged"]
    return tuple(int(row["queue_seconds"]) for row in talked)
