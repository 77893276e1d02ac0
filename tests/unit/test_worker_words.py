"""What is said to a worker of a caller, or of work."""

from collections.abc import Sequence
from typing import Any

import pytest

from chalicelib.config import callcenter
from chalicelib.config.schema import Work
from chalicelib.links.model import Link
from chalicelib.worker import words

LONGEST, TOO_LONG = "x" * 200, "x" * 201


@pytest.mark.parametrize(
    ("given", "heard"),
    [
        ("Ann", "Ann."),
        ("  Ann \n  Lee ", "Ann Lee ."),
        (17, "17."),
        (1.5, "1.5."),
        (0, "0."),
        (True, "."),
        (None, "."),
        (["Ann"], "."),
        (LONGEST, f"{LONGEST}."),
        (TOO_LONG, f"{LONGEST}."),
    ],
)
def test_an_attribute_is_said_where_it_is_a_text_or_a_number(given: object, heard: str) -> None:
    assert words.filled("{name}.", {"name": given}) == heard


@pytest.mark.parametrize(("phone", "dialled"), [("+12125550171", "+12125550171"), ("2125550171", ""), (None, "")])
def test_work_is_about_whoever_has_a_number(phone: object, dialled: str) -> None:
    kept = words.of_work(Work(say="Call {name}.", dial="{phone}"), {"name": "Ann", "phone": phone})
    assert kept == {"work_say": "Call Ann.", "work_dial": dialled}


def queue(monkeypatch: pytest.MonkeyPatch, *whisper: str) -> None:
    tables: dict[str, Any] = {
        "default_line": "after_hours",
        "lines": {"after_hours": {"greeting": "Hello.", "numbers": ["+14155550100"]}},
        "queues": {"Support": {"answer": {"mode": "key", "whisper": list(whisper)}}},
    }
    monkeypatch.setattr(callcenter, "current", lambda: callcenter.of_tables(tables))


def about(**known: Any) -> str:
    return words.of_caller(Link(subject="CA1", reservation_sid="WR1", queue="Support", **known))


@pytest.mark.parametrize(
    ("whisper", "name", "crm", "heard"),
    [
        (["name", "crm"], "Ann", "Owes us money", "Ann. Owes us money."),
        (["name", "crm"], "ANN", "Ann owes us money?", "Ann owes us money?"),  # named already
        (["name"], "Ann", "Ann owes us money", "Ann."),  # not without what the CRM says
        (["crm", "name"], "Ann", "", "Ann."),
        (["line", "crm"], "Ann", "Gold!", "after hours. Gold!"),
        (["crm"], "Ann", "  ", ""),
    ],
)
def test_each_part_is_a_sentence_and_the_name_is_said_once(
    monkeypatch: pytest.MonkeyPatch, whisper: Sequence[str], name: str, crm: str, heard: str
) -> None:
    queue(monkeypatch, *whisper)
    assert about(crm_name=name, crm_whisper=crm) == heard


def test_it_is_said_first_who_gave_the_caller_and_that_it_is_a_callback(monkeypatch: pytest.MonkeyPatch) -> None:
    queue(monkeypatch, "line", "name")
    assert about(crm_name="Ann", transferred_from="Bea") == "From Bea. after hours. Ann."
    assert about(crm_name="Ann", callback="CA2", work="callback", work_say="x") == "Callback. after hours. Ann."
    assert about(crm_name="Ann", callback="CA2", transferred_from="Bea") == "From Bea. Callback. after hours. Ann."


def test_of_work_that_is_no_call_the_whole_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    queue(monkeypatch, "name")
    assert about(crm_name="Ann", work="lead", work_say="A lead") == "A lead"
