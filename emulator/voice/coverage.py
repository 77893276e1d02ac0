"""Which attributes and nouns of TwiML the emulator imitates (contract 3). Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

# Verbs of Twilio's that no leg can perform here.
OTHER_VERBS = frozenset({"Connect", "Echo", "Pay", "Prompt", "Queue", "Refer", "Sms", "Start", "Stop"})

_ACTION = frozenset({"action", "method"})
_RECORDING = frozenset({"recordingStatusCallback", "recordingStatusCallbackMethod"})


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
        _ACTION | _RECORDING | {"timeout", "finishOnKey", "maxLength"},
        frozenset({"playBeep", "trim"}),
        {"transcribe": "false", "recordingStatusCallbackEvent": "completed"},
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
        _ACTION | {"timeout", "hangupOnStar", "timeLimit"},
        frozenset({"callerId", "ringTone", "trim"}),
        {"record": "do-not-record", "answerOnBridge": "false", "sequential": "false"},
        frozenset({"Queue"}),
    ),
    "Queue": _Coverage(frozenset({"reservationSid", "postWorkActivitySid", "url", "method"})),
}


def not_imitated(verb: Element) -> Iterator[str]:
    """Each attribute and noun of the verb that is not imitated, whether Twilio knows it or not."""
    covered = _ELEMENTS.get(verb.tag)
    if covered is None:  # the verb as a whole is warned of when its turn comes
        return
    known = covered.read | covered.silent
    for name, value in verb.attrib.items():
        if name not in known and covered.usual.get(name) != value.lower():
            yield f'{name}="{value}" of <{verb.tag}>'
    yield from _nouns(verb, covered.nouns)


def _nouns(verb: Element, nouns: frozenset[str] | None) -> Iterator[str]:
    """Of several nouns of a Dial the first counts; one that is not imitated is warned of when the Dial is performed."""
    if nouns is None:
        return
    for position, noun in enumerate(verb):
        if noun.tag in nouns and (verb.tag == "Gather" or position == 0):
            yield from not_imitated(noun)
        elif verb.tag != "Dial" or position > 0:
            yield f"<{noun.tag}> in <{verb.tag}>"
