"""The console in a real browser, with the sign-in and the API of the local AWS."""

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import urllib3
from axe_playwright_python.sync_playwright import Axe

from chalicelib.twilio import urls
from laptop import environment, package, scenarios, sign_in
from laptop.commands import Commands
from laptop.environment import Laptop
from laptop.local_aws import LaptopError
from laptop.scenarios import MORE_SCENARIOS
from laptop.teams import Team
from tests.support import browser
from tests.support.api_gateway import schedule
from tests.support.teams import demo_with
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from playwright.sync_api import Page

PASSWORD = "Correct-Horse-7-Battery"
DORA, BEA, EMIL = "dora@example.com", "bea@example.com", "emil@example.com"
SIZES = {"phone": (390, 844), "desk": (1280, 800), "television": (1920, 1080)}
SOON_SECONDS = 20
MARKUP = '<img src=x onerror="document.title=1">'


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Team:
    """The demo's, with a line that has a switch and asks who calls."""
    added = "[lines.sales]\nswitch = true\nknow_caller = {}\n"
    return demo_with(tmp_path_factory.mktemp("teams") / "switched", lambda text: text.replace("[lines.sales]\n", added))


@pytest.fixture(scope="module")
def laptop(team: Team) -> Iterator[Laptop]:
    """One with a user pool. Dora is a supervisor, Bea an agent; Emil has been put into no group."""
    browser.need()
    with environment.running(team=team, log=package.BUILD / "ministack-console.log", console=True) as started:
        for mail, group in ((DORA, "supervisors"), (BEA, "agents"), (EMIL, "")):
            sign_in.let_in(started.aws, mail, group, PASSWORD)
        yield started


def signed_in(page: "Page", laptop: Laptop, mail: str) -> None:
    page.goto(urls.CONSOLE.page(laptop.base_url))
    browser.sign_in(page, mail, PASSWORD)
    page.get_by_role("button", name="Sign out").wait_for()


def tile(page: "Page", word: str) -> str:
    named = page.locator("dt", has_text=re.compile(f"^{word}$"))
    return " ".join(page.locator("#tiles div", has=named).locator("dd").inner_text().split())


def until(page: "Page", holds: Callable[[], bool]) -> None:
    """It holds soon: a screen asks every three seconds. The page's policy lets no test of playwright's run in it."""
    deadline = time.monotonic() + SOON_SECONDS
    while not holds():
        assert time.monotonic() < deadline, page.locator("main").inner_text()
        page.wait_for_timeout(200)


def shows(page: "Page", word: str, value: str) -> None:
    """The tile of this word has this value, or has it soon."""
    page.locator("#tiles").wait_for()
    until(page, lambda: tile(page, word) == value)


def token(page: "Page") -> str:
    return str(page.evaluate("sessionStorage.getItem('token')"))


def asked(laptop: Laptop, route: urls.Route, authorization: str = "") -> int:
    headers = {"Authorization": authorization} if authorization else {}
    return urllib3.request("GET", route.page(laptop.base_url), headers=headers, timeout=30).status


def test_without_a_token_that_holds_there_is_no_data(laptop: Laptop, page: "Page") -> None:
    assert asked(laptop, urls.CONSOLE) == 200
    signed_in(page, laptop, BEA)
    mine = token(page)
    forged = f"{mine.rpartition('.')[0]}.{'A' * 342}"
    assert [asked(laptop, urls.CONSOLE_BOARD, given) for given in ("", "nonsense", forged)] == [401, 401, 401]
    assert asked(laptop, urls.CONSOLE_BOARD, mine) == 200
    assert asked(laptop, urls.CONSOLE_REPORT, mine) == 403


def test_who_is_in_no_group_is_told_so(laptop: Laptop, page: "Page") -> None:
    signed_in(page, laptop, EMIL)
    page.get_by_text("you may not see this").wait_for()


def test_a_token_that_has_expired_leads_back_to_the_sign_in(laptop: Laptop, page: "Page") -> None:
    signed_in(page, laptop, BEA)
    page.locator("#tiles").wait_for()
    page.evaluate("sessionStorage.setItem('token', 'old'); sessionStorage.removeItem('refresh')")
    page.get_by_role("button", name="Sign in").wait_for()
    assert page.locator("#notice").inner_text() == "You are signed out."


def test_a_token_is_made_new_by_itself(laptop: Laptop, page: "Page") -> None:
    signed_in(page, laptop, BEA)
    page.evaluate("sessionStorage.setItem('token', 'old')")
    page.locator("#tiles").wait_for()
    shows(page, "waiting", "0")
    until(page, lambda: token(page) != "old")


def answers(page: "Page", commands: Commands, worker: str) -> None:
    """The worker answers as soon as the phone rings."""
    as_soon_as_it_rings(page, commands, f"answer {worker}")


def as_soon_as_it_rings(page: "Page", commands: Commands, typed: str) -> None:
    def has_rung() -> bool:
        try:
            commands.do(typed)
        except LaptopError:
            return False
        return True

    until(page, has_rung)


def downloaded(page: "Page", by: str = "line") -> list[str]:
    """The lines of the report's file."""
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Download as CSV").click()
    assert downloading.value.suggested_filename.startswith(f"calls-by-{by}-")
    return downloading.value.path().read_text(encoding="utf-8").splitlines()


def test_a_caller_waits_on_the_board_talks_and_is_counted(laptop: Laptop, commands: Commands, page: "Page") -> None:
    laptop.do(lambda: laptop.call_centre.on_duty("Bea"))
    signed_in(page, laptop, DORA)
    shows(page, "workers who take calls", "1")
    shows(page, "waiting", "0")
    commands.do("dial Ann support")
    shows(page, "waiting", "1")
    assert page.get_by_role("region", name="Callers who wait").get_by_role("cell", name="…71").count() == 1
    answers(page, commands, "Bea")
    shows(page, "in a talk", "1")
    shows(page, "waiting", "0")
    commands.do("hangup Ann")
    shows(page, "in a talk", "0")
    package.invoke(laptop.aws, "Sweep", schedule())
    shows(page, "answered today", "1")
    page.get_by_role("link", name="Reports").click()
    page.get_by_role("button", name="Show").click()
    page.get_by_role("rowheader", name="support").wait_for()
    assert page.get_by_text("answered within 20 s").count() == 1
    lines = downloaded(page)
    assert lines[0].startswith("group,offered,answered") and lines[-1].startswith("total,1,1")


def put_answered(laptop: Laptop, days_ago: int, **known: str) -> None:
    """A call of those days, which somebody took after a quarter of a minute."""
    at = time.time() - days_ago * 86400
    day = datetime.fromtimestamp(at, UTC).date().isoformat()
    row = {"call_sid": f"CA{days_ago:032}", "item": "CALL", "line": "support", "queue_result": "bridged", "day": day}
    times = {"at": at, "left_queue_at": at + 75, "queue_seconds": 15}
    item = {name: {"S": value} for name, value in {**row, **known}.items()}
    numbers = {name: {"N": str(value)} for name, value in times.items()}
    laptop.aws.client("dynamodb").put_item(TableName="cordboard-local-links", Item={**item, **numbers})


def days_before(days: int) -> str:
    return (datetime.now(UTC).date() - timedelta(days=days)).isoformat()


def reads_report(page: "Page", since: str, until: str, by: str = "line") -> None:
    opens(page, "Reports")
    page.get_by_label("From").fill(since)
    page.get_by_label("To").fill(until)
    page.get_by_label("By", exact=True).select_option(by)
    page.get_by_role("button", name="Show").click()
    page.get_by_role("rowheader", name="total").wait_for()


def test_a_month_is_read_week_by_week_into_one_report(laptop: Laptop, page: "Page") -> None:
    for days_ago in (40, 41, 55, 69):
        put_answered(laptop, days_ago)
    signed_in(page, laptop, DORA)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method) if "/report?" in request.url else None)
    reads_report(page, days_before(69), days_before(40), "day")
    assert asked == ["GET", "POST", "POST", "POST", "POST"]
    days = page.get_by_role("region", name="Calls by day").get_by_role("rowheader").all_inner_texts()
    assert days == [*map(days_before, (69, 55, 41, 40)), "total"]
    page.get_by_label("From").fill("1999-01-01")
    page.get_by_role("button", name="Show").click()
    page.locator("#notice").get_by_text("calls are kept for").wait_for()


@pytest.fixture
def drawn(laptop: Laptop, page: "Page") -> "Page":
    """A report with its chart; one line is markup."""
    if not (package.SDKS / "pages" / "d3.js").exists():
        pytest.skip("D3 could not be fetched: `make` tries again")
    for days_ago in (80, 81):
        put_answered(laptop, days_ago, **({"line": MARKUP} if days_ago == 80 else {}))
    signed_in(page, laptop, DORA)
    reads_report(page, days_before(81), days_before(80))
    return page


@pytest.mark.parametrize("size", SIZES)
def test_a_report_is_a_chart_beside_its_table(drawn: "Page", size: str) -> None:
    width, height = SIZES[size]
    drawn.set_viewport_size({"width": width, "height": height})
    picture = drawn.get_by_role("img", name="Calls by line, UTC: calls, a bar for each. The table has the numbers.")
    picture.wait_for()
    until(
        drawn,
        lambda: picture.locator("rect title").all_text_contents() == [f"{MARKUP}: 1 answered", "support: 1 answered"],
    )
    until(drawn, lambda: picture.evaluate("it => it.clientWidth === it.parentElement.clientWidth"))  # drawn anew
    assert drawn.evaluate("document.documentElement.scrollWidth <= innerWidth") and drawn.title() == "Cordboard"
    drawn.screenshot(path=package.BUILD / f"report-{size}.png", full_page=True)
    is_accessible(drawn)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_a_chart_shows_is_chosen_by_keyboard(drawn: "Page", scheme: Any) -> None:
    drawn.emulate_media(color_scheme=scheme)
    drawn.get_by_label("Chart of").focus()
    for _ in range(2):
        drawn.keyboard.press("ArrowDown")
    picture = drawn.get_by_role("img", name="seconds to answer")
    picture.wait_for()
    assert picture.locator("rect title").all_text_contents()[-1] == "support: 15 s to answer"
    is_accessible(drawn)


def test_without_the_library_the_table_stands_alone_and_says_how_to_have_a_chart(laptop: Laptop, page: "Page") -> None:
    put_answered(laptop, 85)
    signed_in(page, laptop, DORA)
    page.route("**/d3.js", lambda route: route.fulfill(status=404, body="there is no such file"))
    reads_report(page, days_before(85), days_before(85))
    page.get_by_text("There is no chart: the package was made without D3").wait_for()
    assert page.get_by_role("row", name="support").count() == 1


def test_a_supervisor_reads_the_story_of_a_call(laptop: Laptop, commands: Commands, page: "Page") -> None:
    laptop.do(lambda: laptop.call_centre.on_duty("Bea"))
    signed_in(page, laptop, DORA)
    commands.do("dial Gus support")
    answers(page, commands, "Bea")
    shows(page, "in a talk", "1")
    commands.do("hangup Gus")
    page.get_by_role("link", name="Calls").click()
    page.get_by_role("button", name="Search").click()
    page.get_by_role("rowheader").get_by_role("button").last.click()
    page.get_by_role("columnheader", name="Bea").wait_for()
    assert page.get_by_role("cell", name="bridged").count() == 1
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_callers_name_of_markup_is_a_text_in_the_story(laptop: Laptop, page: "Page") -> None:
    put_answered(laptop, 83)
    now = str(time.time() - 83 * 86400)
    texts = {
        "call_sid": f"CA{83:032}",
        "item": f"WR{83:032}",
        "state": "closed",
        "crm_name": MARKUP,
        "worker_name": MARKUP,
    }
    row = {name: {"S": value} for name, value in texts.items()} | {"reserved_at": {"N": now}, "bridged_at": {"N": now}}
    laptop.aws.client("dynamodb").put_item(TableName="cordboard-local-links", Item=row)
    signed_in(page, laptop, DORA)
    opens(page, "Calls")
    page.get_by_label("Day").fill(days_before(83))
    page.get_by_role("button", name="Search").click()
    page.get_by_role("rowheader").get_by_role("button").last.click()
    page.get_by_text(f"CRM: {MARKUP}").wait_for()
    page.get_by_role("columnheader", name=MARKUP).wait_for()
    assert page.locator("img").count() == 0 and page.title() == "Cordboard"


def opens(page: "Page", view: str, heading: str = "") -> None:
    page.get_by_role("link", name=view, exact=True).click()
    page.get_by_role("heading", name=heading or view, level=2).first.wait_for()


def says(page: "Page", text: str) -> None:
    page.get_by_role("status").get_by_text(text).wait_for()


def is_accessible(page: "Page") -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_message_is_heard_in_the_browser_and_done(laptop: Laptop, page: "Page") -> None:
    (left_alone,) = [scenario for scenario in MORE_SCENARIOS if scenario.letter == "j"]
    call_sid = scenarios.run(laptop, left_alone).call_sid
    eventually(lambda: "kept_at" in message_of(laptop, call_sid))
    package.invoke(laptop.aws, "Sweep", schedule())
    signed_in(page, laptop, BEA)
    opens(page, "Messages", "Messages and callbacks")
    row = page.get_by_role("region", name="Messages").get_by_role("row").last
    row.get_by_role("button", name="Listen").click()
    player = page.locator("audio")
    player.wait_for()
    until(page, lambda: player.evaluate("one => one.readyState > 0 || one.error !== null"))
    assert player.evaluate("one => one.error && one.error.message") is None
    is_accessible(page)
    row.get_by_role("button", name="Done").click()
    says(page, "Done.")
    page.get_by_text("Every message has been seen to.").wait_for()
    assert message_of(laptop, call_sid)["done_by"]["S"] == BEA


def message_of(laptop: Laptop, call_sid: str) -> dict[str, dict[str, str]]:
    """The row of the message that was left on this call; empty while there is none."""
    query = {"KeyConditionExpression": "call_sid = :sid", "ExpressionAttributeValues": {":sid": {"S": call_sid}}}
    rows = laptop.aws.client("dynamodb").query(TableName="cordboard-local-links", **query)["Items"]
    return next((row for row in rows if row["item"]["S"].startswith("RECORDING#")), {})


def test_a_supervisor_closes_a_line_and_opens_it_again(laptop: Laptop, commands: Commands, page: "Page") -> None:
    signed_in(page, laptop, DORA)
    opens(page, "Lines")
    page.get_by_label("What callers hear: sales").fill("We are at a funeral.")
    page.get_by_role("button", name="Close: sales").click()
    says(page, "sales is closed until")
    call_sid = laptop.do(lambda: laptop.twilio.dial("+12125550171", laptop.call_centre.lines["sales"], ()))
    until(page, lambda: "We are at a funeral." in laptop.do(lambda: [*laptop.twilio.context.calls[call_sid].heard]))
    is_accessible(page)
    page.get_by_role("button", name="Open: sales").click()
    says(page, "sales is open.")
    assert page.get_by_role("row", name="support").get_by_role("button").count() == 0  # it has no switch


def test_a_supervisor_puts_a_worker_off_the_phones_unless_somebody_was_faster(laptop: Laptop, page: "Page") -> None:
    laptop.do(lambda: laptop.call_centre.on_duty("Bea"))
    signed_in(page, laptop, DORA)
    opens(page, "Workers")
    page.get_by_label("Activity: Bea").select_option("Offline")
    page.get_by_role("button", name="Move: Bea").click()
    says(page, "Bea was Available, and is Offline now.")
    is_accessible(page)
    page.get_by_label("Activity: Bea").select_option("Unavailable")
    laptop.do(lambda: laptop.call_centre.on_duty("Bea"))
    page.get_by_role("button", name="Move: Bea").click()
    page.locator("#notice").get_by_text("Bea was moved meanwhile: look again").wait_for()


def test_a_supervisor_blocks_a_caller_and_lets_them_in_again(laptop: Laptop, page: "Page") -> None:
    signed_in(page, laptop, DORA)
    opens(page, "Blocked", "Blocked callers")
    page.get_by_label("Number").fill("+12125550188")
    page.get_by_label("Why").fill(MARKUP)
    page.get_by_role("button", name="Block", exact=True).click()
    says(page, "…88 is blocked.")
    page.get_by_role("cell", name=MARKUP).wait_for()
    assert page.locator("img").count() == 0
    is_accessible(page)
    call_sid = laptop.do(lambda: laptop.twilio.dial("+12125550188", laptop.call_centre.lines["sales"], ()))
    until(page, lambda: laptop.do(lambda: laptop.twilio.context.calls[call_sid].is_over))
    assert "We cannot take your call. Goodbye." in laptop.do(lambda: [*laptop.twilio.context.calls[call_sid].heard])
    page.get_by_role("button", name="Let in again: …88").click()
    says(page, "…88 is let in again.")


def put_waiting(laptop: Laptop, number: int, **known: Any) -> None:
    """A caller waits of whom only the table knows."""
    now = time.time()
    row = {"call_sid": f"CA{number:032}", "item": "CALL", "open": "call", "line": "support", **known}
    item = {name: {"S": value} for name, value in row.items()}
    times = {"at": {"N": str(now - 300)}, "check_at": {"N": str(int(now) + 3600)}}
    laptop.aws.client("dynamodb").put_item(TableName="cordboard-local-links", Item={**item, **times})


def take_away(laptop: Laptop, number: int) -> None:
    key = {"call_sid": {"S": f"CA{number:032}"}, "item": {"S": "CALL"}}
    laptop.aws.client("dynamodb").delete_item(TableName="cordboard-local-links", Key=key)


@pytest.fixture
def crowd(laptop: Laptop) -> Iterator[None]:
    """Seven callers wait, for five minutes each; the line of one is markup."""
    for number in range(7):
        put_waiting(laptop, number, line=MARKUP if number == 3 else "support", queue="Support", caller="+12125550171")
    yield
    for number in range(7):
        take_away(laptop, number)


@pytest.mark.usefixtures("crowd")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_the_board_is_right_on_each_screen_and_to_a_screen_reader(
    laptop: Laptop, page: "Page", size: str, scheme: Any
) -> None:
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=scheme)
    signed_in(page, laptop, BEA)
    shows(page, "waiting", "7 beyond the limit")
    assert page.locator("#tiles .beyond dt").all_inner_texts()[:2] == ["waiting", "longest wait now"]
    assert page.get_by_role("cell", name=MARKUP).count() == 1 and page.locator("img").count() == 0
    assert page.title() == "Cordboard"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    fits = "all => all.every(one => one.scrollWidth <= one.clientWidth)"
    assert page.locator("#tiles dd, #tiles dt").evaluate_all(fits)
    page.screenshot(path=package.BUILD / f"console-{size}-{scheme}.png")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.usefixtures("crowd")
def test_the_board_is_read_by_keyboard_and_keeps_the_place(laptop: Laptop, page: "Page") -> None:
    signed_in(page, laptop, BEA)
    shows(page, "waiting", "7 beyond the limit")
    page.get_by_role("region", name="Callers who wait").focus()
    put_waiting(laptop, 9, queue="Support", caller="+12125550172")
    shows(page, "waiting", "8 beyond the limit")
    take_away(laptop, 9)
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Callers who wait"


def test_an_answer_that_comes_late_does_not_take_the_place_of_another_view(laptop: Laptop, page: "Page") -> None:
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route)

    page.route("**/console/board", hold)
    signed_in(page, laptop, DORA)
    until(page, lambda: held != [])
    opens(page, "Lines")
    page.get_by_role("cell", name="sales is open.").wait_for()
    for route in held:
        route.continue_()
    page.wait_for_timeout(1000)
    assert page.locator("#tiles").count() == 0


def test_a_screen_that_nobody_sees_asks_nothing(laptop: Laptop, page: "Page") -> None:
    signed_in(page, laptop, BEA)
    page.locator("#tiles").wait_for()
    page.evaluate("Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' })")
    page.wait_for_timeout(500)
    polls: list[str] = []
    page.on("request", lambda request: polls.append(request.url))
    page.wait_for_timeout(4000)
    assert polls == []


def test_no_token_is_in_a_log(laptop: Laptop, page: "Page") -> None:
    signed_in(page, laptop, DORA)
    page.locator("#tiles").wait_for()
    assert token(page) not in laptop.log.read_text(encoding="utf-8", errors="replace")
