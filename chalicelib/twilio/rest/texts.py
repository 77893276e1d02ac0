"""Text messages (SMS)."""

from chalicelib.twilio.rest.client import client
from chalicelib.twilio.rest.failures import errors, rest_errors
from chalicelib.twilio.rest.values import epoch


def send(from_number: str, to: str, body: str) -> None:
    """POST /Messages. Raises TwilioRejected (21610: they want none), TwilioUnavailable, OutcomeUnknown."""
    with errors():
        client().messages.create(from_=from_number, to=to, body=body)


def came_at(message_sid: str) -> float:
    """When Twilio got this message, in epoch seconds; 0 when it does not know it. Raises NotDone, TwilioRejected."""
    with errors():
        try:
            return epoch(client().messages(message_sid).fetch().date_created)
        except rest_errors() as error:
            if error.code != 20404:
                raise
            return 0.0
