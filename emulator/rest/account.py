"""REST on the account itself."""

from emulator.names import snake_case
from emulator.ports import TwilioError
from emulator.rest.framework import Operation, Request, RestAnswer, Route
from emulator.voice.calls import API_VERSION, rfc2822

PARTS = ("Calls", "IncomingPhoneNumbers", "Queues", "Applications", "Conferences", "Recordings", "Messages")


def fetch(request: Request) -> RestAnswer:
    """The Account resource, with its primary token. A standard API key may not see it: 20003."""
    account = request.account
    if request.user != account.sid:
        raise TwilioError(20003, "Authentication Error - invalid username", 401)
    base = f"/{API_VERSION}/Accounts/{account.sid}"
    body: dict[str, object] = {
        "sid": account.sid,
        "owner_account_sid": account.sid,
        "friendly_name": account.friendly_name,
        "auth_token": account.auth_token,
        "status": "active",
        "type": "Full",
        "date_created": rfc2822(account.created),
        "date_updated": rfc2822(account.created),
        "uri": f"{base}.json",
        "subresource_uris": {snake_case(part): f"{base}/{part}.json" for part in PARTS},
    }
    return RestAnswer(200, body)


ROUTES = (Route("/2010-04-01/Accounts/{account}.json", {"GET": Operation(fetch), "POST": None}),)
