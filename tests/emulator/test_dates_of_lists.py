"""Lists of what is on a day, before it, and from it on (contract 7.8)."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from emulator.voice.parties import answers, busy, hangs_up, talks
from tests.emulator.harness import LINE, WORKER, Harness
from tests.emulator.official import client_of

DAY = timedelta(days=1)
ROOM = "<Dial><Conference record='record-from-start'>room</Conference></Dial>"


def today(harness: Harness) -> date:
    return datetime.fromtimestamp(harness.twilio.scheduler.now(), UTC).date()


@pytest.fixture
def account() -> Iterator[tuple[Harness, Client]]:
    """Yesterday a conference of two, recorded, and a text; today a call to somebody who is busy, and a text."""
    harness = Harness({"/incoming": ROOM, "/answer": ROOM})
    client = client_of(harness)
    harness.twilio.phone(WORKER).will(answers(1, [talks(5), hangs_up()]), busy())
    harness.dial(talks(8), hangs_up())
    harness.ring()
    client.messages.create(from_=LINE, to=WORKER, body="yesterday")
    harness.run(DAY.total_seconds())
    harness.ring()
    client.messages.create(from_=LINE, to=WORKER, body="today")
    harness.run(60)
    yield harness, client


def test_calls_by_when_they_began_and_ended(account: tuple[Harness, Client]) -> None:
    harness, client = account
    day = today(harness)
    assert len(client.calls.list()) == 3
    for asked, found in (
        ({"start_time": day - DAY}, 2),
        ({"start_time": day}, 0),  # nobody took that call: it has no beginning
        ({"start_time_before": day}, 2),
        ({"start_time_after": day}, 0),
        ({"end_time": day}, 1),
        ({"end_time_after": day - DAY}, 3),
        ({"end_time_before": day - DAY}, 0),
        ({"start_time_after": day - DAY, "end_time_before": day}, 2),
    ):
        assert len(client.calls.list(**asked)) == found, asked


def test_a_moment_counts_to_the_second(account: tuple[Harness, Client]) -> None:
    _, client = account
    first, second = sorted((call for call in client.calls.list() if call.start_time), key=lambda call: call.start_time)
    assert second.start_time > first.start_time
    assert [call.sid for call in client.calls.list(start_time_before=second.start_time)] == [first.sid]
    assert [call.sid for call in client.calls.list(start_time_after=second.start_time)] == [second.sid]


def test_conferences_recordings_and_messages(account: tuple[Harness, Client]) -> None:
    harness, client = account
    day = today(harness)
    (conference,) = client.conferences.list(date_created=day - DAY)
    assert client.conferences.list(date_created_after=day) == client.conferences.list(date_updated=day) == []
    recordings = client.conferences(conference.sid).recordings
    assert len(client.recordings.list(date_created_before=day)) == len(recordings.list(date_created=day - DAY)) == 1
    assert recordings.list(date_created=day) == []
    for asked, found in (
        ({"date_sent": day}, ["today"]),
        ({"date_sent_before": day - DAY}, ["yesterday"]),  # and on that day
        ({"date_sent_after": day}, ["today"]),
    ):
        assert [one.body for one in client.messages.list(**asked)] == found


def test_what_is_no_date_is_refused(account: tuple[Harness, Client]) -> None:
    _, client = account
    with pytest.raises(TwilioException, match="HTTP 400"):
        client.calls.list(start_time="yesterday")
