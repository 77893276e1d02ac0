"""What a worker may say of a call when the caller has hung up first: [queues.NAME.after_talk] (pure)."""

from typing import Annotated

import msgspec
from msgspec import Meta

Key = Annotated[str, Meta(pattern=r"^[0-9*#]\Z", description="one key of a phone")]
Word = Annotated[str, Meta(min_length=1, max_length=64)]


class AfterTalk(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`keys` are what became of the call, by the key; `note_seconds` is how long a spoken note may be, 0 for none.

    `prompt` empty: the keys are said.
    """

    keys: Annotated[dict[Key, Word], Meta(min_length=1, max_length=9)]
    note_seconds: Annotated[int, Meta(ge=0, le=600)] = 0
    note_key: Key = "0"
    prompt: str = ""
    thanks: str = "Thank you. Goodbye."

    @property
    def said(self) -> str:
        """The prompt."""
        keys = [f"press {key} for {word}" for key, word in self.keys.items()]
        if self.note_seconds:
            keys.append(f"press {self.note_key} to leave a note")
        spoken = ", ".join(keys)
        return self.prompt or f"{spoken[0].upper()}{spoken[1:]}."
