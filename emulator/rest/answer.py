"""What the emulator answers to one REST request."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from emulator.ports import TwilioError


@dataclass(frozen=True)
class RestAnswer:
    """`body` becomes JSON; an empty body with status 204 is sent without one."""

    status: int
    body: dict[str, object]
    headers: Mapping[str, str] = field(default_factory=dict)


def refusal(error: TwilioError) -> RestAnswer:
    """Twilio's error document (contract 7.6)."""
    more_info = f"https://www.twilio.com/docs/errors/{error.code}"
    body: dict[str, object] = {
        "code": error.code,
        "message": error.message,
        "more_info": more_info,
        "status": error.status,
    }
    return RestAnswer(error.status, body)
