"""What goes wrong, and how often: every fault is drawn from the seed, counted, and emitted as an event.

Each kind has a stream of random numbers of its own. Switching one kind off leaves the others as they are, so a failing
world can be played with fewer faults.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from random import Random

from emulator.clock.scheduler import Scheduler

# How likely each fault is: at each occasion, for an outage in each world.
RATES: Mapping[str, float] = {
    # Between Twilio and the webhooks
    "connection_failed": 0.01,
    "no_connection": 0.005,  # however often Twilio tries this one request
    "webhook_twice": 0.04,
    "webhook_late": 0.04,  # events and status callbacks: Twilio does not look at the answers
    "webhook_never": 0.04,
    "cold_start": 0.03,
    "lambda_dies": 0.006,  # at each effect
    # Twilio's REST
    "rest_429": 0.03,
    "rest_500": 0.03,
    "rest_timeout_before": 0.02,
    "rest_timeout_after": 0.02,
    "rest_refused": 0.02,
    "rest_504_after": 0.01,
    "twilio_down": 0.2,
    # AWS
    "dynamodb_throttled": 0.01,
    "dynamodb_hangs": 0.01,  # the request is not taken; with `answer_lost` it is
    "dynamodb_answer_lost": 0.015,
    "dynamodb_broken_off": 0.01,  # the same, and at once
    "dynamodb_down": 0.2,
    "sqs_throttled": 0.02,
    "sqs_hangs": 0.02,
    "sqs_answer_lost": 0.03,
    "sqs_broken_off": 0.02,
    "sqs_down": 0.2,
    "ssm_throttled": 0.05,
    "ssm_hangs": 0.05,
    "ssm_answer_lost": 0.05,
    "ssm_broken_off": 0.05,
    "ssm_down": 0.2,
    "sns_throttled": 0.1,  # of each mail
    "sns_hangs": 0.1,
    "sns_answer_lost": 0.1,
    "sns_broken_off": 0.1,
    "sns_down": 0.4,
    "s3_throttled": 0.1,  # of each message
    "s3_hangs": 0.1,
    "s3_answer_lost": 0.1,
    "s3_broken_off": 0.1,
    "s3_down": 0.4,
    "message_twice": 0.05,
    "message_late": 0.05,
    "other_version": 0.05,  # the message is of an older or a newer version than the function
    "task_outlives_call": 0.03,  # at Twilio
    "caller_id_refused": 0.05,  # of a worker leg that we place
    "foreign_event": 0.03,  # an event of another workflow in the workspace, about a task with our caller's attributes
    "rotation": 0.2,  # of the secret
    # CRM
    "crm_slow": 0.1,
    "crm_500": 0.1,
    "crm_garbage": 0.05,
    "crm_declines": 0.05,
    "crm_drips": 0.05,
    "crm_megabytes": 0.05,
    "crm_down": 0.3,
    # People
    "caller_hangs_up": 0.35,
    "caller_withholds_number": 0.05,
    "caller_wanders": 0.25,  # through the menus
    "caller_calls_again": 0.4,  # of who is to be called back
    "customer_busy": 0.15,
    "customer_no_answer": 0.15,
    "customer_machine": 0.15,
    "worker_no_answer": 0.1,
    "worker_busy": 0.05,
    "worker_declines": 0.05,
    "worker_hangs_up": 0.05,
    "worker_unreachable": 0.02,
    "worker_voicemail": 0.08,
    "worker_machine_unknown": 0.04,
    "worker_taken_for_machine": 0.05,
    # At the agent desk: between a browser and Twilio, between it and us, and what a worker does there
    "desk_event_late": 0.1,
    "desk_event_twice": 0.1,
    "desk_event_never": 0.05,
    "desk_answer_lost": 0.05,  # of a request to Twilio, which may have been done
    "desk_request_lost": 0.05,  # the same of one to us
    "desk_tab_dies": 0.05,  # at each moment of a card
    "desk_second_tab": 0.3,  # of each worker, on another machine
    "desk_ignores": 0.1,
    "desk_presses_twice": 0.2,
    "desk_leaves_wrap_up": 0.3,
    "desk_gives_away": 0.3,
    "desk_leaves_order": 0.15,  # of work that was taken nothing is said any more
    "desk_gives_back": 0.2,
    "desk_asks_first": 0.3,
    # What a person does who is asked for a key
    "worker_silent": 0.05,
    "worker_passes": 0.06,
    "worker_says_no": 0.04,
    "worker_wrong_key": 0.06,
    "worker_says_yes": 0.06,
    "worker_presses_star": 0.15,  # during the talk
    "activity_changes": 0.1,
}

# What people do.
PEOPLE = tuple(kind for kind in RATES if kind.startswith(("caller_", "customer_", "worker_", "activity_")))
PEOPLE += ("desk_ignores", "desk_presses_twice", "desk_leaves_wrap_up", "desk_gives_away", "desk_asks_first")
PEOPLE += ("desk_leaves_order", "desk_gives_back")

OUTAGES = ("twilio_down", "dynamodb_down", "sqs_down", "sns_down", "s3_down", "ssm_down", "crm_down")
MANNERS = ("refuses", "drops", "hangs")
LONGEST_OUTAGE = 45.0
LONGEST_OF_WHAT_CAN_WAIT = 600.0  # mails and messages are few, and can wait


@dataclass
class Faults:
    """`rates` are those of the kinds that are switched on; `span` is how many seconds outages may begin in."""

    seed: int
    rates: Mapping[str, float]
    scheduler: Scheduler
    span: float
    counts: Counter[str] = field(default_factory=Counter)
    on: bool = True
    outages: dict[str, tuple[float, float]] = field(default_factory=dict)
    _streams: dict[str, Random] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for kind in OUTAGES:
            if self.stream(kind).random() < self.rates.get(kind, 0.0):
                start = self.scheduler.now() + self.stream(kind).uniform(0, self.span)
                longest = LONGEST_OF_WHAT_CAN_WAIT if kind in ("sns_down", "s3_down") else LONGEST_OUTAGE
                self.outages[kind] = (start, start + self.stream(kind).uniform(5, longest))

    def stream(self, name: str) -> Random:
        """The random numbers of this kind alone."""
        if name not in self._streams:
            self._streams[name] = Random(f"{self.seed}:{name}")
        return self._streams[name]

    def happens(self, kind: str, about: Iterable[str] = ()) -> bool:
        """Whether the fault happens here; `about` are the sids that it concerns."""
        drawn = self.stream(kind).random()
        if not self.on or drawn >= self.rates.get(kind, 0.0):
            return False
        self.record_fault(kind, about)
        return True

    def is_down(self, kind: str, about: Iterable[str] = ()) -> bool:
        """Whether this outage is on."""
        start, end = self.outages.get(kind, (0.0, 0.0))
        if not self.on or not start <= self.scheduler.now() < end:
            return False
        self.record_fault(kind, about)
        return True

    def manner_of(self, outage: str) -> str:
        """How it shows: connections are refused, dropped, or taken and never answered."""
        return Random(f"{self.seed}:{outage} manner").choice(MANNERS)

    def record_fault(self, kind: str, about: Iterable[str] = ()) -> None:
        self.counts[kind] += 1
        self.scheduler.emit("fault", fault=kind, about=" ".join(about))

    def seconds(self, kind: str, low: float, high: float) -> float:
        """How long something takes; of the same stream as the fault itself."""
        return self.stream(f"{kind} seconds").uniform(low, high)

    def end(self) -> None:
        """From now on nothing goes wrong."""
        self.on = False


def chosen(text: str) -> dict[str, float]:
    """The rates that FAULTS asks for: `all`, `people`, `none`, or kinds, as in `rest_429,crm_slow=0.5`.

    Raises ValueError that names the kind.
    """
    if text in ("", "all"):
        return dict(RATES)
    if text == "people":
        return {kind: RATES[kind] for kind in PEOPLE}
    rates: dict[str, float] = {}
    for part in filter(None, text.removeprefix("none").split(",")):
        kind, _, rate = part.partition("=")
        if kind not in RATES:
            raise ValueError(f"FAULTS: {kind} is no fault; there are: {', '.join(RATES)}")
        rates[kind] = float(rate) if rate else RATES[kind]
    return rates
