"""What a request is before anybody believes it: when it began, and how large it may be."""

import pytest

from chalicelib.twilio.request import MAX_BODY_BYTES, Refused, Request, _form

CAME = 1795230042.5


@pytest.mark.parametrize(
    ("received_ms", "began"),
    [
        (1795230041500, CAME - 1.0),  # a warm process
        (1795230030501, CAME - 11.999),  # a cold start
        (1795230030500, CAME),  # longer ago than a start may take: another clock's time
        (1795230000000, CAME),
        (1795230042500, CAME),
        (1795230042501, CAME),  # the clocks of API Gateway and of the process differ
        (0, CAME),
    ],
)
def test_a_request_began_when_api_gateway_got_it(received_ms: int, began: float) -> None:
    request = Request({"requestContext": {"requestTimeEpoch": received_ms}}, CAME)
    assert request.began == pytest.approx(began, abs=1e-6)


def test_without_a_time_of_api_gateways_it_began_when_it_came() -> None:
    assert Request({"requestContext": {}}, CAME).began == CAME


def form(body: str, *, encoded: bool = False) -> int:
    """How many fields this body has."""
    return len(_form({"httpMethod": "POST", "body": body, "isBase64Encoded": encoded}))


def test_a_form_may_have_500_fields_and_256_kilobytes() -> None:
    assert form("&".join(f"a{number}=" for number in range(500))) == 500
    assert form("a=" + "b" * (MAX_BODY_BYTES - 2)) == 1
    assert form("a=" + "é" * ((MAX_BODY_BYTES - 2) // 2)) == 1


@pytest.mark.parametrize(
    "body",
    [
        "&".join(f"a{number}=" for number in range(501)),
        "a=" + "b" * (MAX_BODY_BYTES - 1),
        "a=" + "é" * (MAX_BODY_BYTES // 2),
    ],
    ids=["fields", "bytes", "bytes, not characters"],
)
def test_a_larger_form_is_refused(body: str) -> None:
    with pytest.raises(Refused) as refused:
        form(body)
    assert refused.value.status == 413


def test_a_body_that_says_that_it_is_base64_and_is_not_is_refused() -> None:
    with pytest.raises(Refused):
        form("a=b", encoded=True)
    assert form("YT1i", encoded=True) == 1
