"""The command `ops doctor`: makes the patient of a stage, prints each finding as it comes."""

import sys
import time
from pathlib import Path

from chalicelib.config.callcenter import CallCenterError
from ops import stage, twilio
from ops.callcenter import files
from ops.commands.parser import Rooms
from ops.doctor import as_json, as_text, examine, is_healthy
from ops.doctor.check import Finding, Patient, time_of_twilio
from ops.stage_account import client_of


def add_to(rooms: Rooms) -> None:
    parser = rooms.add_parser("doctor", help="will callers get through?")
    parser.add_argument("--stage", default="dev", help="the Chalice stage (dev)")
    parser.add_argument("--json", action="store_true", help="as JSON, for a pipeline")
    parser.set_defaults(run=lambda given: run(given.stage, json=given.json))


def run(name: str, *, json: bool = False, root: Path = stage.ROOT) -> int:
    """0: callers will get through; 1: something fails; 2: the stage or its files make no sense."""
    try:
        center = files.of_checkout(root)
        now = time.time()
        patient = Patient(
            name, client_of(name, root), center, now, root, twilio_time=lambda: time_of_twilio() - (time.time() - now)
        )  # the clocks are compared as of `now`: the checks before that one take seconds
    except (stage.NoStage, twilio.AccountError, CallCenterError) as error:
        print(error, file=sys.stderr)
        return 2
    findings = list[Finding]()
    for finding in examine(patient):
        findings.append(finding)
        if not json:
            print(as_text(finding), flush=True)
    if json:
        print(as_json(findings))
    return 0 if is_healthy(findings) else 1
