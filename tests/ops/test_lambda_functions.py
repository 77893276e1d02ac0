"""A `.chalice/config.json` of a team's own, which is older than a function: what is said, and that it is enough."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from ops import lambda_functions, stage
from tests.ops.operator import Operator

ADDED = (
    '"after_call": {"lambda_memory_size": 512, "lambda_timeout": 20, "iam_policy_file": "policies/dev-after_call.json"}'
)


def written(root: Path, **changes: Any) -> None:
    """The stage dev as this repository has it, but for these functions: None is left out."""
    functions = {**lambda_functions.wanted("dev"), **changes}
    section = {"lambda_functions": {name: said for name, said in functions.items() if said is not None}}
    config = {"stages": {"dev": {**section, "environment_variables": {}}}}
    (root / ".chalice" / "config.json").write_text(json.dumps(config))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(stage.ROOT / ".chalice" / "policies", tmp_path / ".chalice" / "policies")
    return tmp_path


@pytest.mark.parametrize("name", stage.names())
def test_what_is_wanted_is_what_each_stage_of_this_repository_says(name: str) -> None:
    _, section = stage.sections(name)
    assert section["lambda_functions"] == lambda_functions.wanted(name)
    assert lambda_functions.mistakes(name, stage.ROOT) == []


def test_a_function_that_is_missing_is_named_with_the_lines_to_add(root: Path) -> None:
    written(root, after_call=None)
    (said,) = lambda_functions.mistakes("dev", root)
    assert said == f".chalice/config.json: stages.dev.lambda_functions has no after_call: add {ADDED}"
    added = json.loads(f"{{{said.partition(': add ')[2]}}}")
    written(root, **added)
    assert lambda_functions.mistakes("dev", root) == []


def test_a_function_without_a_time_is_named_and_one_with_another_is_the_teams_choice(root: Path) -> None:
    ours = lambda_functions.wanted("dev")["sweep"]
    written(root, sweep={key: value for key, value in ours.items() if key != "lambda_timeout"})
    (said,) = lambda_functions.mistakes("dev", root)
    assert said.endswith('lambda_functions.sweep has no lambda_timeout: add "lambda_timeout": 60')
    written(root, sweep={**ours, "lambda_memory_size": 1024})
    assert lambda_functions.mistakes("dev", root) == []


def test_what_a_stage_says_of_all_its_functions_counts_for_each(root: Path) -> None:
    written(root)
    file = root / ".chalice" / "config.json"
    config = json.loads(file.read_text())
    for said in config["stages"]["dev"]["lambda_functions"].values():
        del said["lambda_memory_size"]
    config["stages"]["dev"]["lambda_memory_size"] = 1024
    file.write_text(json.dumps(config))
    assert lambda_functions.mistakes("dev", root) == []


def test_a_policy_file_that_is_not_there_is_named(root: Path) -> None:
    written(root)
    (root / ".chalice" / "policies" / "dev-after_call.json").unlink()
    (said,) = lambda_functions.mistakes("dev", root)
    assert said.startswith(".chalice/policies/dev-after_call.json is not there")


def test_check_refuses_an_older_configuration_and_says_what_to_add(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    assert operator.types("check") == 0
    written(operator.root, after_call=None)
    capsys.readouterr()
    assert operator.types("check") == 1
    assert ADDED in capsys.readouterr().err
    assert operator.types("check", "--json") == 1
    assert ADDED in json.loads(capsys.readouterr().out)["mistakes"][0]
