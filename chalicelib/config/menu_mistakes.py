"""What is wrong with the menus of a line although each value alone is right (pure)."""

from collections.abc import Iterator, Mapping, Sequence

from chalicelib.config.menus import DEEPEST, MAIN, Choice, Menu, Menus
from chalicelib.config.toml_errors import Mistake, sentence


def of_line(key: str, short: Menu | None, menus: Menus, languages: Mapping[str, object]) -> Iterator[Mistake]:
    """The mistakes in the table `key.menu`, or in those of `key.menus`."""
    if short and menus:
        yield sentence(f"{key}.menu", "there", f"either menu, or menus with a {MAIN} and others")
        return
    if menus and MAIN not in menus:
        yield sentence(f"{key}.menus", ", ".join(menus), f"needs one of the name {MAIN}, which is asked first")
        return
    every = {MAIN: short} if short else menus
    for name, (place, menu) in zip(every, by_key(key, short, menus).items(), strict=True):
        yield from twice(place, [choice.digits for choice in menu.choices])
        for at, choice in enumerate(menu.choices):
            yield from _choice(f"{place}.choices[{at}]", choice, languages)
            yield from _target(f"{place}.choices[{at}]", choice, name, every)
    yield from _levels(key, every)


def by_key(key: str, short: Menu | None, menus: Menus) -> dict[str, Menu]:
    """Each menu by the key at which it stands."""
    return {f"{key}.menu": short} if short else {f"{key}.menus.{name}": menu for name, menu in menus.items()}


def twice(key: str, digits: Sequence[str]) -> Iterator[Mistake]:
    for at, given in enumerate(digits):
        if given in digits[:at]:
            yield sentence(f"{key}.choices[{at}].digits", given, "each digits may stand once")


def _choice(key: str, choice: Choice, languages: Mapping[str, object]) -> Iterator[Mistake]:
    named = [choice.language] if choice.language else []
    named += [name for name in choice.speech if name not in named] if isinstance(choice.speech, dict) else []
    for name in named:
        if name not in languages:
            at = "language" if name == choice.language else "speech"
            yield sentence(f"{key}.{at}", name, f"allowed: {', '.join(languages) or 'none: the line has no languages'}")
    if choice.then == "hangup" and not choice.say:
        yield sentence(f"{key}.then", choice.then, "needs say, a sentence before it")


def _target(key: str, choice: Choice, name: str, menus: Menus) -> Iterator[Mistake]:
    if choice.then == "back" and name == MAIN:
        yield sentence(f"{key}.then", choice.then, f"not allowed in {MAIN}, which has none before it")
    elif choice.menu and choice.menu not in menus:
        yield sentence(f"{key}.then", choice.then, f"allowed: {', '.join(f'menu:{known}' for known in menus)}")
    elif choice.menu and choice.attributes and _leads_back(menus, name, choice.menu):
        yield sentence(f"{key}.attributes", choice.attributes, "none where it leads back: what is chosen there counts")


def _levels(key: str, menus: Menus) -> Iterator[Mistake]:
    reached = _reached(menus, MAIN) if menus else frozenset()
    for name in menus:
        if name not in reached:
            yield sentence(f"{key}.menus.{name}", "there", f"a choice that leads to it: then = 'menu:{name}'")
    deep = _too_deep(menus, (MAIN,)) if menus else ()
    if deep:
        allowed = f"at most {DEEPEST} menus one below the other, and here are {' > '.join(deep)}"
        yield sentence(f"{key}.menus.{deep[-1]}", "there", allowed)


def _leads_back(menus: Menus, name: str, to: str) -> bool:
    """Whether a caller in this menu may have come through the one that a choice leads to."""
    comes_through = to in _reached(menus, MAIN, name) and name in _reached(menus, to, MAIN)
    return to in (MAIN, name) or comes_through


def _reached(menus: Menus, name: str, around: str = "") -> frozenset[str]:
    """The names of the menus that choices lead to from this one, itself among them, on ways `around` another one."""
    found = {name} - {around}
    new = list(found)
    while new:
        leads_to = {choice.menu for choice in menus[new.pop()].choices} & set(menus) - {around}
        new += leads_to - found
        found |= leads_to
    return frozenset(found)


def _too_deep(menus: Menus, names: tuple[str, ...]) -> tuple[str, ...]:
    """A way through more menus than there may be; empty if there is none."""
    if len(names) > DEEPEST:
        return names
    below = [choice.menu for choice in menus[names[-1]].choices if choice.menu in menus and choice.menu not in names]
    return next(filter(None, (_too_deep(menus, (*names, name)) for name in dict.fromkeys(below))), ())
