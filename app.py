"""Every way into Cordboard: Twilio's webhooks, the jobs queue and the clock. Each leads to one function in one room.

A cold start imports this file whole, whichever function it is for. So a door opens its room when it is used; only what
the first webhook of a call needs is imported here.
"""

import os
import time

from chalice.app import Chalice, CloudWatchEvent, Rate, Response, SQSEvent

from chalicelib.caller import handlers
from chalicelib.config import callcenter
from chalicelib.observability import log
from chalicelib.twilio import request
from chalicelib.twilio.request import Answer

app = Chalice(app_name="cordboard")
app.api.binary_types.clear()  # text is all that is spoken here; every answer would be held against sixteen other types

# Twilio posts forms. The one GET (a dequeue's status callback) comes without a content type.
FORM = ["application/x-www-form-urlencoded"]
ANY = ["*/*"]

callcenter.current()  # a mistake in callcenter.toml stops the packaging, not the first call


def _respond(answer: Answer) -> Response:
    return Response(answer.body, {"Content-Type": answer.content_type}, answer.status)


def _event() -> dict[str, object]:
    current = app.current_request
    assert current is not None  # inside a view there always is one
    event: dict[str, object] = current.to_original_event()
    event[request.REQUEST_ID] = _request_id(app.lambda_context)
    return event


def _request_id(context: object) -> str:
    """Lambda's own, which its lines have too: each of ours has it, so that they are found together."""
    return getattr(context, "aws_request_id", "")


# --- The caller's leg


@app.route("/voice/incoming", methods=["POST"], content_types=FORM)
def voice_incoming() -> Response:
    return _respond(request.voice(_event(), handlers.incoming, handlers.enqueue_plainly))


@app.route("/voice/menu/{attempt}", methods=["POST"], content_types=FORM)
def voice_menu(attempt: str) -> Response:
    return _respond(request.voice(_event(), handlers.menu, handlers.enqueue_plainly))


@app.route("/voice/wait", methods=["POST"], content_types=FORM)
def voice_wait() -> Response:
    return _respond(request.voice(_event(), handlers.wait, handlers.keep_waiting))


@app.route("/voice/after", methods=["POST"], content_types=FORM)
def voice_after() -> Response:
    now = time.time()
    return _respond(request.voice(_event(), lambda hook: handlers.after(hook, now), handlers.apologize))


@app.route("/voice/survey", methods=["POST"], content_types=FORM)
def voice_survey() -> Response:
    now = time.time()
    return _respond(request.voice(_event(), lambda hook: handlers.survey(hook, now), handlers.apologize))


@app.route("/voice/voicemail", methods=["POST"], content_types=FORM)
def voice_voicemail() -> Response:
    now = time.time()
    return _respond(request.voice(_event(), lambda hook: handlers.voicemail(hook, now), handlers.apologize))


@app.route("/voice/fallback", methods=["POST"], content_types=FORM)
def voice_fallback() -> Response:
    now = time.time()
    return _respond(request.voice(_event(), lambda hook: handlers.fallback(hook, now), handlers.apologize))


# --- TaskRouter


@app.route("/taskrouter/assignment", methods=["POST"], content_types=FORM)
def taskrouter_assignment() -> Response:
    from chalicelib.routing import assignment

    return _respond(request.data(_event(), lambda hook: assignment.decide(hook, time.time())))


@app.route("/taskrouter/events", methods=["POST"], content_types=FORM)
def taskrouter_events() -> Response:
    from chalicelib.routing import events

    return _respond(request.data(_event(), lambda hook: events.take(hook, time.time())))


# --- The worker's leg


@app.route("/worker/{call_sid}/{reservation_sid}/answer", methods=["POST"], content_types=FORM)
def worker_answer(call_sid: str, reservation_sid: str) -> Response:
    from chalicelib.worker import leg

    now = time.time()
    return _respond(request.voice(_event(), lambda hook: leg.answer(hook, now), leg.answer_without_record))


@app.route("/worker/{call_sid}/{reservation_sid}/status", methods=["POST", "GET"], content_types=ANY)
def worker_status(call_sid: str, reservation_sid: str) -> Response:
    from chalicelib.worker import leg

    return _respond(request.data(_event(), lambda hook: leg.follow_status(hook, time.time())))


# --- AWS


# A burst of jobs waits in the queue and leaves Lambda to the doors: a new account may have ten executions at once.
JOBS_AT_ONCE = int(os.environ.get("JOBS_AT_ONCE") or 5)


@app.on_sqs_message(
    queue=os.environ["JOBS_QUEUE"], batch_size=1, maximum_concurrency=JOBS_AT_ONCE, name="jobs_consumer"
)
def jobs_consumer(event: SQSEvent) -> None:
    from chalicelib import jobs
    from chalicelib.worker import leg

    with log.About(request_id=_request_id(event.context)):
        for record in event:
            leg.work(jobs.decode(record.body), time.time)


@app.schedule(Rate(1, unit=Rate.MINUTES), name="sweep")
def sweep(event: CloudWatchEvent) -> None:
    from chalicelib.lifecycle import reconcile as room

    with log.About(request_id=_request_id(event.context)):
        room.run(time.time)
