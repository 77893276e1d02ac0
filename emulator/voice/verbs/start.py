"""Start and Stop of a recording, which goes on beside the verbs that follow (contract 14.3)."""

from dataclasses import replace

from emulator.clock.process import Program
from emulator.voice.document import NounCallback, StartRecording, StopRecording
from emulator.voice.interpreter import Interpreter

RELATIVE_CALLBACK = 11200  # here alone a relative URL is not resolved
SOURCES = {"by_twiml": "StartCallRecordingTwiML", "by_api": "StartCallRecordingAPI"}


def start(leg: Interpreter, verb: StartRecording) -> Program:
    """A call that is recorded already is silently left as it is."""
    recordings, call = leg.context.recordings, leg.call
    given = verb.callback
    if given.url and not given.url.startswith(("http://", "https://")):
        leg.context.warn(RELATIVE_CALLBACK, f"recordingStatusCallback is not absolute: {given.url}", call.sid)
        given = NounCallback()
    source = SOURCES[leg.context.worlds["started_recording"]]
    order = replace(leg.recording_order(source, verb.channels, given), name=verb.name)
    if recordings.live(call.sid) is None:
        recordings.start(call.sid, order)
    yield from ()


def stop(leg: Interpreter, verb: StopRecording) -> Program:
    """The one that was started with this name."""
    recording = leg.context.recordings.live(leg.call.sid)
    if recording is not None and verb.name and recording.order.name == verb.name:
        leg.context.recordings.stop(recording)
    yield from ()
