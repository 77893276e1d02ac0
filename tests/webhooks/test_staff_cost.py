"""What a text, a shift and a reminder ask of AWS and Twilio, and what [staff] adds to a plain call: counted."""

from collections.abc import Callable

import pytest

from bench.counts import STAFF
from chalicelib.staff import shifts
from emulator.voice.parties import busy
from tests.conftest import Aws
from tests.support.call_centre import BEA, STRANGER, SUPPORT, CallCentre
from tests.support.meter import counting

SHIFT = ("Bea", "2026-11-30T10:20:00", "2026-11-30T12:00:00")


@pytest.fixture
def centre(cloud: Aws, environment: pytest.MonkeyPatch) -> CallCentre:
    centre = CallCentre(cloud, environment)
    centre.pack(("Bea", "2026-11-30T07:00:00", "2026-11-30T08:00:00"), SHIFT)
    centre.text(BEA, "on")
    centre.text(BEA, "off")
    return centre


def text(body: str) -> Callable[[CallCentre], object]:
    return lambda centre: centre.text(BEA, body)


def beginning(centre: CallCentre) -> None:
    (due,) = list(shifts.due(centre.time()))
    shifts.apply(due, centre.time())


def missed(centre: CallCentre) -> None:
    centre.twilio.phone(BEA).will(busy())
    centre.text(BEA, "on")
    centre.twilio.dial(STRANGER, SUPPORT, [])
    for _ in range(10):
        centre.run(2)
        centre.work()


@pytest.mark.parametrize(
    ("what", "before", "does"),
    [
        ("on", None, text("on")),
        ("off", text("on"), text("off")),
        ("status", None, text("status")),
        ("who", None, text("who")),
        ("a stranger", None, lambda centre: centre.text(STRANGER, "on")),
        ("a sweep", None, lambda centre: list(shifts.due(centre.time()))),
        ("a boundary", lambda centre: centre.until(10, 20), beginning),
        ("a reminder", lambda centre: centre.until(10, 6), lambda centre: centre.minutes(1)),
        ("told of a missed call", missed, lambda centre: centre.minutes(1)),
    ],
)
def test_each_asks_exactly_for_this(
    centre: CallCentre, what: str, before: Callable[[CallCentre], object] | None, does: Callable[[CallCentre], object]
) -> None:
    if before:
        before(centre)
    asked = len(centre.twilio.requests)
    with counting() as made:
        does(centre)
    counted = {"twilio": len(centre.twilio.requests) - asked, **{name: made[name] for name in made if made[name]}}
    assert counted == STAFF[what]
