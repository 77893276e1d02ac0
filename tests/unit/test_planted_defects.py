"""Each mistake that the simulation has to find can still be planted: what it replaces stands where it names it."""

from pathlib import Path

import pytest

from tests.simulation.defects import DEFECTS

pytestmark = pytest.mark.usefixtures("environment")  # app.py is not imported without


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_can_be_planted(name: str) -> None:
    with DEFECTS[name].plant():  # raises where what it replaces is gone
        pass


def test_the_readme_tells_of_as_many_promises_as_are_held() -> None:
    promises = {number for defect in DEFECTS.values() for number in defect.invariants}
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert f"[{len(promises)} promises](docs/reliability.md)" in readme
