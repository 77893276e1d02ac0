"""What a caller would hear, line by line, from the same functions as in a call. Nothing is sent."""

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

from chalicelib.caller import closed, menu, twiml
from chalicelib.config.callbacks import GOODBYE
from chalicelib.config.callers import Extensions
from chalicelib.config.menus import MOST_ROUNDS
from chalicelib.config.schema import CallCenter, Line, SimpleQueue
from chalicelib.hours import state
from chalicelib.hours.calendar import Closed
from chalicelib.hours.switch import Switch
from chalicelib.twilio import urls

BASE, WORKFLOW, CALLER = "https://hear.invalid", "WW", "+12125550171"
MOST_DOCUMENTS = MOST_ROUNDS + 10  # of one call: what comes after the menus has fewer


@dataclass
class Call:
    """A call to this number at this moment, of a caller who presses these keys one after the other.

    Where a menu listens, and there is no key left, they say these words one after the other; those that end with a
    question mark so that Twilio is not sure of them.
    """

    center: CallCenter
    number: str
    at: float
    keys: str
    words: list[str] = field(default_factory=list)

    def heard(self) -> Iterator[str]:
        """What happens, a sentence each."""
        simple = self.center.simple_queue_of(self.number)
        document = self._of_queue(*simple) if simple else self._of_line(*self.center.line_of(self.number))
        for _ in range(MOST_DOCUMENTS):
            following = ""
            for said in self._play(document):
                if said.startswith(BASE):
                    following = said
                    break
                yield said
            if not following:
                return
            document = self._next(following)

    def _of_queue(self, name: str, queue: SimpleQueue) -> str:
        return twiml.join_simple_queue(name, queue, BASE)

    def _of_line(self, _name: str, line: Line) -> str:
        standing = state.under(Switch(), line, self.at)
        if not isinstance(standing, Closed):
            return menu.greet(line, self._onward(BASE))
        return twiml.closed(
            line, closed.sentence(line, standing), twiml.Way(BASE), self._phone(line), is_answered=False
        )

    def _onward(self, base_url: str) -> menu.Onward:
        return menu.Onward(self._queueing, twiml.Way(base_url), twiml.Phone(self.center.caller_id(CALLER)))

    def _queueing(self, line: Line, chosen: Mapping[str, Any]) -> twiml.Queueing:
        notices = self.center.notices({**line.attributes, **line.language_attribute, **chosen})
        return twiml.Queueing(WORKFLOW, urls.in_language(BASE, line.spoken), notices)

    def _phone(self, line: Line) -> twiml.Phone:
        return closed.phone_of(self.center, line, CALLER)

    def _play(self, document: str) -> Iterator[str]:
        """What happens in a document; the URL of the next one, if another follows."""
        for verb in ElementTree.fromstring(document):  # noqa: S314 - it is our own
            match verb.tag:
                case "Say" | "Play":
                    yield _heard(verb)
                case "Gather":
                    yield from map(_heard, verb)
                    if pressed := self._press(verb):
                        yield f"the caller presses {pressed}"
                        self._given = menu.Given(pressed.removesuffix(_finishing(verb)))
                        yield verb.get("action", "")
                    if self.words and "speech" in verb.get("input", ""):
                        said = self.words.pop(0)
                        yield f"the caller says {said}"
                        self._given = menu.Given("", said.removesuffix("?"), 0.0 if said.endswith("?") else 1.0)
                        yield verb.get("action", "")
                    yield "the caller presses nothing"
                case "Redirect":
                    self._given = menu.Given("")
                    yield str(verb.text)
                case _:
                    yield _what(verb)
                    return

    def _press(self, gather: ElementTree.Element) -> str:
        """The keys that this Gather takes: so many, or up to the one that finishes it."""
        taken, finishing = self.keys[: int(gather.get("numDigits") or len(self.keys))], _finishing(gather)
        if finishing and finishing in taken:
            taken = taken[: taken.index(finishing) + 1]
        self.keys = self.keys[len(taken) :]
        return taken

    def _next(self, url: str) -> str:
        """The document that follows at this URL."""
        route, path = urls.find(url) or (urls.INCOMING, {})
        line = self.center.line_of(self.number)[1].in_language(urls.language_of(url))
        base_url = urls.in_language(BASE, urls.language_of(url))
        extensions = line.extensions
        if route == urls.MENUS and extensions and extensions.key and self._given.digits == extensions.key:
            return twiml.ask_extension(line, extensions, 1, self._onward(base_url).queueing(line, {}))
        if route == urls.MENUS:
            asked = menu.Asked(path["trail"], int(path["attempt"]), int(path["total"]))
            return menu.answer(line, asked, self._given, self._onward(base_url))
        if route == urls.EXTENSION and extensions:
            return self._of_person(line, extensions, self._onward(base_url).queueing(line, {}))
        return self._next_when_closed(route, line)

    def _of_person(self, line: Line, rules: Extensions, queueing: twiml.Queueing) -> str:
        """Of whoever has the extension, by a name that nobody has to have."""
        digits = self._given.digits
        person = twiml.Person(digits, f"the worker with extension {digits}")
        return twiml.enqueue_for_person(line, rules, person, queueing)

    def _next_when_closed(self, route: urls.Route, line: Line) -> str:
        urgent, rules = line.closed.urgent_key, line.callback
        match route, self._given.digits:
            case urls.CLOSED_KEY, pressed if urgent and pressed == urgent.digits:
                return twiml.ring_for_caller(line, urgent.to, self._phone(line), BASE)
            case urls.CLOSED_KEY, _:
                return twiml.closed_then(line, twiml.Way(BASE), self._phone(line))
            case urls.CLOSED_CALLBACK, "1":
                return twiml.thank_for_callback(line)
            case urls.CLOSED_CALLBACK, "2" if rules and rules.other_number:
                return twiml.ask_number_when_closed(line, rules, BASE)
            case urls.CLOSED_NUMBER, typed if rules:
                return twiml.confirm_when_closed(line, rules, " ".join(typed), "other", BASE)
            case _:
                return twiml.say_goodbye(line, rules.says.goodbye if rules else GOODBYE)


def _heard(verb: ElementTree.Element) -> str:
    """Words without their tags, and sound by its URL."""
    return f"plays: {verb.text}" if verb.tag == "Play" else f"says: {''.join(verb.itertext())}"


def _finishing(gather: ElementTree.Element) -> str:
    """The key that ends the typing, and is none of the digits; empty: no key does (contract 3.3)."""
    return gather.get("finishOnKey", "#")


def _asks_for_callback(enqueue: ElementTree.Element) -> bool:
    return urls.find(enqueue.get("waitUrl", "")) == (urls.WAIT_CALLBACK, {})


def _what(verb: ElementTree.Element) -> str:
    """What a verb does after which nothing more is heard of the document."""
    match verb.tag:
        case "Enqueue":
            task = verb.find("Task")
            known = f", as a task with {html.unescape(task.text or '')}" if task is not None else f" {verb.text}"
            asked = ", and is asked whether to be called back" if _asks_for_callback(verb) else ""
            return f"the caller waits in the queue{known}{asked}"
        case "Dial":
            return f"the caller is connected with {''.join(verb.itertext())}"
        case "Record":
            return f"the caller may leave a message of up to {verb.get('maxLength')} seconds"
        case "Reject":
            return "the caller hears that the line is busy; the call costs nothing"
        case _:
            return "the call is over"
