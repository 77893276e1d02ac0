"""`make dev`: calls placed by hand, and printed as they happen."""

from pathlib import Path

import pytest

from laptop import call_centre, dev, package
from laptop.dev import Commands
from laptop.local_aws import LaptopError
from tests.support.waiting import eventually, hears


def test_a_call_by_hand_from_the_dialling_to_the_goodbye(commands: Commands, lines: list[str]) -> None:
    commands.do("on Dora")
    commands.do(f"dial Gus {call_centre.SALES}")
    eventually(hears(lines, "Dora's phone +14155550113 rings"))
    assert "Gus: CA" in commands.do("who")
    commands.do("answer Dora")
    eventually(hears(lines, "joins Gus and Dora"))
    commands.do("hangup Gus")
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


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("sing", "there is no 'sing'"),
        ("press Ivy", "press needs other words"),
        ("answer Emil", "Emil has no call"),
        ("dial Nobody", "callers: Ann, Gus, Ivy"),
        ("dial Ann +1999", "numbers: "),
        ("auto Nobody", "workers: Bea, Carl"),
    ],
)
def test_what_cannot_be_done_is_said(commands: Commands, typed: str, said: str) -> None:
    with pytest.raises(LaptopError, match=said.replace("+", r"\+")):
        commands.do(typed)


def test_a_changed_file_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("chalicelib", "laptop/team"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("app.py", "laptop/team/callcenter.toml", "chalicelib/notes.txt"):
        (tmp_path / name).write_text("1", encoding="utf-8")
    monkeypatch.setattr(package, "ROOT", tmp_path)
    before = dev.fingerprint()
    assert {path.name for path in before} == {"app.py", "callcenter.toml"}
    (tmp_path / "chalicelib" / "new.py").write_text("2", encoding="utf-8")
    assert dev.fingerprint() != before
