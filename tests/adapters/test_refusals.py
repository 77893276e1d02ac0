"""What each answer of Twilio means to each request of ours: done, decided by others, refused, or to be tried again."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs

import pytest
from msgspec.structs import replace
from twilio.base.exceptions import TwilioException

from chalicelib import budget
from chalicelib.twilio import rest
from chalicelib.twilio.rest import failures
from tests.conftest import Aws
from tests.doubles.http_server import serving
from tests.doubles.twilio import ROOM, FakeTwilio
from tests.support.caches import forget_everything

CALL, TASK, RESERVATION, WORKER = "CA" + "a" * 32, "WT" + "a" * 32, "WR" + "a" * 32, "WK" + "a" * 32
RING = rest.calls.Ring("+14155550111", "+14155550100", "https://x.example/answer", "https://x.example/status", 15)
NOT_FOUND, CALL_IS_OVER, WRONG_STATUS = (404, 20404), (400, 21220), (400, 20001)
NEAR = [
    (404, 20403),
    (404, 20405),
    (400, 21219),
    (400, 21221),
    (400, 20000),
    (400, 20002),
    (412, 20412),
    (411, 0),
    (413, 0),
]


@dataclass(frozen=True)
class Asked:
    """One request of ours, and the refusals that mean no error to it, with what is returned then."""

    ask: Callable[[], object]
    forgives: Mapping[tuple[int, int], object]


VERSION = rest.workers.Worker(WORKER, "WA1", True, 0.0, '"1"')
REQUESTS = {
    "ring": Asked(lambda: rest.calls.ring(RING), {}),
    "hang up": Asked(lambda: rest.calls.hang_up(CALL), {CALL_IS_OVER: None, NOT_FOUND: None}),
    "redirect": Asked(lambda: rest.calls.redirect(CALL, "https://x.example"), {CALL_IS_OVER: False, NOT_FOUND: False}),
    "is live": Asked(lambda: rest.calls.is_live(CALL), {NOT_FOUND: False}),
    "is in": Asked(lambda: rest.conferences.is_in(ROOM, CALL), {NOT_FOUND: False}),
    "text": Asked(lambda: rest.texts.send("+14155550105", "+14155550111", "Hello."), {}),
    "text's time": Asked(lambda: rest.texts.came_at("SM" + "a" * 32), {NOT_FOUND: 0.0}),
    "cancel": Asked(lambda: rest.tasks.cancel(TASK, "gone"), {WRONG_STATUS: None, NOT_FOUND: None}),
    "complete": Asked(lambda: rest.tasks.complete(TASK, "done"), {WRONG_STATUS: None, NOT_FOUND: None}),
    "begin wrapping": Asked(lambda: rest.tasks.begin_wrapping(TASK), {WRONG_STATUS: None, NOT_FOUND: None}),
    "create task": Asked(lambda: rest.tasks.create(rest.tasks.NewTask("{}", "default", 0, 60)), {}),
    "delete text": Asked(lambda: rest.recordings.delete_transcription("TR" + "a" * 32), {NOT_FOUND: None}),
    "delete recording": Asked(lambda: rest.recordings.delete("RE" + "a" * 32), {NOT_FOUND: None}),
    "reservation": Asked(lambda: rest.reservations.status(TASK, RESERVATION), {NOT_FOUND: "unknown"}),
    "task": Asked(lambda: rest.tasks.fetch(TASK), {NOT_FOUND: None}),
    "worker": Asked(lambda: rest.workers.fetch(WORKER), {}),
    "activity": Asked(lambda: rest.workers.set_activity(VERSION, "WA2"), {(412, 20412): False}),
}
REFUSALS = [NOT_FOUND, CALL_IS_OVER, WRONG_STATUS, *NEAR]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: f"{refusal[0]}-{refusal[1]}")
@pytest.mark.parametrize("asked", REQUESTS.values(), ids=REQUESTS)
def test_a_refusal_means_what_it_says_and_every_other_one_is_an_error(
    twilio: FakeTwilio, asked: Asked, refusal: tuple[int, int]
) -> None:
    twilio.failures[" /"] = [refusal]
    if refusal in asked.forgives:
        assert asked.ask() == asked.forgives[refusal]
    else:
        with pytest.raises(rest.TwilioRejected) as refused:
            asked.ask()
        assert refused.value.code == (refusal[1] or refusal[0])


@pytest.mark.parametrize(
    "ask",
    [
        lambda: rest.reservations.reject(TASK, RESERVATION),
        lambda: rest.reservations.supervise(TASK, RESERVATION, "monitor", WORKER),
        lambda: rest.conferences.hold(ROOM, CALL, "https://x.example"),
        lambda: rest.conferences.unhold(ROOM, CALL),
        lambda: rest.conferences.end_with(ROOM, CALL, ends=True),
    ],
    ids=["reject", "supervise", "hold", "unhold", "end with"],
)
@pytest.mark.parametrize("refusal", [*REFUSALS, (400, 0), (409, 0), (428, 0), (430, 0), (499, 0)])
def test_whatever_final_refusal_it_meets_somebody_else_decided(
    twilio: FakeTwilio, ask: Callable[[], object], refusal: tuple[int, int]
) -> None:
    twilio.failures["POST "] = [refusal]
    assert ask() is False


@pytest.mark.parametrize(
    ("status", "there"),
    [("connected", True)]
    + [(status, False) for status in ("queued", "connecting", "ringing", "complete", "completed", "failed")],
)
def test_who_is_in_a_conference_is_connected(environment: pytest.MonkeyPatch, status: str, there: bool) -> None:
    with serving((200, json.dumps({"status": status}).encode())) as endpoint:
        environment.setenv("TWILIO_API_URL", endpoint.url)
        forget_everything()
        assert rest.conferences.is_in(ROOM, CALL) is there


def test_twilio_says_when_a_text_came(environment: pytest.MonkeyPatch) -> None:
    with serving((200, b'{"date_created": "Sat, 21 Nov 2026 08:00:00 +0000"}')) as endpoint:
        environment.setenv("TWILIO_API_URL", endpoint.url)
        forget_everything()
        assert rest.texts.came_at("SM" + "a" * 32) == 1795248000.0


MEANINGS = [
    (400, 21211, rest.TwilioRejected),
    (401, 20003, rest.TwilioDenied),
    (401, 99999, rest.TwilioDenied),
    (402, 0, rest.TwilioRejected),
    (403, 0, rest.TwilioDenied),
    (403, 1, rest.TwilioRejected),
    (403, 402, rest.TwilioRejected),
    (403, 403, rest.TwilioDenied),
    (403, 404, rest.TwilioRejected),
    (403, 20002, rest.TwilioRejected),
    (403, 20003, rest.TwilioDenied),
    (403, 20004, rest.TwilioRejected),
    (404, 20003, rest.TwilioRejected),
    (428, 0, rest.TwilioRejected),
    (429, 20429, rest.TwilioUnavailable),
    (430, 0, rest.TwilioRejected),
    (499, 0, rest.TwilioRejected),
    (500, 0, rest.TwilioUnavailable),
    (501, 0, rest.TwilioUnavailable),
    (502, 0, rest.OutcomeUnknown),
    (503, 0, rest.TwilioUnavailable),
    (504, 0, rest.OutcomeUnknown),
    (505, 0, rest.TwilioUnavailable),
]


@pytest.mark.parametrize(("status", "code", "meaning"), MEANINGS)
def test_what_a_status_means(twilio: FakeTwilio, status: int, code: int, meaning: type[Exception]) -> None:
    twilio.failures["POST "] = [(status, code)]
    with pytest.raises(
        Exception, match=str(code or status) if meaning is rest.TwilioRejected else str(status)
    ) as raised:
        rest.calls.ring(RING)
    assert type(raised.value) is meaning


@pytest.mark.parametrize("ask", [lambda: rest.tasks.of_status("wrapping", 3), lambda: rest.reservations.of_task(TASK)])
@pytest.mark.parametrize(("status", "meaning"), [(s, m) for s, c, m in MEANINGS if c in (0, 20429) or s == 401])
def test_a_refused_list_means_the_same(
    twilio: FakeTwilio, ask: Callable[[], object], status: int, meaning: type[Exception]
) -> None:
    twilio.failures["GET "] = [(status, 0)]
    with pytest.raises(meaning):
        ask()


@pytest.mark.parametrize("status", [304, 399])
def test_what_is_neither_done_nor_refused_is_tried_again(status: int) -> None:
    assert type(failures.as_ours(status, 0, "no sound")) is rest.TwilioUnavailable


@pytest.mark.parametrize("told", [(), ("the client's own mistake",)])
def test_an_error_of_the_client_that_no_answer_made_stays_what_it_is(told: tuple[str, ...]) -> None:
    with pytest.raises(TwilioException), failures.pages():
        raise TwilioException(*told)


@pytest.mark.parametrize(
    ("status", "live"),
    [("queued", True), ("initiated", True), ("ringing", True), ("in-progress", True)]
    + [(status, False) for status in ("completed", "busy", "failed", "no-answer", "canceled")],
)
def test_which_calls_have_not_ended(twilio: FakeTwilio, status: str, live: bool) -> None:
    twilio.call = status
    assert rest.calls.is_live(CALL) is live


@pytest.mark.parametrize(("queue_time", "seconds"), [("", 0.0), ("0", 0.0), ("1500", 1.5), ("250", 0.25)])
def test_twilio_says_how_long_a_call_is_queued_in_milliseconds(
    twilio: FakeTwilio, queue_time: str, seconds: float
) -> None:
    twilio.queue_time = queue_time
    assert rest.calls.ring(RING) == rest.calls.Ringing("CA" + "b" * 32, seconds)


def test_a_worker_is_read_whole(twilio: FakeTwilio) -> None:
    available = "WA" + "1" * 32
    known = ("Bea", {"contact_uri": "+14155550111"})
    assert rest.workers.fetch(WORKER) == rest.workers.Worker(
        WORKER, available, True, 1795248000.0, f'"{available}"', *known
    )
    twilio.activity = "WA" + "0" * 32
    assert rest.workers.fetch(WORKER).available is False


def test_a_task_and_its_reservations_are_read_whole(twilio: FakeTwilio) -> None:
    twilio.tasks[TASK] = told = {"sid": TASK, "assignment_status": "wrapping", "attributes": '{"a": 1}'}
    assert rest.tasks.fetch(TASK) == rest.tasks.Task(TASK, "wrapping", "", {"a": 1}, 0.0, 0.0)
    twilio.tasks[TASK] = {
        **told,
        "task_queue_sid": "WQ1",
        "date_created": "2026-11-21T07:59:00Z",
        "date_updated": "2026-11-21T08:00:00Z",
        "attributes": "no JSON",
    }
    assert rest.tasks.fetch(TASK) == rest.tasks.Task(TASK, "wrapping", "WQ1", {}, 1795247940.0, 1795248000.0)
    twilio.reservations[RESERVATION] = {"sid": RESERVATION, "reservation_status": "accepted", "worker_sid": WORKER}
    assert rest.reservations.of_task(TASK) == [rest.reservations.Reservation(RESERVATION, "accepted", WORKER, "", 0.0)]


EVENTS: list[tuple[list[tuple[int, str]], str]] = [
    ([], "unknown"),
    ([(1, "task.created"), (2, "worker.activity.update")], "unknown"),
    ([(1, "activity.created"), (2, "task.canceled")], "unknown"),
    ([(1, "reservation.created")], "pending"),
    ([(1, "reservation.created"), (0, "reservation.rejected")], "pending"),
    ([(2, "reservation.rejected"), (1, "reservation.created")], "rejected"),
    ([(1, "reservation.accepted"), (1, "reservation.created")], "accepted"),  # in one millisecond: the later step
    ([(3, "reservation.wrapup"), (2, "reservation.accepted")], "wrapping"),
    ([(5, "reservation.canceled"), (9, "task.canceled"), (4, "reservation.created")], "canceled"),
    ([(1, "reservation.unheard-of"), (0, "reservation.created")], "pending"),
]


@pytest.mark.parametrize(("events", "status"), EVENTS)
def test_what_twilio_has_forgotten_its_events_still_tell(
    twilio: FakeTwilio, events: list[tuple[int, str]], status: str
) -> None:
    twilio.events = events
    assert rest.reservations.status("", RESERVATION) == status
    twilio.forgotten = True  # a task that is gone, and went on to its end
    assert rest.reservations.status(TASK, RESERVATION) == {"accepted": "completed", "wrapping": "completed"}.get(
        status, status
    )


def test_events_are_asked_for_as_long_as_twilio_keeps_them(environment: pytest.MonkeyPatch) -> None:
    with serving((200, b'{"meta": {"key": "events"}, "events": []}')) as endpoint:
        environment.setenv("TWILIO_API_URL", endpoint.url)
        forget_everything()
        assert rest.reservations.status("", RESERVATION) == "unknown"
    asked = parse_qs(endpoint.requests[0][0].partition("?")[2])
    ago = datetime.now(UTC) - datetime.fromisoformat(asked["StartDate"][0])
    assert (asked["ReservationSid"], round(ago / timedelta(days=1))) == ([RESERVATION], 29)


# --- Lists


def test_a_dial_ended_as_the_latest_call_did_that_it_placed(twilio: FakeTwilio) -> None:
    assert rest.calls.dialled_by(CALL) == ""
    twilio.children = [{"sid": "CA2", "status": "busy"}, {"sid": "CA1", "status": "completed"}]
    assert rest.calls.dialled_by(CALL) == "busy"


def test_of_two_tasks_of_one_order_the_oldest_is_found(twilio: FakeTwilio) -> None:
    assert rest.tasks.find("lead/1") == ""
    for number in range(2):
        rest.tasks.create(rest.tasks.NewTask('{"work_key": "lead/1"}', "default", 0, 60 + number))
    assert rest.tasks.find("lead/1") == next(iter(twilio.tasks))
    assert not any("VirtualStartTime" in form for form in twilio.made("POST "))


@pytest.mark.parametrize(("name", "found"), [("Bea", True), ("bEA", True), ("Ann", False), ("Carl", False)])
def test_a_worker_is_found_by_the_whole_name_and_no_other(twilio: FakeTwilio, name: str, found: bool) -> None:
    worker = rest.workers.of_name(name)
    assert (worker.name if worker else "") == ("Bea" if found else "")


@pytest.mark.parametrize(("duration", "seconds"), [("9", 9), ("0", 0), (None, -1), ("", -1), ("long", -1)])
def test_how_long_a_recording_is_may_not_be_known(twilio: FakeTwilio, duration: str | None, seconds: int) -> None:
    twilio.recordings = [{"sid": "RE1", "call_sid": CALL, "source": "RecordVerb", "duration": duration}]
    (found,) = rest.recordings.since(date(2026, 11, 29), 500)
    assert found == rest.recordings.Recorded("RE1", CALL, "RecordVerb", seconds, 0.0)


# --- A worker's activity


def test_a_worker_is_moved_while_that_is_wanted_and_nothing_that_rings_is_taken_back(twilio: FakeTwilio) -> None:
    assert not rest.workers.move(WORKER, "WA2", lambda _worker: False)
    assert twilio.moves == []
    assert rest.workers.move(WORKER, "WA2", lambda _worker: True)
    assert rest.workers.set_activity(rest.workers.fetch(WORKER), "WA3")
    assert twilio.made("POST ") == [{"ActivitySid": "WA2"}, {"ActivitySid": "WA3"}]


def test_who_is_always_changed_by_somebody_else_is_not_moved(twilio: FakeTwilio) -> None:
    twilio.failures["POST "] = [(412, 20412)] * 9
    assert not rest.workers.move(WORKER, "WA2", lambda _worker: True)


# --- Time


def at(monkeypatch: pytest.MonkeyPatch, left: float) -> float:
    """The time-out of a request when the invocation has this many seconds left."""
    monkeypatch.setattr(budget, "seconds_left", lambda: left)
    return rest.client.timeout()


def test_a_request_and_its_tries_fit_into_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    assert at(monkeypatch, float("inf")) == 4.0
    assert at(monkeypatch, 13.0) == 4.0
    assert at(monkeypatch, 12.4) == pytest.approx(3.8)
    assert at(monkeypatch, 2.5) == 0.5
    with pytest.raises(budget.OutOfTime):
        at(monkeypatch, 2.49)


def test_with_no_time_left_twilio_is_not_asked(twilio: FakeTwilio, cloud: Aws) -> None:
    with budget.Until(0.0), pytest.raises(budget.OutOfTime):
        rest.client.timeout()


def test_attributes_of_the_request_that_rings(twilio: FakeTwilio) -> None:
    rest.calls.ring(RING)
    (form,) = twilio.made("POST /2010-04-01")
    assert form == {
        "To": "+14155550111",
        "From": "+14155550100",
        "Url": "https://x.example/answer",
        "Method": "POST",
        "StatusCallback": "https://x.example/status",
        "StatusCallbackMethod": "POST",
        "StatusCallbackEvent": ["completed"],
        "Timeout": 15,
    }


def test_a_ring_asks_for_the_verdict_before_the_document_or_beside_it(twilio: FakeTwilio) -> None:
    first = replace(RING, detects=True)
    rest.calls.ring(first)
    rest.calls.ring(replace(first, detected_url="https://x.example/detected"))
    (waits, beside) = twilio.made("POST /2010-04-01")
    assert {name: value for name, value in waits.items() if "Machine" in name or "Amd" in name} == {
        "MachineDetection": "Enable",
        "MachineDetectionTimeout": 6,
    }
    assert {name: value for name, value in beside.items() if name not in waits} == {
        "AsyncAmd": "true",
        "AsyncAmdStatusCallback": "https://x.example/detected",
        "AsyncAmdStatusCallbackMethod": "POST",
    }


@pytest.mark.parametrize(("limit", "page_size"), [(500, 100), (7, 7)])
def test_tasks_are_listed_the_oldest_first_in_large_pages(
    environment: pytest.MonkeyPatch, limit: int, page_size: int
) -> None:
    with serving((200, b'{"meta": {"key": "tasks"}, "tasks": []}')) as endpoint:
        environment.setenv("TWILIO_API_URL", endpoint.url)
        forget_everything()
        assert rest.tasks.of_status("wrapping", limit) == []
    asked = parse_qs(endpoint.requests[0][0].partition("?")[2])
    assert (asked["PageSize"], asked["Ordering"]) == ([str(page_size)], ["DateCreated:asc"])
    assert (asked["AssignmentStatus"], asked["WorkflowSid"]) == (["wrapping"], ["WW" + "1" * 32])
