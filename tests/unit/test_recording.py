"""Which notices a caller hears before they wait: of every recorded queue that they may get to, and of no other."""

from typing import Any

import pytest

from chalicelib.config import schema
from chalicelib.config.recording import Recording, reachable

FILTERS = [
    {"when": 'department == "sales"', "targets": [{"queue": "Sales"}]},
    {"when": "department == 'support' AND language != \"de\"", "targets": [{"queue": "Support"}, {"queue": "Sales"}]},
    {"when": 'kind == "message" OR kind == "lead"', "targets": [{"queue": "Work"}]},
    {"when": "agent != null AND department != null", "targets": [{"queue": "Agent"}]},
    {"when": 'from == "+12125550171"', "targets": [{"queue": "Known"}]},
]
WORKFLOW = {"filters": FILTERS, "default_queue": "Rest"}


@pytest.mark.parametrize(
    ("attributes", "queues"),
    [
        ({"department": "sales"}, frozenset({"Sales"})),
        ({"department": "support"}, frozenset({"Support", "Sales"})),
        ({"department": "support", "language": "de"}, frozenset({"Known", "Rest"})),
        ({"department": "Sales", "agent": "Bea"}, frozenset({"Agent"})),
        ({"department": "Sales"}, frozenset({"Known", "Rest"})),  # another word
        ({"kind": "lead"}, frozenset({"Work"})),
        ({"department": 1}, frozenset({"Sales", "Support", "Known", "Rest"})),  # no text: TaskRouter alone knows
        ({}, frozenset({"Known", "Rest"})),
    ],
)
def test_queues_that_a_task_may_get_to(attributes: dict[str, Any], queues: frozenset[str]) -> None:
    assert reachable(WORKFLOW, attributes) == queues


@pytest.mark.parametrize(
    "when", ["department IN ['sales']", '(department == "x")', "taskrouter.hour > 8", "1==1", "", 'a.b == "x"', "x"]
)
def test_what_cannot_be_said_beforehand_may_be(when: str) -> None:
    workflow = {"filters": [{"when": when, "targets": [{"queue": "Open"}]}], "default_queue": "Rest"}
    assert reachable(workflow, {"department": "sales"}) == frozenset({"Open", "Rest"})


@pytest.mark.parametrize("workflow", [{}, {"name": "Calls"}])
def test_of_a_workflow_that_the_file_does_not_have_nothing_is_known(workflow: dict[str, Any]) -> None:
    assert reachable(workflow, {}) is None


def test_a_workflow_of_a_default_queue_alone_leads_there() -> None:
    assert reachable({"default_queue": "Rest"}, {"department": "sales"}) == frozenset({"Rest"})


@pytest.mark.parametrize("filters", [[{}], [{"when": 7, "targets": "x"}], [{"targets": [1]}]])
def test_a_filter_that_is_none_breaks_nothing(filters: list[Any]) -> None:
    assert reachable({"filters": filters}, {}) == frozenset({""})


def test_each_recorded_queue_has_its_notice() -> None:
    queues = {
        "Support": schema.Queue(recording=Recording(record="both", notice="Recorded.")),
        "Sales": schema.Queue(recording=Recording(record="both", notice="elsewhere")),
        "Urgent": schema.Queue(),
    }
    center = schema.CallCenter(default_line="a", lines={}, queues=queues, workflow=WORKFLOW)
    assert center.notices({"department": "support"}) == {"Support": "Recorded."}
    assert center.notices({"department": "sales"}) == {}


@pytest.mark.parametrize(("worker", "may"), [("Bea", True), ("BEA", True), ("Carl", False), ("Be", False), ("", False)])
def test_who_may_listen_is_named_in_any_case(worker: str, may: bool) -> None:
    recorded = Recording(record="both", notice="Recorded.", who_may_listen=("bea", "Dora"))
    assert recorded.may_listen(worker) is may
    assert schema.Queue(recording=recorded).listens(worker) is may and not schema.Queue().listens(worker)


@pytest.mark.parametrize(
    ("notice", "is_ours"), [("elsewhere", False), ("Recorded.", True), ("we record", True), ({"en": "elsewhere"}, True)]
)
def test_a_notice_is_said_unless_something_else_tells_it(notice: str | dict[str, str], is_ours: bool) -> None:
    assert Recording(record="both", notice=notice).is_told_by_us is is_ours
