"""The verbs of TwiML that a leg can perform, one module a verb (contract 3)."""

from collections.abc import Mapping
from types import MappingProxyType

from emulator.voice.document import (
    Dial,
    Enqueue,
    Gather,
    Hangup,
    Leave,
    Pause,
    Play,
    Record,
    Redirect,
    Reject,
    Say,
    StartRecording,
    StopRecording,
)
from emulator.voice.interpreter import Perform
from emulator.voice.verbs.dial import dial
from emulator.voice.verbs.enqueue import enqueue
from emulator.voice.verbs.gather import gather
from emulator.voice.verbs.hangup import hangup
from emulator.voice.verbs.leave import leave
from emulator.voice.verbs.prompts import prompt
from emulator.voice.verbs.record import record
from emulator.voice.verbs.redirect import redirect
from emulator.voice.verbs.reject import reject
from emulator.voice.verbs.start import start, stop

VERBS: Mapping[type, Perform] = MappingProxyType(
    {
        Say: prompt,
        Play: prompt,
        Pause: prompt,
        Gather: gather,
        Record: record,
        Redirect: redirect,
        Reject: reject,
        Hangup: hangup,
        Leave: leave,
        Enqueue: enqueue,
        Dial: dial,
        StartRecording: start,
        StopRecording: stop,
    }
)
