"""REST on messages (contract 14.5)."""

from collections.abc import Callable, Iterable

from emulator.messaging.model import Media, Message
from emulator.messaging.service import Text
from emulator.ports import TwilioError
from emulator.rest.collection import API_2010, Collection
from emulator.rest.fields import dated, dates
from emulator.rest.framework import Body, Operation, Request, RestAnswer, Route, not_found, parameters
from emulator.voice.calls import API_VERSION, rfc2822


def _all(request: Request) -> Iterable[Message]:
    """The youngest first."""
    return reversed(request.messaging.messages.values())


def _wanted(request: Request) -> Callable[[Message], bool]:
    to, from_ = request.text("To"), request.text("From")
    sent = dated(request, "DateSent", through=True)
    return lambda one: to in {"", one.to} and from_ in {"", one.from_} and sent(one.sent)


def _create(request: Request) -> Message:
    return request.messaging.send(
        Text(
            to=request.text("To"),
            from_=request.text("From"),
            body=request.text("Body"),
            media=tuple(request.fields.get("MediaUrl", ())),
            service_sid=request.text("MessagingServiceSid"),
            callback=request.text("StatusCallback"),
        )
    )


def _update(request: Request, message: Message) -> None:
    """The body can be taken away. TwilioError 20001 (uncertain) for another text, and for a message that is sent."""
    if request.text("Body") or request.text("Status"):
        raise TwilioError(20001, f"The message {message.sid} cannot be changed: it is {message.status}")
    if request.gives("Body"):
        message.body = ""
    message.updated = request.now()


def _delete(request: Request, message: Message) -> None:
    del request.messaging.messages[message.sid]


def _body(request: Request, one: Message) -> Body:
    account = request.account.sid
    uri = f"/{API_VERSION}/Accounts/{account}/Messages/{one.sid}"
    return {
        "sid": one.sid,
        "account_sid": account,
        "api_version": API_VERSION,
        "messaging_service_sid": one.service_sid or None,
        "from": one.from_,
        "to": one.to,
        "body": one.body,
        "direction": one.direction,
        "status": one.status,
        "num_segments": str(one.segments),
        "num_media": str(len(one.media)),
        "error_code": one.error_code,
        "error_message": None if one.error_code is None else f"Error {one.error_code}",
        "price": None,
        "price_unit": "USD",
        "date_created": rfc2822(one.created),
        "date_updated": rfc2822(one.updated),
        "date_sent": None if one.sent is None else rfc2822(one.sent),
        "uri": f"{uri}.json",
        "subresource_uris": {"media": f"{uri}/Media.json"},
    }


# What a message carries


def _of(request: Request) -> Message:
    """The message in the path. TwilioError 20404."""
    message = request.messaging.messages.get(request.parts["message"])
    if message is None:
        raise not_found(request)
    return message


def _media(request: Request) -> Iterable[Media]:
    return _of(request).media


def _media_wanted(request: Request) -> Callable[[Media], bool]:
    created = dated(request, "DateCreated")
    return lambda one: created(one.created)


def _media_body(request: Request, one: Media) -> Body:
    account, message = request.account.sid, request.parts["message"]
    return {
        "sid": one.sid,
        "account_sid": account,
        "parent_sid": message,
        "content_type": one.content_type,
        "date_created": rfc2822(one.created),
        "date_updated": rfc2822(one.created),
        "uri": f"/{API_VERSION}/Accounts/{account}/Messages/{message}/Media/{one.sid}.json",
    }


def _delete_media(request: Request, one: Media) -> None:
    message = _of(request)
    message.media = tuple(known for known in message.media if known is not one)


def _content(request: Request) -> RestAnswer:
    """Leads to where it is."""
    found = next((one for one in _media(request) if one.sid == request.parts["sid"]), None)
    if found is None:
        raise not_found(request)
    return RestAnswer(307, {}, {"Location": found.source})


_CREATES = parameters(
    "To From Body MediaUrl MessagingServiceSid StatusCallback",
    refuses="ApplicationSid ContentSid ContentVariables ScheduleType SendAt FallbackFrom",
    ignores="MaxPrice ProvideFeedback Attempt ValidityPeriod ForceDelivery ContentRetention AddressRetention "
    "SmartEncoded PersistentAction TrafficType ShortenUrls SendAsMms RiskCheck",
)
_MESSAGES = "/2010-04-01/Accounts/{account}/Messages"
_MEDIA = f"{_MESSAGES}/{{message}}/Media"
ROUTES = (
    *Collection(
        api=API_2010,
        path=_MESSAGES,
        key="messages",
        items=_all,
        body=_body,
        wanted=_wanted,
        create=_create,
        update=_update,
        delete=_delete,
        lists=parameters(f"To From {dates('DateSent')}"),
        creates=_CREATES,
        updates=parameters("Body Status"),
    ).routes(),
    *Collection(
        api=API_2010,
        path=_MEDIA,
        key="media_list",
        items=_media,
        body=_media_body,
        delete=_delete_media,
        wanted=_media_wanted,
        lists=parameters(dates("DateCreated")),
    ).routes(),
    Route(f"{_MEDIA}/{{sid}}", {"GET": Operation(_content)}),
)
