"""What a process loads when it starts, by its function: what that needs each time, and nothing else."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import services
from bench.cold_start import ASSIGNMENT, RING, Programs
from chalicelib.config import callcenter
from laptop import package
from laptop.local_aws import LaptopError
from tests.package.conftest import Package
from tests.package.lambdas import only_on_lambdas_system, run

MODULES = "\nimport sys\nprint(*sys.modules, sep='\\n')"
DEFAULT_LINE = "from chalicelib.config import callcenter; print(callcenter.current().default_line)"


@pytest.fixture
def programs(unzipped: Path, runtime: Path) -> Iterator[Programs]:
    with services.serving() as twilio_and_aws:
        yield Programs([str(unzipped), str(runtime)], twilio_and_aws)


def modules(programs: Programs, function: str, program: str) -> set[str]:
    """All that there are when this program is over."""
    command, environment = programs.command(program + MODULES), programs.environment(function)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {line for line in done.stdout.splitlines() if not line.startswith("{")}  # a line of the log


def of_ours(names: set[str]) -> set[str]:
    """Those of the application, and of the libraries that take long."""
    return {name for name in names if name.split(".")[0] in {"app", "boto3", "botocore", "chalicelib", "twilio"}}


@only_on_lambdas_system
def test_importing_the_application_loads_nothing_that_a_function_may_do_without(programs: Programs) -> None:
    loaded = modules(programs, "", "import app")
    assert not loaded & {"boto3", "typing_extensions", "inspect", "tomllib", "twilio.twiml", "twilio.rest"}
    assert len(of_ours(loaded)) <= 40


@only_on_lambdas_system
def test_the_first_assignment_loads_nothing_that_was_not_loaded_before(programs: Programs) -> None:
    before = modules(programs, ASSIGNMENT, "import app")
    assert of_ours(modules(programs, ASSIGNMENT, programs.assignment()) - before) == set()


@only_on_lambdas_system
def test_the_first_ring_loads_nothing_that_was_not_loaded_before(programs: Programs) -> None:
    modules(programs, ASSIGNMENT, programs.assignment())
    before = modules(programs, RING, "import app")
    assert "chalicelib.caller.handlers" not in before
    adapter = {"chalicelib.crm.contacts"}  # which one it is, the queue says
    assert of_ours(modules(programs, RING, programs.ring()) - before) == adapter
    assert programs.services.calls == 1


@only_on_lambdas_system
def test_the_teams_own_code_may_use_typing_extensions_and_garbage_is_collected(programs: Programs) -> None:
    told = modules(programs, "", "import app, gc, typing_extensions; assert gc.isenabled()")
    assert "typing_extensions" in told


@only_on_lambdas_system
def test_the_file_of_the_call_centre_is_read_as_data_while_it_is_the_same(
    local: Package, unzipped: Path, runtime: Path, tmp_path: Path
) -> None:
    environment = local.environment("APIHandler")
    tomls = "\nimport sys; print('tomllib' in sys.modules)"
    task = shutil.copytree(unzipped, tmp_path / "task")
    file = task / "chalicelib" / "team" / "callcenter.toml"
    text = file.read_text(encoding="utf-8")
    line = callcenter.parse(text).default_line
    assert run(DEFAULT_LINE + tomls, task, runtime, environment).split() == [line, "False"]
    other = next(name for name in callcenter.parse(text).lines if name != line)
    file.write_text(text.replace(f'default_line = "{line}"', f'default_line = "{other}"'), encoding="utf-8")
    assert run(DEFAULT_LINE + tomls, task, runtime, environment).split() == [other, "True"]


def test_packaging_reads_the_file_itself_whatever_data_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older version may have taken for right what is wrong now."""
    root = package.copy_project(tmp_path / "project")
    file = root / "chalicelib" / "team" / "callcenter.toml"
    wrong = 'default_line = "nobody"\n[lines.main]\ngreeting = "Hello."\n'
    file.write_text(wrong, encoding="utf-8")
    monkeypatch.setattr("ops.aws.byte_code.prepare", lambda root: None)
    data = file.parent / callcenter.data_file(wrong)
    data.parent.mkdir()
    data.write_text('{"default_line": "nobody", "lines": {"main": {"greeting": "Hello."}}}', encoding="utf-8")
    with pytest.raises(LaptopError, match="default_line is 'nobody'"):
        package.build("local", root, tmp_path / "out")
