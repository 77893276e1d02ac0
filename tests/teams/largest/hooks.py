"""The largest team answers calls about one department by itself."""

from chalicelib.routing.instructions import Conference, Instruction
from chalicelib.routing.reservation import Reservation


def assignment(reservation: Reservation) -> Instruction | None:
    if reservation.task_attributes.get("department") != "training":
        return None
    return Conference(to=reservation.contact_uri, end_conference_on_exit=True)
