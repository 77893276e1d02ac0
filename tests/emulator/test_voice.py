"""Calls from the first ring to the end: documents, queues, joins and hang-ups, in virtual time."""

import json
from dataclasses import replace
from typing import Any

import pytest

from emulator.ports import TwilioError, WebResponse, WebResult, WorkerLegOrder
from emulator.voice.parties import (
    answers,
    busy,
    declines,
    hangs_up,
    hears,
    joined,
    no_answer,
    presses,
    says,
    talks,
    unreachable,
    waits,
)
from tests.emulator.harness import (
    ACCOUNT,
    ACTIVITY,
    BASE,
    CALLER,
    LINE,
    RESERVATION,
    TASK,
    WORKER,
    WORKFLOW,
    down,
)
from tests.emulator.voice_harness import VoiceHarness

ENQUEUE = f'<Enqueue workflowSid="{WORKFLOW}" action="/after" waitUrl="/wait"/><Say>Not reached</Say>'
BRIDGE = f'<Dial><Queue reservationSid="{RESERVATION}" postWorkActivitySid="{ACTIVITY}"/></Dial><Say>Alone</Say>'
SONG = "<Say>Please hold the line</Say><Pause length='10'/>"


def queue_harness(**pages: Any) -> VoiceHarness:
    given = {f"/{name}": page for name, page in pages.items()}
    return VoiceHarness({"/incoming": ENQUEUE, "/wait": SONG, "/after": "<Hangup/>", "/answer": BRIDGE, **given})


def test_caller_hears_the_document_and_the_call_ends_with_it() -> None:
    harness = VoiceHarness({"/incoming": "<Say>Hello</Say>"})
    sid = harness.dial()
    harness.run(10)
    assert harness.heard(sid) == ["Hello"]
    assert harness.trace("ended") == [{"sid": sid, "status": "completed", "by": "document"}]


def test_incoming_request_carries_the_standard_parameters_and_blank_places() -> None:
    harness = VoiceHarness({"/incoming": "<Hangup/>"})
    sid = harness.dial()
    harness.run(5)
    form = harness.forms("/incoming")[0]
    assert form["CallSid"] == sid
    assert (form["From"], form["To"], form["Caller"], form["Called"]) == (CALLER, LINE, CALLER, LINE)
    assert (form["CallStatus"], form["Direction"]) == ("ringing", "inbound")
    assert (form["AccountSid"], form["ApiVersion"]) == (ACCOUNT, "2010-04-01")
    assert form["FromCity"] == "" and form["CalledCountry"] == ""


def test_say_lasts_as_long_as_its_text() -> None:
    harness = VoiceHarness({"/incoming": f"<Say>{'a' * 100}</Say>"}, speech_rate=0.1)
    sid = harness.dial()
    harness.run(10)
    assert harness.status(sid) == "in-progress"
    harness.run(0.2)
    assert harness.status(sid) == "completed"


def test_play_resolves_relative_to_the_document() -> None:
    harness = VoiceHarness({"/incoming": "<Play>/music/one.mp3</Play>"})
    harness.dial()
    harness.run(10)
    assert [event["url"] for event in harness.trace("played")] == [f"{BASE}/music/one.mp3"]


def test_redirect_leaves_the_rest_of_the_document() -> None:
    harness = VoiceHarness({"/incoming": "<Redirect>/next</Redirect><Say>Never</Say>", "/next": "<Say>Here</Say>"})
    sid = harness.dial()
    harness.run(10)
    assert harness.heard(sid) == ["Here"]


def test_empty_redirect_asks_for_the_same_document_again() -> None:
    harness = VoiceHarness({"/incoming": "<Say>Again</Say><Redirect/>"})
    sid = harness.dial(hears("Again"), hears("Again"), hangs_up())
    harness.run(10)
    assert len(harness.forms("/incoming")) == 2
    assert harness.status(sid) == "completed"


def test_unknown_verb_is_warned_of_and_skipped() -> None:
    harness = VoiceHarness({"/incoming": "<Dance/><Say>Still here</Say>"})
    sid = harness.dial()
    harness.run(10)
    assert harness.warnings() == ["12200"]
    assert harness.heard(sid) == ["Still here"]


@pytest.mark.parametrize(
    ("verb", "message"),
    [
        ("<Connect><Stream/></Connect>", "<Connect>"),
        ("<Sms>Hi</Sms>", "<Sms>"),
        ("<Dial><Sim>DE1</Sim></Dial>", "<Sim> in <Dial>"),
        ('<Play digits="1"/>', 'digits="1" of <Play>'),
    ],
)
def test_what_twilio_knows_and_nobody_imitates_is_warned_of(verb: str, message: str) -> None:
    harness = VoiceHarness({"/incoming": f"{verb}<Say>Still here</Say>"})
    sid = harness.dial()
    harness.run(10)
    assert harness.trace("warning") == [{"code": "not imitated", "message": message, "sid": sid}]
    assert harness.heard(sid)[-1] == "Still here"


def test_a_waiting_document_is_warned_of_once() -> None:
    harness = queue_harness(wait='<Say flavour="mint">Please hold</Say><Pause length="3"/>')
    harness.dial()
    harness.run(30)
    assert len(harness.forms("/wait")) > 3
    assert harness.warnings() == ["not imitated"]


def test_rejected_call_is_never_answered() -> None:
    harness = VoiceHarness({"/incoming": '<Reject reason="busy"/>'})
    sid = harness.dial()
    harness.run(5)
    assert harness.status(sid) == "busy"
    assert not harness.trace("answered")


def test_failing_document_falls_back_with_error_code_and_url() -> None:
    harness = VoiceHarness({"/incoming": WebResponse(500, {}, b""), "/fallback": "<Say>One moment</Say>"})
    harness.twilio.number(LINE, f"{BASE}/incoming", fallback_url=f"{BASE}/fallback")
    sid = harness.dial()
    harness.run(10)
    form = harness.forms("/fallback")[0]
    assert (form["ErrorCode"], form["ErrorUrl"]) == ("11200", f"{BASE}/incoming")
    assert harness.heard(sid) == ["One moment"]


def test_without_a_fallback_the_stock_error_is_heard_and_the_call_ends() -> None:
    harness = VoiceHarness({"/incoming": WebResponse(500, {}, b"")})
    sid = harness.dial()
    harness.run(20)
    assert "application error has occurred" in harness.heard(sid)[0]
    assert harness.status(sid) == "completed"


def test_failing_fallback_is_not_asked_again() -> None:
    harness = VoiceHarness({"/incoming": WebResponse(500, {}, b""), "/fallback": WebResponse(502, {}, b"")})
    harness.twilio.number(LINE, f"{BASE}/incoming", fallback_url=f"{BASE}/fallback")
    sid = harness.dial()
    harness.run(20)
    assert len(harness.forms("/fallback")) == 1
    assert "application error" in harness.heard(sid)[0]


def test_answer_after_fifteen_seconds_is_a_failure() -> None:
    harness = VoiceHarness({"/incoming": "<Say>Too late</Say>"})
    harness.delays["/incoming"] = 20
    sid = harness.dial()
    harness.run(14.9)
    assert harness.status(sid) == "ringing"
    harness.run(10)
    assert harness.warnings() == ["11205"]
    assert "application error" in harness.heard(sid)[0]


def test_document_problems_have_their_codes() -> None:
    bad: dict[str, list[WebResult]] = {
        "12100": [
            WebResponse(200, {"content-type": "text/xml"}, b"<Answer/>"),
            WebResponse(200, {"content-type": "text/xml"}, b' <?xml version="1.0"?><Response/>'),
            WebResponse(200, {"content-type": "text/xml"}, b""),
        ],
        "12300": [
            WebResponse(200, {}, b"<Response/>"),
            WebResponse(200, {"content-type": "application/json"}, b"<Response/>"),
        ],
        "11205": [down({})],
    }
    for code, answers_ in bad.items():
        for answer in answers_:
            harness = VoiceHarness({"/incoming": answer})
            harness.dial()
            harness.run(10)
            assert harness.warnings() == [code]


def test_plain_text_is_read_aloud_and_audio_is_played() -> None:
    plain = VoiceHarness({"/incoming": WebResponse(200, {"content-type": "text/plain"}, b"Good morning")})
    sid = plain.dial()
    plain.run(5)
    assert plain.heard(sid) == ["Good morning"]
    audio = VoiceHarness({"/incoming": WebResponse(200, {"content-type": "audio/mpeg"}, b"x")})
    sid = audio.dial()
    audio.run(10)
    assert audio.heard(sid) == [f"{BASE}/incoming"]
    assert audio.status(sid) == "completed"


def test_gather_takes_a_digit_during_the_prompt_and_asks_its_action() -> None:
    menu = '<Gather numDigits="1" action="/choice"><Say>Press one for sales, or wait for ever and ever</Say></Gather>'
    harness = VoiceHarness({"/incoming": menu, "/choice": "<Say>Sales</Say>"}, speech_rate=1.0)
    sid = harness.dial(hears("Press one"), waits(2), presses("1"))
    harness.run(4)
    assert harness.forms("/choice")[0]["Digits"] == "1"
    assert harness.heard(sid)[-1] == "Sales"


def test_gather_without_input_falls_through() -> None:
    menu = '<Gather timeout="3" action="/choice"><Say>Press</Say></Gather><Say>Nothing came</Say>'
    harness = VoiceHarness({"/incoming": menu})
    sid = harness.dial()
    harness.run(10)
    assert harness.heard(sid) == ["Press", "Nothing came"]
    assert not harness.forms("/choice")


def test_gather_with_action_on_empty_result_asks_with_no_digits() -> None:
    menu = '<Gather timeout="3" action="/choice" actionOnEmptyResult="true"/>'
    harness = VoiceHarness({"/incoming": menu, "/choice": "<Hangup/>"})
    harness.dial()
    harness.run(10)
    assert harness.forms("/choice")[0]["Digits"] == ""


def test_gather_ends_at_the_finishing_key_and_leaves_it_out() -> None:
    harness = VoiceHarness({"/incoming": '<Gather action="/choice"/>', "/choice": "<Hangup/>"})
    harness.dial(waits(1), presses("12"), waits(4), presses("34#"))
    harness.run(10)
    assert harness.forms("/choice")[0]["Digits"] == "1234"


def test_gather_hears_speech_only_when_asked_for_it() -> None:
    pages = {"/incoming": '<Gather input="dtmf speech" action="/choice"/>', "/choice": "<Hangup/>"}
    harness = VoiceHarness(pages)
    harness.dial(waits(1), says("sales"))
    harness.run(10)
    assert harness.forms("/choice")[0]["SpeechResult"] == "sales"
    assert "Confidence" in harness.forms("/choice")[0]
    deaf = VoiceHarness({**pages, "/incoming": '<Gather action="/choice"/>'})
    deaf.dial(waits(1), says("sales"))
    deaf.run(10)
    assert not deaf.forms("/choice")


def test_gather_tells_how_sure_twilio_is_of_what_was_said() -> None:
    pages = {"/incoming": '<Gather input="speech" action="/choice"/>', "/choice": '<Gather input="speech"/>'}
    harness = VoiceHarness(pages)
    harness.dial(waits(1), says("sales", 0.25), waits(1), says("sales"))
    harness.run(10)
    assert harness.forms("/choice")[0]["Confidence"] == "0.25"
    assert harness.forms("/choice")[1]["Confidence"] == "0.9"


def test_what_is_said_with_tags_is_heard_without_them() -> None:
    harness = VoiceHarness({"/incoming": '<Say>Press <break time="1s"/> one &amp; <s>wait</s>!</Say>'})
    sid = harness.dial()
    harness.run(10)
    assert harness.heard(sid) == ["Press one & wait!"]


def test_digits_pressed_before_a_gather_do_not_count() -> None:
    harness = VoiceHarness({"/incoming": '<Pause length="3"/><Gather numDigits="1" action="/choice"/>'})
    harness.dial(waits(1), presses("1"))
    harness.run(15)
    assert not harness.forms("/choice")


def test_record_ends_with_silence_and_reports_the_recording() -> None:
    pages = {"/incoming": '<Record action="/stored" timeout="4" recordingStatusCallback="/kept"/>'}
    harness = VoiceHarness({**pages, "/stored": "<Say>Thanks</Say>", "/kept": "<Response/>"})
    sid = harness.dial(waits(1), talks(10))
    harness.run(30)
    form = harness.forms("/stored")[0]
    assert form["RecordingDuration"] == "15"
    assert form["RecordingUrl"].endswith(form["RecordingSid"])
    assert harness.forms("/kept")[0]["RecordingStatus"] == "completed"
    assert harness.trace("recording") == [{"sid": sid, "url": form["RecordingUrl"]}]


def test_record_reports_a_hang_up_in_its_digits() -> None:
    harness = VoiceHarness({"/incoming": '<Record action="/stored"/>', "/stored": "<Say>Not heard</Say>"})
    sid = harness.dial(waits(1), talks(5), hangs_up())
    harness.run(30)
    assert harness.forms("/stored")[0]["Digits"] == "hangup"
    assert harness.forms("/stored")[0]["CallStatus"] == "completed"
    assert harness.heard(sid) == []


def test_record_of_silence_goes_on_with_the_next_verb() -> None:
    harness = VoiceHarness({"/incoming": '<Record action="/stored"/><Say>Nothing recorded</Say>'})
    sid = harness.dial()
    harness.run(30)
    assert harness.heard(sid) == ["Nothing recorded"]
    assert not harness.forms("/stored")


def test_enqueue_makes_a_task_with_the_25_attributes_and_its_own() -> None:
    task = f'<Enqueue workflowSid="{WORKFLOW}"><Task priority="5" timeout="200">{{"vip": true}}</Task></Enqueue>'
    harness = queue_harness(incoming=task)
    sid = harness.dial()
    harness.run(5)
    attributes = dict(harness.router.tasks[TASK])
    assert attributes.pop("vip") is True
    assert len(attributes) == 25
    assert (attributes["call_sid"], attributes["from"], attributes["called_city"]) == (sid, CALLER, "")
    assert harness.router.orders == [(WORKFLOW, 5, 200)]
    assert harness.trace("enqueued") == [{"sid": sid, "queue": WORKFLOW, "task_sid": TASK}]


def test_attributes_that_are_not_a_json_object_are_an_error() -> None:
    for text in ("{'a': 1}", "[1]"):
        harness = queue_harness(
            incoming=f'<Enqueue workflowSid="{WORKFLOW}" action="/after"><Task>{text}</Task></Enqueue>'
        )
        harness.dial()
        harness.run(5)
        assert harness.warnings() == ["14221"]
        assert harness.forms("/after")[0]["QueueResult"] == "error"
        assert "QueueSid" not in harness.forms("/after")[0]


def test_unknown_workflow_without_an_action_goes_on_with_the_next_verb() -> None:
    harness = queue_harness(incoming=f'<Enqueue workflowSid="{WORKFLOW}"/><Say>Closed</Say>')
    harness.router.refusals["create_task"] = TwilioError(14220, "no such workflow")
    sid = harness.dial()
    harness.run(5)
    assert harness.heard(sid) == ["Closed"]
    assert harness.warnings() == ["14220"]


def test_waiting_document_repeats_and_knows_the_queue() -> None:
    harness = queue_harness()
    harness.dial()
    harness.run(30)
    forms = harness.forms("/wait")
    assert len(forms) == 3
    assert forms[0]["QueuePosition"] == "1"
    assert forms[0]["CurrentQueueSize"] == "1"
    assert forms[0]["MaxQueueSize"] == "100"
    assert forms[0]["AvgQueueTime"] == "0"
    assert int(forms[2]["QueueTime"]) > 15
    assert forms[0]["QueueSid"].startswith("QU")


def test_silent_waiting_document_is_not_asked_for_without_end() -> None:
    harness = queue_harness(wait="")
    harness.dial()
    harness.run(10)
    assert 5 <= len(harness.forms("/wait")) <= 11


def test_verbs_that_cannot_run_while_waiting_are_skipped() -> None:
    harness = queue_harness(wait="<Record/><Pause length='30'/>")
    harness.dial()
    harness.run(10)
    assert harness.warnings() == ["12200"]


def test_leave_goes_on_with_the_action_at_once_and_cancels_the_task() -> None:
    harness = queue_harness(wait="<Pause length='3'/><Leave/>", after="<Say>Voicemail</Say>")
    sid = harness.dial()
    harness.run(10)
    assert harness.forms("/after")[0]["QueueResult"] == "leave"
    assert harness.forms("/after")[0]["QueueTime"] == "3"
    assert harness.heard(sid) == ["Voicemail"]
    assert harness.router.events == [("caller_left", TASK, "leave")]


def test_caller_can_leave_the_queue_by_a_key() -> None:
    wait = '<Gather numDigits="1" action="/key"><Say>Press one to leave</Say></Gather>'
    harness = queue_harness(wait=wait, key="<Leave/>")
    harness.dial(hears("Press one"), presses("1"))
    harness.run(10)
    assert harness.forms("/after")[0]["QueueResult"] == "leave"


def test_leave_outside_of_a_queue_is_warned_of_and_skipped() -> None:
    harness = VoiceHarness({"/incoming": "<Leave/><Say>Still here</Say>"})
    sid = harness.dial()
    harness.run(10)
    assert harness.warnings() == ["12200"]
    assert harness.heard(sid) == ["Still here"]


def test_caller_hangs_up_while_waiting() -> None:
    harness = queue_harness()
    sid = harness.dial(hears("Please hold"), hangs_up())
    harness.run(10)
    assert harness.router.events == [("caller_left", TASK, "hangup")]
    assert harness.forms("/after")[0]["QueueResult"] == "hangup"
    assert harness.forms("/after")[0]["CallStatus"] == "completed"
    assert harness.trace("left_queue") == [{"sid": sid, "result": "hangup"}]
    assert harness.trace("ended") == [{"sid": sid, "status": "completed", "by": "person"}]


def test_full_workflow_queue_turns_the_next_caller_away() -> None:
    harness = queue_harness()
    for _ in range(101):
        harness.dial()
    harness.run(5)
    assert len(harness.router.tasks) == 100
    assert [form["QueueResult"] for form in harness.forms("/after")] == ["queue-full"]
    assert harness.warnings() == ["14207"]


def test_smaller_max_queue_size_counts() -> None:
    harness = VoiceHarness({"/incoming": '<Enqueue maxQueueSize="1" waitUrl="">sales</Enqueue><Say>Full</Say>'})
    first, second = harness.dial(), harness.dial()
    harness.run(5)
    assert (harness.heard(first), harness.heard(second)) == ([], ["Full"])


def test_worker_is_joined_to_the_caller_of_the_reservation() -> None:
    harness = queue_harness()
    harness.twilio.phone(WORKER).will(answers(2, [joined(), talks(30), hangs_up()]))
    caller = harness.dial()
    harness.run(5)
    worker = harness.ring()
    harness.run(10)
    assert harness.trace("joined") == [{"caller_sid": caller, "worker_sid": worker, "reservation_sid": RESERVATION}]
    assert harness.router.events == [("begin_accept", RESERVATION), ("finish_accept", RESERVATION, "True")]
    assert not harness.forms("/after")
    harness.run(40)
    assert harness.router.events[2:] == [("conversation_ended", RESERVATION, ACTIVITY)]
    assert harness.forms("/after")[0]["QueueResult"] == "bridged"
    assert harness.status(worker) == "completed"


def test_caller_hangs_up_and_the_worker_goes_on_with_the_next_verb() -> None:
    harness = queue_harness()
    harness.twilio.phone(WORKER).will(answers(2))
    harness.dial(joined(), talks(20), hangs_up())
    harness.run(1)
    worker = harness.ring()
    harness.run(60)
    assert harness.heard(worker) == ["Alone"]
    assert [form["QueueResult"] for form in harness.forms("/after")] == ["bridged"]
    assert len(harness.trace("parted")) == 1
    assert ("conversation_ended", RESERVATION, ACTIVITY) in harness.router.events


def test_dial_action_tells_that_the_two_were_bridged() -> None:
    harness = queue_harness(answer=BRIDGE.replace("<Dial>", '<Dial action="/done">'), done="<Hangup/>")
    harness.twilio.phone(WORKER).will(answers(2))
    caller = harness.dial(joined(), talks(20), hangs_up())
    harness.ring()
    harness.run(60)
    form = harness.forms("/done")[0]
    assert (form["DialCallStatus"], form["DialBridged"]) == ("completed", "true")
    assert (form["DialCallSid"], form["DialCallDuration"]) == (caller, "20")


def test_refused_reservation_leaves_the_worker_alone_on_the_line() -> None:
    harness = queue_harness(answer=BRIDGE.replace("<Dial>", '<Dial action="/done">'), done="<Say>Too late</Say>")
    harness.router.refusals["begin_accept"] = TwilioError(14215, "accepted already")
    harness.twilio.phone(WORKER).will(answers(2))
    harness.dial()
    worker = harness.ring()
    harness.run(20)
    assert harness.warnings() == ["14215"]
    form = harness.forms("/done")[0]
    assert (form["DialCallStatus"], form["DialBridged"]) == ("failed", "false")
    assert harness.heard(worker) == ["Too late"]


def test_unknown_post_work_activity_is_a_warning() -> None:
    harness = queue_harness()
    harness.router.refusals["conversation_ended"] = TwilioError(14218, "no such activity")
    harness.twilio.phone(WORKER).will(answers(2, [joined(), hangs_up()]))
    harness.dial()
    harness.ring()
    harness.run(20)
    assert harness.warnings() == ["14218"]


WHISPER = f'<Dial><Queue reservationSid="{RESERVATION}" url="/whisper"/></Dial><Say>Alone</Say>'


def test_whisper_plays_to_the_caller_before_the_join() -> None:
    harness = queue_harness(answer=WHISPER, whisper="<Say>This call is recorded</Say>")
    harness.twilio.phone(WORKER).will(answers(2))
    caller = harness.dial()
    harness.run(5)
    worker = harness.ring()
    harness.run(3.5)
    assert harness.heard(caller)[-1] == "This call is recorded"
    assert harness.router.events == [("begin_accept", RESERVATION)]
    harness.run(5)
    assert harness.router.events[-1] == ("finish_accept", RESERVATION, "True")
    form = harness.forms("/whisper")[0]
    assert (form["CallSid"], form["DequeingCallSid"]) == (caller, worker)
    assert form["QueueTime"] == "8"


def test_caller_hangs_up_during_the_whisper() -> None:
    harness = queue_harness(answer=WHISPER, whisper="<Say>This call is recorded</Say>")
    harness.twilio.phone(WORKER).will(answers(2))
    harness.dial(hears("recorded"), hangs_up())
    worker = harness.ring()
    harness.run(20)
    assert harness.router.events[1:] == [("finish_accept", RESERVATION, "False"), ("caller_left", TASK, "hangup")]
    assert harness.heard(worker) == ["Alone"]
    assert not harness.trace("joined")


def test_worker_hangs_up_during_the_whisper_and_the_caller_waits_on() -> None:
    harness = queue_harness(answer=WHISPER, whisper="<Say>This call is recorded</Say><Pause length='5'/>")
    harness.twilio.phone(WORKER).will(answers(2, [waits(2), hangs_up()]))
    caller = harness.dial()
    harness.ring()
    harness.run(20)
    assert harness.router.events[1:] == [("finish_accept", RESERVATION, "False")]
    assert harness.heard(caller)[-1] == "Please hold the line"
    assert [len(queue.members) for queue in harness.twilio.context.queues.by_name.values()] == [1]


def test_star_lets_go_of_the_caller_when_the_dial_says_so() -> None:
    harness = queue_harness(answer=BRIDGE.replace("<Dial>", '<Dial hangupOnStar="true">'))
    harness.twilio.phone(WORKER).will(answers(2, [joined(), talks(5), presses("*")]))
    harness.dial()
    worker = harness.ring()
    harness.run(30)
    assert harness.heard(worker) == ["Alone"]
    assert harness.forms("/after")[0]["QueueResult"] == "bridged"


def test_redirect_over_rest_takes_the_caller_out_of_the_queue() -> None:
    harness = queue_harness(elsewhere="<Say>Somewhere else</Say>")
    sid = harness.dial()
    harness.run(5)
    harness.twilio.voice.redirect(sid, f"{BASE}/elsewhere")
    harness.run(5)
    assert harness.heard(sid)[-1] == "Somewhere else"
    assert harness.forms("/after")[0]["QueueResult"] == "redirected"
    assert harness.router.events == [("caller_left", TASK, "hangup")]


def test_redirect_of_a_joined_caller_parts_the_two() -> None:
    harness = queue_harness(elsewhere="<Say>Somewhere else</Say>")
    harness.twilio.phone(WORKER).will(answers(2))
    sid = harness.dial()
    worker = harness.ring()
    harness.run(10)
    harness.twilio.voice.redirect(sid, f"{BASE}/elsewhere")
    harness.run(5)
    assert harness.forms("/after")[0]["QueueResult"] == "redirected-from-bridged"
    assert harness.heard(worker) == ["Alone"]


def test_redirect_of_a_call_that_is_gone_is_refused() -> None:
    harness = queue_harness()
    sid = harness.dial(waits(1), hangs_up())
    harness.run(5)
    try:
        harness.twilio.voice.redirect(sid, f"{BASE}/elsewhere")
    except TwilioError as error:
        assert error.code == 40122
    else:
        raise AssertionError("the redirect was taken")


NAMED = {"/incoming": '<Enqueue waitUrl="">sales</Enqueue>', "/answer": "<Dial><Queue>sales</Queue></Dial><Redirect/>"}


def test_named_queue_gives_its_callers_in_order_and_the_agent_takes_one_after_the_other() -> None:
    harness = VoiceHarness(NAMED)
    harness.twilio.phone(WORKER).will(answers(2))
    first = harness.dial(joined(), talks(10), hangs_up())
    harness.run(1)
    second = harness.dial(joined(), talks(10), hangs_up())
    harness.ring()
    harness.run(60)
    assert [event["caller_sid"] for event in harness.trace("joined")] == [first, second]
    assert all(event["reservation_sid"] == "" for event in harness.trace("joined"))


def test_agent_waits_for_the_first_caller_of_an_empty_queue_until_the_timeout() -> None:
    harness = VoiceHarness({**NAMED, "/answer": '<Dial timeout="20" action="/done"><Queue>sales</Queue></Dial>'})
    harness.pages["/done"] = "<Hangup/>"
    harness.twilio.phone(WORKER).will(answers(2))
    harness.dial(waits(1), hangs_up())
    harness.run(5)
    harness.ring()
    harness.run(10)
    assert not harness.forms("/done")
    late = harness.dial(joined(), talks(3), hangs_up())
    harness.run(15)
    assert harness.trace("joined")[0]["caller_sid"] == late
    harness.ring()
    harness.run(30)
    assert harness.forms("/done")[1]["DialCallStatus"] == "no-answer"


def test_dial_of_a_queue_that_does_not_exist_fails_at_once() -> None:
    harness = VoiceHarness({"/answer": "<Dial><Queue>nowhere</Queue></Dial><Say>Sorry</Say>"})
    harness.twilio.phone(WORKER).will(answers(2))
    worker = harness.ring()
    harness.run(5)
    assert harness.warnings() == ["14212"]
    assert harness.heard(worker) == ["Sorry"]


def test_worker_leg_that_nobody_takes_ends_as_the_phone_says() -> None:
    cases = {
        "no-answer": no_answer(),
        "busy": busy(),
        "failed": unreachable(),
    }
    for status, behaviour in cases.items():
        harness = VoiceHarness({})
        harness.twilio.phone(WORKER).will(behaviour)
        sid = harness.ring(Timeout="15")
        harness.run(20)
        assert harness.status(sid) == status
    harness = VoiceHarness({})
    harness.twilio.phone(WORKER).will(declines(3))
    sid = harness.ring()
    harness.run(20)
    assert harness.status(sid) == "busy"


def test_phone_that_answers_after_the_timeout_was_not_answered() -> None:
    harness = VoiceHarness({})
    harness.twilio.phone(WORKER).will(answers(16))
    sid = harness.ring(Timeout="15")
    harness.run(16.5)
    assert harness.status(sid) == "no-answer"


def test_status_callbacks_come_in_order() -> None:
    harness = VoiceHarness({"/answer": "<Pause length='61'/>", "/status": "<Response/>"})
    harness.twilio.phone(WORKER).will(answers(2))
    sid = harness.ring(
        StatusCallback=f"{BASE}/status", StatusCallbackEvent=["initiated", "ringing", "answered", "completed"]
    )
    harness.run(120)
    forms = harness.forms("/status")
    assert [form["CallStatus"] for form in forms] == ["initiated", "ringing", "in-progress", "completed"]
    assert [form["SequenceNumber"] for form in forms] == ["0", "1", "2", "3"]
    assert {form["CallSid"] for form in forms} == {sid}
    assert {form["CallbackSource"] for form in forms} == {"call-progress-events"}
    assert forms[0]["Timestamp"] == "Fri, 15 Jan 2027 08:00:00 +0000"
    assert (forms[3]["CallDuration"], forms[3]["Duration"]) == ("62", "2")


def test_status_callback_without_events_tells_only_the_end() -> None:
    harness = VoiceHarness({"/status": "<Response/>"})
    harness.twilio.phone(WORKER).will(busy())
    harness.ring(StatusCallback=f"{BASE}/status")
    harness.run(10)
    assert [form["CallStatus"] for form in harness.forms("/status")] == ["busy"]


def test_outbound_calls_start_one_a_second() -> None:
    harness = VoiceHarness({})
    sids = [harness.ring() for _ in range(3)]
    times = [harness.rest("GET", f"/Calls/{sid}.json").body["queue_time"] for sid in sids]
    assert times == ["0", "1000", "2000"]
    harness.run(1.5)
    assert [harness.status(sid) for sid in sids] == ["ringing", "queued", "queued"]
    assert len(harness.trace("dialed")) == 2


def test_more_calls_per_second_can_be_bought() -> None:
    harness = VoiceHarness({}, calls_per_second=4)
    times = [harness.rest("GET", f"/Calls/{harness.ring()}.json").body["queue_time"] for _ in range(3)]
    assert times == ["0", "250", "500"]


def order(caller: str, url: str = "", events: tuple[str, ...] = ()) -> WorkerLegOrder:
    return WorkerLegOrder(
        RESERVATION, TASK, caller, WORKER, LINE, 60, f"{BASE}/leg", events, url, post_work_activity_sid=ACTIVITY
    )


def test_dequeue_leg_is_joined_as_soon_as_it_is_answered() -> None:
    harness = queue_harness(leg="<Response/>")
    harness.twilio.phone(WORKER).will(answers(2, [joined(), talks(5), hangs_up()]))
    caller = harness.dial()
    harness.run(5)
    leg = harness.twilio.voice.place_worker_leg(order(caller, events=("answered", "completed")))
    harness.run(20)
    assert harness.trace("joined") == [{"caller_sid": caller, "worker_sid": leg, "reservation_sid": RESERVATION}]
    assert harness.router.events[:2] == [("begin_accept", RESERVATION), ("finish_accept", RESERVATION, "True")]
    assert harness.router.events[-1] == ("conversation_ended", RESERVATION, ACTIVITY)
    asked = [asked for asked in harness.asked if asked.path == "/leg"]
    assert [one.method for one in asked] == ["GET", "GET"]
    assert {one.form["taskCallSid"] for one in asked} == {caller}
    assert [one.form["CallStatus"] for one in asked] == ["in-progress", "completed"]


def test_a_conferences_leg_is_told_of_by_post_and_without_the_callers_call() -> None:
    harness = queue_harness(leg="<Response/>")
    harness.twilio.phone(WORKER).will(busy())
    caller = harness.dial()
    harness.run(5)
    harness.twilio.voice.place_worker_leg(replace(order(caller), status_callback_method="POST", names_caller=False))
    harness.run(5)
    (asked,) = [asked for asked in harness.asked if asked.path == "/leg"]
    assert (asked.method, asked.form["CallStatus"], "taskCallSid" in asked.form) == ("POST", "busy", False)


def test_dequeue_leg_that_nobody_takes_fails_its_reservation() -> None:
    harness = queue_harness(leg="<Response/>")
    harness.twilio.phone(WORKER).will(busy())
    caller = harness.dial()
    harness.run(5)
    leg = harness.twilio.voice.place_worker_leg(order(caller))
    harness.run(5)
    assert harness.status(leg) == "busy"
    assert harness.router.events == [("finish_accept", RESERVATION, "False")]


def test_dequeue_leg_ends_when_the_caller_hangs_up_while_it_rings() -> None:
    harness = queue_harness(leg="<Response/>")
    harness.twilio.phone(WORKER).will(answers(20))
    caller = harness.dial(waits(8), hangs_up())
    harness.run(5)
    leg = harness.twilio.voice.place_worker_leg(order(caller))
    harness.run(4)
    assert harness.status(leg) == "canceled"


def test_leg_of_our_own_rings_on_when_the_caller_hangs_up() -> None:
    harness = queue_harness()
    harness.twilio.phone(WORKER).will(answers(20))
    harness.dial(waits(4), hangs_up())
    leg = harness.ring()
    harness.run(10)
    assert harness.status(leg) == "ringing"


def test_leg_of_the_call_instruction_runs_its_document() -> None:
    harness = queue_harness(leg="<Response/>")
    harness.twilio.phone(WORKER).will(answers(2))
    caller = harness.dial()
    leg = harness.twilio.voice.place_worker_leg(order(caller, url=f"{BASE}/answer"))
    harness.run(10)
    assert harness.trace("joined")[0]["worker_sid"] == leg


def test_same_seed_plays_the_same_story() -> None:
    def play_once() -> str:
        harness = queue_harness()
        harness.twilio.phone(WORKER).will(answers(2, [joined(), talks(5), hangs_up()]))
        harness.dial()
        harness.ring()
        harness.run(30)
        return json.dumps([[event.at, event.kind, dict(event.detail)] for event in harness.twilio.scheduler.trace])

    assert play_once() == play_once()
