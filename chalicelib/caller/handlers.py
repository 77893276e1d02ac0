"""The use cases of the caller's leg: the doors of a call from its first webhook to its last."""

from chalicelib.caller import twiml
from chalicelib.config import callcenter, environment
from chalicelib.observability import log, metrics
from chalicelib.twilio.request import Webhook, sid, text


def incoming(webhook: Webhook) -> str:
    """A call comes in, or an agent of a simple queue dials in (or is sent here again after a call)."""
    number = webhook.form.get("To", "")
    center = callcenter.current()
    simple = center.simple_queue_of(number)
    if simple is None:
        _, line = center.line_of(number)
        return twiml.greet(line, environment.current().workflow_sid, webhook.base_url)
    name, queue = simple
    if number in queue.agent_numbers:
        return twiml.serve_simple_queue(name, queue, webhook.form.get("From", ""))
    log.info("caller enqueued", metrics.of(metrics.CALLERS_ENQUEUED))  # there is no task, and so no event of it
    return twiml.join_simple_queue(name, queue, webhook.base_url)


def enqueue_plainly(webhook: Webhook) -> str:
    return twiml.enqueue_plainly(environment.current().workflow_sid)


def menu(webhook: Webhook) -> str:
    """What the caller pressed or said. No choice after the last try: the call goes on without one."""
    _, line = callcenter.current().line_of(webhook.form.get("To", ""))
    workflow_sid, base_url = environment.current().workflow_sid, webhook.base_url
    attempt = _number(webhook.path["attempt"]) or 1
    if line.menu is None:
        return twiml.enqueue(line, workflow_sid, base_url, {})
    choice = twiml.choose(line.menu, webhook.form.get("Digits", ""), webhook.form.get("SpeechResult", ""))
    if choice is None and attempt < line.menu.tries:
        return twiml.ask_again(line, line.menu, attempt + 1, base_url)
    return twiml.enqueue(line, workflow_sid, base_url, choice.attributes if choice else {})


def wait(webhook: Webhook) -> str:
    form = webhook.form
    treatment = callcenter.current().treatment_of(form.get("To", ""))
    seconds = _number(form.get("QueueTime"))
    log.info("caller waits", metrics.of(metrics.STILL_WAITING, seconds))
    return twiml.wait(treatment, _number(form.get("QueuePosition")), _number(form.get("AvgQueueTime")), seconds)


def keep_waiting(webhook: Webhook) -> str:
    return twiml.keep_waiting()


def after(webhook: Webhook, now: float) -> str:
    """The caller is out of the queue: QueueResult says why."""
    call_sid, result = sid(webhook.form.get("CallSid")), text(webhook.form.get("QueueResult"))
    seconds = _number(webhook.form.get("QueueTime"))
    log.info("caller left the queue", metrics.of(metrics.CALLER_WAITED, seconds), result=result)
    _note(call_sid, {"queue_result": result, "queue_seconds": seconds, "left_queue_at": now}, now)
    if result == "hangup" and call_sid:
        from chalicelib.lifecycle import closing

        closing.caller_gone(call_sid, now)
    treatment = callcenter.current().treatment_of(webhook.form.get("To", ""))
    return twiml.after(treatment, result, webhook.base_url)


def survey(webhook: Webhook, now: float) -> str:
    """The digit of the survey is kept with the call."""
    _note(sid(webhook.form.get("CallSid")), {"survey": webhook.form.get("Digits", "")[:1]}, now)
    return twiml.thank_for_survey(callcenter.current().treatment_of(webhook.form.get("To", "")))


def voicemail(webhook: Webhook, now: float) -> str:
    """The recording's url is kept with the call."""
    form = webhook.form
    seconds = _number(form.get("RecordingDuration"))
    url = text(form.get("RecordingUrl"))
    _note(sid(form.get("CallSid")), {"voicemail_url": url, "voicemail_seconds": seconds}, now)
    return twiml.thank_for_voicemail(callcenter.current().treatment_of(form.get("To", "")))


def fallback(webhook: Webhook, now: float) -> str:
    """Twilio could not get a document of ours (ErrorUrl says which): what its own door says, once more."""
    _, _, door = webhook.form.get("ErrorUrl", "").partition("#")[0].partition("/voice/")
    name, _, attempt = door.partition("/")
    match name:
        case "menu":
            return menu(webhook._replace(path={"attempt": attempt}))
        case "wait":
            return wait(webhook)
        case "after":
            return after(webhook, now)
        case "survey":
            return survey(webhook, now)
        case "voicemail":
            return voicemail(webhook, now)
        case _:
            return incoming(webhook)


def apologize(webhook: Webhook) -> str:
    return twiml.apologize()


def _note(call_sid: str, changes: dict[str, object], now: float) -> None:
    """Keep it if we can: the caller does not wait for our records."""
    from chalicelib.links import table

    if not call_sid:
        log.warning("a call without a CallSid is not recorded", lost=list(changes))
        return
    try:
        table.record_call(call_sid, changes, now)
    except Exception as error:
        log.error("call not recorded", call_sid=call_sid, why=type(error).__name__, lost=list(changes))


def _number(digits: str | None) -> int:
    """The number that a field has: seconds, a place in the queue; 0 when it is missing, or larger than any of these."""
    return int(digits) if digits and digits.isdecimal() and len(digits) < 10 else 0
