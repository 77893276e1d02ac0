"""When the customers of a line may be called."""

from chalicelib.config import callcenter


def opens_at(line: str, now: float) -> float:
    """From when on callbacks of this line are given to workers, in epoch seconds; `now`: at once.

    A task that waits over the closing time would be given out all the same, so a callback's task is not made before
    this.
    """
    rules = callcenter.current().lines.get(line)
    if rules is None or not rules.may_be_closed:
        return now
    from chalicelib.hours import state

    return state.opens_at(line, rules, now)
