"""The account itself: its credentials, and how REST shows it."""

import base64
import binascii
from dataclasses import dataclass, field

from emulator.ports import TwilioError
from emulator.rest.answer import RestAnswer
from emulator.voice.calls import API_VERSION, rfc2822

PARTS = ("Calls", "IncomingPhoneNumbers", "Queues", "Applications", "Conferences", "Recordings", "Messages")


@dataclass
class Account:
    """`api_keys` maps the sid of a standard API key to its secret; both kinds of credentials open REST."""

    sid: str
    auth_token: str
    created: float
    friendly_name: str = "Cordboard"
    api_keys: dict[str, str] = field(default_factory=dict)

    def user(self, authorization: str) -> str:
        """Whose credentials these are: the account's sid or an API key's. TwilioError 20003 for nobody's."""
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


def get_account(account: Account, user: str) -> RestAnswer:
    """The Account resource, with its primary token. A standard API key may not see it: 20003."""
    if user != account.sid:
        raise TwilioError(20003, "Authentication Error - invalid username", 401)
    base = f"/{API_VERSION}/Accounts/{account.sid}"
    body: dict[str, object] = {
        "sid": account.sid,
        "owner_account_sid": account.sid,
        "friendly_name": account.friendly_name,
        "auth_token": account.auth_token,
        "status": "active",
        "type": "Full",
        "date_created": rfc2822(account.created),
        "date_updated": rfc2822(account.created),
        "uri": f"{base}.json",
        "subresource_uris": {_snake(part): f"{base}/{part}.json" for part in PARTS},
    }
    return RestAnswer(200, body)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
