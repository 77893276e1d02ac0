"""A bad hour is no flood: each target is told so much in an hour, and then how many more there were."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.config import callcenter
from chalicelib.config.toml_errors import CallCenterError
from chalicelib.crm import exchange
from chalicelib.links import notices, table
from chalicelib.links.model import Notice
from chalicelib.tell import limit, outbox
from tests.support.driver import Driver
from tests.webhooks.test_recordings import leave_message
from tests.webhooks.test_sweep import Later, later
from tests.webhooks.test_tell import Inbox, inbox, set_rules

__all__ = ["inbox", "later"]

DESK = "https://desk.example.com/told"
HOUR = 3600


@pytest.fixture(autouse=True)
def two_in_an_hour(inbox: Inbox, later: Later, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The hour has just begun."""
    del inbox
    set_rules(monkeypatch, per_hour=2)
    later(HOUR - later.now % HOUR + 60)
    yield


def messages(driver: Driver, count: int, since: int = 0) -> None:
    for number in range(since, since + count):
        leave_message(driver, f"RE{number:032x}")


def after_the_hour(driver: Driver, later: Later) -> None:
    later(HOUR)
    driver.sweep()


def test_what_is_more_than_enough_is_one_mail_after_the_hour(inbox: Inbox, driver: Driver, later: Later) -> None:
    messages(driver, 5)
    driver.sweep()
    assert inbox.subjects() == ["Voicemail on line support"] * 2
    later(HOUR // 2)
    driver.sweep()
    assert inbox.mails() == []
    after_the_hour(driver, later)
    (mail,) = inbox.mails()
    assert mail["Subject"] == "More has happened on your lines"
    said, _, shown = mail["Message"].splitlines()
    told = re.fullmatch(r"And 3 more from (.+) to (\d\d:\d\d) UTC, too many to be told one by one\.", said)
    assert told is not None
    since = datetime.strptime(f"{told[1]}Z", "%Y-%m-%d %H:%M%z")
    assert since.minute == 0 and f"{since + timedelta(hours=1):%H:%M}" == told[2]
    assert shown == "./cordboard calls list --stage dev"
    after_the_hour(driver, later)
    assert inbox.mails() == []


def test_the_next_hour_begins_anew(inbox: Inbox, driver: Driver, later: Later) -> None:
    messages(driver, 2)
    driver.sweep()
    after_the_hour(driver, later)
    messages(driver, 2, since=2)
    driver.sweep()
    assert inbox.subjects() == ["Voicemail on line support"] * 4


def test_a_notice_that_is_told_again_has_its_place_already(
    inbox: Inbox, driver: Driver, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep dies after each mail, and after each that is only counted: nothing is counted twice."""
    messages(driver, 3)
    with monkeypatch.context() as broken:
        broken.setattr(notices, "close", lambda *_: 1 / 0)
        for _ in range(4):
            driver.sweep()
            later(outbox.LEASE_SECONDS + 1)
    inbox.mails()
    driver.sweep()
    assert set(inbox.subjects()) == {"Voicemail on line support"}
    after_the_hour(driver, later)
    (mail,) = inbox.mails()
    assert mail["Message"].startswith("And 1 more from")


def test_two_sweeps_at_once_give_no_place_twice(driver: Driver, later: Later, monkeypatch: pytest.MonkeyPatch) -> None:
    key, true = limit._row("mail", later.now), table.update_row

    def slow(*given: Any, **named: Any) -> Any:
        monkeypatch.setattr(table, "update_row", true)
        assert limit.has_place(key, "another", later.now)
        return true(*given, **named)

    monkeypatch.setattr(table, "update_row", slow)
    assert limit.has_place(key, "one", later.now)
    assert table.find_row(key)["by"] == ["another", "one"]
    assert not limit.has_place(key, "third", later.now)


def test_sweeps_that_never_cease_to_count_leave_the_notice_to_the_next_minute(
    inbox: Inbox, driver: Driver, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    def always_first(*_given: Any, **_named: Any) -> Any:
        raise table.ConditionFailed({})

    messages(driver, 1)
    with monkeypatch.context() as busy:
        busy.setattr(table, "update_row", always_first)
        driver.sweep()
    assert inbox.mails() == []
    later(60)
    driver.sweep()
    assert len(inbox.mails()) == 1


def test_each_target_has_an_hour_of_its_own(
    inbox: Inbox, driver: Driver, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted: list[bytes] = []

    def post(_self: Any, body: bytes, _headers: Any, _seconds: float, attempts: int) -> exchange.Answer:
        assert attempts == 1  # the next sweep tries again
        posted.append(body)
        return exchange.Answer(200, b"")

    monkeypatch.setattr(exchange.Endpoint, "post", post)
    messages(driver, 2)
    driver.sweep()
    set_rules(monkeypatch, per_hour=2, deliver=(DESK,))
    messages(driver, 1, since=2)
    driver.sweep()
    assert len(inbox.mails()) == 2 and len(posted) == 1
    messages(driver, 2, since=3)
    driver.sweep()
    after_the_hour(driver, later)
    assert len(inbox.mails()) == 1 and len(posted) == 3
    assert b"And 1 more from" in posted[-1] and b"more" in posted[-1]


def test_a_target_that_is_taken_out_of_the_file_is_told_no_number(
    driver: Driver, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange.Endpoint, "post", lambda *_: exchange.Answer(200, b""))
    set_rules(monkeypatch, per_hour=1, deliver=(DESK,))
    messages(driver, 2)
    driver.sweep()
    set_rules(monkeypatch, per_hour=1)
    monkeypatch.setattr(exchange.Endpoint, "post", lambda *_: 1 / 0)
    after_the_hour(driver, later)
    assert not [row for row in driver.cloud.rows() if row.get("open") == "notice"]


def test_a_thousand_are_counted_and_no_row_grows_further(
    inbox: Inbox, driver: Driver, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limit, "MOST_COUNTED", 4)
    messages(driver, 6)
    driver.sweep()
    assert len(inbox.mails()) == 2
    after_the_hour(driver, later)
    (mail,) = inbox.mails()
    assert mail["Message"].startswith("And 2 or more from")


def told(what: str, later: Later, at: float) -> bool:
    """Whether the desk is told of this call at this second of the hour."""
    about = Notice(what="voicemail", about="CA1", recording_sid=what, at=1.0)
    return limit.is_within(DESK, about, later.now - later.now % HOUR + at)


def test_an_hour_is_one_from_its_first_second_to_its_last(later: Later) -> None:
    for begin in (0, HOUR):
        assert [told("RE1", later, begin), told("RE2", later, begin + HOUR - 0.1)] == [True, True]
        assert [told("RE3", later, begin), told("RE4", later, begin + HOUR - 0.1)] == [False, False]


def test_a_notice_that_has_its_place_keeps_it_and_what_is_more_is_counted_once(driver: Driver, later: Later) -> None:
    for _ in range(2):
        assert [told(name, later, 61) for name in ("RE1", "RE2", "RE3")] == [True, True, False]
    key = limit._row(DESK, later.now)
    row = table.find_row(key)
    assert (len(row["by"]), row["count"], row["expires_at"]) == (3, 3, int(later.now - later.now % HOUR + 61) + 172800)
    assert {len(name) for name in row["by"]} == {12}  # a thousand of them make no large row
    (more,) = [found for found in driver.cloud.rows() if found.get("what") == "more"]
    ends = later.now - later.now % HOUR + HOUR
    assert (more["at"], more["check_at"], more["target"]) == (ends + 60, int(ends) + 60, DESK)


@pytest.mark.parametrize(("count", "more"), [(0, 0), (1, 0), (2, 0), (3, 1), (5, 3)])
def test_more_is_what_was_not_told_in_the_hour_before(later: Later, count: int, more: int) -> None:
    for number in range(count):
        told(f"RE{number}", later, HOUR - 1)
    for number in range(9):
        told(f"RE{number}", later, -1)
        told(f"RE{number}", later, HOUR)
    after = Notice(what="more", at=later.now - later.now % HOUR + HOUR + 60, target=DESK)
    assert limit.more(after) == more


def test_the_file_says_how_many() -> None:
    text = callcenter.source()
    assert callcenter.parse(text).tell.per_hour == 20
    with pytest.raises(CallCenterError, match="per_hour"):
        callcenter.parse(f"{text}\n[tell]\nper_hour = 0\n")
