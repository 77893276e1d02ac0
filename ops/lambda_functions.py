"""What `.chalice/config.json` says of each function: a team's own may be older than one of them."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ops import stage

# Lambda's own 128 MB would take several times as long, and 60 s is more than a message of a queue may be held for.
WANTED: Mapping[str, tuple[int, int, str]] = {  # megabytes, seconds, and whose policy
    "api_handler": (512, 15, "api"),
    "jobs_consumer": (512, 20, "jobs_consumer"),
    "after_call": (512, 20, "after_call"),
    "sweep": (512, 60, "sweep"),
}


def wanted(name: str) -> dict[str, dict[str, int | str]]:
    """What this stage says of each function, unless its team wants something else."""
    return {
        function: {
            "lambda_memory_size": megabytes,
            "lambda_timeout": seconds,
            "iam_policy_file": f"policies/{name}-{policy}.json",
        }
        for function, (megabytes, seconds, policy) in WANTED.items()
    }


def mistakes(name: str, root: Path) -> list[str]:
    """What is missing of the stage's functions, a sentence with the lines to add each. Raises NoStage, StageError."""
    return [sentence for function in WANTED for sentence in _missing(name, root, function)]


def _missing(name: str, root: Path, function: str) -> Iterator[str]:
    """Chalice takes what a function does not say from its stage, and what that does not say from the whole file."""
    config, section = stage.sections(name, root)
    place = f".chalice/config.json: stages.{name}.lambda_functions"
    own = section.get("lambda_functions", {}).get(function)
    known = {**config, **section, **(own or {})}
    lacking = {key: value for key, value in wanted(name)[function].items() if key not in known}
    if own is None and lacking:
        yield f"{place} has no {function}: add {_json({function: lacking})}"
    elif lacking:
        yield f"{place}.{function} has no {', '.join(lacking)}: add {_json(lacking)}"
    policy = known.get("iam_policy_file", "")
    if policy and not (root / ".chalice" / policy).is_file():
        yield f".chalice/{policy} is not there: make it of another stage's, with this stage's names in it"


def _json(lines: Mapping[str, Any]) -> str:
    return json.dumps(lines)[1:-1]
