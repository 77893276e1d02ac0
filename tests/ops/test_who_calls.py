"""Who calls, as the files have it: what `check` says, which filters `apply` makes, and `block` and `caller`."""

import json
from collections.abc import Callable, Iterator

import pytest

from chalicelib.config import callcenter
from chalicelib.config.toml_errors import CallCenterError
from chalicelib.links import callbacks as callback_rows
from chalicelib.links import profiles
from chalicelib.links.model import Callback
from ops.__main__ import main
from ops.callcenter import check, persons
from ops.callcenter.resources import workflow
from ops.commands.table_options import Table
from tests.conftest import Aws
from tests.ops.files import CENTER, center, without_lines

NUMBER, NOW = "+12125550171", 1795953600.0
SALES = 'attributes = { department = "sales" }\n'
KNOWS = (SALES, f"{SALES}[lines.sales.know_caller]\nvip_priority = 0\nsame_worker = {{ days = 7, wait = 20 }}\n")
TYPES = (SALES, f'{SALES}[lines.sales.extensions]\nqueue = "Sales"\n')
DORA = ("[workers.Dora]\n", '[workers.Dora]\nextension = "21"\n')


# --- Filters


def test_without_such_a_line_the_workflow_is_the_files_own() -> None:
    given = center()
    assert persons.filters(given) == given.workflow.filters


def test_each_filter_that_may_take_such_a_call_gets_a_twin_before_it() -> None:
    given = center(KNOWS)
    first, *own = persons.filters(given)
    assert tuple(own) == given.workflow.filters
    assert first.when == 'first_wait == 20 AND (department == "sales")'
    (alone, *then) = first.targets
    assert (alone.queue, alone.timeout, alone.known_worker) == ("Sales", 20, "task.first_worker")
    assert tuple(then) == given.workflow.filters[1].targets


def test_the_default_queue_gets_one_too() -> None:
    given = center(KNOWS, ('name = "Calls"\n', 'name = "Calls"\ndefault_queue = "Support"\n'))
    _, twin, *_ = persons.filters(given)
    assert twin.when == "first_wait == 20" and [one.queue for one in twin.targets] == ["Support", "Support"]


def test_who_types_an_extension_goes_to_that_worker_alone() -> None:
    first, *_ = persons.filters(center(TYPES, DORA))
    assert first.when == 'person_queue == "Sales"'
    assert [(one.queue, one.known_worker, one.timeout) for one in first.targets] == [("Sales", "task.agent", None)]


def test_an_import_leaves_out_what_apply_puts_there() -> None:
    made = workflow.configuration(center(KNOWS))["task_routing"]["filters"]
    kept = [one["filter_friendly_name"] for one in made if not persons.is_made(one["expression"])]
    assert len(made) == 3 and kept == ["support", "sales"]


# --- Mistakes


@pytest.mark.parametrize(
    ("line", "table", "said"),
    [
        ("sales", 'know_caller]\nblocked = "ring"', "know_caller.blocked is 'ring'"),
        ("sales", "know_caller]\nsame_worker = { days = 0 }", "same_worker.days"),
        ("sales", "know_caller]\nsame_worker = { wait = 1 }", "same_worker.wait"),
        ("sales", 'screening]\nprefixes = ["1900"]', "screening.prefixes[0]"),
        ("sales", 'screening]\nsay = "Press a key."', "screening.say is 'Press a key.': needs {digit}"),
        ("sales", 'screening]\nsay = "{digit} {name}"', "the only placeholder allowed is {digit}"),
        ("sales", 'extensions]\nqueue = "Nobody"', "extensions.queue is 'Nobody': allowed: Support, Sales"),
        ("sales", 'extensions]\nqueue = "Sales"\nkey = "9"', "extensions.key is '9': needs a menu"),
        ("sales", 'extensions]\nqueue = "Sales"\naway = "{nme}"', "the only placeholder allowed is {name}"),
        ("support", 'extensions]\nqueue = "Support"', "a line with a menu needs a key"),
        ("support", 'extensions]\nqueue = "Support"\nkey = "1"', "a choice of a menu has the same"),
    ],
)
def test_the_application_refuses_a_value_and_says_what_is_allowed(line: str, table: str, said: str) -> None:
    with pytest.raises(CallCenterError) as refused:
        callcenter.parse(f"{CENTER}\n[lines.{line}.{table}\n")
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([TYPES], "lines.sales.extensions is 'there': needs somebody with an extension in workers.toml"),
        (
            [TYPES, ("[workers.Bea]\n", '[workers.Bea]\nextension = "20"\n')],
            "lines.sales.extensions.queue is 'Sales': its workers have to include Bea, who has an extension",
        ),
        (
            [("[lines.sales]", "[lines.support.know_caller]\n[lines.sales]")],
            "lines.support.know_caller.vip_priority is 10: 0, or no priority of the target Sales that takes its calls:"
            " that one would count",
        ),
    ],
)
def test_check_says_what_does_not_fit_together(changes: list[tuple[str, str]], said: str) -> None:
    assert f"callcenter.toml: {said}" in without_lines(map(str, check.problems(center(*changes))))


# --- block and caller


@pytest.fixture
def typed(
    cloud: Aws, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., tuple[int, str]]]:
    rules = CENTER.replace(SALES, f'{SALES}[lines.sales.know_caller]\n[lines.sales.callback]\ncountries = ["+1"]\n', 1)
    environment.setattr(callcenter, "source", lambda _where="": rules)
    environment.setattr(Table, "now", lambda _table: NOW)
    callcenter.current.cache_clear()

    def types(*words: str) -> tuple[int, str]:
        code = main(words)
        out, err = capsys.readouterr()
        return code, f"{out}{err}"

    yield types


Typed = Callable[..., tuple[int, str]]


def test_a_number_is_blocked_listed_and_let_in_again(typed: Typed) -> None:
    code, said = typed("block", "add", NUMBER, "--until", "2027-01-31T12:00", "--reason", "shouts")
    assert code == 0 and "…71 is blocked until 2027-01-31 12:00" in said and NUMBER not in said
    code, said = typed("block", "list", "--json")
    (found,) = json.loads(said)
    assert code == 0 and (found["number"], found["until"], found["reason"]) == ("…71", "2027-01-31 12:00", "shouts")
    assert NUMBER in typed("block", "list", "--numbers")[1]
    assert typed("block", "remove", NUMBER)[0] == 0
    assert "nobody is blocked" in typed("block", "list")[1]
    assert [one.did for one in profiles.find(NUMBER).changes] == ["unblocked", "blocked"]


def test_a_block_without_an_end_stands_for_a_year(typed: Typed) -> None:
    assert "until 2027-11-29" in typed("block", "add", NUMBER)[1]


def test_who_is_blocked_is_not_called_back(typed: Typed) -> None:
    about = "CA" + "a" * 32
    asked = Callback(call_sid=about, line="sales", caller=NUMBER, number=NUMBER, since=NOW, at=NOW, state="queued")
    callback_rows.create(asked, NOW)
    callback_rows.claim(NUMBER, "sales", about, "", NOW)
    typed("block", "add", NUMBER)
    found = callback_rows.find(about)
    assert found and (found.state, found.reason) == ("withdrawn", "the caller is blocked")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("block", "add", "0415"), "'0415' is no caller's number"),
        (("block", "add", "+266696687"), "is no caller's number"),
        (("block", "add", "+14155550100"), "is one of your own lines"),
        (("block", "add", NUMBER, "--until", "2020-01-01T12:00"), "is over"),
        (("caller", "set", NUMBER), "say --vip, --no-vip or --language"),
        (("caller", "set", NUMBER, "--language", "x" * 21), "at most 20"),
        (("caller", "show", "anonymous"), "is no caller's number"),
    ],
)
def test_what_cannot_be_done_is_said(typed: Typed, words: tuple[str, ...], why: str) -> None:
    code, said = typed(*words)
    assert code and why in said and list(profiles.blocked()) == []


def test_a_caller_is_a_vip_of_a_language_until_somebody_says_otherwise(typed: Typed) -> None:
    assert typed("caller", "set", NUMBER, "--vip", "--language", "es")[0] == 0
    known = profiles.find(NUMBER)
    assert (known.vip, known.language, [one.did for one in known.changes]) == (True, "es", ["language", "vip"])
    code, said = typed("caller", "show", NUMBER)
    assert code == 0 and "yes" in said and "es" in said and NUMBER not in said
    typed("caller", "set", NUMBER, "--no-vip", "--language", "")
    assert (profiles.find(NUMBER).vip, profiles.find(NUMBER).language) == (False, "")


def test_where_no_line_asks_who_calls_nobody_is_blocked(typed: Typed, environment: pytest.MonkeyPatch) -> None:
    environment.setattr(callcenter, "source", lambda _where="": CENTER)
    callcenter.current.cache_clear()
    assert "no line asks who calls" in typed("block", "add", NUMBER)[1]


def test_one_hears_what_who_types_an_extension_would(typed: Typed, environment: pytest.MonkeyPatch) -> None:
    table = '[lines.support.extensions]\nqueue = "Support"\nkey = "9"\n'
    environment.setattr(callcenter, "source", lambda _where="": f"{CENTER}\n{table}")
    callcenter.current.cache_clear()
    _, said = typed("hear", "+14155550100", "--keys", "921#")
    assert "says: If you know the extension" in said and '"person_queue":"Support"' in said
