"""infra/resources.yaml, read once: what the stack has, as CloudFormation describes it."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

CREATED_WITH = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")


@cache
def resources() -> dict[str, Any]:
    """The resources by their logical names."""
    file = Path(__file__).parents[2] / "infra" / "resources.yaml"
    found: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))["Resources"]
    return found


def tables() -> dict[str, dict[str, Any]]:
    """The tables of a stage called test: their names, and what `create_table` takes beside the name."""
    return {_name(table): _known(table) for table in (resources()[name] for name in ("LinksTable", "ContactsTable"))}


def _name(table: dict[str, Any]) -> str:
    return str(table["Properties"]["TableName"]["Fn::Sub"]).replace("${Stage}", "test")


def _known(table: dict[str, Any]) -> dict[str, Any]:
    return {key: table["Properties"][key] for key in CREATED_WITH if key in table["Properties"]}
