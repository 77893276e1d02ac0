"""The inspector's sections, each from the page's data to HTML. Pure."""

from emulator.inspector.buttons import of_call
from emulator.inspector.markup import Markup, joined, tag
from emulator.inspector.page import Call, Link, Problem, Queue, Reservation, Task, Webhook, Worker
from emulator.inspector.view import (
    EMPTY,
    Row,
    View,
    block,
    code,
    details,
    duration,
    facts,
    listed,
    moment,
    section,
    sid,
    table,
)

FIRST_PROBLEMS = 5  # that stand there at once, above the calls


def none(sentence: str) -> Markup:
    return tag("p", sentence, class_="quiet")


# What went wrong


def problems(view: View) -> Markup:
    shown = [_problem(view, one) for one in view.page.problems]
    first, others = shown[:FIRST_PROBLEMS], shown[FIRST_PROBLEMS:]
    body = tag("ol", *first, class_="problems") if first else none("Nothing, so far.")
    older = details(
        "older-problems", f"{len(others)} older", tag("ol", *others, class_="problems"), view.more("problems")
    )
    return section("problems", "What went wrong", body, older if others else EMPTY)


def _problem(view: View, one: Problem) -> Markup:
    about = joined([" ", view.link(one.about)]) if one.about else EMPTY
    head = tag("p", moment(one.at), " ", tag("strong", one.what), about)
    if not one.webhook:
        return tag("li", head)
    asked = tag("p", view.webhook(one.webhook), " ", code(one.asked))
    return tag(
        "li", head, asked, tag("p", "It answered:", class_="quiet") if one.answer else EMPTY, _quoted(one.answer)
    )


def _quoted(answer: str) -> Markup:
    return block(answer) if answer else EMPTY


# Calls


def calls(view: View) -> Markup:
    heads = ("Who", "Where", "Since", "Heard last", "Task", "What they do")
    rows = [_call(view, call) for call in view.page.calls]
    body = table("Calls, live ones first", heads, rows) if rows else none("Nobody has dialled. Dial above.")
    return section("calls", "Calls", body, view.more("calls"))


def _call(view: View, call: Call) -> Row:
    way = f"{call.from_} → {call.to}, {call.direction}"
    who = joined([tag("b", call.who), tag("span", way, class_="quiet"), sid(call.sid)])
    where = joined([tag("b", call.status, class_=_class(call)), tag("span", view.sentence(call.where))])
    if call.ended is not None:
        where = tag("span", call.status, class_="over")
    since = view.since(call.since, call.ended)
    return call.sid, (who, where, since, call.heard, view.link(call.task), of_call(call))


def _class(call: Call) -> str:
    return "live" if call.status == "in-progress" else "rings"


# Webhooks


def webhooks(view: View) -> Markup:
    heads = ("Number", "At", "Request", "Answer", "Took")
    rows = [_webhook(view, one) for one in view.page.webhooks]
    empty = none("The application was asked nothing yet.")
    body = table("Requests to the application, the newest first", heads, rows) if rows else empty
    return section("webhooks", "Webhooks", body, view.more("webhooks"))


def _webhook(view: View, one: Webhook) -> Row:
    about = joined([tag("span", "about ", view.link(one.about))]) if one.about else EMPTY
    request = joined([code(f"{one.method} {one.url}"), about, _attempts(view, one), _exchange(one)])
    status = tag("b", one.status, class_="failed" if one.failed else "live")
    return f"webhook-{one.number}", (f"{one.number}", moment(one.at), request, status, _took(one))


def _took(one: Webhook) -> str:
    return "" if one.took is None else f"{one.took * 1000:.0f} ms" if one.took < 10 else duration(one.took)


def _attempts(view: View, one: Webhook) -> Markup:
    if not one.attempts:
        return EMPTY
    links = [joined([" ", view.webhook(other)]) for other in one.attempts]
    return tag("span", f"attempt {one.attempt} of one request, with", *links)


def _exchange(one: Webhook) -> Markup:
    """The request and its answer, behind one word that opens them."""
    return details(
        f"webhook-{one.number}-more",
        "parameters, signature, answer",
        tag("h3", "Parameters"),
        facts(one.parameters),
        tag("h3", "X-Twilio-Signature"),
        tag("p", code(one.signature), " of ", code(one.signed), " and the parameters" if one.method == "POST" else ""),
        tag("h3", "Answer"),
        facts(one.headers) if one.headers else EMPTY,
        block(one.body),
    )


# TaskRouter


def queues(view: View) -> Markup:
    heads = ("Queue", "Holds", "Who waits")
    rows = [_queue(view, queue) for queue in view.page.queues]
    body = table("Queues and who waits in them", heads, rows) if rows else none("There is no queue yet.")
    return section("queues", "Queues", body)


def _queue(view: View, queue: Queue) -> Row:
    waiting = listed(joined([view.link(who), " for ", view.since(since)]) for who, since in queue.waiting)
    return queue.sid, (_named(queue.name, queue.sid), queue.kind, waiting or "nobody")


def _named(name: str, whole: str) -> Markup:
    return joined([tag("b", name), sid(whole)])


def tasks(view: View) -> Markup:
    heads = ("Task", "Status", "Priority", "Age", "Queue", "Reservations", "Attributes")
    rows = [_task(view, task) for task in view.page.tasks]
    body = table("Tasks, those that are not over first", heads, rows) if rows else none("There is no task.")
    return section("tasks", "Tasks", body, view.more("tasks"))


def _task(view: View, task: Task) -> Row:
    who = joined([" of ", view.link(task.call)]) if task.call else EMPTY
    name = joined([sid(task.sid), who])
    status = joined([tag("b", task.status), tag("span", task.reason, class_="quiet") if task.reason else EMPTY])
    queue = joined([view.link(task.queue), tag("span", view.link(task.workflow), class_="quiet")])
    reserved = tag("ul", *(_reservation(view, one) for one in task.reservations), class_="plain")
    attributes = details(f"{task.sid}-attributes", "show", block(task.attributes))
    cells = (name, status, f"{task.priority}", view.since(task.created), queue, reserved, attributes)
    return task.sid, cells


def _reservation(view: View, one: Reservation) -> Markup:
    return tag("li", view.link(one.other), f": {one.status}", id=one.sid, title=one.sid)


def workers(view: View) -> Markup:
    heads = ("Worker", "Activity", "Since", "Reservations", "Attributes")
    rows = [_worker(view, worker) for worker in view.page.workers]
    body = table("Workers", heads, rows) if rows else none("There is no worker.")
    return section("workers", "Workers", body, view.more("workers"))


def _worker(view: View, worker: Worker) -> Row:
    reserved = listed(joined([view.link(one.other), f": {one.status}"]) for one in worker.reservations)
    activity = tag("b", worker.activity, class_="live" if worker.available else "over")
    attributes = details(f"{worker.sid}-attributes", "show", block(worker.attributes))
    return worker.sid, (
        _named(worker.name, worker.sid),
        activity,
        view.since(worker.since),
        reserved or "none",
        attributes,
    )


def workflows(view: View) -> Markup:
    heads = ("Workflow", "Workspace", "Assignment callback", "Fallback", "Reservations last")
    rows: list[Row] = [
        (
            one.sid,
            (
                _named(one.name, one.sid),
                one.workspace,
                code(one.assignment_url) if one.assignment_url else tag("b", "none", class_="failed"),
                code(one.fallback_url) if one.fallback_url else "none",
                f"{one.reservation_timeout} s",
            ),
        )
        for one in view.page.workflows
    ]
    return section("workflows", "Workflows", table("Workflows", heads, rows) if rows else none("There is no workflow."))


# The rest


def conferences(view: View) -> Markup:
    rows: list[Row] = []
    for one in view.page.conferences:
        inside = listed(joined([view.link(who), f" {state}" if state else ""]) for who, state in one.participants)
        rows.append((one.sid, (_named(one.name, one.sid), one.status, view.since(one.created), inside or "nobody")))
    heads = ("Conference", "Status", "Age", "Who is in it")
    body = table("Conferences", heads, rows) if rows else none("There is no conference.")
    return section("conferences", "Conferences", body, view.more("conferences"))


def messages(view: View) -> Markup:
    rows: list[Row] = [
        (one.sid, (moment(one.at), one.from_, one.to, f"{one.status} {one.error_code}".strip(), one.body))
        for one in view.page.messages
    ]
    heads = ("At", "From", "To", "Status", "Body")
    body = table("Messages, the newest first", heads, rows) if rows else none("There is no message.")
    return section("messages", "Messages", body, view.more("messages"))


def numbers(view: View) -> Markup:
    rows: list[Row] = [
        (one.sid, (tag("b", one.phone_number), facts(one.urls) if one.urls else none("No VoiceUrl: nobody answers.")))
        for one in view.page.numbers
    ]
    empty = none("The account has no number: --number gives it one, or the application does it over REST.")
    body = table("Numbers of the account", ("Number", "Leads to"), rows) if rows else empty
    return section("numbers", "Numbers", body, view.more("numbers"))


def timeline(view: View) -> Markup:
    events = [
        tag("li", moment(event.at), " ", _event(event.what, event.kind), " ", _row_of(view, event.about))
        for event in view.page.events
    ]
    whole = tag("p", tag("a", "the whole timeline", href="/_emulator/timeline"), " as JSON lines", class_="quiet")
    body = tag("ol", *events, class_="timeline") if events else none("Nothing has happened.")
    return section("timeline", "Timeline, the newest first", whole, body)


def _event(what: str, kind: str) -> Markup:
    return tag("b", what, class_="failed") if kind == "warning" else tag("span", what)


def _row_of(view: View, about: Link | None) -> Markup:
    return tag("a", sid(about.sid), href=f"#{about.sid}") if about and about.sid in view.rows else EMPTY
