"""After the talk: the caller hung up first, and the worker says by a key, or by a note, what became of it."""

import time
from collections.abc import Iterator
from xml.etree import ElementTree

import msgspec
import pytest

from chalicelib import crm, jobs
from chalicelib.config import callcenter
from chalicelib.config.after_talk import AfterTalk
from chalicelib.config.toml_errors import CallCenterError
from chalicelib.links import table
from chalicelib.twilio import urls
from chalicelib.worker import twiml
from tests.support.api_gateway import BASE, post
from tests.support.driver import CALL, LEG, LEG_PATH, OTHER_LEG, RESERVATION, TASK, Driver, leg_form
from tests.webhooks.test_sweep import Later, later, swept

__all__ = ["later"]

RULES = AfterTalk(keys={"1": "solved", "2": "call again"}, note_seconds=60)
RECORDING = "RE" + "d" * 32
HERE = f"{BASE}/worker/{CALL}/{RESERVATION}"


@pytest.fixture(autouse=True)
def rules(driver: Driver, environment: pytest.MonkeyPatch) -> Iterator[None]:
    """The support queue asks what became of its calls."""
    center = callcenter.current()
    support = msgspec.structs.replace(center.queue("Support"), after_talk=RULES)
    center = msgspec.structs.replace(center, queues={**center.queues, "Support": support})
    environment.setattr(callcenter, "current", lambda: center)
    yield


def talk(driver: Driver) -> str:
    """The two talk; returns the document that joined them."""
    driver.ring()
    joined = driver.answer()
    driver.event("reservation.accepted", TimestampMs=str(int(time.time() * 1000)))
    return joined


def send(driver: Driver, route: urls.Route, leg: str = LEG, **form: str) -> ElementTree.Element:
    answer = driver.send(post(route.path, leg_form("in-progress", leg) | form, LEG_PATH))
    assert answer["statusCode"] == 200, answer
    return ElementTree.fromstring(answer["body"])


def over(driver: Driver, bridged: str = "true") -> ElementTree.Element:
    return send(driver, urls.WORKER_AFTER, DialCallStatus="completed", DialBridged=bridged)


def press(driver: Driver, digits: str) -> ElementTree.Element:
    return send(driver, urls.WORKER_DISPOSITION, Digits=digits)


def said(document: ElementTree.Element) -> list[str]:
    return [verb.tag if verb.tag != "Say" else str(verb.text) for verb in document]


def test_the_dial_leads_on_to_the_keys(driver: Driver) -> None:
    assert f'<Dial action="{HERE}/after#rc=2&amp;rp=all">' in talk(driver)
    gather, hang_up = over(driver)
    assert (gather.tag, hang_up.tag) == ("Gather", "Hangup")
    assert "asked_after_at" not in driver.link  # which nobody wants to know in a team whose staff do not text
    assert gather.attrib["action"] == f"{HERE}/disposition#rc=2&rp=all"
    assert gather[0].text == "Press 1 for solved, press 2 for call again, press 0 to leave a note."


def test_a_queue_that_asks_nothing_has_todays_document(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.assign("Sales")
    center = callcenter.current()
    assert center.queue("Sales").after_talk is None
    assert twiml.connect("WR1", "", None) == twiml.connect("WR1", "", None, "") and "action" not in twiml.connect("WR1")


@pytest.mark.parametrize(("key", "kept"), [("1", "solved"), ("2", "call again")])
def test_a_key_is_kept_with_the_link(driver: Driver, key: str, kept: str) -> None:
    talk(driver)
    over(driver)
    assert said(press(driver, key)) == [RULES.thanks, "Hangup"]
    assert driver.link["disposition"] == kept


@pytest.mark.parametrize("key", ["9", "#", "*", "", "12"])
def test_another_key_asks_again(driver: Driver, key: str) -> None:
    talk(driver)
    assert press(driver, key)[0].tag == "Gather" and "disposition" not in driver.link


def test_where_no_notes_are_wanted_their_key_is_another_key(driver: Driver, environment: pytest.MonkeyPatch) -> None:
    center = callcenter.current()
    without = msgspec.structs.replace(RULES, note_seconds=0)
    support = msgspec.structs.replace(center.queue("Support"), after_talk=without)
    center = msgspec.structs.replace(center, queues={**center.queues, "Support": support})
    environment.setattr(callcenter, "current", lambda: center)
    talk(driver)
    assert press(driver, "0")[0].tag == "Gather"


def test_the_last_key_counts(driver: Driver) -> None:
    talk(driver)
    press(driver, "1")
    press(driver, "2")
    press(driver, "2")
    assert driver.link["disposition"] == "call again"


def test_a_note_is_recorded_and_kept_as_long_as_the_call(driver: Driver) -> None:
    talk(driver)
    record = press(driver, "0").find("Record")
    assert record is not None and record.attrib["maxLength"] == "60"
    assert record.attrib["action"] == f"{HERE}/note#rc=2&rp=all"
    for _ in range(2):
        assert said(send(driver, urls.WORKER_NOTE, RecordingSid=RECORDING, RecordingDuration="7"))[-1] == "Hangup"
    assert (driver.link["note_sid"], driver.link["note_seconds"]) == (RECORDING, 7)
    assert driver.cloud.row(f"NOTE#{RECORDING}")["open"] == "recording"  # deleted at Twilio when its time is over


@pytest.mark.parametrize("sid", ["", "RE1", "https://example.com/RE"])
def test_a_note_without_a_recording_is_none(driver: Driver, sid: str) -> None:
    talk(driver)
    send(driver, urls.WORKER_NOTE, RecordingSid=sid, RecordingDuration="7")
    assert "note_sid" not in driver.link and len(driver.cloud.rows()) == 1


# --- Who has not talked, and who is not the worker


def test_a_worker_who_was_joined_to_nobody_hears_that_the_caller_is_gone(driver: Driver) -> None:
    driver.ring()
    driver.answer()
    assert said(over(driver, "false")) == [twiml.CALLER_GONE, "Hangup"]


@pytest.mark.parametrize("bridged", ["", "false"])
def test_where_twilio_does_not_say_it_the_link_does(driver: Driver, bridged: str) -> None:
    talk(driver)
    assert over(driver, bridged)[0].tag == "Gather"


def test_where_the_link_does_not_say_it_twilio_does(driver: Driver) -> None:
    driver.ring()
    driver.answer()  # the event that the two talk is lost
    assert over(driver, "true")[0].tag == "Gather"


def test_a_document_that_says_nothing_of_it_is_no_talk(driver: Driver) -> None:
    driver.ring()
    driver.answer()
    assert said(send(driver, urls.WORKER_AFTER, DialCallStatus="completed")) == [twiml.CALLER_GONE, "Hangup"]


def test_another_leg_changes_nothing(driver: Driver) -> None:
    talk(driver)
    for route, form in ((urls.WORKER_AFTER, {}), (urls.WORKER_DISPOSITION, {"Digits": "1"}), (urls.WORKER_NOTE, {})):
        assert said(send(driver, route, OTHER_LEG, DialBridged="true", **form))[-1] == "Hangup"
    assert "disposition" not in driver.link


def test_with_the_table_down_the_worker_need_not_wait(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    talk(driver)
    for name in ("rows_by", "write"):
        monkeypatch.setattr(table, name, lambda *_: 1 / 0)
    assert said(over(driver)) == said(press(driver, "1")) == [twiml.NOT_KEPT, "Hangup"]


def test_a_queue_that_asks_no_more_lets_go(driver: Driver, environment: pytest.MonkeyPatch) -> None:
    talk(driver)
    center = callcenter.current()
    support = msgspec.structs.replace(center.queue("Support"), after_talk=None)
    center = msgspec.structs.replace(center, queues={**center.queues, "Support": support})
    environment.setattr(callcenter, "current", lambda: center)
    assert said(over(driver)) == said(press(driver, "1")) == [twiml.DONE, "Hangup"]


# --- The wrap-up waits for the worker's word


def test_the_wrap_up_is_not_over_while_the_worker_is_on_the_phone(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk(driver)
    driver.wrap_up()
    sent: list[tuple[jobs.Job, int]] = []
    monkeypatch.setattr(jobs, "send", lambda job, delay_seconds=0: sent.append((job, delay_seconds)))
    driver.work(jobs.CompleteTask(CALL, TASK))
    again = [(jobs.CompleteTask(CALL, TASK), 10)]
    assert sent == again
    assert driver.twilio.tasks[TASK]["assignment_status"] == "wrapping" and driver.twilio.moves == []
    driver.twilio.call = "completed"  # of each leg that is asked about
    for _ in range(2):  # the second one finds that it is done
        driver.work(jobs.CompleteTask(CALL, TASK))
        assert driver.twilio.tasks[TASK]["assignment_status"] == "completed" and sent == again


def test_nor_for_the_sweep(driver: Driver, later: Later) -> None:
    talk(driver)
    driver.wrap_up()
    later(400)
    driver.sweep()
    assert driver.twilio.tasks[TASK]["assignment_status"] == "wrapping" and swept(driver)["left on the phone"] == 1


# --- callcenter.toml


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('mode = "direct"\n[queues.S.after_talk]\nkeys = { 1 = "solved" }', "not allowed with mode"),
        ('[queues.S.after_talk]\nkeys = { 0 = "solved" }\nnote_seconds = 5', "keys has the same"),
        ("[queues.S.after_talk]\nkeys = {}", "Expected `object` of length >= 1"),
        ('[queues.S.after_talk]\nkeys = { 12 = "solved" }', "keys"),
        ('[queues.S.after_talk]\nkeys = { 1 = "" }', "length >= 1"),
        ('[queues.S.after_talk]\nkeys = { 1 = "x" }\nnote_seconds = 601', "note_seconds"),
    ],
)
def test_what_makes_no_sense_is_said(written: str, said: str) -> None:
    text = 'default_line = "a"\n[lines.a]\ngreeting = "Hello."\n'
    table_of = written if written.startswith("[") else f"[queues.S]\n{written}"
    with pytest.raises(CallCenterError, match=said):
        callcenter.parse(text + table_of)


def test_the_prompt_may_be_the_teams_own() -> None:
    own = msgspec.structs.replace(RULES, prompt="How did it go?")
    assert own.said == "How did it go?"
    assert msgspec.structs.replace(RULES, note_seconds=0).said == "Press 1 for solved, press 2 for call again."


# --- The CRM hears of it


@pytest.fixture
def told(driver: Driver, environment: pytest.MonkeyPatch) -> list[crm.Ended]:
    """What the CRM of the support queue is told; the team wants that."""
    center = callcenter.current()
    center = msgspec.structs.replace(center, crm=msgspec.structs.replace(center.crm, after=True))
    environment.setattr(callcenter, "current", lambda: center)
    heard: list[crm.Ended] = []
    environment.setattr(crm, "after", lambda _adapter, ended: heard.append(ended))
    return heard


def wrapped_up(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> list[tuple[jobs.Job, int]]:
    """The worker has hung up, and the wrap-up is over; returns the messages that were sent then."""
    driver.wrap_up()
    driver.twilio.call = "completed"
    sent: list[tuple[jobs.Job, int]] = []
    with monkeypatch.context() as patched:
        patched.setattr(jobs, "send", lambda job, delay_seconds=0: sent.append((job, delay_seconds)))
        driver.work(jobs.CompleteTask(CALL, TASK))
    return sent


def test_the_crm_hears_what_became_of_the_call_when_it_is_wrapped_up(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, told: list[crm.Ended]
) -> None:
    talk(driver)
    press(driver, "2")
    assert wrapped_up(driver, monkeypatch) == [(jobs.TellCrm(CALL, RESERVATION), 5)] and told == []
    driver.work(jobs.TellCrm(CALL, RESERVATION))
    (ended,) = told
    assert (ended.disposition, ended.idempotency_key, ended.call_sid) == ("call again", RESERVATION, CALL)
    assert ended.bridged_at and ended.ended_at >= ended.bridged_at


def test_a_team_that_does_not_want_it_pays_nothing(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    talk(driver)
    assert wrapped_up(driver, monkeypatch) == []


def test_a_crm_that_fails_is_told_later_and_in_the_end_not_at_all(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, told: list[crm.Ended]
) -> None:
    def down(_adapter: str, _ended: crm.Ended) -> None:
        raise crm.Unavailable("down")

    talk(driver)
    wrapped_up(driver, monkeypatch)
    sent: list[tuple[jobs.Job, int]] = []
    monkeypatch.setattr(crm, "after", down)
    monkeypatch.setattr(jobs, "send", lambda job, delay_seconds=0: sent.append((job, delay_seconds)))
    for tries in range(5):  # the last one is another version's, which tries more often
        driver.work(jobs.TellCrm(CALL, RESERVATION, tries))
    assert [(job.tries, delay) for job, delay in sent if isinstance(job, jobs.TellCrm)] == [(1, 60), (2, 300), (3, 900)]
    assert "the CRM is not told" in driver.log.getvalue()


def test_a_link_that_has_expired_is_told_of_to_nobody(driver: Driver, told: list[crm.Ended]) -> None:
    driver.work(jobs.TellCrm(CALL, RESERVATION))
    assert told == []
