"""Inside a pytest process that has collected every test: each mutant is tried in a fork of it, which imports nothing.

A change inside of functions is put into those that exist, wherever they are held. One outside of them takes part in
the import of its module, and needs a process of its own.
"""

import gc
import importlib
import json
import os
import signal
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from inspect import CO_OPTIMIZED
from types import CodeType, FunctionType
from typing import Any, NamedTuple

import pytest
from _pytest.runner import runtestprotocol

READY = "ready\n"
ALIVE, NOTICED, NEEDS_IMPORT = 0, 1, 2  # how a fork ends

Place = tuple[str, int]  # a function's qualified name, and the line that it begins in


class Asked(NamedTuple):
    """A module's text before and after, the tests to be run (all, when there are none), and for how long at most."""

    module: str
    before: str
    after: str
    tests: Sequence[str]
    seconds: int


def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """pytest's hook: says that everything is imported, then answers one line of JSON with another until the last."""
    if "MUTANTS_PIPES" not in os.environ:
        return None
    reads, writes = map(int, os.environ["MUTANTS_PIPES"].split(","))
    items = {item.nodeid: item for item in session.items}
    with os.fdopen(reads, encoding="utf-8") as requests, os.fdopen(writes, "w", encoding="utf-8") as answers:
        answers.write(READY)
        answers.flush()
        for line in requests:
            answers.write(f"{json.dumps(_try(Asked(*json.loads(line)), items))}\n")
            answers.flush()
    return True


def _try(asked: Asked, items: Mapping[str, pytest.Item]) -> str | None:
    """How the tests noticed; empty when they did not, None where they cannot judge here."""
    found = changed(asked.before, asked.after)
    if found is None:
        return None
    tests = [items[test] for test in asked.tests or items]
    child = os.fork()
    if not child:
        try:
            _judge(asked, found, tests)
        finally:  # also when the run itself is ended: nothing of it may go on here
            os._exit(NOTICED)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        return "does not end" if os.WTERMSIG(status) == signal.SIGALRM else f"signal {os.WTERMSIG(status)}"
    return {ALIVE: "", NOTICED: "a test fails"}.get(os.WEXITSTATUS(status))


def _judge(asked: Asked, found: Mapping[Place, CodeType], tests: Sequence[pytest.Item]) -> None:
    """The fork: it never returns."""
    signal.alarm(asked.seconds)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    try:
        put_in(asked.module, found)
    except ValueError:
        os._exit(NEEDS_IMPORT)
    for test, following in zip(tests, [*tests[1:], None], strict=True):
        if any(report.failed for report in runtestprotocol(test, log=False, nextitem=following)):
            os._exit(NOTICED)
    os._exit(ALIVE)


def changed(before: str, after: str) -> Mapping[Place, CodeType] | None:
    """The functions that are others after the change, by the place of those that they replace; None if that is not all.

    A nested function counts with the one around it, which makes it anew.
    """
    with warnings.catch_warnings(action="ignore"):  # `1 is 1`, say
        old, new = compile(before, "before", "exec"), compile(after, "after", "exec")
    if _outside(old) != _outside(new):
        return None
    pairs = list(zip(_functions(old), _functions(new), strict=True))
    places = Counter(_place(was) for was, _ in pairs)
    others = {_place(was): now for was, now in pairs if _inside(was) != _inside(now)}
    return others if all(places[place] == 1 for place in others) else None


def put_in(module: str, found: Mapping[Place, CodeType]) -> None:
    """Change the functions that exist. Raises ValueError for one that is nowhere or would close over others."""
    importlib.import_module(module)
    gc.unfreeze()  # what is frozen is in no list
    functions = [one for one in gc.get_objects() if type(one) is FunctionType and one.__module__ == module]
    held = [one for one in functions if _place(one.__code__) in found]
    if {_place(one.__code__) for one in held} != found.keys():
        raise ValueError(f"{module} does not hold each of {', '.join(name for name, _ in found)}")
    for one in held:
        one.__code__ = found[_place(one.__code__)]


def _place(code: CodeType) -> Place:
    return code.co_qualname, code.co_firstlineno


def _functions(code: CodeType) -> Iterator[CodeType]:
    """Those at the top of a module, and of its classes."""
    for const in code.co_consts:
        if isinstance(const, CodeType) and const.co_flags & CO_OPTIMIZED:
            yield const
        elif isinstance(const, CodeType):
            yield from _functions(const)


def _outside(code: CodeType) -> tuple[Any, ...]:
    """What runs at the import: the code without that of functions."""
    return _shape(code, inside=False)


def _inside(code: CodeType) -> tuple[Any, ...]:
    """All of a function's code, and of those in it; not in which line it stands."""
    return _shape(code, inside=True)


def _shape(code: CodeType, *, inside: bool) -> tuple[Any, ...]:
    consts = [
        (_shape(const, inside=inside) if inside or not const.co_flags & CO_OPTIMIZED else const.co_qualname)
        if isinstance(const, CodeType)
        else (type(const), const)
        for const in code.co_consts
    ]
    return code.co_code, code.co_names, code.co_varnames, code.co_freevars, code.co_argcount, code.co_flags, *consts
