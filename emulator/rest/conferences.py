"""REST on conferences (contract 14.2)."""

from collections.abc import Callable, Iterable

from emulator.rest.collection import API_2010, Collection
from emulator.rest.fields import dated, dates, one_of
from emulator.rest.framework import Body, Request, not_found, parameters
from emulator.voice.calls import API_VERSION, Source, rfc2822
from emulator.voice.conferences import Conference


def _all(request: Request) -> Iterable[Conference]:
    """The youngest first."""
    return reversed(request.voice.context.conferences.all.values())


def _wanted(request: Request) -> Callable[[Conference], bool]:
    name, status = request.text("FriendlyName"), request.text("Status")
    created, updated = dated(request, "DateCreated"), dated(request, "DateUpdated")

    def wanted(one: Conference) -> bool:
        is_it = name in {"", one.friendly_name} and status in {"", one.status}
        return is_it and created(one.created) and updated(one.updated)

    return wanted


def _body(request: Request, one: Conference) -> Body:
    account = request.account.sid
    uri = f"/{API_VERSION}/Accounts/{account}/Conferences/{one.sid}"
    return {
        "sid": one.sid,
        "account_sid": account,
        "api_version": API_VERSION,
        "friendly_name": one.friendly_name,
        "region": "us1",
        "status": one.status,
        "reason_conference_ended": one.reason or None,
        "call_sid_ending_conference": one.ended_by or None,
        "date_created": rfc2822(one.created),
        "date_updated": rfc2822(one.updated),
        "uri": f"{uri}.json",
        "subresource_uris": {part: f"{uri}/{part.capitalize()}.json" for part in ("participants", "recordings")},
    }


def _update(request: Request, conference: Conference) -> None:
    """TwilioError 20001 for another status than completed, 20404 for one that is over (uncertain)."""
    one_of(request, "Status", ("completed",), "completed")
    if conference.status == "completed":
        raise not_found(request)
    announcement = announced(request)
    if announcement is not None:
        for participant in conference.participants.values():
            request.voice.context.conferences.announce(participant, announcement)
    if request.text("Status"):
        request.voice.context.conferences.end(conference, "conference-ended-via-api")


def announced(request: Request) -> Source | None:
    """The document that everybody hears; asked by POST unless the request says otherwise."""
    url = request.text("AnnounceUrl")
    return Source(url, "GET" if request.text("AnnounceMethod") == "GET" else "POST") if url else None


ROUTES = Collection(
    api=API_2010,
    path="/2010-04-01/Accounts/{account}/Conferences",
    key="conferences",
    items=_all,
    body=_body,
    wanted=_wanted,
    update=_update,
    lists=parameters(f"FriendlyName Status {dates('DateCreated', 'DateUpdated')}"),
    updates=parameters("Status AnnounceUrl AnnounceMethod"),
).routes()
