"""What tests plan to go wrong with REST: refusals, and a network that breaks in the middle of a piece of work."""

import re
from dataclasses import dataclass, field
from http import HTTPStatus

from emulator.ports import TwilioError

_CODES = {401: 20003}  # every other status has 20000 + itself: 20429 (contract 7.6), 20404, 20500, 20503


class ConnectionBroken(Exception):
    """There is no answer: the connection broke. The server closes it; a client in the process raises what it has."""


@dataclass
class Failure:
    """`refusal` is the answer; without one the connection breaks, after the request was done when `executed`."""

    method: str
    path: str
    times: int
    after: int
    refusal: TwilioError | None = None
    executed: bool = False

    def hits(self, method: str, path: str) -> bool:
        """Whether this request fails. Counts it."""
        if self.times <= 0 or self.method not in {"", method} or not re.search(self.path, path):
            return False
        if self.after > 0:
            self.after -= 1
            return False
        self.times -= 1
        return True


@dataclass
class Failures:
    planned: list[Failure] = field(default_factory=list)

    def next(self, method: str, path: str) -> Failure | None:
        """The failure of this request, the first one that was planned for it."""
        return next((one for one in self.planned if one.hits(method, path)), None)


def refusal(status: int, code: int) -> TwilioError:
    return TwilioError(code or _CODES.get(status, 20000 + status), HTTPStatus(status).phrase, status)
