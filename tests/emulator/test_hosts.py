"""Public names of hosts: a webhook to https://name goes to a port of this machine, signed for the public name."""

import threading

import pytest
from twilio.request_validator import RequestValidator

from emulator.http.hosts import HostError, host_map, local
from emulator.server import in_real_time
from tests.emulator.harness import ACCOUNT, TOKEN
from tests.emulator.web_application import serving

SHOP = {"shop.example.com": 5000}


@pytest.mark.parametrize(
    ("url", "goes_to"),
    [
        ("https://shop.example.com/voice?a=1&b=%20", "http://127.0.0.1:5000/voice?a=1&b=%20"),
        ("https://SHOP.example.com:443/", "http://127.0.0.1:5000/"),
        ("https://user:secret@shop.example.com/voice", "http://127.0.0.1:5000/voice"),
        ("https://shop.example.com", "http://127.0.0.1:5000"),
    ],
)
def test_a_mapped_name_goes_to_its_port(url: str, goes_to: str) -> None:
    forwarded = {"Host": "shop.example.com", "X-Forwarded-Host": "shop.example.com", "X-Forwarded-Proto": "https"}
    assert local(url, SHOP) == (goes_to, forwarded)


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example.com/",
        "https://shop.example.com:8443/",
        "https://example.com/",
        "https://ashop.example.com/",
    ],
)
def test_everything_else_goes_where_it_says(url: str) -> None:
    assert local(url, SHOP) == (url, {})


@pytest.mark.parametrize(
    "second", ["https://shop.example.com", "https://Shop.Example.com/", "https://shop.example.com:443"]
)
def test_a_name_is_mapped_once(second: str) -> None:
    with pytest.raises(HostError) as caught:
        host_map([("https://shop.example.com", 5000), (second, 6000)])
    assert str(caught.value) == "https://shop.example.com is mapped twice: to 5000 and to 6000"


@pytest.mark.parametrize(
    "url", ["http://shop.example.com", "shop.example.com", "https://shop.example.com/voice", "https://", "https://a b"]
)
def test_a_public_name_is_https_and_a_host(url: str) -> None:
    with pytest.raises(HostError, match="is no public name"):
        host_map([(url, 5000)])


def test_a_call_reaches_the_application_behind_its_name_signed_for_the_name() -> None:
    ended = threading.Event()
    pages = {"/voice": "<Redirect>/next?x=1</Redirect>", "/next": "<Hangup/>"}
    with (
        serving(pages) as shop,
        in_real_time(ACCOUNT, TOKEN, hosts=host_map([("https://shop.example.com", shop.port)])) as (twilio, loop),
    ):
        twilio.scheduler.on_event.append(lambda event: ended.set() if event.kind == "ended" else None)
        loop.call(lambda: twilio.dial("+15550001", "+15550100", voice_url="https://shop.example.com/voice"))
        assert ended.wait(10)
    assert [url for url, _, _ in shop.asked] == ["http://shop.example.com/voice", "http://shop.example.com/next?x=1"]
    for url, form, headers in shop.asked:
        assert headers["X-Forwarded-Proto"] == "https"
        public = url.replace("http:", "https:")
        assert RequestValidator(TOKEN).validate(public, form, headers["X-Twilio-Signature"])
