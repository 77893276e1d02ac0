"""The rules of the architecture that import-linter cannot see, and the promises that documents and pins make."""

import ast
import re
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from tests.support.no_team import upstreams

ROOT = Path(__file__).parents[2]
PACKAGES = ("bench", "chalicelib", "emulator", "laptop", "load", "ops", "taskrouter_expressions")
SOURCES = upstreams([ROOT / "app.py", *chain.from_iterable((ROOT / package).rglob("*.py") for package in PACKAGES)])
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PURE = (
    "caller/menu",
    "caller/say",
    "caller/twiml",
    "config/answering",
    "config/callcenter",
    "config/console",
    "config/menu_mistakes",
    "config/mistakes",
    "config/menus",
    "config/reports",
    "config/schema",
    "config/staff",
    "config/texts",
    "config/toml_errors",
    "console/session",
    "links/attributes",
    "links/model",
    "links/modes",
    "observability/masking",
    "reports/export",
    "reports/figures",
    "reports/outcome",
    "reports/rows",
    "reports/story",
    "routing/instructions",
    "routing/reservation",
    "staff/pins",
    "staff/rota",
    "staff/texts",
    "twilio/saying",
    "twilio/urls",
    "twilio/values",
    "worker/twiml",
)
GATEWAY_LIBRARIES = ("boto3", "botocore", "chalice", "requests", "twilio.rest", "urllib3")
CLOCK_MODULES = ("time", "freezegun")
CLOCK_READINGS = ("now", "utcnow", "today")


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(tree: ast.AST) -> Iterator[str]:
    """Every module that the code imports, wherever in the file, with the names taken from it: a, a.b, a.b.c."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def belongs_to(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def asks_for_the_time(tree: ast.AST) -> bool:
    """Whether the code imports a clock or reads one: `time`, `datetime.now()`, `date.today()`."""
    if any(belongs_to(module, CLOCK_MODULES) for module in imports(tree)):
        return True
    return any(isinstance(node, ast.Attribute) and node.attr in CLOCK_READINGS for node in ast.walk(tree))


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@pytest.mark.parametrize("module", PURE)
def test_a_pure_module_is_handed_the_time(module: str) -> None:
    assert not asks_for_the_time(parsed(ROOT / "chalicelib" / f"{module}.py"))


@pytest.mark.parametrize(
    "code",
    [
        "import time",
        "from time import monotonic",
        "def f():\n    import time",
        "datetime.now(UTC)",
        "datetime.datetime.utcnow()",
        "date.today()",
        "clock = datetime.now",
    ],
)
def test_reading_a_clock_is_noticed(code: str) -> None:
    assert asks_for_the_time(ast.parse(code))


def test_being_handed_the_time_is_no_reading_of_a_clock() -> None:
    assert not asks_for_the_time(ast.parse("def f(now: float) -> float:\n    return now + 1"))


@pytest.mark.parametrize("module", PURE)
def test_a_pure_module_talks_to_nobody(module: str) -> None:
    found = imports(parsed(ROOT / "chalicelib" / f"{module}.py"))
    assert not [name for name in found if belongs_to(name, GATEWAY_LIBRARIES)]


def test_only_app_knows_chalice() -> None:
    knowing = [
        relative(path) for path in SOURCES if any(belongs_to(name, ("chalice",)) for name in imports(parsed(path)))
    ]
    assert knowing == ["app.py"]


def test_nobody_imports_the_tests() -> None:
    assert not [
        relative(path) for path in SOURCES if any(belongs_to(name, ("tests",)) for name in imports(parsed(path)))
    ]


def test_nobody_but_the_team_imports_the_teams_code() -> None:
    """It may be missing, and in another checkout it is other code: app.py hands in what it finds."""
    ours = [path for path in SOURCES if path.parent != ROOT / "chalicelib" / "team"]
    assert not [
        relative(path) for path in ours if any(belongs_to(name, ("chalicelib.team",)) for name in imports(parsed(path)))
    ]


def test_every_package_is_under_the_import_rules() -> None:
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages - {"tests"} == set(PACKAGES) == set(rules["root_packages"])


@pytest.mark.parametrize("package", ["chalicelib", "emulator"])
def test_nothing_that_is_deployed_or_emulated_imports_the_doors(package: str) -> None:
    files = upstreams((ROOT / package).rglob("*.py"))
    assert files
    assert not [relative(path) for path in files if any(belongs_to(name, ("app",)) for name in imports(parsed(path)))]


def named_tests(document: Path) -> list[tuple[str, str]]:
    """File and name of each test that the document names in backquotes.

    `tests/x/test_y.py::test_z` says both. A `test_z` alone is in the file named before it on its line, else in the one
    of the document's sentence "Tests without a path are in `tests/x/test_y.py`".
    """
    text = document.read_text(encoding="utf-8")
    stated = re.search(r"Tests without a path are in\s+`([^`]+)`", text)
    named = []
    for line in text.splitlines():
        path = stated[1] if stated else ""
        for found, name in re.findall(r"`(?:(tests/[\w/]+\.py)::)?(?:\w+::)?(test_\w+)`", line):
            path = found or path
            named.append((path, name))
    return named


def defined_tests(path: Path) -> set[str]:
    if not path.is_file():
        return set()
    return {node.name for node in ast.walk(parsed(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_every_test_that_a_document_names_exists(document: Path) -> None:
    assert [test for test in named_tests(document) if test[1] not in defined_tests(ROOT / test[0])] == []


@pytest.mark.parametrize("document", sorted((ROOT / "docs" / "twilio" / "emulator").glob("*.md")), ids=relative)
def test_every_page_of_the_emulators_rows_names_tests(document: Path) -> None:
    assert len(named_tests(document)) > 20


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text)]
    local = [target for target in targets if target and not re.match(r"[a-z]+:", target)]
    assert not [target for target in local if not (document.parent / target).exists()]


def pins(name: str) -> dict[str, str]:
    """Name and version with its marker for each requirement of the file."""
    return {package: version for package, _, version in (line.partition("==") for line, _ in requirements(name))}


def requirements(name: str) -> list[tuple[str, list[str]]]:
    """Each requirement of the file without its hashes, and these."""
    whole = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in whole.splitlines() if line and not line.lstrip().startswith("#")]
    return [(line.partition(" --hash=")[0].strip(), re.findall(r"--hash=(\S+)", line)) for line in lines]


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned_and_no_index_is_named(name: str) -> None:
    assert pins(name)
    assert not [package for package, version in pins(name).items() if not version]
    assert [line for line, hashes in requirements(name) if not hashes] == []
    assert "://" not in (ROOT / name).read_text(encoding="utf-8")


def test_lambda_and_laptop_run_the_same_versions() -> None:
    def without_marker(version: str) -> str:
        return version.partition(";")[0].strip()

    deployed, developed = pins("requirements.txt"), pins("requirements-dev.txt")
    different = [
        package
        for package in deployed
        if without_marker(deployed[package]) != without_marker(developed.get(package, ""))
    ]
    assert not different


def test_what_the_runtime_or_the_packager_brings_is_not_deployed_again() -> None:
    assert not {"boto3", "botocore", "chalice"} & set(pins("requirements.txt"))


def structs(path: Path) -> Iterator[ast.ClassDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "msgspec.Struct" for base in node.bases):
            yield node


@pytest.mark.parametrize(
    "path", [path for path in SOURCES if relative(path).startswith("chalicelib/") and any(structs(path))], ids=relative
)
def test_what_has_been_read_stays_as_it_is(path: Path) -> None:
    """Every struct is frozen, and no other switch of one is off: who wants another makes another."""
    for struct in structs(path):
        switches = {keyword.arg: ast.unparse(keyword.value) for keyword in struct.keywords}
        assert switches.pop("frozen", "") == "True", struct.name
        assert "False" not in switches.values(), struct.name
