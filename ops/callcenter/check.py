"""What is wrong with the files although each value alone is right. Everything is found before anything is sent."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.config.toml_errors import NAME
from ops.callcenter.files import WORKERS, Center, Filter, Target
from taskrouter_expressions import (
    Compared,
    Expression,
    ExpressionError,
    Joined,
    Listing,
    Negated,
    Path,
    evaluate,
    parse,
    parse_order,
)

ATTRIBUTES_LIMIT = 4096  # characters of JSON (contract 7.5)

# What Twilio itself writes into the attributes of a call's task, and no file can foresee (contract 3.1).
OF_THE_CALL = ("call_sid", "account_sid", "from", "caller", "direction", "call_status", "api_version")
OF_A_PLACE = ("from_", "to_", "caller_", "called_")


NO_WORKERS = f"no {WORKERS}: the workers in Twilio are left alone"


def problems(center: Center) -> list[str]:
    """One sentence a mistake: file, key, value, what is allowed. Empty when the files can be applied."""
    found = [*_expressions(center), *_names(center), *_attributes(center), *_times(center)]
    return found or [*_nobody_serves(center), *_lead_nowhere(center)]  # these two need expressions that parse


def summary(center: Center) -> str:
    """What was found right, in one line."""
    people = NO_WORKERS if center.workers is None else f"{len(center.workers)} workers"
    return f"{NAME} can be applied: {len(center.application.queues)} queues, {people}"


def _problem(file: str, key: str, value: object, allowed: str) -> str:
    return f"{file}: {key} is {value!r}: {allowed}"


def _targets(center: Center) -> Iterator[tuple[str, Filter, Target]]:
    """Key, filter and target of each target of the workflow."""
    for number, given in enumerate(center.workflow.filters):
        for position, target in enumerate(given.targets):
            yield f"workflow.filters[{number}].targets[{position}]", given, target


def _expressions(center: Center) -> Iterator[str]:
    for queue, rules in center.application.queues.items():
        yield from _unparsable(f"queues.{queue}.workers", rules.workers)
    for number, given in enumerate(center.workflow.filters):
        yield from _unparsable(f"workflow.filters[{number}].when", given.when)
    for key, _, target in _targets(center):
        for name in ("when", "skip_if", "known_worker", "known_worker_sid"):
            if text := getattr(target, name):
                yield from _unparsable(f"{key}.{name}", text)
        try:
            parse_order(target.order_by)
        except ExpressionError as error:
            yield _problem(NAME, f"{key}.order_by", target.order_by, f"{error}; allowed: worker.level DESC, worker.age")


def _unparsable(key: str, text: str) -> Iterator[str]:
    try:
        parse(text)
    except ExpressionError as error:
        yield _problem(NAME, key, text, f'{error}; allowed: an expression such as department == "support"')


def _names(center: Center) -> Iterator[str]:
    queues, activities = center.application.queues, center.activities
    for key, _, target in _targets(center):
        if target.queue not in queues:
            yield _problem(NAME, f"{key}.queue", target.queue, f"allowed: {_listed(queues)}")
    if center.workflow.default_queue and center.workflow.default_queue not in queues:
        yield _problem(NAME, "workflow.default_queue", center.workflow.default_queue, f"allowed: {_listed(queues)}")
    for key, name in _activities_named(center):
        if name and name not in activities:
            yield _problem(NAME, key, name, f"allowed: {_listed(activities)}")


def _activities_named(center: Center) -> Iterator[tuple[str, str]]:
    yield "workspace.default_activity", center.workspace.default_activity
    yield "workspace.timeout_activity", center.workspace.timeout_activity
    for queue, rules in center.application.queues.items():
        for field in rules.activities.__struct_fields__:
            yield f"queues.{queue}.activities.{field}", getattr(rules.activities, field)


def _listed(names: Mapping[str, object]) -> str:
    return ", ".join(names) or "none: the file names none"


def _attributes(center: Center) -> Iterator[str]:
    for name, worker in (center.workers or {}).items():
        try:
            length = len(json.dumps(worker.all_attributes()))
        except TypeError:
            yield f"{WORKERS}: workers.{name}.attributes: allowed is what JSON has; a date has to stand in quotes"
        else:
            if length > ATTRIBUTES_LIMIT:
                yield _problem(
                    WORKERS, f"workers.{name}.attributes", f"{length} characters", f"at most {ATTRIBUTES_LIMIT}"
                )


def _times(center: Center) -> Iterator[str]:
    """A reservation has to end before what it belongs to does. That CRM and ringing fit in it is checked on reading."""
    limit = center.application.reservation_timeout
    for key, _, target in _targets(center):
        if target.timeout is not None and target.timeout <= limit:
            yield _problem(NAME, f"{key}.timeout", target.timeout, f"more than reservation_timeout ({limit} s)")
    for name, line in center.application.lines.items():
        if line.timeout <= limit:
            yield _problem(NAME, f"lines.{name}.timeout", line.timeout, f"more than reservation_timeout ({limit} s)")


def _nobody_serves(center: Center) -> Iterator[str]:
    if center.workers is None:
        return
    people = [{"friendly_name": name, **worker.all_attributes()} for name, worker in center.workers.items()]
    for queue, rules in center.application.queues.items():
        expression = parse(rules.workers)
        if not any(evaluate(expression, {**person, "worker": person}) for person in people):
            allowed = f"allowed is an expression that somebody in {WORKERS} matches"
            yield _problem(NAME, f"queues.{queue}.workers", rules.workers, allowed)


def _lead_nowhere(center: Center) -> Iterator[str]:
    """Attributes that a line or a menu's choice gives a call, and no filter takes."""
    if center.workflow.default_queue:
        return
    filters = [parse(given.when) for given in center.workflow.filters]
    for key, attributes in _calls(center):
        if not any(evaluate(one, attributes) or _depends_on_the_call(one) for one in filters):
            allowed = "a filter has to take it, or workflow.default_queue"
            yield _problem(NAME, key, attributes, allowed)


def _calls(center: Center) -> Iterator[tuple[str, dict[str, Any]]]:
    """Key and attributes of every kind of call that goes into the workflow."""
    for name, line in center.application.lines.items():
        for number in line.numbers or ("",):
            dialled = {"to": number, "called": number} if number else {}
            yield f"lines.{name}.attributes", {**dialled, **line.attributes}
            for position, choice in enumerate(line.menu.choices if line.menu else ()):
                key = f"lines.{name}.menu.choices[{position}].attributes"
                yield key, {**dialled, **line.attributes, **choice.attributes}


def _depends_on_the_call(expression: Expression) -> bool:
    match expression:
        case Path(steps):
            first = str(steps[0])
            return first in OF_THE_CALL or first.startswith(OF_A_PLACE)
        case Compared(left, _, right):
            return _depends_on_the_call(left) or _depends_on_the_call(right)
        case Joined(_, parts) | Listing(parts):
            return any(_depends_on_the_call(part) for part in parts)
        case Negated(part):
            return _depends_on_the_call(part)
        case _:
            return False
