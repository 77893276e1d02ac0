"""Expressions as workflows and task queues write them (contract 7.5)."""

import pytest

from taskrouter_expressions import ExpressionError, Path, SortKey, evaluate, parse, parse_order, sort_value, sorts

WORKER = {
    "skills": ["sales", "support"],
    "languages": ["en", "de"],
    "level": 3,
    "rating": 5.1,
    "vip": True,
    "city": "Köln",
    "object": {"array": ["a", "b", "c"], "attr": "bar"},
    "worker": {"channel": {"voice": {"assigned_tasks": 0}}},
}


@pytest.mark.parametrize(
    "text",
    [
        "1==1",
        "1 = 1.0",
        "0 != 1",
        '"apple" != "orange"',
        "city == 'Köln'",
        "level > 2",
        "level >= 3",
        "level < 3.5",
        "level <= 3",
        "rating >= 5.1",
        "'a' < 'b'",
        "skills HAS 'sales'",
        "skills NOT HAS 'tax'",
        "city IN ['Köln', 'Bonn']",
        "city NOT IN ['Bonn']",
        "'sales' IN skills",
        "city CONTAINS 'öl'",
        "city NOT CONTAINS 'x'",
        "vip",
        "vip == true",
        "nothing == null",
        "nothing != 'x'",
        "object.attr == 'bar'",
        "object.array[2] == 'c'",
        "worker.channel.voice.assigned_tasks == 0",
        "(skills HAS 'support') AND (languages HAS \"en\")",
        "(city == 'Bonn' OR city == 'Köln') AND rating >= 5.1",
        "city == 'Bonn' AND level == 9 OR level == 3",
        "NOT city == 'Bonn'",
        "NOT (city == 'Bonn' OR level == 2)",
        "level == 3 and not vip == false",
        "in_sales == null",
        "-1 < 0",
    ],
)
def test_an_expression_that_holds(text: str) -> None:
    assert evaluate(parse(text), WORKER)


@pytest.mark.parametrize(
    "text",
    [
        "1==2",
        "1 == '1'",
        "1 == true",
        "city == 'köln'",
        "level > '2'",
        "vip > 0",
        "nothing > 1",
        "nothing HAS 'x'",
        "city HAS 'Köln'",
        "city IN []",
        "'x' IN city",
        "skills CONTAINS 'sales'",
        "skills NOT CONTAINS 'tax'",
        "skills != 'x'",
        "'x' != skills",
        "skills == ['sales', 'support']",
        "skills != ['x']",
        "skills > 'a'",
        "skills != null",
        "city NOT IN 'Bonn'",
        "city NOT IN nothing",
        "city NOT HAS 'Bonn'",
        "nothing NOT HAS 'tax'",
        "skills NOT IN ['tax']",
        "skills HAS ['sales']",
        "level",
        "'text'",
        "object.array[3] == 'c'",
        "object.attr.deeper == 'bar'",
        "level == 3 AND (city == 'Bonn' OR vip == false)",
    ],
)
def test_an_expression_that_does_not_hold(text: str) -> None:
    assert not evaluate(parse(text), WORKER)


@pytest.mark.parametrize(
    ("text", "position"),
    [("", 0), ("level ==", 8), ("level == == 2", 9), ("(level == 2", 11), ("level == 2 )", 11), ("a @ b", 2)],
)
def test_a_mistake_is_told_with_its_position(text: str, position: int) -> None:
    with pytest.raises(ExpressionError) as raised:
        parse(text)
    assert raised.value.position == position


@pytest.mark.parametrize("text", ["__import__('os')", "level.__class__()", "a; b", "lambda: 1"])
def test_nothing_but_comparisons_can_be_written(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)


def test_an_order_has_paths_and_directions() -> None:
    assert parse_order("worker.level DESC, worker.age") == (
        SortKey(Path(("worker", "level")), True),
        SortKey(Path(("worker", "age")), False),
    )
    assert parse_order("") == ()


@pytest.mark.parametrize("text", ["worker.level SIDEWAYS", "1 DESC"])
def test_an_order_that_cannot_be(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse_order(text)


def test_descending_numbers_come_largest_first_and_missing_ones_last() -> None:
    (key,) = parse_order("level DESC")
    workers: list[dict[str, object]] = [{"level": 1}, {}, {"level": 9}]
    assert sorted(workers, key=lambda worker: sort_value(key, worker)) == [{"level": 9}, {"level": 1}, {}]


@pytest.mark.parametrize("value", ["Zoe", 2.5, True, [1], {"level": 1}])
def test_an_order_by_something_that_is_no_whole_number_is_ignored(value: object) -> None:
    order = parse_order("level DESC, age")
    assert sorts(order, [{"level": 1, "age": 30}, {"level": 2}, {"age": None}])
    assert not sorts(order, [{"level": 1}, {"level": value}])
    assert not sorts(order, [{"level": 1}, {"age": value}])
