"""What no single value of callcenter.toml shows to be wrong (pure)."""

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from chalicelib.config import menu_mistakes
from chalicelib.config.callers import Extensions
from chalicelib.config.hours import mistakes as mistakes_of_hours
from chalicelib.config.menu_mistakes import twice
from chalicelib.config.schema import (
    CALLBACK,
    CONSULT,
    DEFAULT_LANGUAGE,
    DIAL_SECONDS,
    JOB_SECONDS,
    LONGEST_TEXT_SECONDS,
    MARGIN_SECONDS,
    MESSAGE_KIND,
    NAME_LIMIT,
    CallCenter,
    Line,
    every_number,
    treatments,
)
from chalicelib.config.staff import TAKEN_BY_TWILIO
from chalicelib.config.star import queue_of
from chalicelib.config.texts import Text, Voice, each_of, texts_of, wrong_with
from chalicelib.config.toml_errors import Mistake, sentence


def mistakes(callcenter: CallCenter, without: Collection[str] = ()) -> list[Mistake]:
    """What no single value shows: names that must exist, numbers that must be unique, times that must fit.

    `without` are the tables that could not be read: what needs one of them is not looked at.
    """
    checks = [check for check, needed in _CHECKS.items() if not needed.intersection(without)]
    return [found for check in checks for found in check(callcenter)]


def _default_line(callcenter: CallCenter) -> Iterator[Mistake]:
    if callcenter.default_line not in callcenter.lines:
        yield sentence("default_line", callcenter.default_line, f"allowed: {', '.join(sorted(callcenter.lines))}")


def _names_too_long(callcenter: CallCenter) -> Iterator[Mistake]:
    """Twilio knows both kinds of queue by their names (contract 3.1)."""
    for table, queues in (("queues", callcenter.queues), ("simple_queues", callcenter.simple_queues)):
        for name in queues:
            if not 1 <= len(name) <= NAME_LIMIT:
                yield sentence(f"{table}.{name}", f"{len(name)} characters", f"a name has 1 to {NAME_LIMIT}")


def _numbers(callcenter: CallCenter) -> Iterator[Mistake]:
    first: dict[str, str] = {}
    for key, number in every_number(callcenter):
        if first.setdefault(number, key) != key:
            yield sentence(key, number, f"each number may stand once, and {first[number]} is the same")


def _menus(callcenter: CallCenter) -> Iterator[Mistake]:
    for name, line in callcenter.lines.items():
        yield from menu_mistakes.of_line(f"lines.{name}", line.menu, line.menus, line.languages)
        yield from _numbers_of_menus(callcenter, f"lines.{name}", line)
    for key, treatment in treatments(callcenter):
        if treatment.wait.options:
            yield from twice(f"{key}.wait.options", [choice.digits for choice in treatment.wait.options.choices])


def _numbers_of_menus(callcenter: CallCenter, key: str, line: Line) -> Iterator[Mistake]:
    ours = {number for _, number in every_number(callcenter)}
    for place, menu in menu_mistakes.by_key(key, line.menu, line.menus).items():
        for at, choice in enumerate(menu.choices):
            if choice.number in ours:
                allowed = "a number that is not ours: callers would come back"
                yield sentence(f"{place}.choices[{at}].then", choice.then, allowed)


def _callbacks(callcenter: CallCenter) -> Iterator[Mistake]:
    for name, line in callcenter.lines.items():
        yield from _choices_of_callbacks(f"lines.{name}", line)
        if line.callback is None:
            continue
        key, rules = f"lines.{name}.callback", line.callback
        if line.wait.way_out(rules.key):
            yield sentence(f"{key}.key", rules.key, "each key may stand once, and wait.options has the same")
        if rules.offer_after >= line.longest_wait:
            allowed = f"less than the {line.longest_wait} s after which the caller leaves the queue"
            yield sentence(f"{key}.offer_after", rules.offer_after, allowed)
        says = rules.says
        for at, text in (("confirm", rules.confirm), ("says.ask", says.ask), ("says.ask_closed", says.ask_closed)):
            yield from _other_placeholders(f"{key}.{at}", text, "number")
    if callcenter.calls_back and CALLBACK in callcenter.work:
        yield sentence(f"work.{CALLBACK}", "there", "another name, as the callbacks of a line are called so")
    if CONSULT in callcenter.work:
        yield sentence(f"work.{CONSULT}", "there", "another name, as a worker who asks another one first is called so")


def _choices_of_callbacks(key: str, line: Line) -> Iterator[Mistake]:
    for place, menu in menu_mistakes.by_key(key, line.menu, line.menus).items():
        for at, choice in enumerate(menu.choices):
            if choice.then == "callback" and line.callback is None:
                yield sentence(f"{place}.choices[{at}].then", choice.then, f"needs a table [{key}.callback]")


def _hours(callcenter: CallCenter) -> Iterator[Mistake]:
    for name, hours in callcenter.hours.items():
        yield from (sentence(f"hours.{name}.{key}", value, said) for key, value, said in mistakes_of_hours(hours))
    for name, line in callcenter.lines.items():
        if line.hours and line.hours not in callcenter.hours:
            allowed = f"allowed: {', '.join(callcenter.hours) or 'none: there is no table [hours.NAME]'}"
            yield sentence(f"lines.{name}.hours", line.hours, allowed)


def _closed_lines(callcenter: CallCenter) -> Iterator[Mistake]:
    ours = {number for _, number in every_number(callcenter)}
    for name, line in callcenter.lines.items():
        key, rules = f"lines.{name}.closed", line.closed
        for where, number in rules.leads_to.items():
            if number in ours:
                yield sentence(f"{key}.{where}", number, "a number that is not ours: callers would come back")
        if rules.then == "redirect" and not rules.to:
            yield sentence(f"{key}.then", rules.then, "needs closed.to, the number")
        if rules.then == "callback" and line.callback is None:
            yield sentence(f"{key}.then", rules.then, f"needs a table [lines.{name}.callback]")
        if rules.then == "reject" and rules.urgent_key:
            yield sentence(f"{key}.urgent_key", "there", 'not allowed with then = "reject", which says nothing')
        yield from _other_placeholders(f"{key}.say_holiday", rules.say_holiday, "name")


def _known_callers(callcenter: CallCenter) -> Iterator[Mistake]:
    for name, line in callcenter.lines.items():
        if line.screening:
            yield from _other_placeholders(f"lines.{name}.screening.say", line.screening.say, "digit")
            if not all("{digit}" in each for each in each_of(line.screening.say).values()):
                yield sentence(f"lines.{name}.screening.say", line.screening.say, "needs {digit}")
        if line.extensions:
            yield from _extensions(callcenter, f"lines.{name}.extensions", line, line.extensions)


def _extensions(callcenter: CallCenter, key: str, line: Line, rules: Extensions) -> Iterator[Mistake]:
    """With menus a key of its own asks for the extension in each of them; without one it is asked for at once."""
    yield from _other_placeholders(f"{key}.away", rules.away, "name")
    if rules.queue not in callcenter.queues:
        yield sentence(f"{key}.queue", rules.queue, f"allowed: {', '.join(callcenter.queues) or 'there is no queue'}")
    taken = [choice.digits for menu in line.every_menu.values() for choice in menu.choices]
    if not taken and rules.key:
        yield sentence(f"{key}.key", rules.key, "needs a menu; without one the extension is asked for at once")
    if taken and not rules.key:
        yield sentence(f"{key}.key", "missing", "a line with a menu needs a key that asks for the extension")
    if rules.key and rules.key in taken:
        yield sentence(f"{key}.key", rules.key, "each key may stand once, and a choice of a menu has the same")


def _placeholders(callcenter: CallCenter) -> Iterator[Mistake]:
    for key, treatment in treatments(callcenter):
        yield from _other_placeholders(f"{key}.wait.position", treatment.wait.position, "position")
        yield from _other_placeholders(f"{key}.wait.rough_wait", treatment.wait.rough_wait, "minutes")


def _other_placeholders(key: str, text: Text, allowed: str) -> Iterator[Mistake]:
    for each in each_of(text).values():
        if any(found != f"{{{allowed}}}" for found in re.findall(r"\{[^}]*\}?|\}", each)):
            yield sentence(key, each, f"the only placeholder allowed is {{{allowed}}}")


def _unsure_menus(callcenter: CallCenter) -> Iterator[Mistake]:
    for name, line in callcenter.lines.items():
        for key, menu in menu_mistakes.by_key(f"lines.{name}", line.menu, line.menus).items():
            for each in each_of(menu.unsure).values():
                if set(re.findall(r"\{[^}]*\}?|\}", each)) - {"{words}", "{key}"}:
                    yield sentence(f"{key}.unsure", each, "the only placeholders allowed are {words} and {key}")


def _texts(callcenter: CallCenter) -> Iterator[Mistake]:
    """Each text is in the languages of its line, and can be said."""
    for key, treatment in treatments(callcenter):
        for at, text in texts_of(treatment, key):
            yield from _text(at, text, treatment.languages)
    known = {name: voice for _, treatment in treatments(callcenter) for name, voice in treatment.languages.items()}
    for name, queue in callcenter.queues.items():
        for key, table in (("recording", queue.recording), ("star", queue.star)):
            for at, text in texts_of(table, f"queues.{name}.{key}"):
                yield from _text(at, text, known)


def _text(key: str, text: Text, languages: Mapping[str, Voice]) -> Iterator[Mistake]:
    if text == {}:
        yield sentence(key, ..., "a sentence for each language")
    for name, each in each_of(text).items():
        at = f"{key}.{name}" if name else key
        if name and name not in languages:
            yield sentence(at, each, f"allowed languages: {', '.join(languages) or 'none: the line has no languages'}")
        if allowed := wrong_with(each):
            yield sentence(at, each, allowed)


def _languages(callcenter: CallCenter) -> Iterator[Mistake]:
    for key, treatment in treatments(callcenter):
        known = treatment.languages
        if known and treatment.language not in (*known, DEFAULT_LANGUAGE):
            yield sentence(f"{key}.language", treatment.language, f"allowed with languages: {', '.join(known)}")
        if known and treatment.voice:
            yield sentence(
                f"{key}.voice", treatment.voice, f"not allowed with languages: {key}.languages has the voices"
            )


def _answers(callcenter: CallCenter) -> Iterator[Mistake]:
    """TaskRouter joins the two by itself in direct mode: its instruction can ask for no key, and for no detection."""
    for name, queue in callcenter.queues.items():
        rules = queue.answering
        if queue.is_direct and rules.mode != "at-once":
            yield sentence(f"queues.{name}.answer.mode", rules.mode, 'allowed with mode = "direct": at-once')
        if rules.ask_seconds < rules.shortest:
            allowed = f"at least {rules.shortest} s for {rules.asks} times the prompt and the key after it"
            yield sentence(f"queues.{name}.answer.ask_seconds", rules.ask_seconds, allowed)
        for word in sorted({*map(str.casefold, rules.yes)} & {*map(str.casefold, rules.no)}):
            yield sentence(f"queues.{name}.answer.no", word, "each word may stand once, and answer.yes has the same")


def _keys_after_a_talk(callcenter: CallCenter) -> Iterator[Mistake]:
    """In direct mode the worker's leg is Twilio's: no document of ours goes on there."""
    for name, queue in callcenter.queues.items():
        rules = queue.after_talk
        if rules and queue.is_direct:
            yield sentence(f"queues.{name}.after_talk", "there", 'not allowed with mode = "direct"')
        if rules and rules.note_seconds and rules.note_key in rules.keys:
            yield sentence(f"queues.{name}.after_talk.note_key", rules.note_key, "keys has the same")


def _recordings(callcenter: CallCenter) -> Iterator[Mistake]:
    """Nobody is recorded without a notice. TaskRouter's own leg tells nobody when its recording is there."""
    for name, queue in callcenter.queues.items():
        key, rules = f"queues.{name}.recording", queue.recording
        if rules is None:
            continue
        if queue.is_direct:
            yield sentence(key, "there", 'not allowed with mode = "direct", in which TaskRouter joins the two')
        if not all(map(str.strip, each_of(rules.notice).values())):
            allowed = 'a sentence that callers hear before they wait, or "elsewhere" where something else tells them'
            yield sentence(f"{key}.notice", rules.notice, f"allowed is {allowed}")
        if rules.who_may_listen and not callcenter.staff.is_on:
            yield sentence(f"{key}.who_may_listen", "there", "needs staff.numbers, which they call to listen")
        if rules.who_may_listen and not callcenter.messages.are_in_bucket:
            yield sentence(f"{key}.who_may_listen", "there", 'needs messages.kept_in = "s3"')


def _stars(callcenter: CallCenter) -> Iterator[Mistake]:
    """In direct mode the worker's leg is Twilio's, and no key of it reaches us."""
    for name, queue in callcenter.queues.items():
        if queue.star is None:
            continue
        if queue.is_direct:
            yield sentence(f"queues.{name}.star", "there", 'not allowed with mode = "direct"')
        for at, entry in enumerate(queue.star.menu):
            yield from _choice_of_star(callcenter, f"queues.{name}.star.menu[{at}]", entry, queue.star.menu[:at])


def _choice_of_star(callcenter: CallCenter, key: str, entry: str, before: Sequence[str]) -> Iterator[Mistake]:
    named = queue_of(entry)
    if entry in before:
        yield sentence(key, entry, "each choice may stand once")
    elif named and named not in callcenter.queues:
        allowed = ", ".join(f"queue:{known}" for known in callcenter.queues)
        yield sentence(key, entry, f"allowed: {allowed}, person, back")
    elif named and not callcenter.queues[named].attributes:
        yield sentence(key, entry, f"needs queues.{named}.attributes, by which the workflow puts a call there")


def _transcriptions(callcenter: CallCenter) -> Iterator[Mistake]:
    """Twilio makes texts of recordings of 2 to 120 s, and has them deleted there, too; Amazon reads the bucket."""
    for key, treatment in treatments(callcenter):
        rules = treatment.voicemail
        if rules.transcribe == "none":
            continue
        if rules.transcribe == "twilio" and rules.max_seconds > LONGEST_TEXT_SECONDS:
            allowed = f"at most {LONGEST_TEXT_SECONDS} where Twilio is to transcribe it"
            yield sentence(f"{key}.voicemail.max_seconds", rules.max_seconds, allowed)
        if not callcenter.messages.are_in_bucket:
            yield sentence(f"{key}.voicemail.transcribe", rules.transcribe, 'needs messages.kept_in = "s3"')


def _offered_messages(callcenter: CallCenter) -> Iterator[Mistake]:
    """A worker hears them from the bucket, as work of a kind that the file has to describe."""
    for key, treatment in treatments(callcenter):
        rules = treatment.voicemail
        if rules.offered and MESSAGE_KIND not in callcenter.work:
            yield sentence(f"{key}.voicemail.offered", "true", f"needs a table [work.{MESSAGE_KIND}]")
        if rules.offered and not callcenter.messages.are_in_bucket:
            yield sentence(f"{key}.voicemail.offered", "true", 'needs messages.kept_in = "s3"')
        if rules.messages_to and not rules.offered:
            yield sentence(f"{key}.voicemail.messages_to", rules.messages_to, "needs voicemail.offered = true")


def _work_at_the_desk(callcenter: CallCenter) -> Iterator[Mistake]:
    for kind, rules in callcenter.work.items():
        if kind == MESSAGE_KIND and rules.is_at_desk:
            yield sentence(f"work.{kind}.at", rules.at, "allowed: phone, on which the worker hears the message")
        if rules.link and not rules.is_at_desk:
            yield sentence(f"work.{kind}.link", rules.link, 'needs at = "desk": nobody sees it on a phone')


def _words_of_staff(callcenter: CallCenter) -> Iterator[Mistake]:
    for word in callcenter.staff.words:
        if word.casefold() in TAKEN_BY_TWILIO:
            allowed = f"Twilio itself acts on {', '.join(sorted(TAKEN_BY_TWILIO))}: take another word"
            yield sentence(f"staff.words.{word}", word, allowed)


def _texts_need_a_number(callcenter: CallCenter) -> Iterator[Mistake]:
    for at, target in enumerate(callcenter.tell.deliver):
        if target.startswith("sms:") and not callcenter.staff.numbers:
            yield sentence(f"tell.deliver[{at}]", target, "needs staff.numbers, which texts are sent from")


def _budget(callcenter: CallCenter) -> Iterator[Mistake]:
    """The CRM's work and the worker's call are one job, which Lambda ends after JOB_SECONDS."""
    budget, room = callcenter.crm.budget_seconds, JOB_SECONDS - DIAL_SECONDS
    if budget > room:
        counted = f"{callcenter.crm.attempts} attempts of {callcenter.crm.timeout:g} s and the pauses between"
        left = f"a job has {JOB_SECONDS} s, and {DIAL_SECONDS} of them are for Twilio's requests"
        yield sentence("crm", f"{budget:g} s", f"at most {room} s for {counted}: {left}")


def _times(callcenter: CallCenter) -> Iterator[Mistake]:
    limit = callcenter.reservation_timeout
    for name, queue in callcenter.queues.items():
        crm = 0 if queue.is_direct else math.ceil(callcenter.crm.budget_seconds)
        asking = 0 if queue.is_direct else queue.answering.seconds(queue.answering.mode)
        needed = crm + queue.ring_timeout + asking + MARGIN_SECONDS
        if needed >= limit:
            what = (
                "CRM budget, ring time, asking the worker and margin" if asking else "CRM budget, ring time and margin"
            )
            allowed = f"{what} ({needed} s) must fit into reservation_timeout ({limit} s)"
            yield sentence(f"queues.{name}.ring_timeout", queue.ring_timeout, allowed)


# Each check, and the tables without which it cannot judge the others; "" is the whole file.
_CHECKS: Mapping[Callable[[CallCenter], Iterator[Mistake]], frozenset[str]] = {
    _default_line: frozenset({"", "default_line", "lines"}),
    _names_too_long: frozenset(),
    _numbers: frozenset(),
    _menus: frozenset(),
    _callbacks: frozenset({"work"}),
    _hours: frozenset({"hours"}),
    _closed_lines: frozenset({"staff", "simple_queues"}),
    _known_callers: frozenset({"queues"}),
    _placeholders: frozenset(),
    _unsure_menus: frozenset(),
    _texts: frozenset(),
    _languages: frozenset(),
    _answers: frozenset(),
    _keys_after_a_talk: frozenset(),
    _recordings: frozenset({"messages", "staff"}),
    _stars: frozenset({"queues"}),
    _transcriptions: frozenset({"messages"}),
    _offered_messages: frozenset({"messages", "work"}),
    _work_at_the_desk: frozenset(),
    _words_of_staff: frozenset(),
    _texts_need_a_number: frozenset({"staff"}),
    _budget: frozenset(),
    _times: frozenset({"crm", "reservation_timeout"}),
}
