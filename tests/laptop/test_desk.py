"""The agent desk in a real browser: Twilio's own library, the local AWS and the emulator."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from chalicelib.config.toml_errors import NAME
from chalicelib.twilio import urls
from emulator.event_bridge.shapes import Shapes
from emulator.signalling import frames
from laptop import environment, package, sign_in
from laptop.commands import Commands
from laptop.environment import Laptop
from laptop.teams import DEMO, Team
from ops.callcenter.files import WORKERS
from tests.laptop.test_console import PASSWORD, answers, until
from tests.support import browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Response

    from emulator.event_bridge.sessions import Session
    from emulator.signalling.switchboard import Browser as Browser_

BEA, CARL, DORA = "bea@example.com", "carl@example.com", "dora@example.com"
FAY = "fay@example.com"
OF_BEA = "[workers.Bea]                         # the worker's friendly name in Twilio"
ONE_AT_ONCE = "capacity = { voice = 1 }              # calls at once"
OF_CARL = '[workers.Carl]\ncontact_uri = "+14155550112"'
AT_DESK = {
    OF_BEA: f'[workers.Bea]\nmail = "{BEA}"\ndesk = true',
    ONE_AT_ONCE: "capacity = { voice = 2 }              # calls at once",
    "[workers.Fay]": f'[workers.Fay]\nmail = "{FAY}"\ndesk = true\nsupervisor = true',
    OF_CARL: f'[workers.Carl]\nmail = "{CARL}"\ndesk = true\ncontact_uri = "client:Carl"',
}
DISPOSITIONS = '\n[queues.Support.after_talk]\nkeys = { "1" = "solved", "2" = "call again" }\n'
REGISTERS_AGAIN_SECONDS = 40  # the voice library does so each half minute
NOT_THERE = "Twilio's libraries for browsers could not be fetched: `make` tries again"


def team(folder: Path) -> Team:
    """The demo's, with Bea and Carl at the desk: her own phone rings there, and his is the browser."""
    shutil.copytree(DEMO.folder, folder)
    text = DEMO.workers.read_text(encoding="utf-8")
    for before, after in AT_DESK.items():
        assert before in text
        text = text.replace(before, after)
    (folder / WORKERS).write_text(text, encoding="utf-8")
    with (folder / NAME).open("a", encoding="utf-8") as rules:
        rules.write(DISPOSITIONS)
    return Team(folder, folder / WORKERS)


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    browser.need()
    if not (package.SDKS / "ready").exists():
        pytest.skip(NOT_THERE)
    own = team(tmp_path_factory.mktemp("desk") / "team")
    with environment.running(team=own, log=package.BUILD / "ministack-desk.log", console=True) as started:
        for mail in (BEA, CARL, DORA):
            sign_in.let_in(started.aws, mail, "agents", PASSWORD)
        sign_in.let_in(started.aws, FAY, "supervisors", PASSWORD)
        yield started


def signing_in(page: "Page", laptop: Laptop, mail: str) -> None:
    page.goto(urls.DESK.page(laptop.base_url))
    browser.sign_in(page, mail, PASSWORD)


def signed_in(page: "Page", laptop: Laptop, mail: str) -> None:
    signing_in(page, laptop, mail)
    page.get_by_text("Nobody is offered to you.").wait_for()


def activity(laptop: Laptop, worker: str) -> str:
    return laptop.do(lambda: laptop.call_centre.workers[worker].activity.friendly_name)


def on_duty(page: "Page", laptop: Laptop, worker: str) -> None:
    """By the worker's own hand."""
    laptop.do(laptop.call_centre.on_duty)
    page.get_by_label("Activity").select_option("Available")
    until(page, lambda: activity(laptop, worker) == "Available")


def links(laptop: Laptop) -> list[dict[str, str]]:
    rows = laptop.aws.client("dynamodb").scan(TableName="cordboard-local-links")["Items"]
    return [{name: next(iter(value.values())) for name, value in row.items()} for row in rows]


def accessible(page: "Page") -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def talks(page: "Page", commands: Commands) -> None:
    """Ann is Bea's card, and is taken there; the phone on Bea's table rings."""
    commands.do("dial Ann support")
    page.get_by_role("heading", name="Ann Lee").wait_for()
    page.get_by_text("Ann Lee, gold member.").wait_for()
    page.get_by_text("You can take the caller.").wait_for()
    accessible(page)
    page.get_by_role("button", name="Take: Ann Lee").click()
    answers(page, commands, "Bea")
    page.get_by_text("You talk.").wait_for()


def test_a_caller_is_taken_in_the_browser_and_wrapped_up(laptop: Laptop, commands: Commands, page: "Page") -> None:
    signed_in(page, laptop, BEA)
    on_duty(page, laptop, "Bea")
    talks(page, commands)
    page.get_by_role("button", name="Hold: Ann Lee").click()
    page.get_by_role("button", name="Back from hold: Ann Lee").click()
    page.get_by_label("Note").fill("Wants a call next week")
    commands.do("hangup Ann")
    page.get_by_text("The talk is over.").wait_for()
    accessible(page)
    page.get_by_label("What became of it").select_option("call again")
    page.get_by_role("button", name="Done").click()
    page.get_by_text("Nobody is offered to you.").wait_for()
    (link,) = (row for row in links(laptop) if row.get("mode") == "desk")
    assert (link["disposition"], link["note"], link["outcome"]) == ("call again", "Wants a call next week", "completed")
    until(page, lambda: activity(laptop, "Bea") == "Available")


def test_a_caller_is_talked_to_in_the_browser(laptop: Laptop, commands: Commands, page: "Page") -> None:
    signed_in(page, laptop, CARL)
    on_duty(page, laptop, "Carl")
    commands.do("dial Gus support")
    page.get_by_role("button", name="Take").click()
    page.get_by_text("You talk.").wait_for()
    page.get_by_role("button", name="Hang up").click()
    page.get_by_text("The talk is over.").wait_for()
    page.get_by_role("button", name="Done").click()
    page.get_by_text("Nobody is offered to you.").wait_for()


def wrapped_up(page: "Page") -> None:
    page.get_by_text("The talk is over.").wait_for()
    page.get_by_role("button", name="Done").click()
    page.get_by_text("Nobody is offered to you.").wait_for()


def muted(laptop: Laptop) -> list[bool]:
    """Of each worker's leg in a conference, whether it is muted."""
    rooms = laptop.twilio.context.conferences.all.values()
    legs = [one for room in rooms if room.status == "in-progress" for one in room.participants.values()]
    return [one.muted for one in legs if one.call.direction != "inbound"]


def test_a_caller_is_given_to_another_queue(laptop: Laptop, commands: Commands, page: "Page") -> None:
    signed_in(page, laptop, BEA)
    on_duty(page, laptop, "Bea")
    laptop.do(lambda: laptop.call_centre.put_on("Dora"))
    talks(page, commands)
    page.get_by_role("button", name="Mute: Ann Lee").click()
    page.get_by_role("button", name="Unmute: Ann Lee").wait_for()
    assert laptop.do(lambda: muted(laptop)) == [True]
    page.get_by_role("button", name="Unmute: Ann Lee").click()
    page.get_by_role("button", name="Mute: Ann Lee", exact=True).wait_for()
    assert laptop.do(lambda: muted(laptop)) == [False]
    page.get_by_label("Give the caller to").select_option("Sales")
    accessible(page)
    page.get_by_role("button", name="Give: Ann Lee").click()
    wrapped_up(page)
    answers(page, commands, "Dora")
    (link,) = (row for row in links(laptop) if row.get("transferred_from") == "Bea")
    assert (link["worker_name"], link["queue"]) == ("Dora", "Sales")
    commands.do("hangup Ann")


def asks_sales(page: "Page", laptop: Laptop, commands: Commands) -> None:
    """Bea talks to Ann, who is on hold then, and Dora is free."""
    signed_in(page, laptop, BEA)
    on_duty(page, laptop, "Bea")
    laptop.do(lambda: laptop.call_centre.put_on("Dora"))
    talks(page, commands)
    page.get_by_label("Give the caller to").select_option("Sales")
    page.get_by_role("button", name="Ask first: Ann Lee").click()
    page.get_by_text("Sales is asked. The caller hears music.").wait_for()
    page.get_by_role("button", name="Ask first: Ann Lee").wait_for(state="hidden")
    assert laptop.do(lambda: held(laptop)) == [True]
    accessible(page)


def presses_1(page: "Page", commands: Commands) -> bool:
    """Dora does, who is asked for a key; whether Bea's page says so."""
    commands.do("press Dora 1")
    return page.get_by_text("You talk to Dora. The caller hears music.").is_visible()


def test_the_worker_goes_back_to_the_caller(laptop: Laptop, commands: Commands, page: "Page") -> None:
    asks_sales(page, laptop, commands)
    page.get_by_role("button", name="Back to the caller: Ann Lee").click()
    page.get_by_role("button", name="Hold: Ann Lee").wait_for()
    assert laptop.do(lambda: held(laptop)) == [False]
    commands.do("hangup Ann")
    wrapped_up(page)


def test_a_colleague_is_talked_to_first_and_has_the_caller(laptop: Laptop, commands: Commands, page: "Page") -> None:
    """By the keyboard alone, once all three have talked."""
    asks_sales(page, laptop, commands)
    answers(page, commands, "Dora")
    until(page, lambda: presses_1(page, commands))
    accessible(page)
    page.get_by_role("button", name="Talk all three: Ann Lee").focus()
    page.keyboard.press("Enter")
    page.get_by_text("You, Dora and the caller talk.").wait_for()
    page.get_by_role("button", name="Hand over: Ann Lee").focus()
    page.get_by_role("button", name="Without the colleague: Ann Lee").wait_for()  # drawn anew, as the three talk
    page.keyboard.press("Enter")
    wrapped_up(page)
    (link,) = (row for row in links(laptop) if row.get("took_over_at"))
    assert (link["worker_name"], link["queue"], link["state"]) == ("Dora", "Sales", "bridged")
    assert laptop.do(lambda: held(laptop)) == [False]
    commands.do("hangup Ann")


def held(laptop: Laptop) -> list[bool]:
    """Of each caller in a conference, whether they are on hold."""
    rooms = laptop.twilio.context.conferences.all.values()
    legs = [one for room in rooms if room.status == "in-progress" for one in room.participants.values()]
    return [one.hold for one in legs if one.call.direction == "inbound"]


def test_several_callers_are_several_cards_and_one_is_rejected(
    laptop: Laptop, commands: Commands, page: "Page"
) -> None:
    signed_in(page, laptop, BEA)
    on_duty(page, laptop, "Bea")
    talks(page, commands)
    commands.do("dial Gus support")
    page.locator("article").nth(1).wait_for()
    second = page.locator("article").nth(1)
    second.get_by_text("You can take the caller.").wait_for()
    accessible(page)
    second.get_by_role("button", name="Reject").click()
    until(page, lambda: page.locator("article").count() == 1)
    assert page.get_by_text("You talk.").is_visible()
    (link,) = (row for row in links(laptop) if row.get("reason") == "passed")
    assert link["outcome"] == "rejected" and activity(laptop, "Bea") == "Unavailable"
    commands.do("hangup Gus")
    commands.do("hangup Ann")
    wrapped_up(page)


def sessions(laptop: Laptop, worker: str) -> "list[Session]":
    return [one for one in laptop.twilio.bridge.sessions.all if one.worker.friendly_name == worker]


def cut(open_ones: "list[Session]") -> None:
    for one in open_ones:
        one.socket.close(1011, "gone")


def test_a_connection_that_dies_in_the_middle_of_taking_a_call_loses_nobody(
    laptop: Laptop, commands: Commands, page: "Page"
) -> None:
    signed_in(page, laptop, BEA)
    on_duty(page, laptop, "Bea")
    commands.do("dial Ann support")
    page.get_by_text("You can take the caller.").wait_for()
    with page.expect_event("websocket"):
        page.get_by_role("button", name="Take: Ann Lee").click()
        laptop.do(lambda: cut(sessions(laptop, "Bea")))
    answers(page, commands, "Bea")
    page.get_by_text("You talk.").wait_for()
    commands.do("hangup Ann")
    wrapped_up(page)


@pytest.mark.parametrize("lost", ["task", "reservation_status", "worker_sid"])
def test_a_message_of_twilios_in_which_something_is_missing_costs_no_caller(
    laptop: Laptop, commands: Commands, page: "Page", lost: str
) -> None:
    signed_in(page, laptop, BEA)
    on_duty(page, laptop, "Bea")
    workspace = laptop.twilio.router.workspace

    def send() -> None:
        shapes = Shapes(workspace, laptop.twilio.scheduler.now())
        known = shapes.reservation(next(iter(workspace.reservations.values())))
        payload = {name: value for name, value in known.items() if name != lost}
        for one in sessions(laptop, "Bea"):
            one.socket.send(json.dumps({"event_type": "reservation.created", "payload": payload}))

    with page.expect_event("websocket"):
        laptop.do(send)
    talks(page, commands)
    commands.do("hangup Ann")
    wrapped_up(page)


def test_who_cannot_be_rung_in_the_browser_is_offered_nobody(
    laptop: Laptop, page: "Page", monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is where they were as soon as the phone is there."""

    def refuse(browser: "Browser_", _payload: object) -> None:
        browser.socket.send(frames.error(31201, "The token allows no incoming calls"))

    with monkeypatch.context() as here:
        here.setitem(laptop.twilio.switchboard._frames, "register", refuse)
        laptop.do(laptop.call_centre.on_duty)
        laptop.do(lambda: laptop.call_centre.put_on("Carl"))
        signing_in(page, laptop, CARL)
        page.get_by_text("You are offered no callers until it is.").wait_for()
        until(page, lambda: activity(laptop, "Carl") == "Offline")
    page.wait_for_timeout(REGISTERS_AGAIN_SECONDS * 1000)
    assert activity(laptop, "Carl") == "Available"


def test_one_tab_is_the_desk(laptop: Laptop, page: "Page") -> None:
    signed_in(page, laptop, BEA)
    token = page.evaluate("JSON.stringify({ ...sessionStorage })")
    other = page.context.new_page()
    other.goto(urls.DESK.page(laptop.base_url))
    other.evaluate("all => Object.assign(sessionStorage, JSON.parse(all))", token)
    other.reload()
    other.get_by_role("button", name="Use it here").click()
    other.get_by_text("Nobody is offered to you.").wait_for()
    page.get_by_text("The desk was opened in another tab.").wait_for()


def is_of_token(answer: "Response") -> bool:
    return answer.url.endswith("/desk/token")


def test_a_laptop_that_was_closed_for_an_hour_begins_anew(laptop: Laptop, commands: Commands, page: "Page") -> None:
    page.clock.install()
    signed_in(page, laptop, BEA)
    on_duty(page, laptop, "Bea")
    with page.expect_response(is_of_token), page.expect_event("websocket"):
        page.clock.fast_forward(2 * 3600 * 1000)
    page.get_by_text("Nobody is offered to you.").wait_for()
    until(page, lambda: page.get_by_label("Activity").input_value() == activity(laptop, "Bea"))
    on_duty(page, laptop, "Bea")
    talks(page, commands)
    commands.do("hangup Ann")
    page.get_by_text("The talk is over.").wait_for()
    page.get_by_role("button", name="Done").click()
    page.get_by_text("Nobody is offered to you.").wait_for()


def test_a_token_is_made_new_before_it_ends(laptop: Laptop, page: "Page") -> None:
    page.clock.install()
    signed_in(page, laptop, BEA)
    with page.expect_response(is_of_token) as given:
        page.clock.fast_forward(3100 * 1000)
    assert given.value.status == 200


def test_who_is_drawn_anew_keeps_the_card_and_what_was_written(
    laptop: Laptop, commands: Commands, page: "Page"
) -> None:
    signed_in(page, laptop, BEA)
    on_duty(page, laptop, "Bea")
    talks(page, commands)
    page.reload()
    page.get_by_text("You talk.").wait_for()
    page.get_by_label("Note").fill("written after the reload")
    commands.do("hangup Ann")
    page.get_by_text("The talk is over.").wait_for()
    assert page.get_by_label("Note").input_value() == "written after the reload"
    page.get_by_role("button", name="Done").click()
    page.get_by_text("Nobody is offered to you.").wait_for()


def test_who_has_no_desk_is_told_so(laptop: Laptop, page: "Page") -> None:
    signing_in(page, laptop, DORA)
    page.get_by_text("you may not see this").wait_for()


def test_a_supervisor_listens(laptop: Laptop, commands: Commands, chromium: "Browser", page: "Page") -> None:
    signed_in(page, laptop, BEA)
    on_duty(page, laptop, "Bea")
    talks(page, commands)
    other = chromium.new_context().new_page()
    signed_in(other, laptop, FAY)
    other.get_by_role("button", name="Listen: Bea").wait_for()
    accessible(other)
    other.get_by_role("button", name="Listen: Bea").click()
    answers(other, commands, "Fay")
    other.context.close()
    commands.do("hangup Ann")
    page.get_by_text("The talk is over.").wait_for()
    page.get_by_role("button", name="Done").click()
    page.get_by_text("Nobody is offered to you.").wait_for()


def test_no_token_is_in_a_log(laptop: Laptop, page: "Page") -> None:
    with page.expect_response(is_of_token) as given:
        signed_in(page, laptop, BEA)
    assert given.value.json()["token"] not in laptop.log.read_text(encoding="utf-8", errors="replace")
