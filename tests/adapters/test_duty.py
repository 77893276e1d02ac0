"""The row of a worker: which command is new, which boundary counts, and when a PIN was given wrongly too often."""

from typing import Any

import pytest
from msgspec import structs

from chalicelib.config import callcenter
from chalicelib.links import table
from chalicelib.links.model import Key
from chalicelib.links.table import ConditionFailed
from chalicelib.staff import duty
from chalicelib.staff.duty import Duty, Lock
from tests.conftest import Aws
from tests.support import in_memory

NOW = 1795860000.0
HAND = {"hand": "off", "hand_at": NOW}


@pytest.fixture(autouse=True)
def rows(environment: pytest.MonkeyPatch) -> Aws:
    in_memory.dynamodb(environment)
    return Aws()


def sid(number: int) -> str:
    return f"SM{number:032}"


def failing(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Somebody else writes the row so many times just before we do."""
    real, left = table.update_row, [times]

    def update(*given: Any, **options: Any) -> dict[str, Any]:
        left[0] -= 1
        if left[0] >= 0:
            raise ConditionFailed({})
        return real(*given, **options)

    monkeypatch.setattr(table, "update_row", update)


def test_of_who_has_no_row_nothing_is_known() -> None:
    never = {"hand_at": 0, "sent_at": 0, "until": 0, "applied_at": 0, "reminded_of": 0, "note_asked_at": 0}
    words = {"worker": "", "hand": "", "applied_to": "", "texts": "", "note_call": "", "note_reservation": ""}
    assert structs.asdict(duty.find("Bea")) == {**never, **words}
    assert structs.asdict(duty.find_lock("Bea")) == {"failures": 0, "failed_at": 0, "open_in": "", "tried": ""}


# --- Commands


def test_a_command_is_taken_once_and_the_name_may_be_in_any_case() -> None:
    standing, is_new = duty.take_text("Bea", sid(1), NOW, HAND)
    assert is_new and (standing.worker, standing.hand, standing.hand_at, standing.sent_at) == ("bea", "off", NOW, 0)
    assert duty.take_text("BEA", sid(1), NOW + 9, {"hand": "on", "hand_at": NOW + 9}) == (standing, False)
    assert duty.find("bea") == standing


def test_the_latest_ten_commands_are_known_the_newest_first() -> None:
    for number in range(11):
        duty.take_text("Bea", sid(number), NOW + number, HAND)
    standing = duty.find("Bea")
    assert standing.texts.split() == [sid(number) for number in range(10, 0, -1)]
    assert standing.newest_text == sid(10)
    assert [standing.has_heard(sid(number)) for number in (0, 1, 10)] == [False, True, True]


@pytest.mark.parametrize(("sent_at", "is_new"), [(NOW - 1, False), (NOW, True), (NOW + 1, True), (0, True)])
def test_a_command_that_was_sent_before_another_one_that_is_done_is_none(sent_at: float, is_new: bool) -> None:
    duty.take_text("Bea", sid(1), NOW, HAND, sent_at=NOW)
    standing, taken = duty.take_text("Bea", sid(2), NOW, {"hand": "on", "hand_at": NOW}, sent_at=sent_at)
    assert (taken, standing.hand) == (is_new, "on" if is_new else "off")
    assert duty.find("Bea").sent_at == max(sent_at, NOW)


def test_what_is_set_to_nothing_is_taken_out() -> None:
    duty.take_text("Bea", sid(1), NOW, {**HAND, "until": NOW + 60})
    duty.take_text("Bea", sid(2), NOW, {"hand": "off", "until": 0})
    assert duty.find("Bea") == Duty(worker="bea", hand="off", hand_at=NOW, texts=f"{sid(2)} {sid(1)}")


def test_a_row_is_kept_as_long_as_calls_are(rows: Aws) -> None:
    duty.take_text("Bea", sid(1), NOW, HAND)
    assert rows.row("bea")["expires_at"] == callcenter.current().expires_at(NOW)


def test_of_two_commands_at_once_both_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, duty.TRIES - 1)
    assert duty.take_text("Bea", sid(1), NOW, HAND)[1]


def test_who_is_written_by_others_again_and_again_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, duty.TRIES)
    with pytest.raises(ConditionFailed):
        duty.take_text("Bea", sid(1), NOW, HAND)
    assert duty.find("Bea") == Duty()


@pytest.mark.parametrize("known", [(), (3,)])
def test_a_command_that_came_in_between_is_not_lost(monkeypatch: pytest.MonkeyPatch, known: tuple[int, ...]) -> None:
    """The row is read before another command is written, and written after it."""
    for number in known:
        duty.take_text("Bea", sid(number), NOW, HAND)
    real = duty.find

    def found(worker: str) -> Duty:
        seen = real(worker)
        monkeypatch.setattr(duty, "find", real)
        duty.take_text(worker, sid(1), NOW, HAND)
        return seen

    monkeypatch.setattr(duty, "find", found)
    duty.take_text("Bea", sid(2), NOW, HAND)
    assert duty.find("Bea").texts.split() == [sid(number) for number in (2, 1, *known)]


def test_the_rows_of_everybody_have_no_pins(rows: Aws) -> None:
    duty.take_text("Bea", sid(1), NOW, HAND)
    duty.take_text("Carl", sid(2), NOW, HAND)
    duty.count_wrong_pin("Bea", "one", NOW)
    assert duty.all_rows() == {"bea": duty.find("Bea"), "carl": duty.find("Carl")}


# --- Boundaries, reminders, notes


@pytest.mark.parametrize(("at", "is_applied"), [(NOW - 1, False), (NOW, False), (NOW + 1, True)])
def test_a_boundary_is_applied_after_the_one_before(at: float, is_applied: bool) -> None:
    duty.note_applied("Bea", NOW, NOW, Duty(), {"applied_to": "off"})
    try:
        duty.note_applied("Bea", at, NOW, Duty(), {"applied_to": "on"})
    except ConditionFailed:
        assert not is_applied
    standing = duty.find("Bea")
    assert (standing.applied_at, standing.applied_to) == ((at, "on") if is_applied else (NOW, "off"))


@pytest.mark.parametrize(("hand_at", "is_applied"), [(NOW, True), (NOW + 1, False)])
def test_what_was_said_since_the_row_was_seen_stands(hand_at: float, is_applied: bool) -> None:
    duty.take_text("Bea", sid(1), NOW, {"hand": "off", "hand_at": hand_at, "until": NOW + 9})
    try:
        standing = duty.note_applied("Bea", NOW + 5, NOW, Duty(hand_at=NOW), {"until": 0})
    except ConditionFailed as failed:
        assert not is_applied and failed.row["hand_at"] == hand_at
    else:
        assert is_applied and (standing.applied_at, standing.until) == (NOW + 5, 0)


def test_a_boundary_alone_changes_nothing_else() -> None:
    duty.take_text("Bea", sid(1), NOW, HAND)
    standing = duty.note_applied("Bea", NOW + 5, NOW, duty.find("Bea"))
    assert (standing.hand, standing.applied_at) == ("off", NOW + 5)


def test_a_worker_is_reminded_of_a_shift_once() -> None:
    assert [duty.note_reminded("Bea", start, NOW) for start in (5, 5, 4, 6)] == [True, False, False, True]
    assert duty.find("Bea").reminded_of == 6


def test_a_worker_is_asked_for_a_note_about_one_call() -> None:
    assert duty.find("Bea").note_key is None
    about = Key("CA" + "1" * 32, "WR" + "1" * 32)
    duty.ask_for_note("Bea", about, NOW)
    standing = duty.find("Bea")
    assert (standing.note_key, standing.note_asked_at) == (about, NOW)


# --- PINs


@pytest.mark.parametrize(
    ("lock", "later", "is_locked"),
    [
        (Lock(failures=2, failed_at=NOW), 1, False),
        (Lock(failures=3, failed_at=NOW), 0, True),
        (Lock(failures=3, failed_at=NOW), 899, True),
        (Lock(failures=3, failed_at=NOW), 900, False),
        (Lock(failures=3, failed_at=NOW), 901, False),
        (Lock(failures=4, failed_at=NOW), 1, True),
    ],
)
def test_three_wrong_pins_lock_for_a_quarter_of_an_hour(lock: Lock, later: float, is_locked: bool) -> None:
    assert lock.is_locked(NOW + later) == is_locked


@pytest.mark.parametrize(("later", "failures"), [(899, 2), (900, 1), (901, 1)])
def test_wrong_pins_count_together_for_a_quarter_of_an_hour(rows: Aws, later: float, failures: int) -> None:
    first = duty.count_wrong_pin("Bea", "one", NOW)
    assert first == Lock(failures=1, failed_at=NOW, tried="one") == duty.find_lock("BEA")
    second = duty.count_wrong_pin("Bea", "two", NOW + later)
    assert second == Lock(failures=failures, failed_at=NOW + later, tried="two")
    assert rows.row("PIN#bea")["expires_at"] == NOW + later + 900


def test_the_same_wrong_pin_again_counts_once() -> None:
    first = duty.count_wrong_pin("Bea", "two", NOW)
    assert duty.count_wrong_pin("Bea", "two", NOW + 5) == first
    assert [duty.count_wrong_pin("Bea", tried, NOW + 5).failures for tried in ("one", "three")] == [2, 3]


def test_the_right_pin_forgets_the_wrong_ones_and_opens_one_call(rows: Aws) -> None:
    duty.count_wrong_pin("Bea", "one", NOW)
    duty.open_in("Bea", "CA1", NOW + 0.5)
    assert duty.find_lock("Bea") == Lock(open_in="CA1")
    assert rows.row("PIN#bea")["expires_at"] == NOW + 4 * 3600
    assert duty.count_wrong_pin("Bea", "two", NOW + 9).open_in == ""


def test_of_two_wrong_pins_at_once_both_count(monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, duty.TRIES - 1)
    assert duty.count_wrong_pin("Bea", "one", NOW).failures == 1


@pytest.mark.parametrize("known", [(), ("one",)])
def test_a_wrong_pin_that_came_in_between_is_counted_too(
    monkeypatch: pytest.MonkeyPatch, known: tuple[str, ...]
) -> None:
    for tried in known:
        duty.count_wrong_pin("Bea", tried, NOW)
    real = duty.find_lock

    def found(worker: str) -> Lock:
        seen = real(worker)
        monkeypatch.setattr(duty, "find_lock", real)
        duty.count_wrong_pin(worker, "meanwhile", NOW + 1)
        return seen

    monkeypatch.setattr(duty, "find_lock", found)
    assert duty.count_wrong_pin("Bea", "last", NOW + 2).failures == len(known) + 2


def test_a_lock_that_others_change_again_and_again_is_not_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, duty.TRIES)
    with pytest.raises(ConditionFailed):
        duty.count_wrong_pin("Bea", "one", NOW)
    assert duty.find_lock("Bea") == Lock()
