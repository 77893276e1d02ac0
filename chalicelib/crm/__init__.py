"""The CRM: what happens with a caller's record before the worker's phone rings."""

from chalicelib.config.schema import CrmAdapter
from chalicelib.crm.port import Approval, Attempt, Declined, DeclinedCaller, Ended, Unavailable

__all__ = ["Approval", "Attempt", "Declined", "DeclinedCaller", "Ended", "Unavailable", "after", "prepare"]


def prepare(adapter: CrmAdapter, attempt: Attempt) -> Approval:
    """Look the caller up and record the attempt with the queue's adapter.

    Raises Declined, DeclinedCaller, Unavailable.
    """
    match adapter:
        case "contacts":
            from chalicelib.crm import contacts

            return contacts.prepare(attempt)
        case "http":
            from chalicelib.crm import http

            return http.prepare(attempt)
        case "none":
            return Approval()


def after(adapter: CrmAdapter, ended: Ended) -> None:
    """Tell the queue's adapter how a call ended. Raises Unavailable."""
    match adapter:
        case "contacts":
            from chalicelib.crm import contacts

            contacts.after(ended)
        case "http":
            from chalicelib.crm import http

            http.after(ended)
        case "none":
            pass
