"""TwiML as XML: one root `Response`, no document type (contract 1.4). Pure."""

from typing import NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers.expat import ExpatError, ParserCreate

from emulator.ports import TwilioError


def response(text: bytes) -> Element:
    """The root element. TwilioError 12100: no XML, blanks before the declaration, or another root than `Response`."""
    root = _tree(text)
    if root.tag != "Response":
        _refuse(f"the root element is {root.tag}, not Response")
    return root


def inner_text(element: Element) -> str:
    return "".join(element.itertext()).strip()


def _refuse(why: str) -> NoReturn:
    raise TwilioError(12100, f"Document parse failure: {why}")


def _tree(text: bytes) -> Element:
    """Expat without document types: TwiML has none, and entity bombs need one."""
    builder = TreeBuilder()  # typed elements, no parser of its own
    parser = ParserCreate()
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(text, True)
    except ExpatError as error:
        raise TwilioError(12100, f"Document parse failure: {error}") from error
    return builder.close()


def _refuse_doctype(name: str, *_identifiers: object) -> NoReturn:
    _refuse(f"a document type {name} is not allowed")
