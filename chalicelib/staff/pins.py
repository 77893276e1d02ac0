"""PINs, as the package has them: salted and hashed, so that whoever has the package has no PIN (pure)."""

import hmac
from hashlib import pbkdf2_hmac

ROUNDS = 200_000  # a tenth of a second in Lambda; who gives a wrong PIN three times waits anyhow


def hashed(pin: str, salt: str) -> str:
    """`salt` is hex."""
    return f"{salt}:{pbkdf2_hmac('sha256', pin.encode(), bytes.fromhex(salt), ROUNDS).hex()}"


def fits(pin: str, kept: str) -> bool:
    """Whether this is the PIN of which `kept` was made."""
    return hmac.compare_digest(hashed(pin, kept.partition(":")[0]), kept)
