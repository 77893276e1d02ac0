"""Which boundary of a worker's shifts is due, what is done then, and who may be put back: by what was said since."""

from typing import Literal

import pytest

from chalicelib.config import callcenter
from chalicelib.links.model import Notice
from chalicelib.links.table import ConditionFailed
from chalicelib.staff import commands, duty, packaged, shifts
from chalicelib.staff.duty import Duty
from chalicelib.staff.rota import Boundary, Packaged, Shift, State
from chalicelib.tell import outbox
from chalicelib.twilio import rest
from tests.conftest import ACTIVITIES

ROTA = Packaged(shifts=(Shift("Bea", 10_000, 20_000), Shift("Bea", 30_000, 40_000)))
RULES = """
default_line = "support"
[lines.support]
numbers = ["+14155550100"]
greeting = "Hello."
[queues.Support.activities]
after_call = "Wrap up"
declined = "Unavailable"
"""
STAFF = '[staff]\nnumbers = ["+14155550105"]\n'


@pytest.fixture(autouse=True)
def rota(environment: pytest.MonkeyPatch) -> None:
    rules(environment)
    environment.setattr(packaged, "current", lambda: ROTA)


def rules(environment: pytest.MonkeyPatch, staff: str = f"{STAFF}remind_minutes = 15\n") -> None:
    center = callcenter.parse(RULES + staff)
    environment.setattr(callcenter, "current", lambda: center)


def boundary(environment: pytest.MonkeyPatch, now: float, seen: Duty) -> Boundary | None:
    """What is due for this worker."""
    environment.setattr(duty, "all_rows", lambda: {seen.worker: seen})
    environment.setattr(outbox, "order", lambda _notice: None)
    environment.setattr(duty, "note_reminded", lambda *_given: True)
    found = [one.boundary for one in shifts.due(now) if one.seen == seen]
    assert len(found) <= 1
    return found[0] if found else None


def bea(
    *,
    hand: Literal["on", "off", ""] = "",
    hand_at: float = 0,
    until: float = 0,
    applied_at: float = 0,
    applied_to: Literal["on", "off", ""] = "",
    reminded_of: float = 0,
) -> Duty:
    """Bea's row."""
    return Duty(
        worker="bea",
        hand=hand,
        hand_at=hand_at,
        until=until,
        applied_at=applied_at,
        applied_to=applied_to,
        reminded_of=reminded_of,
    )


# --- What is due


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (9_999, None),
        (10_000, Boundary(10_000, "on")),
        (19_999, Boundary(10_000, "on")),
        (20_000, Boundary(20_000, "off")),
    ],
)
def test_the_latest_boundary_that_has_come_is_due(
    environment: pytest.MonkeyPatch, now: float, due: Boundary | None
) -> None:
    assert boundary(environment, now, bea(applied_at=1)) == due


@pytest.mark.parametrize(("applied_at", "is_due"), [(9_999, True), (10_000, False), (10_001, False)])
def test_a_boundary_is_applied_once(environment: pytest.MonkeyPatch, applied_at: float, is_due: bool) -> None:
    assert bool(boundary(environment, 10_500, bea(applied_at=applied_at))) == is_due


@pytest.mark.parametrize(("now", "applied_at", "is_due"), [(13_600, 0, True), (13_601, 0, False), (13_601, 1, True)])
def test_a_new_rota_begins_with_what_came_in_the_last_hour(
    environment: pytest.MonkeyPatch, now: float, applied_at: float, is_due: bool
) -> None:
    assert bool(boundary(environment, now, bea(applied_at=applied_at))) == is_due


@pytest.mark.parametrize(
    ("seen", "due"),
    [
        (bea(hand="off", hand_at=9_999), Boundary(10_000, "on")),
        (bea(hand="off", hand_at=10_000), Boundary(10_000, "off")),
        (bea(hand="off", hand_at=10_001), Boundary(10_000, "off")),
        (bea(hand="on", hand_at=10_001), Boundary(10_000, "on")),
        (bea(hand_at=10_001), None),
    ],
)
def test_what_was_said_since_a_boundary_goes_before_it(
    environment: pytest.MonkeyPatch, seen: Duty, due: Boundary | None
) -> None:
    assert boundary(environment, 10_500, seen) == due


@pytest.mark.parametrize(
    ("now", "seen", "due"),
    [
        (15_000, bea(hand="off", hand_at=11_000, until=15_001), None),
        (15_000, bea(hand="off", hand_at=11_000, until=15_000), Boundary(15_000, "on")),
        (15_000, bea(hand="on", hand_at=9_000, until=9_500), Boundary(10_000, "on")),
        (25_000, bea(hand="on", hand_at=11_000, until=24_000.5), Boundary(24_000, "off")),
        (9_000, bea(hand="on", hand_at=7_000, until=8_000), Boundary(8_000, "off")),
        (21_000, bea(hand="off", hand_at=11_000, until=22_000), None),
    ],
)
def test_until_then_it_is_as_was_said_and_from_then_on_as_the_rota_says(
    environment: pytest.MonkeyPatch, now: float, seen: Duty, due: Boundary | None
) -> None:
    assert boundary(environment, now, seen) == due


@pytest.mark.parametrize(("hand", "then"), [("off", "on"), ("on", "off"), ("", "off")])
def test_for_who_is_in_no_rota_it_is_the_other_way_round_then(
    environment: pytest.MonkeyPatch, hand: State | Literal[""], then: State
) -> None:
    carl = Duty(worker="carl", hand=hand, hand_at=4_000, until=5_000)
    assert boundary(environment, 5_000, carl) == Boundary(5_000, then)


def test_whoever_is_in_the_rota_or_said_until_when_is_looked_at_once(environment: pytest.MonkeyPatch) -> None:
    rows = [
        bea(hand="off", hand_at=11_000, until=12_000),
        Duty(worker="carl", hand="off", hand_at=11_000, until=12_000),
        Duty(worker="dora", hand="off", hand_at=11_000),
    ]
    environment.setattr(duty, "all_rows", lambda: {row.worker: row for row in rows})
    assert [(one.worker, one.boundary.at) for one in shifts.due(12_500)] == [("Bea", 12_000), ("carl", 12_000)]


@pytest.mark.parametrize(
    ("staff", "packed", "is_on"),
    [(STAFF, ROTA, True), (STAFF, Packaged(), True), ("", ROTA, True), ("", Packaged(), False)],
)
def test_without_a_rota_and_a_number_for_workers_nothing_is_looked_at(
    environment: pytest.MonkeyPatch, staff: str, packed: Packaged, is_on: bool
) -> None:
    rules(environment, staff)
    environment.setattr(packaged, "current", lambda: packed)
    assert shifts.is_on() == is_on


# --- Reminders


def reminded(environment: pytest.MonkeyPatch, now: float, seen: Duty, *, is_first: bool = True) -> list[Notice]:
    """What is ordered on the way."""
    ordered: list[Notice] = []
    environment.setattr(duty, "all_rows", lambda: {"bea": seen})
    environment.setattr(outbox, "order", ordered.append)
    environment.setattr(duty, "note_reminded", lambda _worker, start, _now: is_first and start == 30_000)
    list(shifts.due(now))
    return ordered


@pytest.mark.parametrize(("now", "times"), [(29_099, 0), (29_100, 1), (29_999, 1), (30_000, 0)])
def test_a_worker_is_reminded_a_quarter_of_an_hour_before_a_shift(
    environment: pytest.MonkeyPatch, now: float, times: int
) -> None:
    assert reminded(environment, now, bea()) == [Notice(what="reminder", at=now, worker="Bea")] * times


@pytest.mark.parametrize(
    ("seen", "times"),
    [
        (bea(reminded_of=29_999), 1),
        (bea(reminded_of=30_000), 0),
        (bea(reminded_of=30_001), 0),
        (bea(hand="off", until=30_000), 1),
        (bea(hand="off", until=30_001), 0),
    ],
)
def test_once_and_not_who_is_off_beyond_its_beginning(environment: pytest.MonkeyPatch, seen: Duty, times: int) -> None:
    assert len(reminded(environment, 29_500, seen)) == times


def test_of_two_sweeps_one_reminds(environment: pytest.MonkeyPatch) -> None:
    assert reminded(environment, 29_500, bea(), is_first=False) == []


@pytest.mark.parametrize(
    ("staff", "now", "times"),
    [
        ("", 29_500, 0),
        (f"{STAFF}remind_minutes = 0\n", 29_999, 0),
        (f"{STAFF}remind_minutes = 1\n", 29_939, 0),
        (f"{STAFF}remind_minutes = 1\n", 29_940, 1),
        (STAFF, 29_099, 0),
        (STAFF, 29_100, 1),
    ],
)
def test_who_is_reminded_when_is_the_teams_to_say(
    environment: pytest.MonkeyPatch, staff: str, now: float, times: int
) -> None:
    rules(environment, staff)
    assert len(reminded(environment, now, bea())) == times


# --- What is done at a boundary


def at_twilio(activity: str, since: float) -> rest.workers.Worker:
    """Bea as Twilio has her."""
    return rest.workers.Worker("WK1", ACTIVITIES[activity], activity == "Available", since, '"1"', "Bea")


class Applied:
    """One boundary that is applied to Bea. `moved` are the activities; `kept` is what her row gets."""

    def __init__(self, environment: pytest.MonkeyPatch, worker: rest.workers.Worker | None) -> None:
        self.worker = worker
        self.moved: list[str] = []
        self.kept: dict[str, object] = {}
        self.said_meanwhile: dict[str, object] = {}
        environment.setattr(rest.workers, "of_name", lambda _name: worker)
        environment.setattr(rest.workers, "move", self._move)
        environment.setattr(duty, "note_applied", self._note)

    def _move(self, _sid: str, activity_sid: str, is_wanted: object, **_options: object) -> bool:
        assert callable(is_wanted)
        if is_moved := bool(is_wanted(self.worker)):
            self.moved.append(activity_sid)
        return is_moved

    def _note(self, _worker: str, at: float, _now: float, _seen: Duty, kept: dict[str, object]) -> None:
        if self.said_meanwhile:
            raise ConditionFailed({"item": "bea", **self.said_meanwhile})
        self.kept = {"at": at, **kept}


@pytest.mark.parametrize(
    ("to", "worker", "hand_at", "is_moved"),
    [
        ("on", at_twilio("Offline", 9_000), 0, True),
        ("on", at_twilio("Offline", 10_000), 0, True),
        ("on", at_twilio("Offline", 10_001), 0, False),
        ("on", at_twilio("Offline", 10_005), 9_990, True),
        ("on", at_twilio("Offline", 10_006), 9_990, False),
        ("on", at_twilio("Available", 9_000), 0, False),
        ("on", at_twilio("Unavailable", 9_000), 0, True),
        ("on", at_twilio("Wrap up", 9_000), 0, False),
        ("off", at_twilio("Available", 10_000), 0, True),
        ("off", at_twilio("Available", 10_001), 0, False),
        ("off", at_twilio("Offline", 9_000), 0, False),
        ("off", at_twilio("Unavailable", 9_000), 0, False),
        ("off", at_twilio("Wrap up", 9_000), 0, True),
        ("off", at_twilio("Wrap up", 10_500), 0, True),
    ],
)
def test_who_has_changed_since_a_boundary_is_left_alone_and_who_wraps_up_is_put_off_for_good(
    environment: pytest.MonkeyPatch, to: State, worker: rest.workers.Worker, hand_at: float, is_moved: bool
) -> None:
    applied = Applied(environment, worker)
    did = shifts.apply(shifts.Due("Bea", Boundary(10_000, to), bea(hand_at=hand_at)), 10_600)
    assert did == (f"put {to}" if is_moved else "left as they are")
    assert applied.moved == [ACTIVITIES["Available" if to == "on" else "Offline"]] * is_moved


@pytest.mark.parametrize(("hand_at", "hand"), [(9_999, ""), (10_000, "off"), (10_001, "off")])
def test_a_later_boundary_ends_what_was_said_by_hand(
    environment: pytest.MonkeyPatch, hand_at: float, hand: str
) -> None:
    applied = Applied(environment, at_twilio("Offline", 9_000))
    shifts.apply(shifts.Due("Bea", Boundary(10_000, "on"), bea(hand="off", hand_at=hand_at)), 10_600)
    assert applied.kept == {"at": 10_000, "applied_to": "on", "until": 0, "hand": hand}


def test_a_worker_whom_twilio_has_not_is_left_and_the_boundary_is_done(environment: pytest.MonkeyPatch) -> None:
    applied = Applied(environment, None)
    assert shifts.apply(shifts.Due("Bea", Boundary(10_000, "on"), bea()), 10_600) == "left unknown"
    assert applied.kept["applied_to"] == "on" and applied.moved == []


@pytest.mark.parametrize(
    ("meanwhile", "done"),
    [
        ({"hand": "on", "hand_at": 10_501}, ["on"]),
        ({"hand": "off", "hand_at": 10_501}, ["off"]),
        ({"hand": "off", "hand_at": 10_500}, []),  # known before: another sweep has applied the boundary
        ({"hand_at": 10_501}, []),
    ],
)
def test_what_is_said_while_a_boundary_is_applied_counts(
    environment: pytest.MonkeyPatch, meanwhile: dict[str, object], done: list[str]
) -> None:
    applied, moved = Applied(environment, at_twilio("Offline", 9_000)), list[str]()
    applied.said_meanwhile = meanwhile
    environment.setattr(commands, "move_by_hand", lambda _sid, to: moved.append(to))
    one = shifts.Due("Bea", Boundary(10_000, "on"), bea(hand="on", hand_at=10_500))
    assert (shifts.apply(one, 10_600), moved) == ("taken", done)


# --- Who may be put back


@pytest.mark.parametrize(
    ("seen", "since", "may"),
    [
        (bea(), 12_000, True),
        (bea(hand="off", hand_at=12_000), 12_000, False),
        (bea(hand="off", hand_at=12_001), 12_000, False),
        (bea(hand="off", hand_at=11_999), 12_000, True),
        (bea(hand="on", hand_at=12_001), 12_000, True),
        (bea(hand_at=12_001), 12_000, True),
        (bea(hand="off", hand_at=12_001, applied_to="on"), 12_000, False),
    ],
)
def test_who_said_off_since_they_were_moved_is_not_put_back(
    environment: pytest.MonkeyPatch, seen: Duty, since: float, may: bool
) -> None:
    environment.setattr(packaged, "current", Packaged)
    environment.setattr(duty, "find", lambda _name: seen)
    assert shifts.may_come_back(at_twilio("Wrap up", since), 12_500) == may


@pytest.mark.parametrize(
    ("seen", "now", "may"),
    [
        (bea(applied_at=10_000, applied_to="on"), 19_999, True),
        (bea(applied_at=10_000, applied_to="on"), 20_000, False),
        (bea(applied_at=20_000, applied_to="off"), 20_500, False),
        (bea(applied_at=20_000, applied_to="off"), 30_000, True),
        (bea(applied_at=20_000, applied_to="off", hand="on", hand_at=20_100), 20_500, True),
        (bea(applied_at=20_000, applied_to="off", hand="off", hand_at=19_000), 20_500, False),
        (bea(applied_at=10_000, applied_to="on", hand="off", hand_at=9_000), 10_500, True),
    ],
)
def test_whose_shift_has_ended_is_not_put_back(
    environment: pytest.MonkeyPatch, seen: Duty, now: float, may: bool
) -> None:
    environment.setattr(duty, "find", lambda _name: seen)
    assert shifts.may_come_back(at_twilio("Wrap up", 8_000), now) == may


def test_without_a_rota_everybody_may_be_put_back(environment: pytest.MonkeyPatch) -> None:
    rules(environment, "")
    environment.setattr(packaged, "current", Packaged)
    environment.setattr(duty, "find", lambda _name: bea(hand="off", hand_at=99_999))
    assert shifts.may_come_back(at_twilio("Wrap up", 8_000), 20_000)
