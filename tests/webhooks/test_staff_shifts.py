"""The rota: at its boundaries workers are put on and off, and what was set by hand stays until the next one."""

from unittest.mock import Mock

import pytest

from chalicelib import jobs
from chalicelib.links import table
from chalicelib.staff import commands, duty, shifts, texts
from chalicelib.twilio import rest, urls
from emulator.voice.parties import answers, hangs_up, talks
from tests.conftest import Aws
from tests.support.api_gateway import post
from tests.support.call_centre import BEA, CARL, MONDAY, STAFF, STRANGER, SUPPORT, CallCentre
from tests.webhooks.test_staff_texts import form

TWELVE, THIRTEEN = "2026-11-30T12:00:00", "2026-11-30T13:00:00"
DAY = (("Bea", "2026-11-30T08:00:00", TWELVE), ("Bea", THIRTEEN, "2026-11-30T17:00:00"))


@pytest.fixture
def centre(cloud: Aws, environment: pytest.MonkeyPatch) -> CallCentre:
    """Ten o'clock, in the middle of Bea's shift."""
    centre = CallCentre(cloud, environment, at=MONDAY - 3 * 3600)
    centre.pack(*DAY)
    centre.minutes(61)
    centre.until(10)
    return centre


def test_a_shift_puts_a_worker_on_and_its_end_puts_them_off(centre: CallCentre) -> None:
    assert centre.activity("Bea") == "Available"
    centre.until(11, 59)
    centre.sweep()
    assert centre.activity("Bea") == "Available"
    centre.until(12)
    centre.sweep()
    assert centre.activity("Bea") == "Offline"
    centre.until(13)
    centre.sweep()
    assert centre.activity("Bea") == "Available" and centre.activity("Carl") == "Offline"


def test_what_was_set_by_text_stays_until_the_next_boundary(centre: CallCentre) -> None:
    centre.text(BEA, "off")
    centre.minutes(110)
    assert centre.activity("Bea") == "Offline"
    centre.until(12, 30)
    centre.sweep()
    centre.text(BEA, "on")
    centre.minutes(20)
    assert centre.activity("Bea") == "Available"
    centre.until(17)
    centre.sweep()
    assert centre.activity("Bea") == "Offline"


def test_an_off_that_could_not_be_done_does_not_undo_the_end_of_the_shift(
    centre: CallCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    centre.until(12)
    centre.run(30)
    with monkeypatch.context() as patched:
        patched.setattr(rest.workers, "move", Mock(side_effect=rest.OutcomeUnknown("no answer")))
        assert centre.text(BEA, "off") == texts.NOT_NOW
    assert centre.activity("Bea") == "Available"
    centre.sweep()
    assert centre.activity("Bea") == "Offline"


def test_what_was_set_by_hand_past_the_application_stays_as_well(centre: CallCentre) -> None:
    centre.set("Bea", "Unavailable")
    centre.minutes(100)
    assert centre.activity("Bea") == "Unavailable"


def test_who_stays_on_after_the_end_says_so_before_the_sweep_comes(centre: CallCentre) -> None:
    centre.until(12)
    centre.run(20)
    assert centre.text(BEA, "on") == "Bea, you are on. "[:-1]
    centre.minutes(3)
    assert centre.activity("Bea") == "Available"


def test_a_text_sent_before_the_end_of_a_shift_and_delivered_after_it_changes_nothing(centre: CallCentre) -> None:
    centre.text(BEA, "off")
    centre.until(11, 59)
    centre.run(50)
    on = centre.twilio.messaging._keep(BEA, STAFF, "on", (), "inbound")
    centre.run(25)
    assert "Bea, you are off." in centre.send(post(urls.STAFF_MESSAGE.path, form(centre, "on", on.sid)))["body"]
    centre.minutes(2)
    assert centre.activity("Bea") == "Offline"


def test_a_worker_whom_a_text_of_before_the_end_moves_after_it_is_put_off(centre: CallCentre) -> None:
    centre.text(BEA, "off")
    centre.until(11, 59)
    centre.run(58)
    duty.take_text(
        "Bea", "SM" + "b" * 32, centre.time(), {"hand": "on", "hand_at": centre.time()}, sent_at=centre.time()
    )
    centre.run(3)
    commands.move_by_hand(centre.worker("Bea").sid, "on")
    assert centre.activity("Bea") == "Available"
    centre.minutes(2)
    assert centre.activity("Bea") == "Offline"


def test_who_says_so_while_the_sweep_is_at_it_stays_on(centre: CallCentre, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row was read before, and the worker is moved after: the last word is the worker's."""
    centre.until(12)
    real = shifts._move

    def move(worker_sid: str, one: shifts.Due) -> bool:
        duty.take_text("Bea", "SM" + "b" * 32, centre.time(), {"hand": "on", "hand_at": centre.time()})
        return real(worker_sid, one)

    monkeypatch.setattr(shifts, "_move", move)
    centre.sweep()
    assert centre.activity("Bea") == "Available"


def test_who_says_so_while_the_sweep_is_at_it_gets_it_from_the_next_one_when_twilio_was_away(
    centre: CallCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    centre.until(12, 30)
    centre.sweep()
    centre.until(13)
    real = shifts._move

    def move(worker_sid: str, one: shifts.Due) -> bool:
        duty.take_text("Bea", "SM" + "b" * 32, centre.time(), {"hand": "off", "hand_at": centre.time()})
        return real(worker_sid, one)

    with monkeypatch.context() as patched:
        patched.setattr(shifts, "_move", move)
        patched.setattr(commands, "move_by_hand", Mock(side_effect=rest.TwilioUnavailable("504")))
        centre.sweep()
    assert centre.activity("Bea") == "Available"
    centre.minutes(1)
    assert centre.activity("Bea") == "Offline" and centre.rows()["bea"]["hand"] == "off"
    centre.set("Bea", "Available")
    centre.minutes(30)
    assert centre.activity("Bea") == "Available"


def test_who_said_off_at_the_end_of_a_shift_is_not_put_back_after_it_is_applied(centre: CallCentre) -> None:
    """The sweep applies the end after the text: what was said stays said."""
    centre.until(12)
    centre.run(20)
    centre.text(BEA, "off")
    centre.sweep()
    assert centre.rows()["bea"]["applied_to"] == "off" and centre.rows()["bea"]["hand"] == "off"
    assert not shifts.may_come_back(rest.workers.fetch(centre.worker("Bea").sid), centre.time())


def test_who_came_back_by_themselves_since_they_said_off_may_be_put_back(centre: CallCentre) -> None:
    """Once the sweep has seen that the off was done: before, a sweep of the time before may have moved them."""
    centre.until(12, 30)
    centre.sweep()
    centre.until(13)
    centre.text(BEA, "off")
    centre.run(5)
    assert not shifts.may_come_back(rest.workers.fetch(centre.worker("Bea").sid), centre.time())
    centre.sweep()
    centre.run(5)
    centre.set("Bea", "Available")
    assert shifts.may_come_back(rest.workers.fetch(centre.worker("Bea").sid), centre.time())


def test_off_until_goes_before_the_rota_and_then_it_is_as_the_rota_says(centre: CallCentre) -> None:
    assert centre.text(BEA, "off until 13:30") == "Bea, you are off until 13:30 UTC."
    centre.minutes(200)
    assert centre.activity("Bea") == "Offline"
    centre.until(13, 30)
    centre.sweep()
    assert centre.activity("Bea") == "Available"
    centre.until(16)
    centre.text(BEA, "off until 17:30")
    centre.until(17, 30)
    centre.sweep()
    assert centre.activity("Bea") == "Offline"


def test_until_works_for_whoever_is_in_no_rota(centre: CallCentre) -> None:
    centre.text(CARL, "on")
    centre.text(CARL, "off until 10:30")
    centre.minutes(35)
    assert centre.activity("Carl") == "Available"
    centre.text(CARL, "on until 11")
    centre.minutes(35)
    assert centre.activity("Carl") == "Offline"
    centre.minutes(35)
    assert centre.activity("Carl") == "Offline" and "until" not in centre.rows()["carl"]


def test_the_end_of_a_shift_throws_out_no_talk_and_wrap_up_does_not_bring_back_who_is_off(centre: CallCentre) -> None:
    centre.until(11, 59)
    talks_on(centre, 90)
    centre.until(12)
    centre.sweep()
    assert centre.activity("Bea") == "Offline"
    (reservation,) = centre.worker("Bea").reservations.values()
    assert str(reservation.status) == "accepted"
    finish(centre)
    assert str(reservation.status) == "completed" and centre.activity("Bea") == "Offline"


def talks_on(centre: CallCentre, seconds: float) -> None:
    centre.twilio.phone(BEA).will(answers(1, [talks(seconds), hangs_up()]))
    centre.twilio.dial(STRANGER, SUPPORT, [talks(600)])
    for _ in range(4):
        centre.run(1)
        centre.work()


def finish(centre: CallCentre) -> None:
    for _ in range(120):
        centre.run(2)
        centre.work()


def test_a_wrap_up_that_began_before_the_end_of_the_shift_ends_off(centre: CallCentre) -> None:
    centre.until(11, 59)
    talks_on(centre, 48)
    centre.until(12)
    centre.run(5)
    assert centre.activity("Bea") == "Wrap up"
    centre.sweep()
    assert centre.activity("Bea") == "Offline"
    finish(centre)
    assert centre.activity("Bea") == "Offline"


def test_a_wrap_up_that_is_over_before_the_sweep_comes_does_not_bring_back_either(centre: CallCentre) -> None:
    """The talk ends just after the shift, and the wrap-up before the sweep."""
    centre.until(11, 59)
    talks_on(centre, 60)
    finish(centre)
    assert centre.activity("Bea") == "Offline"
    centre.sweep()
    assert centre.activity("Bea") == "Offline"


def test_who_is_wrapping_up_when_the_shift_begins_comes_back(centre: CallCentre) -> None:
    centre.until(12, 30)
    centre.sweep()
    centre.text(BEA, "on")
    centre.until(12, 59)
    talks_on(centre, 55)
    centre.until(13)
    centre.run(2)
    centre.sweep()
    finish(centre)
    assert centre.activity("Bea") == "Available"


def test_who_said_off_is_not_put_back_by_what_was_ordered_before(centre: CallCentre) -> None:
    """They passed a caller on, and are to come back; then they text."""
    bea, offline = centre.worker("Bea"), centre.twilio.router.workspace.activity_named("Unavailable").sid
    available = bea.activity.sid
    centre.set("Bea", "Unavailable")
    now = centre.time()
    centre.run(3)
    centre.text(BEA, "off")
    jobs.send(jobs.PutBack(bea.sid, offline, available, now - 5, now + 5))
    centre.work()
    assert centre.activity("Bea") == "Offline"


# --- Sweeps that fail, die, are late, or are two


def test_a_boundary_that_could_not_be_applied_is_applied_later(
    centre: CallCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    centre.until(12)
    with monkeypatch.context() as patched:
        patched.setattr(rest.workers, "of_name", lambda _name: raises(rest.TwilioUnavailable("down")))
        centre.sweep()
    with monkeypatch.context() as patched:
        patched.setattr(duty, "note_applied", lambda *_given: 1 / 0)
        centre.sweep()
    centre.minutes(25)
    assert centre.activity("Bea") == "Offline" and centre.rows()["bea"]["applied_to"] == "off"


def raises(error: Exception) -> None:
    raise error


def test_a_late_sweep_leaves_who_changed_since_the_boundary(centre: CallCentre) -> None:
    centre.until(12, 5)
    centre.set("Bea", "Offline")
    centre.run(60)
    centre.set("Bea", "Available")
    centre.until(12, 40)
    centre.sweep()
    assert centre.activity("Bea") == "Available"


def test_two_sweeps_at_once_do_it_once(centre: CallCentre) -> None:
    centre.until(12)
    (one,) = shifts.due(centre.time())
    (two,) = shifts.due(centre.time())
    assert shifts.apply(one, centre.time()) == "put off"
    assert shifts.apply(two, centre.time()) == "taken"


def test_a_new_rota_begins_with_the_next_boundary(cloud: Aws, environment: pytest.MonkeyPatch) -> None:
    centre = CallCentre(cloud, environment)
    centre.pack(*DAY)
    centre.minutes(2)
    assert centre.activity("Bea") == "Offline" and centre.rows() == {}
    centre.until(12)
    centre.sweep()
    centre.until(13)
    centre.sweep()
    assert centre.activity("Bea") == "Available"


def test_a_name_that_twilio_does_not_have_holds_nobody_up(centre: CallCentre) -> None:
    centre.pack(("Ann", "2026-11-30T08:00:00", TWELVE), *DAY)
    centre.until(12)
    centre.sweep()
    assert centre.activity("Bea") == "Offline" and "nobody of that name" in centre.log.getvalue()
    before = centre.log.getvalue().count("nobody of that name")
    centre.minutes(3)
    assert centre.log.getvalue().count("nobody of that name") == before


# --- What a worker hears of it


def test_next_and_status_say_the_shift(centre: CallCentre) -> None:
    assert centre.text(BEA, "next") == "Your shift goes until 12:00."
    assert centre.text(BEA, "status") == "Bea, you are on. Your shift goes until 12:00."
    centre.until(12, 30)
    assert centre.text(BEA, "next") == "Your next shift is 13:00 UTC to 17:00."
    centre.until(17)
    assert centre.text(BEA, "next") == "You have no shift to come."
    assert centre.text(CARL, "next") == "You have no shift to come."


def test_a_worker_is_reminded_once_before_a_shift(centre: CallCentre) -> None:
    centre.until(12, 44)
    centre.sweep()
    before = len(centre.texts(BEA))
    centre.minutes(12)
    assert centre.texts(BEA)[before:] == [
        "Your shift begins at 13:00 UTC and goes until 17:00 UTC. You are put on then."
    ]


def test_who_is_off_beyond_its_beginning_is_not_reminded(centre: CallCentre) -> None:
    centre.text(BEA, "off until 15:00")
    before = len(centre.texts(BEA))
    centre.until(12, 44)
    centre.minutes(20)
    assert centre.texts(BEA)[before:] == []


def test_a_worker_without_a_phone_is_reminded_by_nobody(centre: CallCentre) -> None:
    centre.hire("Eve", contact_uri="client:eve")
    centre.pack(("Eve", THIRTEEN, "2026-11-30T17:00:00"))
    centre.until(12, 50)
    centre.sweep()
    assert "people were told" in centre.log.getvalue() or centre.texts("") == []


def test_without_a_rota_and_without_staff_the_sweep_asks_nothing_more(
    centre: CallCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.config import callcenter
    from chalicelib.config.staff import Staff

    plain = callcenter.parse(callcenter.source().partition("[staff]")[0])
    assert plain.staff == Staff()
    monkeypatch.setattr(callcenter, "current", lambda: plain)
    centre.pack()
    monkeypatch.setattr(table, "rows_of", lambda _partition: 1 / 0)
    centre.sweep()
    assert list(shifts.due(centre.time())) == []
    assert shifts.may_come_back(rest.workers.fetch(centre.worker("Bea").sid), centre.time())
    assert commands.rota_name("Bea") == "Bea"
