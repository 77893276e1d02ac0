"""How many jobs run at once: more for more calls, a slower CRM and a larger account, and never all of the account."""

import msgspec
import pytest

from chalicelib.config import capacity
from chalicelib.config.capacity import AtOnce
from chalicelib.config.schema import CallCenter, Crm, Queue, Work

ACCOUNT = {"CONCURRENT_EXECUTIONS": "1000"}


def center(calls: int, **changes: object) -> CallCenter:
    queue = Queue(crm="http", workers="1==1")
    known = msgspec.convert(
        {"default_line": "main", "lines": {"main": {"greeting": "Hello."}}, "calls_per_minute": calls}, CallCenter
    )
    return msgspec.structs.replace(known, queues={"Support": queue}, **changes)


def test_six_hundred_rings_a_minute_have_room_for_a_crm_of_two_seconds() -> None:
    """10 a second, each 3 s: 30 at once on average."""
    assert capacity.allowed(center(400), ACCOUNT).rings > 30 + 2 * 30**0.5


@pytest.mark.parametrize("calls", [1, 10, 100, 1000, 10_000])
def test_a_trigger_gets_what_lambda_takes(calls: int) -> None:
    found = capacity.needed(center(calls))
    assert 2 <= found.after_call <= found.rings <= 1000


def test_a_crm_that_is_told_of_talks_takes_after_call_work_longer() -> None:
    told = center(600, crm=Crm(after=True))
    assert capacity.needed(told).after_call > capacity.needed(center(600)).after_call


def test_a_crm_that_nobody_asks_takes_no_time() -> None:
    alone = msgspec.structs.replace(center(600), queues={"Support": Queue(crm="none", workers="1==1")})
    assert capacity.needed(alone).rings < capacity.needed(center(600)).rings / 3


@pytest.mark.parametrize("account", [10, 50, 1000, 3000])
def test_the_jobs_leave_four_tenths_of_the_account_to_everything_else(account: int) -> None:
    found = capacity.allowed(center(10_000), {"CONCURRENT_EXECUTIONS": str(account)})
    assert found.rings + found.after_call <= 0.6 * account


def test_an_account_that_nobody_has_asked_about_is_a_new_one() -> None:
    assert capacity.allowed(center(10_000), {}) == capacity.allowed(center(10_000), {"CONCURRENT_EXECUTIONS": "10"})


def test_a_stage_may_say_itself_how_many_ring() -> None:
    assert capacity.allowed(center(10), {**ACCOUNT, "JOBS_AT_ONCE": "77"}).rings == 77


@pytest.mark.parametrize(
    ("calls", "at_once"),
    [
        (1, AtOnce(rings=2, after_call=2, webhooks=1)),  # Lambda gives a trigger no less than 2
        (40, AtOnce(rings=14, after_call=4, webhooks=5)),  # 7.6 rings at once on average, and 5.5 on top
        (400, AtOnce(rings=94, after_call=21, webhooks=25)),
        (10_000, AtOnce(rings=1000, after_call=370, webhooks=458)),  # nor more than 1000
    ],
)
def test_so_many_calls_a_minute_need_so_many_functions_at_once(calls: int, at_once: AtOnce) -> None:
    """The CRM takes 6.6 s at most."""
    assert capacity.needed(center(calls)) == at_once


def test_the_sweep_runs_beside_them() -> None:
    assert AtOnce(rings=93, after_call=21, webhooks=25).together == 93 + 21 + 25 + 1


def test_after_call_work_takes_the_crms_time_on_top_of_its_own() -> None:
    assert capacity.needed(center(600, crm=Crm(after=True))).after_call == 105
    assert capacity.needed(center(600)).after_call == 29


def test_the_crm_of_work_that_is_no_call_takes_time_as_that_of_a_queue_does() -> None:
    unasked = msgspec.structs.replace(center(400), queues={"Support": Queue(crm="none")})
    asked = msgspec.structs.replace(unasked, work={"lead": Work(say="A lead.", crm="http")})
    assert (capacity.needed(unasked).rings, capacity.needed(asked).rings) == (17, 94)
    assert capacity.needed(msgspec.structs.replace(unasked, queues={})).rings == 17


@pytest.mark.parametrize(
    ("account", "rings", "after_call"),
    [("5", 2, 2), ("", 4, 2), ("50", 20, 10), ("234", 93, 21), ("235", 94, 21), ("3000", 94, 21)],
)
def test_an_account_gives_rings_four_tenths_and_after_call_work_two(account: str, rings: int, after_call: int) -> None:
    found = capacity.allowed(center(400), {"CONCURRENT_EXECUTIONS": account, "JOBS_AT_ONCE": ""})
    assert found == AtOnce(rings, after_call, webhooks=25)


def test_a_stage_that_wants_one_ring_at_once_gets_two() -> None:
    assert capacity.allowed(center(10), {**ACCOUNT, "JOBS_AT_ONCE": "1"}).rings == 2
