"""Who may use REST: the account with its token, and its API keys."""

import base64
import binascii
from dataclasses import dataclass, field

from emulator.ports import TwilioError


@dataclass
class Account:
    """`api_keys` maps the sid of a standard API key to its secret; both kinds of credentials open REST."""

    sid: str
    auth_token: str
    created: float
    friendly_name: str = "Cordboard"
    api_keys: dict[str, str] = field(default_factory=dict)

    def user(self, authorization: str) -> str:
        """Whose credentials the header has: the account's sid or an API key's. TwilioError 20003 for unknown ones."""
        kind, _, encoded = authorization.partition(" ")
        try:
            user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise _denied() from None
        secrets = {self.sid: self.auth_token, **self.api_keys}
        if kind != "Basic" or secrets.get(user) != password:
            raise _denied()
        return user


def _denied() -> TwilioError:
    return TwilioError(20003, "Authenticate", 401)
