"""A stage's configuration: its `environment_variables` in `.chalice/config.json`, and where Chalice has put it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


class NoStage(Exception):
    """There is no such stage, and the text says which there are; or the configuration cannot be read at all."""


def names(root: Path = ROOT) -> tuple[str, ...]:
    """The stages of `.chalice/config.json`, in its order."""
    return tuple(_load(root)["stages"])


def read(stage: str, root: Path = ROOT) -> dict[str, str]:
    """The stage's environment variables. Raises NoStage."""
    return dict(_variables(_load(root), stage))


def write(stage: str, changes: Mapping[str, str], root: Path = ROOT) -> None:
    """Set these environment variables of the stage; everything else in the file stays as it is. Raises NoStage."""
    config = _load(root)
    variables = _variables(config, stage)
    if all(variables.get(name) == value for name, value in changes.items()):
        return
    variables.update(changes)
    _replace(_file(root), json.dumps(config, indent=2, ensure_ascii=False) + "\n")


def api_url(stage: str, root: Path = ROOT) -> str:
    """The URL of the API that `chalice deploy` made for this stage, without a slash at its end; empty before that.

    Raises NoStage.
    """
    _variables(_load(root), stage)
    for resource in deployed(stage, root):
        if "rest_api_url" in resource:
            return str(resource["rest_api_url"]).rstrip("/")
    return ""


def base_url(stage: str, root: Path = ROOT) -> str:
    """The URL under which Twilio reaches the application: PUBLIC_BASE_URL where the stage sets it, else the API's.

    Without a slash at its end; empty before the first deploy. Raises NoStage.
    """
    return read(stage, root).get("PUBLIC_BASE_URL", "").rstrip("/") or api_url(stage, root)


def deployed(stage: str, root: Path = ROOT) -> list[dict[str, Any]]:
    """What Chalice noted of its last deploy of this stage, resource by resource; empty before the first."""
    file = root / ".chalice" / "deployed" / f"{stage}.json"
    if not file.exists():
        return []
    resources: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))["resources"]
    return resources


def _file(root: Path) -> Path:
    return root / ".chalice" / "config.json"


def _load(root: Path) -> dict[str, Any]:
    try:
        config: dict[str, Any] = json.loads(_file(root).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NoStage(f".chalice/config.json cannot be read: {error}") from error
    return config


def _variables(config: dict[str, Any], stage: str) -> dict[str, str]:
    """The stage's own variables, in place: who changes them changes `config`."""
    stages = config["stages"]
    if stage not in stages:
        raise NoStage(f"there is no stage {stage!r} in .chalice/config.json; there are {', '.join(stages)}")
    variables: dict[str, str] = stages[stage].setdefault("environment_variables", {})
    return variables


def _replace(file: Path, text: str) -> None:
    """All of it or nothing: the next deploy never reads half a file."""
    beside = file.with_suffix(".json.new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(file)
