"""Which numbers may be called back, and how they are typed and said (pure)."""

from collections.abc import Collection, Sequence

from chalicelib.config.schema import is_number
from chalicelib.twilio.values import person

TYPED_COUNTRY = {"+1": "011"}  # how an international number is begun there; 00 elsewhere

# Dear, or in another country than the code seems to say: only where `countries` names that very range, or a part of it.
REFUSED: Sequence[str] = (
    # Countries of the Caribbean and the Atlantic, which share +1 with the United States and Canada.
    *("+1242", "+1246", "+1264", "+1268", "+1284", "+1345", "+1441", "+1473", "+1649", "+1658", "+1664", "+1721"),
    *("+1758", "+1767", "+1784", "+1809", "+1829", "+1849", "+1868", "+1869", "+1876"),
    # Premium rates of countries whose other numbers people do allow.
    *("+1900", "+3389", "+34803", "+34806", "+34807", "+34905", "+3989", "+31900", "+31906", "+31909", "+41900"),
    *("+41901", "+41906", "+43900", "+43901", "+43930", "+4470", "+4476", "+4487", "+449", "+46900", "+46939"),
    *("+46944", "+4882", "+49137", "+4919", "+49700", "+49900", "+61190", "+6419", "+81990"),
    # Of no country: shared cost, satellites, premium rates.
    *("+808", "+870", "+878", "+881", "+882", "+883", "+979"),
)


def is_allowed(number: str, countries: Collection[str], own: Collection[str]) -> bool:
    """Whether this number may be called: E.164, none of ours, and in one of the `countries`.

    Of all ranges that it is in, those of `countries` and those that are refused, the narrowest decides.
    """
    if not person(number) or number in own or (number.startswith("+1") and not _is_north_american(number)):
        return False
    allowed, refused = (_narrowest(number, ranges) for ranges in (countries, REFUSED))
    return bool(allowed) and allowed >= refused


def _narrowest(number: str, ranges: Collection[str]) -> int:
    return max((len(prefix) for prefix in ranges if number.startswith(prefix)), default=0)


def _is_north_american(number: str) -> bool:
    """Ten digits, the exchange no premium one: 976 is in every area."""
    return len(number) == 12 and number[2] not in "01" and number[5] not in "01" and number[5:8] != "976"


def typed(digits: str, home: str) -> str:
    """The E.164 number that somebody means who types these digits in a country whose numbers begin with `home`.

    Empty when they are none.
    """
    home = "+1" if home.startswith("+1") else home
    digits = digits.strip("*#")
    abroad = TYPED_COUNTRY.get(home, "00")
    if digits.startswith(abroad):
        number = f"+{digits.removeprefix(abroad)}"
    elif home == "+1":
        number = f"+{digits}" if len(digits) == 11 and digits[0] == "1" else f"+1{digits}"
    else:
        number = f"{home}{digits.removeprefix('0')}"
    return number if is_number(number) else ""


def spoken(number: str) -> str:
    """Digit by digit, in threes, and the last four together."""
    digits = number.removeprefix("+")
    head, tail = digits[:-4], digits[-4:]
    first = len(head) % 3
    groups = [head[:first], *(head[at : at + 3] for at in range(first, len(head), 3)), tail]
    return ", ".join(" ".join(group) for group in groups if group)
