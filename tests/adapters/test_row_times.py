"""When the sweep looks at a row, and when the row expires: to the second, whichever write made it."""

from collections.abc import Callable

import pytest
from msgspec import to_builtins

from chalicelib.links import breakers, caller_leg, messages, reading, steps, table
from chalicelib.links.model import Breaker, Call, Key, Link, message_key
from tests.conftest import Aws

CALL, RECORDING = "CA" + "a" * 32, "RE" + "a" * 32
MESSAGE = message_key(CALL, RECORDING)
KEY = Key(CALL, "WR" + "a" * 32)
LEG, OTHER_LEG = "CA" + "b" * 32, "CA" + "c" * 32
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
