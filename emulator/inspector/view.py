"""The small parts of which the inspector's sections are made: tables, times, links to other rows. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from emulator.inspector.markup import Child, Markup, joined, tag
from emulator.inspector.page import Link, Page, Part

SHORT_SID = 8  # characters of a sid that are shown
EMPTY = Markup("")
Row = tuple[str, Sequence[Child]]  # the row's id, and its cells


def ids(page: Page) -> frozenset[str]:
    """The sids and the numbers of webhooks of which the page has a row."""
    rows = (page.calls, page.queues, page.tasks, page.workers, page.workflows, page.conferences, page.messages)
    known = {row.sid for kind in rows for row in kind}
    known |= {one.sid for task in page.tasks for one in task.reservations}
    return frozenset(known | {f"webhook-{one.number}" for one in page.webhooks})


@dataclass(frozen=True)
class View:
    """A page, and the rows that can be linked."""

    page: Page
    rows: frozenset[str]

    def link(self, to: Link | None) -> Markup:
        """By its name; a sid in short. Only text where the page has no such row."""
        if to is None:
            return EMPTY
        label = sid(to.sid) if to.label == to.sid else to.label
        if to.sid not in self.rows:
            return tag("span", label, title=to.sid)
        return tag("a", label, href=f"#{to.sid}", title=to.sid)

    def webhook(self, number: int) -> Markup:
        name, label = f"webhook-{number}", f"webhook {number}"
        return tag("a", label, href=f"#{name}") if name in self.rows else tag("span", label)

    def sentence(self, parts: Iterable[Part]) -> Markup:
        return joined(self.link(part) if isinstance(part, Link) else part for part in parts)

    def since(self, at: float, until: float | None = None) -> Markup:
        """For how long, with the moment itself for whoever points at it."""
        seconds = (self.page.now if until is None else until) - at
        return tag("time", duration(seconds), datetime=iso(at), title=iso(at))

    def more(self, name: str) -> Markup:
        left_out = self.page.left_out.get(name, 0)
        return tag("p", f"{left_out} older ones are not shown.", class_="quiet") if left_out else EMPTY


def sid(whole: str) -> Markup:
    """In short, with the whole for whoever points at it."""
    text = f"{whole[:SHORT_SID]}…" if len(whole) > SHORT_SID + 2 else whole
    return tag("span", text, class_="sid", title=whole)


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def moment(at: float) -> Markup:
    return tag("time", datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S"), datetime=iso(at), title=iso(at))


def duration(seconds: float) -> str:
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def table(caption: str, heads: Sequence[str], rows: Sequence[Row]) -> Markup:
    """Roles are said though they are those of the elements: on a narrow screen the style makes blocks of them."""
    head = [tag("th", name, scope="col", role="columnheader") for name in heads]
    return tag(
        "table",
        tag("caption", caption, class_="unseen"),
        tag("thead", tag("tr", *head, role="row"), role="rowgroup"),
        tag("tbody", *(_row(heads, row) for row in rows), role="rowgroup"),
        role="table",
    )


def _row(heads: Sequence[str], row: Row) -> Markup:
    name, (first, *others) = row
    cells = [tag("th", first, scope="row", role="rowheader", data_label=heads[0])]
    cells += [tag("td", cell, role="cell", data_label=head) for head, cell in zip(heads[1:], others, strict=True)]
    return tag("tr", *cells, id=name, role="row", tabindex="-1")


def section(name: str, title: str, *children: Child) -> Markup:
    return tag("section", tag("h2", title, id=f"{name}-title"), *children, id=name, aria_labelledby=f"{name}-title")


def facts(values: Mapping[str, str]) -> Markup:
    """Names and values, the blank ones in one line at the end."""
    given = [joined([tag("dt", name), tag("dd", value)]) for name, value in values.items() if value]
    blank = ", ".join(name for name, value in values.items() if not value)
    return joined([tag("dl", *given), tag("p", f"blank: {blank}", class_="quiet") if blank else EMPTY])


def details(name: str, summary: Child, *children: Child) -> Markup:
    return tag("details", tag("summary", summary), *children, id=name)


def code(text: str) -> Markup:
    return tag("code", text)


def block(text: str) -> Markup:
    """Can be scrolled by keys."""
    return tag("pre", text, tabindex="0") if text else tag("p", "empty", class_="quiet")


def listed(items: Iterable[Child]) -> Markup:
    shown = [tag("li", item) for item in items]
    return tag("ul", *shown, class_="plain") if shown else EMPTY
