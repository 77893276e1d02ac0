"""What a person is told of a phone number that nobody can be called at."""

import pytest

from ops.callcenter.phone_numbers import explain


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
