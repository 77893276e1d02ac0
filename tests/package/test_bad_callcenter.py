"""A file of the team's that is wrong or missing stops the packaging with one sentence that says what mends it."""

from pathlib import Path

import pytest

from laptop import package
from laptop.local_aws import LaptopError
from tests.support.checkout import change

CENTER = Path("chalicelib", "team", "callcenter.toml")


def packaging_says(checkout: Path) -> str:
    with pytest.raises(LaptopError) as stopped:
        package.build(root=checkout, out=checkout / "out")
    assert not (checkout / "out" / "sam.yaml").exists()
    return str(stopped.value)


def test_a_wrong_value_is_named_with_its_file_key_and_what_is_allowed(tmp_path: Path) -> None:
    checkout = package.copy_project(tmp_path)
    change(checkout / CENTER, 'mode = "crm-first"', 'mode = "crm-last"')
    said = (
        "callcenter.toml: queues.Support.mode is 'crm-last': Invalid enum value 'crm-last'; allowed: crm-first, direct"
    )
    assert packaging_says(checkout) == f"chalice package failed:\n{said}"


def test_without_the_file_the_command_that_makes_it_is_named(tmp_path: Path) -> None:
    checkout = package.copy_project(tmp_path)
    (checkout / CENTER).unlink()
    said = "chalicelib/team/callcenter.toml is missing: `./cordboard init` makes it"
    assert packaging_says(checkout) == f"chalice package failed:\n{said}"


def test_a_stages_file_that_is_no_table_of_variables_is_named(tmp_path: Path) -> None:
    checkout = package.copy_project(tmp_path)
    (checkout / CENTER.parent / "local.json").write_text('{"TWILIO_WORKFLOW_SID": 5}', encoding="utf-8")
    said = "chalicelib/team/local.json must be a JSON object of variables:"
    assert packaging_says(checkout).startswith(f"chalice package failed:\n{said}")


def test_a_hook_that_cannot_be_imported_stops_the_packaging_with_its_line(tmp_path: Path) -> None:
    checkout = package.copy_project(tmp_path)
    (checkout / CENTER.parent / "hooks.py").write_text("from chalicelib.instructions import Instruction\n")
    said = packaging_says(checkout)
    assert 'chalicelib/team/hooks.py", line 1' in said
    assert said.endswith("ModuleNotFoundError: No module named 'chalicelib.instructions'")


@pytest.mark.parametrize("name", ["callcenter.toml", "hooks.py"])
def test_a_file_at_the_place_of_an_older_version_is_to_be_moved(tmp_path: Path, name: str) -> None:
    checkout = package.copy_project(tmp_path)
    (checkout / "chalicelib" / name).touch()
    assert packaging_says(checkout).endswith(f"`git mv chalicelib/{name} chalicelib/team/{name}`")
