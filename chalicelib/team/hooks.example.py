"""An example of the team's own code: copy it to hooks.py beside it and change it. Without hooks.py there is no hook."""

from chalicelib.routing.instructions import Conference, Instruction
from chalicelib.routing.reservation import Reservation


def assignment(reservation: Reservation) -> Instruction | None:
    """Answer this reservation with an instruction of your own, or None to do what callcenter.toml says.

    It has well under five seconds, may be asked twice for one reservation, and must answer the same then.
    """
    if reservation.task_attributes.get("department") != "training":
        return None
    return Conference(to=reservation.contact_uri, end_conference_on_exit=True)
