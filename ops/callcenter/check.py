"""What is wrong with the files although each value alone is right. Everything is found before anything is sent."""

from collections.abc import Callable, Collection, Iterator, Mapping

from chalicelib.config import capacity, schema
from chalicelib.config.mistakes import mistakes as mistakes_of_file
from chalicelib.config.toml_errors import NAME, Mistake, sentence
from ops.callcenter import (
    answers,
    attributes,
    desks,
    files,
    lines,
    menus,
    offered,
    persons,
    recorded,
    rota,
    stars,
    waits,
    zones,
)
from ops.callcenter.calls import calls, parsed, takers
from ops.callcenter.eligible import may_serve
from ops.callcenter.files import WORKERS, Center, Filter, Target, Texts
from ops.callcenter.possible import paths
from ops.callcenter.rota import ROTA
from taskrouter_expressions import ExpressionError, parse, parse_order

NO_WORKERS = f"no {WORKERS}: the workers in Twilio are left alone"


def mistakes(texts: Texts) -> list[Mistake]:
    """Every mistake in the files with its line, those of callcenter.toml first. Empty when they can be applied.

    What does not fit together is looked for in the tables whose values are each right.
    """
    found = files.examine(texts)
    together = problems(found.center, found.wrong)
    ours = [mistake for mistake in (*found.mistakes, *together) if mistake.file == NAME]
    theirs = [mistake for mistake in (*found.mistakes, *together) if mistake.file == WORKERS]
    shifts = [mistake for mistake in (*found.mistakes, *together) if mistake.file == ROTA]
    return [
        *lines.located(ours, texts.center),
        *lines.located(theirs, texts.workers or ""),
        *lines.located(shifts, texts.rota or ""),
    ]


def problems(center: Center, without: Collection[str] = ()) -> list[Mistake]:
    """One sentence a mistake: file, key, value, what is allowed. Empty when the files can be applied.

    `without` are the tables that could not be read: what needs one of them is not looked at.
    """
    checks = [check for check, needed in _CHECKS.items() if not needed.intersection(without)]
    return [*mistakes_of_file(center.application, without), *(found for check in checks for found in check(center))]


# What can be applied and may not be meant so, and what to do unless it is.
WARNINGS: Mapping[Callable[[Center], Iterator[str]], str] = {
    waits.ended_by_the_task: "a shorter wait.leave_after or longer timeouts, unless it is meant so",
    offered.to_everybody: "such a target before the others, unless it is meant so",
    recorded.cannot_listen: "a pin for the worker",
    menus.missing_texts: "the sentence in that language; without it callers hear the first one, or English",
    menus.unknown_voices: "a look at Twilio's list of voices",
    desks.rung_all_the_same: "desk == true in the queue's workers, unless it is meant so",
    answers.unsaid: "an answer.mode for the queue; at-once, if it is meant so",
}


def warnings(center: Center) -> list[str]:
    """What can be applied and may not be meant so, a sentence each."""
    return [sentence for warn in WARNINGS for sentence in warn(center)]


def summary(center: Center) -> str:
    """What was found right, in one line."""
    people = NO_WORKERS if center.workers is None else f"{len(center.workers)} workers"
    return f"{NAME} can be applied: {len(center.application.queues)} queues, {people}"


def executions(application: schema.CallCenter) -> str:
    """What the expected calls need of Lambda, in one line."""
    needed = capacity.needed(application)
    return (
        f"{application.calls_per_minute} calls a minute need {needed.together} executions at once in Lambda:"
        f" {needed.rings} that ring, {needed.after_call} of after-call work, {needed.webhooks} of webhooks"
    )


def _time_zone(center: Center) -> Iterator[Mistake]:
    named = center.application.time_zone
    if not zones.is_known(named):
        yield sentence("time_zone", named, zones.allowed(named))
    for name, hours in center.application.hours.items():
        if hours.zone and not zones.is_known(hours.zone):
            yield sentence(f"hours.{name}.zone", hours.zone, zones.allowed(hours.zone))


def _targets(center: Center) -> Iterator[tuple[str, Filter, Target]]:
    """Key, filter and target of each target of the workflow."""
    for number, given in enumerate(center.workflow.filters):
        for position, target in enumerate(given.targets):
            yield f"workflow.filters[{number}].targets[{position}]", given, target


def _expressions(center: Center) -> Iterator[Mistake]:
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
            yield sentence(f"{key}.order_by", target.order_by, f"{error}; allowed: worker.level DESC, worker.age")


def _unparsable(key: str, text: str) -> Iterator[Mistake]:
    try:
        parse(text)
    except ExpressionError as error:
        yield sentence(key, text, f'{error}; allowed: an expression such as department == "support"')


def _queue_names(center: Center) -> Iterator[Mistake]:
    queues = center.application.queues
    for key, _, target in _targets(center):
        if target.queue not in queues:
            yield sentence(f"{key}.queue", target.queue, f"allowed: {_listed(queues)}")
    if center.workflow.default_queue and center.workflow.default_queue not in queues:
        yield sentence("workflow.default_queue", center.workflow.default_queue, f"allowed: {_listed(queues)}")


def _activity_names(center: Center) -> Iterator[Mistake]:
    for key, name in _activities_named(center):
        if name not in center.activities:
            yield sentence(key, name, f"allowed: {_listed(center.activities)}")


def _activities_named(center: Center) -> Iterator[tuple[str, str]]:
    """A workspace has both of its activities; a queue's may be empty, and then nobody is moved."""
    yield "workspace.default_activity", center.workspace.default_activity
    yield "workspace.timeout_activity", center.workspace.timeout_activity
    for queue, rules in center.application.queues.items():
        for field in rules.activities.__struct_fields__:
            if name := getattr(rules.activities, field):
                yield f"queues.{queue}.activities.{field}", name


def _staff(center: Center) -> Iterator[Mistake]:
    """Who is to be on gets calls, who is off does not; and an admin is one of the workers."""
    rules = center.application.staff
    if not rules.is_on:
        return
    for key, name, available in (("staff.on", rules.on, True), ("staff.off", rules.off, False)):
        allowed = [known for known, takes in center.activities.items() if takes == available]
        if name not in allowed:
            takes = "in which workers get calls" if available else "in which they get none"
            yield sentence(key, name, f"allowed is an activity {takes}: {', '.join(allowed) or 'there is none'}")
    for at, admin in enumerate(rules.admins):
        if center.workers is not None and admin not in center.workers:
            yield sentence(f"staff.admins[{at}]", admin, f"allowed: {_listed(center.workers)}")


def _mails(center: Center) -> Iterator[Mistake]:
    """Who signs in is known by the address alone."""
    first: dict[str, str] = {}
    for name, worker in (center.workers or {}).items():
        mail = worker.mail.casefold()
        if mail and first.setdefault(mail, name) != name:
            allowed = f"each address may stand once, and workers.{first[mail]} has the same"
            yield sentence(f"workers.{name}.mail", worker.mail, allowed, WORKERS)
        if worker.supervisor and not mail:
            yield sentence(f"workers.{name}.supervisor", "true", "needs a mail, to sign in with", WORKERS)


def _rota(center: Center) -> Iterator[Mistake]:
    if center.rota:
        yield from rota.mistakes(center.rota, center.workers)


def _listed(names: Mapping[str, object]) -> str:
    return ", ".join(names) or "none: the file names none"


def _times(center: Center) -> Iterator[Mistake]:
    """A reservation has to end before what it belongs to does. That CRM and ringing fit in it is checked elsewhere.

    Where another target follows, a reservation outlives the target's timeout: the task moves on when it has failed.
    """
    limit = center.application.reservation_timeout
    for key, given, target in _targets(center):
        if target is given.targets[-1] and target.timeout is not None and target.timeout <= limit:
            yield sentence(f"{key}.timeout", target.timeout, f"more than reservation_timeout ({limit} s)")
    for name, line in center.application.lines.items():
        if line.timeout <= limit:
            yield sentence(f"lines.{name}.timeout", line.timeout, f"more than reservation_timeout ({limit} s)")


def _nobody_serves(center: Center) -> Iterator[Mistake]:
    """Queues that nobody of the file can match. One that asks nothing of the worker, such as 1==2, is meant so."""
    if center.workers is None:
        return
    for queue, rules in center.application.queues.items():
        expression = parsed(rules.workers)
        if expression is None or not any(paths(expression)):
            continue
        if not any(may_serve(expression, *person) for person in center.workers.items()):
            allowed = f"allowed is an expression that somebody in {WORKERS} matches, or 1==2 for nobody"
            yield sentence(f"queues.{queue}.workers", rules.workers, allowed)


def _lead_nowhere(center: Center) -> Iterator[Mistake]:
    """Attributes that a line or a menu's choice gives a call, and no filter takes."""
    if center.workflow.default_queue:
        return
    for call in calls(center):
        may_take, _ = takers(center, call)
        if not may_take:
            yield sentence(call.key, call.known, "a filter has to take it, or workflow.default_queue")


# Each check, and the tables without which it cannot judge the others.
_CHECKS: Mapping[Callable[[Center], Iterator[Mistake]], frozenset[str]] = {
    _time_zone: frozenset(),
    _expressions: frozenset(),
    _queue_names: frozenset({"queues"}),
    _activity_names: frozenset({"activities", "workspace"}),
    _rota: frozenset({"workers"}),
    _mails: frozenset({"workers"}),
    desks.of_nobody: frozenset({"workers"}),
    _staff: frozenset({"activities", "staff", "workers"}),
    attributes.of_calls: frozenset(),
    _times: frozenset({"reservation_timeout"}),
    _nobody_serves: frozenset({"workers"}),
    _lead_nowhere: frozenset({"workflow"}),
    attributes.of_workers: frozenset(),
    menus.ambiguous_words: frozenset({"lines"}),
    menus.wrong_voices: frozenset({"lines"}),
    recorded.unknown_listeners: frozenset({"queues", "workers"}),
    offered.lead_nowhere: frozenset({"workflow", "messages"}),
    offered.to_nobody: frozenset({"workers"}),
    stars.lead_elsewhere: frozenset({"workflow", "queues", "lines"}),
    stars.persons: frozenset({"workflow", "queues", "workers"}),
    stars.extensions: frozenset({"workers"}),
    persons.overruled: frozenset({"workflow", "lines"}),
    persons.nobody: frozenset({"workers"}),
    persons.unreachable: frozenset({"queues", "workers"}),
    answers.unknown: frozenset({"workers"}),
    answers.too_long: frozenset({"workers", "crm", "queues", "reservation_timeout"}),
}
