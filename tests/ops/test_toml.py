"""What ops writes into TOML can be read again, whatever stands in Twilio, and a person's text is left alone."""

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from ops.callcenter.toml_writer import merged, quoted

TEXTS = some.text(some.characters(exclude_categories=["Cs"]), max_size=20)
PLAIN = some.booleans() | some.integers() | some.floats(allow_nan=False, allow_infinity=False) | TEXTS
VALUES = some.recursive(
    PLAIN, lambda inner: some.lists(inner, max_size=3) | some.dictionaries(TEXTS, inner, max_size=3)
)
PEOPLE = some.dictionaries(TEXTS, some.fixed_dictionaries({"attributes": some.dictionaries(TEXTS, VALUES)}), max_size=3)


@settings(max_examples=300, deadline=None)
@given(PEOPLE)
def test_every_table_is_read_as_it_was_written(workers: dict[str, object]) -> None:
    text = merged("", {"workers": workers})
    assert tomllib.loads(text).get("workers", {}) == workers
    assert merged(text, {"workers": workers}) == text


@settings(max_examples=200, deadline=None)
@given(PEOPLE, PEOPLE)
def test_what_was_there_of_a_worker_gives_way_to_what_is_now(before: dict[str, object], now: dict[str, object]) -> None:
    text = merged(merged("# ours\n", {"workers": before}), {"workers": now})
    assert text.startswith("# ours\n")
    assert tomllib.loads(text).get("workers", {}) == {**before, **now}


@given(TEXTS)
def test_a_text_is_quoted_so_that_toml_reads_it(text: str) -> None:
    assert tomllib.loads(f"a = {quoted(text)}") == {"a": text}


def test_nothing_stands_where_json_has_null() -> None:
    text = merged('[workers.Bea]\ncontact_uri = "x"\n', {"workers": {"Bea": {"contact_uri": None, "attributes": {}}}})
    assert text == "[workers.Bea]\nattributes = {}\n"
    assert tomllib.loads(merged("", {"workspace": {"a": {"b": None, "c": [1, None]}}})) == {
        "workspace": {"a": {"c": [1]}}
    }


FILTERS = """
[[workflow.filters]]  # the first
name = "a"
when = "x == 1"  # always

[[workflow.filters]]
name = "b"  # the second
when = "x == 2"
skipped = true
"""


@pytest.mark.parametrize("names", [["a", "b"], ["b", "a"], ["b"], ["b", "c", "a"], []])
def test_a_filter_keeps_its_comments_wherever_it_goes(names: list[str]) -> None:
    wanted = [{"name": name, "when": "x == 3"} for name in names]
    text = merged(FILTERS, {"workflow": {"filters": wanted}})
    assert tomllib.loads(text).get("workflow", {}).get("filters", []) == wanted
    assert ("# always" in text, "# the second" in text) == ("a" in names, "b" in names)


def test_a_key_without_a_table_is_set_before_the_tables() -> None:
    text = merged("a = 1\n[lines.x]\nb = 2\n[queues.q]\nc = 1\n[lines.y]\nd = 3\n", {"reservation_timeout": 60})
    assert tomllib.loads(text)["reservation_timeout"] == 60


@pytest.mark.parametrize(
    "text",
    [
        "queues.Support.mode = 'direct'\n",
        "queues = { Support = { mode = 'direct' } }\n",
        "[queues]\nSupport = { mode = 'direct' }\n",
        "[queues.Support]\nmode = 'direct'\n[crm]\ntimeout = 1.0\n[queues.Other]\nmode = 'direct'\n",
    ],
)
def test_a_table_may_be_written_in_any_way(text: str) -> None:
    wanted = {"queues": {"Support": {"workers": "1==1"}, "New": {"workers": "1==2"}}}
    found = tomllib.loads(merged(text, wanted))["queues"]
    assert found["Support"] == {"mode": "direct", "workers": "1==1"}
    assert found["New"] == {"workers": "1==2"}


def test_a_worker_may_have_an_attribute_that_is_called_as_the_workflows_filters() -> None:
    for filters in ([], ["a"], "none"):
        workers = {"Ada": {"attributes": {"filters": filters}}}
        text = merged(merged("", {"workers": {"Ada": {"attributes": {"filters": [1]}}}}), {"workers": workers})
        assert tomllib.loads(text)["workers"] == workers
