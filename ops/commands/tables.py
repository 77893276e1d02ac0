"""A table that a narrow terminal can show."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text


@dataclass(frozen=True)
class Rows:
    """Rows under headings; where they are too wide, each row is a paragraph with a line for each heading."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = self._table()
        if Measurement.get(console, options.update(max_width=10_000), table).maximum <= options.max_width:
            yield table
        else:
            yield Text("\n\n".join(map(self._paragraph, self.rows)))

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
        for heading in self.headings:
            table.add_column(heading, no_wrap=True)
        for row in self.rows:
            table.add_row(*map(Text, row))
        return table

    def _paragraph(self, row: Sequence[str]) -> str:
        return "\n".join(f"{heading}: {value}" for heading, value in zip(self.headings, row, strict=True) if value)
