"""Twilio's libraries in a page of a real Chromium (contract 15.1, 15.9)."""

import time

import pytest

from tests.emulator.browser.desk import NOT_THERE, centre
from tests.emulator.browser_harness import access_token
from tests.support import browser
from tests.support.waiting import eventually
from tools import sdks

# The library asks for TLS, which a laptop has not (contract 15.9).
WITHOUT_TLS = """() => {
  const Own = WebSocket;
  window.WebSocket = class extends Own { constructor(url, ...more) { super(url.replace("wss:", "ws:"), ...more); } };
}"""
DIALS_ADA = "<Response><Dial><Client>ada?task=WT1</Client></Dial></Response>"
PHONE = """([token, host]) => new Promise((done, failed) => {
  window.told = [];
  const device = new Twilio.Device(token, { chunderw: host, publishEvents: false, logLevel: "silent" });
  device.on("error", (error) => failed(String(error)));
  device.on("registered", () => done(device.identity));
  device.on("incoming", (call) => {
    call.on("accept", () => told.push("accept"));
    call.on("disconnect", () => told.push("disconnect"));
    told.push(call.customParameters.get("task"));
    call.accept();
  });
  device.register();
})"""


def test_a_call_is_taken_in_the_browser() -> None:
    """Both bundles are loaded by one page, which rings, answers, and hears of the end."""
    browser.need()
    if not (sdks.SDKS / "ready").exists():
        pytest.skip(NOT_THERE)
    with centre() as calls, browser.launched() as chrome:
        page = chrome.new_page()
        page.goto(f"{calls.server.url}/_emulator/clock")
        page.evaluate(WITHOUT_TLS)
        for name in ("taskrouter.js", "voice.js"):
            page.add_script_tag(content=(sdks.PAGES / name).read_text(encoding="utf-8"))
        assert page.evaluate("() => typeof TaskRouter.Worker + typeof Twilio.Device") == "functionfunction"
        token = access_token({"identity": "ada", "voice": {"incoming": {"allow": True}}}, time.time())
        assert page.evaluate(PHONE, [token, calls.server.url.removeprefix("http://")]) == "ada"
        calls.loop.call(lambda: calls.twilio.host("https://example.com/in", DIALS_ADA))
        calls.loop.call(lambda: calls.twilio.number("+14155550100", "https://example.com/in"))
        sid = calls.loop.call(lambda: calls.twilio.dial("+12125550171", "+14155550100"))
        page.wait_for_function("() => told.includes('accept')")
        assert page.evaluate("() => told") == ["WT1", "accept"]
        calls.loop.call(lambda: calls.twilio.hang_up(sid))
        page.wait_for_function("() => told.includes('disconnect')")
        eventually(lambda: all(call.is_over for call in calls.twilio.context.calls.values()))
