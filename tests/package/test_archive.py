"""The archive, run as Lambda runs it: nothing beside it but Python and what the runtime brings."""

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from twilio.request_validator import RequestValidator

from chalicelib.staff import pins, rota
from laptop import package
from laptop.local_aws import LaptopError
from tests.package.conftest import Package
from tests.package.lambdas import modules_that_the_code_imports, only_on_lambdas_system, run

TOKEN = "a-token-of-this-test"
URL = "https://example.com/api/voice/incoming"


@only_on_lambdas_system
@pytest.mark.parametrize("function", ["APIHandler", "JobsConsumer"])
def test_every_handler_is_found_in_the_unzipped_archive(
    function: str, local: Package, unzipped: Path, runtime: Path
) -> None:
    properties = local.functions[function]
    module, _, name = properties["Handler"].rpartition(".")
    code = f"import {module}; print(callable({module}.{name}), {module}.__file__)"
    said = run(code, unzipped, runtime, local.environment(function))
    assert said.split() == ["True", str(unzipped / "app.py")]


@only_on_lambdas_system
def test_whatever_the_code_imports_later_is_in_the_archive_too(local: Package, unzipped: Path, runtime: Path) -> None:
    names = sorted(set(modules_that_the_code_imports(unzipped)))
    assert "twilio.rest" in names
    code = f"import importlib\nfor name in {names!r}: importlib.import_module(name)\nprint('all')"
    environment = local.environment("JobsConsumer")
    assert run(code, unzipped, runtime, environment).strip() == "all"


@only_on_lambdas_system
def test_the_archive_knows_every_time_zone_where_the_system_knows_none(
    local: Package, unzipped: Path, runtime: Path
) -> None:
    code = (
        "import zoneinfo; zoneinfo.reset_tzpath(())\n"
        "from chalicelib.config.hours import Hours; from chalicelib.hours.calendar import Calendar\n"
        "week = {'mon-sun': ('08:00-12:00',)}\n"
        "print(Calendar(Hours(week=week), zoneinfo.ZoneInfo('Australia/Lord_Howe')).next_change(0.0))"
    )
    assert float(run(code, unzipped, runtime, local.environment("APIHandler"))) == 2 * 3600  # noon, at UTC+10


@only_on_lambdas_system
def test_the_archive_answers_a_signed_call_with_twiml(local: Package, unzipped: Path, runtime: Path) -> None:
    form = {"CallSid": "CA" + "1" * 32, "From": "+14155550199", "To": "+14155550101"}
    event = {
        "httpMethod": "POST",
        "headers": {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": RequestValidator(TOKEN).compute_signature(URL, form),
        },
        "multiValueHeaders": {},
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "body": "&".join(f"{name}={value.replace('+', '%2B')}" for name, value in form.items()),
        "isBase64Encoded": False,
        "requestContext": {
            "resourcePath": "/voice/incoming",
            "path": "/api/voice/incoming",
            "domainName": "example.com",
            "httpMethod": "POST",
        },
    }
    environment = local.environment("APIHandler")
    sids = {"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_WORKSPACE_SID": "WS1", "TWILIO_WORKFLOW_SID": "WW1"}
    queue = {"JOBS_QUEUE_URL": "https://sqs.example.com/jobs", "TWILIO_AUTH_TOKEN": TOKEN}
    code = f"import app, json; print(json.dumps(app.app({event!r}, None)))"
    answer = json.loads(run(code, unzipped, runtime, {**environment, **sids, **queue}).splitlines()[-1])
    assert answer["statusCode"] == 200
    assert 'workflowSid="WW1"' in answer["body"]


def test_only_the_application_and_its_libraries_are_in_the_archive(packaged: Package) -> None:
    ours = {"tests", "emulator", "laptop", "ops", "bench", "infra", "docs", "tools", ".chalice"}
    top = {name.split("/")[0] for name in packaged.files}
    assert not ours & top
    assert {"app.py", "chalicelib", "chalice", "twilio", "msgspec"} <= top
    assert not {"boto3", "botocore"} & top  # the runtime brings them


def test_every_stage_gets_the_same_python(packages: Mapping[str, Package]) -> None:
    """The archive of the laptop is the one that is run here; what it shows holds for the others."""
    python = {stage: {name for name in found.files if name.endswith(".py")} for stage, found in packages.items()}
    assert python["dev"] == python["prod"] == python["local"]


def test_the_call_centres_file_is_in_the_archive(packaged: Package) -> None:
    assert "chalicelib/team/callcenter.toml" in packaged.files


def test_nobodys_phone_number_is_in_the_archive(packaged: Package) -> None:
    assert [name for name in packaged.files if name.endswith(("workers.toml", "rota.toml"))] == []


def test_a_pin_is_in_the_archive_as_a_hash_alone(packaged: Package) -> None:
    with zipfile.ZipFile(packaged.folder / "deployment.zip") as archive:
        made = rota.read(archive.read("chalicelib/team/staff.json").decode())
    assert pins.fits("4711", made.pins["Bea"]) and "4711" not in made.pins["Bea"]


def test_a_package_is_not_made_of_another_rota(tmp_path: Path) -> None:
    project = package.copy_project(tmp_path / "project")
    (project / "rota.toml").write_text("closed = []\n", encoding="utf-8")
    with pytest.raises(LaptopError, match=r"was made of another rota\.toml: run `\./cordboard rota build`"):
        package.build("local", project, tmp_path / "out")
    (project / "rota.toml").unlink()
    (project / "workers.toml").write_text('[workers.Bea]\npin = "0815"\n', encoding="utf-8")
    with pytest.raises(LaptopError, match=r"was made of another workers\.toml"):
        package.build("local", project, tmp_path / "out")


def test_no_secret_is_in_the_archive(packaged: Package) -> None:
    kept = ["certifi/cacert.pem"]  # the public authorities, for HTTPS
    assert [name for name in packaged.files if name.endswith((".env", ".pem", ".key"))] == kept


def test_the_compiled_libraries_fit_the_architecture(packaged: Package) -> None:
    machine = {"x86_64": 62, "arm64": 183}[packaged.functions["APIHandler"]["Architectures"][0]]  # ELF e_machine
    with zipfile.ZipFile(packaged.folder / "deployment.zip") as archive:
        compiled = [name for name in archive.namelist() if name.endswith(".so")]
        built_for = {int.from_bytes(archive.read(name)[18:20], "little") for name in compiled}
    assert built_for == {machine}


def test_the_archive_is_far_below_lambdas_limit(packaged: Package) -> None:
    with zipfile.ZipFile(packaged.folder / "deployment.zip") as archive:
        assert sum(file.file_size for file in archive.infolist()) < 100 * 1024 * 1024  # Lambda: 250 MB unzipped
