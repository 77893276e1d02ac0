"""The account's phone numbers, and where their calls are sent (contract 7.5)."""

from dataclasses import dataclass

from emulator.ports import Method


@dataclass
class Number:
    """Without a `voice_url` its calls reach nobody."""

    phone_number: str
    voice_url: str = ""
    voice_method: Method = "POST"
    fallback_url: str = ""
    fallback_method: Method = "POST"
    status_callback: str = ""
    status_callback_method: Method = "POST"
    sid: str = ""
    friendly_name: str = ""
    caller_id_lookup: bool = False
    created: float = 0.0
    updated: float = 0.0
