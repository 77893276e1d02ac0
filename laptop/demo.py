"""`make demo`: real calls through the package that would be deployed, on this machine, with no account anywhere."""

import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from laptop import environment, outcome
from laptop.environment import Stage
from laptop.local_aws import LaptopError
from laptop.scenarios import STORIES, Ending, Story, tell
from laptop.timeline import BOLD, DIM, GREEN, RED, Narrator, paint

STEPS = ("reserved", "preparing", "dialing", "ringing", "answered", "bridged", "closed")


def main() -> int:
    """Play every story; 0 when each ended as expected."""
    began = time.monotonic()

    def progress(what: str) -> None:
        print(paint(f"{time.monotonic() - began:6.1f} s  {what}", DIM), flush=True)

    try:
        with environment.running(progress) as running:
            progress("ready")
            endings = play(running)
            show_links(running, [ending.call_sid for ending in endings])
            progress("stopping everything")
    except LaptopError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped")
        return 130
    return conclude(endings, time.monotonic() - began)


def play(running: Stage, stories: Sequence[Story] = STORIES) -> list[Ending]:
    narrator = Narrator(running)
    endings = []
    for story in stories:
        print(f"\n{paint(f'({story.letter}) {story.title}', BOLD)}")
        narrator.start()
        endings.append(tell(running, story))
        compare(endings[-1])
    return endings


def compare(ending: Ending) -> None:
    print(f"  expected  {'; '.join(ending.expected)}")
    verdict = paint("as expected", GREEN) if ending.good else paint("DIFFERENT", RED)
    print(f"  seen      {'; '.join(ending.seen)}  {verdict}", flush=True)


def show_links(running: Stage, call_sids: Sequence[str]) -> None:
    print(f"\n{paint('The links as DynamoDB holds them', BOLD)}  (seconds since the reservation)")
    for call_sid in call_sids:
        for link in outcome.links(outcome.story(running.aws, call_sid)):
            since = float(link["reserved_at"])
            steps = [f"{step} {float(link[f'{step}_at']) - since:.1f}" for step in STEPS if f"{step}_at" in link]
            at = datetime.fromtimestamp(since, UTC).isoformat(timespec="seconds")
            print(f"  {call_sid[:8]}… {link['item'][:8]}…  {at}  {link.get('worker_name', ''):<5} {link['mode']:<9}")
            ended = (
                f"{link.get('outcome') or link['state']}: {link['reason']}" if link.get("reason") else link["outcome"]
            )
            print(paint(f"      {' · '.join(steps)}  →  {ended}", DIM))


def conclude(endings: Sequence[Ending], seconds: float) -> int:
    good = sum(ending.good for ending in endings)
    colour = GREEN if good == len(endings) else RED
    print(f"\n{paint(f'{good} of {len(endings)} stories ended as expected', colour)}, in {seconds:.0f} s")
    return 0 if good == len(endings) else 1


if __name__ == "__main__":
    sys.exit(main())
