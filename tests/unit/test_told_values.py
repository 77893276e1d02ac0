"""Single values that Twilio tells: what is no number, no person, no sid or no JSON is taken for none."""

from typing import Any

import pytest

from chalicelib.twilio import values
from chalicelib.twilio.rest.values import attributes_of
from chalicelib.twilio.values import MAX_TEXT

CALL, ABOUT, TASK = "CA" + "a" * 32, "CA" + "b" * 32, "WT" + "c" * 32


@pytest.mark.parametrize(
    ("told", "number"),
    [
        (None, 0),
        ("", 0),
        ("0", 0),
        ("1", 1),
        ("4294967295", 4294967295),
        ("9" * 10, 9_999_999_999),
        ("9" * 11, 0),
        ("1" * 5000, 0),
        ("-1", 0),
        ("1.5", 0),
        ("soon", 0),
    ],
)
def test_a_count_is_what_it_says_or_nothing(told: str | None, number: int) -> None:
    assert values.count(told) == number


@pytest.mark.parametrize(
    ("told", "sure"),
    [
        (None, 1.0),
        ("", 1.0),
        ("0", 0.0),
        ("0.5", 0.5),
        (".5", 0.5),
        ("1", 1.0),
        ("1.5", 1.0),
        ("7", 1.0),
        ("0.5.5", 0.0),
        (".", 0.0),
        ("-0.5", 0.0),
        ("sure", 0.0),
    ],
)
def test_a_share_lies_between_0_and_1(told: str | None, sure: float) -> None:
    assert values.share(told) == sure


@pytest.mark.parametrize(
    ("told", "person"),
    [
        ("+12125550171", "+12125550171"),
        ("+266696687", ""),  # anonymous, on the keys of a phone
        ("anonymous", ""),
        ("sip:ann@example.com", ""),
        ("2125550171", ""),
        ("", ""),
        (None, ""),
        (12125550171, ""),
        (["+12125550171"], ""),
    ],
)
def test_who_calls_is_known_by_a_number_alone(told: object, person: str) -> None:
    assert values.person(told) == person


@pytest.mark.parametrize(
    ("attributes", "subject"),
    [
        ({"call_sid": CALL}, CALL),
        ({"call_sid": CALL, "kind": "consult", "consult_call": ABOUT}, CALL),
        ({"kind": "consult", "consult_call": ABOUT}, ABOUT),
        ({"kind": "consult", "consult_call": "no sid"}, TASK),
        ({"kind": "consult"}, TASK),
        ({"kind": "callback", "consult_call": ABOUT}, TASK),
        ({"kind": "lead", "consult_call": ABOUT}, TASK),
        ({"consult_call": ABOUT}, TASK),
        ({}, TASK),
    ],
)
def test_a_task_is_about_its_call_or_the_one_that_a_colleague_is_asked_about(
    attributes: dict[str, Any], subject: str
) -> None:
    assert values.subject_of(attributes, TASK) == subject


@pytest.mark.parametrize(
    ("told", "sid"),
    [(CALL, CALL), (CALL.upper(), CALL.upper()), (CALL + "a", ""), (CALL[:-1], ""), ("", ""), (None, ""), (7, "")],
)
def test_a_sid_is_one_or_nothing(told: object, sid: str) -> None:
    assert values.sid(told) == sid


@pytest.mark.parametrize(
    ("told", "text"),
    [("Ann", "Ann"), ("x" * MAX_TEXT, "x" * MAX_TEXT), ("x" * MAX_TEXT + "y", "x" * MAX_TEXT), (7, "")],
)
def test_a_text_is_kept_to_its_longest(told: object, text: str) -> None:
    assert values.text(told) == text


@pytest.mark.parametrize("told", ["", "[]", "7", "{", "no JSON", '{"a":' * 100_000, None])
def test_attributes_that_are_no_object_are_none(told: str | None) -> None:
    assert attributes_of(told) == {}


def test_attributes_are_read_as_they_are() -> None:
    assert attributes_of('{"a": [1, {"b": null}]}') == {"a": [1, {"b": None}]}
