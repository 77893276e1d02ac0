"""What is told of one call: each sentence where there is something to tell, and none where there is not."""

import json
from typing import Any

import pytest

from chalicelib.links.model import Call, Callback, CallRecord, Link, Message, Notice, Talk, What
from chalicelib.reports import rows, story

CALL, TASK, LEG, RESERVATION = (
    f"{kind}{digit * 32}" for kind, digit in (("CA", "a"), ("WT", "b"), ("CA", "c"), ("WR", "d"))
)
CALLER = "+12125550171"
PLAIN = Call(call_sid=CALL)


def call(**known: Any) -> Call:
    return Call(**{"call_sid": CALL, "caller": CALLER, "called": "+14155550100", "line": "support", **known})


def link(**known: Any) -> Link:
    return Link(**{"subject": CALL, "reservation_sid": RESERVATION, "worker_name": "Bea", "queue": "Sales", **known})


def callback(**known: Any) -> Callback:
    return Callback(**{"call_sid": CALL, "line": "support", "number": CALLER, "since": 5.0, **known})


def told(call: Call | None = PLAIN, *links: Link, **known: Any) -> list[str]:
    """What is known of the call, a line each."""
    return list(story.known(CallRecord(call, links, **known)))


def steps(call: Call | None = PLAIN, *links: Link, **known: Any) -> list[tuple[float, str]]:
    return story.moments(CallRecord(call, links, **known))


# --- The caller


@pytest.mark.parametrize(
    ("known", "lines"),
    [
        (None, ["Nothing is known of the caller's own leg: no event of its task has come."]),
        (PLAIN, [f"Call {CALL} from ? to ?, line ?"]),
        (call(chosen="bills"), [f"Call {CALL} from {CALLER} to +14155550100, line support, chose bills"]),
        (Call(call_sid=TASK), [f"Work of the kind ?, task {TASK}"]),
        (
            Call(call_sid=TASK, line="callback", callback=CALL),
            [f"Work of the kind callback, task {TASK}, asked for on the call {CALL}"],
        ),
    ],
)
def test_a_story_begins_with_whose_it_is(known: Call | None, lines: list[str]) -> None:
    assert told(known) == lines


@pytest.mark.parametrize(
    ("known", "line"),
    [
        ({"wish": "voicemail"}, "pressed the key for: voicemail"),
        ({"queue_result": "hangup", "queue_seconds": 9}, "left the queue after 9 s: hangup"),
        ({"round": 2}, "the caller's wait number 2: given away by the star key before"),
        ({"reason": "hangup"}, "the task was canceled: hangup"),
        ({"survey": "5"}, "survey: 5"),
        ({"voicemail_url": "https://x.example/RE1", "voicemail_seconds": 7}, "voicemail, 7 s: https://x.example/RE1"),
    ],
)
def test_each_thing_that_a_caller_did_is_a_line(known: dict[str, Any], line: str) -> None:
    assert told(call(**known))[1:] == [f"  {line}"]


# --- Callbacks, messages and recorded talks


@pytest.mark.parametrize(
    ("known", "lines"),
    [
        ({}, [f"callback to {CALLER}: held, 0 attempts"]),
        ({"reason": "busy", "attempts": 2}, [f"callback to {CALLER}: held (busy), 2 attempts"]),
        ({"task_sid": TASK}, [f"callback to {CALLER}: held, 0 attempts", f"the latest attempt is the task {TASK}"]),
        (
            {"on_line": LEG},
            [f"callback to {CALLER}: held, 0 attempts", f"held for as long as the caller is on the call {LEG}"],
        ),
        ({"on_line": LEG, "state": "withdrawn"}, [f"callback to {CALLER}: withdrawn, 0 attempts"]),
    ],
)
def test_a_callback_says_how_far_it_is(known: dict[str, Any], lines: list[str]) -> None:
    assert told(callback=callback(**known))[1:] == [f"  {line}" for line in lines]


@pytest.mark.parametrize(
    ("known", "lines"),
    [
        ({}, []),
        ({"dropped_at": 5.0}, ["a recording of nothing was dropped"]),
        ({"stored_as": "messages/RE1.mp3"}, ["in the bucket: messages/RE1.mp3"]),
        ({"text": "Please call me."}, ["as text: Please call me."]),
        ({"offers": 1}, ["offered to workers, once; the latest task: to be made"]),
        ({"offers": 2, "task_sid": TASK}, [f"offered to workers, 2 times; the latest task: {TASK}"]),
        (
            {"offers": 1, "left_by": "Bea"},
            ["offered to workers, once; the latest task: to be made; Bea left it for another"],
        ),
    ],
)
def test_a_message_says_where_it_is_and_who_was_asked(known: dict[str, Any], lines: list[str]) -> None:
    message = Message(subject=CALL, item="RECORDING#RE1", **known)
    assert told(messages=(message,))[1:] == [f"  {line}" for line in lines]


@pytest.mark.parametrize(
    ("known", "line"),
    [
        ({}, "the talk with ? was recorded, 0 s, at Twilio"),
        ({"worker": "Bea", "seconds": 1}, "the talk with Bea was recorded, 1 s, at Twilio"),
        (
            {"worker": "Bea", "stored_as": "talks/RE1.mp3"},
            "the talk with Bea was recorded, 0 s, in the bucket: talks/RE1.mp3",
        ),
        (
            {"worker": "Bea", "held_at": 5.0, "held_by": "Carl"},
            "the talk with Bea was recorded, 0 s, held; held by Carl",
        ),
    ],
)
def test_a_recorded_talk_says_where_it_is(known: dict[str, Any], line: str) -> None:
    assert told(talks=(Talk(subject=CALL, item="TALK#RE1", **known),))[1:] == [f"  {line}"]


# --- Workers

PLACED = f"  reservation {RESERVATION}, leg none, to ?"


@pytest.mark.parametrize(
    ("known", "lines"),
    [
        ({}, ["Worker Bea, queue Sales, crm-first: reserved", PLACED]),
        (
            {"worker_name": "", "worker_sid": "WK1", "queue": "", "outcome": "rejected", "reason": "busy"},
            ["Worker WK1, queue ?, crm-first: rejected (busy)", PLACED],
        ),
        (
            {"worker_name": "", "worker_call_sid": LEG, "contact_uri": "client:bea"},
            [
                f"Worker {RESERVATION}, queue Sales, crm-first: reserved",
                f"  reservation {RESERVATION}, leg {LEG}, to client:bea",
            ],
        ),
    ],
)
def test_a_worker_who_was_tried_is_told_with_their_reservation(known: dict[str, Any], lines: list[str]) -> None:
    assert told(PLAIN, link(**known))[1:] == lines


@pytest.mark.parametrize(
    ("known", "lines"),
    [
        ({"answer": "key"}, ["to be answered: key"]),
        ({"answer": "key", "mode": "direct"}, []),  # the leg is Twilio's: nobody is asked
        ({"answer": "key", "asked_at": 5.0}, ["asked (key): no key"]),
        ({"answer": "key", "asked_at": 5.0, "keys": "34", "reply": "1"}, ["asked (key): pressed 34, then 1"]),
        ({"answer": "detect", "answered_by": "human", "machine_ms": 2449}, ["answered by: human after 2.4 s"]),
        ({"mode": "direct", "answered_by": "human", "machine_ms": 1000}, ["answered by: human after 1.0 s"]),
        (
            {"answer": "detect", "answered_by": "unknown", "machine_ms": 6000, "asked_at": 5.0, "reply": "1"},
            ["answered by: unknown after 6.0 s; asked (detect): pressed 1"],
        ),
        ({"transferred_from": "Carl"}, ["given by Carl"]),
        ({"consults": "person:Dora"}, ["talked first to nobody yet: the caller is on hold, or hung up there"]),
        (
            {"consults": "person:Dora", "consult_name": "Dora", "transferred_to": "handed:Dora"},
            ["talked first to Dora: the caller is handed over to Dora"],
        ),
        (
            {"consult_name": "Dora", "transferred_to": "handed:Dora"},
            ["talked first to Dora: the caller is handed over to Dora"],
        ),
        ({"held_at": 5.0}, ["star key: the caller is on hold, or hung up there"]),
        ({"transferred_to": "queue:Billing"}, ["star key: the caller is given to Billing"]),
        ({"held_at": 5.0, "transferred_to": "person:Dora"}, ["star key: the caller is given to Dora"]),
        ({"held_at": 5.0, "transferred_to": "back"}, ["star key: back to the caller"]),
        ({"consult_of": "WR2"}, ["asked about the caller first"]),
        ({"consult_of": "WR2", "took_over_at": 5.0}, ["asked about the caller first, and then had them"]),
        ({"disposition": "sold"}, ["after the talk: sold"]),
        ({"note_sid": "RE1", "note_seconds": 4}, ["after the talk: nothing pressed; a note of 4 s: RE1"]),
        ({"message_of": LEG, "recording_sid": "RE1"}, [f"of the message RE1 of call {LEG}"]),
        ({"mode": "work", "work_say": "A lead."}, ["said to the worker: A lead.; connected with nobody"]),
        (
            {"mode": "work", "work_say": "A lead.", "work_dial": CALLER},
            [f"said to the worker: A lead.; connected with {CALLER}"],
        ),
        ({"mode": "desk-work", "work_say": "A lead."}, ["on the card: A lead."]),
        ({"crm_name": "Ann"}, ["CRM: Ann; said to the worker: nothing"]),
        ({"crm_whisper": "Ann, a VIP."}, ["CRM: ; said to the worker: Ann, a VIP."]),
    ],
)
def test_each_thing_that_a_worker_did_is_a_line(known: dict[str, Any], lines: list[str]) -> None:
    assert told(PLAIN, link(**known))[3:] == [f"  {line}" for line in lines]


# --- Step by step


def test_each_step_of_the_call_is_told_at_its_time() -> None:
    whole = call(at=1.0, left_queue_at=2.0, wrapping_at=3.0, completed_at=4.0, canceled_at=5.0)
    assert steps(whole) == [
        (1.0, "the task is made"),
        (2.0, "the caller is out of the queue"),
        (3.0, "the task is wrapping"),
        (4.0, "the task is completed"),
        (5.0, "the task is canceled"),
    ]
    assert steps() == steps(None) == []


def test_each_step_of_a_worker_is_told_at_its_time() -> None:
    states = ("reserved", "preparing", "dialing", "ringing", "asked", "answered", "bridged")
    whole = link(
        **{f"{state}_at": float(at) for at, state in enumerate(states, 1)},
        closed_at=20.0, outcome="rejected", reason="busy",
        approved_at=2.5, held_at=8.0, transferred_at=9.0, transferred_to="queue:Billing", took_over_at=10.0,
    )  # fmt: skip
    approved = "the CRM says yes: the worker may take the caller at the desk"
    assert steps(None, whole) == [
        (1.0, "Bea: reserved"),
        (2.0, "Bea: preparing"),
        (2.5, f"Bea: {approved}"),
        *((float(at), f"Bea: {state}") for at, state in enumerate(states[2:], 3)),
        (8.0, "Bea: the caller is on hold"),
        (9.0, "Bea: the caller is given to Billing"),
        (10.0, "Bea: has the caller"),
        (20.0, "Bea: closed, rejected (busy)"),
    ]
    assert steps(None, link(approved_at=2.5, work="lead")) == [(2.5, f"Bea: {approved.replace('the caller', 'it')}")]


def test_each_step_of_a_callback_is_told_at_its_time() -> None:
    whole = callback(at=1.0, queued_at=2.0, taken_at=3.0, retry_at=4.0, ended_at=5.0, state="talked")
    assert steps(callback=whole) == [
        (1.0, "the caller asks to be called back"),
        (2.0, "the callback is queued"),
        (3.0, "a worker calls back"),
        (4.0, "the next attempt is due"),
        (5.0, "the callback is talked"),
    ]
    assert steps(callback=callback()) == []


def test_each_step_of_a_message_is_told_at_its_time() -> None:
    message = Message(
        subject=CALL, item="RECORDING#RE1", kept_at=1.0, deleted_at=2.0,
        heard_at=3.0, heard_by="Bea", taken_at=4.0, taken_by="Carl", done_at=5.0, done_by="Dora",
    )  # fmt: skip
    assert steps(messages=(message,)) == [
        (1.0, "the message is kept in the bucket"),
        (2.0, "the message is deleted at Twilio"),
        (3.0, "the message is heard, Bea"),
        (4.0, "the message is in the hands of Carl"),
        (5.0, "the message is done, Dora"),
    ]
    assert steps(messages=(Message(subject=CALL, item="RECORDING#RE1"),)) == []


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("voicemail", [(5.0, "the caller left a message"), (6.0, "a mail told of the message")]),
        ("callback", [(6.0, "a mail told of the callback")]),
        ("after-talk", [(5.0, "the worker ended the talk"), (6.0, "the worker was asked for a note")]),
        ("led-out", [(6.0, "a mail told of it")]),
    ],
)
def test_what_people_were_told_of_a_call_is_a_step(what: What, said: list[tuple[float, str]]) -> None:
    assert steps(notices=(Notice(what=what, about=CALL, at=5.0, told_at=6.0),)) == said
    assert steps(notices=(Notice(what=what, about=CALL, at=5.0),)) == [step for step in said if step[0] == 5.0]


def test_steps_are_by_time_whoever_made_them() -> None:
    found = steps(call(at=1.0, left_queue_at=9.0), link(reserved_at=3.0), notices=(Notice(what="voicemail", at=2.0),))
    assert [at for at, _ in found] == [1.0, 2.0, 3.0, 9.0]


# --- As a text, as JSON, and as a row of a list


def test_a_story_counts_the_seconds_from_its_first_step() -> None:
    record = CallRecord(call(at=1795230042.5, left_queue_at=1795230054.75), ())
    assert story.timeline(record, show_numbers=True).splitlines() == [
        f"Call {CALL} from {CALLER} to +14155550100, line support",
        "",
        "2026-11-21T03:00:42.500Z     0.000 s  the task is made",
        "2026-11-21T03:00:54.750Z    12.250 s  the caller is out of the queue",
    ]
    assert story.timeline(CallRecord(PLAIN, ())) == f"Call {CALL} from ? to ?, line ?\n"


def test_numbers_are_shown_to_nobody_who_does_not_ask_for_them() -> None:
    asked_first = link(reserved_at=5.0, transferred_at=6.0, transferred_to=f"person:{CALLER}", reason=f"to {CALLER}")
    record = CallRecord(call(at=5.0), (asked_first,))
    shown = rows.row(record, 6.0)
    for text in (story.timeline(record), story.as_json(record), f"{shown.caller} {shown.tried}"):
        assert CALLER not in text and "…71" in text
    named = rows.row(record, 6.0, show_numbers=True)
    whole = (story.timeline(record, True), story.as_json(record, True), named.caller, named.tried)
    assert all(CALLER in text for text in whole)


def test_json_has_the_fields_of_all_that_is_recorded() -> None:
    record = CallRecord(
        call(at=1795230042.5, attributes={"phones": [CALLER, 3]}), (link(held_at=5.0),), callback=callback()
    )
    found = json.loads(story.as_json(record))
    assert (found["call"]["at"], found["call"]["attributes"]) == (1795230042.5, {"phones": ["…71", 3]})
    assert found["links"][0]["held_at"] == 5.0 and found["callback"]["number"] == "…71"


def test_a_row_has_who_talked_and_why_the_others_did_not() -> None:
    tried = (
        link(reason="busy", outcome="rejected"),
        link(worker_name="", worker_sid="WK1", outcome="timeout"),
        link(worker_name="", state="ringing"),
        link(worker_name="Dora", bridged_at=9.0),
        link(worker_name="Emil", bridged_at=12.0),
    )
    found = rows.row(CallRecord(call(at=5.0, queue_seconds=4), tried), 20.0)
    assert found.tried == f"Bea: busy, WK1: timeout, {RESERVATION}: ringing"
    assert (found.at, found.worker, found.waited_seconds, found.ended) == (
        "1970-01-01T00:00:05Z",
        "Dora, Emil",
        4,
        "talking",
    )
    assert (found.kept_as, found.heard, found.done, found.taken, found.where) == ("", "", "", "", "")


def test_a_row_of_a_call_that_is_not_known_is_of_its_first_reservation() -> None:
    found = rows.row(CallRecord(None, (link(reserved_at=7.0), link(reserved_at=9.0))), 20.0)
    assert (found.at, found.call_sid, found.ended) == ("1970-01-01T00:00:07Z", CALL, "unknown")


def test_a_row_has_the_latest_message_and_who_has_seen_to_it() -> None:
    older = Message(subject=CALL, item="RECORDING#RE1", stored_as="older", done_at=60.0, done_by="Dora")
    latest = Message(
        subject=CALL, item="RECORDING#RE2", stored_as="latest",
        heard_at=60.0, heard_by="Bea", taken_at=120.0, taken_by="Carl",
    )  # fmt: skip
    message = call(voicemail_url="https://x.example/RE2", voicemail_seconds=7)
    found = rows.row(CallRecord(message, (), messages=(older, latest)), 200.0)
    assert (found.where, found.voicemail_seconds) == ("s3: latest", 7)
    assert (found.heard, found.taken, found.done) == ("1970-01-01 00:01 Bea", "1970-01-01 00:02 Carl", "")
    assert rows.row(CallRecord(message, ()), 200.0).where == "https://x.example/RE2"


@pytest.mark.parametrize(
    ("known", "callback", "is_missed"),
    [
        ({"queue_result": "bridged", "left_queue_at": 9.0}, None, False),
        ({"queue_result": "hangup", "left_queue_at": 9.0}, None, True),
        ({"queue_result": "leave", "left_queue_at": 9.0}, None, True),
        ({"voicemail_url": "https://x.example/RE1"}, None, True),
        ({}, None, False),
        ({"wish": "callback", "queue_result": "leave", "left_queue_at": 9.0}, None, False),
        ({"wish": "callback", "queue_result": "leave", "left_queue_at": 9.0}, callback(state="given up"), True),
    ],
)
def test_a_call_is_missed_whose_caller_has_gone_and_talked_to_nobody(
    known: dict[str, Any], callback: Callback | None, is_missed: bool
) -> None:
    assert rows.is_missed(rows.row(CallRecord(call(at=5.0, **known), (), callback=callback), 20.0)) is is_missed
