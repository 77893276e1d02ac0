"""Inside a pytest process: only the tests that are asked for, in their order."""

import os
from pathlib import Path

import pytest

ASKED = "MUTANTS_ASKED"  # the file with their names, one a line; all are, when there are none


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """pytest's hook."""
    names = Path(os.environ[ASKED]).read_text(encoding="utf-8").splitlines()
    place = {name: number for number, name in enumerate(names)}
    if place:
        items[:] = sorted((item for item in items if item.nodeid in place), key=lambda item: place[item.nodeid])
