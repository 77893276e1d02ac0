"""How many requests the API takes. `chalice deploy` cannot say it, and leaves what is said here as it is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ops import stage
from ops.aws import client
from ops.errors import UsageError

# A burst of some hundred callers goes through, at four or five requests each in the first seconds; who floods the API
# with requests that nobody signed is held to this. Without it the limit is the account's: 10,000 a second.
DEFAULTS = {"REQUESTS_PER_SECOND": "200", "REQUESTS_AT_ONCE": "1000"}

EVERY_METHOD = "*/*"


class Throttle(NamedTuple):
    """`at_once` is how many may come in one moment, and is used up until the next seconds bring `per_second` more."""

    per_second: int
    at_once: int

    def __str__(self) -> str:
        return f"{self.per_second} requests a second, {self.at_once} at once"


def wanted(variables: Mapping[str, str]) -> Throttle:
    """What the stage's variables say, else the defaults. Raises UsageError for what is no number."""
    values = {name: variables.get(name) or default for name, default in DEFAULTS.items()}
    for name, value in values.items():
        if not value.isdecimal() or int(value) == 0:
            raise UsageError(f"{name} is {value!r}: allowed is a whole number from 1")
    return Throttle(*map(int, values.values()))


def actual(name: str, root: Path) -> Throttle | None:
    """What holds for the API that Chalice deployed: None when it is not limited. Raises ClientError, IndexError."""
    settings: dict[str, Any] = client.client("apigateway").get_stage(**_place(name, root)).get("methodSettings", {})
    every = settings.get(EVERY_METHOD, {})
    if "throttlingRateLimit" not in every:
        return None
    return Throttle(int(every["throttlingRateLimit"]), int(every["throttlingBurstLimit"]))


def throttle(name: str, root: Path) -> str:
    """Limit the API to what the stage's variables say; returns the new limit, or nothing when it was so already."""
    limit = wanted(stage.read(name, root))
    with client.plain("limit the requests to the API"):
        if actual(name, root) == limit:
            return ""
        values = {"rateLimit": limit.per_second, "burstLimit": limit.at_once}
        operations = [
            {"op": "replace", "path": f"/{EVERY_METHOD}/throttling/{what}", "value": str(value)}
            for what, value in values.items()
        ]
        client.client("apigateway").update_stage(**_place(name, root), patchOperations=operations)
    return str(limit)


def is_deployed(name: str, root: Path) -> bool:
    return bool(stage.api_url(name, root))


def _place(name: str, root: Path) -> dict[str, str]:
    """Where Chalice has put the API: its id, and the name of API Gateway's own stage, with which its URL ends."""
    (api,) = [resource for resource in stage.deployed(name, root) if "rest_api_url" in resource]
    return {"restApiId": api["rest_api_id"], "stageName": stage.api_url(name, root).rpartition("/")[2]}
