"""All the small changes that can be made to `chalicelib`, and what each does to a module's text."""

import difflib
import functools
import itertools
import random
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

IDENTITY = ("ComparisonOperator_Eq_Is", "ComparisonOperator_NotEq_IsNot")
ANNOTATED = {"annassign", "tfpdef"}  # parso's nodes that hold `name: type`


@dataclass(frozen=True, order=True)
class Mutant:
    """One change. `module` is the file's path in the project, `line` counts from 1. `operator` and `occurrence` are
    cosmic-ray's: this operator at the n-th place, from 0 on, where it can do something in this file."""

    module: str
    line: int
    operator: str
    occurrence: int

    def __str__(self) -> str:
        return f"{self.module}:{self.line} {self.operator.removeprefix('core/')}"


def draw(project: Path, count: int, seed: int) -> list[Mutant]:
    """`count` different mutants of the project, the same ones for one seed and one text of it.

    A change after which the module is no Python any more is none.
    """
    everything = [
        mutant for path in sorted(project.glob("chalicelib/**/*.py")) for mutant in _mutants_of(project, path)
    ]
    random.Random(seed).shuffle(everything)
    return list(itertools.islice((mutant for mutant in everything if _can_be_made(project, mutant)), count))


def mutated(project: Path, mutant: Mutant) -> str:
    """The whole text of the mutant's module with the change in it."""
    text = (project / mutant.module).read_text(encoding="utf-8")
    changed: str = mutate_code(text, get_operator(mutant.operator)(), mutant.occurrence)
    return changed


def difference(project: Path, mutant: Mutant) -> tuple[str, str]:
    """The changed lines before and after, without their indentation, joined by a space."""
    before = (project / mutant.module).read_text(encoding="utf-8").splitlines()
    lines = list(difflib.unified_diff(before, mutated(project, mutant).splitlines(), lineterm="", n=0))[2:]
    removed, added = ([line[1:].strip() for line in lines if line.startswith(sign)] for sign in "-+")
    return " ".join(removed), " ".join(added)


def _can_be_made(project: Path, mutant: Mutant) -> bool:
    with warnings.catch_warnings(action="ignore"):
        try:
            compile(mutated(project, mutant), mutant.module, "exec")
        except (SyntaxError, AttributeError):  # cosmic-ray cannot replace a dotted name behind `except`
            return False
    return True


def _mutants_of(project: Path, path: Path) -> Iterator[Mutant]:
    nodes = list(ast_nodes(get_ast(path.read_text(encoding="utf-8"))))
    module = path.relative_to(project).as_posix()
    for name in _operators():
        operator = get_operator(name)()
        places = [(node, start) for node in nodes for start, _ in operator.mutation_positions(node)]
        for occurrence, (node, start) in enumerate(places):
            if not _is_no_expression(node):
                yield Mutant(module, start[0], name, occurrence)


@functools.cache
def _operators() -> list[str]:
    """The operators that need no arguments, but for identity instead of equality: what is equal often is identical too,
    as the interpreter likes, and where a literal is compared the linter refuses it.
    """
    return sorted(
        name for name in operator_names() if not name.endswith(IDENTITY) and not get_operator(name).arguments()
    )


def _is_no_expression(node: Any) -> bool:
    """Whether the node is part of a type, or the `*` before parameters that have to be named.

    A change there changes nothing that runs, or fails at the import whatever is tested.
    """
    if node.parent is not None and node.parent.type == "parameters":
        return True
    while (parent := node.parent) is not None:
        if parent.type in ANNOTATED and ":" in parent.children[:2] and not _is_value(parent, node):
            return True
        if parent.type == "funcdef" and parent.annotation is node:
            return True
        node = parent
    return False


def _is_value(parent: Any, node: Any) -> bool:
    """Whether the node stands behind the `=` of `name: type = value`."""
    return "=" in parent.children and parent.children.index(node) > parent.children.index("=")
