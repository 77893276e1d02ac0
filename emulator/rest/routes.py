"""Every route of REST. What Twilio has and the emulator does not imitate is here too, and says so."""

import re

from emulator.rest import (
    account,
    activities,
    applications,
    calls,
    conferences,
    events,
    messages,
    numbers,
    participants,
    queue_members,
    queues,
    recordings,
    reservations,
    statistics,
    task_channels,
    task_queues,
    tasks,
    worker_channels,
    workers,
    workflows,
    workspaces,
)
from emulator.rest.framework import Request, RestAnswer, Route, dispatch, not_imitated

ROUTES: tuple[Route, ...] = (
    *account.ROUTES,
    *applications.ROUTES,
    *calls.ROUTES,
    *queues.ROUTES,
    *queue_members.ROUTES,
    *numbers.ROUTES,
    *recordings.ROUTES,
    *messages.ROUTES,
    *conferences.ROUTES,
    *participants.ROUTES,
    *statistics.ROUTES,  # before the resources: `Statistics` is nobody's name
    *workspaces.ROUTES,
    *activities.ROUTES,
    *task_channels.ROUTES,
    *task_queues.ROUTES,
    *workflows.ROUTES,
    *workers.ROUTES,
    *worker_channels.ROUTES,
    *tasks.ROUTES,
    *reservations.ROUTES,
    *events.ROUTES,
)
_OF_ACCOUNT = (
    r"Addresses|AuthorizedConnectApps|AvailablePhoneNumbers|Balance|ConnectApps|Keys|Messages/\w+/Feedback|"
    r"Notifications|OutgoingCallerIds|Recordings/\w+/AddOnResults|SIP|SMS|SigningKeys|Tokens|Usage"
)
_OF_CALL = (
    "Events|Notifications|Payments|Siprec|Streams|Transcriptions|UserDefinedMessages|UserDefinedMessageSubscriptions"
)
NOT_IMITATED_PATHS = re.compile(
    r"/2010-04-01/Accounts(?:\.json|/\w+/(?:"
    rf"(?:{_OF_ACCOUNT})\b.*|Calls/\w+/(?:{_OF_CALL})\b.*|Queues/\w+/Members/.*"
    r"|IncomingPhoneNumbers/(?:Local|Mobile|TollFree|\w+/AssignedAddOns)\b.*))"
    r"|(?!/2010-04-01/Accounts/|/v1/Workspaces\b).*"  # Twilio's other products
)


def takes_json(method: str, path: str) -> bool:
    """Whether a body in JSON is what Twilio documents for this request."""
    operations = (route.methods.get(method) for route in ROUTES if route.pattern.fullmatch(path))
    return any(operation is not None and operation.takes_json for operation in operations)


def answer(request: Request) -> RestAnswer:
    """What REST answers to an authenticated request.

    TwilioError for every refusal: 20501 for what Twilio has and the emulator does not, 20404 for what is not there.
    """
    if NOT_IMITATED_PATHS.fullmatch(request.path):
        raise not_imitated(request.path)
    return dispatch(ROUTES, request)
