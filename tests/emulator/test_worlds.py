"""The switches of what Twilio's pages leave open: listed, played, drawn from a seed."""

import re
from pathlib import Path

import pytest

from emulator.worlds import WORLDS, World, Worlds, drawn, played

DOCUMENTS = Path("docs/twilio/open-questions.md")


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_each_world_has_two_values_a_question_and_a_row_in_the_contract(world: World) -> None:
    assert len(set(world.values)) == len(world.values) >= 2
    assert world.question[0].islower()
    rows = [row for row in DOCUMENTS.read_text().splitlines() if f"`{world.name}`" in row]
    assert len(rows) == 1
    assert set(world.values) <= set(re.findall(r"`(\w+)`", rows[0]))


def test_a_world_that_is_not_given_has_its_default() -> None:
    assert played(Worlds(canceled_task="leaves")) == {**played({}), "canceled_task": "leaves"}
    assert played({})["canceled_task"] == "stays"


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_every_value_is_drawn_by_some_seed_and_always_by_the_same(world: World) -> None:
    values = [drawn(seed)[world.name] for seed in range(40)]  # type: ignore[literal-required]
    assert set(values) == set(world.values)
    assert values == [drawn(seed)[world.name] for seed in range(40)]  # type: ignore[literal-required]
