"""The table of links: what a write makes of itself when it comes twice."""

import pytest

from chalicelib.links import table
from chalicelib.links.model import Key, Link
from tests.conftest import Aws

KEY = Key("CA" + "a" * 32, "WR" + "a" * 32)
NOW = 1795230042.517


@pytest.fixture
def reserved(cloud: Aws) -> Key:
    table.reserve(Link(subject=KEY.subject, reservation_sid=KEY.reservation_sid), NOW)
    return KEY


def test_a_write_that_is_sent_again_as_its_answer_was_lost_is_not_lost_to_itself(reserved: Key) -> None:
    table.claim(reserved, NOW, 20)
    once = table.begin_dial(reserved, NOW, {"crm_name": "Ann", "crm_whisper": ""})
    assert table.begin_dial(reserved, NOW, {"crm_name": "Ann", "crm_whisper": ""}) == once
    assert table.close(reserved, "rejected", "", NOW) == table.close(reserved, "rejected", "", NOW)


def test_the_same_step_by_somebody_else_is_lost(reserved: Key) -> None:
    table.claim(reserved, NOW, 20)
    with pytest.raises(table.ConditionFailed):
        table.claim(reserved, NOW + 0.001, 20)
    table.begin_dial(reserved, NOW, {})
    with pytest.raises(table.ConditionFailed) as lost:
        table.begin_dial(reserved, NOW + 0.001, {})
    assert lost.value.current and lost.value.current.dialing_at == NOW


def test_who_comes_to_a_later_step_of_somebody_else_has_lost_too(reserved: Key) -> None:
    """The clocks of two machines differ: what stands may be later in every value."""
    table.claim(reserved, NOW + 1, 20)
    with pytest.raises(table.ConditionFailed):
        table.claim(reserved, NOW, 20)
