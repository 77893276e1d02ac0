"""Mistakes that somebody could make, planted one at a time: an invariant that it breaks has to find each."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import count
from typing import Any, NamedTuple
from unittest.mock import patch
from uuid import UUID

import msgspec
from twilio.twiml.voice_response import VoiceResponse

from chalicelib import aws, budget, crm, jobs
from chalicelib.callbacks import asking as callbacks_asking
from chalicelib.callbacks import outcome
from chalicelib.caller import extension, handlers, hold, who
from chalicelib.caller import menu as caller_menu
from chalicelib.caller import twiml as caller_twiml
from chalicelib.callers import memory, profile
from chalicelib.config import answering, environment, schema, secrets
from chalicelib.config.answering import ModeName
from chalicelib.config.schema import CallCenter, Queue
from chalicelib.console import cards, giving_away
from chalicelib.crm import exchange
from chalicelib.crm import http as crm_http
from chalicelib.hours import calendar, switch
from chalicelib.lifecycle import (
    activity,
    closing,
    consulting,
    giving,
    lead_out,
    looking,
    reconcile,
    recorded,
    untold,
    voicemail,
    wrap_up,
)
from chalicelib.links import attributes, caller_leg, model, modes, notices, orders, profiles, reading, steps, table
from chalicelib.links import callbacks as callback_rows
from chalicelib.links import messages as rows
from chalicelib.links.model import Key, Link, Message, message_key
from chalicelib.links.profiles import Profile
from chalicelib.routing import assignment, events
from chalicelib.staff import commands, duty, people, shifts
from chalicelib.storage import keep, offering, talks
from chalicelib.tell import outbox
from chalicelib.twilio import rest, urls
from chalicelib.work import again, posting
from chalicelib.worker import approval, asking, calling_back, doing, hearing, ring
from chalicelib.worker import recorded as worker_recorded
from chalicelib.worker import twiml as worker_twiml
from tests.simulation import invocation


class Defect(NamedTuple):
    """`invariants`: those that may find it; one of them has to. `faults`: those under which it shows.

    `answer`: the mode in which it does, if not in any.
    """

    plant: Callable[[], AbstractContextManager[Any]]
    invariants: frozenset[int]
    faults: str
    answer: ModeName | None = None
    away: bool = False  # nobody takes calls, and so callers ask to be called back
    hours: bool = False  # lines open and close among the calls
    known: bool = False  # lines ask who calls
    desk: bool = False  # some workers are at the agent desk


def _replace(
    where: Any,
    name: str,
    made: Callable[[Any], Any],
    *invariants: int,
    faults: str = "all",
    answer: ModeName | None = None,
    away: bool = False,
    hours: bool = False,
    known: bool = False,
    desk: bool = False,
) -> Defect:
    """A defect in one function: `made` gets the right one and returns the wrong one."""
    plant = lambda: patch.object(where, name, made(getattr(where, name)))  # noqa: E731 - a context manager each time
    return Defect(plant, frozenset(invariants), faults, answer, away, hours, known, desk)


def _nothing(_true: Any) -> Any:
    return lambda *_given, **_named: None


def _blocked_in_doubt(_true: Any) -> Any:
    def of(number: str, now: float) -> Profile:
        try:
            return (profiles.seen(number, now) if number else None) or Profile()
        except Exception:
            return Profile(blocked_until=now + 60)

    return of


def _no_condition(true: Any) -> Any:
    """The update is written whatever the row says."""

    def write(key: Any, write: Any) -> Any:
        return true(key, write._replace(condition="", values={}, names={}))

    return write


def _first_write_forgotten(_true: Any) -> Any:
    """A reservation that has a row is written anew."""

    def reserve(link: Any, _now: float) -> Any:
        row = attributes.encode(steps._row(link))
        aws.client("dynamodb").put_item(TableName=environment.current().links_table, Item=row)
        return link

    return reserve


def _dial_again(true: Any) -> Any:
    def ring_worker(ring: Any) -> Any:
        try:
            return true(ring)
        except rest.OutcomeUnknown:
            return true(ring)

    return ring_worker


def _whatever_the_crm_says(true: Any) -> Any:
    def prepare(adapter: Any, attempt: Any) -> Any:
        try:
            return true(adapter, attempt)
        except (crm.Declined, crm.Unavailable):
            return crm.Approval()

    return prepare


def _another_key_each_time(true: Any) -> Any:
    def prepare(adapter: Any, attempt: Any) -> Any:
        key = UUID(int=int(attempt.at * 1e6)).hex
        return true(adapter, msgspec.structs.replace(attempt, idempotency_key=key))

    return prepare


def _without(kind: type) -> Callable[[Any], Any]:
    def made(true: Any) -> Any:
        def send(job: Any, delay_seconds: int = 0) -> None:
            if not isinstance(job, kind):
                true(job, delay_seconds)

        return send

    return made


def _whenever_it_was(_true: Any) -> Any:
    return lambda of, _now: of.changes[0] if of.changes and of.changes[0].to != "file" else None


def _silent_once_answered(true: Any) -> Any:
    def closed(*given: Any, is_answered: bool) -> Any:
        return "<Response/>" if is_answered else true(*given, is_answered=is_answered)

    return closed


def _no_deadline(true: Any) -> Any:
    return lambda *given: msgspec.structs.replace(true(*given), deadline=1e12)


def _without_words(true: Any) -> Any:
    """Into the queue, in silence."""

    def enqueue(response: Any, *given: Any) -> None:
        whole = VoiceResponse()
        true(whole, *given)
        for verb in whole.verbs:
            if verb.name != "Say":
                response.append(verb)

    return enqueue


def _no_notices(_true: Any) -> Any:
    return lambda _center, _attributes: {}


def _whoever(_true: Any) -> Any:
    return lambda queue, _worker: queue.recording is not None


@contextmanager
def _talks_are_told_to_nobody() -> Iterator[None]:
    """The callback does nothing, and the sweep takes in nothing of what it finds."""
    with patch.object(worker_recorded, "_have_kept"), patch.object(untold, "_take_in_talk", lambda *_given: "left"):
        yield


def _always_completed(true: Any) -> Any:
    return lambda key, _outcome, *given, **named: true(key, "completed", *given, **named)


def _with_an_activity(_true: Any) -> Any:
    """As if the worker had declined."""

    def reject_later(link: Any, reason: str, now: float) -> None:
        closing.reject(link, reason, environment.current().activity_sid("Unavailable"), now)

    return reject_later


def _offered_again(_true: Any) -> Any:
    return lambda link, why, _attributes, now, **_named: closing.reject_later(link, f"CRM failed: {why}", now)


def _however_long_it_takes(_true: Any) -> Any:
    return lambda endpoint, *given: endpoint._exchange(*given)


def _moves_whoever(_true: Any) -> Any:
    def move(worker_sid: str, to_sid: str, *_given: Any) -> None:
        rest.workers.set_activity(rest.workers.fetch(worker_sid), to_sid)

    return move


def _always_available(true: Any) -> Any:
    return lambda sid: msgspec.structs.replace(true(sid), available=True)


def _whatever_became(true: Any) -> Any:
    return lambda worker, to_sid, **named: true(msgspec.structs.replace(worker, etag=""), to_sid, **named)


@contextmanager
def _whose_task_is_never_found() -> Iterator[None]:
    """Neither Twilio nor the event that tells of the task is listened to."""
    with patch.object(rest.tasks, "find", lambda _key: ""), patch.object(orders, "note_made"):
        yield


@contextmanager
def _our_number_is_theirs() -> Iterator[None]:
    codes = ring.WORKER_NUMBER_REFUSED | ring.CALLER_ID_REFUSED
    with patch.object(ring, "WORKER_NUMBER_REFUSED", codes), patch.object(ring, "CALLER_ID_REFUSED", frozenset()):
        yield


def _whoever_chooses(_true: Any) -> Any:
    return lambda link: not link.transferred_to


def _lost_is_the_end(true: Any) -> Any:
    return lambda key, to, now, *given, **named: true(key, "end" if to == "lost" else to, now, *given, **named)


def _never(_true: Any) -> Any:
    return lambda *_given: False


@contextmanager
def _wait_for_ever() -> Iterator[None]:
    """Both ways out of the queue are closed: the document's own end, and that the caller is led out."""
    with (
        patch.object(schema.Line, "longest_wait", property(lambda _line: 10**6)),
        patch.object(lead_out, "lead_out", lambda *_given: "led out"),
    ):
        yield


@contextmanager
def _without_budget() -> Iterator[None]:
    with patch.object(budget, "seconds_left", lambda: 1e9), patch.object(aws, "_was_not_taken", lambda _error: True):
        yield


def _forgotten_before_it_is_read(true: Any) -> Any:
    """The last good secret is gone when SSM does not give the next one."""

    def refresh(now: float) -> None:
        secrets._kept.secrets = None
        true(now)

    return refresh


def _guessed(_true: Any) -> Any:
    return lambda _reservation_sid: "canceled"


def _whatever_the_error(_true: Any) -> Any:
    return lambda _error: True


@contextmanager
def _sent_again_to_twilio() -> Iterator[None]:
    """Also after a time-out."""
    true = rest.client.http_client

    def client(api_url: str) -> Any:
        http_client = true(api_url)
        for adapter in http_client.session.adapters.values():
            adapter.max_retries = adapter.max_retries.new(read=rest.client.RETRIES)
        return http_client

    with patch.object(rest.client, "http_client", client):
        yield


@contextmanager
def _same_secret() -> Iterator[None]:
    with patch.object(secrets, "REFRESH_SECONDS", 1e9), patch.object(secrets, "forget", lambda: None):
        yield


def _slow(true: Any) -> Any:
    def decide(*given: Any) -> Any:
        invocation.current().pause(6)
        return true(*given)

    return decide


def _raises(_true: Any) -> Any:
    def take(*_given: Any) -> Any:
        raise ValueError("a mistake")

    return take


def _says(document: str) -> Callable[[Any], Any]:
    return lambda _true: lambda *_given, **_named: f"<Response>{document}</Response>"


def _told_by_a_redirect(true: Any) -> Any:
    """Of a silence the Redirect after the Gather tells, which has the key before it in some worlds."""

    def gather(*given: Any) -> Any:
        made = true(*given)
        del made.attrs["actionOnEmptyResult"]
        return made

    return gather


def _never_counted(true: Any) -> Any:
    """Each question is the first one: neither the tries nor the rounds have an end."""

    def go(line: Any, place: Any, asked: Any, onward: Any, **said: Any) -> str:
        return str(true(line, place, asked._replace(attempt=1, total=1), onward, **said))

    return go


def _rounds_never_counted(true: Any) -> Any:
    def go(line: Any, place: Any, asked: Any, onward: Any, **said: Any) -> str:
        return str(true(line, place, asked._replace(total=1), onward, **said))

    return go


def _nothing_after_the_last_try(true: Any) -> Any:
    def go(line: Any, place: Any, asked: Any, onward: Any, **said: Any) -> str:
        is_over = asked.attempt > place.menu.tries
        return "<Response/>" if is_over else str(true(line, place, asked, onward, **said))

    return go


def _from_the_start(_true: Any) -> Any:
    return handlers.incoming


def _once_more_in_the_queue(_true: Any) -> Any:
    def after(_treatment: Any, _result: str, way: Any) -> str:
        menu = urls.MENU.url(way.base_url, attempt="1").replace("&", "&amp;")
        return f"<Response><Redirect>{menu}</Redirect></Response>"

    return after


def _any_reservation_is_pending(_true: Any) -> Any:
    return lambda *_sids: "pending"


def _whenever_ordered(true: Any) -> Any:
    return lambda notice, _again_before: true(notice, 1e12)


def _whether_or_not(true: Any) -> Any:
    def publish(mail: Any) -> None:
        with suppress(Exception):
            true(mail)

    return publish


NOBODY_THERE = "activity_changes=0.9,worker_no_answer=0.9"
# Of a leg whose caller has gone.
HANGS_ON = "rest_timeout_before=0.6,caller_hangs_up=0.9,worker_wrong_key=0.9"
HURRY = "activity_changes=1,worker_no_answer=0.9"


def _takes_with_any_key(_true: Any) -> Any:
    return lambda _rules, digits, speech: "pass" if digits == "2" or speech == "no way" else "take"


def _silence_takes(true: Any) -> Any:
    def refuse(asked: Any, reason: Any, known: Any) -> Any:
        return asking._take(asked, known) if reason == "no key" else true(asked, reason, known)

    return refuse


def _hangs_up_in_any_case(true: Any) -> Any:
    def detected(webhook: Any) -> Any:
        if asking.is_machine(webhook):
            rest.calls.hang_up(webhook.form["CallSid"])
        return true(webhook)

    return detected


def _asked_without_condition(_true: Any) -> Any:
    def follow(key: Any, state: Any, leg: str, now: float, known: Any) -> Any:
        changes = {**known, "state": state, f"{state}_at": now, "worker_call_sid": leg}
        return steps._write_link(key, table.Write(changes, "", names={}))

    return follow


def _moved_before_the_way_back_is_ordered(_true: Any) -> Any:
    def leave_out(order: Any, now: float) -> None:
        worker = rest.workers.fetch(order.worker_sid)
        if worker.available and rest.workers.set_activity(worker, order.activity_sid):
            back = jobs.PutBack(worker.sid, order.activity_sid, worker.activity_sid, now - 2, now + 20)
            jobs.send(back, order.back_after)

    return leave_out


def _whatever_the_verdict(_true: Any) -> Any:
    return lambda asked, webhook: asking._take(asked, asking._verdict(webhook))


def _whoever_is_gone(_true: Any) -> Any:
    """The question is asked without a look at the row."""

    def ask(webhook: Any) -> Any:
        return asking.ask_without_record(webhook)

    return ask


def _claimed_by_everybody(_true: Any) -> Any:
    def claim(_key: str, digest: str, _now: float, _lease: float) -> orders.Ordered:
        return orders.Ordered(digest, "", is_claimed=True)

    return claim


def _begun_without_a_key(true: Any) -> Any:
    def ask(asked: Any, link: Any, attempt: int) -> Any:
        return doing.begin(link, asked.at) if link.work else true(asked, link, attempt)

    return ask


def _told_twice(true: Any) -> Any:
    """Each task gets a key of its own: who comes again makes another one."""
    numbers = count()

    def post(order: Any, rules: Any, now: float) -> Any:
        return true(msgspec.structs.replace(order, key=f"{order.key}/{next(numbers)}"), rules, now)

    return post


def _taken_at_once(true: Any) -> Any:
    def begin(link: Link) -> Any:
        rows.take(message_key(link.message_of, link.recording_sid), link.worker_name, link.answered_at)
        return true(link)

    return begin


@contextmanager
def _rota_above_all() -> Iterator[None]:
    """What was said by hand, and that somebody has changed since the boundary, counts for nothing."""
    boundary, wrote = shifts._boundary, duty.note_applied

    def due(rota: Any, worker: str, seen: Any, now: float) -> Any:
        return boundary(rota, worker, msgspec.structs.replace(seen, hand_at=0, until=0), now)

    def move(worker_sid: str, to: Any) -> bool:
        return rest.workers.move(worker_sid, people.activity_sid(to.to), lambda one: one.available != (to.to == "on"))

    def applied(worker: str, at: float, now: float, seen: Any, changes: Any) -> Any:
        return wrote(worker, at, now, msgspec.structs.replace(seen, hand_at=1e12), changes)

    with (
        patch.object(shifts, "_boundary", due),
        patch.object(shifts, "_move", move),
        patch.object(duty, "note_applied", applied),
    ):
        yield


@contextmanager
def _every_task_is_the_callbacks() -> Iterator[None]:
    def take(about: str, _task_sid: str, _reservation_sid: str, _leg: str, _now: float) -> Any:
        return callback_rows.find(about)

    with (
        patch.object(rest.tasks, "find", lambda _key: ""),
        patch.object(outcome, "is_wanted", lambda *_given: True),
        patch.object(outcome, "take", take),
    ):
        yield


def _hangs_up_at_the_end(true: Any) -> Any:
    def move(worker_sid: str, one: Any) -> Any:
        for link in reading.latest_links(worker_sid, 5) if one.boundary.to == "off" else ():
            if link.state == "bridged":
                rest.calls.hang_up(link.worker_call_sid)
        return true(worker_sid, one)

    return move


@contextmanager
def _each_text_is_new() -> Iterator[None]:
    with (
        patch.object(duty.Duty, "has_heard", lambda *_given: False),
        patch.object(commands, "_sent_at", lambda asked: float(int(asked.at))),
    ):
        yield


def _as_often_as_it_takes(true: Any) -> Any:
    return lambda callback: msgspec.structs.replace(true(callback), attempts=10)


def _reached_in_any_case(_true: Any) -> Any:
    return lambda _link, callback, _why, now: calling_back._reached(_link, callback, now)


def _never_held(_true: Any) -> Any:
    return lambda *_given, **_named: True


def _for_anybody(_true: Any) -> Any:
    return lambda line, _rules, _person, queueing: caller_twiml.enqueue(line, queueing, {})


def _only_once(true: Any) -> Any:
    return lambda standing, line, link: {} if line in standing.workers else true(standing, line, link)


def _of_whoever_talked(true: Any) -> Any:
    """A process keeps what it knows, whoever the caller is."""
    latest: dict[str, str] = {}

    def known(found: Any, line: str, rules: Any, now: float) -> Any:
        of = true(found, line, rules, now)
        if of.worker:
            latest[line] = of.worker
        return msgspec.structs.replace(of, worker=latest.get(line, ""))

    return known


def _yes_at_once(true: Any) -> Any:
    def standing(link: Link) -> Any:
        shown = true(link)
        return "yes" if shown == "asking" else shown

    return standing


@contextmanager
def _rung_at_the_desk_as_well() -> Iterator[None]:
    """The job that has the CRM's yes dials, as for any worker."""
    with (
        patch.object(modes, "MODES", {**modes.MODES, "desk": modes.DESK._replace(by_worker=False)}),
        patch.object(model, "MODES", {**modes.MODES, "desk": modes.DESK._replace(by_worker=False)}),
    ):
        yield


def _whenever_it_begins(_true: Any) -> Any:
    return lambda link, now: wrap_up.finish_task(link.task_sid, "wrapped up at the desk", now)


def _no_yes_is_kept(_true: Any) -> Any:
    return lambda key, _now, _known: reading.find_link(key)


def _led_each_time(true: Any) -> Any:
    """Whatever has been done of it."""
    return lambda link, _call, now: true(msgspec.structs.replace(link, transferred_at=now), None, now)


def _the_last_word(_true: Any) -> Any:
    """Whatever was said before."""

    def decide(key: Key, decision: str, _now: float, attributes: Mapping[str, Any] | None = None) -> Link | None:
        table.update_row(key, {"reason": decision}, "", {}, defaults={"attributes": attributes})
        return reading.find_link(key)

    return decide


WANDERS = "caller_wanders=0.9"
ASKS_FIRST = "desk_asks_first=1"
CUSTOMERS = "customer_busy=0.4,customer_no_answer=0.3"

DEFECTS: Mapping[str, Defect] = {
    "a chat that is given back is offered to nobody": _replace(
        again, "post", lambda _true: lambda *_given, **_named: "", 24, faults="desk_gives_back=0.5", desk=True
    ),
    "a chat is done and given back": _replace(
        steps,
        "decide",
        _the_last_word,
        24,
        faults="desk_gives_back=0.5,desk_presses_twice=1,rest_500=0.4",
        desk=True,
    ),
    "a caller at the desk may be taken before the CRM's word": _replace(
        cards, "standing", _yes_at_once, 3, faults="crm_declines=0.5", desk=True
    ),
    "a job rings the worker at the desk as well": Defect(_rung_at_the_desk_as_well, frozenset({24}), "none", desk=True),
    "the CRM's yes to the desk is not kept": _replace(steps, "approve", _no_yes_is_kept, 24, faults="none", desk=True),
    "a wrap-up begins when the worker has said that it is done": _replace(
        wrap_up, "finish_early", _whenever_it_begins, 5, faults="webhook_late=0.9,webhook_twice=0.3", desk=True
    ),
    "a caller is given away by each request of the desk anew": _replace(
        giving_away,
        "_lead",
        _led_each_time,
        17,
        faults="desk_gives_away=1,desk_presses_twice=1,desk_request_lost=0.3",
        desk=True,
    ),
    "a caller on hold whose worker is gone is left there": _replace(
        consulting, "settle", _nothing, 25, faults=ASKS_FIRST, desk=True
    ),
    "a note of the desk is dropped": _replace(
        steps, "wrap_up", lambda _true: lambda key, *_given: reading.find_link(key), 24, faults="none", desk=True
    ),
    "a message is offered once and no more": _replace(offering, "look", lambda _true: lambda *_: "left", 14),
    "a message is posted by each job anew": _replace(
        posting, "post", _told_twice, 14, faults="rest_timeout_after=0.3,message_twice=0.5"
    ),
    "who hangs up in the middle of a message has heard it": _replace(
        hearing, "begin", _taken_at_once, 14, faults=NOBODY_THERE
    ),
    "a message that is done is offered on": _replace(
        Message, "is_seen_to", lambda _true: property(lambda _message: False), 14
    ),
    "the rota goes before what was said by hand": Defect(_rota_above_all, frozenset({15}), "none"),
    "a wrap-up brings back whoever is off": _replace(
        shifts, "may_come_back", lambda _true: lambda *_given: True, 15, faults="worker_passes=0.9"
    ),
    "the end of a shift hangs up": _replace(shifts, "_move", _hangs_up_at_the_end, 15, faults="none"),
    "a text that comes twice is done twice": Defect(_each_text_is_new, frozenset({15}), "webhook_twice=0.9"),
    "every task is the callback's own": Defect(
        _every_task_is_the_callbacks, frozenset({16}), "rest_timeout_after=0.5", None, away=True
    ),
    "nobody looks for callbacks of which a message is lost": _replace(
        reconcile, "_have_gone_on", _nothing, 16, faults="sqs_down=1,dynamodb_hangs=0.1", away=True
    ),
    "a callback is given up without a word": _replace(outcome, "_tell", _nothing, 16, faults=CUSTOMERS, away=True),
    "a customer is rung without end": _replace(
        outcome, "_rules", _as_often_as_it_takes, 16, faults=CUSTOMERS, away=True
    ),
    "who is busy was talked to": _replace(
        calling_back, "_not_reached", _reached_in_any_case, 16, faults=CUSTOMERS, away=True
    ),
    "a callback goes to the end of the queue": _replace(
        rest.tasks, "_place", lambda _true: lambda _new: {}, 16, faults="people", away=True
    ),
    "a caller who is back is called back all the same": _replace(
        callbacks_asking,
        "hold",
        _never_held,
        16,
        faults="caller_calls_again=1,worker_no_answer=0.5,activity_changes=0.9",
    ),
    "no write says what it expects": _replace(steps, "_write_link", _no_condition, 1, 2, 5, 6),
    "a reservation is written again": _replace(
        steps, "reserve", _first_write_forgotten, 1, 2, 6, faults="cold_start=0.3"
    ),
    "an unanswered dial is made again": _replace(rest.calls, "ring", _dial_again, 2, faults="rest_timeout_after=0.1"),
    "legs are not hung up": _replace(closing, "end_leg", _nothing, 2, faults="people"),
    "the deadline is ignored": _replace(assignment, "_link", _no_deadline, 2, faults="message_late=0.5"),
    "the reservation is not asked about before the dial": _replace(
        rest.reservations, "status", _any_reservation_is_pending, 2, 5, 6
    ),
    "the CRM's no is ignored": _replace(crm, "prepare", _whatever_the_crm_says, 3),
    "a failed CRM moves the worker": _replace(closing, "reject_later", _with_an_activity, 10, faults="crm_500=0.5"),
    "a caller is offered again as long as the CRM fails": _replace(
        approval, "_crm_failed", _offered_again, 9, faults="crm_500=0.95"
    ),
    "the CRM's no rejects nothing": _replace(
        closing, "reject", _nothing, 3, 5, 6, faults="crm_declines=0.3,crm_500=0.3"
    ),
    "the CRM cannot tell repeats apart": _replace(crm, "prepare", _another_key_each_time, 7),
    "the CRM has all the time that it wants": _replace(
        exchange.Endpoint, "post", _however_long_it_takes, 9, faults="crm_drips=0.3"
    ),
    "the CRM's answer is read to its end": _replace(
        crm_http, "MAX_ANSWER_BYTES", lambda _most: 10**9, 9, faults="crm_megabytes=0.3"
    ),
    "music on hold is silence": _replace(
        caller_twiml, "hold_on", _says('<Pause length="60"/>'), 17, faults="worker_presses_star=0.9"
    ),
    "a worker on hold is taken for one who hung up": _replace(
        hold, "_has_ended", _whoever_chooses, 17, faults="worker_presses_star=0.9"
    ),
    "who hangs up on hold loses the caller": _replace(
        steps, "transfer", _lost_is_the_end, 17, faults="worker_presses_star=0.9"
    ),
    "the caller is given to the queue that they came from": _replace(
        giving, "route", lambda _true: lambda _to: {}, 17, faults="worker_presses_star=0.9"
    ),
    "the waiting document is silent": _replace(caller_twiml, "wait", _says('<Pause length="120"/>'), 4),
    "the tries of a menu have no end": _replace(caller_menu, "_go", _never_counted, 20, faults=WANDERS),
    "a caller may go up and down for ever": _replace(caller_menu, "_go", _rounds_never_counted, 20, faults=WANDERS),
    "after the last try comes nothing": _replace(caller_menu, "_go", _nothing_after_the_last_try, 20, faults=WANDERS),
    "an unclear word makes a choice": _replace(caller_menu.Given, "confidence", lambda _true: 1.0, 20, faults=WANDERS),
    "a silence repeats the last key": _replace(caller_menu, "_gather", _told_by_a_redirect, 20, faults=WANDERS),
    "the language that was chosen is forgotten": _replace(
        urls, "in_language", lambda _true: lambda base_url, _language: base_url, 20, faults=WANDERS
    ),
    "the call ends without a word": _replace(caller_twiml, "after", _says(""), 4),
    "after the queue comes the queue": _replace(caller_twiml, "after", _once_more_in_the_queue, 4),
    "the fallback starts the call anew": _replace(
        handlers, "fallback", _from_the_start, 4, faults="no_connection=0.05"
    ),
    "the worker who answers is joined to nobody": _replace(worker_twiml, "connect", _says('<Pause length="60"/>'), 1),
    "any key takes the call": _replace(
        answering.Answer, "reply", _takes_with_any_key, 12, faults="worker_wrong_key=0.5"
    ),
    "silence takes the call": _replace(
        asking, "_refuse", _silence_takes, 12, faults="worker_silent=0.5,worker_voicemail=0.3"
    ),
    "a verdict that comes after the key hangs up": _replace(
        asking, "detected", _hangs_up_in_any_case, 12, faults="worker_taken_for_machine=0.9", answer="key+detect"
    ),
    "who is asked needs no condition": _replace(
        steps,
        "follow_asked",
        _asked_without_condition,
        1,
        6,
        12,
        faults="dynamodb_hangs=0.3,caller_hangs_up=0.9,worker_silent=0.3,webhook_twice=0.3",
        answer="key",
    ),
    "a machine's verdict joins": _replace(asking, "_judge", _whatever_the_verdict, 12, faults="worker_voicemail=0.5"),
    "the greeting of a voicemail box is a yes": Defect(
        lambda: patch.object(answering, "MOST_WORDS", 1000), frozenset({12}), "worker_voicemail=0.5", "key"
    ),
    "an outage joins whoever answers": Defect(
        lambda: patch.object(Link, "may_be_dequeued", new=True), frozenset({12}), "dynamodb_hangs=0.3"
    ),
    "an order whose answer is lost is posted again": Defect(
        _whose_task_is_never_found, frozenset({13}), "rest_timeout_after=0.5"
    ),
    "an order is claimed by whoever sends it": _replace(
        orders, "claim", _claimed_by_everybody, 13, faults="rest_timeout_after=0.5"
    ),
    "whoever answers is connected with the customer": _replace(
        asking, "_ask", _begun_without_a_key, 13, faults="worker_silent=0.3"
    ),
    "who passed is never put back": _replace(jobs, "send", _without(jobs.PutBack), 5, faults="worker_passes=0.5"),
    "who passed is moved before the way back is ordered": _replace(
        activity,
        "leave_out_for_a_while",
        _moved_before_the_way_back_is_ordered,
        5,
        faults="worker_passes=0.5,sqs_throttled=0.3",
    ),
    "a caller who has gone is asked about": _replace(
        asking, "ask", _whoever_is_gone, 12, faults=HANGS_ON, answer="key"
    ),
    "the sweep is off": _replace(reconcile, "run", _nothing, 5, 6),
    "the pages of a sweep get lost": _replace(jobs, "send", _without(jobs.LookAt), 5, 6, faults="webhook_never=1"),
    "no task is completed": _replace(jobs, "send", _without(jobs.CompleteTask), 5, faults="people"),
    "nobody goes back to work": _replace(activity, "resume", _nothing, 5),
    "who did not answer is offered the call again": _replace(activity, "leave_out", _nothing, 5, faults="people"),
    "who went home by hand is moved": _replace(activity, "_move", _moves_whoever, 10),
    "the wrap-up is begun for who went home": _replace(rest.workers, "fetch", _always_available, 10),
    "a worker changes while we look": _replace(rest.workers, "set_activity", _whatever_became, 10, faults=HURRY),
    "who answers for a caller who is gone is to blame": _replace(
        closing, "ended_with_its_caller", _never, 10, faults="task_outlives_call=0.6,caller_hangs_up=0.9"
    ),
    "a task that outlives its call stays": _replace(
        rest.tasks, "cancel", _nothing, 5, faults="task_outlives_call=0.3,caller_hangs_up=0.5"
    ),
    "an assigned task that outlives its call stays": _replace(
        rest.calls, "is_live", lambda _true: lambda _sid: True, 5, faults="task_outlives_call=0.5"
    ),
    "a second dial is not looked for": _replace(
        ring,
        "_is_rung_by_taskrouter",
        _never,
        2,
        3,
        6,
        faults="webhook_twice=1,dynamodb_hangs=0.3,webhook_never=1",
        answer="at-once",
    ),
    "nobody who waits is let out": Defect(_wait_for_ever, frozenset({4}), "worker_no_answer=0.9,activity_changes=0.5"),
    "a caller id that is refused is the worker's fault": Defect(
        _our_number_is_theirs, frozenset({10}), "caller_id_refused=0.5"
    ),
    "events of other workflows count": _replace(events, "_is_ours", lambda _true: lambda _form: True, 2, 5, 6),
    "a lost message is not sent again": _replace(looking, "_have_rung", _nothing, 5, 4, 6, faults="sqs_down=1"),
    "every request has all the time it wants": Defect(
        _without_budget, frozenset({8}), "dynamodb_hangs=0.9,sqs_hangs=0.9,ssm_hangs=0.5,cold_start=0.3"
    ),
    "a revoked key is used until the process ends": Defect(_same_secret, frozenset({4, 5, 6, 8}), "rotation=1"),
    "the last good secret is not kept": _replace(
        secrets, "_refresh", _forgotten_before_it_is_read, 8, faults="ssm_hangs=0.5,ssm_throttled=0.5"
    ),
    "what Twilio has forgotten is guessed": _replace(
        rest.reservations,
        "_last_event",
        _guessed,
        6,
        13,
        faults="webhook_never=0.9,lambda_dies=0.2,caller_hangs_up=0.9",
    ),
    "AWS is asked again after a time-out": _replace(
        aws, "_was_not_taken", _whatever_the_error, 8, faults="dynamodb_answer_lost=0.1"
    ),
    "Twilio is asked again after a time-out": Defect(
        _sent_again_to_twilio, frozenset({2, 8, 13}), "rest_timeout_after=0.1"
    ),
    "each caller who is led out is a mail": _replace(notices, "order", _whenever_ordered, 11, faults=NOBODY_THERE),
    "what is told stays to be told": _replace(notices, "close", _nothing, 11, faults=NOBODY_THERE),
    "a mail that SNS does not take is lost": _replace(
        outbox, "_publish", _whether_or_not, 11, faults=f"{NOBODY_THERE},sns_hangs=0.5"
    ),
    "what the table does not take is told to nobody": _replace(
        outbox, "_leave_to_job", _nothing, 11, faults=f"{NOBODY_THERE},dynamodb_hangs=0.3"
    ),
    "the sweep tells nobody": _replace(
        reconcile, "_notices", lambda _true: lambda *_given: (), 11, faults=NOBODY_THERE
    ),
    "nobody looks whether workers are there": _replace(
        rest.workers, "is_anybody_available", lambda _true: lambda _sid: True, 11, faults=NOBODY_THERE
    ),
    "a mail shows the caller's number": _replace(outbox, "mask", lambda _true: str, 11, faults=NOBODY_THERE),
    "a message is deleted before it is kept": _replace(keep, "_store", _nothing, 14),
    "a recorded talk is deleted before it is kept": _replace(talks, "_store", _nothing, 19),
    "the notice is not said": _replace(caller_twiml, "_enqueue", _without_words, 19),
    "the notice is not asked for": _replace(CallCenter, "notices", _no_notices, 19, faults="none"),
    "whoever has a PIN may listen": _replace(Queue, "listens", _whoever, 19),
    "no callback of a recorded talk is taken, nor is it looked for": Defect(
        _talks_are_told_to_nobody, frozenset({19}), "all"
    ),
    "a recorded talk stays when its time is over": _replace(recorded, "_end", lambda _true: lambda *_given: "left", 19),
    "a message is dropped as if it were nothing": _replace(
        Message, "is_nothing", lambda _true: property(lambda _message: True), 14
    ),
    "nobody looks for messages whose callback was lost": _replace(
        voicemail,
        "look",
        lambda _true: lambda *_given: "left",
        14,
        faults=f"{NOBODY_THERE},webhook_never=0.9",
    ),
    "a closed line takes calls": _replace(
        calendar.Calendar, "is_open", lambda _true: lambda *_given: True, 18, hours=True
    ),
    "an hour is added in summer": _replace(
        calendar.Calendar, "local", lambda true: lambda of, now: true(of, now + 3600), 18, faults="none", hours=True
    ),
    "nobody has turned a switch": _replace(
        switch.Switch, "standing", lambda _true: lambda *_given: None, 18, faults="none", hours=True
    ),
    "a switch is known for ever": Defect(
        lambda: patch.object(switch, "CACHED_SECONDS", 1e6), frozenset({18}), "none", away=True, hours=True
    ),
    "a switch lasts until it is turned back": _replace(
        switch.Switch, "standing", _whenever_it_was, 18, faults="none", away=True, hours=True
    ),
    "who waits at closing time waits on": _replace(
        handlers,
        "_leaves_at_closing",
        lambda _true: lambda _webhook: "",
        18,
        faults="worker_no_answer=0.9,activity_changes=0.5",
        hours=True,
    ),
    "who leaves at closing time hears nothing": _replace(
        caller_twiml, "closed", _silent_once_answered, 4, faults="none", hours=True
    ),
    "nobody is blocked": _replace(
        Profile, "is_blocked", lambda _true: lambda *_given: False, 21, faults="none", known=True
    ),
    "who cannot be looked up is refused": _replace(
        profile, "of", _blocked_in_doubt, 21, faults="dynamodb_throttled=0.3,dynamodb_down=1", known=True
    ),
    "one number's profile is everybody's": _replace(
        profiles,
        "_key",
        lambda _true: lambda _number: Key("PHONE#+266696687", "PROFILE"),
        21,
        faults="none",
        known=True,
    ),
    "a number that is withheld is a person's": _replace(
        who, "person", lambda _true: str, 21, faults="caller_withholds_number=0.5", known=True
    ),
    "an extension leads to whoever is free": _replace(
        caller_twiml, "enqueue_for_person", _for_anybody, 22, faults="none", known=True
    ),
    "an extension rings another worker": _replace(
        extension, "Person", lambda true: lambda digits, _name: true(digits, "Bea"), 22, faults="none", known=True
    ),
    "who waits for one worker waits on": _replace(
        caller_twiml, "wait_for_person", _says('<Pause length="5"/>'), 22, 4, faults="worker_no_answer=0.9", known=True
    ),
    "a message to a worker is for everybody": _replace(
        extension, "_keep", _nothing, 22, faults="worker_no_answer=0.9", known=True
    ),
    "nobody remembers who talked": _replace(memory, "remember", _nothing, 23, faults="none", known=True),
    "the first worker stays the last": _replace(memory, "_with", _only_once, 23, faults="none", known=True),
    "whoever talked last is everybody's worker": _replace(
        profile, "known", _of_whoever_talked, 23, faults="none", known=True
    ),
    "every link says completed": _replace(steps, "close", _always_completed, 6),
    "events are not recorded": _replace(caller_leg, "record", _nothing, 6),
    "the assignment is slow": _replace(assignment, "decide", _slow, 8),
    "events are answered with an error": _replace(events, "record", _raises, 8),
}
