"""Can Twilio fetch what callers hear in place of words, and while they wait?"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from chalicelib.config.schema import CallCenter, treatments
from chalicelib.config.texts import PLAY, each_of, texts_of
from ops.doctor.check import Finding, StageUnderTest, ok, warn

AUDIO = "audio/"  # Twilio goes by the type that the answer says


def sounds(stage: StageUnderTest) -> Iterator[Finding]:
    """Each address is asked for once, from here."""
    if stage.fetch is None:
        return
    found = _addresses(stage.center.application)
    wrong = {url: why for url in found if (why := _wrong_with(stage.fetch, url))}
    for url, why in wrong.items():
        keys = ", ".join(found[url])
        yield warn("sounds", f"{url} ({keys}) {why}", "put the file there, public, as mp3 or wav; callers hear silence")
    if found and not wrong:
        yield ok("sounds", f"{len(found)} {'is' if len(found) == 1 else 'are'} there")


def _addresses(center: CallCenter) -> Mapping[str, Sequence[str]]:
    """The keys by the address that stands there."""
    found: dict[str, list[str]] = defaultdict(list)
    for key, url in _played(center):
        found[url].append(key)
    return found


def _played(center: CallCenter) -> Iterator[tuple[str, str]]:
    """Each key with its address: in place of words, as music in the queue, and on hold."""
    for key, treatment in treatments(center):
        sentences = [(at, each) for at, text in texts_of(treatment, key) for each in each_of(text).values()]
        yield from ((at, each.removeprefix(PLAY)) for at, each in sentences if each.startswith(PLAY))
        yield from ((f"{key}.wait.play", url) for url in treatment.wait.play)
    for name, queue in center.queues.items():
        yield from ((f"queues.{name}.star.hold_music", url) for url in (queue.star.hold_music if queue.star else ()))


def _wrong_with(fetch: Callable[[str], tuple[int, str]], url: str) -> str:
    try:
        status, kind = fetch(url)
    except Exception as error:
        return f"cannot be fetched: {type(error).__name__}"
    if status != 200:
        return f"is not there: status {status}"
    return "" if kind.startswith(AUDIO) else f"is no sound: Content-Type is {kind or 'missing'}"
