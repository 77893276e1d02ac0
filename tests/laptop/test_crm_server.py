"""The team's own CRM endpoint that the laptop plays: it believes nobody who cannot sign."""

import json
from collections.abc import Iterator, Mapping

import pytest
import urllib3

from chalicelib import signing
from laptop import crm_server
from laptop.crm_server import CrmStub

BODY = json.dumps({"worker_name": "Bea", "caller": "+12125550171"}).encode()
NOW = "1800000000"


@pytest.fixture
def crm() -> Iterator[CrmStub]:
    with crm_server.running("the key of the CRM") as running:
        yield running


def ask(crm: CrmStub, headers: Mapping[str, str], body: bytes = BODY) -> tuple[int, object]:
    answer = urllib3.request("POST", crm.url, body=body, headers=dict(headers), retries=False)
    return answer.status, answer.json()


def signed(key: str) -> dict[str, str]:
    """The headers that the application's http adapter sends."""
    return {"X-Cordboard-Timestamp": NOW, "X-Cordboard-Signature": signing.sign(key, NOW, BODY)}


def test_a_signed_question_gets_the_line_for_the_worker(crm: CrmStub) -> None:
    crm.replies["Bea"] = (200, {"name": "Ann Lee", "whisper": "Ann, gold member."})
    assert ask(crm, signed(crm.key)) == (200, {"name": "Ann Lee", "whisper": "Ann, gold member."})
    assert [question["caller"] for question in crm.asked] == ["+12125550171"]


def test_a_worker_without_a_reply_gets_what_everybody_else_gets(crm: CrmStub) -> None:
    crm.replies = {"": (409, {"reason": "blocked"}), "Carl": (200, {})}
    assert ask(crm, signed(crm.key)) == (409, {"reason": "blocked"})


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, BODY),
        (signed("another key"), BODY),
        (signed("the key of the CRM"), BODY.replace(b"Bea", b"Eve")),
        (signed("the key of the CRM") | {"X-Cordboard-Timestamp": "1800000001"}, BODY),
    ],
    ids=["unsigned", "wrong key", "another body", "another time"],
)
def test_whoever_cannot_sign_is_refused_and_not_noted(crm: CrmStub, headers: Mapping[str, str], body: bytes) -> None:
    status, _ = ask(crm, headers, body)
    assert (status, crm.asked) == (401, [])
