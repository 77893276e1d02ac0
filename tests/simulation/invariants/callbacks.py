"""Invariant 16: who asks to be called back is called back."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from tests.simulation.callers import PROMISES
from tests.simulation.customers import PERSON
from tests.simulation.invariants.terms import LOST, RULES, SOON, Found, Violation, callback_of
from tests.simulation.observed import FOREVER, Observed


def _asked_for(observed: Observed) -> Iterator[str]:
    """The calls on which a caller heard that they will be called back."""
    yield from dict.fromkeys(
        sid
        for sid, call in observed.calls.items()
        if any(promised in text for _, text in call.sounds for promised in PROMISES)
    )


def one_callback_is_talked_at_most(observed: Observed) -> Found:
    """Of each request, with a person."""
    tasks = [observed.work.legs[leg].call_sid for leg, who in observed.work.talks if who == PERSON]
    for about, times in Counter(filter(None, (callback_of(observed, task) for task in tasks))).items():
        if times > 1:
            yield Violation(16, about, f"the customer is talked to {times} times for one request")


def no_callback_is_lost(observed: Observed) -> Found:
    """It is talked, given up and told of, or withdrawn as the caller talked to a worker; whatever was lost."""
    rows = observed.world.callbacks()
    calls = {row["call_sid"]: row for row in observed.world.rows() if row["item"] == "CALL"}
    for sid in _asked_for(observed):
        about = calls.get(sid, {}).get("callback", sid)
        row = rows.get(about)
        if row is None:
            yield Violation(16, sid, "the callback is not in the table")
        elif wrong := _wrong_end(observed, row):
            yield Violation(16, about, f"the callback is {row['state']} ({row.get('reason', '')}): {wrong}")


def _wrong_end(observed: Observed, row: dict[str, Any]) -> str:
    about = row["call_sid"]
    talks = [who for leg, who in observed.work.talks if callback_of(observed, _task_of_leg(observed, leg)) == about]
    match row["state"]:
        case "talked":
            wrong = "" if talks else "nobody talked"
        case "given up":
            told = any(mail.subject.startswith("Callback") and about in mail.text for mail in observed.mails)
            neither = observed.faults_about((about,), ("dynamodb",)) and observed.faults_about((about,), ("sqs",))
            wrong = "the customer was talked to" if PERSON in talks else "" if told or neither else "nobody was told"
        case "withdrawn":
            wrong = "" if _talked_by_themselves(observed, about) else "the caller talked to nobody"
        case _:
            wrong = "it is not over"
    return wrong or ("it is still in the open index" if "open" in row else "")


def _talked_by_themselves(observed: Observed, about: str) -> bool:
    number = observed.calls[about].caller.number
    return any(call.conversations for call in observed.calls.values() if call.caller.number == number)


def _task_of_leg(observed: Observed, leg: str) -> str:
    found = observed.work.legs.get(leg)
    return found.call_sid if found else ""


def who_talked_is_not_called_back(observed: Observed) -> Found:
    """Where nothing goes wrong: a caller who called again, and talked to a worker, has what they wanted."""
    for at, leg, number in observed.work.customers:
        about = callback_of(observed, _task_of_leg(observed, leg))
        if not about:
            continue
        calls = [sid for sid, call in observed.calls.items() if call.caller.number == number]
        own = [talk.start for sid in calls for talk in observed.calls[sid].conversations]
        asked = observed.calls[about].ended
        if any(asked < talked < at for talked in own) and not observed.faults_about(calls, LOST):
            yield Violation(16, about, f"{number} is called back after a talk")


def attempts_are_limited(observed: Observed) -> Found:
    most = RULES.lines["support"].callback
    assert most is not None
    rung = Counter(callback_of(observed, _task_of_leg(observed, leg)) for _, leg, _ in observed.work.customers)
    for about, times in rung.items():
        if about and times > most.attempts:
            yield Violation(16, about, f"the customer is rung {times} times")


def the_place_is_kept(observed: Observed) -> Found:
    """Each task counts as waiting since the caller came; Twilio tells that twice, and both may be lost."""
    for task_sid, place in observed.world.places.items():
        about = callback_of(observed, task_sid)
        if not about or len(observed.faults_about((about,), LOST)) > 1:
            continue
        call = observed.calls[about]
        if not call.waits and call.dialed <= place <= call.ended + SOON:
            continue  # the line was closed: the place is that of the moment at which they asked
        came = call.waits[0][0] if call.waits else FOREVER
        if abs(place - came) > SOON:
            yield Violation(16, about, f"the place is off by {place - came:.0f} s")


def one_at_a_time(observed: Observed) -> Found:
    """A caller has one open callback: their phone is not rung by two workers at a time."""
    spans: dict[str, list[tuple[float, float]]] = {}
    for at, leg, number in observed.work.customers:
        if callback_of(observed, _task_of_leg(observed, leg)):
            spans.setdefault(number, []).append((at, observed.work.legs[leg].ended))
    for number, found in spans.items():
        for (_, end), (start, _) in pairwise(sorted(found)):
            if start < end:
                yield Violation(16, "", f"{number} is rung by two workers at a time")
