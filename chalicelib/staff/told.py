"""What workers are told without asking: it is ordered here, and worded when it is told, by what stands then."""

from collections.abc import Sequence

import msgspec

from chalicelib.config import callcenter
from chalicelib.links import reading
from chalicelib.links.model import Key, Link, Notice
from chalicelib.staff import duty, packaged, people, texts
from chalicelib.tell import outbox
from chalicelib.tell.outbox import Text
from chalicelib.twilio import rest

# How the reason of a rejection begins when the worker's own phone is what is wrong.
UNREACHABLE = ("unreachable", "failed", "no contact_uri")


def not_put_through(key: Key, worker_sid: str, reason: str, now: float, *, is_moved: bool) -> None:
    """A caller is taken from a worker, who is off the phones from now on if they are moved. Never raises."""
    if not worker_sid:
        return
    notice = Notice(what="set-off", about=key.subject, at=now, worker_sid=worker_sid, reason=reason)
    if reason.startswith(UNREACHABLE):
        outbox.order(msgspec.structs.replace(notice, what="unreachable"))
    elif is_moved:
        outbox.order(notice)


def hung_up_first(link: Link, now: float) -> None:
    """The worker ended the talk: nobody asked them what became of it. Never raises."""
    rules = callcenter.current().queue(link.queue).after_talk
    if rules is None or not rules.note_seconds or link.asked_after_at or link.held_at or not link.policy.has_caller:
        return
    outbox.order(
        Notice(
            what="after-talk",
            about=link.subject,
            at=now,
            worker=link.worker_name,
            worker_sid=link.worker_sid,
            reservation_sid=link.reservation_sid,
        )
    )


def words(notice: Notice, now: float) -> Sequence[Text]:
    """Who is told what; nobody, when it is no longer so. Raises TwilioRejected, NotDone, and as AWS."""
    match notice.what:
        case "set-off":
            return _set_off(notice)
        case "after-talk":
            return _after_talk(notice, now)
        case "reminder":
            return _reminder(notice, now)
        case _:
            return _unreachable(notice)


def _set_off(notice: Notice) -> Sequence[Text]:
    worker = rest.workers.fetch(notice.worker_sid)
    standing = duty.find(worker.name)
    if worker.available or (standing.hand == "off" and standing.hand_at >= notice.at):
        return ()
    at = packaged.clock(notice.at)
    said = texts.declined if notice.reason.startswith("declined") else texts.missed
    return _to(worker, said(at, people.activity_name(worker)))


def _after_talk(notice: Notice, now: float) -> Sequence[Text]:
    about = Key(notice.about, notice.reservation_sid)
    link = reading.of_call(notice.about).link(about)
    if link is None or link.asked_after_at or link.disposition or link.note or link.note_sid:
        return ()
    worker = rest.workers.fetch(notice.worker_sid)
    duty.ask_for_note(worker.name, about, now)
    return _to(worker, texts.after_talk(link.caller, packaged.clock(notice.at)))


def _reminder(notice: Notice, now: float) -> Sequence[Text]:
    shift = packaged.current().next_shift(notice.worker, notice.at)
    worker = rest.workers.of_name(notice.worker) if shift and shift.start > now else None
    if shift is None or worker is None:
        return ()
    return _to(worker, texts.reminder(packaged.clock(shift.start), packaged.clock(shift.end)))


def _unreachable(notice: Notice) -> Sequence[Text]:
    worker = rest.workers.fetch(notice.worker_sid)
    said = texts.unreachable(worker.name, "" if worker.available else people.activity_name(worker))
    admins = [rest.workers.of_name(name) for name in callcenter.current().staff.admins]
    return [text for admin in admins if admin for text in _to(admin, said)]


def _to(worker: rest.workers.Worker, said: str) -> Sequence[Text]:
    """Nothing for a worker without a phone that takes texts."""
    phone = people.phone_of(worker)
    return [Text(phone, said)] if phone else ()
