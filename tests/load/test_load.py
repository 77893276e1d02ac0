"""A burst of calls on the laptop with SQS delivering twice; and each check finds what it is for."""

import json
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from emulator.clock.scheduler import TraceEvent
from emulator.ports import WebRequest
from emulator.voice.interpreter import STOCK_ERROR
from laptop.environment import Laptop
from laptop.local_aws import LaptopError
from load import __main__ as command
from load import redelivery, run, timings
from load.__main__ import Report
from load.checks import Observed, Sent, WorkerLeg, violations
from load.run import Plan

SIZES = (10, 30)
WORKERS = 15
AGAIN_AFTER = 5  # seconds, not 25: what failed comes again while the test looks on


@pytest.fixture(scope="module")
def reports(laptop: Laptop) -> dict[int, Report]:
    """Both sizes, played once."""
    run.warm(laptop)
    twice = redelivery.delivering_twice(laptop.aws, 0.8, again_after=AGAIN_AFTER)
    with twice as deliveries, timings.recording(laptop.aws):
        return {size: command.measure(laptop, Plan(size, WORKERS, talk_seconds=1.0), deliveries) for size in SIZES}


@pytest.mark.parametrize("size", SIZES)
def test_every_call_of_a_burst_ends_as_it_should(size: int, reports: dict[int, Report]) -> None:
    assert reports[size].violations == []
    assert reports[size].outcomes == {"joined": size, "voicemail": 0, "goodbye": 0}


@pytest.mark.parametrize("size", SIZES)
def test_messages_came_twice(size: int, reports: dict[int, Report]) -> None:
    assert reports[size].per_call["SQS messages"] >= 2
    assert reports[size].per_call["copies by SQS"] > 0.8


def test_a_call_asks_for_no_more_when_there_are_more_calls(reports: dict[int, Report]) -> None:
    few, many = (reports[size].per_call for size in SIZES)
    for name in ("webhooks", "requests to Twilio", "requests to DynamoDB", "SQS messages"):
        assert 0 < many[name] < 1.25 * few[name], name


def test_the_trigger_is_the_applications_own_again(laptop: Laptop) -> None:
    functions = laptop.aws.client("lambda")
    with redelivery.delivering_twice(laptop.aws):
        during = functions.list_event_source_mappings()["EventSourceMappings"]
    after = functions.list_event_source_mappings()["EventSourceMappings"]
    assert sorted(trigger["State"] for trigger in during) == ["Disabled", "Disabled", "Enabled", "Enabled"]
    assert sorted((trigger["State"], trigger["EventSourceArn"].rpartition(":")[2]) for trigger in after) == [
        ("Enabled", "cordboard-local-jobs"),
        ("Enabled", "cordboard-local-jobs-after-call"),
    ]


# --- The checks, each with a burst of one call in which one thing is wrong

CALLER, LEG, RESERVATION, PHONE = "CA1", "CA2", "WR1", "+14155560001"


def event(at: float, kind: str, **detail: str) -> TraceEvent:
    return TraceEvent(at, kind, detail)


JOINED = event(5, "joined", caller_sid=CALLER, worker_sid=LEG, reservation_sid=RESERVATION)
TASK_ENDED = event(9, "task", sid="WT1", call_sid=CALLER, status="completed", reason="")
RESERVATION_ENDED = event(9, "reservation", sid=RESERVATION, status="completed")
LEG_DIALED, LEG_ENDED = event(3, "dialed", sid=LEG, to=PHONE), event(7, "ended", sid=LEG, status="completed")
CALLER_ENDED = event(8, "ended", sid=CALLER, status="completed")
PARTED = event(7, "parted", caller_sid=CALLER, worker_sid=LEG)
ONE_CALL = (
    event(1, "dialed", sid=CALLER, to="+14155550100"),
    LEG_DIALED,
    JOINED,
    PARTED,
    LEG_ENDED,
    event(8, "heard", sid=CALLER, text="Thank you. Goodbye."),
    CALLER_ENDED,
    RESERVATION_ENDED,
    TASK_ENDED,
)
GOOD = Observed(
    callers=[CALLER],
    trace=ONE_CALL,
    legs={LEG: WorkerLeg(LEG, PHONE, RESERVATION)},
    attempts={RESERVATION: 2.0},
    rows=[{"item": RESERVATION, "call_sid": CALLER, "state": "closed", "outcome": "completed"}],
    sent=[Sent("assignment", CALLER, 0.2, 5.0, "200")],
    at_work={"Load 001": "Available"},
)


def without(*trace: TraceEvent) -> Observed:
    return replace(GOOD, trace=[one for one in ONE_CALL if one not in trace])


def also(*trace: TraceEvent) -> Observed:
    return replace(GOOD, trace=sorted([*ONE_CALL, *trace], key=lambda one: one.at))


def with_row(**changes: str) -> Observed:
    return replace(GOOD, rows=[{**GOOD.rows[0], **changes}])


NOBODY_SERVED = without(LEG_DIALED, JOINED, PARTED, LEG_ENDED, RESERVATION_ENDED)
TURNED_AWAY = replace(NOBODY_SERVED, rows=[])
SILENT = replace(TURNED_AWAY, trace=[one for one in TURNED_AWAY.trace if one.kind != "heard"])


def test_a_caller_who_is_still_there_is_found() -> None:
    assert violations(without(CALLER_ENDED)) == ["CA1 is still on the line", "the leg CA1 is still there"]


def test_a_good_call_breaks_nothing() -> None:
    assert violations(GOOD) == []


def test_a_caller_who_was_sent_away_with_a_goodbye_or_left_a_message_breaks_nothing() -> None:
    assert violations(TURNED_AWAY) == []
    assert violations(replace(SILENT, trace=[*SILENT.trace, event(7, "recording", sid=CALLER, url="")])) == []


OTHER = event(6, "joined", caller_sid="CA3", worker_sid=LEG, reservation_sid="WR2")


@pytest.mark.parametrize(
    ("observed", "sentence"),
    [
        (also(replace(JOINED, at=7.5)), "CA1 was joined twice"),
        (also(OTHER), f"the worker {PHONE} was joined to two callers at once"),
        (
            also(event(10, "task", sid="WT1", call_sid=CALLER, status="wrapping", reason="")),
            "CA1 was joined, and the task is wrapping",
        ),
        (without(TASK_ENDED), "CA1 was joined, and the task is unknown"),
        (SILENT, "CA1 ended in silence; the last words: ''"),
        (also(event(6, "heard", sid=CALLER, text=STOCK_ERROR)), "CA1 heard Twilio's error message"),
        (
            also(event(6, "warning", sid=CALLER, code="11200", message="HTTP retrieval failure")),
            "Twilio warned of 11200: HTTP retrieval failure",
        ),
        (replace(GOOD, attempts={}), f"{PHONE} was rung for WR1 without the CRM"),
        (replace(GOOD, attempts={RESERVATION: 3.5}), f"{PHONE} was rung for WR1 without the CRM"),
        (also(replace(LEG_DIALED, at=4)), "WR1 rang twice"),
        (replace(GOOD, sent=[Sent("assignment", CALLER, 5.5, 5.0, "200")]), "assignment took 5.5 s of 5"),
        (replace(GOOD, sent=[Sent("wait", CALLER, 0.1, 15.0, "502")]), "wait was answered 502"),
        (
            also(event(10, "reservation", sid=RESERVATION, status="pending")),
            "the reservation WR1 is pending",
        ),
        (replace(GOOD, rows=[]), "WR1 has no link"),
        (with_row(state="bridged"), "WR1 ended completed, and its link says bridged completed"),
        (with_row(outcome="rejected"), "WR1 ended completed, and its link says closed rejected"),
        (with_row(open="link"), "WR1 is in the open index"),
        (without(LEG_ENDED), "the leg CA2 is still there"),
        (replace(GOOD, at_work={"Load 001": "Wrap up"}), "Load 001 is Wrap up"),
        (replace(GOOD, dead_letters=2), "2 messages are dead"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_check_finds_what_is_wrong(observed: Observed, sentence: str) -> None:
    assert violations(observed) == [sentence]


# --- The numbers and the command


def request(path: str, **form: str) -> WebRequest:
    return WebRequest("POST", f"http://127.0.0.1:1/_aws/x/api{path}", {}, urlencode(form).encode())


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        (request("/voice/wait", CallSid=CALLER), ("wait", CALLER)),
        (request("/voice/menu/2", CallSid=CALLER), ("menu", CALLER)),
        (request("/taskrouter/events", TaskAttributes=json.dumps({"call_sid": CALLER})), ("events", CALLER)),
        (request(f"/worker/{CALLER}/WR1/status", CallSid=LEG), ("worker status", CALLER)),
    ],
    ids=["wait", "menu", "events", "worker status"],
)
def test_a_webhook_is_counted_for_its_route_and_its_caller(asked: WebRequest, what: tuple[str, str]) -> None:
    assert timings.route_and_caller(asked) == what


def test_a_spread_is_that_of_its_values() -> None:
    assert command.spread([float(number) for number in range(101)]) == {"p50": 50, "p95": 95, "p99": 99, "worst": 100}
    assert command.spread([0.5])["p99"] == 0.5
    assert command.spread([])["worst"] == 0


def test_the_table_has_a_column_for_each_size(reports: dict[int, Report]) -> None:
    lines = command.table(list(reports.values())).splitlines()
    assert lines[0].split() == ["calls", "10", "30"]
    assert lines[-1].split() == ["violations", "0", "0"]


@pytest.mark.parametrize("sizes", ["301", "0", "ten", "10,,30", "-1"])
def test_a_size_that_is_none_is_refused(sizes: str) -> None:
    with pytest.raises(LaptopError, match="sizes are numbers from 1 to 300"):
        command.plans(command.arguments(["--most-calls=300", "--", sizes]))


def test_options_reach_every_size() -> None:
    sizes: Sequence[Plan] = command.plans(command.arguments(["10,400", "--workers", "5", "--most-calls", "400"]))
    assert sizes == [Plan(10, 5), Plan(400, 5)]
