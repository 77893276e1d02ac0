"""When it is open: by the time on the wall, right to the minute, in zones whose clocks change in every way there is."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.config.hours import DAY, WEEKDAYS, Hours, Special, UrgentKey, WhenClosed, mistakes, spans, weekdays
from chalicelib.hours.calendar import Calendar, Closed, Open

# Half an hour's change, one at midnight, a quarter of an hour, none at all, and one that moves a whole day.
ZONES = ("America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Santiago")
OFFICE = Hours(week={"mon-thu": ("08:00-12:00", "13:00-17:00"), "fri": ("08:00-15:00",)})
NIGHT = Hours(week={"fri-sat": ("22:00-06:00",)})
EVERY_KIND = Hours(
    week={
        "mon-tue": ("08:00-12:00", "13:00-17:00"),
        "wed": ("00:00-24:00",),
        "thu": ("00:00-00:01", "23:59-24:00"),
        "fri": ("22:00-06:00",),
        "sat": ("22:00-06:00",),
        "sun": ("01:30-02:15", "02:30-02:31", "23:00-00:30"),
    },
    dates=(
        Special(on=date(2026, 12, 24), open=("08:00-12:00",)),
        Special(on=date(2026, 12, 25), to=date(2026, 12, 26), name="Christmas"),
        Special(on=date(2027, 1, 1), open=("20:00-02:00",)),
    ),
)


def calendar(hours: Hours, zone: str) -> Calendar:
    return Calendar(hours, ZoneInfo(zone))


def utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("zone", "at", "is_open"),
    [
        ("America/New_York", "2026-11-30T13:00", True),  # Monday, 08:00
        ("America/New_York", "2026-11-30T12:59", False),
        ("America/New_York", "2026-11-30T16:59", True),
        ("America/New_York", "2026-11-30T17:00", False),  # noon
        ("America/New_York", "2026-03-06T13:00", True),  # the Friday before the clocks go forward
        ("America/New_York", "2026-03-09T12:00", True),  # the Monday after it: an hour earlier
        ("America/New_York", "2026-03-09T11:59", False),
        ("America/New_York", "2026-11-02T13:00", True),  # the Monday after they have gone back
        ("America/New_York", "2026-11-02T12:59", False),
        ("Europe/Berlin", "2026-03-30T06:00", True),
        ("Europe/Berlin", "2026-03-30T05:59", False),
        ("Australia/Lord_Howe", "2026-04-05T21:30", True),  # Monday 08:00, half an hour back since the night before
        ("Australia/Lord_Howe", "2026-04-05T21:29", False),
        ("Asia/Kathmandu", "2026-11-30T02:15", True),
        ("Asia/Kathmandu", "2026-11-30T02:14", False),
        ("Asia/Kathmandu", "2026-11-29T02:15", False),  # Sunday
    ],
)
def test_office_hours(zone: str, at: str, is_open: bool) -> None:
    assert calendar(OFFICE, zone).at(utc(at)) == (Open() if is_open else Closed())


def test_the_hour_that_is_missing_and_the_one_that_comes_twice() -> None:
    night = Hours(week={"sat": ("22:00-02:30",)})
    forward, back = utc("2026-03-08T07:00"), utc("2026-11-01T05:30")
    new_york = calendar(night, "America/New_York")
    assert new_york.is_open(forward - 1) and not new_york.is_open(forward)  # 02:00 is 03:00 at once
    assert new_york.next_change(forward - 3600) == forward
    assert new_york.is_open(back) and new_york.is_open(back + 3600)  # 01:30, and 01:30 again
    assert new_york.next_change(back) == utc("2026-11-01T07:30")


@pytest.mark.parametrize(
    ("zone", "week", "changes"),
    [
        # 01:30 comes twice: it opens, closes when the clocks go back to 01:00, and opens again
        (
            "America/New_York",
            {"sun": ("01:30-05:00",)},
            ["2026-11-01T05:30", "2026-11-01T06:00", "2026-11-01T06:30", "2026-11-01T10:00"],
        ),
        ("America/New_York", {"sun": ("00:30-03:00",)}, ["2026-11-01T04:30", "2026-11-01T08:00"]),
        (
            "Australia/Lord_Howe",
            {"sun": ("01:30-01:50",)},
            ["2026-04-04T14:30", "2026-04-04T14:50", "2026-04-04T15:00"],
        ),
        ("Asia/Beirut", {"sat": ("23:30-24:00",)}, ["2026-10-24T20:30", "2026-10-24T21:00", "2026-10-24T21:30"]),
        # the hour that is missing: it opens when the clocks go forward, and closes then
        ("America/New_York", {"sun": ("02:15-04:00",)}, ["2027-03-14T07:00", "2027-03-14T08:00"]),
        ("America/New_York", {"sat": ("22:00-02:30",)}, ["2027-03-14T03:00", "2027-03-14T07:00"]),
    ],
)
def test_each_change_of_a_night_on_which_the_clocks_change_is_foretold(
    zone: str, week: dict[str, tuple[str, ...]], changes: list[str]
) -> None:
    hours, first = calendar(Hours(week=week), zone), utc(changes[0])
    foretold, now = [], first - 3600
    for _ in changes:
        now = hours.next_change(now) or 0.0
        foretold.append(now)
    assert foretold == [utc(change) for change in changes]
    assert hours.next_change(first - 1.5 * 86400) == first  # from the day before that


def test_what_goes_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    berlin = calendar(NIGHT, "Europe/Berlin")
    for night in ("2026-12-04T23:00", "2026-12-05T02:00", "2026-12-05T23:00", "2026-12-06T04:59"):
        assert berlin.is_open(utc(night))
    for night in ("2026-12-04T02:00", "2026-12-05T05:00", "2026-12-06T05:00", "2026-12-06T22:00"):
        assert not berlin.is_open(utc(night))


def test_a_date_has_its_own_hours_and_its_own_words() -> None:
    eve = Special(on=date(2026, 12, 24), open=("08:00-12:00",), say="We have closed at noon today.")
    christmas = Special(on=date(2026, 12, 25), to=date(2026, 12, 26), name="Christmas")
    hours = Hours(week={"mon-sun": ("08:00-17:00",)}, dates=(eve, christmas))
    london = calendar(hours, "Europe/London")
    assert london.at(utc("2026-12-24T11:59")) == Open()
    assert london.at(utc("2026-12-24T12:00")) == Closed(say="We have closed at noon today.")
    assert london.at(utc("2026-12-26T10:00")) == Closed(name="Christmas")
    assert london.next_change(utc("2026-12-24T12:00")) == utc("2026-12-27T08:00")


def test_a_night_before_a_closed_day_goes_on_into_it() -> None:
    hours = Hours(week={"thu": ("22:00-06:00",)}, dates=(Special(on=date(2026, 12, 25), name="Christmas"),))
    assert calendar(hours, "UTC").is_open(utc("2026-12-25T05:59"))
    assert calendar(hours, "UTC").at(utc("2026-12-25T06:00")) == Closed(name="Christmas")


@pytest.mark.parametrize("week", [{"mon-sun": ("00:00-24:00",)}, {}])
def test_what_never_changes_says_so(week: dict[str, tuple[str, ...]]) -> None:
    assert calendar(Hours(week=week), "Europe/Berlin").next_change(utc("2026-01-01T00:00")) is None


@pytest.mark.parametrize(("days", "is_foretold"), [(0, True), (1, True), (399, True), (400, False)])
def test_an_opening_is_foretold_for_more_than_a_year(days: int, is_foretold: bool) -> None:
    opening = Special(on=date(2026, 1, 1) + timedelta(days=days), open=("12:00-13:00",))
    found = calendar(Hours(week={}, dates=(opening,)), "UTC").next_change(utc("2026-01-01T11:00"))
    assert found == (utc("2026-01-01T12:00") + days * 86400 if is_foretold else None)


def test_a_day_has_its_name_and_ends_at_midnight_on_the_wall() -> None:
    christmas = Special(on=date(2026, 12, 25), name="Christmas")
    berlin = calendar(Hours(week={}, dates=(christmas,)), "Europe/Berlin")
    names = {day: berlin.name_of_day(date(2026, 12, day).toordinal()) for day in (24, 25, 26)}
    assert names == {24: "", 25: "Christmas", 26: ""}
    assert berlin.end_of_day(utc("2026-12-24T22:59")) == utc("2026-12-24T23:00")
    assert berlin.end_of_day(utc("2026-12-24T23:00")) == utc("2026-12-25T23:00")


@pytest.mark.parametrize("zone", ZONES)
def test_every_minute_of_two_years_is_as_the_wall_says_and_each_change_is_foretold(zone: str) -> None:
    """The other reckoning: minutes on the wall in a set for each day, and the zone's offset for each minute."""
    tz, hours = ZoneInfo(zone), calendar(EVERY_KIND, zone)
    open_minutes = _open_minutes(date(2025, 12, 20), 760)
    first = int(utc("2026-01-01T00:00"))
    offset, foretold, before = 0, None, hours.is_open(first - 60)
    for moment in range(first, first + 731 * 86400, 60):
        if moment % 900 == 0:  # no clock changes at another minute
            offset = int((datetime.fromtimestamp(moment, tz).utcoffset() or timedelta()).total_seconds())
        is_open = (moment + offset) // 60 in open_minutes
        assert hours.is_open(moment) == is_open, datetime.fromtimestamp(moment, tz)
        if is_open != before:
            assert foretold in (None, moment), datetime.fromtimestamp(moment, tz)
            foretold, before = hours.next_change(moment), is_open
        elif moment % (97 * 3600) == 0:
            assert foretold is None or hours.next_change(moment) == foretold
    assert foretold is not None


def _open_minutes(since: date, days: int) -> set[int]:
    """Minutes since 1970 on a wall without a zone."""
    found: set[int] = set()
    specials = {day: special for special in EVERY_KIND.dates for day in special.days}
    by_name = {name: spans for days, spans in EVERY_KIND.week.items() for name in _names(days)}
    for day in (since + timedelta(days=number) for number in range(days)):
        special = specials.get(day)
        for interval in special.open if special else by_name.get(WEEKDAYS[day.weekday()], ()):
            begins, ends = (int(part[:2]) * 60 + int(part[3:]) for part in interval.split("-"))
            midnight = (day - date(1970, 1, 1)).days * 1440
            found.update(range(midnight + begins, midnight + ends + (1440 if ends < begins else 0)))
    return found


def _names(days: str) -> list[str]:
    first, _, last = days.partition("-")
    return list(WEEKDAYS[WEEKDAYS.index(first) : WEEKDAYS.index(last or first) + 1])


times = st.integers(0, DAY - 1).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
intervals = st.tuples(times, times).filter(lambda both: both[0] != both[1]).map("-".join)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    week=st.dictionaries(st.sampled_from(WEEKDAYS), st.lists(intervals, max_size=3).map(tuple)),
    zone=st.sampled_from(ZONES),
    now=st.integers(int(utc("2026-01-01T00:00")), int(utc("2027-12-31T00:00"))),
)
def test_between_now_and_the_next_change_nothing_changes(week: dict[str, tuple[str, ...]], zone: str, now: int) -> None:
    hours = calendar(Hours(week=week), zone)
    until, state = hours.next_change(now), hours.is_open(now)
    if until is not None:
        assert hours.is_open(until) != state
    for moment in range(now, min(int(until or now + 86400), now + 2 * 86400), 60):
        assert hours.is_open(moment) == state


def test_days_of_the_week() -> None:
    assert list(weekdays("mon-thu")) == [0, 1, 2, 3] and list(weekdays("sat-mon")) == [5, 6, 0]
    assert list(weekdays("mon-mon")) == [0] and list(weekdays("tue-mon")) == [1, 2, 3, 4, 5, 6, 0]
    assert (
        list(weekdays("sun")) == [6]
        and not weekdays("mon-noday")
        and not weekdays("noday")
        and not weekdays("mon-")
        and not weekdays("Mon")
    )


def test_intervals_are_minutes_of_their_day() -> None:
    assert spans(("22:00-06:00", "08:00-12:00")) == ((480, 720), (1320, 1800))
    assert spans(("00:00-24:00",)) == ((0, DAY),)


@pytest.mark.parametrize(
    ("hours", "key", "allowed"),
    [
        (Hours(week={"mon-fry": ()}), "week.mon-fry", "spans of them"),
        (Hours(week={"mon-wed": (), "tue": ()}), "week.tue", "mon-wed has tue too"),
        (Hours(week={"mon": ("08:00-08:00",)}), "week.mon", "an end after its beginning"),
        (Hours(week={"mon": ("08:00-12:00", "11:59-13:00")}), "week.mon", "may not overlap"),
        (Hours(week={"mon": ("22:00-06:00",), "tue": ("05:59-12:00",)}), "week.mon", "may not overlap with tue"),
        (Hours(week={"tue": ("22:00-06:00",), "wed": ("05:59-12:00",)}), "week.tue", "may not overlap with wed"),
        (Hours(week={"sun": ("22:00-06:00",), "mon": ("05:00-12:00",)}), "week.sun", "may not overlap with mon"),
        (Hours(week={}, dates=(Special(on=date(2026, 1, 2), to=date(2026, 1, 1)),)), "dates[0].to", "2026-01-02 on"),
        (Hours(week={}, dates=(Special(on=date(2026, 1, 2), to=date(2027, 6, 1)),)), "dates[0].to", "within a year"),
        (
            Hours(week={}, dates=(Special(on=date(2026, 1, 1), to=date(2026, 1, 9)), Special(on=date(2026, 1, 9)))),
            "dates[1].on",
            "may stand once",
        ),
        (Hours(week={}, dates=(Special(on=date(2026, 1, 1), open=("09:00-09:00",)),)), "dates[0].open", "an end after"),
    ],
)
def test_what_no_single_value_shows(hours: Hours, key: str, allowed: str) -> None:
    found = list(mistakes(hours))
    assert [one[0] for one in found][:1] == [key] and allowed in found[0][2]


NEW_YEAR = date(2026, 1, 1)


@pytest.mark.parametrize(
    "hours",
    [
        OFFICE,
        NIGHT,
        Hours(week={"mon": ("08:00-12:00", "12:00-13:00"), "tue": ("00:00-24:00",)}),
        Hours(week={"mon": ("22:00-06:00",), "tue": ("06:00-12:00",), "wed": ("00:00-12:00",)}),
        Hours(week={"sun": ("22:00-06:00",), "mon": ("06:00-12:00",)}),
        Hours(week={}, dates=(Special(on=NEW_YEAR, to=NEW_YEAR),)),
        Hours(week={}, dates=(Special(on=NEW_YEAR, to=NEW_YEAR + timedelta(days=365)),)),
        Hours(week={}, dates=(Special(on=NEW_YEAR), Special(on=NEW_YEAR + timedelta(days=1)))),
    ],
)
def test_good_hours_have_no_mistakes(hours: Hours) -> None:
    assert list(mistakes(hours)) == []


def test_every_mistake_of_the_hours_is_told_with_what_is_written() -> None:
    wrong = Hours(
        week={"mon": ("22:00-06:00",), "tue": ("05:00-07:00", "06:00-08:00"), "xyz": ("09:00-09:00",)},
        dates=(
            Special(on=NEW_YEAR, to=NEW_YEAR + timedelta(days=366)),
            Special(
                on=NEW_YEAR + timedelta(days=3), to=NEW_YEAR + timedelta(days=5), open=("10:00-12:00", "11:00-13:00")
            ),
        ),
    )
    assert [(key, value) for key, value, _ in mistakes(wrong)] == [
        ("week.tue", ["05:00-07:00", "06:00-08:00"]),
        ("week.xyz", ...),
        ("week.xyz", "09:00-09:00"),
        ("week.mon", ["22:00-06:00"]),
        ("dates[0].to", "2027-01-02"),
        ("dates[1].on", "2026-01-04"),
        ("dates[1].open", ["10:00-12:00", "11:00-13:00"]),
    ]


@pytest.mark.parametrize(("to", "count"), [(None, 1), (0, 1), (1, 2), (365, 366), (5000, 366), (-1, 0)])
def test_a_special_date_is_a_day_or_all_of_them_up_to_its_last(to: int | None, count: int) -> None:
    last = None if to is None else NEW_YEAR + timedelta(days=to)
    days = list(Special(on=NEW_YEAR, to=last).days)
    assert days == [NEW_YEAR + timedelta(days=number) for number in range(count)]


@pytest.mark.parametrize(
    ("closed", "leads_to"),
    [
        (WhenClosed(to="+14155550199"), {"to": "+14155550199"}),
        (WhenClosed(urgent_key=UrgentKey(digits="1", to="+14155550198")), {"urgent_key.to": "+14155550198"}),
        (WhenClosed(), {}),
    ],
)
def test_a_closed_line_leads_to_the_numbers_that_it_names(closed: WhenClosed, leads_to: dict[str, str]) -> None:
    assert closed.leads_to == leads_to
