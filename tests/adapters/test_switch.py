"""The row of a line's switch: what it keeps of each change, and what becomes of two at once."""

from itertools import count
from typing import Any

import pytest

from chalicelib.hours import switch
from chalicelib.hours.switch import Change, Position
from chalicelib.links import table
from chalicelib.links.table import ConditionFailed
from tests.conftest import Aws

NOW = 1795230042.517
DAY = 86400
pytestmark = pytest.mark.usefixtures("cloud")
numbers = count()


def change(to: Position = "closed", at: float = 100.0, **given: Any) -> Change:
    return Change(**{"to": to, "at": at, "by": "Carl", "sid": f"SM{next(numbers)}", "until": NOW + 60, **given})


def test_a_change_stands_at_once_for_who_has_read_the_switch_before() -> None:
    assert switch.seen("support", NOW).changes == ()
    shut = change(said="Snow.")
    assert switch.turn("support", shut, NOW).changes == (shut,)
    assert switch.seen("support", NOW).changes == switch.find("support").changes == (shut,)
    assert switch.seen("sales", NOW).changes == ()


def test_the_latest_twenty_changes_are_kept() -> None:
    made = [change(at=float(number)) for number in range(22)]
    for one in made:
        switch.turn("support", one, NOW)
    assert switch.find("support").changes == tuple(reversed(made[2:]))


def test_of_two_changes_in_one_second_the_later_one_stands() -> None:
    switch.turn("support", change("closed"), NOW)
    assert switch.turn("support", change("open"), NOW).changes[0].to == "open"


def test_a_change_that_was_made_before_another_one_or_is_there_changes_nothing() -> None:
    first, second = change("closed", at=100.0), change("open", at=101.0)
    switch.turn("support", first, NOW)
    switch.turn("support", second, NOW)
    for again in (first, second, change("closed", at=99.0), change("closed", at=100.5)):
        assert switch.turn("support", again, NOW).changes == (second, first)


@pytest.mark.parametrize(("until", "since"), [(NOW + 60, NOW + 60), (0, NOW)])
def test_the_row_is_kept_for_as_long_as_calls_are(cloud: Aws, until: float, since: float) -> None:
    switch.turn("support", change(until=until), NOW)
    assert cloud.row("support")["expires_at"] == int(since) + 90 * DAY


@pytest.mark.parametrize(("others", "is_turned"), [(1, True), (4, True), (5, False)])
def test_who_turns_it_while_others_do_tries_five_times(
    others: int, is_turned: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time another one has written between the read and the write."""
    left = iter([change("open", at=100.0 + number) for number in range(others)])
    find = switch.find

    def find_and_lose(line: str, where: str = "") -> switch.Switch:
        found = find(line, where)
        if (other := next(left, None)) is not None:
            monkeypatch.setattr(switch, "find", find)
            switch.turn(line, other, NOW)
            monkeypatch.setattr(switch, "find", find_and_lose)
        return found

    monkeypatch.setattr(switch, "find", find_and_lose)
    wanted = change("closed", at=200.0)
    if is_turned:
        assert switch.turn("support", wanted, NOW).changes[0] == wanted
    else:
        with pytest.raises(ConditionFailed):
            switch.turn("support", wanted, NOW)
    monkeypatch.undo()


def test_a_switch_of_another_table_is_turned_there(cloud: Aws) -> None:
    described = cloud.client("dynamodb").describe_table(TableName="cordboard-test-links")["Table"]
    cloud.client("dynamodb").create_table(
        TableName="cordboard-prod-links",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=described["KeySchema"],
        AttributeDefinitions=[
            one for one in described["AttributeDefinitions"] if one["AttributeName"] in ("call_sid", "item")
        ],
    )
    shut = change()
    assert switch.turn("support", shut, NOW, "cordboard-prod-links").changes == (shut,)
    assert switch.find("support", "cordboard-prod-links").changes == (shut,)
    assert switch.find("support").changes == () and table.find_row(switch._key("support")) == {}
