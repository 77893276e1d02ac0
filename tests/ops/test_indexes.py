"""Indexes of a deployed table: one at a time, and the old ones until the functions have let go of them."""

import json
from typing import Any

import pytest
import yaml

from ops.aws import indexes


def template(*names: str) -> str:
    """A table with an index by each of these attributes, `by_` and its name."""
    table = {
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("id", *names)],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "GlobalSecondaryIndexes": [
            {"IndexName": f"by_{name}", "KeySchema": [{"AttributeName": name, "KeyType": "HASH"}]} for name in names
        ],
    }
    return json.dumps({"Resources": {"LinksTable": {"Properties": table}}})


def walked(deployed: str, wanted: str) -> list[set[str]]:
    """The names of the indexes after each step; no step has an attribute that nothing needs."""
    said = []
    for step in indexes.steps(deployed, wanted):
        table: dict[str, Any] = yaml.safe_load(step)["Resources"]["LinksTable"]["Properties"]
        names = {index["IndexName"] for index in table["GlobalSecondaryIndexes"]}
        defined = {each["AttributeName"] for each in table["AttributeDefinitions"]}
        assert defined == {"id"} | {name.removeprefix("by_") for name in names}
        said.append(names)
    return said


def test_two_indexes_that_follow_two_others_are_made_first_and_those_are_deleted_by_the_next_deployment() -> None:
    old, new = template("a", "b", "k"), template("c", "d", "k")
    made = walked(old, new)
    assert made == [{"by_a", "by_b", "by_k", "by_c"}, {"by_a", "by_b", "by_k", "by_c", "by_d"}]
    both = template("a", "b", "k", "c", "d")
    assert walked(both, new) == [{"by_b", "by_k", "by_c", "by_d"}, {"by_k", "by_c", "by_d"}]


@pytest.mark.parametrize("deployed", [template("a"), template()])
def test_a_template_that_needs_no_more_is_deployed_as_it_is(deployed: str) -> None:
    assert list(indexes.steps(deployed, template("a"))) == [template("a")]
    assert list(indexes.steps(json.loads(deployed), template("a"))) == [template("a")]
