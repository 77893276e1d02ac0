"""Which attributes and nouns of TwiML the emulator imitates, and which Twilio has (contract 3, 14). Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

PHONES = frozenset({"Number", "Client", "Sip"})
NOUNS = PHONES | {"Queue", "Conference"}

# Verbs of Twilio's that no leg can perform here.
OTHER_VERBS = frozenset({"Connect", "Echo", "Pay", "Prompt", "Queue", "Refer", "Sms", "Start", "Stop"})
# Nouns of Twilio's that are not imitated, by the verb that has them.
OTHER_NOUNS: Mapping[str, frozenset[str]] = {
    "Dial": frozenset({"Application", "Sim", "WhatsApp"}),
    "Start": frozenset({"Siprec", "Stream", "Transcription"}),
    "Stop": frozenset({"Siprec", "Stream", "Transcription"}),
}

_ACTION = frozenset({"action", "method"})
_RECORDING = frozenset({"recordingStatusCallback", "recordingStatusCallbackMethod", "recordingStatusCallbackEvent"})
_CALLBACK = frozenset({"statusCallback", "statusCallbackMethod", "statusCallbackEvent"})


@dataclass(frozen=True)
class _Coverage:
    """`read` are the attributes that count here, `silent` those for whose sake no call goes on differently.

    `usual` are values that ask for nothing; without `nouns` what stands inside is text.
    """

    read: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()
    usual: Mapping[str, str] = field(default_factory=dict)
    nouns: frozenset[str] | None = None


_TASK = _Coverage(frozenset({"priority", "timeout"}))
_PHONE = _CALLBACK | {"url", "method"}
_DETECTION = frozenset({"machineDetection", "amdStatusCallback", "amdStatusCallbackMethod"})
_ELEMENTS: Mapping[str, _Coverage] = {
    "Say": _Coverage(frozenset({"loop"}), frozenset({"voice", "language"})),
    "Play": _Coverage(frozenset({"loop"})),
    "Pause": _Coverage(frozenset({"length"})),
    "Gather": _Coverage(
        _ACTION | {"input", "timeout", "finishOnKey", "numDigits", "actionOnEmptyResult", "bargeIn"},
        frozenset({"language", "hints", "profanityFilter", "speechTimeout", "speechModel", "enhanced", "debug"}),
        nouns=frozenset({"Say", "Play", "Pause"}),
    ),
    "Record": _Coverage(
        _ACTION | _RECORDING | {"timeout", "finishOnKey", "maxLength", "transcribe", "transcribeCallback"},
        frozenset({"playBeep", "trim"}),
    ),
    "Redirect": _Coverage(frozenset({"method"})),
    "Reject": _Coverage(frozenset({"reason"})),
    "Hangup": _Coverage(),
    "Leave": _Coverage(),
    "Enqueue": _Coverage(
        _ACTION | {"waitUrl", "waitUrlMethod", "workflowSid", "maxQueueSize"},
        nouns=frozenset({"Task", "TaskAttributes"}),
    ),
    "Task": _TASK,
    "TaskAttributes": _TASK,
    "Dial": _Coverage(
        _ACTION
        | _RECORDING
        | {"timeout", "hangupOnStar", "timeLimit", "callerId", "record", "answerOnBridge", "sequential"},
        frozenset({"ringTone", "trim"}),
        {"recordingTrack": "both"},
        NOUNS,
    ),
    "Queue": _Coverage(frozenset({"reservationSid", "postWorkActivitySid", "url", "method"})),
    "Number": _Coverage(
        _PHONE | _DETECTION,
        frozenset({"machineDetectionTimeout", "machineDetectionSpeechThreshold"})
        | {"machineDetectionSpeechEndThreshold", "machineDetectionSilenceTimeout"},
    ),
    "Client": _Coverage(_PHONE, nouns=frozenset({"Identity"})),
    "Identity": _Coverage(),
    "Sip": _Coverage(_PHONE | _DETECTION, frozenset({"username", "password"})),
    "Start": _Coverage(nouns=frozenset({"Recording"})),
    "Stop": _Coverage(nouns=frozenset({"Recording"})),
    "Recording": _Coverage(_RECORDING | {"channels", "name"}, frozenset({"trim"}), {"track": "both"}),
    "Conference": _Coverage(
        _CALLBACK
        | _RECORDING
        | {"muted", "startConferenceOnEnter", "endConferenceOnExit", "waitUrl", "waitMethod", "maxParticipants"}
        | {"coach", "participantLabel", "record"},
        frozenset({"beep", "region", "trim", "jitterBufferSize", "eventCallbackUrl"}),
    ),
}


def _covered(verb: Element) -> _Coverage | None:
    """None when nothing of the verb is imitated."""
    if verb.tag in {"Start", "Stop"} and verb.find("Recording") is None:
        return None
    return _ELEMENTS.get(verb.tag)


def not_imitated(verb: Element) -> Iterator[str]:
    """Each attribute and noun of the verb that is not imitated; of attributes, those too that Twilio does not know."""
    covered = _covered(verb)
    if covered is None:  # the verb as a whole is warned of when its turn comes
        return
    known = covered.read | covered.silent
    for name, value in verb.attrib.items():
        if name not in known and covered.usual.get(name) != value.lower():
            yield f'{name}="{value}" of <{verb.tag}>'
    yield from _nouns(verb, covered.nouns)


def _nouns(verb: Element, nouns: frozenset[str] | None) -> Iterator[str]:
    """Of the nouns of a Dial several phones count, or one of another kind."""
    if nouns is None:
        return
    first = next((noun for noun in verb if noun.tag in nouns), verb)
    for noun in verb:
        counts = noun.tag in PHONES if first.tag in PHONES else verb.tag != "Dial" or noun is first
        if noun.tag in nouns and counts:
            yield from not_imitated(noun)
        elif noun.tag in _ELEMENTS or noun.tag in OTHER_VERBS or noun.tag in OTHER_NOUNS.get(verb.tag, ()):
            yield f"<{noun.tag}> in <{verb.tag}>"


def unknown_to_twilio(verb: Element) -> Iterator[str]:
    """Each element inside the verb that is no TwiML at all; the verb itself is told of when its turn comes."""
    covered = _covered(verb)
    for noun in verb if covered is not None and covered.nouns is not None else ():
        if noun.tag in _ELEMENTS:
            yield from unknown_to_twilio(noun)
        elif noun.tag not in OTHER_VERBS | OTHER_NOUNS.get(verb.tag, frozenset()):
            yield f"{noun.tag} in {verb.tag}"
