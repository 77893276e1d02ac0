"""What the package holds of the team's files, and whether these have changed since."""

from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from chalicelib.config import team
from chalicelib.staff import packaged, pins
from chalicelib.staff.rota import FILE, Packaged


@pytest.mark.parametrize("number", range(6))
def test_a_rota_that_has_changed_since_the_package_was_made_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, number: int
) -> None:
    rota = tmp_path / "rota.toml"
    rota.write_text(f"# {number}\n", encoding="utf-8")
    made = Packaged(made_of={"rota.toml": sha256(rota.read_bytes()).hexdigest()})
    read = team.read
    text = msgspec.json.encode(made).decode()
    monkeypatch.setattr(team, "read", lambda name, *root: text if name == FILE else read(name, *root))
    assert packaged.stale(str(tmp_path)) == ""
    rota.write_text(f"# {number}, and another\n", encoding="utf-8")
    assert "rota.toml" in packaged.stale(str(tmp_path))


@pytest.mark.parametrize(
    ("people", "is_stale"),
    [
        ('[workers.Bea]\npin = "4711"\n', False),
        ('[workers.Bea]\npin = "4712"\n', True),
        ('[workers.Bea]\npin = "4711"\n[workers.Carl]\npin = "1"\n', True),
        ("[workers.Bea]\n", True),
    ],
)
def test_a_pin_that_has_changed_since_the_package_was_made_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, people: str, is_stale: bool
) -> None:
    (tmp_path / "workers.toml").write_text(people, encoding="utf-8")
    read = team.read
    text = msgspec.json.encode(Packaged(pins={"Bea": pins.hashed("4711", "0a")})).decode()
    monkeypatch.setattr(team, "read", lambda name, *root: text if name == FILE else read(name, *root))
    assert ("was made of another workers.toml" in packaged.stale(str(tmp_path))) == is_stale
