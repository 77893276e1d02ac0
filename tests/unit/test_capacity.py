"""How many jobs run at once: more for more calls, a slower CRM and a larger account, and never all of the account."""

import msgspec
import pytest

from chalicelib.config import capacity
from chalicelib.config.schema import CallCenter, Crm, Queue

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
