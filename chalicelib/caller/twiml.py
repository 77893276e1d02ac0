"""What a caller hears: pure functions from a situation to TwiML."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from twilio.twiml.voice_response import Dial, Enqueue, Gather, VoiceResponse

from chalicelib.caller.say import filled, goodbye, say, with_key
from chalicelib.callers.estimate import Told, to_tell
from chalicelib.callers.known import UNKNOWN, VIP, Known
from chalicelib.config.callbacks import Callback
from chalicelib.config.callers import Extensions, Screening
from chalicelib.config.hours import URGENT
from chalicelib.config.recording import NOTICE_ATTRIBUTE
from chalicelib.config.schema import SORRY, Line, SimpleQueue, Treatment
from chalicelib.config.star import Star, priority_of_wait
from chalicelib.config.texts import Text
from chalicelib.twilio import saying, urls

HOLD_SAY = "One moment, please."  # where nothing is known of the queue
HOLD_PAUSE_SECONDS = 3

# Between two rounds of the waiting document when a line plays no music.
QUIET_SECONDS = 20
PERSON_ROUND_SECONDS = 10  # the same for who waits for one worker alone


class Queueing(NamedTuple):
    """The way into the queue. `notices` are said before it, by the queues whose talks are recorded.

    `known` is what the line knows of the caller.
    """

    workflow_sid: str
    base_url: str
    notices: Mapping[str, Text]
    known: Known = UNKNOWN


def enqueue(
    line: Line,
    queueing: Queueing,
    attributes: Mapping[str, Any],
    first: Text = "",
    *,
    wants_callback: bool = False,
) -> str:
    """Into the queue, with the line's attributes and those of what was chosen.

    The caller hears what comes `first`, and the notices; who chose to be called back is asked for it there first.
    """
    response = VoiceResponse()
    say(response, line, first)
    _enqueue(response, line, queueing, attributes, urls.WAIT_CALLBACK if wants_callback else urls.WAIT)
    return str(response)


def enqueue_plainly(workflow_sid: str) -> str:
    """Into the queue with nothing but the workflow: what remains when our own code fails at the first request."""
    response = VoiceResponse()
    response.enqueue(None, workflow_sid=workflow_sid)
    return str(response)


class Waited(NamedTuple):
    """What is known of a caller who waits: the place, minutes that are left, and seconds waited. 0: it is not known.

    `told` is what the caller has heard of that.
    """

    position: int
    minutes: int
    seconds: int
    told: Told = Told()


def wait(treatment: Treatment, waited: Waited, base_url: str, offer: Text = "") -> str:
    """One round of the waiting document; Twilio asks again when it has run out.

    `offer` tells of the key for a callback, where one may be asked for.
    """
    if waited.seconds >= treatment.longest_wait:
        return leave_queue()
    response = VoiceResponse()
    if treatment.wait.options or offer:
        gather = _key_of_who_waits(base_url)
        _waiting(gather, treatment, waited, offer)
        response.append(gather)  # when nothing is pressed the document ends with it, and is asked for again
    else:
        _waiting(response, treatment, waited, offer)
    now, before = _told_now(treatment, waited), waited.told
    position, minutes = now.position or before.position, now.minutes or before.minutes
    if position or minutes:  # the next round has to know it
        heard = {"position": str(position), "minutes": str(minutes), "since": str(before.since)}
        response.redirect(urls.WAIT_TOLD.url(base_url, **heard))
    return str(response)


def _told_now(treatment: Treatment, waited: Waited) -> Told:
    rules = treatment.wait
    position, minutes = waited.position if rules.position else 0, waited.minutes if rules.rough_wait else 0
    return to_tell(position, minutes, waited.told)


def _key_of_who_waits(base_url: str) -> Gather:
    """Listens while its contents are said and played. Any key counts: `#` would else end it (contract 3.3)."""
    return Gather(input="dtmf", num_digits=1, timeout=1, finish_on_key="", action=urls.WAIT_KEY.url(base_url))


def _waiting(verb: VoiceResponse | Gather, treatment: Treatment, waited: Waited, offer: Text) -> None:
    rules = treatment.wait
    say(verb, treatment, rules.say)
    told = _told_now(treatment, waited)
    if told.position:
        say(verb, treatment, filled(treatment, rules.position, position=told.position))
    if told.minutes:
        say(verb, treatment, filled(treatment, rules.rough_wait, minutes=told.minutes))
    if rules.options:
        say(verb, treatment, rules.options.say)
    say(verb, treatment, offer)
    for url in rules.play:
        verb.play(url)
    if not rules.play:
        verb.pause(length=QUIET_SECONDS)


def leave_queue(treatment: Treatment | None = None, said: Text = "") -> str:
    """Lets a caller who waits out of the queue: Enqueue's action says how the call goes on.

    What is `said` they hear in the queue still, and a worker may take the call in the middle of it.
    """
    response = VoiceResponse()
    if treatment:
        say(response, treatment, said)
    response.leave()
    return str(response)


def wait_on(base_url: str) -> str:
    """Another round of the waiting document for a caller who pressed a key of no use."""
    response = VoiceResponse()
    response.redirect(urls.WAIT.url(base_url))
    return str(response)


def confirm_callback(
    line: Line, rules: Callback, number: str, which: str, base_url: str, *, asked: bool = False
) -> str:
    """The number is read to a caller who waits; without a key they wait on. `which` is for the path of the key.

    Who has `asked` before may cancel that.
    """
    response = VoiceResponse()
    action = urls.CALLBACK_CONFIRM.url(base_url, number=which)
    gather = Gather(input="dtmf", num_digits=1, timeout=5, finish_on_key="", action=action)
    says = rules.says
    another, cancel = says.other_number if rules.other_number else "", says.cancel if asked else ""
    say(gather, line, filled(line, says.ask, number=number), another, says.stay, cancel)
    response.append(gather)
    response.redirect(urls.WAIT.url(base_url))
    return str(response)


def ask_for_number(line: Line, rules: Callback, base_url: str) -> str:
    """A caller who waits types a number, and the hash key; without a key they wait on."""
    response = VoiceResponse()
    gather = Gather(input="dtmf", timeout=8, finish_on_key="#", action=urls.CALLBACK_NUMBER.url(base_url))
    say(gather, line, rules.says.enter)
    response.append(gather)
    response.redirect(urls.WAIT.url(base_url))
    return str(response)


def say_and_wait(line: Line, said: Text, base_url: str) -> str:
    """A caller who waits hears this, and waits on."""
    response = VoiceResponse()
    say(response, line, said)
    response.redirect(urls.WAIT.url(base_url))
    return str(response)


def thank_for_callback(line: Line) -> str:
    """A caller who has left the queue, and is called back."""
    response = VoiceResponse()
    goodbye(response, line, line.callback.thanks if line.callback else line.after.thanks)
    return str(response)


def keep_waiting() -> str:
    """A waiting document that says nothing: what remains when our own code fails while the caller waits."""
    response = VoiceResponse()
    response.pause(length=QUIET_SECONDS)
    return str(response)


class Way(NamedTuple):
    """How Twilio gets from a document to the next. `keeps`: messages are kept in the team's own bucket."""

    base_url: str
    keeps: bool = False


class Phone(NamedTuple):
    """The caller's: what is shown where they are led to, and the number to call back as it is read to them, if any."""

    caller_id: str
    spoken: str = ""


def after(treatment: Treatment, queue_result: str, way: Way) -> str:
    """Enqueue's action: how the call goes on (contract 3.1, QueueResult)."""
    response = VoiceResponse()
    rules = treatment.after
    match queue_result:
        case "bridged" if rules.survey:
            _ask_survey(response, treatment, way.base_url)
        case "bridged":
            goodbye(response, treatment, rules.thanks)
        case "hangup" | "redirected" | "redirected-from-bridged" | "bridging-in-process":
            pass  # the call has ended, or goes on elsewhere: there is nobody here to talk to
        case "queue-full":
            _end(response, treatment, rules.queue_full.say, rules.queue_full.then, way)
        case "leave":
            _end(response, treatment, rules.leave.say, rules.leave.then, way)
        case _:  # error, system-error, and whatever Twilio adds
            _end(response, treatment, rules.error.say, rules.error.then, way)
    return str(response)


def closed(line: Line, said: Text, way: Way, phone: Phone, *, is_answered: bool) -> str:
    """A caller of a line that is closed: what is said, the urgent key if there is one, and where the line leads them.

    A line that rejects its callers says nothing, unless something is to be `said` for a reason.
    """
    response, urgent = VoiceResponse(), line.closed.urgent_key
    if line.closed.then == "reject" and not (said or is_answered):
        response.reject(reason="busy")
        return str(response)
    if urgent:
        gather = Gather(
            input="dtmf", num_digits=1, timeout=4, finish_on_key="", action=urls.CLOSED_KEY.url(way.base_url)
        )
        say(gather, line, said, urgent.say or with_key(line, URGENT, urgent.digits))
        response.append(gather)
    else:
        say(response, line, said)
    _closed_then(response, line, way, phone)
    return str(response)


def closed_then(line: Line, way: Way, phone: Phone) -> str:
    """The same, after another key than the urgent one."""
    response = VoiceResponse()
    _closed_then(response, line, way, phone)
    return str(response)


def _closed_then(response: VoiceResponse, line: Line, way: Way, phone: Phone) -> None:
    rules = line.callback
    match line.closed.then:
        case "voicemail":
            _take_message(response, line, "", way)
        case "redirect":
            _ring(response, line, line.closed.to or "", phone.caller_id, way.base_url)
        case "callback" if rules and phone.spoken:
            _confirm_when_closed(response, line, rules, phone.spoken, which="own", base_url=way.base_url)
        case "callback" if rules and rules.other_number:
            _ask_number_when_closed(response, line, rules, way.base_url)
        case "callback" if rules:
            goodbye(response, line, rules.says.not_called, rules.says.goodbye)
        case _:
            response.hangup()


def ring_for_caller(line: Line, number: str, phone: Phone, base_url: str, first: Text = "") -> str:
    """The caller is connected with this number, and hears what comes `first`."""
    response = VoiceResponse()
    say(response, line, first)
    _ring(response, line, number, phone.caller_id, base_url)
    return str(response)


def _ring(response: VoiceResponse, line: Line, number: str, caller_id: str, base_url: str) -> None:
    dial = Dial(
        timeout=line.closed.ring_seconds,
        answer_on_bridge=True,
        caller_id=caller_id or None,
        action=urls.CLOSED_DIALED.url(base_url),
    )
    dial.number(number)
    response.append(dial)


def dialed_when_closed(line: Line, way: Way, *, is_answered: bool) -> str:
    """The call to another number is over, or nobody answered there."""
    response, rules = VoiceResponse(), line.closed.not_reached
    if is_answered:
        response.hangup()
    else:
        _end(response, line, rules.say, rules.then, way)
    return str(response)


def confirm_when_closed(line: Line, rules: Callback, number: str, which: str, base_url: str) -> str:
    """The number that is to be called back when the line opens is read to the caller."""
    response = VoiceResponse()
    _confirm_when_closed(response, line, rules, number, which=which, base_url=base_url)
    return str(response)


def _confirm_when_closed(
    response: VoiceResponse, line: Line, rules: Callback, number: str, *, which: str, base_url: str
) -> None:
    action = urls.CLOSED_CALLBACK.url(base_url, number=which)
    gather = Gather(input="dtmf", num_digits=1, timeout=5, finish_on_key="", action=action)
    another = rules.says.other_number if rules.other_number else ""
    say(gather, line, filled(line, rules.says.ask_closed, number=number), another)
    response.append(gather)
    goodbye(response, line, rules.says.goodbye)


def ask_number_when_closed(line: Line, rules: Callback, base_url: str) -> str:
    """A caller of a closed line types the number to call back."""
    response = VoiceResponse()
    _ask_number_when_closed(response, line, rules, base_url)
    return str(response)


def _ask_number_when_closed(response: VoiceResponse, line: Line, rules: Callback, base_url: str) -> None:
    gather = Gather(input="dtmf", timeout=8, finish_on_key="#", action=urls.CLOSED_NUMBER.url(base_url))
    say(gather, line, rules.says.enter_closed)
    response.append(gather)
    goodbye(response, line, rules.says.goodbye)


def say_goodbye(line: Line, *said: Text) -> str:
    """The caller hears this, and the call is over."""
    response = VoiceResponse()
    goodbye(response, line, *said)
    return str(response)


def decline(treatment: Treatment, said: str, then: str, way: Way) -> str:
    """A caller to whom the CRM says no, in their language. Empty: as the line's `after.declined` has it."""
    response = VoiceResponse()
    rules, spoken = treatment.after.declined, treatment.spoken
    own: Text = {spoken: said} if said and spoken else said
    _end(response, treatment, own or rules.say, then or rules.then, way)
    return str(response)


def thank_for_survey(treatment: Treatment) -> str:
    response = VoiceResponse()
    goodbye(response, treatment, treatment.after.thanks)
    return str(response)


def thank_for_voicemail(treatment: Treatment) -> str:
    response = VoiceResponse()
    goodbye(response, treatment, treatment.voicemail.thanks)
    return str(response)


def before_hold(url: str) -> str:
    """The talk is over, or the worker puts the caller on hold: a moment later that is known."""
    response = VoiceResponse()
    response.pause(length=1)
    response.redirect(url)
    return str(response)


def hold_on(treatment: Treatment, rules: Star | None, attempt: int, url: str) -> str:
    """One round of hold, and then the `url`. Pieces of music follow each other; without any there are words."""
    response = VoiceResponse()
    pieces = rules.hold_music if rules else ()
    if pieces:
        response.play(pieces[(attempt - 1) % len(pieces)])
    else:
        say(response, treatment, rules.hold_say if rules else HOLD_SAY)
        response.pause(length=HOLD_PAUSE_SECONDS)
    response.redirect(url)
    return str(response)


def join_room(name: str, action: str, wait_url: str) -> str:
    """The two talk again. Whoever leaves ends it for both, and who is alone in it hears the `wait_url`."""
    response = VoiceResponse()
    dial = Dial(action=action)
    dial.conference(name, beep="false", start_conference_on_enter=True, end_conference_on_exit=True, wait_url=wait_url)
    response.append(dial)
    return str(response)


def enqueue_again(line: Line, workflow_sid: str, base_url: str, attributes: Mapping[str, Any], number: int) -> str:
    """Into a queue after a talk, before those who wait there: the caller's wait of this number, counted from 1."""
    response = VoiceResponse()
    wait_url, action = urls.WAIT.url(base_url), urls.AFTER_ROUND.url(base_url, number=str(number))
    enqueue = response.enqueue(None, workflow_sid=workflow_sid, wait_url=wait_url, action=action)
    of_caller = Known(vip=attributes.get(VIP) is True).priority(line)
    _task(enqueue, line, priority_of_wait(of_caller, number), {**attributes, "round": number})
    return str(response)


def apologize(treatment: Treatment) -> str:
    """One sentence and goodbye: what remains when our own code fails after the queue."""
    response = VoiceResponse()
    goodbye(response, treatment, treatment.after.sorry)
    return str(response)


def apologize_in_english() -> str:
    """The same where nothing is known of the line."""
    response = VoiceResponse()
    response.say(SORRY)
    response.hangup()
    return str(response)


def join_simple_queue(name: str, queue: SimpleQueue, base_url: str) -> str:
    """A caller of a simple queue."""
    response = VoiceResponse()
    say(response, queue, queue.greeting)
    response.enqueue(name, wait_url=urls.WAIT.url(base_url), action=urls.AFTER.url(base_url))
    return str(response)


def serve_simple_queue(name: str, queue: SimpleQueue, agent: str) -> str:
    """An agent of a simple queue: one caller after the other, until the agent hangs up.

    Dial waits while the queue is empty (for its timeout); an empty Redirect asks for this document again.
    """
    response = VoiceResponse()
    if agent not in queue.agents:
        goodbye(response, queue, queue.stranger)
        return str(response)
    say(response, queue, queue.next_caller)
    dial = Dial()
    dial.queue(name)
    response.append(dial)
    response.redirect("")
    return str(response)


def ask_extension(line: Line, rules: Extensions, attempt: int, queueing: Queueing, first: Text = "") -> str:
    """The extension is asked for, after what is to be said `first`; who types nothing goes into the line's queue."""
    response = VoiceResponse()
    say(response, line, first)
    _ask_extension(response, line, rules, attempt, queueing)
    _enqueue(response, line, queueing, {})
    return str(response)


def _ask_extension(response: VoiceResponse, line: Line, rules: Extensions, attempt: int, queueing: Queueing) -> None:
    action = urls.EXTENSION.url(queueing.base_url, caller=queueing.known.token, attempt=str(attempt))
    gather = Gather(input="dtmf", timeout=5, finish_on_key="#", action=action)
    say(gather, line, rules.prompt)
    response.append(gather)


class Person(NamedTuple):
    """The worker whose extension a caller has typed."""

    extension: str
    name: str


def enqueue_for_person(line: Line, rules: Extensions, person: Person, queueing: Queueing) -> str:
    """Into the queue, for this worker alone."""
    response = VoiceResponse()
    path = {"extension": person.extension}
    wait_url, action = (route.url(queueing.base_url, **path) for route in (urls.PERSON_WAIT, urls.PERSON_AFTER))
    _say_notices(response, line, queueing)
    enqueue = response.enqueue(None, workflow_sid=queueing.workflow_sid, wait_url=wait_url, action=action)
    own = {"agent": person.name, "person_queue": rules.queue, **_heard(queueing)}
    known = {name: value for name, value in queueing.known.attributes(line).items() if not name.startswith("first_")}
    _task(enqueue, line, queueing.known.priority(line), {**line.attributes, **known, **line.language_attribute, **own})
    return str(response)


def wait_for_person(line: Line, rules: Extensions, seconds: int) -> str:
    """One round of waiting for a worker whose extension was typed, until their time is over."""
    if seconds >= rules.wait:
        return leave_queue()
    response = VoiceResponse()
    say(response, line, rules.ringing)
    response.pause(length=min(PERSON_ROUND_SECONDS, rules.wait - seconds))
    return str(response)


def take_message_for(line: Line, rules: Extensions, name: str, way: Way) -> str:
    """The worker cannot be had: the caller may leave them a message."""
    return take_message(line, way, filled(line, rules.away, name=name))


def ask_digit(line: Line, rules: Screening, digit: str, action: str) -> str:
    """A caller has to press the digit that was drawn for the call."""
    response = VoiceResponse()
    gather = Gather(input="dtmf", num_digits=1, timeout=6, finish_on_key="", action=action, action_on_empty_result=True)
    say(gather, line, filled(line, rules.say, digit=digit))
    response.append(gather)
    return str(response)


def refuse(line: Line, then: str, said: Text, way: Way) -> str:
    """A caller who is let in no further: they hear that it is busy, or a sentence, and may leave a message at most."""
    response = VoiceResponse()
    if then == "reject":
        response.reject(reason="busy")
    else:
        _end(response, line, said, then, way)
    return str(response)


def _enqueue(
    response: VoiceResponse, line: Line, queueing: Queueing, attributes: Mapping[str, Any], wait: urls.Route = urls.WAIT
) -> None:
    """The task says which notices its caller has heard: no other queue's talk with them is recorded."""
    workflow_sid, base_url, _, known = queueing
    _say_notices(response, line, queueing)
    wait_url, action = wait.url(base_url), urls.AFTER.url(base_url)
    enqueue = response.enqueue(None, workflow_sid=workflow_sid, wait_url=wait_url, action=action)
    of_caller = {**known.attributes(line), **line.language_attribute}
    _task(enqueue, line, known.priority(line), {**line.attributes, **of_caller, **attributes, **_heard(queueing)})


def _say_notices(response: VoiceResponse, line: Line, queueing: Queueing) -> None:
    for said in dict.fromkeys(map(line.said, queueing.notices.values())):
        saying.say(response, said)


def _heard(queueing: Queueing) -> Mapping[str, Any]:
    return {NOTICE_ATTRIBUTE: list(queueing.notices)} if queueing.notices else {}


def _task(enqueue: Enqueue, line: Line, priority: int, attributes: Mapping[str, Any]) -> None:
    enqueue.task(msgspec.json.encode(attributes).decode(), priority=priority, timeout=line.timeout)


def _ask_survey(response: VoiceResponse, treatment: Treatment, base_url: str) -> None:
    gather = Gather(input="dtmf", num_digits=1, timeout=8, action=urls.SURVEY.url(base_url))
    say(gather, treatment, treatment.after.survey)
    response.append(gather)
    goodbye(response, treatment, treatment.after.thanks)


def _end(response: VoiceResponse, treatment: Treatment, said: Text, then: str, way: Way) -> None:
    if then == "hangup":
        goodbye(response, treatment, said)
    else:
        _take_message(response, treatment, said, way)


def take_message(treatment: Treatment, way: Way, first: Text = "") -> str:
    """A caller who chose to leave a message, and hears what comes `first`."""
    response = VoiceResponse()
    _take_message(response, treatment, first, way)
    return str(response)


def _take_message(response: VoiceResponse, treatment: Treatment, first: Text, way: Way) -> None:
    rules = treatment.voicemail
    say(response, treatment, first, rules.prompt)
    told: dict[str, Any] = {
        "recording_status_callback": urls.RECORDING.url(way.base_url),
        "recording_status_callback_event": "completed absent",
    }
    if rules.transcribe == "twilio" and way.keeps:
        told |= {"transcribe": True, "transcribe_callback": urls.TRANSCRIPTION.url(way.base_url)}
    response.record(
        action=urls.VOICEMAIL.url(way.base_url),
        max_length=rules.max_seconds,
        finish_on_key="#",
        play_beep=True,
        **(told if way.keeps else {}),
    )
    goodbye(response, treatment, rules.thanks)  # Record goes on here when nothing was said
