"""What the package holds of the rota, the time zone and the PINs."""

from functools import cache

import msgspec

from chalicelib.config import team
from chalicelib.observability import log
from chalicelib.staff import rota, texts


@cache
def current() -> rota.Packaged:
    """This process's; empty where none was made, or where it cannot be read: everything else works."""
    text = team.read(rota.FILE)
    try:
        return rota.read(text) if text else rota.Packaged()
    except msgspec.DecodeError as error:
        log.error("the rota cannot be read", why=str(error))
        return rota.Packaged()


def clock(at: float, now: float | None = None) -> str:
    """The time on the wall of the rota's zone; UTC is named. With `now` the day is said where it is another one."""
    rota = current()
    said = texts.clock(rota.local(at), rota.local(at if now is None else now))
    return said if rota.offsets else f"{said} UTC"
