"""The difference between the files and Twilio, as steps that a person and a pipeline can read."""

import json
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from ops.callcenter.model import Resource, State, flat
from ops.callcenter.plan import as_text_of, document, has_drift, plan
from ops.callcenter.resources.workflow import configuration, normal, renamed_queues
from ops.callcenter.state import desired
from tests.ops.files import API, center


def found(*changes: tuple[str, str, dict[str, Any]], without: tuple[tuple[str, str], ...] = ()) -> State:
    """Twilio as the files want it, but for these fields and without these resources."""
    resources = {
        key: replace(resource, sid="XX" + resource.name)
        for key, resource in desired(center(), API).resources.items()
        if key not in without
    }
    for kind, name, fields in changes:
        known = resources.get((kind, name), Resource(kind, name, {}, "XX" + name))
        resources[kind, name] = replace(known, fields={**known.fields, **fields})
    return State(resources)


def test_nothing_differs_from_itself() -> None:
    steps = plan(desired(center(), API), found())
    assert steps == ()
    assert as_text_of(steps) == "Nothing differs."


def test_an_empty_account_needs_everything_in_the_order_of_dependency() -> None:
    steps = plan(desired(center(), API), State())
    kinds = list(dict.fromkeys(step.kind for step in steps))
    assert kinds == [
        "workspace",
        "activity",
        "task queue",
        "workflow",
        "workspace settings",
        "worker",
        "worker channel",
        "number",
    ]
    assert {step.verb for step in steps if step.kind == "number"} == {"impossible"}


def test_a_field_that_differs_is_shown_with_both_values() -> None:
    steps = plan(desired(center(), API), found(("task queue", "Support", {"target_workers": "1==1"})))
    assert as_text_of(steps) == (
        "~ task queue Support\n"
        '    - target_workers = "1==1"\n'
        '    + target_workers = "queues HAS \\"Support\\""'
    )  # fmt: skip


def test_the_workflows_document_is_compared_target_by_target() -> None:
    changed = center(("timeout = 90", "timeout = 120"), (', priority = 10, skip_if = "workers.available == 0"', ""))
    step = plan(desired(changed, API), found())[0]
    shown = {
        change.field.removeprefix("configuration.task_routing."): (change.old, change.new) for change in step.changes
    }
    assert shown == {
        "filters[0].targets[0].timeout": (90, 120),
        "filters[0].targets[1].priority": (10, ...),
        "filters[0].targets[1].skip_if": ("workers.available == 0", ...),
    }


def test_a_workers_other_attributes_are_left_alone_unless_pruned() -> None:
    there = found(("worker", "Bea", {"attributes": {**_attributes("Bea"), "flex": {"a": 1}}}))
    assert plan(desired(center(), API), there) == ()
    (step,) = plan(desired(center(), API), there, prune=True)
    assert [(change.field, change.old, change.new) for change in step.changes] == [("attributes.flex.a", 1, ...)]


def test_a_missing_attribute_is_drift() -> None:
    attributes = _attributes("Bea")
    del attributes["contact_uri"]
    (step,) = plan(desired(center(), API), found(("worker", "Bea", {"attributes": attributes})))
    assert [(change.field, change.new) for change in step.changes] == [("attributes.contact_uri", "+14155550111")]


def test_what_the_files_do_not_name_is_kept_and_is_no_drift() -> None:
    steps = plan(desired(center(), API), found(("worker", "Gil", {}), ("task queue", "Old", {})))
    assert [(step.verb, step.name) for step in steps] == [("keep", "Gil"), ("keep", "Old")]
    assert not has_drift(steps)
    assert "· worker Gil  (not in the files; --prune deletes it)" in as_text_of(steps)


def test_prune_deletes_last_and_first_of_all_what_uses_the_rest() -> None:
    surplus: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("activity", "Lunch", {}),
        ("task queue", "Old", {}),
        ("workflow", "Old", {}),
        ("worker", "Gil", {}),
        ("number", "+1", {}),
    )
    there = found(*surplus, ("task queue", "Sales", {"target_workers": "1==1"}))
    steps = plan(desired(center(), API), there, prune=True)
    assert [(step.verb, step.kind) for step in steps] == [
        ("update", "task queue"),
        ("delete", "worker"),
        ("delete", "workflow"),
        ("delete", "task queue"),
        ("delete", "activity"),
    ]


def test_without_a_file_of_workers_no_worker_is_deleted() -> None:
    steps = plan(desired(center(workers=None), API), found(), prune=True)
    assert steps == ()


def test_whether_an_activity_is_available_cannot_be_changed_later() -> None:
    (step,) = plan(desired(center(), API), found(("activity", "Wrap up", {"available": True})))
    assert (step.verb, step.can_be_done, step.is_drift) == ("impossible", False, True)
    assert "Twilio cannot change this later" in as_text_of([step])


def test_a_number_that_the_account_does_not_have_is_said() -> None:
    (step,) = plan(desired(center(), API), found(without=(("number", "+14155550101"),)))
    assert as_text_of([step]).startswith("! number +14155550101  (the account has no such number: buy it")
    assert has_drift([step])


def test_a_larger_voice_queue_that_is_not_there_yet_is_told_and_is_no_drift() -> None:
    larger = center(("[workflow]\n", "[voice_queue]\nmax_size = 250\n[workflow]\n"))
    (step,) = plan(desired(larger, API), found(without=(("voice queue", "Calls"),)))
    assert not has_drift([step])
    assert "apply again after it" in as_text_of([step])


def test_a_voice_queue_as_twilio_will_make_it_is_not_worth_a_word() -> None:
    assert plan(desired(center(), API), found(without=(("voice queue", "Calls"),))) == ()


def test_true_is_not_one() -> None:
    (step,) = plan(desired(center(), API), found(("workspace", "Harbour Clinic", {"multi_task_enabled": 1})))
    assert step.verb == "update"


def test_json_has_every_step_and_says_whether_there_is_drift() -> None:
    told = json.loads(
        json.dumps(document(plan(desired(center(), API), found(("task queue", "Support", {"task_order": "LIFO"})))))
    )
    assert told["drift"] is True
    (step,) = told["steps"]
    assert (step["verb"], step["kind"], step["name"], step["sid"]) == ("update", "task queue", "Support", "XXSupport")
    assert step["changes"] == [{"field": "task_order", "old": "LIFO", "new": "FIFO"}]
    created = json.loads(json.dumps(document(plan(desired(center(), API), State()))))["steps"][0]
    assert created["changes"] == [{"field": "multi_task_enabled", "new": True}]


def test_names_take_the_place_of_sids_wherever_a_queue_stands() -> None:
    document = {"filters": [{"targets": [{"queue": "WQ1"}, {"queue": "WQ9"}]}], "default_filter": {"queue": "WQ2"}}
    assert renamed_queues(document, {"WQ1": "One", "WQ2": "Two"}) == {
        "filters": [{"targets": [{"queue": "One"}, {"queue": "WQ9"}]}],
        "default_filter": {"queue": "Two"},
    }


def test_a_list_of_plain_values_is_one_value() -> None:
    assert flat({"a": [1, 2], "b": {"c": [{"d": 1}]}, "e": {}, "f": []}) == {
        "a": [1, 2],
        "b.c[0].d": 1,
        "e": {},
        "f": [],
    }


def _attributes(name: str) -> dict[str, Any]:
    attributes: dict[str, Any] = dict(desired(center(), API).resources["worker", name].fields["attributes"])
    return attributes


WORDS = some.sampled_from(["task_routing", "filters", "targets", "queue", "default_filter", "priority", "expression"])
JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.sampled_from(["", "0", "7", "x"]),
    lambda inner: some.lists(inner, max_size=2) | some.dictionaries(WORDS, inner, max_size=3),
)


@settings(max_examples=300, deadline=None)
@given(JSON, some.lists(JSON, max_size=2))
def test_whatever_stands_in_a_workflow_can_be_compared(document: Any, filters: Any) -> None:
    for anything in (document, {"task_routing": document}, {"task_routing": {"filters": filters}}):
        read = normal(anything)
        assert normal(read) == read
        assert all(isinstance(target, dict) for one in read["task_routing"]["filters"] for target in one["targets"])


def test_what_apply_writes_is_read_as_it_was_written() -> None:
    assert normal(configuration(center())) == configuration(center())
