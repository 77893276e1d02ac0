"""No row stays for ever: whatever a write makes of an empty table has an `expires_at`."""

import inspect
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import ModuleType

import pytest

from chalicelib.crm import contacts
from chalicelib.crm.port import Attempt
from chalicelib.links import (
    board,
    breakers,
    caller_leg,
    consults,
    messages,
    notices,
    orders,
    profiles,
    reading,
    steps,
    table,
    talks,
)
from chalicelib.links.model import Breaker, Key, Link, Message, Notice, Talk, message_key, talk_key
from tests.conftest import Aws

CALL, RECORDING = "CA" + "a" * 32, "RE" + "a" * 32
KEY = Key(CALL, "WR" + "a" * 32)
NOW = 1795230042.517
CALLER = table.Due(Key(CALL, "CALL"), NOW)
MESSAGE = message_key(CALL, RECORDING)
OF_NOBODY = Message(subject=CALL, item=MESSAGE.reservation_sid, at=NOW)
TALK = talk_key(CALL, RECORDING)
OF_NO_TALK = Talk(subject=CALL, item=TALK.reservation_sid, at=NOW, ends_at=NOW)
RECORDED = Link(subject=CALL, reservation_sid=KEY.reservation_sid)
NOTICE = Notice(what="led-out", about=CALL, line="main", at=NOW)
ASKS = Link(subject=CALL, reservation_sid=KEY.reservation_sid, worker_call_sid="CA" + "b" * 32, consult_name="Carl")
KNOWN = {"caller": "+12125550171", "empty": ""}

READS = {"talks.of_number", "talks.latest", "talks.day_of", "talks.heard_key", "talks.heard_until"}
READS |= {"profiles.seen", "profiles.find", "profiles.blocked"}
READS |= {
    "table.due",
    "table.expiry",
    "table.of_day",
    "table.pages",
    "table.rescheduled",
    "table.rows_by",
    "table.open_rows",
    "table.latest_of_day_quickly",
    "reading.of_call",
    "table.find_row",
    "table.find_row_quickly",
    "table.rows_of",
    "table.rows_of_day",
    "table.rows_between",
    "reading.latest_links",
    "reading.by_worker_leg",
    "reading.find_link",
    "messages.find_by_link",
}
MAKES: Mapping[str, Callable[[], object]] = {
    "steps.reserve": lambda: steps.reserve(Link(subject=CALL, reservation_sid=KEY.reservation_sid), NOW),
    "steps.upsert_state": lambda: steps.upsert_state(KEY, "bridged", NOW, KNOWN),
    "steps.close": lambda: steps.close(KEY, "canceled", "", NOW),
    "caller_leg.record": lambda: caller_leg.record(CALL, {"survey": "4"}, NOW),
    "caller_leg.record, nothing to say": lambda: caller_leg.record(CALL, {}, NOW, left_queue=True),
    "caller_leg.record_and_read": lambda: caller_leg.record_and_read(CALL, {"survey": "4"}, NOW),
    "caller_leg.record, once": lambda: caller_leg.record(CALL, {"wrapping_at": NOW}, NOW, once="wrapping_at"),
    "caller_leg.record_waiting": lambda: caller_leg.record_waiting(CALL, KNOWN, NOW),
    "caller_leg.begin_round": lambda: caller_leg.begin_round(CALL, 2, NOW),
    "caller_leg.claim": lambda: caller_leg.claim(CALL, NOW, 20, {"declined_say": "No."}),
    "steps.record_unknown_leg": lambda: steps.record_unknown_leg(KEY, "CA" + "b" * 32, NOW),
    "profiles.change": lambda: profiles.change("+12125550171", lambda _standing: {"vip": True}, NOW),
    "breakers.swap": lambda: breakers.swap("http", Breaker(), Breaker(failures=1, failed_at=NOW), NOW),
    "notices.order": lambda: notices.order(NOTICE, 0.0),
    "orders.claim": lambda: orders.claim("lead/1", "digest", NOW, 30),
    "messages.record_note": lambda: messages.record_note(CALL, RECORDING, NOW),
    "messages.drop": lambda: messages.drop(MESSAGE, NOW),
    "messages.record": lambda: messages.record(MESSAGE, {"line": "main"}, NOW),
    "talks.record": lambda: talks.record(RECORDED, RECORDING, {"seconds": 9}, NOW),
    "talks.drop": lambda: talks.drop(TALK, NOW),
    "talks.note_heard": lambda: talks.note_heard(OF_NO_TALK, "Bea", NOW),
}
MAKES_NONE: Mapping[str, Callable[[], object]] = {
    "steps.claim": lambda: steps.claim(KEY, NOW, 20),
    "steps.begin_dial": lambda: steps.begin_dial(KEY, NOW, {}),
    "steps.approve": lambda: steps.approve(KEY, NOW, {}),
    "steps.wrap_up": lambda: steps.wrap_up(KEY, "sold", "words"),
    "steps.decide": lambda: steps.decide(KEY, "done", NOW),
    "steps.fall_back_to_direct": lambda: steps.fall_back_to_direct(KEY, NOW),
    "steps.follow_leg": lambda: steps.follow_leg(KEY, "ringing", "CA" + "b" * 32, NOW),
    "steps.follow_asked": lambda: steps.follow_asked(KEY, "asked", "CA" + "b" * 32, NOW, {"answered_by": "human"}),
    "steps.refuse": lambda: steps.refuse(KEY, "CA" + "b" * 32, "passed", NOW, {"reply": "2"}),
    "steps.hold": lambda: steps.hold(KEY, "CA" + "b" * 32, NOW, {}),
    "steps.transfer": lambda: steps.transfer(KEY, "lost", NOW),
    "messages.note_transcribing": lambda: messages.note_transcribing(MESSAGE, "cordboard-test", NOW + 30),
    "messages.note_text": lambda: messages.note_text(MESSAGE, "words", NOW),
    "steps.note_of_leg": lambda: steps.note_of_leg(KEY, "CA" + "b" * 32, {"keys": "7"}),
    "steps.record_leg": lambda: steps.record_leg(KEY, "CA" + "b" * 32),
    "steps.set_reason_once": lambda: steps.set_reason_once(KEY, "why"),
    "steps.set_note": lambda: steps.set_note(KEY, "words"),
    "steps.note_time": lambda: steps.note_time(KEY, "bridged_at", NOW),
    "steps.reschedule_check": lambda: steps.reschedule_check(KEY, NOW, NOW + 45),
    "caller_leg.reschedule": lambda: caller_leg.reschedule(CALLER, NOW + 45),
    "messages.mark_kept": lambda: messages.mark_kept(MESSAGE, "voicemail/x.mp3", 9, NOW),
    "talks.close": lambda: talks.close(OF_NO_TALK, NOW),
    "talks.reschedule": lambda: talks.reschedule(TALK, NOW, NOW + 45),
    "talks.look_no_more": lambda: talks.look_no_more(TALK),
    "talks.begin_end": lambda: talks.begin_end(TALK, NOW),
    "talks.forget": lambda: talks.forget(OF_NO_TALK),
    "messages.close": lambda: messages.close(OF_NOBODY, NOW),
    "messages.fix_routing": lambda: messages.fix_routing(MESSAGE, "{}"),
    "messages.note_offer": lambda: messages.note_offer(OF_NOBODY, "WT" + "a" * 32),
    "messages.take": lambda: messages.take(MESSAGE, "Ann", NOW),
    "messages.finish": lambda: messages.finish(MESSAGE, "Ann", NOW),
    "messages.leave": lambda: messages.leave(OF_NOBODY, "Ann", NOW),
    "messages.look_no_more": lambda: messages.look_no_more(MESSAGE),
    "messages.mark_heard": lambda: messages.mark_heard(MESSAGE, "Ann", NOW),
    "messages.reschedule": lambda: messages.reschedule(MESSAGE, NOW, NOW + 45),
    "table.write": lambda: table.write(KEY, table.Write({"reason": "why"}, "attribute_exists(#reason)")),
    "table.update_row": lambda: table.update_row(KEY, {"reason": "why"}, "attribute_exists(#reason)", {}),
    "notices.take": lambda: notices.take(table.Due(NOTICE.key, NOW), NOW + 45),
    "notices.close": lambda: notices.close(NOTICE.key, NOW + 45, NOW),
    "orders.keep": lambda: orders.keep("lead/1", "WT" + "a" * 32),
    "orders.release": lambda: orders.release("lead/1"),
    "orders.note_made": lambda: orders.note_made("lead/1", "WT" + "a" * 32),
    "messages.forget": lambda: messages.forget(MESSAGE),
    "table.delete_row": lambda: table.delete_row(KEY),
    "consults.begin": lambda: consults.begin(ASKS, "queue:Sales", NOW, {}),
    "consults.posted": lambda: consults.posted(ASKS, "WT" + "a" * 32),
    "consults.answered": lambda: consults.answered(KEY, ASKS, "CA" + "b" * 32),
    "consults.over": lambda: consults.over(KEY, 1),
    "consults.join": lambda: consults.join(ASKS),
    "consults.back": lambda: consults.back(ASKS),
    "consults.hand_over": lambda: consults.hand_over(ASKS, NOW),
    "consults.took_over": lambda: consults.took_over(KEY, NOW),
}


def given(writes: Mapping[str, Callable[[], object]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("write", writes.values(), ids=writes)


@given(MAKES)
def test_a_write_that_makes_a_row_says_when_it_expires(cloud: Aws, write: Callable[[], object]) -> None:
    write()
    (row,) = cloud.rows()
    assert row["expires_at"] >= int(NOW) + 90 * 86400


@pytest.mark.parametrize(
    "write",
    [
        lambda: board.note_worker(
            board.Worker(sid="WK" + "a" * 32, name="Bea", activity="Available", available=True, since=1), NOW
        ),
        lambda: board.note_today(board.Today(day="2026-11-21", counted_at=NOW, since=NOW), NOW),
    ],
    ids=["note_worker", "note_today"],
)
def test_a_row_of_the_wallboard_expires_in_two_days(cloud: Aws, write: Callable[[], object]) -> None:
    write()
    (row,) = cloud.rows()
    assert row["expires_at"] == int(NOW) + 2 * 86400


@given(MAKES_NONE)
def test_a_write_of_a_row_that_has_expired_makes_none(cloud: Aws, write: Callable[[], object]) -> None:
    with suppress(table.ConditionFailed):
        write()
    assert cloud.rows() == []


def test_a_link_to_a_message_expires_in_a_week(cloud: Aws) -> None:
    messages.record(MESSAGE, {"line": "main"}, NOW)
    token = messages.make_link(MESSAGE, NOW)
    (row,) = [row for row in cloud.rows() if row.get("about")]
    assert row["expires_at"] == int(NOW) + 7 * 86400
    found = messages.find_by_link(token, row["expires_at"] - 1)
    assert found is not None and found.key == MESSAGE
    assert messages.find_by_link(token, row["expires_at"]) is None  # also while DynamoDB has not deleted it yet


def test_the_number_of_a_recorded_talk_expires_with_it(cloud: Aws) -> None:
    talk = talks.record(RECORDED, RECORDING, {"seconds": 9}, NOW)
    talks.mark_kept(talk, "recordings/x.mp3", 9, NOW)
    assert {row["expires_at"] for row in cloud.rows()} == {int(talk.ends_at) + 30 * 86400}


def test_every_function_of_the_table_is_here() -> None:
    modules = (table, steps, caller_leg, notices, orders, breakers, reading, consults, messages, talks, profiles)
    public = {f"{one.__name__.rpartition('.')[2]}.{name}" for one in modules for name in _own(one)}
    apart = {"messages.make_link", "talks.mark_kept"}
    assert public == READS | {name.partition(",")[0] for name in MAKES} | set(MAKES_NONE) | apart


def _own(module: ModuleType) -> set[str]:
    """The functions that others may call."""
    return {
        name
        for name, found in vars(module).items()
        if inspect.isfunction(found) and found.__module__ == module.__name__ and not name.startswith("_")
    }


def test_an_attempt_of_the_embedded_crm_expires(cloud: Aws) -> None:
    attempt = Attempt(
        idempotency_key=KEY.reservation_sid,
        call_sid=CALL,
        caller="+12125550171",
        called="+14155550100",
        queue="Support",
        worker_sid="WK" + "a" * 32,
        worker_name="",
        at=NOW,
    )
    contacts.prepare(attempt)
    (row,) = cloud.client("dynamodb").scan(TableName="cordboard-test-contacts")["Items"]
    assert int(row["expires_at"]["N"]) == int(NOW) + 90 * 86400
