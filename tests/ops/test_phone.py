"""A caller's number, however it is spelled."""

import pytest

from ops import phone
from ops.errors import UsageError

OWN = ["+14155550100"]


@pytest.mark.parametrize(
    "typed",
    [
        "+12125550171",
        "+1 (212) 555-0171",
        "212-555-0171",
        "(212) 555 0171",
        "1 212 555 0171",
        "212.555.0171",
        "+1/212/5550171",
    ],
)
def test_every_spelling_is_the_number_that_twilio_sends(typed: str) -> None:
    assert phone.looks_like(typed)
    assert phone.stored(typed, OWN) == "+12125550171"


def test_the_country_is_that_of_our_own_numbers() -> None:
    assert phone.stored("030 123456", ["+493012345678"]) == "+4930123456"


def test_a_sip_address_is_as_it_is() -> None:
    assert phone.looks_like("sip:ann@example.com")
    assert phone.stored("sip:ann@example.com", OWN) == "sip:ann@example.com"


@pytest.mark.parametrize(
    ("typed", "own"), [("212 555 0171", []), ("12", OWN), ("+1 212 555 0171 9999 88", OWN), ("+", OWN), ("212", ["x"])]
)
def test_what_is_no_number_is_said(typed: str, own: list[str]) -> None:
    with pytest.raises(UsageError, match="phone number"):
        phone.stored(typed, own)


@pytest.mark.parametrize("text", ["WR1", "Ann", "", "12a", "+", "()"])
def test_what_is_meant_as_something_else(text: str) -> None:
    assert not phone.looks_like(text)
