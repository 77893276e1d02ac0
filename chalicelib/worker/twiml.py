"""What a worker hears: pure functions from a situation to TwiML."""

from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

from chalicelib.config.answering import Answer
from chalicelib.config.callcenter import Treatment

CALLER_GONE = "The caller is no longer on the line. Goodbye."
TAKEN = "This call has been taken already. Goodbye."
REFUSED = "The call goes to somebody else. Goodbye."


def connect(reservation_sid: str, whisper: str = "", treatment: Treatment | None = None) -> str:
    """The whisper in the line's voice, then the caller of this reservation (contract 3.2).

    When the caller has gone, before the two were joined or after they talked, Twilio runs what follows the Dial.
    """
    response = VoiceResponse()
    if whisper and treatment:
        _say(response, treatment, whisper)
    dial = Dial()
    dial.queue(None, reservation_sid=reservation_sid)
    response.append(dial)
    response.say(CALLER_GONE)
    response.hangup()
    return str(response)


def work(said: str, dial_number: str, caller_id: str, treatment: Treatment) -> str:
    """What is to be done, twice where nobody is dialled; else whom it is about."""
    response = VoiceResponse()
    _say(response, treatment, said)
    if dial_number:
        response.dial(dial_number, caller_id=caller_id or None)
    else:
        response.pause(length=1)
        _say(response, treatment, said)
    response.hangup()
    return str(response)


def ask(whisper: str, rules: Answer, treatment: Treatment, accept_url: str, next_url: str) -> str:
    """The whisper and the prompt, which a key works during, and some silence; without a key the `next_url`.

    Every key is one that the application is told of, # among them (contract 3.3).
    """
    response = VoiceResponse()
    said = f"{whisper} {rules.prompt}".strip()
    gather = Gather(
        input="dtmf speech" if rules.say_yes else "dtmf",
        action=accept_url,
        method="POST",
        timeout=rules.silence_after(said),
        num_digits=1,
        finish_on_key="",
        **_speech(rules, treatment),
    )
    _say(gather, treatment, said)
    response.append(gather)
    response.redirect(next_url, method="POST")
    return str(response)


def _speech(rules: Answer, treatment: Treatment) -> dict[str, str]:
    if not rules.say_yes:
        return {}
    return {"language": treatment.language, "speech_timeout": "auto", "hints": ", ".join([*rules.yes, *rules.no])}


def say_goodbye(sentence: str) -> str:
    response = VoiceResponse()
    response.say(sentence)
    response.hangup()
    return str(response)


def hang_up() -> str:
    """Nothing is said to a machine."""
    response = VoiceResponse()
    response.hangup()
    return str(response)


def _say(verb: VoiceResponse | Gather, treatment: Treatment, text: str) -> None:
    verb.say(text, language=treatment.language, voice=treatment.voice or None)
