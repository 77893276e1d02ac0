"""How a command prints: one document or text for a person, and nothing of what is at work in a pipe."""

import json

import pytest
from rich.console import Console

from ops.commands.output import note, say, show, table
from ops.commands.progress import working

HEADINGS = ("worker", "activity")
ROWS = [("Bea", "Available"), ("Dora [sales]", "")]


def printed(columns: int) -> list[str]:
    console = Console(width=columns, highlight=False, markup=False)
    with console.capture() as capture:
        console.print(table(HEADINGS, ROWS))
    return [line.rstrip() for line in capture.get().splitlines()]


def test_a_table_has_a_row_a_line() -> None:
    assert printed(40) == ["worker        activity", "Bea           Available", "Dora [sales]"]


def test_where_it_is_too_wide_each_row_is_a_paragraph_without_what_is_empty() -> None:
    assert printed(20) == ["worker: Bea", "activity: Available", "", "worker: Dora [sales]"]


def test_with_json_stdout_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    note("a hint")
    show({"workers": ROWS, "größe": 1.5}, table(HEADINGS, ROWS), as_json=True)
    said = capsys.readouterr()
    assert json.loads(said.out) == {"workers": [["Bea", "Available"], ["Dora [sales]", ""]], "größe": 1.5}
    assert said.err == "a hint\n"


def test_a_pipe_sees_nothing_of_what_is_at_work(capsys: pytest.CaptureFixture[str]) -> None:
    with working(2) as progress:
        for step in ("resources", "functions"):
            progress.begin(step)
            progress.aside(say)(f"{step}: done")
        progress.pause()
    said = capsys.readouterr()
    assert (said.out, said.err) == ("resources: done\nfunctions: done\n", "")
