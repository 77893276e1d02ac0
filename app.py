"""Every way into Cordboard: Twilio's webhooks, the jobs queues and the clock. Each leads to one function of one module.

A process that starts imports this file whole, whichever function it is for. So a handler's module is imported when it
is used, and `start` loads beforehand what this function always uses.
"""

import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from chalice.app import Chalice, CloudWatchEvent, CognitoUserPoolAuthorizer, Rate, Response, SQSEvent

from chalicelib import budget, start
from chalicelib.config import callcenter, capacity, environment, team
from chalicelib.config.toml_errors import CallCenterError
from chalicelib.observability import log
from chalicelib.twilio import respond, urls
from chalicelib.twilio.request import Request, Webhook
from chalicelib.twilio.respond import Answer

if TYPE_CHECKING:
    from chalicelib.console.answers import Reply
    from chalicelib.routing.instructions import Instruction
    from chalicelib.routing.reservation import Reservation

app = Chalice(app_name="cordboard")
app.api.binary_types.clear()  # text is all that is spoken here; every answer would be held against sixteen other types

# Twilio posts forms. The one GET (a dequeue's status callback) comes without a content type.
FORM = ["application/x-www-form-urlencoded"]
ANY = ["*/*"]
JSON = ["application/json"]

_View = TypeVar("_View", bound=Callable[..., Response])

try:  # a mistake in the team's files stops the packaging, not the first call
    callcenter.current()
    variables = environment.variables()
    if not start.IN_LAMBDA:
        callcenter.parse(callcenter.source())  # also where there is data of it, made by another version
        team.hooks()  # there it is imported when it is used
        from chalicelib.hours import state
        from chalicelib.staff import packaged

        if unknown := state.unknown_zones(callcenter.current()):
            raise CallCenterError(*unknown)
        if stale := packaged.stale(os.path.join(team.folder(), "..", "..")):  # noqa: PTH118 - pathlib is slow
            raise CallCenterError(stale)
except (CallCenterError, environment.SettingsError) as error:
    if start.IN_LAMBDA:
        raise
    sys.exit(str(error))  # of an exception Chalice would print the traceback; so it prints the sentence


def _route(route: urls.Route) -> Callable[[_View], _View]:
    """Chalice's decorator for this route. What it hands over of the path, the webhook has too."""
    content_types = JSON if route.signed_by == "team" else ANY if "GET" in route.methods else FORM
    decorator: Callable[[_View], _View] = app.route(
        route.path, methods=list(route.methods), content_types=content_types
    )
    return decorator


# Who has signed in to the console, as API Gateway knows by their token; a stage without a user pool has no console.
people = CognitoUserPoolAuthorizer("people", [variables["USER_POOL_ARN"]]) if variables.get("USER_POOL_ARN") else None


def _console(route: urls.Route) -> Callable[[_View], _View]:
    """Chalice's decorator for this route of the console."""
    if people is None:
        return lambda view: view
    more = {"authorizer": people} if route.signed_by == "person" else {}
    decorator: Callable[[_View], _View] = app.route(route.path, methods=list(route.methods), content_types=ANY, **more)
    return decorator


def _reply(reply: "Reply") -> Response:
    return Response(reply.body, dict(reply.headers), reply.status)


def _twiml(handler: Callable[[Webhook], str], fallback: Callable[[Webhook], str]) -> Response:
    return _response(respond.twiml(_request(), handler, fallback))


def _data(handler: Callable[[Webhook], Answer]) -> Response:
    return _response(respond.data(_request(), handler))


def _response(answer: Answer) -> Response:
    return Response(answer.body, {"Content-Type": answer.content_type}, answer.status)


def _request() -> Request:
    current = app.current_request
    assert current is not None  # inside a view there always is one
    return Request(current.to_original_event(), time.time(), _request_id(app.lambda_context))


def _request_id(context: object) -> str:
    """Lambda's own, which its lines have too: each of ours has it, so that they are found together."""
    return getattr(context, "aws_request_id", "")


# --- The caller's leg


@_route(urls.INCOMING)
def voice_incoming() -> Response:
    from chalicelib.caller import handlers

    return _twiml(handlers.incoming, handlers.enqueue_plainly)


@_route(urls.MENU)
def voice_menu(attempt: str) -> Response:
    from chalicelib.caller import handlers

    return _twiml(handlers.menu, handlers.enqueue_plainly)


@_route(urls.MENUS_OF_KNOWN)
def voice_menus_of_known(caller: str, trail: str, attempt: str, total: str) -> Response:
    from chalicelib.caller import handlers

    return _twiml(handlers.menu, handlers.enqueue_plainly)


@_route(urls.SCREENED)
def voice_screened(caller: str, digit: str, attempt: str) -> Response:
    from chalicelib.caller import handlers

    return _twiml(handlers.screened, handlers.enqueue_plainly)


@_route(urls.EXTENSION)
def voice_extension(caller: str, attempt: str) -> Response:
    from chalicelib.caller import extension, handlers

    return _twiml(extension.typed, handlers.enqueue_plainly)


@_route(urls.PERSON_WAIT)
def voice_person_wait(extension: str) -> Response:
    from chalicelib.caller import extension as of_person
    from chalicelib.caller import handlers

    return _twiml(of_person.wait, handlers.keep_waiting)


@_route(urls.PERSON_AFTER)
def voice_person_after(extension: str) -> Response:
    from chalicelib.caller import handlers

    return _twiml(handlers.after, handlers.apologize)


@_route(urls.MENUS)
def voice_menus(trail: str, attempt: str, total: str) -> Response:
    from chalicelib.caller import handlers

    return _twiml(handlers.menu, handlers.enqueue_plainly)


@_route(urls.WAIT)
def voice_wait() -> Response:
    from chalicelib.caller import handlers

    return _twiml(handlers.wait, handlers.keep_waiting)


@_route(urls.WAIT_TOLD)
def voice_wait_told(position: str, minutes: str, since: str) -> Response:
    from chalicelib.caller import handlers

    return _twiml(handlers.wait, handlers.keep_waiting)


@_route(urls.WAIT_KEY)
def voice_wait_key() -> Response:
    from chalicelib.caller import handlers

    return _twiml(handlers.wait_key, handlers.wait_on)


@_route(urls.WAIT_CALLBACK)
def voice_wait_callback() -> Response:
    from chalicelib.caller import handlers

    return _twiml(handlers.wait_for_callback, handlers.wait_on)


@_route(urls.CALLBACK_CONFIRM)
def voice_callback_confirm(number: str) -> Response:
    from chalicelib.caller import callback, handlers

    return _twiml(callback.confirm, handlers.wait_on)


@_route(urls.CALLBACK_NUMBER)
def voice_callback_number() -> Response:
    from chalicelib.caller import callback, handlers

    return _twiml(callback.number, handlers.wait_on)


@_route(urls.CLOSED_KEY)
def voice_closed_key() -> Response:
    from chalicelib.caller import closed

    return _twiml(closed.key, closed.apologize)


@_route(urls.CLOSED_CALLBACK)
def voice_closed_callback(number: str) -> Response:
    from chalicelib.caller import closed, closed_callback

    return _twiml(closed_callback.confirm, closed.apologize)


@_route(urls.CLOSED_NUMBER)
def voice_closed_number() -> Response:
    from chalicelib.caller import closed, closed_callback

    return _twiml(closed_callback.number, closed.apologize)


@_route(urls.CLOSED_DIALED)
def voice_closed_dialed() -> Response:
    from chalicelib.caller import closed

    return _twiml(closed.dialed, closed.apologize)


@_route(urls.AFTER)
def voice_after() -> Response:
    from chalicelib.caller import handlers

    return _twiml(handlers.after, handlers.apologize)


@_route(urls.AFTER_ROUND)
def voice_after_round(number: str) -> Response:
    from chalicelib.caller import handlers

    return _twiml(handlers.after, handlers.apologize)


@_route(urls.HOLD)
def voice_hold(reservation_sid: str, since: str, attempt: str) -> Response:
    from chalicelib.caller import hold

    return _twiml(hold.hold, hold.without_record)


@_route(urls.HOLD_OVER)
def voice_hold_over() -> Response:
    from chalicelib.caller import handlers

    return _twiml(handlers.talked_again, handlers.apologize)


@_route(urls.ROOM)
def voice_room(subject: str, reservation_sid: str) -> Response:
    from chalicelib.caller import hold

    return _twiml(hold.alone, hold.alone_without_record)


@_route(urls.HELD)
def voice_held(subject: str, reservation_sid: str, attempt: str) -> Response:
    from chalicelib.caller import held

    return _twiml(held.held, held.without_record)


@_route(urls.MOVED)
def voice_moved() -> Response:
    from chalicelib.caller import handlers

    return _twiml(handlers.moved, handlers.apologize)


@_route(urls.DECLINED)
def voice_declined() -> Response:
    from chalicelib.caller import handlers

    return _twiml(handlers.declined, handlers.apologize)


@_route(urls.SURVEY)
def voice_survey() -> Response:
    from chalicelib.caller import handlers

    return _twiml(handlers.survey, handlers.apologize)


@_route(urls.VOICEMAIL)
def voice_voicemail() -> Response:
    from chalicelib.caller import handlers

    return _twiml(handlers.voicemail, handlers.apologize)


@_route(urls.RECORDING)
def voice_recording() -> Response:
    from chalicelib.caller import recording

    return _data(recording.take)


@_route(urls.TRANSCRIPTION)
def voice_transcription() -> Response:
    from chalicelib.caller import recording

    return _data(recording.take_text)


@_route(urls.FALLBACK)
def voice_fallback() -> Response:
    from chalicelib.caller import handlers

    return _twiml(handlers.fallback, handlers.apologize)


# --- TaskRouter


@_route(urls.ASSIGNMENT)
def taskrouter_assignment() -> Response:
    from chalicelib.routing import assignment

    return _data(lambda webhook: assignment.decide(webhook, _team_assignment))


def _team_assignment(reservation: "Reservation") -> "Instruction | None":
    """What the team's hook says; None where the team has none."""
    hooks = team.hooks()
    instruction: Instruction | None = hooks.assignment(reservation) if hooks else None
    return instruction


@_route(urls.EVENTS)
def taskrouter_events() -> Response:
    from chalicelib.routing import events

    return _data(events.record)


# --- The worker's leg


@_route(urls.WORKER_ANSWER)
def worker_answer(subject: str, reservation_sid: str) -> Response:
    from chalicelib.worker import leg

    return _twiml(leg.answer, leg.answer_without_record)


@_route(urls.WORKER_ASK)
def worker_ask(subject: str, reservation_sid: str, attempt: str) -> Response:
    from chalicelib.worker import asking

    return _twiml(asking.ask, asking.ask_without_record)


@_route(urls.WORKER_ACCEPT)
def worker_accept(subject: str, reservation_sid: str, attempt: str) -> Response:
    from chalicelib.worker import asking

    return _twiml(asking.accept, asking.accept_without_record)


@_route(urls.WORKER_VERDICT)
def worker_verdict(subject: str, reservation_sid: str) -> Response:
    from chalicelib.worker import asking

    return _twiml(asking.verdict, asking.verdict_without_record)


@_route(urls.WORKER_DETECTED)
def worker_detected(subject: str, reservation_sid: str) -> Response:
    from chalicelib.worker import asking

    return _data(asking.detected)


@_route(urls.WORKER_AFTER)
def worker_after(subject: str, reservation_sid: str) -> Response:
    from chalicelib.worker import after_talk

    return _twiml(after_talk.after, after_talk.without_record)


@_route(urls.WORKER_DISPOSITION)
def worker_disposition(subject: str, reservation_sid: str) -> Response:
    from chalicelib.worker import after_talk

    return _twiml(after_talk.disposition, after_talk.without_record)


@_route(urls.WORKER_RECORDING)
def worker_recording(subject: str, reservation_sid: str) -> Response:
    from chalicelib.worker import recorded

    return _data(recorded.take)


@_route(urls.WORKER_NOTE)
def worker_note(subject: str, reservation_sid: str) -> Response:
    from chalicelib.worker import after_talk

    return _twiml(after_talk.note, after_talk.without_record)


@_route(urls.WORKER_STAR)
def worker_star(subject: str, reservation_sid: str, attempt: str) -> Response:
    from chalicelib.worker import star

    return _twiml(star.pressed, star.again)


@_route(urls.WORKER_STAR_KEY)
def worker_star_key(subject: str, reservation_sid: str, attempt: str) -> Response:
    from chalicelib.worker import star

    return _twiml(star.choose, star.again)


@_route(urls.WORKER_STAR_PERSON)
def worker_star_person(subject: str, reservation_sid: str, attempt: str) -> Response:
    from chalicelib.worker import star

    return _twiml(star.person, star.again)


@_route(urls.WORKER_STAR_OVER)
def worker_star_over(subject: str, reservation_sid: str) -> Response:
    from chalicelib.worker import star

    return _twiml(star.over, star.over_without_record)


@_route(urls.WORKER_ROOM)
def worker_room(subject: str, reservation_sid: str) -> Response:
    from chalicelib.worker import star

    return _twiml(star.alone, star.alone_without_record)


@_route(urls.WORKER_MESSAGE)
def worker_message(subject: str, reservation_sid: str, attempt: str) -> Response:
    from chalicelib.worker import hearing

    return _twiml(hearing.choose, hearing.not_now)


@_route(urls.WORKER_CALLED)
def worker_called(subject: str, reservation_sid: str) -> Response:
    from chalicelib.worker import calling_back

    return _twiml(calling_back.called, calling_back.without_record)


@_route(urls.WORKER_CALLED_KEY)
def worker_called_key(subject: str, reservation_sid: str) -> Response:
    from chalicelib.worker import calling_back

    return _twiml(calling_back.key, calling_back.without_record)


@_route(urls.WORKER_CONSULT)
def worker_consult(subject: str, reservation_sid: str) -> Response:
    from chalicelib.worker import consulted

    return _twiml(consulted.parted, consulted.without_record)


@_route(urls.WORKER_CONSULT_ALONE)
def worker_consult_alone(subject: str, reservation_sid: str) -> Response:
    from chalicelib.worker import consulted

    return _twiml(consulted.alone, consulted.alone_without_record)


@_route(urls.WORKER_STATUS)
def worker_status(subject: str, reservation_sid: str) -> Response:
    from chalicelib.worker import leg

    return _data(leg.follow_status)


# --- Workers who say whether they work


@_route(urls.STAFF_MESSAGE)
def staff_message() -> Response:
    from chalicelib.staff import message

    return _data(message.take)


@_route(urls.STAFF_CALL)
def staff_call() -> Response:
    from chalicelib.staff import phone

    return _twiml(phone.call, phone.sorry)


@_route(urls.STAFF_PIN)
def staff_pin(attempt: str) -> Response:
    from chalicelib.staff import phone

    return _twiml(phone.pin, phone.sorry)


@_route(urls.STAFF_KEY)
def staff_key(attempt: str) -> Response:
    from chalicelib.staff import phone

    return _twiml(phone.key, phone.sorry)


@_route(urls.STAFF_UNTIL)
def staff_until(attempt: str) -> Response:
    from chalicelib.staff import phone

    return _twiml(phone.until, phone.sorry)


@_route(urls.STAFF_NOTE)
def staff_note(attempt: str) -> Response:
    from chalicelib.staff import phone

    return _twiml(phone.note, phone.sorry)


@_route(urls.STAFF_LINES)
def staff_lines(attempt: str) -> Response:
    from chalicelib.staff import phone, switching

    return _twiml(switching.which_line, phone.sorry)


@_route(urls.STAFF_LINE)
def staff_line(line: str, attempt: str) -> Response:
    from chalicelib.staff import phone, switching

    return _twiml(switching.line, phone.sorry)


@_route(urls.STAFF_LINE_UNTIL)
def staff_line_until(line: str, attempt: str) -> Response:
    from chalicelib.staff import phone, switching

    return _twiml(switching.line_until, phone.sorry)


@_route(urls.STAFF_LISTEN)
def staff_listen(attempt: str) -> Response:
    from chalicelib.staff import listening, phone

    return _twiml(listening.listen, phone.sorry)


# --- The team's own systems


@_route(urls.WORK)
def work() -> Response:
    from chalicelib.work import endpoint

    return _response(endpoint.receive(_request()))


# --- People


@_route(urls.MESSAGE_PAGE)
def message_page(token: str) -> Response:
    from chalicelib.storage import listening

    page = listening.answer(_request(), token)
    return Response(page.body, dict(page.headers), page.status)


# --- The console


@_console(urls.CONSOLE)
def console() -> Response:
    from chalicelib.console import answers

    return _reply(answers.shell())


@_console(urls.CONSOLE_FILE)
def console_file(file: str) -> Response:
    from chalicelib.console import answers

    return _reply(answers.file(file))


@_console(urls.CONSOLE_BOARD)
def console_board() -> Response:
    from chalicelib.console import answers, session, wallboard

    return _reply(answers.data(_request(), urls.CONSOLE_BOARD, session.EVERYBODY, wallboard.show))


@_console(urls.CONSOLE_REPORT)
def console_report() -> Response:
    from chalicelib.console import answers, report, session

    asked, who_may = _request(), session.SUPERVISORS
    return _reply(answers.data(asked, urls.CONSOLE_REPORT, who_may, report.show, orders=False))


@_console(urls.CONSOLE_CALLS)
def console_calls() -> Response:
    from chalicelib.console import answers, calls, session

    return _reply(answers.data(_request(), urls.CONSOLE_CALLS, session.SUPERVISORS, calls.search))


@_console(urls.CONSOLE_CALL)
def console_call(subject: str) -> Response:
    from chalicelib.console import answers, calls, session

    return _reply(answers.data(_request(), urls.CONSOLE_CALL, session.SUPERVISORS, calls.show))


@_console(urls.CONSOLE_MESSAGES)
def console_messages() -> Response:
    from chalicelib.console import answers, messages, session

    return _reply(answers.data(_request(), urls.CONSOLE_MESSAGES, session.EVERYBODY, messages.listed))


@_console(urls.CONSOLE_MESSAGE)
def console_message(subject: str, recording: str) -> Response:
    from chalicelib.console import answers, messages, session

    return _reply(answers.data(_request(), urls.CONSOLE_MESSAGE, session.EVERYBODY, messages.act))


@_console(urls.CONSOLE_TALK)
def console_talk(subject: str, recording: str) -> Response:
    from chalicelib.console import answers, session, talks

    return _reply(answers.data(_request(), urls.CONSOLE_TALK, session.SUPERVISORS, talks.hear))


@_console(urls.CONSOLE_CALLBACKS)
def console_callbacks() -> Response:
    from chalicelib.console import answers, callbacks, session

    return _reply(answers.data(_request(), urls.CONSOLE_CALLBACKS, session.EVERYBODY, callbacks.listed))


@_console(urls.CONSOLE_CALLBACK)
def console_callback(subject: str) -> Response:
    from chalicelib.console import answers, callbacks, session

    return _reply(answers.data(_request(), urls.CONSOLE_CALLBACK, session.SUPERVISORS, callbacks.act))


@_console(urls.CONSOLE_LINES)
def console_lines() -> Response:
    from chalicelib.console import answers, lines, session

    return _reply(answers.data(_request(), urls.CONSOLE_LINES, session.EVERYBODY, lines.listed))


@_console(urls.CONSOLE_LINE)
def console_line(line: str) -> Response:
    from chalicelib.console import answers, lines, session

    return _reply(answers.data(_request(), urls.CONSOLE_LINE, session.SUPERVISORS, lines.act))


@_console(urls.CONSOLE_WORKERS)
def console_workers() -> Response:
    from chalicelib.console import answers, session, workers

    return _reply(answers.data(_request(), urls.CONSOLE_WORKERS, session.SUPERVISORS, workers.listed))


@_console(urls.CONSOLE_WORKER)
def console_worker(worker: str) -> Response:
    from chalicelib.console import answers, session, workers

    return _reply(answers.data(_request(), urls.CONSOLE_WORKER, session.SUPERVISORS, workers.act))


@_console(urls.CONSOLE_BLOCKED)
def console_blocked() -> Response:
    from chalicelib.console import answers, blocks, session

    return _reply(answers.data(_request(), urls.CONSOLE_BLOCKED, session.SUPERVISORS, blocks.listed))


@_console(urls.CONSOLE_BLOCK)
def console_block() -> Response:
    from chalicelib.console import answers, blocks, session

    return _reply(answers.data(_request(), urls.CONSOLE_BLOCK, session.SUPERVISORS, blocks.act))


# --- The agent desk


@_console(urls.DESK)
def desk() -> Response:
    from chalicelib.console import answers

    return _reply(answers.desk())


@_console(urls.DESK_FILE)
def desk_file(file: str) -> Response:
    from chalicelib.console import answers

    return _reply(answers.file(file))


@_console(urls.DESK_TOKEN)
def desk_token() -> Response:
    from chalicelib.console import access, answers, session

    return _reply(answers.data(_request(), urls.DESK_TOKEN, session.EVERYBODY, access.give))


@_console(urls.DESK_CARD)
def desk_card(subject: str, reservation_sid: str) -> Response:
    from chalicelib.console import answers, cards, session

    return _reply(answers.data(_request(), urls.DESK_CARD, session.EVERYBODY, cards.show))


@_console(urls.DESK_WRAP_UP)
def desk_wrap_up(subject: str, reservation_sid: str) -> Response:
    from chalicelib.console import answers, cards, session

    return _reply(answers.data(_request(), urls.DESK_WRAP_UP, session.EVERYBODY, cards.wrap_up))


@_console(urls.DESK_REJECT)
def desk_reject(subject: str, reservation_sid: str) -> Response:
    from chalicelib.console import answers, cards, session

    return _reply(answers.data(_request(), urls.DESK_REJECT, session.EVERYBODY, cards.reject))


@_console(urls.DESK_GIVE)
def desk_give(subject: str, reservation_sid: str) -> Response:
    from chalicelib.console import answers, giving_away, session

    return _reply(answers.data(_request(), urls.DESK_GIVE, session.EVERYBODY, giving_away.give))


@_console(urls.DESK_GIVE_BACK)
def desk_give_back(subject: str, reservation_sid: str) -> Response:
    from chalicelib.console import answers, orders, session

    return _reply(answers.data(_request(), urls.DESK_GIVE_BACK, session.EVERYBODY, orders.give_back))


@_console(urls.DESK_ASK)
def desk_ask(subject: str, reservation_sid: str) -> Response:
    from chalicelib.console import answers, asking_first, session

    return _reply(answers.data(_request(), urls.DESK_ASK, session.EVERYBODY, asking_first.act))


@_console(urls.DESK_TALKS)
def desk_talks() -> Response:
    from chalicelib.console import answers, session, supervising

    return _reply(answers.data(_request(), urls.DESK_TALKS, session.SUPERVISORS, supervising.listed))


@_console(urls.DESK_TALK)
def desk_talk(subject: str, reservation_sid: str) -> Response:
    from chalicelib.console import answers, session, supervising

    return _reply(answers.data(_request(), urls.DESK_TALK, session.SUPERVISORS, supervising.act))


# --- AWS

SWEEP_SECONDS = 60  # that the function has in Lambda, as LEASE_SECONDS are for a job
LAST_SECONDS = 1  # kept free at the end of either, to say what became of it

# A burst of jobs waits in its queue and leaves Lambda to the webhooks: a new account may have ten executions at once.
AT_ONCE = capacity.allowed(callcenter.current(), variables)
JOBS, AFTER_CALL = os.environ["JOBS_QUEUE"], os.environ["JOBS_QUEUE"] + environment.AFTER_CALL


@app.on_sqs_message(JOBS, batch_size=1, maximum_concurrency=AT_ONCE.rings, name="jobs_consumer")
def jobs_consumer(event: SQSEvent) -> None:
    _work(event)


@app.on_sqs_message(AFTER_CALL, batch_size=1, maximum_concurrency=AT_ONCE.after_call, name="after_call")
def after_call(event: SQSEvent) -> None:
    _work(event)


def _work(event: SQSEvent) -> None:
    from chalicelib import jobs
    from chalicelib.worker import consumer

    with (
        budget.Until(time.time() + jobs.LEASE_SECONDS - LAST_SECONDS),
        log.Context(request_id=_request_id(event.context)),
    ):
        for record in event:
            consumer.work(jobs.decode(record.body), time.time)


@app.schedule(Rate(1, unit=Rate.MINUTES), name="sweep")
def sweep(event: CloudWatchEvent) -> None:
    from chalicelib.lifecycle import reconcile

    with budget.Until(time.time() + SWEEP_SECONDS - LAST_SECONDS), log.Context(request_id=_request_id(event.context)):
        reconcile.run(time.time)


if start.IN_LAMBDA:
    start.load(os.environ.get("_HANDLER", ""))
