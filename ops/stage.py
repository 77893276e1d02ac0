"""A stage's configuration, and where Chalice has put it.

Its names stand in `.chalice/config.json`: Chalice gives them to the functions as their environment. What AWS and Twilio
named stands in the team's `chalicelib/team/<stage>.json`, which the functions read in their package.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chalicelib.config import environment
from chalicelib.config.environment import SettingsError
from ops.errors import NoStage, StageError

ROOT = Path(__file__).resolve().parent.parent
SIDS = (
    "JOBS_QUEUE_URL",
    "TWILIO_ACCOUNT_SID",
    "TWILIO_WORKSPACE_SID",
    "TWILIO_WORKFLOW_SID",
    "TWILIO_ACTIVITIES",
    "TWILIO_TASK_QUEUES",
)
SECRETS = ("TWILIO_AUTH_TOKEN", "TWILIO_API_KEY_SECRET", "CRM_KEY")


def names(root: Path = ROOT) -> tuple[str, ...]:
    """The stages of `.chalice/config.json`, in its order."""
    return tuple(_load(root)["stages"])


def read(stage: str, root: Path = ROOT) -> dict[str, str]:
    """The stage's variables as the functions see them: Chalice's, and beneath them the team's.

    Each of SIDS is there, and empty while nobody has written it. Raises NoStage, StageError.
    """
    return environment.over(variables(stage, root), {**dict.fromkeys(SIDS, ""), **_kept(stage, root)})


def variables(stage: str, root: Path = ROOT) -> dict[str, str]:
    """The variables that Chalice gives to the stage's functions. Raises NoStage, StageError."""
    return dict(_section(_load(root), stage).get("environment_variables", {}))


def architecture(stage: str, root: Path = ROOT) -> str:
    """The processor of the stage's functions, as Lambda calls it. Raises NoStage."""
    return str(_section(_load(root), stage).get("lambda_architecture", "x86_64"))


def sections(stage: str, root: Path = ROOT) -> tuple[dict[str, Any], dict[str, Any]]:
    """All of `.chalice/config.json`, and of it this stage. Raises NoStage, StageError."""
    config = _load(root)
    return config, _section(config, stage)


def write(stage: str, changes: Mapping[str, str], root: Path = ROOT) -> bool:
    """Keep these variables in the team's file, without those that are empty; whether the file is another one now.

    The rest of the file stays. Raises NoStage, and StageError also when `.chalice/config.json` has another value, which
    would win.
    """
    configured, before = variables(stage, root), _kept(stage, root)
    for name, value in changes.items():
        if configured.get(name, "") not in ("", value):
            where = f"{name} is {configured[name]!r} in .chalice/config.json"
            raise StageError(f"{where}, and would win over {file_of(stage)}: take it out there")
    after = {name: value for name, value in {**before, **changes}.items() if value not in ("", "{}")}
    if after == before:
        return False
    readable = {name: json.loads(value) if value.startswith("{") else value for name, value in after.items()}
    _replace(root / file_of(stage), json.dumps(readable, indent=2, ensure_ascii=False) + "\n")
    return True


def file_of(stage: str) -> Path:
    """Where the team's file of this stage stands in the checkout."""
    return Path("chalicelib", "team", f"{stage}.json")


def api_url(stage: str, root: Path = ROOT) -> str:
    """The URL of the API that `chalice deploy` made for this stage, without a slash at its end; empty before that.

    Raises NoStage, StageError.
    """
    _section(_load(root), stage)
    for resource in deployed(stage, root):
        if "rest_api_url" in resource:
            return str(resource["rest_api_url"]).rstrip("/")
    return ""


def base_url(stage: str, root: Path = ROOT) -> str:
    """The URL under which Twilio reaches the application: PUBLIC_BASE_URL where the stage sets it, else the API's.

    Without a slash at its end; empty before the first deploy. Raises NoStage, StageError.
    """
    return read(stage, root).get("PUBLIC_BASE_URL", "").rstrip("/") or api_url(stage, root)


def deployed(stage: str, root: Path = ROOT) -> list[dict[str, Any]]:
    """What Chalice noted of its last deploy of this stage, resource by resource; empty before the first."""
    file = root / ".chalice" / "deployed" / f"{stage}.json"
    if not file.exists():
        return []
    resources: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))["resources"]
    return resources


def _load(root: Path) -> dict[str, Any]:
    try:
        config: dict[str, Any] = json.loads((root / ".chalice" / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StageError(f".chalice/config.json cannot be read: {error}") from error
    return config


def _section(config: dict[str, Any], stage: str) -> dict[str, Any]:
    stages = config["stages"]
    if stage not in stages:
        raise NoStage(f"there is no stage {stage!r} in .chalice/config.json; there are {', '.join(stages)}")
    section: dict[str, Any] = stages[stage]
    return section


def _kept(stage: str, root: Path) -> dict[str, str]:
    """The variables of the team's file of this stage; none without the file."""
    file = root / file_of(stage)
    try:
        kept = environment.parse(file.read_text(encoding="utf-8"), file.name) if file.exists() else {}
    except (OSError, ValueError, SettingsError) as error:
        raise StageError(f"{file_of(stage)} cannot be read: {error}") from error
    if found := [name for name in SECRETS if name in kept]:
        raise StageError(
            f"{file_of(stage)} has {found[0]}: it is in git and in the package, so no secret may stand in it"
        )
    return kept


def _replace(file: Path, text: str) -> None:
    """All of it or nothing: the next deploy never reads half a file."""
    beside = file.with_suffix(".json.new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(file)
