"""A phone number as a person types it. Pure."""

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

from ops.errors import UsageError

EXAMPLE = "+1 415 555 0100"
WHY = {
    ValidationResult.TOO_SHORT: "it is too short",
    ValidationResult.TOO_LONG: "it is too long",
    ValidationResult.INVALID_LENGTH: "no number there has so many digits",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "the area code is missing",
    ValidationResult.INVALID_COUNTRY_CODE: "no country has this code",
}
UNREADABLE = {
    NumberParseException.INVALID_COUNTRY_CODE: "no country has this code",
    NumberParseException.TOO_LONG: "it is too long",
}


def e164(typed: str) -> str:
    """The number in E.164 (+14155550100), whatever blanks, brackets and dashes it is typed with. Raises UsageError."""
    if not typed.strip().startswith("+"):
        raise UsageError(f"{typed!r} does not begin with + and the country's code: write it as {EXAMPLE}")
    try:
        number = phonenumbers.parse(typed)
    except NumberParseException as error:
        raise UsageError(
            f"{typed!r} is no phone number: {UNREADABLE.get(error.error_type, 'too few digits')}"
        ) from None
    if why := WHY.get(phonenumbers.is_possible_number_with_reason(number)):
        raise UsageError(f"{typed!r} is no phone number: {why}")
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))
