"""What is wrong in a file of the team's: each value in the order of the file, and what is missing last."""

from typing import Any

import pytest

from chalicelib.config import callcenter, toml_errors
from chalicelib.config.toml_errors import CallCenterError, Mistake


def told(line: Any, **tables: Any) -> list[Mistake]:
    """The mistakes of a file with this line."""
    try:
        callcenter.of_tables({"default_line": "a", "lines": {"a": line}, **tables})
    except CallCenterError as error:
        assert str(error).splitlines() == list(error.args)
        return list(error.args)
    return []


def of_line(**given: Any) -> dict[str, Any]:
    return {"greeting": "Hello.", **given}


CHOICES = [{"digits": "1"}, {"digits": 2, "x": 1}]
NUMBER = r"Expected `str` matching regex '^\\+[1-9][0-9]{6,14}\\Z'"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (of_line(), []),
        (of_line(attributes={"any": [1, {"thing": "is"}]}), []),
        (of_line(greeting=5), [("greeting", " is 5: Expected `str | object`, got `int`")]),
        (
            of_line(numbers=["1", "+14155550100", "2"]),
            [("numbers[0]", f" is '1': {NUMBER}"), ("numbers[2]", f" is '2': {NUMBER}")],
        ),
        (
            of_line(languages={"en": {"language": "en-US", "voice": 3}}, voice=4),
            [("languages.en.voice", " is 3: Expected `str`, got `int`"), ("voice", " is 4: Expected `str`, got `int`")],
        ),
        (
            of_line(languages={"e": {"language": "en-US"}}),
            [("languages", r": Expected `str` matching regex '^[a-z]{2,3}(-[A-Za-z0-9]{2,4})?\\Z' - at `key` in `$`")],
        ),
        (
            of_line(menu={"prompt": "?", "choices": []}),
            [("menu.choices", " is []: Expected `array` of length >= 1")],
        ),
        (
            of_line(wait={"options": 5}),
            [("wait.options", " is 5: Expected `object | null`, got `int`; allowed: say, choices")],
        ),
        (
            of_line(after={"leave": {"say": "?", "then": "x"}}),
            [("after.leave.then", " is 'x': Invalid enum value 'x'; allowed: hangup, voicemail")],
        ),
        (
            of_line(callback={"countries": "+1"}),
            [("callback.countries", " is '+1': Expected `array`, got `str`")],
        ),
    ],
)
def test_a_value_is_told_with_its_key_and_what_is_allowed(line: dict[str, Any], said: list[tuple[str, str]]) -> None:
    found = told(line)
    assert [mistake.said for mistake in found] == [f"lines.a.{key}{what}" for key, what in said]
    assert [mistake.key for mistake in found] == [f"lines.a.{key}" for key, _ in said]
    assert list(found) == [f"callcenter.toml: {mistake.said}" for mistake in found]


def test_a_key_that_is_unknown_or_missing_comes_after_the_values_of_its_table() -> None:
    found = told({"x": 1, "menu": {"choices": CHOICES}})
    assert [(one.key, one.said.partition(";")[0]) for one in found] == [
        ("lines.a.menu.choices[1].digits", "lines.a.menu.choices[1].digits is 2: Expected `str`, got `int`"),
        ("lines.a.menu.choices[1].x", "lines.a.menu.choices[1]: Object contains unknown field `x`"),
        ("lines.a.menu.prompt", "lines.a.menu: Object missing required field `prompt`"),
        ("lines.a.x", "lines.a: Object contains unknown field `x`"),
        ("lines.a.greeting", "lines.a: Object missing required field `greeting`"),
    ]
    assert found[1].endswith("; allowed: digits, attributes, speech, then, language, say, label")


def test_a_key_of_the_whole_file_stands_at_the_top_level() -> None:
    [unknown] = told(of_line(), keepdays=3)
    assert unknown.key == "keepdays" and unknown.said.startswith(
        "(top level): Object contains unknown field `keepdays`"
    )
    with pytest.raises(CallCenterError) as error:
        callcenter.of_tables({})
    assert [mistake.key for mistake in error.value.args] == ["default_line", "lines"]


def test_a_table_that_is_none_is_told_with_what_stands_there() -> None:
    [said] = told("x")
    assert said.said.startswith("lines.a is 'x': Expected `object`, got `str`; allowed: greeting, language, ")


def test_a_mistake_may_have_its_line() -> None:
    assert Mistake("rota.toml", "a", "a is 1: no", 7) == "rota.toml:7: a is 1: no"
    assert Mistake("rota.toml", "a", "a is 1: no") == "rota.toml: a is 1: no"
    assert toml_errors.sentence("a", 1, "no", "rota.toml") == "rota.toml: a is 1: no"
    assert toml_errors.sentence("a", ..., "no") == "callcenter.toml: a: no"


def test_what_is_no_toml_is_told_with_its_file() -> None:
    assert toml_errors.read("a = 1") == {"a": 1}
    with pytest.raises(CallCenterError, match=r"^rota\.toml: not TOML: Invalid value"):
        toml_errors.read("a = ", "rota.toml")
