"""Numbers that are taken over: where they led is kept for every operator, and they are given back as they were."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.ops.files import API
from tests.ops.harness import NUMBERS, Cut
from tests.ops.operator import Operator
from tests.support.terminal import Terminal

OLD, NEWER = "https://old.example.com/voice", "https://newer.example.com/ivr?a=1#rc=2"
ONE, OTHER = NUMBERS
TRUNK, APPLICATION = "TK" + "1" * 32, "AP" + "1" * 32
FALLBACK = "https://old.example.com/sorry"
STATUS = "https://user:password@old.example.com/status"
# How numbers are found in production: everything that a number may carry.
FOUND: dict[str, dict[str, str]] = {
    "a URL": {"voice_url": OLD},
    "a URL by GET": {"voice_url": OLD, "voice_method": "GET"},
    "all URLs": {
        "voice_url": OLD,
        "voice_method": "GET",
        "voice_fallback_url": FALLBACK,
        "voice_fallback_method": "GET",
        "status_callback": STATUS,
    },
    "an application": {"voice_application_sid": APPLICATION},
    "an application before URLs": {"voice_application_sid": APPLICATION, "voice_url": OLD},
    "a trunk": {"trunk_sid": TRUNK},
    "a trunk before URLs": {"trunk_sid": TRUNK, "voice_url": OLD, "voice_fallback_url": FALLBACK},
    "a status callback alone": {"status_callback": STATUS},
    "nothing": {},
}
SHOWN = ("trunk_sid", "voice_application_sid", *FOUND["all URLs"])


def number(operator: Operator, phone_number: str = ONE) -> Any:
    (found,) = operator.account.client.incoming_phone_numbers.list(phone_number=phone_number)
    return found


def led(operator: Operator, phone_number: str = ONE) -> dict[str, str]:
    return {name: getattr(number(operator, phone_number), name) or "" for name in SHOWN}


def leads_here(operator: Operator, phone_number: str = ONE) -> bool:
    found = number(operator, phone_number)
    return bool(str(found.voice_url).startswith(API)) and not found.trunk_sid and not found.voice_application_sid


def kept(stage: str = "dev") -> dict[str, Any]:
    """What is kept in SSM, by number."""
    found = boto3.client("ssm").get_parameters_by_path(Path=f"/cordboard/{stage}/numbers", WithDecryption=True)
    values = [json.loads(parameter["Value"]) for parameter in found["Parameters"]]
    return {value["number"]: value["fields"] for value in values}


@pytest.fixture
def colleague(operator: Operator, tmp_path: Path) -> Operator:
    """Somebody else with a checkout of their own, at the same accounts."""
    return Operator(tmp_path / "colleague", operator.account)


@pytest.mark.parametrize("before", FOUND.values(), ids=FOUND)
def test_a_number_is_given_back_as_it_was_found_by_whoever_destroys(
    before: dict[str, str], operator: Operator, colleague: Operator
) -> None:
    number(operator).update(**before)
    as_found = led(operator)
    assert operator.types("apply", "--yes") == 0
    assert leads_here(operator)
    assert colleague.types("destroy", "--yes") == 0
    assert led(operator) == as_found
    assert kept() == {}


@pytest.mark.parametrize("before", FOUND.values(), ids=FOUND)
def test_a_failed_go_live_gives_a_number_back_and_leaves_all_else(
    before: dict[str, str], operator: Operator, colleague: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    number(operator).update(**before)
    as_found = led(operator)
    operator.types("apply", "--yes")
    restored = colleague.types("number", "restore", ONE, "--yes")
    if not before:
        assert restored == 1
        assert f"nothing is kept of where {ONE} led before stage dev: nothing was changed" in capsys.readouterr().err
        return
    assert restored == 0
    assert led(operator) == as_found
    assert len(operator.account.engine.workers.list()) == 2
    assert operator.types("apply", "--yes") == 0
    assert leads_here(operator) and kept()[ONE] == as_found


def test_what_is_kept_is_encrypted_and_tagged(operator: Operator) -> None:
    number(operator).update(voice_url=OLD)
    operator.types("apply", "--yes")
    name = f"/cordboard/dev/numbers/{ONE.removeprefix('+')}"
    (parameter,) = boto3.client("ssm").describe_parameters()["Parameters"]
    assert (parameter["Name"], parameter["Type"]) == (name, "SecureString")
    tags = boto3.client("ssm").list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"application": "cordboard", "stage": "dev"}


def test_the_list_shows_where_each_number_leads_and_led(
    operator: Operator, colleague: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    number(operator).update(voice_url=OLD)
    assert colleague.types("number", "list", "--json") == 0
    before = json.loads(capsys.readouterr().out)["numbers"]
    assert before[0] == {"number": ONE, "now": OLD, "is_ours": False, "is_owned": True, "before": "", "since": ""}
    operator.types("apply", "--yes")
    capsys.readouterr()
    assert colleague.types("number", "list") == 0
    shown = capsys.readouterr().out.splitlines()
    assert [line.split()[:4] for line in shown[1:]] == [[ONE, "this", "stage", OLD], [OTHER, "this", "stage"]]


# --- Taken over twice


def test_a_second_apply_keeps_what_the_first_found(operator: Operator) -> None:
    number(operator).update(voice_url=OLD)
    operator.types("apply", "--yes")
    number(operator).update(status_callback=STATUS, voice_method="GET")
    operator.types("apply", "--yes")
    assert leads_here(operator)
    assert kept()[ONE]["voice_url"] == OLD


def test_a_number_that_somebody_led_elsewhere_meanwhile_is_given_back_there(operator: Operator) -> None:
    number(operator).update(voice_url=OLD)
    operator.types("apply", "--yes")
    number(operator).update(voice_url=NEWER)
    operator.types("apply", "--yes")
    assert kept()[ONE]["voice_url"] == NEWER
    operator.types("number", "restore", ONE, "--yes")
    assert number(operator).voice_url == NEWER


def test_an_api_that_is_made_anew_takes_over_from_the_old_one_and_nothing_is_lost(operator: Operator) -> None:
    number(operator).update(voice_url=OLD)
    for url in ("https://first.example.com/api", "https://second.example.com/api", API):
        assert operator.types("apply", "--yes", "--api-url", url) == 0
        assert number(operator).voice_url.startswith(url)
        assert kept()[ONE]["voice_url"] == OLD
    operator.types("number", "restore", "--all", "--yes")
    assert number(operator).voice_url == OLD


def test_a_break_between_keeping_and_taking_over_from_an_older_api_loses_nothing(operator: Operator) -> None:
    number(operator).update(voice_url=OLD)
    operator.types("apply", "--yes", "--api-url", "https://first.example.com/api")
    for after in range(4):
        operator.account.transport.before = Cut(after)
        operator.types("apply", "--yes")
        operator.account.transport.before = lambda method, path: None
    assert operator.types("apply", "--yes") == 0
    assert kept()[ONE]["voice_url"] == OLD


def test_a_stage_that_takes_over_from_another_gives_back_to_it(operator: Operator) -> None:
    other = "https://prod.execute-api.eu-west-1.amazonaws.com/api"
    number(operator).update(voice_url=OLD)
    operator.types("apply", "--stage", "new", "--api-url", other, "--yes")
    operator.types("apply", "--stage", "dev", "--yes")
    assert (kept("new")[ONE]["voice_url"], kept("dev")[ONE]["voice_url"].startswith(other)) == (OLD, True)
    operator.types("number", "restore", ONE, "--yes")
    assert number(operator).voice_url.startswith(other)
    operator.types("number", "restore", ONE, "--stage", "new", "--yes")
    assert number(operator).voice_url == OLD


# --- At once


def meanwhile(operator: Operator, when: Callable[[str, str], bool], do: Callable[[], object]) -> None:
    """Somebody else does this just before the first request for which that holds."""

    def before(method: str, path: str) -> None:
        if when(method, path):
            operator.account.transport.before = lambda method, path: None
            do()

    operator.account.transport.before = before


def is_about_the_number(change: bool) -> Callable[[str, str], bool]:
    return lambda method, path: "/IncomingPhoneNumbers/PN" in path and (method == "POST") == change


@pytest.mark.parametrize("change", [False, True], ids=["before it looks", "after it looked"])
def test_two_applies_at_once_keep_what_the_first_found(change: bool, operator: Operator, colleague: Operator) -> None:
    number(operator).update(voice_url=OLD)
    meanwhile(operator, is_about_the_number(change), lambda: colleague.types("apply", "--yes"))
    assert operator.types("apply", "--yes") == 0
    assert leads_here(operator)
    assert kept()[ONE]["voice_url"] == OLD
    assert len(operator.account.client.taskrouter.v1.workspaces.list()) == 1


@pytest.mark.parametrize("request_", range(12))
def test_two_applies_at_once_make_nothing_twice_wherever_they_meet(
    request_: int, operator: Operator, colleague: Operator
) -> None:
    number(operator).update(voice_url=OLD)
    counted = [0]

    def nth_change(method: str, path: str) -> bool:
        counted[0] += method != "GET"
        return method != "GET" and counted[0] == request_ + 1

    meanwhile(operator, nth_change, lambda: colleague.types("apply", "--yes"))
    assert operator.types("apply", "--yes") == 0
    engine = operator.account.engine
    for collection in (engine.activities, engine.task_queues, engine.workflows, engine.workers):
        names = [one.friendly_name for one in collection.list()]
        assert sorted(set(names)) == sorted(names)
    assert kept()[ONE]["voice_url"] == OLD
    assert operator.types("plan") == 0


def test_what_changed_after_the_question_is_left_and_said(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    number(operator).update(voice_url=OLD)

    class Slow(Terminal):
        """They think it over, and somebody leads the number elsewhere."""

        def readline(self, *size: Any) -> Any:
            number(operator).update(voice_url=NEWER)
            return super().readline(*size)

    monkeypatch.setattr("sys.stdin", Slow("y\n"))
    assert operator.types("apply") == 1
    said = capsys.readouterr().err
    assert f"number {ONE} leads to {OLD} today" in said
    assert f"somebody changes Twilio at the same time: number {ONE} leads to {NEWER} today. That is left" in said
    assert number(operator).voice_url == NEWER
    assert operator.account.client.taskrouter.v1.workspaces.list() == []


def test_a_number_that_was_led_elsewhere_while_it_is_given_back_is_left(operator: Operator) -> None:
    number(operator).update(voice_url=OLD)
    operator.types("apply", "--yes")
    meanwhile(operator, is_about_the_number(False), lambda: number(operator).update(voice_url=NEWER))
    operator.types("number", "restore", ONE, "--yes")
    assert number(operator).voice_url == NEWER
    assert kept()[ONE]["voice_url"] == OLD


# --- Destroy


def test_destroy_leaves_a_number_that_leads_elsewhere_by_now_and_says_so(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    number(operator).update(voice_url=OLD)
    operator.types("apply", "--yes")
    number(operator).update(voice_url=NEWER)
    capsys.readouterr()
    assert operator.types("destroy", "--yes") == 0
    said = capsys.readouterr().err
    assert f"number {ONE}: it leads to {NEWER} by now, which is left as it is; where it led before stays kept" in said
    assert (number(operator).voice_url, kept()[ONE]["voice_url"]) == (NEWER, OLD)


def test_destroy_gives_back_when_the_api_is_gone_already(operator: Operator) -> None:
    number(operator).update(voice_url=OLD)
    operator.types("apply", "--stage", "new", "--api-url", API, "--yes")
    assert operator.types("destroy", "--stage", "new", "--yes") == 0
    assert number(operator).voice_url == OLD


def test_destroy_gives_back_a_number_that_the_files_name_no_more(operator: Operator) -> None:
    number(operator, OTHER).update(voice_url=OLD)
    operator.types("apply", "--yes")
    operator.change(operator.center, OTHER, "+14155550177")
    assert operator.types("destroy", "--yes") == 0
    assert number(operator, OTHER).voice_url == OLD


@pytest.mark.parametrize("after", range(3))
def test_a_destroy_that_broke_off_is_finished_by_the_next(after: int, operator: Operator) -> None:
    number(operator).update(voice_url=OLD)
    operator.types("apply", "--yes")
    operator.account.transport.before = Cut(after)
    operator.types("destroy", "--yes")
    operator.account.transport.before = lambda method, path: None
    assert operator.types("destroy", "--yes") == 0
    assert (number(operator).voice_url, number(operator, OTHER).voice_url, kept()) == (OLD, None, {})


# --- What goes wrong


def test_a_number_is_not_touched_when_where_it_led_cannot_be_kept(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    number(operator).update(voice_url=OLD)
    operator.account.transport.sent.clear()
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert operator.types("apply", "--yes") == 1
    assert "no AWS region is set" in capsys.readouterr().err
    assert operator.account.transport.changes == []


def test_what_somebody_else_wrote_into_the_parameter_is_said_without_its_text(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"/cordboard/dev/numbers/{ONE.removeprefix('+')}"
    boto3.client("ssm").put_parameter(Name=name, Type="SecureString", Value=STATUS)
    number(operator).update(voice_url=OLD)
    assert operator.types("apply", "--yes") == 1
    said = capsys.readouterr().err
    assert f"the parameter {name} is not what was kept of a number" in said
    assert STATUS not in said


@pytest.mark.parametrize("words", [(), (ONE, "--all")])
def test_restore_wants_numbers_or_all_of_them(
    words: tuple[str, ...], operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    assert operator.types("number", "restore", *words) == 2
    assert "say which numbers, or --all: python -m ops number list --stage dev shows them" in capsys.readouterr().err


def test_a_number_that_the_account_lost_is_shown_and_not_given_back(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    number(operator).update(voice_url=OLD)
    operator.types("apply", "--yes")
    del operator.account.twilio.numbers[ONE]
    assert operator.types("number", "restore", ONE, "--yes") == 1
    capsys.readouterr()
    assert operator.types("number", "list") == 0
    assert f"{ONE}  not the account's  {OLD}" in capsys.readouterr().out
