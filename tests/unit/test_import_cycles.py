"""No module needs itself by way of others, imports for types and late imports included."""

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import chain
from pathlib import Path

import pytest

from tests.support.no_team import upstreams

ROOT = Path(__file__).parents[2]
PACKAGES = ("bench", "chalicelib", "emulator", "laptop", "load", "ops", "taskrouter_expressions")

Graph = Mapping[str, set[str]]


def module_name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(tree: ast.AST, modules: set[str]) -> Iterator[str]:
    """The modules that an import names, wherever it stands; `from a import b` means a.b where that is a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found = {f"{node.module}.{alias.name}" for alias in node.names}
            yield from found & modules
            if found - modules and node.module in modules:
                yield node.module


def graph(root: Path, packages: tuple[str, ...]) -> Graph:
    files = {
        module_name(path, root): path
        for path in upstreams(chain.from_iterable((root / package).rglob("*.py") for package in packages))
    }
    trees = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in files.items()}
    return {name: set(imported(tree, set(files))) for name, tree in trees.items()}


def cycle(edges: Graph) -> list[str]:
    """One cycle, from a module back to itself; none is an empty list."""
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_there_is_no_cycle() -> None:
    edges = graph(ROOT, PACKAGES)
    assert set(PACKAGES) <= set(edges)
    assert cycle(edges) == []


@pytest.mark.parametrize(
    "back",
    [
        "from pack import a",
        "import pack.a",
        "from pack.a import thing",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pack.a import thing",
        "def late() -> None:\n    from pack import a",
    ],
)
def test_a_cycle_is_found(back: str, tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    for name, text in {"__init__": "", "a": "from pack.b import thing", "b": back}.items():
        (tmp_path / "pack" / f"{name}.py").write_text(text, encoding="utf-8")
    assert set(cycle(graph(tmp_path, ("pack",)))) == {"pack.a", "pack.b"}
