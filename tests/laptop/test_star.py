"""A worker gives the caller away by the star key, on the real package: commands of `make dev`, and what is heard."""

from laptop.commands import Commands
from tests.support.waiting import eventually, hears


def talk(commands: Commands, lines: list[str], caller: str) -> None:
    """The caller and Bea talk."""
    commands.do(f"dial {caller} support")
    eventually(hears(lines, "Bea's phone +14155550111 rings"))
    commands.do("answer Bea")
    eventually(hears(lines, f"joins {caller} and Bea"))


def test_a_caller_is_given_to_another_queue(commands: Commands, lines: list[str]) -> None:
    commands.do("on Bea Dora")
    talk(commands, lines, "Ann")
    commands.do("press Bea *")
    eventually(hears(lines, "Bea hears: Press 1 for Sales, 2 for a person, 3 to go back to the caller, 4 to hang up."))
    eventually(hears(lines, "Ann hears: One moment, please."))
    commands.do("press Bea 1")
    eventually(hears(lines, "Bea hears: The caller goes to Sales. Goodbye."))
    eventually(hears(lines, "Dora's phone +14155550113 rings"))
    commands.do("answer Dora")
    eventually(hears(lines, "Dora hears: From Bea."))
    commands.do("press Dora 1")
    eventually(hears(lines, "joins Ann and Dora"))
    commands.do("hangup Ann")
    eventually(hears(lines, "Dora's leg ends: completed"))
    eventually(lambda: sum("has the task completed" in line for line in lines) == 2)


def test_a_caller_is_given_to_a_person(commands: Commands, lines: list[str]) -> None:
    commands.do("on Bea")
    talk(commands, lines, "Ivy")
    commands.do("on Carl")
    commands.do("press Bea *")
    eventually(hears(lines, "Bea hears: Press 1 for Sales"))
    commands.do("press Bea 2")
    eventually(hears(lines, "Bea hears: Enter the extension"))
    commands.do("press Bea 999#")
    eventually(hears(lines, "Bea hears: Nobody has this extension. Press 1"))
    commands.do("press Bea 2")
    eventually(lambda: sum("Enter the extension" in line for line in lines) == 2)
    commands.do("press Bea 202#")
    eventually(hears(lines, "Bea hears: The caller goes to Carl. Goodbye."))
    eventually(hears(lines, "Carl's phone +14155550112 rings"))
    commands.do("answer Carl")
    eventually(hears(lines, "joins Ivy and Carl"))
    commands.do("hangup Carl")
    eventually(hears(lines, "Ivy hears: How was this call?"))
    commands.do("hangup Ivy")
    eventually(lambda: sum("has the task completed" in line for line in lines) == 2)


def test_a_worker_goes_back_to_the_caller(commands: Commands, lines: list[str]) -> None:
    commands.do("on Bea")
    talk(commands, lines, "Gus")
    commands.do("press Bea *")
    eventually(hears(lines, "Bea hears: Press 1 for Sales"))
    commands.do("press Bea 3")
    eventually(lambda: _in_room(commands) == 2)
    commands.do("hangup Bea")
    eventually(hears(lines, "Gus hears: How was this call?"))
    commands.do("hangup Gus")
    eventually(hears(lines, "has the task completed"))


def _in_room(commands: Commands) -> int:
    laptop = commands._laptop
    return laptop.do(
        lambda: max((len(room.participants) for room in laptop.twilio.context.conferences.all.values()), default=0)
    )
