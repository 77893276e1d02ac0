"""A worker is asked before the caller is joined: keys, words and verdicts; twice, late, swapped, or never."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from chalicelib import jobs
from chalicelib.config import callcenter
from chalicelib.links import reading, steps, table
from chalicelib.twilio import rest, urls
from chalicelib.worker import twiml
from tests.conftest import ACTIVITIES
from tests.doubles.twilio import AVAILABLE
from tests.support import twiml_schema
from tests.support.api_gateway import BASE, post
from tests.support.driver import (
    CALL,
    LEG,
    LEG_PATH,
    OTHER_LEG,
    PHONE,
    RESERVATION,
    TASK,
    Driver,
    leg_form,
)

UNAVAILABLE = ACTIVITIES["Unavailable"]


Sent = list[tuple[jobs.Job, int]]


def ring(driver: Driver, mode: str = "key", contact_uri: str = PHONE) -> dict[str, str]:
    """An assignment to a worker whose own attribute has this mode, and its job; returns what POST /Calls was asked."""
    driver.assign(WorkerAttributes=json.dumps({"contact_uri": contact_uri, "answer": mode}))
    driver.work(jobs.RingWorker(CALL, RESERVATION))
    return dict(driver.twilio.made("/Calls.json")[-1])


def send(driver: Driver, route: urls.Route, attempt: int = 1, leg: str = LEG, **form: str) -> str:
    path = {**LEG_PATH, **({"attempt": str(attempt)} if "{attempt}" in route.path else {})}
    answer = driver.send(post(route.path, leg_form("in-progress", leg) | form, path))
    assert answer["statusCode"] in (200, 204), answer
    return str(answer["body"])


def ask(driver: Driver, attempt: int = 1, leg: str = LEG) -> str:
    return send(driver, urls.WORKER_ASK, attempt, leg)


def press(driver: Driver, digits: str, attempt: int = 1, leg: str = LEG) -> str:
    return send(driver, urls.WORKER_ACCEPT, attempt, leg, Digits=digits)


def say(driver: Driver, speech: str, attempt: int = 1) -> str:
    return send(driver, urls.WORKER_ACCEPT, attempt, SpeechResult=speech)


def detected(driver: Driver, answered_by: str, leg: str = LEG) -> None:
    """The callback of AsyncAmd, which has these four fields alone."""
    form = {"CallSid": leg, "AccountSid": "AC" + "0" * 32, "AnsweredBy": answered_by}
    form["MachineDetectionDuration"] = "2400"
    answer = driver.send(post(urls.WORKER_DETECTED.path, form, LEG_PATH))
    assert answer["statusCode"] == 204


def verdict(driver: Driver, answered_by: str, leg: str = LEG) -> str:
    return send(driver, urls.WORKER_VERDICT, leg=leg, AnsweredBy=answered_by, MachineDetectionDuration="2200")


def asks(document: str, attempt: int = 1) -> bool:
    gather = ElementTree.fromstring(document).find("Gather")
    return gather is not None and f"/accept/{attempt}#" in gather.attrib["action"] and "<Dial" not in document


def joins(document: str) -> bool:
    return f'reservationSid="{RESERVATION}"' in document


def rejections(driver: Driver) -> int:
    return len(driver.twilio.made(f"POST /v1/Workspaces/WS{'0' * 32}/Tasks/{TASK}/Reservations"))


def hung_up(driver: Driver, leg: str = LEG) -> int:
    return len(driver.twilio.made(f"/Calls/{leg}.json"))


def configure(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    """The queue Support with this answer table."""
    before, table_name, after = callcenter.source().partition("[queues.Support.answer]\n")
    _, _, rest = after.partition("\n")
    parsed = callcenter.parse(f"{before}{table_name}{answer}\n{rest}")
    monkeypatch.setattr(callcenter, "current", lambda: parsed)


def known(driver: Driver, name: str, whisper: str) -> None:
    """The caller is in the contacts."""
    item = {"phone": "+12125550171", "item": "CONTACT", "name": name, "whisper": whisper}
    stored = {key: {"S": value} for key, value in item.items() if value}
    driver.cloud.client("dynamodb").put_item(TableName="cordboard-test-contacts", Item=stored)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """The jobs that are sent from now on, and their delays: moto hands out nothing that is delayed."""
    found: Sent = []
    monkeypatch.setattr(jobs, "send", lambda job, delay_seconds=0: found.append((job, delay_seconds)))
    return found


def put_backs(sent: Sent) -> list[jobs.PutBack]:
    return [job for job, delay in sent if isinstance(job, jobs.PutBack) and delay == 30]


@pytest.fixture
def down(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The table goes down when it is called."""

    def broken(*_given: object, **_named: object) -> None:
        raise ConnectionError("no table")

    return lambda: monkeypatch.setattr(table, "write", broken)


# --- What POST /Calls is asked


@pytest.mark.parametrize(
    ("mode", "url", "detection"),
    [
        ("key", "/ask/1", {}),
        ("detect", "/verdict", {"MachineDetection": "Enable", "MachineDetectionTimeout": 6}),
        ("key+detect", "/ask/1", {"MachineDetection": "Enable", "AsyncAmd": "true"}),
        ("at-once", "/answer", {}),
    ],
)
def test_the_mode_decides_the_url_when_the_phone_is_rung(
    driver: Driver, mode: str, url: str, detection: dict[str, object]
) -> None:
    form = ring(driver, mode)
    assert form["Url"].endswith(f"/worker/{CALL}/{RESERVATION}{url}#rc=2&rp=all")
    assert {name: form.get(name) for name in detection} == detection
    assert ("MachineDetection" in form) == bool(detection)
    callback = form.get("AsyncAmdStatusCallback", "")
    assert callback.endswith("/detected#rc=2&rp=all") if mode == "key+detect" else callback == ""


@pytest.mark.parametrize("mode", ["detect", "key+detect"])
def test_a_client_is_asked_for_a_key_since_twilio_detects_nothing_there(driver: Driver, mode: str) -> None:
    form = ring(driver, mode, "client:bea")
    assert form["Url"].endswith("/ask/1#rc=2&rp=all") and "MachineDetection" not in form
    assert driver.link["answer"] == "key"


@pytest.mark.parametrize("nonsense", ["loudly", 17, ["key"], {"mode": "key"}, "", "KEY"])
def test_a_mode_that_is_none_is_logged_and_ignored(driver: Driver, nonsense: object) -> None:
    driver.assign(WorkerAttributes=json.dumps({"contact_uri": PHONE, "answer": nonsense}))
    (job,) = driver.queued()
    driver.work(job)
    assert driver.twilio.made("/Calls.json")[0]["Url"].endswith("/answer#rc=2&rp=all")
    assert "attribute answer is no mode" in driver.log.getvalue()


def test_a_worker_who_is_asked_is_rung_early_enough_to_be_asked(driver: Driver) -> None:
    ring(driver, "detect")
    assert driver.link["deadline"] == pytest.approx(driver.link["reserved_at"] + 120 - 15 - 10 - 12 - 6)


def test_a_direct_queue_asks_nobody(driver: Driver) -> None:
    answer = driver.assign("Urgent", WorkerAttributes=json.dumps({"contact_uri": PHONE, "answer": "key"}))
    assert json.loads(answer["body"])["instruction"] == "dequeue" and "answer" not in driver.link


ASKED = json.dumps({"contact_uri": PHONE, "answer": "key"})


def broken(*_given: object, **_named: object) -> None:
    raise ConnectionError("down")


def test_with_the_table_down_nobody_is_dequeued_and_the_caller_offered_again_in_a_moment(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: Sent = []
    with monkeypatch.context() as patched:
        patched.setattr(steps, "reserve", broken)
        patched.setattr(jobs, "send", lambda job, delay_seconds=0: sent.append((job, delay_seconds)))
        assert driver.assign(WorkerAttributes=ASKED)["body"] == ""
    ((order, delay),) = sent
    assert isinstance(order, jobs.Reject) and (order.reason, order.activity_sid, delay) == ("not recorded", "", 30)


def test_with_sqs_down_too_the_caller_is_offered_again_at_once(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(steps, "reserve", broken)
        patched.setattr(jobs, "send", broken)
        assert json.loads(driver.assign(WorkerAttributes=ASKED)["body"]) == {"instruction": "reject"}


def test_a_message_that_cannot_be_sent_is_sent_by_the_sweep_or_with_the_same_assignment_again(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(jobs, "send", broken)
        assert driver.assign(WorkerAttributes=ASKED)["body"] == ""
    assert driver.assign(WorkerAttributes=ASKED)["body"] == ""
    assert driver.queued() == [jobs.RingWorker(CALL, RESERVATION)]


# --- The ask


def test_the_worker_is_asked_in_the_voice_of_the_line(driver: Driver) -> None:
    known(driver, "Ann Lee", "Ann Lee, gold member.")
    ring(driver)
    document = ask(driver).replace(BASE, "").replace(CALL, "CA").replace(RESERVATION, "WR")
    assert document == (
        '<?xml version="1.0" encoding="UTF-8"?><Response>'
        '<Gather action="/worker/CA/WR/accept/1#rc=2&amp;rp=all" finishOnKey="" input="dtmf" method="POST"'
        ' numDigits="1" timeout="3"><Say language="en-US">Ann Lee, gold member. Press 1 to take the call, 2 to pass.'
        "</Say></Gather>"
        '<Redirect method="POST">/worker/CA/WR/ask/2#rc=2&amp;rp=all</Redirect></Response>'
    )
    assert driver.link["state"] == "asked" and driver.link["asked_at"] > 0


@pytest.mark.parametrize(
    ("whisper", "contact", "heard"),
    [
        ('["line", "name", "crm"]', ("Ann Lee", "Gold member!"), "support. Ann Lee. Gold member! Go."),
        ('["line", "name", "crm"]', ("Ann Lee", "Ann Lee, gold member."), "support. Ann Lee, gold member. Go."),
        ('["line", "name", "crm"]', ("", ""), "support. Go."),
        ('["name"]', ("Ann Lee", "Ann Lee, gold member."), "Ann Lee. Go."),
        ('["crm", "line"]', ("Ann", " "), "support. Go."),
        ("[]", ("Ann Lee", "Gold member!"), "Go."),
    ],
)
def test_what_is_empty_leaves_no_gap_in_the_whisper(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, whisper: str, contact: tuple[str, str], heard: str
) -> None:
    configure(monkeypatch, f'mode = "key"\nwhisper = {whisper}\nprompt = "Go."')
    known(driver, *contact)
    driver.ring()
    assert f">{heard}</Say>" in ask(driver)


def test_the_same_leg_hears_the_same_again(driver: Driver) -> None:
    ring(driver)
    assert ask(driver) == ask(driver)
    assert press(driver, "1") == press(driver, "1") and joins(press(driver, "1"))
    assert joins(ask(driver))  # a question that comes late
    assert driver.link["reply"] == "1"


def test_another_leg_hears_that_the_call_is_taken(driver: Driver) -> None:
    ring(driver)
    ask(driver)
    for document in (ask(driver, leg=OTHER_LEG), press(driver, "1", leg=OTHER_LEG), press(driver, "2", leg=OTHER_LEG)):
        assert twiml.TAKEN in document and not joins(document)
    assert driver.link["state"] == "asked" and "reason" not in driver.link


@pytest.mark.parametrize("kind", ["reservation.canceled", "reservation.timeout", "reservation.rescinded"])
def test_nobody_is_asked_about_a_caller_who_has_gone(driver: Driver, kind: str) -> None:
    ring(driver)
    driver.event(kind)
    assert twiml.CALLER_GONE in ask(driver) and not asks(ask(driver))


@pytest.mark.parametrize("reply", ["1", "2", "7", "#", ""])
def test_a_key_that_comes_after_the_reservation_ended_hears_that_the_caller_has_gone(
    driver: Driver, reply: str
) -> None:
    ring(driver)
    ask(driver)
    driver.event("reservation.canceled")
    document = press(driver, reply)
    assert twiml.CALLER_GONE in document and not joins(document) and not asks(document)
    assert driver.twilio.moves == [] and rejections(driver) == 0


# --- The reply


def test_key_1_takes_the_call(driver: Driver) -> None:
    ring(driver)
    ask(driver)
    document = press(driver, "1")
    assert joins(document) and "<Say>" in document.split("</Dial>")[1] and "<Say" not in document.split("<Dial>")[0]
    assert driver.link["state"] == "answered"


def test_key_1_takes_the_call_though_its_question_could_not_be_recorded(driver: Driver) -> None:
    ring(driver)
    assert joins(press(driver, "1"))
    assert driver.link["state"] == "answered"


def test_key_2_passes_the_caller_on_and_the_worker_is_put_back(driver: Driver, sent: Sent) -> None:
    ring(driver)
    ask(driver)
    assert twiml.REFUSED in press(driver, "2")
    (back,) = put_backs(sent)
    assert (back.from_sid, back.to_sid) == (UNAVAILABLE, AVAILABLE)
    assert driver.twilio.moves == [UNAVAILABLE] and rejections(driver) == 1
    link = driver.link
    assert (link["state"], link["outcome"], link["reason"], link["reply"]) == ("closed", "rejected", "passed", "2")
    assert hung_up(driver) == 0  # its own document ends it
    driver.twilio.activity_since = as_utc(back.since + 3)
    driver.work(back)
    driver.work(back)
    assert driver.twilio.moves == [UNAVAILABLE, AVAILABLE]


def as_utc(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("seconds", [-60, 60])
def test_who_went_there_by_hand_is_not_put_back(driver: Driver, sent: Sent, seconds: float) -> None:
    """Before they passed, or after they had been elsewhere."""
    ring(driver)
    ask(driver)
    press(driver, "2")
    (back,) = put_backs(sent)
    driver.twilio.activity_since = as_utc(back.since + seconds)
    driver.work(back)
    driver.twilio.activity, driver.twilio.activity_since = ACTIVITIES["Offline"], as_utc(back.since + 3)
    driver.work(back)
    assert driver.twilio.moves == [UNAVAILABLE]


def test_who_is_away_by_hand_when_they_pass_stays_there(driver: Driver, sent: Sent) -> None:
    ring(driver)
    ask(driver)
    driver.twilio.activity = UNAVAILABLE
    press(driver, "2")
    assert driver.twilio.moves == [] and put_backs(sent) == [] and rejections(driver) == 1


def test_nobody_is_moved_whose_way_back_cannot_be_ordered(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller is given back all the same, later when that can be ordered."""
    sent: list[jobs.Job] = []

    def send(job: jobs.Job, delay_seconds: int = 0) -> None:
        if isinstance(job, jobs.PutBack):
            raise ConnectionError("no queue")
        sent.append(job)

    ring(driver)
    monkeypatch.setattr(jobs, "send", send)
    ask(driver)
    press(driver, "2")
    assert driver.twilio.moves == [] and rejections(driver) == 0
    (later,) = sent
    assert isinstance(later, jobs.Reject) and not later.activity_sid
    driver.work(later)
    assert driver.twilio.moves == [] and rejections(driver) == 1 and driver.link["reason"] == "passed"


def test_a_queue_that_is_down_rejects_at_once_and_moves_nobody(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    ring(driver)
    ask(driver)
    with monkeypatch.context() as patched:
        patched.setattr("chalicelib.jobs.send", lambda *_given, **_named: 1 / 0)
        assert twiml.REFUSED in press(driver, "2")
    assert driver.twilio.moves == [] and rejections(driver) == 1 and driver.link["reason"] == "passed"


def test_silence_is_asked_twice_and_then_the_next_worker_gets_the_caller(driver: Driver) -> None:
    ring(driver)
    assert asks(ask(driver), 1) and asks(ask(driver, 2), 2)
    assert twiml.REFUSED in ask(driver, 3)
    assert hung_up(driver) == 0  # the leg hears why, and ends by itself
    assert driver.twilio.moves == [UNAVAILABLE] and rejections(driver) == 1
    assert (driver.link["outcome"], driver.link["reason"]) == ("rejected", "no key")


@pytest.mark.parametrize("key", ["7", "#", "*", "0", "12"])
def test_a_wrong_key_is_asked_again_and_drops_nobody(driver: Driver, key: str) -> None:
    ring(driver)
    ask(driver)
    for _ in range(5):
        assert asks(press(driver, key, attempt=2), 2)
    assert joins(press(driver, "1", attempt=2))
    assert driver.link["keys"] == key * 5 and driver.link["reply"] == "1"


def test_wrong_keys_are_asked_again_as_long_as_the_reservation_lasts(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring(driver)
    ask(driver)
    late = driver.link["reserved_at"] + 111
    monkeypatch.setattr("time.time", lambda: late)
    assert twiml.REFUSED in press(driver, "7")
    assert driver.link["reason"] == "no key"


def test_and_not_a_moment_less(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    ring(driver)
    ask(driver)
    last = driver.link["reserved_at"] + 110  # ten seconds before TaskRouter takes the reservation back
    monkeypatch.setattr("time.time", lambda: last)
    assert asks(press(driver, "7"))


def test_of_what_was_pressed_or_said_forty_characters_are_kept(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, 'mode = "key"\nsay_yes = true\nyes = ["' + "j" * 60 + '"]')
    driver.ring()
    ask(driver)
    press(driver, "3" * 30)
    press(driver, "4" * 30)
    assert driver.link["keys"] == "3" * 10 + "4" * 30
    assert joins(say(driver, "j" * 60))
    assert driver.link["reply"] == "j" * 40


def test_no_keys_at_all_are_a_wrong_key(driver: Driver) -> None:
    ring(driver)
    ask(driver)
    assert asks(press(driver, "")) and "keys" not in driver.link


@pytest.mark.parametrize(
    ("speech", "means"),
    [
        ("yes please", "take"),
        ("Yeah.", "take"),
        ("OKAY", "take"),
        ("no way", "pass"),
        ("No.", "pass"),
        ("I know", ""),
        ("yesterday", ""),
        ("yes, no", ""),
        ("Hello, yes, this is Bea, leave a message", ""),
    ],
)
def test_words_count_whole_and_only_where_few_are_said(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, speech: str, means: str
) -> None:
    configure(monkeypatch, 'mode = "key"\nsay_yes = true')
    driver.ring()
    document = ask(driver)
    twiml_schema.check(document)
    assert 'input="dtmf speech"' in document and 'hints="yes, yeah' in document
    document = say(driver, speech)
    assert joins(document) == (means == "take")
    assert (twiml.REFUSED in document) == (means == "pass")
    assert asks(document, 2) == (means == "")  # as a silence: a machine may talk for ever


def test_the_words_are_the_queues_own(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, 'mode = "key"\nsay_yes = true\nyes = ["ja", "ja gern"]\nno = ["nein"]')
    driver.ring()
    ask(driver)
    assert asks(say(driver, "yes"), 2) and joins(say(driver, "Ja, gern!"))


# --- The verdict that the document waits for


def test_a_person_is_joined_and_hears_the_whisper(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, 'mode = "detect"\nwhisper = ["line"]')
    driver.ring()
    document = verdict(driver, "human")
    assert '<Say language="en-US">support.</Say><Dial>' in document and joins(document)
    assert verdict(driver, "human") == document
    link = driver.link
    assert (link["state"], link["answered_by"], link["machine_ms"]) == ("answered", "human", 2200)


@pytest.mark.parametrize("answered_by", ["machine_start", "machine_end_beep", "machine_of_the_future", "fax"])
def test_a_machine_hears_nothing_and_the_next_worker_gets_the_caller(driver: Driver, answered_by: str) -> None:
    ring(driver, "detect")
    for _ in range(2):
        document = verdict(driver, answered_by)
        assert "<Hangup" in document and "<Say" not in document
    assert driver.twilio.moves == [UNAVAILABLE] and rejections(driver) == 1
    link = driver.link
    assert (link["outcome"], link["reason"], link["answered_by"]) == ("rejected", "machine", answered_by)


@pytest.mark.parametrize("answered_by", ["unknown", "robot", ""])
def test_who_is_neither_is_asked(driver: Driver, answered_by: str) -> None:
    ring(driver, "detect")
    assert asks(verdict(driver, answered_by))
    assert joins(press(driver, "1"))


def test_a_verdict_on_another_leg_joins_nobody(driver: Driver) -> None:
    ring(driver, "detect")
    verdict(driver, "unknown")
    assert twiml.TAKEN in verdict(driver, "human", OTHER_LEG)
    assert twiml.TAKEN in verdict(driver, "machine_start", OTHER_LEG) and "reason" not in driver.link


# --- The verdict beside the question


def test_a_machine_that_is_being_asked_is_hung_up_on(driver: Driver) -> None:
    ring(driver, "key+detect")
    assert asks(ask(driver))
    detected(driver, "machine_start")
    requests = len(driver.twilio.requests)
    detected(driver, "machine_start")
    assert len(driver.twilio.requests) == requests  # it is over
    assert driver.twilio.moves == [UNAVAILABLE] and rejections(driver) == 1 and hung_up(driver) == 1
    driver.status("completed")
    link = driver.link
    assert (link["outcome"], link["reason"], link["machine_ms"]) == ("rejected", "machine", 2400)
    assert driver.twilio.moves == [UNAVAILABLE] and rejections(driver) == 1


def test_a_verdict_that_comes_before_the_question_leaves_nobody_to_ask(driver: Driver) -> None:
    ring(driver, "key+detect")
    driver.twilio.failures = {"Reservations": [500] * 9}  # so that the link is not closed yet
    detected(driver, "machine_start")
    document = ask(driver)
    assert "<Hangup" in document and "<Say" not in document
    assert not joins(press(driver, "1"))


def test_a_key_that_was_faster_wins(driver: Driver) -> None:
    ring(driver, "key+detect")
    ask(driver)
    assert joins(press(driver, "1"))
    detected(driver, "machine_start")
    assert hung_up(driver) == 0 and rejections(driver) == 0 and driver.twilio.moves == []
    assert (driver.link["state"], driver.link["answered_by"]) == ("answered", "machine_start")


def test_a_person_is_still_asked(driver: Driver) -> None:
    ring(driver, "key+detect")
    ask(driver)
    detected(driver, "human")
    assert driver.link["state"] == "asked" and driver.link["answered_by"] == "human"
    assert asks(ask(driver, 2), 2) and joins(press(driver, "1", 2))


@pytest.mark.parametrize("answered_by", ["unknown", "robot"])
def test_what_is_not_known_leaves_the_key_to_decide(driver: Driver, answered_by: str) -> None:
    ring(driver, "key+detect")
    ask(driver)
    detected(driver, answered_by)
    assert hung_up(driver) == 0 and joins(press(driver, "1"))


def test_a_callback_without_a_verdict_changes_nothing(driver: Driver) -> None:
    ring(driver, "key+detect")
    ask(driver)
    before = driver.link
    answer = driver.send(post(urls.WORKER_DETECTED.path, {"CallSid": LEG, "AccountSid": "AC" + "0" * 32}, LEG_PATH))
    assert answer["statusCode"] == 204 and driver.link == before


def test_a_verdict_on_a_leg_that_is_not_ours_changes_nothing(driver: Driver) -> None:
    detected(driver, "machine_start")
    ring(driver, "key+detect")
    ask(driver)
    detected(driver, "machine_start", OTHER_LEG)
    assert hung_up(driver) == hung_up(driver, OTHER_LEG) == 0 and "reason" not in driver.link


@pytest.mark.parametrize("other", ["CA" + "0" * 32, OTHER_LEG])
def test_a_machine_whose_rejection_fails_is_hung_up_on_by_a_job(driver: Driver, other: str) -> None:
    ring(driver, "key+detect")
    ask(driver)
    driver.twilio.failures = {"Reservations": [500] * 9}
    detected(driver, "machine_start")
    (job,) = [job for job in driver.queued() if isinstance(job, jobs.Reject)]
    driver.twilio.failures = {}
    requests = len(driver.twilio.requests)
    detected(driver, "machine_start", other)
    assert len(driver.twilio.requests) == requests  # it says nothing of this leg
    driver.work(job)
    assert (driver.link["outcome"], driver.link["reason"]) == ("rejected", "machine") and hung_up(driver) == 1


def test_a_verdict_that_comes_again_does_what_the_first_could_not(driver: Driver) -> None:
    ring(driver, "key+detect")
    ask(driver)
    driver.twilio.failures = {"Reservations": [500] * 9}
    detected(driver, "machine_start")
    driver.twilio.failures = {}
    detected(driver, "machine_start")
    assert (driver.link["outcome"], driver.link["reason"]) == ("rejected", "machine") and hung_up(driver) == 1


# --- The leg's end


@pytest.mark.parametrize("reply", ["2", ""])
def test_the_end_of_a_leg_that_was_refused_says_nothing_new(driver: Driver, reply: str) -> None:
    ring(driver)
    ask(driver)
    press(driver, "2") if reply else ask(driver, 3)
    reason = driver.link["reason"]
    driver.queued()
    driver.status("completed")
    assert driver.twilio.moves == [UNAVAILABLE] and rejections(driver) == 1 and driver.link["reason"] == reason


def test_the_end_of_a_leg_does_what_its_refusal_could_not(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    ring(driver)
    ask(driver)
    with monkeypatch.context() as patched:
        patched.setattr("chalicelib.jobs.send", lambda *_given, **_named: 1 / 0)
        driver.twilio.failures = {"Reservations": [500] * 9}
        press(driver, "2")
    driver.twilio.failures = {}
    assert driver.link["state"] == "asked" and driver.link["reason"] == "passed"
    found: list[jobs.Job] = []
    monkeypatch.setattr(jobs, "send", lambda job, delay_seconds=0: found.append(job))
    driver.status("completed")
    assert (driver.link["outcome"], driver.link["reason"]) == ("rejected", "passed")
    assert driver.twilio.moves == [UNAVAILABLE] and len(found) == 1


def test_a_worker_who_hangs_up_instead_of_a_key_did_not_take_the_call(driver: Driver) -> None:
    ring(driver)
    ask(driver)
    driver.status("completed")
    assert driver.twilio.moves == [UNAVAILABLE] and driver.link["reason"] == "worker hung up"


# --- While the table is down


@pytest.fixture
def joined(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Driver:
    """The verdict is a machine, the worker is moved; then the key is answered without the table, and the two talk."""
    ring(driver, "key+detect")
    ask(driver)
    driver.twilio.activity_since = as_utc(datetime.now(UTC).timestamp())

    def too_late(*_sids: str) -> bool:
        driver.twilio.reservation = "accepted"
        raise SystemExit("the function dies")

    with monkeypatch.context() as patched:
        patched.setattr(rest.reservations, "reject", too_late)
        with pytest.raises(SystemExit):
            detected(driver, "machine_start")
    assert driver.twilio.moves == [UNAVAILABLE]
    return driver


def test_who_was_joined_by_the_key_though_twilio_heard_a_machine_takes_calls_again(joined: Driver) -> None:
    detected(joined, "machine_start")
    joined.status("completed")
    assert joined.twilio.moves == [UNAVAILABLE, AVAILABLE]


def test_who_talks_and_goes_away_by_hand_stays_away(joined: Driver) -> None:
    joined.twilio.activity_since = as_utc(datetime.now(UTC).timestamp() + 30)
    detected(joined, "machine_start")
    assert joined.twilio.moves == [UNAVAILABLE]


def test_who_was_joined_before_the_rejection_came_takes_calls_again_at_once(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring(driver, "key+detect")
    ask(driver)
    driver.twilio.activity_since = as_utc(datetime.now(UTC).timestamp())
    real = rest.reservations.reject

    def too_late(*sids: str) -> bool:
        driver.twilio.reservation = "accepted"
        return real(*sids)

    monkeypatch.setattr(rest.reservations, "reject", too_late)
    detected(driver, "machine_start")
    assert driver.twilio.moves == [UNAVAILABLE, AVAILABLE]


def test_the_leg_still_asks_and_the_key_decides(driver: Driver, down: Callable[[], None]) -> None:
    ring(driver)
    down()
    assert asks(ask(driver)) and asks(press(driver, "7")) and joins(press(driver, "1"))
    assert twiml.REFUSED in press(driver, "2") and asks(say(driver, "well"), 2)
    assert joins(say(driver, "yes please")) and not joins(say(driver, "no way"))
    assert asks(ask(driver, 2), 2)
    assert not asks(ask(driver, 3)) and not joins(ask(driver, 3))


@pytest.mark.parametrize("answered_by", ["machine_start", "fax", "unknown", "robot", "", "human"])
def test_the_verdict_decides(driver: Driver, down: Callable[[], None], answered_by: str) -> None:
    ring(driver, "detect")
    down()
    document = verdict(driver, answered_by)
    assert joins(document) == (answered_by == "human")
    assert asks(document) == (answered_by in ("unknown", "robot", ""))


def test_a_verdict_beside_the_question_is_lost_and_the_key_decides(driver: Driver, down: Callable[[], None]) -> None:
    ring(driver, "key+detect")
    ask(driver)
    down()
    form = {"CallSid": LEG, "AccountSid": "AC" + "0" * 32, "AnsweredBy": "machine_start"}
    assert driver.send(post(urls.WORKER_DETECTED.path, form, LEG_PATH))["statusCode"] == 503  # Twilio asks again
    assert hung_up(driver) == 0


# --- Paths that are no path


@pytest.mark.parametrize("attempt", ["0", "-1", "x", "99999999999", "²"])
def test_an_attempt_that_is_no_number_is_the_first(driver: Driver, attempt: str) -> None:
    ring(driver)
    answer = driver.send(post(urls.WORKER_ASK.path, leg_form("in-progress"), {**LEG_PATH, "attempt": attempt}))
    assert asks(answer["body"])


@pytest.mark.parametrize("route", [urls.WORKER_ASK, urls.WORKER_ACCEPT, urls.WORKER_VERDICT])
def test_a_leg_without_a_link_hears_one_sentence(driver: Driver, route: urls.Route) -> None:
    document = send(driver, route, Digits="1", AnsweredBy="human")
    assert twiml.CALLER_GONE in document and not joins(document)


@pytest.mark.parametrize("other", ["CA" + "0" * 32, "CA" + "f" * 32])
@pytest.mark.parametrize("route", [urls.WORKER_ASK, urls.WORKER_ACCEPT, urls.WORKER_VERDICT, urls.WORKER_AFTER])
def test_a_leg_that_is_not_the_links_is_joined_to_nobody(driver: Driver, route: urls.Route, other: str) -> None:
    ring(driver)
    ask(driver)
    document = send(driver, route, leg=other, Digits="1", AnsweredBy="human", DialBridged="true")
    assert not joins(document) and "<Gather" not in document and driver.link["worker_call_sid"] == LEG


@pytest.mark.parametrize("route", [urls.WORKER_ASK, urls.WORKER_ACCEPT, urls.WORKER_VERDICT, urls.WORKER_AFTER])
def test_a_request_that_names_no_call_is_answered_with_one_sentence(driver: Driver, route: urls.Route) -> None:
    ring(driver)
    document = send(driver, route, Digits="1", AnsweredBy="human", DialBridged="true", CallSid="")
    assert twiml.CALLER_GONE in document and driver.link["state"] == "dialing"


def test_a_call_shows_who_answered_and_what_they_pressed(driver: Driver) -> None:
    from chalicelib.reports import story

    ring(driver, "key+detect")
    ask(driver)
    detected(driver, "human")
    press(driver, "7")
    press(driver, "1")
    told = story.timeline(reading.of_call(CALL))
    assert "answered by: human after 2.4 s; asked (key+detect): pressed 7, then 1" in told
    assert "Bea: asked" in told
