"""`ops check` between the values: attributes of a task, what only Twilio can judge, which wait ends first."""

import re
from collections.abc import Sequence

import pytest

from chalicelib.config.toml_errors import CallCenterError
from ops.callcenter import check
from ops.callcenter.calls import OF_THE_CALL
from ops.callcenter.files import Texts, parse
from tests.ops.files import center

# --- Attributes


def test_the_attributes_of_line_menu_and_call_have_to_fit_into_a_task_together() -> None:
    def told(line: int, choice: int) -> Sequence[str]:
        changes = (
            (
                'attributes = { department = "support" }',
                f'attributes = {{ department = "support", a = "{"x" * line}" }}',
            ),
            ('language = "en" }', f'language = "en", b = "{"x" * choice}" }}'),
        )
        return check.problems(center(*changes))

    assert told(2000, 0) == told(0, 2000) == told(2000, 1000) == []
    assert told(2000, 1200) == [
        "callcenter.toml: lines.support.menu.choices[0].attributes is '4223 characters': at most 4096, counted as JSON"
        " with blanks, and six for a letter beyond ASCII: 3281 of the line and the menu's choice together, 942 of the"
        " 26 attributes that Twilio adds (a city with 40 letters)"
    ]


def test_a_menu_that_replaces_a_long_attribute_is_reckoned_without_it() -> None:
    long = ('attributes = { department = "support" }', f'attributes = {{ department = "support", a = "{"x" * 4000}" }}')
    (told,) = check.problems(center(long, ('language = "en" }', 'a = "" }')))
    assert told.startswith("callcenter.toml: lines.support.attributes is '")


@pytest.mark.parametrize("attribute", OF_THE_CALL)
def test_no_attribute_of_the_call_can_be_given(attribute: str) -> None:
    (told,) = check.problems(center(('department = "sales" }', f'department = "sales", {attribute} = 1 }}')))
    assert told.startswith(
        f"callcenter.toml: lines.sales.attributes.{attribute} is 1: this attribute is the call's own"
    )


def test_a_date_in_a_lines_attributes_is_what_the_application_sends() -> None:
    dated = ('department = "sales" }', 'department = "sales", since = 2026-01-01 }')
    assert check.problems(center(dated, ('department == "sales"\'', 'since == "2026-01-01"\''))) == []


# --- What only Twilio knows

ACCEPTED = """
default_line = "support"
reservation_timeout = 120

[lines.support]
numbers = ["+14155550100"]
greeting = "Hello."
attributes = { department = "support" }

[queues.Support]
workers = 'queues HAS "Support" AND worker.channel.voice.assigned_tasks == 0'
[queues.Early]
workers = 'activity_name == "Available"'
[queues.Voicemail]
workers = '1==2'

[workspace]
name = "Harbour Clinic"

[workflow]
name = "Calls"

[[workflow.filters]]
name = "in hours"
when = 'department == "support" AND taskrouter.currentTime < 1700'
targets = [{ queue = "Early", known_worker_sid = "task.agent_sid", timeout = 30 }, { queue = "Support" }]

[[workflow.filters]]
name = "after hours"
when = 'department == "support" AND taskrouter.currentTime >= 1700'
targets = [{ queue = "Voicemail" }]
"""
ONE_PERSON = """
[workers.Bea]
contact_uri = "+14155550111"
attributes = { queues = ["Support"] }
"""


def test_what_only_twilio_can_judge_is_taken_and_a_queue_may_be_unserved_on_purpose() -> None:
    assert check.mistakes(Texts(ACCEPTED, ONE_PERSON)) == []


@pytest.mark.parametrize(
    ("what", "into"),
    [
        ('queues HAS "Support" AND worker', 'queues HAS "Suport" AND worker'),
        ('activity_name == "Available"', 'activity_name == "Available" AND level > 1'),
        ("1==2", '1==2 OR queues HAS "Voicemail"'),
    ],
)
def test_what_the_file_can_judge_is_judged_beside_what_only_twilio_can(what: str, into: str) -> None:
    assert what in ACCEPTED
    (told,) = check.mistakes(Texts(ACCEPTED.replace(what, into), ONE_PERSON))
    assert "that somebody in workers.toml matches, or 1==2 for nobody" in told


def test_a_filter_that_depends_on_the_hour_takes_no_call_of_another_department() -> None:
    (told,) = check.mistakes(
        Texts(ACCEPTED.replace('{ department = "support" }', '{ department = "sales" }'), ONE_PERSON)
    )
    assert "a filter has to take it, or workflow.default_queue" in told


def test_a_line_without_a_number_may_be_meant_by_a_filter_on_the_dialled_number() -> None:
    nameless = ACCEPTED.replace('numbers = ["+14155550100"]\n', "").replace(
        'department == "support"', 'to == "+14155550100"'
    )
    assert check.mistakes(Texts(nameless, ONE_PERSON)) == []


# --- Which comes first, the task's end or the waiting document's

WAITS = """
default_line = "support"
[lines.support]
greeting = "Hello."
attributes = { department = "support" }
[queues.Support]
answer.mode = "key"
[[workflow.filters]]
name = "support"
when = 'department == "support"'
targets = [{ queue = "Support" }]
"""


def test_a_queue_that_says_nothing_of_how_a_phone_is_answered_is_told() -> None:
    (told,) = waits(('answer.mode = "key"\n', ""))
    assert told == (
        "callcenter.toml: queues.Support says nothing of answer: a caller may be joined to a worker's voicemail;"
        " answer.mode is one of key, detect, key+detect, at-once"
    )
    assert waits(('"key"', '"at-once"')) == []
    assert waits(('answer.mode = "key"', 'mode = "direct"')) == []


def test_a_workers_own_mode_is_one_that_there_is_and_fits_into_the_reservation() -> None:
    mine = ("level = 2", 'level = 2, answer = "{}"')
    assert check.problems(center((mine[0], mine[1].format("detect")))) == []
    (told,) = check.problems(center((mine[0], mine[1].format("loud"))))
    assert told == "workers.toml: workers.Bea.attributes.answer is 'loud': allowed: key, detect, key+detect, at-once"
    short = ("reservation_timeout = 60", "reservation_timeout = 48")
    told, *_ = check.problems(center(short, (mine[0], mine[1].format("detect"))))
    assert told.startswith("workers.toml: workers.Bea.attributes.answer is 'detect': queue Support needs 50 s then")


def waits(*changes: tuple[str, str]) -> list[str]:
    text = WAITS
    for what, into in changes:
        assert what in text
        text = text.replace(what, into, 1)
    center = parse(text)
    assert check.problems(center) == []
    return check.warnings(center)


ENDING = ('[{ queue = "Support" }]', '[{ queue = "Support", timeout = 200 }, { queue = "Support", timeout = 300 }]')


def test_a_caller_who_is_let_out_before_the_task_ends_is_nothing_to_warn_of() -> None:
    assert waits() == []
    assert waits(ENDING, ('"Hello."', '"Hello."\nwait.leave_after = 500')) == []


def test_targets_that_end_the_task_before_the_caller_is_let_out_are_told_with_both_times() -> None:
    assert waits(ENDING) == [
        "callcenter.toml: lines.support.wait.leave_after is 1800: a task that the filter 'support' takes is over after"
        " 500 s (the timeouts of its targets), before the waiting document lets the caller leave (1800 s): the caller's"
        " way out is the task's end"
    ]


def test_the_lines_own_timeout_ends_the_task_too() -> None:
    (told,) = waits(ENDING, ('"Hello."', '"Hello."\ntimeout = 400'))
    assert (
        "is over after 400 s (lines.support.timeout), before the waiting document lets the caller leave (430 s)" in told
    )


def test_a_target_without_a_timeout_keeps_the_task_unless_it_may_be_skipped() -> None:
    last = ('[{ queue = "Support" }]', '[{ queue = "Support" }, { queue = "Support", timeout = 300 }]')
    assert waits(last) == []
    skipped = (last[0], last[1].replace('"Support" }', '"Support", skip_if = "workers.available == 0" }', 1))
    assert "is over after 300 s" in waits(skipped)[0]


def test_each_filter_that_may_take_the_line_is_told_once_and_no_other() -> None:
    others = """
[[workflow.filters]]
name = "sales"
when = 'department == "sales"'
targets = [{ queue = "Support", timeout = 600 }]
[[workflow.filters]]
name = "rest"
when = '1==1'
targets = [{ queue = "Support", timeout = 700 }]
[[workflow.filters]]
name = "never"
when = '1==1'
targets = [{ queue = "Support", timeout = 800 }]
"""
    menu = '[lines.support.menu]\nprompt = "Press."\nchoices = [{ digits = "1", attributes = { language = "en" } }]\n'
    told = waits(
        (WAITS, WAITS + others),
        ENDING,
        ('department == "support"', "taskrouter.currentTime < 600"),
        ("[queues.Support]\n", f"{menu}[queues.Support]\n"),
    )
    assert [re.findall("filter '(.*?)'", warning) for warning in told] == [["support"], ["rest"]]


def test_a_line_that_lets_nobody_out_sooner_than_the_task_ends_says_so_itself() -> None:
    endless = ('"Hello."', '"Hello."\nwait.leave_after = 0\ntimeout = 900')
    assert waits(endless) == []
    (told,) = waits(endless, ENDING)
    assert (
        "is over after 500 s (the timeouts of its targets), before the waiting document lets the caller leave (930 s)"
        in told
    )


# --- Messages that are offered to workers

OFFERED = (
    (
        'attributes = { department = "sales" }',
        'attributes = { department = "sales" }\n[lines.sales.voicemail]\noffered = true',
    ),
    ("[workspace]", '[messages]\nkept_in = "s3"\n[work.message]\nsay = "A message."\n[workspace]'),
)
FOR_DORA = (OFFERED[0][0], OFFERED[0][1] + '\nmessages_to = "Dora"')


def test_a_message_goes_the_way_of_its_callers_unless_a_filter_keeps_it_out() -> None:
    assert check.problems(center(*OFFERED)) == []
    calls_only = ("'department == \"sales\"'", '\'department == "sales" AND NOT (kind == "message")\'')
    (told,) = check.problems(center(*OFFERED, calls_only))
    assert told.startswith("callcenter.toml: lines.sales.voicemail.offered is 'true': a filter has to take {")


def test_whom_messages_are_for_is_one_of_the_workers_and_the_workflow_knows_it() -> None:
    assert check.warnings(center(FOR_DORA, OFFERED[1], ("task.agent", "task.messages_to"))) == []
    (told,) = check.warnings(center(FOR_DORA, OFFERED[1]))
    assert told == (
        "callcenter.toml: lines.sales.voicemail.messages_to is 'Dora', and no target that takes it has"
        ' known_worker = "task.messages_to"'
    )
    (told,) = check.problems(center((FOR_DORA[0], FOR_DORA[1].replace("Dora", "Zoe")), OFFERED[1]))
    assert told.startswith("callcenter.toml: lines.sales.voicemail.messages_to is 'Zoe': allowed: Bea, Dora, as")


# --- Callers whom a worker gives away by the star key

STAR = (
    ("[queues.Sales]\n", '[queues.Sales]\nattributes = { department = "sales" }\n'),
    ("[workspace]", '[queues.Support.star]\nmenu = ["queue:Sales", "person", "back"]\n[workspace]'),
    ("level = 2 }", 'level = 2 }\nextension = "21"'),
)


def test_a_star_menu_whose_choices_lead_where_they_say_is_right() -> None:
    assert check.problems(center(*STAR)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ("queue:Sales", "queue:Nowhere"),
            "queues.Support.star.menu[0] is 'queue:Nowhere': allowed: queue:Support, queue:Sales, person, back",
        ),
        (
            ('attributes = { department = "sales" }\n', ""),
            "queues.Support.star.menu[0] is 'queue:Sales': needs queues.Sales.attributes, by which",
        ),
        (('"person", ', '"queue:Sales", '), "queues.Support.star.menu[1] is 'queue:Sales': each choice may stand once"),
        (
            ("task.agent", "task.somebody"),
            "menu[1] is 'person': needs a target of the workflow with known_worker = \"task.agent\"",
        ),
        (
            ('\nextension = "21"', ""),
            "queues.Support.star.menu[1] is 'person': needs somebody with an extension in workers.toml",
        ),
    ],
)
def test_a_choice_that_leads_nowhere_is_refused(change: tuple[str, str], said: str) -> None:
    in_workflow = [change] if "task." in change[0] else []
    (found,) = check.problems(center(*(change_in(one, change) for one in STAR), *in_workflow))
    assert said in found


def change_in(given: tuple[str, str], change: tuple[str, str]) -> tuple[str, str]:
    """A change of the file, changed itself."""
    return given[0], given[1].replace(*change)


def test_attributes_that_lead_elsewhere_are_refused() -> None:
    elsewhere = (STAR[0][0], STAR[0][1].replace('"sales"', '"billing"'))
    found = check.problems(center(elsewhere, *STAR[1:]))
    assert [told.partition(": the first")[0] for told in found] == [
        "callcenter.toml: queues.Sales.attributes is {'department': 'billing'}"
    ] * 2
    assert "the first filter that takes a call of line support with them needs a target Sales" in found[0]


@pytest.mark.parametrize("wrong", ["queue:", "queues:Sales", "Sales", "hang up", ""])
def test_a_choice_is_a_queue_a_person_or_back(wrong: str) -> None:
    with pytest.raises(CallCenterError, match=r"queues.Support.star.menu\[0\]"):
        center(*(change_in(one, ("queue:Sales", wrong)) for one in STAR))


def test_no_star_key_where_the_leg_is_twilios() -> None:
    direct = ("[queues.Support]\n", '[queues.Support]\nmode = "direct"\n')
    (told,) = check.problems(center(*STAR, direct))
    assert told == "callcenter.toml: queues.Support.star is 'there': not allowed with mode = \"direct\""


def test_an_extension_stands_once() -> None:
    twice = ('contact_uri = "client:dora"', 'contact_uri = "client:dora"\nextension = "21"')
    (told,) = check.problems(center(*STAR, twice))
    assert (
        told
        == "workers.toml: workers.Dora.extension is '21': each extension may stand once, and workers.Bea has the same"
    )


@pytest.mark.parametrize("wrong", ["12a", "1234567", "+1"])
def test_an_extension_has_1_to_6_digits(wrong: str) -> None:
    with pytest.raises(CallCenterError, match=r"workers.Bea.extension is"):
        center(*(change_in(one, ("21", wrong)) for one in STAR))


@pytest.mark.parametrize(
    ("other", "vain"), [("billing", [0, 1]), ("Billing", [0, 1]), ("my billing", [1]), ("bill", [])]
)
def test_words_that_make_two_choices_of_a_menu_are_told(other: str, vain: list[int]) -> None:
    billing = '{ digits = "1", speech = ["billing"], attributes = { language = "en" } }'
    others = f'{{ digits = "2", speech = ["{other}"], attributes = {{ language = "en" }} }}'
    of_one = 'choices = [{ digits = "1", attributes = { language = "en" } }]'
    words = ["billing", other]
    assert check.problems(center((of_one, f"choices = [{billing}, {others}]"))) == [
        f"callcenter.toml: lines.support.menu.choices[{at}].speech[0] is {words[at]!r}: words that make no other choice"
        for at in vain
    ]
