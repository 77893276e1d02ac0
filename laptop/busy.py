"""A call centre that lives: people call now and then, and workers take the calls (`make dev MORE=--busy`)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from random import Random

from chalicelib.config import menus
from chalicelib.config.schema import Line
from emulator.twilio import Twilio
from emulator.voice.parties import Step, answers, hangs_up, joined, no_answer, presses, talks, waits
from laptop.asked import TakesCalls
from laptop.call_centre import CallCentre
from laptop.environment import Laptop

EVERY_SECONDS = (5.0, 25.0)  # between two calls
RINGS_SECONDS = (1.0, 8.0)
TALK_SECONDS = (15.0, 90.0)
PATIENCE_SECONDS = 45.0  # of one who hangs up before anybody answers
GIVES_UP = MISSES = 0.1  # of the callers, and of the rings
COMES_BACK = 0.3  # how likely a worker who is off is on again when the next one calls
KEY_AFTER_SECONDS = 6.0
STRANGERS = tuple(f"+121255501{number:02}" for number in range(10, 60))  # a range that belongs to nobody


class Busy:
    """Runs on the emulator, between its turns. `call_centre` gives the team's files as they are now."""

    def __init__(self, twilio: Twilio, call_centre: Callable[[], CallCentre], chance: Random) -> None:
        self._twilio, self._call_centre, self._chance = twilio, call_centre, chance
        self._takes_calls = TakesCalls(twilio, lambda: call_centre().center)
        self._is_over = False

    def begin(self) -> None:
        """Everybody is on, and the first caller dials soon."""
        centre = self._call_centre()
        self._twilio.scheduler.on_event.append(self._takes_calls)
        centre.on_duty(*self._rung(centre))
        self._next()

    def end(self) -> None:
        """Nobody calls any more; who is in a call stays."""
        self._is_over = True
        self._twilio.scheduler.on_event.remove(self._takes_calls)

    def _next(self) -> None:
        if not self._is_over:
            self._twilio.scheduler.after(self._chance.uniform(*EVERY_SECONDS), self._somebody_calls)

    def _somebody_calls(self) -> None:
        self._next()
        if self._is_over:
            return
        centre = self._call_centre()
        self._workers_do(centre)
        lines = [(line, line.numbers[0]) for line in centre.center.application.lines.values() if line.numbers]
        line, number = self._chance.choice(lines)
        self._twilio.dial(self._chance.choice((*centre.callers.values(), *STRANGERS)), number, self._call(line))

    def _workers_do(self, centre: CallCentre) -> None:
        """Some who are off come back, and each decides how the phone is answered the next time."""
        phones = self._rung(centre)
        self._takes_calls.phones |= set(phones.values())
        for name, number in phones.items():
            is_on = centre.workers[name].activity.available
            if not is_on and self._chance.random() < COMES_BACK:
                centre.put_on(name)
            misses = self._chance.random() < MISSES
            if number:
                rings = self._chance.uniform(*RINGS_SECONDS)
                self._twilio.phone(number).will(no_answer() if misses else answers(rings))

    @staticmethod
    def _rung(centre: CallCentre) -> Mapping[str, str]:
        """Whose phones ring; who sits at a desk is on, and answers, by their own hand."""
        return {name: number for name, number in centre.phones.items() if not number.startswith("client:")}

    def _call(self, line: Line) -> Sequence[Step]:
        choices = menus.first(line.every_menu).menu.choices if line.every_menu else ()
        keys = [choice.digits for choice in choices if choice.then == "queue"]
        pressed: list[Step] = [waits(KEY_AFTER_SECONDS), presses(self._chance.choice(keys))] if keys else []
        if self._chance.random() < GIVES_UP:
            return [*pressed, waits(self._chance.uniform(1, PATIENCE_SECONDS)), hangs_up()]
        return [*pressed, joined(), talks(self._chance.uniform(*TALK_SECONDS)), hangs_up()]


@contextmanager
def busy(laptop: Laptop, chance: Random) -> Iterator[None]:
    """Until the block ends people call and are answered."""
    people = Busy(laptop.twilio, lambda: laptop.call_centre, chance)
    laptop.do(people.begin)
    try:
        yield
    finally:
        laptop.do(people.end)
