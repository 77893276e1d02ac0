"""The command `ops doctor`: makes the patient of a stage, prints each finding as it comes."""

import sys
import time
from pathlib import Path

from chalicelib.callcenter import NAME, CallCenterError
from ops import account, center, stage
from ops.doctor import as_json, as_text, examine, is_healthy
from ops.doctor.finding import Finding, Patient, time_of_twilio
from ops.rooms import Rooms
from ops.stage_account import client_of


def add_to(rooms: Rooms) -> None:
    parser = rooms.add_parser("doctor", help="will callers get through?")
    parser.add_argument("--stage", default="dev", help="the Chalice stage (dev)")
    parser.add_argument("--json", action="store_true", help="as JSON, for a pipeline")
    parser.set_defaults(run=lambda given: run(given.stage, json=given.json))


def run(name: str, *, json: bool = False, root: Path = stage.ROOT) -> int:
    """0: callers will get through; 1: something fails; 2: the stage or its files make no sense."""
    try:
        files = center.read(root / "chalicelib" / NAME, root / center.WORKERS)
        now = time.time()
        patient = Patient(
            name, client_of(name, root), files, now, root, twilio_time=lambda: time_of_twilio() - (time.time() - now)
        )  # the clocks are compared as of `now`: the checks before that one take seconds
    except (stage.NoStage, account.AccountError, CallCenterError) as error:
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
