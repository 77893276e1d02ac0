import pytest

from laptop.commands import Commands
from laptop.environment import Laptop
from laptop.timeline import Timeline


@pytest.fixture
def commands(laptop: Laptop) -> Commands:
    return Commands(laptop)


@pytest.fixture
def lines(laptop: Laptop) -> list[str]:
    """The timeline's lines from now on, without the times."""
    said: list[str] = []
    Timeline(laptop, lambda line: said.append(line.split(" s  ", 1)[1]))
    return said
