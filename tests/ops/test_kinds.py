"""A new kind of resource is a module and a line in the table: plan, apply, prune and destroy know nothing of it."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from chalicelib.routing import events
from ops.aws.former import FormerNumbers
from ops.callcenter import destroy, resources
from ops.callcenter.apply import apply
from ops.callcenter.files import Center
from ops.callcenter.model import Resource, State, Step
from ops.callcenter.plan import as_text_of, plan
from ops.callcenter.resources.kind import Execution, Kind, Missing, Reading
from ops.callcenter.resources.workspace_settings import EVENTS, OF_THE_CONSOLE
from ops.callcenter.state import actual, desired
from tests.ops.files import API, center
from tests.ops.harness import Account

FORMER = FormerNumbers("test")


class Applications(Kind):
    """TwiML applications, as an account has them that keeps them in `kept`: name to URL."""

    name = "application"
    is_prunable = True

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def desired(self, center: Center, api_url: str) -> Iterator[Resource]:
        yield Resource(self.name, "Browser", {"voice_url": f"{api_url}/browser"})

    def read(self, reading: Reading) -> Iterator[Resource]:
        for name, url in self.kept.items():
            yield Resource(self.name, name, {"voice_url": url}, f"AP{name}")

    def missing(self, wanted: Resource) -> Missing | None:
        return Missing("create")

    def create(self, execution: Execution, resource: Resource) -> str:
        self.kept[resource.name] = resource.fields["voice_url"]
        return f"AP{resource.name}"

    def update(self, execution: Execution, resource: Resource, fields: Mapping[str, Any]) -> None:
        self.kept[resource.name] = fields["voice_url"]

    def delete(self, execution: Execution, name: str, sid: str) -> None:
        assert sid == f"AP{name}"
        del self.kept[name]

    def environment(self, center: Center, found: State) -> dict[str, str]:
        return {"TWILIO_APPLICATION_SID": found.sids(self.name).get("Browser", "")}

    def destroy(self, found: State) -> Iterator[Step]:
        for resource in found.of(self.name):
            yield Step("delete", self.name, resource.name, resource.sid)


@pytest.fixture
def applications(monkeypatch: pytest.MonkeyPatch) -> Applications:
    kind = Applications()
    monkeypatch.setattr(resources, "KINDS", (*resources.KINDS, kind))
    return kind


def test_a_new_kind_is_planned_applied_and_given_to_the_application(applications: Applications) -> None:
    account = Account()
    assert "+ application Browser" in as_text_of(plan(desired(center(), API), State()))
    outcome = apply(account.client, center(), API, FORMER)
    assert applications.kept == {"Browser": f"{API}/browser"}
    assert outcome.environment["TWILIO_APPLICATION_SID"] == "APBrowser"
    assert plan(desired(center(), API), actual(account.client, center())) == ()


def test_a_new_kind_is_corrected_and_pruned(applications: Applications) -> None:
    account = Account()
    apply(account.client, center(), API, FORMER)
    applications.kept.update({"Browser": "https://elsewhere.example.com/", "Old": ""})
    outcome = apply(account.client, center(), API, FORMER, prune=True)
    assert [(step.verb, step.name) for step in outcome.done] == [("update", "Browser"), ("delete", "Old")]
    assert applications.kept == {"Browser": f"{API}/browser"}


@pytest.mark.usefixtures("aws_account")
def test_a_new_kind_is_destroyed(applications: Applications) -> None:
    account = Account()
    apply(account.client, center(), API, FORMER)
    steps = destroy.plan(account.client, center(), API, FORMER)
    variables = destroy.do(account.client, center(), steps, api_url=API, former=FORMER)
    assert applications.kept == {}
    assert variables["TWILIO_APPLICATION_SID"] == ""


def test_every_kind_has_a_name_of_its_own() -> None:
    assert len({kind.name for kind in resources.KINDS}) == len(resources.KINDS)


@pytest.mark.parametrize("kind", resources.KINDS, ids=lambda kind: kind.name)
def test_a_kind_that_is_pruned_can_be_deleted_and_one_that_is_created_can_be_created(kind: Kind) -> None:
    if kind.is_prunable:
        assert type(kind).delete is not Kind.delete
    for wanted in desired(center(), API).of(kind.name):
        if (missing := kind.missing(wanted)) and missing.verb == "create":
            assert type(kind).create is not Kind.create


def test_the_workspace_is_subscribed_to_what_decides_something_and_to_nothing_that_is_not_handled() -> None:
    says_it_again = {"task.wrapup", "reservation.completed"}  # which reservation.wrapup and task.completed have said
    assert {*EVENTS} | says_it_again == {*events._HANDLERS}
    assert not {*EVENTS} & says_it_again
    assert OF_THE_CONSOLE == (events.WORKER_MOVED,)
