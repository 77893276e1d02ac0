"""Whether the messages of callers are kept in the team's own bucket, and offered to its workers."""

from chalicelib.config import callcenter, environment


def bucket() -> str:
    """The bucket that messages are kept in; empty where they stay at Twilio."""
    return environment.current().messages_bucket if callcenter.current().messages.are_in_bucket else ""


def are_offered() -> bool:
    """Whether any line's messages are offered to workers."""
    center = callcenter.current()
    return bool(bucket()) and any(map(center.offers, (*center.lines, *center.simple_queues)))
