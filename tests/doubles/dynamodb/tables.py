"""Tables and their indexes, in memory."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.doubles.dynamodb.values import Item, Rank, Refused, Request, rank


class Index:
    """A table by its own key, or an index of it: its rows by partition, each under the row's key in the table."""

    def __init__(self, properties: Mapping[str, Any], name: str, own_key: Sequence[str] = ()) -> None:
        projection = properties.get("Projection", {"ProjectionType": "ALL"})
        if projection not in ({"ProjectionType": "ALL"}, {"ProjectionType": "KEYS_ONLY"}):
            raise NotImplementedError("an index that projects some attributes")
        schema = sorted(properties["KeySchema"], key=lambda element: str(element["KeyType"]))  # HASH before RANGE
        self.name = name
        self.key = tuple(str(element["AttributeName"]) for element in schema)
        self.whole_key = tuple(dict.fromkeys((*self.key, *own_key)))
        self.is_whole = projection == {"ProjectionType": "ALL"}
        self.partitions: dict[Any, dict[Rank, Item]] = {}

    def replace(self, place: Rank, old: Item | None, new: Item | None) -> None:
        if old and self.holds(old):
            del self.partitions[rank(old[self.key[0]])][place]
        if new and self.holds(new):
            self.partitions.setdefault(rank(new[self.key[0]]), {})[place] = new

    def holds(self, item: Item) -> bool:
        return all(name in item for name in self.key)

    def projected(self, item: Item) -> Item:
        """What it has of this row: all of it, or the keys alone."""
        return item if self.is_whole else {name: item[name] for name in self.whole_key}

    def rank(self, item: Item) -> Rank:
        return tuple(rank(item[name]) for name in self.whole_key)


class Table:
    def __init__(self, properties: Mapping[str, Any]) -> None:
        if "LocalSecondaryIndexes" in properties:
            raise NotImplementedError("local secondary indexes")
        self.types = {each["AttributeName"]: each["AttributeType"] for each in properties["AttributeDefinitions"]}
        self.own = Index({"KeySchema": properties["KeySchema"]}, "")
        indexes = properties.get("GlobalSecondaryIndexes", ())
        self.indexes = {each["IndexName"]: Index(each, each["IndexName"], self.own.key) for each in indexes}
        self.items: dict[Rank, Item] = {}

    def index(self, request: Request) -> Index:
        if "IndexName" not in request:
            return self.own
        if request["IndexName"] not in self.indexes:
            raise Refused(f"The table does not have the specified index: {request['IndexName']}")
        if request.get("ConsistentRead"):
            raise Refused("Consistent reads are not supported on global secondary indexes")
        return self.indexes[request["IndexName"]]

    def check_key(self, key: Item, names: Sequence[str], message: str) -> None:
        if {*key} != {*names}:
            raise Refused(message)
        self.check_item(key)

    def check_item(self, item: Item) -> None:
        """Whatever is a key of the table or of an index has the right type and is not empty."""
        for name, kind in self.types.items():
            if name in item and item[name].keys() != {kind}:
                raise Refused(f"Type mismatch for key {name}: expected {kind}, actual {next(iter(item[name]))}")
            if name in item and item[name][kind] in ("", b""):
                raise Refused(f"The AttributeValue for a key attribute cannot contain an empty value. Key: {name}")

    def write(self, old: Item | None, new: Item | None) -> None:
        place = self.own.rank(new or old or {})
        for index in (self.own, *self.indexes.values()):
            index.replace(place, old, new)
        if new is None:
            self.items.pop(place, None)
        else:
            self.items[place] = new
