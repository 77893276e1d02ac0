"""The emulator's REST against Twilio's own description; and the check itself, which must be able to fail."""

import pytest

from emulator.voice.parties import answers, hangs_up, talks, waits
from tests.emulator.harness import ACCOUNT, BASE, LINE, WORKER, Harness
from tests.emulator.official import client_of
from tests.support.openapi import NO_FOLDER, Description, folder

CALLS = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
CALL = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Calls/CA{'0' * 32}.json"


@pytest.fixture(scope="module")
def description() -> Description:
    path = folder()
    if path is None:
        pytest.skip(NO_FOLDER)
    return Description(path)


def test_good_request_has_no_problems(description: Description) -> None:
    form = {"To": [WORKER], "From": [LINE], "Url": [BASE], "StatusCallbackEvent": ["ringing", "answered"]}
    assert description.check_request("POST", CALLS, form) == []


def test_unknown_field_is_a_problem(description: Description) -> None:
    form = {"To": [WORKER], "From": [LINE], "Colour": ["red"]}
    assert description.check_request("POST", CALLS, form) == ["Colour is not a field of this operation"]


def test_missing_field_is_a_problem(description: Description) -> None:
    assert description.check_request("POST", CALLS, {"To": [WORKER]}) == ["From is required"]


def test_values_of_the_wrong_type_are_problems(description: Description) -> None:
    form = {"To": [WORKER], "From": [LINE], "Timeout": ["soon"], "Method": ["PUT"], "Url": [BASE, BASE]}
    problems = description.check_request("POST", CALLS, form)
    assert len(problems) == 3
    assert description.check_request("POST", CALL, {"Status": ["ended"]})


def test_sid_of_the_wrong_kind_is_a_problem(description: Description) -> None:
    assert description.check_request("POST", CALL.replace("/CA", "/QU"), {"Status": ["completed"]})


def test_path_that_twilio_does_not_have_is_a_problem(description: Description) -> None:
    assert description.check_request("GET", "https://api.twilio.com/2010-04-01/Nothing.json", {})


def test_answer_with_another_status_or_field_is_a_problem(description: Description) -> None:
    assert description.check_response("POST", CALLS, 200, {})
    assert description.check_response("POST", CALLS, 201, {"sid": "CA1"})
    assert description.check_response("POST", CALLS, 201, {"mood": "good"})


def test_answers_about_recordings_are_as_described(description: Description) -> None:
    harness = Harness({"/incoming": '<Record action="/stored"/>', "/stored": "<Hangup/>"})
    harness.dial(waits(1), talks(5), hangs_up())
    harness.run(30)
    for method in ("GET", "DELETE", "DELETE"):
        harness.rest(method, f"/Recordings/{harness.forms('/stored')[0]['RecordingSid']}.json")
    assert [one.answer.status for one in harness.twilio.requests] == [200, 204, 404]
    for one in harness.twilio.requests:
        assert description.check_request(one.method, one.url, one.form) == []
    for one in harness.twilio.requests[:2]:
        assert description.check_response(one.method, one.url, one.answer.status, one.answer.body) == []


def test_answers_about_calls_and_queues_are_as_described(description: Description) -> None:
    harness = Harness({"/incoming": '<Enqueue waitUrl="">sales</Enqueue>', "/answer": "<Pause length='60'/>"})
    harness.twilio.phone(WORKER).will(answers(2))
    harness.dial()
    sid = harness.ring(Timeout="20", StatusCallback=f"{BASE}/status", StatusCallbackEvent=["ringing", "completed"])
    harness.run(10)
    harness.rest("GET", "/Calls.json")
    harness.rest("GET", f"/Calls/{sid}.json")
    queue = harness.twilio.context.queues.by_name["sales"]
    harness.rest("GET", "/Queues.json")
    harness.rest("GET", f"/Queues/{queue.sid}.json")
    harness.rest("POST", f"/Queues/{queue.sid}.json", MaxSize="200")
    harness.rest("POST", f"/Calls/{sid}.json", Twiml="<Response><Hangup/></Response>")
    harness.run(5)
    harness.rest("GET", f"/Calls/{sid}.json")
    assert len(harness.twilio.requests) == 8
    for one in harness.twilio.requests:
        assert description.check_request(one.method, one.url, one.form) == []
        assert description.check_response(one.method, one.url, one.answer.status, one.answer.body) == []


# Twilio's text says that it is null while the conference goes on; its schema does not allow that.
NO_REASON_YET = "reason_conference_ended: None"


def check(description: Description, harness: Harness) -> None:
    """Each request that the official client made, and its answer."""
    for one in harness.twilio.requests:
        assert description.check_request(one.method, one.url, one.form) == []
        problems = description.check_response(one.method, one.url, one.answer.status, one.answer.body)
        assert [problem for problem in problems if NO_REASON_YET not in problem] == []


def test_answers_about_conferences_and_participants_are_as_described(description: Description) -> None:
    room = "<Dial><Conference record='record-from-start'>room</Conference></Dial>"
    harness = Harness({"/incoming": room, "/answer": room})
    harness.twilio.phone(WORKER).will(answers(1))
    caller, worker = harness.dial(), harness.ring(MachineDetection="Enable")
    harness.run(9)
    (conference,) = client_of(harness).conferences.list(friendly_name="room", status="in-progress")
    one = client_of(harness).conferences(conference.sid)
    one.participants.list(muted=False)
    one.participants(caller).update(muted=True, hold=True, hold_url=f"{BASE}/hold", coaching=False)
    one.participants(worker).update(announce_url=f"{BASE}/say", end_conference_on_exit=True)
    given = {"label": "Bea", "status_callback_event": ["ringing"], "conference_record": "true"}
    added = one.participants.create(from_=LINE, to="+15550300", **given)
    one.participants(added.call_sid).fetch()
    one.participants(added.call_sid).delete()
    one.recordings.list()
    one.update(status="completed")
    one.fetch()
    check(description, harness)


def test_answers_about_recordings_of_calls_and_texts_are_as_described(description: Description) -> None:
    harness = Harness({"/incoming": "<Record transcribe='true' action='/next'/>", "/next": "<Pause length='60'/>"})
    caller = harness.dial(talks(5))
    harness.run(20)
    client = client_of(harness)
    made = client.calls(caller).recordings.create(recording_status_callback=f"{BASE}/told")
    client.calls(caller).recordings(made.sid).update(status="paused")
    client.calls(caller).recordings(made.sid).fetch()
    client.calls(caller).recordings.list()
    client.recordings.list(call_sid=caller)
    (text,) = client.transcriptions.list()
    client.recordings(text.recording_sid).transcriptions.list()
    client.recordings(text.recording_sid).transcriptions(text.sid).fetch()
    client.transcriptions(text.sid).fetch()
    client.calls(caller).update(time_limit=60, status_callback=f"{BASE}/status")
    client.calls.list(parent_call_sid=caller)
    check(description, harness)
