"""Documents that Twilio hosts, StirVerstat, and elements that are no TwiML in each place of a document."""

import pytest

from emulator.voice.parties import answers, hears, talks
from tests.emulator.full_harness import FullHarness
from tests.emulator.harness import LINE, WORKER, Harness
from tests.emulator.official import client_of

BIN = "https://handler.twilio.com/twiml/EH" + "0" * 32
VOICEMAIL = "http://twimlets.com/voicemail?Email=desk%40example.com&amp;Message=Nobody%20is%20in"


def test_the_voicemail_twimlet_says_its_message_records_and_thanks() -> None:
    harness = Harness({"/incoming": f"<Redirect>{VOICEMAIL}</Redirect>"})
    caller = harness.dial(hears("Nobody is in"), talks(4))
    harness.run(30)
    assert harness.heard(caller) == ["Nobody is in", "Thank you. Good bye."]
    assert [one.duration for one in client_of(harness).recordings.list()] == ["8"]
    assert [asked.path for asked in harness.asked] == ["/incoming"]  # nobody's server is asked


def test_who_says_nothing_is_hung_up_by_the_twimlet() -> None:
    harness = Harness({"/incoming": "<Redirect>https://twimlets.com/voicemail</Redirect>"})
    caller = harness.dial()
    harness.run(30)
    assert harness.status(caller) == "completed"


def test_nobody_answers_so_the_call_is_redirected_to_the_twimlet() -> None:
    """The end of the road of Twilio's tutorials: workflow.timeout, and POST /Calls with the twimlet's URL."""
    harness = FullHarness()
    caller = harness.dial()
    harness.run(3)
    client_of(harness).calls(caller).update(url="http://twimlets.com/voicemail?Message=Sorry")
    harness.run(3)
    assert harness.heard(caller)[-1] == "Sorry"


def test_hold_music_and_messages() -> None:
    harness = Harness({"/incoming": "<Enqueue waitUrl='http://twimlets.com/holdmusic?Bucket=x'>sales</Enqueue>"})
    caller = harness.dial()
    harness.run(12)
    assert len(harness.heard(caller)) > 1
    assert all("twilio.music" in heard for heard in harness.heard(caller))
    told = Harness(
        {"/incoming": "<Redirect>http://twimlets.com/message?Message%5B0%5D=One&amp;Message%5B1%5D=Two</Redirect>"}
    )
    caller = told.dial()
    told.run(5)
    assert told.heard(caller) == ["One", "Two"]


def test_a_document_is_registered_for_a_url_without_a_server() -> None:
    harness = Harness({})
    harness.twilio.host(BIN, "<Response><Say>Welcome</Say></Response>")
    harness.twilio.number(LINE, f"{BIN}?name=Ann")
    caller = harness.dial()
    harness.run(3)
    assert (harness.heard(caller), harness.asked) == (["Welcome"], [])


# StirVerstat


def test_an_incoming_call_tells_its_attestation_in_every_document_request() -> None:
    harness = Harness({"/incoming": "<Redirect>/next</Redirect>", "/next": "<Say>Hello</Say>"})
    harness.twilio.dial("+15550001", LINE, verstat="TN-Validation-Passed-A")
    harness.dial()
    harness.run(5)
    with_it, without = harness.forms("/incoming")
    assert (with_it["StirVerstat"], "StirVerstat" in without) == ("TN-Validation-Passed-A", False)
    assert harness.forms("/next")[0]["StirVerstat"] == "TN-Validation-Passed-A"


def test_the_attestation_is_no_attribute_of_the_task() -> None:
    harness = FullHarness()
    harness.twilio.dial("+15550001", LINE, verstat="No-TN-Validation")
    harness.run(2)
    (task,) = harness.workspace.tasks.values()
    assert len(task.attributes) == 25


# What is no TwiML: told with 12200 and skipped


@pytest.mark.parametrize(
    "document",
    [
        "<Dance/><Say>Still here</Say><Pause length='9'/>",
        "<Say>Still here</Say><Dance/><Pause length='9'/>",
        "<Say>Still here</Say><Dance/>",
        "<Dance><Say>Not this</Say></Dance><Say>Still here</Say><Pause length='9'/>",
        "<Say>Still here</Say><Dial timeout='9'><Conference waitUrl=''>room</Conference><Dance/></Dial>",
        "<Say>Still here</Say><Enqueue waitUrl=''>sales<Dance/></Enqueue>",
        "<Gather timeout='9'><Dance/><Say>Still here</Say></Gather>",
        "<Say>Still here</Say><Dial timeout='9'><Dance/></Dial>",
        "<Say>Still here</Say><Dial timeout='9'><Dance/><Number>+15550300</Number></Dial>",
        "<Say>Still here</Say><Enqueue waitUrl=''><Dance/>sales</Enqueue>",
    ],
)
def test_in_a_document_of_a_call(document: str) -> None:
    harness = Harness({"/incoming": document})
    caller = harness.dial()
    harness.run(5)
    assert (harness.warnings(), harness.heard(caller)) == (["12200"], ["Still here"])


@pytest.mark.parametrize("place", ["wait", "whisper", "screen", "hold"])
def test_in_the_places_beside_it(place: str) -> None:
    beside = "<Say>Still here</Say><Dance/><Pause length='30'/>"
    documents = {
        "wait": "<Enqueue waitUrl='/beside'>sales</Enqueue>",
        "whisper": "<Enqueue waitUrl=''>sales</Enqueue>",
        "screen": f"<Dial><Number url='/beside'>{WORKER}</Number></Dial>",
        "hold": "<Dial><Conference waitUrl='/beside'>room</Conference></Dial>",
    }
    harness = Harness({"/incoming": documents[place], "/answer": "<Dial><Queue url='/beside'>sales</Queue></Dial>"})
    harness.pages["/beside"] = beside
    harness.twilio.phone(WORKER).will(answers(1))
    harness.dial()
    harness.run(1)
    if place == "whisper":
        harness.ring()
    harness.run(5)
    assert harness.warnings() == ["12200"]
    assert [event["text"] for event in harness.trace("heard")] == ["Still here"]


def test_a_document_of_nothing_but_unknown_verbs_ends_the_call() -> None:
    harness = Harness({"/incoming": "<Dance/><Sing/>"})
    harness.dial()
    harness.run(5)
    assert harness.warnings() == ["12200", "12200"]
    assert [event["status"] for event in harness.trace("ended")] == ["completed"]
