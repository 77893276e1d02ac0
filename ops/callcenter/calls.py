"""The calls that go into the workflow: what their tasks know, and which filters may take them. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from chalicelib.config import menus
from chalicelib.config.menu_mistakes import by_key
from chalicelib.config.schema import Line
from ops.callcenter.files import Center, Filter
from ops.callcenter.possible import TASKROUTER, outcomes
from taskrouter_expressions import Expression, ExpressionError, Path, parse

CITY = 40  # letters of a long one
PLACES = {"city": CITY, "state": 20, "zip": 10, "country": 2}

# What the task of a call has of its own, each as long as it is reckoned with: <Enqueue> adds 25 attributes (contract
# 3.1), and TaskRouter worker_call_sid where it rings the worker itself.
OF_THE_CALL = {
    **dict.fromkeys(("call_sid", "account_sid", "worker_call_sid"), "X" * 34),
    **dict.fromkeys(("from", "to", "caller", "called"), "+" + "1" * 15),
    "direction": "outbound-api",
    "call_status": "in-progress",
    "api_version": "2010-04-01",
    **{
        f"{party}_{place}": "X" * length
        for party in ("from", "to", "caller", "called")
        for place, length in PLACES.items()
    },
}


@dataclass(frozen=True)
class Call:
    """One kind of call. `key` is where callcenter.toml has the last of its attributes: the line's or the choice's.

    `attributes` are those of both, as JSON has them; `number` is the dialled one, empty when the file lists none.
    """

    key: str
    name: str
    line: Line
    attributes: dict[str, Any]
    number: str

    @property
    def known(self) -> dict[str, Any]:
        """What can be said beforehand of the attributes that a filter sees."""
        dialled = {"to": self.number, "called": self.number} if self.number else {}
        return {**dialled, **self.attributes}

    def outcomes(self, expression: Expression) -> frozenset[bool]:
        """What a filter's expression may come to for this call."""
        return outcomes(expression, self.known, self._is_unknown)

    def _is_unknown(self, path: Path) -> bool:
        first = path.steps[0]
        return first == TASKROUTER or (first in OF_THE_CALL and first not in self.known)


def calls(center: Center) -> Iterator[Call]:
    """Every kind of call: each number of each line, in each language, by each way through its menus and without one."""
    for name, line in center.application.lines.items():
        for number in line.numbers or ("",):
            for spoken in map(line.in_language, line.languages or ("",)):
                for key, attributes in given_attributes(name, line):
                    known = {**line.attributes, **spoken.language_attribute, **attributes}
                    yield Call(key, name, line, as_json(known), number)


def given_attributes(name: str, line: Line) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the file gives to this line's tasks: the line's own, and those of each way through its menus, by key."""
    yield f"lines.{name}.attributes", line.attributes
    if line.every_menu:
        keys = dict(zip(line.every_menu, by_key(f"lines.{name}", line.menu, line.menus), strict=True))
        yield from _chosen(line.every_menu, keys, menus.first(line.every_menu))


def _chosen(every: menus.Menus, keys: Mapping[str, str], place: menus.Place) -> Iterator[tuple[str, dict[str, Any]]]:
    """The attributes of who chooses here, or in a menu below this one."""
    for position, choice in enumerate(place.menu.choices):
        is_below = choice.menu in every and choice.menu not in place.names
        if choice.then in ("queue", "callback") or is_below:
            key = f"{keys[place.names[-1]]}.choices[{position}].attributes"
            yield key, dict(menus.chosen(place, choice))
        if is_below:
            yield from _chosen(every, keys, menus.go(every, place, choice))


def as_json(attributes: dict[str, Any]) -> dict[str, Any]:
    """As the application sends them: a date is text."""
    sent: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(attributes))
    return sent


def takers(center: Center, call: Call) -> tuple[list[Filter], bool]:
    """The filters that may take the call, in their order, and whether one of them does whatever Twilio knows.

    An expression that cannot be read may be meant to take it.
    """
    may: list[Filter] = []
    for given in center.workflow.filters:
        expression = parsed(given.when)
        possible = call.outcomes(expression) if expression else frozenset((True, False))
        if True in possible:
            may.append(given)
        if False not in possible:
            return may, True
    return may, False


def parsed(text: str) -> Expression | None:
    """The expression; None when it is none, which is told elsewhere."""
    try:
        return parse(text)
    except ExpressionError:
        return None
