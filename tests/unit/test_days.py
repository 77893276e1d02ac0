"""Days begin at midnight on the wall, also where the clocks change."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from chalicelib.config import days


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Europe/Berlin", date(2026, 12, 31), 24),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("America/Santiago", date(2026, 9, 6), 23),  # whose midnight is skipped
        ("Asia/Kathmandu", date(2026, 2, 28), 24),
    ],
)
def test_a_day_is_as_long_as_the_clocks_there_make_it(zone: str, day: date, hours: float) -> None:
    there = ZoneInfo(zone)
    begins, ends = days.midnight(day, there), days.midnight(days.after(day), there)
    assert (ends - begins) / 3600 == hours
    assert days.of(begins + 3600, there) == days.of(ends - 1, there) == day
    assert days.before(days.after(day)) == day
