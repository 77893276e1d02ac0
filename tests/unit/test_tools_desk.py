"""`python -m tools.desk`: Twilio's libraries for browsers get into the package's folder, with their licences."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tools import desk, packages, sdks

FILES = {"taskrouter.js": "var TaskRouter", "taskrouter.js.LICENSE": "MIT", "voice.js": "Twilio.Device"}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkout."""
    monkeypatch.setattr(packages, "ROOT", tmp_path)
    monkeypatch.setattr(sdks, "SDKS", tmp_path / "sdks")
    monkeypatch.setattr(sdks, "PAGES", tmp_path / "sdks" / "pages")
    monkeypatch.setattr(desk, "INTO", tmp_path / "static" / "sdks")
    return tmp_path


def fetched(root: Path) -> None:
    pages = root / "sdks" / "pages"
    pages.mkdir(parents=True)
    for name, text in FILES.items():
        (pages / name).write_text(text, encoding="utf-8")
    (root / "sdks" / "ready").touch()


def into(root: Path) -> dict[str, str]:
    return {one.name: one.read_text(encoding="utf-8") for one in (root / "static" / "sdks").iterdir()}


def never() -> None:
    raise AssertionError("they are there, and are fetched again")


def test_what_has_been_fetched_is_put_into_the_package(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fetched(root)
    monkeypatch.setattr(sdks, "main", never)
    assert desk.main() == 0 and into(root) == FILES
    assert capsys.readouterr().out.startswith("in static/sdks, with their licences")


def test_what_is_not_there_is_fetched_first(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetching: Callable[[], None] = lambda: fetched(root)  # noqa: E731 - in place of the network
    monkeypatch.setattr(sdks, "main", fetching)
    assert desk.main() == 0 and into(root) == FILES


def test_once_more_replaces_an_older_version(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched(root)
    (root / "static" / "sdks").mkdir(parents=True)
    (root / "static" / "sdks" / "voice.js").write_text("older", encoding="utf-8")
    assert desk.main() == 0 and into(root) == FILES


def test_where_nothing_can_be_fetched_nothing_is_put_and_the_exit_code_says_so(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be fetched has been said by then."""
    monkeypatch.setattr(sdks, "main", lambda: None)
    assert desk.main() == 1 and not (root / "static").exists()


def test_its_folder_is_left_out_of_git_and_its_files_are_those_that_the_page_asks_for() -> None:
    from chalicelib.console import page

    assert Path(page.__file__).parent / "static" / "sdks" == desk.INTO
    assert set(sdks.BUNDLES) == page.SDKS
    assert "sdks" in (Path(__file__).parents[2] / ".gitignore").read_text(encoding="utf-8")
