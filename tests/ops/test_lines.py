"""On which line of a TOML file each key stands."""

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.config.toml_errors import sentence
from laptop.teams import DEMO
from ops.callcenter import lines

TEXT = '''# a comment
keep_days = 90

[lines.support]
numbers = [
  "+14155550100",  # the first
  "+14155550101",
  "+14155550102", "+14155550103",
]
greeting = """
[queues.Hidden]
keep_days = 5
"""
attributes = { department = "support" }
menu.prompt = "Press 1."

[queues."Front desk"]
mode = "direct"  # not [this]

[[workflow.filters]]
name = "a"
targets = [
  { queue = "Front desk", timeout = 5 },

  { queue = "x" },
]

[[workflow.filters]]
name = "b"
[workflow.filters.more]
deep = 1
'''


def line(key: str, text: str = TEXT) -> int | None:
    return lines.line_of(key, lines.of(text))


def test_each_key_and_each_table_has_its_line() -> None:
    assert line("keep_days") == 2
    assert line("lines.support") == 4
    assert line("lines.support.greeting") == 10
    assert line("lines.support.menu.prompt") == 15
    assert line("queues.Front desk") == 17
    assert line("queues.Front desk.mode") == 18
    assert line("queues.Hidden") is None


def test_the_values_of_a_list_of_several_lines_have_theirs() -> None:
    assert [line(f"lines.support.numbers[{number}]") for number in range(4)] == [6, 7, 8, 8]
    assert line("workflow.filters[0].targets[0].timeout") == 23
    assert line("workflow.filters[0].targets[1].queue") == 25


def test_tables_of_an_array_are_counted() -> None:
    assert line("workflow.filters[0].name") == 21
    assert line("workflow.filters[1]") == 28
    assert line("workflow.filters[1].name") == 29
    assert line("workflow.filters[1].more.deep") == 31


def test_what_has_no_line_of_its_own_has_that_of_what_it_stands_in() -> None:
    assert line("lines.support.attributes.department") == 14
    assert line("queues.Front desk.ring_timeout") == 17
    assert line("crm.timeout") is None


def test_line_ends_of_windows_are_line_ends() -> None:
    assert line("queues.Front desk.mode", TEXT.replace("\n", "\r\n")) == 18


def test_mistakes_are_told_in_the_order_of_their_lines_and_the_last_have_none() -> None:
    mistakes = [sentence("crm", 5, "less"), sentence("queues.Front desk.mode", "x", "y"), sentence("keep_days", 0, "1")]
    assert [str(mistake) for mistake in lines.located(mistakes, TEXT)] == [
        "callcenter.toml:2: keep_days is 0: 1",
        "callcenter.toml:18: queues.Front desk.mode is 'x': y",
        "callcenter.toml: crm is 5: less",
    ]


def test_every_key_of_the_demos_file_stands_on_its_line() -> None:
    text = (DEMO.folder / "callcenter.toml").read_text(encoding="utf-8")
    written = text.split("\n")
    for key, number in lines.of(text).items():
        name = key.rpartition(".")[2].partition("[")[0]
        assert name in written[number - 1] or key.endswith("]"), (key, number)


@given(st.text())
def test_text_that_is_no_toml_has_lines_or_none(text: str) -> None:
    assert all(number > 0 for number in lines.of(text).values())
