"""REST on the account's phone numbers: found, shown and told where their calls go (contract 7.5)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from emulator.ports import TwilioError
from emulator.voice.calls import API_VERSION, Method, rfc2822
from emulator.voice.numbers import Number

Fields = Mapping[str, Sequence[str]]

# That 21402 and 21403 are what a bad URL and a bad method get is uncertain; 21405 is certain.
BAD_URL, BAD_METHOD, FALLBACK_ALONE = 21402, 21403, 21405


def found(numbers: Sequence[Number], fields: Fields) -> list[Number]:
    """Those that the list's filters let through. PhoneNumber may be a part, with `*` for any digit."""
    pattern = re.escape(_text(fields, "PhoneNumber")).replace(r"\*", r"\d")
    name = _text(fields, "FriendlyName")
    return [one for one in numbers if re.search(pattern, one.phone_number) and name in {"", one.friendly_name}]


def changed(number: Number, fields: Fields, now: float) -> Number:
    """The number as the form wants it; what was not sent stays. TwilioError 21402, 21403 or 21405."""
    wanted = replace(
        number,
        voice_url=_url(fields, "VoiceUrl", number.voice_url),
        voice_method=_method(fields, "VoiceMethod", number.voice_method),
        fallback_url=_url(fields, "VoiceFallbackUrl", number.fallback_url),
        fallback_method=_method(fields, "VoiceFallbackMethod", number.fallback_method),
        status_callback=_url(fields, "StatusCallback", number.status_callback),
        status_callback_method=_method(fields, "StatusCallbackMethod", number.status_callback_method),
        friendly_name=_text(fields, "FriendlyName") or number.friendly_name,
        caller_id_lookup=_text(fields, "VoiceCallerIdLookup", str(number.caller_id_lookup)).lower() == "true",
        updated=now,
    )
    if wanted.fallback_url and not wanted.voice_url:
        raise TwilioError(FALLBACK_ALONE, "Cannot set VoiceFallbackUrl without setting Url")
    return wanted


def _text(fields: Fields, name: str, default: str = "") -> str:
    values = fields.get(name)
    return values[-1] if values else default


def _url(fields: Fields, name: str, current: str) -> str:
    """An empty one takes the URL away."""
    url = _text(fields, name, current)
    if url and not re.match(r"https?://[^/\s]+", url):
        raise TwilioError(BAD_URL, f"{name} is not a valid URL: {url}")
    return url


def _method(fields: Fields, name: str, current: Method) -> Method:
    method = _text(fields, name) or current
    if method not in {"GET", "POST"}:
        raise TwilioError(BAD_METHOD, f"{name} is not a valid method: {method}")
    return "GET" if method == "GET" else "POST"


def body(number: Number, account_sid: str) -> dict[str, object]:
    """The IncomingPhoneNumber resource. What is not set is null or empty, as in Twilio's example of it."""
    nothing = ("address_sid", "bundle_sid", "emergency_address_sid", "identity_sid", "trunk_sid")
    empty = ("sms_url", "sms_fallback_url")
    return {
        **dict.fromkeys(nothing),
        **dict.fromkeys(empty, ""),
        "sid": number.sid,
        "account_sid": account_sid,
        "api_version": API_VERSION,
        "phone_number": number.phone_number,
        "friendly_name": number.friendly_name,
        "voice_url": number.voice_url or None,
        "voice_method": number.voice_method,
        "voice_fallback_url": number.fallback_url or None,
        "voice_fallback_method": number.fallback_method,
        "voice_caller_id_lookup": number.caller_id_lookup,
        "voice_application_sid": None,
        "voice_receive_mode": "voice",
        "status_callback": number.status_callback,
        "status_callback_method": number.status_callback_method,
        "sms_application_sid": None,
        "sms_method": "POST",
        "sms_fallback_method": "POST",
        "capabilities": {"voice": True, "sms": False, "mms": False, "fax": False},
        "address_requirements": "none",
        "beta": False,
        "origin": "twilio",
        "status": "in-use",
        "type": "local",
        "emergency_status": "Active",
        "emergency_address_status": "unregistered",
        "date_created": rfc2822(number.created),
        "date_updated": rfc2822(number.updated),
        "uri": f"/{API_VERSION}/Accounts/{account_sid}/IncomingPhoneNumbers/{number.sid}.json",
    }
