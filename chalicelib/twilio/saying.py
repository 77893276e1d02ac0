"""One sentence in a document: words in a voice, with SSML in them, or sound (contract 3.3)."""

from xml.etree import ElementTree

from twilio.twiml import TwiML
from twilio.twiml.voice_response import Gather, Say, VoiceResponse

from chalicelib.config.texts import Sentence

_XML = "{http://www.w3.org/XML/1998/namespace}"


def say(verb: VoiceResponse | Gather, sentence: Sentence) -> None:
    """Nothing is said of an empty sentence."""
    if sentence.url:
        verb.play(sentence.url)
    elif sentence.text:
        verb.append(_spoken(sentence))


def _spoken(sentence: Sentence) -> Say:
    language, voice = sentence.voice.language, sentence.voice.voice or None
    ssml = sentence.ssml
    if ssml is None:
        return Say(sentence.text, language=language, voice=voice)
    spoken = Say(None, language=language, voice=voice)
    _fill(spoken, ssml)
    return spoken


def _fill(verb: TwiML, element: ElementTree.Element) -> None:
    if element.text:
        verb.nest(element.text)
    for inner in element:
        attributes = {name.replace(_XML, "xml:"): value for name, value in inner.attrib.items()}
        _fill(verb.add_child(inner.tag, **attributes), inner)
        if inner.tail:
            verb.nest(inner.tail)
