"""A recorded call from end to end on the real package: notice, talk, bucket, and the phone of who may listen."""

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.links.attributes import decode
from emulator.voice.parties import answers, hangs_up, hears, joined, presses, talks, waits
from emulator.voice.recordings import mp3
from laptop import environment, package
from laptop.environment import Laptop
from laptop.teams import Team
from tests.support.teams import demo_with
from tests.support.waiting import eventually

NOTICE = "This call is recorded."
RECORDED = f'\n[queues.Support.recording]\nrecord = "both"\nnotice = "{NOTICE}"\nwho_may_listen = ["Bea"]\n'


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Team:
    """The demo's, with the talks of one queue recorded."""
    return demo_with(tmp_path_factory.mktemp("teams") / "recorded", lambda text: text + RECORDED)


@pytest.fixture(scope="module")
def started(team: Team, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    with environment.running(team=team, log=tmp_path_factory.mktemp("aws") / "aws.log") as laptop:
        yield laptop


@pytest.fixture(scope="module")
def recorded(started: Laptop) -> dict[str, Any]:
    """A caller talks to Carl for five seconds; the row of the recording."""
    centre = started.call_centre

    def dial() -> str:
        started.twilio.phone(centre.phones["Carl"]).will(answers(1, [joined(), talks(5), hangs_up()]))
        centre.on_duty("Carl")
        line = centre.center.application.lines["support"]
        assert line.menu is not None
        steps = (hears(line.said(line.menu.prompt).words), presses("1"), joined())
        return started.twilio.dial(centre.callers["Gus"], centre.lines["support"], steps)

    call_sid = started.do(dial)
    eventually(lambda: "deleted_at" in row_of(started, call_sid))
    heard = started.do(lambda: list(started.twilio.context.calls[call_sid].heard))
    assert NOTICE in heard
    return row_of(started, call_sid)


def row_of(laptop: Laptop, call_sid: str, kind: str = "TALK#") -> dict[str, Any]:
    found = laptop.aws.client("dynamodb").query(
        TableName="cordboard-local-links",
        KeyConditionExpression="call_sid = :sid",
        ExpressionAttributeValues={":sid": {"S": call_sid}},
    )["Items"]
    return next((decode(row) for row in found if row["item"]["S"].startswith(kind)), {})


def test_the_talk_is_in_the_bucket_and_no_longer_at_twilio(started: Laptop, recorded: dict[str, Any]) -> None:
    kept = (
        started.aws.client("s3")
        .get_object(Bucket=package.bucket(started.aws), Key=recorded["stored_as"])["Body"]
        .read()
    )
    assert kept == mp3(int(recorded["seconds"])) and 4 <= recorded["seconds"] <= 7
    recording_sid = recorded["item"].removeprefix("TALK#")
    assert recording_sid not in started.do(lambda: dict(started.twilio.context.recordings.all))


def test_who_may_listen_hears_it_on_the_phone(started: Laptop, recorded: dict[str, Any]) -> None:
    centre = started.call_centre
    steps = (hears("PIN"), presses("4711#"), hears("Press 8"), presses("8"), hears("number of a recording"))
    staff = centre.center.application.staff.numbers[0]
    call_sid = started.do(
        lambda: started.twilio.dial(centre.phones["Bea"], staff, [*steps, presses("0#"), waits(20), hangs_up()])
    )

    def is_heard() -> bool:
        heard = started.do(lambda: list(started.twilio.context.calls[call_sid].heard))
        return any(recorded["stored_as"] in sound for sound in heard)

    eventually(is_heard)
    assert row_of(started, recorded["call_sid"], "HEARD#")["by"] == "Bea"
