"""What `make bench` computes; what it measures is not held by a test, because a time is not the same twice."""

import pytest

from bench import memory
from bench.cost import cost
from bench.measure import interleaved
from ops import lambda_functions


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


def test_a_function_with_more_memory_is_quicker_and_dearer_while_most_of_a_webhook_is_waiting() -> None:
    warm = 0.0032
    assert [round(memory.seconds(warm, size) * 1e3) for size in (512, 1024)] == [56, 51]
    assert memory.dollars(warm, 1024) / memory.dollars(warm, 512) == pytest.approx(1.8, abs=0.05)


def test_more_memory_than_buys_a_whole_processor_makes_nothing_quicker() -> None:
    assert memory.seconds(0.1, 1769) == memory.seconds(0.1, 3008) == pytest.approx(0.145)


def test_what_is_printed_of_memory_marks_the_size_that_the_functions_have() -> None:
    said = [*memory.lines(memory.Measured(0.0032, 55, 70))]
    chosen = [line.split()[0] for line in said if line.endswith("chosen")]
    assert chosen == [str(lambda_functions.wanted("dev")["api_handler"]["lambda_memory_size"])]
