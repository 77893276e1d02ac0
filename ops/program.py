"""How a person calls the operator's commands, for sentences that name one."""

import click

NAME = "cordboard"


def command(*words: str) -> str:
    """`words` as they are typed after the name that this person has typed: `cordboard`, or `python -m ops`."""
    context = click.get_current_context(silent=True)
    typed = context.find_root().info_name if context else None
    return " ".join((typed or NAME, *words))
