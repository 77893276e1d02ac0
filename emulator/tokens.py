"""AccessTokens, by which a browser shows who it is (contract 15.2). Pure: the time is handed in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from jwt.types import Options

from emulator.ports import TwilioError
from emulator.rest.credentials import Account

ALGORITHM, CONTENT_TYPE = "HS256", "twilio-fpa;v=1"
INVALID, HEADER, ISSUER, EXPIRED, GRANTS, SIGNATURE = 20101, 20102, 20103, 20104, 20106, 20107
# The clock of the emulator may stand still or run ahead of the one by which a token was made: times are looked at here.
_WITHOUT_TIMES: Options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}


@dataclass(frozen=True)
class AccessToken:
    """`expires` in epoch seconds; `grants` as the token has them, by product."""

    identity: str
    expires: float
    grants: Mapping[str, Any]

    def grant(self, product: str) -> Mapping[str, Any]:
        """What it grants of a product, `task_router` or `voice`. TwilioError 20106 when that is nothing."""
        found = self.grants.get(product)
        if not isinstance(found, Mapping):
            raise TwilioError(GRANTS, f"Invalid Access Token grants: no {product}", 401)
        return found


def read(token: str, account: Account, now: float) -> AccessToken:
    """Whose token it is. TwilioError with the codes 20101 to 20107, status 401, for one that is not good at `now`.

    `nbf` is not looked at: where the clock stands still every new token would be one of the future.
    """
    claims = _claims(token, account)
    grants, expires = claims.get("grants"), claims.get("exp")
    if not isinstance(grants, Mapping):
        raise TwilioError(GRANTS, "Invalid Access Token grants", 401)
    if not isinstance(expires, int | float) or expires <= now:
        raise TwilioError(EXPIRED, "Access Token expired or expiration date invalid", 401)
    return AccessToken(str(grants.get("identity") or ""), float(expires), grants)


def _claims(token: str, account: Account) -> Mapping[str, Any]:
    try:
        header = jwt.get_unverified_header(token)
        unverified = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError as error:
        raise TwilioError(INVALID, "Invalid Access Token", 401) from error
    if header.get("alg") != ALGORITHM or header.get("cty") != CONTENT_TYPE:
        raise TwilioError(HEADER, "Invalid Access Token header", 401)
    secret = account.api_keys.get(str(unverified.get("iss")))
    if secret is None or unverified.get("sub") != account.sid:
        raise TwilioError(ISSUER, "Invalid Access Token issuer/subject", 401)
    try:
        return jwt.decode(token, secret, algorithms=[ALGORITHM], options=_WITHOUT_TIMES)
    except jwt.InvalidTokenError as error:
        raise TwilioError(SIGNATURE, "Invalid Access Token signature", 401) from error
