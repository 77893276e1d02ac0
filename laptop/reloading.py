"""What is changed while `make dev` runs takes effect, in the functions and at the emulator; the calls go on."""

import ast
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from watchfiles import watch

from laptop import call_centre, environment, local_aws, package, pointing, versions
from laptop.environment import Laptop
from laptop.local_aws import LaptopError
from laptop.package import BUILD, ROOT
from laptop.teams import Team
from ops.callcenter.files import TEAM, Center

PROJECT = BUILD / "project"
WATCHED = (".py", ".toml", ".json")
QUIET_MS = 400  # an editor writes a file in several steps
LOOK_MS = 500  # how long stopping may take

Say = Callable[[str], None]


@contextmanager
def reloading(laptop: Laptop, team: Team, say: Say) -> Iterator[None]:
    """Until the block ends, whatever changes in the application or in the team's files is reloaded, and `say` told."""
    changed, stopping = threading.Event(), threading.Event()
    threads = [
        threading.Thread(target=_notice, args=(team, folders, changed, stopping), daemon=True)
        for folders in _folders(team)
    ]
    threads.append(threading.Thread(target=_reload_whenever, args=(laptop, team, changed, stopping, say), daemon=True))
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        changed.set()
        for thread in threads:
            thread.join()


def _folders(team: Team) -> tuple[dict[Path, bool], dict[Path, bool]]:
    """The folders that are watched with all that is in them, and those of which a file alone counts."""
    deep = dict.fromkeys((ROOT / "chalicelib", team.folder), True)
    return deep, dict.fromkeys((ROOT, team.workers.parent), False)


def is_watched(path: Path, team: Team) -> bool:
    """Whether what is packaged or applied depends on this file."""
    if path in (ROOT / "app.py", team.workers):
        return True
    if path.suffix not in WATCHED or "__pycache__" in path.parts:
        return False
    in_the_application = path.is_relative_to(ROOT / "chalicelib") and not path.is_relative_to(ROOT / TEAM)
    return in_the_application or path.is_relative_to(team.folder)


def _notice(team: Team, folders: dict[Path, bool], changed: threading.Event, stopping: threading.Event) -> None:
    changes = watch(
        *folders,
        watch_filter=lambda _, path: is_watched(Path(path), team),
        debounce=QUIET_MS,
        stop_event=stopping,
        rust_timeout=LOOK_MS,
        recursive=all(folders.values()),
        raise_interrupt=False,
    )
    for _ in changes:
        changed.set()


def _reload_whenever(laptop: Laptop, team: Team, changed: threading.Event, stopping: threading.Event, say: Say) -> None:
    while changed.wait() and not stopping.is_set():
        changed.clear()
        try:
            reload(laptop, team)
        except Exception as error:  # whatever it is: the old code goes on, and the next change is looked at
            say(f"not reloaded, the running code goes on: {useful(str(error) or type(error).__name__, team)}")
        else:
            say("reloaded")


def reload(laptop: Laptop, team: Team) -> None:
    """Package this checkout with the team's files, and let it take the calls. Raises LaptopError, OpsError."""
    center = environment.center_of(team, laptop.has_console)
    project = package.copy_project(PROJECT, team.folder)
    check_syntax(project)
    built = package.build(root=project, console=laptop.has_console, found=local_aws.OF_THE_ACCOUNT)
    put_in_place(laptop, built, center)
    pointing.prepare(laptop, team)


def put_in_place(laptop: Laptop, built: Path, center: Center) -> None:
    """Let this package and these files take the place of those that run: who waits or talks does so still."""
    if center != laptop.call_centre.center:
        laptop.call_centre = call_centre.build(laptop.twilio, laptop.loop, laptop.twilio_url, laptop.base_url, center)
        environment.configure(laptop)
    package.update_code(laptop.aws, built)
    versions.take_over(laptop.aws)


def check_syntax(project: Path) -> None:
    """Raises LaptopError: what is imported late would be found by the first call that needs it."""
    for file in (project / "app.py", *sorted((project / "chalicelib").rglob("*.py"))):
        try:
            ast.parse(file.read_bytes(), str(file))
        except SyntaxError as error:
            raise LaptopError(f'File "{file}", line {error.lineno}\nSyntaxError: {error.msg}') from None


def useful(said: str, team: Team) -> str:
    """Of what Chalice or a function has said, where in our code it broke off and why: `file:line: error`, one line.

    Sentences about the files, one or several, are useful as they are.
    """
    frames = re.findall(r'File "([^"]+)", line (\d+)', said)
    ours = [(shown, line) for file, line in frames if (shown := _shown(Path(file), team))]
    errors = re.findall(r"^[\w.]*(?:Error|Exception|Exit)\b.*", said, re.MULTILINE)
    if not ours or not errors:
        return said.removeprefix("chalice package failed:\n").rstrip()
    return f"{ours[-1][0]}:{ours[-1][1]}: {errors[-1]}"


def _shown(file: Path, team: Team) -> str:
    """The file that this one was copied or unpacked from, as one finds it from this checkout; empty: it is not ours."""
    parts = file.parts
    if "chalicelib" in parts:
        inside = Path(*parts[parts.index("chalicelib") :])
    elif file.name == "app.py" and file.parent.name != "chalice":
        inside = Path("app.py")
    else:
        return ""
    found = team.folder / inside.relative_to(TEAM) if inside.is_relative_to(TEAM) else ROOT / inside
    return str(found.relative_to(ROOT) if found.is_relative_to(ROOT) else found)
