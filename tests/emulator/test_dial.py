"""Dial of numbers, clients and SIP addresses: who rings, who is joined, and what everybody hears of it."""

import pytest

from emulator.voice.parties import (
    answers,
    busy,
    declines,
    hangs_up,
    hears,
    joined,
    presses,
    talks,
    unknown,
    voicemail,
    waits,
)
from tests.emulator.harness import BASE, CALLER, LINE, Harness
from tests.emulator.official import client_of

ADA, BOB = "+15550300", "+15550301"


def dialing(noun: str, dial: str = "", after: str = "<Say>After</Say>", **pages: str) -> Harness:
    """The caller's document dials; `after` is what its action answers."""
    named = {f"/{name}": page for name, page in pages.items()}
    incoming = f'<Dial action="/after" {dial}>{noun}</Dial>'
    return Harness({"/incoming": incoming, "/after": after, **named})


def result(harness: Harness) -> dict[str, str]:
    (form,) = harness.forms("/after")
    return {name: value for name, value in form.items() if name.startswith(("Dial", "Recording"))}


def test_a_number_is_rung_by_the_callers_number_and_joined_until_somebody_hangs_up() -> None:
    harness = dialing(f"<Number>{ADA}</Number>")
    harness.twilio.phone(ADA).will(answers(3, [joined(), talks(7), hangs_up()]))
    caller = harness.dial()
    harness.run(20)
    (child,) = client_of(harness).calls.list(parent_call_sid=caller)
    assert (child._from, child.to, child.direction, child.status) == (CALLER, ADA, "outbound-dial", "completed")
    assert result(harness) == {
        "DialCallStatus": "completed",
        "DialBridged": "true",
        "DialCallSid": child.sid,
        "DialCallDuration": "7",
    }
    assert harness.heard(caller) == ["After"]


@pytest.mark.parametrize(
    "noun", [ADA, f"<Number>{ADA}</Number>", "<Client>ada</Client>", "<Sip>sip:ada@example.com</Sip>"]
)
def test_bare_text_a_client_and_a_sip_address_are_rung_too(noun: str) -> None:
    harness = dialing(noun)
    for number in (ADA, "client:ada", "sip:ada@example.com"):
        harness.twilio.phone(number).will(answers(1))
    caller = harness.dial()
    harness.run(5)
    assert harness.twilio.context.calls[caller].is_joined


@pytest.mark.parametrize(
    ("behaviour", "status"), [(busy(), "busy"), (declines(1), "busy"), (answers(60), "no-answer")], ids=str
)
def test_who_is_not_reached_is_told_to_the_action(behaviour: object, status: str) -> None:
    harness = dialing(ADA, 'timeout="10"')
    harness.twilio.phone(ADA).will(behaviour)  # type: ignore[arg-type]
    harness.dial()
    harness.run(20)
    assert (result(harness)["DialCallStatus"], result(harness)["DialBridged"]) == (status, "false")


def test_a_number_that_is_none_is_13223() -> None:
    harness = dialing("12")
    harness.dial()
    harness.run(5)
    assert (harness.warnings(), result(harness)) == (["13223"], {"DialCallStatus": "failed", "DialBridged": "false"})


def test_without_an_action_the_next_verb_runs() -> None:
    harness = Harness({"/incoming": f"<Dial>{ADA}</Dial><Say>Nobody there</Say>"})
    harness.twilio.phone(ADA).will(busy())
    caller = harness.dial()
    harness.run(5)
    assert harness.heard(caller) == ["Nobody there"]


def test_of_several_the_first_to_answer_is_joined_and_the_others_are_hung_up() -> None:
    harness = dialing(f"<Number>{ADA}</Number><Number>{BOB}</Number>")
    harness.twilio.phone(ADA).will(answers(9))
    harness.twilio.phone(BOB).will(answers(3))
    caller = harness.dial()
    harness.run(6)
    statuses = {call.to: call.status for call in client_of(harness).calls.list(parent_call_sid=caller)}
    assert statuses == {ADA: "canceled", BOB: "in-progress"}


def test_one_after_the_other() -> None:
    harness = dialing(f"<Number>{ADA}</Number><Number>{BOB}</Number>", 'sequential="true" timeout="5"')
    harness.twilio.phone(BOB).will(answers(2))
    caller = harness.dial()
    harness.run(12)
    assert [event["to"] for event in harness.trace("ringing")] == [ADA, BOB]
    assert harness.twilio.context.calls[caller].is_joined


def test_the_called_side_hears_a_document_first_and_may_decline() -> None:
    screen = '<Gather numDigits="1" action="/key"><Say>Press 1</Say></Gather><Hangup/>'
    harness = dialing(f'<Number url="/screen">{ADA}</Number>', screen=screen, key="<Say>Thanks</Say>")
    harness.twilio.phone(ADA).will(
        answers(1, [hears("Press 1")]), answers(1, [hears("Press 1"), presses("1"), joined()])
    )
    harness.dial()
    harness.run(15)
    assert result(harness)["DialCallStatus"] == "completed"
    assert result(harness)["DialBridged"] == "false"
    caller = harness.dial()
    harness.run(5)
    assert harness.twilio.context.calls[caller].is_joined
    assert harness.forms("/screen")[0]["ParentCallSid"] != caller
    assert harness.forms("/screen")[1]["ParentCallSid"] == caller


def test_a_dial_is_not_possible_on_the_called_side() -> None:
    harness = dialing(f'<Number url="/screen">{ADA}</Number>', screen=f"<Dial>{BOB}</Dial>")
    harness.twilio.phone(ADA).will(answers(1))
    harness.dial()
    harness.run(5)
    assert harness.warnings() == ["12200"]


def test_status_callbacks_of_the_child_leg() -> None:
    told = (
        'statusCallback="/told" statusCallbackEvent="initiated ringing answered completed" statusCallbackMethod="GET"'
    )
    harness = dialing(f"<Number {told}>{ADA}</Number>")
    harness.twilio.phone(ADA).will(answers(1, [joined(), hangs_up()]))
    caller = harness.dial()
    harness.run(10)
    forms = harness.forms("/told")
    assert [form["CallStatus"] for form in forms] == ["initiated", "ringing", "in-progress", "completed"]
    assert {(form["ParentCallSid"], form["Direction"]) for form in forms} == {(caller, "outbound-dial")}


def test_only_the_end_is_told_when_no_event_is_named() -> None:
    harness = dialing(f'<Number statusCallback="/told">{ADA}</Number>')
    harness.twilio.phone(ADA).will(busy())
    harness.dial()
    harness.run(5)
    assert [form["CallStatus"] for form in harness.forms("/told")] == ["busy"]


def test_the_caller_id_is_that_of_the_dial() -> None:
    harness = dialing(ADA, f'callerId="{LINE}"')
    harness.dial()
    harness.run(3)
    assert [event["from_"] for event in harness.trace("dialed")] == [CALLER, LINE]


def test_with_answer_on_bridge_the_caller_hears_ringing_until_somebody_answers() -> None:
    harness = dialing(ADA, 'answerOnBridge="true"')
    harness.twilio.phone(ADA).will(answers(5), busy())
    caller = harness.dial()
    harness.run(4)
    assert harness.status(caller) == "ringing"
    harness.run(4)
    assert harness.status(caller) == "in-progress"
    other = harness.dial(hears("After"))
    harness.run(5)
    assert harness.heard(other) == ["After"]  # the action's document answers


def test_the_time_limit_parts_the_two() -> None:
    harness = dialing(ADA, 'timeLimit="20"')
    harness.twilio.phone(ADA).will(answers(1))
    harness.dial()
    harness.run(30)
    assert result(harness)["DialCallDuration"] == "20"


def test_star_lets_go_of_the_called_side() -> None:
    harness = dialing(ADA, 'hangupOnStar="true"')
    harness.twilio.phone(ADA).will(answers(1))
    caller = harness.dial(joined(), waits(3), presses("*"))
    harness.run(10)
    assert harness.heard(caller) == ["After"]
    assert [event["status"] for event in harness.trace("ended")] == ["completed", "completed"]


def test_a_caller_who_hangs_up_while_it_rings_ends_the_ringing() -> None:
    harness = dialing(ADA)
    harness.twilio.phone(ADA).will(answers(20))
    harness.dial(waits(4), hangs_up())
    harness.run(10)
    assert [event["status"] for event in harness.trace("ended")] == ["canceled", "completed"]
    assert not harness.forms("/after")


def test_the_recording_of_a_dial_has_two_channels_and_its_url_in_the_action() -> None:
    harness = dialing(ADA, 'record="record-from-answer-dual" recordingStatusCallback="/stored"')
    harness.twilio.phone(ADA).will(answers(1, [joined(), talks(6), hangs_up()]))
    harness.dial()
    harness.run(15)
    (form,) = harness.forms("/stored")
    assert (form["RecordingChannels"], form["RecordingSource"], form["RecordingDuration"]) == ("2", "DialVerb", "6")
    assert result(harness)["RecordingUrl"] == form["RecordingUrl"]


def test_a_machine_on_the_called_side_is_told_while_the_two_talk() -> None:
    harness = dialing(f'<Number machineDetection="Enable" amdStatusCallback="/amd">{ADA}</Number>')
    harness.twilio.phone(ADA).will(voicemail(1), unknown(1))
    caller = harness.dial()
    harness.run(6)
    assert harness.twilio.context.calls[caller].is_joined
    (form,) = harness.forms("/amd")
    assert (form["AnsweredBy"], sorted(form)) == (
        "machine_start",
        ["AccountSid", "AnsweredBy", "CallSid", "MachineDetectionDuration"],
    )


def test_a_caller_who_is_redirected_leaves_nobody_on_the_line() -> None:
    harness = dialing(ADA, elsewhere="<Say>Elsewhere</Say><Pause length='9'/>")
    harness.twilio.phone(ADA).will(answers(1))
    caller = harness.dial()
    harness.run(5)
    client_of(harness).calls(caller).update(url=f"{BASE}/elsewhere")
    harness.run(1)
    assert harness.heard(caller) == ["Elsewhere"]
    assert [event["status"] for event in harness.trace("ended")] == ["completed"]


def test_a_child_leg_that_is_redirected_goes_on_alone_and_the_caller_with_the_action() -> None:
    harness = dialing(ADA, elsewhere="<Say>Elsewhere</Say><Pause length='9'/>")
    harness.twilio.phone(ADA).will(answers(1))
    caller = harness.dial()
    harness.run(5)
    (child,) = client_of(harness).calls.list(parent_call_sid=caller)
    client_of(harness).calls(child.sid).update(url=f"{BASE}/elsewhere")
    harness.run(2)
    assert (harness.heard(child.sid), harness.heard(caller)) == (["Elsewhere"], ["After"])
    assert harness.status(child.sid) == "in-progress"


def test_a_caller_is_handed_on_by_twiml_in_the_midst_of_a_conversation() -> None:
    harness = dialing(ADA)
    harness.twilio.phone(ADA).will(answers(1))
    harness.twilio.phone(BOB).will(answers(1))
    caller = harness.dial()
    harness.run(5)
    client_of(harness).calls(caller).update(twiml=f"<Response><Dial>{BOB}</Dial></Response>")
    harness.run(5)
    joins = [event["worker_sid"] for event in harness.trace("joined")]
    assert [harness.twilio.context.calls[sid].to for sid in joins] == [ADA, BOB]
    assert harness.twilio.context.calls[caller].is_joined


# Moments at which somebody is gone


def test_who_hangs_up_in_the_moment_of_the_answer_was_not_talked_with_for_long() -> None:
    harness = dialing(ADA)
    harness.twilio.phone(ADA).will(answers(2, [hangs_up()]))
    caller = harness.dial()
    harness.run(10)
    assert result(harness)["DialCallStatus"] == "completed"
    assert harness.heard(caller) == ["After"]


def test_a_caller_who_hangs_up_in_the_moment_of_the_answer_leaves_nobody_on_the_line() -> None:
    harness = dialing(f"<Number>{ADA}</Number><Number>{BOB}</Number>")
    harness.twilio.phone(ADA).will(answers(3))
    harness.twilio.phone(BOB).will(answers(3))
    caller = harness.dial()
    harness.twilio.scheduler.on_event.append(
        lambda event: harness.twilio.hang_up(caller) if event.kind == "answered" and event.detail["to"] == ADA else None
    )
    harness.run(10)
    assert len(harness.trace("ended")) == 3
    assert not harness.trace("joined")


def test_two_who_answer_in_one_moment_are_not_both_joined() -> None:
    harness = dialing(f"<Number>{ADA}</Number><Number>{BOB}</Number>")
    harness.twilio.phone(ADA).will(answers(3))
    harness.twilio.phone(BOB).will(answers(3))
    harness.dial()
    harness.run(10)
    assert (len(harness.trace("joined")), len(harness.trace("ended"))) == (1, 1)


def test_a_caller_who_is_redirected_while_it_rings_ends_the_ringing() -> None:
    harness = dialing(ADA, elsewhere="<Say>Elsewhere</Say><Pause length='30'/>")
    harness.twilio.phone(ADA).will(answers(20))
    caller = harness.dial()
    harness.run(4)
    client_of(harness).calls(caller).update(url=f"{BASE}/elsewhere")
    harness.run(3)
    assert harness.heard(caller) == ["Elsewhere"]
    assert [event["status"] for event in harness.trace("ended")] == ["canceled"]


def test_a_child_that_is_ended_over_rest_while_it_rings_was_canceled() -> None:
    harness = dialing(ADA)
    harness.twilio.phone(ADA).will(answers(20))
    caller = harness.dial()
    harness.run(4)
    (child,) = client_of(harness).calls.list(parent_call_sid=caller)
    client_of(harness).calls(child.sid).update(status="canceled")
    harness.run(3)
    assert (result(harness)["DialCallStatus"], harness.heard(caller)) == ("canceled", ["After"])


def test_a_child_that_is_redirected_while_it_hears_its_document_leaves_the_caller_with_the_others() -> None:
    harness = dialing(
        f'<Number url="/screen">{ADA}</Number><Number>{BOB}</Number>',
        screen="<Say>Hello</Say><Pause length='30'/>",
        elsewhere="<Say>Elsewhere</Say><Pause length='60'/>",
    )
    harness.twilio.phone(ADA).will(answers(1))
    harness.twilio.phone(BOB).will(answers(8))
    caller = harness.dial()
    harness.run(5)
    (child,) = [one for one in client_of(harness).calls.list(parent_call_sid=caller) if one.to == ADA]
    client_of(harness).calls(child.sid).update(url=f"{BASE}/elsewhere")
    harness.run(10)
    assert harness.twilio.context.calls[caller].is_joined
    assert harness.status(child.sid) == "in-progress"
