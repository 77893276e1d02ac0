"""The stage's configuration is read and written where Chalice reads it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ops import stage
from ops.stage import NoStage


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with this repository's configuration, as it stands."""
    (tmp_path / ".chalice").mkdir()
    shutil.copy(stage.ROOT / ".chalice" / "config.json", tmp_path / ".chalice" / "config.json")
    return tmp_path


def text(root: Path) -> str:
    return (root / ".chalice" / "config.json").read_text(encoding="utf-8")


def test_the_stages_are_those_of_chalice() -> None:
    assert stage.names() == ("local", "dev", "prod")
    assert stage.read("dev")["LINKS_TABLE"] == "cordboard-dev-links"


def test_a_change_touches_the_named_variables_of_one_stage_and_nothing_else(root: Path) -> None:
    before = text(root)
    stage.write("dev", {"TWILIO_WORKFLOW_SID": "WW" + "1" * 32}, root)
    line = '        "TWILIO_WORKFLOW_SID": "{}",\n'
    first, second, third = before.split(line.format(""))[:3]
    assert text(root).startswith(first + line.format("") + second + line.format("WW" + "1" * 32) + third)
    assert len(text(root)) == len(before) + 34


def test_a_variable_that_is_new_is_added_at_the_end(root: Path) -> None:
    stage.write("dev", {"PUBLIC_BASE_URL": "https://calls.example.com/"}, root)
    assert list(stage.read("dev", root))[-1] == "PUBLIC_BASE_URL"


def test_writing_what_stands_there_leaves_the_file_alone(root: Path) -> None:
    file = root / ".chalice" / "config.json"
    before = file.stat()
    stage.write("dev", {"JOBS_QUEUE": "cordboard-dev-jobs"}, root)
    assert file.stat() == before


def test_names_beyond_ascii_stay_readable(root: Path) -> None:
    activities = json.dumps({"Après": "WA" + "0" * 32}, ensure_ascii=False)
    stage.write("dev", {"TWILIO_ACTIVITIES": activities}, root)
    assert stage.read("dev", root)["TWILIO_ACTIVITIES"] == activities
    assert "Après" in text(root)


@pytest.mark.parametrize("ask", [stage.read, stage.api_url, stage.base_url, lambda name: stage.write(name, {})])
def test_a_stage_that_does_not_exist_is_refused_with_those_that_do(ask: object) -> None:
    assert callable(ask)
    with pytest.raises(NoStage, match=r"there is no stage 'stagging' in .* local, dev, prod"):
        ask("stagging")


@pytest.mark.parametrize(
    ("spoil", "said"), [(lambda file: file.write_text("{"), "Expecting"), (Path.unlink, "No such")]
)
def test_a_configuration_that_cannot_be_read_is_said_to_be_so(
    spoil: Callable[[Path], object], said: str, root: Path
) -> None:
    spoil(root / ".chalice" / "config.json")
    with pytest.raises(NoStage, match=rf"\.chalice/config\.json cannot be read: .*{said}"):
        stage.read("dev", root)


def deploy(root: Path, *resources: dict[str, str]) -> None:
    """Leave behind what Chalice leaves behind."""
    (root / ".chalice" / "deployed").mkdir()
    state = {"resources": resources, "schema_version": "2.0", "backend": "api"}
    (root / ".chalice" / "deployed" / "dev.json").write_text(json.dumps(state), encoding="utf-8")


API = {"name": "rest_api", "resource_type": "rest_api", "rest_api_url": "https://a.execute-api.eu-west-1.host/api/"}


def test_before_the_first_deploy_there_is_no_url(root: Path) -> None:
    assert stage.api_url("dev", root) == ""
    assert stage.base_url("dev", root) == ""


def test_after_a_deploy_the_url_is_the_one_that_chalice_noted(root: Path) -> None:
    deploy(root, {"name": "sweep", "resource_type": "lambda_function"}, API)
    assert stage.api_url("dev", root) == "https://a.execute-api.eu-west-1.host/api"
    assert stage.api_url("prod", root) == ""


def test_behind_a_proxy_twilio_is_told_the_proxys_url(root: Path) -> None:
    deploy(root, API)
    stage.write("dev", {"PUBLIC_BASE_URL": "https://calls.example.com/"}, root)
    assert stage.base_url("dev", root) == "https://calls.example.com"
    assert stage.api_url("dev", root) == "https://a.execute-api.eu-west-1.host/api"
