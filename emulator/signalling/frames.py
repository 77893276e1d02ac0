"""The frames of the voice library, both ways: `{"type", "payload", "version"}` (contract 15.9). Pure."""

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

from emulator.signalling import sdp
from emulator.voice.calls import Call
from emulator.voice.legs import client_address

VERSION = "1.6"
REGION = "us1"


def read(text: str) -> tuple[str, Mapping[str, object]]:
    """The type and the payload; an empty type for what is no such frame, such as a keepalive."""
    try:
        given = json.loads(text)
    except ValueError:
        return "", {}
    match given:
        case {"type": str(kind), "payload": dict(payload)}:
            return kind, payload
        case {"type": str(kind)}:
            return kind, {}
    return "", {}


def write(kind: str, payload: Mapping[str, object]) -> str:
    return json.dumps({"type": kind, "payload": payload, "version": VERSION})


def connected(identity: str, seconds: float) -> str:
    """`seconds` is how long the token is good."""
    token = {"identity": identity, "ttl": int(seconds)}
    return write(
        "connected", {"region": REGION, "edge": "ashburn", "home": REGION, "gateway": "emulator", "token": token}
    )


def invite(call: Call) -> str:
    """Somebody calls the browser; what stood behind the `?` of its address becomes custom parameters."""
    address, params = client_address(call.to)
    parameters = {
        "CallSid": call.sid,
        "AccountSid": call.account_sid,
        "From": call.from_,
        "To": address,
        "Params": params,
    }
    return write("invite", {"callsid": call.sid, "sdp": sdp.offer(), "parameters": parameters})


def error(code: int, message: str, call_sid: str = "") -> str:
    call = {"callsid": call_sid} if call_sid else {}
    return write("error", {"error": {"code": code, "message": message}, **call})


def outgoing(payload: Mapping[str, object]) -> Mapping[str, str]:
    """What the page gave with a call of its own: parameters of the request to its application."""
    match payload.get("twilio"):
        case {"params": str(params)}:
            return dict(parse_qsl(params, keep_blank_values=True))
    return {}
