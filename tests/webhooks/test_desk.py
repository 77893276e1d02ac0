"""The agent desk: who gets a token, who may take a caller, and how a call is wrapped up."""

import json
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from xml.etree import ElementTree

import jwt
import pytest

from chalicelib import crm, jobs
from chalicelib.config import callcenter, secrets
from chalicelib.config.environment import AFTER_CALL
from chalicelib.config.secrets import Secrets
from chalicelib.links import caller_leg, modes, steps
from chalicelib.links.model import Link
from chalicelib.staff import packaged, rota
from chalicelib.twilio import urls
from tests.conftest import ACTIVITIES, QUEUES, WORKFLOW
from tests.doubles.twilio import UPDATED
from tests.support.api_gateway import TOKEN, post
from tests.support.console import CLAIMS, Answer, Console, console
from tests.support.driver import (
    CALL,
    CALLER,
    LEG,
    LEG_PATH,
    PHONE,
    RESERVATION,
    SUPPORT,
    TASK,
    WORKER,
    Driver,
    caller_form,
    task_attributes,
)

__all__ = ["console"]

BEA = {**CLAIMS, "cognito:groups": "agents", "email": "Bea@example.com"}
CARL = {**BEA, "email": "carl@example.com"}
DORA = {**CLAIMS, "email": "bea@example.com"}  # Bea, as a supervisor
STRANGER = {**BEA, "email": "eve@example.com"}
NOBODY = {**BEA, "cognito:groups": "guests"}
OF_ANOTHER_STAGE = {**BEA, "aud": "client-of-another-stage"}
OF_ANOTHER_POOL = {**BEA, "iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Others"}
KEY, SECRET = "SK" + "d" * 32, "an API key's secret of 32 letters"
AT_DESK = json.dumps({"contact_uri": PHONE, "desk": True})
DISPOSITIONS = """
default_line = "support"
[lines.support]
numbers = ["+14155550100"]
greeting = "Hello."
[queues.Support.after_talk]
keys = { "1" = "solved", "2" = "call again" }
[queues.Support.star]
menu = ["queue:Sales", "person", "back"]
[queues.Sales]
attributes = { department = "sales" }
[queues.Support.answer]
mode = "at-once"
passed_seconds = 20
[queues.Support.activities]
passed = "Unavailable"
after_call = "Wrap up"
after_wrap_up = "Available"
"""


@pytest.fixture
def desk(console: Console, environment: pytest.MonkeyPatch) -> Console:
    """Bea and Carl have a desk, and the stage an API key."""
    desks = rota.Packaged(
        desks={"bea@example.com": "Bea", "carl@example.com": "Carl"}, extensions={"21": "Bea", "22": "Carl"}
    )
    environment.setattr(packaged, "current", lambda: desks)
    with_key = Secrets((TOKEN,), KEY, SECRET)
    environment.setattr(secrets, "current", lambda: with_key)
    center = callcenter.parse(DISPOSITIONS)
    environment.setattr(callcenter, "current", lambda: center)
    return console


def order(desk: Console, route: urls.Route, claims: Mapping[str, str] | None = BEA, **said: str) -> Answer:
    path = LEG_PATH if "{subject}" in route.path else {}
    return desk.order(route, {"sid": str(uuid.uuid4()), **said}, claims, path)


def card(desk: Console, claims: Mapping[str, str] | None = BEA) -> Answer:
    return desk.get(urls.DESK_CARD, claims, path=LEG_PATH)


def offered(driver: Driver) -> None:
    """Bea is reserved, and the job has asked the CRM."""
    driver.assign(WorkerAttributes=AT_DESK)
    for job in driver.queued():
        driver.work(job)


def dialled(driver: Driver) -> int:
    return len(driver.twilio.made("POST /2010-04-01"))


# --- The token


def test_the_token_is_for_the_worker_who_asks_alone(driver: Driver, desk: Console) -> None:
    given = order(desk, urls.DESK_TOKEN)
    assert (given.status, given.data["worker"], given.data["identity"]) == (200, "Bea", "Bea")
    claims = jwt.decode(given.data["token"], SECRET, algorithms=["HS256"])
    assert jwt.get_unverified_header(given.data["token"])["cty"] == "twilio-fpa;v=1"
    grant = {"workspace_sid": "WS" + "0" * 32, "worker_sid": WORKER, "role": "worker"}
    assert claims["grants"] == {"identity": "Bea", "task_router": grant, "voice": {"incoming": {"allow": True}}}
    assert (claims["iss"], claims["sub"], claims["exp"] - claims["nbf"]) == (KEY, "AC" + "0" * 32, 3600)
    assert given.data["token"] not in desk.log.getvalue() and SECRET not in desk.log.getvalue()


@pytest.mark.parametrize(
    "claims",
    [None, NOBODY, STRANGER, OF_ANOTHER_STAGE, OF_ANOTHER_POOL],
    ids=["no token", "no group", "no desk", "another stage's", "another pool's"],
)
@pytest.mark.parametrize(
    "route",
    [urls.DESK_TOKEN, urls.DESK_WRAP_UP, urls.DESK_REJECT, urls.DESK_GIVE, urls.DESK_CARD],
    ids=lambda route: route.path,
)
def test_who_has_no_desk_gets_nothing(
    driver: Driver, desk: Console, route: urls.Route, claims: Mapping[str, str] | None
) -> None:
    offered(driver)
    before, asked = driver.cloud.rows(), len(driver.twilio.requests)
    answer = card(desk, claims) if route == urls.DESK_CARD else order(desk, route, claims, note="x")
    assert answer.status == 403
    assert (driver.cloud.rows(), len(driver.twilio.requests)) == (before, asked)


def test_a_worker_whom_twilio_no_longer_has_gets_no_token(driver: Driver, desk: Console) -> None:
    answer = order(desk, urls.DESK_TOKEN, CARL)
    assert (answer.status, answer.data) == (404, {"error": "Twilio has no worker Carl: ask whoever keeps workers.toml"})


def test_without_an_api_key_it_is_said_what_is_missing(
    driver: Driver, desk: Console, environment: pytest.MonkeyPatch
) -> None:
    environment.setattr(secrets, "current", lambda: Secrets((TOKEN,)))
    answer = order(desk, urls.DESK_TOKEN)
    assert answer.status == 404 and "api_key_sid" in answer.data["error"] and driver.twilio.requests == []


def test_the_page_may_ask_twilio_where_the_libraries_do(desk: Console) -> None:
    answer = desk.get(urls.DESK, None)
    policy = answer.headers["Content-Security-Policy"]
    assert "wss://event-bridge.twilio.com" in policy and "wss://voice-js.roaming.twilio.com" in policy
    of_console = desk.get(urls.CONSOLE, None).headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy and "event-bridge" not in of_console
    assert "http-equiv" not in answer.body and "<script>" not in answer.body


@pytest.mark.parametrize(("file", "status"), [("desk.js", 200), ("../desk.html", 404), ("voice.js", 404)])
def test_its_files_are_there_but_for_the_libraries_of_a_package_without_them(
    desk: Console, file: str, status: int
) -> None:
    assert desk.get(urls.DESK_FILE, None, path={"file": file}).status == status


# --- Taking a caller


def test_the_job_asks_the_crm_and_rings_nobody(driver: Driver, desk: Console) -> None:
    driver.assign(WorkerAttributes=AT_DESK)
    assert (driver.link["mode"], card(desk).data["state"]) == ("desk", "asking")
    (job,) = driver.queued()
    driver.work(job)
    shown = card(desk).data
    assert (shown["state"], shown["caller"], shown["caller_id"]) == ("yes", "…71", SUPPORT)
    assert (dialled(driver), driver.link["state"]) == (0, "preparing")


def test_the_same_job_again_asks_nothing_and_rings_nobody(driver: Driver, desk: Console) -> None:
    offered(driver)
    before = driver.cloud.rows()
    driver.work(jobs.RingWorker(CALL, RESERVATION))
    assert (driver.cloud.rows(), dialled(driver)) == (before, 0)


def test_the_crms_no_rejects(driver: Driver, desk: Console, environment: pytest.MonkeyPatch) -> None:
    def no(_adapter: object, _attempt: object) -> crm.Approval:
        raise crm.Declined("not hers")

    environment.setattr(crm, "prepare", no)
    offered(driver)
    assert (driver.link["outcome"], driver.link["reason"]) == ("rejected", "declined: not hers")
    assert card(desk).data["state"] == "over"


def test_it_is_nobody_elses_card(driver: Driver, desk: Console) -> None:
    offered(driver)
    assert card(desk, CARL).status == 404
    assert order(desk, urls.DESK_WRAP_UP, CARL, note="mine").status == 404
    assert "note" not in driver.link


@pytest.mark.parametrize("path", [{**LEG_PATH, "subject": "STAFF"}, {**LEG_PATH, "reservation_sid": "CALL"}])
def test_a_card_of_nothing_is_not_found(driver: Driver, desk: Console, path: dict[str, str]) -> None:
    offered(driver)
    assert desk.get(urls.DESK_CARD, BEA, path=path).status == 404


@pytest.mark.parametrize(("answer", "body"), [("key", ""), ("at-once", "dequeue")])
def test_in_an_outage_a_phone_is_rung_unasked_only_where_the_queue_asks_nobody(
    driver: Driver, desk: Console, environment: pytest.MonkeyPatch, answer: str, body: str
) -> None:
    rules = f'{DISPOSITIONS}\n[queues.Support]\non_outage = "direct"\n'.replace("at-once", answer)
    center = callcenter.parse(rules)
    environment.setattr(callcenter, "current", lambda: center)

    def down(*_given: object) -> Link:
        raise ConnectionError("the table is down")

    environment.setattr(steps, "reserve", down)
    assert body in driver.assign(WorkerAttributes=AT_DESK)["body"]
    assert bool(body) == ("dequeue" in driver.assign(WorkerAttributes=AT_DESK)["body"])


def test_without_a_console_the_worker_is_rung_as_ever(driver: Driver) -> None:
    offered(driver)
    assert (driver.link["mode"], dialled(driver)) == ("crm-first", 1)


def test_the_desk_is_for_callers_of_queues_that_ask_the_crm_first() -> None:
    mode = modes.DESK
    assert mode.by_job and mode.by_worker and mode.has_caller and not mode.owns_leg
    assert modes.of_task("call", "direct", (), at_desk=True) is modes.DIRECT
    assert modes.of_task("case", "crm-first", ("case",), at_desk=True) is modes.WORK


# --- Rejecting by hand


def test_who_rejects_has_passed_as_on_a_phone(driver: Driver, desk: Console) -> None:
    """They are left out for a while, and the caller is offered to the next one."""
    offered(driver)
    answer = order(desk, urls.DESK_REJECT)
    assert (answer.status, answer.data) == (200, {"said": "The caller is offered to somebody else."})
    assert (driver.link["outcome"], driver.link["reason"]) == ("rejected", "passed")
    assert driver.twilio.moves == [ACTIVITIES["Unavailable"]]
    assert order(desk, urls.DESK_REJECT).status == 200
    assert driver.twilio.moves == [ACTIVITIES["Unavailable"]]


def test_a_caller_may_be_rejected_before_the_crm_has_said_anything(driver: Driver, desk: Console) -> None:
    driver.assign(WorkerAttributes=AT_DESK)
    assert order(desk, urls.DESK_REJECT).status == 200
    for job in driver.queued():
        driver.work(job)
    assert (driver.link["reason"], dialled(driver)) == ("passed", 0)


def test_who_talks_rejects_nobody(driver: Driver, desk: Console) -> None:
    talked(driver)
    answer = order(desk, urls.DESK_REJECT)
    assert (answer.status, answer.data) == (409, {"error": "this caller is not offered to you any more"})
    assert driver.twilio.moves == [] and "reason" not in driver.link


@pytest.mark.parametrize(("claims", "status"), [(CARL, 404), (STRANGER, 403)])
def test_nobody_rejects_for_somebody_else(
    driver: Driver, desk: Console, claims: Mapping[str, str], status: int
) -> None:
    offered(driver)
    assert order(desk, urls.DESK_REJECT, claims).status == status
    assert "reason" not in driver.link


# --- Giving the caller away


def in_room(driver: Driver, *, told: bool = True) -> None:
    """Bea and the caller are in TaskRouter's conference; whether its event has come."""
    offered(driver)
    driver.twilio.tasks[TASK] = {
        "sid": TASK,
        "assignment_status": "assigned",
        "attributes": task_attributes(worker_call_sid=LEG, department="support", conference={"sid": "CF1"}),
        "task_queue_sid": QUEUES["Support"],
        "workflow_sid": WORKFLOW,
        "date_updated": UPDATED,
    }
    if told:
        driver.event("reservation.accepted", TaskAttributes=task_attributes(worker_call_sid=LEG))


def led(driver: Driver) -> list[str]:
    """Where the caller's call was sent."""
    return [form["Url"] for form in driver.twilio.made(f"Calls/{CALL}.json") if "Url" in form]


def on_hold(driver: Driver, url: str) -> str:
    """What the caller hears there."""
    route, path = urls.find(url) or (urls.HOLD, {})
    answer = driver.send(post(route.path, caller_form(), path))
    assert answer["statusCode"] == 200
    return str(answer["body"])


@pytest.mark.parametrize(
    ("to", "routed"),
    [("queue:Sales", {"department": "sales"}), ("person:Carl", {"department": "support", "agent": "Carl"})],
)
def test_the_caller_goes_where_the_worker_says(
    driver: Driver, desk: Console, to: str, routed: Mapping[str, str]
) -> None:
    in_room(driver)
    assert card(desk).data["ways"] == ["queue:Sales", "person:Carl"]
    answer = order(desk, urls.DESK_GIVE, to=to)
    assert (answer.status, answer.data) == (200, {"said": f"The caller goes to {to.partition(':')[2]}."})
    (url,) = led(driver)
    task = json.loads(ElementTree.fromstring(on_hold(driver, url)).findtext(".//Task") or "")
    assert {name: task[name] for name in routed} == routed and "conference" not in task
    assert (task["transferred_from"], task["round"]) == ("Bea", 2)
    assert driver.call["round"] == 2


def test_the_same_again_leads_nobody_out_of_their_new_place(driver: Driver, desk: Console) -> None:
    in_room(driver)
    order(desk, urls.DESK_GIVE, to="queue:Sales")
    assert order(desk, urls.DESK_GIVE, to="queue:Sales").status == 409  # the first one may still be at work
    on_hold(driver, led(driver)[0])
    again = order(desk, urls.DESK_GIVE, to="queue:Sales")
    assert (again.status, again.data) == (200, {"said": "The caller goes to Sales."})
    assert len(led(driver)) == 1


def test_the_first_word_counts(driver: Driver, desk: Console) -> None:
    in_room(driver)
    order(desk, urls.DESK_GIVE, to="queue:Sales")
    other = order(desk, urls.DESK_GIVE, to="person:Carl")
    assert (other.status, other.data) == (409, {"error": "the caller goes to Sales already"})
    assert driver.link["transferred_to"] == "queue:Sales" and len(led(driver)) == 1


def test_whom_twilio_does_not_lead_out_goes_on_at_the_end_of_the_talk(driver: Driver, desk: Console) -> None:
    in_room(driver)
    driver.twilio.failures[f"POST /2010-04-01/Accounts/AC{'0' * 32}/Calls/{CALL}.json"] = [503] * 3
    assert order(desk, urls.DESK_GIVE, to="queue:Sales").status == 503
    answer = driver.send(post(urls.AFTER.path, caller_form(QueueResult="bridged", QueueTime="3")))
    (url,) = (verb.text or "" for verb in ElementTree.fromstring(answer["body"]).iter("Redirect"))
    assert '"department":"sales"' in on_hold(driver, url)


def test_an_event_that_is_late_keeps_nobody_from_it(driver: Driver, desk: Console) -> None:
    in_room(driver, told=False)
    assert order(desk, urls.DESK_GIVE, to="queue:Sales").status == 200
    assert driver.link["bridged_at"] and driver.link["worker_call_sid"] == LEG


def test_the_end_of_the_first_task_says_nothing_of_the_next_workers_leg(driver: Driver, desk: Console) -> None:
    in_room(driver)
    order(desk, urls.DESK_GIVE, to="queue:Sales")
    next_one, next_task = "WR" + "e" * 32, "WT" + "e" * 32
    driver.assign("Sales", ReservationSid=next_one, TaskSid=next_task, WorkerAttributes=AT_DESK)
    driver.event("task.completed", TaskAttributes=task_attributes(worker_call_sid=LEG))
    assert "worker_call_sid" not in driver.cloud.row(next_one)


@pytest.mark.parametrize(
    ("to", "claims", "status"),
    [
        ("", BEA, 400),
        ("queue:Nowhere", BEA, 400),
        ("person:Bea", BEA, 400),  # to herself
        ("back", BEA, 400),
        ("queue:Sales", CARL, 404),
        ("queue:Sales", STRANGER, 403),
    ],
)
def test_nobody_is_given_to_nowhere_or_by_somebody_else(
    driver: Driver, desk: Console, to: str, claims: Mapping[str, str], status: int
) -> None:
    in_room(driver)
    assert order(desk, urls.DESK_GIVE, claims, to=to).status == status
    assert led(driver) == [] and "held_at" not in driver.link


def test_before_the_talk_and_after_it_nobody_can_be_given_away(driver: Driver, desk: Console) -> None:
    offered(driver)
    assert order(desk, urls.DESK_GIVE, to="queue:Sales").status == 409
    in_room(driver)
    driver.event("reservation.completed")
    assert order(desk, urls.DESK_GIVE, to="queue:Sales").status == 409
    assert led(driver) == []


def test_a_caller_who_has_hung_up_is_given_to_nobody(driver: Driver, desk: Console) -> None:
    in_room(driver)
    driver.twilio.failures[f"POST /2010-04-01/Accounts/AC{'0' * 32}/Calls/{CALL}.json"] = [(400, 21220)]
    answer = order(desk, urls.DESK_GIVE, to="queue:Sales")
    assert (answer.status, answer.data) == (409, {"error": "the caller is gone"})


# --- Supervisors


def test_a_supervisor_is_rung_into_a_talk_of_the_desk(driver: Driver, desk: Console) -> None:
    talked(driver)
    (talk,) = desk.get(urls.DESK_TALKS, DORA).data["talks"]
    assert (talk["worker"], talk["caller"], talk["reservation_sid"]) == ("Bea", "…71", RESERVATION)
    answer = order(desk, urls.DESK_TALK, DORA, way="coach")
    assert (answer.status, answer.data) == (200, {"said": "Your phone rings."})
    (asked,) = driver.twilio.made(f"Tasks/{TASK}/Reservations/{RESERVATION}")
    assert asked == {"Instruction": "supervise", "SupervisorMode": "whisper", "Supervisor": WORKER}
    (line,) = [line for line in desk.lines() if line["event"] == "talk is supervised"]
    assert (line["who"], line["way"], line["call_sid"]) == (DORA["email"], "coach", CALL)


def test_an_agent_supervises_nobody(driver: Driver, desk: Console) -> None:
    talked(driver)
    assert desk.get(urls.DESK_TALKS, BEA).status == order(desk, urls.DESK_TALK, BEA, way="listen").status == 403
    assert driver.twilio.made("Reservations") == []


@pytest.mark.parametrize(("way", "status"), [("", 400), ("record", 400), ("listen", 404)])
def test_before_the_talk_there_is_nothing_to_hear(driver: Driver, desk: Console, way: str, status: int) -> None:
    offered(driver)
    assert desk.get(urls.DESK_TALKS, DORA).data["talks"] == []
    assert order(desk, urls.DESK_TALK, DORA, way=way).status == status


def test_a_talk_that_is_over_at_twilio_is_said_so(driver: Driver, desk: Console) -> None:
    talked(driver)
    driver.twilio.failures[f"Tasks/{TASK}/Reservations"] = [(400, 40158)]
    answer = order(desk, urls.DESK_TALK, DORA, way="join")
    assert (answer.status, answer.data["error"]) == (409, "the talk is over, or Twilio lets nobody into it")


# --- Wrapping up


def talked(driver: Driver) -> None:
    offered(driver)
    driver.event("reservation.accepted")


def test_what_is_written_in_the_talk_is_kept_and_the_talk_goes_on(driver: Driver, desk: Console) -> None:
    talked(driver)
    driver.twilio.reservations[RESERVATION] = {"sid": RESERVATION, "reservation_status": "accepted"}
    answer = order(desk, urls.DESK_WRAP_UP, note="a note")
    assert answer.data == {"said": "Kept. The talk goes on."}
    assert (driver.link["note"], driver.link["state"], card(desk).data["state"]) == ("a note", "bridged", "talk")


def test_after_the_talk_the_task_is_completed_and_the_worker_free(driver: Driver, desk: Console) -> None:
    talked(driver)
    driver.wrap_up()
    answer = order(desk, urls.DESK_WRAP_UP, disposition="call again", note="next week")
    assert (answer.status, answer.data) == (200, {"said": "Done."})
    link = driver.link
    assert (link["disposition"], link["note"], link["outcome"]) == ("call again", "next week", "completed")
    assert driver.twilio.tasks[TASK]["assignment_status"] == "completed"
    again = order(desk, urls.DESK_WRAP_UP, disposition="call again", note="next week")
    assert again.data == {"said": "Kept."}


def wraps_up(driver: Driver) -> None:
    """As Twilio has it: the worker is in the activity that they talked in until an event moves them."""
    before = driver.twilio.activity
    driver.wrap_up()
    driver.twilio.activity = before


def test_an_event_that_comes_after_done_begins_no_wrap_up(driver: Driver, desk: Console) -> None:
    talked(driver)
    wraps_up(driver)
    assert order(desk, urls.DESK_WRAP_UP, note="quick").data == {"said": "Done."}
    driver.event("reservation.wrapup", TimestampMs=str(int(time.time() * 1000)))
    driver.event("task.wrapup", TimestampMs=str(int(time.time() * 1000)))
    assert (driver.twilio.moves, driver.queued()) == ([], [])


def test_done_while_an_event_begins_the_wrap_up_puts_the_worker_back_afterwards(driver: Driver, desk: Console) -> None:
    talked(driver)
    wraps_up(driver)
    caller_leg.record(CALL, {"wrapping_at": time.time()}, time.time(), once="wrapping_at")
    assert order(desk, urls.DESK_WRAP_UP, note="quick").data == {"said": "Done."}
    driver.twilio.activity = ACTIVITIES["Wrap up"]  # what the event's request does only now
    driver.twilio.activity_since = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    asked = {"QueueUrl": driver.cloud.queue_url + AFTER_CALL, "AttributeNames": ["ApproximateNumberOfMessagesDelayed"]}
    counted = driver.cloud.client("sqs").get_queue_attributes(**asked)["Attributes"]
    assert counted["ApproximateNumberOfMessagesDelayed"] == "1"
    now = time.time()
    driver.work(jobs.PutBack(WORKER, ACTIVITIES["Wrap up"], ACTIVITIES["Available"], now - 2, now + 18, CALL))
    assert driver.twilio.moves == [ACTIVITIES["Available"]]


def test_a_disposition_that_the_queue_has_not_is_refused(driver: Driver, desk: Console) -> None:
    talked(driver)
    answer = order(desk, urls.DESK_WRAP_UP, disposition="sold")
    assert (answer.status, answer.data) == (400, {"error": "disposition is one of solved, call again"})
    assert "disposition" not in driver.link


def test_no_number_of_a_caller_is_in_the_log(driver: Driver, desk: Console) -> None:
    talked(driver)
    card(desk)
    order(desk, urls.DESK_WRAP_UP, note=f"call {CALLER}")
    assert CALLER not in desk.log.getvalue()
