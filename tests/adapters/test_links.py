"""The table of links: what a write makes of itself when it comes twice."""

from functools import partial
from itertools import permutations

import pytest

from chalicelib.links import steps, table
from chalicelib.links.model import DECISIONS, Decision, Key, Link
from tests.conftest import Aws

KEY = Key("CA" + "a" * 32, "WR" + "a" * 32)
NOW = 1795230042.517
LEG, OTHER_LEG = "CA" + "b" * 32, "CA" + "c" * 32


@pytest.fixture
def reserved(cloud: Aws) -> Key:
    steps.reserve(Link(subject=KEY.subject, reservation_sid=KEY.reservation_sid), NOW)
    return KEY


def test_a_write_that_is_sent_again_as_its_answer_was_lost_is_not_lost_to_itself(reserved: Key) -> None:
    steps.claim(reserved, NOW, 20)
    once = steps.begin_dial(reserved, NOW, {"crm_name": "Ann", "crm_whisper": ""})
    assert steps.begin_dial(reserved, NOW, {"crm_name": "Ann", "crm_whisper": ""}) == once
    assert steps.close(reserved, "rejected", "", NOW) == steps.close(reserved, "rejected", "", NOW)


def test_a_refusal_and_an_answer_exclude_each_other(reserved: Key) -> None:
    steps.follow_asked(reserved, "asked", LEG, NOW, {})
    once = steps.refuse(reserved, LEG, "passed", NOW, {"reply": "2"})
    assert once.is_refused and once.check_at == int(NOW) + 10
    assert steps.refuse(reserved, LEG, "passed", NOW, {"reply": "2"}) == once  # sent again, as its answer was lost
    for late in (
        partial(steps.refuse, reserved, LEG, "machine", NOW, {}),
        partial(steps.follow_asked, reserved, "answered", LEG, NOW, {"reply": "1"}),
        partial(steps.follow_asked, reserved, "asked", LEG, NOW + 1, {}),
    ):
        with pytest.raises(table.ConditionFailed):
            late()


@pytest.mark.parametrize(("first", "second"), list(permutations(DECISIONS, 2)))
def test_work_is_done_or_given_back_by_the_first_word(reserved: Key, first: Decision, second: Decision) -> None:
    once = steps.decide(reserved, first, NOW)
    assert once.reason == first and steps.decide(reserved, first, NOW) == once
    assert once.check_at == int(NOW) + 40  # Twilio forgets the task that follows five minutes after its end
    with pytest.raises(table.ConditionFailed) as failed:
        steps.decide(reserved, second, NOW)
    assert failed.value.current == once


def test_a_worker_who_passed_and_took_it_after_all_may_say_what_becomes_of_it(reserved: Key) -> None:
    steps.refuse(reserved, "", "passed", NOW, {})
    assert steps.decide(reserved, "done", NOW).reason == "done"


def test_the_first_attributes_of_work_that_goes_on_are_kept(reserved: Key) -> None:
    steps.decide(reserved, "given back", NOW, {"name": "Ann"})
    assert steps.decide(reserved, "given back", NOW, {"name": "Ann", "room": 1}).attributes == {"name": "Ann"}


def test_an_acceptance_that_comes_late_does_not_put_off_the_look_at_what_was_said(reserved: Key) -> None:
    due = steps.decide(reserved, "given back", NOW).check_at
    late = steps.upsert_state(reserved, "bridged", NOW + 30, {})
    assert (late.state, late.bridged_at, late.check_at) == ("bridged", NOW + 30, due)
    with pytest.raises(table.ConditionFailed):
        steps.upsert_state(reserved, "bridged", NOW + 31, {})


def test_nothing_becomes_of_work_that_is_over(reserved: Key) -> None:
    steps.close(reserved, "completed", "", NOW)
    with pytest.raises(table.ConditionFailed):
        steps.decide(reserved, "given back", NOW)


def test_an_answer_is_no_longer_refused_nor_asked(reserved: Key) -> None:
    steps.follow_asked(reserved, "answered", LEG, NOW, {"reply": "1"})
    for late in (
        partial(steps.refuse, reserved, LEG, "machine", NOW, {}),
        partial(steps.follow_asked, reserved, "asked", LEG, NOW + 1, {}),
    ):
        with pytest.raises(table.ConditionFailed):
            late()


@pytest.mark.parametrize("leg", [LEG, OTHER_LEG])
def test_only_the_leg_that_is_known_is_asked_answers_and_refuses(reserved: Key, leg: str) -> None:
    steps.record_leg(reserved, LEG)
    for write in (
        partial(steps.follow_asked, reserved, "asked", leg, NOW, {}),
        partial(steps.note_of_leg, reserved, leg, {"keys": "7"}),
        partial(steps.refuse, reserved, leg, "no key", NOW, {}),
    ):
        if leg == LEG:
            write()
        else:
            with pytest.raises(table.ConditionFailed):
                write()


def test_the_same_step_by_somebody_else_is_lost(reserved: Key) -> None:
    steps.claim(reserved, NOW, 20)
    with pytest.raises(table.ConditionFailed):
        steps.claim(reserved, NOW + 0.001, 20)
    steps.begin_dial(reserved, NOW, {})
    with pytest.raises(table.ConditionFailed) as lost:
        steps.begin_dial(reserved, NOW + 0.001, {})
    assert lost.value.current and lost.value.current.dialing_at == NOW


def test_who_comes_to_a_later_step_of_somebody_else_has_lost_too(reserved: Key) -> None:
    """The clocks of two machines differ: what stands may be later in every value."""
    steps.claim(reserved, NOW + 1, 20)
    with pytest.raises(table.ConditionFailed):
        steps.claim(reserved, NOW, 20)
