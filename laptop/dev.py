"""`make dev`: keeps everything running, packages again on a change, and lets you place calls by hand."""

import shlex
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from emulator.clock.scheduler import TraceEvent
from emulator.voice.parties import Phone, answers, no_answer
from laptop import call_centre, environment, package
from laptop.environment import Laptop
from laptop.local_aws import LaptopError
from laptop.screen import BOLD, DIM, paint
from laptop.timeline import Timeline

POLL_SECONDS = 1.0

HELP = """
  dial Ann [+14155550100]   a caller dials a line (support; sales …101, urgent …102, front desk …103)
  press Ann 1               press digits             say Ann english    speak
  hangup Ann                hang up, of anybody      answer Bea         answer a ringing phone
  decline Bea               decline a ringing phone  auto Bea           from now on Bea's phone is answered
  on Bea Carl               these workers are available, everybody else is offline
  who                       people and live legs     help, quit
"""


class Commands:
    """Lines that are typed, as actions on the emulator. Raises LaptopError for what cannot be done."""

    def __init__(self, laptop: Laptop) -> None:
        self._laptop = laptop
        self._legs: dict[str, str] = {}  # person -> the sid of the latest leg
        laptop.do(lambda: laptop.twilio.scheduler.on_event.append(self._on_event))

    def do(self, typed: str) -> str:
        """Do one line; returns what to print."""
        verb, *words = shlex.split(typed) or ["help"]
        action: Callable[..., str] | None = getattr(self, f"_do_{verb}", None)
        if action is None:
            raise LaptopError(f"there is no {verb!r}:{HELP}")
        try:
            return self._laptop.do(lambda: action(*words))
        except TypeError:
            raise LaptopError(f"{verb} needs other words than {words}:{HELP}") from None

    def _on_event(self, event: TraceEvent) -> None:
        if event.kind == "dialed":
            name_of = self._laptop.call_centre.name_of
            caller, callee = name_of(event.detail["from_"]), name_of(event.detail["to"])
            self._legs[caller if caller in call_centre.CALLERS else callee] = event.detail["sid"]

    def _leg(self, person: str) -> str:
        if person not in self._legs:
            raise LaptopError(f"{person} has no call")
        return self._legs[person]

    def _do_dial(self, person: str, number: str = call_centre.SUPPORT) -> str:
        if person not in call_centre.CALLERS or number not in self._laptop.twilio.numbers:
            raise LaptopError(
                f"callers: {', '.join(call_centre.CALLERS)}; numbers: {', '.join(self._laptop.twilio.numbers)}"
            )
        return self._laptop.twilio.dial(call_centre.CALLERS[person], number)

    def _do_press(self, person: str, digits: str) -> str:
        self._laptop.twilio.press(self._leg(person), digits)
        return ""

    def _do_say(self, person: str, *words: str) -> str:
        self._laptop.twilio.say(self._leg(person), " ".join(words))
        return ""

    def _do_hangup(self, person: str) -> str:
        self._laptop.twilio.hang_up(self._leg(person))
        return ""

    def _do_answer(self, person: str) -> str:
        self._laptop.twilio.answer(self._leg(person))
        return ""

    def _do_decline(self, person: str) -> str:
        self._laptop.twilio.decline(self._leg(person))
        return ""

    def _do_auto(self, person: str) -> str:
        self._phone(person).will(answers(2))
        return f"{person}'s phone is answered after two seconds"

    def _do_on(self, *people: str) -> str:
        for person in people:
            self._phone(person).will(no_answer())
        self._laptop.call_centre.on_duty(*people)
        return ""

    def _do_who(self) -> str:
        workers = [
            f"{name}: {worker.activity.friendly_name}" for name, worker in self._laptop.call_centre.workers.items()
        ]
        calls = self._laptop.twilio.context.calls
        legs = [f"{name}: {sid} {calls[sid].status}" for name, sid in self._legs.items() if not calls[sid].is_over]
        return "\n".join([", ".join(workers), *legs])

    def _do_help(self) -> str:
        return HELP

    def _phone(self, person: str) -> Phone:
        if person not in call_centre.WORKERS:
            raise LaptopError(f"workers: {', '.join(call_centre.WORKERS)}")
        return self._laptop.twilio.phone(call_centre.WORKERS[person][0])


def main() -> int:
    try:
        with environment.running(lambda what: print(paint(f"  {what}", DIM), flush=True)) as laptop:
            Timeline(laptop)
            stopping = threading.Event()
            reloader = threading.Thread(target=reload_on_change, args=(laptop, stopping), daemon=True)
            reloader.start()
            print(
                f"\n{paint('The application', BOLD)} {laptop.base_url}\n{paint('AWS', BOLD)} {laptop.aws.url}\n{HELP}"
            )
            try:
                prompt(Commands(laptop))
            finally:
                stopping.set()
                reloader.join()
    except LaptopError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print()
    return 0


def prompt(commands: Commands) -> None:
    """Do what is typed until `quit`, or the input ends."""
    commands.do("on Bea Carl")
    for typed in sys.stdin:
        if typed.strip() in ("quit", "exit"):
            return
        try:
            said = commands.do(typed)
        except (LaptopError, ValueError) as error:
            said = str(error)
        if said:
            print(said, flush=True)


def reload_on_change(laptop: Laptop, stopping: threading.Event) -> None:
    """Package and update the functions whenever the application changes, until `stopping`."""
    known = fingerprint()
    while not stopping.wait(POLL_SECONDS):
        found = fingerprint()
        if found != known:
            known = found
            try:
                reload(laptop)
                print(paint("  reloaded", DIM), flush=True)
            except LaptopError as error:
                print(error, file=sys.stderr)


def reload(laptop: Laptop, root: Path | None = None) -> None:
    """Package the project in `root`, or this checkout, and give the functions its code. Raises LaptopError."""
    package.update_code(laptop.aws, package.build(root=root, out=(root or package.ROOT) / ".build" / "package"))
    environment.warm(laptop)


def fingerprint() -> dict[Path, float]:
    """The application's files and when each was changed."""
    return {path: path.stat().st_mtime for path in _files()}


def _files() -> Iterator[Path]:
    yield package.ROOT / "app.py"
    for folder in ("chalicelib", "laptop/team"):
        yield from (path for path in (package.ROOT / folder).rglob("*") if path.suffix in (".py", ".toml"))


if __name__ == "__main__":
    sys.exit(main())
