"""Browsers that are phones, in virtual time (contract 15.9)."""

import json
from typing import Any, Unpack

import pytest

from emulator.ports import Peer
from emulator.worlds import Worlds
from tests.emulator.browser_harness import Browsers, FakeSocket, access_token
from tests.emulator.harness import BASE, LINE

VOICE = {"incoming": {"allow": True}}


class Page:
    """What the voice library sends from one page."""

    def __init__(self, browsers: Browsers, identity: str = "ada", voice: object = VOICE, seconds: float = 3600) -> None:
        self.socket = FakeSocket()
        self.peer: Peer = browsers.twilio.connect("/signal", {}, self.socket)
        grants = {"identity": identity, "voice": voice}
        self.send("listen", token=access_token(grants, browsers.clock.now(), seconds))

    def send(self, kind: str, **payload: object) -> None:
        self.peer.received(json.dumps({"type": kind, "payload": payload, "version": "1.6"}))

    def register(self) -> "Page":
        self.send("register", media={"audio": True})
        return self


def harness(**worlds: Unpack[Worlds]) -> Browsers:
    browsers = Browsers(**worlds)
    browsers.pages["/answer"] = "<Say>Hello</Say><Pause length='600'/>"
    return browsers


def call(browsers: Browsers, to: str = "client:ada", **form: str) -> str:
    answer = browsers.rest("POST", "/Calls.json", To=to, From=LINE, Url=f"{BASE}/answer", **form)
    browsers.run(2)
    return str(answer.body["sid"])


def test_a_registered_browser_rings_and_answers() -> None:
    browsers = harness()
    page = Page(browsers).register()
    assert page.socket.kinds() == ["connected", "ready"]
    assert page.socket.last("connected")["token"] == {"identity": "ada", "ttl": 3600}
    sid = call(browsers, "client:ada?task=WT1")
    asked = page.socket.last("invite")
    assert asked["parameters"] == {
        "CallSid": sid,
        "AccountSid": browsers.twilio.account_sid,
        "From": LINE,
        "To": "client:ada",
        "Params": "task=WT1",
    }
    assert "a=ice-lite" in asked["sdp"]
    page.send("answer", callsid=sid, sdp="v=0")
    browsers.run(1)
    assert browsers.heard(sid) == ["Hello"]
    browsers.rest("POST", f"/Calls/{sid}.json", Status="completed")
    browsers.run(1)
    assert page.socket.last("hangup") == {"callsid": sid}


def test_the_first_of_two_pages_has_the_call() -> None:
    browsers = harness()
    first, second = Page(browsers).register(), Page(browsers).register()
    sid = call(browsers)
    second.send("answer", callsid=sid, sdp="v=0")
    first.send("answer", callsid=sid, sdp="v=0")
    browsers.run(1)
    assert first.socket.kinds() == ["connected", "ready", "invite", "cancel", "hangup"]
    assert second.socket.kinds() == ["connected", "ready", "invite"]
    assert browsers.status(sid) == "in-progress"


def test_a_call_is_declined_when_each_page_has_declined_it() -> None:
    browsers = harness()
    first, second = Page(browsers).register(), Page(browsers).register()
    sid = call(browsers)
    first.send("reject", callsid=sid)
    browsers.run(1)
    assert browsers.status(sid) == "ringing"
    second.peer.closed()
    browsers.run(1)
    assert browsers.status(sid) == "busy"


def test_nobody_answers_and_the_page_stops_ringing() -> None:
    browsers = harness()
    page = Page(browsers).register()
    sid = call(browsers, Timeout="5")
    browsers.run(10)
    assert (browsers.status(sid), page.socket.last("cancel")) == ("no-answer", {"callsid": sid})
    page.send("answer", callsid=sid, sdp="v=0")  # it crossed the end on its way
    assert page.socket.last("hangup") == {"callsid": sid}


def test_a_page_presses_keys_and_hangs_up() -> None:
    browsers = harness()
    page = Page(browsers).register()
    sid = call(browsers)
    page.send("answer", callsid=sid, sdp="v=0")
    browsers.run(1)
    page.send("dtmf", callsid=sid, dtmf="12")
    page.send("hangup", callsid="CA1")
    page.send("hangup", callsid=sid)
    page.send("hangup", callsid=sid)
    browsers.run(1)
    assert [event["digits"] for event in browsers.trace("pressed")] == ["12"]
    assert browsers.status(sid) == "completed"


def test_a_call_without_its_page_is_over() -> None:
    browsers = harness()
    page = Page(browsers).register()
    sid = call(browsers)
    page.send("answer", callsid=sid, sdp="v=0")
    browsers.run(1)
    page.peer.closed()
    browsers.run(1)
    assert browsers.status(sid) == "completed"
    assert browsers.twilio.phone("client:ada").browsers == 0


def test_a_client_in_no_browser_is_not_reached_or_rings() -> None:
    for world, status in (("no_answer", "no-answer"), ("rings", "ringing")):
        browsers = harness(unregistered_client=world)  # type: ignore[arg-type]
        assert browsers.status(call(browsers)) == status
    browsers = harness()
    page = Page(browsers).register()
    page.send("register", media={"audio": False})
    assert page.socket.kinds()[-1] == "offline"
    assert browsers.status(call(browsers)) == "no-answer"


@pytest.mark.parametrize(("seconds", "code"), [(-1, 31205)])
def test_a_bad_token_is_told(seconds: float, code: int) -> None:
    browsers = harness()
    page = Page(browsers, seconds=seconds)
    assert page.socket.last("error")["error"]["code"] == code
    page.send("listen", token="no token")
    assert page.socket.last("error")["error"]["code"] == 31204


def test_a_token_that_expires_takes_the_page_off_and_a_new_one_brings_it_back() -> None:
    browsers = harness()
    page = Page(browsers, seconds=60).register()
    browsers.run(61)
    assert page.socket.last("error")["error"]["code"] == 31205
    assert browsers.status(call(browsers)) == "no-answer"
    page.send("listen", token=access_token({"identity": "ada", "voice": VOICE}, browsers.clock.now()))
    page.register()
    assert browsers.status(call(browsers)) == "ringing"


@pytest.mark.parametrize("voice", [{}, {"incoming": {"allow": False}}, {"incoming": {"allow": "true"}}])
def test_who_may_not_be_called_is_not_registered(voice: dict[str, Any]) -> None:
    page = Page(harness(), voice=voice).register()
    assert page.socket.last("error")["error"]["code"] == 31201


def test_a_page_calls_by_the_application_of_its_token() -> None:
    browsers = harness()
    browsers.pages["/out"] = "<Say>Hello</Say><Pause length='600'/>"
    made = browsers.rest("POST", "/Applications.json", FriendlyName="Desk", VoiceUrl=f"{BASE}/out")
    page = Page(browsers, voice={"outgoing": {"application_sid": made.body["sid"], "params": {"line": "1"}}})
    page.send(
        "invite", callsid="TJS1", sdp="a=rtpmap:96 opus/48000/2\r\na=mid:7\r\n", twilio={"params": "To=%2B1555&x="}
    )
    browsers.run(1)
    form = browsers.forms("/out")[0]
    assert [form[name] for name in ("From", "To", "line", "x")] == ["client:ada", "+1555", "1", ""]
    sid = page.socket.last("ringing")["callsid"]
    answer = page.socket.last("answer")
    assert answer["callsid"] == sid
    assert "a=rtpmap:96 opus" in answer["sdp"]
    assert "a=mid:7" in answer["sdp"]
    page.send("hangup", callsid=sid)
    browsers.run(1)
    assert browsers.status(sid) == "completed"


def test_a_page_whose_token_names_no_application_calls_nobody() -> None:
    page = Page(harness())
    page.send("invite", callsid="TJS1", sdp="", twilio={})
    assert page.socket.kinds() == ["connected", "error", "hangup"]


@pytest.mark.parametrize(
    "text", ["", "\n", "{", "[]", '{"type": "answer"}', '{"type": "listen", "payload": 1}', '{"type": "x"}']
)
def test_what_is_no_frame_is_read_over(text: str) -> None:
    page = Page(harness()).register()
    page.peer.received(text)
    assert page.socket.kinds()[:2] == ["connected", "ready"]
