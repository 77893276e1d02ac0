"""A message goes into the bucket and a mail of it comes out of the real package, through the local S3 and SNS."""

import re

import urllib3

from emulator.voice.recordings import mp3
from laptop import package, scenarios
from laptop.environment import Laptop
from laptop.scenarios import MORE_SCENARIOS
from tests.support.api_gateway import schedule
from tests.support.waiting import eventually


def test_a_voicemail_reaches_whoever_is_subscribed(laptop: Laptop) -> None:
    call_sid = left_alone(laptop)
    package.invoke(laptop.aws, "Sweep", schedule())
    eventually(lambda: mails_of(laptop, call_sid) != [])
    assert mails_of(laptop, call_sid)[0][0] == "Voicemail on line support"


def test_a_voicemail_goes_into_the_bucket_and_is_heard_by_the_link_of_its_mail(laptop: Laptop) -> None:
    call_sid = left_alone(laptop)
    table = laptop.aws.client("dynamodb")

    def message() -> dict[str, dict[str, str]]:
        rows = table.query(
            TableName="cordboard-local-links",
            KeyConditionExpression="call_sid = :sid",
            ExpressionAttributeValues={":sid": {"S": call_sid}},
        )["Items"]
        return next((row for row in rows if row["item"]["S"].startswith("RECORDING#")), {})

    eventually(lambda: "deleted_at" in message())
    kept = (
        laptop.aws.client("s3")
        .get_object(Bucket=package.bucket(laptop.aws), Key=message()["stored_as"]["S"])["Body"]
        .read()
    )
    assert kept == mp3(int(message()["seconds"]["N"]))
    recording_sid = message()["item"]["S"].removeprefix("RECORDING#")
    assert recording_sid not in laptop.do(lambda: dict(laptop.twilio.context.recordings.all))

    package.invoke(laptop.aws, "Sweep", schedule())
    eventually(lambda: mails_of(laptop, call_sid) != [])
    (link,) = re.findall(r"^http.*/m/[0-9a-f]{32}$", mails_of(laptop, call_sid)[0][1], re.MULTILINE)
    page = urllib3.request("GET", link)
    assert page.status == 200 and b"Play" in page.data and "heard_at" not in message()
    played = urllib3.request("POST", link, redirect=False)
    assert played.status == 303
    assert urllib3.request("GET", played.headers["Location"]).data == kept
    assert "heard_at" in message()


def left_alone(laptop: Laptop) -> str:
    """A caller whom nobody takes, and who leaves a message; returns the CallSid."""
    (scenario,) = [scenario for scenario in MORE_SCENARIOS if scenario.letter == "j"]
    return scenarios.run(laptop, scenario).call_sid


def mails_of(laptop: Laptop, call_sid: str) -> list[tuple[str, str]]:
    """Subject and text of the mails about this message."""
    return [(subject, text) for subject, text in laptop.mailbox.mails if call_sid in text and "Voicemail" in subject]
