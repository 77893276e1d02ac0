"""A mail of a voicemail comes out of the real package, through the local SNS."""

from laptop import package, scenarios
from laptop.environment import Laptop
from laptop.scenarios import MORE_SCENARIOS
from tests.support.api_gateway import schedule
from tests.support.waiting import eventually


def test_a_voicemail_reaches_whoever_is_subscribed(laptop: Laptop) -> None:
    (left_alone,) = [scenario for scenario in MORE_SCENARIOS if scenario.letter == "i"]
    call_sid = scenarios.run(laptop, left_alone).call_sid
    package.invoke(laptop.aws, "Sweep", schedule())

    def is_told() -> bool:
        return any(
            call_sid in text and subject == "Voicemail on line support" for subject, text in laptop.mailbox.mails
        )

    eventually(is_told)
