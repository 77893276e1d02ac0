"""HTML out of plain text: whatever is not `Markup` is escaped, so that nobody can forget it. Pure."""

from collections.abc import Iterable
from html import escape

VOID = frozenset({"input", "link", "meta"})

Attribute = str | bool


class Markup(str):
    """HTML already. Only `tag` and `joined` make it."""


Child = str | Markup


def tag(name: str, /, *children: Child, **attributes: Attribute) -> Markup:
    """An element. `class_` is the attribute class, `aria_label` is aria-label; a false attribute is left out."""
    opened = "".join([f"<{name}", *(_attribute(key, value) for key, value in attributes.items()), ">"])
    return Markup(opened if name in VOID else f"{opened}{joined(children)}</{name}>")


def joined(children: Iterable[Child]) -> Markup:
    return Markup("".join(child if isinstance(child, Markup) else escape(child) for child in children))


def _attribute(key: str, value: Attribute) -> str:
    name = key.rstrip("_").replace("_", "-")
    if isinstance(value, bool):
        return f" {name}" if value else ""
    return f' {name}="{escape(value)}"'
