"""callcenter.toml as data, beside the file."""

from pathlib import Path

import pytest

from chalicelib.config import callcenter
from ops.aws import callcenter_data

RIGHT = 'default_line = "main"\n[lines.main]\ngreeting = "Hello."\n'


def written(team: Path) -> list[str]:
    return [str(file.relative_to(team)) for file in team.rglob("*.json")]


def test_it_has_the_name_of_its_text(tmp_path: Path) -> None:
    (tmp_path / "callcenter.toml").write_text(RIGHT, encoding="utf-8")
    callcenter_data.write(tmp_path)
    assert written(tmp_path) == [callcenter.data_file(RIGHT)]
    assert callcenter.data_file(RIGHT) != callcenter.data_file(RIGHT + "\n")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(None, id="missing"),
        pytest.param('default_line = "nobody"\n[lines.main]\ngreeting = "Hello."\n', id="wrong"),
        pytest.param(RIGHT + "[lines.main.attributes]\nsince = 2026-01-01\n", id="what JSON cannot say"),
    ],
)
def test_there_is_none_of_a_file_that_is(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "callcenter.toml").write_text(text, encoding="utf-8")
    callcenter_data.write(tmp_path)
    assert written(tmp_path) == []
