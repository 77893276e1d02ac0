"""Answering machine detection: who picked up a phone, and after how long that is known (contract 14.4). Pure."""

from dataclasses import dataclass

from emulator.voice.calls import Detection

HELLO_SECONDS = 1.0  # how long a person's greeting is


@dataclass(frozen=True)
class Verdict:
    """`answered_by` is Twilio's word; `seconds` after the answer."""

    answered_by: str
    seconds: float

    def parameters(self) -> dict[str, str]:
        return {"AnsweredBy": self.answered_by, "MachineDetectionDuration": str(round(self.seconds * 1000))}


def verdict(asked: Detection, who: str, greeting_seconds: float, greeting_end: str = "beep") -> Verdict:
    """`who` really answers: human, machine, fax or unknown, which says nothing; a machine greets so long.

    After its greeting comes a beep, silence, or something other.

    A short greeting is taken for a person's, and a person who talks on for a machine.
    """
    found = _heard(asked, who, greeting_seconds, greeting_end)
    return found if found.seconds <= asked.timeout else Verdict("unknown", asked.timeout)


def _heard(asked: Detection, who: str, greeting_seconds: float, greeting_end: str) -> Verdict:
    """That an end without a beep is known after as much silence as an end of speech needs is inferred."""
    if who == "fax":
        return Verdict("fax", HELLO_SECONDS)
    if who == "unknown":
        return Verdict("unknown", asked.silence)
    talks = greeting_seconds if who == "machine" else HELLO_SECONDS
    if talks < asked.speech:
        return Verdict("human", talks + asked.speech_end)
    if asked.message_end:
        return Verdict(f"machine_end_{greeting_end}", talks if greeting_end == "beep" else talks + asked.speech_end)
    return Verdict("machine_start", asked.speech)
