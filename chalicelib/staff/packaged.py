"""What the package holds of the rota, the time zone and the PINs."""

from functools import cache
from hashlib import sha256

import msgspec

from chalicelib.config import team
from chalicelib.observability import log
from chalicelib.staff import pins, rota, texts


@cache
def current() -> rota.Packaged:
    """This process's; empty where none was made, or where it cannot be read: everything else works."""
    text = team.read(rota.FILE)
    try:
        return rota.read(text) if text else rota.Packaged()
    except msgspec.DecodeError as error:
        log.error("the rota cannot be read", why=str(error))
        return rota.Packaged()


def stale(root: str) -> str:
    """Which file in this folder the package's own was not made of, as a sentence; empty when it was made of them.

    Where none was made, nothing is: what needs it says so.
    """
    text = team.read(rota.FILE)
    made = rota.read(text) if text else None
    if made is None:
        return ""
    for name in ("rota.toml", "rota.ics"):
        content = team.read(name, root)
        if content is not None and made.made_of.get(name) != sha256(_bytes(root, name)).hexdigest():
            return _said(name)
    import tomllib  # while the package is made, and never in Lambda

    people = tomllib.loads(team.read("workers.toml", root) or "").get("workers", {})
    extensions = {one["extension"]: name for name, one in people.items() if _has(one, "extension")}
    if people and extensions != made.extensions:
        return _said("workers.toml")
    desks = {one["mail"].casefold(): name for name, one in people.items() if _has(one, "desk") and _has(one, "mail")}
    if people and desks != made.desks:
        return _said("workers.toml")
    given = {name: str(one["pin"]) for name, one in people.items() if _has(one, "pin")}
    is_fresh = given.keys() == made.pins.keys() and all(pins.fits(pin, made.pins[name]) for name, pin in given.items())
    return "" if is_fresh or not people else _said("workers.toml")


def _has(worker: object, key: str) -> bool:
    return isinstance(worker, dict) and bool(worker.get(key))


def _bytes(root: str, name: str) -> bytes:
    with open(f"{root}/{name}", "rb") as file:  # noqa: PTH123 - pathlib is slow
        return file.read()


def _said(name: str) -> str:
    return f"chalicelib/team/{rota.FILE} was made of another {name}: run `./cordboard rota build`"


def clock(at: float, now: float | None = None) -> str:
    """The time on the wall of the rota's zone; UTC is named. With `now` the day is said where it is another one."""
    rota = current()
    said = texts.clock(rota.local(at), rota.local(at if now is None else now))
    return said if rota.offsets else f"{said} UTC"
