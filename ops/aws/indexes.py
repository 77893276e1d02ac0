"""The indexes of a table that is deployed change one at a time: DynamoDB makes, or deletes, one in an update (pure).

A new one is made beside the old, which the functions ask until they are deployed too: the next deployment deletes it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

TABLE = "LinksTable"
INDEXES = "GlobalSecondaryIndexes"

Template = Mapping[str, Any]
Index = Mapping[str, Any]


def steps(deployed: str | Template, wanted: str) -> Iterator[str]:
    """The templates to deploy one after the other: the wanted one as it is, where no more than that is needed."""
    old, new = _indexes(_read(deployed)), _indexes(_read(wanted))
    added = [index for name, index in new.items() if name not in old]
    gone = [index for name, index in old.items() if name not in new]
    kept = [index for name, index in new.items() if name in old]
    if not gone and len(added) < 2:
        yield wanted
    elif added:
        for number in range(len(added)):
            yield _with(wanted, _read(deployed), [*kept, *gone, *added[: number + 1]])
    else:
        for number in range(len(gone)):
            yield _with(wanted, _read(deployed), [*kept, *gone[number + 1 :]])


def _read(template: str | Template) -> Template:
    """boto3 hands JSON over as an object, and YAML as text."""
    read: Template = yaml.safe_load(template) if isinstance(template, str) else template
    return read


def _table(template: Template) -> Mapping[str, Any]:
    found: Mapping[str, Any] = template["Resources"].get(TABLE, {}).get("Properties", {})
    return found


def _indexes(template: Template) -> dict[str, Index]:
    return {index["IndexName"]: index for index in _table(template).get(INDEXES, ())}


def _with(wanted: str, deployed: Template, indexes: Sequence[Index]) -> str:
    """The wanted template with these indexes, and the attributes that they need."""
    made: dict[str, Any] = yaml.safe_load(wanted)
    table = made["Resources"][TABLE]["Properties"]
    table[INDEXES] = list(indexes)
    keys = {key["AttributeName"] for one in (table, *indexes) for key in one["KeySchema"]}
    defined = [*_table(deployed)["AttributeDefinitions"], *table["AttributeDefinitions"]]
    table["AttributeDefinitions"] = [
        one for one in {each["AttributeName"]: each for each in defined}.values() if one["AttributeName"] in keys
    ]
    return json.dumps(made)
