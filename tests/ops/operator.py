"""A checkout with the files, an account at the emulated Twilio, and somebody who types."""

import json
import shutil
from pathlib import Path

from ops import lambda_functions, stage
from ops.__main__ import main
from tests.ops.files import API, CENTER, WORKERS
from tests.ops.harness import Account

CONFIG = {
    "stages": {
        "dev": {
            "environment_variables": {"LINKS_TABLE": "kept", "PUBLIC_BASE_URL": API},
            "lambda_functions": lambda_functions.wanted("dev"),
        },
        "new": {},
    }
}


class Operator:
    def __init__(self, root: Path, account: Account) -> None:
        self.root, self.account = root, account
        (root / "chalicelib" / "team").mkdir(parents=True)
        (root / ".chalice").mkdir()
        shutil.copytree(stage.ROOT / ".chalice" / "policies", root / ".chalice" / "policies")
        self.center, self.workers = root / "chalicelib" / "team" / "callcenter.toml", root / "workers.toml"
        self.center.write_text(CENTER)
        self.workers.write_text(WORKERS)
        (root / ".chalice" / "config.json").write_text(json.dumps(CONFIG))

    def types(self, *words: str) -> int:
        return main([*words, "--root", str(self.root)])

    def environment(self, name: str = "dev") -> dict[str, str]:
        return stage.read(name, self.root)

    def change(self, file: Path, what: str, into: str) -> None:
        text = file.read_text()
        assert what in text
        file.write_text(text.replace(what, into, 1))
