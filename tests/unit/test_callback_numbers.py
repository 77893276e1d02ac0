"""Which numbers may be called back: toll fraud ends here, whatever a caller types."""

import pytest

from chalicelib.callbacks import numbers

OURS = ("+14155550100",)


@pytest.mark.parametrize(
    ("number", "countries", "allowed"),
    [
        ("+12125550171", ["+1"], True),
        ("+12125550171", ["+44"], False),
        ("+12125550171", ["+1212"], True),
        ("+13105550171", ["+1212"], False),
        ("+14155550100", ["+1"], False),  # our own: it would wait for itself
        ("+19005550171", ["+1"], False),
        ("+19005550171", ["+1900"], True),  # somebody wrote it down
        ("+12129765017", ["+1"], False),
        ("+12129885017", ["+1"], True),
        ("+12123015017", ["+1"], True),
        ("+18765550171", ["+1"], False),  # Jamaica
        ("+18765550171", ["+1", "+1876"], True),
        ("+1212555017", ["+1"], False),
        ("+121255501711", ["+1"], False),
        ("+11125550171", ["+1"], False),
        ("+12121550171", ["+1"], False),
        ("+447911123456", ["+44"], True),
        ("+447011123456", ["+44"], False),
        ("+449098790000", ["+44"], False),
        ("+881612345678", ["+1", "+44"], False),
        ("+881612345678", ["+8"], False),
        ("+979123456789", ["+9"], False),
        ("anonymous", ["+1"], False),
        ("", ["+1"], False),
        ("+7378742833", ["+7"], False),  # restricted, on the keys of a phone
        ("+266696687", ["+1"], False),  # what some networks say for a withheld number
        ("sip:ann@example.com", ["+1"], False),
        ("+1212555017a", ["+1"], False),
        ("+٤٤٧٩١١١٢٣٤٥٦", ["+4"], False),
        ("911", ["+1"], False),
    ],
)
def test_a_number_is_called_back_only_in_what_the_file_allows(number: str, countries: list[str], allowed: bool) -> None:
    assert numbers.is_allowed(number, countries, OURS) is allowed


@pytest.mark.parametrize(
    ("digits", "home", "number"),
    [
        ("2125550171", "+1", "+12125550171"),
        ("12125550171", "+1", "+12125550171"),
        ("12125550172", "+1", "+12125550172"),
        ("1125550171", "+1", "+11125550171"),  # an area code that there is not is no country code
        ("22125550171", "+1", "+122125550171"),  # one digit too many leads nowhere abroad
        ("02125550171", "+1", "+102125550171"),
        ("121255501711", "+1", "+1121255501711"),
        ("2125550171", "+1212", "+12125550171"),
        ("011447911123456", "+1", "+447911123456"),
        ("07911123456", "+44", "+447911123456"),
        ("7911123456", "+44", "+447911123456"),
        ("0012125550171", "+44", "+12125550171"),
        ("2125550171#", "+1", "+12125550171"),
        ("*2125550171", "+1", "+12125550171"),
        ("", "+1", ""),
        ("#", "+1", ""),
        ("12*34", "+1", ""),
        ("0" * 30, "+44", ""),
        ("1" * 30, "+1", ""),
    ],
)
def test_what_is_typed_becomes_a_number_of_that_country(digits: str, home: str, number: str) -> None:
    assert numbers.typed(digits, home) == number


def test_a_number_is_said_digit_by_digit() -> None:
    assert numbers.spoken("+12125550171") == "1, 2 1 2, 5 5 5, 0 1 7 1"
    assert numbers.spoken("+447911123456") == "4 4, 7 9 1, 1 1 2, 3 4 5 6"
    assert numbers.spoken("+4930") == "4 9 3 0"
