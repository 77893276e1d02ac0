"""Whether the messages of callers are kept in the team's own bucket."""

from chalicelib.config import callcenter, environment


def bucket() -> str:
    """The bucket that messages are kept in; empty where they stay at Twilio."""
    return environment.current().messages_bucket if callcenter.current().messages.kept_in == "s3" else ""
