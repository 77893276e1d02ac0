"""Every way into Cordboard: Twilio's webhooks, the jobs queue and the clock. Each leads to one function in one room.

A cold start imports this file whole, whichever function it is for. So a door opens its room when it is used; only what
the first webhook of a call needs is imported here.
"""

import os
import time

from chalice.app import Chalice, CloudWatchEvent, Rate, Response, SQSEvent

from chalicelib import callcenter, log, reception, webhook
from chalicelib.webhook import Answer

app = Chalice(app_name="cordboard")
app.api.binary_types.clear()  # text is all that is spoken here; every answer would be held against sixteen other types

# Twilio posts forms. The one GET (a dequeue's status callback) comes without a content type.
FORM = ["application/x-www-form-urlencoded"]
ANY = ["*/*"]

callcenter.current()  # a mistake in callcenter.toml stops the packaging, not the first call


def _respond(answer: Answer) -> Response:
    return Response(answer.body, {"Content-Type": answer.content_type}, answer.status)


def _event() -> dict[str, object]:
    request = app.current_request
    assert request is not None  # inside a view there always is one
    event: dict[str, object] = request.to_original_event()
    event[webhook.REQUEST_ID] = _request_id(app.lambda_context)
    return event


def _request_id(context: object) -> str:
    """Lambda's own, which its lines have too: each of ours has it, so that they are found together."""
    return getattr(context, "aws_request_id", "")


# --- The caller's leg


@app.route("/voice/incoming", methods=["POST"], content_types=FORM)
def voice_incoming() -> Response:
    return _respond(webhook.voice(_event(), reception.incoming, reception.enqueue_plainly))


@app.route("/voice/menu/{attempt}", methods=["POST"], content_types=FORM)
def voice_menu(attempt: str) -> Response:
    return _respond(webhook.voice(_event(), reception.menu, reception.enqueue_plainly))


@app.route("/voice/wait", methods=["POST"], content_types=FORM)
def voice_wait() -> Response:
    return _respond(webhook.voice(_event(), reception.wait, reception.keep_waiting))


@app.route("/voice/after", methods=["POST"], content_types=FORM)
def voice_after() -> Response:
    now = time.time()
    return _respond(webhook.voice(_event(), lambda hook: reception.after(hook, now), reception.apologize))


@app.route("/voice/survey", methods=["POST"], content_types=FORM)
def voice_survey() -> Response:
    now = time.time()
    return _respond(webhook.voice(_event(), lambda hook: reception.survey(hook, now), reception.apologize))


@app.route("/voice/voicemail", methods=["POST"], content_types=FORM)
def voice_voicemail() -> Response:
    now = time.time()
    return _respond(webhook.voice(_event(), lambda hook: reception.voicemail(hook, now), reception.apologize))


@app.route("/voice/fallback", methods=["POST"], content_types=FORM)
def voice_fallback() -> Response:
    now = time.time()
    return _respond(webhook.voice(_event(), lambda hook: reception.fallback(hook, now), reception.apologize))


# --- TaskRouter


@app.route("/taskrouter/assignment", methods=["POST"], content_types=FORM)
def taskrouter_assignment() -> Response:
    from chalicelib import assignment

    return _respond(webhook.data(_event(), lambda hook: assignment.decide(hook, time.time())))


@app.route("/taskrouter/events", methods=["POST"], content_types=FORM)
def taskrouter_events() -> Response:
    from chalicelib import events

    return _respond(webhook.data(_event(), lambda hook: events.take(hook, time.time())))


# --- The worker's leg


@app.route("/worker/{call_sid}/{reservation_sid}/answer", methods=["POST"], content_types=FORM)
def worker_answer(call_sid: str, reservation_sid: str) -> Response:
    from chalicelib import bridge

    now = time.time()
    return _respond(webhook.voice(_event(), lambda hook: bridge.answer(hook, now), bridge.answer_without_record))


@app.route("/worker/{call_sid}/{reservation_sid}/status", methods=["POST", "GET"], content_types=ANY)
def worker_status(call_sid: str, reservation_sid: str) -> Response:
    from chalicelib import bridge

    return _respond(webhook.data(_event(), lambda hook: bridge.follow_status(hook, time.time())))


# --- AWS


# A burst of jobs waits in the queue and leaves Lambda to the doors: a new account may have ten executions at once.
JOBS_AT_ONCE = int(os.environ.get("JOBS_AT_ONCE") or 5)


@app.on_sqs_message(queue=os.environ["JOBS_QUEUE"], batch_size=1, maximum_concurrency=JOBS_AT_ONCE, name="bridge_job")
def bridge_job(event: SQSEvent) -> None:
    from chalicelib import bridge, jobs

    with log.About(request_id=_request_id(event.context)):
        for record in event:
            bridge.work(jobs.decode(record.body), time.time)


@app.schedule(Rate(1, unit=Rate.MINUTES), name="sweep")
def sweep(event: CloudWatchEvent) -> None:
    from chalicelib import sweep as room

    with log.About(request_id=_request_id(event.context)):
        room.run(time.time)
