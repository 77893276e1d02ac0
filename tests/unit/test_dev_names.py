"""`make dev`: names may be shortened, and whoever waits does not fill the screen."""

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory

from emulator.clock.scheduler import TraceEvent
from laptop.commands import pick
from laptop.console import ByWord, history, history_file
from laptop.folding import Folds
from laptop.local_aws import LaptopError

PEOPLE = ("Ann", "Bea", "Ben", "Benedict", "O'Hara Jr.")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("Ann", "Ann"), ("ANN", "Ann"), ("a", "Ann"), ("ben", "Ben"), ("bene", "Benedict"), ("jr.", "O'Hara Jr.")],
)
def test_a_name_is_meant_by_its_beginning_in_any_case(typed: str, meant: str) -> None:
    assert pick(typed, PEOPLE, "person") == meant


def test_a_number_is_meant_by_its_last_digits() -> None:
    assert pick("101", ["+14155550100", "+14155550101"], "number") == "+14155550101"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("be", "'be' may be Bea, Ben, Benedict: which?"),
        ("anne", "there is no person 'anne'; there is near it: Ann"),
        ("Xyz", "there is no person 'Xyz'; there are: Ann, Bea, Ben, Benedict, O'Hara Jr."),
        ("", "there is no person ''; there are: Ann, Bea, Ben, Benedict, O'Hara Jr."),
    ],
)
def test_what_is_not_clear_is_said_with_the_names_that_are_near(typed: str, said: str) -> None:
    with pytest.raises(LaptopError) as refused:
        pick(typed, PEOPLE, "person")
    assert str(refused.value) == said


def test_a_long_list_is_cut_short() -> None:
    with pytest.raises(LaptopError, match=r"there are: W0, W1, W2, W3, W4, W5, W6, W7, …$"):
        pick("x", [f"W{number}" for number in range(60)], "worker")


def test_a_name_with_a_blank_is_completed_in_quotes() -> None:
    completer = ByWord(lambda typed: ["Dora", "O'Hara Jr."] if typed == "on Bea " else [])
    found = list(completer.get_completions(Document("on Bea "), CompleteEvent()))
    assert [(it.text, it.start_position) for it in found] == [("Dora", 0), ('"O\'Hara Jr."', 0)]


@pytest.mark.parametrize(
    ("environment", "file"),
    [
        ({"XDG_STATE_HOME": "/state", "HOME": "/home/bea"}, "/state/cordboard/dev-history"),
        ({"XDG_STATE_HOME": "", "HOME": "/home/bea"}, "/home/bea/.local/state/cordboard/dev-history"),
        ({"XDG_STATE_HOME": "relative", "HOME": "/home/bea"}, "/home/bea/.local/state/cordboard/dev-history"),
    ],
)
def test_what_was_typed_is_kept_where_xdg_says(
    environment: dict[str, str], file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert str(history_file()) == file


def test_where_nothing_can_be_written_the_history_is_of_this_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/dev/null")
    assert isinstance(history(), InMemoryHistory)


def event(kind: str, **detail: str) -> TraceEvent:
    return TraceEvent(0.0, kind, detail)


def heard(text: str, sid: str = "CA1") -> TraceEvent:
    return event("heard", sid=sid, text=text)


def shown(*events: TraceEvent) -> list[str]:
    folds = Folds()
    return [f"{it.kind} {it.detail.get('text', '')}".strip() for given in events for it in folds.of(given)]


def test_what_somebody_who_waits_hears_again_is_shown_once_and_counted_when_they_are_joined() -> None:
    round_ = [heard("Please stay."), heard("You are number 2.")]
    assert shown(
        heard("Hello."), event("enqueued", sid="CA1"), *round_, *round_,
        heard("Please stay."), heard("You are number 1."),
        event("joined", caller_sid="CA1", worker_sid="CA2"),
    ) == [
        "heard Hello.",
        "enqueued",
        "heard Please stay.",
        "heard You are number 2.",
        "heard You are number 1.",
        "heard Please stay. (3 times while waiting)",
        "heard You are number 2. (2 times while waiting)",
        "joined",
    ]  # fmt: skip


@pytest.mark.parametrize("over", ["left_queue", "ended"])
def test_it_is_counted_too_when_nobody_came(over: str) -> None:
    events = shown(event("enqueued", sid="CA1"), heard("Stay."), heard("Stay."), event(over, sid="CA1"), heard("Stay."))
    assert events == ["enqueued", "heard Stay.", "heard Stay. (2 times while waiting)", over, "heard Stay."]


def test_each_who_waits_is_counted_alone() -> None:
    both = [event("enqueued", sid="CA1"), event("enqueued", sid="CA2"), heard("Stay."), heard("Stay.", "CA2")]
    assert shown(*both, event("ended", sid="CA2")) == ["enqueued", "enqueued", "heard Stay.", "heard Stay.", "ended"]


def test_who_does_not_wait_hears_everything() -> None:
    assert shown(heard("Again."), heard("Again.")) == ["heard Again.", "heard Again."]
