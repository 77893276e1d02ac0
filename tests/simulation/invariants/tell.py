"""Invariant 11: people are told."""

from itertools import pairwise

from chalicelib.lifecycle.unserved import PATIENCE_SECONDS
from chalicelib.links.model import SHORTEST_MESSAGE_SECONDS
from chalicelib.tell.outbox import AGAIN_AFTER_SECONDS
from chalicelib.twilio import urls
from tests.simulation.call_centre import TEXTERS, TEXTERS_QUEUES, WORKERS
from tests.simulation.gateway import Delivery
from tests.simulation.invariants.messages import messages_left
from tests.simulation.invariants.terms import LONG_SILENCE, PEOPLE, RULES, SOON, Found, Violation, answered, line_of
from tests.simulation.observed import Mail, Observed


def every_voicemail_is_told(observed: Observed) -> Found:
    """Once, and again only where SNS, the table or the sweep failed at the first time."""
    for delivery in answered(observed, urls.VOICEMAIL):
        sid = delivery.form["CallSid"]
        neither = observed.faults_about((sid,), ("dynamodb",)) and observed.faults_about((sid,), ("sqs",))
        if int(delivery.form["RecordingDuration"]) < SHORTEST_MESSAGE_SECONDS:
            continue
        told = [mail for mail in observed.mails if mail.subject.startswith("Voicemail") and sid in mail.text]
        if not told and not neither:
            yield Violation(11, sid, "nobody was told of the voicemail")
        left = [recording_sid for caller_sid, recording_sid in messages_left(observed) if caller_sid == sid]
        if len(told) > len(left) and not _may_tell_again(observed, told[0].at, told[-1].at):
            yield Violation(11, sid, f"{len(told)} mails tell of {len(left)} messages")


def who_was_led_out_is_told(observed: Observed) -> Found:
    """By a mail about the line, which has another one at most every ten minutes; not who chose to leave by a key.

    A key whose write was not answered may be kept: then it counts when they are led out later.
    """
    keys = [*_keys(observed), *_confirmed(observed)]
    chose = {one.form["CallSid"] for one in keys if "<Leave" in one.body or _may_be_kept(one)}
    led_out = [one for one in answered(observed, urls.AFTER) if one.form.get("QueueResult") == "leave"]
    for delivery in [*led_out, *answered(observed, urls.MOVED)]:
        sid = delivery.form["CallSid"]
        neither = observed.faults_about((sid,), ("dynamodb",)) and observed.faults_about((sid,), ("sqs",))
        since = delivery.at - AGAIN_AFTER_SECONDS
        if sid not in chose and not neither and not _about(observed, line_of(observed, sid), since):
            yield Violation(11, sid, "nobody was told that the caller was led out")


def _may_be_kept(key: Delivery) -> bool:
    return any(trouble in ("dynamodb_answer_lost", "dynamodb_broken_off") for trouble in key.troubles)


def _keys(observed: Observed) -> list[Delivery]:
    """The answers to a key of who waits, also where the fallback gave it."""
    instead = [one for one in answered(observed, urls.FALLBACK) if urls.WAIT_KEY.path in one.form["ErrorUrl"]]
    return [*answered(observed, urls.WAIT_KEY), *instead]


def _confirmed(observed: Observed) -> list[Delivery]:
    """The answers to who confirms a callback, also where the fallback gave it."""
    path = urls.CALLBACK_CONFIRM.path.partition("{")[0]
    instead = [one for one in answered(observed, urls.FALLBACK) if path in one.form["ErrorUrl"]]
    return [*answered(observed, urls.CALLBACK_CONFIRM), *instead]


def nobody_there_is_told(observed: Observed) -> Found:
    """A sweep that meets no fault finds who has waited long, while no worker of the queue takes calls."""
    for begin, end in observed.sweeps:
        if any(begin <= fault.at <= end and not fault.kind.startswith(PEOPLE) for fault in observed.faults):
            continue
        for history in observed.tasks.values():
            sid = history[0][2]
            waits = _status_at(history, begin) == _status_at(history, end) == "pending"
            unchanged = not any(begin <= at <= end for at, _, _ in history)
            if not (waits and unchanged and begin > history[0][0] + PATIENCE_SECONDS + 1):
                continue
            line = line_of(observed, sid)
            told = [mail for mail in _about(observed, line, begin - AGAIN_AFTER_SECONDS) if mail.at < end + SOON]
            failed = _may_tell_again(observed, begin - AGAIN_AFTER_SECONDS, end)
            if not told and not failed and _is_unserved(observed, line, begin, end):
                yield Violation(11, sid, f"nobody was told at {begin:.0f} that no worker is there")


def mails_are_few_and_private(observed: Observed) -> Found:
    for line in RULES.lines:
        for first, second in pairwise(_about(observed, line, 0)):
            early = second.at - first.at < AGAIN_AFTER_SECONDS - LONG_SILENCE
            if early and not _may_tell_again(observed, first.at - AGAIN_AFTER_SECONDS, second.at):
                yield Violation(11, "", f"two mails about {line} in {second.at - first.at:.0f} s")
    for mail in observed.mails:
        shown = [sid for sid, call in observed.calls.items() if call.caller.number and call.caller.number in mail.text]
        yield from (Violation(11, sid, "a mail shows the caller's number") for sid in shown)


def _about(observed: Observed, line: str, since: float) -> list[Mail]:
    """The mails that nobody takes the calls of this line."""
    return [
        one
        for one in observed.mails
        if one.at > since and one.subject.startswith("Nobody") and f" {line}" in one.subject
    ]


def _may_tell_again(observed: Observed, since: float, until: float) -> bool:
    kinds = ("sns", "dynamodb", "lambda_dies", "timeout")
    return any(fault.kind.startswith(kinds) and since - SOON < fault.at < until for fault in observed.faults)


def _status_at(history: list[tuple[float, str, str]], at: float) -> str:
    return next((status for since, status, _ in reversed(history) if since <= at), "")


def _is_unserved(observed: Observed, line: str, begin: float, end: float) -> bool:
    """Whether no worker of the line's queue is in an activity that takes calls, all the time."""
    serve = {name: queues for name, (_, queues) in WORKERS.items()} | dict.fromkeys(TEXTERS, TEXTERS_QUEUES)
    for name, queues in serve.items():
        worker = observed.world.call_centre.workers[name].sid
        moves = [activity for at, activity in observed.activities.get(worker, []) if begin - 1 <= at <= end]
        if line in map(str.lower, queues) and "Available" in (*moves, observed.activity_at(worker, begin)):
            return False
    return True
