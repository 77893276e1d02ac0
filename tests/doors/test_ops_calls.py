"""`python -m ops calls show`: the whole story by either leg."""

import json

import pytest

from ops.__main__ import main
from tests.support.switchboard import CALL, LEG, Switchboard

SHOW = ["calls", "show"]


@pytest.fixture
def story(board: Switchboard) -> Switchboard:
    """A call from its task to its survey."""
    board.event("task.created")
    board.ring()
    board.status("ringing")
    board.answer()
    board.event("reservation.accepted")
    board.voice("after", QueueResult="bridged", QueueTime="12")
    board.voice("survey", Digits="5")
    board.event("task.completed")
    return board


@pytest.mark.parametrize("sid", [CALL, LEG])
def test_either_leg_tells_the_whole_story(story: Switchboard, capsys: pytest.CaptureFixture[str], sid: str) -> None:
    assert main([*SHOW, sid]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"Call {CALL} from …71 to …00, line support\n  left the queue after 12 s: bridged\n")
    for fact in ("survey: 5", "Worker Bea, queue Support, crm-first: completed", f"leg {LEG}", "Bea: bridged"):
        assert fact in told
    assert "2026-11-21T03:00:42.500Z" in told and "+1" not in told


def test_numbers_are_shown_to_who_asks_for_them(story: Switchboard, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SHOW, CALL, "--numbers"]) == 0
    assert "+12125550171" in capsys.readouterr().out


def test_json_is_for_machines(story: Switchboard, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SHOW, LEG, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["call"]["survey"] == "5" and told["links"][0]["worker_call_sid"] == LEG


def test_a_link_without_its_callers_story_is_shown_too(board: Switchboard, capsys: pytest.CaptureFixture[str]) -> None:
    board.assign()
    assert main([*SHOW, CALL, "--table", "cordboard-test-links"]) == 0
    assert "Nothing is known of the caller's own leg" in capsys.readouterr().out


def test_a_call_that_nobody_knows(board: Switchboard, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SHOW, "CA" + "9" * 32]) == 1
    assert "no call and no worker leg" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"), [(["WR1"], "is no CallSid"), ([CALL, "--stage", "moon"], "no stage 'moon'")]
)
def test_what_makes_no_sense_is_said(
    board: Switchboard, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    monkeypatch.delenv("LINKS_TABLE")
    assert main([*SHOW, *words]) == 2
    assert said in capsys.readouterr().err
