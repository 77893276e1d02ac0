"""One laptop for all the end-to-end tests: they play one after the other on it, as the demo does."""

from collections.abc import Iterator

import pytest

from laptop import stage as laptop_stage
from laptop.stage import Stage


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    with laptop_stage.running() as running:
        yield running
