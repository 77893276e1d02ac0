"""The few requests to Twilio's REST API that we need, on Twilio's own client: a module for each kind of thing."""

from chalicelib.twilio.rest import calls, client, conferences, recordings, reservations, tasks, texts, workers
from chalicelib.twilio.rest.failures import NotDone, OutcomeUnknown, TwilioDenied, TwilioRejected, TwilioUnavailable

__all__ = (
    "NotDone",
    "OutcomeUnknown",
    "TwilioDenied",
    "TwilioRejected",
    "TwilioUnavailable",
    "calls",
    "client",
    "conferences",
    "recordings",
    "reservations",
    "tasks",
    "texts",
    "workers",
)
