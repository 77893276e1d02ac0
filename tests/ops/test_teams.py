"""The teams of tests/teams: the smallest that can be applied, the largest, and one that somebody left half filled."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec
import pytest

from chalicelib.config import schema
from chalicelib.config.schema import NAME_LIMIT
from chalicelib.config.toml_errors import NAME
from laptop.local_aws import LaptopError
from laptop.teams import DEMO, Team, chosen
from ops.callcenter import check, files
from ops.callcenter.files import Center
from ops.stage import ROOT

TEAMS = ROOT / "tests" / "teams"
SMALLEST, LARGEST, HALF = (chosen(str(TEAMS / name)) for name in ("smallest", "largest", "half-filled"))


@pytest.fixture(scope="module")
def largest() -> Center:
    return LARGEST.center()


@pytest.mark.parametrize("team", [SMALLEST, LARGEST, DEMO], ids=lambda team: team.folder.name)
def test_its_files_can_be_applied_and_nothing_is_warned_of(team: Team) -> None:
    assert check.warnings(team.center()) == []


def keys(kind: Any, at: str = "") -> Iterator[str]:
    """Every key that a table of this type may have, those of its tables included: lines.*.menu.prompt."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        for field in msgspec.structs.fields(kind):
            yield f"{at}{field.name}"
            yield from keys(field.type, f"{at}{field.name}.")
    elif get_origin(kind) is dict:
        yield from keys(get_args(kind)[1], f"{at}*.")
    else:
        for part in get_args(kind):
            yield from keys(part, at)


def written(value: Any, named: str, at: str = "") -> Iterator[str]:
    """The keys of a TOML file as `keys` writes them; `named` are the tables whose keys are names."""
    for table in value if isinstance(value, list) else [value]:
        for key, inner in table.items() if isinstance(table, dict) else ():
            here = f"{at}{'*' if at.rstrip('.') in named.split() else key}"
            yield here
            yield from written(inner, named, f"{here}.")


def test_the_largest_uses_every_key(largest: Center) -> None:
    of_twilio = {"workspace": files.Workspace, "workflow": files.Workflow, "voice_queue": files.VoiceQueue}
    wanted = {*keys(schema.CallCenter)}
    wanted |= {key for table, kind in of_twilio.items() for key in keys(kind, f"{table}.")}
    tables = tomllib.loads((LARGEST.folder / NAME).read_text(encoding="utf-8"))
    found = {
        *written(
            tables, "lines queues simple_queues work hours lines.*.menus lines.*.languages simple_queues.*.languages"
        )
    }
    assert wanted - found == set()
    people = tomllib.loads(LARGEST.workers.read_text(encoding="utf-8"))
    assert {f"workers.{key}" for key in keys(dict[str, files.Worker])} <= {*written(people, "workers")}


def test_the_names_of_the_largest_are_as_long_as_they_may_be(largest: Center) -> None:
    names = [*largest.application.lines, *largest.application.queues, *largest.activities, *(largest.workers or {})]
    names += [largest.workspace.name, largest.workflow.name, *(given.name for given in largest.workflow.filters)]
    assert {len(name) for name in names} == {NAME_LIMIT}


def test_a_folder_that_is_half_filled_is_told_every_mistake_of_both_files() -> None:
    with pytest.raises(LaptopError) as refused:
        HALF.center()
    assert [line.partition("; allowed")[0].partition(", which")[0] for line in str(refused.value).splitlines()] == [
        "callcenter.toml:5: lines.main: Object missing required field `greeting`",
        "callcenter.toml:6: lines.main.numbers[0] is '+1415': it has too few digits for the country code +1",
        "callcenter.toml:13: workflow.default_queue is 'Support': allowed: Sales",
        "workers.toml:2: workers.Bea.contact_uri is '': it is no phone number",
    ]


def test_a_folder_without_a_callcenter_file_is_told_what_belongs_there(tmp_path: Path) -> None:
    (tmp_path / "workers.toml").write_text("")
    with pytest.raises(LaptopError, match=r"callcenter\.toml is missing: a team's folder has callcenter\.toml and wor"):
        chosen(str(tmp_path)).center()


def test_a_checkout_without_files_of_its_own_runs_on_the_demos(tmp_path: Path) -> None:
    assert chosen(root=tmp_path) == DEMO
    own = tmp_path / files.TEAM
    own.mkdir(parents=True)
    (own / NAME).touch()
    assert chosen(root=tmp_path) == Team(own, tmp_path / "workers.toml")
