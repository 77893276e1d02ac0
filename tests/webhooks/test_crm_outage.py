"""The CRM is out of order: no worker is moved, no caller is stranded, and it is not asked for each of them."""

import io
from contextlib import redirect_stdout
from typing import Any

import msgspec
import pytest

from chalicelib import crm, jobs
from chalicelib.config import callcenter
from chalicelib.config.schema import After, Ending, Treatment
from chalicelib.links import breakers
from chalicelib.links.model import Breaker
from chalicelib.worker import breaker, consumer
from tests.support.api_gateway import BASE
from tests.support.driver import CALL, RESERVATION, SALES, TASK, WORKER, Driver, task_attributes

NOW = 1795230000.0


class Crm:
    """The CRM, as its port sees it; `fails` as long as it is out of order."""

    def __init__(self) -> None:
        self.fails = True
        self.asked: list[str] = []

    def prepare(self, _adapter: str, attempt: crm.Attempt) -> crm.Approval:
        self.asked.append(attempt.call_sid)
        if self.fails:
            raise crm.Unavailable("the CRM endpoint answered 500")
        return crm.Approval("Ann")


@pytest.fixture
def endpoint(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Crm:
    stub = Crm()
    monkeypatch.setattr(crm, "prepare", stub.prepare)
    return stub


def caller(number: int) -> str:
    return f"CA{number:032x}"


def rings(driver: Driver, number: int, now: float = NOW) -> str:
    """Caller `number` dials the sales line, a worker is reserved, and the job runs; returns the caller's CallSid."""
    call_sid, reservation_sid = caller(number), f"WR{number:032x}"
    attributes = task_attributes(call_sid=call_sid, to=SALES)
    driver.assign("Sales", TaskAttributes=attributes, ReservationSid=reservation_sid)
    driver.queued()
    consumer.work(jobs.RingWorker(call_sid, reservation_sid), lambda: now)
    return call_sid


def led_out(driver: Driver) -> list[dict[str, Any]]:
    return [form for form in driver.twilio.made("Calls/CA") if "Url" in form]


def moved(driver: Driver) -> list[str]:
    return driver.twilio.moves


def another_process() -> None:
    """The next job runs in a process that knows nothing yet."""
    breaker.known.cache_clear()


def test_a_failure_holds_the_reservation_for_a_moment_and_moves_nobody(
    driver: Driver, endpoint: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.assign("Sales")
    driver.queued()
    sent: list[tuple[jobs.Job, int]] = []
    monkeypatch.setattr(jobs, "send", lambda job, delay_seconds=0: sent.append((job, delay_seconds)))
    driver.work(jobs.RingWorker(CALL, RESERVATION))
    reason = "CRM failed: the CRM endpoint answered 500"
    assert sent == [(jobs.Reject(CALL, RESERVATION, TASK, reason, "", WORKER), 30)] and driver.twilio.made("POST") == []
    driver.work(sent[0][0])
    assert (driver.link["outcome"], driver.link["reason"]) == ("rejected", reason)
    assert moved(driver) == [] and led_out(driver) == []


def test_after_three_failures_in_a_row_callers_are_led_out_and_the_crm_is_not_asked(
    driver: Driver, endpoint: Crm
) -> None:
    for number in range(6):
        rings(driver, number, NOW + number)
    assert endpoint.asked == [caller(number) for number in range(3)]
    urls = [path for _, path, form in driver.twilio.requests if "Url" in form]
    assert [url.split("/")[-1] for url in urls] == [f"{caller(number)}.json" for number in (2, 3, 4, 5)]
    assert led_out(driver)[0] == {"Url": f"{BASE}/voice/declined#rc=2&rp=all", "Method": "POST"}
    assert moved(driver) == []
    assert driver.cloud.row(f"WR{5:032x}")["reason"] == "CRM failed: not asked"


def test_the_breaker_says_once_that_it_opens_and_once_that_it_closes(driver: Driver, endpoint: Crm) -> None:
    with redirect_stdout(io.StringIO()) as log:
        for number in range(5):
            rings(driver, number, NOW + number)
        endpoint.fails = False
        rings(driver, 5, NOW + 40)
        rings(driver, 6, NOW + 41)
    assert log.getvalue().count("CRM breaker opens") == log.getvalue().count("CRM breaker closes") == 1
    assert len(driver.twilio.made("Calls.json")) == 2


def test_of_those_who_wait_for_the_crm_one_asks_every_half_minute(driver: Driver, endpoint: Crm) -> None:
    for number in range(3):
        rings(driver, number)
    for number, later in enumerate((29, 30, 31, 59, 60, 61), 3):
        rings(driver, number, NOW + later)
    assert endpoint.asked[3:] == [caller(4), caller(7)]
    assert len(led_out(driver)) == 7


def test_another_process_learns_from_its_own_failure_that_the_breaker_is_open(driver: Driver, endpoint: Crm) -> None:
    for number in range(3):
        rings(driver, number)
    another_process()
    rings(driver, 3)
    rings(driver, 4)
    assert endpoint.asked == [caller(number) for number in range(4)]
    assert len(led_out(driver)) == 3 and moved(driver) == []


def test_failures_in_many_processes_are_counted_together(driver: Driver) -> None:
    for number, is_open in enumerate((False, False, True)):
        another_process()
        assert breaker.failed("http", NOW + number) is is_open


def test_only_one_of_two_processes_gets_the_attempt_of_the_open_breaker(driver: Driver, endpoint: Crm) -> None:
    for number in range(3):
        breaker.failed("http", NOW + number)
    here = breaker.known("http").row
    assert breaker.may_ask("http", NOW + 40)
    breaker.known("http").row = here  # what another process knows
    assert not breaker.may_ask("http", NOW + 40.5)
    assert not breaker.may_ask("http", NOW + 69) and breaker.may_ask("http", NOW + 70)


def test_a_process_that_finds_the_breaker_closed_by_another_asks(driver: Driver, endpoint: Crm) -> None:
    for number in range(3):
        breaker.failed("http", NOW + number)
    here = breaker.known("http").row
    breaker.answered("http", NOW + 33)
    breaker.known("http").row = here
    assert breaker.may_ask("http", NOW + 40) and breaker.may_ask("http", NOW + 40)


def test_an_answer_in_between_begins_the_row_anew(driver: Driver, endpoint: Crm) -> None:
    for number in range(8):
        endpoint.fails = number % 3 != 2
        rings(driver, number, NOW + number)
    assert led_out(driver) == [] and len(endpoint.asked) == 8


def test_an_answer_counts_although_this_process_did_not_know_of_the_failures(driver: Driver) -> None:
    breaker.failed("http", NOW)
    breaker.failed("http", NOW + 1)
    another_process()
    breaker.answered("http", NOW + 2)
    assert not breaker.failed("http", NOW + 3) and breaker.known("http").row.failures == 1


def test_failures_hours_apart_are_not_in_a_row(driver: Driver) -> None:
    assert [breaker.failed("http", NOW + 3600 * number) for number in range(5)] == [False] * 5


def test_each_adapter_has_a_breaker_of_its_own(driver: Driver) -> None:
    for number in range(3):
        breaker.failed("http", NOW + number)
    assert not breaker.may_ask("http", NOW + 3) and breaker.may_ask("contacts", NOW + 3)


def test_a_crm_that_answers_costs_no_request(driver: Driver, endpoint: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint.fails = False
    monkeypatch.setattr(breakers, "swap", lambda *_: pytest.fail("a request about the breaker"))
    rings(driver, 1)
    rings(driver, 2)
    assert len(driver.twilio.made("Calls.json")) == 2


def test_a_count_whose_answer_was_lost_is_counted_once(driver: Driver) -> None:
    """boto3 repeats the write, and meets its own result."""
    new = Breaker(failures=1, failed_at=NOW)
    assert breakers.swap("http", Breaker(), new, NOW) == new
    assert breakers.swap("http", Breaker(), new, NOW) == new
    assert breakers.swap("http", Breaker(), Breaker(failures=1, failed_at=NOW + 1), NOW) == new


@pytest.mark.parametrize("failures", [2, 3, 4])
def test_a_caller_whose_own_record_breaks_the_crm_is_led_out_after_so_many_workers(
    driver: Driver, endpoint: Crm, monkeypatch: pytest.MonkeyPatch, failures: int
) -> None:
    center = callcenter.current()
    center = msgspec.structs.replace(center, crm=msgspec.structs.replace(center.crm, breaker_failures=failures))
    monkeypatch.setattr(callcenter, "current", lambda: center)
    for number in range(failures):
        reservation_sid = f"WR{number:032x}"
        driver.assign("Sales", ReservationSid=reservation_sid)
        driver.queued()
        endpoint.fails = True
        consumer.work(jobs.RingWorker(CALL, reservation_sid), lambda: NOW)
        assert len(led_out(driver)) == (1 if number == failures - 1 else 0)
        driver.work(jobs.Reject(CALL, reservation_sid, TASK, "CRM failed: as told"))
        driver.twilio.reservation = "pending"
        endpoint.fails = False
        rings(driver, 10 + number)  # others get through
    assert len(led_out(driver)) == 1 and moved(driver) == []


def test_a_queue_may_ring_without_the_crm(driver: Driver, endpoint: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    text = callcenter.source().replace('crm = "http"', 'crm = "http"\non_crm_outage = "ring"')
    monkeypatch.setattr(callcenter, "current", lambda: callcenter.parse(text))
    for number in range(5):
        rings(driver, number, NOW + number)
    assert len(driver.twilio.made("Calls.json")) == 5 and len(endpoint.asked) == 3
    assert led_out(driver) == [] and moved(driver) == []


LEAVE, ERROR = Ending("Nobody is free.", "voicemail"), Ending("Something broke.", "voicemail")
GOODBYE = Ending("Something broke. Goodbye.")


@pytest.mark.parametrize(
    ("after", "heard"),
    [
        (After(error=ERROR, leave=LEAVE), ERROR),
        (After(error=GOODBYE, leave=LEAVE), LEAVE),
        (After(error=GOODBYE), GOODBYE),
    ],
)
def test_who_is_led_out_gets_the_voicemail_that_the_line_has(after: After, heard: Ending) -> None:
    assert Treatment(greeting="", after=after).nobody_can_help == heard


def test_the_caller_hears_it(driver: Driver, endpoint: Crm) -> None:
    for number in range(3):
        call_sid = rings(driver, number)
    document = driver.voice("declined", CallSid=call_sid, To=SALES)
    ending = callcenter.current().treatment_of(SALES).nobody_can_help
    assert str(ending.say) in str(document[0].text)


def test_a_caller_who_cannot_be_led_out_now_is_led_out_by_the_next_delivery(driver: Driver, endpoint: Crm) -> None:
    for number in range(2):
        rings(driver, number)
    driver.twilio.failures = {f"Calls/{caller(2)}.json": [503]}
    with pytest.raises(Exception, match="503"):
        rings(driver, 2)
    consumer.work(jobs.RingWorker(caller(2), f"WR{2:032x}"), lambda: NOW + 25)
    assert len(endpoint.asked) == 3 and len(led_out(driver)) == 2


def test_two_jobs_at_once_lose_no_failure(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process counts between this one's knowledge and its write."""
    real, others = breakers.swap, [NOW + 1, NOW + 2]

    def swap(adapter: str, seen: Breaker, new: Breaker, now: float) -> Breaker:
        if others:
            at = others.pop(0)
            standing = real(adapter, Breaker(failures=9), Breaker(), at)  # reads: there never are nine
            real(adapter, standing, Breaker(failures=standing.failures + 1, failed_at=at), at)
        return real(adapter, seen, new, now)

    monkeypatch.setattr(breakers, "swap", swap)
    assert breaker.failed("http", NOW + 3)
