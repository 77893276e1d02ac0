"""Phone numbers that nobody can be called at, explained to the person who wrote them (pure)."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

from chalicelib.config.toml_errors import Mistake, sentence
from ops.errors import UsageError

EXAMPLE = "+14155550100"
NO_NUMBER = f"it is no phone number, which is + and digits, as in {EXAMPLE}"
_LISTS = ("numbers", "agent_numbers", "agents")
_IS_ADDRESS = re.compile("client:|sips?:").match
_IS_E164 = re.compile(r"\+[1-9][0-9]{6,14}").fullmatch
_LENGTHS = {
    ValidationResult.TOO_SHORT: "has too few digits for",
    ValidationResult.TOO_LONG: "has too many digits for",
    ValidationResult.INVALID_LENGTH: "has a number of digits that none has with",
}


def take_out(tables: Mapping[str, Any]) -> Iterator[Mistake]:
    """Take the numbers that are wrong out of the tables of callcenter.toml, so that the rest of them can be read."""
    for place in ("lines", "simple_queues"):
        for name, table in _tables(tables.get(place)):
            for kind in _LISTS:
                if isinstance(table.get(kind), list):
                    yield from _taken_out(f"{place}.{name}.{kind}", table[kind])
    staff = tables.get("staff")
    if isinstance(staff, dict) and isinstance(staff.get("numbers"), list):
        yield from _taken_out("staff.numbers", staff["numbers"])


def _taken_out(key: str, numbers: list[Any]) -> Iterator[Mistake]:
    wrong = {at: said for at, number in enumerate(numbers) if isinstance(number, str) and (said := explain(number))}
    yield from (sentence(f"{key}[{at}]", numbers[at], said) for at, said in wrong.items())
    numbers[:] = [number for at, number in enumerate(numbers) if at not in wrong]


def take_out_of_people(people: Mapping[str, Any], file: str) -> Iterator[Mistake]:
    """The same for the workers' contacts and mobiles; and two workers may not have one."""
    first: dict[str, str] = {}
    for name, table in _tables(people):
        for kind, where, told in _phones(table):
            contact, key = where.get(kind), f"workers.{name}.{told}"
            if not isinstance(contact, str):
                continue
            if first.setdefault(contact, name) != name:
                said = f"{first[contact]} has the same; each worker needs a phone of their own"
                yield sentence(key, contact, said, file)
            elif told.startswith("attributes"):  # it may mean something else there
                continue
            elif kind == "mobile" and (said := explain(contact)):
                del where[kind]
                yield sentence(key, contact, said, file)
            elif not _IS_ADDRESS(contact) and (said := explain(contact)):
                del where[kind]
                yield sentence(key, contact, f"{said}; allowed too: client:NAME, sip:NAME@HOST", file)


def _phones(table: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Each place in which a worker's phone may stand: its key, its table, and how it is called."""
    yield "contact_uri", table, "contact_uri"
    yield "mobile", table, "mobile"
    if isinstance(attributes := table.get("attributes"), dict):
        yield "mobile", attributes, "attributes.mobile"


def _tables(given: object) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(given, dict):
        yield from ((name, table) for name, table in given.items() if isinstance(table, dict))


def explain(number: str) -> str:
    """What is wrong with this phone number, in a sentence; empty when it may be one."""
    if re.search("[^-0-9+()./\\s]", number):
        return NO_NUMBER
    try:
        read = phonenumbers.parse(number, None)
    except NumberParseException as error:
        return _unreadable(number, error.error_type)
    if length := _LENGTHS.get(phonenumbers.is_possible_number_with_reason(read)):
        return f"it {length} the country code +{read.country_code}"
    written = phonenumbers.format_number(read, PhoneNumberFormat.E164)
    return "" if _IS_E164(number) else f"write it as {written}, without anything between the digits"


def e164(typed: str) -> str:
    """The number in E.164 (+14155550100), whatever a person types between its digits. Raises UsageError."""
    digits = re.sub(r"[\s()./-]", "", typed)
    if said := explain(digits):
        raise UsageError(f"{typed!r}: {said}")
    return str(phonenumbers.format_number(phonenumbers.parse(digits, None), PhoneNumberFormat.E164))


def _unreadable(number: str, error_type: int) -> str:
    digits = re.sub(r"[\s()./-]", "", number)
    if error_type == NumberParseException.TOO_LONG:
        return "it has more digits than a phone number can have"
    if digits.startswith("00") and digits.isdecimal():
        return f"write + in place of 00: +{digits[2:]}"
    if digits.removeprefix("+").isdecimal():
        begins = "no country has the code that follows the +" if digits.startswith("+") else "it has no country code"
        return f"{begins}: a number begins with + and its country's code, as in {EXAMPLE}"
    return NO_NUMBER
