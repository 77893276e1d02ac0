"""REST on one recording: shown and deleted (contract 3.3). Their list and their sound are not imitated."""

from emulator.rest.framework import NO_CONTENT, Operation, Request, RestAnswer, Route, not_found, parameters
from emulator.voice.calls import API_VERSION, rfc2822
from emulator.voice.recordings import Recording


def _find(request: Request) -> Recording:
    """TwilioError 20404 when it is deleted, or never was."""
    found = request.voice.context.recordings.get(request.parts["sid"])
    if found is None:
        raise not_found(request)
    return found


def _fetch(request: Request) -> RestAnswer:
    recording, account = _find(request), request.account.sid
    uri = f"/{API_VERSION}/Accounts/{account}/Recordings/{recording.sid}"
    nothing = ("conference_sid", "price", "error_code", "encryption_details")
    return RestAnswer(
        200,
        {
            **dict.fromkeys(nothing),
            "sid": recording.sid,
            "account_sid": account,
            "api_version": API_VERSION,
            "call_sid": recording.call_sid,
            "date_created": rfc2822(recording.ended),
            "date_updated": rfc2822(recording.ended),
            "start_time": rfc2822(recording.started),
            "duration": str(recording.seconds),
            "price_unit": "USD",
            "status": "completed",
            "channels": 1,
            "source": "RecordVerb",
            "uri": f"{uri}.json",
            "media_url": f"https://api.twilio.com{uri}",
            "subresource_uris": {part: f"{uri}/{name}.json" for part, name in _PARTS.items()},
        },
    )


def _delete(request: Request) -> RestAnswer:
    del request.voice.context.recordings[_find(request).sid]
    return NO_CONTENT


_PARTS = {"add_on_results": "AddOnResults", "transcriptions": "Transcriptions"}
ROUTES = (
    Route(
        "/2010-04-01/Accounts/{account}/Recordings/{sid}.json",
        {
            "GET": Operation(_fetch, parameters(refuses="IncludeSoftDeleted=false")),
            "DELETE": Operation(_delete),
        },
    ),
)
