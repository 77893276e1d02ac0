"""REST on Calls and Queues, and the door before it."""

import base64
from typing import cast

import pytest

from emulator.voice.parties import answers, busy, hangs_up, hears, no_answer, waits
from tests.emulator.harness import ACCOUNT, BASE, LINE, TOKEN, WORKER, Stage


def on_the_line(stage: Stage) -> str:
    stage.twilio.phone(WORKER).will(answers(1))
    sid = stage.ring()
    stage.run(4)
    assert stage.status(sid) == "in-progress"
    return sid


def test_new_call_is_queued_and_outbound() -> None:
    stage = Stage({})
    body = stage.rest("POST", "/Calls.json", To=WORKER, From=LINE, Url=BASE).body
    assert (body["status"], body["direction"], body["queue_time"]) == ("queued", "outbound-api", "0")
    assert (body["to"], body["from"]) == (WORKER, LINE)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"To": ""}, 21201),
        ({"To": "nobody"}, 21211),
        ({"From": ""}, 21213),
        ({"Url": ""}, 21205),
        ({"Url": "/answer"}, 21205),
        ({"Timeout": "601"}, 21208),
        ({"Timeout": "soon"}, 21208),
        ({"StatusCallbackEvent": "hungup"}, 21626),
        ({"Url": "", "Twiml": "x" * 4001}, 20001),
    ],
)
def test_call_that_cannot_be_made_is_refused(changes: dict[str, str], code: int) -> None:
    stage = Stage({})
    answer = stage.rest("POST", "/Calls.json", **({"To": WORKER, "From": LINE, "Url": BASE} | changes))
    assert (answer.status, answer.body["code"], answer.body["status"]) == (400, code, 400)
    assert not stage.twilio.context.calls


def test_document_can_be_given_in_the_request() -> None:
    stage = Stage({})
    stage.twilio.phone(WORKER).will(answers(1))
    answer = stage.rest("POST", "/Calls.json", To=WORKER, From=LINE, Twiml="<Response><Say>Hi</Say></Response>")
    stage.run(10)
    assert stage.heard(str(answer.body["sid"])) == ["Hi"]


def test_url_wins_over_twiml() -> None:
    stage = Stage({"/answer": "<Say>From the URL</Say>"})
    stage.twilio.phone(WORKER).will(answers(1))
    sid = stage.ring(Twiml="<Response><Say>Given</Say></Response>")
    stage.run(10)
    assert stage.heard(sid) == ["From the URL"]


def test_outbound_document_falls_back() -> None:
    stage = Stage({"/fallback": "<Say>Sorry</Say>"})
    stage.twilio.phone(WORKER).will(answers(1))
    sid = stage.ring(FallbackUrl=f"{BASE}/fallback")
    stage.run(10)
    assert stage.heard(sid) == ["Sorry"]
    assert stage.forms("/fallback")[0]["ErrorCode"] == "11200"


def test_ended_call_has_a_duration_and_an_unanswered_one_has_none() -> None:
    stage = Stage({"/answer": "<Pause length='5'/>"})
    stage.twilio.phone(WORKER).will(answers(1), busy())
    first, second = stage.ring(), stage.ring()
    stage.run(20)
    body = stage.rest("GET", f"/Calls/{first}.json").body
    assert (body["status"], body["duration"]) == ("completed", "6")
    assert body["end_time"] is not None
    assert stage.rest("GET", f"/Calls/{second}.json").body["duration"] is None


def test_completed_ends_a_call_in_every_state() -> None:
    stage = Stage({"/answer": "<Pause length='60'/>"})
    sid = on_the_line(stage)
    assert stage.rest("POST", f"/Calls/{sid}.json", Status="completed").body["status"] == "completed"
    stage.twilio.phone(WORKER).will(no_answer())
    ringing = stage.ring()
    stage.run(5)
    assert stage.rest("POST", f"/Calls/{ringing}.json", Status="completed").body["status"] == "canceled"
    queued = [stage.ring(), stage.ring()][1]
    stage.rest("POST", f"/Calls/{queued}.json", Status="completed")
    stage.run(10)
    assert stage.twilio.phone(WORKER).rings == 2
    assert {fact["by"] for fact in stage.trace("ended")} == {"rest"}


def test_canceled_ends_only_what_nobody_has_answered() -> None:
    stage = Stage({"/answer": "<Pause length='60'/>"})
    sid = on_the_line(stage)
    assert stage.rest("POST", f"/Calls/{sid}.json", Status="canceled").body["code"] == 21220
    assert stage.status(sid) == "in-progress"
    ringing = stage.ring()
    stage.run(1.5)
    assert stage.rest("POST", f"/Calls/{ringing}.json", Status="canceled").body["status"] == "canceled"


def test_call_that_is_over_cannot_be_changed() -> None:
    stage = Stage({"/incoming": "<Hangup/>"})
    sid = stage.dial()
    stage.run(5)
    for form in ({"Status": "completed"}, {"Url": BASE}, {"Twiml": "<Response/>"}):
        answer = stage.rest("POST", f"/Calls/{sid}.json", **form)
        assert (answer.status, answer.body["code"]) == (400, 21220)


def test_live_call_can_be_sent_elsewhere() -> None:
    stage = Stage({"/answer": "<Pause length='60'/>", "/next": "<Say>Next</Say>"})
    sid = on_the_line(stage)
    stage.rest("POST", f"/Calls/{sid}.json", Url=f"{BASE}/next", Method="GET")
    stage.run(3)
    assert stage.heard(sid) == ["Next"]
    assert [asked.method for asked in stage.asked if asked.path == "/next"] == ["GET"]


def test_calls_can_be_listed_by_status() -> None:
    stage = Stage({"/incoming": "<Pause length='60'/>"})
    sid = stage.dial()
    stage.dial(waits(1), hangs_up())
    stage.run(5)
    calls = cast(list[dict[str, object]], stage.rest("GET", "/Calls.json", Status="in-progress").body["calls"])
    assert [call["sid"] for call in calls] == [sid]


def test_queues_are_listed_page_by_page_and_only_after_the_first_enqueue() -> None:
    def enqueue(form: dict[str, str]) -> str:
        return f'<Enqueue waitUrl="">{form["From"]}</Enqueue>'

    stage = Stage({"/incoming": enqueue})
    assert stage.rest("GET", "/Queues.json").body["queues"] == []
    for digit in "123":
        stage.twilio.dial(f"+1555000{digit}", LINE)
    stage.run(1)
    first = stage.rest("GET", "/Queues.json", PageSize="2").body
    assert len(cast(list[object], first["queues"])) == 2
    second = stage.rest("GET", "/Queues.json", PageSize="2", Page="1").body
    queues = cast(list[dict[str, object]], second["queues"])
    assert [(queue["friendly_name"], queue["current_size"]) for queue in queues] == [("+15550003", 1)]
    assert first["next_page_uri"] and second["next_page_uri"] is None


def test_queue_size_can_be_changed_up_to_five_thousand() -> None:
    stage = Stage({"/incoming": '<Enqueue waitUrl="">sales</Enqueue>'})
    stage.dial()
    stage.run(1)
    path = f"/Queues/{stage.twilio.context.queues.by_name['sales'].sid}.json"
    assert stage.rest("POST", path, MaxSize="200").body["max_size"] == 200
    assert stage.rest("POST", path, MaxSize="5001").body["code"] == 20001
    assert stage.rest("GET", path).body["max_size"] == 200


def test_what_is_not_there_is_not_found() -> None:
    stage = Stage({})
    for path in (f"/Calls/CA{'0' * 32}.json", f"/Queues/QU{'0' * 32}.json", "/Messages.json"):
        answer = stage.rest("GET", path)
        assert (answer.status, answer.body["code"]) == (404, 20404)


def test_wrong_credentials_are_refused() -> None:
    stage = Stage({})
    url = f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
    for given in ("", "Bearer x", "Basic ???", basic(ACCOUNT, "wrong"), basic("SK" + "0" * 32, "secret")):
        answer = stage.twilio.rest("GET", url, {}, given)
        assert (answer.status, answer.body["code"]) == (401, 20003)


def test_api_key_opens_rest_and_a_rotated_token_closes_the_old_one() -> None:
    stage = Stage({})
    url = f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
    stage.twilio.account.api_keys["SK" + "0" * 32] = "secret"
    assert stage.twilio.rest("GET", url, {}, basic("SK" + "0" * 32, "secret")).status == 200
    stage.twilio.rotate_auth_token("new")
    assert stage.twilio.rest("GET", url, {}, basic(ACCOUNT, TOKEN)).status == 401
    assert stage.twilio.rest("GET", url, {}, basic(ACCOUNT, "new")).status == 200


def test_application_may_use_rest_while_it_answers() -> None:
    stage = Stage({})

    def hang_up(form: dict[str, str]) -> str:
        stage.rest("POST", f"/Calls/{form['CallSid']}.json", Status="completed")
        return "<Say>Nobody hears this</Say>"

    stage.pages["/incoming"] = hang_up
    sid = stage.dial(hears("Nobody"))
    stage.run(5)
    assert stage.trace("ended") == [{"sid": sid, "status": "canceled", "by": "rest"}]
    assert stage.heard(sid) == []


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
