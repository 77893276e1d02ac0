"""The console's answers: who asks, what they may see, how a browser is told, and what each list leaves out."""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec import convert, structs

from chalicelib import budget
from chalicelib.callbacks import asking
from chalicelib.callers import block as blocking
from chalicelib.config import callcenter
from chalicelib.config.schema import DAY_SECONDS
from chalicelib.console import (
    answers,
    blocks,
    callbacks,
    calls,
    days,
    messages,
    page,
    report,
    session,
    sounds,
    twilio_hosts,
)
from chalicelib.console import talks as recorded
from chalicelib.console.answers import Asked, Changed, NotFound, Reply, Wrong
from chalicelib.console.session import EVERYBODY, SUPERVISORS, Group, NotAllowed, Person
from chalicelib.links import board, profiles, reading, table, talks
from chalicelib.links import callbacks as callback_rows
from chalicelib.links import messages as message_rows
from chalicelib.links.model import Call, Callback, CallRecord, Link, Message, Talk
from chalicelib.links.profiles import KEPT_DAYS, Change, Profile
from chalicelib.links.table import ConditionFailed
from chalicelib.reports import history
from chalicelib.storage import bucket
from chalicelib.twilio import urls
from chalicelib.twilio.request import Request
from tests.conftest import BUCKET
from tests.support.caches import forget_everything
from tests.support.console import CLAIMS, CLIENT, POOL, SIGN_IN, STAGE

NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC).timestamp()
DORA = Person("dora@example.com", frozenset({"supervisors"}))
UUID = "12345678-0000-4000-8000-00000000abcd"
CALLER = "+12125550171"
RULES = """
default_line = "support"
keep_days = 100
[messages]
kept_in = "s3"
[lines.support]
numbers = ["+14155550100"]
greeting = "Hello."
know_caller = {}
[lines.sales]
numbers = ["+14155550101"]
greeting = "Hello."
[lines.sales.callback]
countries = ["+1"]
"""


@pytest.fixture(autouse=True)
def stage(environment: pytest.MonkeyPatch) -> None:
    """A stage with a user pool, and a team with two lines."""
    for name, value in STAGE.items():
        environment.setenv(name, value)
    forget_everything()
    center = callcenter.parse(RULES)
    environment.setattr(callcenter, "current", lambda: center)


def asked(query: Mapping[str, str] | None = None, path: Mapping[str, str] | None = None, **order: str) -> Asked:
    return Asked(DORA, query or {}, path or {}, NOON, {"sid": UUID, **order})


# --- Who asks


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("iss", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Aaaaa"),
        ("iss", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Zzzzz"),
        ("aud", "another"),
        ("aud", "the other"),
        ("token_use", "access"),
        ("token_use", "refresh"),
    ],
)
def test_a_token_of_another_pool_client_or_kind_is_nobodys(name: str, value: str) -> None:
    with pytest.raises(NotAllowed):
        session.person({"requestContext": {"authorizer": {"claims": {**CLAIMS, name: value}}}}, POOL, CLIENT)


@pytest.mark.parametrize("pool", ["", "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/"])
def test_without_a_pool_nobody_is_anybody(pool: str) -> None:
    claims = {**CLAIMS, "iss": "https://cognito-idp.eu-west-1.amazonaws.com/"}
    with pytest.raises(NotAllowed):
        session.person({"requestContext": {"authorizer": {"claims": claims}}}, pool, CLIENT)


@pytest.mark.parametrize("context", [{}, {"authorizer": None}, {"authorizer": {}}, {"authorizer": {"claims": None}}])
def test_without_claims_nobody_is_anybody(context: Mapping[str, Any]) -> None:
    with pytest.raises(NotAllowed):
        session.person({"requestContext": context}, POOL, CLIENT)


@pytest.mark.parametrize(
    ("groups", "known"),
    [
        ("agents", {"agents"}),
        ("cleaners,supervisors", {"supervisors"}),
        ("[agents supervisors]", {"agents", "supervisors"}),
        ("", set()),
    ],
)
def test_a_person_is_in_those_of_our_groups_that_the_token_has(groups: str, known: set[Group]) -> None:
    claims = {**CLAIMS, "cognito:groups": groups}
    found = session.person({"requestContext": {"authorizer": {"claims": claims}}}, POOL, CLIENT)
    assert found == Person("dora@example.com", frozenset(known))


# --- What is answered


def request(method: str = "GET", body: str | None = None, **more: Any) -> Request:
    """Of Dora, at noon; API Gateway got it a second before."""
    context = {"authorizer": {"claims": CLAIMS}, "requestTimeEpoch": (NOON - 1) * 1000}
    event = {"httpMethod": method, "body": body, "headers": None, "requestContext": context, **more}
    return Request(event, NOON, "id")


def answer(
    asks: Request, act: Callable[[Asked], Any], who_may: frozenset[Group] = SUPERVISORS, *, orders: bool = True
) -> Reply:
    return answers.data(asks, urls.CONSOLE_BOARD, who_may, act, orders=orders)


def test_what_is_found_is_json_that_a_browser_asks_about_again() -> None:
    found = answer(request(), lambda _asked: {"a": 1})
    assert (found.status, found.body) == (200, '{"a":1}')
    assert found.headers["Content-Type"] == "application/json"
    assert found.headers["Cache-Control"] == "private, no-cache"
    assert found.headers["ETag"].startswith('"') and len(found.headers["ETag"]) == 18


@pytest.mark.parametrize(("known", "status"), [("", 200), ('"0"', 200), ('"zz"', 200), (None, 200), ("same", 304)])
def test_a_browser_that_has_it_already_is_told_so(known: str | None, status: int) -> None:
    first = answer(request(), lambda _asked: {"a": 1})
    headers = {"if-NONE-match": first.headers["ETag"] if known == "same" else known}
    found = answer(request(headers=headers), lambda _asked: {"a": 1})
    assert (found.status, found.body) == (status, "" if status == 304 else first.body)
    assert found.headers == first.headers


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (NotAllowed("not you"), 403, "you may not see this: ask whoever keeps workers.toml"),
        (Wrong("no day"), 400, "no day"),
        (NotFound("no such call"), 404, "no such call"),
        (Changed("done already"), 409, "done already"),
        (KeyError("secret"), 503, "this cannot be shown now; it is tried again"),
    ],
)
def test_what_cannot_be_done_is_said_with_a_status_of_its_own(error: Exception, status: int, said: str) -> None:
    def fails(_asked: Asked) -> None:
        raise error

    found = answer(request(), fails)
    assert (found.status, json.loads(found.body)) == (status, {"error": said})
    assert found.headers["Content-Type"] == "application/json" and "ETag" not in found.headers


@pytest.mark.parametrize(("who_may", "status"), [(EVERYBODY, 200), (SUPERVISORS, 200), (frozenset({"agents"}), 403)])
def test_who_is_in_none_of_the_groups_sees_nothing(who_may: frozenset[Group], status: int) -> None:
    assert answer(request(), lambda _asked: {}, who_may).status == status


def test_what_is_asked_has_as_long_as_the_route_from_when_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: NOON)
    assert json.loads(answer(request(), lambda _asked: budget.seconds_left()).body) == urls.CONSOLE_BOARD.seconds - 1


def test_a_question_has_no_order_and_an_order_is_texts_by_name() -> None:
    seen: list[Asked] = []
    answer(request(queryStringParameters={"day": "x"}, pathParameters={"subject": "y"}, body="no"), seen.append)
    answer(request("POST", '{"did": "block"}'), seen.append)
    answer(request("POST", b64encode(b'{"did": "block"}').decode(), isBase64Encoded=True), seen.append)
    answer(request("POST", "no order"), seen.append, orders=False)
    assert [(one.query, one.path, one.order, one.body) for one in seen] == [
        ({"day": "x"}, {"subject": "y"}, {}, b""),
        ({}, {}, {"did": "block"}, b'{"did": "block"}'),
        ({}, {}, {"did": "block"}, b'{"did": "block"}'),
        ({}, {}, {}, b"no order"),
    ]
    assert {one.at for one in seen} == {NOON} and {one.person for one in seen} == {DORA}


@pytest.mark.parametrize(
    ("body", "more"), [(None, {}), ("no", {}), ("\ud800", {}), ("abc", {"isBase64Encoded": True}), ("[]", {})]
)
def test_what_is_no_order_is_said(body: str | None, more: Mapping[str, Any]) -> None:
    assert answer(request("POST", body, **more), lambda _asked: {}).status == 400


@pytest.mark.parametrize(("said", "is_taken"), [("x" * 500, True), ("x" * 501, False)])
def test_an_order_is_of_short_texts(said: str, is_taken: bool) -> None:
    found = answer(request("POST", json.dumps({"say": said})), lambda _asked: {})
    assert found.status == (200 if is_taken else 400)


def test_an_order_says_which_one_it_is_and_one_of_what_is_allowed() -> None:
    assert asked().sid == f"console-{UUID}"
    for wrong in ("", UUID[1:], f"{UUID}a", UUID.upper()):
        with pytest.raises(Wrong):
            _ = asked(sid=wrong).sid
    assert asked(to="b").one_of("to", ("a", "b", "c")) == "b"
    for wrong in ("", "aa", "d"):
        with pytest.raises(Wrong, match="to is one of a, b, c"):
            asked(to=wrong).one_of("to", ("a", "b", "c"))


# --- Pages and files


def test_the_pages_know_where_people_sign_in() -> None:
    for shown in (page.shell("https://a.example/?b&c", 'x"y'), page.desk("https://a.example/?b&c", 'x"y')):
        assert "https://a.example/?b&amp;c" in shown and 'x"y' not in shown and 'x"y' in unescape(shown)
        assert "{" not in shown.partition("<body")[2].partition(">")[0]


@pytest.mark.parametrize(
    ("shown", "where"), [(answers.shell, "connect-src 'self' " + SIGN_IN + ";"), (answers.desk, "wss://")]
)
def test_a_page_is_shown_with_its_policy(shown: Callable[[], Reply], where: str) -> None:
    found = shown()
    assert (found.status, found.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert where in found.headers["Content-Security-Policy"] and SIGN_IN in found.body and CLIENT in found.body


def test_a_browser_keeps_a_script_for_five_minutes() -> None:
    found = answers.file("draw.js")
    assert found.status == 200 and found.headers == {
        "Cache-Control": "public, max-age=300",
        "X-Content-Type-Options": "nosniff",
        "Content-Type": "text/javascript; charset=utf-8",
    }
    assert answers.file("console.css").headers["Content-Type"] == "text/css; charset=utf-8"


@pytest.mark.parametrize("name", ["", "console.html", "draw", "other.js", "draw.py", "voice.css"])
def test_there_is_no_other_file(name: str) -> None:
    assert answers.file(name) == Reply(404, "there is no such file", {"Content-Type": "text/plain"})


def test_a_file_is_read_once() -> None:
    assert page.file("draw.js") is page.file("draw.js")


def test_a_library_is_there_where_it_was_put(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(page, "_STATIC", tmp_path)
    assert page.file("d3.js") is None
    (tmp_path / "sdks").mkdir()
    (tmp_path / "sdks" / "d3.js").write_text("d3", encoding="utf-8")
    page._text.cache_clear()
    assert page.file("d3.js") == "d3"
    page._text.cache_clear()


def test_a_page_may_ask_where_people_sign_in_and_what_it_is_given() -> None:
    headers = page.headers("https://a.example/login", "wss://b.example", "https://c.example")
    policy = headers["Content-Security-Policy"]
    assert "connect-src 'self' https://a.example wss://b.example https://c.example;" in policy
    assert "media-src https: https://a.example;" in policy
    assert (
        page.desk_headers("https://a.example", "http://127.0.0.1:8282")["Content-Security-Policy"].count("ws://") == 1
    )


@pytest.mark.parametrize(
    ("api_url", "hosts"),
    [
        (
            "http://127.0.0.1:8282",
            twilio_hosts.Hosts(
                "http://127.0.0.1:8282/v1/wschannels",
                "ws://127.0.0.1:8282/v1/wschannels",
                "127.0.0.1:8282",
                "ws",
                ("http://127.0.0.1:8282", "ws://127.0.0.1:8282"),
            ),
        ),
        (
            "https://laptop.example",
            twilio_hosts.Hosts(
                "https://laptop.example/v1/wschannels",
                "wss://laptop.example/v1/wschannels",
                "laptop.example",
                "wss",
                ("https://laptop.example", "wss://laptop.example"),
            ),
        ),
        (
            "",
            twilio_hosts.Hosts(
                "https://event-bridge.twilio.com/v1/wschannels",
                "wss://event-bridge.twilio.com/v1/wschannels",
                "voice-js.roaming.twilio.com",
                "wss",
                (
                    "https://event-bridge.twilio.com",
                    "wss://event-bridge.twilio.com",
                    "wss://voice-js.roaming.twilio.com",
                    "https://sdk.twilio.com",
                    "https://eventgw.twilio.com",
                ),
            ),
        ),
    ],
    ids=["an emulator", "an emulator with TLS", "Twilio"],
)
def test_where_twilios_libraries_ask(api_url: str, hosts: twilio_hosts.Hosts) -> None:
    assert twilio_hosts.of(api_url) == hosts


# --- Days and reports


@pytest.mark.parametrize("day", ["", "soon", "2026-13-01", "2026-11-31", "30.11.2026", "2026-11-30T00:00"])
def test_what_is_no_day_is_said(day: str) -> None:
    with pytest.raises(Wrong, match="day is a day, YYYY-MM-DD"):
        days.of({"day": day}, "day")


def test_for_dayslast_from_the_first_midnight_to_the_last_second() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    since, until = days.span(date(2026, 10, 25), date(2026, 10, 26), berlin)
    assert datetime.fromtimestamp(since, berlin).isoformat() == "2026-10-25T00:00:00+02:00"
    assert datetime.fromtimestamp(until, berlin).isoformat() == "2026-10-26T23:59:59+01:00"


@pytest.mark.parametrize(
    ("first", "last", "is_made"),
    [
        ("2026-11-30", "2026-11-30", True),
        ("2026-11-24", "2026-11-30", True),
        ("2026-11-23", "2026-11-30", False),
        ("2026-11-30", "2026-11-29", False),
        ("2026-08-22", "2026-08-23", True),  # a hundred days ago
        ("2026-08-21", "2026-08-22", False),
    ],
)
def test_a_report_is_of_a_week_at_most_and_of_what_is_kept(
    monkeypatch: pytest.MonkeyPatch, first: str, last: str, is_made: bool
) -> None:
    monkeypatch.setattr(history, "calls", lambda *_given: [])
    query = {"from": first, "to": last}
    if is_made:
        assert report.show(asked(query))["cells"][-1][:2] == ["total", "0"]
    else:
        with pytest.raises(Wrong):
            report.show(asked(query))


def of_a_call(call_sid: str = "CA1", caller: str = CALLER, at: float = NOON, **known: Any) -> CallRecord:
    return CallRecord(
        Call(call_sid=call_sid, line="support", caller=caller, at=at, queue_result="hangup", left_queue_at=at, **known),
        (),
    )


def test_a_report_has_a_group_for_each_row_but_the_total(monkeypatch: pytest.MonkeyPatch) -> None:
    of_sales = CallRecord(Call(call_sid="CA2", line="sales", at=NOON, queue_result="hangup", left_queue_at=NOON), ())
    monkeypatch.setattr(history, "calls", lambda *_given: [of_a_call(), of_sales])
    found = report.show(asked({"from": "2026-11-30", "to": "2026-11-30"}))
    assert [row["group"] for row in found["chart"]] == ["sales", "support"] == sorted(found["groups"])
    assert [row[0] for row in found["cells"]] == ["sales", "support", "total"] and found["headings"][0] == "line"
    further = Asked(DORA, {"from": "2026-11-30", "to": "2026-11-30"}, {}, NOON, {}, _groups(found["groups"]))
    assert report.show(further)["chart"][0]["offered"] == 2 * found["chart"][0]["offered"] == 2


def _groups(groups: Mapping[str, Any]) -> bytes:
    return json.dumps({"groups": {name: structs.asdict(one) for name, one in groups.items()}}).encode()


@pytest.mark.parametrize("by", ["", "choices", "mood", "aaa", "zzz"])
def test_a_report_by_nothing_that_there_is_is_not_made(by: str) -> None:
    with pytest.raises(Wrong, match="by is one of line, choice, queue, worker, day, hour"):
        report.show(asked({"from": "2026-11-30", "to": "2026-11-30", "by": by}))


# --- Calls


def found(monkeypatch: pytest.MonkeyPatch, records: list[CallRecord], **query: str) -> list[str]:
    """The calls that a search finds."""
    monkeypatch.setattr(history, "calls", lambda *_given: records)
    shown = calls.search(asked({"day": "2026-11-30", **query}))
    return [one.call_sid for one in shown["calls"]]


@pytest.mark.parametrize(("count", "shown", "more"), [(199, 199, False), (200, 200, False), (201, 200, True)])
def test_of_many_calls_the_latest_two_hundred_are_listed(
    monkeypatch: pytest.MonkeyPatch, count: int, shown: int, more: bool
) -> None:
    records = [of_a_call(f"CA{number}") for number in range(count)]
    monkeypatch.setattr(history, "calls", lambda *_given: records)
    answered = calls.search(asked({"day": "2026-11-30"}))
    assert (len(answered["calls"]), answered["more"], answered["zone"]) == (shown, more, "UTC")
    assert answered["calls"][-1].call_sid == f"CA{count - 1}"


@pytest.mark.parametrize(
    ("query", "sids"),
    [
        ({}, ["CA1", "CA2", "CA3"]),
        ({"line": "sales"}, ["CA2"]),
        ({"line": "a"}, []),
        ({"line": "z"}, []),
        ({"worker": "BEA"}, ["CA3"]),
        ({"worker": "carl"}, ["CA3"]),
        ({"worker": "dora"}, []),
        ({"missed": "yes"}, ["CA1", "CA2"]),
        ({"missed": "yes", "line": "sales"}, ["CA2"]),
        ({"missed": "no"}, ["CA1", "CA2", "CA3"]),
        ({"missed": "zz"}, ["CA1", "CA2", "CA3"]),
        ({"number": "0171"}, ["CA1"]),
        ({"number": "5550171"}, ["CA1"]),
        ({"number": "01-72"}, ["CA2", "CA3"]),
        ({"number": "2125"}, []),
    ],
)
def test_calls_are_found_by_what_is_known_of_them(
    monkeypatch: pytest.MonkeyPatch, query: dict[str, str], sids: list[str]
) -> None:
    of_sales = Call(
        call_sid="CA2", line="sales", caller="+12125550172", at=NOON, queue_result="hangup", left_queue_at=NOON
    )
    talked = Call(call_sid="CA3", line="support", caller="+13125550172", at=NOON, left_queue_at=NOON + 60)
    links = (
        Link(subject="CA3", reservation_sid="WR1", worker_name="Carl", reason="passed", state="closed"),
        Link(subject="CA3", reservation_sid="WR2", worker_name="Bea", bridged_at=NOON, state="closed"),
    )
    work = Link(subject="WT4", reservation_sid="WR3", mode="work", state="closed", bridged_at=NOON)
    records = [of_a_call(), CallRecord(of_sales, ()), CallRecord(talked, links), CallRecord(None, (work,))]
    assert found(monkeypatch, records, **query) == sids


@pytest.mark.parametrize(("number", "is_enough"), [("", True), ("171", False), ("1-7-1", False), ("0171", True)])
def test_a_number_is_found_by_four_digits_or_more(
    monkeypatch: pytest.MonkeyPatch, number: str, is_enough: bool
) -> None:
    if is_enough:
        assert found(monkeypatch, [of_a_call()], number=number) == ["CA1"]
    else:
        with pytest.raises(Wrong, match="4 digits are needed"):
            found(monkeypatch, [of_a_call()], number=number)


SUBJECT = "CA" + "a" * 32


@pytest.mark.parametrize(
    ("record", "is_shown"),
    [
        (CallRecord(None, ()), False),
        (CallRecord(Call(call_sid=SUBJECT), ()), True),
        (CallRecord(None, (Link(subject=SUBJECT, reservation_sid="WR1"),)), True),
    ],
    ids=["nothing", "a call", "a link alone"],
)
def test_a_story_is_of_a_call_or_of_a_worker_who_was_tried(
    monkeypatch: pytest.MonkeyPatch, record: CallRecord, is_shown: bool
) -> None:
    monkeypatch.setattr(reading, "of_call", lambda _subject: record)
    if is_shown:
        assert calls.show(asked(path={"subject": SUBJECT}))["call_sid"] == SUBJECT
    else:
        with pytest.raises(NotFound):
            calls.show(asked(path={"subject": SUBJECT}))


def message(recording: str = "RE1", **known: Any) -> Message:
    return Message(subject=SUBJECT, item=f"RECORDING#{recording}", **{"at": NOON, "line": "sales", **known})


def talk(recording: str = "RE2", **known: Any) -> Talk:
    return Talk(subject=SUBJECT, item=f"TALK#{recording}", at=NOON, **known)


def test_a_story_has_the_sounds_that_are_still_there_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    record = CallRecord(
        Call(call_sid=SUBJECT, caller=CALLER),
        (),
        messages=(message("RE1", at=NOON + 5, seconds=7), message("RE2", dropped_at=1)),
        talks=(talk("RE3", seconds=9), talk("RE4", dropped_at=1), talk("RE5", ending_at=1)),
    )
    monkeypatch.setattr(reading, "of_call", lambda _subject: record)
    shown = calls.show(asked(path={"subject": SUBJECT}))
    assert shown["sounds"] == [calls.Sound("talk", "RE3", NOON, 9), calls.Sound("message", "RE1", NOON + 5, 7)]


def test_a_step_of_a_workers_leg_is_shown_with_the_name() -> None:
    assert calls._moment(5, "Bea: rings +12125550171") == calls.Moment(5, "Bea", "rings …71")
    assert calls._moment(5, "called from +12125550171") == calls.Moment(5, "", "called from …71")


# --- Messages, talks, callbacks


@pytest.mark.parametrize(
    ("recording", "is_kept"), [(message(kept_at=1, stored_as="a.mp3"), True), (message(stored_as="a.mp3"), False)]
)
@pytest.mark.parametrize("has_bucket", [True, False])
def test_a_sound_is_played_from_where_it_is(
    environment: pytest.MonkeyPatch, recording: Message, is_kept: bool, has_bucket: bool
) -> None:
    if has_bucket:
        environment.setenv("MESSAGES_BUCKET", BUCKET)
        forget_everything()
    environment.setattr(bucket, "url", lambda name: f"https://bucket.example/{name}")
    played = sounds.url(recording)
    assert played.endswith("bucket.example/a.mp3" if is_kept and has_bucket else "/Recordings/RE1.mp3")


@pytest.mark.parametrize(
    ("call", "may"),
    [
        (Call(call_sid=SUBJECT, line="sales", caller=CALLER), True),
        (Call(call_sid=SUBJECT, line="sales", caller="anonymous"), False),
        (Call(call_sid=SUBJECT, line="support", caller=CALLER), False),
        (Call(call_sid=SUBJECT, line="gone", caller=CALLER), False),
        (None, False),
    ],
    ids=["with callbacks", "withheld", "without callbacks", "no line", "no call"],
)
def test_who_left_a_message_may_be_called_back_where_the_line_does_and_the_number_is_known(
    monkeypatch: pytest.MonkeyPatch, call: Call | None, may: bool
) -> None:
    record = CallRecord(call, (), messages=(message(),))
    monkeypatch.setattr(reading, "of_call", lambda _subject: record)
    monkeypatch.setattr(board, "today", lambda: board.Today(day="", counted_at=1, since=1, messages=(SUBJECT,)))
    (shown,) = messages.listed(asked())["messages"]
    assert (shown.may_call_back, shown.caller) == (may, mask_of(call))
    path = {"subject": SUBJECT, "recording": "RE1"}
    if not may:
        with pytest.raises(Wrong, match="nobody is called back there"):
            messages.act(asked(path=path, did="call back"))


def mask_of(call: Call | None) -> str:
    if call is None:
        return ""
    return "…71" if call.caller == CALLER else call.caller


def test_messages_that_nobody_has_seen_to_are_listed_the_earliest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    record = CallRecord(
        Call(call_sid=SUBJECT),
        (),
        messages=(
            message("RE1", at=NOON),
            message("RE2", at=NOON - 9, text="call +12125550171", heard_by="bea", seconds=4),
            message("RE3", done_at=1),
            message("RE4", taken_at=1),
            message("RE5", dropped_at=1),
        ),
    )
    monkeypatch.setattr(reading, "of_call", lambda _subject: record)
    monkeypatch.setattr(board, "today", lambda: board.Today(day="", counted_at=1, since=1, messages=(SUBJECT,)))
    first, second = messages.listed(asked())["messages"]
    assert (first.recording_sid, first.text, first.heard_by, first.seconds) == ("RE2", "call …71", "bea", 4)
    assert (second.recording_sid, second.seconds) == ("RE1", -1)
    monkeypatch.setattr(board, "today", lambda: None)
    assert messages.listed(asked()) == {"messages": []}


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ({}, message()),
        ({"subject": SUBJECT}, message()),
        ({"subject": SUBJECT, "recording": "RE9"}, message()),
        ({"subject": SUBJECT, "recording": "RE1"}, message(dropped_at=1)),
    ],
)
def test_there_is_no_other_message(monkeypatch: pytest.MonkeyPatch, path: Mapping[str, str], kept: Message) -> None:
    monkeypatch.setattr(reading, "of_call", lambda _subject: CallRecord(None, (), messages=(kept,)))
    with pytest.raises(NotFound):
        messages.act(asked(path=path, did="done"))


@pytest.mark.parametrize(
    ("outcome", "error", "said"),
    [
        ("not allowed", Wrong, "this number may not be called"),
        ("too often", Wrong, "this number was called too often today"),
        (asking.Busy(), Changed, "this call had its callback already"),
    ],
)
def test_a_callback_that_cannot_be_had_is_said_and_the_message_stays(
    monkeypatch: pytest.MonkeyPatch, outcome: str | Exception, error: type[Exception], said: str
) -> None:
    call = Call(call_sid=SUBJECT, line="sales", caller=CALLER, called="+14155550101")
    monkeypatch.setattr(reading, "of_call", lambda _subject: CallRecord(call, (), messages=(message(),)))
    monkeypatch.setattr(message_rows, "finish", lambda *_given: pytest.fail("it is not done"))

    def ask(*_given: object) -> tuple[str, str]:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome, ""

    monkeypatch.setattr(asking, "ask", ask)
    with pytest.raises(error, match=said):
        messages.act(asked(path={"subject": SUBJECT, "recording": "RE1"}, did="call back"))


@pytest.mark.parametrize(
    ("known", "is_there"),
    [({}, True), ({"dropped_at": 1}, False), ({"ending_at": 1}, False), (None, False)],
    ids=["kept", "nothing", "being deleted", "another"],
)
def test_a_recorded_talk_is_heard_while_it_is_there(
    monkeypatch: pytest.MonkeyPatch, known: Mapping[str, float] | None, is_there: bool
) -> None:
    heard: list[tuple[str, float]] = []
    found = () if known is None else (talk("RE1", **known),)
    monkeypatch.setattr(reading, "of_call", lambda _subject: CallRecord(None, (), talks=found))
    monkeypatch.setattr(talks, "note_heard", lambda _talk, by, at: heard.append((by, at)))
    asks = asked(path={"subject": SUBJECT, "recording": "RE1"}, did="hear")
    if is_there:
        assert recorded.hear(asks)["sound"].endswith("/RE1.mp3") and heard == [(DORA.mail, NOON)]
    else:
        with pytest.raises(NotFound):
            recorded.hear(asks)
        assert heard == []


def callback(call_sid: str = SUBJECT, **known: Any) -> dict[str, Any]:
    row = {"call_sid": call_sid, "item": "CALLBACK", "line": "sales", "number": CALLER, "since": NOON}
    return {**row, "state": "queued", **known}


def test_callbacks_are_listed_by_who_joined_the_queue_first(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [callback("CA1", attempts=2, at=5.0), callback("CA2", since=NOON - 60), callback("CA3", since=NOON + 60)]
    monkeypatch.setattr(table, "open_rows", lambda kind: rows if kind == "callback" else [])
    found = callbacks.listed(asked())["callbacks"]
    assert [one.call_sid for one in found] == ["CA2", "CA1", "CA3"]
    assert found[1] == callbacks.Shown("CA1", 5, "sales", "…71", "queued", 2, 0)


def test_a_callback_that_others_change_at_the_same_moment_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_given: object) -> None:
        raise asking.Busy

    monkeypatch.setattr(callback_rows, "find", _callback)
    monkeypatch.setattr(asking, "withdraw", busy)
    with pytest.raises(Changed, match="at the same moment"):
        callbacks.act(asked(path={"subject": SUBJECT}, did="withdraw"))
    monkeypatch.setattr(callback_rows, "find", lambda _subject: None)
    with pytest.raises(NotFound):
        callbacks.act(asked(path={"subject": SUBJECT}, did="withdraw"))


def _callback(subject: str) -> Callback:
    return convert(callback(subject), Callback)


# --- Blocked callers


@pytest.mark.parametrize(
    ("for_days", "until"),
    [
        ("1", NOON + DAY_SECONDS),
        (str(KEPT_DAYS), NOON + KEPT_DAYS * DAY_SECONDS),
        ("0", NOON + KEPT_DAYS * DAY_SECONDS),
        ("", NOON + KEPT_DAYS * DAY_SECONDS),
    ],
)
def test_a_number_is_blocked_for_so_many_days(monkeypatch: pytest.MonkeyPatch, for_days: str, until: float) -> None:
    made: list[tuple[str, Change, float]] = []
    monkeypatch.setattr(blocking, "add", lambda *given: made.append(given))
    said = blocks.act(asked(did="block", number=f" {CALLER[:5]} {CALLER[5:]}", reason="shouts", days=for_days))
    change = Change(did="blocked", at=NOON, by=DORA.mail, sid=f"console-{UUID}", until=until, reason="shouts")
    assert (made, said) == ([(CALLER, change, NOON)], {"said": "…71 is blocked."})


@pytest.mark.parametrize(("number", "for_days"), [(CALLER, str(KEPT_DAYS + 1)), ("911", "1"), ("+14155550100", "1")])
def test_a_number_is_not_blocked_for_ever_and_neither_is_what_is_none(number: str, for_days: str) -> None:
    with pytest.raises(Wrong):
        blocks.act(asked(did="block", number=number, days=for_days))


def test_a_caller_of_no_call_is_not_blocked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "of_call", lambda _subject: CallRecord(None, ()))
    with pytest.raises(NotFound):
        blocks.act(asked(did="block", call_sid=SUBJECT))


def profile(number: str, until: float, *changes: Change) -> Profile:
    return Profile(partition=f"PHONE#{number}", blocked_until=until, changes=changes)


def test_those_who_are_blocked_now_are_listed_and_let_in_again_by_their_block(monkeypatch: pytest.MonkeyPatch) -> None:
    change = Change(did="blocked", at=NOON, by="ann", sid="one", reason="shouts at +12125550171")
    known = [profile(CALLER, NOON + 1, change), profile("+12125550172", NOON), profile("+12125550173", NOON + 9)]
    monkeypatch.setattr(profiles, "blocked", lambda: iter(known))
    assert blocks.listed(asked()) == {
        "blocked": [
            {"block": "one", "number": "…71", "until": NOON + 1, "by": "ann", "reason": "shouts at …71"},
            {"block": "", "number": "…73", "until": NOON + 9, "by": "", "reason": ""},
        ],
        "possible": True,
    }
    removed: list[tuple[str, Change]] = []
    monkeypatch.setattr(blocking, "remove", lambda number, change, _now: removed.append((number, change)))
    assert blocks.act(asked(did="unblock", block="one")) == {"said": "…71 is let in again."}
    for other in ("", "aaa", "two"):
        with pytest.raises(NotFound):
            blocks.act(asked(did="unblock", block=other))
    end = Change(did="unblocked", at=NOON, by=DORA.mail, sid=f"console-{UUID}", until=0, reason="")
    assert removed == [(CALLER, end)]


@pytest.mark.parametrize("error", [ConditionFailed({}), asking.Busy()])
def test_a_caller_whom_others_change_at_the_same_moment_is_said(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fails(*_given: object) -> None:
        raise error

    monkeypatch.setattr(blocking, "add", fails)
    with pytest.raises(Changed, match="at the same moment"):
        blocks.act(asked(did="block", number=CALLER))
