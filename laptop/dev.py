"""`make dev`: keeps everything running, reloads what changes, and lets you place calls by hand.

python -m laptop.dev [--busy] [FOLDER]     with the team's files of this folder
"""

import argparse
import secrets
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from random import Random

from chalicelib.twilio import urls
from emulator.clock.scheduler import TraceEvent
from emulator.control import HOME
from laptop import console, environment, phone_server, pointing, sign_in
from laptop.busy import busy
from laptop.commands import HELP, QUIT, Commands
from laptop.environment import Laptop
from laptop.folding import Folds
from laptop.local_aws import LaptopError
from laptop.reloading import reloading
from laptop.screen import BOLD, DIM, paint
from laptop.teams import Team, chosen
from laptop.timeline import Timeline
from ops.errors import OpsError


class FoldedTimeline(Timeline):
    """The timeline in which nobody who waits fills the screen."""

    def __init__(self, laptop: Laptop) -> None:
        self._folds = Folds()
        super().__init__(laptop, say)

    def on_event(self, event: TraceEvent) -> None:
        for shown in self._folds.of(event):
            super().on_event(shown)


def say(what: str) -> None:
    print(what, flush=True)


def main(arguments: Sequence[str] = ()) -> int:
    """Run until the person leaves; 0 when everything has been stopped."""
    asked = _arguments(arguments)
    try:
        team = chosen(asked.folder)
        say(paint(f"  the call centre of {team.folder}", DIM))
        with environment.running(lambda what: say(paint(f"  {what}", DIM)), team, console=True) as laptop:
            FoldedTimeline(laptop)
            commands = Commands(laptop)
            with phone_server.running(laptop, commands) as phones:
                greet(laptop, team, phones)
                with reloading(laptop, team, lambda what: say(paint(f"  {what}", DIM))):
                    laptop.do(lambda: laptop.call_centre.on_duty(*list(laptop.call_centre.phones)[:2]))
                    with busy(laptop, Random()) if asked.busy else nullcontext():  # noqa: S311 - nobody guesses it
                        take(commands)
    except (LaptopError, OpsError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say("")
    return 0


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make dev", description="Everything running, and calls by hand.")
    parser.add_argument("folder", nargs="?", default="", help="the team's files of this folder")
    parser.add_argument("--busy", action="store_true", help="people call now and then, and all workers take calls")
    return parser.parse_args(arguments)


def greet(laptop: Laptop, team: Team, phones: str) -> None:
    """Say where everything is, the page of `phones` too, and how the operator's commands are pointed at it."""
    checkout = pointing.prepare(laptop, team)
    say(f"\n{paint('The application', BOLD)} {laptop.base_url}")
    say(f"{paint('The emulator of Twilio', BOLD)} {laptop.twilio_url}")
    say(f"{paint('Its inspector', BOLD)}, a page for your browser: {laptop.twilio_url}{HOME}")
    say(f"{paint('The phones', BOLD)} of callers and workers, to be pressed: {phones}")
    say(f"{paint('The console', BOLD)}, where people see who waits: {urls.CONSOLE.page(laptop.base_url)}")
    password = _let_in(laptop)
    say(f"  sign in as {sign_in.SUPERVISOR} with the password {password}")
    _greet_desks(laptop, password)
    say(f"\n{paint('In another terminal', BOLD)}, so that the operator's commands mean this laptop:")
    say("\n".join(pointing.lines(laptop, checkout)))
    say("./cordboard doctor --stage local\n")
    say(HELP)


def _let_in(laptop: Laptop) -> str:
    """The password of a supervisor, whom only this laptop knows."""
    password = f"Aa1-{secrets.token_urlsafe(9)}"  # of each kind of character that a pool may ask for
    sign_in.let_in(laptop.aws, sign_in.SUPERVISOR, "supervisors", password)
    return password


def _greet_desks(laptop: Laptop, password: str) -> None:
    """Who takes callers in the browser signs in with the same password; where nobody has a desk nothing is said."""
    people = laptop.call_centre.center.workers or {}
    mails = {name: worker.mail for name, worker in people.items() if worker.desk and worker.mail}
    for mail in mails.values():
        sign_in.let_in(laptop.aws, mail, "agents", password)
    if mails:
        say(f"{paint('The agent desk', BOLD)}, where callers are taken: {urls.DESK.page(laptop.base_url)}")
        say(f"  the same password, as {', '.join(f'{mail} ({name})' for name, mail in mails.items())}")
        say("  choose Available there, `dial Ann support` here, and press Take")


def take(commands: Commands) -> None:
    """Do what is typed until `quit`, or the input ends."""
    for typed in console.lines(commands.completions):
        if typed.strip().casefold() in QUIT:
            return
        try:
            said = commands.do(typed) if typed.strip() else ""
        except LaptopError as error:
            said = str(error)
        if said:
            say(said)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
