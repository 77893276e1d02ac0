"""For pytest, by `pytest_plugins = ["emulator.pytest_plugin"]`: a Twilio for each test."""

from collections.abc import Iterator

import pytest

from emulator.running import Emulator, Settings, running


@pytest.fixture
def twilio_emulator_settings() -> Settings:
    """How `twilio_emulator` is started: a fixture of this name in a test's own file or conftest.py says otherwise."""
    return Settings()


@pytest.fixture
def twilio_emulator(twilio_emulator_settings: Settings) -> Iterator[Emulator]:
    """An emulator of its own on a free port, whose clock stands still until the test moves it."""
    with running(twilio_emulator_settings) as emulator:
        yield emulator
