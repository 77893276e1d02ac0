"""Personal data in text that is logged or shown: phone numbers, and the users of SIP addresses (pure)."""

import re
from functools import cache

# What may stand between two digits of a number: blanks and dashes of any script, what shows nothing (zero width, marks
# of direction), brackets, dots, slashes, the blank of a form; each also as a URL or Python's `repr` spells it.
_BETWEEN = (
    r"(?:[\t +()\[\]./_\u00a0\u00ad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff"
    r"\-\u058a\u05be\u2010-\u2015\u2043\u2212\u301c\u30fb\u30fc\ufe58\ufe63\uff0d\uff70"
    r"\u00b7\u2022\u2024\u2027\u22c5\u3002\uff08\uff09\uff0b\uff0e\uff0f]"
    r"|%(?:25)*[0-9A-Fa-f]{2}|\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|t)){0,6}"
)
_HEX = "[0-9a-fA-F]"
_WIDE_DIGIT = r"(?i:%(?:25)*ef%(?:25)*bc%(?:25)*9)([0-9])"  # a full-width one, in a URL


def mask(text: str) -> str:
    """`text` with every phone number reduced to its last two digits, and without the user of every SIP address."""
    if "%" in text:
        text = re.sub(_WIDE_DIGIT, r"\1", text)
    if not _number().search(text) and "sip" not in text.lower():
        return text  # as most texts: this takes a third of the time
    return _phone().sub(_masked_match, text)


@cache
def _number() -> re.Pattern[str]:
    """Made when a line is first logged, as not every start of a process logs one."""
    return re.compile(rf"\d(?:{_BETWEEN}\d){{6}}")


@cache
def _phone() -> re.Pattern[str]:
    """Made when it is first needed: that takes as long as a tenth of a cold start, and most lines do without."""
    return re.compile(
        # A sid, an id of AWS's, a date and a time of day look like numbers in part: they are matched first, and kept.
        # No phone number is spelled as a date: there is none of eight digits that begins with 19 or 20.
        r"(?P<kept>(?<![0-9A-Za-z])"
        rf"(?:[A-Z]{{2}}{_HEX}{{32,}}|{_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}})(?![0-9A-Za-z])"
        r"|(?<![\d+])(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]"
        rf"(?:[T ][0-2][0-9]:[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]{{1,9}})?)?(?![0-9])|(?!{_BETWEEN}\d)))"
        # The user of a SIP address, whatever it is.
        r"|(?P<scheme>(?i:sips?(?::|%3a)))[^\s@<>\"]{1,256}?(?=@|%40)"
        # Seven digits or more, of any script and wherever they stand, and an extension.
        rf"|(?:(?:[+\uff0b]|%(?:25)*2[Bb]){_BETWEEN})?(?:(?:\(|%(?:25)*28)(?=\d))?"
        rf"\d(?:{_BETWEEN}\d){{4,}}{_BETWEEN}(\d){_BETWEEN}(\d)"
        rf"(?:{_BETWEEN}(?i:[,;]?ext(?:n|ension)?[.:=]?|[x#,;wp]{{1,5}}){_BETWEEN}\d{{1,7}})?"
    )


def _masked_match(found: re.Match[str]) -> str:
    kept, scheme, *last = found.groups(default="")
    return kept or f"{scheme}…{''.join(last)}"
