"""`doctor`: will callers get through?"""

from pathlib import Path

from ops import doctor
from ops.commands.cli import command, json_option, root_option, stage_option
from ops.commands.output import say, show
from ops.doctor.check import Finding
from ops.errors import ExitCode
from ops.project import Project


@command("doctor", "doctor", "doctor --stage prod --json")
@stage_option
@root_option
@json_option
def doctor_(stage: str, root: Path, as_json: bool) -> ExitCode:
    """Check whether callers get through, and say how to fix what keeps them out."""
    findings = list[Finding]()
    for finding in doctor.examine(doctor.stage_of(Project(stage, root))):
        findings.append(finding)
        if not as_json:
            say(doctor.as_text(finding))
    if as_json:
        show(doctor.document(findings), "", as_json)
    return ExitCode.DONE if doctor.is_healthy(findings) else ExitCode.FAILED
