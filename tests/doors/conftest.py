import pytest

from tests.conftest import Aws
from tests.support.fake_twilio import FakeTwilio
from tests.support.switchboard import Switchboard


@pytest.fixture
def board(cloud: Aws, twilio: FakeTwilio) -> Switchboard:
    return Switchboard(cloud, twilio)
