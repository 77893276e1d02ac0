"""The rota: at its boundaries workers are put on and off, and what was set by hand stays until the next one."""

import pytest

from chalicelib import jobs
from chalicelib.links import table
from chalicelib.staff import commands, duty, shifts
from chalicelib.twilio import rest, urls
from emulator.voice.parties import answers, hangs_up, talks
from tests.conftest import Aws
from tests.support.api_gateway import post
from tests.support.staff_room import BEA, CARL, MONDAY, STAFF, STRANGER, SUPPORT, StaffRoom
from tests.webhooks.test_staff_texts import form

TWELVE, THIRTEEN = "2026-11-30T12:00:00", "2026-11-30T13:00:00"
DAY = (("Bea", "2026-11-30T08:00:00", TWELVE), ("Bea", THIRTEEN, "2026-11-30T17:00:00"))


@pytest.fixture
def room(cloud: Aws, environment: pytest.MonkeyPatch) -> StaffRoom:
    """Ten o'clock, in the middle of Bea's shift."""
    room = StaffRoom(cloud, environment, at=MONDAY - 3 * 3600)
    room.pack(*DAY)
    room.minutes(61)
    room.until(10)
    return room


def test_a_shift_puts_a_worker_on_and_its_end_puts_them_off(room: StaffRoom) -> None:
    assert room.activity("Bea") == "Available"
    room.until(11, 59)
    room.sweep()
    assert room.activity("Bea") == "Available"
    room.until(12)
    room.sweep()
    assert room.activity("Bea") == "Offline"
    room.until(13)
    room.sweep()
    assert room.activity("Bea") == "Available" and room.activity("Carl") == "Offline"


def test_what_was_set_by_text_stays_until_the_next_boundary(room: StaffRoom) -> None:
    room.text(BEA, "off")
    room.minutes(110)
    assert room.activity("Bea") == "Offline"
    room.until(12, 30)
    room.sweep()
    room.text(BEA, "on")
    room.minutes(20)
    assert room.activity("Bea") == "Available"
    room.until(17)
    room.sweep()
    assert room.activity("Bea") == "Offline"


def test_what_was_set_by_hand_past_the_application_stays_as_well(room: StaffRoom) -> None:
    room.set("Bea", "Unavailable")
    room.minutes(100)
    assert room.activity("Bea") == "Unavailable"


def test_who_stays_on_after_the_end_says_so_before_the_sweep_comes(room: StaffRoom) -> None:
    room.until(12)
    room.run(20)
    assert room.text(BEA, "on") == "Bea, you are on. "[:-1]
    room.minutes(3)
    assert room.activity("Bea") == "Available"


def test_a_text_sent_before_the_end_of_a_shift_and_delivered_after_it_changes_nothing(room: StaffRoom) -> None:
    room.text(BEA, "off")
    room.until(11, 59)
    room.run(50)
    on = room.twilio.messaging._keep(BEA, STAFF, "on", (), "inbound")
    room.run(25)
    assert "Bea, you are off." in room.send(post(urls.STAFF_MESSAGE.path, form(room, "on", on.sid)))["body"]
    room.minutes(2)
    assert room.activity("Bea") == "Offline"


def test_a_worker_whom_a_text_of_before_the_end_moves_after_it_is_put_off(room: StaffRoom) -> None:
    room.text(BEA, "off")
    room.until(11, 59)
    room.run(58)
    duty.take_text("Bea", "SM" + "b" * 32, room.time(), {"hand": "on", "hand_at": room.time()}, sent_at=room.time())
    room.run(3)
    commands.move_by_hand(room.worker("Bea").sid, "on")
    assert room.activity("Bea") == "Available"
    room.minutes(2)
    assert room.activity("Bea") == "Offline"


def test_who_says_so_while_the_sweep_is_at_it_stays_on(room: StaffRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row was read before, and the worker is moved after: the last word is the worker's."""
    room.until(12)
    real = shifts._move

    def move(worker_sid: str, one: shifts.Due) -> bool:
        duty.take_text("Bea", "SM" + "b" * 32, room.time(), {"hand": "on", "hand_at": room.time()})
        return real(worker_sid, one)

    monkeypatch.setattr(shifts, "_move", move)
    room.sweep()
    assert room.activity("Bea") == "Available"


def test_off_until_goes_before_the_rota_and_then_it_is_as_the_rota_says(room: StaffRoom) -> None:
    assert room.text(BEA, "off until 13:30") == "Bea, you are off until 13:30 UTC."
    room.minutes(200)
    assert room.activity("Bea") == "Offline"
    room.until(13, 30)
    room.sweep()
    assert room.activity("Bea") == "Available"
    room.until(16)
    room.text(BEA, "off until 17:30")
    room.until(17, 30)
    room.sweep()
    assert room.activity("Bea") == "Offline"


def test_until_works_for_whoever_is_in_no_rota(room: StaffRoom) -> None:
    room.text(CARL, "on")
    room.text(CARL, "off until 10:30")
    room.minutes(35)
    assert room.activity("Carl") == "Available"
    room.text(CARL, "on until 11")
    room.minutes(35)
    assert room.activity("Carl") == "Offline"
    room.minutes(35)
    assert room.activity("Carl") == "Offline" and "until" not in room.rows()["carl"]


def test_the_end_of_a_shift_throws_out_no_talk_and_wrap_up_does_not_bring_back_who_is_off(room: StaffRoom) -> None:
    room.until(11, 59)
    talks_on(room, 90)
    room.until(12)
    room.sweep()
    assert room.activity("Bea") == "Offline"
    (reservation,) = room.worker("Bea").reservations.values()
    assert str(reservation.status) == "accepted"
    finish(room)
    assert str(reservation.status) == "completed" and room.activity("Bea") == "Offline"


def talks_on(room: StaffRoom, seconds: float) -> None:
    room.twilio.phone(BEA).will(answers(1, [talks(seconds), hangs_up()]))
    room.twilio.dial(STRANGER, SUPPORT, [talks(600)])
    for _ in range(4):
        room.run(1)
        room.work()


def finish(room: StaffRoom) -> None:
    for _ in range(120):
        room.run(2)
        room.work()


def test_a_wrap_up_that_began_before_the_end_of_the_shift_ends_off(room: StaffRoom) -> None:
    room.until(11, 59)
    talks_on(room, 48)
    room.until(12)
    room.run(5)
    assert room.activity("Bea") == "Wrap up"
    room.sweep()
    assert room.activity("Bea") == "Offline"
    finish(room)
    assert room.activity("Bea") == "Offline"


def test_a_wrap_up_that_is_over_before_the_sweep_comes_does_not_bring_back_either(room: StaffRoom) -> None:
    """The talk ends just after the shift, and the wrap-up before the sweep."""
    room.until(11, 59)
    talks_on(room, 60)
    finish(room)
    assert room.activity("Bea") == "Offline"
    room.sweep()
    assert room.activity("Bea") == "Offline"


def test_who_is_wrapping_up_when_the_shift_begins_comes_back(room: StaffRoom) -> None:
    room.until(12, 30)
    room.sweep()
    room.text(BEA, "on")
    room.until(12, 59)
    talks_on(room, 55)
    room.until(13)
    room.run(2)
    room.sweep()
    finish(room)
    assert room.activity("Bea") == "Available"


def test_who_said_off_is_not_put_back_by_what_was_ordered_before(room: StaffRoom) -> None:
    """They passed a caller on, and are to come back; then they text."""
    bea, offline = room.worker("Bea"), room.twilio.router.workspace.activity_named("Unavailable").sid
    available = bea.activity.sid
    room.set("Bea", "Unavailable")
    now = room.time()
    room.run(3)
    room.text(BEA, "off")
    jobs.send(jobs.PutBack(bea.sid, offline, available, now - 5, now + 5))
    room.work()
    assert room.activity("Bea") == "Offline"


# --- Sweeps that fail, die, are late, or are two


def test_a_boundary_that_could_not_be_applied_is_applied_later(
    room: StaffRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.until(12)
    with monkeypatch.context() as patched:
        patched.setattr(rest, "worker_of_name", lambda _name: raises(rest.TwilioUnavailable("down")))
        room.sweep()
    with monkeypatch.context() as patched:
        patched.setattr(duty, "note_applied", lambda *_given: 1 / 0)
        room.sweep()
    room.minutes(25)
    assert room.activity("Bea") == "Offline" and room.rows()["bea"]["applied_to"] == "off"


def raises(error: Exception) -> None:
    raise error


def test_a_late_sweep_leaves_who_changed_since_the_boundary(room: StaffRoom) -> None:
    room.until(12, 5)
    room.set("Bea", "Offline")
    room.run(60)
    room.set("Bea", "Available")
    room.until(12, 40)
    room.sweep()
    assert room.activity("Bea") == "Available"


def test_two_sweeps_at_once_do_it_once(room: StaffRoom) -> None:
    room.until(12)
    (one,) = shifts.due(room.time())
    (two,) = shifts.due(room.time())
    assert shifts.apply(one, room.time()) == "put off"
    assert shifts.apply(two, room.time()) == "taken"


def test_a_new_rota_begins_with_the_next_boundary(cloud: Aws, environment: pytest.MonkeyPatch) -> None:
    room = StaffRoom(cloud, environment)
    room.pack(*DAY)
    room.minutes(2)
    assert room.activity("Bea") == "Offline" and room.rows() == {}
    room.until(12)
    room.sweep()
    room.until(13)
    room.sweep()
    assert room.activity("Bea") == "Available"


def test_a_name_that_twilio_does_not_have_holds_nobody_up(room: StaffRoom) -> None:
    room.pack(("Ann", "2026-11-30T08:00:00", TWELVE), *DAY)
    room.until(12)
    room.sweep()
    assert room.activity("Bea") == "Offline" and "nobody of that name" in room.log.getvalue()
    before = room.log.getvalue().count("nobody of that name")
    room.minutes(3)
    assert room.log.getvalue().count("nobody of that name") == before


# --- What a worker hears of it


def test_next_and_status_say_the_shift(room: StaffRoom) -> None:
    assert room.text(BEA, "next") == "Your shift goes until 12:00."
    assert room.text(BEA, "status") == "Bea, you are on. Your shift goes until 12:00."
    room.until(12, 30)
    assert room.text(BEA, "next") == "Your next shift is 13:00 UTC to 17:00."
    room.until(17)
    assert room.text(BEA, "next") == "You have no shift to come."
    assert room.text(CARL, "next") == "You have no shift to come."


def test_a_worker_is_reminded_once_before_a_shift(room: StaffRoom) -> None:
    room.until(12, 44)
    room.sweep()
    before = len(room.texts(BEA))
    room.minutes(12)
    assert room.texts(BEA)[before:] == ["Your shift begins at 13:00 UTC and goes until 17:00 UTC. You are put on then."]


def test_who_is_off_beyond_its_beginning_is_not_reminded(room: StaffRoom) -> None:
    room.text(BEA, "off until 15:00")
    before = len(room.texts(BEA))
    room.until(12, 44)
    room.minutes(20)
    assert room.texts(BEA)[before:] == []


def test_a_worker_without_a_phone_is_reminded_by_nobody(room: StaffRoom) -> None:
    room.hire("Eve", contact_uri="client:eve")
    room.pack(("Eve", THIRTEEN, "2026-11-30T17:00:00"))
    room.until(12, 50)
    room.sweep()
    assert "people were told" in room.log.getvalue() or room.texts("") == []


def test_without_a_rota_and_without_staff_the_sweep_asks_nothing_more(
    room: StaffRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.config import callcenter
    from chalicelib.config.staff import Staff

    plain = callcenter.parse(callcenter.source().partition("[staff]")[0])
    assert plain.staff == Staff()
    monkeypatch.setattr(callcenter, "current", lambda: plain)
    room.pack()
    monkeypatch.setattr(table, "rows_of", lambda _partition: 1 / 0)
    room.sweep()
    assert list(shifts.due(room.time())) == []
    assert shifts.may_come_back(rest.worker(room.worker("Bea").sid), room.time())
    assert commands.rota_name("Bea") == "Bea"
