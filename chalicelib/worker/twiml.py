"""What a worker hears: pure functions from a situation to TwiML."""

from twilio.twiml.voice_response import Dial, Gather, Recording, Start, Stop, VoiceResponse

from chalicelib.config.answering import Answer
from chalicelib.config.schema import Treatment
from chalicelib.twilio import saying

CALLER_GONE = "The caller is no longer on the line. Goodbye."
TAKEN = "This call has been taken already. Goodbye."
LEAVE_A_NOTE = "Speak after the tone, and press the hash key."
DONE = "Goodbye."
NOT_KEPT = "This cannot be kept at the moment. Goodbye."
WAIT_A_MOMENT = "One moment, please."
REFUSED = "The call goes to somebody else. Goodbye."
TALK = "talk"  # the name of a recording


def connect(
    reservation_sid: str,
    whisper: str = "",
    treatment: Treatment | None = None,
    after_url: str = "",
    *,
    has_star: bool = False,
    recording_url: str = "",
) -> str:
    """The whisper in the line's voice, then the caller of this reservation (contract 3.2).

    When the caller has gone, before the two were joined or after they talked, Twilio asks for `after_url`; where there
    is none, it runs what follows the Dial. With `has_star` the star key ends the talk, for the `after_url`. With a
    `recording_url` the talk is recorded, and nothing else.
    """
    response = VoiceResponse()
    if whisper and treatment:
        _say(response, treatment, whisper)
    if recording_url:
        _record(response, recording_url)
    dial = Dial(action=after_url or None, hangup_on_star=True if has_star else None)
    dial.queue(None, reservation_sid=reservation_sid)
    response.append(dial)
    if recording_url:
        _stop_recording(response)
    response.say(CALLER_GONE)
    response.hangup()
    return str(response)


def _record(response: VoiceResponse, url: str) -> None:
    """It begins here, beside the verbs that follow (contract 14.3)."""
    start = Start()
    start.recording(
        recording_status_callback=url,
        recording_status_callback_event="completed absent",
        trim="do-not-trim",
        name=TALK,
    )
    response.append(start)


def _stop_recording(response: VoiceResponse) -> None:
    """What follows is said to the worker alone."""
    stop = Stop()
    stop.append(Recording(name=TALK))
    response.append(stop)


def unrecorded(document: str) -> str:
    """The same, once the recording of the talk has ended; one that has ended before is left alone (contract 14.3)."""
    return document.replace("<Response>", f'<Response><Stop><Recording name="{TALK}" /></Stop>')


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


def play_message(sound_url: str, keys: str, url: str, treatment: Treatment) -> str:
    """A caller's message, and the keys, which count all the while; without a key `url` too, when all is over."""
    response = VoiceResponse()
    gather = _one_key(url, asks_in_any_case=True)
    gather.play(sound_url)
    _say(gather, treatment, keys)
    response.append(gather)
    return str(response)


def call_back(said: str, number: str, caller_id: str, action: str, treatment: Treatment) -> str:
    """Dials the customer; the star key leaves a machine without hanging up. The `action` is asked for in any case."""
    response = VoiceResponse()
    _say(response, treatment, said)
    dial = Dial(action=action, method="POST", hangup_on_star=True, caller_id=caller_id or None)
    dial.number(number)
    response.append(dial)
    response.hangup()
    return str(response)


def ask_for_key(said: str, url: str, treatment: Treatment) -> str:
    """What a key decides; the same URL is asked for when nothing is pressed."""
    response = VoiceResponse()
    gather = _one_key(url, asks_in_any_case=True)
    _say(gather, treatment, said)
    response.append(gather)
    return str(response)


def dial(number: str, caller_id: str, url: str) -> str:
    """Whom a message is from; what became of the call is told to `url`."""
    response = VoiceResponse()
    response.dial(number, caller_id=caller_id or None, action=url)
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
    return {
        "language": treatment.speaks.language,
        "speech_timeout": "auto",
        "hints": ", ".join([*rules.yes, *rules.no]),
    }


def ask_for_digits(said: str, url: str, treatment: Treatment) -> str:
    """Digits up to the hash key; the same URL is asked for when nothing is pressed."""
    response = VoiceResponse()
    gather = Gather(input="dtmf", action=url, method="POST", timeout=8, finish_on_key="#", action_on_empty_result=True)
    _say(gather, treatment, said)
    response.append(gather)
    return str(response)


def try_again(url: str) -> str:
    """Nothing can be kept just now."""
    response = VoiceResponse()
    response.say(WAIT_A_MOMENT)
    response.pause(length=3)
    response.redirect(url, method="POST")
    return str(response)


def join_room(name: str, action: str, wait_url: str, *, ends_it: bool = True) -> str:
    """Into a conference. Whoever leaves `ends_it` for all, and who is alone in it hears the `wait_url`."""
    response = VoiceResponse()
    dial = Dial(action=action, method="POST")
    how = {"beep": "false", "start_conference_on_enter": True, "end_conference_on_exit": ends_it}
    dial.conference(name, wait_url=wait_url, **how)
    response.append(dial)
    return str(response)


def ask_for_disposition(said: str, url: str, treatment: Treatment) -> str:
    """What became of the call; whoever presses nothing has nothing to say."""
    response = VoiceResponse()
    gather = _one_key(url)
    _say(gather, treatment, said)
    response.append(gather)
    response.hangup()
    return str(response)


def _one_key(url: str, *, asks_in_any_case: bool = False) -> Gather:
    """Any key counts, # among them (contract 3.3), during what is said and for eight seconds after it.

    A Redirect that is to tell of a silence might repeat the key of the request before (contract 12).
    """
    return Gather(
        input="dtmf",
        action=url,
        method="POST",
        timeout=8,
        num_digits=1,
        finish_on_key="",
        action_on_empty_result=asks_in_any_case or None,
    )


def record_note(seconds: int, url: str, treatment: Treatment) -> str:
    """A spoken note; whoever says nothing leaves none."""
    response = VoiceResponse()
    _say(response, treatment, LEAVE_A_NOTE)
    response.record(action=url, method="POST", max_length=seconds, finish_on_key="#", play_beep=True)
    response.hangup()
    return str(response)


def say_goodbye(sentence: str, treatment: Treatment | None = None) -> str:
    response = VoiceResponse()
    if treatment:
        _say(response, treatment, sentence)
    else:
        response.say(sentence)
    response.hangup()
    return str(response)


def hang_up() -> str:
    """Nothing is said to a machine."""
    response = VoiceResponse()
    response.hangup()
    return str(response)


def _say(verb: VoiceResponse | Gather, treatment: Treatment, text: str) -> None:
    saying.say(verb, treatment.said(text))
