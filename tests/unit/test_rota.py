"""The rota as the package has it: who works when, and which moment a time on the wall is."""

from datetime import datetime

import pytest

from chalicelib.staff.rota import Boundary, Packaged, Shift, State, joined, read

MORNING, AFTERNOON, CARLS = Shift("Bea", 1000, 2000), Shift("Bea", 3000, 4000), Shift("Carl", 1500, 3500)
ROTA = Packaged(shifts=(MORNING, CARLS, AFTERNOON))
# From 01:00 UTC on 25 October the clocks of Berlin are an hour back, and from 01:00 UTC on 28 March forward again.
AUTUMN, SPRING = 1792890000, 1806195600
BERLIN = Packaged(offsets=((0, 7200), (AUTUMN, 3600), (SPRING, 7200)))
WEST = Packaged(offsets=((0, -18000),))


# --- Shifts


def test_a_worker_has_their_own_shifts() -> None:
    assert ROTA.workers() == {"Bea", "Carl"}
    assert (ROTA.of("Bea"), ROTA.of("Carl"), ROTA.of("Ann")) == ([MORNING, AFTERNOON], [CARLS], [])


@pytest.mark.parametrize(
    ("at", "state"),
    [(999, "off"), (1000, "on"), (1001, "on"), (1999.5, "on"), (2000, "off"), (2500, "off"), (3000, "on")],
)
def test_a_shift_lasts_from_its_beginning_to_just_before_its_end(at: float, state: State) -> None:
    assert ROTA.state("Bea", at) == state


@pytest.mark.parametrize(
    ("now", "last"),
    [
        (999, None),
        (1000, Boundary(1000, "on")),
        (1999, Boundary(1000, "on")),
        (2000, Boundary(2000, "off")),
        (3500, Boundary(3000, "on")),
        (9999, Boundary(4000, "off")),
    ],
)
def test_the_last_boundary_is_the_latest_that_has_come(now: float, last: Boundary | None) -> None:
    assert ROTA.last_boundary("Bea", now) == last


@pytest.mark.parametrize(("now", "shift"), [(999, MORNING), (1000, AFTERNOON), (2999, AFTERNOON), (3000, None)])
def test_the_next_shift_is_one_that_has_not_begun(now: float, shift: Shift | None) -> None:
    assert ROTA.next_shift("Bea", now) == shift


@pytest.mark.parametrize(
    ("shifts", "made"),
    [
        ([(1000, 2000), (2000, 3000)], [(1000, 3000)]),
        ([(1000, 2000), (1500, 1800)], [(1000, 2000)]),
        ([(1500, 2500), (1000, 2000)], [(1000, 2500)]),
        ([(1000, 2000), (2001, 3000)], [(1000, 2000), (2001, 3000)]),
        ([(100, 200), (300, 400), (500, 600), (550, 700)], [(100, 200), (300, 400), (500, 700)]),
        ([(1000, 1000)], []),
        ([(2000, 1000)], []),
        ([(1000, 1001)], [(1000, 1001)]),
    ],
)
def test_shifts_that_touch_are_one_and_one_without_length_is_none(
    shifts: list[tuple[int, int]], made: list[tuple[int, int]]
) -> None:
    assert joined([Shift("Bea", *times) for times in shifts]) == tuple(Shift("Bea", *times) for times in made)


def test_shifts_of_two_workers_stay_two_and_come_by_their_beginning() -> None:
    beas, carls, anns = Shift("Bea", 1000, 2000), Shift("Carl", 900, 2000), Shift("Ann", 1000, 1100)
    assert joined([beas, carls, anns]) == (carls, anns, beas)
    later, earlier = Shift("Ann", 2000, 3000), Shift("Bea", 1000, 2500)
    assert joined([later, earlier]) == (earlier, later)


def test_of_a_rota_that_is_not_made_nothing_is_known() -> None:
    assert read("{}") == Packaged(zone="UTC", offsets=(), shifts=(), until=0)


# --- The clock on the wall


def wall(shown: str) -> datetime:
    """A time on the wall, which has no zone."""
    return datetime.fromisoformat(shown)


def test_without_a_zone_the_wall_shows_utc() -> None:
    assert Packaged().local(3661) == wall("1970-01-01T01:01:01")
    assert Packaged().instant(wall("1970-01-01T01:01:01")) == 3661


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (AUTUMN - 1, "2026-10-25T02:59:59"),
        (AUTUMN, "2026-10-25T02:00"),
        (SPRING - 1, "2027-03-28T01:59:59"),
        (SPRING, "2027-03-28T03:00"),
    ],
)
def test_the_wall_shows_the_time_of_the_offset_that_holds_then(at: float, shown: str) -> None:
    assert BERLIN.local(at) == wall(shown)


@pytest.mark.parametrize(
    ("shown", "at"),
    [
        ("2026-10-25T01:59", AUTUMN - 3660),
        ("2026-10-25T02:30", AUTUMN - 1800),  # shown twice: the first time
        ("2026-10-25T03:00", AUTUMN + 3600),
        ("2027-03-28T01:59", SPRING - 60),
        ("2027-03-28T02:30", SPRING + 1800),  # skipped: when the clock shows 03:30
        ("2027-03-28T03:00", SPRING),
    ],
)
def test_a_time_on_the_wall_is_the_first_moment_that_has_it(shown: str, at: float) -> None:
    assert BERLIN.instant(wall(shown)) == at


def test_before_all_that_is_known_of_a_zone_it_is_as_at_its_beginning() -> None:
    assert Packaged(offsets=((0, 7200), (AUTUMN, 3600))).local(-100) == wall("1970-01-01T01:58:20")


def test_a_time_on_a_wall_west_of_greenwich() -> None:
    assert WEST.local(18060) == wall("1970-01-01T00:01")
    assert WEST.instant(wall("1970-01-01T00:01")) == 18060
