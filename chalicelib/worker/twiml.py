"""What a worker hears: pure functions from a situation to TwiML."""

from twilio.twiml.voice_response import Dial, VoiceResponse

CALLER_GONE = "The caller is no longer on the line. Goodbye."
TAKEN = "This call has been taken already. Goodbye."


def connect(reservation_sid: str, whisper: str = "") -> str:
    """The CRM's whisper, then the caller of this reservation (contract 3.2).

    When the caller has gone, before the two were joined or after they talked, Twilio runs what follows the Dial.
    """
    response = VoiceResponse()
    if whisper:
        response.say(whisper)
    dial = Dial()
    dial.queue(None, reservation_sid=reservation_sid)
    response.append(dial)
    response.say(CALLER_GONE)
    response.hangup()
    return str(response)


def say_goodbye(sentence: str) -> str:
    response = VoiceResponse()
    response.say(sentence)
    response.hangup()
    return str(response)
