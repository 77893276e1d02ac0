"""The account's phone numbers, and where their calls are sent (contract 7.5)."""

from dataclasses import dataclass

from emulator.ports import Method


@dataclass
class Number:
    """Without a `voice_url` its calls reach nobody, nor with a trunk, which is not imitated."""

    phone_number: str
    voice_url: str = ""
    voice_method: Method = "POST"
    fallback_url: str = ""
    fallback_method: Method = "POST"
    status_callback: str = ""
    status_callback_method: Method = "POST"
    application_sid: str = ""
    trunk_sid: str = ""
    sid: str = ""
    friendly_name: str = ""
    caller_id_lookup: bool = False
    sms_url: str = ""
    sms_method: Method = "POST"
    sms_fallback_url: str = ""
    sms_fallback_method: Method = "POST"
    sms_application_sid: str = ""
    address_sid: str = ""  # these three, like the emergency address, are kept and shown
    bundle_sid: str = ""
    identity_sid: str = ""
    emergency_address_sid: str = ""
    created: float = 0.0
    updated: float = 0.0

    @property
    def led_by(self) -> str:
        """The trunk or application that its calls go to, whatever its URLs are."""
        return self.trunk_sid or self.application_sid
