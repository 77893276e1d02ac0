"""Where packaging on the laptop has its libraries from."""

from pathlib import Path

import pytest

from laptop import wheels
from ops.aws import libraries
from ops.stage import ROOT


def test_packaging_asks_no_index_when_the_wheels_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheels, "WHEELS", tmp_path / "a folder")
    (tmp_path / "a folder" / "x86_64").mkdir(parents=True)
    told = wheels.environment("local", ROOT)
    assert told["PIP_NO_INDEX"] == "1"
    assert told["PIP_FIND_LINKS"] == f"file://{tmp_path}/a%20folder/x86_64"
    assert told["PIP_REQUIRE_HASHES"] == "1"


def test_without_wheels_for_the_stages_processor_pip_asks_its_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wheels, "WHEELS", tmp_path)
    (tmp_path / "x86_64").mkdir()
    assert wheels.environment("dev", ROOT) == libraries.environment("dev", ROOT)


def test_wheels_are_fetched_for_the_processor_of_every_stage() -> None:
    fetched = wheels.fetching()
    assert set(fetched) == {"x86_64", "arm64"}
    assert fetched["arm64"]["PIP_PLATFORM"].endswith("aarch64")
