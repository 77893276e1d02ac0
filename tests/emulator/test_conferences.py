"""Conferences: the noun, the rules of beginning and end, REST, and the task whose caller is moved into one."""

import json

import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException

from emulator.ports import WebResponse
from emulator.voice.parties import answers, hangs_up, joined, presses, says, talks, voicemail, waits
from tests.emulator.full_harness import FullHarness
from tests.emulator.harness import BASE, CALLER, LINE, WORKER, Harness
from tests.emulator.official import client_of

THIRD = "+15550300"


def room(attributes: str = "", dial: str = "") -> str:
    return f"<Dial {dial}><Conference {attributes}>room</Conference></Dial>"


def meeting(incoming: str, answer: str = "", **pages: str) -> Harness:
    """The caller's document and that of the worker, who answers at once."""
    named = {f"/{name}": page for name, page in pages.items()}
    harness = Harness({"/incoming": incoming, "/answer": answer or incoming, **named})
    harness.twilio.phone(WORKER).will(answers(1))
    return harness


def events(harness: Harness) -> list[str]:
    return [event["event"] for event in harness.trace("conference")]


def test_two_legs_in_one_room_are_joined_and_the_last_one_ends_it() -> None:
    harness = meeting(room() + "<Say>Bye</Say>")
    caller = harness.dial(joined(), talks(5), hangs_up())
    worker = harness.ring()
    harness.run(20)
    assert events(harness) == ["participant-join", "participant-join", "conference-start", "participant-leave"]
    assert harness.status(caller) == "completed"
    assert not harness.twilio.context.calls[worker].is_joined
    harness.twilio.hang_up(worker)
    harness.run(1)
    (conference,) = client_of(harness).conferences.list(friendly_name="room")
    assert (conference.status, conference.reason_conference_ended) == ("completed", "last-participant-left")
    assert conference.call_sid_ending_conference == worker


def test_who_may_not_start_it_hears_the_waiting_document_until_somebody_starts_it() -> None:
    harness = meeting(
        room('startConferenceOnEnter="false" waitUrl="/music"'), room(), music="<Say>Soon</Say><Pause length='4'/>"
    )
    caller = harness.dial(joined(), hangs_up())
    harness.run(10)
    assert harness.heard(caller).count("Soon") == 3
    assert not harness.trace("ended")
    harness.ring()
    harness.run(5)
    assert [event["sid"] for event in harness.trace("ended")] == [caller]


def test_the_conference_ends_with_whom_it_ends_and_the_others_go_on() -> None:
    harness = meeting(room() + "<Say>Thanks</Say>", room('endConferenceOnExit="true"'))
    caller = harness.dial()
    worker = harness.ring()
    harness.run(5)
    harness.twilio.hang_up(worker)
    harness.run(5)
    assert harness.heard(caller) == ["Thanks"]
    (conference,) = client_of(harness).conferences.list(status="completed")
    assert conference.reason_conference_ended == "participant-with-end-conference-on-exit-left"


def test_a_leg_leaves_by_star_and_its_action_tells_how_it_was() -> None:
    harness = meeting(room("", 'hangupOnStar="true" action="/after"'), room(), after="<Say>Out</Say>")
    caller = harness.dial(joined(), waits(4), presses("*"))
    harness.ring()
    harness.run(20)
    assert harness.heard(caller) == ["Out"]
    form = harness.forms("/after")[0]
    assert (form["DialCallStatus"], form["DialBridged"], int(form["DialCallDuration"]) >= 4) == (
        "answered",
        "true",
        True,
    )


def test_a_full_conference_lets_nobody_in() -> None:
    harness = meeting(room('maxParticipants="1"', 'action="/after"'), after="<Say>Full</Say>")
    harness.dial()
    late = harness.ring()
    harness.run(5)
    assert (harness.warnings(), harness.heard(late)) == (["16020"], ["Full"])
    assert harness.forms("/after")[0]["DialCallStatus"] == "failed"


def test_the_first_ones_callback_hears_of_all() -> None:
    told = 'statusCallback="/told" statusCallbackEvent="start end join leave mute hold"'
    harness = meeting(
        room(f'{told} participantLabel="caller"'), room('statusCallback="/other" endConferenceOnExit="true"')
    )
    harness.dial()
    worker = harness.ring()
    harness.run(5)
    (conference,) = client_of(harness).conferences.list()
    client_of(harness).conferences(conference.sid).participants("caller").update(muted=True)
    harness.twilio.hang_up(worker)
    harness.run(2)
    forms = harness.forms("/told")
    assert [form["StatusCallbackEvent"] for form in forms] == [
        "participant-join",
        "participant-join",
        "conference-start",
        "participant-mute",
        "participant-leave",
        "participant-leave",
        "conference-end",
    ]
    assert [form["SequenceNumber"] for form in forms] == [str(number) for number in range(7)]
    assert (forms[0]["ParticipantLabel"], forms[3]["Muted"], forms[0]["FriendlyName"]) == ("caller", "true", "room")
    assert (forms[4]["ReasonParticipantLeft"], forms[4]["CallSid"]) == ("participant_hung_up", worker)
    assert forms[6]["ReasonConferenceEnded"] == "participant-with-end-conference-on-exit-left"
    assert not harness.forms("/other")


SPEAKERS = 'statusCallback="/told" statusCallbackEvent="speaker"'


def test_who_talks_is_told_from_the_beginning_to_the_end() -> None:
    harness = meeting(room(SPEAKERS), room())
    caller = harness.dial(joined(), says("Good morning"), waits(3), talks(5))
    harness.ring()
    harness.run(20)
    forms = harness.forms("/told")
    assert [form["StatusCallbackEvent"] for form in forms] == [
        "participant-speech-start",
        "participant-speech-stop",
    ] * 2
    assert {form["CallSid"] for form in forms} == {caller}


def test_who_is_alone_muted_or_gone_is_not_told_of() -> None:
    harness = meeting(room(SPEAKERS), room('muted="true"'))
    harness.dial(talks(2), joined(), waits(3), talks(5))
    worker = harness.ring()
    harness.run(4)
    harness.twilio.voice.talk(worker, 2)
    harness.run(1)
    assert harness.forms("/told") == []
    harness.run(3)
    harness.twilio.hang_up(next(iter(harness.twilio.context.calls)))
    harness.run(10)
    assert [form["StatusCallbackEvent"] for form in harness.forms("/told")] == ["participant-speech-start"]


def test_an_announcement_that_fails_is_told_and_ends_nothing() -> None:
    harness = meeting(room('statusCallback="/told" statusCallbackEvent="announcement"'), room())
    caller = harness.dial()
    harness.ring()
    harness.run(5)
    conference = client_of(harness).conferences(conference_sid(harness))
    conference.participants(caller).update(announce_url=f"{BASE}/nowhere")
    harness.run(20)
    assert [form["StatusCallbackEvent"] for form in harness.forms("/told")] == ["announcement-fail"]
    assert harness.twilio.context.calls[caller].is_joined


def test_only_the_events_that_were_asked_for_are_told() -> None:
    harness = meeting(room('statusCallback="/told" statusCallbackEvent="start"'))
    harness.dial()
    harness.ring()
    harness.run(5)
    assert [form["StatusCallbackEvent"] for form in harness.forms("/told")] == ["conference-start"]


# Over REST


def test_a_participant_is_held_with_music_of_its_own_and_comes_back() -> None:
    harness = meeting(room('participantLabel="caller"'), room(), hold="<Say>On hold</Say><Pause length='60'/>")
    caller = harness.dial()
    harness.ring()
    harness.run(5)
    (conference,) = client_of(harness).conferences.list(status="in-progress")
    participants = client_of(harness).conferences(conference.sid).participants
    held = participants(caller).update(hold=True, hold_url=f"{BASE}/hold", hold_method="POST")
    harness.run(3)
    assert (held.hold, harness.heard(caller), harness.twilio.context.calls[caller].is_joined) == (
        True,
        ["On hold"],
        False,
    )
    assert [one.call_sid for one in participants.list(hold=True)] == [caller]
    assert participants("caller").update(hold=False).hold is False
    harness.run(1)
    assert harness.twilio.context.calls[caller].is_joined


def test_holdurl_is_asked_by_get_and_a_gather_there_is_13238() -> None:
    harness = meeting(room(), hold="<Gather/><Say>On hold</Say><Pause length='60'/>")
    caller = harness.dial()
    harness.ring()
    harness.run(5)
    client_of(harness).conferences(conference_sid(harness)).participants(caller).update(
        hold=True, hold_url=f"{BASE}/hold"
    )
    harness.run(3)
    assert [asked.method for asked in harness.asked if asked.path == "/hold"] == ["GET"]
    assert (harness.warnings(), harness.heard(caller)) == (["13238"], ["On hold"])


def conference_sid(harness: Harness) -> str:
    return str(client_of(harness).conferences.list()[0].sid)


def test_an_announcement_is_heard_by_everybody_or_by_one() -> None:
    harness = meeting(room(), say="<Say>Recorded line</Say>")
    caller = harness.dial()
    worker = harness.ring()
    harness.run(5)
    conference = client_of(harness).conferences(conference_sid(harness))
    conference.update(announce_url=f"{BASE}/say")
    harness.run(5)
    conference.participants(caller).update(announce_url=f"{BASE}/say", announce_method="GET")
    harness.run(5)
    assert (harness.heard(caller), harness.heard(worker)) == (["Recorded line"] * 2, ["Recorded line"])
    assert events(harness).count("announcement-end") == 3


def test_a_coach_is_heard_by_one_who_is_there() -> None:
    harness = meeting(room())
    harness.twilio.phone(THIRD).will(answers(1))
    caller = harness.dial()
    worker = harness.ring()
    harness.run(5)
    participants = client_of(harness).conferences(conference_sid(harness)).participants
    coach = participants.create(from_=LINE, to=THIRD, coaching=True, call_sid_to_coach=worker, label="coach")
    harness.run(5)
    shown = participants("coach").fetch()
    assert (shown.call_sid, shown.coaching, shown.call_sid_to_coach, shown.status) == (
        coach.call_sid,
        True,
        worker,
        "connected",
    )
    assert participants("coach").update(coaching=False).call_sid_to_coach is None
    with pytest.raises(TwilioRestException):
        participants("coach").update(coaching=True, call_sid_to_coach="CA" + "0" * 32)
    assert caller


def test_a_participant_is_rung_into_a_conference_by_its_name() -> None:
    harness = meeting(room())
    caller = harness.dial()
    harness.run(3)
    participants = client_of(harness).conferences("room").participants
    added = participants.create(from_=LINE, to=WORKER, label="Ada", end_conference_on_exit=True, timeout=20)
    assert (added.status, added.conference_sid) == ("queued", conference_sid(harness))
    harness.run(5)
    assert {one.call_sid for one in participants.list()} == {caller, added.call_sid}
    assert harness.twilio.context.calls[caller].is_joined


def test_a_participant_is_detected_and_recorded() -> None:
    harness = meeting(room())
    harness.twilio.phone(THIRD).will(voicemail(1))
    harness.dial()
    harness.run(3)
    participants = client_of(harness).conferences("room").participants
    told = {"amd_status_callback": f"{BASE}/amd", "recording_status_callback": f"{BASE}/stored"}
    added = participants.create(from_=LINE, to=THIRD, machine_detection="Enable", record=True, **told)
    harness.run(10)
    assert [form["AnsweredBy"] for form in harness.forms("/amd")] == ["machine_start"]
    participants(added.call_sid).delete()
    harness.run(5)
    assert [form["CallSid"] for form in harness.forms("/stored")] == [added.call_sid]


def test_a_name_that_is_no_conferences_yet_makes_one() -> None:
    harness = meeting(room())
    added = client_of(harness).conferences("My room").participants.create(from_=LINE, to=WORKER)
    assert client_of(harness).conferences(added.conference_sid).fetch().friendly_name == "My room"
    with pytest.raises(TwilioException, match="404"):
        client_of(harness).conferences("Another").participants.list()


def test_who_answers_when_the_conference_is_over_is_in_a_new_one_of_its_name() -> None:
    harness = meeting(room())
    harness.twilio.phone(WORKER).will(answers(1, [waits(3), hangs_up()]))
    harness.twilio.phone(THIRD).will(answers(20))
    participants = client_of(harness).conferences("My room").participants
    participants.create(from_=LINE, to=WORKER)
    late = participants.create(from_=LINE, to=THIRD, end_conference_on_exit=True)
    harness.run(30)
    (over,) = client_of(harness).conferences.list(status="completed")
    (begun,) = client_of(harness).conferences.list(status="init")
    assert (over.friendly_name, over.sid) == ("My room", late.conference_sid)
    assert [one.call_sid for one in participants.list()] == [late.call_sid]
    harness.twilio.hang_up(late.call_sid)
    harness.run(1)
    assert client_of(harness).conferences(begun.sid).fetch().status == "completed"


def test_who_is_thrown_out_goes_on_with_their_document_and_who_rings_is_hung_up() -> None:
    harness = meeting(room() + "<Say>Thrown out</Say>")
    harness.twilio.phone(THIRD).will(answers(60))
    caller = harness.dial()
    harness.ring()
    harness.run(5)
    participants = client_of(harness).conferences("room").participants
    rings = participants.create(from_=LINE, to=THIRD).call_sid
    harness.run(3)
    assert participants(caller).delete()
    assert participants(rings).delete()
    harness.run(3)
    assert harness.heard(caller) == ["Thrown out"]
    assert harness.status(rings) == "canceled"
    with pytest.raises(TwilioRestException):
        participants(caller).fetch()


def test_a_conference_is_ended_and_then_it_is_over() -> None:
    harness = meeting(room() + "<Say>Over</Say>")
    caller = harness.dial()
    harness.ring()
    harness.run(5)
    conference = client_of(harness).conferences(conference_sid(harness))
    ended = conference.update(status="completed")
    assert (ended.status, ended.reason_conference_ended) == ("completed", "conference-ended-via-api")
    harness.run(3)
    assert harness.heard(caller) == ["Over"]
    assert conference.participants.list() == []
    with pytest.raises(TwilioRestException):
        conference.update(status="completed")


def test_a_leg_that_is_sent_elsewhere_is_out_of_the_room() -> None:
    harness = meeting(room(), elsewhere="<Say>Elsewhere</Say>")
    caller = harness.dial()
    worker = harness.ring()
    harness.run(5)
    client_of(harness).calls(caller).update(url=f"{BASE}/elsewhere")
    harness.run(1)
    assert [one.call_sid for one in client_of(harness).conferences("room").participants.list()] == [worker]
    assert harness.heard(caller) == ["Elsewhere"]


def test_a_conference_is_recorded_from_its_beginning_to_its_end() -> None:
    harness = meeting(room('record="record-from-start" recordingStatusCallback="/stored" endConferenceOnExit="true"'))
    harness.dial(joined(), talks(9), hangs_up())
    harness.ring()
    harness.run(30)
    (form,) = harness.forms("/stored")
    assert (form["RecordingSource"], form["RecordingDuration"], form["ConferenceSid"]) == (
        "Conference",
        "9",
        conference_sid(harness),
    )
    (recording,) = client_of(harness).conferences(conference_sid(harness)).recordings.list()
    assert recording.sid == form["RecordingSid"]


# The task's conference


def conferencing(world: str = "stays", **fields: object) -> FullHarness:
    """The application answers each assignment with a conference instruction."""
    harness = FullHarness(conference_end=world)  # type: ignore[arg-type]
    answer = json.dumps({"instruction": "conference", "to": WORKER, "from": LINE, **fields}).encode()
    harness.pages["/assignment"] = WebResponse(200, {"content-type": "application/json"}, answer)
    harness.pages["/incoming"] = f'<Enqueue workflowSid="{harness.workflow.sid}" waitUrl="/wait" action="/after"/>'
    harness.pages["/after"] = "<Say>How was it</Say>"
    return harness


def test_the_worker_is_rung_into_the_tasks_room_and_the_caller_is_moved_there() -> None:
    harness = conferencing(conference_status_callback=f"{BASE}/told", conference_status_callback_event="start,end")
    harness.twilio.phone(WORKER).will(answers(3, [joined(), talks(10), hangs_up()]))
    caller = harness.dial()
    harness.run(8)
    (task,) = harness.workspace.tasks.values()
    (conference,) = client_of(harness).conferences.list(friendly_name=task.sid, status="in-progress")
    worker = str(task.attributes["worker_call_sid"])
    assert task.attributes["conference"] == {
        "room_name": task.sid,
        "sid": conference.sid,
        "participants": {"worker": worker, "customer": caller},
    }
    assert task.status == "assigned"
    assert [form["StatusCallbackEvent"] for form in harness.forms("/told")] == ["conference-start"]
    harness.run(15)
    assert str(task.status) == "wrapping"
    assert harness.status(caller) == "in-progress"  # alone in the room: nothing says that it ends with the worker
    harness.twilio.hang_up(caller)
    harness.run(1)
    assert [form["QueueResult"] for form in harness.forms("/after")] == ["bridged"]


def test_the_conference_ends_with_the_worker_or_with_the_customer_when_it_says_so() -> None:
    with_worker = conferencing(end_conference_on_exit=True)
    with_worker.twilio.phone(WORKER).will(answers(1, [joined(), talks(5), hangs_up()]))
    caller = with_worker.dial()
    with_worker.run(20)
    assert with_worker.heard(caller)[-1] == "How was it"
    with_customer = conferencing(end_conference_on_customer_exit=True)
    with_customer.twilio.phone(WORKER).will(answers(1))
    with_customer.dial(joined(), talks(5), hangs_up())
    with_customer.run(20)
    assert len(with_customer.trace("ended")) == 2
    assert [str(task.status) for task in with_customer.workspace.tasks.values()] == ["wrapping"]


def test_in_the_other_world_it_ends_with_both_unless_it_says_otherwise() -> None:
    harness = conferencing("ends")
    harness.twilio.phone(WORKER).will(answers(1, [joined(), talks(5), hangs_up()]))
    caller = harness.dial()
    harness.run(20)
    assert harness.heard(caller)[-1] == "How was it"
    harness = conferencing("ends", end_conference_on_customer_exit=False)
    harness.twilio.phone(WORKER).will(answers(1))
    harness.dial(joined(), hangs_up())
    harness.run(20)
    assert len(harness.trace("ended")) == 1


def test_a_worker_who_stays_alone_in_the_room_keeps_the_task_assigned() -> None:
    harness = conferencing()
    harness.twilio.phone(WORKER).will(answers(1))
    harness.dial(joined(), hangs_up())
    harness.run(20)
    assert [str(task.status) for task in harness.workspace.tasks.values()] == ["assigned"]


def test_a_room_name_of_its_own() -> None:
    harness = conferencing(room_name="lobby")
    harness.twilio.phone(WORKER).will(answers(1))
    harness.dial()
    harness.run(5)
    assert client_of(harness).conferences.list(friendly_name="lobby")


def test_a_worker_who_does_not_answer_fails_the_reservation() -> None:
    harness = conferencing(timeout=10)
    caller = harness.dial()
    harness.run(13)
    assert next(iter(harness.workspace.reservations.values())).status == "canceled"
    assert harness.status(caller) == "in-progress"


def test_a_caller_who_hangs_up_while_the_worker_rings_ends_the_leg() -> None:
    harness = conferencing()
    harness.twilio.phone(WORKER).will(answers(15))
    harness.dial(waits(6), hangs_up())
    harness.run(10)
    assert sorted(event["status"] for event in harness.trace("ended")) == ["canceled", "completed"]
    assert client_of(harness).conferences.list() == []


def test_a_task_without_a_call_gets_no_conference() -> None:
    harness = conferencing()
    harness.twilio.router.engine.create_task(harness.workflow.sid, {"name": "Ann"})
    harness.run(2)
    assert harness.warnings() == ["40142"]


def test_a_held_customer_is_redirected_out_of_the_conference() -> None:
    harness = conferencing()
    harness.twilio.phone(WORKER).will(answers(1))
    caller = harness.dial()
    harness.run(5)
    harness.pages["/survey"] = "<Say>One question</Say>"
    client_of(harness).calls(caller).update(url=f"{BASE}/survey")
    harness.run(5)
    assert [form["QueueResult"] for form in harness.forms("/after")] == ["redirected-from-bridged"]
    assert harness.heard(caller)[-1] == "One question"


def test_the_instruction_over_rest_and_two_legs_moved_into_a_room_by_hand() -> None:
    """The pattern of applications that ring the worker themselves: caller and worker meet, then REST accepts."""
    harness = FullHarness(redirected_call="leaves_task")
    harness.pages["/meet"] = room('endConferenceOnExit="true"')
    harness.twilio.phone(WORKER).will(answers(1))
    caller = harness.dial()
    harness.run(2)
    harness.ring(f"{BASE}/meet")
    harness.run(3)
    client_of(harness).calls(caller).update(url=f"{BASE}/meet")
    harness.run(2)
    assert harness.twilio.context.calls[caller].is_joined
    workspace = client_of(harness).taskrouter.v1.workspaces(harness.workspace.sid)
    (task,) = harness.workspace.tasks.values()
    reservation = workspace.tasks(task.sid).reservations(harness.reservation_sid())
    assert reservation.update(reservation_status="accepted").reservation_status == "accepted"
    assert task.status == "assigned"
    assert CALLER in {call.person_number for call in harness.twilio.context.calls.values()}


# Moments at which somebody is gone


def test_a_worker_who_hangs_up_at_once_leaves_the_caller_first_in_the_queue() -> None:
    harness = conferencing()
    harness.twilio.phone(WORKER).will(answers(1, [hangs_up()]), answers(1, [joined(), talks(5)]))
    caller = harness.dial()
    harness.run(12)
    first, second = harness.workspace.reservations.values()
    assert (first.status, second.status) == ("canceled", "accepted")
    assert harness.twilio.context.calls[caller].is_joined


def test_a_caller_who_hangs_up_at_the_workers_answer_ends_the_workers_leg() -> None:
    harness = conferencing()
    harness.twilio.phone(WORKER).will(answers(3))
    caller = harness.dial()
    harness.twilio.scheduler.on_event.append(
        lambda event: (
            harness.twilio.hang_up(caller) if event.kind == "answered" and event.detail["to"] == WORKER else None
        )
    )
    harness.run(20)
    assert [str(task.status) for task in harness.workspace.tasks.values()] == ["canceled"]
    assert {event["status"] for event in harness.trace("ended")} == {"completed"}
    assert len(harness.trace("ended")) == 2


def test_a_caller_who_is_redirected_while_the_worker_rings_is_not_pulled_into_the_room() -> None:
    harness = conferencing()
    harness.twilio.phone(WORKER).will(answers(6))
    harness.pages["/survey"] = "<Say>Elsewhere</Say><Pause length='30'/>"
    caller = harness.dial()
    harness.run(3)
    client_of(harness).calls(caller).update(url=f"{BASE}/survey")
    harness.run(10)
    assert (harness.heard(caller)[-1], client_of(harness).conferences.list()) == ("Elsewhere", [])


@pytest.mark.parametrize("ended_call", ["ends_task", "leaves_task"])
def test_both_hang_up_in_one_moment(ended_call: str) -> None:
    harness = conferencing()
    harness.twilio.context.worlds["ended_call"] = ended_call  # type: ignore[typeddict-item]
    harness.twilio.phone(WORKER).will(answers(1, [joined(), talks(5), hangs_up()]))
    harness.dial(joined(), talks(5), hangs_up())
    harness.run(20)
    (conference,) = client_of(harness).conferences.list()
    assert (conference.status, len(harness.trace("ended"))) == ("completed", 2)
    (task,) = harness.workspace.tasks.values()
    assert str(task.status) == ("wrapping" if ended_call == "ends_task" else "assigned")
