"""What `make dev` reloads, and the one line of a mistake that is of use."""

from pathlib import Path

import pytest

from laptop.local_aws import LaptopError
from laptop.package import ROOT
from laptop.reloading import PROJECT, check_syntax, is_watched, useful
from laptop.teams import DEMO, Team

OURS = Team(ROOT / "chalicelib" / "team", ROOT / "workers.toml")
THEIRS = Team(Path("/teams/our phones"), Path("/teams/our phones/workers.toml"))


@pytest.mark.parametrize(
    ("file", "team", "reloads"),
    [
        (ROOT / "app.py", DEMO, True),
        (ROOT / "chalicelib" / "worker" / "ring.py", DEMO, True),
        (ROOT / "laptop" / "team" / "callcenter.toml", DEMO, True),
        (ROOT / "laptop" / "team" / "workers.toml", DEMO, True),
        (ROOT / "chalicelib" / "team" / "callcenter.toml", DEMO, False),
        (ROOT / "chalicelib" / "team" / "callcenter.toml", OURS, True),
        (ROOT / "chalicelib" / "team" / "hooks.py", OURS, True),
        (ROOT / "workers.toml", OURS, True),
        (ROOT / "workers.toml", THEIRS, False),
        (Path("/teams/our phones/workers.toml"), THEIRS, True),
        (Path("/teams/our phones/notes.txt"), THEIRS, False),
        (ROOT / "chalicelib" / "worker" / ".ring.py.swp", DEMO, False),
        (ROOT / "chalicelib" / "__pycache__" / "jobs.py", DEMO, False),
        (ROOT / "README.md", DEMO, False),
        (ROOT / "setup.py", DEMO, False),
    ],
)
def test_what_is_packaged_or_applied_is_watched(file: Path, team: Team, reloads: bool) -> None:
    assert is_watched(file, team) is reloads


TRACEBACK = """chalice package failed:
Traceback (most recent call last):
  File "/usr/lib/python3.11/site-packages/chalice/cli/factory.py", line 324, in load_chalice_app
    app = importlib.import_module("app")
  File "{project}/app.py", line 14, in <module>
    from chalicelib.worker import ring
{last}"""


@pytest.mark.parametrize(
    ("last", "line"),
    [
        (
            '  File "{project}/chalicelib/worker/ring.py", line 7, in <module>\n    import nothing\n'
            "ModuleNotFoundError: No module named 'nothing'",
            "chalicelib/worker/ring.py:7: ModuleNotFoundError: No module named 'nothing'",
        ),
        (
            '  File "{project}/chalicelib/worker/ring.py", line 9\n    def (:\n        ^\nSyntaxError: invalid syntax',
            "chalicelib/worker/ring.py:9: SyntaxError: invalid syntax",
        ),
        (
            '  File "{project}/chalicelib/team/hooks.py", line 2, in <module>\n    1 / 0\n'
            "ZeroDivisionError: division by zero",
            "/teams/our phones/hooks.py:2: ZeroDivisionError: division by zero",
        ),
        ("KeyError: 'x'", "app.py:14: KeyError: 'x'"),
    ],
)
def test_a_traceback_becomes_file_line_and_error(last: str, line: str) -> None:
    said = TRACEBACK.format(project=PROJECT, last=last.format(project=PROJECT))
    assert useful(said, THEIRS) == line


@pytest.mark.parametrize(
    "sentence",
    [
        "callcenter.toml: queues.Support.mode is 'crm-last'\nworkers.toml: workers.Bea: …",
        "[Errno 2] No such file or directory",
    ],
)
def test_a_sentence_stays_as_it_is(sentence: str) -> None:
    assert useful(sentence, DEMO) == sentence


def test_a_mistake_in_what_is_imported_late_is_found_before_anything_is_packaged(tmp_path: Path) -> None:
    (tmp_path / "chalicelib" / "worker").mkdir(parents=True)
    (tmp_path / "app.py").write_text("")
    (tmp_path / "chalicelib" / "worker" / "ring.py").write_text("x = 1\ndef (:\n")
    with pytest.raises(LaptopError) as found:
        check_syntax(tmp_path)
    assert useful(str(found.value), DEMO) == "chalicelib/worker/ring.py:2: SyntaxError: invalid syntax"
