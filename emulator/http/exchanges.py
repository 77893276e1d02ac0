"""The last requests to the application with their answers: what a developer asks when a call goes wrong."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from emulator.ports import Form, WebRequest, WebResponse, WebResult

MOST_EXCHANGES = 500  # what came before them is forgotten
LONGEST_TEXT = 4_000  # characters of one parameter, and of an answer's body


@dataclass
class Exchange:
    """One attempt: `sent` and `came` in epoch seconds of the scheduler's clock, `result` None while it is under way.

    Attempts of one request, its retries and redirects, have one `token` (I-Twilio-Idempotency-Token); `attempt`
    counts them from 1.
    """

    number: int
    sent: float
    request: WebRequest
    form: Form
    attempt: int
    came: float | None = None
    result: WebResult | None = None

    @property
    def token(self) -> str:
        return self.request.headers.get("I-Twilio-Idempotency-Token", "")

    @property
    def failed(self) -> bool:
        """Whether it ended with anything else than an answer that Twilio takes: 2xx, or a redirect to follow."""
        if self.result is None:
            return False
        return not isinstance(self.result, WebResponse) or not 200 <= self.result.status < 400

    def ended(self, result: WebResult, came: float) -> None:
        if isinstance(result, WebResponse):
            result = replace(result, body=result.body[:LONGEST_TEXT])
        self.result, self.came = result, came


@dataclass
class Exchanges:
    """`last` are the latest, the oldest first; `count` is how many there were at all."""

    last: deque[Exchange] = field(default_factory=lambda: deque(maxlen=MOST_EXCHANGES))
    count: int = 0

    def began(self, request: WebRequest, form: Form, attempt: int, sent: float) -> Exchange:
        kept = WebRequest(request.method, request.url[:LONGEST_TEXT], request.headers, b"")
        self.count += 1
        exchange = Exchange(self.count, sent, kept, _short(form), attempt)
        self.last.append(exchange)
        return exchange


def _short(form: Form) -> Mapping[str, str]:
    return {name: value[:LONGEST_TEXT] for name, value in form.items()}
