"""A recording that a leg has made: what is known of it. There is no sound."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recording:
    """`started` and `ended` in epoch seconds."""

    sid: str
    call_sid: str
    started: float
    ended: float

    @property
    def seconds(self) -> int:
        return round(self.ended - self.started)
