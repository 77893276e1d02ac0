"""A recording's sound comes from Twilio as a stream, with our credentials, and no further than it may."""

import io
import time
from collections.abc import Iterator

import pytest

from chalicelib import budget
from chalicelib.config import secrets
from chalicelib.twilio import rest, transport
from tests.conftest import ENVIRONMENT
from tests.doubles.http_server import Endpoint, serving
from tests.support.api_gateway import TOKEN
from tests.support.caches import forget_everything

RECORDING = "RE" + "a" * 32
ACCOUNT = ENVIRONMENT["TWILIO_ACCOUNT_SID"]


@pytest.fixture
def media(environment: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    with serving() as endpoint:
        environment.setenv("TWILIO_API_URL", endpoint.url.removesuffix("/"))
        forget_everything()
        yield endpoint


def test_the_sound_is_asked_for_with_our_credentials_at_our_own_account(media: Endpoint) -> None:
    media.answers = [(200, b"sound")]
    assert rest.recordings.sound(RECORDING) == b"sound"
    ((path, headers, _),) = media.requests
    assert path.endswith(f"/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RECORDING}.mp3")
    assert headers["Authorization"].startswith("Basic ") and TOKEN not in path


def test_a_sound_that_is_too_large_is_not_read_to_its_end(media: Endpoint, environment: pytest.MonkeyPatch) -> None:
    environment.setattr(rest.recordings, "MOST_SOUND_BYTES", 1000)
    media.answers = [(200, b"x" * 1000)]
    assert len(rest.recordings.sound(RECORDING)) == 1000
    media.answers = [(200, b"x" * 8_000_000)]
    with pytest.raises(rest.TwilioRejected, match="too large"):
        rest.recordings.sound(RECORDING)
    assert media.sent < 8_000_000


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, rest.TwilioRejected), (400, rest.TwilioRejected), (429, rest.NotDone), (500, rest.NotDone)],
)
def test_what_twilio_answers_otherwise_is_no_sound(media: Endpoint, status: int, error: type[Exception]) -> None:
    media.answers = [(status, b"{}")]
    with pytest.raises(error):
        rest.recordings.sound(RECORDING)


def test_refused_credentials_are_read_anew(media: Endpoint) -> None:
    secrets.current()
    media.answers = [(401, b"{}")]
    with pytest.raises(rest.TwilioDenied):
        rest.recordings.sound(RECORDING)
    assert secrets._kept.ask_at == 0.0


def test_a_sound_that_drips_ends_with_the_time_of_the_job(media: Endpoint) -> None:
    media.answers = ["drip body"]
    began = time.time()
    with budget.Until(began + 3), pytest.raises(rest.NotDone):
        rest.recordings.sound(RECORDING)
    assert time.time() - began < 4


def test_a_sound_that_is_broken_off_is_not_taken_for_the_whole(media: Endpoint) -> None:
    media.answers = ["cut"]
    with pytest.raises(rest.OutcomeUnknown):
        rest.recordings.sound(RECORDING)


class Packets(io.BytesIO):
    """A body that comes three bytes at a time."""

    def read1(self, _most: int | None = -1, /, **_options: object) -> bytes:
        return self.read(3)


@pytest.mark.parametrize(("sent", "read"), [(5, 5), (6, 6), (7, 7), (8, 7)])
def test_one_byte_more_than_there_may_be_is_read_at_the_most(sent: int, read: int) -> None:
    assert transport._body(Packets(b"x" * sent), 4.0, 6) == b"x" * read


def test_a_packet_is_waited_for_to_the_last_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "seconds_left", lambda: 4.0)
    assert transport._body(Packets(b"xx"), 4.0, 6) == b"xx"
    with pytest.raises(budget.OutOfTime):
        transport._body(Packets(b"xx"), 4.1, 6)


def test_no_answer_in_time_is_tried_again_later(media: Endpoint, environment: pytest.MonkeyPatch) -> None:
    environment.setattr(rest.client, "TIMEOUT_SECONDS", 0.2)
    media.answers = ["hang"]
    with pytest.raises(rest.NotDone):
        rest.recordings.sound(RECORDING)
