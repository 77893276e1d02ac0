"""REST on the queues of voice (contract 7.4)."""

from collections.abc import Iterable

from emulator.ports import TwilioError
from emulator.rest.collection import API_2010, Collection
from emulator.rest.framework import Body, Request, parameters
from emulator.voice.calls import API_VERSION, rfc2822
from emulator.voice.queues import VoiceQueue

MAX_QUEUE_SIZE = 5000


def _all(request: Request) -> Iterable[VoiceQueue]:
    """There is no filter by name: it is not in Twilio's description of the API (contract 7.4)."""
    return request.voice.context.queues.by_name.values()


def _update(request: Request, queue: VoiceQueue) -> None:
    size = request.text("MaxSize", str(queue.max_size))
    name = request.text("FriendlyName", queue.friendly_name)
    if not size.isdecimal() or not 0 < int(size) <= MAX_QUEUE_SIZE:
        raise TwilioError(20001, f"Invalid MaxSize: {size}")
    if name != queue.friendly_name:
        request.voice.context.queues.rename(queue, name)
    queue.max_size = int(size)
    queue.updated = request.now()


def _body(request: Request, queue: VoiceQueue) -> Body:
    account = request.account.sid
    return {
        "sid": queue.sid,
        "account_sid": account,
        "friendly_name": queue.friendly_name,
        "current_size": len(queue.members),
        "max_size": queue.max_size,
        "average_wait_time": queue.average_wait(),
        "date_created": rfc2822(queue.created),
        "date_updated": rfc2822(queue.updated),
        "uri": f"/{API_VERSION}/Accounts/{account}/Queues/{queue.sid}.json",
    }


ROUTES = Collection(
    api=API_2010,
    path="/2010-04-01/Accounts/{account}/Queues",
    key="queues",
    items=_all,
    body=_body,
    update=_update,
    updates=parameters("FriendlyName MaxSize"),
    unimitated=frozenset({"POST", "DELETE"}),
).routes()
