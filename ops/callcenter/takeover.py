"""Where a number leads, and what of that is kept when the call centre takes it over. Pure."""

from collections.abc import Mapping

from chalicelib.twilio import urls
from ops.aws.former import Former

Fields = Mapping[str, str]  # of a number, by Twilio's names; empty where there is nothing

# Which of these is set decides where a call goes, the first before the others (contract 7.5).
LEADING = {"trunk_sid": "trunk ", "voice_application_sid": "application ", "voice_url": ""}
URLS = ("voice_url", "voice_fallback_url", "status_callback", "sms_url", "sms_fallback_url", "sms_application_sid")
OURS = (urls.INCOMING, urls.STAFF_CALL)  # where the numbers' calls go


def wanted(api_url: str) -> dict[str, str]:
    """How a number leads to the application. Its messages are left alone."""
    return _calls(urls.INCOMING.url(api_url), urls.FALLBACK.url(api_url))


def wanted_of_staff(api_url: str) -> dict[str, str]:
    """How a number leads to it that workers call and text."""
    call, message = urls.STAFF_CALL.url(api_url), urls.STAFF_MESSAGE.url(api_url)
    texts = {
        "sms_application_sid": "",
        "sms_url": message,
        "sms_method": "POST",
        "sms_fallback_url": message,
        "sms_fallback_method": "POST",
    }
    return {**_calls(call, call), **texts}


def _calls(url: str, fallback: str) -> dict[str, str]:
    return {
        "trunk_sid": "",
        "voice_application_sid": "",
        "voice_url": url,
        "voice_method": "POST",
        "voice_fallback_url": fallback,
        "voice_fallback_method": "POST",
        "status_callback": "",
    }


NAMES = tuple(wanted_of_staff(""))
NOWHERE = {**dict.fromkeys(wanted(""), ""), "voice_method": "POST", "voice_fallback_method": "POST"}
_NO_TEXTS = {
    **{name: "" for name in NAMES if name.startswith("sms_")},
    "sms_method": "POST",
    "sms_fallback_method": "POST",
}


def leads_to(fields: Fields) -> str:
    """The URL, or which trunk or application; empty when calls go nowhere."""
    return next((what + fields[name] for name, what in LEADING.items() if fields.get(name)), "")


def leads_nowhere(fields: Fields) -> bool:
    """Whether there is nothing that could be lost."""
    return not any(fields.get(name) for name in (*LEADING, *URLS))


def is_ours(fields: Fields, api_url: str, kept: Former | None = None) -> bool:
    """Whether calls go to this stage: under its URL of now, or to the one that the number was given."""
    where = leads_to(fields)
    return _is_under(where, api_url) or (kept is not None and where == kept.given)


def is_to_be_kept(fields: Fields, kept: Former | None) -> bool:
    """Whether this is kept of a number that is not ours. What is kept already gives way to what somebody else has set
    since, but never to a URL of ours: an earlier one of this stage, or another stage's."""
    return kept is None or not leads_to(fields).endswith(tuple(route.url("") for route in OURS))


def given_back(fields: Fields, api_url: str, kept: Former | None) -> dict[str, str] | None:
    """How the number leads when it is given back; None when nothing of it leads here.

    Its messages are left as they are, unless they come here.
    """
    former = {name: value for name, value in (kept.fields if kept else {}).items() if value}
    is_as_before = kept and all(fields[name] == kept.fields.get(name, NOWHERE[name]) for name in NOWHERE)
    texts = _texts_given_back(fields, api_url, kept, former)
    if is_ours(fields, api_url, kept) or is_as_before:
        return {**NOWHERE, **{name: value for name, value in former.items() if name in NOWHERE}, **texts}
    ours = [name for name in URLS if name in NOWHERE and _is_under(fields[name], api_url)]
    return {**fields, **dict.fromkeys(ours, ""), **texts} if ours or texts else None


def _texts_given_back(fields: Fields, api_url: str, kept: Former | None, former: Fields) -> dict[str, str]:
    """Empty where they do not come here."""
    call, message = urls.STAFF_CALL.url(""), urls.STAFF_MESSAGE.url("")
    given = kept.given.removesuffix(call) if kept and kept.given.endswith(call) else ""
    if not any(
        _is_under(fields.get("sms_url", ""), url) or fields.get("sms_url") == f"{url}{message}"
        for url in (api_url, given)
        if url
    ):
        return {}
    return {**_NO_TEXTS, **{name: value for name, value in former.items() if name in _NO_TEXTS}}


def _is_under(url: str, api_url: str) -> bool:
    return bool(api_url) and url.startswith(f"{api_url}/")
