"""What `ops import` writes can be read again, whatever somebody has put into Twilio."""

import tomllib

from hypothesis import given, settings
from hypothesis import strategies as some

from ops.callcenter.toml_writer import table, value

TEXTS = some.text(some.characters(exclude_categories=["Cs"]), max_size=20)
PLAIN = some.booleans() | some.integers() | some.floats(allow_nan=False, allow_infinity=False) | TEXTS
VALUES = some.recursive(
    PLAIN, lambda inner: some.lists(inner, max_size=3) | some.dictionaries(TEXTS, inner, max_size=3)
)


@settings(max_examples=300, deadline=None)
@given(some.dictionaries(TEXTS, VALUES, max_size=4))
def test_every_table_is_read_as_it_was_written(fields: dict[str, object]) -> None:
    assert tomllib.loads(table("[here]", fields))["here"] == fields


def test_nothing_stands_where_json_has_null() -> None:
    assert value({"a": None, "b": [1, None]}) == "{ b = [1] }"
    assert table("[here]", {"a": None}) == "[here]\n"
