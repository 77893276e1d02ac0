"""Text to expression: the grammar of filters, targets and `order_by` (contract 7.5)."""

from functools import lru_cache

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedEOF, UnexpectedInput

from taskrouter_expressions.tree import Compared, Expression, Joined, Listing, Literal, Negated, Path, SortKey

# Whether keywords may be written in lower case is uncertain; so is NOT before a parenthesis. Both are taken here.
_GRAMMAR = r"""
    ?start: either
    ?either: both (_OR both)*
    ?both: negation (_AND negation)*
    ?negation: _NOT negation -> negated
        | comparison
    ?comparison: operand (COMPARE | NOT_HAS | HAS | NOT_IN | IN | NOT_CONTAINS | CONTAINS) operand -> compared
        | operand
    ?operand: literal
        | listing
        | PATH -> path
        | "(" either ")"
    listing: "[" [operand ("," operand)*] "]"
    literal: STRING | NUMBER | WORD

    COMPARE: "==" | "!=" | "<=" | ">=" | "<" | ">" | "="
    _OR.3: /OR\b/i
    _AND.3: /AND\b/i
    NOT_HAS.4: /NOT\s+HAS\b/i
    NOT_IN.4: /NOT\s+IN\b/i
    NOT_CONTAINS.4: /NOT\s+CONTAINS\b/i
    _NOT.3: /NOT\b/i
    HAS.3: /HAS\b/i
    IN.3: /IN\b/i
    CONTAINS.3: /CONTAINS\b/i
    WORD.3: /(true|false|null)\b(?!\.)/i
    PATH: /[A-Za-z_]\w*(\.\w+|\[\d+\])*/
    STRING: /"[^"]*"|'[^']*'/
    NUMBER: /-?(\d+(\.\d+)?|\.\d+)/
    %ignore /\s+/
"""
_WORDS = {"true": True, "false": False, "null": None}


class ExpressionError(Exception):
    """The text is no expression. `position` is the index of the first character that does not fit."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"{message} at position {position}")
        self.position = position


class _Tree(Transformer[Token, Expression]):
    def literal(self, children: list[Token]) -> Expression:
        token = children[0]
        if token.type == "STRING":
            return Literal(token[1:-1])
        if token.type == "WORD":
            return Literal(_WORDS[token.lower()])
        return Literal(float(token) if "." in token else int(token))

    def path(self, children: list[Token]) -> Expression:
        steps = children[0].replace("[", ".").replace("]", "").split(".")
        return Path(tuple(int(step) if step.isdigit() else step for step in steps))

    def listing(self, children: list[Expression | None]) -> Expression:
        return Listing(tuple(child for child in children if child is not None))

    def compared(self, children: list[Expression | Token]) -> Expression:
        left, operator, right = children
        assert isinstance(operator, Token)
        assert not isinstance(left, Token)
        assert not isinstance(right, Token)
        return Compared(left, " ".join(operator.upper().split()), right)

    def negated(self, children: list[Expression]) -> Expression:
        return Negated(children[0])

    def both(self, children: list[Expression]) -> Expression:
        return Joined("AND", tuple(children))

    def either(self, children: list[Expression]) -> Expression:
        return Joined("OR", tuple(children))


_parser = Lark(_GRAMMAR, parser="lalr", maybe_placeholders=False)


@lru_cache(maxsize=1024)
def parse(text: str) -> Expression:
    """The expression that `text` writes down. Raises ExpressionError."""
    try:
        tree = _parser.parse(text)
    except UnexpectedEOF as error:
        raise ExpressionError("The expression ends too early", len(text)) from error
    except UnexpectedInput as error:
        raise ExpressionError("Unexpected text", _position(error, text)) from error
    return _Tree().transform(tree)


def _position(error: UnexpectedInput, text: str) -> int:
    at_end = (
        not isinstance(error, UnexpectedCharacters) and getattr(getattr(error, "token", None), "type", "") == "$END"
    )
    return len(text) if at_end or error.pos_in_stream is None else error.pos_in_stream


def parse_order(text: str) -> tuple[SortKey, ...]:
    """A target's `order_by`: `worker.level DESC, worker.age`. Raises ExpressionError."""
    keys = []
    for part in text.split(",") if text.strip() else []:
        name, _, direction = part.strip().partition(" ")
        path = parse(name)
        if not isinstance(path, Path) or direction.strip().upper() not in {"", "ASC", "DESC"}:
            raise ExpressionError(f"No order: {part.strip()}", text.index(part))
        keys.append(SortKey(path, direction.strip().upper() == "DESC"))
    return tuple(keys)
