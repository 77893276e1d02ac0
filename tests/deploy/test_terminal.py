"""The operator at a real terminal: each question, who says no or leaves, and how much room is needed."""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from emulator.http.realtime import RealtimeLoop
from emulator.server import in_real_time, serve
from emulator.twilio import Twilio
from laptop import local_aws
from laptop.local_aws import LocalAws
from ops.stage import ROOT
from tests.emulator.harness import ACCOUNT, TOKEN
from tests.ops.harness import NUMBERS, Account
from tests.ops.operator import Operator
from tests.support.terminal import CTRL_C, CTRL_D, Session, at_a_terminal

OLD = "https://old.example.com/a-long-way-to-the-voice-of-the-old-application"


@dataclass
class Desk:
    """An operator at a terminal, whose AWS and Twilio are on this machine."""

    checkout: Operator
    twilio: Twilio
    loop: RealtimeLoop
    environment: dict[str, str]
    ssm: Any

    def runs(self, *words: str, columns: int = 100, **environment: str) -> AbstractContextManager[Session]:
        command = [sys.executable, "-m", "ops", *words]
        if words[0] not in ("secret", "--help"):
            command += ["--root", str(self.checkout.root)]
        return at_a_terminal(command, ROOT, {**self.environment, **environment}, columns)

    def state(self) -> tuple[Any, ...]:
        """All that could have been changed: requests to Twilio that are no reading, what SSM has, the stage's file."""
        changes = [it.url for it in self.loop.call(lambda: list(self.twilio.requests)) if it.method != "GET"]
        kept = self.ssm.get_parameters_by_path(Path="/", Recursive=True)["Parameters"]
        return len(changes), [(it["Name"], it["Version"]) for it in kept], self.checkout.environment()


@pytest.fixture(scope="module")
def desk(local: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with in_real_time(ACCOUNT, TOKEN) as (twilio, loop):
        server = serve(twilio, loop)
        for number in NUMBERS:
            loop.call(partial(twilio.own, number))
        theirs = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_API_URL": server.url}
        environment = {**local_aws.environment(), **theirs, "AWS_ENDPOINT_URL": local.url, "TERM": "xterm"}
        environment.pop("NO_COLOR", None)
        checkout = Operator(tmp_path_factory.mktemp("checkout"), Account())
        yield Desk(checkout, twilio, loop, environment, local.client("ssm"))
        server.stop()


@pytest.fixture(scope="module")
def applied(desk: Desk) -> Desk:
    """The call centre is there, with a number that led elsewhere; another one leads elsewhere still."""
    desk.loop.call(partial(desk.twilio.number, NUMBERS[0], OLD))
    with desk.runs("apply", "--yes") as session:
        assert session.ends() == 0, session.shown
    desk.loop.call(partial(desk.twilio.number, NUMBERS[1], OLD))
    return desk


PROMPTS = ("Auth token of the Twilio account", "API key's sid (SK…)", "API key's secret", "Key for the CRM's endpoint")
# Each question, with those that are asked before it.
QUESTIONS: dict[str, tuple[tuple[str, ...], str, tuple[str, ...]]] = {
    "apply": (("apply",), "Go on? [y/N]", ()),
    "apply --prune": (("apply", "--prune"), "Go on? [y/N]", ()),
    "destroy": (("destroy",), "Type its name to go on (Harbour Clinic)", ()),
    "number restore": (("number", "restore", "--all"), "Go on? [y/N]", ()),
    "deploy": (("deploy", "--only", "functions"), "Go on? [y/N]", ()),
    "deploy's numbers": (("deploy", "--only", "twilio"), "Go on? [y/N]", ()),
    **{f"secret set {asked}": (("secret", "set"), asked, PROMPTS[:number]) for number, asked in enumerate(PROMPTS)},
}
LEAVING = [*((name, CTRL_C) for name in QUESTIONS), ("apply", CTRL_D), (f"secret set {PROMPTS[1]}", CTRL_D)]


@pytest.mark.parametrize(("name", "key"), LEAVING, ids=[f"{it[0]}-Ctrl-{'CD'[it[1] == CTRL_D]}" for it in LEAVING])
def test_who_leaves_at_a_question_has_changed_nothing(name: str, key: str, applied: Desk) -> None:
    words, question, before = QUESTIONS[name]
    state = applied.state()
    with applied.runs(*words) as session:
        for earlier in before:
            session.shows(f"{earlier}: ")
            session.types("\n")
        session.shows(f"{question}: ")
        session.leaves(key)
        assert session.ends() == 1
        assert session.shown.endswith("\nstopped at the question: nothing was changed\n")
    assert applied.state() == state


@pytest.mark.parametrize("words", [it[0] for it in QUESTIONS.values() if it[0] != ("secret", "set")], ids=" ".join)
def test_no_is_no(words: tuple[str, ...], applied: Desk) -> None:
    state = applied.state()
    with applied.runs(*words) as session:
        session.shows("Harbour Clinic): " if words[0] == "destroy" else "[y/N]: ")
        session.types("n\n")
        assert session.ends() == 1
        assert session.shown.endswith("\nnothing was changed\n")
    assert applied.state() == state


# --- A narrow terminal


def is_readable(text: str, columns: int) -> bool:
    """Each line fits, or is a single word that has to stay whole, such as a URL."""
    return all(len(line) <= columns or " " not in line.strip() for line in text.splitlines())


@pytest.mark.parametrize("words", [("plan",), ("number", "list"), ("check",), ("--help",), ("secret", "--help")])
def test_a_terminal_of_40_columns_is_enough(words: tuple[str, ...], applied: Desk) -> None:
    with applied.runs(*words, columns=40, NO_COLOR="1") as session:
        assert session.ends() in (0, 3)
        assert is_readable(session.shown, 40), session.shown


def test_who_waits_sees_what_is_at_work_and_how_much_is_left(applied: Desk) -> None:
    with applied.runs("deploy", "--only", "account", NO_COLOR="1") as session:
        assert session.ends() == 0
        assert "account 0/1 0:00:0" in session.shown


def test_colours_are_for_a_terminal_that_wants_them(applied: Desk) -> None:
    with applied.runs("plan") as session:
        assert session.ends() == 3
        assert "\x1b[32m" in session.shown
    with applied.runs("plan", NO_COLOR="1") as session:
        assert session.ends() == 3
        assert "\x1b[32m" not in session.shown


# --- Who goes on. From here on things change.


def test_apply_names_what_it_costs_asks_and_goes_on(applied: Desk) -> None:
    with applied.runs("apply", NO_COLOR="1") as session:
        session.shows("Go on? [y/N]: ")
        assert "0 to make, 1 to change, 0 to delete\n" in session.shown
        assert f"  number {NUMBERS[1]} leads to\n      {OLD} today\n" in session.shown
        assert NUMBERS[0] not in session.shown
        session.types("y\n")
        assert session.ends() == 0
        assert session.shown.endswith("1 changes\n")


def test_destroy_asks_readably_in_40_columns_and_gives_the_numbers_back(applied: Desk) -> None:
    with applied.runs("destroy", columns=40, NO_COLOR="1") as session:
        session.shows("Harbour Clinic): ")
        for number in NUMBERS:
            assert f"  number {number} leads to\n      {OLD}\n      again\n" in session.shown
        session.types("Harbour Clinic\n")
        assert session.ends() == 0
        assert session.shown.endswith("destroyed\n")
    led = applied.loop.call(lambda: [applied.twilio.numbers[number].voice_url for number in NUMBERS])
    assert led == [OLD, OLD]


def test_what_is_answered_by_option_is_not_asked(applied: Desk) -> None:
    for command in ("apply", "destroy"):
        with applied.runs(command, "--yes") as session:
            assert session.ends() == 0
            assert "[y/N]" not in session.shown and "Type its name" not in session.shown
