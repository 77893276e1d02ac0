"""`doctor`: will callers get through?"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ops import doctor
from ops.commands.cli import command, json_option, root_option, stage_option
from ops.commands.output import say, show
from ops.commands.progress import working
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
    with working(len(doctor.CHECKS)) as progress:
        for finding in doctor.examine(doctor.stage_of(Project(stage, root)), progress.begin):
            findings.append(finding)
            if not as_json:
                progress.aside(say)(doctor.as_text(finding))
    show(doctor.document(findings), _summary(findings), as_json)
    return ExitCode.DONE if doctor.is_healthy(findings) else ExitCode.FAILED


def _summary(findings: Sequence[Finding]) -> str:
    count = Counter(finding.verdict for finding in findings)
    return f"{count['pass']} ok, {count['warning']} to look at, {count['failure']} to fix"
