import os

import pytest
from hypothesis import HealthCheck, Phase, settings

from chalicelib.config import callcenter
from tests.conftest import Aws
from tests.doubles.twilio import FakeTwilio
from tests.support import in_memory
from tests.support.caches import forget_everything
from tests.support.driver import Driver

# `make test` tries the same examples each time. HYPOTHESIS_PROFILE=hostile looks for new ones, many of them.
settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,
    max_examples=32,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
settings.register_profile(
    "hostile", settings.get_profile("repeatable"), derandomize=False, max_examples=1000, print_blob=True
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture
def cloud(cloud: Aws, environment: pytest.MonkeyPatch) -> Aws:
    """The tables are in memory: what DynamoDB does with a request is the adapters' to test."""
    in_memory.dynamodb(environment)
    return cloud


@pytest.fixture
def driver(cloud: Aws, twilio: FakeTwilio, environment: pytest.MonkeyPatch) -> Driver:
    """Of the laptop's team without its [staff] and its star key, so that what is counted is a plain call."""
    text = callcenter.source()
    for first, after in (("# --- Staff", "# --- In Twilio"), ("[queues.Support.star]", "[queues.Sales]")):
        begins, ends = text.index(first), text.index(after)
        text = text[:begins] + text[ends:]
    environment.setattr(callcenter, "source", lambda: text)
    forget_everything()
    return Driver(cloud, twilio)
