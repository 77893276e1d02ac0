"""What callers and workers live through: documents, queues, joins and hang-ups, in virtual time."""

import json
from typing import Any

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
    Stage,
    down,
)

ENQUEUE = f'<Enqueue workflowSid="{WORKFLOW}" action="/after" waitUrl="/wait"/><Say>Not reached</Say>'
BRIDGE = f'<Dial><Queue reservationSid="{RESERVATION}" postWorkActivitySid="{ACTIVITY}"/></Dial><Say>Alone</Say>'
SONG = "<Say>Please hold the line</Say><Pause length='10'/>"


def queue_stage(**pages: Any) -> Stage:
    given = {f"/{name}": page for name, page in pages.items()}
    return Stage({"/incoming": ENQUEUE, "/wait": SONG, "/after": "<Hangup/>", "/answer": BRIDGE, **given})


def test_caller_hears_the_document_and_the_call_ends_with_it() -> None:
    stage = Stage({"/incoming": "<Say>Hello</Say>"})
    sid = stage.dial()
    stage.run(10)
    assert stage.heard(sid) == ["Hello"]
    assert stage.trace("ended") == [{"sid": sid, "status": "completed", "by": "document"}]


def test_incoming_request_carries_the_standard_parameters_and_blank_places() -> None:
    stage = Stage({"/incoming": "<Hangup/>"})
    sid = stage.dial()
    stage.run(5)
    form = stage.forms("/incoming")[0]
    assert form["CallSid"] == sid
    assert (form["From"], form["To"], form["Caller"], form["Called"]) == (CALLER, LINE, CALLER, LINE)
    assert (form["CallStatus"], form["Direction"]) == ("ringing", "inbound")
    assert (form["AccountSid"], form["ApiVersion"]) == (ACCOUNT, "2010-04-01")
    assert form["FromCity"] == "" and form["CalledCountry"] == ""


def test_say_lasts_as_long_as_its_text() -> None:
    stage = Stage({"/incoming": f"<Say>{'a' * 100}</Say>"}, speech_rate=0.1)
    sid = stage.dial()
    stage.run(10)
    assert stage.status(sid) == "in-progress"
    stage.run(0.2)
    assert stage.status(sid) == "completed"


def test_play_resolves_relative_to_the_document() -> None:
    stage = Stage({"/incoming": "<Play>/music/one.mp3</Play>"})
    stage.dial()
    stage.run(10)
    assert [fact["url"] for fact in stage.trace("played")] == [f"{BASE}/music/one.mp3"]


def test_redirect_leaves_the_rest_of_the_document() -> None:
    stage = Stage({"/incoming": "<Redirect>/next</Redirect><Say>Never</Say>", "/next": "<Say>Here</Say>"})
    sid = stage.dial()
    stage.run(10)
    assert stage.heard(sid) == ["Here"]


def test_empty_redirect_asks_for_the_same_document_again() -> None:
    stage = Stage({"/incoming": "<Say>Again</Say><Redirect/>"})
    sid = stage.dial(hears("Again"), hears("Again"), hangs_up())
    stage.run(10)
    assert len(stage.forms("/incoming")) == 2
    assert stage.status(sid) == "completed"


def test_unknown_verb_is_warned_of_and_skipped() -> None:
    stage = Stage({"/incoming": "<Dance/><Say>Still here</Say>"})
    sid = stage.dial()
    stage.run(10)
    assert stage.warnings() == ["12200"]
    assert stage.heard(sid) == ["Still here"]


def test_rejected_call_is_never_answered() -> None:
    stage = Stage({"/incoming": '<Reject reason="busy"/>'})
    sid = stage.dial()
    stage.run(5)
    assert stage.status(sid) == "busy"
    assert not stage.trace("answered")


def test_failing_document_falls_back_with_error_code_and_url() -> None:
    stage = Stage({"/incoming": WebResponse(500, {}, b""), "/fallback": "<Say>One moment</Say>"})
    stage.twilio.number(LINE, f"{BASE}/incoming", fallback_url=f"{BASE}/fallback")
    sid = stage.dial()
    stage.run(10)
    form = stage.forms("/fallback")[0]
    assert (form["ErrorCode"], form["ErrorUrl"]) == ("11200", f"{BASE}/incoming")
    assert stage.heard(sid) == ["One moment"]


def test_without_a_fallback_the_stock_error_is_heard_and_the_call_ends() -> None:
    stage = Stage({"/incoming": WebResponse(500, {}, b"")})
    sid = stage.dial()
    stage.run(20)
    assert "application error has occurred" in stage.heard(sid)[0]
    assert stage.status(sid) == "completed"


def test_failing_fallback_is_not_asked_again() -> None:
    stage = Stage({"/incoming": WebResponse(500, {}, b""), "/fallback": WebResponse(502, {}, b"")})
    stage.twilio.number(LINE, f"{BASE}/incoming", fallback_url=f"{BASE}/fallback")
    sid = stage.dial()
    stage.run(20)
    assert len(stage.forms("/fallback")) == 1
    assert "application error" in stage.heard(sid)[0]


def test_answer_after_fifteen_seconds_is_a_failure() -> None:
    stage = Stage({"/incoming": "<Say>Too late</Say>"})
    stage.delays["/incoming"] = 20
    sid = stage.dial()
    stage.run(14.9)
    assert stage.status(sid) == "ringing"
    stage.run(10)
    assert stage.warnings() == ["11205"]
    assert "application error" in stage.heard(sid)[0]


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
            stage = Stage({"/incoming": answer})
            stage.dial()
            stage.run(10)
            assert stage.warnings() == [code]


def test_plain_text_is_read_aloud_and_audio_is_played() -> None:
    plain = Stage({"/incoming": WebResponse(200, {"content-type": "text/plain"}, b"Good morning")})
    sid = plain.dial()
    plain.run(5)
    assert plain.heard(sid) == ["Good morning"]
    audio = Stage({"/incoming": WebResponse(200, {"content-type": "audio/mpeg"}, b"x")})
    sid = audio.dial()
    audio.run(10)
    assert audio.heard(sid) == [f"{BASE}/incoming"]
    assert audio.status(sid) == "completed"


def test_gather_takes_a_digit_during_the_prompt_and_asks_its_action() -> None:
    menu = '<Gather numDigits="1" action="/choice"><Say>Press one for sales, or wait for ever and ever</Say></Gather>'
    stage = Stage({"/incoming": menu, "/choice": "<Say>Sales</Say>"}, speech_rate=1.0)
    sid = stage.dial(hears("Press one"), waits(2), presses("1"))
    stage.run(4)
    assert stage.forms("/choice")[0]["Digits"] == "1"
    assert stage.heard(sid)[-1] == "Sales"


def test_gather_without_input_falls_through() -> None:
    menu = '<Gather timeout="3" action="/choice"><Say>Press</Say></Gather><Say>Nothing came</Say>'
    stage = Stage({"/incoming": menu})
    sid = stage.dial()
    stage.run(10)
    assert stage.heard(sid) == ["Press", "Nothing came"]
    assert not stage.forms("/choice")


def test_gather_with_action_on_empty_result_asks_with_no_digits() -> None:
    menu = '<Gather timeout="3" action="/choice" actionOnEmptyResult="true"/>'
    stage = Stage({"/incoming": menu, "/choice": "<Hangup/>"})
    stage.dial()
    stage.run(10)
    assert stage.forms("/choice")[0]["Digits"] == ""


def test_gather_ends_at_the_finishing_key_and_leaves_it_out() -> None:
    stage = Stage({"/incoming": '<Gather action="/choice"/>', "/choice": "<Hangup/>"})
    stage.dial(waits(1), presses("12"), waits(4), presses("34#"))
    stage.run(10)
    assert stage.forms("/choice")[0]["Digits"] == "1234"


def test_gather_hears_speech_only_when_asked_for_it() -> None:
    pages = {"/incoming": '<Gather input="dtmf speech" action="/choice"/>', "/choice": "<Hangup/>"}
    stage = Stage(pages)
    stage.dial(waits(1), says("sales"))
    stage.run(10)
    assert stage.forms("/choice")[0]["SpeechResult"] == "sales"
    assert "Confidence" in stage.forms("/choice")[0]
    deaf = Stage({**pages, "/incoming": '<Gather action="/choice"/>'})
    deaf.dial(waits(1), says("sales"))
    deaf.run(10)
    assert not deaf.forms("/choice")


def test_digits_pressed_before_a_gather_do_not_count() -> None:
    stage = Stage({"/incoming": '<Pause length="3"/><Gather numDigits="1" action="/choice"/>'})
    stage.dial(waits(1), presses("1"))
    stage.run(15)
    assert not stage.forms("/choice")


def test_record_ends_with_silence_and_tells_the_recording() -> None:
    pages = {"/incoming": '<Record action="/stored" timeout="4" recordingStatusCallback="/kept"/>'}
    stage = Stage({**pages, "/stored": "<Say>Thanks</Say>", "/kept": "<Response/>"})
    sid = stage.dial(waits(1), talks(10))
    stage.run(30)
    form = stage.forms("/stored")[0]
    assert form["RecordingDuration"] == "15"
    assert form["RecordingUrl"].endswith(form["RecordingSid"])
    assert stage.forms("/kept")[0]["RecordingStatus"] == "completed"
    assert stage.trace("recording") == [{"sid": sid, "url": form["RecordingUrl"]}]


def test_record_reports_a_hang_up_in_its_digits() -> None:
    stage = Stage({"/incoming": '<Record action="/stored"/>', "/stored": "<Say>Not heard</Say>"})
    sid = stage.dial(waits(1), talks(5), hangs_up())
    stage.run(30)
    assert stage.forms("/stored")[0]["Digits"] == "hangup"
    assert stage.forms("/stored")[0]["CallStatus"] == "completed"
    assert stage.heard(sid) == []


def test_record_of_silence_goes_on_with_the_next_verb() -> None:
    stage = Stage({"/incoming": '<Record action="/stored"/><Say>Nothing recorded</Say>'})
    sid = stage.dial()
    stage.run(30)
    assert stage.heard(sid) == ["Nothing recorded"]
    assert not stage.forms("/stored")


def test_enqueue_makes_a_task_with_the_25_attributes_and_its_own() -> None:
    task = f'<Enqueue workflowSid="{WORKFLOW}"><Task priority="5" timeout="200">{{"vip": true}}</Task></Enqueue>'
    stage = queue_stage(incoming=task)
    sid = stage.dial()
    stage.run(5)
    attributes = dict(stage.router.tasks[TASK])
    assert attributes.pop("vip") is True
    assert len(attributes) == 25
    assert (attributes["call_sid"], attributes["from"], attributes["called_city"]) == (sid, CALLER, "")
    assert stage.router.orders == [(WORKFLOW, 5, 200)]
    assert stage.trace("enqueued") == [{"sid": sid, "queue": WORKFLOW, "task_sid": TASK}]


def test_attributes_that_are_not_a_json_object_are_an_error() -> None:
    for text in ("{'a': 1}", "[1]"):
        stage = queue_stage(incoming=f'<Enqueue workflowSid="{WORKFLOW}" action="/after"><Task>{text}</Task></Enqueue>')
        stage.dial()
        stage.run(5)
        assert stage.warnings() == ["14221"]
        assert stage.forms("/after")[0]["QueueResult"] == "error"
        assert "QueueSid" not in stage.forms("/after")[0]


def test_unknown_workflow_without_an_action_goes_on_with_the_next_verb() -> None:
    stage = queue_stage(incoming=f'<Enqueue workflowSid="{WORKFLOW}"/><Say>Closed</Say>')
    stage.router.refusals["create_task"] = TwilioError(14220, "no such workflow")
    sid = stage.dial()
    stage.run(5)
    assert stage.heard(sid) == ["Closed"]
    assert stage.warnings() == ["14220"]


def test_waiting_document_repeats_and_knows_the_queue() -> None:
    stage = queue_stage()
    stage.dial()
    stage.run(30)
    forms = stage.forms("/wait")
    assert len(forms) == 3
    assert forms[0]["QueuePosition"] == "1"
    assert forms[0]["CurrentQueueSize"] == "1"
    assert forms[0]["MaxQueueSize"] == "100"
    assert forms[0]["AvgQueueTime"] == "0"
    assert int(forms[2]["QueueTime"]) > 15
    assert forms[0]["QueueSid"].startswith("QU")


def test_silent_waiting_document_is_not_asked_for_without_end() -> None:
    stage = queue_stage(wait="")
    stage.dial()
    stage.run(10)
    assert 5 <= len(stage.forms("/wait")) <= 11


def test_verbs_that_cannot_run_while_waiting_are_skipped() -> None:
    stage = queue_stage(wait="<Record/><Pause length='30'/>")
    stage.dial()
    stage.run(10)
    assert stage.warnings() == ["12200"]


def test_leave_goes_on_with_the_action_at_once_and_cancels_the_task() -> None:
    stage = queue_stage(wait="<Pause length='3'/><Leave/>", after="<Say>Voicemail</Say>")
    sid = stage.dial()
    stage.run(10)
    assert stage.forms("/after")[0]["QueueResult"] == "leave"
    assert stage.forms("/after")[0]["QueueTime"] == "3"
    assert stage.heard(sid) == ["Voicemail"]
    assert stage.router.events == [("caller_gone", TASK, "leave")]


def test_caller_can_leave_the_queue_by_a_key() -> None:
    wait = '<Gather numDigits="1" action="/key"><Say>Press one to leave</Say></Gather>'
    stage = queue_stage(wait=wait, key="<Leave/>")
    stage.dial(hears("Press one"), presses("1"))
    stage.run(10)
    assert stage.forms("/after")[0]["QueueResult"] == "leave"


def test_caller_hangs_up_while_waiting() -> None:
    stage = queue_stage()
    sid = stage.dial(hears("Please hold"), hangs_up())
    stage.run(10)
    assert stage.router.events == [("caller_gone", TASK, "hangup")]
    assert stage.forms("/after")[0]["QueueResult"] == "hangup"
    assert stage.forms("/after")[0]["CallStatus"] == "completed"
    assert stage.trace("left_queue") == [{"sid": sid, "result": "hangup"}]
    assert stage.trace("ended") == [{"sid": sid, "status": "completed", "by": "person"}]


def test_canceled_task_sends_the_caller_on_to_the_action() -> None:
    stage = queue_stage(after="<Say>Nobody is here</Say>")
    sid = stage.dial()
    stage.run(5)
    stage.twilio.voice.leave_queue(sid, "leave")
    stage.run(5)
    assert stage.forms("/after")[0]["QueueResult"] == "leave"
    assert stage.heard(sid)[-1] == "Nobody is here"
    assert stage.router.events == []


def test_full_workflow_queue_turns_the_next_caller_away() -> None:
    stage = queue_stage()
    for _ in range(101):
        stage.dial()
    stage.run(5)
    assert len(stage.router.tasks) == 100
    assert [form["QueueResult"] for form in stage.forms("/after")] == ["queue-full"]
    assert stage.warnings() == ["14207"]


def test_smaller_max_queue_size_counts() -> None:
    stage = Stage({"/incoming": '<Enqueue maxQueueSize="1" waitUrl="">sales</Enqueue><Say>Full</Say>'})
    first, second = stage.dial(), stage.dial()
    stage.run(5)
    assert (stage.heard(first), stage.heard(second)) == ([], ["Full"])


def test_worker_is_joined_to_the_caller_of_the_reservation() -> None:
    stage = queue_stage()
    stage.twilio.phone(WORKER).will(answers(2, [joined(), talks(30), hangs_up()]))
    caller = stage.dial()
    stage.run(5)
    worker = stage.ring()
    stage.run(10)
    assert stage.trace("joined") == [{"caller_sid": caller, "worker_sid": worker, "reservation_sid": RESERVATION}]
    assert stage.router.events == [("begin_accept", RESERVATION), ("finish_accept", RESERVATION, "True")]
    assert not stage.forms("/after")
    stage.run(40)
    assert stage.router.events[2:] == [("conversation_ended", RESERVATION, ACTIVITY)]
    assert stage.forms("/after")[0]["QueueResult"] == "bridged"
    assert stage.status(worker) == "completed"


def test_caller_hangs_up_and_the_worker_goes_on_with_the_next_verb() -> None:
    stage = queue_stage()
    stage.twilio.phone(WORKER).will(answers(2))
    stage.dial(joined(), talks(20), hangs_up())
    stage.run(1)
    worker = stage.ring()
    stage.run(60)
    assert stage.heard(worker) == ["Alone"]
    assert [form["QueueResult"] for form in stage.forms("/after")] == ["bridged"]
    assert len(stage.trace("parted")) == 1
    assert ("conversation_ended", RESERVATION, ACTIVITY) in stage.router.events


def test_dial_action_tells_that_the_two_were_bridged() -> None:
    stage = queue_stage(answer=BRIDGE.replace("<Dial>", '<Dial action="/done">'), done="<Hangup/>")
    stage.twilio.phone(WORKER).will(answers(2))
    caller = stage.dial(joined(), talks(20), hangs_up())
    stage.ring()
    stage.run(60)
    form = stage.forms("/done")[0]
    assert (form["DialCallStatus"], form["DialBridged"]) == ("completed", "true")
    assert (form["DialCallSid"], form["DialCallDuration"]) == (caller, "20")


def test_refused_reservation_leaves_the_worker_alone_on_the_line() -> None:
    stage = queue_stage(answer=BRIDGE.replace("<Dial>", '<Dial action="/done">'), done="<Say>Too late</Say>")
    stage.router.refusals["begin_accept"] = TwilioError(14215, "accepted already")
    stage.twilio.phone(WORKER).will(answers(2))
    stage.dial()
    worker = stage.ring()
    stage.run(20)
    assert stage.warnings() == ["14215"]
    form = stage.forms("/done")[0]
    assert (form["DialCallStatus"], form["DialBridged"]) == ("failed", "false")
    assert stage.heard(worker) == ["Too late"]


def test_unknown_post_work_activity_is_a_warning() -> None:
    stage = queue_stage()
    stage.router.refusals["conversation_ended"] = TwilioError(14218, "no such activity")
    stage.twilio.phone(WORKER).will(answers(2, [joined(), hangs_up()]))
    stage.dial()
    stage.ring()
    stage.run(20)
    assert stage.warnings() == ["14218"]


WHISPER = f'<Dial><Queue reservationSid="{RESERVATION}" url="/whisper"/></Dial><Say>Alone</Say>'


def test_whisper_plays_to_the_caller_before_the_join() -> None:
    stage = queue_stage(answer=WHISPER, whisper="<Say>This call is recorded</Say>")
    stage.twilio.phone(WORKER).will(answers(2))
    caller = stage.dial()
    stage.run(5)
    worker = stage.ring()
    stage.run(3.5)
    assert stage.heard(caller)[-1] == "This call is recorded"
    assert stage.router.events == [("begin_accept", RESERVATION)]
    stage.run(5)
    assert stage.router.events[-1] == ("finish_accept", RESERVATION, "True")
    form = stage.forms("/whisper")[0]
    assert (form["CallSid"], form["DequeingCallSid"]) == (caller, worker)
    assert form["QueueTime"] == "8"


def test_caller_hangs_up_during_the_whisper() -> None:
    stage = queue_stage(answer=WHISPER, whisper="<Say>This call is recorded</Say>")
    stage.twilio.phone(WORKER).will(answers(2))
    stage.dial(hears("recorded"), hangs_up())
    worker = stage.ring()
    stage.run(20)
    assert stage.router.events[1:] == [("finish_accept", RESERVATION, "False"), ("caller_gone", TASK, "hangup")]
    assert stage.heard(worker) == ["Alone"]
    assert not stage.trace("joined")


def test_worker_hangs_up_during_the_whisper_and_the_caller_waits_on() -> None:
    stage = queue_stage(answer=WHISPER, whisper="<Say>This call is recorded</Say><Pause length='5'/>")
    stage.twilio.phone(WORKER).will(answers(2, [waits(2), hangs_up()]))
    caller = stage.dial()
    stage.ring()
    stage.run(20)
    assert stage.router.events[1:] == [("finish_accept", RESERVATION, "False")]
    assert stage.heard(caller)[-1] == "Please hold the line"
    assert [len(queue.members) for queue in stage.twilio.context.queues.by_name.values()] == [1]


def test_star_lets_go_of_the_caller_when_the_dial_says_so() -> None:
    stage = queue_stage(answer=BRIDGE.replace("<Dial>", '<Dial hangupOnStar="true">'))
    stage.twilio.phone(WORKER).will(answers(2, [joined(), talks(5), presses("*")]))
    stage.dial()
    worker = stage.ring()
    stage.run(30)
    assert stage.heard(worker) == ["Alone"]
    assert stage.forms("/after")[0]["QueueResult"] == "bridged"


def test_redirect_over_rest_takes_the_caller_out_of_the_queue() -> None:
    stage = queue_stage(elsewhere="<Say>Somewhere else</Say>")
    sid = stage.dial()
    stage.run(5)
    stage.twilio.voice.redirect(sid, f"{BASE}/elsewhere")
    stage.run(5)
    assert stage.heard(sid)[-1] == "Somewhere else"
    assert stage.forms("/after")[0]["QueueResult"] == "redirected"
    assert stage.router.events == [("caller_gone", TASK, "hangup")]


def test_redirect_of_a_joined_caller_parts_the_two() -> None:
    stage = queue_stage(elsewhere="<Say>Somewhere else</Say>")
    stage.twilio.phone(WORKER).will(answers(2))
    sid = stage.dial()
    worker = stage.ring()
    stage.run(10)
    stage.twilio.voice.redirect(sid, f"{BASE}/elsewhere")
    stage.run(5)
    assert stage.forms("/after")[0]["QueueResult"] == "redirected-from-bridged"
    assert stage.heard(worker) == ["Alone"]


def test_redirect_of_a_call_that_is_gone_is_refused() -> None:
    stage = queue_stage()
    sid = stage.dial(waits(1), hangs_up())
    stage.run(5)
    try:
        stage.twilio.voice.redirect(sid, f"{BASE}/elsewhere")
    except TwilioError as error:
        assert error.code == 40122
    else:
        raise AssertionError("the redirect was taken")


NAMED = {"/incoming": '<Enqueue waitUrl="">sales</Enqueue>', "/answer": "<Dial><Queue>sales</Queue></Dial><Redirect/>"}


def test_named_queue_gives_its_callers_in_order_and_the_agent_takes_one_after_the_other() -> None:
    stage = Stage(NAMED)
    stage.twilio.phone(WORKER).will(answers(2))
    first = stage.dial(joined(), talks(10), hangs_up())
    stage.run(1)
    second = stage.dial(joined(), talks(10), hangs_up())
    stage.ring()
    stage.run(60)
    assert [fact["caller_sid"] for fact in stage.trace("joined")] == [first, second]
    assert all(fact["reservation_sid"] == "" for fact in stage.trace("joined"))


def test_agent_waits_for_the_first_caller_of_an_empty_queue_until_the_timeout() -> None:
    stage = Stage({**NAMED, "/answer": '<Dial timeout="20" action="/done"><Queue>sales</Queue></Dial>'})
    stage.pages["/done"] = "<Hangup/>"
    stage.twilio.phone(WORKER).will(answers(2))
    stage.dial(waits(1), hangs_up())
    stage.run(5)
    stage.ring()
    stage.run(10)
    assert not stage.forms("/done")
    late = stage.dial(joined(), talks(3), hangs_up())
    stage.run(15)
    assert stage.trace("joined")[0]["caller_sid"] == late
    stage.ring()
    stage.run(30)
    assert stage.forms("/done")[1]["DialCallStatus"] == "no-answer"


def test_dial_of_a_queue_that_does_not_exist_fails_at_once() -> None:
    stage = Stage({"/answer": "<Dial><Queue>nowhere</Queue></Dial><Say>Sorry</Say>"})
    stage.twilio.phone(WORKER).will(answers(2))
    worker = stage.ring()
    stage.run(5)
    assert stage.warnings() == ["14212"]
    assert stage.heard(worker) == ["Sorry"]


def test_worker_leg_that_nobody_takes_ends_as_the_phone_says() -> None:
    cases = {
        "no-answer": no_answer(),
        "busy": busy(),
        "failed": unreachable(),
    }
    for status, behaviour in cases.items():
        stage = Stage({})
        stage.twilio.phone(WORKER).will(behaviour)
        sid = stage.ring(Timeout="15")
        stage.run(20)
        assert stage.status(sid) == status
    stage = Stage({})
    stage.twilio.phone(WORKER).will(declines(3))
    sid = stage.ring()
    stage.run(20)
    assert stage.status(sid) == "busy"


def test_phone_that_answers_after_the_timeout_was_not_answered() -> None:
    stage = Stage({})
    stage.twilio.phone(WORKER).will(answers(16))
    sid = stage.ring(Timeout="15")
    stage.run(16.5)
    assert stage.status(sid) == "no-answer"


def test_status_callbacks_tell_the_story_in_order() -> None:
    stage = Stage({"/answer": "<Pause length='61'/>", "/status": "<Response/>"})
    stage.twilio.phone(WORKER).will(answers(2))
    sid = stage.ring(
        StatusCallback=f"{BASE}/status", StatusCallbackEvent=["initiated", "ringing", "answered", "completed"]
    )
    stage.run(120)
    forms = stage.forms("/status")
    assert [form["CallStatus"] for form in forms] == ["initiated", "ringing", "in-progress", "completed"]
    assert [form["SequenceNumber"] for form in forms] == ["0", "1", "2", "3"]
    assert {form["CallSid"] for form in forms} == {sid}
    assert {form["CallbackSource"] for form in forms} == {"call-progress-events"}
    assert forms[0]["Timestamp"] == "Fri, 15 Jan 2027 08:00:00 +0000"
    assert (forms[3]["CallDuration"], forms[3]["Duration"]) == ("62", "2")


def test_status_callback_without_events_tells_only_the_end() -> None:
    stage = Stage({"/status": "<Response/>"})
    stage.twilio.phone(WORKER).will(busy())
    stage.ring(StatusCallback=f"{BASE}/status")
    stage.run(10)
    assert [form["CallStatus"] for form in stage.forms("/status")] == ["busy"]


def test_outbound_calls_start_one_a_second() -> None:
    stage = Stage({})
    sids = [stage.ring() for _ in range(3)]
    times = [stage.rest("GET", f"/Calls/{sid}.json").body["queue_time"] for sid in sids]
    assert times == ["0", "1000", "2000"]
    stage.run(1.5)
    assert [stage.status(sid) for sid in sids] == ["ringing", "queued", "queued"]
    assert len(stage.trace("dialed")) == 2


def test_more_calls_per_second_can_be_bought() -> None:
    stage = Stage({}, calls_per_second=4)
    times = [stage.rest("GET", f"/Calls/{stage.ring()}.json").body["queue_time"] for _ in range(3)]
    assert times == ["0", "250", "500"]


def order(caller: str, url: str = "", events: tuple[str, ...] = ()) -> WorkerLegOrder:
    return WorkerLegOrder(
        RESERVATION, TASK, caller, WORKER, LINE, 60, f"{BASE}/leg", events, url, post_work_activity_sid=ACTIVITY
    )


def test_dequeue_leg_is_joined_as_soon_as_it_is_answered() -> None:
    stage = queue_stage(leg="<Response/>")
    stage.twilio.phone(WORKER).will(answers(2, [joined(), talks(5), hangs_up()]))
    caller = stage.dial()
    stage.run(5)
    leg = stage.twilio.voice.place_worker_leg(order(caller, events=("answered", "completed")))
    stage.run(20)
    assert stage.trace("joined") == [{"caller_sid": caller, "worker_sid": leg, "reservation_sid": RESERVATION}]
    assert stage.router.events[:2] == [("begin_accept", RESERVATION), ("finish_accept", RESERVATION, "True")]
    assert stage.router.events[-1] == ("conversation_ended", RESERVATION, ACTIVITY)
    asked = [asked for asked in stage.asked if asked.path == "/leg"]
    assert [one.method for one in asked] == ["GET", "GET"]
    assert {one.form["taskCallSid"] for one in asked} == {caller}
    assert [one.form["CallStatus"] for one in asked] == ["in-progress", "completed"]


def test_dequeue_leg_that_nobody_takes_fails_its_reservation() -> None:
    stage = queue_stage(leg="<Response/>")
    stage.twilio.phone(WORKER).will(busy())
    caller = stage.dial()
    stage.run(5)
    leg = stage.twilio.voice.place_worker_leg(order(caller))
    stage.run(5)
    assert stage.status(leg) == "busy"
    assert stage.router.events == [("finish_accept", RESERVATION, "False")]


def test_dequeue_leg_ends_when_the_caller_hangs_up_while_it_rings() -> None:
    stage = queue_stage(leg="<Response/>")
    stage.twilio.phone(WORKER).will(answers(20))
    caller = stage.dial(waits(8), hangs_up())
    stage.run(5)
    leg = stage.twilio.voice.place_worker_leg(order(caller))
    stage.run(4)
    assert stage.status(leg) == "canceled"


def test_leg_of_our_own_rings_on_when_the_caller_hangs_up() -> None:
    stage = queue_stage()
    stage.twilio.phone(WORKER).will(answers(20))
    stage.dial(waits(4), hangs_up())
    leg = stage.ring()
    stage.run(10)
    assert stage.status(leg) == "ringing"


def test_leg_of_the_call_instruction_runs_its_document() -> None:
    stage = queue_stage(leg="<Response/>")
    stage.twilio.phone(WORKER).will(answers(2))
    caller = stage.dial()
    leg = stage.twilio.voice.place_worker_leg(order(caller, url=f"{BASE}/answer"))
    stage.run(10)
    assert stage.trace("joined")[0]["worker_sid"] == leg


def test_same_seed_plays_the_same_story() -> None:
    def story() -> str:
        stage = queue_stage()
        stage.twilio.phone(WORKER).will(answers(2, [joined(), talks(5), hangs_up()]))
        stage.dial()
        stage.ring()
        stage.run(30)
        return json.dumps([[fact.at, fact.kind, dict(fact.detail)] for fact in stage.twilio.scheduler.trace])

    assert story() == story()
