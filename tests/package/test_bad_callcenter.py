"""A mistake in callcenter.toml stops the packaging, and the message says what is wrong and what is allowed."""

import shutil
from pathlib import Path

import pytest

from laptop import package
from laptop.aws import LaptopError

WHAT_PACKAGING_READS = ("app.py", "chalicelib", "infra", "requirements.txt")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in WHAT_PACKAGING_READS:
        source, copy = package.ROOT / name, tmp_path / name
        shutil.copytree(source, copy) if source.is_dir() else shutil.copy(source, copy)
    settings = tmp_path / ".chalice"
    shutil.copytree(package.ROOT / ".chalice", settings, ignore=shutil.ignore_patterns("deployments"))
    return tmp_path


def test_a_wrong_value_is_named_with_its_file_key_and_what_is_allowed(checkout: Path) -> None:
    file = checkout / "chalicelib" / "callcenter.toml"
    text = file.read_text(encoding="utf-8")
    assert 'mode = "crm-first"' in text
    file.write_text(text.replace('mode = "crm-first"', 'mode = "crm-last"', 1), encoding="utf-8")

    with pytest.raises(LaptopError) as stopped:
        package.build(root=checkout, out=checkout / "out")

    message = str(stopped.value)
    for word in ("callcenter.toml", "queues.Support.mode", "crm-last", "crm-first", "direct"):
        assert word in message
    assert not (checkout / "out" / "sam.yaml").exists()
