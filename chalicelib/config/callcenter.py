"""What the call centre decides: callcenter.toml, read and checked once."""

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from typing import Any

import msgspec

from chalicelib.config import team, toml_errors
from chalicelib.config.schema import CallCenter
from chalicelib.config.toml_errors import NAME, CallCenterError, convert


def source(where: str = "") -> str:
    """The text of callcenter.toml in the team's folder, or in the team's folder of another checkout.

    Raises CallCenterError when it is missing, or when the team's files stand where an older version had them.
    """
    where = where or team.folder()
    if moved := team.misplaced(where):
        raise CallCenterError(moved)
    text = team.read(NAME, where)
    if text is None:
        raise CallCenterError(f"chalicelib/team/{NAME} is missing: `./cordboard init` makes it")
    return text


@cache
def current() -> CallCenter:
    """This process's call centre. Raises CallCenterError."""
    text = source()
    return _from_data(text) or parse(text)


def data_file(text: str) -> str:
    """Where, in the team's folder, a package has the tables of this TOML as JSON, which is read much sooner.

    The name has the text's hash, so that no other text's are ever read.
    """
    return f"__pycache__/callcenter.{sha256(text.encode()).hexdigest()}.json"


def _from_data(text: str) -> CallCenter | None:
    """None without data of it. Only what has no mistakes gets such a file."""
    data = team.read(data_file(text))
    return msgspec.json.decode(data, type=CallCenter) if data else None


def parse(text: str) -> CallCenter:
    """The call centre that this TOML text describes. Raises CallCenterError with every mistake."""
    callcenter = of_tables(toml_errors.read(text))
    from chalicelib.config.mistakes import mistakes  # a package has data, which has none

    if found := mistakes(callcenter):
        raise CallCenterError(*found)
    return callcenter


def of_tables(tables: Mapping[str, Any]) -> CallCenter:
    """The call centre of these tables, each value alone right. Raises CallCenterError with every one that is not."""
    return convert(tables, CallCenter, "")
