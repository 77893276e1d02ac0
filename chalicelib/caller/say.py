"""What a caller hears of the line's texts, in their language."""

from collections.abc import Iterator

from twilio.twiml.voice_response import Gather, VoiceResponse

from chalicelib.config import texts
from chalicelib.config.schema import Treatment
from chalicelib.config.texts import Sentence, Text
from chalicelib.twilio import saying

_KEY_NAMES = {"*": "star", "#": "the hash key"}


def say(verb: VoiceResponse | Gather, treatment: Treatment, *texts: Text) -> None:
    """The texts one after the other; those that one voice says are one sentence."""
    for sentence in _joined([treatment.said(text) for text in texts if text]):
        saying.say(verb, sentence)


def filled(treatment: Treatment, text: Text, **values: object) -> Text:
    """The text in the caller's language, if it is one of our own, with these in place of what stands in braces."""
    return texts.filled(treatment.ours(text), **values)


def with_key(treatment: Treatment, text: Text, key: str) -> Text:
    """The same, with the name of a key of the phone as people say it."""
    named = treatment.said(_KEY_NAMES.get(key, key)).text
    return filled(treatment, text, key=named)


def goodbye(response: VoiceResponse, treatment: Treatment, *texts: Text) -> None:
    say(response, treatment, *texts)
    response.hangup()


def _joined(sentences: list[Sentence]) -> Iterator[Sentence]:
    """Words with tags and words without are not the same sentence: only between tags is & written otherwise."""
    while sentences:
        first, *sentences = sentences
        while sentences and not first.url and _like(first) == _like(sentences[0]):
            first = first._replace(text=f"{first.text} {sentences.pop(0).text}")
        yield first


def _like(sentence: Sentence) -> tuple[object, ...]:
    return sentence.voice, sentence.ssml is None, sentence.url
