"""From a Twilio that runs to what the inspector's page shows of it. Reads, changes nothing."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from emulator.clock.scheduler import TraceEvent
from emulator.inspector import page
from emulator.inspector.page import Link, Page
from emulator.inspector.redaction import redacted
from emulator.inspector.requests import of_event, problems, webhooks
from emulator.inspector.talks import Talks
from emulator.inspector.work import queues, show_task, show_worker, tasks, workers, workflows
from emulator.messaging.model import Message
from emulator.timeline import sentence
from emulator.twilio import Twilio
from emulator.voice.calls import Call
from emulator.voice.conferences import Conference, Participant
from emulator.voice.numbers import Number

T = TypeVar("T")
Shown = TypeVar("Shown")

MOST_ROWS = 100  # of each list; of calls and tasks those that are not over come first
MOST_EVENTS = 200


def page_of(twilio: Twilio, *, stands_still: bool = False) -> Page:
    """Everything that is to be seen now, without a secret of the account's."""
    left_out: dict[str, int] = {}

    def newest(name: str, rows: Sequence[T], show: Callable[[T], Shown], most: int = MOST_ROWS) -> list[Shown]:
        left_out[name] = max(0, len(rows) - most)
        return [show(row) for row in rows[:most]]

    shown = Page(
        now=twilio.scheduler.now(),
        account_sid=twilio.account_sid,
        stands_still=stands_still,
        problems=newest("problems", problems(twilio, MOST_ROWS), _as_it_is),
        calls=newest("calls", _calls(twilio), partial(_call, twilio, Talks(twilio))),
        webhooks=newest("webhooks", webhooks(twilio), _as_it_is),
        queues=queues(twilio),
        tasks=newest("tasks", tasks(twilio), partial(show_task, twilio)),
        workers=newest("workers", workers(twilio), show_worker),
        workflows=workflows(twilio),
        conferences=newest("conferences", _conferences(twilio), partial(_conference, twilio)),
        messages=newest("messages", list(reversed(twilio.messaging.messages.values())), _message),
        numbers=newest("numbers", list(twilio.numbers.values()), _number),
        events=newest("events", twilio.scheduler.trace[::-1], partial(_event, twilio), MOST_EVENTS),
        left_out=left_out,
    )
    return redacted(shown, [twilio.account.auth_token, *twilio.account.api_keys.values()])


def _as_it_is(row: T) -> T:
    return row


def _calls(twilio: Twilio) -> list[Call]:
    """Live ones first, and the newest first among the live and among the others."""
    newest = list(reversed(twilio.context.calls.values()))
    newest.sort(key=lambda call: call.is_over)
    return newest


def _call(twilio: Twilio, talks: Talks, call: Call) -> page.Call:
    return page.Call(
        sid=call.sid,
        who=twilio.who(call.sid),
        from_=call.from_,
        to=call.to,
        direction=call.direction,
        status=call.status,
        where=talks.where(call),
        since=call.created if call.answered is None else call.answered,
        ended=call.ended,
        heard=call.heard[-1] if call.heard else "",
        task=talks.task(call),
        buttons=buttons(call),
    )


def buttons(call: Call) -> frozenset[str]:
    """What the person on this leg can do now."""
    if call.is_over:
        return frozenset()
    if call.status == "in-progress":
        return frozenset({"press", "say", "hang-up"})
    if call.direction == "inbound":
        return frozenset({"hang-up"})
    return frozenset({"answer", "decline"}) if call.status == "ringing" else frozenset()


def _conferences(twilio: Twilio) -> list[Conference]:
    newest = list(reversed(twilio.context.conferences.all.values()))
    newest.sort(key=lambda one: one.status == "completed")
    return newest


def _conference(twilio: Twilio, one: Conference) -> page.Conference:
    inside = [(Link(who.sid, twilio.who(who.sid)), _state(who)) for who in one.known()]
    return page.Conference(one.sid, one.friendly_name, one.status, one.created, inside)


def _state(participant: Participant) -> str:
    states = {
        "is being rung": participant.sid not in participant.conference.participants,
        "muted": participant.muted,
        "on hold": participant.hold,
        "coaching": participant.coaching,
    }
    return ", ".join(state for state, is_so in states.items() if is_so)


def _message(message: Message) -> page.Message:
    error = "" if message.error_code is None else str(message.error_code)
    return page.Message(message.sid, message.created, message.from_, message.to, message.status, error, message.body)


def _number(number: Number) -> page.Number:
    urls = {
        "VoiceUrl": number.voice_url,
        "VoiceFallbackUrl": number.fallback_url,
        "StatusCallback": number.status_callback,
        "SmsUrl": number.sms_url,
        "SmsFallbackUrl": number.sms_fallback_url,
        "led by": number.led_by,
    }
    return page.Number(number.phone_number, number.sid, {name: url for name, url in urls.items() if url})


def _event(twilio: Twilio, event: TraceEvent) -> page.Event:
    return page.Event(event.at, event.kind, sentence(event, twilio.who), of_event(event, twilio.who))
