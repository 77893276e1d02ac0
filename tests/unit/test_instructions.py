"""The bounds of the instructions: what Twilio takes is taken, and what it refuses is refused before Twilio sees it."""

import json
from typing import Any

import msgspec
import pytest

from chalicelib.routing import instructions
from chalicelib.routing.instructions import Accept, Call, Conference, Dequeue, InvalidInstruction, Redirect, Reject
from chalicelib.routing.reservation import Reservation, consult_of
from chalicelib.twilio.values import kind_of

PHONE, ACTIVITY, CALL = "+14155550111", "WA" + "a" * 32, "CA" + "a" * 32
HTTPS = "https://x.example/a"


def dequeue(**fields: Any) -> Dequeue:
    return Dequeue(**({"to": PHONE, "from_": PHONE} | fields))


TAKEN = [
    (Accept(), {}),
    (Reject(), {}),
    (Reject(activity_sid=ACTIVITY), {"activity_sid": ACTIVITY}),
    (dequeue(timeout=1), {"to": PHONE, "from": PHONE, "timeout": 1}),
    (dequeue(timeout=999), {"to": PHONE, "from": PHONE, "timeout": 999}),
    (dequeue(to="client:bea"), {"to": "client:bea", "from": PHONE}),
    (dequeue(to="sip:bea@x.example"), {"to": "sip:bea@x.example", "from": PHONE}),
    (dequeue(to="+1234567", from_="123"), {"to": "+1234567", "from": "123"}),
    (dequeue(to="+" + "1" * 15, from_="1" * 15), {"to": "+" + "1" * 15, "from": "1" * 15}),
    (Call(from_=PHONE, url=HTTPS), {"from": PHONE, "url": HTTPS}),
    (Redirect(call_sid=CALL, url=HTTPS, accept=True), {"call_sid": CALL, "url": HTTPS, "accept": True}),
    (Conference(max_participants=2), {"max_participants": 2}),
    (Conference(max_participants=250), {"max_participants": 250}),
]


@pytest.mark.parametrize(("instruction", "fields"), TAKEN)
def test_an_instruction_says_what_it_is_told_and_nothing_more(
    instruction: instructions.Instruction, fields: dict[str, Any]
) -> None:
    said = json.loads(instructions.encode(instruction))
    assert said == {"instruction": type(instruction).__name__.lower(), **fields}


@pytest.mark.parametrize(
    "instruction",
    [
        Reject(activity_sid="WA" + "a" * 31),
        Reject(activity_sid="WA" + "a" * 33),
        dequeue(timeout=0),
        dequeue(timeout=1000),
        dequeue(to="+123456"),
        dequeue(to="+" + "1" * 16),
        dequeue(to="14155550111"),
        dequeue(to=""),
        dequeue(from_="12"),
        dequeue(from_="1" * 16),
        dequeue(status_callback_url="ftp://x.example"),
        Redirect(call_sid="CA1", url=HTTPS, accept=False),
        Conference(max_participants=1),
        Conference(max_participants=251),
    ],
)
def test_what_twilio_would_refuse_is_refused(instruction: instructions.Instruction) -> None:
    with pytest.raises(InvalidInstruction):
        instructions.encode(instruction)


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        ({"call_sid": CALL, "kind": "chat"}, "call"),
        ({"call_sid": "no sid", "kind": "chat"}, "chat"),
        ({"kind": "chat"}, "chat"),
        ({"kind": 7}, ""),
        ({}, ""),
    ],
)
def test_what_kind_of_work_a_task_is(attributes: dict[str, Any], kind: str) -> None:
    assert kind_of(attributes) == kind


ASKED, RESERVATION = {"consult_number": 2}, "WR" + "a" * 32


@pytest.mark.parametrize(
    ("attributes", "about"),
    [
        ({"kind": "consult", "consult_of": RESERVATION, **ASKED}, (RESERVATION, 2)),
        ({"kind": "consult", "consult_of": RESERVATION}, (RESERVATION, 0)),
        ({"kind": "consult", "consult_of": RESERVATION, "consult_number": "2"}, (RESERVATION, 0)),
        ({"kind": "consult", "consult_of": 7, **ASKED}, ("", 2)),
        ({"kind": "callback", "consult_of": RESERVATION, **ASKED}, None),
        ({"kind": "lead", "consult_of": RESERVATION, **ASKED}, None),
        ({"call_sid": CALL, "kind": "consult", "consult_of": RESERVATION, **ASKED}, None),
        ({}, None),
    ],
)
def test_who_asks_a_colleague_stands_in_the_task_by_which_one_is_asked(
    attributes: dict[str, Any], about: tuple[str, int] | None
) -> None:
    expected = {"consult_of": about[0], "consult_number_of": about[1]} if about else {}
    assert consult_of(attributes) == expected


def test_a_reservation_is_of_its_caller_or_else_of_its_task() -> None:
    made = Reservation(
        reservation_sid="WR1",
        task_sid="WT1",
        call_sid="",
        kind="chat",
        worker_sid="WK1",
        worker_name="Bea",
        queue="Support",
        task_attributes={},
        worker_attributes={"contact_uri": "nowhere"},
    )
    assert (made.subject, made.contact_uri, made.task_age, made.task_priority) == ("WT1", "", 0, 0)
    of_a_call: dict[str, Any] = {"call_sid": CALL}
    called = msgspec.structs.replace(made, task_attributes=of_a_call, worker_attributes={"contact_uri": PHONE})
    assert (called.subject, called.contact_uri) == (CALL, PHONE)
