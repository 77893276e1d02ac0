"""No row stays for ever: whatever a write makes of an empty table has an `expires_at`."""

import inspect
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import ModuleType

import pytest

from chalicelib.crm import contacts
from chalicelib.crm.port import Attempt
from chalicelib.links import board, messages, profiles, table, talks
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
KNOWN = {"caller": "+12125550171", "empty": ""}

READS = {"talks.of_number", "talks.latest", "talks.day_of", "talks.heard_key", "talks.heard_until"}
READS |= {"profiles.seen", "profiles.find", "profiles.blocked"}
READS |= {
    "due",
    "open_rows",
    "latest_of_day_quickly",
    "find_call",
    "find_row",
    "find_row_quickly",
    "rows_of",
    "rows_of_day",
    "rows_between",
    "latest_links",
    "by_worker_leg",
    "find_link",
    "messages.find_by_link",
}
MAKES: Mapping[str, Callable[[], object]] = {
    "reserve": lambda: table.reserve(Link(subject=CALL, reservation_sid=KEY.reservation_sid), NOW),
    "upsert_state": lambda: table.upsert_state(KEY, "bridged", NOW, KNOWN),
    "close": lambda: table.close(KEY, "canceled", "", NOW),
    "record_call": lambda: table.record_call(CALL, {"survey": "4"}, NOW),
    "record_call, nothing to say": lambda: table.record_call(CALL, {}, NOW, left_queue=True),
    "record_and_read_call": lambda: table.record_and_read_call(CALL, {"survey": "4"}, NOW),
    "record_call, once": lambda: table.record_call(CALL, {"wrapping_at": NOW}, NOW, once="wrapping_at"),
    "record_waiting": lambda: table.record_waiting(CALL, KNOWN, NOW),
    "begin_round": lambda: table.begin_round(CALL, 2, NOW),
    "claim_caller": lambda: table.claim_caller(CALL, NOW, 20, {"declined_say": "No."}),
    "record_unknown_leg": lambda: table.record_unknown_leg(KEY, "CA" + "b" * 32, NOW),
    "profiles.change": lambda: profiles.change("+12125550171", lambda _standing: {"vip": True}, NOW),
    "swap_breaker": lambda: table.swap_breaker("http", Breaker(), Breaker(failures=1, failed_at=NOW), NOW),
    "order_notice": lambda: table.order_notice(NOTICE, 0.0),
    "claim_order": lambda: table.claim_order("lead/1", "digest", NOW, 30),
    "messages.record_note": lambda: messages.record_note(CALL, RECORDING, NOW),
    "messages.drop": lambda: messages.drop(MESSAGE, NOW),
    "messages.record": lambda: messages.record(MESSAGE, {"line": "main"}, NOW),
    "talks.record": lambda: talks.record(RECORDED, RECORDING, {"seconds": 9}, NOW),
    "talks.drop": lambda: talks.drop(TALK, NOW),
    "talks.note_heard": lambda: talks.note_heard(OF_NO_TALK, "Bea", NOW),
}
MAKES_NONE: Mapping[str, Callable[[], object]] = {
    "claim": lambda: table.claim(KEY, NOW, 20),
    "begin_dial": lambda: table.begin_dial(KEY, NOW, {}),
    "approve": lambda: table.approve(KEY, NOW, {}),
    "wrap_up": lambda: table.wrap_up(KEY, "sold", "words"),
    "decide": lambda: table.decide(KEY, "done"),
    "fall_back_to_direct": lambda: table.fall_back_to_direct(KEY, NOW),
    "follow_leg": lambda: table.follow_leg(KEY, "ringing", "CA" + "b" * 32, NOW),
    "follow_asked": lambda: table.follow_asked(KEY, "asked", "CA" + "b" * 32, NOW, {"answered_by": "human"}),
    "refuse": lambda: table.refuse(KEY, "CA" + "b" * 32, "passed", NOW, {"reply": "2"}),
    "hold": lambda: table.hold(KEY, "CA" + "b" * 32, NOW, {}),
    "transfer": lambda: table.transfer(KEY, "lost", NOW),
    "messages.note_transcribing": lambda: messages.note_transcribing(MESSAGE, "cordboard-test", NOW + 30),
    "messages.note_text": lambda: messages.note_text(MESSAGE, "words", NOW),
    "note_of_leg": lambda: table.note_of_leg(KEY, "CA" + "b" * 32, {"keys": "7"}),
    "record_leg": lambda: table.record_leg(KEY, "CA" + "b" * 32),
    "set_reason_once": lambda: table.set_reason_once(KEY, "why"),
    "set_note": lambda: table.set_note(KEY, "words"),
    "note_time": lambda: table.note_time(KEY, "bridged_at", NOW),
    "reschedule_check": lambda: table.reschedule_check(KEY, NOW, NOW + 45),
    "reschedule_caller": lambda: table.reschedule_caller(CALLER, NOW + 45),
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
    "update_row": lambda: table.update_row(KEY, {"reason": "why"}, "attribute_exists(#reason)", {}),
    "take_notice": lambda: table.take_notice(table.Due(NOTICE.key, NOW), NOW + 45),
    "close_notice": lambda: table.close_notice(NOTICE.key, NOW + 45, NOW),
    "keep_order": lambda: table.keep_order("lead/1", "WT" + "a" * 32),
    "release_order": lambda: table.release_order("lead/1"),
    "messages.forget": lambda: messages.forget(MESSAGE),
    "delete_row": lambda: table.delete_row(KEY),
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
    others = (messages, talks, profiles)
    public = _own(table) | {f"{one.__name__.rpartition('.')[2]}.{name}" for one in others for name in _own(one)}
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
