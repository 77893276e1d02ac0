"""A cold start compiles nothing: the archive has the byte code of all that its functions may import."""

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from twilio.rest import Client

from laptop import package
from laptop.package import ROOT
from ops.aws import byte_code
from tests.package.conftest import Package
from tests.package.lambdas import modules_that_the_code_imports, only_on_lambdas_system, run

COUNTING = """
import importlib, importlib._bootstrap_external as machinery
compiled, true = [], machinery.SourceLoader.source_to_code
def counting(self, data, path, **options):
    compiled.append(path)
    return true(self, data, path, **options)
machinery.SourceLoader.source_to_code = counting
"""


def compiled(names: list[str], task: Path, runtime: Path, environment: dict[str, str]) -> list[str]:
    """Files of the archive that were compiled while these modules were imported, and Twilio's client was used."""
    code = f"for name in {names!r}: importlib.import_module(name)\n"
    clients = "".join(f"client.{name}\n" for name in sorted(set(names_of_the_client())))
    used = f"from twilio.rest import Client; client = Client('AC1', 'x')\n{clients}"
    said = run(f"{COUNTING}{code}{used}print(*compiled, sep='\\n')", task, runtime, environment)
    return [path for path in said.split() if path.startswith(str(task))]


def names_of_the_client() -> Iterator[str]:
    """What the application asks of Twilio's client: `client().calls` and its like."""
    for requests in (ROOT / "chalicelib" / "twilio" / "rest").glob("*.py"):
        for node in ast.walk(ast.parse(requests.read_text(encoding="utf-8"))):
            match node:
                case ast.Attribute(value=ast.Call(func=ast.Name(id="client")), attr=name):
                    yield name


@only_on_lambdas_system
def test_nothing_is_compiled_whichever_function_starts_and_whatever_it_imports_later(
    local: Package, unzipped: Path, runtime: Path
) -> None:
    names = ["app", *sorted(set(modules_that_the_code_imports(unzipped)))]
    assert compiled(names, unzipped, runtime, local.environment("JobsConsumer")) == []


@only_on_lambdas_system
def test_of_a_source_that_was_changed_since_the_byte_code_is_not_used(
    local: Package, unzipped: Path, runtime: Path, tmp_path: Path
) -> None:
    task = shutil.copytree(unzipped, tmp_path / "task")
    changed = task / "chalicelib" / "budget.py"
    changed.write_text(changed.read_text(encoding="utf-8") + "\nCHANGED = True\n", encoding="utf-8")
    code = "from chalicelib import budget; print(budget.CHANGED)"
    assert run(code, task, runtime, local.environment("APIHandler")).strip() == "True"
    assert compiled(["chalicelib.budget"], task, runtime, local.environment("APIHandler")) == [str(changed)]


def test_every_byte_code_is_that_of_a_source_in_the_archive(packaged: Package) -> None:
    sources = {name for name in packaged.files if name.endswith(".py")}
    of = {name.replace("__pycache__/", "").split(".cpython")[0] + ".py" for name in packaged.files if ".pyc" in name}
    assert of <= sources
    assert len(packaged.files) == len(set(packaged.files))


def test_only_products_of_twilio_that_the_application_asks_are_compiled() -> None:
    client, names = Client("AC" + "1" * 32, "x"), set(names_of_the_client())
    assert {"calls", "messages", "taskrouter"} <= names
    products = {type(getattr(client, name)).__module__.split(".")[2] for name in names}
    assert products == set(byte_code.PRODUCTS)


def test_the_same_sources_make_the_same_bytes_whatever_the_process_has_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = package.copy_project(tmp_path / "here"), package.copy_project(tmp_path / "a folder elsewhere")
    byte_code.prepare(here)
    monkeypatch.setattr(byte_code, "KEPT", tmp_path / "kept")
    byte_code.prepare(there)
    assert bytes_of(here) == bytes_of(there) != {}


def bytes_of(root: Path) -> dict[str, bytes]:
    return {str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*.pyc")}


def test_what_chalice_is_told_by_hand_has_it_too(tmp_path: Path) -> None:
    """`python -m ops.aws.byte_code` and then `chalice package`, as it is; what was compiled by others goes."""
    root = package.copy_project(tmp_path / "project")
    shutil.copytree(ROOT / "ops", root / "ops")
    (root / "chalicelib" / "__pycache__").mkdir()
    (root / "chalicelib" / "__pycache__" / "gone.cpython-311.pyc").touch()
    subprocess.run([sys.executable, "-m", "ops.aws.byte_code"], cwd=root, check=True)
    found = {str(file.relative_to(root)).split(".cpython")[0] for file in root.rglob("*.pyc")}
    assert {"chalicelib/__pycache__/jobs", "vendor/__pycache__/app", "vendor/twilio/rest/__pycache__/__init__"} <= found
    assert "chalicelib/__pycache__/gone" not in found and "__pycache__/app" not in found
