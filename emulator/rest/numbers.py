"""REST on the account's phone numbers: found, shown and told where their calls go (contract 7.5)."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from emulator.ports import Method, TwilioError
from emulator.rest.collection import API_2010, Collection
from emulator.rest.fields import changed_url
from emulator.rest.framework import Body, Request, parameters
from emulator.voice.calls import API_VERSION, rfc2822
from emulator.voice.numbers import Number

# That 21402 and 21403 are what a bad URL and a bad method get is uncertain; 21405 is certain.
BAD_URL, BAD_METHOD, FALLBACK_ALONE = 21402, 21403, 21405
BAD_SID = 20001  # uncertain


def _all(request: Request) -> Iterable[Number]:
    return request.voice.numbers.values()


def _wanted(request: Request) -> Callable[[Number], bool]:
    """PhoneNumber may be a part, with `*` for any digit."""
    pattern = re.compile(re.escape(request.text("PhoneNumber")).replace(r"\*", r"\d"))
    name = request.text("FriendlyName")
    return lambda one: pattern.search(one.phone_number) is not None and name in {"", one.friendly_name}


def _update(request: Request, number: Number) -> None:
    """What was not sent stays. TwilioError 21402, 21403 or 21405."""
    changed = replace(
        number,
        voice_url=web_url(request, "VoiceUrl", number.voice_url),
        voice_method=changed_method(request, "VoiceMethod", number.voice_method),
        fallback_url=web_url(request, "VoiceFallbackUrl", number.fallback_url),
        fallback_method=changed_method(request, "VoiceFallbackMethod", number.fallback_method),
        status_callback=web_url(request, "StatusCallback", number.status_callback),
        status_callback_method=changed_method(request, "StatusCallbackMethod", number.status_callback_method),
        friendly_name=request.text("FriendlyName") or number.friendly_name,
        application_sid=_sid(request, "VoiceApplicationSid", "AP", number.application_sid),
        trunk_sid=_sid(request, "TrunkSid", "TK", number.trunk_sid),
        sms_url=web_url(request, "SmsUrl", number.sms_url),
        sms_method=changed_method(request, "SmsMethod", number.sms_method),
        sms_fallback_url=web_url(request, "SmsFallbackUrl", number.sms_fallback_url),
        sms_fallback_method=changed_method(request, "SmsFallbackMethod", number.sms_fallback_method),
        sms_application_sid=_sid(request, "SmsApplicationSid", "AP", number.sms_application_sid),
        address_sid=_sid(request, "AddressSid", "AD", number.address_sid),
        bundle_sid=_sid(request, "BundleSid", "BU", number.bundle_sid),
        identity_sid=_sid(request, "IdentitySid", "RI", number.identity_sid),
        emergency_address_sid=_sid(request, "EmergencyAddressSid", "AD", number.emergency_address_sid),
        caller_id_lookup=request.text("VoiceCallerIdLookup", str(number.caller_id_lookup)).lower() == "true",
        updated=request.now(),
    )
    if changed.fallback_url and not changed.voice_url:
        raise TwilioError(FALLBACK_ALONE, "Cannot set VoiceFallbackUrl without setting Url")
    if request.text("TrunkSid"):  # setting the one takes the other away
        changed.application_sid = ""
    elif request.text("VoiceApplicationSid"):
        changed.trunk_sid = ""
    vars(number).update(vars(changed))  # all at once: nothing was wrong


def _sid(request: Request, name: str, begins: str, current: str) -> str:
    sid = request.text(name, current)
    if sid and not re.fullmatch(begins + "[0-9a-fA-F]{32}", sid):
        raise TwilioError(BAD_SID, f"{name} is not valid: {sid}")
    return sid


def web_url(request: Request, name: str, current: str) -> str:
    """TwilioError 21402 when it is no URL; an empty one takes the current one away."""
    return changed_url(request, name, current, BAD_URL)


def changed_method(request: Request, name: str, current: Method) -> Method:
    """TwilioError 21403 when it is neither GET nor POST."""
    method = request.text(name) or current
    if method not in {"GET", "POST"}:
        raise TwilioError(BAD_METHOD, f"{name} is not a valid method: {method}")
    return "GET" if method == "GET" else "POST"


def _body(request: Request, number: Number) -> Body:
    """The IncomingPhoneNumber resource. What is not set is null or empty, as in Twilio's example of it."""
    return {
        "address_sid": number.address_sid or None,
        "bundle_sid": number.bundle_sid or None,
        "emergency_address_sid": number.emergency_address_sid or None,
        "identity_sid": number.identity_sid or None,
        "sid": number.sid,
        "account_sid": request.account.sid,
        "api_version": API_VERSION,
        "phone_number": number.phone_number,
        "friendly_name": number.friendly_name,
        "voice_url": number.voice_url or None,
        "voice_method": number.voice_method,
        "voice_fallback_url": number.fallback_url or None,
        "voice_fallback_method": number.fallback_method,
        "voice_caller_id_lookup": number.caller_id_lookup,
        "voice_application_sid": number.application_sid or None,
        "trunk_sid": number.trunk_sid or None,
        "voice_receive_mode": "voice",
        "status_callback": number.status_callback,
        "status_callback_method": number.status_callback_method,
        "sms_application_sid": number.sms_application_sid or None,
        "sms_url": number.sms_url,
        "sms_method": number.sms_method,
        "sms_fallback_url": number.sms_fallback_url,
        "sms_fallback_method": number.sms_fallback_method,
        "capabilities": {"voice": True, "sms": True, "mms": False, "fax": False},
        "address_requirements": "none",
        "beta": False,
        "origin": "twilio",
        "status": "in-use",
        "type": "local",
        "emergency_status": "Active",
        "emergency_address_status": "unregistered",
        "date_created": rfc2822(number.created),
        "date_updated": rfc2822(number.updated),
        "uri": f"/{API_VERSION}/Accounts/{request.account.sid}/IncomingPhoneNumbers/{number.sid}.json",
    }


ROUTES = Collection(
    api=API_2010,
    path="/2010-04-01/Accounts/{account}/IncomingPhoneNumbers",
    key="incoming_phone_numbers",
    items=_all,
    body=_body,
    wanted=_wanted,
    update=_update,
    lists=parameters("PhoneNumber FriendlyName", refuses="Beta Origin"),
    updates=parameters(
        "VoiceUrl VoiceMethod VoiceFallbackUrl VoiceFallbackMethod StatusCallback StatusCallbackMethod FriendlyName "
        "VoiceApplicationSid TrunkSid SmsUrl SmsMethod SmsFallbackUrl SmsFallbackMethod",
        refuses="AccountSid VoiceReceiveMode=voice EmergencyStatus=Active",
        ignores="VoiceCallerIdLookup=false ApiVersion=2010-04-01 AddressSid BundleSid IdentitySid "
        "EmergencyAddressSid SmsApplicationSid",
    ),
    unimitated=frozenset({"POST", "DELETE"}),
).routes()
