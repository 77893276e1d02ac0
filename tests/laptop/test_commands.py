"""What is typed at `make dev`: calls placed by hand, and printed as they happen."""

import re

import pytest

from laptop.commands import Commands
from laptop.local_aws import LaptopError
from tests.support.waiting import eventually, hears


def refused(commands: Commands, typed: str) -> str:
    with pytest.raises(LaptopError) as error:
        commands.do(typed)
    return str(error.value)


def test_a_call_by_hand_from_the_dialling_to_the_goodbye(commands: Commands, lines: list[str]) -> None:
    commands.do("on Dora")
    commands.do("dial gus sal")
    eventually(hears(lines, "Dora's phone +14155550113 rings"))
    assert "Gus: CA" in commands.do("who")
    commands.do("answer dora")
    eventually(hears(lines, "Press 1 to take the call"))
    commands.do("press dora 1")
    eventually(hears(lines, "joins Gus and Dora"))
    commands.do("hangup g")
    eventually(hears(lines, "has the task completed"))
    eventually(hears(lines, "Dora's leg ends: completed"))
    shown = [line for line in lines if "hears" not in line and "Offline" not in line]
    assert shown[:5] == [
        "Dora is Available",
        "Gus dials +14155550101",
        "Gus waits in the queue",
        "TaskRouter reserves Dora",
        "CRM asked about Gus: answers 200",
    ]
    assert "Gus: CA" not in commands.do("who")


def test_a_phone_that_is_answered_by_itself_takes_the_call_where_it_is_asked(
    commands: Commands, lines: list[str]
) -> None:
    commands.do("on Emil")
    assert "1 is pressed" in commands.do("auto Emil")
    commands.do("dial gus sales")
    eventually(hears(lines, "joins Gus and Emil"))
    commands.do("hangup gus")
    eventually(hears(lines, "Emil's leg ends: completed"))


def test_nobody_dials_who_is_in_a_call_and_everybody_may_afterwards(commands: Commands, lines: list[str]) -> None:
    commands.do("on")
    commands.do("dial Ivy sales")
    assert refused(commands, "dial ivy urgent") == "Ivy is in a call already: hangup Ivy"
    commands.do("hangup Ivy")
    eventually(hears(lines, "Ivy's leg ends"))
    assert refused(commands, "hangup Ivy") == "Ivy has no call"
    commands.do("dial Ivy 101")
    commands.do("hangup Ivy")
    eventually(lambda: sum("Ivy's leg ends" in line for line in lines) == 2)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("sing", "there is no command 'sing'"),
        ("press Ivy", "press needs other words than Ivy:"),
        ("quit now", "there is no command 'quit'"),
        ("answer Emil", "Emil has no call"),
        ("dial Nobody", "there is no caller 'Nobody'; there are: Ann, Gus, Ivy"),
        ("dial Ann +1999", "there is no line or number '+1999'; there "),
        ("dial Ann s", "'s' may be support, sales, staff: which?"),
        ("auto Nobody", "there is no worker 'Nobody'; there are: Bea, Carl, Dora, Emil, Fay"),
        ("d Ann", "'d' may be decline, dial: which?"),
        ('say Ann "hello', "this line cannot be read: No closing quotation"),
    ],
)
def test_what_cannot_be_done_is_said(commands: Commands, typed: str, said: str) -> None:
    assert refused(commands, typed).startswith(said)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("di", ["dial"]),
        ("q", ["quit"]),
        ("dial ", ["Ann", "Gus", "Ivy"]),
        ("dial I", ["Ivy"]),
        ("dial Ivy s", ["support", "sales", "staff"]),
        ("dial Ivy +1415555010", [f"+1415555010{number}" for number in range(6)]),
        ("on Bea C", ["Carl"]),
        ("on Bea ", ["Carl", "Dora", "Emil", "Fay", "Olga", "Hugo"]),
        ("answer ", []),
        ("who ", []),
        ("sing ", []),
        (
            "",
            [
                "answer",
                "auto",
                "decline",
                "dial",
                "hangup",
                "help",
                "lines",
                "on",
                "press",
                "say",
                "text",
                "who",
                "quit",
            ],
        ),
    ],
)
def test_commands_people_lines_and_numbers_are_completed(commands: Commands, typed: str, found: list[str]) -> None:
    assert commands.completions(typed) == found


def test_only_who_is_in_a_call_can_hang_up(commands: Commands, lines: list[str]) -> None:
    commands.do("on")
    commands.do("dial Ivy sales")
    assert commands.completions("hangup ") == ["Ivy"]
    commands.do("hangup Ivy")
    eventually(hears(lines, "Ivy's leg ends"))
    assert commands.completions("hangup ") == []


def test_an_agent_of_a_simple_queue_dials_in_by_number(commands: Commands, lines: list[str]) -> None:
    commands.do("dial +14155550190 104")
    eventually(hears(lines, "+14155550190 hears"))
    commands.do("hangup 190")
    eventually(hears(lines, "+14155550190's leg ends"))


def test_the_lines_are_listed_with_their_numbers(commands: Commands) -> None:
    assert re.findall(r"(?m)^\+14155550100  support$|^\+14155550104$", commands.do("lines")) == [
        "+14155550100  support",
        "+14155550104",
    ]
