"""What the package is to hold of rota.toml, rota.ics and the PINs: made here, so that Lambda reads no calendar."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from zoneinfo import ZoneInfo

from chalicelib.staff import pins
from chalicelib.staff.rota import Packaged, Shift, joined
from ops.callcenter import ics, rota
from ops.callcenter.files import Center

RULE_DAYS = 371  # a year and some days: who deploys once a year never runs out
ZONE_YEARS = 3
RENEW_DAYS = 28
SALT_BYTES = 16


def made(center: Center, calendar: bytes | None, kept: Packaged, now: datetime, rules: str | None = None) -> Packaged:
    """The file's content; `rules` is the text of rota.toml. Hashes of PINs that have not changed are `kept`.

    Raises FilesError.
    """
    given = center.rota or rota.Rota()
    zone = given.zone or center.application.time_zone
    found: list[Shift] = list(rota.shifts(given, zone, now, RULE_DAYS))
    days = RULE_DAYS if given.shifts else 0
    if calendar is not None:
        found += ics.shifts(calendar, zone, list(center.workers or {}), now)
        days = ics.WEEKS * 7
    return Packaged(
        zone=zone,
        offsets=_offsets(zone, now) if zone != "UTC" else (),
        shifts=joined(found),
        until=int((now + timedelta(days=days)).timestamp()) if found else 0,
        pins=_pins(center, kept.pins),
        desks={one.mail.casefold(): name for name, one in (center.workers or {}).items() if one.desk},
        extensions={one.extension: name for name, one in (center.workers or {}).items() if one.extension},
        made_of=_digests({rota.ROTA: None if rules is None else rules.encode(), ics.ICS: calendar}),
    )


def is_as_good(kept: Packaged, made: Packaged, now: datetime) -> bool:
    """Whether what is there already does as well for a while, so that a deployment has nothing new to package."""
    soon = (now + timedelta(days=RENEW_DAYS)).timestamp()
    knows_shifts = kept.until >= min(soon, made.until)
    knows_clocks = kept.offsets == made.offsets or (len(kept.offsets) > 1 and kept.offsets[-1][0] > soon)
    same = ("zone", "pins", "extensions", "desks", "made_of")
    return knows_shifts and knows_clocks and all(getattr(kept, name) == getattr(made, name) for name in same)


def _digests(files: Mapping[str, bytes | None]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items() if content is not None}


def _pins(center: Center, kept: Mapping[str, str]) -> dict[str, str]:
    given = {name: worker.pin for name, worker in (center.workers or {}).items() if worker.pin}
    return {name: _hash(pin, kept.get(name, "")) for name, pin in given.items()}


def _hash(pin: str, kept: str) -> str:
    return kept if kept and pins.fits(pin, kept) else pins.hashed(pin, token_hex(SALT_BYTES))


def _offsets(zone: str, now: datetime) -> tuple[tuple[int, int], ...]:
    """From a day ago on: when the clocks are set, and how far they are from UTC then."""
    there = ZoneInfo(zone)
    found: list[tuple[int, int]] = []
    before, offset = now - timedelta(days=1), -1
    for day in range(ZONE_YEARS * 366):
        at = before + timedelta(days=day)
        if _offset(at, there) != offset:
            since = _change(at - timedelta(days=1), at, there) if found else at
            offset = _offset(at, there)
            found.append((int(since.timestamp()), offset))
    return tuple(found)


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The moment between the two at which the clocks are set, to the second."""
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle in (before, after):
            break
        before, after = (middle, after) if _offset(middle, zone) == _offset(before, zone) else (before, middle)
    return after


def _offset(at: datetime, zone: ZoneInfo) -> int:
    delta = at.astimezone(UTC).astimezone(zone).utcoffset()
    return int(delta.total_seconds()) if delta else 0
