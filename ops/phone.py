"""Phone numbers as people type them (pure)."""

import re
from collections.abc import Sequence

from ops.errors import UsageError


def looks_like(text: str) -> bool:
    """Whether this is meant as the number, or SIP address, of a caller."""
    return text.lower().startswith(("sip:", "sips:")) or bool(re.fullmatch(r"[+(]?[\d\s().+/-]*\d[\d\s().+/-]*", text))


def stored(typed: str, own_numbers: Sequence[str]) -> str:
    """The number as Twilio sends it, in E.164; a SIP address as it is. However it is spelled.

    A number without its country is taken to be of the country of `own_numbers`. Raises UsageError.
    """
    if typed.lower().startswith(("sip:", "sips:")):
        return typed
    import phonenumbers  # it takes its time, and other commands need none

    try:
        number = phonenumbers.parse(typed, _region(own_numbers))
    except phonenumbers.NumberParseException as error:
        raise UsageError(f"{typed!r} is no phone number ({error}): write it as +14155550100") from None
    if not phonenumbers.is_possible_number(number):
        raise UsageError(f"{typed!r} has too many or too few digits for a phone number: write it as +14155550100")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _region(own_numbers: Sequence[str]) -> str | None:
    """The country of the first of our numbers that has one, as two letters."""
    import phonenumbers

    regions = (phonenumbers.region_code_for_country_code(_country_code(number)) for number in own_numbers)
    return next((str(region) for region in regions if region not in ("ZZ", "001")), None)


def _country_code(number: str) -> int:
    import phonenumbers

    try:
        return int(phonenumbers.parse(number).country_code or 0)
    except phonenumbers.NumberParseException:
        return 0
