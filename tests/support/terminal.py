"""Somebody sits at the terminal and types."""

import io


class Terminal(io.StringIO):
    """What they type, a line an answer; at its end they leave."""

    def isatty(self) -> bool:
        return True
