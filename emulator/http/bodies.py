"""What a client sent in a request's body, as the fields of a form (contract 7.8). Pure."""

import json
from collections.abc import Mapping, Sequence
from email import policy
from email.parser import BytesParser
from urllib.parse import parse_qs

from emulator.ports import TwilioError
from emulator.worlds import JsonBody

Form = Mapping[str, Sequence[str]]
BAD_BODY = 20001  # uncertain


def form(content_type: str, body: bytes, json_body: JsonBody = "ignored") -> Form:
    """The fields, whose values may be repeated. TwilioError 20001 when it is not what its type says."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return _multipart(content_type, body)
    if kind == "application/json":
        return _json(body) if json_body == "taken" else {}
    return parse_qs(body.decode(errors="replace"), keep_blank_values=True)


def _multipart(content_type: str, body: bytes) -> Form:
    head = b"Content-Type: " + content_type.encode("latin-1", "replace") + b"\r\n\r\n"
    message = BytesParser(policy=policy.HTTP).parsebytes(head + body)
    if not message.is_multipart():
        raise TwilioError(BAD_BODY, "The request's body has no part with its boundary")
    fields: dict[str, list[str]] = {}
    for part in message.iter_parts():
        name, value = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(value, bytes):
            fields.setdefault(name, []).append(value.decode(errors="replace"))
    return fields


def _json(body: bytes) -> Form:
    try:
        given = json.loads(body or b"{}")
    except ValueError as error:
        raise TwilioError(BAD_BODY, f"The request's body is no JSON: {error}") from error
    if not isinstance(given, dict):
        raise TwilioError(BAD_BODY, "The request's body is no JSON object")
    return {name: _texts(value) for name, value in given.items() if value is not None}


def _texts(value: object) -> list[str]:
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    return [value if isinstance(value, str) else json.dumps(value)]
