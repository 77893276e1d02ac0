"""`calls list`, `calls show` of a number, `calls follow`, `voicemail list` and `worker`, over what was recorded."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from chalicelib.config import callcenter
from chalicelib.links import messages
from chalicelib.links.attributes import encode
from chalicelib.links.model import message_key
from ops import records
from ops import twilio as ops_twilio
from ops.__main__ import main
from ops.commands import calls as calls_command
from ops.commands.table_options import Table
from tests.conftest import BUCKET
from tests.emulator.harness import ACCOUNT, TOKEN
from tests.ops.harness import Account
from tests.support.caches import forget_everything
from tests.support.driver import CALL, LEG, RESERVATION, WORKER, Driver
from tests.webhooks.test_recordings import RECORDING, leave_message

TODAY = "2026-11-21"  # of the events that the driver sends
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
SECOND, THIRD = "CA" + "2" * 32, "CA" + "3" * 32
TABLE = "cordboard-test-links"


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Table, "now", lambda _table: NOON)


class Person:
    """Somebody who types, and reads what comes of it."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.out = self.err = ""

    def types(self, *words: str) -> int:
        code = main(words)
        self.out, self.err = self._capsys.readouterr()
        return code

    def lines(self, *words: str) -> list[list[str]]:
        """The table that a command prints: each row as its cells, without the headings."""
        assert self.types(*words) == 0, self.err
        return [[cell.strip() for cell in line.split("  ") if cell] for line in self.out.splitlines()[1:]]


@pytest.fixture
def person(capsys: pytest.CaptureFixture[str]) -> Person:
    return Person(capsys)


@pytest.fixture
def day(driver: Driver) -> Driver:
    """A day with three calls: Bea talks to the first, the second hangs up, the third leaves a message."""
    driver.event("task.created")
    driver.ring()
    driver.answer()
    driver.event("reservation.accepted")
    put(driver, call_sid=CALL, left_queue_at=NOON - 100, queue_result="bridged", queue_seconds=12)
    put(driver, call_sid=SECOND, line="sales", at=NOON - 60, left_queue_at=NOON - 30, queue_result="hangup")
    message: dict[str, Any] = {
        "voicemail_url": f"https://api.twilio.com/Recordings/{RECORDING}",
        "voicemail_seconds": 9,
    }
    put(driver, call_sid=THIRD, line="support", at=NOON - 50, left_queue_at=NOON - 9, queue_result="leave", **message)
    return driver


def put(driver: Driver, call_sid: str, item: str = "CALL", **fields: object) -> None:
    """Write into a row of a call."""
    at = {"day": TODAY, "at": NOON - 1000, "caller": "+12125550171"} if call_sid != CALL else {}
    names = {f"#{name}": name for name in {**at, **fields}}
    values = encode({f":{name}": value for name, value in {**at, **fields}.items()})
    driver.cloud.client("dynamodb").update_item(
        TableName=TABLE,
        Key=encode({"call_sid": call_sid, "item": item}),
        UpdateExpression=f"SET {', '.join(f'#{name} = :{name}' for name in {**at, **fields})}",
        ExpressionAttributeNames=names,
        ExpressionAttributeValues=values,
    )


# --- calls list


def test_a_day_is_listed_from_its_first_call_to_its_last(day: Driver, person: Person) -> None:
    first, second, third = person.lines("calls", "list")
    assert first == [f"{TODAY} 03:00:42", "support", "…71", "12", "talked", "Bea", CALL]
    assert second[1:] == ["sales", "…71", "hung up", SECOND]
    assert third[1:] == ["support", "…71", "voicemail", THIRD]
    assert person.out.splitlines()[0].split() == [
        "time",
        "(UTC)",
        "line",
        "caller",
        "waited",
        "ended",
        "worker",
        "tried",
        "call",
    ]


@pytest.mark.parametrize(
    ("words", "listed"),
    [
        (["--line", "sales"], [SECOND]),
        (["--missed"], [SECOND, THIRD]),
        (["--missed", "--line", "support"], [THIRD]),
        (["--worker", WORKER], [CALL]),
        (["--worker", WORKER, "--line", "sales"], []),
        (["--limit", "1"], [THIRD]),
        (["--day", TODAY, "--limit", "2"], [SECOND, THIRD]),
        (["--day", "yesterday"], []),
    ],
)
def test_a_list_is_narrowed_down(day: Driver, person: Person, words: list[str], listed: list[str]) -> None:
    put(day, call_sid=CALL, at=NOON - 70)
    put(day, call_sid=CALL, item=RESERVATION, reserved_at=NOON - 70)
    assert person.types("calls", "list", *words, "--json") == 0
    assert [row["call_sid"] for row in json.loads(person.out)] == listed


def test_csv_is_for_a_spreadsheet(day: Driver, person: Person) -> None:
    assert person.types("calls", "list", "--csv", "--numbers") == 0
    rows = list(csv.DictReader(io.StringIO(person.out)))
    assert (rows[0]["at"], rows[0]["caller"], rows[0]["ended"]) == (f"{TODAY}T03:00:42Z", "+12125550171", "talked")
    assert person.err == ""


def test_an_empty_day_is_one_sentence_and_no_error(driver: Driver, person: Person) -> None:
    assert person.types("calls", "list") == 0
    assert (person.out, person.err) == ("", f"there is no such call on {TODAY}\n")
    assert person.types("calls", "list", "--json") == 0
    assert json.loads(person.out) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--day", "2026-02-30"], "'2026-02-30' is no day: YYYY-MM-DD, today or yesterday"),
        (["--day", "monday"], "'monday' is no day: YYYY-MM-DD, today or yesterday"),
        (["--day", "2026-11-22"], "2026-11-22 is yet to come: today it is 2026-11-21 in UTC"),
        (["--line", "suport"], "there is no line 'suport'; did you mean 'support'?"),
        (["--line", "xyz"], "there is no line 'xyz'; there is support, sales, urgent, front-desk"),
        (["--csv", "--json"], "give --csv or --json, not both"),
        (["--limit", "0"], "Invalid value for '--limit'"),
    ],
)
def test_what_cannot_be_listed_is_said(driver: Driver, person: Person, words: list[str], said: str) -> None:
    assert person.types("calls", "list", *words) == 2
    assert said in person.err and person.out == ""


def test_a_table_that_is_not_there_is_one_sentence(driver: Driver, person: Person) -> None:
    for words in (["calls", "list"], ["voicemail", "list"], ["calls", "show", "+12125550171"]):
        assert person.types(*words, "--table", "cordboard-moon-links") == 1
        assert person.err.startswith("cannot read the table cordboard-moon-links: ") and person.err.count("\n") == 1


def test_of_thousands_of_calls_only_so_many_are_read_as_are_wanted(driver: Driver, person: Person) -> None:
    fill(driver, 2500)
    with counting(driver) as queries:
        assert person.types("calls", "list", "--limit", "150", "--json") == 0
    rows = json.loads(person.out)
    assert (len(rows), rows[-1]["call_sid"], rows[0]["call_sid"]) == (150, sid(2499), sid(2350))
    assert "there are more: these are the latest 150" in person.err
    assert sum(index == "by_day" for index in queries) == 1 and len(queries) <= 1 + 200


def test_all_of_thousands_of_calls_are_read_page_by_page(driver: Driver, person: Person) -> None:
    fill(driver, 1200)
    with counting(driver) as queries:
        assert person.types("calls", "show", "+12125550199", "--days", "2") == 1
    assert "no call of …99 in the last 2 days" in person.err
    assert queries == ["by_day"] * 4  # three pages of today, and yesterday


def fill(driver: Driver, calls: int) -> None:
    for number in range(calls):
        row = {"call_sid": sid(number), "item": "CALL", "day": TODAY, "at": NOON - calls + number, "line": "support"}
        driver.cloud.client("dynamodb").put_item(TableName=TABLE, Item=encode(row))


def sid(number: int) -> str:
    return f"CA{number:032x}"


class counting:  # noqa: N801 - it reads as a word of the test
    """The indexes that are queried in this block, one for each request; empty for the table itself."""

    def __init__(self, driver: Driver) -> None:
        import botocore.client

        self._client = botocore.client.BaseClient
        self._real: Callable[..., Any] = self._client._make_api_call
        self.queries: list[str] = []

    def __enter__(self) -> list[str]:
        real, queries = self._real, self.queries

        def request(client: Any, operation: str, given: dict[str, Any]) -> Any:
            if operation == "Query":
                queries.append(given.get("IndexName", ""))
            return real(client, operation, given)

        self._client._make_api_call = request
        return queries

    def __exit__(self, *_: object) -> None:
        self._client._make_api_call = self._real


def test_a_call_of_a_simple_queue_has_its_name_and_its_caller(driver: Driver, person: Person) -> None:
    driver.voice("after", CallSid=SECOND, To="+14155550103", QueueResult="bridged", QueueTime="5")
    row = driver.cloud.row("CALL")
    assert (row["line"], row["caller"], row["called"]) == ("front-desk", "+12125550171", "+14155550103")


# --- calls show NUMBER


@pytest.mark.parametrize("typed", ["+12125550171", "(212) 555-0171", "1 212 555 0171"])
def test_a_numbers_last_calls_are_shown_however_it_is_spelled(day: Driver, person: Person, typed: str) -> None:
    put(day, call_sid=SECOND, caller="+12125550188")
    rows = person.lines("calls", "show", typed)
    assert [row[-1] for row in rows] == [CALL, THIRD]


def test_what_is_neither_sid_nor_number_is_said(driver: Driver, person: Person) -> None:
    assert person.types("calls", "show", "Ann") == 2
    assert "'Ann' is no CallSid (CA and 32 hexadecimal digits), no TaskSid (WT) and no phone number" in person.err
    assert person.types("calls", "show", "123") == 2
    assert "too many or too few digits" in person.err


# --- calls follow


class Look:
    """Between two looks at the table something happens; then the person presses Ctrl-C."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *happens: Callable[[], object]) -> None:
        self._left = list(happens)
        monkeypatch.setattr(calls_command, "_pause", self)

    def __call__(self) -> None:
        if not self._left:
            raise KeyboardInterrupt
        self._left.pop(0)()


def test_a_call_is_followed_until_it_is_over(driver: Driver, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.event("task.created")
    Look(
        monkeypatch,
        driver.ring,
        driver.answer,
        lambda: driver.event("reservation.accepted"),
        lambda: driver.event("reservation.completed"),
        lambda: driver.event("task.completed"),
        lambda: pytest.fail("it was over"),
    )
    assert person.types("calls", "follow", CALL) == 0
    told = [line.split("  ", 1)[1] for line in person.out.splitlines()]
    for fact in ("the task is made", "Bea: reserved", "Bea: dialing", "Bea: bridged", "the task is completed"):
        assert told.count(fact) == 1, told
    assert told[0] == "the task is made" and "Bea: closed, completed" in told


def test_all_calls_of_a_line_are_followed_from_now_on(
    driver: Driver, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(driver, call_sid=THIRD, line="support", at=NOON - 30)
    Look(
        monkeypatch,
        lambda: put(driver, call_sid=SECOND, line="support", at=NOON + 1),
        lambda: put(driver, call_sid=CALL, line="sales", day=TODAY, at=NOON + 2),
        lambda: put(driver, call_sid=SECOND, at=NOON + 1, left_queue_at=NOON + 3),
    )
    assert person.types("calls", "follow", "--line", "support") == 0
    assert [line.split("  ")[1:] for line in person.out.splitlines()] == [
        [SECOND, "the task is made"],
        [SECOND, "the caller is out of the queue"],
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "give a CallSid or --line, and not both"),
        ([CALL, "--line", "support"], "give a CallSid or --line, and not both"),
        (["WR1"], "is no CallSid"),
        (["--line", "sale"], "did you mean 'sales'?"),
    ],
)
def test_what_cannot_be_followed_is_said(driver: Driver, person: Person, words: list[str], said: str) -> None:
    assert person.types("calls", "follow", *words) == 2
    assert said in person.err


def test_a_workers_leg_leads_to_its_caller(day: Driver, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    Look(monkeypatch)
    assert person.types("calls", "follow", LEG) == 0
    assert "Bea: bridged" in person.out


# --- voicemail list


def test_messages_are_listed_with_where_they_are(driver: Driver, person: Person) -> None:
    put(driver, call_sid=SECOND, line="sales", at=NOON - 60)
    put(driver, call_sid=THIRD, line="support", at=NOON, voicemail_url="https://x/RE1", voicemail_seconds=9)
    (row,) = person.lines("voicemail", "list")
    assert row == [f"{TODAY} 12:00:00", "support", "…71", "9", THIRD, "https://x/RE1"]
    assert person.types("voicemail", "list", "--line", "sales") == 0
    assert person.err == "nobody left a message in 7 days\n"
    assert person.types("voicemail", "list", "--line", "sails") == 2
    assert "did you mean 'sales'?" in person.err


def test_a_message_is_listed_as_the_webhook_left_it(
    driver: Driver, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_message(driver)
    at = driver.call["at"]
    monkeypatch.setattr(Table, "now", lambda _table: at)
    assert person.types("voicemail", "list", "--json") == 0
    (row,) = json.loads(person.out)
    assert (row["voicemail_seconds"], row["voicemail_url"][-34:]) == (9, RECORDING)


def test_a_message_in_the_bucket_is_heard_and_done_by_somebody(
    driver: Driver, person: Person, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    put(driver, call_sid=THIRD, line="support", at=NOON, voicemail_url="https://x/RE1", voicemail_seconds=9)
    environment.setenv("MESSAGES_BUCKET", BUCKET)
    forget_everything()
    message = message_key(THIRD, RECORDING)
    messages.record(message, {"line": "support", "seconds": 9}, NOON)
    assert person.types("voicemail", "hear", THIRD) == 1 and "at Twilio" in person.err
    driver.cloud.client("s3").put_object(Bucket=BUCKET, Key="voicemail/x.mp3", Body=b"sound")
    messages.mark_kept(message, "voicemail/x.mp3", 5, NOON)
    assert person.types("voicemail", "hear", THIRD, "--by", "Bea") == 0
    assert person.out.startswith(f"https://{BUCKET}.s3.eu-west-1.amazonaws.com/voicemail/x.mp3?")
    assert "X-Amz-Expires=300" in person.out
    file = tmp_path / "message.mp3"
    assert person.types("voicemail", "hear", THIRD, "--recording", RECORDING, "--to", str(file)) == 0
    assert file.read_bytes() == b"sound"
    assert person.types("voicemail", "hear", THIRD, "--to", str(tmp_path / "no" / "x.mp3")) == 1
    assert person.types("voicemail", "done", THIRD, "--by", "Carl") == 0 and person.out == "done\n"
    assert person.types("voicemail", "done", THIRD, "--by", "Dora") == 0 and person.out == "done before, by Carl\n"
    (row,) = person.lines("voicemail", "list")
    assert row[3:6] == ["9", f"{TODAY} 12:00 Bea", f"{TODAY} 12:00 Carl"] and row[-1] == "s3: voicemail/x.mp3"
    assert person.types("calls", "show", THIRD) == 0
    for told in ("in the bucket: voicemail/x.mp3", "the message is heard, Bea", "the message is done, Carl"):
        assert told in person.out


def test_a_message_that_is_offered_to_workers_says_in_whose_hands_it_is(driver: Driver, person: Person) -> None:
    put(driver, call_sid=THIRD, line="support", at=NOON, voicemail_url="https://x/RE1", voicemail_seconds=9)
    message = message_key(THIRD, RECORDING)
    offered = messages.note_offer(messages.record(message, {"line": "support", "seconds": 9}, NOON), "WT" + "a" * 32)
    assert person.types("calls", "show", THIRD) == 0
    assert f"offered to workers, once; the latest task: WT{'a' * 32}" in person.out
    messages.leave(offered, "Bea", NOON)
    messages.take(message, "Carl", NOON + 60)
    assert person.types("calls", "show", THIRD) == 0
    assert "the latest task: to be made; Bea left it for another" in person.out
    assert "the message is in the hands of Carl" in person.out
    (row,) = person.lines("voicemail", "list")
    assert row[5] == f"{TODAY} 12:01 Carl"


def test_a_message_that_is_not_there_is_said_so(driver: Driver, person: Person) -> None:
    put(driver, call_sid=THIRD, line="support", at=NOON)
    assert person.types("voicemail", "done", THIRD) == 1 and "no message" in person.err
    messages.record(message_key(THIRD, RECORDING), {"line": "support"}, NOON)
    assert person.types("voicemail", "done", THIRD, "--recording", "RE" + "9" * 32) == 2 and RECORDING in person.err
    messages.drop(message_key(THIRD, RECORDING), NOON)
    assert person.types("voicemail", "hear", THIRD) == 1
    assert person.types("calls", "show", THIRD) == 0 and "recording of nothing" in person.out


# --- worker


@pytest.fixture
def account(driver: Driver, environment: pytest.MonkeyPatch) -> Iterator[Account]:
    """A workspace with Bea and Carl, both Offline, and the activities of Twilio's own."""
    account = Account()
    workspaces = account.client.taskrouter.v1.workspaces
    workspace = workspaces.create(friendly_name="Harbour Clinic")
    for name in ("Bea", "Carl"):
        workspaces(workspace.sid).workers.create(friendly_name=name, attributes='{"contact_uri": "+14155550111"}')
    environment.setenv("TWILIO_ACCOUNT_SID", ACCOUNT)
    environment.setenv("TWILIO_AUTH_TOKEN", TOKEN)
    environment.setenv("TWILIO_WORKSPACE_SID", workspace.sid)
    environment.setattr(ops_twilio, "_transport", lambda api_url: account.transport)
    yield account


def activity(account: Account, name: str) -> str:
    (found,) = account.engine.workers.list(friendly_name=name)
    return str(found.activity_name)


def missed(driver: Driver, account: Account, name: str, closed_at: float, outcome: str = "rejected") -> None:
    """The table knows that this worker did not take a call."""
    (found,) = account.engine.workers.list(friendly_name=name)
    link = {"call_sid": CALL, "item": "WR" + "9" * 32, "worker_sid": found.sid, "worker_name": name, "state": "closed"}
    link |= {"outcome": outcome, "reason": "no-answer", "reserved_at": closed_at - 20, "closed_at": closed_at}
    driver.cloud.client("dynamodb").put_item(TableName=TABLE, Item=encode(link))


def since(account: Account, name: str) -> float:
    (found,) = account.engine.workers.list(friendly_name=name)
    return float(found.date_status_changed.timestamp())


def test_the_workers_are_listed_with_what_they_are_doing(account: Account, person: Person) -> None:
    rows = person.lines("worker", "list")
    assert [[*row[:3], row[-1]] for row in rows] == [
        ["Bea", "no", "Offline", "…11"],
        ["Carl", "no", "Offline", "…11"],
    ]
    assert person.types("worker", "list", "--json", "--numbers") == 0
    assert json.loads(person.out)[0]["contact_uri"] == "+14155550111"


@pytest.mark.parametrize("outcome", ["rejected", "timeout", "canceled"])  # canceled: by TaskRouter, in direct mode
def test_who_missed_a_call_is_put_back_without_a_question(
    account: Account, person: Person, driver: Driver, outcome: str
) -> None:
    missed(driver, account, "Bea", since(account, "Bea") - 1, outcome)
    assert person.types("worker", "on", "bea") == 0
    assert person.out == "Bea was Offline, and is Available now\n"
    assert person.err == f"Bea was taken off by a call (no-answer): python -m ops calls show {CALL}\n"
    assert (activity(account, "Bea"), activity(account, "Carl")) == ("Available", "Offline")
    assert person.types("worker", "on", "Bea") == 0
    assert person.out == "Bea is Available already\n"


@pytest.mark.parametrize("closed", [None, -3600.0])
def test_who_may_have_left_by_hand_is_put_back_when_somebody_says_so(
    account: Account, person: Person, driver: Driver, closed: float | None
) -> None:
    if closed is not None:  # a call that was missed long before
        missed(driver, account, "Bea", since(account, "Bea") + closed)
    assert person.types("worker", "on", "Bea") != 0
    assert person.err.startswith("Bea is Offline since 20") and "no call is why: perhaps it was by hand" in person.err
    assert "give --yes" in person.err and activity(account, "Bea") == "Offline"
    assert person.types("worker", "on", "Bea", "--yes") == 0
    assert activity(account, "Bea") == "Available"


def test_a_worker_is_taken_off_the_phones(account: Account, person: Person) -> None:
    person.types("worker", "on", "Bea", "--yes")
    assert person.types("worker", "off", "Bea", "--activity", "unavailable") == 0
    assert person.out == "Bea was Available, and is Unavailable now\n"
    assert person.types("worker", "off", "Bea") == 0
    assert person.out == "Bea is Unavailable already\n"
    person.types("worker", "on", "Bea", "--yes")
    assert person.types("worker", "off", "Bea") == 0
    assert activity(account, "Bea") == "Offline"  # the workspace's own default


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["on", "Be"], "there is no worker 'Be'; did you mean 'Bea'?"),
        (["off", "Zoe"], "there is no worker 'Zoe'; there is Bea, Carl"),
        (["on", "Bea", "--activity", "Availble"], "there is no activity 'Availble'; did you mean 'Available'?"),
        (["on", "Bea", "--activity", "Offline"], "who is Offline gets no calls"),
        (["off", "Bea", "--activity", "Available"], "who is Available gets calls"),
    ],
)
def test_whom_or_what_nobody_knows_is_said(account: Account, person: Person, words: list[str], said: str) -> None:
    assert person.types("worker", *words) == 2
    assert said in person.err and account.transport.changes[3:] == []


def test_who_was_moved_by_somebody_else_meanwhile_stays_there(account: Account, person: Person) -> None:
    (bea,) = account.engine.workers.list(friendly_name="Bea")
    (away,) = account.engine.activities.list(friendly_name="Unavailable")
    asked = f"/Workers/{bea.sid}"

    def meanwhile(method: str, path: str) -> None:
        if path.endswith(asked) and method == "GET":
            account.transport.before = lambda _method, _path: None
            account.engine.workers(bea.sid).update(activity_sid=away.sid)

    account.transport.before = meanwhile
    assert person.types("worker", "on", "Bea", "--yes") == 1
    assert person.err.endswith("Bea is Unavailable meanwhile: look again\n")
    assert activity(account, "Bea") == "Unavailable"


def test_a_worker_is_found_by_name_for_the_list_of_calls(account: Account, person: Person, driver: Driver) -> None:
    missed(driver, account, "Bea", NOON)
    assert person.types("calls", "list", "--worker", "bea", "--json") == 0
    assert [row["tried"] for row in json.loads(person.out)] == ["Bea: no-answer"]
    assert person.types("calls", "list", "--worker", "Bee") == 2
    assert "did you mean 'Bea'?" in person.err


def test_without_a_workspace_the_next_step_is_said(account: Account, person: Person, environment: Any) -> None:
    environment.delenv("TWILIO_WORKSPACE_SID")
    assert person.types("worker", "list") == 1
    assert person.err == "the stage has no workspace yet: run apply first\n"


# --- days are those of the team's time zone


@pytest.fixture
def in_zone(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """The team's file names this time zone."""

    def set_zone(name: str) -> None:
        text = callcenter.source()
        monkeypatch.setattr(callcenter, "source", lambda: f'time_zone = "{name}"\n{text}')

    return set_zone


@pytest.mark.parametrize(
    ("zone", "began"),
    [
        ("Asia/Tokyo", datetime(2026, 11, 20, 15, 30, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 11, 22, 4, 30, tzinfo=UTC)),
    ],
)
def test_a_day_begins_and_ends_where_the_team_is(
    driver: Driver, person: Person, in_zone: Callable[[str], None], zone: str, began: datetime
) -> None:
    in_zone(zone)
    at = began.timestamp()
    put(
        driver,
        call_sid=SECOND,
        line="sales",
        at=at,
        day=began.date().isoformat(),
        left_queue_at=at,
        queue_result="hangup",
    )
    ((listed, *_),) = person.lines("calls", "list", "--day", TODAY)
    assert listed == began.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")
    assert person.types("calls", "list", "--day", "2026-11-20") == 0
    assert person.err == "there is no such call on 2026-11-20\n"
    assert person.types("calls", "list", "--json") == 0
    assert json.loads(person.out)[0]["at"] == began.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_the_heading_names_the_time_zone(day: Driver, person: Person, in_zone: Callable[[str], None]) -> None:
    in_zone("Europe/Berlin")
    assert person.types("calls", "list") == 0
    assert person.out.startswith("time (Europe/Berlin)") and f"{TODAY} 04:00:42" in person.out


def test_a_day_has_25_hours_when_the_clock_goes_back() -> None:
    since, until = records.span(date(2026, 10, 25), ZoneInfo("Europe/Berlin"))
    assert until - since == 25 * 3600 - 1
