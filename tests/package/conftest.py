"""What `chalice package` makes, built once for every stage."""

import hashlib
import importlib.util
import json
import zipfile
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import yaml

from laptop import package
from tests.package.lambdas import RUNTIME

STAGES = ("local", "dev", "prod")


@dataclass(frozen=True)
class Package:
    stage: str
    folder: Path

    @property
    def template(self) -> dict[str, Any]:
        return deepcopy(self._read)

    @cached_property
    def _read(self) -> dict[str, Any]:
        template: dict[str, Any] = yaml.safe_load((self.folder / "sam.yaml").read_text(encoding="utf-8"))
        return template

    @property
    def functions(self) -> dict[str, dict[str, Any]]:
        """Properties of each function, by its logical name."""
        return self.resources("AWS::Serverless::Function")

    def name_of(self, function: str) -> str:
        """The name that Lambda knows this function by."""
        name: str = self.functions[function]["FunctionName"]["Fn::Sub"]
        return name.replace("${Stage}", self.stage)

    def resources(self, kind: str) -> dict[str, dict[str, Any]]:
        """Properties of each resource of this type, by its logical name."""
        found = self.template["Resources"].items()
        return {name: resource["Properties"] for name, resource in found if resource["Type"] == kind}

    def environment(self, function: str) -> dict[str, str]:
        """The variables that this function gets as they stand; what only a stack knows is left out."""
        variables = self.functions[function]["Environment"]["Variables"]
        return {name: value for name, value in variables.items() if isinstance(value, str)}

    @property
    def files(self) -> list[str]:
        with zipfile.ZipFile(self.folder / "deployment.zip") as archive:
            return archive.namelist()

    def statements(self, function: str) -> list[dict[str, Any]]:
        """The policy of this function's role."""
        role = self.functions[function]["Role"]["Fn::GetAtt"][0]
        (policy,) = self.template["Resources"][role]["Properties"]["Policies"]
        statements: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"]
        return statements


def _made_of(rules: Path, staff_file: Path) -> None:
    """The package's own file, as `cordboard rota build` makes it of these rules."""
    made = json.loads(staff_file.read_text(encoding="utf-8"))
    made["made_of"]["rota.toml"] = hashlib.sha256(rules.read_bytes()).hexdigest()
    staff_file.write_text(json.dumps(made), encoding="utf-8")


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Package]:
    out = tmp_path_factory.mktemp("packages")
    project = package.copy_project(out / "project")
    for name in ("workers.toml", "rota.toml"):
        (project / name).write_text("# what an operator has there, with phone numbers", encoding="utf-8")
    _made_of(project / "rota.toml", project / "chalicelib" / "team" / "staff.json")
    return {stage: Package(stage, package.build(stage, project, out / stage)) for stage in STAGES}


@pytest.fixture(params=STAGES)
def packaged(request: pytest.FixtureRequest, packages: Mapping[str, Package]) -> Package:
    """The package of each stage in turn."""
    return packages[request.param]


@pytest.fixture(scope="session")
def local(packages: Mapping[str, Package]) -> Package:
    return packages["local"]


@pytest.fixture(scope="session")
def unzipped(local: Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of the stage that this machine can run, as Lambda unpacks it."""
    folder = tmp_path_factory.mktemp("task")
    archive = package.runnable_here((local.folder / "deployment.zip").read_bytes())
    (folder / "here.zip").write_bytes(archive)
    with zipfile.ZipFile(folder / "here.zip") as whole:
        whole.extractall(folder / "task")
    return folder / "task"


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the libraries of Lambda's runtime and nothing else."""
    folder = tmp_path_factory.mktemp("runtime")
    for name in RUNTIME:
        spec = importlib.util.find_spec(name)
        assert spec and spec.origin
        found = Path(spec.origin)
        library = found.parent if found.name == "__init__.py" else found
        (folder / library.name).symlink_to(library)
    return folder
