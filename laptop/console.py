"""Where lines are typed: a prompt that others may print above, or a pipe."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.patch_stdout import patch_stdout

PROMPT = "> "

Completions = Callable[[str], list[str]]


def lines(completions: Completions) -> Iterator[str]:
    """Each line that somebody types, until they leave with Ctrl-D or Ctrl-C; without a terminal, those of stdin."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        yield from sys.stdin
        return
    session: PromptSession[str] = PromptSession(history=history(), completer=ByWord(completions))
    with patch_stdout(raw=True):
        while True:
            try:
                yield session.prompt(PROMPT)
            except EOFError:
                return


def history_file() -> Path:
    """Where the XDG directories keep what a program remembers of a person."""
    state = os.environ.get("XDG_STATE_HOME", "")
    return (Path(state) if state.startswith("/") else Path.home() / ".local" / "state") / "cordboard" / "dev-history"


def history() -> History:
    """What was typed before; where no file can be written, of this run alone."""
    try:
        file = history_file()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.open("ab").close()
    except (OSError, RuntimeError):  # RuntimeError: this user has no home
        return InMemoryHistory()
    return FileHistory(str(file))


class ByWord(Completer):
    def __init__(self, completions: Completions) -> None:
        self._completions = completions

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        typed = document.text_before_cursor
        last = typed.rpartition(" ")[2]
        for name in self._completions(typed):
            yield Completion(f'"{name}"' if " " in name else name, start_position=-len(last), display=name)
