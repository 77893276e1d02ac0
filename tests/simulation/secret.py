"""The account's secret: what the parameter holds, and an operator who rotates it while calls come in."""

import json
from dataclasses import dataclass, field

from chalicelib.config.secrets import AGAIN_SECONDS, REFRESH_SECONDS
from emulator.twilio import Twilio
from tests.simulation.faults import Faults
from tests.support.api_gateway import TOKEN

NEW_TOKEN = "fedcba9876543210fedcba9876543210"
OLD_KEY, NEW_KEY = "SK" + "0" * 32, "SK" + "1" * 32
WORK_KEY = "w"  # of the team's own systems


@dataclass
class Secret:
    """`text` is the parameter's value."""

    auth_tokens: list[str] = field(default_factory=lambda: [TOKEN])
    api_key: str = OLD_KEY

    def text(self) -> str:
        secret = {
            "auth_tokens": self.auth_tokens,
            "api_key_sid": self.api_key,
            "api_key_secret": "s",
            "crm_key": "k",
            "work_key": WORK_KEY,
        }
        return json.dumps(secret)


def rotated(twilio: Twilio, faults: Faults) -> Secret:
    """A secret; in some worlds both of its parts are rotated, the key without a pause, the token as documented."""
    secret, scheduler = Secret(), twilio.scheduler
    twilio.account.api_keys[OLD_KEY] = "s"

    def revoke() -> None:
        del twilio.account.api_keys[OLD_KEY]

    def write() -> None:
        secret.auth_tokens, secret.api_key = [NEW_TOKEN, TOKEN], NEW_KEY
        twilio.account.api_keys[NEW_KEY] = "s"
        scheduler.after(faults.seconds("rotation", 0, 5), revoke)
        scheduler.after(REFRESH_SECONDS + 2 * AGAIN_SECONDS, lambda: twilio.rotate_auth_token(NEW_TOKEN))

    if faults.happens("rotation"):
        scheduler.after(faults.seconds("rotation begins", 0, 200), write)
    return secret
