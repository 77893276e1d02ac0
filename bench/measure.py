"""Interleaved rounds and their medians, so that a busy moment of the machine hits every contender alike."""

import gc
from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter


def interleaved(contenders: Mapping[str, Callable[[], object]], rounds: int, calls: int) -> dict[str, float]:
    """Median seconds per call of each contender over `rounds` rounds of `calls` calls, in turns."""
    for contender in contenders.values():
        _seconds(contender, calls)  # warm up
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    gc.collect()
    for number in range(rounds):
        names = list(contenders)
        shift = number % len(names)
        for name in names[shift:] + names[:shift]:
            taken[name].append(_seconds(contenders[name], calls))
    return {name: median(seconds) for name, seconds in taken.items()}


def _seconds(contender: Callable[[], object], calls: int) -> float:
    start = perf_counter()
    for _ in range(calls):
        contender()
    return (perf_counter() - start) / calls
