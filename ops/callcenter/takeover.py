"""Where a number leads, and what of that is kept when the call centre takes it over. Pure."""

from collections.abc import Mapping

from chalicelib.twilio import urls
from ops.aws.former import Former

Fields = Mapping[str, str]  # of a number, by Twilio's names; empty where there is nothing

# Which of these is set decides where a call goes, the first before the others (contract 7.5).
LEADING = {"trunk_sid": "trunk ", "voice_application_sid": "application ", "voice_url": ""}
URLS = ("voice_url", "voice_fallback_url", "status_callback")


def wanted(api_url: str) -> dict[str, str]:
    """How a number leads to the application."""
    return {
        "trunk_sid": "",
        "voice_application_sid": "",
        "voice_url": urls.INCOMING.url(api_url),
        "voice_method": "POST",
        "voice_fallback_url": urls.FALLBACK.url(api_url),
        "voice_fallback_method": "POST",
        "status_callback": "",
    }


NOWHERE = {**dict.fromkeys(wanted(""), ""), "voice_method": "POST", "voice_fallback_method": "POST"}


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
    return kept is None or not leads_to(fields).endswith(urls.INCOMING.url(""))


def given_back(fields: Fields, api_url: str, kept: Former | None) -> dict[str, str] | None:
    """How the number leads when it is given back; None when nothing of it leads here."""
    if is_ours(fields, api_url, kept) or (kept and dict(fields) == kept.fields):
        return {**NOWHERE, **{name: value for name, value in (kept.fields if kept else {}).items() if value}}
    ours = [name for name in URLS if _is_under(fields[name], api_url)]
    return {**fields, **dict.fromkeys(ours, "")} if ours else None


def _is_under(url: str, api_url: str) -> bool:
    return bool(api_url) and url.startswith(f"{api_url}/")
