"""What the package holds of the rota, the time zone and the PINs."""

from functools import cache

import msgspec

from chalicelib.config import team
from chalicelib.observability import log
from chalicelib.staff import rota


@cache
def current() -> rota.Packaged:
    """This process's; empty where none was made, or where it cannot be read: everything else works."""
    text = team.read(rota.FILE)
    try:
        return rota.read(text) if text else rota.Packaged()
    except msgspec.DecodeError as error:
        log.error("the rota cannot be read", why=str(error))
        return rota.Packaged()
