"""A team's own system orders work: one task for each key, however often it asks and whatever is lost on the way."""

import io
import json
import re
import time
import urllib.request
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import urllib3

from chalicelib import signing
from chalicelib.config import callcenter, secrets
from chalicelib.links import orders
from chalicelib.work import endpoint, order, posting
from ops import work as works
from ops.__main__ import main
from ops.project import Project
from tests.conftest import WORKFLOW
from tests.support.api_gateway import BASE, event_of, in_base64
from tests.support.caches import forget_everything
from tests.support.driver import Driver

KEY = "the-key-of-our-own-systems"
LEAD = {"kind": "lead", "key": "web-4711", "attributes": {"name": "Ann Lee", "phone": "+12125550171"}}
TASKS = f"POST /v1/Workspaces/WS{'0' * 32}/Tasks"


@pytest.fixture(autouse=True)
def leads(driver: Driver, environment: pytest.MonkeyPatch) -> None:
    """The team takes leads."""
    center = callcenter.parse(f'{callcenter.source()}\n[work.lead]\nsay = "New lead: {{name}}."\npriority = 5\n')
    environment.setattr(callcenter, "current", lambda: center)
    environment.setenv("WORK_KEY", KEY)
    forget_everything()


def signed(body: str, *, key: str = KEY, at: float | None = None) -> dict[str, Any]:
    timestamp = str(int(time.time() if at is None else at))
    event = event_of("POST", "/work", {})
    event["body"] = body
    event["headers"] |= {
        "Content-Type": "application/json",
        "X-Cordboard-Timestamp": timestamp,
        "X-Cordboard-Signature": signing.sign(key, timestamp, body.encode()),
    }
    return event


def send(driver: Driver, event: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    answer = driver.send(event)
    return answer["statusCode"], json.loads(answer["body"])


def lose() -> None:
    """Twilio's answer does not come."""
    raise requests.ReadTimeout


def order_it(driver: Driver, **changes: Any) -> tuple[int, dict[str, Any]]:
    return send(driver, signed(json.dumps(LEAD | changes)))


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    import app

    now = time.time() + seconds
    monkeypatch.setattr(app, "time", SimpleNamespace(time=lambda: now))


def test_an_order_becomes_a_task_with_its_kind_and_key(driver: Driver) -> None:
    status, told = order_it(driver)
    (form,) = driver.twilio.made(TASKS)
    assert (status, told) == (201, {"task_sid": next(iter(driver.twilio.tasks))})
    assert json.loads(form.pop("Attributes")) == {**LEAD["attributes"], "kind": "lead", "work_key": "lead/web-4711"}  # type: ignore[dict-item]
    assert form == {"WorkflowSid": WORKFLOW, "TaskChannel": "default", "Priority": 5, "Timeout": 86400}


def test_the_order_may_have_a_priority_of_its_own(driver: Driver) -> None:
    order_it(driver, priority=0)
    assert driver.twilio.made(TASKS)[0]["Priority"] == 0


def test_the_same_key_makes_one_task_however_often_it_is_sent(driver: Driver) -> None:
    first, again, encoded = order_it(driver), order_it(driver), send(driver, in_base64(signed(json.dumps(LEAD))))
    assert again == encoded == (200, first[1]) and len(driver.twilio.made(TASKS)) == 1


def test_another_key_or_another_kind_is_another_task(driver: Driver) -> None:
    order_it(driver)
    assert order_it(driver, key="web-4712")[0] == 201
    assert len(driver.twilio.tasks) == 2


def test_a_key_that_was_used_for_another_order_is_a_mistake_of_the_sender(driver: Driver) -> None:
    order_it(driver)
    assert order_it(driver, attributes={"name": "Bob"})[0] == 409
    assert len(driver.twilio.tasks) == 1


def test_two_at_once_make_one_task(driver: Driver) -> None:
    between: list[tuple[int, dict[str, Any]]] = []
    driver.twilio.on_task = lambda: between.append(order_it(driver))
    assert order_it(driver)[0] == 201
    assert between[0][0] == 202 and len(driver.twilio.tasks) == 1


def test_an_order_whose_answer_is_lost_finds_its_task_when_it_is_sent_again(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.twilio.on_task = lose
    assert order_it(driver)[0] == 503
    driver.twilio.on_task = None
    assert order_it(driver)[0] == 202  # for a while nobody knows whether the first one is still at work
    later(monkeypatch, posting.LEASE_SECONDS + 1)
    assert order_it(driver) == (200, {"task_sid": next(iter(driver.twilio.tasks))})
    assert len(driver.twilio.tasks) == 1


def test_one_whose_task_has_ended_meanwhile_is_known_by_the_event_that_told_of_it(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.twilio.on_task = lose
    assert order_it(driver)[0] == 503
    ((task_sid, task),) = driver.twilio.tasks.items()
    driver.event("task.created", TaskSid=task_sid, TaskAttributes=task["attributes"])
    driver.twilio.tasks.clear()
    later(monkeypatch, posting.LEASE_SECONDS + 1)
    assert order_it(driver) == (200, {"task_sid": task_sid})


def test_an_event_of_a_task_that_nobody_ordered_here_makes_no_order(driver: Driver) -> None:
    other = json.dumps({"kind": "lead", "work_key": "lead/of somebody else"})
    driver.event("task.created", TaskSid="WT" + "e" * 32, TaskAttributes=other)
    first = order_it(driver)[1]["task_sid"]
    again = json.dumps({"kind": "lead", "work_key": "lead/web-4711"})
    driver.event("task.created", TaskSid="WT" + "e" * 32, TaskAttributes=again)
    assert order_it(driver) == (200, {"task_sid": first})


def test_so_does_one_whose_row_could_not_be_written(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: str) -> None:
        raise ConnectionError

    with monkeypatch.context() as down:
        down.setattr(orders, "keep", broken)
        assert order_it(driver)[0] == 503
    later(monkeypatch, posting.LEASE_SECONDS + 1)
    assert order_it(driver)[0] == 200
    assert order_it(driver)[0] == 200 and len(driver.twilio.tasks) == 1


def test_a_lost_order_of_which_twilio_knows_nothing_is_posted_again(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.twilio.failures = {TASKS: [requests.ReadTimeout()]}
    assert order_it(driver)[0] == 503
    later(monkeypatch, posting.LEASE_SECONDS + 1)
    assert order_it(driver)[0] == 201


@pytest.mark.parametrize(("failure", "status"), [((400, 20001), 400), ((503, 0), 503), ((401, 20003), 503)])
def test_what_twilio_refuses_may_be_sent_again_at_once(driver: Driver, failure: Any, status: int) -> None:
    driver.twilio.failures = {TASKS: [failure]}
    assert order_it(driver)[0] == status
    assert order_it(driver)[0] == 201


def test_with_the_table_down_nothing_is_posted(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(orders, "claim", broken)
    assert order_it(driver)[0] == 503 and driver.twilio.made(TASKS) == []


# --- Who may order


@pytest.mark.parametrize("key", ["", "another key"])
def test_without_the_teams_signature_nothing_is_taken(driver: Driver, key: str) -> None:
    assert send(driver, signed(json.dumps(LEAD), key=key))[0] == 403
    assert driver.twilio.requests == [] and driver.cloud.rows() == []


def test_a_body_that_was_changed_is_refused(driver: Driver) -> None:
    event = signed(json.dumps(LEAD))
    event["body"] = json.dumps(LEAD | {"priority": 9})
    assert send(driver, event)[0] == 403


def test_a_body_in_base64_with_something_else_in_it_is_refused(driver: Driver) -> None:
    event = in_base64(signed(json.dumps(LEAD)))
    event["body"] = f"{event['body'][:8]}%{event['body'][8:]}"
    assert send(driver, event)[0] == 403


@pytest.mark.parametrize("apart", [-signing.CLOCKS_APART_SECONDS - 2, signing.CLOCKS_APART_SECONDS + 2])
def test_a_request_that_somebody_recorded_is_no_longer_taken(driver: Driver, apart: float) -> None:
    assert send(driver, signed(json.dumps(LEAD), at=time.time() + apart))[0] == 403


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("X-Cordboard-Timestamp", "soon"),
        ("X-Cordboard-Timestamp", "1" * 400),
        ("X-Cordboard-Timestamp", ""),
        ("X-Cordboard-Signature", "ü"),
        ("X-Cordboard-Signature", ""),
    ],
)
def test_nonsense_in_a_header_is_refused(driver: Driver, header: str, value: str) -> None:
    event = signed(json.dumps(LEAD))
    event["headers"][header] = value
    assert send(driver, event)[0] == 403


@pytest.mark.parametrize("missing", ["X-Cordboard-Timestamp", "X-Cordboard-Signature"])
def test_who_does_not_even_sign_makes_nobody_read_the_secret(
    driver: Driver, environment: pytest.MonkeyPatch, missing: str
) -> None:
    event = signed(json.dumps(LEAD))
    del event["headers"][missing]
    environment.setattr(secrets, "current", lambda: 1 / 0)
    assert send(driver, event)[0] == 403


def test_a_team_without_a_key_takes_no_orders(driver: Driver, environment: pytest.MonkeyPatch) -> None:
    environment.delenv("WORK_KEY")
    forget_everything()
    assert send(driver, signed(json.dumps(LEAD), key=""))[0] == 403


# --- What may be ordered


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 400),
        ("[]", 400),
        ("{", 400),
        (json.dumps(LEAD | {"kind": "case"}), 404),
        (json.dumps(LEAD | {"kind": 7}), 400),
        (json.dumps(LEAD | {"key": ""}), 400),
        (json.dumps(LEAD | {"key": "a b"}), 400),
        (json.dumps(LEAD | {"key": "k" * 101}), 400),
        (json.dumps(LEAD | {"priority": -1}), 400),
        (json.dumps(LEAD | {"unknown": 1}), 400),
        (json.dumps(LEAD | {"attributes": {"call_sid": "CA1"}}), 400),
        (json.dumps(LEAD | {"attributes": {"kind": "call"}}), 400),
        (json.dumps(LEAD | {"attributes": {"text": "x" * order.LONGEST_ATTRIBUTES}}), 400),
        (json.dumps(LEAD | {"attributes": {"text": "x" * endpoint.MAX_BODY_BYTES}}), 413),
    ],
)
def test_what_cannot_be_taken_says_why(driver: Driver, body: str, status: int) -> None:
    got, told = send(driver, signed(body))
    assert got == status and told["error"]
    assert driver.twilio.requests == [] and driver.cloud.rows() == []


@pytest.mark.parametrize("kind", ["agenda", "zoo"])
def test_every_kind_is_taken_but_that_of_the_messages(
    driver: Driver, environment: pytest.MonkeyPatch, kind: str
) -> None:
    kinds = "".join(f'[work.{name}]\nsay = "New."\n' for name in (kind, "message"))
    center = callcenter.parse(f'default_line = "main"\n[lines.main]\ngreeting = "Hello."\n{kinds}')
    environment.setattr(callcenter, "current", lambda: center)
    assert order_it(driver, kind=kind)[0] == 201
    assert order_it(driver, kind="message") == (404, {"error": f"there is no [work.message]; there is {kind}"})


def of_length(attributes: int) -> dict[str, Any]:
    """A lead whose task's attributes have so many characters as JSON."""
    short = order.read(json.dumps(LEAD | {"attributes": {"text": ""}}).encode())
    return LEAD | {"attributes": {"text": "x" * (attributes - len(short.task_attributes))}}


@pytest.mark.parametrize(
    "lead",
    [
        LEAD | {"key": "k" * 100},
        LEAD | {"key": "!~"},
        LEAD | {"priority": 2147483647},
        of_length(order.LONGEST_ATTRIBUTES),
    ],
    ids=["a key", "signs in it", "a priority", "attributes"],
)
def test_the_most_that_there_may_be_is_taken(driver: Driver, lead: dict[str, Any]) -> None:
    assert send(driver, signed(json.dumps(lead)))[0] == 201


@pytest.mark.parametrize(
    "lead", [LEAD | {"priority": 2147483648}, of_length(order.LONGEST_ATTRIBUTES + 1)], ids=["a priority", "attributes"]
)
def test_one_more_is_not(driver: Driver, lead: dict[str, Any]) -> None:
    assert send(driver, signed(json.dumps(lead)))[0] == 400


@pytest.mark.parametrize(("more", "status"), [(0, 201), (1, 413)])
def test_a_body_may_be_of_32_kib(driver: Driver, more: int, status: int) -> None:
    body = json.dumps(LEAD)
    assert send(driver, signed(body + " " * (32 * 1024 - len(body) + more)))[0] == status


# --- The page


def test_the_function_of_the_page_orders_a_lead(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Path("docs/work.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    named: dict[str, Any] = {}
    exec(program, named)  # noqa: S102 - our own page

    def urlopen(request: urllib.request.Request, timeout: int) -> io.BytesIO:
        event = event_of("POST", "/work", {})
        event["body"] = bytes(request.data or b"").decode()  # type: ignore[arg-type]
        event["headers"] |= dict(request.headers)
        answer = driver.send(event)
        assert answer["statusCode"] in (200, 201), answer
        return io.BytesIO(answer["body"].encode())

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    first = named["order"](BASE, KEY, "lead", "web-1", name="Ann Lee")
    assert first == named["order"](BASE, KEY, "lead", "web-1", name="Ann Lee") == next(iter(driver.twilio.tasks))


def test_an_operator_orders_one_by_hand(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def request(_method: str, _url: str, body: bytes, headers: dict[str, str], **_: Any) -> SimpleNamespace:
        event = event_of("POST", "/work", {})
        event |= {"body": body.decode(), "headers": event["headers"] | headers}
        answer = driver.send(event)
        return SimpleNamespace(status=answer["statusCode"], data=answer["body"].encode())

    monkeypatch.setattr(urllib3, "request", request)
    monkeypatch.setattr(works, "_key", lambda _project: KEY)
    monkeypatch.setattr(Project, "base_url", lambda _project: BASE)
    assert main(["work", "add", "lead", "name=Ann Lee", "--key", "k-1", "--priority", "7"]) == 0
    sid = next(iter(driver.twilio.tasks))
    assert capsys.readouterr().out == f"{sid} is ordered, with the key k-1\n"
    assert main(["work", "add", "lead", "name=Ann Lee", "--key", "k-1", "--priority", "7", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"task_sid": sid, "key": "k-1", "new": False}
    assert main(["work", "add", "case"]) == 1
    assert capsys.readouterr().err == "it is not ordered (404): there is no [work.case]; there is lead\n"
    assert main(["work", "add", "lead", "name"]) == 2
