"""An upgrade is `git pull`: a team's own files come through it as they are, and without a conflict."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from chalicelib.config import callcenter
from chalicelib.config.toml_errors import CallCenterError
from laptop.package import ROOT, TEAM
from ops.callcenter import beginning, files

SHIPPED = ("app.py", ".gitignore", ".chalice/config.json", "workers.example.toml", "laptop/team/callcenter.toml")
EXAMPLES = ("chalicelib/team/callcenter.example.toml", "chalicelib/team/hooks.example.py")
OURS = {
    "chalicelib/team/callcenter.toml": (TEAM / "callcenter.toml").read_text("utf-8").replace("Harbour Clinic", "Ours"),
    "chalicelib/team/hooks.py": "def assignment(reservation):\n    return None  # ours\n",
    "chalicelib/team/dev.json": '{"TWILIO_WORKFLOW_SID": "WW1"}\n',
    ".chalice/deployed/dev.json": '{"resources": []}\n',
}


class Clone:
    """A repository in a folder, where somebody works."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(exist_ok=True)

    def run(self, *command: str) -> str:
        nobody = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(self.root)}
        names = [f"GIT_{role}_{part}" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")]
        environment = {**os.environ, **nobody, **dict.fromkeys(names, "team@example.com"), "GIT_PAGER": "cat"}
        done = subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def write(self, contents: dict[str, str]) -> None:
        for name, text in contents.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text, encoding="utf-8")

    def commit(self, contents: dict[str, str]) -> None:
        self.write(contents)
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", "a change")

    def read(self, names: dict[str, str]) -> dict[str, str]:
        return {name: (self.root / name).read_text("utf-8") for name in names}


def shipped(*names: str) -> dict[str, str]:
    return {name: (ROOT / name).read_text("utf-8") for name in names}


@pytest.fixture
def upstream(tmp_path: Path) -> Clone:
    made = Clone(tmp_path / "upstream")
    made.run("git", "init", "--quiet", "--initial-branch", "main")
    return made


@pytest.fixture
def fork(tmp_path: Path) -> Clone:
    return Clone(tmp_path / "fork")


def take(fork: Clone, upstream: Clone) -> None:
    fork.run("git", "clone", "--quiet", "--origin", "upstream", str(upstream.root), ".")


def test_a_team_that_has_committed_its_files_pulls_without_a_conflict_and_keeps_them(
    upstream: Clone, fork: Clone
) -> None:
    upstream.commit(shipped(*SHIPPED, *EXAMPLES))
    take(fork, upstream)
    beginning.write(fork.root, beginning.Answers("Ours", ["+14155550100"], "Europe/Berlin"))  # ops init
    fork.commit(OURS)
    fork.write({"workers.toml": "# ours", "rota.toml": "# ours"})

    changed = {name: f"{text}# moved on\n" for name, text in shipped("app.py", *EXAMPLES).items()}
    config = shipped(".chalice/config.json")[".chalice/config.json"]
    changed[".chalice/config.json"] = config.replace('"STAGE": "dev",', '"STAGE": "dev",\n        "NEW_NAME": "new",')
    upstream.commit(changed)
    fork.run("git", "pull", "--quiet", "--no-rebase", "--no-edit", "upstream", "main")

    assert fork.read(OURS) == OURS
    assert fork.read(changed) == changed
    assert fork.run("git", "status", "--porcelain") == ""  # nor does git see the people
    assert (fork.root / "workers.toml").read_text() == "# ours"


OLD_CENTER, OLD_HOOKS, OLD_CONFIG = "chalicelib/callcenter.toml", "chalicelib/hooks.py", ".chalice/config.json"


def before() -> dict[str, str]:
    """Upstream as it was when the team's files stood in chalicelib itself, and sids in Chalice's file."""
    now = shipped(*SHIPPED, *EXAMPLES)
    config = now[OLD_CONFIG].replace('"STAGE": "dev",', '"TWILIO_WORKFLOW_SID": "",')
    return {
        "app.py": now["app.py"],
        "workers.example.toml": now["workers.example.toml"],
        OLD_CENTER: now["laptop/team/callcenter.toml"],
        OLD_HOOKS: now["chalicelib/team/hooks.example.py"],
        OLD_CONFIG: config,
    }


def moving() -> str:
    """The commands that the changelog gives to a team whose files stand at the old place."""
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    found = re.search(r"move your files first, then pull.*?```\n(.*?)```", text, re.DOTALL)
    assert found
    return re.sub("^  ", "", found[1], flags=re.MULTILINE)


@pytest.mark.parametrize("committed", [True, False])
def test_a_team_with_the_older_layout_moves_its_files_as_the_changelog_says_and_pulls(
    upstream: Clone, fork: Clone, committed: bool
) -> None:
    old, now = before(), shipped(*SHIPPED, *EXAMPLES)
    upstream.commit(old)
    take(fork, upstream)
    ours = {
        OLD_CENTER: OURS["chalicelib/team/callcenter.toml"],
        OLD_HOOKS: OURS["chalicelib/team/hooks.py"],
        OLD_CONFIG: old[OLD_CONFIG].replace('"TWILIO_WORKFLOW_SID": ""', '"TWILIO_WORKFLOW_SID": "WW1"'),
    }
    (fork.commit if committed else fork.write)(ours)
    for name in (OLD_CENTER, OLD_HOOKS):
        upstream.run("git", "rm", "--quiet", name)
    upstream.commit(now)

    fork.run("bash", "-euc", moving())

    assert fork.read(now) == now
    kept = {name: OURS[name] for name in ("chalicelib/team/callcenter.toml", "chalicelib/team/hooks.py")}
    assert fork.read(kept) == kept
    assert not (fork.root / OLD_CENTER).exists() and not (fork.root / OLD_HOOKS).exists()
    assert fork.run("git", "status", "--porcelain") == ""
    assert callcenter.source(str(fork.root / "chalicelib" / "team")) == kept["chalicelib/team/callcenter.toml"]


def test_a_file_that_is_left_at_the_old_place_is_named_with_where_to_move_it(upstream: Clone, fork: Clone) -> None:
    upstream.commit(shipped(*SHIPPED, *EXAMPLES))
    take(fork, upstream)
    fork.commit({OLD_CENTER: OURS["chalicelib/team/callcenter.toml"]})
    with pytest.raises(CallCenterError) as error:
        files.of_checkout(fork.root)
    fork.run(*str(error.value).split("`")[1].split())
    assert files.of_checkout(fork.root).application.lines["sales"].greeting == "Ours, new patients."
