"""What a worker hears who calls the staff number: pure functions from a situation to TwiML."""

from collections.abc import Sequence
from typing import NamedTuple

from twilio.twiml.voice_response import Gather, VoiceResponse

from chalicelib.config.staff import Staff

LONGEST_NOTE_SECONDS = 120
PIN_PROMPT = "Please enter your PIN, and press the hash key."
WRONG_PIN = "That was not right."
LOCKED = "There were too many wrong PINs. Please call again in a quarter of an hour. Goodbye."
NO_PIN = "No PIN is kept for you. Please ask whoever looks after the phones. Goodbye."
NOT_NOW = "That cannot be done just now. Please call again. Goodbye."
UNTIL_PROMPT = "Enter the time of day with four digits, such as one four three zero."
NO_TIME = "That is no time."
NOTE_PROMPT = "Speak after the tone, and press the hash key."
NOTED = "Your note is kept."
NOT_YOURS = "You may not hear recordings."
NO_TALK = "There is no such recording."
TALK_PROMPT = (
    "Enter the number of a recording and the hash key; 0 and hash for the latest one, star and hash for the menu."
)
GOODBYE = "Goodbye."


def strange() -> str:
    """Nobody learns that workers call here; as the first verb it costs nothing (contract 3.3)."""
    response = VoiceResponse()
    response.reject()
    return str(response)


def ask_for_pin(rules: Staff, url: str, said: str = "") -> str:
    return _gather(rules, f"{said} {PIN_PROMPT}".strip(), url, num_digits=10, finish_on_key="#")


class May(NamedTuple):
    """What a worker may do besides: close and open lines, hear recorded talks."""

    lines: bool = False
    listen: bool = False


def menu(rules: Staff, said: str, url: str, may: May, *, is_on: bool) -> str:
    """How the worker stands, and what each key does. The keys do not depend on it: one that comes twice is harmless."""
    switch = "Press 0 to go off, 6 to go off until a time of day" if is_on else "Press 1 to go on"
    keys = f"{switch}, 2 for your next shift, 3 for who is on, 4 for your last caller, 5 to speak a note on that call."
    keys += " Press 7 to close or open a line." if may.lines else ""
    keys += " Press 8 to hear recordings." if may.listen else ""
    return _gather(rules, f"{said} {keys}", url, num_digits=1, finish_on_key="")


def ask_for_talk(rules: Staff, url: str, said: str = "") -> str:
    """Which recorded talk the worker wants to hear."""
    return _gather(rules, f"{said} {TALK_PROMPT}".strip(), url, num_digits=6, finish_on_key="#")


def play_talk(rules: Staff, said: str, sound_url: str, url: str) -> str:
    """A recorded talk, and then the prompt; a key ends it at any time."""
    return _gather(rules, said, url, num_digits=6, finish_on_key="#", sound_url=sound_url, after=TALK_PROMPT)


def ask_until(rules: Staff, url: str) -> str:
    return _gather(rules, UNTIL_PROMPT, url, num_digits=4, finish_on_key="")


def choose_line(rules: Staff, lines: Sequence[str], url: str) -> str:
    """Which line, by its place."""
    keys = " ".join(f"For {name} press {place}." for place, name in enumerate(lines, 1))
    return _gather(rules, keys, url, num_digits=1, finish_on_key="")


def switch_line(rules: Staff, said: str, url: str) -> str:
    """How a line stands, and what each key does. The keys do not depend on it."""
    keys = "Press 1 to close it today, 2 to open it, 3 to close it until a time of day."
    return _gather(rules, f"{said} {keys}", url, num_digits=1, finish_on_key="")


def ask_for_note(rules: Staff, url: str) -> str:
    response = VoiceResponse()
    response.say(NOTE_PROMPT, language=rules.language, voice=rules.voice or None)
    response.record(action=url, method="POST", max_length=LONGEST_NOTE_SECONDS, finish_on_key="#", play_beep=True)
    response.hangup()
    return str(response)


def goodbye(rules: Staff, said: str) -> str:
    response = VoiceResponse()
    response.say(said, language=rules.language, voice=rules.voice or None)
    response.hangup()
    return str(response)


def _gather(
    rules: Staff, said: str, url: str, *, num_digits: int, finish_on_key: str, sound_url: str = "", after: str = ""
) -> str:
    response = VoiceResponse()
    gather = Gather(
        input="dtmf", action=url, method="POST", timeout=6, num_digits=num_digits, finish_on_key=finish_on_key
    )
    gather.say(said, language=rules.language, voice=rules.voice or None)
    if sound_url:
        gather.play(sound_url)
        gather.say(after, language=rules.language, voice=rules.voice or None)
    response.append(gather)
    response.say(GOODBYE, language=rules.language, voice=rules.voice or None)
    response.hangup()
    return str(response)
