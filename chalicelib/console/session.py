"""Who asks: what API Gateway says of a token that it has checked, and what that person may see (pure).

The claims are those of the user pool's id token. `cognito:groups` comes as text: with one group its name, with more
than one `a,b`; a local AWS has `[a b]`.
"""

import re
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, get_args

Group = Literal["agents", "supervisors"]
GROUPS: tuple[Group, ...] = get_args(Group)
EVERYBODY: frozenset[Group] = frozenset(GROUPS)
SUPERVISORS: frozenset[Group] = frozenset({"supervisors"})


class Person(NamedTuple):
    """Somebody who has signed in: their mail address, and the groups of ours that they are in."""

    mail: str
    groups: frozenset[Group]


class NotAllowed(Exception):
    """Who asks is nobody of this stage's, or may not see this."""


def person(event: Mapping[str, Any], user_pool_arn: str, client: str) -> Person:
    """Who sends this request. Raises NotAllowed for a token that is of another pool, client or kind.

    `event` is API Gateway's; the pool and the console's client are this stage's own.
    """
    claims = (event["requestContext"].get("authorizer") or {}).get("claims") or {}
    pool = user_pool_arn.rpartition("/")[2]
    is_ours = pool and str(claims.get("iss", "")).endswith(f"/{pool}")
    if not (is_ours and claims.get("aud") == client and claims.get("token_use") == "id"):
        raise NotAllowed("the token is not of this stage's console")
    named = re.split(r"[\s,\[\]]+", str(claims.get("cognito:groups", "")))
    return Person(str(claims.get("email", "")), frozenset(group for group in GROUPS if group in named))
