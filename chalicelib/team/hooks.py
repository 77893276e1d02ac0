"""The team's own code. What stands here is yours: an upgrade of Cordboard leaves this file alone."""

from chalicelib.routing.instructions import Instruction
from chalicelib.routing.reservation import Reservation


def assignment(reservation: Reservation) -> Instruction | None:
    """Answer this reservation with an instruction of your own, or None to do what callcenter.toml says.

    It has well under five seconds, may be asked twice for one reservation, and must answer the same then.
    """
    return None
