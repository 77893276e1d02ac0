"""Work that is no call, at the agent desk: chats taken in the browser, done, given back, and left by a closed page."""

import json
import time
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib import crm, jobs
from chalicelib.config import callcenter, secrets
from chalicelib.config.secrets import Secrets
from chalicelib.links import reading, steps
from chalicelib.links.model import GIVEN_BACK, LEFT_UNDONE, Key
from chalicelib.reports import story
from chalicelib.staff import packaged, rota
from chalicelib.twilio import urls
from chalicelib.work import again, order, posting
from tests.conftest import ACTIVITIES, QUEUES, WORKFLOW
from tests.doubles.twilio import UPDATED
from tests.support.api_gateway import TOKEN
from tests.support.console import CLAIMS, Answer, Console, console
from tests.support.driver import PHONE, RESERVATION, TASK, WORKER, Driver
from tests.webhooks.test_sweep import Later, later, swept
from tests.webhooks.test_tell import Inbox, inbox

__all__ = ["console", "inbox", "later"]

BEA = {**CLAIMS, "cognito:groups": "agents", "email": "bea@example.com"}
CARL = {**BEA, "email": "carl@example.com"}
STRANGER = {**BEA, "email": "eve@example.com"}
AT_DESK = json.dumps({"contact_uri": PHONE, "desk": True})
WITHOUT_PHONE = json.dumps({"desk": True})
KEY = Key(TASK, RESERVATION)
PATH = {"subject": TASK, "reservation_sid": RESERVATION}
LIMIT = 3600
CHAT = {"kind": "chat", "work_key": "chat/4711", "name": "Ann Lee", "chat_id": "a/b?c 4711", "topic": "a new roof"}
RULES = f"""
default_line = "support"
[lines.support]
numbers = ["+14155550100"]
greeting = "Hello."
[queues.Support.after_talk]
keys = {{ "1" = "solved", "2" = "call again" }}
[queues.Support.star]
menu = ["person"]
[queues.Support.answer]
mode = "at-once"
passed_seconds = 20
[queues.Support.activities]
passed = "Unavailable"
declined = "Unavailable"
no_answer = "Unavailable"
after_call = "Wrap up"
after_wrap_up = "Available"
[work.chat]
at = "desk"
channel = "chat"
crm = "contacts"
say = "{{name}} writes about {{topic}}."
link = "https://chat.example.com/{{chat_id}}"
give_back_after = {LIMIT}
priority = 3
[work.lead]
say = "New lead: {{name}}."
"""


@pytest.fixture(autouse=True)
def team(driver: Driver, environment: pytest.MonkeyPatch) -> None:
    """The team chats at the desk, and its leads are on the phone."""
    center = callcenter.parse(RULES)
    environment.setattr(callcenter, "current", lambda: center)
    driver.twilio.attributes = json.dumps(CHAT)
    driver.twilio.task = "reserved"


@pytest.fixture
def desk(console: Console, environment: pytest.MonkeyPatch) -> Iterator[Console]:
    """Bea and Carl have a desk, and the CRM knows who writes."""
    environment.setattr(packaged, "current", lambda: DESKS)
    environment.setattr(secrets, "current", lambda: Secrets((TOKEN,)))
    environment.setattr(crm, "prepare", lambda *_: crm.Approval("Ann", "Gold member.", {"visits": 3}))
    yield console


DESKS = rota.Packaged(desks={"bea@example.com": "Bea", "carl@example.com": "Carl"}, extensions={"22": "Carl"})


def assign(driver: Driver, attributes: Mapping[str, Any] = CHAT, worker: str = AT_DESK) -> dict[str, Any]:
    return driver.assign(TaskAttributes=json.dumps(attributes), WorkerAttributes=worker)


def offered(driver: Driver, attributes: Mapping[str, Any] = CHAT, worker: str = AT_DESK) -> None:
    """Bea is reserved, and the job has asked the CRM."""
    driver.twilio.attributes = json.dumps(attributes)
    assert assign(driver, attributes, worker)["statusCode"] == 200
    for job in driver.queued():
        driver.work(job)


def event(driver: Driver, kind: str, **form: str) -> None:
    assert driver.event(kind, TaskAttributes=driver.twilio.attributes, **form) == 204


def accepted(driver: Driver, *, told: bool = True, attributes: Mapping[str, Any] = CHAT) -> None:
    """Bea's browser has accepted it at Twilio; whether its event has come."""
    driver.twilio.reservations[RESERVATION] = {
        "sid": RESERVATION,
        "reservation_status": "accepted",
        "worker_sid": WORKER,
        "worker_name": "Bea",
    }
    driver.twilio.tasks[TASK] = {
        "sid": TASK,
        "assignment_status": "assigned",
        "attributes": json.dumps(attributes),
        "task_queue_sid": QUEUES["Support"],
        "workflow_sid": WORKFLOW,
        "date_updated": UPDATED,
        "date_created": "2026-11-21T08:00:00Z",
        "priority": 7,
    }
    if told:
        event(driver, "reservation.accepted", TimestampMs=str(int(time.time() * 1000)))


def taken(driver: Driver) -> None:
    offered(driver)
    accepted(driver)


def say(desk: Console, route: urls.Route, claims: Mapping[str, str] = BEA, **said: str) -> Answer:
    return desk.order(route, {"sid": str(uuid.uuid4()), **said}, claims, PATH)


def card(desk: Console, claims: Mapping[str, str] = BEA) -> Answer:
    return desk.get(urls.DESK_CARD, claims, path=PATH)


def dialled(driver: Driver) -> list[dict[str, Any]]:
    return driver.twilio.made("POST /2010-04-01")


def made(driver: Driver) -> list[dict[str, Any]]:
    """The tasks that were posted."""
    return [form for method, path, form in driver.twilio.requests if method == "POST" and path.endswith("/Tasks")]


def status(driver: Driver) -> str:
    return str(driver.twilio.tasks[TASK]["assignment_status"])


# --- From the reservation to the card


def test_the_crm_comes_first_and_nobody_is_rung(driver: Driver, desk: Console) -> None:
    assert assign(driver)["body"] == ""
    assert (driver.link["mode"], driver.link["work"], card(desk).data["state"]) == ("desk-work", "chat", "asking")
    assert "answer" not in driver.link  # nobody is asked for a key
    (job,) = driver.queued()
    driver.work(job)
    shown = card(desk).data
    assert (shown["state"], shown["is_at_desk"], shown["kind"]) == ("yes", True, "chat")
    assert (shown["say"], shown["text"], shown["name"]) == ("Ann Lee writes about a new roof.", "Gold member.", "Ann")
    assert shown["link"] == "https://chat.example.com/a%2Fb%3Fc%204711"
    assert shown["dispositions"] == ["solved", "call again"] and dialled(driver) == []


def test_the_same_assignment_and_the_same_job_again_change_nothing(driver: Driver, desk: Console) -> None:
    offered(driver)
    before = driver.cloud.rows()
    assert assign(driver)["body"] == "" and driver.queued() == []
    driver.work(jobs.RingWorker(TASK, RESERVATION))
    assert driver.cloud.rows() == before and dialled(driver) == []


def test_a_worker_without_a_phone_does_it_too(driver: Driver, desk: Console) -> None:
    offered(driver, worker=WITHOUT_PHONE)
    assert card(desk).data["state"] == "yes" and driver.twilio.moves == []


@pytest.mark.parametrize("worker", [{"contact_uri": PHONE}, {"contact_uri": PHONE, "desk": "true"}])
def test_who_has_no_desk_is_rung_as_ever(driver: Driver, desk: Console, worker: dict[str, str]) -> None:
    offered(driver, worker=json.dumps(worker))
    (rung,) = dialled(driver)
    assert rung["To"] == PHONE and "/ask/1" in rung["Url"] and driver.link["mode"] == "work"


def test_without_a_console_the_worker_is_rung_as_ever(driver: Driver) -> None:
    offered(driver)
    assert driver.link["mode"] == "work" and len(dialled(driver)) == 1


def test_a_kind_that_is_not_of_the_desk_rings_there_as_well_and_the_card_says_so(driver: Driver, desk: Console) -> None:
    offered(driver, {"kind": "lead", "name": "Ann Lee"})
    assert len(dialled(driver)) == 1
    assert (card(desk).data["state"], card(desk).data["is_at_desk"]) == ("phone", False)
    assert say(desk, urls.DESK_GIVE_BACK).status == 409


@pytest.mark.parametrize("missing", ["", "..", ".", None, ["4711"], True, "4" * 201])
def test_no_attribute_leads_the_worker_anywhere_else(driver: Driver, desk: Console, missing: Any) -> None:
    offered(driver, {**CHAT, "chat_id": missing})
    assert card(desk).data["link"] == ""


def test_the_crms_name_is_said_where_the_task_has_none(driver: Driver, desk: Console) -> None:
    offered(driver, {name: value for name, value in CHAT.items() if name != "name"})
    assert card(desk).data["say"] == "Ann writes about a new roof."


@pytest.mark.parametrize("given", [4711, 4.5, "4" * 200, "a..b"])
def test_a_number_or_a_short_text_is_part_of_the_link(driver: Driver, desk: Console, given: object) -> None:
    offered(driver, {**CHAT, "chat_id": given})
    assert card(desk).data["link"] == f"https://chat.example.com/{given}"


def test_an_attribute_is_no_host_and_no_path_of_its_own(driver: Driver, desk: Console) -> None:
    offered(driver, {**CHAT, "chat_id": "//evil.example/@x#y"})
    assert card(desk).data["link"] == "https://chat.example.com/%2F%2Fevil.example%2F%40x%23y"


@pytest.mark.parametrize(
    "route",
    [urls.DESK_WRAP_UP, urls.DESK_REJECT, urls.DESK_GIVE_BACK, urls.DESK_CARD],
    ids=lambda route: route.path,
)
@pytest.mark.parametrize(("claims", "refused"), [(CARL, 404), (STRANGER, 403)], ids=["another worker", "no desk"])
def test_it_is_nobody_elses(
    driver: Driver, desk: Console, route: urls.Route, claims: Mapping[str, str], refused: int
) -> None:
    taken(driver)
    before = driver.cloud.rows()
    answer = card(desk, claims) if route == urls.DESK_CARD else say(desk, route, claims, note="mine")
    assert (answer.status, driver.cloud.rows(), status(driver)) == (refused, before, "assigned")


# --- The CRM


def test_the_crms_no_to_the_worker_gives_it_to_the_next_one(
    driver: Driver, desk: Console, environment: pytest.MonkeyPatch
) -> None:
    refuse(environment, crm.Declined("not hers"))
    offered(driver)
    assert (driver.link["outcome"], driver.link["reason"]) == ("rejected", "declined: not hers")
    assert driver.twilio.moves == [ACTIVITIES["Unavailable"]] and card(desk).data["state"] == "over"


def test_the_crms_no_to_the_work_withdraws_it_and_moves_nobody(
    driver: Driver, desk: Console, environment: pytest.MonkeyPatch
) -> None:
    refuse(environment, crm.DeclinedCaller("closed"))
    offered(driver)
    assert driver.twilio.task == "canceled" and driver.twilio.moves == []
    driver.twilio.reservation = "canceled"
    event(driver, "task.canceled", TaskCanceledReason="declined")
    assert (driver.link["outcome"], driver.link["reason"]) == ("canceled", "declined: closed")


def test_a_crm_that_fails_offers_it_again_in_a_moment_and_moves_nobody(
    driver: Driver, desk: Console, environment: pytest.MonkeyPatch
) -> None:
    refuse(environment, crm.Unavailable("down"))
    offered(driver)
    assert card(desk).data["state"] == "asking"
    driver.work(jobs.Reject(TASK, RESERVATION, TASK, "CRM failed: down", "", WORKER))
    assert driver.twilio.reservation == "rejected" and driver.twilio.moves == [] and dialled(driver) == []


def refuse(environment: pytest.MonkeyPatch, error: Exception) -> None:
    def prepare(_adapter: object, _attempt: object) -> crm.Approval:
        raise error

    environment.setattr(crm, "prepare", prepare)


@pytest.mark.parametrize("rules", ["", '\n[queues.Support]\non_outage = "direct"\n'])
def test_with_the_table_down_nobody_is_rung_and_it_is_offered_again(
    driver: Driver, desk: Console, environment: pytest.MonkeyPatch, rules: str
) -> None:
    center = callcenter.parse(RULES + rules)
    environment.setattr(callcenter, "current", lambda: center)
    sent: list[jobs.Job] = []
    environment.setattr(steps, "reserve", lambda *_: 1 / 0)
    environment.setattr(jobs, "send", lambda job, delay_seconds=0: sent.append(job))
    assert assign(driver)["body"] == ""
    (job,) = sent
    driver.work(job)
    assert (driver.twilio.reservation, driver.twilio.moves, dialled(driver)) == ("rejected", [], [])


# --- Taking it: at Twilio alone


def test_who_has_taken_it_sees_so_after_the_page_is_drawn_anew(driver: Driver, desk: Console) -> None:
    taken(driver)
    assert (driver.link["state"], card(desk).data["state"]) == ("bridged", "talk")


@pytest.mark.parametrize("kinds", [["reservation.accepted"] * 2, ["reservation.accepted", "reservation.created"]])
def test_events_that_come_twice_or_late_change_nothing(driver: Driver, desk: Console, kinds: list[str]) -> None:
    taken(driver)
    before = driver.link
    for kind in kinds:
        event(driver, kind)
    assert driver.link == before


def test_an_acceptance_that_comes_before_the_crms_yes_stands(driver: Driver, desk: Console) -> None:
    assign(driver)
    (job,) = driver.queued()
    accepted(driver)
    driver.work(job)
    assert (driver.link["state"], card(desk).data["state"], dialled(driver)) == ("bridged", "talk", [])


def test_an_event_of_it_that_is_lost_is_made_up_for_by_the_sweep(driver: Driver, desk: Console, later: Later) -> None:
    offered(driver)
    accepted(driver, told=False)
    later(200)
    driver.sweep()
    assert (driver.link["state"], status(driver)) == ("bridged", "assigned")
    assert swept(driver)["left accepted"] == 1 and driver.twilio.made("/Calls/") == []


def test_a_reservation_that_times_out_as_take_is_pressed_is_over(driver: Driver, desk: Console) -> None:
    offered(driver)
    driver.twilio.reservation = "timeout"
    event(driver, "reservation.timeout")
    assert (driver.link["outcome"], card(desk).data["state"]) == ("timeout", "over")
    assert say(desk, urls.DESK_REJECT).status == 409
    assert say(desk, urls.DESK_GIVE_BACK).status == 409 and made(driver) == []


def test_nobody_listens_to_a_chat(driver: Driver, desk: Console) -> None:
    taken(driver)
    dora = {**CLAIMS, "email": "bea@example.com"}
    assert desk.get(urls.DESK_TALKS, dora).data["talks"] == []
    assert desk.get(urls.CONSOLE_BOARD, dora).data["talking"] == []
    assert say(desk, urls.DESK_TALK, dora, way="listen").status == 404


def test_nobody_gives_a_chat_to_a_queue(driver: Driver, desk: Console) -> None:
    taken(driver)
    assert say(desk, urls.DESK_GIVE, to="person:Carl").status == 400
    assert say(desk, urls.DESK_ASK, do="ask", to="person:Carl").status == 400
    assert say(desk, urls.DESK_ASK, do="back").status == 409
    assert "held_at" not in driver.link and "consults" not in driver.link


# --- Rejecting


def test_who_rejects_has_passed_as_on_a_phone(driver: Driver, desk: Console) -> None:
    offered(driver)
    answer = say(desk, urls.DESK_REJECT)
    assert (answer.status, answer.data) == (200, {"said": "It is offered to somebody else."})
    assert (driver.link["outcome"], driver.link["reason"]) == ("rejected", "passed")
    assert say(desk, urls.DESK_REJECT).status == 200 and driver.twilio.moves == [ACTIVITIES["Unavailable"]]


@pytest.mark.parametrize("told", [True, False], ids=["told", "its event is late"])
def test_who_has_taken_it_rejects_nothing(driver: Driver, desk: Console, told: bool) -> None:
    offered(driver)
    accepted(driver, told=told)
    answer = say(desk, urls.DESK_REJECT)
    assert (answer.status, answer.data) == (409, {"error": "this is not offered to you any more"})
    assert driver.twilio.moves == [] and "reason" not in driver.link


def test_work_that_is_withdrawn_while_its_card_is_open_is_over(driver: Driver, desk: Console) -> None:
    offered(driver)
    driver.twilio.reservation, driver.twilio.task = "canceled", "canceled"
    event(driver, "reservation.canceled")
    event(driver, "task.canceled", TaskCanceledReason="solved")
    assert (driver.link["outcome"], card(desk).data["state"]) == ("canceled", "over")
    assert driver.twilio.moves == [] and driver.queued() == []


def test_a_reservation_that_is_taken_back_blames_nobody(driver: Driver, desk: Console) -> None:
    """The task goes on waiting, and no phone rang that anybody could have missed."""
    offered(driver)
    driver.twilio.reservation, driver.twilio.task = "canceled", "pending"
    event(driver, "reservation.canceled")
    assert driver.twilio.moves == [] and "reason" not in driver.link


# --- Done


def test_done_completes_it_and_keeps_what_was_said(driver: Driver, desk: Console) -> None:
    taken(driver)
    answer = say(desk, urls.DESK_WRAP_UP, disposition="solved", note="a leak")
    assert (answer.status, answer.data, status(driver)) == (200, {"said": "Done."}, "completed")
    link = driver.link
    assert (link["disposition"], link["note"], link["outcome"]) == ("solved", "a leak", "completed")
    assert driver.twilio.moves == [] and made(driver) == []
    assert say(desk, urls.DESK_WRAP_UP, disposition="solved", note="a leak").data == {"said": "Kept."}
    assert say(desk, urls.DESK_GIVE_BACK).data == {"error": "it is over"} and made(driver) == []


def test_done_counts_although_the_event_that_it_was_taken_is_late(driver: Driver, desk: Console) -> None:
    offered(driver)
    accepted(driver, told=False)
    assert say(desk, urls.DESK_WRAP_UP, note="quick").data == {"said": "Done."}
    event(driver, "reservation.accepted")
    event(driver, "reservation.completed")
    event(driver, "task.completed")
    assert (status(driver), driver.link["outcome"], bool(driver.link["bridged_at"])) == ("completed", "completed", True)


def test_before_it_is_taken_nothing_is_done(driver: Driver, desk: Console) -> None:
    offered(driver)
    answer = say(desk, urls.DESK_WRAP_UP, note="early")
    assert (answer.status, answer.data) == (409, {"error": "take it first"})
    assert say(desk, urls.DESK_GIVE_BACK).data == {"error": "take it first"}
    assert driver.link["state"] == "preparing" and driver.twilio.task == "reserved"


def test_done_while_twilio_is_down_is_finished_by_the_sweep(driver: Driver, desk: Console, later: Later) -> None:
    taken(driver)
    driver.twilio.failures = {f"POST /v1/Workspaces/WS{'0' * 32}/Tasks/{TASK}": [503]}
    assert say(desk, urls.DESK_WRAP_UP, note="kept").status == 503
    later(300)
    driver.sweep()
    assert (status(driver), driver.link["note"], driver.link["outcome"]) == ("completed", "kept", "completed")
    assert made(driver) == []


def test_the_teams_own_system_may_end_it(driver: Driver, desk: Console) -> None:
    taken(driver)
    driver.twilio.tasks[TASK]["assignment_status"] = "completed"
    driver.twilio.reservations[RESERVATION]["reservation_status"] = "completed"
    event(driver, "task.completed")
    assert (driver.link["outcome"], card(desk).data["state"]) == ("completed", "over")
    assert say(desk, urls.DESK_GIVE_BACK).status == 409 and made(driver) == []


def test_the_teams_own_system_may_begin_its_wrap_up(driver: Driver, desk: Console) -> None:
    taken(driver)
    driver.twilio.tasks[TASK]["assignment_status"] = "wrapping"
    driver.twilio.reservations[RESERVATION]["reservation_status"] = "wrapping"
    event(driver, "reservation.wrapup", TimestampMs=str(int(time.time() * 1000)))
    assert driver.twilio.moves == [ACTIVITIES["Wrap up"]]
    driver.queued()
    assert say(desk, urls.DESK_WRAP_UP, disposition="solved").data == {"said": "Done."}
    assert driver.twilio.moves[-1] == ACTIVITIES["Available"] or status(driver) == "completed"


def test_what_is_wrapping_up_may_be_given_back_still(driver: Driver, desk: Console) -> None:
    taken(driver)
    driver.twilio.tasks[TASK]["assignment_status"] = "wrapping"
    driver.twilio.reservations[RESERVATION] |= {"reservation_status": "wrapping", "date_updated": UPDATED}
    assert say(desk, urls.DESK_GIVE_BACK).status == 200
    assert (len(made(driver)), status(driver), driver.link["reason"]) == (1, "completed", GIVEN_BACK)


# --- Giving it back


def test_it_is_given_back_as_a_further_task_in_the_same_place(driver: Driver, desk: Console) -> None:
    taken(driver)
    answer = say(desk, urls.DESK_GIVE_BACK)
    assert (answer.status, answer.data) == (200, {"said": "It is offered to somebody else."})
    (task,) = made(driver)
    attributes = json.loads(task["Attributes"])
    assert attributes == {**CHAT, "work_key": f"chat/again/{TASK}"}
    assert (task["TaskChannel"], task["Priority"]) == ("chat", 7)
    assert str(task["VirtualStartTime"]).startswith("2026-11-21")
    assert (status(driver), driver.link["outcome"], driver.link["reason"]) == ("completed", "completed", GIVEN_BACK)
    assert driver.twilio.moves == [ACTIVITIES["Unavailable"]]


def test_given_back_twice_it_is_one_task(driver: Driver, desk: Console) -> None:
    taken(driver)
    driver.twilio.failures = {f"POST /v1/Workspaces/WS{'0' * 32}/Tasks/{TASK}": [503]}
    assert say(desk, urls.DESK_GIVE_BACK).status == 503  # the further task is there, the first one is not ended
    assert say(desk, urls.DESK_GIVE_BACK).status == 200
    assert say(desk, urls.DESK_GIVE_BACK).status == 200
    assert (len(made(driver)), status(driver)) == (1, "completed")
    assert driver.twilio.moves == [ACTIVITIES["Unavailable"]]


def test_what_was_given_back_halfway_is_given_back_by_the_sweep(driver: Driver, desk: Console, later: Later) -> None:
    taken(driver)
    driver.twilio.failures = {f"POST /v1/Workspaces/WS{'0' * 32}/Tasks": [503]}
    assert say(desk, urls.DESK_GIVE_BACK).status == 503
    later(300)
    driver.sweep()
    (task,) = (task for sid, task in driver.twilio.tasks.items() if sid != TASK)
    assert again.LEFT_UNDONE not in json.loads(task["attributes"]) and status(driver) == "completed"


def test_what_follows_is_what_was_given_back_however_late_and_whatever_became_of_it(
    driver: Driver, desk: Console, later: Later
) -> None:
    taken(driver)
    driver.twilio.failures = {f"POST /v1/Workspaces/WS{'0' * 32}/Tasks": [503]}
    assert say(desk, urls.DESK_GIVE_BACK).status == 503
    driver.twilio.tasks[TASK] |= {"attributes": json.dumps({**CHAT, "topic": "changed meanwhile"}), "priority": 9}
    later(LIMIT + 300)
    driver.sweep()
    (task,) = (task for sid, task in driver.twilio.tasks.items() if sid != TASK)
    assert json.loads(task["attributes"]) == {**CHAT, "work_key": f"chat/again/{TASK}"}
    assert (status(driver), driver.link["reason"]) == ("completed", GIVEN_BACK)


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (urls.DESK_WRAP_UP, urls.DESK_GIVE_BACK, "it is done already"),
        (urls.DESK_GIVE_BACK, urls.DESK_WRAP_UP, "it goes to somebody else already"),
    ],
)
def test_the_first_word_counts(driver: Driver, desk: Console, first: urls.Route, second: urls.Route, said: str) -> None:
    """Two tabs say two things while Twilio ends nothing."""
    taken(driver)
    driver.twilio.failures = {f"POST /v1/Workspaces/WS{'0' * 32}/Tasks/{TASK}": [503]}
    assert say(desk, first, note="mine").status == 503
    before = len(made(driver))
    answer = say(desk, second, note="mine")
    assert (answer.status, answer.data) == (409, {"error": said})
    assert (len(made(driver)), status(driver)) == (before, "assigned")


def test_a_further_task_that_twilio_refuses_is_said_so(driver: Driver, desk: Console) -> None:
    taken(driver)
    driver.twilio.failures = {f"POST /v1/Workspaces/WS{'0' * 32}/Tasks": [(400, 20001)]}
    assert say(desk, urls.DESK_GIVE_BACK).status == 409
    assert (status(driver), driver.link["reason"]) == ("completed", LEFT_UNDONE)
    assert "work is left undone" in desk.log.getvalue()


def test_work_that_ended_at_this_very_moment_goes_on_with_nobody(driver: Driver, desk: Console) -> None:
    taken(driver)
    driver.twilio.tasks[TASK]["assignment_status"] = "completed"
    assert say(desk, urls.DESK_GIVE_BACK).status == 200
    assert (made(driver), driver.link["state"], driver.link["outcome"]) == ([], "closed", "completed")


def test_who_cannot_be_put_back_is_not_left_out(driver: Driver, desk: Console, environment: pytest.MonkeyPatch) -> None:
    taken(driver)
    with environment.context() as down:
        down.setattr(jobs, "send", lambda *_, **__: 1 / 0)
        assert say(desk, urls.DESK_GIVE_BACK).status == 200
    assert driver.twilio.moves == [] and len(made(driver)) == 1 and status(driver) == "completed"


def test_who_gave_it_back_is_put_back_after_a_while(driver: Driver, desk: Console) -> None:
    taken(driver)
    assert say(desk, urls.DESK_GIVE_BACK).status == 200
    now = time.time()
    order_back = jobs.PutBack(WORKER, ACTIVITIES["Unavailable"], ACTIVITIES["Available"], now - 2, now + 20, TASK)
    driver.twilio.activity_since = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    driver.work(order_back)
    assert driver.twilio.moves == [ACTIVITIES["Unavailable"], ACTIVITIES["Available"]]


def test_while_another_one_passes_it_on_nothing_is_made_and_the_sweep_ends_it(
    driver: Driver, desk: Console, environment: pytest.MonkeyPatch, later: Later
) -> None:
    def at_work(*_given: object, **_named: object) -> None:
        raise posting.AtWork

    taken(driver)
    with environment.context() as two:
        two.setattr(posting, "post", at_work)
        assert say(desk, urls.DESK_GIVE_BACK).status == 200
    assert (made(driver), status(driver)) == ([], "assigned")
    later(300)
    driver.sweep()
    assert len(made(driver)) == 1 and status(driver) == "completed"


# --- A page that is closed for hours


def test_it_is_left_alone_until_the_time_of_its_kind_is_over(driver: Driver, desk: Console, later: Later) -> None:
    taken(driver)
    later(LIMIT - 60)
    driver.sweep()
    assert (status(driver), made(driver), driver.link["state"]) == ("assigned", [], "bridged")
    assert driver.link["check_at"] == int(later.now) + 240


def test_then_it_is_offered_to_somebody_else_once_and_nobody_is_moved(
    driver: Driver, desk: Console, later: Later
) -> None:
    taken(driver)
    later(LIMIT + 300)
    driver.sweep()
    (task,) = made(driver)
    assert json.loads(task["Attributes"])[again.LEFT_UNDONE] is True
    assert (status(driver), driver.link["reason"], driver.twilio.moves) == ("completed", LEFT_UNDONE, [])
    later(300)
    driver.sweep()
    assert len(made(driver)) == 1


def test_and_the_second_time_it_is_ended_and_reported(driver: Driver, desk: Console, later: Later) -> None:
    again_ = {**CHAT, again.LEFT_UNDONE: True}
    offered(driver, again_)
    accepted(driver, attributes=again_)
    later(LIMIT + 300)
    driver.sweep()
    assert (status(driver), made(driver), driver.link["reason"]) == ("completed", [], LEFT_UNDONE)
    assert "work is left undone" in driver.log.getvalue()


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("off", ["", "\n[tell]\nleft_undone = false\n"])
def test_people_are_told_once_of_work_that_two_have_left(
    inbox: Inbox, driver: Driver, later: Later, environment: pytest.MonkeyPatch, off: str
) -> None:
    center = callcenter.parse(RULES + off)
    environment.setattr(callcenter, "current", lambda: center)
    again_ = {**CHAT, again.LEFT_UNDONE: True}
    offered(driver, again_)
    accepted(driver, attributes=again_)
    driver.twilio.failures = {f"POST /v1/Workspaces/WS{'0' * 32}/Tasks/{TASK}": [503]}
    later(LIMIT + 300)
    for _ in range(3):
        driver.sweep()
        later(900)
    mails = inbox.mails()
    assert [mail["Subject"] for mail in mails] == ([] if off else ["Work is left undone of the kind chat"])
    assert status(driver) == "completed"
    for mail in mails:
        told, _, command = mail["Message"].splitlines()
        assert told.startswith("Work of the kind chat was taken by Bea, and is not done 6") and "Ann Lee" not in told
        assert command == f"./cordboard calls show {TASK} --stage dev"


def test_a_sweep_that_cannot_reach_twilio_leaves_it_to_the_next_one(
    driver: Driver, desk: Console, later: Later
) -> None:
    taken(driver)
    driver.twilio.failures = {f"POST /v1/Workspaces/WS{'0' * 32}/Tasks": [503]}
    later(LIMIT + 300)
    driver.sweep()
    assert status(driver) == "assigned"
    later(120)
    driver.sweep()
    assert status(driver) == "completed"
    assert [one for one in made(driver) if again.LEFT_UNDONE in one["Attributes"]]


# --- Where else it is seen


def test_no_attribute_of_it_is_in_the_log(driver: Driver, desk: Console) -> None:
    taken(driver)
    card(desk)
    say(desk, urls.DESK_WRAP_UP, note="a leak in Ann Lee's roof")
    assert "Ann Lee" not in desk.log.getvalue() + driver.log.getvalue()


def test_its_story_says_what_was_on_the_card_and_what_became_of_it(driver: Driver, desk: Console) -> None:
    taken(driver)
    say(desk, urls.DESK_WRAP_UP, disposition="solved")
    told = story.timeline(reading.of_call(TASK))
    for part in ("on the card: Ann Lee writes about a new roof.", "the worker may take it at the desk", "solved"):
        assert part in told
    assert "leg none" in told and "connected with" not in told


def test_what_follows_it_can_be_ordered(driver: Driver) -> None:
    """The key of a further task is one that an order may have."""
    key = f"again/{TASK}"
    assert order.read(json.dumps({"kind": "chat", "key": key}).encode()).work_key == f"chat/{key}"
