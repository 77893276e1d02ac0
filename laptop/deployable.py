"""A copy of the project that is deployed to the local AWS by the commands that deploy to a real one."""

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from laptop import local_aws, package, wheels
from laptop.deploy_proxy import Proxy
from laptop.package import ROOT
from laptop.teams import DEMO, Team
from ops import stage
from ops.callcenter.files import WORKERS

STAGE = "dev"
CHALICE = "import sys; from chalice.cli import main; sys.exit(main())"
CORDBOARD = "import sys; from ops.__main__ import main; sys.exit(main(sys.argv[1:], './cordboard'))"
OPERATORS = ("ops", "taskrouter_expressions", "pyproject.toml")  # what `./cordboard` needs beside the application


def copy_to(root: Path, team: Team = DEMO) -> Path:
    """The project with this team's files, as if nobody had deployed it yet: `./cordboard` in there means it."""
    package.copy_project(root, team.folder)
    for name in OPERATORS:
        copied = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copied(ROOT / name, root / name)
    if team.workers.exists():
        shutil.copy2(team.workers, root / WORKERS)
    (root / stage.file_of(STAGE)).unlink(missing_ok=True)
    config = json.loads((root / ".chalice" / "config.json").read_text(encoding="utf-8"))
    config["stages"][STAGE].pop("lambda_architecture", None)  # this machine's processor runs the functions
    (root / ".chalice" / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
    packages = package.BUILD / "deployments"  # libraries that were packaged before are not packaged again
    packages.mkdir(parents=True, exist_ok=True)
    (root / ".chalice" / "deployments").symlink_to(packages)
    return root


def environment(proxy: Proxy, root: Path) -> dict[str, str]:
    """Of a person at this project whose AWS is the local one."""
    quiet = {"AWS_ENDPOINT_URL": proxy.url, "PYTHONDONTWRITEBYTECODE": "1"}
    return {**local_aws.environment(), **wheels.environment(STAGE, root), **quiet}


def runnable(typed: Sequence[str]) -> list[str]:
    """What is run for `./cordboard …` or `chalice …`: with this Python, whatever the person's PATH has."""
    programs: Mapping[str, Sequence[str]] = {
        "./cordboard": (sys.executable, "-c", CORDBOARD),
        "chalice": (sys.executable, "-c", CHALICE),
    }
    return [*programs[typed[0]], *typed[1:]]
