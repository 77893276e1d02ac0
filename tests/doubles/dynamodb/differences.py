"""Where moto and the laptop's AWS are not like DynamoDB; and the check of one case."""

from collections.abc import Mapping
from typing import Any

from tests.doubles.dynamodb.case import Case
from tests.doubles.dynamodb.link_cases import LinkCase

# What moto does in another way, how DynamoDB's documentation has it, and the cases whose names begin so.
MOTO: dict[str, tuple[str, ...]] = {
    "it has no order of two types, nor bytes that begin (Expressions.OperatorsAndFunctions)": (
        "tries > reason, on a row",
        "begins_with(photo, B b'ab'), on a row",
    ),
    "it takes a missing attribute for NULL, which is a value (API_AttributeValue)": (
        "nothing = NULL True, on a bare row",
        "nothing = NULL True, on no row",
    ),
    "it breaks on the size of a missing attribute": tuple(
        f"size({text}, on {row}"
        for text in ("#state) = N 7", "deep) = N 2", "words) > N 1", "parts) >= N 3")
        for row in ("a bare row", "no row")
    ),
    "it takes keys of any type, and some that are empty (API_PutItem, Constraints)": (
        "put_item: a key of an index has another type",
        "get_item: a key has another type",
        "delete_item: a key has another type",
        "delete_item: a key is empty",
        "update_item: a key is empty",
        "a key of an index has another type",
        "a key of an index is empty",
        "query: another type",
    ),
    "it takes any number; DynamoDB's have 38 digits and end below 1e126 (HowItWorks.NamingRulesDataTypes)": (
        "put_item: a number has 39 digits",
        "put_item: a number is too large",
    ),
    "it breaks on an expression that is none, or takes it (Expressions.OperatorsAndFunctions: the syntax)": (
        "a condition: no expression",
        "a condition: nothing after AND",
        "a condition: a parenthesis too many",
        "a condition: a function in upper case",
        "a condition: an operand too few",
        "a condition: an operand too many",
        "a condition: attribute_exists of a value",
        "a condition: an order of truth",
        "a condition: a start that is a number",
        "a condition: bounds the wrong way round",
        "a condition: empty",
    ),
    "it does not hold placeholders against the expressions (Expressions.ExpressionAttributeValues)": (
        "a condition: a value is not defined",
        "a condition: a value is not used",
        "a condition: a name is not defined",
        "values without an expression",
        "query: a value that is not used",
    ),
    "it breaks on key conditions that are none, or takes them (API_Query: KeyConditionExpression)": (
        "query: OR",
        "query: NOT",
        "query: not equal",
        "query: IN",
        "query: bounds the wrong way round",
        "query: one key twice",
    ),
    "another code: ResourceNotFoundException is of tables": ("query: an unknown index",),
    "it filters by keys (API_Query: FilterExpression)": ("query: a filter of a key",),
    "it looks past Limit whether there is more (API_Query: LastEvaluatedKey)": ("query: Limit ends at the last row",),
    "it takes any key to start from (API_Query: ExclusiveStartKey)": (
        "query: a key of the table for an index",
        "query: a key of another partition",
    ),
}

# The same for ministack, the laptop's AWS.
MINISTACK: dict[str, tuple[str, ...]] = {
    "it compares the numbers of a set as texts (HowItWorks.NamingRulesDataTypes)": (
        "contains(numbers, N 2.0), on a row",
    ),
    "it adds a text as if it were 0 (Expressions.UpdateExpressions: + takes numbers)": ("plus a text",),
    "it takes what an update says twice (Expressions.UpdateExpressions: each section once, no paths that overlap)": (
        "one attribute twice",
        "one section twice",
        "one attribute by two names",
    ),
    "it takes an expression that is none (Expressions.OperatorsAndFunctions: the syntax)": (
        "a condition: a function in upper case",
        "a condition: an order of truth",
        "an update: a comma",
    ),
    "it filters by keys (API_Query: FilterExpression)": ("query: a filter of a key",),
    "it takes key conditions that are none (API_Query: KeyConditionExpression)": (
        "query: OR",
        "query: NOT",
        "query: not equal",
        "query: contains",
    ),
}


def check(case: Case | LinkCase, client: Any, known: Mapping[str, tuple[str, ...]]) -> None:
    """The client does what the case says, or it is known not to: then it must still be so."""
    reasons = [reason for reason, names in known.items() if case.name in names]
    if not reasons:
        assert case.seen(client) == case.expected
    else:
        assert case.seen(client) != case.expected, f"no longer so: {reasons[0]}"
