"""What changes something asks first; without a terminal it changes nothing. tests/deploy/test_terminal.py has one."""

import io

import pytest

from tests.ops.harness import NUMBERS
from tests.ops.operator import Operator
from tests.support.terminal import Terminal

OLD = "https://old.example.com/a-long-way-to-the-voice-of-the-old-application"


@pytest.mark.parametrize(
    "words", [("apply",), ("apply", "--prune", "--json"), ("destroy",), ("number", "restore", "--all")], ids=" ".join
)
def test_without_a_terminal_nothing_is_changed_and_the_option_is_named(
    words: tuple[str, ...], operator: Operator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (number,) = operator.account.client.incoming_phone_numbers.list(phone_number=NUMBERS[0])
    number.update(voice_url=OLD)
    operator.types("apply", "--yes")
    operator.account.engine.workers.create(friendly_name="Gil")
    (other,) = operator.account.client.incoming_phone_numbers.list(phone_number=NUMBERS[1])
    other.update(voice_url=OLD)
    operator.account.transport.sent.clear()
    monkeypatch.setattr("sys.stdin", io.StringIO("y\nHarbour Clinic\n"))
    capsys.readouterr()
    assert operator.types(*words, *(["--prune"] if words == ("destroy",) else [])) == 2
    said = capsys.readouterr()
    assert said.err.endswith("nobody is there to be asked: give --yes. Nothing was changed\n")
    assert " to delete" in said.err  # what it would do is shown all the same
    assert said.out == ""
    assert operator.account.transport.changes == []


def test_without_a_terminal_an_apply_that_has_nothing_to_do_needs_no_answer(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator.types("apply", "--yes")
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert operator.types("apply") == 0


def test_what_a_prune_deletes_is_named(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    operator.types("apply", "--yes")
    operator.account.engine.workers.create(friendly_name="Gil")
    capsys.readouterr()
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert operator.types("apply", "--prune") == 0
    assert capsys.readouterr().err.startswith("0 to make, 0 to change, 1 to delete\n  worker Gil is deleted\n")


def test_ctrl_c_in_the_middle_says_that_what_was_done_stays(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    def leave(method: str, path: str) -> None:
        if path.endswith("/Workers"):
            raise KeyboardInterrupt

    operator.account.transport.before = leave
    assert operator.types("apply", "--yes") == 1
    assert capsys.readouterr().err.strip() == "stopped: what was done stays done"
    operator.account.transport.before = lambda method, path: None
    assert operator.types("apply", "--yes") == 0


def test_a_pipe_gets_whole_lines_without_colours(
    operator: Operator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    (number,) = operator.account.client.incoming_phone_numbers.list(phone_number=NUMBERS[0])
    number.update(voice_url=OLD)
    operator.types("number", "list")
    assert f"{NUMBERS[0]}  {OLD}" in capsys.readouterr().out
    operator.types("plan")
    assert f'    - voice_url = "{OLD}"\n' in capsys.readouterr().out
