"""What GitHub reads of this repository: its forms, and a workflow that may do little."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops.stage import ROOT

FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("[!c]*.yml"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("form", FORMS, ids=lambda file: file.stem)
def test_a_form_asks_for_something_and_each_of_its_questions_has_a_name(form: Path) -> None:
    found = read(form)
    asked = [part for part in found["body"] if part["type"] != "markdown"]
    assert {"name", "description", "body"} <= set(found)
    assert any(part.get("validations", {}).get("required") for part in asked)
    assert len({part["id"] for part in asked}) == len(asked)
    assert all(part["attributes"]["label"] for part in asked)


def test_there_is_a_form_for_a_bug_an_idea_and_a_question() -> None:
    assert [form.stem for form in FORMS] == ["bug", "idea", "question"]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.stem)
def test_a_workflow_reads_the_repository_and_no_more_and_runs_actions_that_nobody_can_move(workflow: Path) -> None:
    found = read(workflow)
    assert found["permissions"] == {"contents": "read"}
    steps = [step for job in found["jobs"].values() for step in job["steps"]]
    assert [step["uses"] for step in steps if not re.search(r"@[0-9a-f]{40}$", step.get("uses", "@" + "0" * 40))] == []


def test_everything_is_tested_on_the_oldest_and_the_newest_python() -> None:
    job = read(ROOT / ".github" / "workflows" / "test.yml")["jobs"]["test"]
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.13"]
    assert job["steps"][-1]["run"] == "make PYTHON=python test"
