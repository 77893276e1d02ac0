"""What a list says of a call."""

import csv
import io

import pytest

from chalicelib.links.model import Call, CallRecord, Link
from chalicelib.reports import rows
from ops import call_list

NOW = 1_795_230_000.0
CALL, OTHER = "CA" + "a" * 32, "CA" + "b" * 32


def record(*links: Link, **call: object) -> CallRecord:
    fields = {"call_sid": CALL, "line": "support", "caller": "+12125550171", "at": NOW - 100, **call}
    return CallRecord(Call(**fields), links)  # type: ignore[arg-type]


def link(name: str, **fields: object) -> Link:
    return Link(subject=CALL, reservation_sid=f"WR{name}", worker_name=name, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("call", "ended"),
    [
        (record(), "in progress"),
        (record(at=NOW - 5 * 3600), "unknown"),
        (record(link("Bea", bridged_at=NOW - 50)), "talking"),
        (record(link("Bea", bridged_at=NOW - 50), left_queue_at=NOW - 9, queue_result="bridged"), "talked"),
        (record(left_queue_at=NOW - 9, queue_result="bridged"), "talked"),
        (record(link("Bea", bridged_at=1), at=NOW - 5 * 3600), "talked"),
        (record(left_queue_at=NOW - 9, queue_result="hangup"), "hung up"),
        (record(canceled_at=NOW - 9, reason="hangup"), "hung up"),
        (record(left_queue_at=NOW - 9, queue_result="leave"), "led out"),
        (record(canceled_at=NOW - 9, reason="Task canceled on Workflow timeout"), "led out"),
        (record(left_queue_at=NOW - 9, moved_at=NOW - 10, voicemail_url="https://x"), "voicemail"),
        (record(left_queue_at=NOW - 9, queue_result="queue-full"), "queue-full"),
        (CallRecord(None, (link("Bea", reserved_at=NOW),)), "unknown"),
    ],
)
def test_each_call_ended_in_exactly_one_way(call: CallRecord, ended: str) -> None:
    row = rows.row(call, NOW)
    assert row.ended == ended
    assert rows.is_missed(row) == (ended in ("hung up", "led out", "voicemail", "queue-full"))


def test_who_talked_and_who_was_tried_stand_apart() -> None:
    carl, bea = link("Carl", outcome="rejected", reason="no-answer"), link("Bea", bridged_at=NOW - 50)
    row = rows.row(record(carl, bea, left_queue_at=NOW, queue_result="bridged"), NOW)
    assert (row.worker, row.tried) == ("Bea", "Carl: no-answer")


def test_numbers_are_masked_unless_they_are_wanted() -> None:
    called = link("Bea", reason="+14155550111 is busy")
    masked, full = (rows.row(record(called), NOW, numbers) for numbers in (False, True))
    assert (masked.caller, masked.tried) == ("…71", "Bea: …11 is busy")
    assert (full.caller, full.tried) == ("+12125550171", "Bea: +14155550111 is busy")


@pytest.mark.parametrize(
    ("sent", "cell"),
    [
        ("+12125550171", "+12125550171"),
        ('=HYPERLINK("http://x")', '\'=HYPERLINK("http://x")'),
        ("@SUM(1)", "'@SUM(1)"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-1", "'-1"),
        ('a "b", c', 'a "b", c'),
    ],
)
def test_a_spreadsheet_runs_nothing_that_a_caller_sent(sent: str, cell: str) -> None:
    header, row = csv.reader(io.StringIO(call_list.as_csv([rows.row(record(caller=sent), NOW, True)])))
    assert row[header.index("caller")] == cell


def test_no_calls_are_a_header_alone() -> None:
    assert call_list.as_csv([]).startswith("at,call_sid,line,caller,") and call_list.as_csv([]).count("\n") == 1
