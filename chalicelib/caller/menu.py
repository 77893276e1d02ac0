"""The menus of a line: what is asked, and what follows on what was pressed or said (pure).

Where a caller is stands in the URL, and the attributes of what they chose are read from the file each time. Each round
is counted there too: after MOST_ROUNDS the call goes on as after the last try, so every caller gets out of the menus.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from twilio.twiml.voice_response import Gather, VoiceResponse

from chalicelib.caller import twiml
from chalicelib.caller.say import filled, say
from chalicelib.caller.twiml import Phone, Queueing, Way
from chalicelib.callers.known import UNKNOWN, Known
from chalicelib.config import menus
from chalicelib.config.menus import MOST_ROUNDS, Choice, Menu, Place
from chalicelib.config.schema import Line
from chalicelib.config.texts import Text
from chalicelib.twilio import urls


class Asked(NamedTuple):
    """A question: where, how often it was asked there, and how many questions there were in all, from 1."""

    trail: str = menus.MAIN
    attempt: int = 1
    total: int = 1


class Given(NamedTuple):
    """What a caller did at a menu. Twilio says from 0 to 1 how sure it is of the speech."""

    digits: str
    speech: str = ""
    confidence: float = 1.0


class Onward(NamedTuple):
    """What a caller needs who leaves the menus. `queueing` is by the attributes of what they chose."""

    queueing: Callable[[Line, Mapping[str, Any]], Queueing]
    way: Way
    phone: Phone
    known: Known = UNKNOWN


def greet(line: Line, onward: Onward) -> str:
    """The first document of a call: greeting, then the first menu or the queue, before which the notices are said."""
    if line.every_menu:
        return _ask(line, menus.first(line.every_menu), Asked(), onward, first=line.greeting)
    if line.extensions:
        return twiml.ask_extension(line, line.extensions, 1, onward.queueing(line, {}), line.greeting)
    return twiml.enqueue(line, onward.queueing(line, {}), {}, line.greeting)


def answer(line: Line, asked: Asked, given: Given, onward: Onward) -> str:
    """What follows. A trail that the file does not know, as a deployment has changed it, begins anew."""
    if not line.every_menu:
        return twiml.enqueue(line, onward.queueing(line, {}), {})
    place = menus.find(line.every_menu, asked.trail)
    if place is None:
        return _go(line, menus.first(line.every_menu), Asked(total=asked.total + 1), onward)
    found = choices(place.menu, given.digits, given.speech, line.spoken)
    is_sure = bool(given.digits) or given.confidence >= place.menu.sure
    match found:
        case [choice] if is_sure:
            return _follow(line, place, choice, asked.total, onward)
    again = asked._replace(attempt=asked.attempt + 1, total=asked.total + 1)
    if found:
        return _go(line, place, again, onward, prompts=_which(line, place.menu, found))
    return _go(line, place, again, onward, first=place.menu.sorry)


def choices(menu: Menu, digits: str, speech: str, language: str = "") -> list[Choice]:
    """The choices that these digits, or this speech in this language, may mean."""
    keyed = [choice for choice in menu.choices if digits == choice.digits]
    return keyed or [one for one in menu.choices if any(_is_said(word, speech) for word in one.words(language))]


def choose(menu: Menu, digits: str, speech: str, language: str = "") -> Choice | None:
    """The choice that these digits, or this speech, make; None when they make none, or speech makes several."""
    match choices(menu, digits, speech, language):
        case [choice]:
            return choice
        case _:
            return None


def _is_said(word: str, speech: str) -> bool:
    """Whether the word, or the words, stand whole in what was said: "male" is not in "female"."""
    return re.search(rf"(?<!\w){re.escape(word.casefold())}(?!\w)", speech.casefold()) is not None


def _which(line: Line, menu: Menu, found: list[Choice]) -> list[Text]:
    """Asks by which key the caller means what they may have said."""
    spoken = line.spoken
    return [filled(line, menu.unsure, words=choice.words(spoken)[0], key=choice.digits) for choice in found]


def _follow(line: Line, place: Place, choice: Choice, total: int, onward: Onward) -> str:
    """Where the choice leads, in the language of the choice from here on."""
    line, onward = _spoken(line, choice, onward)
    match choice.then:
        case "back":
            further = menus.back(line.every_menu, place)
        case _ if choice.menu in line.every_menu:
            further = menus.go(line.every_menu, place, choice)
        case _:
            return _leave(line, choice, menus.chosen(place, choice), onward)
    return _go(line, further, Asked(total=total + 1), onward, first=choice.say)


def _leave(line: Line, choice: Choice, attributes: Mapping[str, Any], onward: Onward) -> str:
    """Where a choice leads after which no menu is asked."""
    if choice.number:
        return twiml.ring_for_caller(line, choice.number, onward.phone, onward.way.base_url, choice.say)
    match choice.then:
        case "hangup":
            return twiml.say_goodbye(line, choice.say)
        case "voicemail":
            return twiml.take_message(line, onward.way, choice.say)
        case "callback":
            queueing = onward.queueing(line, attributes)
            return twiml.enqueue(line, queueing, attributes, choice.say, wants_callback=True)
        case _:
            return twiml.enqueue(line, onward.queueing(line, attributes), attributes, choice.say)


def _spoken(line: Line, choice: Choice, onward: Onward) -> tuple[Line, Onward]:
    if not choice.language:
        return line, onward
    way = onward.way._replace(base_url=urls.in_language(onward.way.base_url, choice.language))
    return line.in_language(choice.language), onward._replace(way=way)


def _go(
    line: Line, place: Place, asked: Asked, onward: Onward, *, first: Text = "", prompts: Sequence[Text] = ()
) -> str:
    """The next question; after the last one the call goes on as the menu says."""
    if asked.attempt <= place.menu.tries and asked.total <= MOST_ROUNDS:
        return _ask(line, place, asked._replace(trail=place.trail), onward, first=first, prompts=prompts)
    match place.menu.otherwise:
        case "leave":
            return twiml.after(line, "leave", onward.way)
        case "queue":
            return twiml.enqueue(line, onward.queueing(line, place.attributes), place.attributes)


def _ask(
    line: Line, place: Place, asked: Asked, onward: Onward, *, first: Text = "", prompts: Sequence[Text] = ()
) -> str:
    """What comes first, and the prompts, or the menu's own; keys and words count from the first prompt on."""
    response, action = VoiceResponse(), _url(asked, onward)
    gather = _gather(line, place.menu, action)
    say(response, line, first)
    say(gather, line, *(prompts or [place.menu.prompt]))
    response.append(gather)
    response.redirect(action)  # in case Twilio asks the action of a silence for digits alone (contract 12)
    return str(response)


def _url(asked: Asked, onward: Onward) -> str:
    """Where what is pressed or said goes to; of a caller of whom something is known, with that."""
    path = {"trail": asked.trail, "attempt": str(asked.attempt), "total": str(asked.total)}
    if onward.known == UNKNOWN:
        return urls.MENUS.url(onward.way.base_url, **path)
    return urls.MENUS_OF_KNOWN.url(onward.way.base_url, caller=onward.known.token, **path)


def _gather(line: Line, menu: Menu, action: str) -> Gather:
    """It listens for speech, which Twilio charges for, where the menu has words in the caller's language."""
    words = [word for choice in menu.choices for word in choice.words(line.spoken)]
    return Gather(
        input="dtmf speech" if words else "dtmf",
        action=action,
        # A Redirect may repeat the digits of the request before (contract 12), and a silence would choose something.
        action_on_empty_result=True,
        timeout=menu.timeout,
        num_digits=max(len(choice.digits) for choice in menu.choices),
        # Gather ends at # unless it is told otherwise, and keeps it for itself (contract 3.3).
        finish_on_key="" if any("#" in choice.digits for choice in menu.choices) else None,
        language=line.speaks.language,
        hints=", ".join(words) or None,
    )
