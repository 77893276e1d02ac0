"""Every endpoint under hostile requests, signed and unsigned: no 5xx, no exception, no secret or number in a log line,
valid TwiML, and no row that stands in the way of the next honest webhook.

`HYPOTHESIS_PROFILE=hostile pytest tests/webhooks/test_fuzz.py` looks for new examples, many more of them.
"""

import io
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, ClassVar
from unittest.mock import patch

import pytest
from botocore.exceptions import ClientError
from hypothesis import assume, given
from hypothesis import strategies as st

from chalicelib import aws, jobs
from chalicelib.links import attributes, reading, steps, table
from chalicelib.links.model import NOTICE
from chalicelib.staff import duty
from chalicelib.twilio import request, urls
from tests.doubles.dynamodb.case import TABLE, table_properties
from tests.doubles.dynamodb.store import Dynamodb
from tests.doubles.twilio import FakeTwilio
from tests.support import hostile, twiml_schema
from tests.support.api_gateway import TOKEN, post, sqs
from tests.support.driver import (
    CALL,
    LEG,
    LEG_PATH,
    RESERVATION,
    Driver,
    assignment_form,
    caller_form,
    event_form,
    leg_form,
    task_attributes,
)
from tests.support.hostile import ANSWER_ROUTE, ENDPOINTS, STATUS_ROUTE, Endpoint, Request

MAX_ROW_BYTES = 400 * 1024
FAR_AWAY = 1e11  # whatever is open is due then
API_KEY_SECRET = "k9" * 16
CRM_KEY = "crm-" + "k8" * 14
SECRETS = (TOKEN, API_KEY_SECRET, CRM_KEY)
EACH_ENDPOINT = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=[endpoint.route for endpoint in ENDPOINTS])

Event = Mapping[str, Any]


@dataclass
class Heard:
    """What became of one event: the answer, or what the function raised; all that it printed; its requests to AWS."""

    answer: dict[str, Any] = field(default_factory=dict)
    raised: BaseException | None = None
    printed: str = ""
    aws: Sequence[str] = ()

    @property
    def status(self) -> int:
        return int(self.answer["statusCode"])

    @property
    def words(self) -> str:
        """The lines as they are printed, and what they say once the JSON is read."""
        return self.printed + "".join(f"\n{value}" for line in self.lines for value in line.values())

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.printed.splitlines()]


class Cloud:
    """AWS without a network: the tables in memory with DynamoDB's limits, a queue, a parameter. `asked` counts."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.sent: list[str] = []
        contacts = {
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("phone", "item")],
            "KeySchema": [
                {"AttributeName": "phone", "KeyType": "HASH"},
                {"AttributeName": "item", "KeyType": "RANGE"},
            ],
        }
        self.dynamodb = Dynamodb({TABLE: table_properties(), "cordboard-test-contacts": contacts})

    def client(self, service: str) -> Any:
        return _Limited(self) if service == "dynamodb" else self

    def send_message(self, **message: Any) -> None:
        self.asked.append("SendMessage")
        assert 0 <= message["DelaySeconds"] <= 900
        self.sent.append(message["MessageBody"])

    def get_parameter(self, **_: Any) -> Any:
        self.asked.append("GetParameter")
        secret = {"auth_tokens": [TOKEN], "api_key_sid": "SK1", "api_key_secret": API_KEY_SECRET, "crm_key": CRM_KEY}
        return {"Parameter": {"Value": json.dumps(secret)}}

    def items(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.dynamodb.scan(TableName=TABLE)["Items"]
        return found


class _Limited:
    """The tables with what the store in memory lets pass: how long a key and how large a row may be."""

    KEYS: ClassVar = {"call_sid": 2048, "item": 1024, "worker_call_sid": 2048, "worker_sid": 2048, "day": 2048}

    def __init__(self, cloud: Cloud) -> None:
        self.cloud, self.exceptions = cloud, cloud.dynamodb.exceptions

    def put_item(self, **request: Any) -> Any:
        return self._write("put_item", request, request["Item"])

    def update_item(self, **request: Any) -> Any:
        values = {name[1:]: value for name, value in request["ExpressionAttributeValues"].items()}
        return self._write("update_item", request, values | request["Key"])

    def __getattr__(self, operation: str) -> Any:
        self.cloud.asked.append(operation)
        return getattr(self.cloud.dynamodb, operation)

    def _write(self, operation: str, request: Any, values: dict[str, Any]) -> Any:
        self.cloud.asked.append(operation)
        long = [name for name, most in self.KEYS.items() if len(values.get(name, {}).get("S", "").encode()) > most]
        if long or len(json.dumps(values, ensure_ascii=False).encode()) > MAX_ROW_BYTES:
            error = {"Error": {"Code": "ValidationException", "Message": f"too large: {long or 'the item'}"}}
            raise ClientError(error, operation)
        return getattr(self.cloud.dynamodb, operation)(**request)


@dataclass(repr=False)
class Application:
    """Everything goes through `app.py`; with an ear on all that it prints, and on what it asks of AWS and Twilio."""

    twilio: FakeTwilio
    cloud: Cloud = field(default_factory=Cloud)

    def hear(self, function: Callable[[], Any]) -> Heard:
        out, heard, before = io.StringIO(), Heard(), len(self.cloud.asked)
        handler = logging.StreamHandler(out)
        logging.getLogger().addHandler(handler)
        try:
            with redirect_stdout(out), redirect_stderr(out):
                heard.answer = function() or {}
        except Exception as error:
            heard.raised = error
        finally:
            logging.getLogger().removeHandler(handler)
        heard.printed, heard.aws = out.getvalue(), self.cloud.asked[before:]
        return heard

    def send(self, event: Event) -> Heard:
        import app

        return self.hear(lambda: app.app(event, None))

    def deliver(self, body: str) -> Heard:
        import app

        return self.hear(lambda: app.jobs_consumer(sqs(body), None))

    def client(self, service: str) -> Any:
        return self.cloud.client(service)

    def clear(self) -> None:
        self.cloud = Cloud()
        vars(self.twilio).update(vars(FakeTwilio()))


@pytest.fixture
def application(environment: pytest.MonkeyPatch, twilio: FakeTwilio) -> Application:
    """One application for all the examples of a test: each example clears it first."""
    environment.delenv("TWILIO_AUTH_TOKEN")
    environment.setenv("TWILIO_SECRET_PARAMETER", "/cordboard/test/twilio")
    application = Application(twilio)
    environment.setattr(aws, "client", application.client)
    application.send(post("/voice/wait", caller_form()))  # the secret is read
    return application


def assert_nothing_slips_out(heard: Heard, number: str, signature: str = "") -> None:
    digits = number[1:]
    wide = "".join(chr(0xFF10 + int(digit)) for digit in digits)
    spaced = f"{digits[0]} ({digits[1:4]}) {digits[4:7]}-{digits[7:]}"
    words = heard.words
    assert "Traceback" not in words, words
    for said in (*SECRETS, digits, wide, spaced, *([signature] if len(signature) > 20 else [])):
        assert said not in words, words


def assert_twiml(request: Request, heard: Heard) -> None:
    assert heard.answer["headers"]["Content-Type"] == "text/xml"
    twiml_schema.check(heard.answer["body"], waiting=request.endpoint.route == "/voice/wait")


def assert_rows_can_be_read(application: Application) -> None:
    rows = [attributes.decode(item) for item in application.cloud.items()]
    for row in rows:
        story = reading.of_call(row["call_sid"])
        kind = {"CALL": "call", "RECORDING": "recording", "TALK": "recording"}.get(
            row["item"].partition("#")[0], "link"
        )
        kind = {duty.PARTITION: "staff", NOTICE: "notice"}.get(row["call_sid"], kind)
        if kind == "call":
            assert story.call is not None
        else:
            assert (row["item"] in {link.reservation_sid for link in story.links}) == (kind == "link")
        assert row.get("open", "") in ("", kind) and row["expires_at"] > 0
    known = {(row["call_sid"], row["item"]) for row in rows}
    assert {(due.key.subject, due.key.reservation_sid) for page in table.due("link", FAR_AWAY) for due in page} <= known


def assert_the_call_goes_on(application: Application) -> None:
    """Honest webhooks of the same call are taken as if nothing had been."""
    for event in (
        post("/voice/incoming", caller_form()),
        post("/taskrouter/events", event_form("task.created")),
        post("/taskrouter/assignment", assignment_form()),
        post(STATUS_ROUTE, leg_form("ringing"), LEG_PATH),
        post(ANSWER_ROUTE, leg_form("in-progress"), LEG_PATH),
        post("/taskrouter/events", event_form("task.completed")),
        post("/voice/after", caller_form(QueueResult="bridged", QueueTime="9")),
    ):
        heard = application.send(event)
        assert heard.raised is None and heard.status in (200, 204), (event, heard)
        assert "ERROR" not in heard.printed, heard.printed
    story = reading.of_call(CALL)
    assert story.call is not None and story.call.queue_result == "bridged" and story.links


def is_too_large(event: dict[str, Any]) -> bool:
    body = event["body"] or ""
    fields = body.count("&") + 1
    return len(body) > request.MAX_BODY_BYTES or fields > request.MAX_FIELDS or bool(event["isBase64Encoded"])


@EACH_ENDPOINT
@given(data=st.data())
def test_a_forged_request_is_refused_and_changes_nothing(
    application: Application, endpoint: Endpoint, data: st.DataObject
) -> None:
    request = data.draw(hostile.forged(endpoint))
    application.twilio.requests.clear()
    heard = application.send(request.event)
    assert heard.raised is None
    assert heard.status == 403 or (heard.status == 413 and is_too_large(request.event)), heard
    assert_nothing_slips_out(heard, request.number, request.signature)
    assert heard.aws == [] and application.twilio.requests == []


@EACH_ENDPOINT
@given(data=st.data())
def test_a_signed_request_is_answered_and_leaves_no_trap(
    application: Application, endpoint: Endpoint, data: st.DataObject
) -> None:
    application.clear()
    request = data.draw(hostile.signed(endpoint))
    heard = application.send(request.event)
    assert heard.raised is None
    assert_nothing_slips_out(heard, request.number, request.signature)
    if heard.status == 413:
        assert is_too_large(request.event)
    elif endpoint.is_voice:
        assert heard.status == 200
        assert_twiml(request, heard)
    else:
        assert heard.status in (200, 204, 400, 404), heard
    assert_rows_can_be_read(application)
    assert_the_call_goes_on(application)


@EACH_ENDPOINT
@given(data=st.data())
def test_a_request_as_twilio_never_makes_one_is_answered(
    application: Application, endpoint: Endpoint, data: st.DataObject
) -> None:
    request = data.draw(hostile.misdirected(endpoint))
    heard = application.send(request.event)
    assert heard.raised is None and heard.status < 500, heard
    assert_nothing_slips_out(heard, request.number)


@given(data=st.data())
def test_a_hostile_request_in_the_middle_of_a_call_changes_nothing_of_it(
    application: Application, data: st.DataObject
) -> None:
    now = time.time()
    expected = outcome(application, {}, now)
    told, asked, _ = expected
    assert [row.get("state") for row in told] == [None, "closed"], expected
    assert any(path.endswith("/Calls.json") for _, path, _ in asked), expected
    endpoint = data.draw(st.sampled_from(ENDPOINTS))
    assume(is_open(endpoint))
    is_of_staff = endpoint.route.startswith("/staff/")  # what a worker really texts means something, whatever the call
    forged = hostile.forged(endpoint)
    request = data.draw(forged if is_of_staff else st.one_of(forged, hostile.astray(endpoint)))
    position = data.draw(st.integers(0, len(AN_HONEST_CALL)))
    assert outcome(application, {position: request}, now) == expected


AN_HONEST_CALL: Sequence[Event | None] = (  # None: the queue delivers what lies on it
    post("/voice/incoming", caller_form()),
    post("/voice/menu/{attempt}", caller_form(Digits="1"), {"attempt": "1"}),
    post("/taskrouter/events", event_form("task.created")),
    post("/voice/wait", caller_form(QueuePosition="1")),
    post("/taskrouter/assignment", assignment_form()),
    None,
    post(STATUS_ROUTE, leg_form("initiated"), LEG_PATH),
    post(STATUS_ROUTE, leg_form("ringing"), LEG_PATH),
    post(ANSWER_ROUTE, leg_form("in-progress"), LEG_PATH),
    post("/taskrouter/events", event_form("reservation.accepted")),
    post(STATUS_ROUTE, leg_form("completed"), LEG_PATH),
    post("/taskrouter/events", event_form("reservation.wrapup")),
    post("/taskrouter/events", event_form("task.wrapup")),
    post("/voice/after", caller_form(QueueResult="bridged", QueueTime="9")),
    post("/voice/survey", caller_form(Digits="4")),
    None,
    post("/taskrouter/events", event_form("reservation.completed")),
    post("/taskrouter/events", event_form("task.completed")),
)


def outcome(application: Application, between: Mapping[int, Request], now: float) -> Any:
    """What is left of an honest call: its rows without times, what Twilio was asked, the messages; and its answers.

    All of it happens at `now`: some answers have the time in a URL.
    """
    import app

    application.clear()
    with patch.object(app, "time", SimpleNamespace(time=lambda: now)):
        return _outcome(application, between)


def _outcome(application: Application, between: Mapping[int, Request]) -> Any:
    answers = []
    for position, event in enumerate([*AN_HONEST_CALL, None]):
        if position in between:
            heard = application.send(between[position].event)
            assert heard.raised is None and heard.status < 500, heard
        if event is not None:
            answers.append(application.send(event).answer)
            continue
        waiting = [body for body in application.cloud.sent if CALL in body]
        application.cloud.sent = [body for body in application.cloud.sent if CALL not in body]
        assert [application.deliver(body).raised for body in waiting] == [None] * len(waiting)
    rows = [attributes.decode(item) for item in application.cloud.items() if item["call_sid"]["S"] == CALL]
    told = [{name: value for name, value in row.items() if not isinstance(value, float | int)} for row in rows]
    return told, list(application.twilio.requests), answers


@pytest.mark.parametrize(
    "document",
    [
        "",
        " <Response/>",
        "<Response>",
        "<response/>",
        "<!DOCTYPE Response><Response/>",
        "<Response>hello</Response>",
        "<Response><Say/></Response>",
        "<Response><Say>a\x00b</Say></Response>",
        "<Response><Say>&#55296;</Say></Response>",
        '<Response><Say pitch="1">a</Say></Response>',
        "<Response><Sing>a</Sing></Response>",
        "<Response><Queue>a</Queue></Response>",
        "<Response><Hangup/><Say>a</Say></Response>",
        '<Response><Dial><Queue reservationSid="CALL"/></Dial></Response>',
        '<Response><Dial><Queue reservationSid="WR{sid}">a</Queue></Dial></Response>',
        "<Response><Dial/></Response>",
        '<Response><Enqueue workflowSid="WW{sid}"><Task>[]</Task></Enqueue></Response>',
        '<Response><Enqueue workflowSid="WW{sid}"><Task>{{}}</Task><Task>{{}}</Task></Enqueue></Response>',
        "<Response><Enqueue/></Response>",
        "<Response><Record/></Response>",
        '<Response><Gather action="javascript:1"/></Response>',
        "<Response><Redirect>http://a_b.example.com/</Redirect></Response>",
        '<Response><Pause length="0x1"/></Response>',
        f"<Response><Say>{'a' * 70_000}</Say></Response>",
    ],
)
def test_the_schema_refuses_what_twilio_would(document: str) -> None:
    with pytest.raises(twiml_schema.Invalid):
        twiml_schema.check(document.replace("{sid}", "a" * 32).replace("{{}}", "{}"))


def test_where_a_caller_waits_the_schema_knows_fewer_verbs() -> None:
    document = "<Response><Enqueue>a</Enqueue></Response>"
    assert twiml_schema.check(document)[0].tag == "Enqueue"
    with pytest.raises(twiml_schema.Invalid):
        twiml_schema.check(document, waiting=True)


def test_no_door_is_left_out(environment: pytest.MonkeyPatch) -> None:
    import app

    # Nobody signs the page for people: tests/webhooks/test_message_page.py sends wrong links to it.
    signed_by_twilio = {route.path for route in urls.ROUTES if route.signed_by == "twilio"}
    others = {urls.WORK.path, urls.MESSAGE_PAGE.path}
    assert set(app.app.routes) - others <= signed_by_twilio <= {endpoint.route for endpoint in ENDPOINTS}


def is_open(endpoint: Endpoint) -> bool:
    import app

    return endpoint.route in app.app.routes


# --- Single examples


@pytest.mark.parametrize(
    "changes",
    [
        {"TaskAttributes": '{"a":' * 5_000 + "1" + "}" * 5_000},
        {"TaskAttributes": task_attributes(call_sid="CA" + "a" * 3000)},
        {"TaskAttributes": task_attributes(call_sid="")},
        {"TimestampMs": "9" * 400},
        {"TimestampMs": "-99999999999999999"},
        {"ReservationSid": ""},
        {"ReservationSid": "CALL"},
        {"TaskSid": "none"},
        {"WorkerSid": "WK" + "a" * 3000},
        {"TaskCanceledReason": "x" * 200_000},
    ],
    ids=lambda changes: f"{next(iter(changes))} {str(next(iter(changes.values())))[-12:]!r}",
)
@pytest.mark.parametrize("kind", hostile.EVENT_TYPES)
def test_an_event_that_cannot_be_true_is_taken_and_forgotten(
    application: Application, kind: str, changes: dict[str, str]
) -> None:
    form = event_form(kind, **changes)
    assert application.send(post("/taskrouter/events", form)).status == 204
    assert_rows_can_be_read(application)
    assert [body for body in application.cloud.sent if not is_job(body)] == []
    assert_the_call_goes_on(application)


@pytest.mark.parametrize("value", ["null", "17", "true", "1.5", "[]", "{}", '{"a":{"b":[]}}', "9" * 30])
def test_a_caller_of_a_strange_type_does_not_spoil_the_record(application: Application, value: str) -> None:
    attributes = f'{{"call_sid":"{CALL}","from":{value},"to":{value}}}'
    assert (
        application.send(post("/taskrouter/events", event_form("task.created", TaskAttributes=attributes))).status
        == 204
    )
    assert application.send(post("/taskrouter/assignment", assignment_form(TaskAttributes=attributes))).status == 200
    story = reading.of_call(CALL)
    assert story.call is not None and story.call.caller == ""
    assert [link.caller for link in story.links] == [""]


def test_an_algorithm_that_nobody_knows_is_not_repeated_in_the_log(application: Application) -> None:
    event = post("/voice/wait", caller_form())
    event["headers"]["X-Twilio-Webhooks-Signature-Settings"] = "key=1,algorithm=+12125550171"
    heard = application.send(event)
    assert heard.status == 403 and "2125550171" not in heard.printed
    assert [line["event"] for line in heard.lines] == ["webhook refused"]


@pytest.mark.parametrize(
    ("spelled", "masked"),
    [
        ("+1 (212) 555-0171", "…71"),
        ("client:u12125550171x", "client:u…71x"),
        ("00112125550171000", "…00"),
        ("+" + "".join(chr(0xFF10 + digit) for digit in (1, 2, 1, 2, 5, 5, 5, 0, 1, 7, 1)), "…\uff17\uff11"),
        (f"{CALL}/{RESERVATION}+12125550171", f"{CALL}/{RESERVATION}…71"),
    ],
)
def test_a_number_is_masked_however_it_is_spelled(application: Application, spelled: str, masked: str) -> None:
    heard = application.send(post("/taskrouter/events", event_form(spelled)))
    assert heard.status == 204 and heard.lines[0]["type"] == masked


def test_a_queue_time_of_five_thousand_digits_is_no_time(application: Application) -> None:
    form = caller_form(QueueResult="leave", QueueTime="9" * 5000)
    heard = application.send(post("/voice/after", form))
    assert "ERROR" not in heard.printed
    assert "<Record" in heard.answer["body"]  # not the apology of a endpoint that failed
    story = reading.of_call(CALL)
    assert story.call is not None and story.call.queue_seconds == 0


def test_a_sentence_of_the_crm_that_xml_cannot_carry_is_said_without_the_character(application: Application) -> None:
    application.send(post("/taskrouter/assignment", assignment_form()))
    steps.begin_dial(reading.of_call(CALL).links[0].key, 1.0, {"crm_whisper": "Ann\x00 Lee\x1b\uffff."})
    heard = application.send(post(ANSWER_ROUTE, leg_form("in-progress"), LEG_PATH))
    assert twiml_schema.check(heard.answer["body"])[0].text == "Ann Lee."


def test_without_a_domain_name_nothing_is_trusted(application: Application) -> None:
    event = post("/voice/incoming", caller_form())
    del event["requestContext"]["domainName"]
    assert application.send(event).status == 403


@pytest.mark.parametrize("leg", ["", "x" * 3000, "\x00"], ids=["missing", "too long for a key", "NUL"])
def test_a_status_of_no_leg_is_taken_and_forgotten(application: Application, leg: str) -> None:
    application.send(post("/taskrouter/assignment", assignment_form()))
    before = reading.of_call(CALL).links
    for status in hostile.CALL_STATUSES:
        assert application.send(post(STATUS_ROUTE, leg_form(status, leg), LEG_PATH)).status == 204
    assert reading.of_call(CALL).links == before


@pytest.mark.parametrize("sid", ["CALL", "%00", pytest.param("x" * 3000, id="too long for a key")])
def test_a_path_that_names_no_link_leads_nowhere(application: Application, sid: str) -> None:
    for path in ({"subject": sid, "reservation_sid": RESERVATION}, {"subject": CALL, "reservation_sid": sid}):
        assert application.send(post(STATUS_ROUTE, leg_form("ringing"), path)).status == 204
        heard = application.send(post(ANSWER_ROUTE, leg_form("in-progress"), path))
        assert "no longer on the line" in heard.answer["body"] and "Traceback" not in heard.printed
    assert application.cloud.items() == []


# --- The jobs queue


def is_job(body: str) -> bool:
    try:
        jobs.decode(body)
    except (jobs.JobError, RecursionError):
        return False
    return True


@given(data=st.data())
def test_a_message_that_is_no_job_is_refused_and_changes_nothing(application: Application, data: st.DataObject) -> None:
    """It raises: SQS delivers it again, and after the third time it lies in the dead-letter queue."""
    application.clear()
    number = data.draw(hostile.numbers)
    body = data.draw(hostile.job_bodies(number))
    heard = application.deliver(body)
    assert_nothing_slips_out(heard, number)
    assert_rows_can_be_read(application)
    if heard.raised is not None:
        assert isinstance(heard.raised, jobs.JobError | UnicodeError), heard.raised
        assert heard.aws == [] and application.twilio.requests == []
    else:
        assert is_job(body)
    assert_the_call_goes_on(application)


def test_the_error_of_a_bad_message_does_not_repeat_what_it_says(application: Application) -> None:
    assert "2125550171" not in str(application.deliver('{"job":"+12125550171"}').raised)


@pytest.mark.parametrize("contact_uri", ["+14155550111\n", "client:bea\n"])
def test_a_worker_whose_contact_ends_in_a_line_feed_cannot_be_reached(
    application: Application, contact_uri: str
) -> None:
    form = assignment_form("Urgent", WorkerAttributes=json.dumps({"contact_uri": contact_uri}))
    assert application.send(post("/taskrouter/assignment", form)).answer["body"] == ""
    (link,) = reading.of_call(CALL).links
    assert (link.contact_uri, link.reason) == ("", "no contact_uri")


GOOD = jobs.encode(jobs.HangUp(LEG))


@pytest.mark.parametrize("bad", ["nonsense", "{}", '{"job":"ring_worker","call_sid":"x"}', "[" * 20_000])
def test_a_bad_message_neither_loses_the_others_nor_comes_for_ever(driver: Driver, bad: str) -> None:
    """SQS as infra/resources.yaml has it: three deliveries, then the dead-letter queue."""
    sqs_client = driver.cloud.client("sqs")
    dead_url = sqs_client.create_queue(QueueName="dead")["QueueUrl"]
    arn = sqs_client.get_queue_attributes(QueueUrl=dead_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})
    sqs_client.set_queue_attributes(QueueUrl=driver.cloud.queue_url, Attributes={"RedrivePolicy": redrive})
    for body in (GOOD, bad, GOOD):
        sqs_client.send_message(QueueUrl=driver.cloud.queue_url, MessageBody=body)
    assert _deliver_until_empty(driver, sqs_client) == {GOOD: 2, bad: 3}
    assert len(driver.twilio.made(f"/Calls/{LEG}.json")) == 2
    [dead] = sqs_client.receive_message(QueueUrl=dead_url)["Messages"]
    assert dead["Body"] == bad


def _deliver_until_empty(driver: Driver, sqs_client: Any) -> dict[str, int]:
    """What Lambda does with a batch size of 1; a message that failed is to be seen again at once."""
    deliveries: dict[str, int] = {}
    request = {"QueueUrl": driver.cloud.queue_url, "VisibilityTimeout": 0, "MaxNumberOfMessages": 1}
    for _ in range(20):
        for message in sqs_client.receive_message(**request).get("Messages", []):
            body = message["Body"]
            deliveries[body] = deliveries.get(body, 0) + 1
            try:
                driver.work(body, message["ReceiptHandle"])
            except (jobs.JobError, RecursionError):
                continue
            sqs_client.delete_message(QueueUrl=driver.cloud.queue_url, ReceiptHandle=message["ReceiptHandle"])
    return deliveries
