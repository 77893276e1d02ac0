"""The way out of the queue by a key: who waits presses it, leaves, and is asked for the message."""

from collections.abc import Callable
from xml.etree import ElementTree

import msgspec
import pytest

from chalicelib.config import callcenter
from chalicelib.config.callbacks import Callback
from chalicelib.config.schema import Line, Options, SimpleQueue, WayOut
from chalicelib.links import caller_leg, reading
from tests.support.api_gateway import BASE
from tests.support.driver import URGENT, Driver
from tests.webhooks.test_sweep import later
from tests.webhooks.test_tell import inbox, notices

__all__ = ["inbox", "later"]

OPTIONS = Options("To leave a message, press star.", (WayOut("*", "voicemail"),))
WAITS_ON = f"{BASE}/voice/wait#rc=2&rp=all"
SIMPLE = "+14155550190"


@pytest.fixture(autouse=True)
def options(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line support has a way out, and so has a simple queue; the line sales has none."""
    center = callcenter.parse(callcenter.source())
    with_options = msgspec.structs.replace(center.lines["support"].wait, options=OPTIONS)
    support: Line = msgspec.structs.replace(center.lines["support"], wait=with_options)
    simple = SimpleQueue("Hello.", wait=with_options, numbers=(SIMPLE,), agent_numbers=(), agents=())
    changed = msgspec.structs.replace(
        center, lines={**center.lines, "support": support}, simple_queues={"desk": simple}
    )
    monkeypatch.setattr(callcenter, "current", lambda: changed)


def tags(document: object) -> list[str]:
    return [verb.tag for verb in document]  # type: ignore[attr-defined]


def test_who_waits_is_listened_to_and_without_a_key_hears_the_next_round(driver: Driver) -> None:
    (gather,) = driver.voice("wait", QueuePosition="1")
    assert gather.tag == "Gather" and gather.get("action") == f"{BASE}/voice/wait/key#rc=2&rp=all"
    assert [verb.text for verb in gather if verb.tag == "Say"][-1] == OPTIONS.say


def test_a_line_without_options_is_as_it_was(driver: Driver) -> None:
    assert tags(driver.voice("wait", To=URGENT)) == ["Say", "Pause"]


@pytest.mark.parametrize("to", ["+14155550100", SIMPLE])
def test_the_key_leads_out_of_the_queue_and_to_the_tone(driver: Driver, to: str) -> None:
    assert tags(driver.voice("wait/key", Digits="*", To=to)) == ["Leave"]
    assert driver.call["wish"] == "voicemail"
    document = driver.voice("after", QueueResult="leave", QueueTime="30", To=to)
    assert tags(document) == ["Say", "Record", "Say", "Hangup"]
    assert "Nobody is free" not in str(document[0].text)
    assert driver.call["queue_result"] == "leave"


@pytest.mark.parametrize("digits", ["7", "#", "", "**"])
def test_any_other_key_changes_nothing(driver: Driver, digits: str) -> None:
    (redirect,) = driver.voice("wait/key", Digits=digits)
    assert (redirect.tag, redirect.text) == ("Redirect", WAITS_ON)
    assert driver.call == {}


def test_a_key_on_a_line_without_options_changes_nothing(driver: Driver) -> None:
    assert tags(driver.voice("wait/key", Digits="*", To=URGENT)) == ["Redirect"]
    assert driver.call == {}


def test_a_key_that_comes_twice_is_one_wish(driver: Driver) -> None:
    assert tags(driver.voice("wait/key", Digits="*")) == tags(driver.voice("wait/key", Digits="*")) == ["Leave"]
    assert len(driver.cloud.rows()) == 1


def test_who_is_joined_between_key_and_leave_is_not_asked_for_a_message(driver: Driver) -> None:
    driver.voice("wait/key", Digits="*")
    assert tags(driver.voice("after", QueueResult="bridged", QueueTime="30")) == ["Gather", "Say", "Hangup"]


@pytest.mark.parametrize("result", ["bridged", "error", "hangup", "queue-full", "redirected", "system-error", ""])
def test_who_comes_out_of_the_queue_otherwise_than_by_the_key_hears_what_others_hear(
    driver: Driver, result: str
) -> None:
    others = driver.voice("after", QueueResult=result)
    driver.voice("wait/key", Digits="*")
    assert ElementTree.tostring(driver.voice("after", QueueResult=result)) == ElementTree.tostring(others)


def test_who_is_gone_hears_nothing(driver: Driver) -> None:
    driver.voice("wait/key", Digits="*")
    assert tags(driver.voice("after", QueueResult="hangup")) == []


def test_who_chose_a_message_where_callbacks_are_to_be_had_is_not_called_back(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    center = callcenter.current()
    support = msgspec.structs.replace(center.lines["support"], callback=Callback(countries=("+1",), key="0"))
    changed = msgspec.structs.replace(center, lines={**center.lines, "support": support})
    monkeypatch.setattr(callcenter, "current", lambda: changed)
    driver.voice("wait/key", Digits="*")
    assert tags(driver.voice("after", QueueResult="leave")) == ["Say", "Record", "Say", "Hangup"]


def test_who_left_without_the_key_hears_what_the_line_says(driver: Driver) -> None:
    document = driver.voice("after", QueueResult="leave")
    assert "Nobody is free" in str(document[0].text)


def broken(*_given: object, **_named: object) -> None:
    raise ConnectionError("DynamoDB is down")


def test_where_the_wish_cannot_be_kept_the_caller_waits_on(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caller_leg, "record_and_read", broken)
    (redirect,) = driver.voice("wait/key", Digits="*")
    assert (redirect.tag, redirect.text) == ("Redirect", WAITS_ON)


def test_where_the_wish_cannot_be_read_the_caller_may_leave_a_message(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.voice("wait/key", Digits="*")
    monkeypatch.setattr(reading, "of_call", broken)
    assert tags(driver.voice("after", QueueResult="leave")) == ["Say", "Record", "Say", "Hangup"]


def test_the_row_is_read_only_where_there_are_options_and_the_caller_left(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    find: Callable[[str], object] = reading.of_call
    monkeypatch.setattr(reading, "of_call", lambda sid: read.append(sid) or find(sid))  # type: ignore[func-returns-value]
    driver.voice("after", QueueResult="leave", To=URGENT)
    once = len(read)
    driver.voice("after", QueueResult="leave")
    assert len(read) == 2 * once + 1


def test_a_mistake_of_ours_leaves_the_caller_in_the_queue(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callcenter, "current", broken)
    (redirect,) = driver.voice("wait/key", Digits="*")
    assert (redirect.tag, redirect.text) == ("Redirect", WAITS_ON)


def test_the_fallback_answers_for_the_key(driver: Driver) -> None:
    asked = driver.voice("fallback", ErrorUrl=f"{BASE}/voice/wait/key", Digits="*")
    assert tags(asked) == ["Leave"] and driver.call["wish"] == "voicemail"


@pytest.mark.usefixtures("inbox")
def test_who_chose_to_leave_a_message_was_not_led_out(driver: Driver) -> None:
    driver.voice("wait/key", Digits="*")
    driver.voice("after", QueueResult="leave")
    assert notices(driver) == []
    driver.voice("after", QueueResult="leave", To=URGENT)
    assert [row["what"] for row in notices(driver)] == ["led-out"]
