"""The link by itself: its states, whose leg it has, and what its mode means."""

import msgspec
import pytest

from chalicelib.links import modes
from chalicelib.links.model import Breaker, Call, Key, Link, Message, Notice, before
from chalicelib.routing.reservation import Reservation
from chalicelib.twilio.values import kind_of

CALL, TASK, LEG, RESERVATION = "CA" + "a" * 32, "WT" + "a" * 32, "CA" + "b" * 32, "WR" + "a" * 32


def test_a_link_only_moves_forward() -> None:
    assert before("reserved") == ()
    assert before("ringing") == ("reserved", "preparing", "dialing")
    assert before("answered")[-1] == "asked" and len(before("closed")) == 7


@pytest.mark.parametrize(("mode", "ours"), [(modes.CRM_FIRST, LEG), (modes.DIRECT, "")])
def test_the_leg_that_we_placed_is_ours_and_twilios_own_is_not(mode: modes.Mode, ours: str) -> None:
    assert Link(subject=CALL, reservation_sid=RESERVATION, mode=mode.name, worker_call_sid=LEG).own_leg == ours
    assert Link(subject=CALL, reservation_sid=RESERVATION, mode=mode.name).own_leg == ""


def test_a_job_dials_by_its_deadline_and_twilio_rings_until_the_reservation_ends() -> None:
    assert modes.CRM_FIRST.due_at(1000, 1090, 120) == 1000 + modes.PICK_UP_SECONDS
    assert modes.CRM_FIRST.due_at(1000, 1002, 120) == 1002
    assert modes.CRM_FIRST.due_at(1000, 990, 120) == 1000
    assert modes.DIRECT.due_at(1000, 1090, 120) == 1120


def test_the_queue_chooses_for_a_call_and_no_other_kind_has_a_flow_yet() -> None:
    assert modes.of_task("call", "direct", ()) is modes.DIRECT
    assert modes.of_task("call", "crm-first", ()) is modes.CRM_FIRST
    assert [modes.of_task(kind, "crm-first", ("case",)) for kind in ("", "callback", "lead", "calls")] == [None] * 4
    assert modes.of_task("case", "direct", ("case",)) is modes.WORK


@pytest.mark.parametrize(
    ("attributes", "kind", "subject"),
    [
        ({"call_sid": CALL}, "call", CALL),
        ({"call_sid": CALL, "kind": "vip"}, "call", CALL),  # a team's own attribute of that name on a caller's task
        ({"kind": "lead"}, "lead", TASK),
        ({"call_sid": "nonsense", "kind": "lead"}, "lead", TASK),
        ({"kind": 7}, "", TASK),
        ({}, "", TASK),
    ],
)
def test_work_belongs_to_a_caller_or_else_to_its_task(attributes: dict[str, object], kind: str, subject: str) -> None:
    call_sid = CALL if subject == CALL else ""
    reservation = Reservation(
        reservation_sid=RESERVATION,
        task_sid=TASK,
        call_sid=call_sid,
        kind=kind_of(attributes),
        worker_sid="",
        worker_name="",
        queue="",
        task_attributes=attributes,
        worker_attributes={},
    )
    assert (reservation.kind, reservation.subject) == (kind, subject)


def test_a_key_names_its_subject_in_the_log() -> None:
    assert Key(TASK, RESERVATION).sids == {"call_sid": TASK, "reservation_sid": RESERVATION}


@pytest.mark.parametrize("kind", [Link, Call, Message, Notice, Breaker])
def test_what_a_row_does_not_have_is_nothing(kind: type[msgspec.Struct]) -> None:
    """Nought, nothing said, nobody: whatever is read as a time, a count or a name is no time, none and nobody's."""
    defaults = {field.name: field.default for field in msgspec.structs.fields(kind) if not field.required}
    said = {name: value for name, value in defaults.items() if value and value is not msgspec.NODEFAULT}
    otherwise = {Link: {"state": "reserved", "mode": "crm-first"}, Message: {"seconds": -1}}  # nobody has told yet
    assert said == otherwise.get(kind, {})
