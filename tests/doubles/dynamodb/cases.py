"""What DynamoDB does, case by case: the store in memory, moto and the laptop's AWS are all held to it."""

from tests.doubles.dynamodb.case import Case
from tests.doubles.dynamodb.condition_cases import conditions
from tests.doubles.dynamodb.query_cases import filtered, pages, queries, queries_of_an_index, wrong_queries
from tests.doubles.dynamodb.refusal_cases import refusals, wrong_expressions
from tests.doubles.dynamodb.update_cases import answers, other_clauses, sets

CASES: list[Case] = [
    *conditions(),
    *sets(),
    *other_clauses(),
    *answers(),
    *refusals(),
    *wrong_expressions(),
    *queries(),
    *queries_of_an_index(),
    *filtered(),
    *pages(),
    *wrong_queries(),
]
