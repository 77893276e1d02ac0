"""A caller's message is work: a free worker is rung, hears it, and says by a key what becomes of it."""

import json
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest
import requests

from chalicelib import jobs
from chalicelib.config import callcenter, schema
from chalicelib.links import messages, reading
from chalicelib.links.model import Key, Message, message_key
from chalicelib.storage import keep, offering
from chalicelib.twilio import rest, urls
from chalicelib.work import posting
from chalicelib.work.order import LONGEST_ATTRIBUTES
from chalicelib.worker import hearing, twiml
from tests.conftest import Aws
from tests.support.api_gateway import BASE, post
from tests.support.driver import CALL, CALLER, RESERVATION, SUPPORT, Driver, leg_form
from tests.support.meter import counting
from tests.webhooks.test_messages import Sounds, is_kept, row, sounds, tell, work
from tests.webhooks.test_recordings import RECORDING, deleted, leave_message
from tests.webhooks.test_sweep import Later, later, swept
from tests.webhooks.test_work import changes, said

__all__ = ["later", "sounds"]

RULES = schema.Work(
    say="Message of {seconds} seconds on line {line}.", dial="{from}", channel="voice", priority=3, timeout=7200
)
OFFERED = {"offered": True, "messages_to": "Bea"}
TALKED = {"DialCallStatus": "completed", "DialCallSid": "CA" + "d" * 32, "DialBridged": "true"}


@pytest.fixture(autouse=True)
def team(driver: Driver, environment: pytest.MonkeyPatch, sounds: Sounds) -> None:
    """Messages of the line go to its workers."""
    center = callcenter.current()
    voicemail = msgspec.structs.replace(center.lines["support"].voicemail, **OFFERED)
    line = msgspec.structs.replace(center.lines["support"], voicemail=voicemail)
    center = msgspec.structs.replace(center, lines={**center.lines, "support": line}, work={"message": RULES})
    environment.setattr(callcenter, "current", lambda: center)


def task(driver: Driver, number: int = 0) -> str:
    return list(driver.twilio.tasks)[number]


def posted(driver: Driver) -> list[dict[str, Any]]:
    return [form for form in driver.twilio.made("/Tasks") if "Attributes" in form]


def offer(driver: Driver) -> str:
    """A message is left, kept and offered; returns the sid of its task."""
    driver.event("task.created")
    leave_message(driver)
    tell(driver)
    work(driver)
    return task(driver)


def path(task_sid: str, attempt: int = 1) -> dict[str, str]:
    return {"subject": task_sid, "reservation_sid": RESERVATION, "attempt": str(attempt)}


def send(driver: Driver, route: urls.Route, task_sid: str, attempt: int = 1, **form: str) -> ElementTree.Element:
    answer = driver.send(post(route.path, leg_form("in-progress") | form, path(task_sid, attempt)))
    assert answer["statusCode"] == 200, answer
    return ElementTree.fromstring(answer["body"])


def ring(driver: Driver, task_sid: str) -> None:
    standing = driver.twilio.tasks[task_sid]
    standing["assignment_status"], driver.twilio.reservation = "reserved", "pending"
    driver.assign(TaskSid=task_sid, TaskAttributes=standing["attributes"])
    for job in driver.queued():
        driver.work(job)


def take(driver: Driver, task_sid: str) -> ElementTree.Element:
    """The worker is rung, and presses 1 for the message."""
    ring(driver, task_sid)
    send(driver, urls.WORKER_ASK, task_sid)
    heard = send(driver, urls.WORKER_ACCEPT, task_sid, Digits="1")
    driver.twilio.tasks[task_sid]["assignment_status"] = "assigned"
    return heard


def press(driver: Driver, task_sid: str, digits: str, attempt: int = 1) -> ElementTree.Element:
    return send(driver, urls.WORKER_MESSAGE, task_sid, attempt, Digits=digits)


def end(driver: Driver, task_sid: str, status: str = "completed") -> None:
    driver.twilio.tasks[task_sid]["assignment_status"] = status


def sweep_after(driver: Driver, later: Later, seconds: int) -> None:
    later(seconds)
    driver.sweep()


# --- The message becomes a task


def test_one_whose_line_is_told_after_it_was_kept_becomes_a_task_as_well(driver: Driver, later: Later) -> None:
    tell(driver)
    work(driver)
    assert row(driver)["stored_as"] and "deleted_at" not in row(driver) and not posted(driver)
    leave_message(driver)
    sweep_after(driver, later, 121)
    work(driver)
    assert row(driver)["deleted_at"] and len(posted(driver)) == 1


def test_one_whose_line_nobody_tells_is_kept_all_the_same(driver: Driver, later: Later) -> None:
    tell(driver)
    work(driver)
    sweep_after(driver, later, 121)
    work(driver)
    assert is_kept(driver) and not posted(driver)


def test_a_message_that_is_kept_becomes_one_task_routed_as_the_caller_was(driver: Driver) -> None:
    driver.twilio.attributes = json.dumps({"call_sid": CALL, "department": "support", "language": "es"})
    task_sid = offer(driver)
    (form,) = posted(driver)
    assert json.loads(form.pop("Attributes")) == {
        "kind": "message",
        "work_key": f"message/{RECORDING}/0",
        "department": "support",
        "language": "es",
        "line": "support",
        "from": CALLER,
        "to": SUPPORT,
        "seconds": 9,
        "message_of": CALL,
        "recording_sid": RECORDING,
        "messages_to": "Bea",
        "left_by": "",
    }
    assert {form["TaskChannel"], form["Priority"], form["Timeout"]} == {"voice", 3, 7200}
    assert (row(driver)["task_sid"], row(driver)["offers"], row(driver)["open"]) == (task_sid, 1, "message")
    assert deleted(driver) == [RECORDING]


def test_a_message_whose_callers_task_is_forgotten_is_routed_as_its_line(driver: Driver) -> None:
    driver.twilio.failures["GET /v1/Workspaces"] = [(404, 20404)]
    offer(driver)
    (form,) = posted(driver)
    attributes = json.loads(form["Attributes"])
    assert attributes["department"] == "support" and "language" not in attributes


def test_attributes_that_leave_no_room_are_those_of_the_line(driver: Driver) -> None:
    driver.twilio.attributes = json.dumps({"call_sid": CALL, "notes": "x" * 3900})
    offer(driver)
    (form,) = posted(driver)
    assert "notes" not in json.loads(form["Attributes"]) and len(form["Attributes"]) < 4096


@pytest.mark.parametrize(("more", "is_routed_by_them"), [(0, True), (1, False)])
def test_attributes_that_leave_just_enough_room_stay(driver: Driver, more: int, is_routed_by_them: bool) -> None:
    about = {"line": "support", "from": CALLER, "to": SUPPORT, "seconds": 9, "message_of": CALL}
    written = {**about, "recording_sid": RECORDING, "messages_to": "Bea", "notes": ""}
    room = LONGEST_ATTRIBUTES - offering.ROOM - len(msgspec.json.encode(written))
    driver.twilio.attributes = json.dumps({"call_sid": CALL, "notes": "x" * (room + more)})
    offer(driver)
    assert ("notes" in json.loads(row(driver)["routed_by"])) is is_routed_by_them


def test_a_message_of_which_nobody_says_how_long_it_is_is_offered_as_one_of_no_seconds(driver: Driver) -> None:
    driver.event("task.created")
    leave_message(driver, RecordingDuration="")
    tell(driver, RecordingDuration="")
    work(driver)
    assert json.loads(posted(driver)[0]["Attributes"])["seconds"] == 0


@pytest.mark.parametrize(("seconds", "waits"), [(59.5, True), (60, False), (61, False)])
def test_the_line_of_a_message_is_waited_for_a_minute(driver: Driver, seconds: float, waits: bool) -> None:
    left = messages.record(message_key(CALL, RECORDING), {"seconds": 9}, 1795230000.0)
    keep.keep(jobs.KeepMessage(CALL, RECORDING, 9), left.at + seconds)
    assert (deleted(driver) == []) is waits


def test_a_job_that_comes_again_makes_no_second_task(driver: Driver) -> None:
    driver.event("task.created")
    leave_message(driver)
    tell(driver)
    (job,) = driver.queued()
    driver.twilio.failures["DELETE"] = [503]
    with pytest.raises(rest.TwilioUnavailable):
        driver.work(job)
    driver.work(job)
    driver.work(job)
    assert len(posted(driver)) == 1 and deleted(driver) == [RECORDING, RECORDING]


def test_two_jobs_at_once_make_one_task(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.event("task.created")
    leave_message(driver)
    tell(driver)
    (job,) = driver.queued()
    fix = messages.fix_routing

    def after_the_other(key: Key, attributes: str) -> Message:
        monkeypatch.setattr(messages, "fix_routing", fix)
        driver.work(job)
        return fix(key, attributes)

    monkeypatch.setattr(messages, "fix_routing", after_the_other)
    driver.work(job)
    assert len(posted(driver)) == 1 and row(driver)["offers"] == 1


def test_a_task_that_twilio_refuses_costs_no_message(driver: Driver) -> None:
    driver.event("task.created")
    leave_message(driver)
    tell(driver)
    driver.twilio.failures["POST /v1/Workspaces"] = [(400, 20001)]
    work(driver)
    assert is_kept(driver) and "task_sid" not in row(driver)
    assert "no worker is rung for the message" in driver.log.getvalue()


# --- A worker hears it


def test_the_worker_is_told_what_it_is_and_hears_it_after_a_key(driver: Driver) -> None:
    task_sid = offer(driver)
    ring(driver, task_sid)
    (gather, _) = send(driver, urls.WORKER_ASK, task_sid)
    assert str(gather[0].text).startswith("Message of 9 seconds on line support. Press 1")
    (gather,) = send(driver, urls.WORKER_ACCEPT, task_sid, Digits="1")
    play, keys = gather
    assert "/voicemail/2026-" in str(play.text) and f"{RECORDING}.mp3?" in str(play.text)
    assert keys.text == callcenter.current().messages.keys
    url = f"{BASE}/worker/{task_sid}/{RESERVATION}/message/1#rc=2&rp=all"
    assert gather.attrib["action"] == url and gather.attrib["finishOnKey"] == ""
    assert changes(driver, f"/Reservations/{RESERVATION}") == [{"ReservationStatus": "accepted"}]


def test_pressing_1_plays_it_again(driver: Driver) -> None:
    task_sid = offer(driver)
    take(driver, task_sid)
    assert press(driver, task_sid, "1")[0][0].tag == "Play"
    assert "taken_at" not in row(driver)


def test_pressing_3_marks_it_as_done_by_this_worker(driver: Driver) -> None:
    task_sid = offer(driver)
    take(driver, task_sid)
    assert said(press(driver, task_sid, "3")) == [twiml.DONE, "Hangup"]
    assert (row(driver)["done_by"], row(driver)["heard_by"]) == ("Bea", "Bea")


def test_pressing_2_calls_the_caller_back_and_a_talk_makes_it_done(driver: Driver) -> None:
    task_sid = offer(driver)
    take(driver, task_sid)
    (dial,) = press(driver, task_sid, "2")
    assert (dial.text, dial.attrib["callerId"]) == (CALLER, SUPPORT)
    assert "done_at" not in row(driver) and row(driver)["taken_by"] == "Bea"
    assert said(send(driver, urls.WORKER_MESSAGE, task_sid, 1, **TALKED)) == [twiml.DONE, "Hangup"]
    assert row(driver)["done_by"] == "Bea"


@pytest.mark.parametrize("told", [{"DialBridged": "false"}, {}])
def test_who_cannot_be_reached_leaves_the_choice_to_the_worker(driver: Driver, told: dict[str, Any]) -> None:
    task_sid = offer(driver)
    take(driver, task_sid)
    press(driver, task_sid, "2")
    (gather,) = send(driver, urls.WORKER_MESSAGE, task_sid, DialCallStatus="busy", **told)
    assert gather[0].text == callcenter.current().messages.keys
    assert "done_at" not in row(driver)


def test_a_caller_without_a_number_cannot_be_called_back(driver: Driver) -> None:
    driver.event("task.created", TaskAttributes=json.dumps({"call_sid": CALL, "from": "", "to": SUPPORT}))
    leave_message(driver, From="")
    tell(driver)
    work(driver)
    take(driver, task(driver))
    assert press(driver, task(driver), "2")[0].tag == "Gather"
    assert "taken_at" not in row(driver)


@pytest.mark.parametrize("number", ["+18765550123", "+449012345678", SUPPORT])
def test_a_dear_number_or_one_of_ours_is_not_called_back(driver: Driver, number: str) -> None:
    """Anybody can show any number when they call."""
    driver.event("task.created", TaskAttributes=json.dumps({"call_sid": CALL, "from": number, "to": SUPPORT}))
    leave_message(driver, From=number)
    tell(driver)
    work(driver)
    take(driver, task(driver))
    assert press(driver, task(driver), "2")[0].tag == "Gather"


def test_pressing_4_leaves_it_for_another_to_whom_the_sweep_offers_it(driver: Driver, later: Later) -> None:
    task_sid = offer(driver)
    take(driver, task_sid)
    assert said(press(driver, task_sid, "4")) == [hearing.LEFT, "Hangup"]
    hang_up_on(driver, task_sid)
    sweep_after(driver, later, 1)
    assert swept(driver)["message offered again"] == 1
    _, second = posted(driver)
    assert json.loads(second["Attributes"])["left_by"] == "Bea"
    assert json.loads(second["Attributes"])["work_key"] == f"message/{RECORDING}/2"
    assert row(driver)["task_sid"] == task(driver, 1) and "taken_at" not in row(driver)


def test_a_message_that_is_left_before_its_job_noted_the_task_is_offered_to_another(
    driver: Driver, later: Later
) -> None:
    """Twilio's answer to the job was lost, and a worker was faster than the job that comes again."""
    driver.event("task.created")
    leave_message(driver)
    tell(driver)
    (job,) = driver.queued()

    def lose() -> None:
        driver.twilio.on_task = None
        raise requests.ReadTimeout

    driver.twilio.on_task = lose
    with pytest.raises(rest.NotDone):
        driver.work(job)
    take(driver, task(driver))
    press(driver, task(driver), "4")
    hang_up_on(driver, task(driver))
    end(driver, task(driver))
    later(posting.LEASE_SECONDS + 1)
    driver.work(job)
    assert len(posted(driver)) == 2 and row(driver)["task_sid"] == task(driver, 1)
    assert row(driver)["open"] == "message"


def hang_up_on(driver: Driver, task_sid: str) -> None:
    answer = driver.send(post(urls.WORKER_STATUS.path, leg_form("completed"), path(task_sid)))
    assert answer["statusCode"] == 204


def test_who_heard_it_to_the_end_and_presses_nothing_has_it(driver: Driver, later: Later) -> None:
    task_sid = offer(driver)
    take(driver, task_sid)
    for attempt, digits in ((1, ""), (2, "7")):
        again = press(driver, task_sid, digits, attempt)[0]
        assert again.tag == "Gather" and again.get("action", "").partition("#")[0].endswith(f"/message/{attempt + 1}")
    assert said(press(driver, task_sid, "", 3)) == said(press(driver, task_sid, "", 4)) == [twiml.DONE, "Hangup"]
    end(driver, task_sid)
    sweep_after(driver, later, 3601)
    assert swept(driver)["left to whoever has it"] == 1 and len(posted(driver)) == 1
    assert row(driver)["taken_by"] == "Bea" and "done_at" not in row(driver) and "open" not in row(driver)


def test_who_hangs_up_in_the_middle_of_it_has_not_heard_it_and_it_is_offered_again(
    driver: Driver, later: Later
) -> None:
    task_sid = offer(driver)
    take(driver, task_sid)
    hang_up_on(driver, task_sid)
    assert changes(driver, f"/Tasks/{task_sid}") == [{"AssignmentStatus": "wrapping"}]
    end(driver, task_sid)
    sweep_after(driver, later, 3601)
    assert len(posted(driver)) == 2


@pytest.mark.parametrize("status", ["canceled", "completed"])
def test_a_task_that_ends_before_anybody_heard_it_is_made_anew(driver: Driver, later: Later, status: str) -> None:
    end(driver, offer(driver), status)
    sweep_after(driver, later, 3601)
    sweep_after(driver, later, 60)
    assert len(posted(driver)) == 2 and row(driver)["offers"] == 2


@pytest.mark.parametrize("status", ["pending", "reserved", "assigned"])
def test_a_task_that_goes_on_is_left_alone(driver: Driver, later: Later, status: str) -> None:
    end(driver, offer(driver), status)
    sweep_after(driver, later, 3601)
    assert len(posted(driver)) == 1 and swept(driver)[f"left {status}"] >= 1
    assert row(driver)["check_at"] == int(later.now) + (3600 if status in ("pending", "reserved") else 300)


def test_a_task_that_twilio_refuses_again_is_tried_each_hour(driver: Driver, later: Later) -> None:
    end(driver, offer(driver))
    driver.twilio.failures["POST /v1/Workspaces"] = [(400, 20001)] * 2
    sweep_after(driver, later, 3601)
    sweep_after(driver, later, 60)
    assert len(posted(driver)) == 2
    sweep_after(driver, later, 3601)
    sweep_after(driver, later, 3601)
    assert len(posted(driver)) == 4 and row(driver)["offers"] == 2


def test_a_message_that_was_done_meanwhile_rings_nobody(driver: Driver) -> None:
    task_sid = offer(driver)
    driver.cloud.client("dynamodb").update_item(
        TableName="cordboard-test-links",
        Key={"call_sid": {"S": CALL}, "item": {"S": f"RECORDING#{RECORDING}"}},
        UpdateExpression="SET done_at = :at",
        ExpressionAttributeValues={":at": {"N": "1795230100"}},
    )
    ring(driver, task_sid)
    assert driver.twilio.made("/Calls.json") == []
    assert driver.twilio.tasks[task_sid]["assignment_status"] == "canceled"


@pytest.mark.parametrize("unknown", ["", "message_of", "recording_sid"])
def test_a_worker_is_rung_for_a_message_that_there_is(cloud: Aws, unknown: str) -> None:
    key = message_key(CALL, RECORDING)
    messages.record(key, {"line": "support"}, 1795230000.0)
    about = {"message_of": CALL, "recording_sid": RECORDING}
    assert offering.is_wanted({**about, unknown: ""}) is not bool(unknown)
    messages.take(key, "Bea", 1795230100.0)
    assert not offering.is_wanted(about)


@pytest.mark.parametrize(
    ("taken_by", "heard"),
    [("Ann", [hearing.SEEN_TO, "Hangup"]), ("Carl", [hearing.SEEN_TO, "Hangup"]), ("Bea", ["Gather"])],
)
def test_a_message_that_another_has_in_hand_by_then_is_not_played(
    driver: Driver, taken_by: str, heard: list[str]
) -> None:
    task_sid = offer(driver)
    ring(driver, task_sid)
    send(driver, urls.WORKER_ASK, task_sid)
    messages.take(message_key(CALL, RECORDING), taken_by, 1795230100)
    assert said(send(driver, urls.WORKER_ACCEPT, task_sid, Digits="1")) == heard


def test_another_leg_hears_nothing_of_it(driver: Driver) -> None:
    task_sid = offer(driver)
    take(driver, task_sid)
    answer = driver.send(
        post(urls.WORKER_MESSAGE.path, leg_form("in-progress", "CA" + "f" * 32) | {"Digits": "3"}, path(task_sid))
    )
    assert hearing.NOT_THERE in answer["body"] and "done_at" not in row(driver)


def test_while_the_table_is_down_the_worker_is_told_so(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    task_sid = offer(driver)
    take(driver, task_sid)

    def broken(*_given: object) -> None:
        raise OSError("DynamoDB is down")

    monkeypatch.setattr(reading, "of_call", broken)
    assert said(press(driver, task_sid, "3")) == [hearing.NOT_NOW, "Hangup"]


def test_what_a_worker_pressed_comes_twice(driver: Driver) -> None:
    task_sid = offer(driver)
    take(driver, task_sid)
    press(driver, task_sid, "3")
    at = row(driver)["done_at"]
    press(driver, task_sid, "3")
    assert row(driver)["done_at"] == at


def test_a_team_that_offers_none_has_no_task(driver: Driver, environment: pytest.MonkeyPatch) -> None:
    plain = callcenter.parse(callcenter.source().replace("offered = true", "offered = false"))
    environment.setattr(callcenter, "current", lambda: plain)
    driver.event("task.created")
    leave_message(driver)
    driver.work(jobs.KeepMessage(CALL, RECORDING))
    assert is_kept(driver) and posted(driver) == []


def test_what_a_message_costs_that_is_offered_heard_and_done(driver: Driver, later: Later) -> None:
    later(int(later.now) + 0.5 - later.now)  # each more digit of a time may be one more kilobyte
    driver.event("task.created")
    leave_message(driver)
    tell(driver)
    (job,) = driver.queued()
    before = len(driver.twilio.requests)
    with counting() as made:
        driver.work(job)
    asked = [f"{method} {path.rpartition('/')[2][:5]}" for method, path, _ in driver.twilio.requests[before:]]
    assert (asked, made["UpdateItem"], made["write_units"]) == (
        ["GET WTaaa", "POST Tasks", "DELETE REaaa"],
        6,
        11,
    )
    with counting() as made:
        take(driver, task(driver))
        press(driver, task(driver), "3")
        hang_up_on(driver, task(driver))
    assert (made["UpdateItem"], made["write_units"], made["Query"]) == (7, 19, 5)
