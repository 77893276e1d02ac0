"""Which callers are let in: by their number, and by what their network says of it (pure)."""

from hashlib import sha256

from chalicelib.config.callers import Screening, Verdict

FAILED = "TN-Validation-Failed"  # how Twilio's words for a number that is somebody else's begin (contract 1.2)


def verdict(rules: Screening, number: str, verstat: str) -> Verdict:
    """What becomes of a caller; `number` is empty where it is withheld, `verstat` where Twilio says nothing of it."""
    found: list[Verdict] = [rules.everybody]
    if number.startswith(rules.prefixes):
        found.append("reject")
    if verstat.startswith(FAILED):
        found.append(rules.failed)
    if not number:
        found.append(rules.withheld)
    return max(found, key=_STRICT.index)


_STRICT: tuple[Verdict, ...] = ("allow", "captcha", "reject")


def digit(call_sid: str, attempt: int) -> str:
    """What a caller has to press at this attempt: one of 1 to 9, by the sid of the call, which no caller knows.

    The same request again asks for the same.
    """
    return str(1 + int.from_bytes(sha256(f"{call_sid}:{attempt}".encode()).digest()) % 9)
