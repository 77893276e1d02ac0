"""Where Twilio's libraries for browsers ask: the page's policy and the libraries' options say the same (pure)."""

from typing import NamedTuple
from urllib.parse import urlsplit

EVENT_BRIDGE, CHANNELS = "event-bridge.twilio.com", "/v1/wschannels"
SIGNALLING = "voice-js.roaming.twilio.com"
SOUNDS = "https://sdk.twilio.com"  # the ring tone and the like
INSIGHTS = "https://eventgw.twilio.com"


class Hosts(NamedTuple):
    """URLs of TaskRouter's event bridge, for requests and for the socket; host and scheme of the phone's signalling.

    `origins` are all that a page has to be let ask.
    """

    bridge: str
    bridge_socket: str
    signalling: str
    signalling_scheme: str
    origins: tuple[str, ...]


def of(api_url: str) -> Hosts:
    """Twilio's own; with `api_url` those of the emulator that is there, which may have no TLS."""
    if api_url:
        return _at(urlsplit(api_url).scheme, urlsplit(api_url).netloc)
    origins = (f"https://{EVENT_BRIDGE}", f"wss://{EVENT_BRIDGE}", f"wss://{SIGNALLING}", SOUNDS, INSIGHTS)
    return Hosts(f"https://{EVENT_BRIDGE}{CHANNELS}", f"wss://{EVENT_BRIDGE}{CHANNELS}", SIGNALLING, "wss", origins)


def _at(scheme: str, host: str) -> Hosts:
    socket = "wss" if scheme == "https" else "ws"
    bridge, bridge_socket = f"{scheme}://{host}", f"{socket}://{host}"
    return Hosts(f"{bridge}{CHANNELS}", f"{bridge_socket}{CHANNELS}", host, socket, (bridge, bridge_socket))
