"""The signature between a team's own systems and this application, in either direction (pure).

`X-Cordboard-Timestamp` has epoch seconds, `X-Cordboard-Signature` the hex HMAC-SHA256 of the timestamp, a full stop and
the body.
"""

import hashlib
import hmac

TIMESTAMP_HEADER, SIGNATURE_HEADER = "X-Cordboard-Timestamp", "X-Cordboard-Signature"

CLOCKS_APART_SECONDS = 300  # a request that was signed longer ago, or later than now, is not taken


def sign(key: str, timestamp: str, body: bytes) -> str:
    """The signature of this body, signed at this time."""
    return hmac.new(key.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def headers(key: str, timestamp: str, body: bytes) -> dict[str, str]:
    """Those of a request with this body of JSON, signed at this time."""
    return {
        "Content-Type": "application/json",
        TIMESTAMP_HEADER: timestamp,
        SIGNATURE_HEADER: sign(key, timestamp, body),
    }


def holds(key: str, timestamp: str, body: bytes, signature: str, now: float) -> bool:
    """Whether whoever has the key signed this body a moment ago. Without a key nothing holds."""
    if not key or not timestamp.isdecimal() or len(timestamp) > 12 or not signature.isascii():
        return False
    is_fresh = abs(now - int(timestamp)) <= CLOCKS_APART_SECONDS
    return hmac.compare_digest(sign(key, timestamp, body), signature.lower()) and is_fresh
