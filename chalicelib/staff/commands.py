"""What a worker asks for, whether by text or on the phone: it is done, and a sentence says what stands then."""

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

from chalicelib import jobs
from chalicelib.callers import block
from chalicelib.config import callcenter
from chalicelib.hours import switch as switches
from chalicelib.hours.switch import Position
from chalicelib.links import reading, steps
from chalicelib.links.model import Link
from chalicelib.links.profiles import Change
from chalicelib.observability import log
from chalicelib.observability.masking import mask
from chalicelib.staff import duty, lines, packaged, people, texts
from chalicelib.staff.duty import Duty
from chalicelib.staff.rota import State
from chalicelib.staff.texts import Said
from chalicelib.twilio import rest
from chalicelib.twilio.values import person

AGAIN_SECONDS = 60.0  # a command that comes again so soon is finished, if whoever did it died
OLD_SECONDS = 3600.0  # a text of that age is no command any more
NOTE_SECONDS = 4 * 3600.0  # after the question, other words are no note
LATEST = 10
MOST_REASON = 200  # characters that are kept of why somebody is blocked
TRIES = 3


class Asked(NamedTuple):
    """One command. `sid` is the message's, or the call's with the key: it tells repeats apart."""

    worker: rest.workers.Worker
    sid: str
    at: float

    @property
    def name(self) -> str:
        return self.worker.name


def switch(asked: Asked, to: State, time: tuple[int, int] | None) -> str:
    """Put the worker on or off, until this time of day if one is given. Raises TwilioRejected, NotDone, and as AWS.

    It is kept first and done then. The same command again is finished if it has just come, and changes nothing later;
    nor does a text that Twilio got before another one that has been done, before a boundary of the rota, or long ago.
    """
    sent_at = _sent_at(asked)
    until = _until(sent_at, time)
    if sent_at < max(asked.at - OLD_SECONDS, _boundary_at(asked)) or (until and until <= asked.at):
        return status(asked)
    changes = {"hand": to, "hand_at": asked.at, "until": until}
    standing, is_new = duty.take_text(asked.name, asked.sid, asked.at, changes, sent_at=sent_at)
    is_the_latest = standing.newest_text == asked.sid and asked.at < standing.hand_at + AGAIN_SECONDS
    if not is_new and not is_the_latest:
        return _as_it_stands(asked, standing)
    rang = rest.workers.ringing(asked.worker.sid) if to == "off" else 0
    try:
        move_by_hand(asked.worker.sid, to)
    except rest.OutcomeUnknown:
        _with_the_last_word(asked, to)  # it may have been done after what another command wants
        raise
    log.info("worker by hand", worker_sid=asked.worker.sid, to=to, until=int(standing.until))
    return _standing(asked, _with_the_last_word(asked, to)) + texts.took_back(rang)


def _as_it_stands(asked: Asked, standing: Duty) -> str:
    """Whoever moved the worker by an older word may not have put that right: what was said last is done."""
    if standing.hand and asked.at < standing.hand_at + AGAIN_SECONDS:
        move_by_hand(asked.worker.sid, standing.hand)
    return status(asked)


def _with_the_last_word(asked: Asked, to: State) -> Duty:
    """The row after the move. Where another command came meanwhile, it may have found the worker as they were before:
    what stands in the row is done, by whoever moves last.
    """
    for _ in range(TRIES):
        standing = duty.find(asked.name)
        if not standing.hand or standing.hand == to:
            break
        to = standing.hand
        move_by_hand(asked.worker.sid, to)
    return standing


def _sent_at(asked: Asked) -> float:
    """When Twilio got the text, in whole seconds; what it does not know, and a key, is of now."""
    is_text = asked.sid.startswith(("SM", "MM"))
    return (rest.texts.came_at(asked.sid) if is_text else 0.0) or float(int(asked.at))


def _boundary_at(asked: Asked) -> float:
    """When the worker's latest shift began or ended; 0 where there is none."""
    last = packaged.current().last_boundary(rota_name(asked.name), asked.at)
    return last.at if last else 0.0


def move_by_hand(worker_sid: str, to: State) -> None:
    """Put a worker on or off, whatever they are in; off takes back what rings. Raises TwilioRejected, NotDone."""

    def is_wanted(worker: rest.workers.Worker) -> bool:
        if to == "on":
            return not worker.available
        return worker.available or people.is_on_the_way_back(worker)

    rest.workers.move(worker_sid, people.activity_sid(to), is_wanted, reject_pending=to == "off")


def _until(sent_at: float, time: tuple[int, int] | None) -> float:
    """The next time of this name after they said it; 0 for none."""
    rota = packaged.current()
    return rota.instant(texts.next_time(time, rota.local(sent_at))) if time else 0.0


def status(asked: Asked) -> str:
    """How the worker stands, and their shift."""
    rota = packaged.current()
    said = _standing(asked, duty.find(asked.name))
    return f"{said} {next_shift(asked)}" if rota.shifts else said


def _standing(asked: Asked, standing: Duty) -> str:
    worker = rest.workers.fetch(asked.worker.sid)
    is_held = standing.until > asked.at and (standing.hand == "on") == worker.available
    until = packaged.clock(standing.until, asked.at) if is_held else ""
    return texts.standing(asked.name, people.activity_name(worker), worker.available, until)


def next_shift(asked: Asked) -> str:
    """The shift that is on, or the next one."""
    rota = packaged.current()
    if not rota.shifts:
        return texts.NO_ROTA
    shifts = [shift for shift in rota.of(rota_name(asked.name)) if shift.end > asked.at]
    if not shifts:
        return texts.NO_SHIFT
    start, end = shifts[0].start, shifts[0].end
    until = texts.clock(rota.local(end), rota.local(max(start, asked.at)))
    return texts.shift(packaged.clock(start, asked.at), until, start <= asked.at)


def rota_name(worker: str) -> str:
    """The name as the rota has it: Twilio's may be spelled in another case."""
    return next((name for name in packaged.current().workers() if name.casefold() == worker.casefold()), worker)


def who() -> str:
    """Who is on the phones."""
    return texts.who(sorted(worker.name for worker in rest.workers.available()))


def last(asked: Asked) -> str:
    """The worker's last caller, with the number for a return call."""
    link = last_talk(asked.worker.sid)
    if link is None:
        return texts.NO_CALLER
    line = callcenter.current().name_of(link.caller_id) if link.caller_id else ""
    return texts.last(link.caller, packaged.clock(link.bridged_at, asked.at), line)


def last_talk(worker_sid: str, until: float = math.inf) -> Link | None:
    """The latest link of this worker in which the two talked, if they did so before `until`."""
    latest = reading.latest_links(worker_sid, LATEST)
    return next((link for link in latest if link.bridged_at and link.bridged_at < until), None)


def block_last(asked: Asked, reason: str) -> str:
    """Block the caller whom the worker talked to last when Twilio got the text: it may come late, or twice."""
    sent_at = _sent_at(asked)
    if not callcenter.current().asks_who_calls:
        return texts.NOBODY_TO_BLOCK
    if sent_at < asked.at - OLD_SECONDS:
        return texts.LATE_BLOCK
    link = last_talk(asked.worker.sid, sent_at + 1)
    if link is None:
        return texts.NO_CALLER
    number = person(link.caller)
    if not number:
        return texts.NO_NUMBER
    until = block.ends_at(asked.at)
    known = Change(did="blocked", at=sent_at, by=asked.name, sid=asked.sid, until=until, reason=reason[:MOST_REASON])
    standing = block.add(number, known, asked.at)
    shown = packaged.clock(standing.blocked_until, asked.at) if standing.is_blocked(asked.at) else ""
    return texts.blocked(mask(number), shown)


def note(asked: Asked, words: str) -> str:
    """Keep these words with the call that the worker was asked about, else with their last one."""
    if not words:
        return texts.EMPTY_NOTE
    standing = duty.find(asked.name)
    about = standing.note_key if _is_asked(standing, asked.at) else None
    link = reading.of_call(about.subject).link(about) if about else last_talk(asked.worker.sid)
    if link is None or link.worker_sid != asked.worker.sid:
        return texts.NO_TALK
    duty.take_text(asked.name, asked.sid, asked.at, {"note_call": "", "note_reservation": "", "note_asked_at": 0})
    return _keep(link, words)


def _keep(link: Link, words: str) -> str:
    """The CRM hears of it once more where it has heard of the call already."""
    if link.note != words:
        steps.set_note(link.key, words)
        if callcenter.current().crm.after and link.state == "closed":
            jobs.send(jobs.TellCrm(link.subject, link.reservation_sid))
    log.info("note", **link.key.sids, characters=len(words))
    return texts.noted(link.caller)


def _is_asked(standing: Duty, now: float) -> bool:
    return bool(standing.note_call) and now < standing.note_asked_at + NOTE_SECONDS


def do(asked: Asked, said: Said, words: str) -> str:
    """What the worker is told. `words` is all that they wrote: when they have been asked for a note, what is no plain
    command is the note. Raises TwilioRejected, NotDone, and as AWS.
    """
    is_plain = said.command != "unknown" and not said.is_odd
    if not is_plain and words and _is_asked(duty.find(asked.name), asked.at):
        return note(asked, words)
    return texts.HELP if said.command == "unknown" else _DOES[said.command](asked, said)


def _switched(asked: Asked, said: Said) -> str:
    to: State = "on" if said.command == "on" else "off"
    return texts.NO_TIME if said.is_odd else switch(asked, to, said.until)


def switch_line(asked: Asked, to: Position, of_line: texts.OfLine) -> str:
    """Close or open a line; who is no admin changes nothing. A text of long ago only hears how the line stands."""
    sent_at = _sent_at(asked)
    if not lines.is_admin(asked.name):
        return texts.ADMINS_ALONE
    if sent_at < asked.at - OLD_SECONDS:
        return lines.stands(of_line.line, asked.at)
    return lines.turn(of_line, to, switches.Change(to=to, at=sent_at, by=asked.name, sid=asked.sid), asked.at)


def _line_switched(asked: Asked, said: Said) -> str:
    if not lines.is_admin(asked.name):
        return texts.ADMINS_ALONE
    of_line, unclear = lines.understood(said.note)
    return unclear or switch_line(asked, "open" if said.command == "open" else "closed", of_line)


_DOES: Mapping[str, Callable[[Asked, Said], str]] = {
    "on": _switched,
    "off": _switched,
    "note": lambda asked, said: note(asked, said.note),
    "status": lambda asked, _said: status(asked),
    "next": lambda asked, _said: next_shift(asked),
    "who": lambda _asked, _said: who(),
    "last": lambda asked, _said: last(asked),
    "close": _line_switched,
    "open": _line_switched,
    "block": lambda asked, said: block_last(asked, said.note),
}
