"""REST on the account's applications (contract 7.5)."""

from collections.abc import Iterable

from emulator.rest.collection import API_2010, Collection
from emulator.rest.fields import called
from emulator.rest.framework import Body, Request, parameters
from emulator.rest.numbers import changed_method, web_url
from emulator.voice.applications import Application
from emulator.voice.calls import API_VERSION, rfc2822

KEPT_URLS = ("SmsUrl", "SmsFallbackUrl", "SmsStatusCallback", "MessageStatusCallback")
KEPT_METHODS = ("SmsMethod", "SmsFallbackMethod")
KEPT_FLAGS = ("VoiceCallerIdLookup", "PublicApplicationConnectEnabled")


def _all(request: Request) -> Iterable[Application]:
    return request.voice.applications.values()


def _create(request: Request) -> Application:
    """The FriendlyName is not required (D OAI-API); that it is empty without one is uncertain."""
    now = request.now()
    application = Application(request.router.scheduler.sid("AP"), "", now, now)
    _update(request, application)
    request.voice.applications[application.sid] = application
    return application


def _update(request: Request, application: Application) -> None:
    """What was not sent stays. TwilioError 21402 or 21403, and nothing is changed."""
    changed = {
        "friendly_name": request.text("FriendlyName", application.friendly_name),
        "voice_url": web_url(request, "VoiceUrl", application.voice_url),
        "voice_method": changed_method(request, "VoiceMethod", application.voice_method),
        "fallback_url": web_url(request, "VoiceFallbackUrl", application.fallback_url),
        "fallback_method": changed_method(request, "VoiceFallbackMethod", application.fallback_method),
        "status_callback": web_url(request, "StatusCallback", application.status_callback),
        "status_callback_method": changed_method(request, "StatusCallbackMethod", application.status_callback_method),
        "kept": _kept(request, application.kept),
        "updated": request.now(),
    }
    vars(application).update(changed)


def _kept(request: Request, kept: dict[str, str]) -> dict[str, str]:
    return {
        **{name: web_url(request, name, kept.get(name, "")) for name in KEPT_URLS},
        **{name: changed_method(request, name, "GET" if kept.get(name) == "GET" else "POST") for name in KEPT_METHODS},
        **{name: request.text(name, kept.get(name, "false")).lower() for name in KEPT_FLAGS},
    }


def _delete(request: Request, application: Application) -> None:
    del request.voice.applications[application.sid]


def _body(request: Request, application: Application) -> Body:
    account, kept = request.account.sid, application.kept
    return {
        "sid": application.sid,
        "account_sid": account,
        "api_version": API_VERSION,
        "friendly_name": application.friendly_name,
        "voice_url": application.voice_url or None,
        "voice_method": application.voice_method,
        "voice_fallback_url": application.fallback_url or None,
        "voice_fallback_method": application.fallback_method,
        "voice_caller_id_lookup": kept["VoiceCallerIdLookup"] == "true",
        "status_callback": application.status_callback or None,
        "status_callback_method": application.status_callback_method,
        "sms_url": kept["SmsUrl"] or None,
        "sms_method": kept["SmsMethod"],
        "sms_fallback_url": kept["SmsFallbackUrl"] or None,
        "sms_fallback_method": kept["SmsFallbackMethod"],
        "sms_status_callback": kept["SmsStatusCallback"] or None,
        "message_status_callback": kept["MessageStatusCallback"] or None,
        "public_application_connect_enabled": kept["PublicApplicationConnectEnabled"] == "true",
        "date_created": rfc2822(application.created),
        "date_updated": rfc2822(application.updated),
        "uri": f"/{API_VERSION}/Accounts/{account}/Applications/{application.sid}.json",
    }


# What is ignored is kept and shown, so that a tool that sets it finds it so.
_FIELDS = parameters(
    "FriendlyName VoiceUrl VoiceMethod VoiceFallbackUrl VoiceFallbackMethod StatusCallback StatusCallbackMethod",
    ignores="ApiVersion=2010-04-01 VoiceCallerIdLookup=false SmsUrl SmsMethod=POST SmsFallbackUrl "
    "SmsFallbackMethod=POST SmsStatusCallback MessageStatusCallback PublicApplicationConnectEnabled=false",
)
ROUTES = Collection(
    api=API_2010,
    path="/2010-04-01/Accounts/{account}/Applications",
    key="applications",
    items=_all,
    body=_body,
    wanted=called,
    create=_create,
    update=_update,
    delete=_delete,
    lists=parameters("FriendlyName"),
    creates=_FIELDS,
    updates=_FIELDS,
).routes()
