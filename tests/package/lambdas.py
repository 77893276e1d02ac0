"""The unzipped archive as Lambda runs it: nothing beside it but Python and what the runtime brings."""

import ast
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# boto3 and what it needs are part of Lambda's runtime.
RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3")

only_on_lambdas_system = pytest.mark.skipif(
    (platform.system(), platform.machine()) != ("Linux", "x86_64"),
    reason="the archive's libraries are built for Lambda's Linux",
)


def run(code: str, task: Path, runtime: Path, environment: dict[str, str]) -> str:
    """What this code prints in a clean interpreter: no site packages, not this checkout, only task and runtime.

    Nothing is written into `task`, as nothing can be in Lambda.
    """
    path = f"import sys; sys.path[:0] = {[str(task), str(runtime)]!r}; sys.dont_write_bytecode = True\n"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", path + code],
        cwd=runtime,
        env={"AWS_DEFAULT_REGION": "us-east-1", "PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def modules_that_the_code_imports(task: Path) -> Iterator[str]:
    for file in [task / "app.py", *sorted((task / "chalicelib").rglob("*.py"))]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module
