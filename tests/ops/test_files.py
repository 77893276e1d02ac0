"""callcenter.toml and workers.toml: what is wrong is said before anything is sent."""

from pathlib import Path

import pytest

from chalicelib.config.toml_errors import NAME, CallCenterError
from laptop.teams import DEMO
from ops.callcenter import check
from ops.callcenter.files import Texts, parse, read
from ops.stage import ROOT
from tests.ops.files import CENTER, WORKERS, center, without_lines

EXAMPLE = ROOT / "chalicelib" / "team" / "callcenter.example.toml"


@pytest.mark.parametrize("files", [(EXAMPLE, ROOT / "workers.example.toml"), (DEMO.folder / NAME, DEMO.workers)])
def test_the_examples_and_the_demos_files_can_be_applied(files: tuple[Path, Path]) -> None:
    shipped = read(*files)
    assert check.problems(shipped) == []
    assert shipped.workers is not None
    assert shipped.workers["Bea"].all_attributes()["contact_uri"] == "+14155550111"


def test_the_callcenter_of_an_application_that_says_nothing_of_twilio_gets_twilios_defaults() -> None:
    plain = parse('default_line = "a"\n[lines.a]\ngreeting = "Hello."')
    assert (plain.workspace.name, plain.workflow.name, plain.voice_queue.max_size) == ("Cordboard", "Calls", 100)
    assert plain.activities == {"Offline": False, "Unavailable": False, "Available": True}


def test_without_a_file_of_workers_there_is_nobody_to_check(tmp_path: Path) -> None:
    (tmp_path / "callcenter.toml").write_text(CENTER)
    alone = read(tmp_path / "callcenter.toml", tmp_path / "workers.toml")
    assert alone.workers is None
    assert check.problems(alone) == []


@pytest.mark.parametrize(
    ("what", "into", "said"),
    [
        ('name = "Harbour Clinic"', "", ""),
        ("timeout_activity", "timout_activity", "callcenter.toml: workspace: Object contains unknown field `timout_activity`; allowed: name, default_activity"),
        ('"Available" = true', '"Available" = "yes"', "callcenter.toml: activities.Available is 'yes': allowed: true, false"),
        ("timeout = 90", 'timeout = "90"', "callcenter.toml: workflow.filters[0].targets[0].timeout is '90': Expected `int | null`"),
        ("order_by", "orderby", "callcenter.toml: workflow.filters[0].targets[0]: Object contains unknown field `orderby`; allowed: queue, timeout"),
        ("[workflow]\n", "[workflow]\nmax = 1\n", "callcenter.toml: workflow: Object contains unknown field `max`; allowed: name, default_queue, filters"),
        ("[workflow]\n", "[voice_queue]\nmax_size = 5001\n[workflow]\n", "callcenter.toml: voice_queue.max_size is 5001: Expected `int` <= 5000"),
        ("[queues.Support]\n", "[queues.Support]\nmax_reserved_workers = 51\n", "callcenter.toml: queues.Support.max_reserved_workers is 51"),
        ('"+14155550101"', '"0415 555"', "callcenter.toml: lines.sales.numbers[0] is '0415 555': it has no country code: a number begins with +"),
        ('"+14155550111"', '"0415 555"', "workers.toml: workers.Bea.contact_uri is '0415 555': it has no country code: a number begins with +"),
        ("voice = 2", "phone = 2", "workers.toml: workers.Dora.capacity: Object contains unknown field `phone`; allowed: voice, chat, sms"),
        ("[workers.Dora]", "[workers.Bea]", "workers.toml: workers.Bea (lines 2 and 6): each person's name may stand once"),
        ("[workers.Dora]", "[workers.'bea']", "workers.toml: workers.bea (lines 2 and 6): each person's name may stand once"),
        ("[workers.Dora]", "[workers]\nBEA.attributes = {}\n[workers.Dora]", "workers.toml: workers.BEA: each person's name may stand once"),
        ("[workers.Dora]", f"[workers.{'D' * 65}]", f"workers.toml: workers.{'D' * 65}: a name has 1 to 64 characters"),
        ("[workers.Dora]", "[people.Dora]", "workers.toml: people: allowed are only tables of the kind [workers.NAME]"),
        ("[workers.Dora]", "[workers.Dora", "workers.toml: not TOML"),
    ],
)  # fmt: skip
def test_a_mistake_in_one_value_names_file_key_value_and_what_is_allowed(what: str, into: str, said: str) -> None:
    if not said:
        assert center((what, into)).workspace.name == "Cordboard"
        return
    with pytest.raises(CallCenterError) as error:
        center((what, into))
    assert without_lines(error.value.args)[0].startswith(said)


@pytest.mark.parametrize(
    ("what", "into", "said"),
    [
        ("queues HAS \"Support\"", "queues HAS", "callcenter.toml: queues.Support.workers is 'queues HAS': Unexpected text at position 10"),
        ("department == \"sales\"'", "department = = 1'", "callcenter.toml: workflow.filters[1].when is 'department = = 1': Unexpected text at position 13"),
        ("workers.available == 0", "workers.available ==", "callcenter.toml: workflow.filters[0].targets[1].skip_if is 'workers.available ==': Unexpected"),
        ("worker.level DESC", "worker.level DOWN", "callcenter.toml: workflow.filters[0].targets[0].order_by is 'worker.level DOWN': No order"),
        ("task.agent", "task.", "callcenter.toml: workflow.filters[1].targets[0].known_worker is 'task.'"),
        ("queues HAS \"Support\"", "queues HAS \"Suport\"", "callcenter.toml: queues.Support.workers is 'queues HAS \"Suport\"': allowed is an expression that somebody"),
        ('{ queue = "Sales", priority', '{ queue = "Sails", priority', "callcenter.toml: workflow.filters[0].targets[1].queue is 'Sails': allowed: Support, Sales"),
        ('name = "Calls"', 'default_queue = "Sails"', "callcenter.toml: workflow.default_queue is 'Sails': allowed: Support, Sales"),
        ('timeout_activity = "Unavailable"', 'timeout_activity = "Away"', "callcenter.toml: workspace.timeout_activity is 'Away': allowed: Offline, Unavailable"),
        ('"Wrap up" = false', "", "callcenter.toml: queues.Sales.activities.after_call is 'Wrap up': allowed: Offline"),
        ('department = "sales"', 'department = "sail"', "callcenter.toml: lines.sales.attributes is {'to': '+14155550101', 'called': '+14155550101', 'department': 'sail'}: a filter has to"),
        ('language = "en" }', 'department = "help" }', "callcenter.toml: lines.support.menu.choices[0].attributes is {'to': '+14155550100'"),
        ("priority = 10", "timeout = 60", "callcenter.toml: workflow.filters[0].targets[1].timeout is 60: more than reservation_timeout (60 s)"),
        ("[queues.Sales]\n", f"[queues.{'S' * 65}]\n[queues.Sales]\n", f"callcenter.toml: queues.{'S' * 65} is '65 characters': a name has 1 to 64"),
        ("[queues.Sales]\n", "[queues.'']\n[queues.Sales]\n", "callcenter.toml: queues. is '0 characters': a name has 1 to 64"),
        ('department = "sales" }', 'department = "sales", from = "x" }', "callcenter.toml: lines.sales.attributes.from is 'x': this attribute is the call's own"),
        ('language = "en" }', 'call_sid = "x" }', "callcenter.toml: lines.support.menu.choices[0].attributes.call_sid is 'x': this attribute is the call's own"),
        ("timeout_activity", 'default_activity = ""\ntimeout_activity', "callcenter.toml: workspace.default_activity is '': allowed: Offline, Unavailable"),
        ("[lines.sales]\n", "[lines.sales]\ntimeout = 60\n", "callcenter.toml: lines.sales.timeout is 60: more than reservation_timeout (60 s)"),
        ("level = 2", "level = nan", "workers.toml: workers.Bea.attributes: allowed is what JSON has"),
        ("level = 2", "level = 2026-01-01", "workers.toml: workers.Bea.attributes: allowed is what JSON has"),
        ("level = 2", f'level = "{"x" * 4096}"', "workers.toml: workers.Bea.attributes is '4163 characters': at most 4096"),
    ],
)  # fmt: skip
def test_a_mistake_between_values_names_file_key_value_and_what_is_allowed(what: str, into: str, said: str) -> None:
    found = check.problems(center((what, into)))
    assert [problem for problem in found if problem.startswith(said)], found


def test_every_mistake_is_told_at_once_with_its_line_and_in_the_order_of_the_lines() -> None:
    center = CENTER
    for what, into in (
        ("reservation_timeout = 60", "reservation_timeout = 30"),
        ('numbers = ["+14155550101"]', 'numbers = ["+14155550100"]'),
        ('queues HAS "Sales"', 'queues HAS "Sails"'),
        ('department == "support"', "department = = 1"),
        ('timeout_activity = "Unavailable"', 'timeout_activity = "Away"'),
        ('department = "sales" }', 'to = "x" }'),
    ):
        assert what in center
        center = center.replace(what, into)
    told = check.mistakes(Texts(center, WORKERS.replace("level = 2", "level = 2026-01-01")))
    assert [mistake.split(" is ")[0] for mistake in told] == [
        "callcenter.toml:14: lines.sales.numbers[0]",
        "callcenter.toml:16: lines.sales.attributes.to",
        "callcenter.toml:18: queues.Support.ring_timeout",
        "callcenter.toml:20: queues.Sales.ring_timeout",
        "callcenter.toml:21: queues.Sales.workers",
        "callcenter.toml:27: workspace.timeout_activity",
        "callcenter.toml:40: workflow.filters[0].when",
        "workers.toml:4: workers.Bea.attributes: allowed",
    ]


def test_every_wrong_value_of_both_files_is_told_at_once() -> None:
    told = check.mistakes(
        Texts(
            """
            default_line = 5
            [lines.a]
            numbers = ["1", "2"]
            [queues.A]
            mode = "crm"
            [workspace]
            nme = "x"
            [activities]
            Away = "no"
            [workflow]
            filters = [{ name = "a", targets = [{ timeout = 0 }] }]
            [voice_queue]
            max_size = 0
            """,
            """
            [workers.Bea]
            contact_uri = "x"
            capacity = { phone = 1 }
            [workers.Carl]
            attributes = 5
            """,
        )
    )
    assert [
        mistake.partition("; allowed")[0].partition(" matching")[0].partition(": a number")[0] for mistake in told
    ] == [
        "callcenter.toml:2: default_line is 5: Expected `str`, got `int`",
        "callcenter.toml:3: lines.a: Object missing required field `greeting`",
        "callcenter.toml:4: lines.a.numbers[0] is '1': it has no country code",
        "callcenter.toml:4: lines.a.numbers[1] is '2': it has no country code",
        "callcenter.toml:6: queues.A.mode is 'crm': Invalid enum value 'crm'",
        "callcenter.toml:8: workspace: Object contains unknown field `nme`",
        "callcenter.toml:10: activities.Away is 'no': allowed: true, false",
        "callcenter.toml:12: workflow.filters[0].targets[0].timeout is 0: Expected `int` >= 1",
        "callcenter.toml:12: workflow.filters[0].targets[0]: Object missing required field `queue`",
        "callcenter.toml:12: workflow.filters[0]: Object missing required field `when`",
        "callcenter.toml:14: voice_queue.max_size is 0: Expected `int` >= 1",
        "workers.toml:3: workers.Bea.contact_uri is 'x': it is no phone number, which is + and digits, as in +14155550100",
        "workers.toml:4: workers.Bea.capacity: Object contains unknown field `phone`",
        "workers.toml:6: workers.Carl.attributes is 5: Expected `object`, got `int`",
    ]


def test_what_is_wrong_in_one_file_does_not_hide_what_does_not_fit_in_the_other() -> None:
    sails, long = (
        ('{ queue = "Sales", priority', '{ queue = "Sails", priority'),
        ("level = 2", f'level = "{"x" * 4096}"'),
    )
    no_toml = check.mistakes(Texts(CENTER.replace(*sails), "[workers"))
    assert [mistake.partition(": ")[2][:23] for mistake in no_toml] == [
        "workflow.filters[0].tar",
        "not TOML: Expected ']' ",
    ]
    no_line = check.mistakes(Texts("default_line = 5", WORKERS.replace(*long)))
    assert [mistake.partition(" is ")[0] for mistake in no_line] == [
        "callcenter.toml:1: default_line",
        "callcenter.toml: (top level): Object missing required field `lines`; allowed: default_line, lines, keep_days,"
        " reservation_timeout, calls_per_minute, queues, crm, simple_queues, work, tell, time_zone, workspace, activities, workflow,"
        " voice_queue, messages, staff, hours, reports,"
        " console",
        "workers.toml:4: workers.Bea.attributes",
    ]


def test_a_wrong_value_hides_no_mistake_between_the_others() -> None:
    center = CENTER
    for what, into in (
        ('numbers = ["+14155550101"]', 'numbers = ["+1415555010", "+14155550100"]'),
        ("[queues.Support]", '[queues.Support]\nmode = "dircet"'),
        ('language = "en" }', 'department = "help" }'),
        ("worker.level DESC", "worker.level DOWN"),
        ('timeout_activity = "Unavailable"', 'timeout_activity = "Away"'),
        ('default_line = "support"', 'default_line = "suport"'),
    ):
        assert what in center
        center = center.replace(what, into)
    told = check.mistakes(Texts(center, WORKERS.replace('"client:dora"', '"+14155550111"')))
    assert [mistake.partition(" is ")[0] for mistake in told] == [
        "callcenter.toml:2: default_line",
        "callcenter.toml:11: lines.support.menu.choices[0].attributes",
        "callcenter.toml:14: lines.sales.numbers[0]",
        "callcenter.toml:14: lines.sales.numbers[0]",
        "callcenter.toml:19: queues.Support.mode",
        "callcenter.toml:28: workspace.timeout_activity",
        "callcenter.toml:43: workflow.filters[0].targets[0].order_by",
        "workers.toml:7: workers.Dora.contact_uri",
    ]


def test_a_table_that_cannot_be_read_is_no_reason_to_call_others_wrong() -> None:
    assert check.mistakes(Texts(CENTER.replace('name = "sales"', 'nam = "sales"'), WORKERS)) == [
        "callcenter.toml:46: workflow.filters[1]: Object missing required field `name`; allowed: name, when, targets",
        "callcenter.toml:47: workflow.filters[1]: Object contains unknown field `nam`; allowed: name, when, targets",
    ]
    (told,) = check.mistakes(Texts(CENTER.replace("[queues.Sales]", "[queues.Sales]\nring_timeout = 1"), WORKERS))
    assert told.startswith("callcenter.toml:21: queues.Sales.ring_timeout is 1")
    (told,) = check.mistakes(Texts(CENTER, WORKERS.replace("level = 2", "level = ")))
    assert told.startswith("workers.toml: not TOML")


def test_two_workers_with_one_phone_are_refused() -> None:
    (told,) = check.mistakes(Texts(CENTER, WORKERS.replace("client:dora", "+14155550111")))
    assert told == (
        "workers.toml:7: workers.Dora.contact_uri is '+14155550111': Bea has the same; each worker needs a phone of"
        " their own"
    )


def test_each_name_that_stands_twice_is_told_with_its_lines() -> None:
    with pytest.raises(CallCenterError) as error:
        parse(CENTER, "[workers.Bea]\n[workers.Carl]\n[workers.bea]\n[workers.carl]\n")
    assert [mistake.split(": ")[1] for mistake in error.value.args] == [
        "workers.bea (lines 1 and 3)",
        "workers.carl (lines 2 and 4)",
    ]


@pytest.mark.parametrize("expression", ['from == "+15551234567"', 'NOT (from_city IN ["Boston"])'])
def test_a_filter_on_what_only_the_call_knows_may_take_any_line(expression: str) -> None:
    assert check.problems(center(('department == "sales"\'', f"{expression}'"))) == []


def test_a_filter_on_the_dialled_number_takes_its_line() -> None:
    assert check.problems(center(('department == "sales"\'', 'to == "+14155550101"\''))) == []
    assert check.problems(center(('department == "sales"\'', 'to == "+14155550109"\'')))


def test_a_default_queue_takes_what_no_filter_takes() -> None:
    lost = ('department = "sales"', 'department = "sail"')
    assert check.problems(center(lost, ('name = "Calls"', 'default_queue = "Sales"'))) == []


def test_the_reservation_has_to_hold_crm_and_ringing() -> None:
    told = check.problems(center(("reservation_timeout = 60", "reservation_timeout = 30")))
    assert [mistake for mistake in told if "CRM budget, ring time and margin" in mistake], told


def test_every_person_of_the_file_is_read() -> None:
    assert list(center().workers or ()) == ["Bea", "Dora"]
    assert WORKERS.count("[workers.") == 2
