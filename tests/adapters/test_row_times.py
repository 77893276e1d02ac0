"""When the sweep looks at a row, and when the row expires: to the second, whichever write made it."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec import structs, to_builtins

from chalicelib.config import callcenter
from chalicelib.links import (
    board,
    breakers,
    callbacks,
    caller_leg,
    consults,
    messages,
    notices,
    orders,
    reading,
    steps,
    table,
    talks,
)
from chalicelib.links.model import Breaker, Call, Callback, CallbackState, Key, Link, Notice, message_key, talk_key
from tests.conftest import Aws
from tests.support import caches

CALL, RECORDING = "CA" + "a" * 32, "RE" + "a" * 32
MESSAGE = message_key(CALL, RECORDING)
KEY = Key(CALL, "WR" + "a" * 32)
LEG, OTHER_LEG, TASK = "CA" + "b" * 32, "CA" + "c" * 32, "WT" + "a" * 32
NOW = 1795230042.517
SECOND = 1795230042
DAY = 86400
KNOWN = {"caller": "+12125550171", "empty": "", "none": None}


def link(**fields: object) -> Link:
    return Link(subject=CALL, reservation_sid=KEY.reservation_sid, **fields)  # type: ignore[arg-type]


EXPIRING: dict[str, Callable[[], object]] = {
    "reserve": lambda: steps.reserve(link(), NOW),
    "an event": lambda: steps.upsert_state(KEY, "bridged", NOW, {}),
    "an end": lambda: steps.close(KEY, "canceled", "", NOW),
    "a call": lambda: caller_leg.record(CALL, {"survey": "4"}, NOW),
    "a caller who waits": lambda: caller_leg.record_waiting(CALL, {}, NOW),
    "a caller to lead out": lambda: caller_leg.claim(CALL, NOW, 20),
    "a leg of TaskRouter's": lambda: steps.record_unknown_leg(KEY, LEG, NOW),
    "a breaker": lambda: breakers.swap("http", Breaker(), Breaker(failures=1, failed_at=NOW), NOW),
}


@pytest.mark.parametrize("write", EXPIRING.values(), ids=EXPIRING)
def test_a_row_expires_when_the_team_says(cloud: Aws, write: Callable[[], object]) -> None:
    write()
    assert cloud.rows()[0]["expires_at"] == SECOND + 90 * DAY


def test_an_expiry_is_not_put_off_by_a_later_event(cloud: Aws) -> None:
    caller_leg.record(CALL, {}, NOW)
    caller_leg.record(CALL, {"survey": "4"}, NOW + 10)
    assert steps.upsert_state(KEY, "ringing", NOW, {}).reserved_at == NOW
    assert steps.upsert_state(KEY, "bridged", NOW + 10, {}).reserved_at == NOW
    assert {row["expires_at"] for row in cloud.rows()} == {SECOND + 90 * DAY}


def test_a_recordings_row_outlives_its_recording_by_a_month(cloud: Aws) -> None:
    messages.record(MESSAGE, {"line": "main"}, NOW)
    row = cloud.row(f"RECORDING#{RECORDING}")
    assert (row["check_at"], row["expires_at"]) == (SECOND + 90 * DAY, SECOND + 120 * DAY)
    assert row["open"] == "recording"


@pytest.mark.parametrize(
    ("made", "check_at"),
    [
        (link(deadline=NOW + 60), SECOND + 5 + 10),  # its job's begin
        (link(deadline=NOW + 3), SECOND + 3 + 10),  # or the last moment to dial
        (link(deadline=NOW - 60), SECOND + 10),
        (link(mode="direct", deadline=NOW + 60), SECOND + 120 + 10),
    ],
)
def test_the_sweep_looks_at_a_link_when_it_has_to_have_got_further(cloud: Aws, made: Link, check_at: int) -> None:
    steps.reserve(made, NOW)
    row = cloud.row(KEY.reservation_sid)
    assert (row["open"], row["check_at"], row["reserved_at"]) == ("link", check_at, NOW)


def test_nobody_looks_at_a_link_that_is_closed_from_the_start(cloud: Aws) -> None:
    steps.reserve(link(state="closed"), NOW)
    row = cloud.row(KEY.reservation_sid)
    assert "open" not in row and "check_at" not in row and row["expires_at"] == SECOND + 90 * DAY


def test_a_talk_is_looked_at_every_four_minutes(cloud: Aws) -> None:
    assert steps.upsert_state(KEY, "bridged", NOW, {}).check_at == SECOND + 240
    assert cloud.row(KEY.reservation_sid)["open"] == "link"


def test_a_caller_who_waits_is_looked_at_every_four_minutes_and_one_who_left_is_not(cloud: Aws) -> None:
    caller_leg.record_waiting(CALL, KNOWN, NOW)
    row = cloud.row("CALL")
    assert (row["open"], row["check_at"], row["caller"]) == ("call", SECOND + 240, "+12125550171")
    assert {"empty", "none"}.isdisjoint(row)
    caller_leg.record(CALL, {"left_queue_at": NOW + 5}, NOW + 5, left_queue=True)
    caller_leg.record_waiting(CALL, {"line": "sales"}, NOW + 6)
    row = cloud.row("CALL")
    assert "open" not in row and "check_at" not in row and row["line"] == "sales"


def test_a_calls_row_says_its_day_once(cloud: Aws) -> None:
    caller_leg.record(CALL, {}, 1795219199.9, defaults={"line": "main"})  # the last moment of a day in UTC
    caller_leg.record(CALL, {"survey": "4"}, 1795219200.0, defaults={"line": "sales"})
    row = cloud.row("CALL")
    assert (row["day"], row["line"], row["at"], row["survey"]) == ("2026-11-20", "main", 1795219199.9, "4")


def test_what_is_recorded_once_is_recorded_once(cloud: Aws) -> None:
    assert caller_leg.record(CALL, {"wrapping_at": NOW}, NOW, once="wrapping_at") is True
    assert caller_leg.record(CALL, {"wrapping_at": NOW + 1}, NOW + 1, once="wrapping_at") is False
    assert cloud.row("CALL")["wrapping_at"] == NOW


def test_what_is_due_is_due_from_its_moment_on_the_oldest_first(cloud: Aws) -> None:
    for number in range(60):
        caller_leg.record_waiting("CA" + f"{number:032x}", {}, NOW - number)
    steps.upsert_state(KEY, "bridged", NOW - 1000, {})
    pages = list(table.due("call", SECOND + 240))
    assert [len(page) for page in pages] == [25, 25, 10] or [len(page) for page in pages] == [25, 25, 10, 0]
    found = [due for page in pages for due in page]
    assert [due.check_at for due in found] == [SECOND - number + 240 for number in reversed(range(60))]
    assert next(len(page) for page in table.due("call", SECOND + 239)) == 25
    assert sum(len(page) for page in table.due("call", SECOND + 239)) == 59
    (links,) = table.due("link", NOW)
    assert [due.key for due in links] == [KEY]
    assert not any(table.due("recording", NOW * 2))


def test_of_two_sweeps_at_one_link_one_looks(cloud: Aws) -> None:
    check_at = steps.upsert_state(KEY, "bridged", NOW, {}).check_at
    assert steps.reschedule_check(KEY, check_at, NOW + 300.9).check_at == SECOND + 301
    with pytest.raises(table.ConditionFailed):
        steps.reschedule_check(KEY, check_at, NOW + 400)
    assert cloud.row(KEY.reservation_sid)["check_at"] == SECOND + 301


def test_of_two_sweeps_at_one_caller_or_recording_one_looks(cloud: Aws) -> None:
    caller_leg.record_waiting(CALL, {}, NOW)
    messages.record(MESSAGE, {"line": "main"}, NOW)
    (((caller,)), (recording,)) = (next(iter(table.due(what, NOW * 2))) for what in ("call", "recording"))
    assert caller_leg.reschedule(caller, NOW + 300).check_at == SECOND + 300
    assert messages.reschedule(recording.key, recording.check_at, NOW + 300).recording_sid == RECORDING
    for again in (
        lambda: caller_leg.reschedule(caller, NOW + 400),
        lambda: messages.reschedule(recording.key, recording.check_at, NOW + 400),
    ):
        with pytest.raises(table.ConditionFailed):
            again()
    assert {row["check_at"] for row in cloud.rows()} == {SECOND + 300}
    messages.forget(recording.key)
    messages.forget(recording.key)
    assert cloud.row(f"RECORDING#{RECORDING}") == {}


def test_a_claim_holds_until_its_lease_is_over(cloud: Aws) -> None:
    steps.reserve(link(), NOW)
    assert steps.claim(KEY, NOW, 20).leased_until == NOW + 20
    for at in (NOW + 1, NOW + 20):
        with pytest.raises(table.ConditionFailed):
            steps.claim(KEY, at, 20)
    taken_over = steps.claim(KEY, NOW + 20.001, 20)
    assert (taken_over.preparing_at, taken_over.state) == (NOW + 20.001, "preparing")


def test_a_caller_is_led_out_by_one_job_at_a_time(cloud: Aws) -> None:
    caller_leg.claim(CALL, NOW, 20, {"declined_say": "No."})
    for at in (NOW + 1, NOW + 20):
        with pytest.raises(table.ConditionFailed):
            caller_leg.claim(CALL, at, 20)
    caller_leg.claim(CALL, NOW + 20.001, 20)
    row = cloud.row("CALL")
    assert (row["moved_at"], row["declined_say"]) == (NOW + 20.001, "No.")
    caller_leg.record(CALL, {"left_queue_at": NOW + 30}, NOW + 30, left_queue=True)
    with pytest.raises(table.ConditionFailed):
        caller_leg.claim(CALL, NOW + 100, 20)


def test_of_a_wait_that_a_later_one_has_followed_nothing_is_kept(cloud: Aws) -> None:
    caller_leg.record_waiting(CALL, {"line": "main"}, NOW)
    caller_leg.record(CALL, {"queue_result": "leave", "left_queue_at": NOW + 5}, NOW, left_queue=True, of_round=1)
    begun = [caller_leg.begin_round(CALL, number, NOW + 10) for number in (2, 2, 1)]
    assert [one and (one.round, one.queue_result, one.left_queue_at) for one in begun] == [(2, "", 0), None, None]
    late = {"queue_result": "hangup"}
    assert not caller_leg.record(CALL, late, NOW + 20, of_round=1)
    with pytest.raises(table.ConditionFailed):
        caller_leg.record_and_read(CALL, late, NOW + 20, of_round=1)
    caller_leg.record_waiting(CALL, {"queue": "Sales"}, NOW + 20, of_round=1)
    assert cloud.row("CALL").keys().isdisjoint({"queue_result", "queue", "open"})
    caller_leg.record_waiting(CALL, {"queue": "Sales"}, NOW + 20, of_round=2)
    assert caller_leg.record_and_read(CALL, {"survey": "4"}, NOW + 30).queue == "Sales"
    assert cloud.row("CALL")["check_at"] == SECOND + 20 + 240


def test_a_leg_that_nobody_knew_makes_a_direct_link_and_a_second_one_is_refused(cloud: Aws) -> None:
    for leg, other in ((LEG, OTHER_LEG), (OTHER_LEG, LEG)):
        key = Key(CALL, "WR" + leg[2:])
        made = steps.record_unknown_leg(key, leg, NOW)
        assert (made.mode, made.state, made.dialing_at, made.worker_call_sid) == ("direct", "dialing", NOW, leg)
        again = steps.record_unknown_leg(key, leg, NOW + 1)
        assert (again.worker_call_sid, again.dialing_at) == (leg, NOW)
        with pytest.raises(table.ConditionFailed) as lost:
            steps.record_unknown_leg(key, other, NOW)
        assert lost.value.current and lost.value.current.worker_call_sid == leg


def test_only_one_leg_ever_gets_a_link(cloud: Aws) -> None:
    steps.reserve(link(), NOW)
    steps.follow_leg(KEY, "ringing", LEG, NOW)
    for leg in (OTHER_LEG, "CA" + "a" * 31 + "0"):
        with pytest.raises(table.ConditionFailed):
            steps.record_leg(KEY, leg)
        with pytest.raises(table.ConditionFailed):
            steps.follow_leg(KEY, "answered", leg, NOW)
    assert steps.record_leg(KEY, LEG).mode == "crm-first"
    assert steps.record_leg(KEY, LEG, by_taskrouter=True).mode == "direct"
    with pytest.raises(table.ConditionFailed):
        steps.begin_dial(KEY, NOW, {})


def test_a_direct_ring_takes_a_link_that_no_job_has_begun(cloud: Aws) -> None:
    steps.reserve(link(), NOW)
    handed_over = steps.fall_back_to_direct(KEY, NOW + 1)
    assert (handed_over.state, handed_over.mode, handed_over.dialing_at) == ("dialing", "direct", NOW + 1)
    with pytest.raises(table.ConditionFailed):
        steps.fall_back_to_direct(KEY, NOW + 2)


def test_a_reason_is_written_once_and_a_time_too(cloud: Aws) -> None:
    assert steps.set_reason_once(KEY, "why") is False  # there is no row
    steps.reserve(link(), NOW)
    assert steps.set_reason_once(KEY, "") is False
    assert steps.set_reason_once(KEY, "no answer") is True
    assert steps.set_reason_once(KEY, "busy") is False
    steps.close(KEY, "rejected", "", NOW)
    steps.note_time(KEY, "bridged_at", NOW + 1)
    steps.note_time(KEY, "bridged_at", NOW + 2)
    row = cloud.row(KEY.reservation_sid)
    assert (row["reason"], row["bridged_at"], row["state"]) == ("no answer", NOW + 1, "closed")


def test_a_breaker_is_swapped_by_who_saw_it_last(cloud: Aws) -> None:
    opened = Breaker(failures=3, failed_at=NOW, retry_at=NOW + 30)
    assert breakers.swap("http", Breaker(), opened, NOW) == opened
    assert breakers.swap("http", Breaker(), Breaker(failures=1), NOW) == opened
    assert breakers.swap("http", Breaker(failures=3, failed_at=NOW), Breaker(), NOW) == opened
    assert breakers.swap("contacts", Breaker(), Breaker(failures=1), NOW) == Breaker(failures=1)
    assert breakers.swap("http", opened, Breaker(), NOW) == Breaker()
    assert breakers.swap("http", Breaker(), opened, NOW) == opened
    assert opened.is_open and not Breaker(failures=2).is_open


def test_what_is_known_of_a_call_is_found_in_the_order_of_its_reservations(cloud: Aws) -> None:
    first, second = Key(CALL, "WR" + "f" * 32), Key(CALL, "WR" + "0" * 32)
    steps.reserve(Link(subject=CALL, reservation_sid=first.reservation_sid), NOW)
    steps.reserve(Link(subject=CALL, reservation_sid=second.reservation_sid), NOW + 1)
    messages.record(MESSAGE, {"line": "main"}, NOW)
    assert reading.of_call(CALL).call is None
    caller_leg.record(CALL, {"line": "main"}, NOW)
    found = reading.of_call(CALL)
    assert [link.key for link in found.links] == [first, second]
    assert found.call == Call(call_sid=CALL, line="main", at=NOW)
    steps.follow_leg(first, "ringing", LEG, NOW)
    leg = reading.by_worker_leg(LEG)
    assert leg is not None and leg.key == first and reading.by_worker_leg(OTHER_LEG) is None


def test_of_an_unknown_link_nothing_is_known() -> None:
    known = {
        "call_sid": CALL,
        "reservation_sid": KEY.reservation_sid,
        "state": "reserved",
        "mode": "crm-first",
        "crm_data": {},
        "attributes": {},
    }
    fields = to_builtins(link())
    assert {name: value for name, value in fields.items() if name not in known and value not in ("", 0)} == {}
    assert {name: fields[name] for name in known} == known
    known_of_call = {"call_sid": CALL, "attributes": {}}
    fields = to_builtins(Call(call_sid=CALL))
    assert {value for name, value in fields.items() if name not in known_of_call} == {"", 0}
    assert {name: fields[name] for name in known_of_call} == known_of_call
    assert set(to_builtins(Breaker()).values()) == {0}


# --- Callbacks

PHONE = "+12125550171"
ASKED = Callback(call_sid=CALL, line="main", number=PHONE, since=NOW - 60, at=NOW)


def test_a_callback_is_looked_at_after_a_minute_and_asked_for_once(cloud: Aws) -> None:
    made = callbacks.create(ASKED, NOW)
    (row,) = cloud.rows()
    assert (row["open"], row["check_at"], row["expires_at"]) == ("callback", SECOND + 60, SECOND + 90 * DAY)
    assert row.keys().isdisjoint({"ended_at", "attempts", "caller"})  # what is nothing is not kept
    assert made == structs.replace(ASKED, check_at=SECOND + 60)
    assert callbacks.create(structs.replace(ASKED, number="+12125550172"), NOW + 5) == made


def test_a_callback_is_kept_for_its_days_from_the_next_look_on(cloud: Aws) -> None:
    seen = callbacks.create(ASKED, NOW)
    taken = callbacks.change(seen, NOW + 10, 240.4, state="taken", reason="busy", attempts=1)
    row = cloud.row("CALLBACK")
    assert (row["version"], row["check_at"], row["expires_at"]) == (2, SECOND + 250, SECOND + 250 + 90 * DAY)
    callbacks.change(taken, NOW + 20, reason="")
    row = cloud.row("CALLBACK")
    assert "reason" not in row and (row["check_at"], row["state"]) == (SECOND + 20, "taken")


def test_nobody_looks_at_a_callback_that_is_over(cloud: Aws) -> None:
    over = callbacks.change(callbacks.create(ASKED, NOW), NOW + 10, state="talked")
    row = cloud.row("CALLBACK")
    assert over.is_over and row.keys().isdisjoint({"open", "check_at"})
    assert (row["ended_at"], row["expires_at"]) == (NOW + 10, SECOND + 10 + 90 * DAY)
    callbacks.change(over, NOW + 20, reason="why")
    assert cloud.row("CALLBACK").keys().isdisjoint({"open", "check_at"})


@pytest.mark.parametrize(("state", "at"), [("taken", 10.0), ("queued", 9.0), ("waiting", 11.0), ("taken", 11.0)])
def test_of_two_who_change_a_callback_the_second_has_lost_unless_it_is_the_same_write(
    cloud: Aws, state: CallbackState, at: float
) -> None:
    seen = callbacks.create(ASKED, NOW)
    first = callbacks.change(seen, NOW + 10, 240, state="taken")
    if (state, at) == ("taken", 10.0):
        assert callbacks.change(seen, NOW + at, 240, state=state) == first
        return
    with pytest.raises(table.ConditionFailed):
        callbacks.change(seen, NOW + at, 240, state=state)


def test_a_caller_has_one_callback_on_a_line(cloud: Aws) -> None:
    assert callbacks.open_of(PHONE, "main") == ("", None)
    made = callbacks.create(ASKED, NOW)
    assert [callbacks.claim(PHONE, "main", CALL, "", NOW) for _ in range(2)] == [True, True]
    assert not callbacks.claim(PHONE, "main", OTHER_LEG, "", NOW)
    assert not callbacks.claim(PHONE, "main", OTHER_LEG, LEG, NOW)
    assert callbacks.open_of(PHONE, "main") == (CALL, made)
    assert callbacks.open_of(PHONE, "sales") == ("", None)
    assert cloud.row("CALLBACK#main")["expires_at"] == SECOND + 90 * DAY
    callbacks.change(made, NOW + 10, state="withdrawn")
    assert callbacks.open_of(PHONE, "main") == (CALL, None)
    assert callbacks.claim(PHONE, "main", OTHER_LEG, CALL, NOW)
    assert callbacks.open_of(PHONE, "main") == (OTHER_LEG, None)


def test_a_phone_has_so_many_turns_in_a_day(cloud: Aws) -> None:
    midnight = 1795219200.0  # in UTC
    assert [callbacks.take_turn("asked", PHONE, about, 2, midnight) for about in "abacb"] == [
        True,
        True,
        True,
        False,
        True,
    ]
    assert not callbacks.take_turn("asked", PHONE, "c", 2, midnight + DAY - 0.1)
    assert callbacks.take_turn("called", PHONE, "c", 1, midnight)
    assert callbacks.take_turn("asked", "+12125550172", "c", 1, midnight)
    assert callbacks.take_turn("asked", PHONE, "c", 1, midnight + DAY)
    row = cloud.row("asked#2026-11-21")
    assert (row["by"], row["count"], row["expires_at"]) == (["a", "b"], 2, int(midnight) + 2 * DAY)


def test_a_turn_that_others_take_at_the_same_moment_is_tried_three_times(
    cloud: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    true, tries = table.update_row, list[Key]()

    def late(key: Key, *given: Any, **named: Any) -> object:
        tries.append(key)
        if len(tries) < 3:  # another call is faster
            true(key, {"count": len(tries), "by": ["x"] * len(tries)}, "", {})
        return true(key, *given, **named)

    monkeypatch.setattr(table, "update_row", late)
    assert callbacks.take_turn("asked", PHONE, "a", 9, NOW) and len(tries) == 3
    assert cloud.rows()[0]["by"] == ["x", "x", "a"]


# --- Messages


def test_a_message_in_the_bucket_is_looked_at_after_two_minutes(cloud: Aws, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("MESSAGES_BUCKET", "cordboard-test-messages")
    caches.forget_everything()
    made = messages.record(MESSAGE, {"line": "main", "seconds": -1, "base_url": None}, NOW)
    assert (made.at, made.check_at, made.expires_at) == (NOW, SECOND + 120, SECOND + 120 * DAY)
    assert cloud.rows()[0].keys().isdisjoint({"seconds", "base_url"})


def test_who_tells_of_a_message_later_adds_what_is_not_known(cloud: Aws) -> None:
    messages.record(MESSAGE, {"line": "main"}, NOW)
    for known in ({"seconds": 9}, {"seconds": 8, "base_url": "https://x.example"}, {"line": "sales"}):
        found = messages.record(MESSAGE, known, NOW + 1)
    assert (found.line, found.seconds, found.base_url, found.at) == ("main", 9, "https://x.example", NOW)


def test_a_workers_note_is_deleted_with_the_records_of_its_call(cloud: Aws) -> None:
    messages.record_note(CALL, RECORDING, NOW)
    row = cloud.row(f"NOTE#{RECORDING}")
    assert (row["open"], row["check_at"], row["expires_at"]) == ("recording", SECOND + 90 * DAY, SECOND + 120 * DAY)


def test_a_message_that_is_kept_lasts_its_days_and_one_on_offer_is_looked_at_each_hour(cloud: Aws) -> None:
    made = messages.record(MESSAGE, {"line": "main"}, NOW)
    assert [messages.mark_kept(MESSAGE, "voicemail/x.mp3", 9, NOW + at).kept_at for at in (5, 6)] == [NOW + 5] * 2
    messages.close(made, NOW + 10)
    row = cloud.row(MESSAGE.reservation_sid)
    assert (row["deleted_at"], row["expires_at"]) == (NOW + 10, SECOND + 90 * DAY)
    assert row.keys().isdisjoint({"open", "check_at"})
    messages.close(messages.note_offer(made, "WT1"), NOW + 20)
    row = cloud.row(MESSAGE.reservation_sid)
    assert (row["open"], row["check_at"], row["offers"]) == ("message", SECOND + 20 + 3600, 1)


def test_a_message_is_offered_by_one_task_at_a_time(cloud: Aws) -> None:
    made = messages.record(MESSAGE, {"line": "main"}, NOW)
    first = messages.note_offer(made, "WT1")
    with pytest.raises(table.ConditionFailed):
        messages.note_offer(made, "WT2")
    second = messages.note_offer(first, "WT2")
    with pytest.raises(table.ConditionFailed):
        messages.note_offer(first, "WT3")
    assert (first.offers, second.offers, second.task_sid) == (1, 2, "WT2")


def test_who_leaves_a_message_has_it_offered_at_once(cloud: Aws) -> None:
    made = messages.note_offer(messages.record(MESSAGE, {"line": "main"}, NOW), "WT1")
    messages.take(MESSAGE, "Bea", NOW + 5)
    messages.leave(made, "Bea", NOW + 10)
    row = cloud.row(MESSAGE.reservation_sid)
    assert (row["left_by"], row["offers"], row["check_at"], row["heard_at"]) == ("Bea", 2, SECOND + 10, NOW + 5)
    assert row.keys().isdisjoint({"task_sid", "taken_at", "taken_by"})


def test_the_first_who_hears_and_does_a_message_counts(cloud: Aws) -> None:
    with pytest.raises(table.ConditionFailed):
        messages.mark_heard(MESSAGE, "Bea", NOW)
    messages.record(MESSAGE, {"line": "main"}, NOW)
    assert [messages.mark_heard(MESSAGE, by, NOW + 5) for by in ("Bea", "Carl")] == [True, False]
    for by in ("Bea", "Carl"):
        messages.finish(MESSAGE, by, NOW + 10)
    row = cloud.row(MESSAGE.reservation_sid)
    assert (row["heard_by"], row["done_by"], row["done_at"]) == ("Bea", "Bea", NOW + 10)


def test_what_turned_out_to_be_nothing_is_dropped_once_and_stays_for_the_days(cloud: Aws) -> None:
    for drop, key in ((messages.drop, MESSAGE), (talks.drop, talk_key(CALL, RECORDING))):
        assert [drop(key, NOW + after) for after in (0, 1)] == [True, False]
        row = cloud.row(key.reservation_sid)
        assert (row["dropped_at"], row["at"], row["expires_at"]) == (NOW, NOW, SECOND + 90 * DAY)


def test_a_text_is_looked_for_at_its_moment_and_the_first_one_counts(cloud: Aws) -> None:
    messages.record(MESSAGE, {"line": "main"}, NOW)
    assert messages.note_transcribing(MESSAGE, "job", NOW + 30).check_at == SECOND + 30
    for text in ("", "words"):
        found = messages.note_text(MESSAGE, text, NOW + 40 + len(text))
    assert (found.texted_at, found.text) == (NOW + 40, "words")


# --- Recorded talks


@pytest.fixture
def recorded(cloud: Aws, environment: pytest.MonkeyPatch) -> None:
    """Talks of Support are recorded and deleted after 30 days."""
    rules = '[queues.Support.recording]\nrecord = "both"\nnotice = "elsewhere"\nkeep_days = 30\n\n[queues.Sales]'
    text = callcenter.source().replace("offered = true", "offered = false").replace("[queues.Sales]", rules, 1)
    changed = callcenter.parse(text)
    environment.setattr(callcenter, "current", lambda: changed)


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(("queue", "days"), [("Support", 30), ("Sales", 90)])
@pytest.mark.parametrize("bucket", ["", "cordboard-test-messages"])
def test_a_recorded_talk_lasts_the_days_of_its_queue(
    environment: pytest.MonkeyPatch, queue: str, days: int, bucket: str
) -> None:
    environment.setenv("MESSAGES_BUCKET", bucket)
    environment.setattr("chalicelib.config.messages.bucket", lambda: bucket)
    talk = talks.record(link(queue=queue, worker_name="Bea"), RECORDING, {"seconds": 95}, NOW)
    ends_at = SECOND + days * DAY
    assert (talk.at, talk.ends_at, talk.seconds, talk.worker) == (NOW, ends_at, 95, "Bea")
    assert talk.check_at == (SECOND + 120 if bucket else ends_at)


@pytest.mark.usefixtures("recorded")
def test_who_tells_of_a_talk_later_adds_what_is_not_known(cloud: Aws) -> None:
    talks.record(link(), RECORDING, {"seconds": -1, "base_url": ""}, NOW)
    assert "seconds" not in cloud.rows()[0]
    talks.record(link(), RECORDING, {"seconds": 95}, NOW + 1)
    assert talks.record(link(), RECORDING, {"seconds": 94}, NOW + 2).seconds == 95


@pytest.mark.usefixtures("recorded")
def test_a_talk_is_looked_at_when_its_time_is_over_and_its_number_goes_with_it(cloud: Aws) -> None:
    talk = talks.record(link(queue="Support"), RECORDING, {"seconds": 95}, NOW)
    for after in (5, 6):
        talks.mark_kept(talk, "recordings/x.mp3", 9, NOW + after)
    talks.close(talk, NOW + 10)
    row = cloud.row(talk.key.reservation_sid)
    assert (row["kept_at"], row["deleted_at"], row["check_at"]) == (NOW + 5, NOW + 10, SECOND + 30 * DAY)
    assert row["expires_at"] == cloud.row(RECORDING)["expires_at"] == SECOND + 60 * DAY
    assert talks.reschedule(talk.key, row["check_at"], NOW + 99.9).check_at == SECOND + 100
    (found,) = talks.of_number(talk.number)
    assert found.key == talk.key
    talks.forget(talk)
    assert cloud.rows() == []


@pytest.mark.usefixtures("recorded")
def test_the_latest_talk_is_looked_for_in_the_last_seven_days(cloud: Aws) -> None:
    for name, ago in (("RE1", 1), ("RE00", 0.1), ("RE0", 0), ("RE6", 6), ("RE7", 7)):
        talks.record(link(), name, {"seconds": 95}, NOW - ago * DAY)
    assert [talk.recording_sid for talk in talks.latest(NOW)] == ["RE0", "RE00", "RE1", "RE6"]


@pytest.mark.usefixtures("recorded")
def test_each_time_that_somebody_hears_a_talk_is_known_for_a_year(cloud: Aws) -> None:
    talk = talks.record(link(), RECORDING, {"seconds": 95}, NOW)
    for after in (0, 0.002):
        talks.note_heard(talk, "Bea", NOW + after)
    heard = [row for row in cloud.rows() if row["item"].startswith("HEARD#")]
    assert [row["item"].rpartition("#")[2] for row in heard] == ["1795230042517", "1795230042519"]
    assert {(row["by"], row["expires_at"]) for row in heard} == {("Bea", SECOND + 365 * DAY)}


# --- Notices, orders


def test_a_notice_is_due_at_once_and_says_nothing_of_an_older_one(cloud: Aws) -> None:
    assert notices.order(Notice(what="led-out", about=CALL, line="main", at=NOW, seconds=9, caller="…71"), NOW - 600)
    row = cloud.row("main")
    assert (row["open"], row["check_at"], row["expires_at"]) == ("notice", SECOND, SECOND + 90 * DAY)
    later = Notice(what="led-out", about=CALL, line="main", at=NOW + 600.5)
    assert not notices.order(later, NOW - 0.001)
    assert notices.order(later, NOW)
    row = cloud.row("main")
    assert row.keys().isdisjoint({"seconds", "caller"}) and (row["at"], row["check_at"]) == (NOW + 600.5, SECOND + 601)


def test_an_order_is_one_jobs_until_its_lease_is_over(cloud: Aws) -> None:
    def claim(at: float, digest: str = "x") -> orders.Ordered:
        return orders.claim("lead/1", digest, NOW + at, 30)

    assert claim(0) == orders.Ordered("x", "", is_claimed=True, was_claimed_before=False)
    assert [claim(at).is_claimed for at in (1, 30)] == [False, False]
    assert not claim(31, "another").is_claimed
    assert claim(30.001) == orders.Ordered("x", "", is_claimed=True, was_claimed_before=True)
    orders.release("lead/1")
    assert claim(30.002).is_claimed
    orders.keep("lead/1", "WT1")
    orders.release("lead/1")
    assert claim(99) == orders.Ordered("x", "WT1", is_claimed=False, was_claimed_before=False)


# --- The wallboard


def test_what_the_board_shows_is_never_older_than_what_it_showed(cloud: Aws) -> None:
    def worker(since: int) -> board.Worker:
        return board.Worker(sid="WK1", name="Bea", activity="Available", available=True, since=since)

    def today(counted_at: float) -> board.Today:
        return board.Today(day="2026-11-21", counted_at=counted_at, since=counted_at)

    times = (5, 4, 5, 6)
    assert [board.note_worker(worker(at), NOW) for at in times] == [True, False, True, True]
    assert [board.note_today(today(at), NOW) for at in times] == [True, False, False, True]
    assert [board.note_queued(board.Queued(counted_at=at), NOW) for at in times] == [True, False, False, True]
    assert {row["expires_at"] for row in cloud.rows()} == {SECOND + 2 * DAY}
    caller_leg.record_waiting(CALL, {"line": "main"}, NOW)
    steps.reserve(link(), NOW)
    found = board.read()
    assert (found.workers, found.today, found.queued) == ((worker(6),), today(6), board.Queued(counted_at=6))
    assert [call.line for call in found.calls] == ["main"] and [one.key for one in found.links] == [KEY]
    assert (board.workers(), board.today(), board.queued()) == (found.workers, found.today, found.queued)
    board.forget_worker("WK1")
    assert board.workers() == ()


def test_the_board_counts_the_callbacks_that_are_open(cloud: Aws) -> None:
    assert board.open_callbacks() == 0 and board.queued() == board.Queued() and board.today() is None
    for number in range(3):
        made = callbacks.create(structs.replace(ASKED, call_sid=f"CA{number}"), NOW)
    callbacks.change(made, NOW + 10, state="talked")
    assert board.open_callbacks() == 2


# --- The worker's link


def test_a_new_link_has_what_is_known_of_it_and_no_more(cloud: Aws) -> None:
    steps.reserve(link(recorded=True, next_round=1, worker_name="Bea", deadline=NOW), NOW)
    known = {"call_sid", "item", "state", "mode", "recorded", "next_round", "worker_name", "deadline"}
    assert cloud.row(KEY.reservation_sid).keys() == known | {"reserved_at", "expires_at", "open", "check_at"}


def test_a_worker_says_anew_what_became_of_a_call(cloud: Aws) -> None:
    steps.reserve(link(), NOW)
    said = [steps.wrap_up(KEY, *words) for words in (("sold", "call again"), ("sold", ""), ("", "no"))]
    assert [(one.disposition, one.note) for one in said] == [("sold", "call again"), ("sold", ""), ("", "no")]


@pytest.mark.parametrize("leg", ["CA" + "0" * 32, OTHER_LEG])
def test_another_leg_puts_nobody_on_hold_and_the_same_once(cloud: Aws, leg: str) -> None:
    steps.reserve(link(), NOW)
    steps.record_leg(KEY, LEG)
    assert [steps.hold(KEY, LEG, NOW + after, {}).held_at for after in (5, 6)] == [NOW + 5] * 2
    with pytest.raises(table.ConditionFailed):
        steps.hold(KEY, leg, NOW + 7, {})


def test_where_a_caller_goes_the_first_word_says_or_one_instead_of_it(cloud: Aws) -> None:
    with pytest.raises(table.ConditionFailed):
        steps.transfer(KEY, "lost", NOW)
    steps.reserve(link(), NOW)
    said = [("queue:Sales", ""), ("lost", ""), ("back", "lost"), ("back", "queue:Sales")]
    found = [steps.transfer(KEY, to, NOW, instead_of).transferred_to for to, instead_of in said]
    assert found == ["queue:Sales", "queue:Sales", "queue:Sales", "back"]


def test_a_worker_who_talks_to_a_colleague_first_is_looked_at_each_minute(cloud: Aws) -> None:
    steps.reserve(link(), NOW)
    found = steps.record_leg(KEY, LEG)
    for number in (1, 2):
        found = consults.begin(found, "queue:Sales", NOW + number, {})
        assert (found.consult_number, found.held_at, found.check_at) == (number, NOW + number, SECOND + number + 45)
        found = consults.back(found)
    colleague = Key(TASK, KEY.reservation_sid)
    steps.reserve(Link(subject=TASK, reservation_sid=KEY.reservation_sid, consult_of="WR1"), NOW)
    for after in (10, 20):
        consults.took_over(colleague, NOW + after)
    (row,) = [row for row in cloud.rows() if row["call_sid"] == TASK]
    assert (row["took_over_at"], row["check_at"]) == (NOW + 10, SECOND + 20 + 45)


# --- A day's calls


@pytest.mark.parametrize(
    ("since", "until", "found"), [(0, 0, ["CA1"]), (1, 0, []), (-1, 0, ["CA1"]), (0, 1, ["CA1"]), (0.5, 1, [])]
)
def test_the_calls_of_a_time_are_those_of_both_its_ends(
    cloud: Aws, since: float, until: float, found: list[str]
) -> None:
    caller_leg.record("CA1", {"line": "main"}, NOW)
    rows = table.rows_between("2026-11-21", NOW + since, NOW + until)
    assert [row["call_sid"] for row in rows] == found
