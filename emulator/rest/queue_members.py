"""REST on who waits in a queue of voice: the list alone (contract 7.4)."""

from collections.abc import Iterable

from emulator.rest.collection import API_2010, Collection
from emulator.rest.framework import Body, Request, not_found
from emulator.voice.calls import API_VERSION, rfc2822
from emulator.voice.queues import Member


def _all(request: Request) -> Iterable[Member]:
    """Who waits, the first in the queue first. TwilioError 20404 for a queue that is not there."""
    queues = request.voice.context.queues.by_name.values()
    found = next((queue for queue in queues if queue.sid == request.parts["queue"]), None)
    if found is None:
        raise not_found(request)
    return [member for member in found.members if not member.is_taken]


def _body(request: Request, member: Member) -> Body:
    account, queue = request.account.sid, member.queue.sid
    return {
        "call_sid": member.sid,
        "date_enqueued": rfc2822(member.since),
        "position": member.position(),
        "queue_sid": queue,
        "wait_time": int(request.now() - member.since),
        "uri": f"/{API_VERSION}/Accounts/{account}/Queues/{queue}/Members/{member.sid}.json",
    }


ROUTES = Collection(
    api=API_2010,
    path="/2010-04-01/Accounts/{account}/Queues/{queue}/Members",
    key="queue_members",
    items=_all,
    body=_body,
).routes()[:1]  # one of them alone, and taking one out, is not imitated
