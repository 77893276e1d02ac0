"""The console's requests: who may see what, and that the wallboard shows what is so."""

import json
import time
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec import structs, to_builtins

from bench.cost import cost
from chalicelib.config import callcenter
from chalicelib.console import page
from chalicelib.lifecycle import board as refreshing
from chalicelib.links import board
from chalicelib.reports import export, figures, history
from chalicelib.reports.figures import By, Counting
from chalicelib.twilio import urls
from tests.conftest import ACTIVITIES, QUEUES
from tests.support.api_gateway import post
from tests.support.caches import forget_everything
from tests.support.console import CLAIMS, CLIENT, POOL, SIGN_IN, Answer, Console, application, console
from tests.support.driver import CALL, RESERVATION, WORKER, Driver, event_form
from tests.support.meter import counting
from tests.webhooks.test_console_orders import path_of
from tests.webhooks.test_report import DAYS, EACH_DAY, FIRST, month

__all__ = ["console", "month"]

AGENT = {**CLAIMS, "cognito:groups": "agents", "email": "bea@example.com"}
DATA = [route for route in urls.ROUTES if route.signed_by == "person"]
OTHER_POOL = CLAIMS["iss"].replace("People", "Others")
OF_A_DAY = {"from": "2026-11-21", "to": "2026-11-21"}


# --- Who may see what


def test_the_page_and_its_files_hold_no_data_and_need_no_token(console: Console) -> None:
    shown = console.get(urls.CONSOLE, None)
    assert shown.status == 200 and shown.headers["Content-Type"].startswith("text/html")
    assert f'data-sign-in-url="{SIGN_IN}"' in shown.body and f'data-client="{CLIENT}"' in shown.body
    policy = shown.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';") and f"connect-src 'self' {SIGN_IN};" in policy
    assert "unsafe" not in policy
    for name in page.FILES - page.SDKS:
        answer = console.get(urls.CONSOLE_FILE, None, path={"file": name})
        assert answer.status == 200 and answer.body, name
    static = Path(page.__file__).parent / "static"
    assert {file.name for file in static.iterdir()} - {"sdks"} == {*page.FILES - page.SDKS, "console.html", "desk.html"}


@pytest.mark.parametrize("name", ["secret.js", "console.html", "..%2Fpage.py", "../page.py", ""])
def test_there_is_no_other_file(console: Console, name: str) -> None:
    assert console.get(urls.CONSOLE_FILE, None, path={"file": name}).status == 404


def test_no_script_makes_markup_of_a_text() -> None:
    static = Path(page.__file__).parent / "static"
    for file in static.glob("*.js"):
        text = file.read_text(encoding="utf-8")
        assert not [word for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "eval(") if word in text]


def test_api_gateway_holds_each_request_for_data_against_the_pool(console: Console) -> None:
    app = application()
    assert app.people.to_swagger()["x-amazon-apigateway-authorizer"]["providerARNs"] == [POOL]
    for route in (route for route in urls.ROUTES if route.of_console):
        entries = app.app.routes[route.path].values()
        assert {entry.authorizer is app.people for entry in entries} == {route.signed_by == "person"}


@pytest.mark.parametrize("route", DATA, ids=lambda route: route.path)
@pytest.mark.parametrize(
    "claims",
    [
        None,
        {},
        {**CLAIMS, "iss": OTHER_POOL},
        {**CLAIMS, "aud": "another"},
        {**CLAIMS, "token_use": "access"},
        {**CLAIMS, "cognito:groups": ""},
        {**CLAIMS, "cognito:groups": "cleaners"},
        {**CLAIMS, "cognito:groups": "supervisors-of-another"},
    ],
    ids=["none", "empty", "another stage's", "another client's", "access", "no group", "wrong group", "like a group"],
)
def test_a_token_that_is_not_of_this_console_shows_nothing(
    driver: Driver, console: Console, route: urls.Route, claims: dict[str, str] | None
) -> None:
    if "GET" in route.methods:
        answer = console.get(route, claims, OF_A_DAY, path_of(route))
    else:
        answer = console.order(route, {}, claims, path_of(route))
    assert answer.status == 403 and set(answer.data) == {"error"}
    assert [line["event"] for line in console.lines()] == ["console refused"]


@pytest.mark.parametrize("groups", ["supervisors", "agents,supervisors", "[agents supervisors]", "[supervisors]"])
def test_a_supervisor_is_one_however_the_groups_are_spelled(driver: Driver, console: Console, groups: str) -> None:
    answer = console.get(urls.CONSOLE_REPORT, {**CLAIMS, "cognito:groups": groups}, OF_A_DAY)
    assert answer.status == 200


def test_an_agent_sees_the_board_and_no_report(driver: Driver, console: Console) -> None:
    assert console.get(urls.CONSOLE_BOARD, AGENT).status == 200
    assert console.get(urls.CONSOLE_REPORT, AGENT, OF_A_DAY).status == 403


def test_who_saw_a_report_is_in_the_log_and_no_token_is(driver: Driver, console: Console) -> None:
    console.get(urls.CONSOLE_REPORT, query=OF_A_DAY)
    (line,) = console.lines()
    assert (line["event"], line["who"], line["since"]) == ("report is seen", "dora@example.com", "2026-11-21")
    assert "signature" not in console.log.getvalue()


def test_what_fails_is_no_answer_with_a_reason_in_it(console: Console) -> None:
    answer = console.get(urls.CONSOLE_BOARD)  # there is no table
    assert (answer.status, answer.data) == (503, {"error": "this cannot be shown now; it is tried again"})


# --- Reports


def test_a_report_has_the_figures_of_the_command(month: Driver, console: Console) -> None:
    found = console.get(urls.CONSOLE_REPORT, query={"from": "2026-11-02", "to": "2026-11-03", "by": "worker"}).data
    assert found["headings"][:3] == ["worker", "offered", "answered"]
    assert [row[:3] for row in found["cells"]] == [
        ["-", "12", "0"],
        ["Bea", "12", "12"],
        ["Carl", "0", "0"],
        ["total", "24", "12"],
    ]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({}, "from is a day"),
        ({"from": "2026-11-21", "to": "soon"}, "to is a day"),
        ({**OF_A_DAY, "by": "mood"}, "by is one of line, choice, queue, worker, day, hour"),
        ({"from": "2026-11-21", "to": "2026-11-20"}, "there may be 7 days"),
        ({"from": "2026-11-01", "to": "2026-11-21"}, "there may be 7 days"),
        ({"from": "1999-01-01", "to": "1999-01-02"}, "calls are kept for"),
    ],
)
def test_a_report_that_cannot_be_made_is_said(
    driver: Driver, console: Console, query: dict[str, str], said: str
) -> None:
    answer = console.get(urls.CONSOLE_REPORT, query=query)
    assert answer.status == 400 and said in answer.data["error"]


def weeks(console: Console, first: date, days: int, by: str) -> Answer:
    """The answer to a browser's last question for these days: with each it sends what it was told before."""
    answer = Answer(0, "{}", {})
    for begun in range(0, days, 7):
        since, until = (first + timedelta(days=day) for day in (begun, min(begun + 6, days - 1)))
        query = {"from": since.isoformat(), "to": until.isoformat(), "by": by}
        sent = {"groups": answer.data.get("groups", {}), "sid": "a browser's"}
        answer = (
            console.order(urls.CONSOLE_REPORT, sent, query=query)
            if begun
            else console.get(urls.CONSOLE_REPORT, query=query)
        )
        assert answer.status == 200, answer.body
    return answer


@pytest.mark.parametrize("by", ["line", "worker", "day", "hour"])
def test_a_month_that_is_read_week_by_week_is_the_month_of_the_command(month: Driver, console: Console, by: By) -> None:
    found = weeks(console, FIRST.date(), DAYS, by).data
    since, until = FIRST.timestamp(), (FIRST + timedelta(days=DAYS)).timestamp() - 1
    how = Counting(by, callcenter.current().reports, ZoneInfo(callcenter.current().time_zone), until)
    whole = figures.report(history.calls(since, until, until), how)
    assert found["cells"] == export.table(export.rows(whole), by)[1]
    assert found["csv"] == export.as_csv(export.rows(whole))
    assert found["cells"][-1][:2] == ["total", str(DAYS * EACH_DAY)]


def test_a_month_is_a_query_a_day_and_one_for_each_week(month: Driver, console: Console) -> None:
    with counting() as made:
        weeks(console, FIRST.date(), DAYS, "line")
    assert dict(made).keys() == {"Query", "read_units"}
    assert made["Query"] == DAYS + -(-DAYS // 7)  # the talks that end in the first hours after each of them


@pytest.mark.parametrize(
    "sent",
    ["", "no", "[]", "{", '{"groups": 1}', '{"groups": {"a": 1}}', '{"groups": {"a": {"offered": "many"}}}', "\ud800"],
)
def test_what_was_counted_before_is_taken_as_it_was_told_or_not_at_all(
    driver: Driver, console: Console, sent: str
) -> None:
    answer = console.order(urls.CONSOLE_REPORT, sent, query=OF_A_DAY)
    assert answer.status == (400 if sent else 200)


# --- Calls


def test_the_calls_of_a_day_are_those_of_the_command(month: Driver, console: Console) -> None:
    found = console.get(urls.CONSOLE_CALLS, query={"day": "2026-11-02"}).data
    assert len(found["calls"]) == 12 and not found["more"]
    first = found["calls"][0]
    assert (first["ended"], first["worker"], first["tried"]) == ("talked", "Bea", "Carl: no-answer")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"line": "support"}, 12),
        ({"line": "sales"}, 0),
        ({"worker": "carl"}, 6),
        ({"worker": "Emil"}, 0),
        ({"missed": "yes"}, 6),
        ({"number": "0171"}, 0),
    ],
)
def test_calls_are_narrowed_down(month: Driver, console: Console, query: dict[str, str], count: int) -> None:
    assert len(console.get(urls.CONSOLE_CALLS, query={"day": "2026-11-02", **query}).data["calls"]) == count


def test_a_call_is_found_by_the_end_of_its_number_which_is_not_shown(driver: Driver, console: Console) -> None:
    driver.event("task.created")
    found = console.get(urls.CONSOLE_CALLS, query={"day": "2026-11-21", "number": "(555) 0171"})
    assert [call["caller"] for call in found.data["calls"]] == ["…71"] and "5550171" not in found.body


@pytest.mark.parametrize(
    ("query", "said"), [({}, "day is a day"), ({"day": "2026-11-21", "number": "71"}, "4 digits are needed")]
)
def test_a_search_that_cannot_be_made_is_said(
    driver: Driver, console: Console, query: dict[str, str], said: str
) -> None:
    driver.event("task.created")
    answer = console.get(urls.CONSOLE_CALLS, query=query)
    assert answer.status == 400 and said in answer.data["error"]


def test_the_story_of_a_call_is_that_of_the_command(driver: Driver, console: Console) -> None:
    driver.event("task.created")
    driver.ring()
    driver.answer()
    driver.event("reservation.accepted")
    answer = console.get(urls.CONSOLE_CALL, path={"subject": CALL})
    assert answer.data["known"][0] == f"Call {CALL} from …71 to …00, line support"
    assert [moment["who"] for moment in answer.data["moments"] if moment["what"] == "bridged"] == ["Bea"]
    assert "+1" not in answer.body
    (line,) = console.lines()
    assert (line["event"], line["who"], line["call_sid"]) == ("call is seen", "dora@example.com", CALL)


def test_a_story_leads_to_twilios_and_awss_own_pages_but_not_where_both_are_imitated(
    driver: Driver, console: Console, environment: pytest.MonkeyPatch
) -> None:
    driver.event("task.created")
    driver.ring()
    (leg, *_others, logs) = console.get(urls.CONSOLE_CALL, path={"subject": CALL}).data["places"]
    assert leg == {
        "what": "The caller's leg at Twilio",
        "url": f"https://www.twilio.com/console/voice/calls/logs/{CALL}",
    }
    assert logs["what"] == "The log lines" and CALL in logs["url"]
    environment.setenv("TWILIO_API_URL", "http://127.0.0.1:8282")
    forget_everything()
    assert console.get(urls.CONSOLE_CALL, path={"subject": CALL}).data["places"] == []


@pytest.mark.parametrize("subject", ["CA" + "9" * 32, "BOARD", "STAFF", "x", "CA*"])
def test_there_is_no_story_of_what_is_no_call(driver: Driver, console: Console, subject: str) -> None:
    answer = console.get(urls.CONSOLE_CALL, path={"subject": subject})
    assert (answer.status, answer.data) == (404, {"error": "there is no such call"})


# --- The wallboard


def shown(console: Console, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """The board, read anew."""
    from chalicelib.console import wallboard

    monkeypatch.setattr(wallboard, "_kept", wallboard._Kept())
    answer: dict[str, object] = console.get(urls.CONSOLE_BOARD, AGENT).data
    return answer


def test_a_caller_waits_and_talks_and_is_gone(
    driver: Driver, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.event("task.created", TaskQueueSid=QUEUES["Support"])
    waits = {"since": 1795230042.5, "line": "support", "queue": "Support", "caller": "…71"}
    assert shown(console, monkeypatch)["waiting"] == [waits]
    driver.ring()
    driver.answer()
    assert shown(console, monkeypatch)["waiting"] == [waits]
    driver.event("reservation.accepted")
    board = shown(console, monkeypatch)
    assert (board["waiting"], [one["worker"] for one in board["talking"]]) == ([], ["Bea"])  # type: ignore[attr-defined]
    driver.voice("after", QueueResult="bridged")
    board = shown(console, monkeypatch)
    assert (board["waiting"], board["talking"]) == ([], [])


TOLD_BEFORE_THE_JOIN = ("task.created", "task-queue.entered", "reservation.created")


@pytest.mark.parametrize("late", [(*TOLD_BEFORE_THE_JOIN, "reservation.accepted"), ("task.created", "task.created")])
def test_events_that_come_late_or_twice_never_take_the_board_back(
    driver: Driver, console: Console, monkeypatch: pytest.MonkeyPatch, late: tuple[str, ...]
) -> None:
    driver.event("task.created", TaskQueueSid=QUEUES["Support"])
    driver.ring()
    driver.answer()
    driver.event("reservation.accepted")
    for event in TOLD_BEFORE_THE_JOIN:
        driver.event(event)
    board_ = shown(console, monkeypatch)
    assert (board_["waiting"], len(board_["talking"])) == ([], 1)  # type: ignore[arg-type]
    driver.voice("after", QueueResult="bridged")
    for event in late:
        driver.event(event)
    board_ = shown(console, monkeypatch)
    assert (board_["waiting"], board_["talking"]) == ([], [])


def test_a_screen_that_has_it_already_is_told_so(driver: Driver, console: Console) -> None:
    first = console.get(urls.CONSOLE_BOARD)
    same = console.get(urls.CONSOLE_BOARD, known=first.headers["ETag"])
    assert (same.status, same.body, same.headers["ETag"]) == (304, "", first.headers["ETag"])
    assert console.get(urls.CONSOLE_BOARD, known='"other"').status == 200


def moved(driver: Driver, activity: str, at: int, **form: str) -> Answer:
    """TaskRouter tells that Bea is in this activity since then."""
    told = {
        **event_form("worker.activity.update"),
        "WorkerSid": WORKER,
        "WorkerName": "Bea",
        "WorkerActivitySid": ACTIVITIES[activity],
        "WorkerActivityName": activity,
        "TimestampMs": str(at * 1000 + 517),
        **form,
    }
    answer = driver.send(post(urls.EVENTS.path, told))
    return Answer(answer["statusCode"], answer["body"], {})


def test_a_worker_is_where_the_latest_event_says_in_whatever_order_they_come(driver: Driver, console: Console) -> None:
    for activity, at in (("Available", 100), ("Offline", 300), ("Offline", 300), ("Available", 200)):
        assert moved(driver, activity, at).status == 204
    (bea,) = board.workers()
    assert (bea.name, bea.activity, bea.available, bea.since) == ("Bea", "Offline", False, 300)


def test_a_stage_without_a_console_writes_nothing_of_its_workers(driver: Driver) -> None:
    with counting() as made:
        assert moved(driver, "Available", 100).status == 204
    assert dict(made) == {}


@pytest.mark.parametrize("worker_sid", ["", "x", "TODAY", "WK" + "a" * 40])
def test_an_event_of_no_worker_writes_nothing(driver: Driver, console: Console, worker_sid: str) -> None:
    assert moved(driver, "Available", 100, WorkerSid=worker_sid).status == 204
    assert board.workers() == ()


def test_the_sweep_puts_right_what_events_have_missed(
    driver: Driver, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.twilio import rest

    now, there = time.time(), rest.workers.Worker(WORKER, ACTIVITIES["Available"], True, 500.0, "", "Bea")
    gone = board.Worker(sid="WK" + "e" * 32, name="Emil", activity="Available", available=True, since=1)
    board.note_worker(gone, now)
    monkeypatch.setattr(rest.workers, "matching", lambda expression: [there])
    assert list(refreshing.refresh_workers(now)) == ["a worker is gone", "a worker is elsewhere"]
    (bea,) = board.workers()
    assert (bea.name, bea.activity, bea.since) == ("Bea", "Available", 500)
    with counting() as made:
        assert list(refreshing.refresh_workers(now)) == []
    assert dict(made) == {"Query": 1, "read_units": 1}


def test_a_list_of_twilios_that_is_old_does_not_take_the_board_back(
    driver: Driver, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.twilio import rest

    moved(driver, "Offline", 600)
    monkeypatch.setattr(
        rest.workers,
        "matching",
        lambda expression: [rest.workers.Worker(WORKER, ACTIVITIES["Available"], True, 500.0, "", "Bea")],
    )
    assert list(refreshing.refresh_workers(time.time())) == []
    assert [one.activity for one in board.workers()] == ["Offline"]


# --- Simple queues


@pytest.fixture
def front_desk() -> str:
    """The name of the simple queue."""
    (name,) = callcenter.current().simple_queues
    return name


def in_queue(at: float) -> dict[str, object]:
    """A member of a queue of voice, as Twilio tells of them."""
    return {"call_sid": f"CA{int(at):032}", "date_enqueued": format_datetime(datetime.fromtimestamp(at, UTC))}


def board_at(at: float) -> list[dict[str, object]]:
    """Who waits, as the board shows it at this time."""
    from chalicelib.console import wallboard

    waiting = wallboard.shown(board.read(), callcenter.current(), at).waiting
    return [dict(to_builtins(one)) for one in waiting]


def test_callers_of_a_simple_queue_are_on_the_board_until_they_are_gone(
    driver: Driver, console: Console, front_desk: str
) -> None:
    now = float(int(time.time()))
    driver.twilio.queues = {"Another": [in_queue(now)], front_desk: [in_queue(now - 90), in_queue(now - 20)]}
    driver.sweep()
    shown_ = {"line": front_desk, "queue": "", "caller": ""}
    assert board_at(now) == [{"since": now - 90, **shown_}, {"since": now - 20, **shown_}]
    driver.twilio.queues = {front_desk: []}
    list(refreshing.refresh_queues(time.time() + 60))
    assert board_at(now) == []


def test_an_older_look_at_a_queue_does_not_take_the_board_back(
    driver: Driver, console: Console, front_desk: str
) -> None:
    now = float(int(time.time()))
    for at, waits in ((now, [in_queue(now - 5)]), (now - 60, [in_queue(now - 300), in_queue(now - 200)])):
        driver.twilio.queues = {front_desk: waits}
        list(refreshing.refresh_queues(at))
    assert [one["since"] for one in board_at(now)] == [now - 5]


def test_who_waited_when_the_sweep_ran_last_is_not_shown_for_ever(
    driver: Driver, console: Console, front_desk: str
) -> None:
    now = float(int(time.time()))
    driver.twilio.queues = {front_desk: [in_queue(now)]}
    list(refreshing.refresh_queues(now))
    assert len(board_at(now + 180)) == 1 and board_at(now + 181) == []


def test_empty_simple_queues_are_not_written_and_without_one_twilio_is_not_asked(
    driver: Driver, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    with counting() as made:
        list(refreshing.refresh_queues(time.time()))
    assert made["UpdateItem"] == 0 and len(driver.twilio.made("GET /2010-04-01")) == 1
    center = structs.replace(callcenter.current(), simple_queues={})
    monkeypatch.setattr(callcenter, "current", lambda: center)
    list(refreshing.refresh_queues(time.time()))
    assert len(driver.twilio.made("GET /2010-04-01")) == 1


def test_queues_that_cannot_be_read_hold_up_no_sweep(driver: Driver, console: Console, front_desk: str) -> None:
    driver.twilio.failures = {"/Queues": [(400, 20001)]}
    driver.sweep()
    assert [one.name for one in board.workers()] == ["Bea"]
    assert "the wallboard is not put right" in driver.log.getvalue()


# --- The day


def count(now: float) -> None:
    """The sweep counts the day."""
    assert list(refreshing.refresh_today(now)) == []


NOON_OF_THE_20TH = 1795132800 + 43200  # 2026-11-20, UTC


def test_the_day_is_counted_once_however_often_it_is_counted(month: Driver, console: Console) -> None:
    for minute in range(3):
        count(NOON_OF_THE_20TH + 60 * minute)
    today = board.today()
    assert today and today.day == "2026-11-20"
    assert (today.figures["offered"], today.figures["answered"], today.figures["abandoned"]) == (12, 6, 3)


def test_what_is_settled_is_not_read_again(month: Driver, console: Console) -> None:
    count(NOON_OF_THE_20TH + 3600)
    with counting() as made:
        count(NOON_OF_THE_20TH + 3660)
    assert made["read_units"] < 3 and made["UpdateItem"] == 1


def test_what_is_settled_counts_once(month: Driver, console: Console) -> None:
    for minute in range(2):
        count(NOON_OF_THE_20TH + 3600 + 60 * minute)
        today = board.today()
        assert today and today.settled["offered"] and (today.figures["offered"], today.figures["answered"]) == (12, 6)


def test_the_next_day_is_counted_anew(month: Driver, console: Console) -> None:
    for day in range(2):
        count(NOON_OF_THE_20TH + 3600 + 86400 * (day - 1))
    today = board.today()
    assert today and today.day == "2026-11-20"
    assert (today.figures["offered"], today.figures["answered"]) == (12, 6)


def test_a_days_row_that_is_lost_is_made_anew(month: Driver, console: Console) -> None:
    count(NOON_OF_THE_20TH)
    before = board.today()
    month.cloud.client("dynamodb").delete_item(
        TableName="cordboard-test-links", Key={"call_sid": {"S": "BOARD"}, "item": {"S": "TODAY"}}
    )
    count(NOON_OF_THE_20TH + 60)
    after = board.today()
    assert before and after and after.figures == before.figures


def test_an_older_count_does_not_take_the_day_back(month: Driver, console: Console) -> None:
    count(NOON_OF_THE_20TH)
    count(NOON_OF_THE_20TH - 3600)
    today = board.today()
    assert today and today.counted_at == NOON_OF_THE_20TH


def test_each_sweep_counts_the_day_and_asks_for_the_workers(driver: Driver, console: Console) -> None:
    driver.sweep()
    assert board.today() is not None
    assert [one.name for one in board.workers()] == ["Bea"]


def test_a_board_that_cannot_be_put_right_holds_up_no_sweep(
    driver: Driver, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(now: float) -> None:
        raise KeyError("broken")

    monkeypatch.setattr(board, "today", broken)
    driver.sweep()
    assert [one.name for one in board.workers()] == ["Bea"]
    assert "the wallboard is not put right" in driver.log.getvalue()


def test_a_sweep_of_a_stage_without_a_console_counts_nothing(driver: Driver) -> None:
    driver.sweep()
    assert board.today() is None


def test_three_screens_cost_less_than_six_dollars_a_month(driver: Driver, console: Console) -> None:
    """Eight hours a day, a question in three seconds each, while five callers wait and twenty workers are shown."""
    for number in range(20):
        worker = board.Worker(
            sid=f"WK{number:032}", name=f"Worker {number}", activity="Available", available=True, since=1
        )
        board.note_worker(worker, time.time())
    driver.event("task.created")
    driver.ring()
    with counting() as made:
        console.get(urls.CONSOLE_BOARD)
    polls = 3 * 30 * 8 * 3600 / 3
    one = {
        "api_gateway_requests": 1.0,
        "lambda_requests": 1.0,
        "lambda_gb_seconds_arm64": 0.05,
        "dynamodb_read_units": made["read_units"] + 2,  # four callers and their links more
        "log_gigabytes": 400e-9,
    }
    assert made["Query"] == 3
    assert sum(cost(one, 1).values()) * polls < 6


def test_ten_thousand_calls_a_day_are_a_board_like_any_other(
    driver: Driver, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The day's figures are one row, however many calls they are of: what is read is not the calls."""
    figures = {"offered": 10_000, "answered": 9_000, "answered_in_time": 8_000, "abandoned": 400, "short": 100}
    today = board.Today(day="2026-11-21", counted_at=1.0, since=1.0, figures=figures)
    board.note_today(today, time.time())
    with counting() as made:
        board_ = shown(console, monkeypatch)
    assert made["read_units"] <= 3
    assert board_["today"]["offered"] == 10_000  # type: ignore[index]
    assert board_["today"]["service_level"] == 80.8  # type: ignore[index]
    assert json.dumps(board_)


def test_a_caller_who_was_given_away_waits_again(
    driver: Driver, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.links import steps
    from chalicelib.links.model import Key

    driver.event("task.created")
    driver.ring()
    driver.answer()
    driver.event("reservation.accepted")
    steps.transfer(Key(CALL, RESERVATION), "queue:Sales", time.time())
    assert len(shown(console, monkeypatch)["waiting"]) == 1  # type: ignore[arg-type]
