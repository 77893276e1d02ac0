"""The link by itself: its states, whose leg it has, and what its mode means."""

from typing import Any

import msgspec
import pytest

from chalicelib.links import board, modes
from chalicelib.links.attributes import decode, encode
from chalicelib.links.model import (
    STATES,
    TOLD,
    Breaker,
    Call,
    Callback,
    CallRecord,
    Key,
    Link,
    Message,
    Notice,
    Talk,
    before,
    deleted_at_twilio,
    is_link,
    is_over,
    is_too_short,
    message_key,
    outcome_of,
    recording_of,
    round_of,
    talk_key,
    wrapping_of,
)
from chalicelib.links.profiles import Change, Profile
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
    assert modes.of_task("case", "direct", ("case", "lead"), ("lead",)) is modes.WORK
    assert modes.of_task("lead", "direct", ("case", "lead"), ("lead",)) is modes.DESK_WORK
    assert modes.of_task("lead", "direct", ("case",), ("lead",)) is None


def test_at_the_desk_a_worker_takes_a_caller_where_the_crm_comes_first() -> None:
    assert modes.of_task("call", "crm-first", (), at_desk=True) is modes.DESK
    assert modes.of_task("call", "direct", (), at_desk=True) is modes.DIRECT
    assert modes.of_task("case", "crm-first", ("case",), at_desk=True) is modes.WORK


@pytest.mark.parametrize(
    ("mode", "holds", "needs_phone"),
    [
        (modes.CRM_FIRST, ("by_job", "owns_leg", "has_caller"), True),
        (modes.DIRECT, ("has_caller",), True),
        (modes.WORK, ("by_job", "owns_leg"), True),
        (modes.DESK, ("by_job", "has_caller", "by_worker"), True),
        (modes.DESK_WORK, ("by_job", "by_worker"), False),
    ],
)
def test_who_rings_whose_leg_it_is_and_who_is_joined(
    mode: modes.Mode, holds: tuple[str, ...], needs_phone: bool
) -> None:
    flags = mode._asdict()
    assert {name for name, value in flags.items() if value is True} == set(holds) and mode.needs_phone is needs_phone


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


@pytest.mark.parametrize("kind", [Link, Call, Callback, Message, Notice, Talk, Breaker, Profile, Change])
def test_what_a_row_does_not_have_is_nothing(kind: type[msgspec.Struct]) -> None:
    """Nought, nothing said, nobody: whatever is read as a time, a count or a name is no time, none and nobody's."""
    defaults = {field.name: field.default for field in msgspec.structs.fields(kind) if not field.required}
    said = {name: value for name, value in defaults.items() if value and value is not msgspec.NODEFAULT}
    otherwise = {
        Link: {"state": "reserved", "mode": "crm-first"},
        Callback: {"item": "CALLBACK", "state": "held", "version": 1, "round": 1},
        Message: {"seconds": -1},  # nobody has told yet
        Talk: {"seconds": -1},
    }
    assert said == otherwise.get(kind, {})


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("7", {"S": "7"}),
        (True, {"BOOL": True}),
        (False, {"BOOL": False}),
        (7, {"N": "7"}),
        (-7, {"N": "-7"}),
        (7.5, {"N": "7.5"}),
        (1e22, {"N": "1e+22"}),
        (None, {"NULL": True}),
        ({"a": [1, "b"]}, {"M": {"a": {"L": [{"N": "1"}, {"S": "b"}]}}}),
    ],
)
def test_a_value_comes_back_from_the_table_as_it_went(value: object, stored: dict[str, object]) -> None:
    assert encode({"it": value}) == {"it": stored}
    (back,) = decode({"it": stored}).values()
    assert (back, type(back)) == (value, type(value))


def test_what_the_table_cannot_keep_is_said() -> None:
    with pytest.raises(TypeError, match="cannot be stored: set"):
        encode({"it": {1}})


# --- What became of a caller


def of(**known: Any) -> Link:
    return Link(subject=CALL, reservation_sid=RESERVATION, **known)


@pytest.mark.parametrize(
    ("to", "given_away", "requeued", "handed_over"),
    [
        ("", False, False, False),
        ("back", False, False, False),
        ("end", True, False, False),
        ("left", True, False, False),
        ("lost", True, True, False),
        ("person:Bea", True, True, False),
        ("queue:Sales", True, True, False),
        ("handed:Bea", True, False, True),
    ],
)
def test_where_a_caller_is_after_the_talk(to: str, given_away: bool, requeued: bool, handed_over: bool) -> None:
    link = of(transferred_to=to)
    assert (link.is_given_away, link.is_requeued, link.is_handed_over) == (given_away, requeued, handed_over)


@pytest.mark.parametrize(
    ("known", "consulting"),
    [
        ({"consults": "queue:Sales", "held_at": 5.0}, True),
        ({"consults": "queue:Sales"}, False),
        ({"held_at": 5.0}, False),
        ({"consults": "queue:Sales", "held_at": 5.0, "transferred_to": "lost"}, False),
    ],
)
def test_a_worker_talks_to_a_colleague_first_while_the_caller_is_on_hold(
    known: dict[str, Any], consulting: bool
) -> None:
    assert of(**known).is_consulting is consulting


def test_a_colleague_who_is_asked_has_no_caller_before_they_take_over() -> None:
    assert of(mode="direct").is_of_the_caller is True
    assert [of(mode=mode).is_of_the_caller for mode in ("work", "desk-work")] == [False, False]
    assert of(mode="desk-work", took_over_at=5.0).is_of_the_caller is True


@pytest.mark.parametrize(("mode", "row"), [("crm-first", CALL), ("direct", CALL), ("desk", CALL), ("work", TASK)])
def test_what_is_known_of_a_task_stands_with_its_call_or_by_itself(mode: modes.ModeName, row: str) -> None:
    assert of(mode=mode, task_sid=TASK).row_of_task == row


@pytest.mark.parametrize(
    ("known", "may_be"),
    [({}, True), ({"answer": "key"}, False), ({"mode": "work"}, False), ({"mode": "work", "answer": "key"}, False)],
)
def test_taskrouter_rings_callers_workers_who_are_asked_nothing(known: dict[str, Any], may_be: bool) -> None:
    assert of(**known).may_be_dequeued is may_be


@pytest.mark.parametrize(
    ("reason", "refused"),
    [("passed", True), ("no key", True), ("machine", True), ("", False), ("busy", False), ("no-answer", False)],
)
def test_a_worker_who_passes_refuses_the_caller(reason: str, refused: bool) -> None:
    assert of(reason=reason).is_refused is refused


@pytest.mark.parametrize(
    ("round_", "number"), [(None, 1), (-3, 1), (0, 1), (1, 1), (2, 2), (999, 999), (1000, 1), ("2", 1)]
)
def test_a_task_says_which_wait_of_its_caller_it_is(round_: object, number: int) -> None:
    assert round_of({"round": round_}) == number and round_of({}) == 1


def test_each_wait_has_its_own_wrap_up() -> None:
    assert [wrapping_of(number) for number in (1, 2, 3)] == ["wrapping_at", "wrapping_at_2", "wrapping_at_3"]


@pytest.mark.parametrize("status", ["accepted", "pending", "reserved", "wrapping", ""])
def test_a_reservation_that_goes_on_has_no_outcome(status: str) -> None:
    assert outcome_of(status) is None


@pytest.mark.parametrize("status", [*TOLD, "unknown"])
def test_a_reservation_that_is_over_has_its_own_word(status: str) -> None:
    assert outcome_of(status) == status


def test_a_link_is_over_when_it_is_closed() -> None:
    assert [state for state in STATES if is_over(of(state=state))] == ["closed"]


def test_what_is_a_link_and_whose() -> None:
    assert [is_link(item) for item in (RESERVATION, "CALL", "WS1", "TALK#RE1")] == [True, False, False, False]
    assert Key(CALL, RESERVATION).is_of_a_caller and not Key(TASK, RESERVATION).is_of_a_caller


@pytest.mark.parametrize(("retry_at", "is_open"), [(0, False), (1, True), (1795230000.5, True)])
def test_a_breaker_is_open_until_the_crm_is_asked_again(retry_at: float, is_open: bool) -> None:
    assert Breaker(retry_at=retry_at).is_open is is_open


def test_what_is_known_of_one_among_several_is_found_by_its_key() -> None:
    sids = ["RE1", "RE2", "RE3"]
    links = tuple(Link(subject=CALL, reservation_sid=f"WR{sid}") for sid in sids)
    messages = tuple(Message(subject=CALL, item=f"RECORDING#{sid}") for sid in sids)
    talks = tuple(Talk(subject=CALL, item=f"TALK#{sid}") for sid in sids)
    record = CallRecord(None, links, messages=messages, talks=talks)
    for number, sid in enumerate(sids):
        assert record.link(Key(CALL, f"WR{sid}")) is links[number]
        assert record.message(message_key(CALL, sid)) is messages[number]
        assert record.talk(talk_key(CALL, sid)) is talks[number]
    assert record.link(Key(TASK, "WRRE1")) is None and record.message(message_key(CALL, "RE4")) is None
    assert record.talk(talk_key(CALL, "RE0")) is None


# --- A callback, a notice, a message, a recorded talk


def test_a_callback_is_over_when_they_talked_or_it_was_given_up_or_withdrawn() -> None:
    asked = Callback(call_sid=CALL, line="main", caller="+12125550171", number="+12125550172", since=1.0, round=3)
    states = ("held", "queued", "taken", "waiting", "talked", "given up", "withdrawn")
    over = [state for state in states if msgspec.structs.replace(asked, state=state).is_over]
    assert over == ["talked", "given up", "withdrawn"]
    assert (asked.key, asked.work_key) == (Key(CALL, "CALLBACK"), f"callback/{CALL}-3")
    assert (asked.phone, msgspec.structs.replace(asked, caller="").phone) == ("+12125550171", "+12125550172")


@pytest.mark.parametrize(
    ("known", "key"),
    [
        ({"what": "voicemail", "recording_sid": "RE1"}, Key(CALL, "TELL#RE1")),
        ({"what": "callback"}, Key(CALL, "TELL#CALLBACK")),
        ({"what": "left-undone"}, Key(CALL, "TELL#left-undone")),
        ({"what": "after-talk", "reservation_sid": "WR1"}, Key(CALL, "TELL#WR1")),
        ({"what": "more", "target": "mail"}, Key("TELL", "more#mail#1795230000")),
        ({"what": "set-off", "worker": "Bea", "worker_sid": "WK1"}, Key("TELL", "set-off#WK1")),
        ({"what": "unreachable", "worker": "Bea", "worker_sid": "WK1"}, Key("TELL", "unreachable#WK1")),
        ({"what": "reminder", "worker": "Bea", "worker_sid": "WK1"}, Key("TELL", "reminder#Bea")),
        ({"what": "led-out"}, Key("TELL", "main")),
        ({"what": "no-worker"}, Key("TELL", "main")),
        ({"what": "digest", "line": ""}, Key("TELL", "digest")),
    ],
    ids=lambda value: value["what"] if isinstance(value, dict) else "",
)
def test_a_notice_stands_beside_its_call_or_is_the_only_one_of_its_line_or_worker(
    known: dict[str, Any], key: Key
) -> None:
    assert Notice(**{"about": CALL, "line": "main", "at": 1795230000.9, **known}).key == key


@pytest.mark.parametrize(("seconds", "too_short"), [(-1, False), (0, True), (1, True), (2, False), (9, False)])
def test_what_is_shorter_than_two_seconds_is_nothing(seconds: int, too_short: bool) -> None:
    assert is_too_short(seconds) is too_short
    assert Message(subject=CALL, item="RECORDING#RE1", seconds=seconds).is_nothing is too_short


@pytest.mark.parametrize(
    ("texted_at", "now", "waits"), [(0, 1299, True), (0, 1300, False), (0, 1301, False), (1200, 1250, False)]
)
def test_a_message_waits_five_minutes_for_its_text(texted_at: float, now: float, waits: bool) -> None:
    message = Message(subject=CALL, item="RECORDING#RE1", at=1000, texted_at=texted_at)
    assert message.waits_for_text(now) is waits


@pytest.mark.parametrize("over", [{"deleted_at": 5.0}, {"dropped_at": 5.0}, {"deleted_at": 5.0, "dropped_at": 6.0}])
def test_of_what_is_deleted_or_dropped_twilio_has_no_more(over: dict[str, Any]) -> None:
    for kind, item in ((Message, "RECORDING#RE1"), (Talk, "TALK#RE1")):
        assert kind(subject=CALL, item=item, **over).is_over is True
        known = kind(subject=CALL, item=item, kept_at=5.0)
        assert known.is_over is False and known.recording_sid == recording_of(known.key) == "RE1"


@pytest.mark.parametrize(
    ("known", "seen_to"), [({}, False), ({"heard_at": 5.0}, False), ({"done_at": 5.0}, True), ({"taken_at": 5.0}, True)]
)
def test_a_message_is_seen_to_when_it_is_done_or_somebody_has_it(known: dict[str, Any], seen_to: bool) -> None:
    assert Message(subject=CALL, item="RECORDING#RE1", **known).is_seen_to is seen_to


def test_a_recording_is_deleted_at_twilio_a_month_before_its_row() -> None:
    assert deleted_at_twilio(1795230000) == 1795230000 - 30 * 86400
    assert Message(subject=CALL, item="RECORDING#RE1", expires_at=1795230000).delete_at == 1795230000 - 30 * 86400


def test_a_worker_asks_for_a_recorded_talk_by_six_digits() -> None:
    sids = ["RE" + "0" * 19 + "123456789abcd", "RE" + "0" * 31 + "7"]
    assert [Talk(subject=CALL, item=f"TALK#{sid}").number for sid in sids] == ["791245", "000007"]


@pytest.mark.parametrize(
    ("known", "status"),
    [
        ({}, "at Twilio"),
        ({"stored_as": "recordings/x.mp3"}, "kept"),
        ({"stored_as": "recordings/x.mp3", "held_at": 5.0}, "held"),
        ({"held_at": 5.0}, "held"),
        ({"dropped_at": 5.0}, "nothing"),
    ],
)
def test_a_list_says_where_a_recorded_talk_is(known: dict[str, Any], status: str) -> None:
    assert Talk(subject=CALL, item="TALK#RE1", **known).status == status


def test_of_a_day_and_queues_that_nobody_has_looked_at_nothing_is_known() -> None:
    assert board.Queued() == board.Queued(counted_at=0, waiting=())
    today = board.Today(day="2026-11-21", counted_at=5.0, since=5.0)
    assert (today.settled, today.figures, today.messages, today.callbacks) == ({}, {}, (), 0)
