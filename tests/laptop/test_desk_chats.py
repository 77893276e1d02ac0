"""Chats at the agent desk in a real browser: as many as the channel's capacity allows, beside a call."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chalicelib.config.toml_errors import NAME
from laptop import environment, package, sign_in
from laptop.commands import Commands
from laptop.environment import Laptop
from laptop.teams import Team
from ops.callcenter.files import WORKERS
from tests.laptop import test_desk
from tests.laptop.test_console import PASSWORD, answers, until
from tests.laptop.test_desk import BEA, accessible, links, on_duty, signed_in
from tests.support import browser

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

CHATS = """
[work.chat]
at = "desk"
channel = "chat"
say = "{name} writes about {topic}."
link = "https://chat.example.com/{chat_id}"
[work.lead]
say = "A lead of {name}."
"""
FILTER = """
[[workflow.filters]]
name = "chats"
when = 'kind == "chat"'
targets = [{ queue = "Support" }]
"""
FIRST_FILTER = "\n[[workflow.filters]]          # the first that holds takes the task."
ALONE = "capacity = { voice = 2 }"
AT_ONCE = 3
PHONE = "+12125550177"


def team(folder: Path) -> Team:
    """That of the desk, where Bea takes three chats at once beside her calls, and nobody else serves them."""
    own = test_desk.team(folder)
    rules, people = folder / NAME, folder / WORKERS
    text = rules.read_text(encoding="utf-8")
    assert FIRST_FILTER in text
    rules.write_text(text.replace(FIRST_FILTER, FILTER + FIRST_FILTER) + CHATS, encoding="utf-8")
    text = people.read_text(encoding="utf-8")
    assert ALONE in text
    people.write_text(text.replace(ALONE, f"capacity = {{ voice = 1, chat = {AT_ONCE} }}"), encoding="utf-8")
    return own


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    browser.need()
    if not (package.SDKS / "ready").exists():
        pytest.skip(test_desk.NOT_THERE)
    own = team(tmp_path_factory.mktemp("chats") / "team")
    with environment.running(team=own, log=package.BUILD / "ministack-chats.log", console=True) as started:
        sign_in.let_in(started.aws, BEA, "agents", PASSWORD)
        yield started


def write(laptop: Laptop, *names: str, kind: str = "chat") -> None:
    """These people write, one after the other: the team's own system makes a task of each, as anybody may."""
    router = laptop.twilio.router
    workflow_sid = next(iter(router.workspace.workflows))

    def make(name: str) -> None:
        known = {"kind": kind, "name": name, "topic": "a new roof", "chat_id": f"room {name}", "phone": PHONE}
        router.engine.create_task(workflow_sid, known, channel="chat")

    for name in names:
        laptop.do(lambda name=name: make(name))  # type: ignore[misc]


def card(page: "Page", name: str) -> "Locator":
    return page.locator("article").filter(has_text=f"{name} writes about a new roof.")


def takes(page: "Page", name: str) -> None:
    shown = card(page, name)
    shown.get_by_text("You can take this.").wait_for()
    shown.get_by_role("button", name="Take").click()
    shown.get_by_text("This is yours.").wait_for()


def statuses(laptop: Laptop) -> dict[str, str]:
    """Of each chat, by who wrote."""
    tasks = laptop.do(lambda: list(laptop.twilio.router.workspace.tasks.values()))
    return {str(task.attributes["name"]): task.status for task in tasks if task.attributes.get("kind") == "chat"}


def done(page: "Page", laptop: Laptop, name: str) -> None:
    card(page, name).get_by_role("button", name="Done").click()
    until(page, lambda: statuses(laptop)[name] == "completed")


def takes_the_call(page: "Page", commands: Commands) -> None:
    """Beside the chats."""
    commands.do("dial Gus support")
    call = page.locator("article").filter(has_text="You can take the caller.")
    call.get_by_role("button", name="Take").click()
    answers(page, commands, "Bea")
    page.get_by_text("You talk.").wait_for()


def hangs_up(page: "Page", commands: Commands) -> None:
    commands.do("hangup Gus")
    page.get_by_text("The talk is over.").wait_for()
    page.get_by_role("button", name="Done").click()
    page.get_by_text("Nobody is offered to you.").wait_for()


def test_three_chats_and_a_call_at_once_and_the_fourth_chat_waits(
    laptop: Laptop, commands: Commands, page: "Page"
) -> None:
    signed_in(page, laptop, BEA)
    on_duty(page, laptop, "Bea")
    write(laptop, "Ann", "Ben", "Cem", "Dan")
    for name in ("Ann", "Ben", "Cem"):
        takes(page, name)
    takes_the_call(page, commands)
    assert page.locator("article").count() == AT_ONCE + 1 and statuses(laptop)["Dan"] == "pending"
    accessible(page)
    card(page, "Ben").get_by_label("Note").fill("a leak")
    done(page, laptop, "Ben")
    takes(page, "Dan")  # there is room
    assert statuses(laptop) == {"Ann": "assigned", "Ben": "completed", "Cem": "assigned", "Dan": "assigned"}
    page.reload()  # and all of it is there again
    page.get_by_text("You talk.").wait_for()
    for name in ("Ann", "Cem", "Dan"):
        done(page, laptop, name)
    hangs_up(page, commands)
    chats = [row for row in links(laptop) if row.get("work") == "chat"]
    assert {row["outcome"] for row in chats} == {"completed"} and len(chats) == 4
    assert [row["note"] for row in chats if "note" in row] == ["a leak"]
    assert not any("worker_call_sid" in row for row in chats)


def test_the_page_of_a_chat_is_opened_in_a_tab_that_knows_nothing_of_the_desk(laptop: Laptop, page: "Page") -> None:
    signed_in(page, laptop, BEA)
    on_duty(page, laptop, "Bea")
    write(laptop, "Fay")
    takes(page, "Fay")
    link = card(page, "Fay").get_by_role("link", name="Open the chat")
    assert link.get_attribute("href") == "https://chat.example.com/room%20Fay"
    assert (link.get_attribute("rel"), link.get_attribute("target")) == ("noopener noreferrer", "_blank")
    done(page, laptop, "Fay")


def test_a_chat_is_rejected_given_back_and_withdrawn(laptop: Laptop, page: "Page") -> None:
    signed_in(page, laptop, BEA)
    on_duty(page, laptop, "Bea")
    write(laptop, "Eve")
    takes(page, "Eve")
    card(page, "Eve").get_by_role("button", name="Give back").click()
    until(page, lambda: page.locator("article").count() == 0)
    assert statuses(laptop)["Eve"] == "pending"  # the further task: she is left out for a while
    on_duty(page, laptop, "Bea")
    card(page, "Eve").get_by_role("button", name="Reject").click()
    until(page, lambda: page.locator("article").count() == 0)
    on_duty(page, laptop, "Bea")
    card(page, "Eve").get_by_text("You can take this.").wait_for()
    task = laptop.do(lambda: next(t for t in laptop.twilio.router.workspace.tasks.values() if t.status == "reserved"))
    laptop.do(lambda: laptop.twilio.router.lifecycle.cancel(task, "the customer is gone"))
    page.get_by_text("This was withdrawn.").wait_for()
    page.get_by_text("Nobody is offered to you.").wait_for()


def test_work_that_is_on_the_phone_is_said_so_and_shows_no_numbers(
    laptop: Laptop, commands: Commands, page: "Page"
) -> None:
    signed_in(page, laptop, BEA)
    on_duty(page, laptop, "Bea")
    commands.do("auto Bea")
    write(laptop, "Gil", kind="lead")
    page.get_by_text("Your phone rings.").wait_for()
    shown = page.locator("article")
    assert shown.get_by_role("button", name="Take").count() == 0 and PHONE not in shown.inner_text()
    shown.get_by_role("button", name="Done").wait_for()  # she has pressed 1
    assert shown.get_by_role("button", name="Give back").count() == 0
    page.get_by_text("Nobody is offered to you.").wait_for()
