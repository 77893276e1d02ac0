"""The forms of the inspector: dial, move the clock, and what a person does with a phone. Pure."""

from collections.abc import Mapping, Sequence

from emulator.inspector.markup import Markup, tag
from emulator.inspector.page import Call, Number
from emulator.inspector.view import EMPTY

CALLER = "+12125550171"
JUMPS = ("1", "10", "60", "300")  # seconds


def of_call(call: Call) -> Markup:
    """What the person on the leg can do now."""
    alone = {"answer": "Answer", "decline": "Decline", "hang-up": "Hang up"}
    forms = [_press(call), _say(call)] if "press" in call.buttons else []
    forms += [_alone(call, name, label) for name, label in alone.items() if name in call.buttons]
    return tag("div", *forms, class_="buttons") if forms else EMPTY


def _alone(call: Call, name: str, label: str) -> Markup:
    return _form(call, name, _button(label, f"{label}: {call.who}"))


def _press(call: Call) -> Markup:
    name = f"press-{call.sid}"
    field = tag(
        "input", id=name, name="digits", size="4", required=True, pattern="[0-9*#]+", autocomplete="off",
        inputmode="tel", placeholder="keys",
    )  # fmt: skip
    label = tag("label", f"Keys that {call.who} presses", for_=name, class_="unseen")
    return _form(call, "press", label, field, _button("Press", f"Press: {call.who}"))


def _say(call: Call) -> Markup:
    name = f"say-{call.sid}"
    field = tag("input", id=name, name="text", size="14", required=True, autocomplete="off", placeholder="words")
    label = tag("label", f"What {call.who} says", for_=name, class_="unseen")
    return _form(call, "say", label, field, _button("Say", f"Say: {call.who}"))


def _form(call: Call, action: str, *children: Markup) -> Markup:
    hidden = tag("input", type="hidden", name="call", value=call.sid)
    return tag("form", hidden, *children, method="post", action=f"/_emulator/{action}", id=f"{action}-form-{call.sid}")


def _button(label: str, whole: str) -> Markup:
    """`whole` is its name for who does not see the row."""
    return tag("button", label, type="submit", aria_label=whole)


def dial(numbers: Sequence[Number], filled: Mapping[str, str]) -> Markup:
    """`filled` is what was typed when it was refused."""
    given = {"from": CALLER, "name": "", **filled}
    options = [
        tag("option", one.phone_number, value=one.phone_number, selected=one.phone_number == filled.get("to"))
        for one in numbers
    ]
    return tag(
        "form",
        _labelled("From", tag("input", id="dial-from", name="from", type="tel", value=given["from"], required=True)),
        _labelled("To", tag("select", *options, id="dial-to", name="to", required=True)),
        _labelled("Name, if you like", tag("input", id="dial-name", name="name", value=given["name"])),
        tag("button", "Dial", type="submit"),
        method="post",
        action="/_emulator/dial",
        class_="line",
        id="dial-form",
    )


def _labelled(label: str, field: Markup) -> Markup:
    return tag("label", tag("span", label), field)


def clock(*, stands_still: bool) -> Markup:
    how = "The clock stands still. Move it on by" if stands_still else "Let time pass at once:"
    seconds = [tag("button", f"{jump} s", type="submit", name="seconds", value=jump) for jump in JUMPS]
    jumps = tag("form", tag("span", how), *seconds, method="post", action="/_emulator/clock", class_="line")
    field = tag(
        "input", id="clock-seconds", name="seconds", type="number", min="0", step="any", required=True, size="6"
    )
    label = tag("label", "or by so many seconds:", for_="clock-seconds")
    typed = tag(
        "form",
        label,
        field,
        tag("button", "Move", type="submit"),
        method="post",
        action="/_emulator/clock",
        class_="line",
    )
    return tag("div", jumps, typed, class_="line")
