"""What a report counts: every call once, every reservation once, and the groups are the whole."""

import csv
import io
from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.config.reports import Reports
from chalicelib.links.model import Call, Callback, CallbackState, CallRecord, Link
from chalicelib.reports import export, figures, outcome
from chalicelib.reports.figures import GROUPINGS, By, Counting, Figures

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
LATER = NOON + 86400
RULES = Reports(answered_within=20, short_seconds=10)


def counting(by: By = "line", zone: str = "UTC") -> Counting:
    return Counting(by, RULES, ZoneInfo(zone), LATER)


def call(result: str = "", waited: int = 0, at: float = NOON, **known: object) -> Call:
    """A caller of the line support, who left the queue after so many seconds, if with a result."""
    left = {"queue_result": result, "queue_seconds": waited, "left_queue_at": at + waited} if result else {}
    fields = {"call_sid": "CA" + "a" * 32, "line": "support", "at": at, **left, **known}
    return Call(**fields)  # type: ignore[arg-type]


def link(worker: str, **known: object) -> Link:
    fields = {"subject": "CA" + "a" * 32, "reservation_sid": f"WR{worker}", "worker_name": worker, "queue": "Support"}
    return Link(**{**fields, "state": "closed", **known})  # type: ignore[arg-type]


def missed(worker: str, reason: str, outcome: str = "rejected") -> Link:
    return link(worker, reason=reason, outcome=outcome)


def talk(worker: str, at: float, **known: object) -> Link:
    return link(worker, outcome="completed", bridged_at=at, **known)


def total(*records: CallRecord) -> Figures:
    return figures.report(records, counting()).total


@pytest.mark.parametrize(
    ("ended", "counted"),
    [
        (call("bridged", 12), "answered"),
        (call("hangup", 11), "abandoned"),
        (call("hangup", 10), "short"),
        (call("leave", 60, voicemail_url="https://x"), "voicemail"),
        (call(voicemail_url="https://x"), "voicemail"),  # of a closed line: in no queue
        (call("leave", 60, wish="callback"), "callback"),
        (call("leave", 60), "led out"),
        (call("queue-full"), "other"),
        (call(at=LATER - 60), "open"),
        (call(), "unknown"),
    ],
)
def test_each_call_is_counted_under_one_outcome(ended: Call, counted: str) -> None:
    assert outcome.outcome(CallRecord(ended, ()), LATER, RULES.short_seconds) == counted
    found = msgspec.structs.asdict(total(CallRecord(ended, ())))
    assert [name for name in outcome.OUTCOMES if found[name.replace(" ", "_")]] == [counted]


def asked(state: CallbackState) -> Callback:
    return Callback(call_sid="CA" + "a" * 32, line="support", number="+12125550171", since=NOON, state=state)


WISH = call("leave", 60, wish="callback")


@pytest.mark.parametrize(
    ("gone", "callback", "word"),
    [
        (call(left_queue_at=NOON + 9), None, "led out"),
        (call(canceled_at=NOON + 9), None, "led out"),
        (call(canceled_at=NOON + 9, reason="hangup"), None, "hung up"),
        (call(completed_at=NOON + 9), None, "led out"),
        (call("queue-full", moved_at=NOON + 9), None, "led out"),
        (call("redirected", 9), None, "led out"),
        (call("leave", 60, wish="voicemail"), None, "led out"),  # and left no message
        (call("error", 60, wish="callback"), None, "error"),
        (call("hangup", 60, wish="callback"), None, "to be called back"),
        (WISH, None, "to be called back"),
        *((WISH, asked(state), "to be called back") for state in ("held", "queued", "taken", "waiting")),
        (WISH, asked("talked"), "called back"),
        (WISH, asked("given up"), "not reached"),
        (WISH, asked("withdrawn"), "called again"),
    ],
)
def test_what_became_of_a_caller_without_a_worker(gone: Call, callback: Callback | None, word: str) -> None:
    record = CallRecord(gone, (missed("Bea", "no-answer"),), callback=callback)
    assert outcome.ended(record, LATER) == outcome.ended(record, NOON + 61) == word
    if gone.wish == "callback" and word != "error":
        assert outcome.outcome(record, LATER, RULES.short_seconds) == "callback"


@pytest.mark.parametrize(
    ("links", "goes_on", "is_lost"), [((), "in progress", "unknown"), ((talk("Bea", NOON + 9),), "talking", "talked")]
)
def test_a_call_of_which_no_end_is_known_is_over_when_twilio_would_have_ended_it(
    links: tuple[Link, ...], goes_on: str, is_lost: str
) -> None:
    ends_at = NOON + outcome.LONGEST_CALL_SECONDS
    assert outcome.ended(CallRecord(call(), links), ends_at) == goes_on
    assert outcome.ended(CallRecord(call(), links), ends_at + 1) == is_lost


@pytest.mark.parametrize("end", ["left_queue_at", "canceled_at", "completed_at"])
def test_a_talk_is_over_as_soon_as_an_end_of_the_call_is_known(end: str) -> None:
    record = CallRecord(msgspec.structs.replace(call(), **{end: NOON + 60}), (talk("Bea", NOON + 9),))
    assert outcome.ended(record, NOON + 61) == "talked"


@pytest.mark.parametrize(
    ("reason", "ended", "why"),
    [
        ("no-answer", "rejected", "no answer"),
        ("busy", "rejected", "busy"),
        ("passed", "rejected", "passed"),
        ("no key", "rejected", "no key"),
        ("machine", "rejected", "machine"),
        ("worker hung up", "rejected", "hung up"),
        ("", "timeout", "timeout"),
        ("unreachable: 21211", "rejected", "unreachable"),
        ("failed", "rejected", "unreachable"),
        ("declined: wants another doctor", "rejected", "CRM declined"),
        ("CRM failed: timeout", "rejected", "CRM failed"),
        ("caller gone", "canceled", "caller left"),
        ("", "canceled", "caller left"),
        ("too late to dial", "rejected", "other"),
        ("", "unknown", "other"),
    ],
)
def test_why_a_worker_did_not_get_the_caller_is_one_of_a_few_words(reason: str, ended: str, why: str) -> None:
    assert outcome.why_not(missed("Bea", reason, ended)) == why


def test_a_worker_has_missed_what_was_theirs_to_take() -> None:
    whys = ("no-answer", "busy", "unreachable: 21211", "declined: no", "caller gone")
    found = total(CallRecord(call("hangup", 90), tuple(missed(f"W{n}", why) for n, why in enumerate(whys))))
    assert (found.rung, found.missed) == (5, 2)


def test_a_reservation_under_way_is_no_figure_yet() -> None:
    assert outcome.why_not(link("Bea", state="ringing")) is None
    assert total(CallRecord(call(), (link("Bea", state="ringing"),))).rung == 0


def test_the_service_level_leaves_short_calls_out() -> None:
    found = total(
        CallRecord(call("bridged", 20), ()),
        CallRecord(call("bridged", 21), ()),
        CallRecord(call("hangup", 5), ()),
        CallRecord(call("hangup", 50), ()),
    )
    assert found.service_level == pytest.approx(100 / 3)
    assert found.time_to_answer == 20.5 and found.longest_wait_seconds == 50


def test_of_nothing_nothing_is_counted() -> None:
    assert not any(msgspec.structs.astuple(Figures()))
    assert figures.report([], counting()) == figures.Report({}, Figures())


def test_what_is_known_of_no_call_does_not_end_the_count() -> None:
    lost = CallRecord(None, (missed("Carl", "busy"),))
    assert total(CallRecord(call("bridged", 5), ()), lost, CallRecord(call("hangup", 50), ())).offered == 2


def test_the_longest_wait_is_that_of_any_group() -> None:
    waits = [call("bridged", 12, line=line) for line in ("support", "sales")] + [call("hangup", 90, line="sales")]
    found = figures.report([CallRecord(one, ()) for one in waits], counting())
    assert {name: part.longest_wait_seconds for name, part in found.groups.items()} == {"sales": 90, "support": 12}
    assert found.total.longest_wait_seconds == 90


@pytest.mark.parametrize(("seconds", "in_time"), [(0, 1), (5, 1), (20, 1), (21, 0), (90, 0)])
def test_a_call_is_answered_in_time_up_to_the_teams_own_second(seconds: int, in_time: int) -> None:
    assert total(CallRecord(call("bridged", seconds), ())).answered_in_time == in_time
    assert total(CallRecord(call("hangup", seconds), ())).answered_in_time == 0


def test_a_talk_of_a_moment_is_a_talk_and_counts_in_the_mean() -> None:
    moment = CallRecord(call("bridged", 5, left_queue_at=NOON + 6), (talk("Bea", NOON + 5),))
    longer = CallRecord(call("bridged", 5, left_queue_at=NOON + 79), (talk("Carl", NOON + 5),))
    found = total(moment, longer)
    assert (found.talks, found.talk_seconds, found.talk_time) == (2, 75, 37.5)
    assert total(CallRecord(call(), (talk("Bea", NOON + 5),))).talks == 0  # how long it was nobody knows yet


def test_of_no_call_there_is_no_mean() -> None:
    assert (Figures().service_level, Figures().time_to_answer, Figures().talk_time) == (None, None, None)


def test_a_talk_lasts_until_the_caller_left_or_was_put_on_hold() -> None:
    gone = call("bridged", 10, left_queue_at=NOON + 100)
    held = talk("Bea", NOON + 10, held_at=NOON + 40)
    assert outcome.talked(held, gone) == 30
    assert outcome.talked(talk("Carl", NOON + 60), gone) == 40
    assert outcome.talked(talk("Carl", NOON + 60), call()) == 0  # nobody knows its end


def test_who_was_given_away_had_waited_until_the_first_worker() -> None:
    again = call("bridged", 300, round=2, left_queue_at=NOON + 400)
    assert outcome.waited(CallRecord(again, (talk("Bea", NOON + 10), talk("Carl", NOON + 390)))) == 10


@pytest.mark.parametrize(
    ("known", "talks", "seconds"),
    [
        (call("bridged", 12), (NOON + 13,), 12),  # as Twilio counts
        (call("bridged", 12, round=1), (NOON + 13,), 12),
        (call("bridged", 12, round=2), (NOON + 13,), 13),
        (call("hangup", 12, round=2), (), 12),
        (call(), (NOON + 13, NOON + 90), 13),
        (call(), (NOON - 2,), 0),  # their clock is not ours
        (call(), (), 0),
        (None, (NOON + 13,), 0),
    ],
)
def test_a_caller_waits_until_a_worker_has_them(known: Call | None, talks: tuple[float, ...], seconds: float) -> None:
    links = tuple(talk(f"W{number}", at) for number, at in enumerate(talks))
    assert outcome.waited(CallRecord(known, links)) == seconds


def test_a_colleague_who_is_asked_about_a_caller_ends_no_wait_and_talks_to_the_caller_from_the_hand_over_on() -> None:
    asked_first = talk("Dora", NOON + 5, consult_of="WRBea", took_over_at=NOON + 70)
    assert outcome.waited(CallRecord(call(), (asked_first, talk("Bea", NOON + 13)))) == 13
    assert outcome.talked(asked_first, call("bridged", 13, left_queue_at=NOON + 100)) == 30
    assert outcome.talked(talk("Dora", NOON + 5, consult_of="WRBea"), call("bridged", left_queue_at=NOON + 100)) == 0


def test_a_talk_that_begins_after_its_end_took_no_time() -> None:
    assert outcome.talked(talk("Bea", NOON + 102), call("bridged", left_queue_at=NOON + 100)) == 0


def test_a_call_whose_beginning_was_lost_began_when_twilio_says() -> None:
    assert outcome.joined_at(call("hangup", 30, at=NOON, left_queue_at=NOON)) == NOON - 30


def test_by_worker_each_has_their_own_reservations_and_whoever_talked_the_call() -> None:
    tried = CallRecord(call("bridged", 12), (missed("Carl", "no-answer"), talk("Bea", NOON + 12)))
    lost = CallRecord(call("hangup", 90), (missed("Carl", "busy"),))
    groups = figures.report([tried, lost], counting("worker")).groups
    assert {name: (part.offered, part.answered, part.rung, part.missed) for name, part in groups.items()} == {
        "-": (1, 0, 0, 0),
        "Bea": (1, 1, 1, 0),
        "Carl": (0, 0, 2, 2),
    }


@pytest.mark.parametrize(
    ("by", "zone", "group"),
    [
        ("line", "UTC", "support"),
        ("choice", "UTC", "-"),
        ("queue", "UTC", "Support"),
        ("day", "UTC", "2026-11-21"),
        ("day", "Pacific/Auckland", "2026-11-22"),
        ("hour", "UTC", "12"),
        ("hour", "Asia/Kolkata", "17"),
    ],
)
def test_a_call_is_of_one_group(by: By, zone: str, group: str) -> None:
    found = figures.report([CallRecord(call("hangup", 90), (missed("Carl", "busy"),))], counting(by, zone))
    assert list(found.groups) == [group]


def test_a_caller_of_the_menus_is_of_what_they_chose_on_their_line() -> None:
    refunds = "Bills > Refunds"
    chose = [call("bridged", 5, chosen=refunds), call("hangup", 90, chosen=refunds), call("hangup", 9)]
    found = figures.report([CallRecord(one, ()) for one in chose], counting("choice"))
    assert {name: part.offered for name, part in found.groups.items()} == {"-": 1, "support: Bills > Refunds": 2}


def test_a_call_is_of_the_queue_of_its_talk_whoever_was_tried_before() -> None:
    tried = msgspec.structs.replace(missed("Carl", "busy"), queue="Sales")
    talked = CallRecord(call("bridged", 12, queue="Sales"), (tried, talk("Bea", NOON + 12)))
    found = figures.report([talked], counting("queue")).groups
    assert {name: (part.offered, part.rung) for name, part in found.items()} == {"Sales": (0, 1), "Support": (1, 1)}
    lost = CallRecord(call("hangup", 90, queue="Billing"), (tried, missed("Bea", "busy")))
    assert [name for name, part in figures.report([lost], counting("queue")).groups.items() if part.offered] == [
        "Sales"
    ]


def test_who_was_reserved_for_nobody_is_of_the_queue_in_which_the_caller_waited() -> None:
    found = figures.report([CallRecord(call("hangup", 90, queue="Sales"), ())], counting("queue"))
    assert list(found.groups) == ["Sales"]


ANSWERED, LOST = st.just("bridged"), st.sampled_from(["hangup", "leave", "queue-full", "error", ""])
REASONS = st.sampled_from(["no-answer", "busy", "passed", "machine", "declined: no", "caller gone", "strange"])
RECORDS = st.builds(
    lambda result, waited, at, line, reasons, worker: CallRecord(
        call(result, waited, NOON + at, line=line),
        (
            *(missed(name, why) for name, why in reasons),
            *([talk(worker, NOON + at + waited)] if result == "bridged" else []),
        ),
    ),
    st.one_of(ANSWERED, LOST),
    st.integers(0, 600),
    st.integers(0, 86000),
    st.sampled_from(["support", "sales", ""]),
    st.lists(st.tuples(st.sampled_from(["Bea", "Carl"]), REASONS), max_size=3),
    st.sampled_from(["Bea", "Dora"]),
)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.lists(RECORDS, max_size=30), st.sampled_from(GROUPINGS))
def test_the_groups_are_the_whole_and_each_call_has_one_outcome(records: list[CallRecord], by: By) -> None:
    found = figures.report(records, counting(by))
    plain = figures.report(records, counting("line"))
    assert found.total == figures.total(list(found.groups.values()))
    assert msgspec.structs.replace(found.total, talk_seconds=0.0) == msgspec.structs.replace(
        plain.total, talk_seconds=0.0
    )
    ways = [name.replace(" ", "_") for name in outcome.OUTCOMES]
    for part in (*found.groups.values(), found.total):
        assert sum(getattr(part, way) for way in ways) == part.offered
    reasons = Counter(why for one in records for link in one.links if (why := outcome.why_not(link)))
    assert found.total.why_not == dict(reasons)
    assert found.total.rung == sum(len(one.links) for one in records)


def test_a_row_of_a_table_has_what_a_person_reads() -> None:
    tried = CallRecord(call("bridged", 12, left_queue_at=NOON + 72), (missed("Carl", "busy"), talk("Bea", NOON + 12)))
    headings, (row, _) = export.table(export.rows(figures.report([tried], counting())), "line")
    assert dict(zip(headings, row, strict=True)) == {
        "line": "support",
        "offered": "1",
        "answered": "1",
        "in time": "100 %",
        "abandoned": "0",
        "short": "0",
        "overflow": "0",
        "to answer": "12",
        "longest": "12",
        "talk": "60",
        "rung": "2",
        "missed": "1",
        "why": "busy 1",
    }


def test_a_spreadsheet_has_a_column_for_each_reason_and_runs_no_name() -> None:
    formula = msgspec.structs.replace(missed("=1+1", "busy"))
    rows = export.rows(figures.report([CallRecord(call("hangup", 90), (formula,))], counting("worker")))
    first, second, _ = csv.DictReader(io.StringIO(export.as_csv(rows)))
    assert (first["group"], first["offered"], first["service_level"]) == ("'-", "1", "0.0")
    assert (second["group"], second["why_not_busy"], second["service_level"]) == ("'=1+1", "1", "")
    assert "why_not" not in first


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("Bea", "Bea"),
        ("", ""),
        (None, ""),
        (0, "0"),
        ("+14155550100", "+14155550100"),
        ("+a5", "'+a5"),
        ("+", "'+"),
        ("=5", "'=5"),
        ("5=5", "5=5"),
        *((f"{sign}1+1", f"'{sign}1+1") for sign in "=+-@"),
        ("-", "'-"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
    ],
)
def test_a_spreadsheet_shows_what_it_is_given_and_runs_nothing(value: object, cell: str) -> None:
    _header, row = csv.reader(io.StringIO(export.csv_of(["name", "more"], [[value, "x"]]), newline=""))
    assert row == [cell, "x"]


def test_times_are_rounded_to_a_tenth_and_what_nobody_knows_is_empty() -> None:
    some = Figures(offered=3, answered=1, answered_in_time=1, to_answer_seconds=12.26, longest_wait_seconds=90.04)
    first, total = export.rows(figures.Report({"support": some}, Figures(offered=1, short=1)))
    assert (first.service_level, first.time_to_answer, first.longest_wait, first.talk_time) == (33.3, 12.3, 90.0, None)
    assert (total.group, total.service_level, total.time_to_answer) == ("total", None, None)
    _, (cells, last) = export.table([first, total], "line")
    assert cells[:4] == ["support", "3", "1", "33 %"] and last[:4] == ["total", "1", "0", ""]


def test_overflow_is_every_caller_without_a_worker_who_did_not_hang_up() -> None:
    [row] = export.rows(figures.Report({}, Figures(voicemail=1, callback=2, led_out=4, other=8, abandoned=16, open=32)))
    assert row.overflow == 15


def test_the_reasons_of_a_table_are_those_that_a_worker_has_missed_in_their_order() -> None:
    [row] = export.rows(figures.Report({}, Figures(why_not={"CRM declined": 3, "busy": 2, "no answer": 1})))
    assert row.missed == 3
    headings, [cells] = export.table([row], "line")
    assert dict(zip(headings, cells, strict=True))["why"] == "no answer 1, busy 2"
    reasons = export.as_csv([row]).splitlines()
    assert reasons[0].endswith(",missed,why_not_CRM_declined,why_not_busy,why_not_no_answer")
    assert reasons[1].endswith(",3,3,2,1")


def test_days_that_are_counted_one_by_one_are_counted_together() -> None:
    first = figures.report(
        [CallRecord(call("bridged", 12), ()), CallRecord(call("hangup", 90, line="sales"), ())], counting()
    )
    then = figures.report(
        [CallRecord(call("hangup", 95), ()), CallRecord(call("bridged", 7, line="urgent"), ())], counting()
    )
    both = figures.together(first.groups, then)
    assert {name: (part.offered, part.answered, part.longest_wait_seconds) for name, part in both.groups.items()} == {
        "sales": (1, 0, 90),
        "support": (2, 1, 95),
        "urgent": (1, 1, 7),
    }
    assert (both.total.offered, both.total.longest_wait_seconds) == (4, 95)


def test_the_words_are_explained_with_the_teams_own_seconds() -> None:
    said = " ".join(export.definitions(Reports(answered_within=33, short_seconds=7)))
    assert "within 33 s" in said and "more than 7 s" in said
