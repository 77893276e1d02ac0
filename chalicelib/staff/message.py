"""A worker texts: the first word is a command, and the answer says what stands. A stranger gets no answer."""

from twilio.twiml.messaging_response import MessagingResponse

from chalicelib.config import callcenter
from chalicelib.observability import log
from chalicelib.staff import commands, people, texts
from chalicelib.twilio.request import Webhook
from chalicelib.twilio.respond import Answer, as_xml, log_failure
from chalicelib.twilio.values import count, sid, text


def take(webhook: Webhook) -> Answer:
    """One message, or none. Nothing is answered to a stranger, nor to the words that Twilio acts on itself.

    What cannot be done now is raised, so that Twilio asks again; when it has given up it asks here once more, with an
    error's code, and the worker hears of it.
    """
    form, rules = webhook.form, callcenter.current().staff
    body = text(form.get("Body")).strip()[: texts.LONGEST_NOTE]
    said = texts.understood(body, rules.words)
    if not sid(form.get("MessageSid")) or form.get("To") not in rules.numbers or said.command == "twilio":
        return reply("")
    worker = people.with_phone(form.get("From", ""))
    if worker is None:
        log.warning("text of a stranger")
        return reply("")
    log.bind(worker_sid=worker.sid)
    try:
        return reply(_answer(commands.Asked(worker, form["MessageSid"], webhook.at), said, body, webhook))
    except Exception as error:
        if not form.get("ErrorCode"):
            raise
        log_failure(error)
        return reply(texts.NOT_NOW)


def _answer(asked: commands.Asked, said: texts.Said, body: str, webhook: Webhook) -> str:
    if not body and count(webhook.form.get("NumMedia")):
        return texts.PICTURES
    return commands.do(asked, said, body)


def reply(sentence: str) -> Answer:
    """TwiML with this sentence; with an empty one nothing is sent."""
    response = MessagingResponse()
    if sentence:
        response.message(as_xml(sentence))
    return Answer(200, str(response), "text/xml")
