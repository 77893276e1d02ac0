"""What `make bench` computes; what it measures is not held by a test, because a time is not the same twice."""

import pytest

from bench.cost import cost
from bench.measure import interleaved


def test_the_price_of_a_thousand_calls_is_units_times_list_price() -> None:
    assert cost({"api_gateway_requests": 2, "sqs_requests": 3}) == pytest.approx(
        {"api_gateway_requests": 0.007, "sqs_requests": 0.0012}
    )


def test_a_unit_without_a_price_is_refused() -> None:
    with pytest.raises(KeyError, match="pigeons"):
        cost({"pigeons": 1})


def test_contenders_are_timed_in_turns_each_being_first_as_often_as_the_others() -> None:
    called: list[str] = []
    measured = interleaved({"a": lambda: called.append("a"), "b": lambda: called.append("b")}, rounds=4, calls=1)
    assert "".join(called) == "ab" + "abba" * 2
    assert set(measured) == {"a", "b"} and all(seconds > 0 for seconds in measured.values())
