"""The inspector's page as HTML: what a developer needs first stands first. Pure."""

from collections.abc import Callable, Mapping

from emulator.inspector import buttons, sections
from emulator.inspector.markup import Markup, tag
from emulator.inspector.page import Page
from emulator.inspector.view import EMPTY, View, ids, iso, section

LIVE: Mapping[str, tuple[str, Callable[[View], Markup]]] = {  # the sections that are made anew, in their order
    "problems": ("What went wrong", sections.problems),
    "calls": ("Calls", sections.calls),
    "webhooks": ("Webhooks", sections.webhooks),
    "queues": ("Queues", sections.queues),
    "tasks": ("Tasks", sections.tasks),
    "workers": ("Workers", sections.workers),
    "workflows": ("Workflows", sections.workflows),
    "conferences": ("Conferences", sections.conferences),
    "messages": ("Messages", sections.messages),
    "numbers": ("Numbers", sections.numbers),
    "timeline": ("Timeline", sections.timeline),
}


def render(page: Page, *, refusal: str = "", filled: Mapping[str, str] | None = None) -> str:
    """The whole document. `refusal` says why the last form was not done, `filled` what was typed into it."""
    view = View(page, ids(page))
    shown = {name: show(view) for name, (_, show) in LIVE.items()}
    told = tag("p", refusal, role="alert", class_="refusal") if refusal else EMPTY
    people = section("people", "Dial, and let time pass", _dial(page, filled or {}), _clock(page))
    first, others = shown.pop("problems"), shown.values()
    main = tag("main", told, _live(first), _live(people), *(_live(one) for one in others), id="main", tabindex="-1")
    skip = tag("a", "To the content", href="#main", class_="skip")
    body = tag("body", skip, _header(page), main)
    return f"<!doctype html>\n{tag('html', _head(page), body, lang='en')}\n"


def _head(page: Page) -> Markup:
    wrong = f"{len(page.problems)} wrong: " if page.problems else ""
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{wrong}the emulator of Twilio"),
        tag("link", rel="icon", href="data:,"),
        tag("link", rel="stylesheet", href="/_emulator/inspector.css"),
        tag("script", src="/_emulator/inspector.js", defer=True),
    )


def _header(page: Page) -> Markup:
    still = ", which stands still" if page.stands_still else ""
    now = tag("time", f"{iso(page.now)[11:19]} UTC", datetime=iso(page.now))
    about = tag("p", "account ", tag("code", page.account_sid), ", clock ", now, still, id="about")
    toggle = tag(
        "label",
        tag("input", type="checkbox", id="refresh", checked=True),
        " refresh each second",
        hidden=True,
        class_="refresh",
    )
    return tag("header", tag("h1", "The emulator of Twilio"), _live(about), toggle, _live(_navigation(page)))


def _navigation(page: Page) -> Markup:
    counts = {"problems": len(page.problems), "webhooks": len(page.webhooks), "tasks": len(page.tasks)}
    counts["calls"] = sum(call.ended is None for call in page.calls)
    links = [
        tag("li", tag("a", f"{title} {counts[name]}" if counts.get(name) else title, href=f"#{name}"))
        for name, (title, _) in LIVE.items()
    ]
    return tag("nav", tag("ul", *links), id="sections", aria_label="Sections")


def _live(part: Markup) -> Markup:
    """What the script makes anew, the rest of the page standing as it is."""
    return tag("div", part, class_="live-part")


def _dial(page: Page, filled: Mapping[str, str]) -> Markup:
    if page.numbers:
        return buttons.dial(page.numbers, filled)
    return sections.none("Nobody can be dialled: the account has no number.")


def _clock(page: Page) -> Markup:
    return buttons.clock(stands_still=page.stands_still)
