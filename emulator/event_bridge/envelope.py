"""The POST by which the library does everything: `{url, method, params, token}`, whatever type it names. Pure."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from emulator.ports import TwilioError

BAD_REQUEST = 20001  # uncertain
URL = re.compile(r"Workspaces/(?P<workspace>WS\w+)/(?P<path>[\w/]+)")


@dataclass(frozen=True)
class Envelope:
    """`path` is what comes after the workspace; `params` have the types of JSON."""

    method: str
    workspace_sid: str
    path: str
    params: Mapping[str, object]
    token: str


def read(body: bytes) -> Envelope:
    """TwilioError 20001 when the body is no envelope, or its url none of a workspace; 20404 for another url."""
    try:
        given = json.loads(body)
    except ValueError as error:
        raise TwilioError(BAD_REQUEST, f"The body is no JSON: {error}") from error
    match given:
        case {"url": str(url), "method": "GET" | "POST" as method, "token": str(token)}:
            params = given.get("params") or {}
        case _:
            raise TwilioError(BAD_REQUEST, "The body needs url, method (GET or POST), params and token")
    found = URL.fullmatch(url)
    if not isinstance(params, dict):
        raise TwilioError(BAD_REQUEST, "params is no object")
    if found is None:
        raise TwilioError(20404, f"The requested resource {url} was not found", 404)
    return Envelope(method, found["workspace"], found["path"], params, token)


def as_form(params: Mapping[str, object], renamed: Mapping[str, str] | None = None) -> Mapping[str, Sequence[str]]:
    """The params as the fields that REST has for them; what is null is left out."""
    names = renamed or {}
    return {names.get(name, name): _texts(value) for name, value in params.items() if value is not None}


def _texts(value: object) -> list[str]:
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    return [value if isinstance(value, str) else json.dumps(value)]
