"""What is typed at `make dev`, as actions on the emulator."""

import inspect
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches

from emulator.clock.scheduler import TraceEvent
from emulator.ports import TwilioError
from emulator.voice.calls import Call
from emulator.voice.parties import Phone, answers, no_answer
from laptop.asked import TakesCalls
from laptop.call_centre import CallCentre
from laptop.environment import Laptop
from laptop.local_aws import LaptopError

HELP = """\
  dial Ann sales       a caller dials a line, by its name or by any number of ours
  press Ann 1          press digits              say Ann english     speak
  hangup Ann           hang up, of anybody       answer Bea          answer a ringing phone
  decline Bea          decline a ringing phone   auto Bea            from now on Bea's phone is answered
  on Bea Carl          these workers are available, everybody else is offline
  text Bea off         a worker texts the staff  dial Bea staff      a worker calls the staff number
  who                  people and calls          lines               what can be dialled
  help                 this list                 quit                or Ctrl-D
  Names may be shortened: dial a sal"""

QUIT = ("quit", "exit")


def pick(typed: str, names: Iterable[str], what: str) -> str:
    """The name that is meant: the whole of it in any case, or its beginning or its end, where no other has the same.

    Raises LaptopError that names those which are near.
    """
    known, word = list(names), typed.casefold()
    for fits in (str.__eq__, str.startswith, str.endswith):
        found = [name for name in known if word and fits(name.casefold(), word)]
        if len(found) == 1:
            return found[0]
        if found:
            raise LaptopError(f"{typed!r} may be {_listed(found)}: which?")
    near = get_close_matches(word, [name.casefold() for name in known], n=3, cutoff=0.5)
    meant = [name for name in known if name.casefold() in near] or known
    raise LaptopError(f"there is no {what} {typed!r}; there {'is near it' if near else 'are'}: {_listed(meant)}")


def _listed(names: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(names[:most]) or "none"
    return f"{shown}, …" if len(names) > most else shown


class Commands:
    """Lines that are typed, as actions on the emulator. Raises LaptopError for what cannot be done."""

    def __init__(self, laptop: Laptop) -> None:
        self._laptop = laptop
        self._legs: dict[str, str] = {}  # person -> the sid of the latest leg
        self._verbs: Mapping[str, Callable[..., str]] = {
            name.removeprefix("_do_"): getattr(self, name) for name in dir(self) if name.startswith("_do_")
        }
        self._takes_calls = TakesCalls(laptop.twilio, lambda: self._people.center)
        laptop.do(lambda: laptop.twilio.scheduler.on_event.extend((self._on_event, self._takes_calls)))

    @property
    def _people(self) -> CallCentre:
        return self._laptop.call_centre

    def do(self, typed: str) -> str:
        """Do one line; returns what to print."""
        try:
            verb, *words = shlex.split(typed) or ["help"]
        except ValueError as error:
            raise LaptopError(f"this line cannot be read: {error}") from None
        name = pick(verb, self._verbs, "command")
        action = self._verbs[name]
        try:
            inspect.signature(action).bind(*words)
        except TypeError:
            raise LaptopError(f"{name} needs other words than {' '.join(words) or 'none'}:\n{HELP}") from None
        try:
            return self._laptop.do(lambda: action(*words))
        except TwilioError as error:
            raise LaptopError(f"Twilio says no: {error}") from None

    def calls(self) -> Mapping[str, Call]:
        """The call that each person is in, who is in one. Called on the emulator, between two of its turns."""
        known = self._laptop.twilio.context.calls
        return {person: known[sid] for person, sid in self._legs.items() if self._is_in_a_call(person)}

    def completions(self, typed: str) -> list[str]:
        """What may stand in place of the last word of the line so far."""
        *before, last = typed.split(" ")
        words = [word for word in before if word]
        found = self._after(words[0], words[1:]) if words else [*self._verbs, QUIT[0]]
        return [name for name in found if name.casefold().startswith(last.casefold())]

    def _after(self, typed: str, words: Sequence[str]) -> list[str]:
        verb = next((name for name in self._verbs if name.startswith(typed.casefold())), "")
        match verb, len(words):
            case "dial", 0:
                return [*self._people.callers]
            case "dial", 1:
                return [*self._people.lines, *self._laptop.twilio.numbers]
            case ("on", _) | ("auto", 0) | ("text", 0):
                return [name for name in self._people.phones if name not in words]
            case (("answer" | "decline" | "hangup" | "press" | "say"), 0):
                return [name for name in self._legs if self._is_in_a_call(name)]
            case _:
                return []

    def _on_event(self, event: TraceEvent) -> None:
        if event.kind == "dialed":
            caller, callee = (self._people.name_of(event.detail[end]) for end in ("from_", "to"))
            is_inbound = event.detail["to"] in self._laptop.twilio.numbers
            self._legs[caller if is_inbound else callee] = event.detail["sid"]

    def _is_in_a_call(self, person: str) -> bool:
        return person in self._legs and not self._laptop.twilio.context.calls[self._legs[person]].is_over

    def _leg(self, typed: str) -> str:
        """The live leg of the person who is meant."""
        everybody = dict.fromkeys((*self._legs, *self._people.callers, *self._people.phones))
        person = pick(typed, everybody, "person")
        if not self._is_in_a_call(person):
            raise LaptopError(f"{person} has no call")
        return self._legs[person]

    def _do_dial(self, person: str, line: str = "") -> str:
        name = self._who_dials(person)
        if self._is_in_a_call(name):
            raise LaptopError(f"{name} is in a call already: hangup {name}")
        number = self._number(line) if line else next(iter(self._laptop.twilio.numbers), "")
        people = {**self._people.mobiles, **self._people.callers}
        return self._laptop.twilio.dial(people.get(name, name), number)

    def _who_dials(self, typed: str) -> str:
        """A number, a worker by their whole name, or a caller."""
        if typed.startswith("+"):
            return typed
        worker = next((name for name in self._people.mobiles if name.casefold() == typed.casefold()), "")
        return worker or pick(typed, self._people.callers, "caller")

    def _do_text(self, person: str, *words: str) -> str:
        people = {**self._people.mobiles, **self._people.callers}
        name = person if person.startswith("+") else pick(person, people, "person")
        numbers = self._people.center.application.staff.numbers
        if not numbers:
            raise LaptopError("the team has no [staff] numbers to text to")
        self._laptop.twilio.text(people.get(name, name), numbers[0], " ".join(words))
        return ""

    def _number(self, typed: str) -> str:
        """The number of a line, or one of ours by its digits or the last of them."""
        lines, numbers = self._people.lines, self._laptop.twilio.numbers
        named = pick(typed, [*lines, *numbers], "line or number")
        return lines.get(named, named)

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
        name = self._worker(person)
        self._phone(name).will(answers(2))
        self._takes_calls.phones.add(self._people.phones[name])
        return f"{name}'s phone is answered after two seconds, and 1 is pressed where the queue asks for a key"

    def _do_on(self, *people: str) -> str:
        names = [self._worker(person) for person in people]
        for name in names:
            self._phone(name).will(no_answer())
            self._takes_calls.phones.discard(self._people.phones[name])
        self._people.on_duty(*names)
        return ""

    def _do_who(self) -> str:
        workers = [f"{name}: {worker.activity.friendly_name}" for name, worker in self._people.workers.items()]
        calls = self._laptop.twilio.context.calls
        legs = [f"{name}: {sid} {calls[sid].status}" for name, sid in self._legs.items() if self._is_in_a_call(name)]
        return "\n".join([", ".join(workers) or "nobody works here: the team has no workers.toml", *legs])

    def _do_lines(self) -> str:
        lines = [f"{number}  {name}" for name, number in self._people.lines.items()]
        others = [number for number in self._laptop.twilio.numbers if number not in self._people.lines.values()]
        return "\n".join([*lines, *others])

    def _do_help(self) -> str:
        return HELP

    def _worker(self, typed: str) -> str:
        return pick(typed, self._people.phones, "worker")

    def _phone(self, name: str) -> Phone:
        return self._laptop.twilio.phone(self._people.phones[name])
