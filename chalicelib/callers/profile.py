"""Who calls: one read of the caller's profile, without which every caller gets through as one who is not known."""

from chalicelib.callers.known import Known
from chalicelib.config.callers import KnowCaller
from chalicelib.config.schema import DAY_SECONDS
from chalicelib.links import profiles
from chalicelib.links.profiles import Profile
from chalicelib.observability import log


def of(number: str, now: float) -> Profile:
    """What is known of this number; nothing where it is withheld, or cannot be read in time. Never raises."""
    try:
        return (profiles.seen(number, now) if number else None) or Profile()
    except Exception as error:
        log.error("who calls is not known", why=type(error).__name__)
        return Profile()


def known(profile: Profile, line: str, rules: KnowCaller, now: float) -> Known:
    """What of the profile counts on this line now."""
    talked, same = profile.workers.get(line), rules.same_worker
    is_recent = talked is not None and same is not None and now < talked.at + same.days * DAY_SECONDS
    worker = talked.worker if talked and is_recent else ""
    return Known(profile.vip, profile.language, worker)
