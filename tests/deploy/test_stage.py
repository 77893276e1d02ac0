"""A stage's configuration: names where Chalice reads them, sids in the team's folder where the functions read them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ops import stage
from ops.errors import NoStage, StageError

WORKFLOW = {"TWILIO_WORKFLOW_SID": "WW" + "1" * 32}
ACTIVITIES = {"TWILIO_ACTIVITIES": '{"Après":"WA00000000000000000000000000000000"}'}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with this repository's configuration, as it stands."""
    (tmp_path / ".chalice").mkdir()
    (tmp_path / "chalicelib" / "team").mkdir(parents=True)
    shutil.copy(stage.ROOT / ".chalice" / "config.json", tmp_path / ".chalice" / "config.json")
    return tmp_path


def kept(root: Path) -> str:
    return (root / "chalicelib" / "team" / "dev.json").read_text(encoding="utf-8")


def configure(root: Path, name: str, value: str) -> None:
    """What a person does in Chalice's own file."""
    file = root / ".chalice" / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    config["stages"]["dev"]["environment_variables"][name] = value
    file.write_text(json.dumps(config), encoding="utf-8")


def test_the_stages_are_those_of_chalice() -> None:
    assert stage.names() == ("local", "dev", "prod")
    assert stage.read("dev")["LINKS_TABLE"] == "cordboard-dev-links"
    assert [stage.variables(name)["STAGE"] for name in stage.names()] == ["local", "dev", "prod"]


def test_chalices_file_has_names_and_no_sid() -> None:
    text = (stage.ROOT / ".chalice" / "config.json").read_text(encoding="utf-8")
    assert "SID" not in text and "JOBS_QUEUE_URL" not in text


def test_sids_are_kept_in_the_teams_file_of_the_stage_where_a_person_can_read_them(root: Path) -> None:
    chalices = (root / ".chalice" / "config.json").read_text(encoding="utf-8")
    assert stage.write("dev", {**WORKFLOW, **ACTIVITIES}, root)
    assert json.loads(kept(root)) == {**WORKFLOW, "TWILIO_ACTIVITIES": {"Après": "WA" + "0" * 32}}
    assert "Après" in kept(root)
    known = {name: value for name, value in stage.read("dev", root).items() if value or name not in stage.SIDS}
    assert known == {**stage.variables("dev", root), **WORKFLOW, **ACTIVITIES}
    assert (root / ".chalice" / "config.json").read_text(encoding="utf-8") == chalices
    assert WORKFLOW["TWILIO_WORKFLOW_SID"] not in stage.read("prod", root).values()


def test_what_else_the_team_has_in_its_file_stays(root: Path) -> None:
    (root / stage.file_of("dev")).write_text('{"PUBLIC_BASE_URL": "https://calls.example.com/"}')
    stage.write("dev", WORKFLOW, root)
    assert stage.read("dev", root)["PUBLIC_BASE_URL"] == "https://calls.example.com/"


def test_a_sid_that_is_gone_is_left_out(root: Path) -> None:
    stage.write("dev", {**WORKFLOW, **ACTIVITIES, "TWILIO_ACCOUNT_SID": "AC1"}, root)
    stage.write("dev", {"TWILIO_WORKFLOW_SID": "", "TWILIO_ACTIVITIES": "{}"}, root)
    assert json.loads(kept(root)) == {"TWILIO_ACCOUNT_SID": "AC1"}


def test_writing_what_stands_there_leaves_the_file_alone(root: Path) -> None:
    stage.write("dev", {**WORKFLOW, **ACTIVITIES}, root)
    before = (root / stage.file_of("dev")).stat()
    assert not stage.write("dev", {**ACTIVITIES, **WORKFLOW}, root)
    assert (root / stage.file_of("dev")).stat() == before


def test_a_name_of_chalices_file_wins_unless_it_is_empty(root: Path) -> None:
    (root / stage.file_of("dev")).write_text('{"CRM_URL": "https://crm.example.com/", "JOBS_QUEUE": "another"}')
    assert stage.read("dev", root)["CRM_URL"] == "https://crm.example.com/"
    assert stage.read("dev", root)["JOBS_QUEUE"] == "cordboard-dev-jobs"


def test_a_sid_that_chalices_file_still_has_is_to_be_taken_out_before_another_is_written(root: Path) -> None:
    configure(root, "TWILIO_WORKFLOW_SID", "WW" + "0" * 32)
    with pytest.raises(
        StageError, match=r"in \.chalice/config\.json, and would win over .*dev\.json: take it out there"
    ):
        stage.write("dev", WORKFLOW, root)
    configure(root, *next(iter(WORKFLOW.items())))
    assert stage.write("dev", WORKFLOW, root)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "must be a JSON object"),
        ('{"TWILIO_WORKFLOW_SID": 5}', "must be a JSON object"),
        ('{"CRM_KEY": "s3cret"}', "has CRM_KEY: it is in git and in the package, so no secret may stand in it"),
    ],
)
def test_a_file_of_the_team_that_cannot_be_is_refused_without_its_values(root: Path, text: str, said: str) -> None:
    (root / stage.file_of("dev")).write_text(text)
    with pytest.raises(StageError, match=rf"chalicelib/team/dev\.json .*{said}") as refused:
        stage.read("dev", root)
    assert "s3cret" not in str(refused.value)


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
    with pytest.raises(StageError, match=rf"\.chalice/config\.json cannot be read: .*{said}"):
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
