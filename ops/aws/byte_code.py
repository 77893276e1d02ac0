"""Byte code in the package, so that a cold start compiles nothing.

A function's files cannot be written to, so what is compiled there is compiled at each cold start again. Chalice packs
whatever lies in `chalicelib` and in `vendor`: byte code goes there, in the folders in which Python looks for it. It is
bound to its source by a hash (PEP 552), as dates are lost in the archive: of a source that was changed since, it is
not used.

`python -m ops.aws.byte_code` prepares this checkout, also for a `chalice deploy` or `chalice package` typed by hand.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from ops.aws import callcenter_data
from ops.stage import ROOT

IN_LAMBDA = "/var/task"
KEPT = Path(sys.prefix) / "byte_code"  # that of the libraries, for each set of versions
RUNTIME = ("__init__.py", "app.py")  # what Chalice packs of itself
# Of Twilio's library each product is a package. These are used; all would make the archive half as big again.
PRODUCTS = ("api", "taskrouter")
OTHER_PRODUCT = re.compile(rf"twilio/rest/(?!(?:{'|'.join(PRODUCTS)})/)\w+/")
PIN = re.compile(r"^[\w.-]+==[^\\\n]+", re.MULTILINE)


def prepare(root: Path) -> None:
    """Put byte code of everything that Chalice packs of the project in `root` where it packs it too, and its
    callcenter.toml as data.

    The same sources and the same Python make the same bytes.
    """
    vendor = root / "vendor"
    for cache in [*(root / "chalicelib").rglob("__pycache__"), *vendor.rglob("__pycache__")]:
        shutil.rmtree(cache)
    vendor.mkdir(exist_ok=True)
    _compile(vendor)  # the team's own, if there is anything
    shutil.copytree(_of_libraries(root), vendor, dirs_exist_ok=True)
    _compile(root, "chalicelib", "app.py")
    for compiled in (root / "__pycache__").glob("app.*.pyc"):
        compiled.rename(vendor / "__pycache__" / compiled.name)  # beside app.py itself Chalice does not look
    callcenter_data.write(root / "chalicelib" / "team")


def _of_libraries(root: Path) -> Path:
    """A folder with nothing but their byte code, made once for these versions."""
    pins = (root / "requirements.txt").read_text(encoding="utf-8")
    versions = f"{pins}{metadata.version('chalice')}{sys.version}{PRODUCTS}"
    made = KEPT / hashlib.sha256(versions.encode()).hexdigest()[:16]
    if not made.is_dir():
        made.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=made.parent) as folder:
            _make(Path(folder) / "made", PIN.findall(pins))
            _unless_another_was_quicker(Path(folder) / "made", made)
    return made


def _make(folder: Path, pins: list[str]) -> None:
    for source, packed in _sources(pins):
        (folder / packed).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, folder / packed)
    _compile(folder)
    for source in [*folder.rglob("*.py")]:
        source.unlink()


def _sources(pins: list[str]) -> Iterator[tuple[Path, str]]:
    """Each module of these libraries, and of Chalice's runtime, with its path in the archive."""
    for pin in map(Requirement, pins):
        if pin.marker is None or pin.marker.evaluate():
            for file in metadata.distribution(pin.name).files or ():
                if file.suffix == ".py" and not OTHER_PRODUCT.match(file.as_posix()):
                    yield Path(str(file.locate())), file.as_posix()
    chalice = Path(str(metadata.distribution("chalice").locate_file("chalice")))
    yield from ((chalice / name, f"chalice/{name}") for name in RUNTIME)


def _compile(folder: Path, *names: str) -> None:
    """These files and folders, or all that `folder` has, as they are called where `folder` is packed.

    In a process of its own: the bytes depend on which texts a process knows already.
    """
    bound = ("-p", IN_LAMBDA, "--invalidation-mode", "checked-hash")
    packed = names or sorted(path.name for path in folder.iterdir())
    # What cannot be compiled is told where it is imported.
    subprocess.run([sys.executable, "-I", "-m", "compileall", "-qq", "-f", *bound, *packed], cwd=folder, check=False)


def _unless_another_was_quicker(made: Path, to: Path) -> None:
    try:
        made.rename(to)
    except OSError:
        if not to.is_dir():
            raise


if __name__ == "__main__":
    prepare(ROOT)
