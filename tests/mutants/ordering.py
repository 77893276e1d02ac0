"""Inside a pytest process: the tests that are likely to notice come first, so that a mutant is noticed soon."""

import os
from pathlib import Path

import pytest

FIRST = "MUTANTS_FIRST"  # the file with their names, one a line, in order


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """pytest's hook."""
    names = Path(os.environ[FIRST]).read_text(encoding="utf-8").splitlines()
    place = {name: number for number, name in enumerate(names)}
    items.sort(key=lambda item: place.get(item.nodeid, len(place)))
