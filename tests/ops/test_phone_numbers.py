"""What a person is told of a phone number that nobody can be called at."""

import pytest

from ops.callcenter.phone_numbers import e164, explain
from ops.errors import UsageError


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("+14155550100", ""),
        ("+15005550006", ""),  # one of Twilio's numbers for tests
        ("+4930123456", ""),
        ("+1 415-555-0100", "write it as +14155550100, without anything between the digits"),
        ("0049 30 123456", "write + in place of 00: +4930123456"),
        ("0415 555", "it has no country code: a number begins with + and its country's code, as in +14155550100"),
        ("(415) 555-0100", "it has no country code: a number begins with + and its country's code, as in +14155550100"),
        (
            "+9991234567",
            "no country has the code that follows the +: a number begins with + and its country's code, as in"
            " +14155550100",
        ),
        ("+1415555010", "it has too few digits for the country code +1"),
        ("+141555501001", "it has too many digits for the country code +1"),
        ("+1234567890123456789", "it has more digits than a phone number can have"),
        ("Ann", "it is no phone number, which is + and digits, as in +14155550100"),
        ("+14155550100 ext. 5", "it is no phone number, which is + and digits, as in +14155550100"),
        ("", "it is no phone number, which is + and digits, as in +14155550100"),
        ("+1415FLOWERS", "it is no phone number, which is + and digits, as in +14155550100"),
        ("+14155550100\n", "write it as +14155550100, without anything between the digits"),
    ],
)
def test_a_wrong_number_is_explained(number: str, said: str) -> None:
    assert explain(number) == said


@pytest.mark.parametrize("typed", ["+1 (415) 555-0100", " +1.415.555.0100 ", "+14155550100"])
def test_a_typed_number_may_have_blanks_brackets_and_dashes(typed: str) -> None:
    assert e164(typed) == "+14155550100"


def test_a_typed_number_may_have_the_zero_that_is_not_dialled_from_abroad() -> None:
    assert e164("+44 (0)20 7946 0958") == "+442079460958"


def test_a_typed_number_that_cannot_be_called_is_refused_with_the_same_words() -> None:
    with pytest.raises(UsageError, match=r"^'0415 555': it has no country code: a number begins with \+"):
        e164("0415 555")
