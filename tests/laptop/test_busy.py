"""`make dev MORE=--busy`: people call and are answered without anybody who types."""

import time
from random import Random

import pytest

from laptop import busy
from laptop.environment import Laptop
from tests.support.waiting import eventually

LATEST_SECONDS = 2.0


def test_people_call_and_talk_to_workers_by_themselves_until_they_are_told_to_stop(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(busy, "EVERY_SECONDS", (0.5, LATEST_SECONDS))
    monkeypatch.setattr(busy, "TALK_SECONDS", (1.0, 2.0))
    seen: list[str] = []
    laptop.do(lambda: laptop.twilio.scheduler.on_event.append(lambda event: seen.append(event.kind)))
    with busy.busy(laptop, Random(5)):
        eventually(lambda: seen.count("joined") >= 2, within=60.0)
    laptop.do(laptop.twilio.scheduler.on_event.pop)
    called = inbound(laptop)
    time.sleep(LATEST_SECONDS)  # until when the next one would have called
    assert inbound(laptop) == called


def inbound(laptop: Laptop) -> int:
    numbers = laptop.twilio.numbers
    return laptop.do(lambda: sum(call.to in numbers for call in laptop.twilio.context.calls.values()))
