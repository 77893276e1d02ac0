"""One laptop for all the end-to-end tests: they play one after the other on it, as the demo does."""

from collections.abc import Iterator

import pytest

from laptop import environment as laptop_stage
from laptop.dev import Desk
from laptop.environment import Stage
from laptop.timeline import Narrator


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    with laptop_stage.running() as running:
        yield running


@pytest.fixture
def desk(stage: Stage) -> Desk:
    return Desk(stage)


@pytest.fixture
def lines(stage: Stage) -> list[str]:
    """What the narrator says from now on, without the times."""
    said: list[str] = []
    Narrator(stage, lambda line: said.append(line.split(" s  ", 1)[1]))
    return said
