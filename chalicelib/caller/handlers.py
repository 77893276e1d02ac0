"""The caller's leg, from its first webhook to its last."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from chalicelib.caller import called, twiml
from chalicelib.caller import menu as menus
from chalicelib.caller.say import with_key
from chalicelib.caller.way_in import queueing
from chalicelib.callers.estimate import FIRST_PLACE, Told
from chalicelib.callers.known import UNKNOWN, Known, of_token
from chalicelib.config import callcenter, environment, messages
from chalicelib.config.callbacks import OFFER
from chalicelib.config.menus import MAIN
from chalicelib.config.schema import Line, Treatment
from chalicelib.config.texts import Text
from chalicelib.observability import log, metrics
from chalicelib.twilio import urls
from chalicelib.twilio.request import Webhook
from chalicelib.twilio.values import count, share, sid, text

if TYPE_CHECKING:
    from chalicelib.links.model import Call, What

# How a caller leaves the queue without a worker: no phone may go on ringing (contract 3.1).
LEFT_ALONE = frozenset({"hangup", "leave", "redirected", "error", "system-error"})
# Then Twilio may keep the task all the same (contract 12): the sweep looks after so long, unless an event says that it
# has ended.
TASK_ENDS_SECONDS = 20
FIRST_ROUND_SECONDS = 3  # the question alone takes longer
SETTLED_SECONDS = 5  # for the reservation of a caller who left to be closed by its event


def incoming(webhook: Webhook) -> str:
    """A call comes in, or an agent of a simple queue dials in (or is sent here again after a call)."""
    number = webhook.form.get("To", "")
    center = callcenter.current()
    simple = center.simple_queue_of(number)
    if simple is None:
        return _meet(webhook, *called.line(webhook))
    name, queue = simple
    if number in queue.agent_numbers:
        return twiml.serve_simple_queue(name, queue, webhook.form.get("From", ""))
    log.info("caller enqueued")  # there is no task, and so no event of it
    return twiml.join_simple_queue(name, queue, webhook.base_url)


def _meet(webhook: Webhook, name: str, line: Line) -> str:
    """A caller of this line: who is not let in hears so, before it counts whether the line is open.

    A caller whose language is known hears it from the first word on, where the line has it.
    """
    known = UNKNOWN
    if line.asks_who_calls:
        from chalicelib.caller import who

        refused, known = who.meet(webhook, name, line)
        if refused:
            return refused
        line = line.in_language(known.language)
        webhook = webhook._replace(base_url=called.base_url(webhook, line))
    return _greet(webhook, name, line, known)


def _greet(webhook: Webhook, name: str, line: Line, known: Known | None, *, is_answered: bool = False) -> str:
    closed = _when_closed(webhook, name, line, is_answered=is_answered) if line.may_be_closed else ""
    return closed or menus.greet(line, _onward(webhook, line, known))


def screened(webhook: Webhook) -> str:
    """A caller was to press a digit: with the right one they are let in."""
    from chalicelib.caller import who

    name, line = called.line(webhook)
    return who.digit_pressed(webhook, line) or _greet(webhook, name, line, None, is_answered=True)


def _when_closed(webhook: Webhook, name: str, line: Line, *, is_answered: bool = False) -> str:
    """What the caller hears if the line is closed now; empty if it is open, or if that cannot be told."""
    from chalicelib.caller import closed

    return closed.document(webhook, name, line, is_answered=is_answered)


def _leaves_at_closing(webhook: Webhook) -> str:
    """What a caller hears who leaves the queue as the line has closed; empty where callers are served all the same."""
    name, line = called.line(webhook)
    leaves = line.closing == "leave" and line.may_be_closed
    return _when_closed(webhook, name, line, is_answered=True) if leaves else ""


def enqueue_plainly(webhook: Webhook) -> str:
    return twiml.enqueue_plainly(environment.current().workflow_sid)


def menu(webhook: Webhook) -> str:
    """What the caller pressed or said."""
    _, line = called.line(webhook)
    form, path = webhook.form, webhook.path
    attempt = count(path.get("attempt")) or 1
    asked = menus.Asked(text(path.get("trail")) or MAIN, attempt, count(path.get("total")) or attempt)
    given = menus.Given(form.get("Digits", ""), form.get("SpeechResult", ""), share(form.get("Confidence")))
    if line.extensions and given.digits == line.extensions.key:
        from chalicelib.caller import extension

        return extension.ask(webhook, line, line.extensions)
    return menus.answer(line, asked, given, _onward(webhook, line))


def _onward(webhook: Webhook, line: Line, known: Known | None = None) -> menus.Onward:
    known = of_token(webhook.path.get("caller", "")) if known is None else known
    phone = twiml.Phone(callcenter.current().caller_id(text(webhook.form.get("From"))))
    return menus.Onward(partial(queueing, webhook, known=known), called.way(webhook, line), phone, known)


def wait(webhook: Webhook) -> str:
    form = webhook.form
    treatment = called.treatment(webhook)
    since = count(webhook.path.get("since")) or int(webhook.at)
    seconds = max(count(form.get("QueueTime")), int(webhook.at) - since)
    log.info("caller waits", metrics.of(metrics.STILL_WAITING, seconds))
    if isinstance(treatment, Line) and _leaves_at_closing(webhook):
        return twiml.leave_queue()
    told = Told(count(webhook.path.get("position")), count(webhook.path.get("minutes")), int(webhook.at) - seconds)
    position = count(form.get("QueuePosition"))
    left = _minutes_left(webhook, seconds) if treatment.wait.rough_wait and position >= FIRST_PLACE else 0
    waited = twiml.Waited(position, left, seconds, told)
    return twiml.wait(treatment, waited, webhook.base_url, _offer_of_callback(treatment, webhook, seconds))


def wait_for_callback(webhook: Webhook) -> str:
    """The wait of a caller who chose in a menu to be called back: they are asked for it once, in the first round.

    Twilio asks the same URL for each round.
    """
    if count(webhook.form.get("QueueTime")) >= FIRST_ROUND_SECONDS:
        return wait(webhook)
    from chalicelib.caller import callback

    return callback.begin(webhook)


def _minutes_left(webhook: Webhook, seconds: int) -> int:
    from chalicelib.callers import waits

    return waits.minutes_left(callcenter.current().name_of(webhook.form.get("To", "")), seconds, webhook.at)


def _offer_of_callback(treatment: Treatment, webhook: Webhook, seconds: int) -> Text:
    """The sentence that tells of the key; empty where there are no callbacks, or not yet, or not for this caller."""
    rules = treatment.callback if isinstance(treatment, Line) else None
    if rules is None or seconds < rules.offer_after:
        return ""
    from chalicelib.caller import callback

    if not callback.can_be_offered(text(webhook.form.get("From")), rules):
        return ""
    return rules.say or with_key(treatment, OFFER, rules.key)


def keep_waiting(webhook: Webhook) -> str:
    return twiml.keep_waiting()


def wait_key(webhook: Webhook) -> str:
    """A caller who waits pressed a key. What it stands for is kept first: then `/voice/after` knows why they left.

    Where it cannot be kept, and after any other key, the caller waits on in their place.
    """
    call_sid = sid(webhook.form.get("CallSid"))
    pressed, treatment = webhook.form.get("Digits", ""), called.treatment(webhook)
    if isinstance(treatment, Line) and treatment.callback and pressed == treatment.callback.key:
        from chalicelib.caller import callback

        return callback.begin(webhook)
    wish = treatment.wait.way_out(pressed)
    if not (wish and _record(call_sid, {"wish": wish, "wished_at": webhook.at}, webhook.at)):
        return wait_on(webhook)
    log.info("caller chose a way out of the queue", wish=wish)
    return twiml.leave_queue()


def wait_on(webhook: Webhook) -> str:
    return twiml.wait_on(webhook.base_url)


def after(webhook: Webhook) -> str:
    """The caller is out of the queue: QueueResult says why (contract 3.1)."""
    call_sid, result = sid(webhook.form.get("CallSid")), text(webhook.form.get("QueueResult"))
    call = _left_queue(webhook, call_sid, result)
    if call and call.callback:
        _go_on_with_callback(call.callback)
    if hold_url := _hold_url(webhook, call):
        return twiml.before_hold(hold_url)
    if result == "leave" and webhook.path.get("extension"):
        return _message_for_person(webhook, call_sid)
    treatment = called.treatment(webhook)
    called_back = _who_is_called_back(treatment, call, call_sid) if result == "leave" else None
    chose_message = result == "leave" and not called_back and _wishes_for_message(treatment, call_sid)
    alone_at_closing = result == "leave" and isinstance(treatment, Line) and not (called_back or chose_message)
    closed = _leaves_at_closing(webhook) if alone_at_closing else ""
    if result == "leave" and not chose_message and not called_back:
        _tell(webhook, "led-out", {})
    if call_sid and result in LEFT_ALONE:
        _stop_ringing(call_sid, webhook.at)
    if called_back:
        return twiml.thank_for_callback(called_back)
    if chose_message:
        return twiml.take_message(treatment, called.way(webhook, treatment))
    return closed or twiml.after(treatment, result, called.way(webhook, treatment))


def _message_for_person(webhook: Webhook, call_sid: str) -> str:
    """The caller waited for one worker alone, and did not get them."""
    from chalicelib.caller import extension

    if call_sid:
        _stop_ringing(call_sid, webhook.at)
    return extension.message(webhook)


def _left_queue(webhook: Webhook, call_sid: str, result: str) -> "Call | None":
    """What is known of the call, with its leaving; None when that cannot be kept now."""
    seconds = count(webhook.form.get("QueueTime"))
    log.info("caller left the queue", result=result, seconds=seconds)
    left = {"queue_result": result, "queue_seconds": seconds, "left_queue_at": webhook.at}
    alone, number = result in LEFT_ALONE, count(webhook.path.get("number")) or 1
    if alone:
        left |= {"open": "call", "check_at": int(webhook.at) + TASK_ENDS_SECONDS}
    if callcenter.current().longest_hold and _is_over(webhook):
        left |= {"over_at": webhook.at}
    return _record(call_sid, left, webhook.at, left_queue=not alone, defaults=_who(webhook), of_round=number)


def _is_over(webhook: Webhook) -> bool:
    """Whether no document runs on this call any more."""
    return webhook.form.get("CallStatus") == "completed"


def _hold_url(webhook: Webhook, call: "Call | None") -> str:
    """What is asked for when a talk has ended after which the caller may be on hold; empty when they are not."""
    center, dialled = callcenter.current(), webhook.form.get("To", "")
    if webhook.form.get("QueueResult") != "bridged" or not center.longest_hold or _is_over(webhook):
        return ""
    if center.simple_queue_of(dialled):
        return ""
    star = call.star if call else "unknown"
    since = str(int(webhook.at))
    return urls.HOLD.url(webhook.base_url, reservation_sid=star, since=since, attempt="1") if star else ""


def hold(webhook: Webhook) -> str:
    from chalicelib.caller import hold

    return hold.hold(webhook)


def talked_again(webhook: Webhook) -> str:
    """The caller and the worker who came back to them have parted."""
    treatment = called.treatment(webhook)
    return twiml.after(treatment, "bridged", called.way(webhook, treatment))


def _go_on_with_callback(about: str) -> None:
    """The callback that this call asked for, or held up, goes on in a moment, if possible; else the sweep does it."""
    from chalicelib import jobs

    try:
        jobs.send(jobs.GoOn(about), delay_seconds=SETTLED_SECONDS)
    except Exception as error:
        log.warning("callback is left to the sweep", callback=about, why=type(error).__name__)


def _who_is_called_back(treatment: Treatment, call: "Call | None", call_sid: str) -> Line | None:
    """The line of a caller who left the queue to be called back; None: of another. Read anew if it was not written."""
    if not (isinstance(treatment, Line) and treatment.callback):
        return None
    from chalicelib.links import reading

    try:
        call = call or (reading.of_call(call_sid).call if call_sid else None)
    except Exception as error:
        log.error("what the caller wished for cannot be read", why=type(error).__name__)
    return treatment if call is not None and call.wish == "callback" else None


def _stop_ringing(call_sid: str, now: float) -> None:
    """No phone is to ring on for this caller, if possible, like `_record`; else the event of their task stops it."""
    from chalicelib.lifecycle import closing

    try:
        closing.caller_left(call_sid, now)
    except Exception as error:
        log.error("phones may ring on", call_sid=call_sid, why=type(error).__name__)


def _wishes_for_message(treatment: Treatment, call_sid: str) -> bool:
    """Whether a caller who left the queue pressed the key for it.

    While the table cannot be read, who may have pressed it is not sent away without.
    """
    if not treatment.wait.options:
        return False
    from chalicelib.links import reading

    try:
        call = reading.of_call(call_sid).call if call_sid else None
    except Exception as error:
        log.error("what the caller wished for cannot be read", why=type(error).__name__)
        return True
    return call is not None and call.wish == "voicemail"


def _who(webhook: Webhook) -> dict[str, object]:
    """What the call's row lacks where no event told of its task: in a simple queue there is none."""
    dialled = webhook.form.get("To", "")
    return {"line": callcenter.current().name_of(dialled), "caller": text(webhook.form.get("From")), "called": dialled}


def moved(webhook: Webhook) -> str:
    """A caller whose task ended without a worker, led out of the queue by us: the same as after leaving it."""
    _record(sid(webhook.form.get("CallSid")), {"left_queue_at": webhook.at}, webhook.at, left_queue=True)
    _tell(webhook, "led-out", {})
    treatment = called.treatment(webhook)
    return twiml.after(treatment, "leave", called.way(webhook, treatment))


def declined(webhook: Webhook) -> str:
    """The CRM says no to this caller: what it wants said is in the call's row, else the line's own sentence is."""
    call_sid = sid(webhook.form.get("CallSid"))
    _record(call_sid, {"left_queue_at": webhook.at}, webhook.at, left_queue=True)
    treatment = called.treatment(webhook)
    say, then = _declined_by(call_sid)
    return twiml.decline(treatment, say, then, called.way(webhook, treatment))


def _declined_by(call_sid: str) -> tuple[str, str]:
    """Sentence and way on that the CRM chose; empty when it chose none, or the table cannot be read."""
    from chalicelib.links import reading

    try:
        call = reading.of_call(call_sid).call if call_sid else None
    except Exception as error:
        log.error("what the CRM wants said cannot be read", why=type(error).__name__)
        return "", ""
    return (call.declined_say, call.declined_then) if call else ("", "")


def survey(webhook: Webhook) -> str:
    """The digit of the survey is kept with the call."""
    _record(sid(webhook.form.get("CallSid")), {"survey": webhook.form.get("Digits", "")[:1]}, webhook.at)
    return twiml.thank_for_survey(called.treatment(webhook))


def voicemail(webhook: Webhook) -> str:
    """The recording's URL is kept with the call, and its sid until the recording is deleted at Twilio.

    Whoever wants to know of it is told.
    """
    form = webhook.form
    call_sid, url = sid(form.get("CallSid")), text(form.get("RecordingUrl"))
    seconds, recording_sid = count(form.get("RecordingDuration")), _recording_sid(form.get("RecordingSid"), url)
    left = {"voicemail_url": url, "voicemail_seconds": seconds}
    call = _record(call_sid, left, webhook.at, defaults=_who(webhook))
    _record_message(call_sid, recording_sid, webhook)
    if url and not _is_nothing(webhook):
        known = {"recording_sid": recording_sid, "seconds": seconds, "worker": call.person if call else ""}
        _tell(webhook, "voicemail", known)
    return twiml.thank_for_voicemail(called.treatment(webhook))


def _recording_sid(told: str | None, url: str) -> str:
    """The recording's sid, which Twilio may tell; its URL ends in it too (contract 3.3). Empty: it is not at Twilio."""
    last = url.rpartition("/")[2].partition(".")[0]
    return next((found for found in (sid(told), sid(last)) if found.startswith("RE")), "")


def _record_message(call_sid: str, recording_sid: str, webhook: Webhook) -> None:
    """Keep in mind that there is one, if possible, like `_record`."""
    from chalicelib.caller import recording
    from chalicelib.links import messages as rows
    from chalicelib.links.model import message_key

    if not (call_sid and recording_sid):
        return
    known = {
        "line": _who(webhook)["line"],
        "base_url": webhook.base_url,
        "seconds": recording.seconds_of(webhook),
    }
    try:
        rows.record(message_key(call_sid, recording_sid), known, webhook.at)
    except Exception as error:
        log.error("recording will not be deleted", recording_sid=recording_sid, why=type(error).__name__)


def _is_nothing(webhook: Webhook) -> bool:
    """Whether this recording is too short to be a message, and is dropped where messages are kept."""
    from chalicelib.caller import recording
    from chalicelib.links.model import is_too_short

    return bool(messages.bucket()) and is_too_short(recording.seconds_of(webhook))


def _tell(webhook: Webhook, what: "What", known: Mapping[str, Any]) -> None:
    """Have people told of this, if they want it and if possible, like `_record`; `known` is of a recording."""
    from chalicelib.links.model import Notice
    from chalicelib.tell import outbox

    form = webhook.form
    notice = Notice(
        what=what,
        about=sid(form.get("CallSid")),
        line=callcenter.current().name_of(form.get("To", "")),
        at=webhook.at,
        caller=text(form.get("From")),
        base_url=webhook.base_url if messages.bucket() and known.get("recording_sid") else "",
        **known,
    )
    if notice.about:
        outbox.order(notice)


def fallback(webhook: Webhook) -> str:
    """Twilio could not get one of our documents (ErrorUrl says which): answer as that route does."""
    asked_for = webhook.form.get("ErrorUrl", "")
    route, parameters = urls.find(asked_for) or (urls.INCOMING, {})
    handler = _AGAIN_AT_FALLBACK.get(route, incoming)
    base_url = urls.in_language(webhook.base_url, urls.language_of(asked_for))
    return handler(webhook._replace(path=parameters, base_url=base_url))


def _callback(step: Literal["confirm", "number"], webhook: Webhook) -> str:
    from chalicelib.caller import callback

    return callback.confirm(webhook) if step == "confirm" else callback.number(webhook)


def _extension(step: Literal["typed", "wait"], webhook: Webhook) -> str:
    from chalicelib.caller import extension

    return extension.typed(webhook) if step == "typed" else extension.wait(webhook)


def _closed(step: Literal["key", "confirm", "number", "dialed"], webhook: Webhook) -> str:
    if step in ("key", "dialed"):
        from chalicelib.caller import closed

        return closed.key(webhook) if step == "key" else closed.dialed(webhook)
    from chalicelib.caller import closed_callback

    return closed_callback.confirm(webhook) if step == "confirm" else closed_callback.number(webhook)


_AGAIN_AT_FALLBACK: Mapping[urls.Route, Callable[[Webhook], str]] = {
    urls.MENU: menu,
    urls.MENUS: menu,
    urls.MENUS_OF_KNOWN: menu,
    urls.SCREENED: screened,
    urls.EXTENSION: lambda webhook: _extension("typed", webhook),
    urls.PERSON_WAIT: lambda webhook: _extension("wait", webhook),
    urls.PERSON_AFTER: after,
    urls.WAIT: wait,
    urls.WAIT_CALLBACK: wait_for_callback,
    urls.WAIT_TOLD: wait,
    urls.WAIT_KEY: wait_key,
    urls.CALLBACK_CONFIRM: lambda webhook: _callback("confirm", webhook),
    urls.CALLBACK_NUMBER: lambda webhook: _callback("number", webhook),
    urls.CLOSED_KEY: lambda webhook: _closed("key", webhook),
    urls.CLOSED_CALLBACK: lambda webhook: _closed("confirm", webhook),
    urls.CLOSED_NUMBER: lambda webhook: _closed("number", webhook),
    urls.CLOSED_DIALED: lambda webhook: _closed("dialed", webhook),
    urls.AFTER: after,
    urls.AFTER_ROUND: after,
    urls.HOLD: hold,
    urls.HOLD_OVER: talked_again,
    urls.MOVED: moved,
    urls.DECLINED: declined,
    urls.SURVEY: survey,
    urls.VOICEMAIL: voicemail,
}


def apologize(webhook: Webhook) -> str:
    """Our own code failed: one sentence, in the caller's language if that can be told."""
    try:
        return twiml.apologize(called.treatment(webhook))
    except Exception as error:
        log.error("whose line it is cannot be told", why=type(error).__name__)
        return twiml.apologize_in_english()


def _record(
    call_sid: str,
    changes: dict[str, object],
    now: float,
    *,
    left_queue: bool = False,
    defaults: Mapping[str, object] | None = None,
    of_round: int = 0,
) -> "Call | None":
    """Keep it if possible, and say what is known then: the caller's document does not depend on our records."""
    from chalicelib.links import caller_leg, table

    if not call_sid:
        log.warning("a call without a CallSid is not recorded", lost=list(changes))
        return None
    try:
        return caller_leg.record_and_read(
            call_sid, changes, now, left_queue=left_queue, defaults=defaults, of_round=of_round
        )
    except table.ConditionFailed:
        log.info("a request of an earlier wait", call_sid=call_sid)
        return None
    except Exception as error:
        log.error("call not recorded", call_sid=call_sid, why=type(error).__name__, lost=list(changes))
        return None
