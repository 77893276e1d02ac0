"""What the laptop prints: wrapped for a terminal of any width, in its colours; in a pipe plain, each line whole."""

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ops.commands.output import console

BOLD, DIM, GREEN, RED, YELLOW = "bold", "dim", "green", "red", "yellow"


def paint(text: str, style: str) -> str:
    """The text in this style, where there is a terminal that shows it; nothing is wrapped."""
    made = console()
    with made.capture() as printed:
        made.print(Text(text, style), end="", soft_wrap=True)
    return printed.get()


def rendered(what: RenderableType) -> str:
    """Its lines, without a line's end after the last."""
    made = console()
    with made.capture() as printed:
        made.print(what, end="")
    return "\n".join(line.rstrip() for line in printed.get().rstrip("\n").split("\n"))


def beside(label: Text, text: Text, indent: int = 2) -> str:
    """The text beside its label; where it is wrapped, its lines stand below each other."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column()
    grid.add_row(Text(" " * indent) + label, text)
    return rendered(grid)
