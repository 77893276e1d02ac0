"""What `ops deploy` has Chalice package: for Lambda's processor, not this machine's, and nothing without its hash."""

import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from laptop import local_aws, package, wheels
from laptop.deployable import CHALICE
from ops.aws import libraries

STAGE = "dev"  # of arm64


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return package.copy_project(tmp_path / "project")


def packages(root: Path) -> list[Path]:
    return sorted((root / ".chalice" / "deployments").glob("*.zip"))


def chalice(root: Path) -> str:
    """What `chalice package` prints, in the environment of `ops deploy` without an index; empty when it succeeds."""
    command = [sys.executable, "-c", CHALICE, "package", "--stage", STAGE, str(root / "out")]
    known = {**local_aws.environment(), **wheels.environment(STAGE, root)}
    done = subprocess.run(command, cwd=root, env=known, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


def test_every_library_has_its_hash_and_is_for_lambdas_processor(root: Path) -> None:
    assert chalice(root) == ""
    (archive,) = packages(root)
    with ZipFile(archive) as whole:
        built = [name for name in whole.namelist() if name.endswith(".so")]
    assert len(built) > 5
    assert [name for name in built if "aarch64" not in name and ".abi3." not in name] == []


@pytest.mark.parametrize("library", ["msgspec", "requests"])  # one built for each processor, and one for all
def test_a_library_that_is_not_the_one_of_the_requirements_is_refused(root: Path, library: str) -> None:
    file = root / "requirements.txt"
    own = rf"(?m)(?<=^{library}==)(\S+ \\\n)((?: +--hash=\S+(?: \\)?\n)+)"
    text = file.read_text(encoding="utf-8")
    changed = re.sub(own, lambda found: found[1] + re.sub("sha256:.{8}", "sha256:00000000", found[2]), text)
    assert changed != text
    file.write_text(changed, encoding="utf-8")
    assert "DO NOT MATCH THE HASHES" in chalice(root)
    assert packages(root) == []


def test_a_library_without_a_hash_is_refused(root: Path) -> None:
    file = root / "requirements.txt"
    file.write_text(re.sub(r" \\\n +--hash=\S+", "", file.read_text(encoding="utf-8")), encoding="utf-8")
    assert "Hashes are required in --require-hashes mode" in chalice(root)
    assert packages(root) == []


def test_a_package_that_was_made_without_this_is_made_anew_and_one_of_ours_is_kept(root: Path) -> None:
    folder = root / ".chalice" / "deployments"
    folder.mkdir()
    ours, others = folder / "ours.zip", folder / "others.zip"
    ours.touch()
    libraries.mark_checked(root)
    others.touch()
    libraries.forget_unchecked(root)
    assert packages(root) == [ours]
