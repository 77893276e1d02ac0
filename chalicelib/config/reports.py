"""From when on a call counts as answered in time, and until when as no call: [reports] (pure)."""

from typing import Annotated

import msgspec
from msgspec import Meta

TimeOfDay = Annotated[str, Meta(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9])?\Z", description="a time such as 08:00")]


class Reports(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Seconds of waiting. Who hangs up within `short_seconds` has dialled wrongly, and is not counted as abandoned.

    At `digest`, a time of the team's day, whoever is told things is told yesterday's figures; empty: never.
    """

    answered_within: Annotated[int, Meta(ge=1, le=3600)] = 20
    short_seconds: Annotated[int, Meta(ge=0, le=600)] = 10
    digest: TimeOfDay = ""
