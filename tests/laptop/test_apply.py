"""The operator's commands on the laptop's stack: over HTTP, beside the application that uses what they make."""

import json
import shutil
from pathlib import Path

import pytest

from chalicelib.config import callcenter
from chalicelib.config.toml_errors import NAME
from laptop import call_centre, local_aws
from laptop.environment import Laptop
from laptop.teams import DEMO
from ops.__main__ import main
from ops.stage import read


class Operator:
    def __init__(self, laptop: Laptop, root: Path) -> None:
        self.root, self.url = root, laptop.base_url
        (root / ".chalice").mkdir()
        (root / "chalicelib" / "team").mkdir(parents=True)
        (root / ".chalice" / "config.json").write_text(json.dumps({"stages": {"local": {"environment_variables": {}}}}))
        (root / "chalicelib" / "team" / NAME).write_text(callcenter.source())
        shutil.copy(DEMO.workers, root / "workers.toml")

    def types(self, *words: str) -> int:
        return main([*words, "--stage", "local", "--root", str(self.root), "--api-url", self.url])


@pytest.fixture
def operator(laptop: Laptop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Operator:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", call_centre.ACCOUNT_SID)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", call_centre.AUTH_TOKEN)
    monkeypatch.setenv("TWILIO_API_URL", laptop.twilio_url)
    for name, value in {**local_aws.CREDENTIALS, "AWS_ENDPOINT_URL": laptop.aws.url}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("TWILIO_API_KEY_SID", raising=False)
    return Operator(laptop, tmp_path)


def test_what_the_laptop_runs_on_is_what_the_files_say(laptop: Laptop, operator: Operator) -> None:
    assert operator.types("plan") == 0
    assert operator.types("apply", "--yes") == 0
    environment = read("local", operator.root)
    assert environment.pop("JOBS_QUEUE_URL") == ""
    assert environment == laptop.call_centre.environment


def test_what_somebody_changed_by_hand_is_shown_and_changed_back(
    laptop: Laptop, operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    def change() -> None:
        laptop.twilio.number(call_centre.SALES, "https://elsewhere.example.com/")

    laptop.do(change)
    assert operator.types("plan") == 3
    printed = capsys.readouterr().out
    assert f"~ number {call_centre.SALES}\n" in printed
    assert '    - voice_url = "https://elsewhere.example.com/"\n' in printed
    assert operator.types("apply", "--yes") == 0
    assert operator.types("plan") == 0
    assert laptop.do(lambda: laptop.twilio.numbers[call_centre.SALES].voice_url).startswith(
        f"{laptop.base_url}/voice/incoming"
    )
