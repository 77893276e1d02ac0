"""Every webhook is untrusted until its signature holds; bad input gets a clear answer and changes nothing."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import botocore.client
import pytest
from twilio.request_validator import HMAC_SHA256

from chalicelib.twilio import urls
from tests.conftest import ENVIRONMENT
from tests.support.api_gateway import BASE, TOKEN, get, in_base64, post
from tests.support.caches import forget_everything
from tests.support.checkout import OWN_TEAM
from tests.support.driver import LEG_PATH, RESERVATION, Driver, assignment_form, caller_form, event_form, leg_form

ROOT = Path(__file__).parent.parent.parent

STEPS = ("pin", "key", "until", "note", "lines", "listen")
ENDPOINTS: list[tuple[str, dict[str, str], dict[str, str]]] = [
    ("/voice/incoming", caller_form(), {}),
    ("/voice/menu/{attempt}", caller_form(), {"attempt": "1"}),
    (urls.MENUS.path, caller_form(), {"trail": "main", "attempt": "1", "total": "1"}),
    (urls.MENUS_OF_KNOWN.path, caller_form(), {"caller": "-", "trail": "main", "attempt": "1", "total": "1"}),
    (urls.SCREENED.path, caller_form(Digits="1"), {"caller": "-", "digit": "4", "attempt": "1"}),
    (urls.EXTENSION.path, caller_form(Digits="21"), {"caller": "-", "attempt": "1"}),
    (urls.PERSON_WAIT.path, caller_form(QueueTime="5"), {"extension": "21"}),
    (urls.PERSON_AFTER.path, caller_form(QueueResult="leave"), {"extension": "21"}),
    ("/voice/wait", caller_form(), {}),
    (urls.WAIT_TOLD.path, caller_form(), {"position": "3", "minutes": "2", "since": "1795230000"}),
    ("/voice/wait/key", caller_form(Digits="1"), {}),
    ("/voice/after", caller_form(QueueResult="leave"), {}),
    ("/voice/moved", caller_form(), {}),
    ("/voice/declined", caller_form(), {}),
    ("/voice/survey", caller_form(Digits="1"), {}),
    ("/voice/voicemail", caller_form(), {}),
    ("/voice/recording", caller_form(RecordingStatus="completed"), {}),
    ("/voice/transcription", caller_form(TranscriptionStatus="completed"), {}),
    ("/voice/fallback", caller_form(), {}),
    ("/taskrouter/assignment", assignment_form(), {}),
    ("/taskrouter/events", event_form("task.created"), {}),
    ("/worker/{subject}/{reservation_sid}/answer", leg_form("in-progress"), LEG_PATH),
    ("/worker/{subject}/{reservation_sid}/ask/{attempt}", leg_form("in-progress"), {**LEG_PATH, "attempt": "1"}),
    ("/worker/{subject}/{reservation_sid}/accept/{attempt}", leg_form("in-progress"), {**LEG_PATH, "attempt": "1"}),
    ("/worker/{subject}/{reservation_sid}/verdict", leg_form("in-progress"), LEG_PATH),
    ("/worker/{subject}/{reservation_sid}/detected", leg_form("in-progress"), LEG_PATH),
    ("/worker/{subject}/{reservation_sid}/status", leg_form("ringing"), LEG_PATH),
    ("/worker/{subject}/{reservation_sid}/after", leg_form("in-progress"), LEG_PATH),
    ("/worker/{subject}/{reservation_sid}/disposition", leg_form("in-progress"), LEG_PATH),
    ("/worker/{subject}/{reservation_sid}/note", leg_form("in-progress"), LEG_PATH),
    (urls.CALLBACK_CONFIRM.path, caller_form(Digits="1"), {"number": "12125550171"}),
    (urls.CALLBACK_NUMBER.path, caller_form(Digits="2125550171"), {}),
    (urls.WORKER_CALLED.path, leg_form("in-progress"), LEG_PATH),
    (urls.WORKER_CALLED_KEY.path, leg_form("in-progress"), LEG_PATH),
    (urls.AFTER_ROUND.path, caller_form(QueueResult="bridged"), {"number": "2"}),
    (urls.HOLD.path, caller_form(), {"reservation_sid": RESERVATION, "since": "1795230000", "attempt": "1"}),
    (urls.HOLD_OVER.path, caller_form(), {}),
    (urls.ROOM.path, caller_form(), LEG_PATH),
    (urls.WORKER_STAR.path, leg_form("in-progress"), {**LEG_PATH, "attempt": "1"}),
    (urls.WORKER_STAR_KEY.path, leg_form("in-progress"), {**LEG_PATH, "attempt": "1"}),
    (urls.WORKER_STAR_PERSON.path, leg_form("in-progress"), {**LEG_PATH, "attempt": "1"}),
    (urls.WORKER_STAR_OVER.path, leg_form("in-progress"), LEG_PATH),
    (urls.WORKER_ROOM.path, leg_form("in-progress"), LEG_PATH),
    (urls.HELD.path, caller_form(), {**LEG_PATH, "attempt": "1"}),
    (urls.WORKER_CONSULT.path, leg_form("in-progress"), LEG_PATH),
    (urls.WORKER_CONSULT_ALONE.path, leg_form("in-progress"), LEG_PATH),
    (urls.WAIT_CALLBACK.path, caller_form(QueueTime="0"), {}),
    (urls.CLOSED_KEY.path, caller_form(Digits="9"), {}),
    (urls.CLOSED_CALLBACK.path, caller_form(Digits="1"), {"number": "own"}),
    (urls.CLOSED_NUMBER.path, caller_form(Digits="2125550171"), {}),
    (urls.CLOSED_DIALED.path, caller_form(DialCallStatus="completed"), {}),
    (urls.WORKER_RECORDING.path, leg_form("in-progress"), LEG_PATH),
    *(
        (route.path, caller_form(Digits="1"), {"line": "1", "attempt": "1"})
        for route in (urls.STAFF_LINE, urls.STAFF_LINE_UNTIL)
    ),
    (urls.WORKER_MESSAGE.path, leg_form("in-progress"), {**LEG_PATH, "attempt": "1"}),
    ("/staff/message", {"From": "+14155550111", "To": "+14155550105", "Body": "on"}, {}),
    ("/staff/call", caller_form(To="+14155550105"), {}),
    *((f"/staff/call/{step}/{{attempt}}", caller_form(Digits="1"), {"attempt": "1"}) for step in STEPS),
]


def test_every_route_is_tried_here() -> None:
    assert {path for path, _, _ in ENDPOINTS} == {route.path for route in urls.ROUTES if route.signed_by == "twilio"}


@pytest.fixture
def untouched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The requests to AWS from here on; a refused webhook makes none."""
    made: list[str] = []
    real = botocore.client.BaseClient._make_api_call

    def count(client: Any, operation: str, given: Any) -> Any:
        made.append(operation)
        return real(client, operation, given)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", count)
    return made


def status(driver: Driver, event: dict[str, Any]) -> int:
    return int(driver.send(event)["statusCode"])


@pytest.mark.parametrize(("route", "form", "path"), ENDPOINTS, ids=[endpoint[0] for endpoint in ENDPOINTS])
def test_every_door_opens_to_twilio_only(
    driver: Driver, untouched: list[str], route: str, form: dict[str, str], path: dict[str, str]
) -> None:
    changed = post(route, form, path)
    changed["body"] += "&Extra=1"
    forged = [post(route, form, path, token=None), post(route, form, path, token="wrong"), changed]
    assert [status(driver, event) for event in forged] == [403, 403, 403]
    assert untouched == [] and driver.twilio.requests == []
    assert status(driver, post(route, form, path)) in (200, 204)


def test_a_custom_domain_with_a_base_path(driver: Driver) -> None:
    event = post(
        "/voice/incoming",
        caller_form(To="+14155550102"),
        base="https://phone.example.com/queue",
        domain="phone.example.com",
        prefix="/queue",
    )
    answer = driver.send(event)
    assert answer["statusCode"] == 200 and "https://phone.example.com/queue/voice/wait" in answer["body"]


def test_a_proxy_that_changes_the_host(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_BASE_URL", "https://calls.example.org/x/")
    forget_everything()
    event = post("/voice/incoming", caller_form(To="+14155550102"), base="https://calls.example.org/x")
    assert "https://calls.example.org/x/voice/wait" in driver.send(event)["body"]
    assert status(driver, post("/voice/incoming", caller_form())) == 403


def test_while_tokens_rotate_each_of_them_holds(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", f"newest,{TOKEN}")
    forget_everything()
    tokens = ("newest", TOKEN, "older", "")
    assert [status(driver, post("/voice/wait", caller_form(), token=token)) for token in tokens] == [200, 200, 403, 403]


def test_repeated_and_blank_parameters_count(driver: Driver) -> None:
    pairs = [*caller_form().items(), ("Digits", "1"), ("Digits", "2"), ("Spare", ""), ("Spare", "")]
    assert status(driver, post("/voice/wait", pairs)) == 200
    event = post("/voice/wait", pairs)
    event["body"] = event["body"].replace("&FromCity=", "")
    assert status(driver, event) == 403


def test_white_space_and_letters_of_any_kind_hold(driver: Driver) -> None:
    assert status(driver, post("/voice/wait", caller_form(FromCity=" São Paulo+ ", CallerName="李 \U0001f600"))) == 200


def test_the_newer_algorithm_holds(driver: Driver) -> None:
    assert status(driver, post("/voice/wait", caller_form(), algorithm=HMAC_SHA256)) == 200


def test_an_algorithm_that_nobody_knows_does_not(driver: Driver) -> None:
    event = post("/voice/wait", caller_form())
    event["headers"]["X-Twilio-Webhooks-Signature-Settings"] = "algorithm=ROT13"
    assert status(driver, event) == 403


def test_headers_may_come_in_lower_case(driver: Driver) -> None:
    event = post("/voice/wait", caller_form())
    event["headers"] = {name.lower(): value for name, value in event["headers"].items()}
    assert status(driver, event) == 200


def test_a_body_in_base64_holds(driver: Driver) -> None:
    assert status(driver, in_base64(post("/voice/wait", caller_form()))) == 200


LEG_SID = "CA" + "b" * 32
BUSY = f"CallSid={LEG_SID}&CallStatus=busy"


@pytest.mark.parametrize(
    ("name", "value", "signed"),
    [
        ("Timestamp", "Fri, 15 Jan 2027 08:00:00 +0000", "Timestamp=Fri%2C+15+Jan+2027+08:00:00+%2B0000"),
        ("Timestamp", "Fri, 15 Jan 2027 08:00:00 +0000", "Timestamp=Fri%2C%2015%20Jan%202027%2008%3A00%3A00%20%2B0000"),
        ("To", "sip:bea@clinic.example", "To=sip:bea@clinic.example"),
        ("To", "sip:bea@clinic.example", "To=sip%3Abea%40clinic.example"),
        ("To", "sip:bea@clinic.example", "To=sip%3Abea@clinic.example"),
        ("FromCity", "COEUR D'ALENE", "FromCity=COEUR+D'ALENE"),
        ("FromCity", "COEUR D'ALENE", "FromCity=COEUR%20D'ALENE"),
        ("FromCity", "COEUR D'ALENE", "FromCity=COEUR+D%27ALENE"),
    ],
)
def test_a_query_holds_as_any_library_of_twilios_spells_it(driver: Driver, name: str, value: str, signed: str) -> None:
    route, query = urls.WORKER_STATUS.path, [("CallSid", LEG_SID), ("CallStatus", "busy"), (name, value)]
    assert status(driver, get(route, query, LEG_PATH, signed_query=f"{BUSY}&{signed}")) == 204
    changed = [*query[:-1], (name, f"{value}x")]
    assert status(driver, get(route, changed, LEG_PATH, signed_query=f"{BUSY}&{signed}")) == 403


def test_a_query_holds_in_either_spelling(driver: Driver) -> None:
    query = [("CallStatus", "ringing"), ("CallSid", "CA1"), ("ToCity", "SAN JOSE")]
    route = "/worker/{subject}/{reservation_sid}/status"
    for spelled in (
        "CallStatus=ringing&CallSid=CA1&ToCity=SAN+JOSE",
        "CallStatus=ringing&CallSid=CA1&ToCity=SAN%20JOSE",
        "CallSid=CA1&CallStatus=ringing&ToCity=SAN+JOSE",
    ):
        assert status(driver, get(route, query, LEG_PATH, signed_query=spelled)) == 204
    assert status(driver, get(route, query, LEG_PATH, signed_query="CallStatus=busy")) == 403


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("x=" + "a" * 1024 * 1024, 413),
        ("&".join(f"f{number}=1" for number in range(600)), 413),
        ("CallSid=%FF%FE", 403),
        ("\udcff", 403),
        ("", 403),
        ("{}", 403),
    ],
    ids=["1 MiB", "600 fields", "invalid UTF-8", "a lone surrogate", "empty", "JSON"],
)
def test_bad_bodies_are_refused_in_words(driver: Driver, untouched: list[str], body: str, expected: int) -> None:
    answer = driver.send(post("/voice/incoming", caller_form(), body=body))
    assert answer["statusCode"] == expected and answer["body"] and "Traceback" not in answer["body"]
    assert untouched == []


def test_json_where_a_form_belongs_is_refused(driver: Driver, untouched: list[str]) -> None:
    event = post("/voice/incoming", {}, body=json.dumps(caller_form()), content_type="application/json")
    assert status(driver, event) == 415 and untouched == []


def test_without_a_secret_nothing_is_trusted(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TWILIO_AUTH_TOKEN")
    forget_everything()
    answer = driver.send(post("/voice/incoming", caller_form()))
    assert answer["statusCode"] == 503
    assert "TWILIO_SECRET_PARAMETER" in driver.log.getvalue()


def test_the_secret_is_read_from_ssm_once(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, untouched: list[str]
) -> None:
    secret = json.dumps({"auth_tokens": ["newest", TOKEN + "\n"], "api_key_sid": "SK1", "unknown": 1})
    driver.cloud.client("ssm").put_parameter(Name="/cordboard/test/twilio", Type="SecureString", Value=secret)
    monkeypatch.delenv("TWILIO_AUTH_TOKEN")
    monkeypatch.setenv("TWILIO_SECRET_PARAMETER", "/cordboard/test/twilio")
    forget_everything()
    untouched.clear()
    assert [status(driver, post("/voice/wait", caller_form())) for _ in range(3)] == [200, 200, 200]
    assert untouched == ["GetParameter"]


def test_the_token_never_reaches_the_log(driver: Driver) -> None:
    for route, form, path in ENDPOINTS:
        driver.send(post(route, form, path))
        driver.send(post(route, form, path, token="wrong"))
    assert TOKEN not in driver.log.getvalue()


HOURS = (
    "from chalicelib.config import callcenter\n"
    "text = callcenter.source().replace('[lines.support]', '[lines.support]\\nhours = \"all\"', 1)\n"
    'text += \'[hours.all]\\nzone = "Europe/Berlin"\\nweek = { mon-sun = ["00:00-24:00"] }\\n\'\n'
    "callcenter.source = lambda: text\n"
)
NEVER = HOURS.replace('"00:00-24:00"', "")


@pytest.mark.parametrize("rules", ["", HOURS, NEVER], ids=["plain", "open", "closed"])
def test_the_first_webhook_of_a_call_loads_neither_boto3_nor_the_rest_client(rules: str) -> None:
    event = post("/voice/incoming", caller_form(), base=BASE)
    program = (
        f"{OWN_TEAM}{rules}import json, sys, app\n"
        "answer = app.app(json.load(sys.stdin), None)\n"
        "assert answer['statusCode'] == 200, answer\n"
        "print([name for name in ('boto3', 'botocore', 'twilio.rest', 'requests', 'urllib3') if name in sys.modules])"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(
        command, input=json.dumps(event), env=ENVIRONMENT, cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]" and ("closed line" in done.stdout) == (rules == NEVER)
