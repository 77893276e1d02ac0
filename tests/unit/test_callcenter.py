"""callcenter.toml: what is wrong is said with file, key, value and what is allowed."""

import pytest

from chalicelib.config import callcenter
from chalicelib.config.callcenter import parse
from chalicelib.config.toml_errors import CallCenterError


def test_the_file_that_is_shipped_holds() -> None:
    center = parse(callcenter.source())
    assert center.line_of("+14155550100")[0] == "support"
    assert center.queue("Urgent").mode == "direct"
    assert center.queue("Unheard of").mode == "crm-first"


@pytest.mark.parametrize(
    ("written", "wrong", "said"),
    [
        ("priority = 5 ", "priority = -5 ", "lines.support.priority is -5: Expected `int` >= 0"),
        ("tries = 2", 'tries = "x"', "lines.support.menu.tries is 'x': Expected `int`, got `str`"),
        ('mode = "direct"', 'mode = "dircet"', "queues.Urgent.mode is 'dircet': Invalid enum value 'dircet'; allowed: crm-first, direct"),
        ("keep_days", "keepdays", "(top level): Object contains unknown field `keepdays`; allowed: default_line, lines, keep_days"),
        ("ring_timeout = 15", "ring_timeout = 110", "queues.Support.ring_timeout is 110: CRM budget, ring time and margin"),
        ("{position}", "{place}", "lines.support.wait.position is 'You are number {place} in the queue.': the only placeholder"),
        ('["+14155550101"]', '["0415"]', "lines.sales.numbers[0] is '0415': Expected `str` matching regex"),
        ('"+14155550101"', '"+14155550100"', "numbers is '+14155550100': each number may stand once"),
        ('digits = "2"', "digits = 2", "lines.support.menu.choices[1].digits is 2: Expected `str`, got `int`"),
        ('digits = "2"', 'digit = "2"', "lines.support.menu.choices[1]: Object contains unknown field `digit`; allowed: digits, attributes, speech"),
        ('digits = "2"', 'digits = "1"', "lines.support.menu.choices is '1': each digits may stand once"),
        ('default_line = "support"', 'default_line = "help"', "default_line is 'help': allowed: sales, support, urgent"),
        ('greeting = "Harbour Clinic, urgent line."', "", "lines.urgent: Object missing required field `greeting`; allowed: greeting"),
        ("[lines.sales]", "[lines.sales", "not TOML"),
        ('then = "voicemail" }\nleave', 'then = "nothing" }\nleave', "lines.support.after.queue_full.then is 'nothing'"),
    ],
)  # fmt: skip
def test_each_mistake_names_file_key_value_and_what_is_allowed(written: str, wrong: str, said: str) -> None:
    text = callcenter.source()
    assert written in text
    with pytest.raises(CallCenterError) as error:
        parse(text.replace(written, wrong))
    assert str(error.value).startswith(f"callcenter.toml: {said}")


def test_a_table_of_tables_that_is_no_table_is_said() -> None:
    with pytest.raises(CallCenterError, match="lines is 5: Expected `object`"):
        parse('default_line = "x"\nlines = 5')


def test_the_crms_budget_counts_attempts_and_pauses() -> None:
    assert callcenter.Crm(timeout=2.0, attempts=3).budget_seconds == pytest.approx(6.6)
