"""`ops doctor`: will callers get through?"""

from argparse import Namespace

from ops import doctor
from ops.commands.parser import Subcommands, add_stage
from ops.doctor.check import Finding
from ops.errors import ExitCode
from ops.project import Project


def add_to(subcommands: Subcommands) -> None:
    says = "check whether callers get through, and say how to fix what keeps them out"
    parser = subcommands.add_parser("doctor", help=says, description=says)
    add_stage(parser)
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.set_defaults(run=run)


def run(given: Namespace) -> ExitCode:
    findings = list[Finding]()
    for finding in doctor.examine(doctor.stage_of(Project(given.stage))):
        findings.append(finding)
        if not given.json:
            print(doctor.as_text(finding), flush=True)
    if given.json:
        print(doctor.as_json(findings))
    return ExitCode.DONE if doctor.is_healthy(findings) else ExitCode.FAILED
