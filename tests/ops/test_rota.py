"""rota.toml and calendars: the shifts that follow, what is refused, and what the package holds of it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chalicelib.staff import pins
from chalicelib.staff.rota import Packaged, Shift, joined, read
from ops.__main__ import main
from ops.callcenter import check, ics, rota, staff_file
from ops.callcenter.files import Texts, parse
from ops.errors import FilesError
from tests.ops.files import CENTER, WORKERS, without_lines
from tests.support.checkout import of_the_demo

MONDAY = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
LOS_ANGELES, BERLIN = "America/Los_Angeles", "Europe/Berlin"


def of(*rules: str, zone: str = "UTC", closed: str = "", days: int = 14) -> list[str]:
    """The shifts of these rules, local to the zone: day, weekday and times."""
    listed = ", ".join('{ worker = "Bea", ' + rule + " }" for rule in rules)
    text = f'zone = "{zone}"\nshifts = [{listed}]\n{closed}'
    given = rota.read(text)
    assert list(rota.mistakes(given, {"Bea": None})) == []
    found = joined(rota.shifts(given, "UTC", MONDAY, days))
    there = Packaged(zone=zone, offsets=staff_file._offsets(zone, MONDAY))
    return [f"{there.local(one.start):%a %d %H:%M}-{there.local(one.end):%H:%M}" for one in found]


def test_an_instant_is_by_the_offset_of_its_own_day() -> None:
    there = Packaged(zone=BERLIN, offsets=((0, 3600), (1_000_000, 7200)))
    for instant in (500_000, 1_000_001):
        assert there.instant(there.local(instant)) == instant


def test_weekdays_from_one_to_another() -> None:
    assert of('on = "mon-wed", from = "08:00", to = "12:00"', days=4) == [
        "Mon 30 08:00-12:00",
        "Tue 01 08:00-12:00",
        "Wed 02 08:00-12:00",
    ]


@pytest.mark.parametrize(
    ("on", "days"),
    [
        ("first sat", ["Sat 05"]),
        ("second sat", ["Sat 12"]),
        ("last mon", ["Mon 30"]),
        ("sat-mon", ["Sun 29", "Mon 30", "Sat 05", "Sun 06", "Mon 07", "Sat 12", "Sun 13"]),
        ("2026-12-03, sun", ["Sun 29", "Thu 03", "Sun 06", "Sun 13"]),
        ("Tue", ["Tue 01", "Tue 08"]),
    ],
)
def test_days_as_people_write_them(on: str, days: list[str]) -> None:
    assert [shift[:6] for shift in of(f'on = "{on}", from = "08:00", to = "12:00"')] == days


def test_a_shift_over_midnight_and_two_that_touch_are_one() -> None:
    assert of('on = "tue", from = "22:00", to = "02:00"', 'on = "wed", from = "02:00", to = "06:00"', days=3) == [
        "Tue 01 22:00-06:00"
    ]


def test_nobody_begins_on_a_day_that_is_closed() -> None:
    assert of('on = "daily", from = "08:00", to = "09:00"', closed='closed = ["2026-12-01"]\n', days=3) == [
        "Sun 29 08:00-09:00",
        "Mon 30 08:00-09:00",
        "Wed 02 08:00-09:00",
    ]


def test_a_shift_is_at_its_time_on_the_wall_when_the_clocks_are_set() -> None:
    given = rota.read('shifts = [{ worker = "Bea", on = "daily", from = "08:00", to = "12:00" }]')
    march = rota.shifts(given, LOS_ANGELES, datetime(2027, 3, 13, 20, tzinfo=UTC), 2)
    hours = [datetime.fromtimestamp(shift.start, UTC).strftime("%d %H") for shift in march]
    assert hours == ["12 16", "13 16", "14 15"]  # UTC: the clocks went forward in the night to the 14th
    skipped = rota.read('shifts = [{ worker = "Bea", on = "2027-03-14", from = "02:30", to = "04:00" }]')
    (shift,) = rota.shifts(skipped, LOS_ANGELES, datetime(2027, 3, 13, 20, tzinfo=UTC), 2)
    assert (shift.end - shift.start) / 60 == 30


@pytest.mark.parametrize("wall", ["2027-03-14T02:30", "2026-11-01T01:30", "2027-06-01T12:00", "2026-12-24T23:59"])
def test_the_package_knows_the_zone_without_a_zones_file(wall: str) -> None:
    from zoneinfo import ZoneInfo

    there = Packaged(zone=LOS_ANGELES, offsets=staff_file._offsets(LOS_ANGELES, datetime(2026, 9, 1, tzinfo=UTC)))
    at = datetime.fromisoformat(wall)
    assert there.instant(at) == at.replace(tzinfo=ZoneInfo(LOS_ANGELES)).timestamp()


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('zone = "Berlin"', "zone is 'Berlin': allowed is an IANA name such as Europe/Berlin"),
        ('shifts = [{ worker = "Zoe", on = "mon", from = "08:00", to = "12:00" }]', "shifts[0].worker is 'Zoe': allowed: Bea, Dora"),
        ('shifts = [{ worker = "Bea", on = "monday", from = "08:00", to = "12:00" }]', "shifts[0].on is 'monday': allowed: mon-fri, sat, first sat"),
        ('shifts = [{ worker = "Bea", on = "fifth mon", from = "08:00", to = "12:00" }]', "shifts[0].on is 'fifth mon': allowed"),
        ('shifts = [{ worker = "Bea", on = "mon", from = "8:00", to = "12:00" }]', "shifts[0].from is '8:00': Expected `str` matching regex"),
        ('shifts = [{ worker = "Bea", on = "mon", from = "08:00", to = "08:00" }]', "shifts[0].to is '08:00': it begins then"),
        ('shifts = [{ worker = "Bea", on = "mon", to = "12:00" }]', "shifts[0]: Object missing required field `from`"),
        ('closed = ["25.12.2026"]', "closed[0] is '25.12.2026': allowed: a day such as 2026-12-25"),
        ("shift = []", "(top level): Object contains unknown field `shift`; allowed: zone, shifts, closed"),
        ("shifts = [", "not TOML"),
    ],
)  # fmt: skip
def test_each_mistake_is_said_with_key_value_and_what_is_allowed(written: str, said: str) -> None:
    (found,) = without_lines(check.mistakes(Texts(CENTER, WORKERS, written)))
    assert found.startswith(f"rota.toml: {said}")


# --- A calendar


def calendar(*events: str, head: str = "") -> bytes:
    inside = "\n".join(
        f"BEGIN:VEVENT\nUID:{number}\nDTSTAMP:20261101T000000Z\n{it}\nEND:VEVENT" for number, it in enumerate(events)
    )
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Harbour//EN\n{head}{inside}\nEND:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


def taken(content: bytes, zone: str = BERLIN) -> list[Shift]:
    return sorted(ics.shifts(content, zone, ["Bea", "Dora"], MONDAY))


def utc(shift: Shift) -> str:
    return f"{datetime.fromtimestamp(shift.start, UTC):%m-%d %H:%M}-{datetime.fromtimestamp(shift.end, UTC):%H:%M}"


def test_an_event_that_repeats_for_ever_is_taken_for_eight_weeks() -> None:
    found = taken(calendar("SUMMARY:Bea\nDTSTART:20260105T080000Z\nDTEND:20260105T120000Z\nRRULE:FREQ=WEEKLY"))
    assert len(found) in (8, 9) and {shift.worker for shift in found} == {"Bea"}


def test_times_of_a_zone_go_with_its_clocks() -> None:
    content = calendar(
        "SUMMARY:Bea: on call\nDTSTART;TZID=Europe/Berlin:20270327T080000\nDTEND;TZID=Europe/Berlin:20270327T120000\nRRULE:FREQ=DAILY;COUNT=2"
    )
    found = sorted(ics.shifts(content, "UTC", ["Bea"], datetime(2027, 3, 20, tzinfo=UTC)))
    assert [utc(shift) for shift in found] == ["03-27 07:00-11:00", "03-28 06:00-10:00"]


def test_floating_times_are_in_the_files_zone_or_the_rotas() -> None:
    event = "SUMMARY:Dora (late)\nDTSTART:20261201T080000\nDTEND:20261201T120000"
    assert [utc(shift) for shift in taken(calendar(event))] == ["12-01 07:00-11:00"]
    named = calendar(event, head="X-WR-TIMEZONE:America/Los_Angeles\n")
    assert [utc(shift) for shift in taken(named)] == ["12-01 16:00-20:00"]


def test_a_whole_day_is_from_midnight_to_midnight() -> None:
    (shift,) = taken(calendar("SUMMARY:bea - day\nDTSTART;VALUE=DATE:20261203\nDTEND;VALUE=DATE:20261204"))
    assert utc(shift) == "12-02 23:00-23:00" and shift.worker == "Bea"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"BEGIN:VEVENT\r\nfoo", "it is no calendar"),
        (b"", "it is no calendar"),
        (b"\xff\xfe\x00", "it is no calendar"),
        (calendar("SUMMARY:Team lunch\nDTSTART:20261201T080000Z\nDTEND:20261201T090000Z"), "'Team lunch' names no worker; a title begins with one of Bea, Dora"),
    ],
)  # fmt: skip
def test_what_is_no_rota_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(FilesError, match=said):
        taken(content)


# --- What is packaged


def test_the_package_has_shifts_zone_and_hashed_pins_and_keeps_what_has_not_changed() -> None:
    people = WORKERS.replace('contact_uri = "client:dora"', 'contact_uri = "client:dora"\npin = "4711"')
    center = parse(
        CENTER,
        people,
        'zone = "Europe/Berlin"\nshifts = [{ worker = "Bea", on = "mon", from = "08:00", to = "12:00" }]',
    )
    made = staff_file.made(center, None, Packaged(), MONDAY)
    assert len(made.shifts) == 53 and made.offsets[0][1] == 3600 and made.offsets[1][1] == 7200
    assert pins.fits("4711", made.pins["Dora"]) and "4711" not in json.dumps(made.pins)
    assert staff_file.made(center, None, made, MONDAY).pins == made.pins


def test_the_package_has_the_extensions_by_their_digits_and_no_phone() -> None:
    people = WORKERS.replace('contact_uri = "client:dora"', 'contact_uri = "client:dora"\nextension = "204"')
    center = parse(CENTER, people)
    made = staff_file.made(center, None, Packaged(), MONDAY)
    assert made.extensions == {"204": "Dora"} and "client:dora" not in str(made)
    assert staff_file.is_as_good(made, staff_file.made(center, None, made, MONDAY), MONDAY)
    assert not staff_file.is_as_good(Packaged(), made, MONDAY)


def test_what_is_packaged_is_kept_until_it_runs_out_or_something_changes() -> None:
    text = 'zone = "Europe/Berlin"\nshifts = [{ worker = "Bea", on = "mon", from = "08:00", to = "12:00" }]'
    center = parse(CENTER, WORKERS, text)
    made = staff_file.made(center, None, Packaged(), MONDAY, text)

    def is_kept(days: int, rules: str = text) -> bool:
        now = MONDAY + timedelta(days=days)
        return staff_file.is_as_good(made, staff_file.made(center, None, made, now, rules), now)

    assert is_kept(0) and is_kept(300) and not is_kept(350) and not is_kept(1, f"{text}\n")
    assert not staff_file.is_as_good(Packaged(), made, MONDAY)


def test_the_commands_take_show_and_build(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = of_the_demo(tmp_path / "checkout")
    soon = datetime.now(UTC).strftime("%Y%m%dT%H")
    (tmp_path / "team.ics").write_bytes(
        calendar(f"SUMMARY:Bea\nDTSTART:{soon}0000Z\nDTEND:{soon}5900Z\nRRULE:FREQ=DAILY")
    )
    where = ["--root", str(root)]
    assert main(["rota", "import", str(tmp_path / "team.ics"), *where]) == 0
    made = read((root / "chalicelib" / "team" / "staff.json").read_text())
    assert len(made.shifts) > 50 and (root / "rota.ics").exists()
    assert main(["rota", "show", "--days", "2", "--json", *where]) == 0
    assert main(["rota", "build", *where]) == 0
    assert "1 workers" in capsys.readouterr().out
