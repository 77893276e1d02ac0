"""A call centre whose lines ask who calls: some of the callers are blocked, some have a profile of nonsense."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from chalicelib.links.attributes import encode
from tests.doubles.dynamodb.store import Dynamodb
from tests.simulation.faults import Faults

SAME_WORKER_WAIT, PERSON_WAIT, PERSON_KEY = 5, 20, "5"
PERSONS_PROMPT, AWAY = "Which extension?", "{name} is not here."
ANONYMOUS = "+266696687"  # on the keys of a phone; somebody has blocked it, and it is nobody's number
SAYS = "You are blocked. Goodbye."
PRESS = "To go on, press"
SHARE_BLOCKED, SHARE_NONSENSE, SHARE_VIP = 0.25, 0.1, 0.1
KNOWS = f'know_caller = {{ blocked_say = "{SAYS}", same_worker = {{ days = 7, wait = {SAME_WORKER_WAIT} }} }}'
EXTENSIONS = (
    f'extensions = {{ queue = "Persons", key = "{PERSON_KEY}", wait = {PERSON_WAIT}, prompt = "{PERSONS_PROMPT}", '
    f'away = "{AWAY}" }}'
)
LINES = {
    "[lines.support]": f"{KNOWS}\n{EXTENSIONS}",
    "[lines.sales]": KNOWS,
    "[lines.urgent]": f'{KNOWS}\nscreening = {{ everybody = "captcha" }}',
}


def who_asks(rules: str) -> str:
    """The rules of a world whose lines ask who calls."""
    for table, added in LINES.items():
        rules = rules.replace(f"{table}\n", f"{table}\n{added}\n", 1)
    return rules


@dataclass
class Knowing:
    """`blocked` are the numbers of people who are; their rows are in the table from the beginning on."""

    store: Dynamodb
    faults: Faults
    numbers: Sequence[str]
    until: float
    blocked: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        stream = self.faults.stream("knowing")
        for number in self.numbers:
            drawn = stream.random()
            if drawn < SHARE_BLOCKED and number != ANONYMOUS:
                self.blocked.add(number)
            elif drawn < SHARE_BLOCKED + SHARE_NONSENSE:
                self._put(number, blocked_until="for ever", version="one")
            elif drawn < SHARE_BLOCKED + SHARE_NONSENSE + SHARE_VIP:
                self._put(number, vip=True, version=1)
        for number in sorted({*self.blocked, ANONYMOUS}):
            self._put(number, blocked_until=self.until, version=1)

    def _put(self, number: str, **known: object) -> None:
        row = {"call_sid": f"PHONE#{number}", "item": "PROFILE", "expires_at": int(self.until), **known}
        self.store.put_item(TableName="cordboard-test-links", Item=encode(row))
