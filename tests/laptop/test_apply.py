"""The operator's commands on the laptop's stack: over HTTP, beside the application that uses what they make."""

import json
import shutil
from pathlib import Path

import pytest

from chalicelib.config import callcenter
from laptop import call_centre
from laptop.environment import Stage
from ops.__main__ import main


class Operator:
    def __init__(self, stage: Stage, root: Path) -> None:
        self.root, self.url = root, stage.base_url
        (root / ".chalice").mkdir()
        (root / "chalicelib" / "team").mkdir(parents=True)
        self.config = root / ".chalice" / "config.json"
        self.config.write_text(json.dumps({"stages": {"local": {"environment_variables": {}}}}))
        (root / "chalicelib" / "team" / callcenter.NAME).write_text(callcenter.source())
        shutil.copy(call_centre.WORKERS_FILE, root / "workers.toml")

    def types(self, command: str) -> int:
        return main([command, "--stage", "local", "--root", str(self.root), "--api-url", self.url])


@pytest.fixture
def operator(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Operator:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", call_centre.ACCOUNT_SID)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", call_centre.AUTH_TOKEN)
    monkeypatch.setenv("TWILIO_API_URL", stage.twilio_url)
    monkeypatch.delenv("TWILIO_API_KEY_SID", raising=False)
    return Operator(stage, tmp_path)


def test_what_the_laptop_runs_on_is_what_the_files_say(stage: Stage, operator: Operator) -> None:
    assert operator.types("plan") == 0
    assert operator.types("apply") == 0
    environment = json.loads(operator.config.read_text())["stages"]["local"]["environment_variables"]
    assert environment == stage.town.environment


def test_what_somebody_changed_by_hand_is_shown_and_mended(
    stage: Stage, operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    def change() -> None:
        stage.twilio.number(call_centre.SALES, "https://elsewhere.example.com/")

    stage.do(change)
    assert operator.types("plan") == 2
    printed = capsys.readouterr().out
    assert f"~ number {call_centre.SALES}\n" in printed
    assert '    - voice_url = "https://elsewhere.example.com/"\n' in printed
    assert operator.types("apply") == 0
    assert operator.types("plan") == 0
    assert stage.do(lambda: stage.twilio.numbers[call_centre.SALES].voice_url).startswith(
        f"{stage.base_url}/voice/incoming"
    )
