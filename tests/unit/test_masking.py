"""What is logged or shown: phone numbers and SIP users are masked however they are spelled, and nothing else is."""

import re
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.observability.masking import mask

BETWEEN = (
    *("", " ", "-", ".", "/", "(", ")", ") ", " (", " - ", ")-", "+", "\t", "_"),
    *("\u00a0", "\u2009", "\u202f", "\u3000", "\u200b", "\u2011", "\u2013", " \u2013 ", "\u2212", "\uff0d", "\u00b7"),
)
ESCAPES = re.compile(r"%(?:25)*[0-9A-F]{2}|\\[ux][0-9a-f]{2,4}")  # their digits are nobody's number
ZEROES = ("0", "\uff10", "\u0660", "\u0966")  # of the scripts in which digits are drawn


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("call from +14155550100 to %2B14155550111", "call from …00 to …11"),
        ("14155550100", "…00"),
        ("+123456789012345", "…45"),
        ("(415) 555-0100", "…00"),
        ("call 1 415 555 0100, please", "call …00, please"),
        ("555-0100", "…00"),
        ("415.555.0100", "…00"),
        ("030/1234567", "…67"),
        ("+49 (0)30 / 123 45 67", "…67"),
        ("%28415%29%20555-0100", "…00"),
        ("%2B1%20415%20555%2D0100", "…00"),
        ("%252B1%2520415%2520555%25200100", "…00"),
        ("To=1+415+555+0100&From=x", "To=…00&From=x"),
        ("+1%E2%80%89415%C2%A05550100", "…00"),
        ("%EF%BC%8B%EF%BC%91%EF%BC%94%EF%BC%91%EF%BC%95%EF%BC%95%EF%BC%95%EF%BC%90", "%EF%BC%8B…50"),
        ("+1\u2009415\u00a0555\u20110100", "…00"),
        ("+1\u200b415\u200b555\u200b0100", "…00"),
        (r"KeyError: '+1\xa0415\u2009555 0100'", "KeyError: '…00'"),
        ("\uff0b\uff11\uff14\uff11\uff15\uff15\uff15\uff10\uff11\uff10\uff10", "…\uff10\uff10"),
        ("sip:+14155550100@pbx.example.com", "sip:…@pbx.example.com"),
        ("<sips:ann.smith@example.com;transport=tls>", "<sips:…@example.com;transport=tls>"),
        ("SIP%3Aann.smith%40example.com", "SIP%3A…%40example.com"),
        ("sip:ann:secret@example.com", "sip:…@example.com"),
        ("tel:+1-415-555-0100", "tel:…00"),
        ("tel:+14155550100;ext=1234", "tel:…00"),
        ("+1 415 555 0100 ext. 1234, Bea", "…00, Bea"),
        ("415-555-0100 x1234", "…00"),
        ("4155550100,,1234#", "…00#"),
        ("%2B14155550100%3Bext%3D1234", "…00"),
        ("2026-11-28 4155550100", "…00"),
    ],
)
def test_a_number_is_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "CA0123456789012345678901234567890123",
        "/2010-04-01/Accounts/AC01234567890123456789012345678901/Recordings/RE01234567890123456789012345678901.json",
        "RequestId: 12345678-0000-4000-8000-000000000001",
        "2026-11-28T05:01:43.123Z     0.000 s  ringing",
        "2026-11-28T05:01:43+00:00",
        "2026-11-28 05:01:43,123 12 of 500",
        "on 2026-11-28",
        "Sat, 28 Nov 2026 05:01:43 GMT",
        "404 not found after 120 s",
        "Twilio error 20001: the reservation is not pending",
        'File "/var/task/chalicelib/jobs.py", line 123, in decode',
        "Connect timeout (connect=1.5, read=4.0), 3 of 3 attempts",
        "reservation.accepted",
        "client:bea",
        "sip:example.com",
        "a sip of tea at 5",
        "555",
    ],
)
def test_sids_ids_times_and_small_numbers_stay(text: str) -> None:
    assert mask(text) == text


@st.composite
def spellings(draw: st.DrawFn) -> str:
    """A number of E.164 with or without its plus, in any script, with anything between any of its digits."""
    number = draw(st.from_regex(r"[1-9][0-9]{6,14}", fullmatch=True).filter(lambda digits: len(digits) != 8))
    zero = draw(st.sampled_from(ZEROES))
    digits = [chr(ord(zero) + int(digit)) for digit in number]
    between = draw(st.lists(st.sampled_from(BETWEEN), min_size=len(digits) - 1, max_size=len(digits) - 1))
    written = draw(st.sampled_from(("", "+", "00", "(", "+(", "tel:", "\uff0b", "sip:+"))) + digits[0]
    written += "".join(gap + digit for gap, digit in zip(between, digits[1:], strict=True))
    return (
        draw(st.sampled_from((str, quote, lambda text: quote(quote(text)), ascii)))(written) if zero == "0" else written
    )


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(
    spelled=spellings(),
    around=st.sampled_from((("", ""), ("from ", " to"), ("To=", "&"), ("'", "'"), ("client:u", "x"))),
)
def test_of_a_number_at_most_two_digits_can_be_read(spelled: str, around: tuple[str, str]) -> None:
    """Eight digits are left out: with a dash after the fourth and the sixth they may be a date, and no number is."""
    before, after = around
    masked = mask(before + spelled + after)
    assert masked.startswith(before) and masked.endswith(after)
    assert sum(character.isdecimal() for character in ESCAPES.sub("", masked)) <= 2, masked
