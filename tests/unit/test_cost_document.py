"""docs/cost.md says what `make bench` works out of the counts."""

import re
from pathlib import Path

import pytest

from bench import cost, counts, money

PAGE = (Path(__file__).parents[2] / "docs" / "cost.md").read_text(encoding="utf-8")
MODES = ("crm-first", "direct", "simple queue")
DYNAMODB = ("GetItem", "PutItem", "Query", "UpdateItem")


def tables() -> list[list[list[str]]]:
    """Each table of the page: its rows, header and all, as cells without bold."""
    found = re.findall(r"(?:^\|.*\n)+", PAGE, re.MULTILINE)
    return [
        [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in table.splitlines() if "---" not in line]
        for table in found
    ]


def column(number: int, row: str) -> list[float]:
    """The numbers of the row of this table that begins so."""
    (cells,) = [cells for cells in tables()[number] if cells[0].startswith(row)]
    return [float(cell) for cell in cells[1:]]


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ("webhooks", "webhooks"),
        ("jobs", "jobs"),
        ("jobs", "SendMessage"),
        ("requests to Twilio", "twilio"),
        ("write units", "write_units"),
        ("read units", "read_units"),
        ("log lines", "log_lines"),
    ],
)
def test_what_a_call_asks_for_is_what_was_counted(row: str, name: str) -> None:
    assert column(0, row) == [counts.CALLS[mode].get(name, 0) for mode in MODES]


def test_the_requests_to_dynamodb_are_all_of_them() -> None:
    counted = [sum(counts.CALLS[mode].get(operation, 0) for operation in DYNAMODB) for mode in MODES]
    assert column(0, "requests to DynamoDB") == counted


def test_the_price_of_a_thousand_calls_is_worked_out_of_the_counts() -> None:
    dollars = [cost.cost(counts.charged(counts.CALLS[mode])) for mode in MODES]
    header, *rows = tables()[1]
    assert tuple(header[1:]) == MODES
    for row, item in zip(rows, dollars[0], strict=False):
        assert [float(cell) for cell in row[1:]] == [round(of[item], 4) for of in dollars], item
    assert len(rows) == len(dollars[0]) + 1
    assert column(1, "together") == [round(sum(of.values()), 2) for of in dollars]


def test_the_price_of_a_month_is_worked_out_of_what_the_stack_has() -> None:
    listed, left = cost.cost(counts.month(), 1), cost.cost(cost.beyond_free(counts.month()), 1)
    _, *rows = tables()[4]
    sums = [*zip(listed.values(), left.values(), strict=True), (sum(listed.values()), sum(left.values())), (3.0, 0.0)]
    assert [[float(cell) for cell in row[1:]] for row in rows] == [[round(one, 2) for one in pair] for pair in sums]
    assert rows[0][0] == f"{counts.month()['alarms']} alarms"
    assert rows[1][0] == f"at most {counts.month()['metrics']} metrics of ours"


def test_the_fixed_part_of_a_month_reaches_the_goal_even_if_each_metric_comes_in_each_hour() -> None:
    assert money.fixed() <= money.FIXED_GOAL
    (last, dashboard) = [line for line in money.lines() if "goal at most 5" in line or "dashboard" in line]
    assert last.endswith("reached") and dashboard.split()[-2:] == ["3.00", "0.00"]


def test_a_month_without_calls_has_no_metrics_to_pay() -> None:
    quiet = sum(cost.cost({**counts.month(), "metrics": 0}, 1).values())
    with_one = quiet + cost.PRICES["metrics"] * 10 / 24
    assert f"none of them: {quiet:.2f} together" in PAGE and f"only the longest wait comes: {with_one:.2f}" in PAGE


def test_both_sums_are_worked_out_of_the_same_list_and_reach_the_goal() -> None:
    before, now = money.dollars(money.BEFORE), money.dollars(money.NOW)
    assert list(before) == list(now)
    _, *rows = tables()[2]
    sums = [*zip(before.values(), now.values(), strict=True), (sum(before.values()), sum(now.values()))]
    assert [[float(cell) for cell in row[1:]] for row in rows] == [[round(one, 4) for one in pair] for pair in sums]
    assert money.ratio() <= money.GOAL and f"({money.ratio():.3f})" in PAGE


def test_the_months_are_worked_out_of_the_same_sums() -> None:
    _, *rows = tables()[3]
    said = [[float(cell.replace(",", "")) for cell in row] for row in rows]
    assert said == [
        [calls, *(round(part, 2) for part in (*money.month(calls), sum(money.month(calls))))]
        for calls in money.CALLS_A_DAY
    ]


def test_the_page_of_scale_says_the_same_of_a_call() -> None:
    page = (Path(__file__).parents[2] / "docs" / "scale.md").read_text(encoding="utf-8")
    units = counts.CALLS["crm-first"]["write_units"]
    assert f"a call writes {units} units" in page and f"that is {units * 1000 / 60:.0f} a second" in page
