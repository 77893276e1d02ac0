"""Each mistake that the simulation has to find can still be planted: what it replaces stands where it names it."""

import pytest

from tests.simulation.defects import DEFECTS

pytestmark = pytest.mark.usefixtures("environment")  # app.py is not imported without


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_can_be_planted(name: str) -> None:
    with DEFECTS[name].plant():  # raises where what it replaces is gone
        pass
