"""What an operator types, what is printed, and the exit code for a pipeline."""

import io
import json
import re
import tomllib
from typing import Any

import pytest
from twilio.http.response import Response

from ops.callcenter import files
from ops.callcenter.plan import plan
from ops.callcenter.state import actual, desired
from tests.emulator.harness import ACCOUNT, TOKEN
from tests.ops.files import API, CENTER, WORKERS
from tests.ops.harness import NUMBERS, Cut
from tests.ops.operator import Operator
from tests.support.terminal import Terminal


def test_from_an_empty_account_to_no_difference(operator: Operator, capsys: pytest.CaptureFixture[str]) -> None:
    assert operator.types("plan") == 3
    assert "+ workspace Harbour Clinic" in capsys.readouterr().out
    assert operator.account.transport.changes == []
    assert operator.types("apply", "--yes") == 0
    assert "+ task queue Support" in capsys.readouterr().out
    assert operator.types("plan") == 0
    assert operator.types("apply", "--yes") == 0
    assert capsys.readouterr().out.rstrip().endswith("Twilio is as the files say: nothing was changed")


def test_apply_gives_the_stage_what_the_application_needs_and_keeps_the_rest(operator: Operator) -> None:
    operator.types("apply", "--yes")
    environment = operator.environment()
    assert environment["LINKS_TABLE"] == "kept"
    assert environment["TWILIO_WORKSPACE_SID"] == operator.account.engine.fetch().sid
    assert set(json.loads(environment["TWILIO_TASK_QUEUES"])) == {"Support", "Sales"}


def test_apply_says_when_the_functions_have_to_be_deployed_again(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    operator.types("apply", "--yes")
    said = "chalicelib/team/dev.json has changed: the functions know it after `chalice deploy --stage dev`\n"
    assert capsys.readouterr().err == said
    operator.types("apply", "--yes")
    assert capsys.readouterr().err == ""


def test_a_difference_is_printed_and_ends_with_3(operator: Operator, capsys: pytest.CaptureFixture[str]) -> None:
    operator.types("apply", "--yes")
    (number,) = operator.account.client.incoming_phone_numbers.list(phone_number=NUMBERS[0])
    number.update(voice_url="https://elsewhere.example.com/")
    capsys.readouterr()
    assert operator.types("plan") == 3
    printed = capsys.readouterr().out
    assert f"~ number {NUMBERS[0]}" in printed
    assert '    - voice_url = "https://elsewhere.example.com/"' in printed
    assert operator.types("plan", "--json") == 3
    assert json.loads(capsys.readouterr().out)["steps"][0]["changes"][0]["field"] == "voice_url"
    assert operator.types("apply", "--yes") == 0
    assert operator.types("plan") == 0


def test_json_of_apply_is_one_document(operator: Operator, capsys: pytest.CaptureFixture[str]) -> None:
    assert operator.types("apply", "--yes", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["steps"][0]["name"] == "Harbour Clinic"


def test_a_mistake_in_the_files_stops_everything_before_anything_is_sent(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    operator.change(operator.center, "queues HAS", "queues HAVE")
    operator.change(operator.workers, "+14155550111", "0415")
    for command in ("check", "plan", "apply"):
        assert operator.types(command) == 1
    assert "workers.toml:3: workers.Bea.contact_uri is '0415'" in capsys.readouterr().err
    operator.change(operator.workers, "0415", "+14155550111")
    assert operator.types("check") == 1
    assert "callcenter.toml:19: queues.Support.workers is 'queues HAVE" in capsys.readouterr().err
    assert operator.account.transport.sent == []


def test_check_needs_no_account(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("TWILIO_ACCOUNT_SID")
    assert operator.types("check") == 0
    assert "callcenter.toml can be applied: 2 queues, 2 workers" in capsys.readouterr().out


def test_without_a_workers_file_workers_are_left_alone(operator: Operator, capsys: pytest.CaptureFixture[str]) -> None:
    operator.types("apply", "--yes")
    operator.workers.unlink()
    assert operator.types("plan", "--prune") == 0
    assert "no workers.toml: the workers in Twilio are left alone" in capsys.readouterr().err


def test_a_stage_that_does_not_exist_is_said_with_those_that_do(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ("plan", "apply", "destroy"):
        assert operator.types(command, "--stage", "prd") == 2
        assert "there is no stage 'prd' in .chalice/config.json; there are dev, new" in capsys.readouterr().err


def test_a_stage_that_was_never_deployed_has_no_url(operator: Operator, capsys: pytest.CaptureFixture[str]) -> None:
    assert operator.types("plan", "--stage", "new") == 1
    assert "stage new has no URL yet: run `python -m ops deploy --stage new` first" in capsys.readouterr().err
    assert operator.types("plan", "--stage", "new", "--api-url", API + "/") == 3


def test_a_token_pasted_with_a_line_feed_is_said(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", f"{TOKEN}\n")
    assert operator.types("apply", "--yes") == 1
    said = capsys.readouterr().err
    assert "TWILIO_AUTH_TOKEN has blanks or a line end in it" in said
    assert TOKEN not in said


def test_the_account_of_another_stage_is_refused(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    operator.types("apply", "--yes")
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", "AC" + "9" * 32)
    assert operator.types("plan") == 1
    assert f"but stage dev belongs to {ACCOUNT}" in capsys.readouterr().err


def test_a_network_that_breaks_ends_with_one_sentence_and_a_second_apply_finishes(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    operator.account.transport.before = Cut(5)
    assert operator.types("apply", "--yes") == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "run the command again" in said
    assert operator.environment()["TWILIO_WORKSPACE_SID"] == ""
    operator.account.transport.before = lambda method, path: None
    assert operator.types("apply", "--yes") == 0


def test_a_number_the_account_lacks_leaves_something_for_a_person(operator: Operator) -> None:
    operator.change(operator.center, NUMBERS[1], "+14155550177")
    assert operator.types("apply", "--yes") == 3
    assert operator.types("plan") == 3


# --- Check


def test_check_warns_and_passes_all_the_same(operator: Operator, capsys: pytest.CaptureFixture[str]) -> None:
    operator.change(operator.center, "targets = [{", "targets = [{ timeout = 300,")
    assert operator.types("check") == 0
    said = capsys.readouterr()
    summary, executions = said.out.splitlines()
    assert summary == "callcenter.toml can be applied: 2 queues, 2 workers"
    assert executions.startswith("20 calls a minute need 15 executions at once in Lambda: 8 that ring, 3 of after-call")
    assert said.err.startswith("warning: callcenter.toml: lines.sales.wait.leave_after is 1800: a task that the filter")
    assert said.err.count("\n") == 1


def test_check_tells_every_mistake_of_both_files(operator: Operator, capsys: pytest.CaptureFixture[str]) -> None:
    operator.change(operator.center, 'queue = "Support"', 'queue = "Suport"')
    operator.change(operator.workers, '"+14155550111"', '"0415 555"')
    assert operator.types("check") == 1
    said = capsys.readouterr().err.splitlines()
    assert [line.partition(" is ")[0] for line in said] == [
        "callcenter.toml:42: workflow.filters[0].targets[0].queue",
        "workers.toml:3: workers.Bea.contact_uri",
    ]


# --- Import


def imported(operator: Operator, *words: str) -> int:
    return operator.types("import", "Harbour Clinic", "--to", str(operator.root / "found"), *words)


def test_what_is_imported_describes_the_workspace_as_it_is(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    operator.types("apply", "--yes")
    assert imported(operator) == 0
    found = tomllib.loads((operator.root / "found" / "callcenter.toml").read_text())
    given = tomllib.loads(CENTER)
    assert found["activities"] == given["activities"]
    assert found["workflow"] == given["workflow"]
    assert found["workspace"]["timeout_activity"] == "Unavailable"
    assert {name: queue["workers"] for name, queue in found["queues"].items()} == {
        name: queue["workers"] for name, queue in given["queues"].items()
    }
    people, wanted = (
        tomllib.loads((operator.root / "found" / "workers.toml").read_text())["workers"],
        tomllib.loads(WORKERS),
    )
    for name, person in wanted["workers"].items():
        assert (people[name]["contact_uri"], people[name]["attributes"]) == (
            person["contact_uri"],
            person["attributes"],
        )
    assert people["Dora"]["capacity"]["voice"] == 2
    assert "to be settled: callcenter.toml:11: lines.main.attributes is {}" in capsys.readouterr().out


def test_a_plan_with_the_imported_files_finds_only_what_the_workspace_cannot_know(operator: Operator) -> None:
    operator.types("apply", "--yes")
    imported(operator)
    operator.center.write_text((operator.root / "found" / "callcenter.toml").read_text())
    operator.workers.write_text((operator.root / "found" / "workers.toml").read_text())
    operator.change(operator.center, 'name = "Calls"', 'name = "Calls"\ndefault_queue = "Sales"')
    operator.account.transport.sent.clear()
    assert operator.types("apply", "--yes") == 0
    assert [path.split("/")[-2] for path in operator.account.transport.changes] == ["Workflows"]
    assert operator.types("plan") == 0


def test_a_second_import_leaves_the_files_as_they_are(operator: Operator, capsys: pytest.CaptureFixture[str]) -> None:
    operator.types("apply", "--yes")
    assert imported(operator) == 0
    before = (operator.root / "found" / "callcenter.toml").read_text()
    capsys.readouterr()
    assert imported(operator) == 0
    found = operator.root / "found"
    assert capsys.readouterr().out.splitlines()[:2] == [
        f"left as it is {found / 'callcenter.toml'}",
        f"left as it is {found / 'workers.toml'}",
    ]
    assert (found / "callcenter.toml").read_text() == before


WRITTEN_BY_A_PERSON = """# Ours. Ask Dora before you change it.
default_line = "support"
reservation_timeout = 60  # a minute

[lines.support]
numbers = ["+14155550100"]
greeting = "Hello."  # in her voice
attributes = { department = "support" }

# The clinic's own people.
[queues.Support]
mode = "direct"  # no CRM yet
workers = 'queues HAS "Support"'
task_order = "FIFO"  # first come

[[workflow.filters]]
# Whoever dials the first number.
name = "support"
when = 'department == "support"'  # see lines
targets = [{ queue = "Support", timeout = 90, order_by = "worker.level DESC" }]
"""


def test_import_into_files_that_are_there_changes_only_what_twilio_has_otherwise(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    operator.types("apply", "--yes")
    operator.account.engine.task_queues.list(friendly_name="Support")[0].update(task_order="LIFO")
    file = operator.root / "found" / "callcenter.toml"
    file.parent.mkdir()
    file.write_text(WRITTEN_BY_A_PERSON)
    assert imported(operator) == 0
    assert f"updated {file}" in capsys.readouterr().out
    text = file.read_text()
    for line in WRITTEN_BY_A_PERSON.splitlines():
        changed = line.replace("FIFO", "LIFO")
        assert changed in text or line.startswith("targets ="), line
    found, wanted = tomllib.loads(text), tomllib.loads(CENTER)
    assert found["queues"]["Support"]["mode"] == "direct"
    assert found["workflow"]["filters"] == wanted["workflow"]["filters"]
    assert list(found["lines"]) == ["support"]


def test_import_for_a_program_is_json(operator: Operator, capsys: pytest.CaptureFixture[str]) -> None:
    operator.types("apply", "--yes")
    capsys.readouterr()
    assert imported(operator, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    found = operator.root / "found"
    assert told["written"] == [f"wrote {found / 'callcenter.toml'}", f"wrote {found / 'workers.toml'}"]
    assert all(isinstance(problem, str) for problem in told["to_be_settled"])


def test_import_leaves_a_file_that_is_no_toml_alone(operator: Operator, capsys: pytest.CaptureFixture[str]) -> None:
    operator.types("apply", "--yes")
    (operator.root / "found").mkdir()
    (operator.root / "found" / "workers.toml").write_text("[workers")
    assert imported(operator) == 1
    assert "workers.toml is no TOML: " in capsys.readouterr().err
    assert [file.name for file in (operator.root / "found").iterdir()] == ["workers.toml"]


def test_import_of_a_workspace_that_is_not_there_names_those_that_are(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    operator.account.client.taskrouter.v1.workspaces.create(friendly_name="Other")
    assert imported(operator) == 1
    assert "there is no workspace 'Harbour Clinic'; there are: Other" in capsys.readouterr().err


def test_import_asks_which_of_several_workflows(operator: Operator, capsys: pytest.CaptureFixture[str]) -> None:
    operator.types("apply", "--yes")
    (calls,) = operator.account.engine.workflows.list()
    operator.account.engine.workflows.create(friendly_name="Chats", configuration=calls.configuration)
    assert imported(operator) == 1
    assert "say with --workflow which workflow calls take; there are: Calls, Chats" in capsys.readouterr().err
    assert imported(operator, "--workflow", "Chats") == 0


def test_import_takes_what_nobody_would_write(operator: Operator) -> None:
    engine: Any = operator.account.client.taskrouter.v1.workspaces.create(friendly_name="Harbour Clinic")
    inside = operator.account.client.taskrouter.v1.workspaces(engine.sid)
    queue = inside.task_queues.create(friendly_name='Q "1" ü').sid
    route = {"filters": [{"expression": 'a == "b"', "targets": [{"queue": queue, "timeout": 200}, {"priority": "7"}]}]}
    inside.workflows.create(friendly_name="Calls", configuration=json.dumps({"task_routing": route}))
    odd = {"contact_uri": "desk 4", "nothing": None, "deep": {"a b": [1, 2.5, True, "x\u007f\n"]}}
    inside.workers.create(friendly_name="O'Neil, Bea", attributes=json.dumps(odd))
    assert imported(operator) == 0
    found = tomllib.loads((operator.root / "found" / "callcenter.toml").read_text())
    (filter_,) = found["workflow"]["filters"]
    assert filter_["name"] == "filter 1"
    assert filter_["targets"] == [{"queue": 'Q "1" ü', "timeout": 200}, {"queue": 'Q "1" ü', "priority": 7}]
    people = tomllib.loads((operator.root / "found" / "workers.toml").read_text())["workers"]
    assert people["O'Neil, Bea"]["attributes"] == {"contact_uri": "desk 4", "deep": odd["deep"]}


def settled(operator: Operator) -> Any:
    """The differences in the workflow's document after an import, with the imported files in place."""
    assert imported(operator) == 0
    operator.center.write_text((operator.root / "found" / "callcenter.toml").read_text())
    operator.workers.write_text((operator.root / "found" / "workers.toml").read_text())
    center = files.of_checkout(operator.root)
    steps = plan(desired(center, API), actual(operator.account.client, center))
    changes = [change for step in steps for change in step.changes if step.kind in ("workflow", "task queue", "worker")]
    return [change for change in changes if not change.field.endswith("callback_url")]


def workspace_with(operator: Operator, routing: Any, workers: str = "1==1") -> None:
    """A workspace whose only workflow has this document; in it `Everyone` stands for the queue of that name."""
    made = operator.account.client.taskrouter.v1.workspaces.create(friendly_name="Harbour Clinic")
    inside = operator.account.client.taskrouter.v1.workspaces(made.sid)
    queue = inside.task_queues.create(friendly_name="Everyone", target_workers=workers).sid
    text = json.dumps({"task_routing": routing}).replace("Everyone", queue)
    inside.workflows.create(friendly_name="Calls", configuration=text)


def everyone(**target: Any) -> dict[str, Any]:
    """A filter that takes everything, with this one target."""
    return {"filter_friendly_name": "all", "expression": "1==1", "targets": [{"queue": "Everyone", **target}]}


@pytest.mark.parametrize(
    ("routing", "taken"),
    [
        ({"filters": [everyone(priority=0)]}, {"priority": 0}),
        ({"filters": [everyone()], "default_filter": None}, {}),
        ({"filters": [everyone()]}, {}),
        ({"filters": [everyone(priority="0", timeout="200")]}, {"priority": 0, "timeout": 200}),
        ({"filters": [everyone(expression=None, skip_if=None, timeout=None)]}, {}),
        ({"filters": [everyone(expression="", order_by="")]}, {}),
        ({"filters": [{**everyone(), "filter_friendly_name": "", "friendly_name": "all"}]}, {}),
    ],
)
def test_after_an_import_nothing_differs_in_the_workflow(operator: Operator, routing: Any, taken: Any) -> None:
    workspace_with(operator, routing)
    assert settled(operator) == []
    workflow = tomllib.loads(operator.center.read_text())["workflow"]
    assert workflow["filters"] == [{"name": "all", "when": "1==1", "targets": [{"queue": "Everyone", **taken}]}]
    assert "default_queue" not in workflow


def test_a_later_target_that_inherits_its_queue_is_imported_with_it(operator: Operator) -> None:
    targets = [{"queue": "Everyone", "timeout": 200}, {"priority": 0}]
    workspace_with(operator, {"filters": [{**everyone(), "targets": targets}], "default_filter": {"queue": "Everyone"}})
    assert settled(operator) == []
    (taken,) = tomllib.loads(operator.center.read_text())["workflow"]["filters"]
    assert taken["targets"] == [{"queue": "Everyone", "timeout": 200}, {"queue": "Everyone", "priority": 0}]


def test_a_workflow_without_filters_is_imported_as_one(operator: Operator) -> None:
    workspace_with(operator, {"filters": [], "default_filter": {"queue": "Everyone"}})
    assert settled(operator) == []
    assert tomllib.loads(operator.center.read_text())["workflow"] == {"name": "Calls", "default_queue": "Everyone"}


def test_a_queue_that_asks_for_nobody_is_imported_as_one_that_nobody_serves(operator: Operator) -> None:
    workspace_with(operator, {"filters": [everyone()]}, workers="")
    assert settled(operator) == []
    assert tomllib.loads(operator.center.read_text())["queues"]["Everyone"]["workers"] == "1==2"


def test_a_worker_without_capacity_is_imported_as_one(operator: Operator) -> None:
    operator.types("apply", "--yes")
    (bea,) = operator.account.engine.workers.list(friendly_name="Bea")
    operator.account.engine.workers(bea.sid).worker_channels("voice").update(capacity=0)
    assert imported(operator) == 0
    people = tomllib.loads((operator.root / "found" / "workers.toml").read_text())["workers"]
    assert people["Bea"]["capacity"]["voice"] == 0


def test_what_toml_has_not_is_told(operator: Operator, capsys: pytest.CaptureFixture[str]) -> None:
    workspace_with(operator, {"filters": [everyone()]})
    odd = {"level": 0, "name": "", "skills": [], "deep": {"a": None, "b": False}, "list": [1, None]}
    operator.account.engine.workers.create(friendly_name="Bea", attributes=json.dumps(odd))
    assert imported(operator) == 0
    said = capsys.readouterr().out
    assert "to be settled: workers.toml: workers.Bea.attributes.deep.a is null in Twilio, and left out" in said
    assert "to be settled: workers.toml: workers.Bea.attributes.list[1] is null in Twilio, and left out" in said
    people = tomllib.loads((operator.root / "found" / "workers.toml").read_text())["workers"]
    assert people["Bea"]["attributes"] == {"level": 0, "name": "", "skills": [], "deep": {"b": False}, "list": [1]}


def test_what_the_workflow_has_and_the_file_cannot_say_is_told(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace_with(operator, {"filters": [{**everyone(), "colour": "red"}], "default_filter": {"queue": "Everyone"}})
    assert imported(operator) == 0
    said = capsys.readouterr().out
    assert "to be settled: callcenter.toml: workflow.filters[0] has colour in Twilio, which is left out" in said
    assert said.count("is left out") == 1


def test_what_twilio_leaves_null_is_imported_as_twilios_default(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator.types("apply", "--yes")
    ask = operator.account.transport.request

    def with_nulls(*args: Any, **kwargs: Any) -> Any:
        answer = ask(*args, **kwargs)
        fields = "max_reserved_workers|task_order|multi_task_enabled|task_reservation_timeout"
        nulled = re.sub(
            rf'"({fields})": [^,}}]+', r'"\1": null', answer.text.replace('"available": false', '"available": null')
        )
        return Response(answer.status_code, nulled)

    monkeypatch.setattr(operator.account.transport, "request", with_nulls)
    assert imported(operator) == 0
    found = tomllib.loads((operator.root / "found" / "callcenter.toml").read_text())
    assert found["reservation_timeout"] == 120
    assert found["workspace"]["multitasking"] is True
    assert found["activities"] == {"Offline": False, "Unavailable": False, "Available": True, "Wrap up": False}
    assert found["queues"]["Sales"] == {
        "workers": 'queues HAS "Sales"',
        "max_reserved_workers": 1,
        "task_order": "FIFO",
    }


def test_what_the_files_do_not_allow_is_told_and_written_all_the_same(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    operator.types("apply", "--yes")
    operator.account.engine.workflows.list()[0].update(task_reservation_timeout=20)
    assert imported(operator) == 0
    assert "to be settled: callcenter.toml:5: reservation_timeout is 20" in capsys.readouterr().out
    assert (operator.root / "found" / "workers.toml").exists()


# --- Destroy


def test_destroy_takes_back_what_apply_made(operator: Operator, capsys: pytest.CaptureFixture[str]) -> None:
    operator.types("apply", "--yes")
    assert operator.types("destroy", "--yes") == 0
    assert operator.account.client.taskrouter.v1.workspaces.list() == []
    assert not any(number.voice_url for number in operator.account.client.incoming_phone_numbers.list())
    assert operator.environment()["TWILIO_WORKSPACE_SID"] == ""
    assert operator.environment()["TWILIO_ACTIVITIES"] == ""
    capsys.readouterr()
    assert operator.types("destroy", "--yes") == 0
    assert capsys.readouterr().out == "there is nothing to destroy\n"


@pytest.mark.parametrize(("typed", "code", "left"), [("Harbour Clinic\n", 0, 0), ("yes\n", 1, 1), ("", 1, 1)])
def test_destroy_asks_for_the_workspaces_name(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, typed: str, code: int, left: int
) -> None:
    operator.types("apply", "--yes")
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    assert operator.types("destroy") == code
    assert len(operator.account.client.taskrouter.v1.workspaces.list()) == left


def test_without_a_terminal_destroy_changes_nothing_and_names_the_option(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    operator.types("apply", "--yes")
    monkeypatch.setattr("sys.stdin", io.StringIO("Harbour Clinic\n"))
    operator.account.transport.sent.clear()
    assert operator.types("destroy") == 2
    assert "nobody is there to be asked: give --yes. Nothing was changed" in capsys.readouterr().err
    assert operator.account.transport.changes == []


def test_destroy_leaves_what_apply_did_not_make(operator: Operator, capsys: pytest.CaptureFixture[str]) -> None:
    operator.types("apply", "--yes")
    operator.account.engine.workers.create(friendly_name="Gil")
    other = operator.account.client.taskrouter.v1.workspaces.create(friendly_name="Other")
    elsewhere = "https://elsewhere.example.com/"
    operator.account.client.incoming_phone_numbers.list(phone_number=NUMBERS[0])[0].update(voice_url=elsewhere)
    assert operator.types("destroy", "--yes") == 1
    assert "the workspace has what the files do not name: worker Gil; with --prune" in capsys.readouterr().err
    assert operator.types("destroy", "--yes", "--prune") == 0
    assert [one.sid for one in operator.account.client.taskrouter.v1.workspaces.list()] == [other.sid]
    assert operator.account.client.incoming_phone_numbers.list(phone_number=NUMBERS[0])[0].voice_url == elsewhere


def test_a_destroy_that_broke_off_is_finished_by_the_next(operator: Operator) -> None:
    operator.types("apply", "--yes")
    operator.account.transport.before = Cut(1)
    assert operator.types("destroy", "--yes") == 1
    operator.account.transport.before = lambda method, path: None
    assert operator.types("destroy", "--yes") == 0
    assert operator.account.client.taskrouter.v1.workspaces.list() == []
