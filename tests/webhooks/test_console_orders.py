"""What people do in the browser: messages, callbacks, lines, workers, blocked callers. Each with who it was."""

import json
import time
import uuid
from collections.abc import Mapping

import pytest

from chalicelib.caller import handlers
from chalicelib.config import callcenter
from chalicelib.config import messages as settings
from chalicelib.hours import switch
from chalicelib.lifecycle import board as refreshing
from chalicelib.links import profiles, reading, talks
from chalicelib.links.model import HEARD
from chalicelib.twilio import urls
from chalicelib.twilio.urls import Route
from tests.conftest import ACTIVITIES, BUCKET
from tests.support.caches import forget_everything
from tests.support.console import CLAIMS, Answer, Console, console
from tests.support.driver import CALL, CALLER, RESERVATION, WORKER, Driver
from tests.webhooks.test_callbacks import asked, row, works
from tests.webhooks.test_callbacks import team as with_callbacks
from tests.webhooks.test_recordings import RECORDING, leave_message

__all__ = ["console"]

AGENT = {**CLAIMS, "cognito:groups": "agents", "email": "bea@example.com"}
DORA = CLAIMS["email"]
OF_CONSOLE = [route for route in urls.ROUTES if route.signed_by == "person" and route.path.startswith("/console/")]
ORDERS = [route for route in OF_CONSOLE if "POST" in route.methods]
OF_SUPERVISORS = [route for route in ORDERS if route != urls.CONSOLE_MESSAGE]
PATH = {"subject": CALL, "recording": RECORDING, "line": "support", "worker": WORKER, "reservation_sid": RESERVATION}
RULES = """
default_line = "support"
[lines.support]
numbers = ["+14155550100"]
greeting = "Hello."
switch = true
know_caller = {}
[lines.sales]
numbers = ["+14155550101"]
greeting = "Hello."
"""


def sid() -> str:
    return str(uuid.uuid4())


def path_of(route: Route) -> dict[str, str]:
    return {name: value for name, value in PATH.items() if f"{{{name}}}" in route.path}


def order(console: Console, route: Route, did: Mapping[str, str], **path: str) -> Answer:
    """Of a browser, which says which order it is."""
    return console.order(route, {"sid": sid(), **did}, path={**path_of(route), **path})


@pytest.fixture
def lines(environment: pytest.MonkeyPatch) -> None:
    center = callcenter.parse(RULES)
    environment.setattr(callcenter, "current", lambda: center)


@pytest.mark.parametrize("route", OF_SUPERVISORS, ids=lambda route: route.path)
def test_an_agent_changes_nothing_for_others(driver: Driver, console: Console, route: Route) -> None:
    before = driver.cloud.rows()
    assert console.order(route, {"sid": sid()}, AGENT, path_of(route)).status == 403
    assert (driver.cloud.rows(), driver.twilio.requests) == (before, [])


@pytest.mark.parametrize("route", ORDERS, ids=lambda route: route.path)
@pytest.mark.parametrize(
    "body",
    ["", "no", "[]", '"x"', '{"did": 1}', '{"did": null}', "{", '{"did": "x"}', "{}", '{"a": "' + "x" * 501 + '"}'],
)
def test_nonsense_is_refused_and_changes_nothing(driver: Driver, console: Console, route: Route, body: str) -> None:
    leave_message(driver)
    driver.twilio.requests.clear()
    before = driver.cloud.rows()
    answer = console.order(route, body, path=path_of(route))
    assert answer.status in (400, 404) and set(answer.data) == {"error"}
    assert (driver.cloud.rows(), driver.twilio.moves) == (before, [])


# --- Messages


def listed(console: Console) -> list[dict[str, object]]:
    """The messages, counted by a sweep just before."""
    list(refreshing.refresh_today(time.time()))
    found: list[dict[str, object]] = console.get(urls.CONSOLE_MESSAGES, AGENT).data["messages"]
    return found


def test_a_message_is_listed_until_it_is_done(driver: Driver, console: Console) -> None:
    leave_message(driver)
    (message,) = listed(console)
    assert (message["call_sid"], message["recording_sid"], message["caller"]) == (CALL, RECORDING, "…71")
    answer = console.order(urls.CONSOLE_MESSAGE, {"did": "done"}, AGENT, path_of(urls.CONSOLE_MESSAGE))
    assert (answer.status, answer.data) == (200, {"said": "Done."})
    kept = driver.cloud.row(f"RECORDING#{RECORDING}")
    assert (kept["done_by"], kept["heard_by"]) == ("bea@example.com", "bea@example.com")
    assert listed(console) == []
    (line,) = [line for line in console.lines() if line["event"] == "message is done"]
    assert (line["who"], line["call_sid"]) == ("bea@example.com", CALL)


def test_a_message_that_is_at_twilio_is_heard_there_and_who_heard_it_first_is_kept(
    driver: Driver, console: Console
) -> None:
    leave_message(driver)
    for claims in (CLAIMS, AGENT):
        answer = console.order(urls.CONSOLE_MESSAGE, {"did": "hear"}, claims, path_of(urls.CONSOLE_MESSAGE))
        assert answer.data["sound"].endswith(f"/Recordings/{RECORDING}.mp3")
    assert driver.cloud.row(f"RECORDING#{RECORDING}")["heard_by"] == DORA
    assert [line["event"] for line in console.lines()].count("message is heard") == 1


def test_a_message_in_the_bucket_is_heard_by_a_url_for_some_minutes(
    driver: Driver, console: Console, environment: pytest.MonkeyPatch
) -> None:
    leave_message(driver)
    environment.setenv("MESSAGES_BUCKET", BUCKET)
    forget_everything()
    assert settings.bucket() == BUCKET
    driver.cloud.client("dynamodb").update_item(
        TableName="cordboard-test-links",
        Key={"call_sid": {"S": CALL}, "item": {"S": f"RECORDING#{RECORDING}"}},
        UpdateExpression="SET kept_at = :now, stored_as = :name",
        ExpressionAttributeValues={":now": {"N": "1"}, ":name": {"S": "voicemail/x.mp3"}},
    )
    answer = order(console, urls.CONSOLE_MESSAGE, {"did": "hear"})
    assert BUCKET in answer.data["sound"] and "X-Amz-Expires=300" in answer.data["sound"]
    assert answer.data["sound"] not in console.log.getvalue()


@pytest.mark.parametrize("path", [{"subject": "CA" + "9" * 32}, {"recording": "RE" + "9" * 32}, {"subject": "BOARD"}])
def test_there_is_no_other_message(driver: Driver, console: Console, path: dict[str, str]) -> None:
    leave_message(driver)
    assert order(console, urls.CONSOLE_MESSAGE, {"did": "done"}, **path).status == 404


def test_who_left_a_message_is_called_back_once(
    driver: Driver, console: Console, environment: pytest.MonkeyPatch
) -> None:
    with_callbacks(environment)
    leave_message(driver)
    assert [message["may_call_back"] for message in listed(console)] == [True]
    assert order(console, urls.CONSOLE_MESSAGE, {"did": "call back"}).data == {"said": "The caller is called back."}
    assert (row(driver)["number"], row(driver)["state"]) == (CALLER, "held")
    assert listed(console) == []  # it is seen to
    (callback,) = console.get(urls.CONSOLE_CALLBACKS, AGENT).data["callbacks"]
    assert (callback["number"], callback["call_sid"]) == ("…71", CALL)
    before = row(driver)
    assert order(console, urls.CONSOLE_MESSAGE, {"did": "call back"}).status == 200
    assert row(driver) == before


def test_nobody_is_called_back_where_the_line_does_not(driver: Driver, console: Console, lines: None) -> None:
    leave_message(driver)
    answer = order(console, urls.CONSOLE_MESSAGE, {"did": "call back"})
    assert answer.status == 400 and "no callbacks" in answer.data["error"]


# --- Recorded talks


def test_a_recorded_talk_is_heard_from_the_story_and_each_time_it_is_kept_who_did(
    driver: Driver, console: Console
) -> None:
    driver.event("task.created")
    driver.ring()
    talks.record(reading.of_call(CALL).links[0], RECORDING, {"seconds": 9}, time.time())
    (sound,) = console.get(urls.CONSOLE_CALL, path={"subject": CALL}).data["sounds"]
    assert (sound["kind"], sound["recording_sid"], sound["seconds"]) == ("talk", RECORDING, 9)
    for _ in range(2):
        assert order(console, urls.CONSOLE_TALK, {"did": "hear"}).data["sound"].endswith(f"/{RECORDING}.mp3")
        time.sleep(0.002)  # each is a row of its own
    heard = [row for row in driver.cloud.rows() if row["item"].startswith(HEARD)]
    assert [row["by"] for row in heard] == [DORA, DORA]
    assert order(console, urls.CONSOLE_TALK, {"did": "hear"}, recording="RE" + "9" * 32).status == 404


# --- Callbacks


def test_a_callback_is_withdrawn_with_who_did_it(
    driver: Driver, console: Console, environment: pytest.MonkeyPatch
) -> None:
    with_callbacks(environment)
    environment.setattr(handlers, "SETTLED_SECONDS", 0)
    asked(driver)
    assert [one["state"] for one in console.get(urls.CONSOLE_CALLBACKS).data["callbacks"]] == ["queued"]
    assert order(console, urls.CONSOLE_CALLBACK, {"did": "withdraw"}).status == 200
    assert (row(driver)["state"], row(driver)["reason"]) == ("withdrawn", f"by {DORA}")
    assert console.get(urls.CONSOLE_CALLBACKS).data["callbacks"] == []
    again = order(console, urls.CONSOLE_CALLBACK, {"did": "withdraw"})
    assert (again.status, again.data) == (409, {"error": "this callback is over"})
    works(driver)


# --- Lines


def stands(console: Console, line: str = "support") -> dict[str, object]:
    found = console.get(urls.CONSOLE_LINES, AGENT).data["lines"]
    shown: dict[str, object] = next(one for one in found if one["line"] == line)
    return shown


def test_a_line_is_closed_with_a_sentence_and_opened_again(driver: Driver, console: Console, lines: None) -> None:
    assert (stands(console)["stands"], stands(console)["switch"]) == ("support is open.", True)
    said = order(console, urls.CONSOLE_LINE, {"to": "closed", "say": "We are at a funeral."}).data["said"]
    assert "closed" in said and "funeral" in said and stands(console)["stands"] == said
    (change,) = switch.find("support").changes
    assert (change.to, change.by, change.said) == ("closed", DORA, "We are at a funeral.")
    assert order(console, urls.CONSOLE_LINE, {"to": "file"}).data["said"] == "support is open."
    assert [line["who"] for line in console.lines() if line["event"] == "line switched"] == [DORA, DORA]


def test_an_order_that_is_sent_twice_is_one(driver: Driver, console: Console, lines: None) -> None:
    same = {"sid": sid(), "to": "closed", "until": "23:59"}
    answers = [console.order(urls.CONSOLE_LINE, same, path=path_of(urls.CONSOLE_LINE)).data for _ in range(2)]
    assert answers[0] == answers[1] and len(switch.find("support").changes) == 1


def test_of_two_supervisors_at_one_switch_both_see_what_stands(driver: Driver, console: Console, lines: None) -> None:
    order(console, urls.CONSOLE_LINE, {"to": "closed"})
    other = {**CLAIMS, "email": "ida@example.com"}
    said = console.order(urls.CONSOLE_LINE, {"sid": sid(), "to": "open"}, other, path_of(urls.CONSOLE_LINE)).data[
        "said"
    ]
    assert stands(console)["stands"] == said
    assert [change.by for change in switch.find("support").changes] == ["ida@example.com", DORA]


@pytest.mark.parametrize("until", ["25:00", "9", "12:60", "soon", "12:00:00", "1٢:00"])
def test_a_time_that_is_none_is_said(driver: Driver, console: Console, lines: None, until: str) -> None:
    answer = order(console, urls.CONSOLE_LINE, {"to": "closed", "until": until})
    assert answer.status == 400 and "until is a time of day" in answer.data["error"]
    assert switch.find("support").changes == ()


@pytest.mark.parametrize("line", ["sales", "garage", "BOARD"])
def test_a_line_without_a_switch_stays_as_it_is(driver: Driver, console: Console, lines: None, line: str) -> None:
    assert order(console, urls.CONSOLE_LINE, {"to": "closed"}, line=line).status == 404
    assert not [row for row in driver.cloud.rows() if row["call_sid"] == switch.PARTITION]


# --- Workers


def test_a_worker_is_put_off_the_phones_and_on_again(driver: Driver, console: Console) -> None:
    (bea,) = console.get(urls.CONSOLE_WORKERS).data["workers"]
    assert (bea["name"], bea["activity"], bea["available"]) == ("Bea", "Available", True)
    off = {"activity": "Offline", "seen": "Available"}
    assert order(console, urls.CONSOLE_WORKER, off).data == {"said": "Bea was Available, and is Offline now."}
    assert order(console, urls.CONSOLE_WORKER, off).data == {"said": "Bea is Offline."}
    order(console, urls.CONSOLE_WORKER, {"activity": "Available", "seen": "Offline"})
    assert driver.twilio.moves == [ACTIVITIES["Offline"], ACTIVITIES["Available"]]
    (first, _) = [line for line in console.lines() if line["event"] == "worker by hand"]
    assert (first["who"], first["worker"], first["activity"]) == (DORA, "Bea", "Offline")


def test_a_worker_whom_somebody_moved_meanwhile_stays_there(driver: Driver, console: Console) -> None:
    driver.twilio.activity = ACTIVITIES["Unavailable"]
    answer = order(console, urls.CONSOLE_WORKER, {"activity": "Offline", "seen": "Available"})
    assert (answer.status, answer.data) == (409, {"error": "Bea was moved meanwhile: look again"})
    driver.twilio.failures["POST /v1"] = [(412, 20412)]
    assert order(console, urls.CONSOLE_WORKER, {"activity": "Offline", "seen": "Unavailable"}).status == 409
    assert driver.twilio.activity == ACTIVITIES["Unavailable"]


def test_there_is_no_other_worker_and_no_other_activity(driver: Driver, console: Console) -> None:
    wanted = {"activity": "Offline", "seen": "Available"}
    assert order(console, urls.CONSOLE_WORKER, wanted, worker="WK" + "9" * 32).status == 404
    assert order(console, urls.CONSOLE_WORKER, {**wanted, "activity": "Asleep"}).status == 400
    assert driver.twilio.moves == []


def test_while_twilio_is_down_it_is_said_that_nothing_was_done(driver: Driver, console: Console) -> None:
    driver.twilio.failures["GET /v1"] = [(503, 0)] * 9
    answer = order(console, urls.CONSOLE_WORKER, {"activity": "Offline", "seen": "Available"})
    assert (answer.status, driver.twilio.moves) == (503, [])


# --- Blocked callers


def test_a_caller_is_blocked_from_their_call_and_let_in_again(driver: Driver, console: Console, lines: None) -> None:
    driver.event("task.created")
    said = order(console, urls.CONSOLE_BLOCK, {"did": "block", "call_sid": CALL, "reason": "shouts"}).data
    assert said == {"said": "…71 is blocked."}
    profile = profiles.find(CALLER)
    assert profile.is_blocked(time.time()) and profile.block is not None
    assert (profile.block.by, profile.block.reason) == (DORA, "shouts")
    found = console.get(urls.CONSOLE_BLOCKED)
    assert CALLER not in found.body
    (shown,) = found.data["blocked"]
    assert (shown["number"], shown["by"]) == ("…71", DORA)
    end = {"did": "unblock", "block": shown["block"]}
    assert order(console, urls.CONSOLE_BLOCK, end).data == {"said": "…71 is let in again."}
    assert console.get(urls.CONSOLE_BLOCKED).data == {"blocked": [], "possible": True}
    assert order(console, urls.CONSOLE_BLOCK, end).status == 404


def test_a_number_is_blocked_for_some_days(driver: Driver, console: Console, lines: None) -> None:
    order(console, urls.CONSOLE_BLOCK, {"did": "block", "number": "+1 212 555 0172", "days": "2"})
    until = profiles.find("+12125550172").blocked_until
    assert until == pytest.approx(time.time() + 2 * 86400, abs=60)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"number": "911"}, "no caller's number"),
        ({"number": "anonymous"}, "no caller's number"),
        ({"number": "+14155550101"}, "one of your own lines"),
        ({"number": CALLER, "days": "366"}, "days are"),
        ({}, "no caller's number"),
    ],
)
def test_a_number_that_cannot_be_blocked_is_said(
    driver: Driver, console: Console, lines: None, more: dict[str, str], said: str
) -> None:
    answer = order(console, urls.CONSOLE_BLOCK, {"did": "block", **more})
    assert answer.status == 400 and said in answer.data["error"]
    assert list(profiles.blocked()) == []


def test_where_no_line_asks_who_calls_it_is_said(driver: Driver, console: Console) -> None:
    assert not console.get(urls.CONSOLE_BLOCKED).data["possible"]
    answer = order(console, urls.CONSOLE_BLOCK, {"did": "block", "number": CALLER})
    assert answer.status == 400 and "know_caller" in answer.data["error"]


def test_no_order_writes_a_number_or_a_token_to_the_log(driver: Driver, console: Console, lines: None) -> None:
    order(console, urls.CONSOLE_BLOCK, {"did": "block", "number": CALLER})
    said = console.log.getvalue()
    assert CALLER not in said and "signature" not in said
    assert {json.loads(line)["who"] for line in said.splitlines()} == {DORA}
