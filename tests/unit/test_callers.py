"""Who calls: what lets a caller in, what a line makes of what it knows of one, and what the file says of both."""

from typing import Any

import pytest

from chalicelib.callers import block, profile, screening
from chalicelib.callers.known import UNKNOWN, Known, of_token
from chalicelib.config import callcenter
from chalicelib.config.callers import KnowCaller, SameWorker, Screening
from chalicelib.config.schema import Line
from chalicelib.links.profiles import Change, Did, Profile, Talked

HISTORY: tuple[tuple[Did, str], ...] = (
    ("vip", "Ann"),
    ("blocked", "Bea"),
    ("unblocked", "Carl"),
    ("blocked", "Dora"),
)
CALLER, DAY, NOW = "+12125550171", 86400, 1795230042.5
FAILED, PASSED = "TN-Validation-Failed-C", "TN-Validation-Passed-A"


def line(**tables: Any) -> Line:
    described = {"default_line": "main", "lines": {"main": {"greeting": "Hello.", **tables}}}
    return callcenter.of_tables(described).lines["main"]


# --- Screening


@pytest.mark.parametrize(
    ("rules", "number", "verstat", "verdict"),
    [
        (Screening(), CALLER, PASSED, "allow"),
        (Screening(), CALLER, "", "allow"),
        (Screening(), "", "", "allow"),
        (Screening(), CALLER, FAILED, "captcha"),
        (Screening(failed="allow"), CALLER, FAILED, "allow"),
        (Screening(failed="reject"), CALLER, FAILED, "reject"),
        (Screening(failed="reject"), CALLER, PASSED, "allow"),
        (Screening(withheld="captcha"), "", "", "captcha"),
        (Screening(withheld="reject"), CALLER, "", "allow"),
        (Screening(prefixes=("+1900", "+1212")), CALLER, PASSED, "reject"),
        (Screening(prefixes=("+1900", "+1213")), CALLER, PASSED, "allow"),
        (Screening(prefixes=("+1212",)), "", "", "allow"),
        (Screening(everybody="captcha"), CALLER, PASSED, "captcha"),
        (Screening(everybody="captcha", failed="allow"), CALLER, FAILED, "captcha"),
        (Screening(everybody="captcha", withheld="reject"), "", "", "reject"),
        (Screening(prefixes=("+1212",), failed="captcha"), CALLER, FAILED, "reject"),
    ],
)
def test_of_all_that_holds_for_a_caller_the_strictest_counts(
    rules: Screening, number: str, verstat: str, verdict: str
) -> None:
    assert screening.verdict(rules, number, verstat) == verdict


def test_the_key_of_a_call_is_any_from_1_to_9_and_the_same_when_it_is_asked_again() -> None:
    asked = [(f"CA{number:032x}", attempt) for number in range(60) for attempt in (1, 2)]
    keys = [screening.digit(*one) for one in asked]
    assert set(keys) == set("123456789") and keys == [screening.digit(*one) for one in asked]
    assert any(first != second for first, second in zip(keys[::2], keys[1::2], strict=True))


# --- What is known


@pytest.mark.parametrize(
    ("known", "priority"), [(UNKNOWN, 3), (Known(language="es", worker="Bea"), 3), (Known(vip=True), 10)]
)
def test_a_vip_goes_before_the_other_callers_of_the_line(known: Known, priority: int) -> None:
    assert known.priority(line(priority=3, know_caller={"vip_priority": 7})) == priority
    assert known.priority(line(priority=3)) == 3


def test_a_task_says_only_what_is_known_of_its_caller() -> None:
    offers = line(know_caller={"same_worker": {"wait": 30}})
    assert UNKNOWN.attributes(offers) == {}
    assert Known(vip=True).attributes(offers) == {"vip": True}
    assert Known(language="es").attributes(offers) == {"language": "es"}
    assert Known(worker="Bea").attributes(offers) == {"first_worker": "Bea", "first_wait": 30}


@pytest.mark.parametrize("rules", [{}, {"know_caller": {}}])
def test_a_line_that_offers_nobody_the_same_worker_asks_for_none(rules: dict[str, Any]) -> None:
    assert Known(worker="Bea").attributes(line(**rules)) == {}


@pytest.mark.parametrize("letters", range(8))
def test_a_name_of_any_length_comes_back_from_the_path(letters: int) -> None:
    known = Known(worker="x" * letters)
    assert of_token(known.token) == known and "=" not in known.token


def test_the_worker_of_another_line_and_of_a_line_that_asks_for_none_is_nobody() -> None:
    found = Profile(vip=True, language="es", workers={"support": Talked("Bea", NOW)})
    rules = KnowCaller(same_worker=SameWorker(days=7))
    assert profile.known(found, "support", rules, NOW) == Known(vip=True, language="es", worker="Bea")
    assert profile.known(found, "sales", rules, NOW) == Known(vip=True, language="es")
    assert profile.known(found, "support", KnowCaller(), NOW) == Known(vip=True, language="es")


# --- Blocked


@pytest.mark.parametrize(("now", "blocked"), [(NOW - 0.5, True), (NOW, False), (NOW + 1, False)])
def test_a_block_ends_at_its_moment(now: float, blocked: bool) -> None:
    assert Profile(blocked_until=NOW).is_blocked(now) is blocked


def test_a_block_for_which_nobody_gives_an_end_is_one_of_a_year() -> None:
    assert block.ends_at(NOW) == NOW + 365 * DAY


def test_the_block_of_a_caller_is_the_latest_one_whatever_else_was_changed_since() -> None:
    changes = [Change(did=did, at=NOW, by=by, sid=by) for did, by in HISTORY]
    found = Profile(partition=f"PHONE#{CALLER}", changes=tuple(changes))
    assert (found.number, found.block) == (CALLER, changes[1])
    assert Profile(changes=(changes[0], changes[2])).block is None


@pytest.mark.parametrize(
    ("number", "rules", "why"),
    [
        (CALLER, {"know_caller": {}}, ""),
        (CALLER, {}, block.NO_LINE),
        ("anonymous", {"know_caller": {}}, "'anonymous' is no caller's number: write it as +14155550100"),
        ("+14155550101", {"know_caller": {}}, "+14155550101 is one of your own lines"),
    ],
)
def test_who_can_be_blocked(number: str, rules: dict[str, Any], why: str) -> None:
    main = {"greeting": "Hello.", "numbers": ["+14155550101"], **rules}
    center = callcenter.of_tables({"default_line": "main", "lines": {"main": main}})
    assert block.why_not(number, center) == why
