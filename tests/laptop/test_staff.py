"""Workers text and call the staff number of the real package: commands of `make dev`, and what comes of them."""

from laptop import package
from laptop.commands import Commands
from laptop.environment import Laptop
from tests.support.api_gateway import schedule
from tests.support.waiting import eventually, hears


def test_a_worker_goes_on_and_off_by_text(commands: Commands, lines: list[str]) -> None:
    commands.do("on")
    commands.do("text Bea on")
    eventually(hears(lines, "texts Bea: Bea, you are on."))
    assert "Bea is Available" in [line.strip() for line in lines]
    commands.do("text bea Aus bis 23:59")
    eventually(hears(lines, "texts Bea: Bea, you are off until"))
    commands.do("text Ann on")
    commands.do("text Bea who")
    eventually(hears(lines, "texts Bea: Nobody is on."))
    assert not [line for line in lines if "texts Ann" in line]


def test_a_worker_goes_on_by_a_call_with_the_pin(commands: Commands, lines: list[str]) -> None:
    commands.do("on")
    commands.do("dial Bea staff")
    eventually(hears(lines, "Bea hears: Please enter your PIN"))
    commands.do("press Bea 4711#")
    eventually(hears(lines, "Press 1 to go on"))
    commands.do("press Bea 1")
    eventually(hears(lines, "Bea, you are on. Press 0"))
    commands.do("hangup Bea")
    eventually(hears(lines, "Bea's leg ends"))
    commands.do("on")


def test_a_worker_who_missed_a_call_is_told_by_the_sweep(commands: Commands, lines: list[str], laptop: Laptop) -> None:
    commands.do("on Bea")
    commands.do("dial Ivy support")
    eventually(hears(lines, "Bea's phone +14155550111 rings"))
    commands.do("decline Bea")
    eventually(hears(lines, "Bea is Unavailable"))
    commands.do("hangup Ivy")

    def is_told_by_the_sweep() -> bool:
        package.invoke(laptop.aws, "Sweep", schedule())
        return hears(lines, "texts Bea: You missed a call")()

    eventually(is_told_by_the_sweep)
