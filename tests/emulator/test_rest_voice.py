"""REST on Calls and Queues, and its authorization."""

import base64
from typing import cast

import pytest

from emulator.voice.parties import answers, busy, hangs_up, hears, no_answer, waits
from tests.emulator.harness import ACCOUNT, BASE, LINE, TOKEN, WORKER, Harness


def on_the_line(harness: Harness) -> str:
    harness.twilio.phone(WORKER).will(answers(1))
    sid = harness.ring()
    harness.run(4)
    assert harness.status(sid) == "in-progress"
    return sid


def test_new_call_is_queued_and_outbound() -> None:
    harness = Harness({})
    body = harness.rest("POST", "/Calls.json", To=WORKER, From=LINE, Url=BASE).body
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
        ({"Timeout": "²"}, 21208),
        ({"StatusCallbackEvent": "hungup"}, 21626),
        ({"Url": "", "Twiml": "x" * 4001}, 20001),
    ],
)
def test_call_that_cannot_be_made_is_refused(changes: dict[str, str], code: int) -> None:
    harness = Harness({})
    answer = harness.rest("POST", "/Calls.json", **({"To": WORKER, "From": LINE, "Url": BASE} | changes))
    assert (answer.status, answer.body["code"], answer.body["status"]) == (400, code, 400)
    assert not harness.twilio.context.calls


def test_document_can_be_given_in_the_request() -> None:
    harness = Harness({})
    harness.twilio.phone(WORKER).will(answers(1))
    answer = harness.rest("POST", "/Calls.json", To=WORKER, From=LINE, Twiml="<Response><Say>Hi</Say></Response>")
    harness.run(10)
    assert harness.heard(str(answer.body["sid"])) == ["Hi"]


def test_url_wins_over_twiml() -> None:
    harness = Harness({"/answer": "<Say>From the URL</Say>"})
    harness.twilio.phone(WORKER).will(answers(1))
    sid = harness.ring(Twiml="<Response><Say>Given</Say></Response>")
    harness.run(10)
    assert harness.heard(sid) == ["From the URL"]


def test_outbound_document_falls_back() -> None:
    harness = Harness({"/fallback": "<Say>Sorry</Say>"})
    harness.twilio.phone(WORKER).will(answers(1))
    sid = harness.ring(FallbackUrl=f"{BASE}/fallback")
    harness.run(10)
    assert harness.heard(sid) == ["Sorry"]
    assert harness.forms("/fallback")[0]["ErrorCode"] == "11200"


def test_ended_call_has_a_duration_and_an_unanswered_one_has_none() -> None:
    harness = Harness({"/answer": "<Pause length='5'/>"})
    harness.twilio.phone(WORKER).will(answers(1), busy())
    first, second = harness.ring(), harness.ring()
    harness.run(20)
    body = harness.rest("GET", f"/Calls/{first}.json").body
    assert (body["status"], body["duration"]) == ("completed", "6")
    assert body["end_time"] is not None
    assert harness.rest("GET", f"/Calls/{second}.json").body["duration"] is None


def test_completed_ends_a_call_in_every_state() -> None:
    harness = Harness({"/answer": "<Pause length='60'/>"})
    sid = on_the_line(harness)
    assert harness.rest("POST", f"/Calls/{sid}.json", Status="completed").body["status"] == "completed"
    harness.twilio.phone(WORKER).will(no_answer())
    ringing = harness.ring()
    harness.run(5)
    assert harness.rest("POST", f"/Calls/{ringing}.json", Status="completed").body["status"] == "canceled"
    queued = [harness.ring(), harness.ring()][1]
    harness.rest("POST", f"/Calls/{queued}.json", Status="completed")
    harness.run(10)
    assert harness.twilio.phone(WORKER).rings == 2
    assert {event["by"] for event in harness.trace("ended")} == {"rest"}


def test_canceled_ends_only_what_nobody_has_answered() -> None:
    harness = Harness({"/answer": "<Pause length='60'/>"})
    sid = on_the_line(harness)
    assert harness.rest("POST", f"/Calls/{sid}.json", Status="canceled").body["code"] == 21220
    assert harness.status(sid) == "in-progress"
    ringing = harness.ring()
    harness.run(1.5)
    assert harness.rest("POST", f"/Calls/{ringing}.json", Status="canceled").body["status"] == "canceled"


def test_call_that_is_over_cannot_be_changed() -> None:
    harness = Harness({"/incoming": "<Hangup/>"})
    sid = harness.dial()
    harness.run(5)
    for form in ({"Status": "completed"}, {"Url": BASE}, {"Twiml": "<Response/>"}):
        answer = harness.rest("POST", f"/Calls/{sid}.json", **form)
        assert (answer.status, answer.body["code"]) == (400, 21220)


def test_live_call_can_be_sent_elsewhere() -> None:
    harness = Harness({"/answer": "<Pause length='60'/>", "/next": "<Say>Next</Say>"})
    sid = on_the_line(harness)
    harness.rest("POST", f"/Calls/{sid}.json", Url=f"{BASE}/next", Method="GET")
    harness.run(3)
    assert harness.heard(sid) == ["Next"]
    assert [asked.method for asked in harness.asked if asked.path == "/next"] == ["GET"]


def test_calls_can_be_listed_by_status() -> None:
    harness = Harness({"/incoming": "<Pause length='60'/>"})
    sid = harness.dial()
    harness.dial(waits(1), hangs_up())
    harness.run(5)
    calls = cast(list[dict[str, object]], harness.rest("GET", "/Calls.json", Status="in-progress").body["calls"])
    assert [call["sid"] for call in calls] == [sid]


def test_a_size_of_pages_that_is_no_number_is_refused() -> None:
    answer = Harness({}).rest("GET", "/Queues.json", PageSize="²")
    assert (answer.status, answer.body["code"]) == (400, 20001)


def test_queues_are_listed_page_by_page_and_only_after_the_first_enqueue() -> None:
    def enqueue(form: dict[str, str]) -> str:
        return f'<Enqueue waitUrl="">{form["From"]}</Enqueue>'

    harness = Harness({"/incoming": enqueue})
    assert harness.rest("GET", "/Queues.json").body["queues"] == []
    for digit in "123":
        harness.twilio.dial(f"+1555000{digit}", LINE)
    harness.run(1)
    first = harness.rest("GET", "/Queues.json", PageSize="2").body
    assert len(cast(list[object], first["queues"])) == 2
    second = harness.rest("GET", "/Queues.json", PageSize="2", Page="1").body
    queues = cast(list[dict[str, object]], second["queues"])
    assert [(queue["friendly_name"], queue["current_size"]) for queue in queues] == [("+15550003", 1)]
    assert first["next_page_uri"] and second["next_page_uri"] is None


def test_who_waits_in_a_queue_is_listed_and_who_is_taken_is_not() -> None:
    """The members, the first first; one who has hung up is none of them."""
    harness = Harness({"/incoming": '<Enqueue waitUrl="">sales</Enqueue>'})
    sids = []
    for digit in "123":
        sids.append(harness.twilio.dial(f"+1555000{digit}", LINE))
        harness.run(10)
    queue = harness.twilio.context.queues.by_name["sales"].sid
    harness.twilio.hang_up(sids[1])
    harness.run(1)
    members = cast(list[dict[str, object]], harness.rest("GET", f"/Queues/{queue}/Members.json").body["queue_members"])
    assert [(one["call_sid"], one["position"], one["queue_sid"]) for one in members] == [
        (sids[0], 1, queue),
        (sids[2], 2, queue),
    ]
    assert cast(int, members[0]["wait_time"]) - cast(int, members[1]["wait_time"]) == 20
    assert str(members[0]["date_enqueued"]).endswith("+0000")
    assert harness.rest("GET", f"/Queues/QU{'0' * 32}/Members.json").body["code"] == 20404


def test_queue_size_can_be_changed_up_to_five_thousand() -> None:
    harness = Harness({"/incoming": '<Enqueue waitUrl="">sales</Enqueue>'})
    harness.dial()
    harness.run(1)
    path = f"/Queues/{harness.twilio.context.queues.by_name['sales'].sid}.json"
    assert harness.rest("POST", path, MaxSize="200").body["max_size"] == 200
    assert harness.rest("POST", path, MaxSize="5001").body["code"] == 20001
    assert harness.rest("GET", path).body["max_size"] == 200


def test_what_is_not_there_is_not_found() -> None:
    harness = Harness({})
    for path in (f"/Calls/CA{'0' * 32}.json", f"/Queues/QU{'0' * 32}.json", "/Nothing.json"):
        answer = harness.rest("GET", path)
        assert (answer.status, answer.body["code"]) == (404, 20404)


def test_wrong_credentials_are_refused() -> None:
    harness = Harness({})
    url = f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
    for given in ("", "Bearer x", "Basic ???", basic(ACCOUNT, "wrong"), basic("SK" + "0" * 32, "secret")):
        answer = harness.twilio.rest("GET", url, {}, given)
        assert (answer.status, answer.body["code"]) == (401, 20003)


def test_api_key_opens_rest_and_a_rotated_token_closes_the_old_one() -> None:
    harness = Harness({})
    url = f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
    harness.twilio.account.api_keys["SK" + "0" * 32] = "secret"
    assert harness.twilio.rest("GET", url, {}, basic("SK" + "0" * 32, "secret")).status == 200
    harness.twilio.rotate_auth_token("new")
    assert harness.twilio.rest("GET", url, {}, basic(ACCOUNT, TOKEN)).status == 401
    assert harness.twilio.rest("GET", url, {}, basic(ACCOUNT, "new")).status == 200


def test_application_may_use_rest_while_it_answers() -> None:
    harness = Harness({})

    def hang_up(form: dict[str, str]) -> str:
        harness.rest("POST", f"/Calls/{form['CallSid']}.json", Status="completed")
        return "<Say>Nobody hears this</Say>"

    harness.pages["/incoming"] = hang_up
    sid = harness.dial(hears("Nobody"))
    harness.run(5)
    assert harness.trace("ended") == [{"sid": sid, "status": "canceled", "by": "rest"}]
    assert harness.heard(sid) == []


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
