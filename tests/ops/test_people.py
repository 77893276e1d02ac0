"""`people`: who may sign in to the console is who stands in workers.toml."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.console.session import GROUPS, Group
from ops import people, stage
from ops.__main__ import main
from ops.callcenter import check, files
from ops.callcenter.files import Texts
from ops.people import Step
from tests.support.checkout import change, of_the_demo

BEA, DORA = 'mail = "bea@example.com"\n', 'mail = "Dora@example.com"\nsupervisor = true\n'


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An empty user pool with its groups, that the stage names; and a checkout with these workers."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with mock_aws():
        cognito = boto3.client("cognito-idp")
        made = cognito.create_user_pool(PoolName="cordboard-dev", UsernameAttributes=["email"])["UserPool"]
        for group in GROUPS:
            cognito.create_group(UserPoolId=made["Id"], GroupName=group)
        read = stage.read
        monkeypatch.setattr(stage, "read", lambda name, root: {**read(name, root), "USER_POOL_ARN": made["Arn"]})
        yield people.Pool(made["Arn"])


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Of the demo's team: Dora is a supervisor, Bea an agent, and Hugo has neither an address nor a desk."""
    root = of_the_demo(tmp_path)
    change(root / files.WORKERS, 'mail = "hugo@example.com" ', "# ")
    change(root / files.WORKERS, "desk = true", "desk = false")
    for name, known in (("Bea", BEA), ("Dora", DORA)):
        change(root / files.WORKERS, f"[workers.{name}]", f"[workers.{name}]\n{known}#")
    return root


def test_everybody_with_an_address_may_sign_in(
    pool: people.Pool, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["people", "--root", str(checkout), "--yes"]) == 0
    assert pool.people() == {"dora@example.com": "supervisors", "bea@example.com": "agents"}
    assert capsys.readouterr().out.splitlines() == [
        "+ bea@example.com in agents",
        "+ dora@example.com in supervisors",
    ]
    assert main(["people", "--root", str(checkout), "--yes"]) == 0
    assert capsys.readouterr().out == "2 people can sign in: it is as workers.toml says\n"


def test_who_becomes_a_supervisor_or_goes_is_changed(pool: people.Pool, checkout: Path) -> None:
    assert main(["people", "--root", str(checkout), "--yes"]) == 0
    change(checkout / files.WORKERS, BEA, "")
    change(checkout / files.WORKERS, "supervisor = true", "supervisor = false")
    assert main(["people", "--root", str(checkout), "--yes"]) == 0
    assert pool.people() == {"dora@example.com": "agents", "bea@example.com": "agents"}
    assert main(["people", "--root", str(checkout), "--prune", "--yes"]) == 0
    assert pool.people() == {"dora@example.com": "agents"}


def test_without_a_terminal_and_without_yes_nobody_is_let_in(pool: people.Pool, checkout: Path) -> None:
    assert main(["people", "--root", str(checkout)]) == 2
    assert pool.people() == {}


def test_a_stage_without_a_console_says_how_to_make_one(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["people", "--root", str(checkout)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("stage dev has no console: ") and "deploy --stage dev --set Console=yes" in said


def test_who_is_not_in_the_file_stays_unless_pruned() -> None:
    there: dict[str, Group | None] = {"emil@example.com": "agents", "dora@example.com": None}
    wanted: dict[str, Group] = {"dora@example.com": "supervisors"}
    change = Step("~", "dora@example.com", "supervisors", None)
    assert people.plan(wanted, there, prune=False) == [change]
    assert people.plan(wanted, there, prune=True) == [change, Step("-", "emil@example.com", None)]
    assert str(change) == "~ dora@example.com in supervisors, was in no group"


CENTER = '[lines.main]\ngreeting = "Hello."\nnumbers = ["+14155550100"]\n'


@pytest.mark.parametrize("mail", ["dora", "dora@", "dora@example", "do ra@example.com", "@example.com"])
def test_what_is_no_address_is_explained(mail: str) -> None:
    workers = f'[workers.Dora]\ncontact_uri = "+14155550119"\nmail = "{mail}"\n'
    found = [
        mistake for mistake in check.mistakes(Texts(f'default_line = "main"\n{CENTER}', workers)) if "mail" in mistake
    ]
    assert len(found) == 1 and "workers.Dora.mail" in found[0] and mail in found[0]


def test_two_people_with_one_address_are_refused() -> None:
    workers = "".join(
        f'[workers.{name}]\ncontact_uri = "+1415555011{number}"\nmail = "{mail}"\n'
        for number, (name, mail) in enumerate((("Dora", "d@example.com"), ("Bea", "D@example.com")))
    )
    found = check.mistakes(Texts(f'default_line = "main"\n{CENTER}', workers))
    assert [mistake for mistake in found if "workers.Bea.mail" in mistake and "Dora has the same" in mistake]


def test_a_supervisor_needs_an_address() -> None:
    workers = '[workers.Dora]\ncontact_uri = "+14155550119"\nsupervisor = true\n'
    found = check.mistakes(Texts(f'default_line = "main"\n{CENTER}', workers))
    assert [mistake for mistake in found if "workers.Dora.supervisor" in mistake and "needs a mail" in mistake]
